"""A page's records, kept by column: of a wide table most are never looked at one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias, overload

from ingestion.base.records import Record

Values: TypeAlias = "list[Any] | Records"
"""One column: its values, or the records that each record has there, by column again."""

SLOT = 8
"""Bytes that a value takes for being in a column; a number hardly takes more."""


class Records(Sequence[Record]):
    """Records that all have the same names. Whoever asks for one gets a dict of his own, made then.

    A column of objects that all have the same names is Records too. `digits` names columns of whole numbers
    that lie here in digits, as they came: most leave in digits too. A record has numbers there. `moments`
    names columns of texts that are known to be moments in UTC.
    """

    def __init__(
        self,
        columns: "Mapping[str, Values]",
        length: int,
        digits: frozenset[str] = frozenset(),
        moments: frozenset[str] = frozenset(),
        parts: "Sequence[Records]" = (),
    ) -> None:
        self.given = columns
        self.length = length
        self.digits = digits
        self.moments = moments
        self.parts = parts

    @classmethod
    def joined(cls, parts: "Sequence[Records]") -> "Records":
        """Records of the same names as one; its columns are joined when somebody asks for them."""
        if len(parts) == 1:
            return parts[0]
        moments = frozenset.intersection(*(part.moments for part in parts))
        return cls(parts[0].given, sum(map(len, parts)), parts[0].digits, moments, parts)

    @property
    def names(self) -> Set[str]:
        """What every record has."""
        return self.given.keys()

    @property
    def form(self) -> tuple[object, ...]:
        """What records must share to be joined: their names, how numbers lie here, and what is below."""
        below = [(name, each.form) for name, each in self.given.items() if isinstance(each, Records)]
        return frozenset(self.names), self.digits, frozenset(below)

    @cached_property
    def columns(self) -> "Mapping[str, Values]":
        """The values of each name, as they lie here."""
        if not self.parts:
            return self.given
        every = [part.columns for part in self.parts]
        return {name: end_to_end([part[name] for part in every]) for name in self.names}

    def pieces(self, most: int) -> "Iterator[Records]":
        """All of them, some at a time: as many of the pages they came in, or less where those are long."""
        gathered: list[Records] = []
        for part in self.parts or (self,):
            if gathered and sum(map(len, gathered)) + len(part) > most:
                yield Records.joined(gathered)
                gathered = []
            *whole, last = [part[start : start + most] for start in range(0, len(part), most)] or [part]
            yield from whole
            gathered.append(last)
        yield Records.joined(gathered)

    def select(self, places: Sequence[int]) -> "Records":
        """Some of them."""
        columns = {name: picked(values, places) for name, values in self.columns.items()}
        return Records(columns, len(places), self.digits, self.moments)

    def values(self, name: str) -> "Values":
        """A column as its records have it."""
        found = self.columns[name]
        return numbers(found) if name in self.digits else found

    def size(self) -> int:
        """About how many bytes they are."""
        short = self.digits | self.moments
        texts = [values for name, values in self.columns.items() if name not in short]
        return SLOT * self.length * len(self.names) + sum(map(letters, texts))

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> "Records": ...
    def __getitem__(self, place: int | slice) -> "Record | Records":
        if isinstance(place, slice):
            if place.indices(self.length) == (0, self.length, 1):
                return self
            columns = {name: values[place] for name, values in self.columns.items()}
            return Records(columns, len(range(*place.indices(self.length))), self.digits, self.moments)
        if not -self.length <= place < self.length:
            raise IndexError(place)
        found: dict[str, Any] = {name: values[place] for name, values in self.columns.items()}
        return found | {name: int(found[name]) for name in self.digits if found[name] is not None}

    def __iter__(self) -> Iterator[Record]:
        if not self.names:
            return iter([{} for _ in range(self.length)])
        names = list(self.names)
        return (dict(zip(names, each, strict=True)) for each in zip(*map(self.values, names), strict=True))

    def __hash__(self) -> int:
        raise TypeError("records are as lists are")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Records) and self.digits == other.digits:
            return self.length == other.length and self.columns == other.columns
        return list(self) == (list(other) if isinstance(other, Records) else other)

    def __repr__(self) -> str:
        return f"<{self.length} records of {', '.join(self.names)}>"


def end_to_end(parts: "Sequence[Values]") -> "Values":
    """A column of several parts."""
    below = [part for part in parts if isinstance(part, Records)]
    return Records.joined(below) if len(below) == len(parts) else list(chain.from_iterable(parts))


def picked(values: "Values", places: Sequence[int]) -> "Values":
    """Some values of a column."""
    return values.select(places) if isinstance(values, Records) else [values[place] for place in places]


def numbers(digits: Sequence[Any]) -> list[Any]:
    """Whole numbers, of their digits; None stays."""
    return [None if each is None else int(each) for each in digits]


def letters(values: Iterable[Any]) -> int:
    """How long texts are together; 0 where they are none."""
    try:
        return len("".join(filter(None, values)))  # a third of the time that adding their lengths takes
    except TypeError:
        return sum([len(each) for each in values if isinstance(each, (str, bytes))])


def select(records: Sequence[Record], places: Sequence[int]) -> Sequence[Record]:
    """Some of many records, by column where they are."""
    return records.select(places) if isinstance(records, Records) else [records[place] for place in places]


def joined(parts: Sequence[Sequence[Record]]) -> Sequence[Record]:
    """The records of several pages, by column where all of them are and have the same names."""
    by_column = [part for part in parts if isinstance(part, Records)]
    if len(by_column) == len(parts) and len({part.form for part in by_column}) == 1:
        return Records.joined(by_column)
    return [record for part in parts for record in part]


def pieces(records: Sequence[Record], most: int) -> Iterator[Sequence[Record]]:
    """Many records, at most so many at a time."""
    if isinstance(records, Records):
        yield from records.pieces(most)
    else:
        yield from (records[start : start + most] for start in range(0, len(records), most))
