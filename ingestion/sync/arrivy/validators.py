"""How Arrivy writes values that a column's type alone does not tell how to read."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from ingestion.base.validators.times import from_iso

ONE_DIGIT = re.compile(r"(T\d\d:\d\d:)(\d)(?!\d)")

IN_WORDS: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"NOTSTARTED", "RECOMMENDED", "RESCHEDULED", "PENDING"}),
    "in_progress": frozenset({"PREPARING", "READYFORPICKUP", "ENROUTE", "STARTED", "INPROGRESS"}),
    "completed": frozenset({"COMPLETE", "COMPLETED"}),
    "cancelled": frozenset({"CANCELLED", "CANCELED"}),
}
"""What people call a status → how Arrivy writes it; `active` is what is neither completed nor cancelled."""


def moment(value: Any) -> Any:
    """A time in UTC, which Arrivy writes without an offset; anything else as it came.

    Seconds may have one digit: `2016-11-21T09:00:7-00:00`.
    """
    if not isinstance(value, str):
        return value
    read = from_iso(ONE_DIGIT.sub(r"\g<1>0\2", value.strip()))
    if read is None:
        return value
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def day(value: Any) -> date | Any:
    """The day (UTC) of a time; anything else as it came."""
    read = moment(value)
    return read.date() if isinstance(read, datetime) else read


def clock(value: Any) -> time | Any:
    """The time of day (UTC) of a time; anything else as it came."""
    read = moment(value)
    return read.time() if isinstance(read, datetime) else read


def color(value: Any) -> Any:
    """`#4b9cd3`, with the sign that Arrivy leaves out."""
    return f"#{value}" if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{3,8}", value) else value


def name(value: Any) -> Any:
    """The name of a thing that comes as an object or as its name alone."""
    return value.get("name") if isinstance(value, Mapping) else value


def wanted(asked: str, status: Any) -> bool:
    """Whether a record's status is the one that a person has asked for: a word, or Arrivy's own name."""
    has = re.sub(r"[^A-Z0-9]", "", str(status or "NOTSTARTED").upper())
    word = asked.strip().lower().replace("-", "_").replace(" ", "_")
    if word == "active":
        return has not in IN_WORDS["completed"] | IN_WORDS["cancelled"]
    return has in IN_WORDS.get(word, frozenset()) or has == re.sub(r"[^A-Z0-9]", "", asked.upper())
