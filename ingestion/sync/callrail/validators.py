"""What looks odd in CallRail's values: a warning names the record and the field, and the value is kept."""

import re
from collections.abc import Callable
from typing import Any

from ingestion.base.validators import OddValue

DIGITS = re.compile(r"\D")
ADDRESS = re.compile(r"(?:https?:)?//[^\s/]+\S*", re.I)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
COLOR = re.compile(r"#[0-9a-f]{3,8}|(?:red|orange|yellow|green|blue|purple|pink|gr[ae]y)[1-9]?", re.I)

Watch = Callable[[Any], Any]


def watched(code: str, message: str, longest: int, is_usual: Callable[[str], object]) -> Watch:
    """A transform that lets a text pass, with a warning where it is unusual.

    A text longer than `longest` is left to the column, which has more to say.
    """

    def watch(value: Any) -> Any:
        if isinstance(value, str) and len(value) <= longest and not is_usual(value.strip()):
            raise OddValue(code, message, value.strip())
        return value

    return watch


phone = watched(
    "phone", "A phone number has 10 to 15 digits.", 20, lambda text: 10 <= len(DIGITS.sub("", text)) <= 15
)
url = watched("url", "An address begins with http:// or https://.", 10_000, ADDRESS.fullmatch)
email = watched("email", "This is not an e-mail address.", 254, EMAIL.fullmatch)
color = watched("color", "A color is a name such as red1, or #rrggbb.", 20, COLOR.fullmatch)


def one_of(*known: str) -> Watch:
    """A text of a small set."""
    return watched("unknown", f"Known values are {', '.join(known)}.", 20, known.__contains__)


def not_negative(value: Any) -> Any:
    """A number of seconds."""
    if isinstance(value, int) and value < 0:
        raise OddValue("negative", "A duration is not negative.", value)
    return value


def money(value: Any) -> Any:
    """`$1,250.00` without the sign and the commas."""
    return value.replace("$", "").replace(",", "").strip() if isinstance(value, str) else value
