"""A batch on its way from the process that made it to the one that saves it.

Of nearly every batch the saving process needs the text that COPY reads, the keys and the times, and no more:
these travel. The rest stays where the batch was made, and is asked for when something needs it, such as a row
that the database refuses.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import overload

from ingestion.base.records import Batch, Page, Record
from ingestion.base.rows import Column, Rows


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of a batch as COPY reads them, some to each part; what every row ends with is left out.

    `own` are the columns they have, in their order.
    """

    own: tuple[str, ...]
    parts: tuple[bytes, ...]

    def ended(self, end: str) -> Iterator[bytes]:
        """The same, every row with this end. A line's own end is the only one: others are escaped."""
        last = end.encode()
        return (part.replace(b"\n", last) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What travels: a page whose batch has no rows where `lines` stand for them.

    `number` names the batch, `names` are its columns, `here` those of them that came along.
    """

    number: int
    page: Page
    length: int
    names: tuple[str, ...] = ()
    here: Mapping[str, Column] = field(default_factory=dict)
    lines: Lines | None = None

    def opened(self, ask: Callable[[int], Batch]) -> Page:
        """The page as the saving process takes it; `ask` brings a whole batch."""
        page, batch = self.page, self.page.batch
        if batch is None or self.lines is None:
            return page
        rest = Rest(self.number, ask)
        columns = ShippedColumns(self.names, self.here, rest)
        batch.rows = ShippedRows(columns, self.length, self.lines)
        batch.records = ShippedRecords(self.length, rest)
        return replace(page, records=batch.records)


def packed(number: int, page: Page, batch: Batch, lines: Lines | None, named: Sequence[str]) -> Parcel:
    """A batch as it travels; `named` are the columns that the saving process looks at."""
    rows = batch.rows
    if lines is None or not isinstance(rows, Rows):
        return Parcel(number, replace(page, records=batch.records, batch=batch), len(rows))
    here = {name: rows.columns[name] for name in named if name in rows.columns}
    light = replace(page, records=(), batch=replace(batch, rows=[], records=[]))
    return Parcel(number, light, len(rows), tuple(rows.columns), here, lines)


class Rest:
    """What of a batch has stayed behind, brought once."""

    def __init__(self, number: int, ask: Callable[[int], Batch]) -> None:
        self.number = number
        self.ask = ask

    @cached_property
    def batch(self) -> Batch:
        """All of it. Raises TransientError when the process that has it is gone."""
        return self.ask(self.number)

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of its rows."""
        return Rows.of(self.batch.rows, ()).columns


class ShippedColumns(Mapping[str, Column]):
    """The columns of a batch, of which most have stayed behind."""

    def __init__(self, names: Sequence[str], here: Mapping[str, Column], rest: Rest) -> None:
        self.names = names
        self.here = here
        self.rest = rest

    def __getitem__(self, name: str) -> Column:
        return self.here[name] if name in self.here else self.rest.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


class ShippedRows(Rows):
    """The rows of a batch, in `lines` as COPY reads them.

    Nothing here leads back to what they came in: batches are let go one by one, without a search for cycles.
    """

    def __init__(self, columns: ShippedColumns, length: int, lines: Lines) -> None:
        super().__init__(columns, length)
        self.lines = lines


class ShippedRecords(Sequence[Record]):
    """The records of a batch; only those who ask have them sent."""

    def __init__(self, length: int, rest: Rest) -> None:
        self.length = length
        self.rest = rest

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        return self.rest.batch.records[place]
