"""Contacts of twenty columns, twice: as a synced table of this product, and as a table of nobody."""

from django.db import models

from ingestion.models import SourceModel


class Columns(models.Model):
    """The twenty columns."""

    id = models.CharField(max_length=50, primary_key=True)
    archived = models.BooleanField(default=False)
    email = models.CharField(max_length=255, null=True)
    firstname = models.CharField(max_length=255, null=True)
    lastname = models.CharField(max_length=255, null=True)
    phone = models.CharField(max_length=50, null=True)
    address = models.TextField(null=True)
    city = models.CharField(max_length=255, null=True)
    state = models.CharField(max_length=50, null=True)
    zip = models.CharField(max_length=20, null=True)
    country = models.CharField(max_length=255, null=True)
    company = models.CharField(max_length=255, null=True)
    jobtitle = models.CharField(max_length=255, null=True)
    lifecyclestage = models.CharField(max_length=255, null=True)
    hs_analytics_source = models.CharField(max_length=255, null=True)
    hubspot_owner_id = models.CharField(max_length=255, null=True)
    num_notes = models.IntegerField(null=True)
    hs_analytics_revenue = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    createdate = models.DateTimeField(null=True)
    lastmodifieddate = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Contact(Columns, SourceModel):
    """As this product keeps it: four columns and two indexes more, which every synced table has."""

    class Meta(SourceModel.Meta):
        db_table = "bench_contact"


class PlainContact(Columns):
    """The columns and the primary key alone, for Django's bulk_create and for the limit."""

    class Meta:
        db_table = "bench_plain"
