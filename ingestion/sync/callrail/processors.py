"""What CallRail's records become.

Odd values (a phone number of four digits, an unknown role) are kept and leave a warning with the record's id
and the field; a number or a time that cannot be read becomes null with one.
"""

from ingestion.base.fields import Conventions, Field
from ingestion.base.processor import BaseProcessor
from ingestion.sync.callrail.models import (
    CallRailAccount,
    CallRailCall,
    CallRailCompany,
    CallRailFormSubmission,
    CallRailTag,
    CallRailTextMessage,
    CallRailTracker,
    CallRailUser,
)
from ingestion.sync.callrail.validators import color, email, money, not_negative, one_of, phone, url

CREATED = {"api_created_at": Field("created_at", formats=("%Y-%m-%d %H:%M:%S %z",))}
"""Accounts write `2026-02-10 03:43:50 -0500`, all others ISO 8601."""

FORMATTED = (
    *("formatted_customer_phone_number", "formatted_customer_name"),
    *("formatted_initial_tracking_number", "formatted_current_tracking_number"),
)
"""The same once more, for people."""


def phones(*names: str) -> dict[str, Field]:
    """Columns with phone numbers, under their own names."""
    return {name: Field(name, phone) for name in names}


ADDED = {"value": Field("value", money), "landing_page_url": Field("landing_page_url", url)}


class CallRailProcessor(BaseProcessor):
    """What all entities have in common."""

    conventions = Conventions(too_long="cut")


class CallRailAccountProcessor(CallRailProcessor):
    """Accounts."""

    model = CallRailAccount
    fields = CREATED


class CallRailCompanyProcessor(CallRailProcessor):
    """Companies."""

    model = CallRailCompany
    fields = {**CREATED, "status": Field("status", one_of("active", "disabled", "trial"))}


class CallRailCallProcessor(CallRailProcessor):
    """Calls. The player's address has an access key: it is stored in its column and nowhere else."""

    model = CallRailCall
    timestamp_field = "start_time"
    secrets = ("recording_player",)
    fields = {
        **CREATED,
        **ADDED,
        "direction": Field("direction", one_of("inbound", "outbound")),
        "duration": Field("duration", not_negative),
        **phones("customer_phone_number", "business_phone_number", "tracking_phone_number"),
    }


class CallRailTrackerProcessor(CallRailProcessor):
    """Trackers."""

    model = CallRailTracker
    fields = {
        **CREATED,
        "company_id": "company.id",
        "type": Field("type", one_of("session", "source")),
        "status": Field("status", one_of("active", "disabled")),
        "destination_number": Field("destination_number", phone),
    }


class CallRailFormSubmissionProcessor(CallRailProcessor):
    """Form submissions."""

    model = CallRailFormSubmission
    timestamp_field = "submission_time"
    fields = {
        **ADDED,
        "submission_time": ("submitted_at", "submission_time"),
        "form_url": Field("form_url", url),
        "customer_phone_number": Field("customer_phone_number", phone),
    }


class CallRailTextMessageProcessor(CallRailProcessor):
    """Messages, which the client takes out of their conversations."""

    model = CallRailTextMessage
    timestamp_field = "sent_at"
    ignored = FORMATTED
    fields = {
        "message": "content",
        "sent_at": "created_at",
        "status": "state",
        "direction": Field("direction", one_of("incoming", "outgoing")),
        "tracking_phone_number": Field("current_tracking_number", phone),
        **phones("customer_phone_number"),
    }


class CallRailTagProcessor(CallRailProcessor):
    """Tags."""

    model = CallRailTag
    fields = {**CREATED, "color": Field("color", color)}


class CallRailUserProcessor(CallRailProcessor):
    """Users."""

    model = CallRailUser
    fields = {
        **CREATED,
        "email": Field("email", email),
        "role": Field("role", one_of("admin", "manager", "reporting", "analyst")),
    }
