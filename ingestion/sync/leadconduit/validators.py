"""How LeadConduit writes values that a column's type alone does not tell how to read."""

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

PROFILES = ("default", "development", "production", "testing")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_ms(value: Any) -> Any:
    """Milliseconds since 1970 as a moment. Raises ValueError or TypeError for what is no number."""
    return EPOCH + timedelta(milliseconds=int(value))


def plain(*parts: str) -> Callable[[Any], Any]:
    """What reads a typed value, which comes bare or as an object: the first of its parts that says something.

    A value that is not valid has no `normal`; its `raw` is what was submitted.
    """

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return next((value[part] for part in parts if value.get(part) not in (None, "")), None)

    read.__qualname__ = f"plain({', '.join(parts)})"
    return read


def typed(value: Any) -> Any:
    """The object of a typed value; None where it came bare."""
    return value if isinstance(value, Mapping) else None


def profile(text: str) -> str:
    """`--config` of former scripts. Raises ArgumentTypeError for a name that was no profile."""
    if text not in PROFILES:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(PROFILES)}")
    return text


normal = plain("normal", "raw")
