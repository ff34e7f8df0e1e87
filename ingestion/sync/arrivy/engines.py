"""Where Arrivy's entities come from."""

from typing import ClassVar

from ingestion.base.datasource import Resource
from ingestion.base.plan import Option, moment, whole_number
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.arrivy.clients import ArrivyClient
from ingestion.sync.arrivy.processors import (
    ArrivyBookingProcessor,
    ArrivyCustomerProcessor,
    ArrivyEntityProcessor,
    ArrivyGroupProcessor,
    ArrivyStatusProcessor,
    ArrivyTaskProcessor,
)

PAGES = Option(
    "--pages", help="at most N pages of each list (0: all)", type=whole_number, default=0, narrows=True
)
CHANGED = Option(
    "--lastmodifieddate",
    help="only what was changed since",
    type=moment,
    narrows=True,
    instead="a run without it: it writes what has changed and nothing else",
)
TASK_STATUS = Option(
    "--task-status",
    help="only tasks with this status: pending, in_progress, completed, cancelled, active or one of Arrivy's",
    narrows=True,
)
BOOKING_STATUS = Option(
    "--booking-status",
    help="only bookings with this status: pending, confirmed, in_progress, completed or cancelled",
    narrows=True,
)


class ArrivySyncEngine(BaseSyncEngine):
    """What the entities share: lists that are read whole, as Arrivy tells of no changes and of no deletes."""

    crm_source = "arrivy"
    client_class = ArrivyClient
    deletes = "sweep"
    options: ClassVar[tuple[Option, ...]] = (PAGES, CHANGED)


class ArrivyCustomersSyncEngine(ArrivySyncEngine):
    """Customers."""

    sync_type = "customers"
    resource = Resource("customers")
    processor_class = ArrivyCustomerProcessor


class ArrivyEntitiesSyncEngine(ArrivySyncEngine):
    """Team members and crews."""

    sync_type = "entities"
    aliases = ("team_members",)
    resource = Resource("entities")
    processor_class = ArrivyEntityProcessor


class ArrivyGroupsSyncEngine(ArrivySyncEngine):
    """Divisions."""

    sync_type = "groups"
    resource = Resource("groups")
    processor_class = ArrivyGroupProcessor


class ArrivyTasksSyncEngine(ArrivySyncEngine):
    """Tasks: those with a time, those that wait for one, and those that have none."""

    sync_type = "tasks"
    resource = Resource("tasks", business_date="start_datetime")
    processor_class = ArrivyTaskProcessor
    after = ("customers", "entities", "groups")
    options = (PAGES, CHANGED, TASK_STATUS)


class ArrivyBookingsSyncEngine(ArrivySyncEngine):
    """Bookings: the one list that can be asked for what has changed."""

    sync_type = "bookings"
    resource = Resource("bookings", cursor="updated", business_date="start_datetime")
    processor_class = ArrivyBookingProcessor
    after = ("tasks",)
    delta_misses_changes = True
    options = (PAGES, CHANGED, BOOKING_STATUS)


class ArrivyStatusesSyncEngine(ArrivySyncEngine):
    """The statuses that tasks can have; the list comes as a whole."""

    sync_type = "statuses"
    aliases = ("status",)
    resource = Resource("statuses", options={"pages": False})
    processor_class = ArrivyStatusProcessor
