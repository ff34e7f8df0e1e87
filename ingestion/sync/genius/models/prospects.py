"""Households that may buy."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusProspect(SourceModel):
    """A household that may buy; 0 is a legal id."""

    id = models.IntegerField(primary_key=True)
    division = refers_to("GeniusDivision", "prospects")
    first_name = models.CharField(max_length=100, null=True, blank=True)
    last_name = models.CharField(max_length=100, null=True, blank=True)
    alt_first_name = models.CharField(max_length=100, null=True, blank=True)
    alt_last_name = models.CharField(max_length=100, null=True, blank=True)
    address1 = models.CharField(max_length=255, null=True, blank=True)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    county = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=2, null=True, blank=True)
    zip = models.CharField(max_length=20, null=True, blank=True)
    phone1 = models.CharField(max_length=20, null=True, blank=True)
    phone2 = models.CharField(max_length=20, null=True, blank=True)
    email = models.EmailField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    marketsharp_id = models.CharField(max_length=100, null=True, blank=True)
    leap_customer_id = models.CharField(max_length=100, null=True, blank=True)
    hubspot_contact_id = models.BigIntegerField(null=True, blank=True)
    is_address_valid = models.SmallIntegerField(default=0)
    updated_at = models.DateTimeField(null=True, blank=True)
    user = refers_to("GeniusUserData", null=True, blank=True)
    year_built = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_prospect"
        verbose_name = "Genius prospect"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_prospect_updated_"),
            models.Index(fields=["email"], name="gn_prospect_email"),
            models.Index(fields=["phone1"], name="gn_prospect_phone1"),
        ]


class GeniusProspectSource(SourceModel):
    """Where a prospect came from, and when: one may come several times."""

    id = models.IntegerField(primary_key=True)
    prospect = refers_to("GeniusProspect", "prospect_sources")
    marketing_source = refers_to("GeniusMarketingSource", "prospect_sources")
    source_date = models.DateTimeField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    source_user = refers_to("GeniusUserData", null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_prospect_source"
        verbose_name = "Genius prospect source"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_prospect_source_updated_"),
        ]
