"""Arrivy as a Django app."""

from ingestion.source import SourceConfig


class ArrivyConfig(SourceConfig):
    """`ingestion.sync.arrivy` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.arrivy"
    label = "ingestion_arrivy"
    verbose_name = "Arrivy"
    crm_source = "arrivy"
