"""SalesRabbit's entities as tables. Times are UTC."""

from typing import Any

from django.db import models

from ingestion.models import SourceModel


def text(length: int) -> "models.CharField[Any, Any]":
    """A text that may be missing."""
    return models.CharField(max_length=length, null=True, blank=True)


class SalesRabbitLead(SourceModel):
    """A door that was knocked at, or will be.

    `status` is the name of a status, which every tenant chooses freely. `deleted_at` is what SalesRabbit says
    of a deletion; a lead that is gone without a word has none.
    """

    id = models.BigIntegerField(primary_key=True)
    first_name = text(255)
    last_name = text(255)
    business_name = text(255)
    email = models.EmailField(null=True, blank=True)
    phone_primary = text(20)
    phone_alternate = text(20)
    street1 = text(255)
    street2 = text(255)
    city = text(100)
    state = text(50)
    zip = text(20)
    country = text(100)
    latitude = models.DecimalField(max_digits=10, decimal_places=8, null=True, blank=True)
    longitude = models.DecimalField(max_digits=11, decimal_places=8, null=True, blank=True)
    status = text(100)
    status_modified = models.DateTimeField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    appointment = models.TextField(null=True, blank=True)
    files = models.JSONField(null=True, blank=True)
    campaign_id = models.BigIntegerField(null=True, blank=True)
    user_id = models.BigIntegerField(null=True, blank=True)
    user_name = text(255)
    date_created = models.DateTimeField(null=True, blank=True)
    date_modified = models.DateTimeField(null=True, blank=True)
    owner_modified = models.DateTimeField(null=True, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    custom_fields = models.JSONField(null=True, blank=True)
    integration_data = models.JSONField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_salesrabbit_lead"
        verbose_name = "SalesRabbit lead"
        indexes = [
            models.Index(fields=[name], name=f"salesrabbit_lead_{name[:12]}")
            for name in ("date_modified", "email", "status", "campaign_id", "user_id")
        ]

    def __str__(self) -> str:
        return f"lead {self.id}"


class SalesRabbitUser(SourceModel):
    """A person of the sales team."""

    id = models.BigIntegerField(primary_key=True)
    first_name = text(255)
    last_name = text(255)
    email = models.EmailField(null=True, blank=True)
    phone = text(20)
    active = models.BooleanField(default=True)
    hire_date = models.DateField(null=True, blank=True)
    business_unit = text(255)
    department = text(255)
    role = text(255)
    office = text(255)
    team = text(255)
    region = text(255)
    org_id = models.BigIntegerField(null=True, blank=True)
    supervisor_id = models.BigIntegerField(null=True, blank=True)
    recruiter_id = models.BigIntegerField(null=True, blank=True)
    cms_id = models.BigIntegerField(null=True, blank=True)
    lead_rep_cms_id = models.BigIntegerField(null=True, blank=True)
    photo_url = models.URLField(null=True, blank=True)
    external_ids = models.JSONField(null=True, blank=True)
    date_created = models.DateTimeField(null=True, blank=True)
    date_modified = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_salesrabbit_user"
        verbose_name = "SalesRabbit user"
        indexes = [
            models.Index(fields=[name], name=f"salesrabbit_user_{name[:12]}")
            for name in (
                *("date_modified", "email", "active", "org_id"),
                *("supervisor_id", "department", "role"),
            )
        ]

    def __str__(self) -> str:
        return f"user {self.id}"


class SalesRabbitLeadStatusHistory(SourceModel):
    """One change of a lead's status: an entry of a log, told apart by the lead and the time.

    SalesRabbit gives an entry no id of its own: what it calls `id` is the status's (`status_id`), and a lead
    may come back to a status.
    """

    id = models.BigAutoField(primary_key=True)
    lead_id = models.BigIntegerField()
    status_updated = models.DateTimeField()
    status_id = models.BigIntegerField(null=True, blank=True)
    name = text(255)
    abbreviation = text(50)
    active = models.BooleanField(null=True, blank=True)
    changed_by_user_id = models.BigIntegerField(null=True, blank=True)
    lead_created = models.DateTimeField(null=True, blank=True)
    lead_modified = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_salesrabbit_lead_status_history"
        verbose_name = "SalesRabbit lead status history"
        verbose_name_plural = "SalesRabbit lead status histories"
        constraints = [
            models.UniqueConstraint(fields=["lead_id", "status_updated"], name="salesrabbit_history_key")
        ]
        indexes = [
            models.Index(fields=[name], name=f"salesrabbit_hist_{name[:12]}")
            for name in ("lead_modified", "status_updated", "status_id")
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id} at {self.status_updated}"
