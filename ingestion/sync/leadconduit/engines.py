"""Where LeadConduit's entities come from: both from the one list of events."""

from datetime import timedelta

from ingestion.base.datasource import Resource
from ingestion.base.plan import Option
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.leadconduit.clients import LeadConduitClient
from ingestion.sync.leadconduit.processors import LeadConduitEventProcessor, LeadConduitLeadProcessor
from ingestion.sync.leadconduit.validators import profile

CONFIG = Option(
    "--config",
    help="a profile of former scripts; it changes nothing any more",
    type=profile,
    instead="LEADCONDUIT_API_RATE, INGESTION_HTTP_TIMEOUT and --batch-size",
)


class LeadConduitSyncEngine(BaseSyncEngine):
    """What both share. Events never change, and nothing is deleted: LeadConduit forgets them, we do not.

    An event is written when its step ends, which may be long after its start: each delta goes back two hours.
    """

    crm_source = "leadconduit"
    client_class = LeadConduitClient
    overlap = timedelta(hours=2)
    options = (CONFIG,)


class LeadConduitEventSyncEngine(LeadConduitSyncEngine):
    """Everything that happened to leads."""

    sync_type = "events"
    resource = Resource("events", cursor="start_timestamp")
    processor_class = LeadConduitEventProcessor


class LeadConduitLeadSyncEngine(LeadConduitSyncEngine):
    """Leads: what came in, as the events of the type `source` tell it."""

    sync_type = "leads"
    resource = Resource("events", cursor="start_timestamp", options={"type": "source"})
    processor_class = LeadConduitLeadProcessor
