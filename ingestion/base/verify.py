"""Whether a table is what its source says: counts, keys, and the mapped columns of a sample or of all rows.

The source is read once more as a full sync reads it, and its records become rows in the same way; nothing is
written on either side. What a sync leaves out for a recorded reason is no difference: rejected records that
wait in quarantine, soft-deleted rows that the source does not have, rows outside of the engine's scope.
"""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from asgiref.sync import async_to_sync

from ingestion.base.datasource import DataSource
from ingestion.base.deletes import SeenKeys, alive, missing_keys, stretches
from ingestion.base.exceptions import FieldError
from ingestion.base.history import settle_identity
from ingestion.base.lease import HEARTBEAT
from ingestion.base.loaders import Target
from ingestion.base.loaders.portable import CHUNK, comparison
from ingestion.base.patience import in_database
from ingestion.base.plan import SyncPlan
from ingestion.base.processor import has_field
from ingestion.base.reading import load_batches
from ingestion.base.records import Batch, Key, Row, key_digest
from ingestion.base.rows import columns_of
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.window import Past, Window, choose_windows
from ingestion.models.quarantine import RejectedRecord, chunks, digest_of

SAMPLE = 1000
"""Rows whose columns are compared, unless all are."""


@dataclass(frozen=True)
class ColumnDifference:
    """A column that differs; both values are masked: they say what kind of value it is, not which."""

    column: str
    source: str
    target: str


@dataclass
class Verification:
    """What was found of one entity.

    `source` and `target` are the numbers of keys, `compared` of rows whose columns were compared. `missing`
    are keys of the source that are not (or not alive) here, `extra` those of live rows that the source does
    not have, `different` those whose columns differ, `newer` of these the ones that a sync leaves alone
    because the stored row is newer. `rejected` counts known records in quarantine, `unkept` records without
    a readable key that are not there.
    """

    crm_source: str
    sync_type: str
    source: int = 0
    target: int = 0
    compared: int = 0
    rejected: int = 0
    unkept: int = 0
    missing: dict[Key, None] = field(default_factory=dict)
    extra: list[Key] = field(default_factory=list)
    different: dict[Key, list[ColumnDifference]] = field(default_factory=dict)
    newer: set[Key] = field(default_factory=set)

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.extra or self.different or self.unkept)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it; a part of a key that JSON does not know is text."""
        names = ("crm_source", "sync_type", "equal", "source", "target", "compared", "rejected", "unkept")
        return {
            **{name: getattr(self, name) for name in names},
            "missing": [plain(key) for key in self.missing],
            "extra": [plain(key) for key in self.extra],
            "different": [
                {
                    "key": plain(key),
                    "newer_here": key in self.newer,
                    "columns": [vars(each) for each in found],
                }
                for key, found in self.different.items()
            ],
        }


def plain(key: Key) -> list[Any]:
    """A key as JSON."""
    return [part if isinstance(part, (int, str)) else str(part) for part in key]


class Verifier:
    """Compares one entity; the engine says how it is read, what becomes of a record, and where it is kept.

    `sample` is the number of rows whose columns are compared, None for all of them. Which rows those are is
    told by their keys: the same ones every time.
    """

    def __init__(self, engine: BaseSyncEngine, plan: SyncPlan, *, sample: int | None = SAMPLE) -> None:
        self.engine = engine
        self.plan = plan
        self.sample = sample
        self.found = Verification(engine.crm_source, engine.sync_type)
        self.share = 1.0

    async def run(self) -> Verification:
        """Read the source and compare.

        Raises what a read raises, and ConfigurationError when the table was filled from another account.
        """
        engine = self.engine
        engine.prepare(replace(self.plan, full=True))
        loader = engine.get_loader()
        self.target: Target = loader.target
        fields, vendor = self.target.model._meta.concrete_fields, loader.connection.vendor
        self.same = {each.attname: comparison(each, vendor) for each in fields}
        self.seen = SeenKeys()
        try:
            async with engine.get_client(engine.plan) as engine.client:
                self.window = await in_database(self.target.using, self.choose)
                await self.read(engine.client)
                await self.compare_keys(engine.client)
        finally:
            self.seen.close()
        return self.found

    def choose(self) -> Window:
        """Everything there is to read, and how many of its rows are looked at closely."""
        engine = self.engine
        started = engine.history.start_time
        window = choose_windows(
            engine.plan,
            Past(),
            resource=engine.resource,
            overlap=engine.overlap,
            started=started,
            parts=engine.parts(),
        )
        mapping = engine.processor.fingerprint()
        settle_identity(engine.history, SyncPlan(), window, engine.client.identity(), mapping)
        if self.sample is not None:
            total = alive(self.target, engine.scope).count()
            self.share = min(1.0, self.sample / total) if total else 1.0
        return window

    async def read(self, client: DataSource) -> None:
        """The source's records as rows, batch after batch."""
        pages = client.read(self.engine.resource, self.window)
        batches = load_batches(
            pages, where=self.engine.title, beat=self.nothing, every=HEARTBEAT.total_seconds()
        )
        async with aclosing(batches) as gathered:
            async for page in gathered:
                batch = self.engine.processor.process_batch(page.records)
                await in_database(self.target.using, self.compare, batch)

    async def nothing(self) -> None:
        """There is no lease to keep: nothing is written."""

    def compare(self, batch: Batch) -> None:
        """One batch with what is stored under its keys."""
        self.settle_rejected(batch)
        by_key = {self.target.key_of(row): row for row in batch.rows}
        self.seen.add(by_key)
        names = columns_of(batch.rows) if batch.rows else []
        own = [name for name in names if name in self.same]
        stored = self.stored(list(by_key), own)
        absent = [key for key in by_key if key not in stored]
        waiting = self.waiting([key_digest(key) for key in absent])
        for key in absent:
            if key_digest(key) in waiting:
                self.found.rejected += 1
            else:
                self.found.missing[key] = None
        for key, there in stored.items():
            self.found.missing.pop(key, None)
            if self.chosen(key):
                self.compare_row(key, by_key[key], there, own)

    def settle_rejected(self, batch: Batch) -> None:
        """Rejected records count as seen; unknown ones are missing, or differ from the row made before."""
        errors = {digest_of(error): error for error in batch.rejected}
        known = self.waiting(list(errors))
        self.found.rejected += len(known)
        self.seen.add(error.key for error in errors.values() if error.key)
        unknown = [error for digest, error in errors.items() if digest not in known]
        keyed = {error.key: error for error in unknown if error.key}
        self.found.unkept += len(unknown) - len(keyed)
        stored = self.stored(list(keyed), []) if keyed else {}
        for key, error in keyed.items():
            if key in stored:
                self.found.different[key] = [refused_value(each) for each in error.errors]
            else:
                self.found.missing[key] = None

    def waiting(self, digests: Sequence[str]) -> set[str]:
        """Which of these records are in quarantine."""
        rows = RejectedRecord.objects.using(self.target.using).waiting()
        rows = rows.of(self.engine.crm_source, self.engine.sync_type)
        return {
            digest
            for some in chunks(digests)
            for digest in rows.filter(digest__in=list(some)).values_list("digest", flat=True)
        }

    def stored(self, keys: Sequence[Key], names: Sequence[str]) -> dict[Key, Row]:
        """Key → the columns of the live rows that are stored under these keys."""
        soft = ["source_deleted_at"] if has_field(self.target.model, "source_deleted_at") else []
        guards = filter(None, [self.target.timestamp_field])
        wanted = list(dict.fromkeys([*self.target.key, *names, *guards, *soft]))
        asked, found = set(keys), {}
        for values in self.candidates(keys, wanted):
            row = dict(zip(wanted, values, strict=True))
            if row.get("source_deleted_at") is None and (key := self.target.key_of(row)) in asked:
                found[key] = row
        return found

    def candidates(self, keys: Sequence[Key], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows that may have these keys; of a composite key the most telling column is asked.

        Which of them are alive is seen here: asked with the keys, SQLite looks through all that are alive.
        """
        rows = self.target.model._base_manager.using(self.target.using).filter(**self.engine.scope)
        places = range(len(self.target.key))
        place = max(places, key=lambda each: len({key[each] for key in keys}))
        values = list({key[place] for key in keys})
        for start in range(0, len(values), CHUNK):
            some = rows.filter(**{f"{self.target.key[place]}__in": values[start : start + CHUNK]})
            yield from some.values_list(*names).iterator(CHUNK)

    def chosen(self, key: Key) -> bool:
        """Whether a row is part of the sample."""
        return self.share >= 1 or int(key_digest(key)[:8], 16) < self.share * 2**32

    def compare_row(self, key: Key, row: Row, there: Row, names: Sequence[str]) -> None:
        """One row, column by column, as the database compares what it stores."""
        self.found.compared += key not in self.found.different
        found = [
            ColumnDifference(name, masked(row[name]), masked(there[name]))
            for name in names
            if not self.same[name](there[name], row[name])
        ]
        self.found.different.pop(key, None)  # of a record that comes twice the last one counts
        self.found.newer.discard(key)
        if found:
            self.found.different[key] = found
            if self.target.protected(there.get(self.target.timestamp_field or ""), row):
                self.found.newer.add(key)

    async def compare_keys(self, client: DataSource) -> None:
        """The rows that the source does not have, where their rows say whether they are gone."""
        extra = await in_database(self.target.using, self.unseen)
        if extra and client.paging == "unstable":
            self.engine.window = self.window
            extra = await self.engine.confirmed(extra)
        self.found.extra = extra
        self.found.source = self.seen.count()

    def unseen(self) -> list[Key]:
        """The keys of live rows that the read did not show; also counts those rows."""
        extra: list[Key] = []
        engine = self.engine
        timestamp = self.target.timestamp_field
        for rows in stretches(self.window, engine.scope, engine.part_field, timestamp).values():
            missing, total = missing_keys(self.target, self.seen, rows)
            extra += missing
            self.found.target += total
        return extra


def refused_value(error: FieldError) -> ColumnDifference:
    """A value of a record that a sync would reject, beside the row that was made of it before."""
    return ColumnDifference(error.field or error.source, f"refused ({error.code})", "as it was before")


def masked(value: object) -> str:
    """A value without itself: its kind, and how long a text is."""
    if value is None:
        return "null"
    if isinstance(value, (str, bytes)):
        return f"{'text' if isinstance(value, str) else 'bytes'} of {len(value)}"
    return type(value).__name__


def verify(
    engine: BaseSyncEngine, plan: SyncPlan | None = None, *, sample: int | None = SAMPLE
) -> Verification:
    """Compare one entity with its source; see `Verifier`."""
    return async_to_sync(Verifier(engine, plan or SyncPlan(), sample=sample).run)()
