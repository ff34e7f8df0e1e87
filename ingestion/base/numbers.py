"""Numbers as the source wrote them."""

from decimal import Decimal, InvalidOperation


def exact(text: str) -> float | Decimal:
    """A float where it prints as the same number, else a Decimal."""
    number = float(text)
    if repr(number) == text:
        return number
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the exponent of {text[:40]} is out of range") from None
    return number if decimal == Decimal(repr(number)) else decimal
