"""LeadConduit as a Django app."""

from ingestion.source import SourceConfig


class LeadConduitConfig(SourceConfig):
    """`ingestion.sync.leadconduit` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.leadconduit"
    label = "ingestion_leadconduit"
    verbose_name = "LeadConduit"
    crm_source = "leadconduit"
