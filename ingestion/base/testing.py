"""For tests of engines: a source in memory that behaves like a real one, and the suite every engine gets."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from ingestion.base.client import DataSource, Paging, Resource
from ingestion.base.records import Page, Position, Record
from ingestion.base.window import Window


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
