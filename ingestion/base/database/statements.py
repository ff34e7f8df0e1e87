"""The SELECTs of a read: keyset pages in one order, with every value a bound parameter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, cast

import sqlalchemy as sa

from ingestion.base.database.reflected import Reflected
from ingestion.base.exceptions import ConfigurationError
from ingestion.base.window import Window, earliest_wall_time

Condition = sa.ColumnElement[bool]
Column = sa.ColumnElement[Any]

MYSQL = ("mysql", "mariadb")
FIRST_DAY = "1000-01-01"
"""MySQL's first real date; what lies before it is 0000-00-00, which stands for null."""


@dataclass(frozen=True)
class Stretch:
    """One part of a read: the rows that meet `where`, ordered by `order` (names); without one it is no
    place to go on at."""

    where: tuple[Condition, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Statements:
    """What is asked of one table within one window; `zone` is that of its times without one."""

    table: Reflected
    window: Window
    zone: tzinfo = UTC

    def stretches(self) -> list[Stretch]:
        """The parts of a read, in order.

        A full read goes by the key alone: that is how a database keeps its rows. A delta goes by (time,
        key), then by (fallback, key) through the rows without a time, then through those without either.
        """
        key, cursor, fallback = self.table.key, self.table.declared.cursor, self.table.declared.fallback
        if cursor is None or self.window.since is None:
            return [*self.with_key(self.until()), *self.without_key(self.until())]
        found = [Stretch((*self.bounds(cursor),), (cursor, *key))]
        empty: tuple[Condition, ...] = (self.empty(cursor),)
        if self.may_be_empty(cursor) and fallback:
            found.append(Stretch((*empty, *self.bounds(fallback)), (fallback, *key)))
            empty = (*empty, self.empty(fallback))
        if self.may_be_empty(cursor) and (not fallback or self.may_be_empty(fallback)):
            found.append(Stretch(empty, key))
        whole = (sa.or_(*(sa.and_(*each.where) for each in found)),)
        return [
            *(part for each in found for part in self.with_key(each.where, each.order)),
            *self.without_key(whole),
        ]

    def with_key(self, where: tuple[Condition, ...], order: tuple[str, ...] = ()) -> list[Stretch]:
        """The rows that can be told apart."""
        there = [self.column(name).is_not(None) for name in self.key_gaps()]
        return [Stretch((*where, *there), order or self.table.key)]

    def without_key(self, where: tuple[Condition, ...]) -> list[Stretch]:
        """The rows with a null in their key: they belong to quarantine, not to nowhere."""
        gaps = [self.column(name).is_(None) for name in self.key_gaps()]
        return [Stretch((*where, sa.or_(*gaps)), ())] if gaps else []

    def key_gaps(self) -> list[str]:
        """Key columns that may be null, which those of a primary key are not."""
        return [] if self.table.primary else [name for name in self.table.key if name in self.table.nullable]

    def column(self, name: str) -> Column:
        """A column by its record's name."""
        return self.table.columns[name]

    def may_be_empty(self, name: str) -> bool:
        """Whether a time may be missing; MySQL lets 0000-00-00 into a column that is not null."""
        return name in self.table.nullable or self.table.dialect in MYSQL

    def empty(self, name: str) -> Condition:
        """No time: null, or MySQL's zero date."""
        column = self.column(name)
        if self.table.dialect in MYSQL and self.table.kinds[name] != "text":
            return sa.or_(column.is_(None), column < value(FIRST_DAY))
        return column.is_(None)

    def until(self) -> tuple[Condition, ...]:
        """The upper end of a read by key: rows without a time belong to every window."""
        cursor, fallback = self.table.declared.cursor, self.table.declared.fallback
        if cursor is None or self.window.until is None:
            return ()
        early = sa.or_(*self.bounds(fallback), self.empty(fallback)) if fallback else sa.true()
        return (sa.or_(*self.bounds(cursor), sa.and_(self.empty(cursor), early)),)

    def bounds(self, name: str) -> list[Condition]:
        """A column's time lies in the window: never narrower than that, both ends included."""
        column, found = self.column(name), []
        if self.window.since:
            found.append(self.at_least(name, column, self.window.since))
        if self.window.until:
            found.append(self.at_most(name, column, self.window.until))
        return found

    def at_least(self, name: str, column: Column, since: datetime) -> Condition:
        """The lower bound; where clocks are set back it is the earliest reading of that hour."""
        aware = self.table.kinds[name] == "utc"
        moment = since.astimezone(UTC) if aware else earliest_wall_time(since, self.zone)
        if not self.is_text(name):
            return column >= value(self.bound(name, moment))
        day, (space, letter) = moment.date().isoformat(), spellings(moment)
        later = sa.or_(column < value(f"{day}T"), column >= value(letter))
        return sa.or_(sa.and_(column >= value(space), later), column == value(day))

    def at_most(self, name: str, column: Column, until: datetime) -> Condition:
        """The upper bound; in texts to the end of that second."""
        moment = self.wall(name, until)
        if not self.is_text(name):
            return column <= value(self.bound(name, moment))
        day, (space, letter) = moment.date().isoformat(), spellings(moment)
        lettered = sa.and_(column >= value(f"{day}T"), column <= value(f"{letter}~"))
        return sa.or_(column <= value(f"{space}~"), lettered)

    def wall(self, name: str, moment: datetime) -> datetime:
        """A moment as this column writes it."""
        if self.table.kinds[name] == "utc":
            return moment.astimezone(UTC)
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def is_text(self, name: str) -> bool:
        """Whether times are texts there, in any of ISO's spellings: SQLite has no other."""
        return self.table.dialect == "sqlite" or self.table.kinds[name] == "text"

    def bound(self, name: str, moment: datetime) -> object:
        """A moment as a parameter.

        Raises ConfigurationError where the column has no times.
        """
        kind = self.table.kinds[name]
        if kind not in ("moment", "utc", "date"):
            raise ConfigurationError(
                f"the column {name!r} holds no time",
                where=self.table.where,
                fix="name a column with the time of the last change, or leave cursor out to read it whole",
            )
        if kind == "date":
            return moment.date()
        return moment.replace(tzinfo=None).isoformat(" ") if self.table.dialect in MYSQL else moment

    # Statements.

    def page(self, stretch: Stretch, after: Sequence[Any] | None, limit: int) -> "sa.Select[Any]":
        """The next rows of a stretch."""
        return self.ordered(self.selected(list(self.table.columns)), stretch, after, limit)

    def keys(self, stretch: Stretch, after: Sequence[Any] | None, limit: int) -> "sa.Select[Any]":
        """The next keys of a stretch."""
        return self.ordered(self.selected(list(self.table.key)), stretch, after, limit)

    def selected(self, names: Sequence[str]) -> "sa.Select[Any]":
        """SELECT these FROM the table."""
        columns = [self.column(name).label(f"c{place}") for place, name in enumerate(names)]
        return sa.select(*columns).select_from(self.table.source)

    def ordered(
        self, select: "sa.Select[Any]", stretch: Stretch, after: Sequence[Any] | None, limit: int
    ) -> "sa.Select[Any]":
        """WHERE, ORDER BY and LIMIT."""
        select = select.where(*stretch.where)
        if after is not None:
            select = select.where(self.behind(stretch.order, after))
        if stretch.order:
            select = select.order_by(*map(self.column, stretch.order)).limit(limit)
        return select

    def behind(self, order: Sequence[str], after: Sequence[Any]) -> Condition:
        """The rows behind a place in the order: `a > 1 or (a = 1 and (b > 2 or …))`.

        The first comparison alone is what an index finds the place by.
        """
        columns = [self.column(name) for name in order]
        values = [value(self.parameter(name, raw)) for name, raw in zip(order, after, strict=True)]
        condition = columns[-1] > values[-1]
        for column, each in list(zip(columns, values, strict=True))[-2::-1]:
            condition = sa.and_(column >= each, sa.or_(column > each, condition))
        return condition

    def can_split(self) -> bool:
        """Whether the read goes by a key that is one whole number, which ranges divide."""
        key = self.table.key
        return self.stretches()[0].order == key and len(key) == 1 and key[0] in self.table.whole

    def ends(self, after: Sequence[Any] | None) -> "sa.Select[Any]":
        """The least and the greatest key of the read's first stretch, behind a place in it."""
        stretch, column = self.stretches()[0], self.column(self.table.key[0])
        select = sa.select(sa.func.min(column), sa.func.max(column)).select_from(self.table.source)
        select = select.where(*stretch.where)
        return select if after is None else select.where(self.behind(stretch.order, after))

    def up_to(self, stretch: Stretch, until: Sequence[Any]) -> Stretch:
        """A stretch as far as a key that is one number."""
        last = self.column(stretch.order[0]) <= value(until[0])
        return replace(stretch, where=(*stretch.where, last))

    def parameter(self, name: str, raw: Any) -> Any:
        """A stored value of a position, as it is compared."""
        if isinstance(raw, dict):
            return bytes.fromhex(raw["hex"])
        kind = self.table.kinds[name]
        if kind == "decimal" and isinstance(raw, str):
            return Decimal(raw)
        if self.table.dialect in ("oracle", "mssql") and kind in ("moment", "utc") and isinstance(raw, str):
            return datetime.fromisoformat(raw)
        return raw

    def count(self, most: int) -> "sa.Select[Any]":
        """How many rows the read will bring, counted up to `most`."""
        wanted = sa.or_(*(sa.and_(sa.true(), *each.where) for each in self.stretches()))
        some: sa.Select[Any] = sa.select(sa.literal_column("1").label("one")).select_from(self.table.source)
        return sa.select(sa.func.count()).select_from(some.where(wanted).limit(most).subquery())

    def exists(self, key: Sequence[Any]) -> "sa.Select[Any]":
        """One row by its key."""
        pairs = zip(self.table.key, key, strict=True)
        equal = [self.column(name) == value(each) for name, each in pairs]
        return self.selected(self.table.key).where(*equal)


def spellings(moment: datetime) -> tuple[str, str]:
    """A moment to the second as texts have it, with a space and with a T, which sorts after it."""
    naive = moment.replace(tzinfo=None)
    return naive.isoformat(" ", "seconds"), naive.isoformat("T", "seconds")


def value(given: object) -> "sa.BindParameter[Any]":
    """A bound parameter that the driver is handed as it is."""
    typed = isinstance(given, (datetime, date))
    return sa.bindparam(None, given, type_=None if typed else sa.types.NullType(), unique=True)


def raw(given: Any) -> Any:
    """A driver's value as JSON keeps it in a position."""
    if isinstance(given, (bytes, bytearray, memoryview)):
        return {"hex": bytes(given).hex()}
    return given if isinstance(given, (int, str, float, type(None))) else as_text(given)


def as_text(given: Any) -> str:
    """What is no number and no text, as a text that the database reads."""
    isoformat = cast("Callable[[], str] | None", getattr(given, "isoformat", None))
    return isoformat() if isoformat else str(given)


def place_of(record: Mapping[str, Any], order: Sequence[str]) -> list[Any]:
    """Where a row stands in an order, as JSON."""
    return [raw(record[name]) for name in order]
