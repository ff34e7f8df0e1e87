"""Where prospects come from: Genius's own sources, and MarketSharp's."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusMarketingSourceType(SourceModel):
    """A group of marketing sources."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    list_order = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_marketing_source_type"
        verbose_name = "Genius marketing source type"


class GeniusMarketingSource(SourceModel):
    """A campaign or channel that prospects come from."""

    id = models.IntegerField(primary_key=True)
    type = refers_to("GeniusMarketingSourceType", "marketing_sources", default=0)
    label = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_allow_lead_modification = models.BooleanField(default=False)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_marketing_source"
        verbose_name = "Genius marketing source"


class GeniusMarketSharpSource(SourceModel):
    """A source as MarketSharp names it; `inactive` is the inverse of others' `is_active`."""

    id = models.IntegerField(primary_key=True)
    marketsharp_id = models.CharField(max_length=256, default="", blank=True)
    source_name = models.CharField(max_length=128, default="", blank=True)
    inactive = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_marketsharp_source"
        verbose_name = "Genius MarketSharp source"


class GeniusMarketSharpMarketingSourceMap(SourceModel):
    """Which marketing source stands for a source of MarketSharp."""

    marketsharp_id = models.CharField(max_length=128, primary_key=True)
    marketing_source = refers_to(
        "GeniusMarketingSource", "marketsharp_marketing_source_maps", null=True, blank=True
    )
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_marketsharp_marketing_source_map"
        verbose_name = "Genius MarketSharp marketing source map"
