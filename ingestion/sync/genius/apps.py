"""Genius as a Django app."""

from ingestion.source import SourceConfig


class GeniusConfig(SourceConfig):
    """`ingestion.sync.genius` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.genius"
    label = "ingestion_genius"
    verbose_name = "Genius"
    crm_source = "genius"
