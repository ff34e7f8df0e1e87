"""Replay: what waits in quarantine goes through the engine once more, under the timestamp guard.

The same engine, another client. An old payload never overwrites a newer row, the run moves no watermark
and deletes nothing; a record that loads closes its own row in quarantine.
"""

import logging
from collections.abc import AsyncIterator, Sequence

from django.apps import apps
from django.db import models

from ingestion.base.datasource import DataSource, Resource
from ingestion.base.exceptions import LeaseRefused
from ingestion.base.loaders.base import real_foreign_keys
from ingestion.base.patience import in_database, patiently
from ingestion.base.plan import RejectLimit, SyncPlan
from ingestion.base.records import Page, Position
from ingestion.base.sync_engine import Progress
from ingestion.base.window import Window
from ingestion.models.common import SyncHistory
from ingestion.models.quarantine import RejectedRecord
from ingestion.registry import Engine, engines

logger = logging.getLogger("ingestion")

PAGE = 500


class QuarantineSource(DataSource):
    """Reads the waiting records of one entity, oldest first."""

    kind = "quarantine"
    paging = "keyset"

    def __init__(self, rows: "models.QuerySet[RejectedRecord]") -> None:
        self.rows = rows.order_by("pk")

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncIterator[Page]:
        """Pages of raw payloads."""
        del resource, window, position
        last = 0
        while rows := await in_database(self.rows.db, self.after, last):
            last = rows[-1].pk
            yield Page([row.record for row in rows], {"id": last})

    def after(self, last: int) -> list[RejectedRecord]:
        """The next rows by id."""
        return list(self.rows.filter(pk__gt=last)[:PAGE])


def replay(
    engine: Engine,
    *,
    ids: Sequence[int] = (),
    reason: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> SyncHistory | None:
    """Load the waiting records of an entity again (all, some ids, or one reason).

    Answers the history row, None when nothing waits. Raises what `BaseSyncEngine.run` raises.
    """
    rows = RejectedRecord.objects.of(engine.crm_source, engine.sync_type).waiting()
    rows = rows.filter(pk__in=ids) if ids else rows
    rows = rows.filter(reason=reason) if reason else rows
    waiting = patiently(rows.db, rows.count)
    if not waiting:
        return None
    everything = RejectLimit(share=None, count=waiting)
    plan = SyncPlan(replay=True, dry_run=dry_run, max_rejected=everything)
    return engine(client=QuarantineSource(rows), progress=progress).sync(plan)


def replay_waiting_children(parent: Engine) -> None:
    """After a parent's run: let the children in that waited for its rows.

    Those of an entity that is at work wait for the parent's next run. Raises what `BaseSyncEngine.run`
    raises otherwise.
    """
    if not is_referred_to(parent.processor_class.model):
        return  # nearly always: so the engines of all other sources need not be read
    for child in engines().values():
        if refers_to(child, parent.processor_class.model):
            try:
                replay(child, reason="missing_parent")
            except LeaseRefused as error:
                logger.warning("%s", error)


def is_referred_to(parent: type[models.Model]) -> bool:
    """Whether any model has a real foreign key to this one."""
    return any(key.related_model is parent for model in apps.get_models() for key in real_foreign_keys(model))


def refers_to(engine: Engine, parent: type[models.Model]) -> bool:
    """Whether an engine's rows, or their child rows, have a real foreign key to this model."""
    processors = [
        engine.processor_class,
        *(c.processor_class for c in engine.processor_class.children.values()),
    ]
    keys = [key for processor in processors for key in real_foreign_keys(processor.model)]
    return any(key.related_model is parent for key in keys)
