"""Paging styles as frozen values without state: asked "what next?", they answer.

Each says how its pages hang together (`paging`): `keyset` may resume, `snapshot` is one consistent list,
`unstable` is offsets into a list that may shift while it is read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, Protocol

from ingestion.base.columnar import select
from ingestion.base.datasource import Paging
from ingestion.base.exceptions import SourceError
from ingestion.base.fields import MISSING, lookup, split_path
from ingestion.base.levels import Levels

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One request: a path below the client's address (or a full URL on the same host), never credentials.

    `accept` other than JSON hands the body over as bytes. `lane` names a rate limit of its own, `state` is
    what a paging style remembers from one request to the next; it is not sent. `headers` are the request's
    own, such as `If-Modified-Since`: where one of them sets a condition, 304 is an answer.
    """

    path: str
    params: Params = field(default_factory=dict)
    json: Any = None
    method: str = "GET"
    lane: str = ""
    accept: str = "application/json"
    state: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def conditional(self) -> bool:
        """Whether the service may answer that nothing has changed (RFC 9110, section 13)."""
        return any(name.lower().startswith("if-") for name in self.headers)

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """The same request with these headers besides its own."""
        return replace(self, headers={**self.headers, **headers})

    def with_params(self, **params: Any) -> "Request":
        """The same request with other parameters."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class Answer:
    """What came back: the decoded body, the headers, the size in bytes as it was sent.

    `unchanged` says that nothing has changed since the moment a conditional request named (304).
    """

    body: Any
    headers: Mapping[str, str]
    size: int
    request: Request
    records: Sequence[Any] = ()
    unchanged: bool = False


class Paginator(Protocol):
    """What a paging style is asked."""

    @property
    def paging(self) -> Paging:
        """How its pages hang together."""

    def first(self, request: Request, position: Any) -> Request:
        """The request of the first page, or of the page after a stored position."""

    def take(self, answer: Answer) -> Sequence[Any]:
        """The records of a page that are handed over now."""

    def next(self, answer: Answer) -> Request | None:
        """The request of the page after this one; None when it was the last."""

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The request that will come after `request`, which is not answered yet; None where nobody knows.

        `answer` is the last one there is.
        """

    def position(self, request: Request) -> Any:
        """What is stored to come back to this request."""


@dataclass(frozen=True)
class Style:
    """What most paging styles have in common: a page is handed over as it came."""

    def take(self, answer: Answer) -> Sequence[Any]:
        """All of it."""
        return answer.records

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Only an answer tells which page comes next."""
        del request, answer
        return None


@dataclass(frozen=True)
class SinglePage(Style):
    """Everything at once."""

    paging: ClassVar[Paging] = "snapshot"

    def first(self, request: Request, position: Any) -> Request:
        """The request as it is."""
        del position
        return request

    def next(self, answer: Answer) -> Request | None:
        """There is no other page."""
        del answer
        return None

    def position(self, request: Request) -> Any:
        """Nothing to come back to."""
        del request


@dataclass(frozen=True)
class PageNumber(Style):
    """`?page=1`, `?page=2`, … to the last one.

    `total` is the path of the number of pages in the answer. Where there is none, or an answer does not have
    it, a page that comes back short is the last. `last` is the last number that is asked for (0: no limit).
    """

    paging: ClassVar[Paging] = "unstable"
    page: str = "page"
    size: str = "per_page"
    count: int = 100
    start: int = 1
    total: str = ""
    last: int = 0

    def first(self, request: Request, position: Any) -> Request:
        """From the first page, or from a stored one."""
        return request.with_params(**{self.page: position or self.start, self.size: self.count})

    def next(self, answer: Answer) -> Request | None:
        """The next number, as long as there is such a page."""
        if self.pages(answer) is None and len(answer.records) < self.count:
            return None
        return self.following(answer.request, answer)

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The next number; whether there is such a page is known where the answer says how many there are."""
        number, pages = request.params[self.page] + 1, self.pages(answer)
        if (pages is not None and number >= self.start + pages) or 0 < self.last < number:
            return None
        return request.with_params(**{self.page: number})

    def pages(self, answer: Answer) -> int | None:
        """How many pages the answer says there are."""
        found = lookup(answer.body, split_path(self.total)) if self.total else None
        return int(found) if isinstance(found, (int, str)) and str(found).isdecimal() else None

    def position(self, request: Request) -> Any:
        """The page's number."""
        return request.params[self.page]


@dataclass(frozen=True)
class Offset(Style):
    """`?offset=0`, `?offset=100`, … until a page comes back short."""

    paging: ClassVar[Paging] = "unstable"
    offset: str = "offset"
    size: str = "limit"
    count: int = 100

    def first(self, request: Request, position: Any) -> Request:
        """From the beginning, or from a stored offset."""
        return request.with_params(**{self.offset: position or 0, self.size: self.count})

    def next(self, answer: Answer) -> Request | None:
        """Further on, by what came."""
        if len(answer.records) < self.count:
            return None
        return self.following(answer.request, answer)

    def following(self, request: Request, answer: Answer) -> Request:
        """Further on, whether there is such a page or not."""
        del answer
        return request.with_params(**{self.offset: request.params[self.offset] + self.count})

    def position(self, request: Request) -> Any:
        """The offset."""
        return request.params[self.offset]


@dataclass(frozen=True)
class Cursor(Style):
    """The body names the next page, at `source`; `param` carries it. An absent one is the end.

    A short page is not the end: services hand out empty pages with a cursor. `paging` is `keyset` where
    the cursor is known to be a key in a sorted list.
    """

    source: str
    param: str
    size: str = "limit"
    count: int = 100
    paging: Paging = "snapshot"

    def first(self, request: Request, position: Any) -> Request:
        """Without a cursor, or with the stored one."""
        request = request.with_params(**{self.size: self.count})
        return request.with_params(**{self.param: position}) if position else request

    def next(self, answer: Answer) -> Request | None:
        """With the cursor that the body names."""
        cursor = lookup(answer.body, split_path(self.source))
        return (
            answer.request.with_params(**{self.param: cursor}) if cursor not in (MISSING, None, "") else None
        )

    def position(self, request: Request) -> Any:
        """The cursor as the service wrote it."""
        return request.params.get(self.param)


@dataclass(frozen=True)
class NextUrl(Style):
    """The body has the next page's whole address, at `source`; `more` is a flag that may deny it."""

    paging: ClassVar[Paging] = "snapshot"
    source: str
    more: str = ""

    def first(self, request: Request, position: Any) -> Request:
        """The request, or the stored address."""
        return Request(position) if position else request

    def next(self, answer: Answer) -> Request | None:
        """The address in the body."""
        if self.more and lookup(answer.body, split_path(self.more)) is False:
            return None
        url = lookup(answer.body, split_path(self.source))
        return Request(str(url)) if url not in (MISSING, None, "") else None

    def position(self, request: Request) -> Any:
        """The address."""
        return request.path


@dataclass(frozen=True)
class LinkHeader(Style):
    """The header `Link: <…>; rel="next"` (RFC 8288) has the next page's address."""

    paging: ClassVar[Paging] = "snapshot"

    def first(self, request: Request, position: Any) -> Request:
        """The request, or the stored address."""
        return Request(position) if position else request

    def next(self, answer: Answer) -> Request | None:
        """The address in the header."""
        for part in answer.headers.get("Link", "").split(","):
            address, _, rest = part.partition(";")
            if 'rel="next"' in rest.replace("'", '"').replace(" ", "") or "rel=next" in rest.replace(" ", ""):
                return Request(address.strip().strip("<>"))
        return None

    def position(self, request: Request) -> Any:
        """The address."""
        return request.path


@dataclass(frozen=True)
class Bound:
    """What a keyset window asks for: `since` (left out where `beyond`) to `until`, or all of one moment `at`.

    Within one moment `after` is the last key that was handed over. Moments are the source's own texts.
    """

    since: str = ""
    beyond: bool = False
    at: str | None = None
    after: str | None = None
    offset: str | None = None


@dataclass(frozen=True)
class KeysetWindow:
    """Pages of a window ordered by (cursor, key), for services that sort by one field and cap their results.

    Each page is asked from the last moment seen, never by an offset: so no cap is ever met, and a record
    that is edited meanwhile moves nobody out of sight. The moment at the end of a full page may go on
    beyond it, so it is left to the next page; a full page of one single moment is walked by key.

    `cursor` and `key` are paths in a record, `more` is the path that says there is another page, `ask`
    makes the request of a bound, `order` is by what two cursors are compared, `key_order` two keys. A walk by
    key whose keys do not rise fails: what lies between them would never be asked for.
    """

    cursor: str
    key: str
    more: str
    ask: Callable[[Request, Bound], Request]
    order: Callable[[str], Any] = str
    key_order: Callable[[str], Any] = str
    paging: ClassVar[Paging] = "keyset"

    def first(self, request: Request, position: Any) -> Request:
        """From the beginning of the window, or from a stored bound."""
        return self.bounded(request, Bound(**(position or request.state)))

    def bounded(self, request: Request, bound: Bound) -> Request:
        """The request of a bound, which it remembers."""
        return replace(self.ask(request, bound), state=asdict(bound))

    def moments(self, answer: Answer) -> list[str]:
        """The cursors of a page, in its order."""
        return list(map(str, Levels(answer.records).raws(split_path(self.cursor))))

    def latest(self, answer: Answer) -> str:
        """The last moment of a page."""
        return max(self.moments(answer), key=self.order)

    def is_full(self, answer: Answer) -> bool:
        """Whether there is more behind this page."""
        return bool(lookup(answer.body, split_path(self.more)))

    def take(self, answer: Answer) -> Sequence[Any]:
        """What is complete: all of the last page and of a walk by key, else all but the last moment."""
        if not self.is_full(answer) or answer.request.state["at"] is not None:
            return answer.records
        latest = self.order(self.latest(answer)) if answer.records else None
        moments = map(self.order, self.moments(answer))
        return select(answer.records, [place for place, moment in enumerate(moments) if moment != latest])

    def following(self, request: Request, answer: Answer) -> Request | None:
        """Only an answer tells which page comes next."""
        del request, answer
        return None

    def next(self, answer: Answer) -> Request | None:
        """Further on: within one moment by key, else from the last moment on.

        Raises SourceError where the keys of one moment do not rise.
        """
        bound, full = Bound(**answer.request.state), self.is_full(answer)
        if full and not answer.records:  # an empty page with more behind it
            offset = str(lookup(answer.body, split_path(self.more)))
            return self.bounded(answer.request, replace(bound, offset=offset))
        if bound.at is not None:
            keys = rising_keys(answer, self.key, bound.after, self.key_order)
            if full:
                return self.bounded(answer.request, Bound(at=bound.at, after=keys[-1]))
            return self.bounded(answer.request, Bound(since=bound.at, beyond=True))
        if not full:
            return None
        latest = self.latest(answer)
        one_moment = not self.take(answer)
        return self.bounded(answer.request, Bound(at=latest) if one_moment else Bound(since=latest))

    def position(self, request: Request) -> Any:
        """The bound."""
        return dict(request.state)


def rising_keys(answer: Answer, key: str, after: str | None, order: Callable[[str], Any]) -> list[str]:
    """The keys of a page that was asked for in their order, behind `after`. Raises SourceError.

    A service that does not heed the order, or answers another question, hides the keys in between.
    """
    keys = list(map(str, Levels(answer.records).raws(split_path(key))))
    walked = list(map(order, [after, *keys] if after else keys))
    if any(later <= earlier for earlier, later in pairwise(walked)):
        raise SourceError(
            f"the records are not in ascending order of {key}",
            where=answer.request.path,
            fix="nothing was taken for complete; check the parameter that sorts the list",
        )
    return keys


def numbered(key: str) -> tuple[int, str]:
    """Keys of digits in the order of their numbers."""
    return len(key), key
