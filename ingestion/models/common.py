"""SyncHistory: one row for every run of every entity, and the only place a watermark lives."""

from datetime import datetime
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now


class DatabaseNow(Now):
    """The database's clock, in UTC on every database.

    Leases are judged by this one clock: those of two hosts may differ. MySQL's CURRENT_TIMESTAMP is in
    the session's zone, where Django stores UTC.
    """

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """MySQL and MariaDB."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **context)


class Status(models.TextChoices):
    """What became of a run; these values and no others."""

    RUNNING = "running"
    SUCCESS = "success"
    PARTIAL = "partial", "Partial (some records rejected)"
    FAILED = "failed"


BALANCE = (
    F("records_created")
    + F("records_updated")
    + F("records_unchanged")
    + F("records_skipped")
    + F("records_failed")
)


class SyncHistoryQuerySet(models.QuerySet["SyncHistory"]):
    """Questions the engine and the screens ask the history."""

    def of(self, crm_source: str, sync_type: str) -> "SyncHistoryQuerySet":
        """The runs of one entity, newest first."""
        return self.filter(crm_source=crm_source, sync_type=sync_type).order_by("-pk")

    def finished(self) -> "SyncHistoryQuerySet":
        """Runs that came to their end, with or without rejected records."""
        return self.filter(status__in=[Status.SUCCESS, Status.PARTIAL])

    def watermark(self, crm_source: str, sync_type: str) -> datetime | None:
        """Up to where an entity is known to be stored (UTC), None before the first good run.

        Not `end_time`: a record edited while a run was reading would be lost.
        """
        runs = self.of(crm_source, sync_type).finished().exclude(watermark=None)
        return runs.values_list("watermark", flat=True).first()

    def cursors(self, crm_source: str, sync_type: str) -> dict[str, str]:
        """The same of each account, where a source has several: key → moment as ISO text."""
        runs = self.of(crm_source, sync_type).finished().exclude(watermark=None)
        return runs.values_list("cursors", flat=True).first() or {}


class SyncHistory(models.Model):
    """One run of one entity: what it was asked, what it did, how far the entity is stored.

    Counts balance: processed = created + updated + unchanged + skipped + failed (rejected); deletes count
    apart. `lease` names the process at work and is null when nobody is; `running` lets the database
    itself refuse a second running row of the same entity.
    """

    crm_source = models.CharField(max_length=50)
    sync_type = models.CharField(max_length=50)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.RUNNING)
    start_time = models.DateTimeField()
    end_time = models.DateTimeField(null=True, blank=True)
    records_processed = models.IntegerField(default=0)
    records_created = models.IntegerField(default=0)
    records_updated = models.IntegerField(default=0)
    records_unchanged = models.IntegerField(default=0)
    records_skipped = models.IntegerField(default=0)
    records_failed = models.IntegerField(default=0)
    records_deleted = models.IntegerField(default=0)
    error_message = models.TextField(null=True, blank=True)  # null as the guide’s schema has it
    performance_metrics = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    configuration = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    watermark = models.DateTimeField(null=True, blank=True)
    cursors = models.JSONField(default=dict, blank=True)
    checkpoint = models.JSONField(null=True, blank=True)
    batch = models.IntegerField(default=0)
    lease = models.CharField(max_length=200, null=True, blank=True, unique=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    running = models.GeneratedField(
        expression=Case(When(status="running", then=Value(1)), default=None),
        output_field=models.SmallIntegerField(null=True),
        db_persist=True,
    )

    objects = SyncHistoryQuerySet.as_manager()

    class Meta:
        db_table = "ingestion_sync_history"
        verbose_name_plural = "sync history"
        ordering = ("-pk",)
        indexes: ClassVar = [
            models.Index(
                fields=["crm_source", "sync_type", "status", "-id"], name="ingestion_history_last_good"
            ),
            models.Index(fields=["-start_time"], name="ingestion_history_listing"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crm_source", "sync_type", "running"], name="ingestion_one_running_run"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["success", "partial"]) | Q(records_processed=BALANCE),
                name="ingestion_history_balances",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.crm_source} {self.sync_type} run {self.pk} ({self.status})"
