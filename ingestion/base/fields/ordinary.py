"""The short way through conversion: a column of ordinary values, recognised at a glance.

`CompiledField.take` says what becomes of any value, at a microsecond each, and that is the whole truth. But
nearly all values are ordinary: short texts that stay as they are, digits, moments in ISO 8601. A reader here
looks at all values of a column with a handful of calls that run in C, and answers the very column that
`take` would have given value by value; where one value is not ordinary it answers None, and the column goes
the exact way. So it can be fast without deciding anything.

A reader gets the values that are not null, and their one type. An empty text is not ordinary.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import Any, Literal

from ingestion.base.fields.columns import Chain
from ingestion.base.fields.declared import Convert
from ingestion.base.rows import Column
from ingestion.base.validators import (
    BaseValidator,
    BooleanValidator,
    DateTimeValidator,
    DateValidator,
    EmailValidator,
    NumberValidator,
    ObjectIdValidator,
    StringValidator,
)
from ingestion.base.validators.texts import USUAL_EMAIL, USUAL_LENGTH

Reader = Callable[[list[Any], type], Column | None]

Known = Literal["digits", "moments"]
"""What a client knows of a column's texts: whole numbers in digits, moments in UTC of a usual shape."""

ANY_LENGTH = 2**31
FIRST = "!"
"""The first character that shows: what sorts before it is blank, or begins with a space or a control."""

DIGITS = bytes.maketrans(b"123456789", b"000000000")
NUMBER = re.compile(rb"-?(0+)(?:\.(0+))?")
MOST_DIGITS = 18
SPECIAL = ("\\", "\t", "\r")
"""What must be escaped besides an end of line."""

FLAGS = frozenset({0, 1})
MOMENTS = frozenset(
    f"0000-00-00{between}00:00:00{fraction}{zone}".encode()
    for between in "T "
    for fraction in ("", *("." + "0" * digits for digits in range(1, 7)))
    for zone in ("Z", "+00:00")
)
"""The shapes of moments that Python and every database read alike, whatever the digits of the offset."""


def shapes(texts: list[str]) -> set[bytes] | None:
    """The different texts with every digit as 0; None where one of them is of several lines."""
    pieces = "\n".join(texts).encode("ascii", "replace").translate(DIGITS).split(b"\n")
    return set(pieces) if len(pieces) == len(texts) else None


def read_text(values: list[Any], kind: type, *, longest: int) -> Column | None:
    """Texts that stay as they are, and whole numbers in their digits: not blank, not too long, storable."""
    if kind is int:
        values = list(map(str, values))
    elif kind is not str:
        return None
    if max(map(len, values)) > longest:
        return None
    together = "\n".join(values)
    if "\0" in together:
        return None
    clean = together.count("\n") == len(values) - 1 and not any(map(together.__contains__, SPECIAL))
    if not together.isascii():
        try:
            together.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
    elif min(values) >= FIRST:
        return Column(values, texts=values, clean=clean)
    return Column(values, texts=values, clean=clean) if all(map(str.strip, values)) else None


def read_object_id(values: list[Any], kind: type, *, longest: int) -> Column | None:
    """Identifiers without a space in them."""
    column = read_text(values, kind, longest=longest)
    together = "" if column is None else "".join(column.values)
    return column if together.isascii() and together.isprintable() and " " not in together else None


def read_email(values: list[Any], kind: type, *, longest: int) -> Column | None:
    """Addresses of the form that nearly all have, in lower case already."""
    if kind is not str or max(map(len, values)) > longest or None in map(USUAL_EMAIL.fullmatch, values):
        return None
    return Column(values, texts=values, clean=True)


def read_integer(values: list[Any], kind: type, *, low: int, high: int) -> Column | None:
    """Whole numbers within the column's range, as numbers or in digits."""
    if kind is str:
        if low <= 0 and shorter(values, high):
            return Column(texts=values, read=int, clean=True)
        found = shapes(values)
        if found is None or not all(whole_shape(shape) for shape in found):
            return None
        numbers, texts = list(map(int, values)), values
    elif kind is int:
        numbers, texts = values, None
    else:
        return None
    if min(numbers) < low or max(numbers) > high:
        return None
    return Column(numbers, texts=texts or list(map(str, numbers)), clean=True)


def shorter(values: list[str], high: int) -> bool:
    """Whether texts are digits, and fewer of them than a number has."""
    together = "".join(values)
    return (
        together.isascii() and together.isdecimal() and all(values) and max(map(len, values)) < len(str(high))
    )


def whole_shape(shape: bytes) -> bool:
    """Whether a shape is that of a whole number of a size that every reader takes."""
    form = NUMBER.fullmatch(shape)
    return bool(form and not form[2] and len(form[1]) <= MOST_DIGITS)


def read_float(values: list[Any], kind: type) -> Column | None:
    """Floats that came as such: texts of them have many spellings."""
    return Column(values) if kind is float and all(map(isfinite, values)) else None


def read_decimal(
    values: list[Any], kind: type, *, convert: Convert, whole: int, places: int
) -> Column | None:
    """Decimals in digits that fit as they are; the numbers are made when they are asked for."""
    if kind is int:
        values = list(map(str, values))
    elif kind is not str:
        return None
    for shape in shapes(values) or {b""}:
        form = NUMBER.fullmatch(shape)
        if not form or len(form[1]) > whole or len(form[2] or b"") > places:
            return None
    return Column(texts=values, read=convert, clean=True)


def read_boolean(values: list[Any], kind: type) -> Column | None:
    """True and False, as 1 and 0 where the source has no other: MySQL's flags."""
    if kind is int and FLAGS.issuperset(values):
        values = list(map(bool, values))
    elif kind is not bool:
        return None
    return Column(values, texts=["t" if value else "f" for value in values], clean=True)


def read_moment(values: list[Any], kind: type) -> Column | None:
    """Moments in UTC: as texts of a known shape, or aware already."""
    moments = values
    if kind is str:
        found = shapes(values)
        if found is None or not found <= MOMENTS:
            return None
        try:
            moments = list(map(datetime.fromisoformat, values))
        except ValueError:  # no such day
            return None
    elif kind is not datetime:
        return None
    if {moment.tzinfo for moment in moments} != {UTC}:
        return None
    # Hardly any moment is looked at again: to keep them all would cost more than to read those anew.
    return Column(texts=values, read=datetime.fromisoformat, clean=True) if kind is str else Column(moments)


def read_date(values: list[Any], kind: type) -> Column | None:
    """Days as texts."""
    if kind is not str or shapes(values) != {b"0000-00-00"}:
        return None
    try:
        return Column(list(map(date.fromisoformat, values)), texts=values, clean=True)
    except ValueError:
        return None


def number_reader(validator: NumberValidator) -> Reader | None:
    """The reader of a number."""
    low, high, step = validator.min_value, validator.max_value, validator.step
    if validator.kind is int and low is not None and high is not None:
        return partial(read_integer, low=int(low), high=int(high))
    bounded = low is not None or high is not None
    if validator.kind is float and not bounded:
        return read_float
    if validator.kind is Decimal and step is not None and validator.whole_digits is not None and not bounded:
        places = -int(step.adjusted())
        return partial(
            read_decimal, convert=validator.clean_value, whole=validator.whole_digits, places=places
        )
    return None


def known_to(reader: Reader) -> Known | None:
    """The texts of which a reader makes the same as of what they stand for: digits with zeros before them or
    not, moments."""
    if reader is read_moment:
        return "moments"
    return "digits" if isinstance(reader, partial) and reader.func in (read_integer, read_decimal) else None


BUILDERS: dict[type[BaseValidator], Callable[[Any], Reader | None]] = {
    StringValidator: lambda v: None if v.strip else partial(read_text, longest=v.max_length or ANY_LENGTH),
    ObjectIdValidator: lambda v: partial(read_object_id, longest=v.max_length or ANY_LENGTH),
    EmailValidator: lambda v: partial(read_email, longest=min(v.max_length or ANY_LENGTH, USUAL_LENGTH)),
    BooleanValidator: lambda _: read_boolean,
    DateTimeValidator: lambda _: read_moment,
    DateValidator: lambda _: read_date,
    NumberValidator: number_reader,
}
"""By the validator's own class: a subclass may do something else."""


def reader_of(convert: Convert) -> Reader | None:
    """The reader that knows what this conversion makes of ordinary values; None where there is none."""
    if isinstance(convert, Chain):
        return chained(reader_of(convert.first), reader_of(convert.second))
    validator = getattr(convert, "__self__", None)
    build = BUILDERS.get(type(validator)) if isinstance(validator, BaseValidator) else None
    return build(validator) if build else None


def chained(first: Reader | None, second: Reader | None) -> Reader | None:
    """One reader after the other."""
    if first is None or second is None:
        return None

    def read(values: list[Any], kind: type) -> Column | None:
        column = first(values, kind)
        return column and second(column.values, type(column.values[0]))

    return read
