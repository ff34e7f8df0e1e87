"""What a driver hands out, as a record has it: times in UTC, zero dates as null, bits as numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ingestion.base.columnar import Records, numbers
from ingestion.base.database.reflected import Kind, Reflected
from ingestion.base.fields.ordinary import shapes

Change = Callable[[list[Any]], list[Any]]

ZERO = "0000-00-00"
HOUR = timedelta(hours=1)
HOURS = 50_000
"""Hours that are remembered; there are 8,766 in a year."""

CHECKED = ("mysql", "mariadb", "postgresql")
"""Databases that let no time in but from 00:00:00 to 23:59:59."""

WALLS = frozenset(
    f"0000-00-00 00:00:00{fraction}".encode()
    for fraction in ("", *("." + "0" * digits for digits in range(1, 7)))
)
"""The shapes of times as MySQL and PostgreSQL write them, whatever their digits."""

IN_UTC = frozenset(wall + b"+00" for wall in WALLS)
"""The same as PostgreSQL writes them where it knows the zone."""


def changes_of(table: Reflected, zone: tzinfo, *, decode: bool = False) -> Mapping[str, Change]:
    """What must be done to a column before it is part of a record; most columns travel as they came.

    With `decode` texts are bytes still: one of them was not UTF-8.
    """
    found: dict[str, Change] = {}
    # what one column's times have taught is of use to all
    clocks = {"moment": Times(zone, checked=table.dialect in CHECKED), "utc": Times(UTC)}
    for name in table.columns:
        kind: Kind = table.kinds.get(name, "other")
        steps: list[Change] = [decoded] if decode and kind not in ("bytes", "bit") else []
        if kind in clocks:
            steps.append(clocks[kind])
        elif kind == "date":
            steps.append(dates)
        elif kind == "bit":
            steps.append(bits)
        if name in table.declared.zero_is_null:
            steps.append(zero_is_null)
        if steps:
            found[name] = steps[0] if len(steps) == 1 else chained(steps)
    return found


def chained(steps: Sequence[Change]) -> Change:
    """One after the other."""

    def change(values: list[Any]) -> list[Any]:
        for step in steps:
            values = step(values)
        return values

    return change


class Moments(list[Any]):
    """Texts that are moments in UTC without a doubt, and nulls."""


class Times:
    """Times without an offset are in `zone`; with one they are what they say; zero dates are null.

    A time that the zone's clocks show twice is its first occurrence, one that they skip counts on from
    before the gap (PEP 495). What is no time stays as it is: the mapping says what becomes of it.
    """

    def __init__(self, zone: tzinfo, *, checked: bool = False) -> None:
        self.zone = zone
        self.checked = checked
        self.hours = Hours(zone)
        self.unclear = 0

    def __call__(self, values: list[Any]) -> list[Any]:
        """A whole column; texts of the usual shape stay texts."""
        if set(map(type, values)) <= {str, type(None)}:
            there = list(filter(None, values))
            found = (shapes(there) if there else None) or {b""}
            if found <= IN_UTC:
                return [each and f"{each}:00" for each in dates(values)]
            if found <= WALLS:
                return self.walls(values)
        return list(map(self.moment, dates(values)))

    def walls(self, values: list[Any]) -> list[Any]:
        """Texts of clocks that show no zone, as texts in UTC: a whole hour is moved at once."""
        if self.zone is UTC:
            return [each and f"{each}Z" for each in dates(values)]
        hours, odd, before = self.hours, self.text, self.unclear
        found = [
            each and (f"{hour}{each[13:]}Z" if (hour := hours[each[:13]]) else odd(each)) for each in values
        ]
        return Moments(found) if self.checked and self.unclear == before else found

    def text(self, wall: str) -> str | None:
        """One time, in UTC, as a text; a zero date is null, what is no time stays as it is."""
        if wall.startswith(ZERO):
            return None
        found = self.moment(wall)
        if isinstance(found, datetime):
            return f"{found.replace(tzinfo=None).isoformat(' ')}Z"
        self.unclear += 1
        return wall

    def moment(self, value: Any) -> Any:
        """One time, in UTC."""
        found = value
        if isinstance(value, str):
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                return value
        if not isinstance(found, datetime):
            return value
        try:
            return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        except (OverflowError, ValueError):  # the first and the last day of the calendar
            return value


class Hours(dict[str, str]):
    """Hours on a zone's clocks as hours in UTC, both such as "2026-03-01 10".

    Empty for one that is not moved as a whole: on that day its clocks change meanwhile, are no whole hours
    from UTC, or there is no such hour.
    """

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self.zone = zone
        self.days: dict[str, timedelta | None] = {}

    def __missing__(self, hour: str) -> str:
        if len(self) > HOURS:
            self.clear()
        try:
            moved = self.day(hour[:10]) or self.moved(f"{hour}:00:00", f"{hour}:59:59")
            found = "" if moved is None else (datetime.fromisoformat(hour) - moved).isoformat(" ", "hours")
        except (OverflowError, ValueError):
            found = ""
        self[hour] = found
        return found

    def day(self, day: str) -> timedelta | None:
        """What all hours of a day are moved by, if they are: no zone ever changed its clocks twice in one."""
        if day not in self.days:
            self.days[day] = self.moved(f"{day} 00:00:00", f"{day} 23:59:59")
        return self.days[day]

    def moved(self, first: str, last: str) -> timedelta | None:
        """How far the clocks are before UTC at both of these times; None where that is no number of hours."""
        ends = {datetime.fromisoformat(each).replace(tzinfo=self.zone).utcoffset() for each in (first, last)}
        moved = ends.pop() if len(ends) == 1 else None
        return None if moved is None or moved % HOUR else moved


def dates(values: list[Any]) -> list[Any]:
    """MySQL's zero date is null."""
    return [None if type(each) is str and each.startswith(ZERO) else each for each in values]


def bits(values: list[Any]) -> list[Any]:
    """MySQL's BIT(n) as a number."""
    return [int.from_bytes(each, "big") if isinstance(each, bytes) else each for each in values]


def zero_is_null(values: list[Any]) -> list[Any]:
    """0 in a column where it says that there is none."""
    return [None if each in (0, "0") else each for each in values]


def decoded(values: list[Any]) -> list[Any]:
    """Bytes as text. A byte that is not UTF-8 becomes half of a surrogate pair, which no column takes: the
    mapping says so, and the quarantine keeps it."""
    return [each.decode("utf-8", "surrogateescape") if type(each) is bytes else each for each in values]


def records_of(
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    changes: Mapping[str, Change],
    digits: Iterable[int] = (),
) -> Records:
    """Rows as records; what must be changed is changed by column, the rest is not touched.

    `digits` are the places of whole numbers that came in digits.
    """
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    whole = {names[place] for place in digits}
    for name, change in changes.items():
        if name in columns:
            columns[name] = change(numbers(columns[name]) if name in whole else columns[name])
    moments = frozenset(name for name, values in columns.items() if type(values) is Moments)
    return Records(columns, len(rows), frozenset(whole - changes.keys()), moments)
