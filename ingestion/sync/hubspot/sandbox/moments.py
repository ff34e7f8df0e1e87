"""Moments as HubSpot writes and reads them: ISO text without an empty fraction, or epoch milliseconds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(ms: int) -> str:
    """`2025-03-04T10:11:12.130Z`; `…:12Z` when no millisecond is left over."""
    seconds, rest = divmod(ms, 1000)
    text = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def parsed(text: str) -> int | None:
    """Milliseconds of an ISO text, of a date, or of a number of milliseconds; None for anything else."""
    if text.removeprefix("-").isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def as_text(value: Any) -> str | None:
    """A property's value as it is stored: text or null, whatever was given."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso((value - EPOCH) // timedelta(milliseconds=1))
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise TypeError(f"{value!r} cannot be a property: give text, a number, a bool, an aware datetime or None")
