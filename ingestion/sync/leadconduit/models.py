"""LeadConduit's entities as tables. Times are UTC."""

from typing import Any

from django.db import models

from ingestion.models import SourceModel


def text(length: int) -> "models.CharField[Any, Any]":
    """A text that may be missing."""
    return models.CharField(max_length=length, null=True, blank=True)


def money() -> "models.DecimalField[Any, Any]":
    """A price that may be missing; LeadConduit keeps fractions of a cent."""
    return models.DecimalField(max_digits=15, decimal_places=5, null=True, blank=True)


class LeadConduitEvent(SourceModel):
    """One thing that happened to a lead: it came in, passed a filter, was delivered. It never changes.

    `id` is the event's, `lead_id` the lead's, which many events share. `steps` has what the steps of a flow
    appended, each under its own key. After `expires_at` LeadConduit forgets the event; the row stays.
    """

    id = models.CharField(max_length=50, primary_key=True)
    event_type = text(50)
    outcome = text(50)
    reason = models.TextField(null=True, blank=True)
    lead_id = text(100)
    flow_id = text(50)
    source_id = text(50)
    step_id = text(50)
    step_key = text(255)
    recipient_event_id = text(50)
    retry_status = text(50)
    host = text(255)
    start_timestamp = models.DateTimeField(null=True, blank=True)
    end_timestamp = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ms = models.BigIntegerField(null=True, blank=True)
    wait_ms = models.BigIntegerField(null=True, blank=True)
    overhead_ms = models.BigIntegerField(null=True, blank=True)
    lag_ms = models.BigIntegerField(null=True, blank=True)
    total_ms = models.BigIntegerField(null=True, blank=True)
    handler_version = text(50)
    version = text(50)
    package_version = text(50)
    module_id = text(255)
    cap_reached = models.BooleanField(null=True, blank=True)
    ping_limit_reached = models.BooleanField(null=True, blank=True)
    step_count = models.IntegerField(null=True, blank=True)
    cost = money()
    purchase_price = money()
    sale_price = money()
    revenue = money()
    recipient_revenue = money()
    vars = models.JSONField(null=True, blank=True)
    appended = models.JSONField(null=True, blank=True)
    feedback = models.JSONField(null=True, blank=True)
    steps = models.JSONField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_leadconduit_event"
        verbose_name = "LeadConduit event"
        indexes = [
            models.Index(fields=[name], name=f"leadconduit_event_{name[:12]}")
            for name in ("event_type", "outcome", "lead_id", "start_timestamp")
        ]

    def __str__(self) -> str:
        return f"event {self.id}"


class LeadConduitLead(SourceModel):
    """A lead as its source event tells it.

    `lead_id` is the lead's own id, `event_id` that of the newest source event: a lead that is submitted again
    is the same row. Columns that end in `_hge` are a tenant's own fields.
    """

    id = models.BigAutoField(primary_key=True)
    lead_id = models.CharField(max_length=100, unique=True)
    event_id = models.CharField(max_length=100, db_index=True)
    first_name = text(200)
    last_name = text(200)
    email = models.EmailField(null=True, blank=True, db_index=True)
    phone = text(50)
    address = text(500)
    city = text(200)
    state = text(100)
    zip_code = text(50)
    country = text(100)
    flow_id = text(50)
    flow_name = text(100)
    source_id = text(50)
    source_name = text(100)
    outcome = text(255)
    reason = models.TextField(null=True, blank=True)
    submitted_utc = models.DateTimeField(null=True, blank=True)
    note_hge = models.TextField(null=True, blank=True)
    owner_hge = text(100)
    owneremail_hge = models.EmailField(null=True, blank=True)
    ownerid_hge = text(50)
    salesrabbit_lead_id_hge = text(50)
    phone_metadata = models.JSONField(default=dict, blank=True)
    email_metadata = models.JSONField(default=dict, blank=True)
    address_metadata = models.JSONField(default=dict, blank=True)
    lead_data = models.JSONField(default=dict, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_leadconduit_lead"
        verbose_name = "LeadConduit lead"
        ordering = ["-submitted_utc"]
        indexes = [
            models.Index(fields=["email", "phone"], name="leadconduit_lead_contact"),
            models.Index(fields=["state", "zip_code"], name="leadconduit_lead_place"),
            models.Index(fields=["flow_name", "source_name"], name="leadconduit_lead_origin"),
            models.Index(fields=["outcome", "submitted_utc"], name="leadconduit_lead_outcome"),
            models.Index(fields=["submitted_utc"], name="leadconduit_lead_submitted"),
            models.Index(fields=["ownerid_hge"], name="leadconduit_lead_ownerid"),
            models.Index(fields=["salesrabbit_lead_id_hge"], name="leadconduit_lead_rabbit"),
            models.Index(fields=["owner_hge", "submitted_utc"], name="leadconduit_lead_owner"),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id}"
