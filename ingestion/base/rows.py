"""A batch's rows, kept by column: a whole column at once costs a fraction of going row by row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any, cast, overload
from uuid import UUID

from ingestion.base.records import Row

WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    Decimal: str,
    UUID: str,
    float: repr,
    bool: {True: "t", False: "f"}.__getitem__,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
}
"""How SQL reads these values from a text."""


class Column:
    """The values of one field in every row of a batch; None is null.

    Its `texts` are the same values as SQL reads them. Where they are the source's own, a decimal or a moment
    that nobody looks at need not become a Python object on its way from one database to the other: the
    values are then read from them by `read`, when somebody asks. `clean` says that no text has a character
    which must be escaped anywhere (a tab, an end of line, a backslash).
    """

    __slots__ = ("clean", "empty", "known", "read", "written")

    def __init__(
        self,
        values: list[Any] | None = None,
        *,
        texts: list[Any] | None = None,
        read: Callable[[Any], Any] | None = None,
        nulls: int | None = None,
        clean: bool = False,
    ) -> None:
        self.known = values
        self.written = texts
        self.read = read
        self.empty = nulls
        self.clean = clean

    @classmethod
    def joined(cls, parts: "Sequence[Column]") -> "Column":
        """Several columns as one."""
        if len(parts) == 1:
            return parts[0]
        lazy = next((part for part in parts if part.known is None), None)
        texts = [part.texts for part in parts]
        written = None if None in texts else list(chain.from_iterable(cast("list[list[Any]]", texts)))
        nulls, clean = sum(part.nulls for part in parts), all(part.clean for part in parts)
        if written is not None and lazy:
            return cls(texts=written, read=lazy.read, nulls=nulls, clean=clean)
        if written is not None and all(part.known is part.written for part in parts):
            return cls(written, texts=written, nulls=nulls, clean=clean)
        values = list(chain.from_iterable(part.values for part in parts))
        return cls(values, texts=written, nulls=nulls, clean=clean)

    @property
    def values(self) -> list[Any]:
        """As the model takes them."""
        if self.known is None:
            read, texts = self.read, self.written or []
            self.known = [None if text is None else read(text) for text in texts] if read else texts
        return self.known

    @property
    def texts(self) -> list[Any] | None:
        """As SQL reads them; None where they are of no one type that has such texts."""
        if self.written is None and self.known is not None:
            kinds = set(map(type, self.known)) - {type(None)}
            write = WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
            if write:
                self.written = [None if value is None else write(value) for value in self.known]
        return self.written

    @property
    def nulls(self) -> int:
        """How many of them are null."""
        if self.empty is None:
            self.empty = (self.known or self.written or []).count(None)
        return self.empty

    def select(self, places: Sequence[int]) -> "Column":
        """The column of some of the rows."""
        values = None if self.known is None else [self.known[place] for place in places]
        texts = None if self.written is None else [self.written[place] for place in places]
        return Column(values, texts=texts, read=self.read, clean=self.clean)

    def __reduce__(self) -> tuple[Any, ...]:
        # One text travels in a tenth of the time that thousands take.
        whole = self.clean and self.written and not self.nulls
        texts = "\n".join(self.written or ()) if whole else self.written
        if self.known is None and self.read in TRAVELLING:
            return sent, (None, texts, self.read, self.clean)
        values = None if self.known is self.written else self.values
        return sent, (values, texts, None, self.clean)

    def spread(self, raws: list[Any], there: list[Any]) -> "Column":
        """The column of `there`, the values that `raws` has besides its nulls, with those nulls again."""
        self.empty = len(raws) - len(there)
        if not self.empty:
            return self
        known = raws if self.known is there else filled(self.known, raws)
        written = raws if self.written is there else filled(self.written, raws)
        return Column(known, texts=written, read=self.read, nulls=self.empty, clean=self.clean)


TRAVELLING = frozenset({int, datetime.fromisoformat})
"""What may read values in another process than it was named in; else the values come along."""


def sent(
    values: list[Any] | None, texts: list[Any] | str | None, read: Callable[[Any], Any] | None, clean: bool
) -> Column:
    """A column of another process. Texts of which none is null or has an end of line came as one."""
    written = texts.split("\n") if isinstance(texts, str) else texts
    return Column(
        written if values is None and read is None else values, texts=written, read=read, clean=clean
    )


def filled(values: list[Any] | None, there: Sequence[Any]) -> list[Any] | None:
    """Values in the places that are not None, in their order."""
    if values is None:
        return None
    following = iter(values).__next__
    return [None if each is None else following() for each in there]


class Rows(Sequence[Row]):
    """Rows of the same columns. Whoever asks for one gets a dict, always the same one for the same row.

    A column that not every row has (child rows that came with some records only) makes rows that are not
    alike; those stay a list of dicts.
    """

    def __init__(
        self, columns: Mapping[str, Column], length: int, origin: "tuple[Rows, Sequence[int]] | None" = None
    ) -> None:
        self.columns = columns
        self.length = length
        self.origin = origin

    @classmethod
    def of(cls, rows: Sequence[Row], names: Sequence[str]) -> "Rows":
        """Rows by column; of other rows, the columns of these names."""
        if isinstance(rows, Rows):
            return rows
        made = cls({name: Column([row[name] for row in rows]) for name in names}, len(rows))
        made.__dict__["dicts"] = list(rows)
        return made

    @cached_property
    def dicts(self) -> list[Row]:
        """All rows, made at once; of a selection, the very rows that it was made from."""
        if self.origin:
            rows, places = self.origin
            return [rows.dicts[place] for place in places]
        names = list(self.columns)
        if not names:
            return [{} for _ in range(self.length)]
        values = zip(*(column.values for column in self.columns.values()), strict=True)
        return [dict(zip(names, each, strict=True)) for each in values]

    def select(self, places: Sequence[int]) -> "Rows":
        """Some of the rows."""
        columns = {name: column.select(places) for name, column in self.columns.items()}
        return Rows(columns, len(places), (self, places))

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> "Rows": ...
    def __getitem__(self, place: int | slice) -> "Row | Rows":
        if isinstance(place, slice):
            return self.select(range(*place.indices(self.length)))
        return self.dicts[place]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.dicts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Rows, (dict(self.columns), self.length)

    def __hash__(self) -> int:
        raise TypeError("rows change, as a list does")

    def __eq__(self, other: object) -> bool:
        return self.dicts == (other.dicts if isinstance(other, Rows) else other)

    def __repr__(self) -> str:
        return repr(self.dicts)


def select(rows: Sequence[Row], places: Sequence[int]) -> Sequence[Row]:
    """Some rows of a batch, by column where it is."""
    return rows.select(places) if isinstance(rows, Rows) else [rows[place] for place in places]


def columns_of(rows: Sequence[Row]) -> list[str]:
    """The columns that all rows of a batch have."""
    return list(rows.columns if isinstance(rows, Rows) else rows[0])


def values_of(rows: Sequence[Row], name: str) -> list[Any]:
    """One field of all rows; null where a row does not have it."""
    if isinstance(rows, Rows):
        return rows.columns[name].values if name in rows.columns else [None] * len(rows)
    return [row.get(name) for row in rows]


def keys_of(rows: Sequence[Row], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The keys of all rows."""
    return list(zip(*(values_of(rows, name) for name in names), strict=True))
