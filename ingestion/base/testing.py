"""For tests of engines: a source in memory that behaves like a real one, and the suite every engine gets."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from ingestion.base.datasource import DataSource, Paging, Resource
from ingestion.base.exceptions import LeaseRefused, SourceError
from ingestion.base.lease import acquire
from ingestion.base.plan import SyncPlan
from ingestion.base.reading import BATCH_ROWS
from ingestion.base.records import Page, Position, Record
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.window import Window
from ingestion.checks import SyncHistoryValidator
from ingestion.models import RejectedRecord, SyncHistory


class MemorySource(DataSource):
    """A list of records, read in keyset pages ordered by (cursor, key), as a good API or database is.

    With `by_key` pages are ordered by the key alone, as the list endpoints of many APIs are.
    `before_page` is called with the number of each page before it is made: a place for edits while a read
    is going on, for faults and for crashes. `requests` remembers what was asked.
    """

    kind = "memory"
    paging: ClassVar[Paging] = "keyset"
    resumable = True

    def __init__(
        self,
        records: Sequence[Record] = (),
        *,
        cursor: str | None = "updated_at",
        key: str = "id",
        by_key: bool = False,
        page_size: int = 100,
        account: str = "",
        before_page: Callable[[int], None] | None = None,
    ) -> None:
        self.records: list[Record] = list(records)
        self.cursor = cursor
        self.key = key
        self.by_key = by_key
        self.page_size = page_size
        self.account = account
        self.before_page = before_page
        self.requests: list[tuple[Window, Position | None]] = []
        self.pages = 0

    def identity(self) -> str:
        """The account it plays."""
        return self.account

    def place(self, record: Mapping[str, Any]) -> tuple[str, str]:
        """Where a record stands in the order."""
        moment = "" if self.by_key or not self.cursor else str(record.get(self.cursor) or "")
        return moment, str(record.get(self.key, ""))

    def wanted(self, record: Record, window: Window) -> bool:
        """Whether a record lies in the window; one without a timestamp always does."""
        text = record.get(self.cursor) if self.cursor else None
        if not text:
            return True
        moment = datetime.fromisoformat(str(text))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (not window.since or moment >= window.since) and (not window.until or moment <= window.until)

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncIterator[Page]:
        """Pages in keyset order; the list may change between two of them."""
        del resource
        self.requests.append((window, position))
        after = tuple(position["after"]) if position else None
        while True:
            self.pages += 1
            if self.before_page:
                self.before_page(self.pages - 1)
            rest = sorted((r for r in self.records if self.wanted(r, window)), key=self.place)
            page = [r for r in rest if after is None or self.place(r) > after][: self.page_size]
            if not page:
                return
            after = self.place(page[-1])
            yield Page(page, {"after": list(after)}, size=len(page), calls=1)

    async def count_records(self, resource: Resource, window: Window) -> int:
        """How many lie in the window."""
        del resource
        return sum(self.wanted(record, window) for record in self.records)


class Failing(DataSource):
    """Another source that fails when so many of its pages have been handed over."""

    def __init__(self, source: DataSource, pages: int) -> None:
        self.source = source
        self.left = pages
        self.__dict__.update(kind=source.kind, paging=source.paging, resumable=source.resumable)

    def identity(self) -> str:
        """The other source's."""
        return self.source.identity()

    def version(self) -> str:
        """The other source's."""
        return self.source.version()

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncIterator[Page]:
        """The other source's pages, then SourceError."""
        async for page in self.source.read(resource, window, position):
            if self.left == 0:
                raise SourceError("the connection is gone", where=resource.name, fix="run again")
            self.left -= 1
            yield page


class EngineSuite:
    """What every engine must do, whatever its source; see `engine_suite`."""

    engine: ClassVar[type[BaseSyncEngine]]
    serve: ClassVar[Callable[[list[Any]], DataSource]]
    record: ClassVar[Callable[[int], dict[str, Any]]]
    change: ClassVar[Callable[[dict[str, Any]], dict[str, Any]]]
    spoil: ClassVar[Callable[[dict[str, Any]], dict[str, Any]]]
    options: ClassVar[Mapping[str, Any]]

    def sync(self, records: list[dict[str, Any]], **flags: Any) -> SyncHistory:
        """One run over these records."""
        return self.run(type(self).serve(records), **flags)

    def run(self, client: DataSource, **flags: Any) -> SyncHistory:
        """One run over a client."""
        return self.engine(client=client).sync(SyncPlan(options=self.options, **flags))

    def records(self, count: int = 25) -> list[dict[str, Any]]:
        """The first records of the source."""
        return [type(self).record(number) for number in range(count)]

    def stored(self) -> "set[tuple[Any, ...]]":
        """The live rows' keys and when they were last changed."""
        processor = self.engine.processor_class()
        rows = processor.model._default_manager.all()
        return set(rows.values_list(*processor.key_fields, "sync_updated_at"))

    def test_declaration_passes_the_check(self) -> None:
        """`manage.py check` has nothing to say."""
        assert SyncHistoryValidator().validate_sync_engine(self.engine) == []

    def test_first_run_creates_every_record(self) -> None:
        """Everything is in, and the ledger says so."""
        history = self.sync(self.records())

        assert (history.status, history.records_created, history.records_failed) == ("success", 25, 0)
        assert len(self.stored()) == 25

    def test_second_run_writes_nothing(self) -> None:
        """What is unchanged is not written, full run or not."""
        self.sync(self.records())
        before = self.stored()
        history = self.sync(self.records(), full=True)

        assert (history.records_unchanged, history.records_updated) == (25, 0)
        assert self.stored() == before

    def test_changed_record_is_updated_and_no_other(self) -> None:
        """Exactly one row is written."""
        records = self.records()
        self.sync(records)
        records[3] = type(self).change(records[3])
        history = self.sync(records)

        assert (history.records_updated, history.records_created) == (1, 0)

    def test_dry_run_writes_only_its_history_row(self) -> None:
        """It says what it would do."""
        history = self.sync(self.records(), dry_run=True)

        assert (history.records_created, len(self.stored()), history.watermark) == (25, 0, None)

    def test_cut_run_stops_in_time_and_moves_no_watermark(self) -> None:
        """`--max-records` means exactly so many."""
        history = self.sync(self.records(), max_records=7)

        assert (history.records_processed, len(self.stored()), history.watermark) == (7, 7, None)

    def test_bad_record_is_kept_and_loads_when_it_is_corrected(self) -> None:
        """It waits in quarantine, the others are in."""
        records = self.records()
        good, records[3] = records[3], type(self).spoil(records[3])
        partial = self.sync(records)
        waiting = RejectedRecord.objects.waiting().count()
        records[3] = type(self).change(good)
        self.sync(records)

        assert (partial.status, partial.records_failed, waiting) == ("partial", 1, 1)
        assert (RejectedRecord.objects.waiting().count(), len(self.stored())) == (0, 25)

    def test_interrupted_run_is_made_up_for_by_the_next(self) -> None:
        """A failed run keeps what it committed, moves no watermark, and nothing is lost."""
        records = self.records(BATCH_ROWS + 1000)
        with pytest.raises(SourceError):
            self.run(Failing(type(self).serve(records), 1))
        failed = SyncHistory.objects.get()
        history = self.sync(records)

        assert (failed.status, failed.watermark, failed.lease) == ("failed", None, None)
        assert (history.status, len(self.stored())) == ("success", len(records))

    def test_second_run_at_once_is_refused(self) -> None:
        """One writer per entity."""
        names = {"crm_source": self.engine.crm_source, "sync_type": self.engine.sync_type}
        acquire(SyncHistory(**names, start_time=timezone.now()))
        with pytest.raises(LeaseRefused):
            self.sync(self.records())

        assert SyncHistory.objects.count() == 1

    def test_deletes_are_what_the_engine_declares(self) -> None:
        """A key missing from a complete read goes in a sweep, and stays otherwise."""
        self.sync(self.records())
        history = self.sync(self.records(24), full=True)

        swept = 1 if self.engine.deletes == "sweep" else 0
        assert (history.records_deleted, len(self.stored())) == (swept, 25 - swept)


def engine_suite(
    engine: type[BaseSyncEngine],
    *,
    serve: Callable[[list[Any]], DataSource],
    record: Callable[[int], dict[str, Any]],
    change: Callable[[dict[str, Any]], dict[str, Any]],
    spoil: Callable[[dict[str, Any]], dict[str, Any]],
    options: Mapping[str, Any] | None = None,
) -> type[EngineSuite]:
    """The standard tests of an engine as a class for pytest: `TestDeals = engine_suite(…)`.

    `serve` makes a client that reads a list of records, in pages of at most 1,000; `record` makes the
    record of a number, `change` edits one (and moves its timestamp), `spoil` makes one that must be
    rejected although its key is readable. `options` are the engine's own flags.
    """
    members = {
        "engine": engine,
        "serve": staticmethod(serve),
        "record": staticmethod(record),
        "change": staticmethod(change),
        "spoil": staticmethod(spoil),
        "options": options or {},
        "pytestmark": pytest.mark.django_db,
    }
    return type(f"Test{engine.__name__}", (EngineSuite,), members)
