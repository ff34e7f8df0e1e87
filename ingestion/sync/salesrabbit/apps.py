"""SalesRabbit as a Django app."""

from ingestion.source import SourceConfig


class SalesRabbitConfig(SourceConfig):
    """`ingestion.sync.salesrabbit` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.salesrabbit"
    label = "ingestion_salesrabbit"
    verbose_name = "SalesRabbit"
    crm_source = "salesrabbit"
