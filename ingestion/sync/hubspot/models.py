"""HubSpot's entities as tables."""

from django.db import models

from ingestion.models import SourceModel


class HubSpotZipCode(SourceModel):
    """A ZIP code, and the division that serves it.

    The list is kept as a file beside the portal, not in it.
    """

    zipcode = models.CharField(max_length=10, primary_key=True)
    division = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    county = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=10, null=True, blank=True)
    area_code = models.CharField(max_length=20, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_zip_code"
        verbose_name = "ZIP code"

    def __str__(self) -> str:
        return self.zipcode
