"""Where CallRail's entities come from.

No list can be asked for what has changed. Those with a date are read by it, and each delta reads the last 45
days again; the others are short and are read whole.
"""

from datetime import timedelta
from typing import Any, ClassVar

from ingestion.base.datasource import Resource
from ingestion.base.plan import LOOK_BACK, Option
from ingestion.base.sweeping import Deletes
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.callrail.clients import CallRailClient
from ingestion.sync.callrail.fields import CALL_FIELDS, FORM_FIELDS
from ingestion.sync.callrail.processors import (
    CallRailAccountProcessor,
    CallRailCallProcessor,
    CallRailCompanyProcessor,
    CallRailFormSubmissionProcessor,
    CallRailTagProcessor,
    CallRailTextMessageProcessor,
    CallRailTrackerProcessor,
    CallRailUserProcessor,
)

PARALLEL = Option("--parallel", help="an older name", type=bool, instead="--high-performance")
COMPANY = Option("--company-id", help="only this company (COM…); deletes nothing", narrows=True)

KEPT_MONTHS = 25
"""CallRail shows nothing older, and refuses a range that begins before."""


def dated(name: str, cursor: str, *, fixed: bool = True, **options: Any) -> Resource:
    """A list that is asked by date."""
    return Resource(name, cursor, keeps_months=KEPT_MONTHS, fixed=fixed, options=options)


class CallRailSyncEngine(BaseSyncEngine):
    """Lists of an account: each is read of every account that the key sees."""

    crm_source = "callrail"
    client_class = CallRailClient
    part_field = "account_id"
    deletes: ClassVar[Deletes] = "sweep"
    after: ClassVar[tuple[str, ...]] = ("accounts",)
    options: ClassVar[tuple[Option, ...]] = (PARALLEL,)


class CallRailDatedSyncEngine(CallRailSyncEngine):
    """Lists that are asked by date; edits older than the look-back are found by a monthly full compare."""

    look_back = timedelta(days=45)
    delta_misses_changes = True
    reconcile_every = timedelta(days=30)
    options = (LOOK_BACK, COMPANY, PARALLEL)
    after = ("companies",)


class CallRailAccountSyncEngine(CallRailSyncEngine):
    """The accounts themselves."""

    sync_type = "accounts"
    resource = Resource("accounts")
    processor_class = CallRailAccountProcessor
    after = ()


class CallRailCompanySyncEngine(CallRailSyncEngine):
    """Companies."""

    sync_type = "companies"
    resource = Resource("companies")
    processor_class = CallRailCompanyProcessor


class CallRailCallSyncEngine(CallRailDatedSyncEngine):
    """Calls, by `start_time`."""

    sync_type = "calls"
    resource = dated("calls", "start_time", fields=CALL_FIELDS, relative=True)
    processor_class = CallRailCallProcessor


class CallRailTrackerSyncEngine(CallRailSyncEngine):
    """Trackers."""

    sync_type = "trackers"
    resource = Resource("trackers")
    processor_class = CallRailTrackerProcessor
    options = (COMPANY, PARALLEL)


class CallRailFormSubmissionSyncEngine(CallRailDatedSyncEngine):
    """Form submissions, by `submitted_at`."""

    sync_type = "form_submissions"
    resource = dated("form_submissions", "submitted_at", fields=FORM_FIELDS)
    processor_class = CallRailFormSubmissionProcessor


class CallRailTextMessageSyncEngine(CallRailDatedSyncEngine):
    """Messages, by their conversation's last one; it shows only its recent ones, so none is deleted."""

    sync_type = "text_messages"
    resource = dated("text-messages", "created_at", fixed=False, items="conversations", messages=True)
    processor_class = CallRailTextMessageProcessor
    deletes = "ignore"


class CallRailTagSyncEngine(CallRailSyncEngine):
    """Tags."""

    sync_type = "tags"
    resource = Resource("tags")
    processor_class = CallRailTagProcessor
    options = (COMPANY, PARALLEL)


class CallRailUserSyncEngine(CallRailSyncEngine):
    """Users."""

    sync_type = "users"
    resource = Resource("users")
    processor_class = CallRailUserProcessor
