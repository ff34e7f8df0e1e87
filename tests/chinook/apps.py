"""A database as a source: Chinook, the music shop that many database courses begin with."""

from ingestion.source import SourceConfig


class ChinookConfig(SourceConfig):
    default = True
    name = "tests.chinook"
    label = "chinook"
    crm_source = "chinook"
    verbose_name = "Chinook"
