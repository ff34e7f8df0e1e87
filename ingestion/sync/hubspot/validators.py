"""How HubSpot writes values that a column's type alone does not tell how to read."""

from datetime import datetime, timedelta, timezone
from typing import Any

from ingestion.base.validators.numbers import BOOLEANS

OFFSETS = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""Hours from UTC, by the names of North American time zones."""


def flag(value: Any) -> Any:
    """A checkbox for a column of whole numbers: `true` is 1, `false` is 0; anything else as it came."""
    if isinstance(value, str):
        value = BOOLEANS.get(value.strip().lower(), value)
    return int(value) if isinstance(value, bool) else value


def us_moment(value: Any) -> Any:
    """`7/4/25 3:05 PM EDT`, as workflows write it into custom properties; anything else as it came.

    Raises ValueError for another form before the name of a zone.
    """
    if not isinstance(value, str):
        return value
    clock, _, zone = value.strip().rpartition(" ")
    if zone.upper() not in OFFSETS:
        return value
    here = timezone(timedelta(hours=OFFSETS[zone.upper()]))
    return datetime.strptime(clock, "%m/%d/%y %I:%M %p").replace(tzinfo=here)
