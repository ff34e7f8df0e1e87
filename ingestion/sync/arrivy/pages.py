"""How Arrivy's lists page, and how a moment is written into a request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ingestion.base.pagination import Answer, PageNumber, Request


@dataclass(frozen=True)
class ArrivyPages(PageNumber):
    """Page numbers of lists that say nothing of their length, some of which may not page at all.

    The last page is an empty one, one like the page before, or a short one. But a round number of records
    may be a cap that is documented nowhere: then the next page is asked for, too.
    """

    size: str = "items_per_page"

    def next(self, answer: Answer) -> Request | None:
        """The next number, which remembers the page before it."""
        if isinstance(answer.body, dict) and "has_next" in answer.body:
            return self.following(answer.request, answer) if answer.body["has_next"] else None
        found = len(answer.records)
        if not found or self.repeats(answer) or (found < self.count and found % 50):
            return None
        return self.following(answer.request, answer)

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The next number."""
        further = super().following(request, answer)
        return further and replace(further, state={"first": answer.records[:1]})

    def take(self, answer: Answer) -> Sequence[Any]:
        """The page, unless it is the one before it once more."""
        return [] if self.repeats(answer) else answer.records

    def repeats(self, answer: Answer) -> bool:
        """Whether the list does not page: every number brings all of it."""
        return bool(answer.records) and answer.request.state.get("first") == answer.records[:1]


def written(bound: datetime) -> str:
    """A moment as Arrivy reads it: `2016-10-14T08:00:00+00:00`."""
    aware = bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds")
