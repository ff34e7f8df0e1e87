"""Quotes, jobs and changes of their contracts."""

from ingestion.sync.genius import processors
from ingestion.sync.genius.clients import added_or_on
from ingestion.sync.genius.engines.base import GeniusSyncEngine, changing, lookup

QUOTE_REFERENCES = (
    *("appointment_id", "job_id", "client_cid", "contract_file_id", "estimate_file_id", "status_id"),
    "add_user_id",
)
JOB_REFERENCES = (
    *("client_cid", "user_id", "production_user_id", "project_coordinator_user_id", "subcontractor_id"),
    *("subcontractor_status_id", "prep_status_id", "contract_file_id", "deposit_type_id", "sold_user_id"),
    *("cancel_user_id", "cancel_reason_id", "refund_user_id", "measure_user_id", "reviewed_by"),
    *("coc_sent_by", "in_progress_substatus_id"),
)


class GeniusQuoteSyncEngine(GeniusSyncEngine):
    """Quotes; 0 in a reference is none, but for prospects and services, which may have the id 0."""

    sync_type = "quotes"
    resource = changing("quote", zero_is_null=QUOTE_REFERENCES)
    processor_class = processors.GeniusQuoteProcessor
    after = ("appointments", "prospects", "services")


class GeniusJobStatusSyncEngine(GeniusSyncEngine):
    """Statuses of jobs."""

    sync_type = "job_statuses"
    resource = lookup("job_status")
    processor_class = processors.GeniusJobStatusProcessor


class GeniusJobSyncEngine(GeniusSyncEngine):
    """Jobs."""

    sync_type = "jobs"
    resource = changing("job", zero_is_null=JOB_REFERENCES)
    processor_class = processors.GeniusJobProcessor
    after = ("appointments", "prospects", "services", "job_statuses")


class GeniusJobFinancingSyncEngine(GeniusSyncEngine):
    """Financing of jobs."""

    sync_type = "job_financings"
    resource = lookup("job_financing", key="job_id")
    processor_class = processors.GeniusJobFinancingProcessor
    after = ("jobs",)


class GeniusJobChangeOrderReasonSyncEngine(GeniusSyncEngine):
    """Reasons of change orders."""

    sync_type = "job_change_order_reasons"
    resource = lookup("job_change_order_reason")
    processor_class = processors.GeniusJobChangeOrderReasonProcessor


class GeniusJobChangeOrderStatusSyncEngine(GeniusSyncEngine):
    """Statuses of change orders."""

    sync_type = "job_change_order_statuses"
    resource = lookup("job_change_order_status")
    processor_class = processors.GeniusJobChangeOrderStatusProcessor


class GeniusJobChangeOrderTypeSyncEngine(GeniusSyncEngine):
    """Kinds of change orders."""

    sync_type = "job_change_order_types"
    resource = lookup("job_change_order_type")
    processor_class = processors.GeniusJobChangeOrderTypeProcessor


class GeniusJobChangeOrderSyncEngine(GeniusSyncEngine):
    """Change orders."""

    sync_type = "job_change_orders"
    resource = changing("job_change_order", derived={"add_date": added_or_on("effective_date")})
    processor_class = processors.GeniusJobChangeOrderProcessor
    after = ("jobs", "job_change_order_reasons", "job_change_order_statuses", "job_change_order_types")


class GeniusJobChangeOrderItemSyncEngine(GeniusSyncEngine):
    """Lines of change orders."""

    sync_type = "job_change_order_items"
    resource = changing("job_change_order_item")
    processor_class = processors.GeniusJobChangeOrderItemProcessor
    after = ("job_change_orders",)
