"""Walks through lists that a service cuts off, repeats or shifts: paging styles that count on none of it.

Like those of `pagination` they are frozen values. Each raises SourceError where the answers show that the
list cannot be complete: a walk never ends as success on a page that is not the last one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from ingestion.base.columnar import select
from ingestion.base.datasource import Paging
from ingestion.base.exceptions import SourceError
from ingestion.base.fields import lookup, split_path
from ingestion.base.levels import Levels
from ingestion.base.pagination import Answer, Request, Style, rising_keys
from ingestion.base.records import digest, to_json

SECOND = timedelta(seconds=1)
BEGINNING = datetime.min.replace(tzinfo=UTC)

Ask = Callable[[Request, datetime | None, int], Request]
"""The request of a page (from 1) of what has changed since a moment (None: of everything)."""


@dataclass(frozen=True)
class LastKey(Style):
    """The page after the last key that was seen (`after_id=…`), ascending, until one comes back short.

    Many records of one moment neither loop nor drop. A service that sorts the other way round when it is not
    asked to, or does not heed the sort, would hand out the newest first and hide the rest: an answer that is
    not in order fails.
    """

    key: str
    param: str
    count: int
    size: str = "limit"
    order: Callable[[str], Any] = str

    @property
    def paging(self) -> Paging:
        """Ordered by key."""
        return "keyset"

    def first(self, request: Request, position: Any) -> Request:
        """From the beginning, or after a stored key."""
        request = request.with_params(**{self.size: self.count})
        return request.with_params(**{self.param: position}) if position else request

    def next(self, answer: Answer) -> Request | None:
        """After the last key. Raises SourceError where the keys do not rise."""
        keys = rising_keys(answer, self.key, answer.request.params.get(self.param), self.order)
        if len(keys) < self.count:
            return None
        return answer.request.with_params(**{self.param: keys[-1]})

    def position(self, request: Request) -> Any:
        """The key that the page comes after."""
        return request.params.get(self.param)


@dataclass(frozen=True)
class RisingWindow(Style):
    """Pages of a list that knows a lower bound in time alone, and may be capped.

    Sorted by time, a full page is followed by the first page of what has changed since its last moment: no
    page beyond the first is needed, so no cap is met, and a record that is edited meanwhile moves nobody out
    of sight. Where one moment fills the page, or there is no `cursor`, the next page of the same window is
    read; and so is all that is left of a window in which a page was not sorted.

    `cursor` is the path of the moment, `key` that of the key, `more` that of a flag that says whether there
    is another page. Without the flag only an empty or a repeated page is the end, as a service may cut pages
    shorter than asked. `slack` is how far before the last moment the next window begins, as long as the
    service may leave out the moment itself. A page that comes again is told by its keys.
    """

    ask: Ask
    count: int
    key: str = "id"
    cursor: str = ""
    more: str = ""
    slack: timedelta = SECOND
    until: datetime | None = None

    @property
    def paging(self) -> Paging:
        """A window can be gone on with; page numbers cannot."""
        return "keyset" if self.cursor else "unstable"

    def first(self, request: Request, position: Any) -> Request:
        """From the bound in the request's state, or from a stored one."""
        since = (position or request.state).get("since")
        return self.page(request, since and datetime.fromisoformat(since), 1)

    def page(self, request: Request, since: datetime | None, number: int, **known: Any) -> Request:
        """One page of a window.

        `known` is what the pages before it have told: the `last` page's keys in one text, whether all of the
        window's were sorted (`rises`), and which records of its first moment are handed over (`had`).
        """
        state = {"last": "", "rises": True, "had": (), **known}
        state |= {"since": since.isoformat() if since else None, "page": number}
        return replace(self.ask(request, since, number), state=state)

    def next(self, answer: Answer) -> Request | None:
        """The next window, else the next page of this one. Raises what `repeats` raises."""
        if self.repeats(answer) or not self.is_full(answer):
            return None
        request, state, known = answer.request, answer.request.state, {"last": self.told_by(answer)}
        since = self.rise(answer)
        if since is None:
            before = state["since"] and datetime.fromisoformat(state["since"])
            rises = state["rises"] and is_sorted([moment for moment in self.moments(answer) if moment])
            return self.page(request, before, state["page"] + 1, **known, rises=rises, had=state["had"])
        if self.until and since > self.until:
            return None
        pairs = zip(self.keys(answer), self.moments(answer), strict=True)
        had = tuple(key for key, moment in pairs if moment == since)
        return self.page(request, since, 1, **known, had=had)

    def take(self, answer: Answer) -> Sequence[Any]:
        """What the next window does not bring for certain, up to the end of the run's window."""
        if not answer.records or self.repeats(answer):
            return []
        state = answer.request.state
        since = self.rise(answer) if self.is_full(answer) else None
        if since is None and self.until is None and not state["had"]:
            return answer.records
        before = min(filter(None, [since, self.until]), default=None)
        had = {(key, datetime.fromisoformat(state["since"])) for key in state["had"]}
        moments = self.moments(answer)
        found = enumerate(zip(self.keys(answer), moments, strict=True))
        places = [
            place
            for place, (key, moment) in found
            if moment is None or ((before is None or moment <= before) and (key, moment) not in had)
        ]
        return select(answer.records, places)

    def position(self, request: Request) -> Any:
        """Where the window begins."""
        return {"since": request.state["since"]}

    def is_full(self, answer: Answer) -> bool:
        """Whether there may be more behind this page."""
        flag = lookup(answer.body, split_path(self.more)) if self.more else None
        return flag if isinstance(flag, bool) else bool(answer.records)

    def rise(self, answer: Answer) -> datetime | None:
        """Where the next window begins; None where it would not begin later than this one.

        A page of one moment is no sign of the order: in a falling list, what is left is older. And something
        must lie before the next window, or it would begin with the same page.
        """
        state, moments = answer.request.state, [moment for moment in self.moments(answer) if moment]
        if not (state["rises"] and moments and is_sorted(moments)):
            return None
        includes = moments[0] == self.known(state)  # the service shows what changed at the bound itself
        since = moments[-1] if includes else moments[-1] - self.slack
        return since if moments[0] < since and since > self.known(state) else None

    def known(self, state: Mapping[str, Any]) -> datetime:
        """Where a window begins; one of everything, before all time."""
        return datetime.fromisoformat(state["since"]) if state["since"] else BEGINNING

    def moments(self, answer: Answer) -> list[datetime | None]:
        """When each record was last changed, None where it does not say."""
        if not self.cursor:
            return [None] * len(answer.records)
        return list(map(moment_of, Levels(answer.records).raws(split_path(self.cursor))))

    def keys(self, answer: Answer) -> list[str]:
        """The key of each record."""
        return list(map(str, Levels(answer.records).raws(split_path(self.key))))

    def told_by(self, answer: Answer) -> str:
        """What a page is known by when it comes again."""
        return digest(to_json(sorted(self.keys(answer))))

    def repeats(self, answer: Answer) -> bool:
        """Whether this is the last page once more. Raises SourceError where it may have been cut off.

        A list that is shorter or longer than a page comes whole whatever page is asked for, unless the
        service says that there is more.
        """
        state = answer.request.state
        if not answer.records or state["last"] != self.told_by(answer):
            return False
        told_of_more = bool(self.more) and lookup(answer.body, split_path(self.more)) is True
        if state["page"] > 1 and len(answer.records) != self.count and not told_of_more:
            return True
        raise SourceError(
            f"answered the same page of {len(answer.records):,} records twice",
            where=answer.request.path,
            fix="the list may be cut off there and cannot be read further; ask the vendor how it is paged",
        )


def is_sorted(moments: Sequence[datetime]) -> bool:
    """Whether these moments never fall."""
    return all(earlier <= later for earlier, later in pairwise(moments))


def moment_of(text: Any) -> datetime | None:
    """An ISO moment, UTC unless it says otherwise; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
