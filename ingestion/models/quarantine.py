"""RejectedRecord: what could not be loaded as it came, kept with its raw payload and every reason."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from ingestion.base.exceptions import RecordError
from ingestion.base.records import key_digest, record_digest, to_json
from ingestion.models.common import SyncHistory

CHUNK = 500


class State(models.TextChoices):
    """What a kept record waits for."""

    REJECTED = "rejected", "Rejected: not in the table"
    WARNING = "warning", "Loaded, with a value missing or changed"
    CLOSED = "closed", "Loaded since, or deleted at the source"


class RejectedRecordQuerySet(models.QuerySet["RejectedRecord"]):
    """Keeping, finding and closing records in quarantine."""

    def of(self, crm_source: str, sync_type: str) -> "RejectedRecordQuerySet":
        """The kept records of one entity."""
        return self.filter(crm_source=crm_source, sync_type=sync_type)

    def waiting(self) -> "RejectedRecordQuerySet":
        """Records that are not in their table."""
        return self.filter(status=State.REJECTED)

    def keep(self, run: SyncHistory, errors: Sequence[RecordError], status: str) -> None:
        """Store records with their errors; one that is known already has its row updated.

        Raises nothing of its own; must run inside the batch's transaction.
        """
        if not errors:
            return
        fresh = {digest_of(error): self.model.of_error(run, error, status) for error in errors}
        for digests in chunks(list(fresh)):
            known = self.of(run.crm_source, run.sync_type).in_bulk_by_digest(digests)
            for digest, stored in known.items():
                stored.renew(fresh.pop(digest))
            self.bulk_update(known.values(), RENEWED, batch_size=25)
        self.bulk_create(fresh.values(), batch_size=50)

    def in_bulk_by_digest(self, digests: Iterable[str]) -> "dict[str, RejectedRecord]":
        """Digest → row, for those that exist."""
        return {row.digest: row for row in self.filter(digest__in=list(digests))}

    def close(self, digests: Sequence[str]) -> int:
        """The records behind these digests are loaded, or gone at the source. Answers how many were open."""
        still_open = self.exclude(status=State.CLOSED)
        return sum(
            still_open.filter(digest__in=some).update(status=State.CLOSED, last_seen_at=timezone.now())
            for some in chunks(digests)
        )


class RejectedRecord(models.Model):
    """One record of one entity that was rejected, or kept with a warning.

    `digest` names its canonical key (or the raw record, when the key cannot be read), so the same bad
    record is one row however often it comes. `payload` is JSON text, not a JSON column: it holds what no
    JSON column takes (NUL characters, NaN). Fields that a source declares secret are not in it.
    """

    crm_source = models.CharField(max_length=50)
    sync_type = models.CharField(max_length=50)
    digest = models.CharField(max_length=32)
    key = models.JSONField(null=True, blank=True)
    payload = models.TextField()
    errors = models.JSONField(default=list)
    reason = models.CharField(max_length=40)
    status = models.CharField(max_length=20, choices=State.choices, default=State.REJECTED)
    attempts = models.IntegerField(default=1)
    run = models.ForeignKey(SyncHistory, models.SET_NULL, null=True, related_name="rejected")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    objects = RejectedRecordQuerySet.as_manager()

    class Meta:
        db_table = "ingestion_rejected_record"
        ordering = ("-last_seen_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["crm_source", "sync_type", "digest"], name="ingestion_rejected_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["crm_source", "sync_type", "status"], name="ingestion_rejected_waiting")
        ]

    def __str__(self) -> str:
        key = "/".join(map(str, self.key)) if self.key else "without a readable key"
        return f"{self.crm_source} {self.sync_type} {key}: {self.reason}"

    @property
    def record(self) -> dict[str, Any]:
        """The record as the source sent it, less its secrets; dates and decimals as text."""
        loaded: dict[str, Any] = json.loads(self.payload)
        return loaded

    @classmethod
    def of_error(cls, run: SyncHistory, error: RecordError, status: str) -> "RejectedRecord":
        """An unsaved row for a record and what is wrong with it."""
        return cls(
            crm_source=run.crm_source,
            sync_type=run.sync_type,
            digest=digest_of(error),
            key=[str(part) for part in error.key] if error.key else None,
            payload=to_json(error.record),
            errors=[printable(each.as_dict()) for each in error.errors],
            reason=error.errors[0].code[:40],
            status=status,
            run=run,
        )

    def renew(self, seen: "RejectedRecord") -> None:
        """Take over what the same record brought this time."""
        for name in ("payload", "errors", "reason", "status", "run", "last_seen_at"):
            setattr(self, name, getattr(seen, name))
        self.attempts += 1


RENEWED = ["payload", "errors", "reason", "status", "run", "last_seen_at", "attempts"]


def digest_of(error: RecordError) -> str:
    """What names a rejected record."""
    return key_digest(error.key) if error.key else record_digest(error.record)


def printable(texts: dict[str, str]) -> dict[str, str]:
    """Texts without the characters that no JSON column takes."""
    return {
        name: text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
        for name, text in texts.items()
    }


def chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    """Pieces small enough for one IN list on every database."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
