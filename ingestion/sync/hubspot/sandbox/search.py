"""Search as HubSpot does it: filters, one sort, offsets, and its limits."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any, Literal, NamedTuple

import msgspec

from ingestion.sync.hubspot.sandbox.answers import Refused, invalid, usual
from ingestion.sync.hubspot.sandbox.index import SearchIndex, shuffled
from ingestion.sync.hubspot.sandbox.moments import parsed

MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 5, 6, 18
MOST_RESULTS = 10_000
LONGEST_QUERY = 3000

Test = Callable[[Any], bool]


class Filter(msgspec.Struct, rename="camel"):
    """One condition. All values are texts."""

    property_name: str
    operator: str
    value: str | None = None
    high_value: str | None = None
    values: list[str] | None = None


class Group(msgspec.Struct):
    """Conditions that must all hold."""

    filters: list[Filter] = []


class Sort(msgspec.Struct, rename="camel"):
    """The order."""

    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(msgspec.Struct, rename="camel"):
    """The body of a search."""

    filter_groups: list[Group] = []
    filters: list[Filter] = []
    sorts: list[Sort] = []
    properties: list[str] = []
    query: str = ""
    limit: int = 10
    after: str | int | None = None

    @property
    def groups(self) -> list[Group]:
        """The groups, with the shorthand for one."""
        return [*self.filter_groups, Group(self.filters)] if self.filters else self.filter_groups


class Found(NamedTuple):
    """How many there are in all, and the ids of one page."""

    total: int
    ids: list[int]


def decoded(body: bytes) -> Search:
    """The body, checked against the limits. Raises Refused."""
    try:
        search = msgspec.json.decode(body, type=Search)
    except msgspec.DecodeError as error:
        raise invalid(f"Invalid input JSON: {error}") from None
    filters = [len(group.filters) for group in search.groups]
    if len(filters) > MOST_GROUPS or max(filters, default=0) > MOST_FILTERS or sum(filters) > MOST_IN_ALL:
        raise invalid(f"no more than {MOST_GROUPS} groups of {MOST_FILTERS} filters, {MOST_IN_ALL} in all")
    if len(search.sorts) > 1:
        raise invalid("Only one sort is allowed")
    if not 1 <= search.limit <= 200:
        raise invalid(f"limit must be between 1 and 200, but was {search.limit}")
    if len(search.query) > LONGEST_QUERY:
        raise invalid(f"query must not be longer than {LONGEST_QUERY} characters")
    if offset(search) + search.limit > MOST_RESULTS:
        raise Refused(usual(400))
    return search


def offset(search: Search) -> int:
    """Where the page begins."""
    text = str(search.after or 0)
    if not text.isdecimal():
        raise invalid(f"after must be a number, but was {text!r}")
    return int(text)


class Run:
    """One search in one index."""

    def __init__(self, search: Search, index: SearchIndex, *, ids_as_text: bool) -> None:
        self.index = index
        self.kind = index.kind
        self.search = search
        self.types = {**self.kind.types, "hs_object_id": "string"} if ids_as_text else self.kind.types
        sort = search.sorts[0] if search.sorts else Sort(self.kind.created)
        self.sort = sort
        if sort.property_name not in self.types:
            raise invalid(f"Property {sort.property_name!r} does not exist")
        self.groups = [self.compiled(group) for group in search.groups]

    def compiled(self, group: Group) -> tuple[list[Filter], list[tuple[str, Test]]]:
        """A group's bounds on the change time, which the index knows, and the tests that remain."""
        cursor = [each for each in group.filters if each.property_name == self.kind.cursor and bounds(each)]
        rest = [each for each in group.filters if each not in cursor]
        return cursor, [(each.property_name, compiled(each, self.types)) for each in rest]

    def found(self) -> Found:
        """The page."""
        start = offset(self.search)
        end = start + self.search.limit
        on_cursor = self.sort.property_name == self.kind.cursor
        if on_cursor and len(self.groups) == 1 and self.groups[0][0]:
            return self.walked(start, end)
        ids = self.ordered(
            {record_id for group in self.groups or [([], [])] for record_id in self.matching(*group)}
        )
        return Found(len(ids), ids[start:end])

    def walked(self, start: int, end: int) -> Found:
        """Along the change times, which are in order already."""
        cursor, tests = self.groups[0]
        low, high = self.stretch(cursor)
        order = self.index.order
        if tests or self.search.query:
            picked = [entry for entry in order[low:high] if self.passes(entry[2], tests)]
            low, high, order = 0, len(picked), picked
        if self.sort.direction == "DESCENDING":
            page = order[max(low, high - end) : max(low, high - start)][::-1]
        else:
            page = order[low + start : min(high, low + end)]
        return Found(high - low, [entry[2] for entry in page])

    def stretch(self, cursor: list[Filter]) -> tuple[int, int]:
        """The positions between all bounds."""
        pairs = [pair for each in cursor if (pair := bounds(each))]
        lows = [low for low, _ in pairs if low is not None]
        highs = [high for _, high in pairs if high is not None]
        return self.index.between(max(lows, default=None), min(highs, default=None))

    def matching(self, cursor: list[Filter], tests: list[tuple[str, Test]]) -> list[int]:
        """The ids of a group, in no order."""
        if cursor:
            low, high = self.stretch(cursor)
            ids = [entry[2] for entry in self.index.order[low:high]]
        else:
            ids = list(self.index.docs)
        return [each for each in ids if self.passes(each, tests)]

    def passes(self, record_id: int, tests: list[tuple[str, Test]]) -> bool:
        """Whether a document passes every test, and has the words that were asked for."""
        get = self.index.docs[record_id].properties.get
        if not all(test(get(name)) for name, test in tests):
            return False
        words = self.search.query.lower()
        return not words or any(words in (get(name) or "").lower() for name in self.kind.defaults)

    def ordered(self, ids: set[int]) -> list[int]:
        """In the order of the sort; empty values come last."""
        name, key = self.sort.property_name, reader(self.types[self.sort.property_name])
        values = {each: key(self.index.docs[each].properties.get(name)) for each in ids}
        full = sorted((each for each in ids if values[each] is not None), key=shuffled)
        full.sort(key=values.__getitem__, reverse=self.sort.direction == "DESCENDING")
        return [*full, *sorted((each for each in ids if values[each] is None), key=shuffled)]


def bounds(condition: Filter) -> tuple[int | None, int | None] | None:
    """From when to when a condition on a change time reaches, both inclusive; None when it is no stretch."""
    value = parsed(condition.value or "")
    if value is None:
        return None
    if condition.value == "0":
        raise Refused(usual(500))  # as the real service does
    high = parsed(condition.high_value or "")
    pairs: dict[str, tuple[int | None, int | None]] = {
        "GTE": (value, None),
        "GT": (value + 1, None),
        "LTE": (None, value),
        "LT": (None, value - 1),
        "EQ": (value, value),
    }
    if condition.operator == "BETWEEN" and high is not None:
        return value, high
    return pairs.get(condition.operator)


def reader(kind: str) -> Callable[[str | None], Any]:
    """How a type's texts compare; None for what is empty or cannot be read."""
    return {"datetime": moment, "date": moment, "number": number}.get(kind, word)


def moment(text: str | None) -> int | None:
    """Milliseconds."""
    return parsed(text) if text else None


def number(text: str | None) -> Decimal | None:
    """An exact number."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def word(text: str | None) -> str | None:
    """The index has texts in lower case."""
    return text.lower() if text else None


def compiled(condition: Filter, types: Mapping[str, str]) -> Test:
    """A condition as a function of a document's value. Raises Refused for what HubSpot would refuse."""
    if condition.property_name not in types:
        raise invalid(f"Property {condition.property_name!r} does not exist")
    read = reader(types[condition.property_name])
    if condition.operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda value: bool(value) == (condition.operator == "HAS_PROPERTY")
    if condition.operator in ("IN", "NOT_IN"):
        return membership(condition, read)
    if condition.value is None:
        raise invalid(f"{condition.operator} needs a value")
    if condition.operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return token(condition.value, wanted=condition.operator == "CONTAINS_TOKEN")
    return comparison(condition, read)


def membership(condition: Filter, read: Callable[[str | None], Any]) -> Test:
    """IN and NOT_IN: values of texts must be in lower case, or they meet nothing."""
    if not condition.values:
        raise invalid(f"{condition.operator} needs values")
    values = {each if read is word else read(each) for each in condition.values}
    if condition.operator == "IN":
        return lambda value: read(value) in values
    return lambda value: read(value) not in values


def comparison(condition: Filter, read: Callable[[str | None], Any]) -> Test:
    """The operators that compare; an empty value meets none of them but NEQ."""
    low, high = read(condition.value), read(condition.high_value)
    if low is None or (condition.operator == "BETWEEN" and high is None):
        raise invalid(f"{condition.value!r} is not a value of {condition.property_name!r}")
    tests: dict[str, Test] = {
        "EQ": lambda value: bool(value == low),
        "LT": lambda value: bool(value < low),
        "LTE": lambda value: bool(value <= low),
        "GT": lambda value: bool(value > low),
        "GTE": lambda value: bool(value >= low),
        "BETWEEN": lambda value: bool(low <= value <= high),
    }
    if condition.operator == "NEQ":
        return lambda value: bool(read(value) != low)
    if condition.operator not in tests:
        raise invalid(f"{condition.operator!r} is no operator")
    test = tests[condition.operator]
    return lambda value: (mine := read(value)) is not None and test(mine)


def token(wildcard: str, *, wanted: bool) -> Test:
    """A word of the text; `*` stands for any letters."""
    pattern = re.compile(".*".join(map(re.escape, wildcard.lower().split("*"))))

    def test(value: str | None) -> bool:
        text = (value or "").lower()
        tokens = chain([text], re.split(r"[^\w]+", text))
        return any(pattern.fullmatch(each) for each in tokens) == wanted

    return test
