"""What a mapping declares for one field, and where its value is found in a record."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Final, final

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.validators import TooLong

Convert = Callable[[Any], Any]
Path = tuple[str, ...]


@final
class Missing:
    """The type of MISSING: not there at all, which is something else than null."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


def split_path(path: str) -> Path:
    r"""The steps of a dotted path; `\.` is a dot within a step.

    Raises ConfigurationError for a path with an empty step.
    """
    steps = tuple(step.replace(r"\.", ".") for step in re.split(r"(?<!\\)\.", path))
    if not all(steps):
        raise ConfigurationError(
            "a step of the path is empty",
            where=repr(path),
            fix=r"write customer.id, and \. for a dot in a name",
        )
    return steps


def lookup(record: Any, path: Path) -> Any:
    """What a record has at a path (dicts by key, lists by position), or MISSING.

    Below a null everything is null: a deal whose `owner` is null has a null `owner.id`, not an unknown one.
    """
    value = record
    for step in path:
        if isinstance(value, (dict, Mapping)):
            value = value.get(step, MISSING)
        elif isinstance(value, (list, tuple)) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None if value is None else MISSING
    return value


@dataclass(frozen=True, init=False)
class Field:
    """Where one field of a row comes from, and what the model does not say about it.

    `source` is a dotted path, or several of which the first present one counts. `transforms` are applied in
    order to what is not null, before the conversion; a ValueError or TypeError of theirs means that the value
    is bad. `default` (a value, or a function without arguments) stands in for null and absent. `required` is
    by default what the model says. `type` is a name in FIELD_TYPE_VALIDATORS that says how to read the value;
    it must still fit the column. `too_long` and `null_values` replace the source's conventions, `formats` are
    those of `datetime.strptime`.
    """

    source: str | tuple[str, ...]
    transforms: tuple[Convert, ...]
    default: Any
    required: bool | None
    type: str | None
    too_long: TooLong | None
    formats: tuple[str, ...]
    null_values: tuple[str, ...] | None

    def __init__(
        self,
        source: str | tuple[str, ...],
        *transforms: Convert,
        default: Any = MISSING,
        required: bool | None = None,
        type: str | None = None,
        too_long: TooLong | None = None,
        formats: tuple[str, ...] = (),
        null_values: tuple[str, ...] | None = None,
    ) -> None:
        for name, value in locals().items():
            if name != "self":
                object.__setattr__(self, name, value)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The alternatives, split."""
        sources = (self.source,) if isinstance(self.source, str) else self.source
        return tuple(map(split_path, sources))


@dataclass(frozen=True)
class Conventions:
    """What a source declares once, and a Field may replace.

    `time_zone` is that of its naive times, `null_values` are the texts that mean null there (spaces around
    them aside; `()` keeps an empty text), `phone_region` is the country of numbers without a country code.
    """

    time_zone: tzinfo = UTC
    null_values: tuple[str, ...] = ("",)
    too_long: TooLong = "reject"
    phone_region: str = "US"
