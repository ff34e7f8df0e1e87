"""Texts: plain ones, and those of a certain form (e-mail, phone, address, identifier)."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import phonenumbers
from django.core import validators as django_validators
from django.core.exceptions import ValidationError

from ingestion.base.validators.base import BaseValidator, ChangedValue, InvalidValue, storable
from ingestion.base.validators.numbers import finite

TooLong = Literal["reject", "cut"]

TEXT_OF: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: repr,
    Decimal: str,
    UUID: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
}
"""What has exactly one text. Lists and objects have none: which of their parts would be meant?"""


def text_of(value: Any) -> str:
    """The text of a value that is not text. Raises InvalidValue where it has none, or more than one."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            raise InvalidValue("invalid", "The bytes are not UTF-8 text.") from None
    if isinstance(value, (float, Decimal)):
        finite(value)
    write = next((TEXT_OF[kind] for kind in type(value).__mro__ if kind in TEXT_OF), None)
    if write is None:
        raise InvalidValue("invalid", "A text was expected, not a list or an object.")
    try:
        return write(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        raise InvalidValue("out_of_range", "The number has too many digits.") from None


class StringValidator(BaseValidator):
    """A text as it is, or the text of a number, a boolean, a date or UTF-8 bytes.

    Longer than `max_length` characters it is refused, or cut with a warning where `too_long` says so; what
    was not text (a number) is never cut.
    """

    def __init__(
        self, *, max_length: int | None = None, too_long: TooLong = "reject", strip: bool = False
    ) -> None:
        self.max_length = max_length
        self.too_long = too_long
        self.strip = strip

    def clean_value(self, value: Any) -> str:
        """The text; `nul`, `invalid`, `too_long`."""
        text = storable(value if isinstance(value, str) else text_of(value))
        if self.strip:
            text = text.strip()
        if self.max_length is not None and len(text) > self.max_length:
            message = f"The text is longer than {self.max_length} characters."
            if self.too_long == "cut" and isinstance(value, str):
                raise ChangedValue("too_long", message, text[: self.max_length])
            raise InvalidValue("too_long", message)
        return text


class FormatValidator(StringValidator):
    """A text of a certain form, without the spaces around it; never cut, as a part of it means nothing."""

    expected: str

    def __init__(self, *, max_length: int | None = None) -> None:
        super().__init__(max_length=max_length, strip=True)

    def clean_value(self, value: Any) -> str:
        """The text in its normal form."""
        if not isinstance(value, str):
            raise self.refused()
        return self.normal(super().clean_value(value))

    def normal(self, text: str) -> str:
        """The normal form of a trimmed text: itself, unless a subclass says otherwise."""
        return text

    def refused(self) -> InvalidValue:
        """The error to raise for a text of another form."""
        return InvalidValue("invalid", f"{self.expected} was expected.")


def accepted(check: Callable[[str], None], text: str) -> bool:
    """Whether one of Django's validators takes the text.

    They let invisible marks pass that came along with a copied text; those are refused here.
    """
    try:
        check(text)
    except ValidationError:
        return False
    return text.isprintable()


_LABELS = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
# What nearly every value looks like; Django's validators take all of these, and five times as long.
USUAL_EMAIL = re.compile(rf"[a-z0-9_%+-]+(?:\.[a-z0-9_%+-]+)*@{_LABELS}", re.ASCII)
_USUAL_URL = re.compile(rf"https?://{_LABELS}(?:/[A-Za-z0-9_.~%/?&=+-]*)?", re.ASCII)
USUAL_LENGTH = 250


class EmailValidator(FormatValidator):
    """One bare e-mail address, in lower case."""

    expected = "An e-mail address"
    check = django_validators.EmailValidator()

    def normal(self, text: str) -> str:
        """In lower case."""
        text = text.lower()
        usual = len(text) <= USUAL_LENGTH and USUAL_EMAIL.fullmatch(text)
        if not usual and not accepted(self.check, text):
            raise self.refused()
        return text


class URLValidator(FormatValidator):
    """An absolute http or https address."""

    expected = "An address that starts with http:// or https://"
    check = django_validators.URLValidator(schemes=["http", "https"])

    def normal(self, text: str) -> str:
        """As it is."""
        usual = len(text) <= USUAL_LENGTH and _USUAL_URL.fullmatch(text)
        if not usual and not accepted(self.check, text):
            raise self.refused()
        return text


class ObjectIdValidator(FormatValidator):
    """A source's own identifier: an integer or a text without spaces in it."""

    expected = "An identifier"

    def clean_value(self, value: Any) -> str:
        """The identifier as text; a float is refused, since it may have lost digits already."""
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return super().clean_value(text_of(value) if is_integer else value)

    def normal(self, text: str) -> str:
        """As it is."""
        if len(text.split()) != 1:
            raise self.refused()
        return text


# Marks around numbers that were copied from an address book or a web page
_MARKS = " \t\r\n\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
# No words: phonenumbers drops those in front, and reads those behind as digits ("555-123 home").
_PHONE = re.compile(
    r"(?:tel:)?[+＋(]{0,2}\d[\d\s().‐-―/-]*"
    r"(?:[\s.]*(?:;?ext\.?|extension|x\.?|#|,)[\s:=.]*(?P<extension>\d{1,7})#?)?",
    re.IGNORECASE,
)
_LONGEST_PHONE = 80


@lru_cache(maxsize=16_384)
def e164(text: str, region: str) -> str | None:
    """The number with its country code, and " ext. N" where it has an extension; None where it is none."""
    form = _PHONE.fullmatch(text)
    if not form:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    # A local number without its area code is "possible" too, but not with a country code in front.
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension != form["extension"]:
        return None
    base = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{base} ext. {number.extension}" if number.extension else base


class PhoneValidator(BaseValidator):
    """A phone number in E.164 (`+12125550100`), with " ext. 12" where it has an extension.

    A number without a country code is one of `region`.
    """

    def __init__(self, *, region: str = "US", max_length: int | None = None) -> None:
        self.region = region
        self.text = StringValidator(max_length=max_length)

    def clean_value(self, value: Any) -> str:
        """The number; `invalid` where it cannot be dialled."""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InvalidValue("invalid", "A phone number was expected.")
        text = storable(text_of(value) if isinstance(value, int) else value).strip(_MARKS)
        number = e164(text, self.region) if len(text) <= _LONGEST_PHONE else None
        if number is None:
            raise InvalidValue("invalid", "This is not a possible phone number.")
        return self.text.clean_value(number)
