"""Dates, times and durations. Whatever a source sends, a moment is aware and in UTC from here on."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_duration

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.validators.base import BaseValidator, ChangedValue, InvalidValue
from ingestion.base.validators.numbers import exact, out_of_range

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 10**6

# fromisoformat() itself takes far more: any character for the T, the week 2025-W01, and 2025-01-01-05:00 as
# five o'clock; and that changes with Python's version. So it only sees what these let through.
_CLOCK = r"(?:[01]\d|2[0-3]):?[0-5]\d(?::?[0-5]\d(?:[.,]\d+)?)?"
_ZONE = r"Z|UTC|[+-]\d\d(?::?\d\d(?::?\d\d)?)?"
_ISO = re.compile(rf"(\d{{4}}-?\d\d-?\d\d)(?:[T ]({_CLOCK})(?: ?({_ZONE}))?)?", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = re.compile(r"-?[0-9]{9,17}(?:\.[0-9]+)?")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?", re.ASCII)
_DURATION = re.compile(
    r"(?:-?\d{1,9} days?,? )?-?\d{1,9}:[0-5]\d:[0-5]\d(?:[.,]\d+)?|[+-]?P(?=[^T]*\d|T\d).+", re.ASCII
)
_TWO_PARTS = re.compile(r"-?\d+:\d\d", re.ASCII)
# 20250301093000 is a date and a time to the person who reads it, and the year 2611 as milliseconds.
_COMPACT = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){1,2}"
)

# A name of its own, as what it returns is naive: the zone comes later, with that of all other texts.
_strptime = datetime.strptime


def from_iso(text: str) -> datetime | None:
    """ISO 8601 with at least a whole date; naive without an offset; None where it is none."""
    form = _ISO.fullmatch(text)
    if not form:
        return None
    day, clock, zone = form.groups()
    offset = "Z" if zone in ("UTC", "utc", "z") else zone or ""
    try:
        return datetime.fromisoformat(f"{day}T{clock}{offset}" if clock else day)
    except ValueError:
        return None


def from_epoch(number: int | Decimal) -> datetime:
    """Seconds, milliseconds or microseconds since 1970, told apart by their size.

    Raises InvalidValue: `ambiguous` for what is none of them, or as well a date written in digits,
    `out_of_range` for what lies before the year 1.
    """
    size: int | Decimal = number if number >= 0 else -number
    if not 10**8 <= size < 10**17:
        raise InvalidValue("ambiguous", "A number of this size is no time since 1970.")
    if _COMPACT.fullmatch(str(int(number))):
        raise InvalidValue("ambiguous", "A date in digits, or milliseconds since 1970? Declare its format.")
    per_unit = SECOND if size < 10**11 else 1000 if size < 10**14 else 1
    try:
        return EPOCH + int(number * per_unit) * MICROSECOND
    except OverflowError:
        raise InvalidValue("out_of_range", "This time lies before the year 1.") from None


class DateTimeValidator(BaseValidator):
    """A moment, aware and in UTC.

    Without an offset it is in `time_zone`: a time that happens twice there is its first occurrence, one
    that is skipped there counts on from before the gap (PEP 495). A date is its midnight there. `formats`
    (as of strptime) are for texts that are not ISO 8601. Digits beyond microseconds are dropped: that is
    the resolution of the type.
    """

    def __init__(self, *, time_zone: tzinfo = UTC, formats: tuple[str, ...] = ()) -> None:
        self.time_zone = time_zone
        self.formats = formats
        for declared in formats:
            try:
                _strptime(EPOCH.strftime(declared), declared)
            except ValueError as error:
                raise ConfigurationError(
                    str(error), where=f"format {declared!r}", fix="use the codes of datetime.strptime"
                ) from None

    def clean_value(self, value: Any) -> Any:
        """The moment; `invalid`, `ambiguous`, `out_of_range`."""
        return self.in_zone(self.read(value), UTC)

    def in_zone(self, moment: datetime, zone: tzinfo) -> datetime:
        """The same moment in a zone."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.time_zone)
        try:
            return moment.astimezone(zone)
        except (OverflowError, ValueError):  # the first and the last day of the calendar
            raise out_of_range() from None

    def read(self, value: Any) -> datetime:
        """A moment as it was sent, naive or aware."""
        if isinstance(value, str):
            return self.from_text(value.strip())
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time.min)
        if isinstance(value, (int, float, Decimal)):
            return from_epoch(exact(value))
        raise InvalidValue("invalid", "A date and time were expected.")

    def from_text(self, text: str) -> datetime:
        """ISO 8601, a declared format, or a number."""
        moment = from_iso(text) or self.from_formats(text)
        if moment is not None:
            return moment
        if _EPOCH.fullmatch(text):
            return from_epoch(Decimal(text))
        raise InvalidValue("invalid", "This is no ISO date or time, and in none of the declared formats.")

    def from_formats(self, text: str) -> datetime | None:
        """The first declared format that fits."""
        for declared in self.formats:
            try:
                return _strptime(text, declared)
            except ValueError:
                continue
        return None


class DateValidator(DateTimeValidator):
    """A date; of a moment, its date in `time_zone`, with a warning unless it is midnight there."""

    def clean_value(self, value: Any) -> date:
        """The date; `invalid`, `ambiguous`, `out_of_range`, or changed: `time_dropped`."""
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise InvalidValue("invalid", "There is no such day.") from None
        moment = self.in_zone(self.read(value), self.time_zone)
        if moment.time() != time.min:
            raise ChangedValue("time_dropped", "The time of day cannot be stored here.", moment.date())
        return moment.date()


class TimeValidator(DateTimeValidator):
    """A time of day without a zone: HH:MM, with seconds and a fraction if there are."""

    def clean_value(self, value: Any) -> time:
        """The time; `invalid`."""
        if isinstance(value, time) and value.tzinfo is None:
            return value
        if isinstance(value, timedelta) and timedelta(0) <= value < timedelta(days=1):
            return (EPOCH + value).time()  # what MySQL's drivers hand out for a TIME
        if isinstance(value, str):
            text = value.strip()
            if _TIME.fullmatch(text):
                return time.fromisoformat(text)
            moment = self.from_formats(text)
            if moment is not None:
                return moment.time()
        raise InvalidValue("invalid", "A time of day was expected, as HH:MM:SS.")


class DurationValidator(BaseValidator):
    """A length of time: HH:MM:SS (after days, if any), ISO 8601 as P1DT2H, or a number of seconds."""

    def clean_value(self, value: Any) -> timedelta:
        """The duration; `invalid`, `out_of_range`."""
        try:
            result = value if isinstance(value, timedelta) else self.read(value)
        except OverflowError:
            raise out_of_range() from None
        if not -(2**63) <= result // MICROSECOND < 2**63:  # as databases without such a type store it
            raise out_of_range()
        return result

    def read(self, value: Any) -> timedelta:
        """A duration as it was written; MM:SS is refused, as it may be HH:MM."""
        text = value.strip() if isinstance(value, str) else ""
        if _DURATION.fullmatch(text):
            result = parse_duration(text)
        elif _TWO_PARTS.fullmatch(text):
            raise InvalidValue(
                "ambiguous", "Hours and minutes, or minutes and seconds? HH:MM:SS was expected."
            )
        else:
            result = MICROSECOND * int(exact(value) * SECOND)
        if result is None:
            raise InvalidValue("invalid", "A duration was expected, as HH:MM:SS or P1DT2H.")
        return result
