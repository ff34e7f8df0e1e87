"""Changes of a job's contract."""

from decimal import Decimal

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusJobChangeOrder(SourceModel):
    """A change of a job's contract."""

    id = models.IntegerField(primary_key=True)
    job = refers_to("GeniusJob", "job_change_orders")
    number = models.CharField(max_length=20)
    status = refers_to("GeniusJobChangeOrderStatus", default=1)
    type = refers_to("GeniusJobChangeOrderType", "job_change_orders", default=1)
    adjustment_change_order = refers_to("GeniusJobChangeOrder", null=True, blank=True)
    effective_date = models.DateField()
    total_amount = models.DecimalField(max_digits=9, decimal_places=2)
    add_user = refers_to("GeniusUserData", null=True, blank=True)
    add_date = models.DateTimeField(null=True, blank=True)
    sold_user = refers_to("GeniusUserData", null=True, blank=True)
    sold_date = models.DateTimeField(null=True, blank=True)
    cancel_user = refers_to("GeniusUserData", null=True, blank=True)
    cancel_date = models.DateTimeField(null=True, blank=True)
    reason = refers_to("GeniusJobChangeOrderReason", null=True, blank=True)
    envelope_id = models.CharField(max_length=64, null=True, blank=True)
    total_contract_amount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal("0.00"))
    total_pre_change_orders_amount = models.DecimalField(
        max_digits=9, decimal_places=2, default=Decimal("0.00")
    )
    signer_name = models.CharField(max_length=100, null=True, blank=True)
    signer_email = models.CharField(max_length=100, null=True, blank=True)
    financing_note = models.CharField(max_length=255, null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job_change_order"
        verbose_name = "Genius job change order"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_job_change_order_updated_"),
        ]


class GeniusJobChangeOrderItem(SourceModel):
    """A line of a change order."""

    id = models.IntegerField(primary_key=True)
    change_order = refers_to("GeniusJobChangeOrder", "job_change_order_items")
    description = models.CharField(max_length=256, null=True, blank=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job_change_order_item"
        verbose_name = "Genius job change order item"


class GeniusJobChangeOrderReason(SourceModel):
    """Why contracts change."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=100, null=True, blank=True)
    description = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job_change_order_reason"
        verbose_name = "Genius job change order reason"


class GeniusJobChangeOrderStatus(SourceModel):
    """A status of change orders."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=32)
    is_selectable = models.SmallIntegerField(default=1)

    class Meta:
        db_table = "ingestion_genius_job_change_order_status"
        verbose_name = "Genius job change order status"
        verbose_name_plural = "Genius job change order statuses"


class GeniusJobChangeOrderType(SourceModel):
    """A kind of change orders."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=32, null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job_change_order_type"
        verbose_name = "Genius job change order type"
