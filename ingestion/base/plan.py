"""What one run was asked to do: the flags, parsed once at the door, frozen below it."""

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Any

from ingestion.base.exceptions import ConfigurationError

PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")


@dataclass(frozen=True)
class Option:
    """A flag that only some entities have; its value arrives in `SyncPlan.options` under `name`.

    `narrows` says that a value other than the default makes the run read less than everything: such a
    run moves no watermark and deletes nothing. `instead` makes it a deprecated flag: it is accepted with a
    warning that names what to use now, and where that is a flag, the value counts as given to it.
    """

    flag: str
    help: str
    type: Callable[[str], Any] = str
    default: Any = None
    required: bool = False
    narrows: bool = False
    instead: str = ""

    @property
    def name(self) -> str:
        """`--booking-status` → `booking_status`; of an older spelling, the name of the newer one."""
        return as_name(self.instead if self.replaced else self.flag)

    @property
    def replaced(self) -> bool:
        """Whether another flag takes the value."""
        return self.instead.startswith("--")


def as_name(flag: str) -> str:
    """`--booking-status` → `booking_status`."""
    return flag.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class RejectLimit:
    """How many rejected records a run may have: a share (0 to 1) of 100 or more records, or a count."""

    share: float | None = 0.2
    count: int | None = None

    def exceeded(self, processed: int, rejected: int) -> bool:
        """Whether the run must fail; all of ten or more always must, unless a count allows it."""
        if self.count is not None:
            return rejected > self.count
        if processed >= 10 and rejected == processed:
            return True
        return processed >= 100 and rejected > processed * (self.share or 0)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{(self.share or 0) * 100:g}%"


@dataclass(frozen=True)
class SyncPlan:
    """One run's orders. Dates are moments in UTC, both ends included; 0 means no limit.

    Raises ConfigurationError where two orders contradict each other.
    """

    start_date: datetime | None = None
    end_date: datetime | None = None
    full: bool = False
    force: bool = False
    dry_run: bool = False
    batch_size: int = 0
    max_records: int = 0
    skip_validation: bool = False
    restart: bool = False
    allow_deletes: bool = False
    max_rejected: RejectLimit = RejectLimit()
    options: Mapping[str, Any] = field(default_factory=dict)
    narrowed: bool = False
    replay: bool = False
    concurrent_pages: int = 1
    partitions: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise ConfigurationError(
                f"--start-date {self.start_date:%Y-%m-%d} lies after --end-date {self.end_date:%Y-%m-%d}",
                fix="swap the two",
            )

    @property
    def partial(self) -> bool:
        """Whether the run reads less than everything there is to read in its window."""
        return self.narrowed or self.max_records > 0 or self.replay

    def as_configuration(self) -> dict[str, Any]:
        """What was not left at its default, as JSON for `SyncHistory.configuration`."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {name: value for name, value in given.items() if value != getattr(DEFAULT, name, None)}
        plain.pop("narrowed", None)
        plain.pop("options", None)
        own = {
            name: value for name, value in self.options.items() if value is not None and value is not False
        }
        return {name: jsonable(value) for name, value in (plain | own).items()}


def jsonable(value: object) -> bool | int | str:
    """A plan's value as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (bool, int)) else str(value)


DEFAULT = SyncPlan()


def moment(text: str) -> datetime:
    """`--start-date`: a bare date is midnight UTC, an ISO moment is itself (UTC unless it says otherwise)."""
    try:
        value = datetime.fromisoformat(text.strip())
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as YYYY-MM-DD") from None


def last_moment(text: str) -> datetime:
    """`--end-date`: a bare date includes all of that day."""
    value = moment(text)
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time.max, UTC)
    except ValueError:  # it says a time of day
        return value


def reject_limit(text: str) -> RejectLimit:
    """`--max-rejected`: a share such as `5%`, or a number of records."""
    if match := PERCENT.fullmatch(text.strip()):
        return RejectLimit(share=min(float(match[1]) / 100, 1.0))
    if text.strip().isascii() and text.strip().isdigit():
        return RejectLimit(share=None, count=int(text))
    raise argparse.ArgumentTypeError(f"{text!r} is neither a share nor a number; write 5% or 100")


def whole_number(text: str) -> int:
    """A count, 0 or more."""
    if text.strip().isascii() and text.strip().isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")


def at_least_one(text: str) -> int:
    """A count, 1 or more."""
    if count := whole_number(text):
        return count
    raise argparse.ArgumentTypeError("0 is too few; write 1 or more")


SWEEP = Option(
    "--sweep",
    help="the read is the whole list: soft-delete the rows whose keys it does not have",
    type=bool,
    default=False,
)

LOOK_BACK = Option(
    "--look-back",
    help="read so many days before the last sync again, for changes that the source dates nowhere",
    type=whole_number,
)
