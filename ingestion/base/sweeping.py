"""Sweep: how an engine deletes what a complete read did not show."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Literal

from ingestion.base.datasource import DataSource, Resource
from ingestion.base.deletes import SeenKeys, alive, check_sweep, missing_keys, stretches
from ingestion.base.exceptions import SafetyStop
from ingestion.base.history import sweep_due
from ingestion.base.patience import in_database
from ingestion.base.plan import SyncPlan
from ingestion.base.processor import BaseProcessor
from ingestion.base.records import Batch, Key, Position, Tombstone
from ingestion.base.saving import BatchWriter
from ingestion.base.window import Window
from ingestion.models.common import SyncHistory

Deletes = Literal["ignore", "tombstone", "sweep"]

SWEEP_BATCH = 2000
RECONCILE_EVERY = timedelta(days=7)


class Sweeping(ABC):
    """The part of an engine that deletes; `seen` has the keys of a complete read."""

    resource: ClassVar[Resource]
    deletes: ClassVar[Deletes] = "ignore"
    scope: ClassVar[Mapping[str, Any]] = {}
    part_field: ClassVar[str] = ""
    reconcile_every: ClassVar[timedelta] = RECONCILE_EVERY

    client: DataSource
    processor: BaseProcessor
    plan: SyncPlan
    writer: BatchWriter
    window: Window
    notes: list[str]
    seen: SeenKeys | None
    position: Position | None
    history: SyncHistory
    sweep_due: bool = False

    @property
    @abstractmethod
    def title(self) -> str:
        """The entity, for messages."""

    @abstractmethod
    async def commit(self, batch: Batch, position: Position | None) -> None:
        """One batch in one transaction."""

    @abstractmethod
    async def heartbeat(self) -> None:
        """Say that this run lives."""

    @property
    def sweeps(self) -> bool:
        """Whether this run deletes what it does not find."""
        return self.deletes == "sweep" or bool(self.plan.options.get("sweep"))

    async def delete_missing(self, window: Window) -> None:
        """Sweep: soft-delete the rows that a complete read did not show.

        Raises SafetyStop when the read was empty or too much would go.
        """
        if not self.sweeps:
            return
        if self.sweep_due:
            window = await self.read_all_keys(window)
        if self.seen is None:
            if window.strategy == "full":
                self.notes.append("not swept: only a complete read without --force deletes")
            return
        if window.resumes:
            await self.read_keys(self.seen, window)
        if self.seen.unreadable:
            self.notes.append(f"not swept: {self.seen.unreadable} records without a readable key")
            return
        missing = await self.unseen(window, self.seen)
        if missing and self.client.paging == "unstable":
            missing = await self.confirmed(missing)
        await self.bury(missing)

    async def bury(self, missing: Sequence[Key]) -> None:
        """Soft-delete the rows of these keys, in batches as all others."""
        for start in range(0, len(missing), SWEEP_BATCH):
            batch = Batch(tombstones=[Tombstone(key) for key in missing[start : start + SWEEP_BATCH]])
            batch.seen_paths = frozenset(self.processor.mapper.seen)
            await self.commit(batch, self.position)
        if self.sweep_due and not self.plan.dry_run:
            self.history.configuration |= {"swept": True}
            await in_database(self.writer.using, partial(self.history.save, update_fields=["configuration"]))

    def sweeps_by_keys(self, history: SyncHistory, window: Window) -> bool:
        """Whether this delta is followed by a read of all keys, to delete what they do not show.

        Only where such a read costs little, and `reconcile_every` after the last one.
        """
        cheap = self.sweeps and self.client.cheap_keys and not self.resource.keeps_months
        whole = window.strategy == "delta" and window.covers and not self.plan.end_date
        return cheap and whole and sweep_due(history, self.reconcile_every)

    async def read_all_keys(self, window: Window) -> Window:
        """Everything the source has, for its keys alone. Answers the window that this was."""
        self.seen = SeenKeys()
        whole = replace(window, strategy="full", since=None, until=None, position=None, resumes=None)
        await self.read_keys(self.seen, whole)
        return whole

    async def unseen(self, window: Window, seen: SeenKeys) -> list[Key]:
        """The keys of live rows that a complete read did not show. Raises SafetyStop when they are too many.

        An account (of several) that showed nothing of what is stored of it is left alone. So is the window
        of a delta that showed nothing or too little: its other rows are good, and a full run will ask.
        """
        target, found = self.writer.loader.target, []
        if await in_database(target.using, self.has_made_all, window):
            return []
        for part, rows in stretches(
            window, self.scope, self.part_field, self.processor.timestamp_field
        ).items():
            missing, total = await in_database(target.using, missing_keys, target, seen, rows)
            if missing and len(missing) == total and (part or window.strategy == "delta"):
                self.notes.append(f"{part or self.title} not swept: it showed none of {total:,} rows")
                continue
            try:
                check_sweep(seen, missing, total, allowed=self.plan.allow_deletes, where=self.title)
            except SafetyStop as stop:
                if window.strategy == "full":
                    raise
                self.notes.append(f"not swept: {stop.what}; a run with --full asks again")
                continue
            found += missing
        return found

    def has_made_all(self, window: Window) -> bool:
        """Whether this run itself has made every living row: then it has seen each, and need not compare.

        So it is with a first load. Rows that it has buried again, or only thought of making, are none.
        """
        made = self.history.records_created
        sure = window.strategy == "full" and not (self.history.records_deleted or self.plan.dry_run)
        return sure and made > 0 and alive(self.writer.loader.target).count() == made

    async def read_keys(self, into: SeenKeys, window: Window) -> None:
        """What an interrupted run has read before this one, or everything, once more for its keys alone."""
        async for page in self.client.read_keys(self.resource, window):
            alive = (record for record in page.records if not self.processor.says_gone(record))
            into.add(self.processor.read_key(record) for record in alive)
            await self.heartbeat()

    async def confirmed(self, missing: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Of keys that an unstable read did not show, those that are gone for certain.

        Offsets shift while a list is read, so a key may hide in any one read. It is gone when the source
        says so of the key itself, or when a second complete read does not show it either.
        """
        answers = [await self.client.exists(self.resource, key) for key in missing[:1]]
        if answers == [None]:
            again = SeenKeys()
            await self.read_keys(again, replace(self.window, position=None))
            gone = [] if again.unreadable else [key for key in missing if key not in again]
            again.close()
            return gone
        rest = [await self.client.exists(self.resource, key) for key in missing[1:]]
        return [key for key, there in zip(missing, answers + rest, strict=True) if there is False]
