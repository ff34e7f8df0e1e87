"""What turns one raw value into one Python value.

A value is converted, or kept with a warning, or refused; it is never silently changed into something else.
"""

from ingestion.base.validators.base import BaseValidator, ChangedValue, InvalidValue, OddValue
from ingestion.base.validators.numbers import BooleanValidator, NumberValidator
from ingestion.base.validators.other import BinaryValidator, IPAddressValidator, JSONValidator, UUIDValidator
from ingestion.base.validators.texts import (
    EmailValidator,
    FormatValidator,
    ObjectIdValidator,
    PhoneValidator,
    StringValidator,
    TooLong,
    URLValidator,
)
from ingestion.base.validators.times import (
    DateTimeValidator,
    DateValidator,
    DurationValidator,
    TimeValidator,
)

FIELD_TYPE_VALIDATORS: dict[str, type[BaseValidator]] = {
    "email": EmailValidator,
    "phone": PhoneValidator,
    "url": URLValidator,
    "date": DateValidator,
    "datetime": DateTimeValidator,
    "number": NumberValidator,
    "boolean": BooleanValidator,
    "string": StringValidator,
    "json": JSONValidator,
    "object_id": ObjectIdValidator,
}
"""The names that a mapping may use for a type. A project may add its own."""

__all__ = [
    "FIELD_TYPE_VALIDATORS",
    "BaseValidator",
    "BinaryValidator",
    "BooleanValidator",
    "ChangedValue",
    "DateTimeValidator",
    "DateValidator",
    "DurationValidator",
    "EmailValidator",
    "FormatValidator",
    "IPAddressValidator",
    "InvalidValue",
    "JSONValidator",
    "NumberValidator",
    "ObjectIdValidator",
    "OddValue",
    "PhoneValidator",
    "StringValidator",
    "TimeValidator",
    "TooLong",
    "URLValidator",
    "UUIDValidator",
]
