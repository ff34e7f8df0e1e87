"""The measured source as a Django app."""

from ingestion.source import SourceConfig


class ContactsConfig(SourceConfig):
    """`benchmarks.contacts` in INSTALLED_APPS."""

    default = True
    name = "benchmarks.contacts"
    label = "ingestion_bench"
    verbose_name = "Benchmark"
    crm_source = "bench"
