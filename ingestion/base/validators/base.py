"""What every validator shares: the two errors and the base class."""

from typing import Any


class InvalidValue(ValueError):
    """The value cannot be taken.

    `code` is a stable short name (`invalid`, `required`, `too_long`, `out_of_range`, `nul`, `ambiguous` …),
    `message` a sentence for a person. The value is never in it: whoever catches this stores it separately,
    and masks it where it must be masked. `field_name` is filled in by `validate`.
    """

    field_name: str | None = None

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class ChangedValue(InvalidValue):
    """The value can be taken, but not exactly as it came: `kept` is what is left of it.

    Whoever catches this stores `kept` and records a warning with the raw value.
    """

    def __init__(self, code: str, message: str, kept: Any) -> None:
        self.kept = kept
        super().__init__(code, message)


class OddValue(ChangedValue):
    """The value is taken as it came, but a person should look at it: a warning, and never more than that."""


class BaseValidator:
    """Turns one raw value into one Python value; set up by its constructor and not changed afterwards."""

    def validate(self, value: Any, field_name: str | None = None) -> Any:
        """The Python value; None stays None.

        Raises InvalidValue, or ChangedValue where something can be kept.
        """
        if value is None:
            return None
        try:
            return self.clean_value(value)
        except InvalidValue as error:
            error.field_name = field_name
            raise

    def clean_value(self, value: Any) -> Any:
        """The Python value of a raw value that is not None; a subclass says which."""
        return value


def storable(text: str) -> str:
    """The text itself if a database can hold it. Raises InvalidValue."""
    if "\0" in text:
        raise InvalidValue("nul", "The text contains a NUL character, which a database cannot store.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValue("invalid", "The text contains half of a surrogate pair.") from None
    return text
