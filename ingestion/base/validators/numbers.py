"""Numbers and booleans."""

import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from ingestion.base.validators.base import BaseValidator, ChangedValue, InvalidValue

Number = int | float | Decimal

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9.,]*")
_LONGEST = 400  # digits of the greatest float, and more; an exponent of a million would fill the memory
_EXACT = Context(prec=2 * _LONGEST, rounding=ROUND_HALF_EVEN)


def finite(number: Number) -> None:
    """Raises InvalidValue for NaN and the infinities."""
    known = number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)
    if not known:
        raise InvalidValue("invalid", "This is not a finite number.")


def out_of_range() -> InvalidValue:
    """The error for a number that is too great or too small."""
    return InvalidValue("out_of_range", "The number is outside of what can be stored here.")


def number_of(text: str) -> int | Decimal:
    """The number that a text says, exactly.

    Only ASCII digits, commas only between thousands. Raises InvalidValue: `ambiguous` for a comma that
    may be a decimal point, `invalid` for anything else.
    """
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) > _LONGEST:
        raise out_of_range()
    if _DECIMAL.fullmatch(text) or _GROUPED.fullmatch(text):
        return exact(Decimal(text.replace(",", "")))
    if _COMMA.fullmatch(text):
        raise InvalidValue("ambiguous", "The comma may be a decimal point; write the number without it.")
    raise InvalidValue("invalid", "A number was expected.")


def exact(value: Any) -> int | Decimal:
    """Any number without loss: a float is what it prints. Raises InvalidValue."""
    if isinstance(value, str):
        return number_of(value)
    if isinstance(value, bool):
        raise InvalidValue("invalid", "A number was expected, not true or false.")
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        finite(value)
        return Decimal(repr(value))
    if isinstance(value, Decimal):
        finite(value)
        if value.adjusted() > _LONGEST:
            raise out_of_range()
        return value
    raise InvalidValue("invalid", "A number was expected.")


class NumberValidator(BaseValidator):
    """A number of one `kind`, between `min_value` and `max_value`.

    A Decimal is rounded (half to even, with a warning) to `decimal_places`, and may have no more than
    `max_digits` with them. An int never loses a fraction, a float never a digit of a whole number.
    """

    def __init__(
        self,
        kind: type[int] | type[float] | type[Decimal] = Decimal,
        *,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        min_value: Number | None = None,
        max_value: Number | None = None,
    ) -> None:
        self.kind = kind
        self.convert = {int: self.integer, float: self.floating, Decimal: self.decimal}[kind]
        self.min_value = min_value
        self.max_value = max_value
        self.step = None if decimal_places is None else Decimal(1).scaleb(-decimal_places)
        self.whole_digits = None if max_digits is None else max_digits - (decimal_places or 0)

    def clean_value(self, value: Any) -> Any:
        """The number; `invalid`, `ambiguous`, `inexact`, `out_of_range`, or changed: `rounded`."""
        number: Any = value
        if self.kind is float and isinstance(value, float):
            finite(value)  # whatever it has lost, it had lost before it came here
        else:
            number = self.convert(exact(value))
        too_small = self.min_value is not None and number < self.min_value
        if too_small or (self.max_value is not None and number > self.max_value):
            raise out_of_range()
        return number

    def integer(self, number: int | Decimal) -> int:
        """A whole number, whatever it was written as."""
        if isinstance(number, int):
            return number
        if number != number.to_integral_value():
            raise InvalidValue("invalid", "A whole number was expected.")
        return int(number)

    def floating(self, number: int | Decimal) -> float:
        """The nearest float; whole numbers only where it is the number itself."""
        try:
            result = float(number)
        except OverflowError:
            raise out_of_range() from None
        if math.isinf(result):
            raise out_of_range()
        lost = result == 0 or abs(result) >= 2**53
        if lost and result != number:
            raise InvalidValue("inexact", "A float cannot hold all digits of this number.")
        return result

    def decimal(self, number: int | Decimal) -> Decimal:
        """With exactly the declared decimal places."""
        number = Decimal(number)
        self.check_digits(number)
        if self.step is None:
            return number
        result = number.quantize(self.step, context=_EXACT)
        self.check_digits(result)
        if result != number:
            raise ChangedValue("rounded", "The number has more decimal places than can be stored.", result)
        return result

    def check_digits(self, number: Decimal) -> None:
        """Raises InvalidValue for more digits before the point than there is room for."""
        room = _LONGEST if self.whole_digits is None else self.whole_digits
        if number and number.adjusted() >= room:
            raise out_of_range()


BOOLEANS: dict[Any, bool] = {
    **dict.fromkeys(("true", "1", "yes", "y", "t", "on", 1), True),
    **dict.fromkeys(("false", "0", "no", "n", "f", "off", 0), False),
}
"""The whole list. Python takes True, 1 and 1.0 for one key."""


class BooleanValidator(BaseValidator):
    """True or False, or one of the texts and numbers in `BOOLEANS`; everything else is refused."""

    def clean_value(self, value: Any) -> bool:
        """The truth of it; `invalid`."""
        if isinstance(value, bool):
            return value
        known = None
        if isinstance(value, str):
            known = BOOLEANS.get(value.strip().lower())
        elif isinstance(value, (int, float)):
            known = BOOLEANS.get(value)
        if known is None:
            raise InvalidValue("invalid", "Yes or no was expected.")
        return known
