"""HubSpot as a Django app."""

from ingestion.source import SourceConfig


class HubSpotConfig(SourceConfig):
    """`ingestion.sync.hubspot` in INSTALLED_APPS."""

    default = True
    name = "ingestion.sync.hubspot"
    label = "ingestion_hubspot"
    verbose_name = "HubSpot"
    crm_source = "hubspot"
