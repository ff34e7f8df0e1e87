"""Where SalesRabbit's entities come from."""

from ingestion.base.datasource import Resource
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.salesrabbit.clients import MODIFIED, STATUS_MODIFIED, SalesRabbitClient
from ingestion.sync.salesrabbit.processors import (
    SalesRabbitLeadProcessor,
    SalesRabbitLeadStatusHistoryProcessor,
    SalesRabbitUserProcessor,
)


class SalesRabbitSyncEngine(BaseSyncEngine):
    """What the entities share."""

    crm_source = "salesrabbit"
    client_class = SalesRabbitClient


class SalesRabbitUserSyncEngine(SalesRabbitSyncEngine):
    """The sales team; the list is short, has no filter by time, and is read whole."""

    sync_type = "users"
    resource = Resource("users")
    processor_class = SalesRabbitUserProcessor
    deletes = "sweep"


class SalesRabbitLeadSyncEngine(SalesRabbitSyncEngine):
    """Leads. A deletion may leave no trace in a delta: a full compare every week finds it."""

    sync_type = "leads"
    resource = Resource(
        "leads",
        cursor="dateModified",
        options={"changes": {MODIFIED: "dateModified", STATUS_MODIFIED: "statusModified"}},
    )
    processor_class = SalesRabbitLeadProcessor
    after = ("users",)
    deletes = "sweep"
    delta_misses_changes = True


class SalesRabbitLeadStatusHistorySyncEngine(SalesRabbitSyncEngine):
    """Every change of a lead's status: a log, whose entries stay when their lead goes."""

    sync_type = "lead_status_histories"
    resource = Resource("leadStatusHistories", cursor="leadModified", options={"keyed_by": "leadId"})
    processor_class = SalesRabbitLeadStatusHistoryProcessor
    after = ("leads",)
