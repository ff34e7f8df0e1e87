"""What LeadConduit's events become: a row each, and of a source event a lead.

Fields of a lead come bare or as objects (`{raw, normal, valid, …}`), and the same field may come both ways:
`normal` is read, else `raw`. A text longer than its column is cut, a value that cannot be read becomes null;
both leave a warning. Credentials, and the requests and responses of steps, are kept nowhere.
"""

from ingestion.base.fields import Conventions, Field
from ingestion.base.processor import BaseProcessor
from ingestion.sync.leadconduit.models import LeadConduitEvent, LeadConduitLead
from ingestion.sync.leadconduit.validators import epoch_ms, normal, plain, typed

PHONE = ("vars.lead.phone", "vars.lead.phone_number", "vars.lead.mobile", "vars.lead.phone_1")
ADDRESS = ("vars.lead.address", "vars.lead.street_address", "vars.lead.address_1")
ZIP = ("vars.lead.zip_code", "vars.lead.postal_code", "vars.lead.zip")
BARE = (
    *("first_name", "last_name", "email", "city", "country"),
    *("note_hge", "owner_hge", "owneremail_hge", "ownerid_hge", "salesrabbit_lead_id_hge"),
)


class LeadConduitProcessor(BaseProcessor):
    """What both have in common."""

    conventions = Conventions(too_long="cut")
    secrets = ("credential", "request", "response", "transactions", "firehose")
    ignored = secrets


class LeadConduitEventProcessor(LeadConduitProcessor):
    """Events, by the names that LeadConduit gives them."""

    model = LeadConduitEvent
    timestamp_field = "start_timestamp"
    fields = {
        "id": Field("id", too_long="reject"),
        "event_type": "type",
        "step_key": "key",
        "lead_id": "vars.lead.id",
        "flow_id": "vars.flow.id",
        "source_id": "vars.source.id",
        "start_timestamp": Field("start_timestamp", epoch_ms),
        "end_timestamp": Field("end_timestamp", epoch_ms),
    }


class LeadConduitLeadProcessor(LeadConduitProcessor):
    """Leads, known by their own id and not by that of the event. The rest of an event is in its own row."""

    model = LeadConduitLead
    key = "lead_id"
    timestamp_field = "submitted_utc"
    keep_extra = False
    fields = {
        "lead_id": Field("vars.lead.id", too_long="reject"),
        "event_id": Field("id", too_long="reject"),
        **{name: Field(f"vars.lead.{name}", normal) for name in BARE},
        "phone": Field(PHONE, plain("normal", "raw", "phone")),
        "address": Field(ADDRESS, plain("normal", "raw", "address")),
        "state": Field(("vars.lead.state", "vars.lead.province"), normal),
        "zip_code": Field(ZIP, plain("zip", "code", "normal", "raw")),
        **{f"{name}_{part}": f"vars.{name}.{part}" for name in ("flow", "source") for part in ("id", "name")},
        "submitted_utc": Field("start_timestamp", epoch_ms),
        "phone_metadata": Field(PHONE, typed),
        "email_metadata": Field("vars.lead.email", typed),
        "address_metadata": Field(ADDRESS, typed),
        "lead_data": "vars.lead",
    }
