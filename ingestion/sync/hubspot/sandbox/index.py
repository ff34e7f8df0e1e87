"""The search index: what search sees, which may be older than the records themselves."""

from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING
from zlib import crc32

from ingestion.sync.hubspot.sandbox.kinds import Kind
from ingestion.sync.hubspot.sandbox.moments import parsed

if TYPE_CHECKING:
    from ingestion.sync.hubspot.sandbox.store import Version

Entry = tuple[int, int, int]
"""Change time, a number that shuffles what changed in one millisecond, id."""


class SearchIndex:
    """Documents by id, and the order of their change times.

    A change is in the index once its time has come; until then search finds the older document.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.docs: dict[int, Version] = {}
        self.order: list[Entry] = []
        self.sorted = True
        self.revision = 0
        self.pending: deque[tuple[int, int, Version | None]] = deque()

    def learn(self, record_id: int, version: "Version | None", moment: int) -> None:
        """Note a change (None: gone) of that moment; search does not see it yet."""
        self.pending.append((moment, record_id, version))

    def settle(self, until: int) -> None:
        """Take in every change up to a moment."""
        while self.pending and self.pending[0][0] <= until:
            _, record_id, version = self.pending.popleft()
            self.replace(record_id, version)

    def erase(self, record_id: int) -> None:
        """Forget a document at once, and what is still to come of it."""
        self.pending = deque(each for each in self.pending if each[1] != record_id)
        self.replace(record_id, None)

    def replace(self, record_id: int, version: "Version | None") -> None:
        """Put a document in, or take it out."""
        self.revision += 1
        old = self.docs.pop(record_id, None)
        if version is not None:
            self.docs[record_id] = version
        if old is None and version is not None:
            self.order += self.entries(version)
            self.sorted = len(self.order) < 2
            return
        self.sort()
        for entry in self.entries(old):
            del self.order[bisect_left(self.order, entry)]
        for entry in self.entries(version):
            insort(self.order, entry)

    def entries(self, version: "Version | None") -> list[Entry]:
        """A document's place in the order; none when its change time is empty."""
        text = version.properties.get(self.kind.cursor) if version else None
        moment = parsed(text) if text else None
        return [] if version is None or moment is None else [(moment, shuffled(version.id), version.id)]

    def sort(self) -> None:
        """Bring the order into order."""
        if not self.sorted:
            self.order.sort()
            self.sorted = True

    def between(self, low: int | None, high: int | None) -> tuple[int, int]:
        """The stretch of the order from `low` to `high`, both inclusive, as list positions."""
        self.sort()
        start = 0 if low is None else bisect_left(self.order, (low, 0, 0))
        end = len(self.order) if high is None else bisect_left(self.order, (high + 1, 0, 0))
        return start, max(start, end)


def shuffled(record_id: int) -> int:
    """A number without any order: equal values are found in no order that one may rely on."""
    return crc32(str(record_id).encode())
