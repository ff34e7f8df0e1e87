"""What HubSpot's records become.

HubSpot sends every property as a text. An empty one has been cleared, which is null. A number, a time or an
e-mail address that cannot be read becomes null, and a text longer than its column is cut; both leave a
warning with the record as it came. Phone numbers stay as they were written: an extension or a note beside a
number would be lost in a normal form, and HubSpot has one itself (`hs_calculated_phone_number`).
"""

from typing import ClassVar

from ingestion.base.fields import Conventions, Field, split_path
from ingestion.base.processor import BaseProcessor
from ingestion.sync.hubspot.models import (
    HubSpotCompany,
    HubSpotContact,
    HubSpotDeal,
    HubSpotOwner,
    HubSpotZipCode,
)
from ingestion.sync.hubspot.validators import flag, us_moment

ENVELOPE: dict[str, str | tuple[str, ...] | Field] = {
    "id": Field("id", type="object_id"),
    "archived": "archived",
}
"""What stands beside a record's properties. The key is never cut, unlike other texts."""

NO_EMAIL = ("", "null", "Null", "NULL")

FLAGS = (
    "hs_membership_has_accessed_private_content",
    "hs_registered_member",
    "lead_cwp_client",
    "lead_invalid_address",
    "lead_is_carpentry_followup",
    "lead_is_dnc",
    "lead_is_dummy",
    "lead_is_estimate_confirmed",
    "lead_is_estimate_set",
    "lead_is_express_consent",
    "lead_is_express_consent_being_reviewed",
    "lead_is_high_potential",
    "lead_is_mobile_lead",
    "lead_is_valid_address",
    "lead_is_valid_email",
    "lead_is_year_built_verified",
    "lead_is_zillow",
    "lead_with_dm",
    "prospect_is_address_valid",
    "prospect_is_year_built_valid",
)
"""Checkboxes and numbers in HubSpot, depending on the portal; whole numbers here."""

MOMENTS = (
    "last_scheduled_appointment_start_time",
    "lead_call_screen_viewed_on",
    "lead_dead_on",
    "lead_do_not_call_before",
    "lead_estimate_confirmed_on",
    "lead_express_consent_set_on",
    "lead_sourced_on",
    "lead_viewed_on",
    "original_lead_source_created",
    "prospect_add_date",
)
"""Times in custom properties, which may be texts as a person writes them."""


class HubSpotProcessor(BaseProcessor):
    """What the objects of HubSpot's CRM have in common.

    `createdAt`, `updatedAt` and `url` of the envelope repeat what is stored, so they are not kept in `extra`.
    """

    prefix = "properties."
    fields = ENVELOPE
    timestamp_field = "hs_lastmodifieddate"
    tombstone = "archived"
    merged: ClassVar[str | None] = "properties.hs_merged_object_ids"
    ignored = ("createdAt", "updatedAt", "url")
    conventions = Conventions(null_values=("",), too_long="cut")

    @classmethod
    def properties(cls) -> tuple[str, ...]:
        """The properties that HubSpot must be asked for, sorted: it sends no others but a few of its own."""
        paths = [path for column in cls().mapper.columns for path in column.paths]
        if cls.merged:
            paths.append(split_path(cls.merged))
        return tuple(sorted({path[1] for path in paths if path[0] == "properties"}))


class HubSpotContactProcessor(HubSpotProcessor):
    """Contacts, with the flags and times that stand in custom properties."""

    model = HubSpotContact
    timestamp_field = "lastmodifieddate"
    fields = {
        **ENVELOPE,
        "email": Field("properties.email", type="email", null_values=NO_EMAIL),
        "dedupe_record_id": "properties.dedupe___record_id",
        **{name: Field(f"properties.{name}", flag) for name in FLAGS},
        **{name: Field(f"properties.{name}", us_moment) for name in MOMENTS},
    }


class HubSpotCompanyProcessor(HubSpotProcessor):
    """Companies, by the names of HubSpot's own properties."""

    model = HubSpotCompany


class HubSpotDealProcessor(HubSpotProcessor):
    """Deals."""

    model = HubSpotDeal
    fields = {**ENVELOPE, "deal_name": "properties.dealname"}


class HubSpotOwnerProcessor(HubSpotProcessor):
    """Owners, who have no properties and are never merged."""

    model = HubSpotOwner
    prefix = ""
    merged = None
    timestamp_field = "updated_at"
    fields = {
        **ENVELOPE,
        "email": Field("email", null_values=NO_EMAIL),
        "first_name": "firstName",
        "last_name": "lastName",
        "user_id": "userId",
        "created_at": "createdAt",
        "updated_at": "updatedAt",
    }


class HubSpotZipCodeProcessor(BaseProcessor):
    """ZIP codes, under the headers that such lists use."""

    model = HubSpotZipCode
    fields = {
        "zipcode": ("zipcode", "zip", "code", "zip code", "postal code"),
        "latitude": ("latitude", "lat"),
        "longitude": ("longitude", "lon", "lng"),
    }
