"""Where prospects and leads come from, and they themselves."""

from ingestion.sync.genius import processors
from ingestion.sync.genius.clients import hubspot_id
from ingestion.sync.genius.engines.base import GeniusSyncEngine, changing


class GeniusMarketingSourceTypeSyncEngine(GeniusSyncEngine):
    """Groups of marketing sources."""

    sync_type = "marketing_source_types"
    resource = changing("marketing_source_type", fallback="created_at")
    processor_class = processors.GeniusMarketingSourceTypeProcessor


class GeniusMarketingSourceSyncEngine(GeniusSyncEngine):
    """Marketing sources."""

    sync_type = "marketing_sources"
    resource = changing("marketing_source")
    processor_class = processors.GeniusMarketingSourceProcessor
    after = ("marketing_source_types",)


class GeniusMarketSharpSourceSyncEngine(GeniusSyncEngine):
    """Sources as MarketSharp names them."""

    sync_type = "marketsharp_sources"
    resource = changing("marketsharp_source")
    processor_class = processors.GeniusMarketSharpSourceProcessor


class GeniusMarketSharpMarketingSourceMapSyncEngine(GeniusSyncEngine):
    """The map between the two."""

    sync_type = "marketsharp_marketing_source_maps"
    resource = changing("marketsharp_marketing_source_map", key="marketsharp_id")
    processor_class = processors.GeniusMarketSharpMarketingSourceMapProcessor
    after = ("marketing_sources", "marketsharp_sources")


class GeniusProspectSyncEngine(GeniusSyncEngine):
    """Prospects."""

    sync_type = "prospects"
    resource = changing("prospect", derived={"hubspot_contact_id": hubspot_id})
    processor_class = processors.GeniusProspectProcessor
    after = ("user_data", "divisions")


class GeniusProspectSourceSyncEngine(GeniusSyncEngine):
    """Where prospects came from."""

    sync_type = "prospect_sources"
    resource = changing("prospect_source", fallback="add_date")
    processor_class = processors.GeniusProspectSourceProcessor
    after = ("prospects", "marketing_sources")


class GeniusLeadSyncEngine(GeniusSyncEngine):
    """Leads: six million rows where this was first seen."""

    sync_type = "leads"
    resource = changing("lead", key="lead_id", fallback="added_on")
    processor_class = processors.GeniusLeadProcessor
    after = ("user_data", "divisions")
