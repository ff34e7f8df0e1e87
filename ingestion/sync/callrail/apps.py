"""CallRail as a Django app."""

from ingestion.source import SourceConfig


class CallRailConfig(SourceConfig):
    """`ingestion.sync.callrail` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.callrail"
    label = "ingestion_callrail"
    verbose_name = "CallRail"
    crm_source = "callrail"
