"""BaseSyncEngine: one run of one entity, from the lease to the closed history row."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections, router
from django.utils import timezone

from ingestion.base import logs
from ingestion.base.apart import CAN_FORK, Readers
from ingestion.base.datasource import DataSource, Resource
from ingestion.base.deletes import SeenKeys
from ingestion.base.exceptions import ConfigurationError, SafetyStop
from ingestion.base.history import Outcome, close_run, past_of, settle_identity, stopped_run
from ingestion.base.interpreter import tuned
from ingestion.base.lease import HEARTBEAT, acquire, let_go
from ingestion.base.ledger import Counts
from ingestion.base.loaders import Loader, Target, create_loader
from ingestion.base.metrics import PerformanceMonitor
from ingestion.base.patience import in_database, patiently, to_its_end
from ingestion.base.plan import Option, SyncPlan
from ingestion.base.processor import BaseProcessor
from ingestion.base.reading import load_batches
from ingestion.base.records import Batch, Page, Position
from ingestion.base.rows import keys_of, values_of
from ingestion.base.saving import BatchWriter
from ingestion.base.sorting import read_moment
from ingestion.base.sweeping import RECONCILE_EVERY, Deletes, Sweeping
from ingestion.base.window import Window, choose_windows, fingerprint, reach
from ingestion.models.common import SyncHistory

Progress = Callable[[SyncHistory, int | None], None]

OVERLAP = timedelta(minutes=5)
BEAT = HEARTBEAT.total_seconds()


class BaseSyncEngine(Sweeping):
    """One entity of one source; a subclass is a declaration, an instance is one run.

    `aliases` are further names of the entity in commands. `after` names entities of the same source that are
    synced before. `overlap` is how far behind the
    watermark a delta begins, `look_back` the same where the cursor is no time of change: so much is read
    again for late edits (setting `<SOURCE>_LOOK_BACK_DAYS`, option LOOK_BACK). `part_field` is the column
    with the account of a row, where the client reads several. `deletes` says how rows go: `ignore`,
    `tombstone` (the source says so), `sweep` (missing from a complete read); `scope` is the engine's part of
    a table it shares. `delta_misses_changes`, or a client whose lists may shift while they are read, makes a
    full compare due every `reconcile_every`; a sweep where keys alone are cheap to read follows a delta as
    often. `options` are flags of this entity alone. `replaces` takes over an entity that another app has
    declared; an `optional` entity is passed over by a run of all where it is not configured.
    """

    crm_source: ClassVar[str]
    sync_type: ClassVar[str]
    resource: ClassVar[Resource]
    client_class: ClassVar[type[DataSource]]
    processor_class: ClassVar[type[BaseProcessor]]
    aliases: ClassVar[tuple[str, ...]] = ()
    after: ClassVar[tuple[str, ...]] = ()
    overlap: ClassVar[timedelta] = OVERLAP
    look_back: ClassVar[timedelta | None] = None
    part_field: ClassVar[str] = ""
    deletes: ClassVar[Deletes] = "ignore"
    scope: ClassVar[Mapping[str, Any]] = {}
    delta_misses_changes: ClassVar[bool] = False
    reconcile_every: ClassVar[timedelta] = RECONCILE_EVERY
    options: ClassVar[tuple[Option, ...]] = ()
    schedule: ClassVar[str | None] = None
    replaces: ClassVar[bool] = False
    optional: ClassVar[bool] = False

    history: SyncHistory
    window: Window
    writer: BatchWriter
    total: int | None = None
    saving: asyncio.Task[None] | None = None
    readers: Readers | None = None
    apart: bool = False  # one of those

    def __init__(self, *, progress: Progress | None = None, client: DataSource | None = None) -> None:
        self.progress = progress
        self.given_client = client
        self.monitor = PerformanceMonitor()
        self.notes: list[str] = []
        self.seen: SeenKeys | None = None
        self.position: Position | None = None
        self.warnings = 0

    # The main path.

    async def run(self, plan: SyncPlan) -> SyncHistory:
        """Sync this entity as the plan says.

        Answers the closed history row. Raises FatalError for whatever stopped the run (the row is closed
        as failed), LeaseRefused when another run is at work (no row is written).
        """
        async with self.lease(plan) as history, self.get_client(plan) as self.client:
            window = await self.determine_sync_strategy(plan, history)
            async for page in self.fetch_data(window):
                batch = self.process_batch(page)
                await self.save_data(batch, page.position)
            await self.saved()
            await self.delete_missing(window)
        return history

    def sync(self, plan: SyncPlan | None = None) -> SyncHistory:
        """`run` for callers without an event loop; the ORM works in the calling thread."""
        return async_to_sync(self.run)(plan or SyncPlan())

    # What the main path is made of.

    @asynccontextmanager
    async def lease(self, plan: SyncPlan) -> AsyncIterator[SyncHistory]:
        """The right to be the only run of this entity; its row is closed whatever stops the run."""
        self.prepare(plan)
        try:
            with tuned():
                yield await self.start_sync(plan)
            self.check_result()
        except BaseException as error:
            await self.complete_sync(error)
            raise
        await self.complete_sync()

    def prepare(self, plan: SyncPlan) -> None:
        """Everything that can fail before there is a history row."""
        self.plan = plan
        self.monitor.start_monitoring()
        self.processor = self.processor_class(validate=not plan.skip_validation)
        self.history = SyncHistory(
            crm_source=self.crm_source,
            sync_type=self.sync_type,
            start_time=timezone.now(),
            configuration=plan.as_configuration(),
        )

    async def start_sync(self, plan: SyncPlan) -> SyncHistory:
        """Open the history row. Raises LeaseRefused."""
        await to_its_end(sync_to_async(self.open_run)())
        logs.starting(self.history, plan)
        return self.history

    def open_run(self) -> None:
        """In the thread that owns the database connection: the writer, then the row."""
        moment_of = partial(read_moment, self.processor)
        self.writer = BatchWriter(
            self.history, self.get_loader(), dry_run=self.plan.dry_run, moment_of=moment_of
        )
        using = self.writer.using
        patiently(using, connections[using].ensure_connection, attempts=3)  # a wrong address is told soon
        patiently(using, acquire, self.history)

    async def complete_sync(self, error: BaseException | None = None) -> None:
        """Close the history row with what became of the run; a refused one has none."""
        if self.saving:
            await asyncio.wait([self.saving])
            error = error or self.saving.exception()
        for each in (self.readers, self.seen):
            if each is not None:
                each.close()
        if self.history.pk is None:
            return
        self.monitor.details |= {"drift": self.processor.drift(), "children": self.writer.children}
        self.monitor.details |= {"notes": self.notes, "warnings": self.warnings}
        outcome = Outcome(error, self.monitor.get_metrics(), dry_run=self.plan.dry_run)
        lease = self.history.lease
        try:
            await to_its_end(
                in_database(self.writer.using, close_run, self.history, self.window_or_none, outcome)
            )
        finally:
            let_go(lease)
        logs.completed(self.history)

    async def determine_sync_strategy(self, plan: SyncPlan, history: SyncHistory) -> Window:
        """From when to when to read, and where an interrupted read goes on.

        Raises ConfigurationError when the source is another account than the last run's.
        """
        self.window = await in_database(self.writer.using, self.choose, plan, history)
        self.processor.mapper.seen.update(self.window.seen_paths)
        if self.sweeps and self.window.complete:
            self.seen = SeenKeys()
        return self.window

    async def fetch_data(self, window: Window) -> AsyncGenerator[Page, None]:
        """Load batches of records, read ahead, be it here or in processes of their own (`--partitions`)."""
        self.total = await self.client.count_records(self.resource, window)
        pages = await self.read_apart(window) if self.plan.partitions else self.read_pages(window)
        async with aclosing(pages) as source:
            async for page in source:
                self.monitor.record_api_call(page.calls)
                yield page

    async def read_apart(self, window: Window) -> AsyncGenerator[Page, None]:
        """Prepared load batches of other processes; read here where there can be none."""
        if self.given_client or not CAN_FORK:
            self.notes.append("read in the run's own process: others need Linux, and a client they can make")
            return self.read_pages(window)
        most = 1 if self.plan.max_records else self.plan.partitions
        places = await self.client.split(self.resource, window, most)
        self.readers = await sync_to_async(Readers)(self, window, places)
        return self.readers.pages(self, self.heartbeat, BEAT)

    async def read_pages(self, window: Window) -> AsyncGenerator[Page, None]:
        """Load batches of records; at most `--max-records` of them."""
        pages = self.client.read(self.resource, window, window.position)
        left = self.plan.max_records or None
        batches = load_batches(pages, where=self.title, beat=self.heartbeat, every=BEAT)
        async with aclosing(batches) as source:
            async for page in source:
                if left is not None and len(page.records) >= left:
                    yield replace(page, records=page.records[:left], position=None)
                    return
                left = left and left - len(page.records)
                yield page

    def process_batch(self, page: Page) -> Batch:
        """Rows and rejected of a page. Raises SafetyStop when a field is broken in most records."""
        if page.batch is not None:  # made where it was read
            self.processor.mapper.seen |= page.batch.seen_paths
            return page.batch
        with self.monitor.phase("process"):
            batch = self.processor.process_batch(page.records)
            batch.seen_paths = frozenset(self.processor.mapper.seen)
        if broken := self.processor.mapper.broken():
            raise SafetyStop(
                f"{', '.join(broken)}: invalid in more than half of the records",
                where=self.title,
                fix="correct the mapping or the field's type; nothing of this batch was written",
            )
        return batch

    async def save_data(self, batch: Batch, position: Position | None) -> None:
        """Have one batch committed, after the one before it; the next is read and processed meanwhile.

        Raises what the one before it has met.
        """
        await self.saved()
        self.saving = asyncio.create_task(self.commit(batch, position))
        await asyncio.sleep(
            0
        )  # it hands its work to the thread that saves; else it would wait for the next batch

    async def saved(self) -> None:
        """Wait for the batch that is being committed; stopping the run does not interrupt it.

        Raises SafetyStop when too many records were rejected so far, LeaseLost.
        """
        if saving := self.saving:
            await asyncio.wait([saving])
            self.saving = None
            saving.result()

    async def commit(self, batch: Batch, position: Position | None) -> None:
        """One batch: rows, rejected, counts and checkpoint in one transaction."""
        owners = values_of(batch.rows, self.part_field) if self.part_field else []
        self.window = self.window.advanced(self.moments(batch), owners)
        if self.seen is not None:
            self.seen.add(keys_of(batch.rows, self.processor.key_fields))
            self.seen.add(error.key for error in batch.rejected)
        self.position = position if self.client.resumable else None
        checkpoint = self.window.as_checkpoint(self.position, batch.seen_paths)
        with self.monitor.phase("save"):
            added = await in_database(self.writer.using, self.writer.save, batch, checkpoint)
        self.monitor.record_processed(added.processed, added.failed)
        self.warnings += len(batch.warnings)
        logs.rejected(self.history, batch.rejected, batch.warnings)
        if self.progress:
            self.progress(self.history, self.total)
        self.check_rejected()

    # Steps.

    @classmethod
    def command(cls, alias: str = "") -> str:
        """The name of its management command, or of that of an alias; databases have theirs under `db_`."""
        prefix = "db" if cls.client_class.kind == "database" else "sync"
        return f"{prefix}_{cls.crm_source}_{alias or cls.sync_type}"

    @property
    def title(self) -> str:
        """The entity, for messages."""
        return f"{self.crm_source} {self.sync_type}"

    def get_client(self, plan: SyncPlan) -> DataSource:
        """The client of this run: the one that was given, else the declared one."""
        return self.given_client or self.client_class.from_plan(plan, self.resource)

    def get_loader(self) -> Loader:
        """The loader for the database that the model is written to."""
        using = router.db_for_write(self.processor.model)
        target = Target(
            model=self.processor.model,
            key=self.processor.key_fields,
            started=self.history.start_time,
            using=using,
            timestamp_field=self.processor.timestamp_field,
            guard=not self.plan.force,
            children=self.processor.children,
        )
        return create_loader(target, connections[using].vendor)

    def get_last_sync_timestamp(self) -> datetime | None:
        """The watermark in effect: up to where this entity is known to be stored (UTC)."""
        return SyncHistory.objects.watermark(self.crm_source, self.sync_type)

    def compare_every(self) -> timedelta | None:
        """How long a full compare may wait where a delta can miss changes; None where it cannot."""
        misses = self.delta_misses_changes or self.client.paging == "unstable"
        return self.reconcile_every if misses else None

    def choose(self, plan: SyncPlan, history: SyncHistory) -> Window:
        """The strategy, the resume and what the history row says of them."""
        notes: list[str] = []
        past = past_of(history, self.get_last_sync_timestamp(), self.compare_every())
        behind = reach(plan, self.overlap, self.look_back, f"{self.crm_source.upper()}_LOOK_BACK_DAYS")
        window = choose_windows(
            plan,
            past,
            resource=self.resource,
            overlap=behind,
            started=history.start_time,
            parts=self.parts(),
        )
        dated = self.resource.cursor or self.resource.business_date
        if not dated and (plan.start_date or plan.end_date):
            notes.append("read whole: this entity has no timestamp, the dates filter nothing")
        if plan.start_date and window.since and plan.start_date < window.since:
            notes.append(f"read from {window.since:%Y-%m-%d}: the source keeps nothing older")
        identity, mapping = self.client.identity(), self.processor.fingerprint()
        notes += settle_identity(history, plan, window, identity, mapping)
        parts = [
            self.resource.described(),
            identity,
            self.client.version(),
            self.processor.key_fields,
            mapping,
        ]
        window = replace(window, fingerprint=fingerprint(window, plan, *parts))
        stopped = stopped_run(history) if self.client.resumable and not plan.dry_run else None
        if stopped and not plan.restart:
            run, checkpoint = stopped
            if checkpoint["fingerprint"] == window.fingerprint:
                window = window.resumed(checkpoint, run)
            else:
                notes.append(f"run {run} is not gone on with: the source or the orders have changed")
        self.sweep_due = self.sweeps_by_keys(history, window)
        history.configuration |= {"strategy": window.strategy, "resumes": window.resumes}
        history.save(update_fields=["configuration"])
        self.notes += notes
        return window

    def parts(self) -> tuple[str, ...]:
        """The accounts of this run. Raises ConfigurationError where the rows would not tell them apart."""
        parts = self.client.parts(self.resource)
        if parts and not self.part_field:
            raise ConfigurationError(
                f"{type(self).__name__} does not say which column tells the accounts apart",
                where=self.title,
                fix="name it: part_field = 'account_id'",
            )
        return parts

    async def heartbeat(self) -> None:
        """While the source is silent: say that this run lives, if it is one that writes."""
        if self.history.pk is not None and not self.apart:
            await in_database(self.writer.using, self.writer.beat)

    def moments(self, batch: Batch) -> list[datetime | None]:
        """The source timestamps of a batch."""
        name = self.processor.timestamp_field
        rows = values_of(batch.rows, name) if name else []
        return [*rows, *(stone.moment for stone in batch.tombstones)]

    @property
    def window_or_none(self) -> Window | None:
        """The window, None where the run stopped before it had one."""
        return getattr(self, "window", None)

    def check_rejected(self) -> None:
        """Raise SafetyStop when more records were rejected than the plan allows."""
        counts = Counts.of_history(self.history)
        if self.plan.max_rejected.exceeded(counts.processed, counts.failed):
            raise SafetyStop(
                f"{counts.failed:,} of {counts.processed:,} records were rejected "
                f"(allowed: {self.plan.max_rejected})",
                where=self.title,
                fix="see manage.py sync_status for the reasons; --max-rejected 50% allows more",
            )

    def check_result(self) -> None:
        """Raise SafetyStop when the run's ledger does not balance."""
        Counts.of_history(self.history).check()
