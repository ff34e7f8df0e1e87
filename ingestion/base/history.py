"""What a run learns from the history, and how its own row is closed."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from ingestion.base.exceptions import ConfigurationError, FatalError, SyncError
from ingestion.base.plan import SyncPlan
from ingestion.base.saving import lease_lost
from ingestion.base.window import Past, Window
from ingestion.models.common import Status, SyncHistory


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `error` is what stopped it, `metrics` what it cost and what a person should know."""

    error: BaseException | None
    metrics: dict[str, Any]
    dry_run: bool = False


def past_of(history: SyncHistory, watermark: datetime | None, reconcile_every: timedelta | None) -> Past:
    """The watermark in effect, and whether the last complete read is too long ago."""
    cursors = SyncHistory.objects.cursors(history.crm_source, history.sync_type)
    if reconcile_every is None:
        return Past(watermark, cursors=cursors)
    runs = SyncHistory.objects.of(history.crm_source, history.sync_type).finished()
    last = runs.filter(configuration__complete=True).values_list("start_time", flat=True).first()
    return Past(watermark, last is None or history.start_time - last >= reconcile_every, cursors)


def sweep_due(history: SyncHistory, every: timedelta) -> bool:
    """Whether the last run that saw all keys is so long ago."""
    runs = SyncHistory.objects.of(history.crm_source, history.sync_type).finished()
    saw_all = Q(configuration__complete=True) | Q(configuration__swept=True)
    last = runs.filter(saw_all).values_list("start_time", flat=True).first()
    return last is None or history.start_time - last >= every


def settle_identity(
    history: SyncHistory, plan: SyncPlan, window: Window, identity: str, mapping: str
) -> list[str]:
    """Refuse another account than the last run's; answers what to say of a changed mapping.

    Raises ConfigurationError.
    """
    if plan.dry_run or plan.replay:
        return []
    history.configuration |= {
        "identity": identity,
        "mapping": mapping,
        "complete": window.complete and window.strategy == "full",
    }
    runs = SyncHistory.objects.of(history.crm_source, history.sync_type).finished()
    last = runs.filter(configuration__has_key="identity").first()
    if last is None:
        return []
    if last.configuration["identity"] != identity and not plan.full:
        raise ConfigurationError(
            f"the source is {identity}, the last run read {last.configuration['identity']}",
            where=f"{history.crm_source} {history.sync_type}",
            fix="check the credentials and the address; to go over to the new one, run once with --full",
        )
    if last.configuration["mapping"] != mapping and window.strategy == "delta":
        return [f"the mapping has changed since run {last.pk}: run --full to fill old rows"]
    return []


def stopped_run(history: SyncHistory) -> tuple[int, dict[str, Any]] | None:
    """The newest run of this entity that stopped half-way and has not been made up for since.

    Answers its number and its checkpoint.
    """
    runs = SyncHistory.objects.of(history.crm_source, history.sync_type).filter(status=Status.FAILED)
    runs = runs.filter(checkpoint__isnull=False).exclude(pk=history.pk)
    found = runs.first()
    return (found.pk, found.checkpoint) if found and found.checkpoint else None


def close_run(history: SyncHistory, window: Window | None, outcome: Outcome) -> None:
    """Close the row: status, watermark, checkpoint and lease in one transaction.

    A run that failed keeps its checkpoint, unless what it read is not to be trusted; a good one that covers
    everything since the last drops older checkpoints. Raises LeaseLost when a run that thinks it has
    succeeded was closed by somebody else.
    """
    error = outcome.error
    history.end_time = history.end_time or timezone.now()
    history.status = status_of(history, error)
    history.error_message = message_of(history, error)
    history.performance_metrics = outcome.metrics
    if error is None and window and not outcome.dry_run:
        remember(history, window)
    drop = error is None or (isinstance(error, FatalError) and not error.resumable)
    names = ["end_time", "status", "error_message", "performance_metrics", "watermark", "cursors"]
    values = {name: getattr(history, name) for name in names} | {"lease": None}
    with transaction.atomic(router.db_for_write(SyncHistory)):
        row = SyncHistory.objects.filter(pk=history.pk, status=Status.RUNNING, lease=history.lease)
        if not row.update(**values, **({"checkpoint": None} if drop else {})):
            if error is None and not closed_before(history):
                raise lease_lost(history)
        elif error is None and window and window.covers and not outcome.dry_run:
            older = SyncHistory.objects.of(history.crm_source, history.sync_type).filter(pk__lt=history.pk)
            older.filter(checkpoint__isnull=False).update(checkpoint=None)
    history.lease = None


def remember(history: SyncHistory, window: Window) -> None:
    """The watermark that a good run leaves, and the cursors of several accounts."""
    entity = (history.crm_source, history.sync_type)
    if not window.parts:
        history.watermark = window.watermark(SyncHistory.objects.watermark(*entity))
    elif window.covers:
        history.cursors = window.cursors(SyncHistory.objects.cursors(*entity))
        history.watermark = window.earliest(history.cursors)


def closed_before(history: SyncHistory) -> bool:
    """Whether the row was closed by us already, in a COMMIT whose answer was lost."""
    return SyncHistory.objects.filter(
        pk=history.pk, status=history.status, end_time=history.end_time
    ).exists()


def status_of(history: SyncHistory, error: BaseException | None) -> str:
    """One of the four words."""
    if error is not None:
        return Status.FAILED
    return Status.PARTIAL if history.records_failed else Status.SUCCESS


def message_of(history: SyncHistory, error: BaseException | None) -> str | None:
    """What a person reads in the list of runs."""
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)):
        return "interrupted: stopped by a signal; the next run goes on from here"
    if isinstance(error, SyncError):
        return str(error)
    if error is not None:
        return f"{type(error).__name__}: {error}"
    return f"{history.records_failed:,} records rejected" if history.records_failed else None
