"""From a model field to the function that turns a raw value into what its column holds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.fields.declared import Conventions, Convert, Field
from ingestion.base.validators import (
    FIELD_TYPE_VALIDATORS,
    BaseValidator,
    BinaryValidator,
    BooleanValidator,
    ChangedValue,
    DateTimeValidator,
    DateValidator,
    DurationValidator,
    EmailValidator,
    FormatValidator,
    InvalidValue,
    IPAddressValidator,
    JSONValidator,
    NumberValidator,
    PhoneValidator,
    StringValidator,
    TimeValidator,
    TooLong,
    URLValidator,
    UUIDValidator,
)

ModelField: TypeAlias = "models.Field[Any, Any]"


@dataclass(frozen=True)
class Context:
    """Everything besides the model field that decides how a value is converted."""

    conventions: Conventions
    too_long: TooLong
    formats: tuple[str, ...]
    validate: bool

    @property
    def times(self) -> dict[str, Any]:
        """The arguments of the validators of dates and times."""
        return {"time_zone": self.conventions.time_zone, "formats": self.formats}


def of_text(field: ModelField, context: Context) -> BaseValidator:
    """Text as long as the column."""
    return StringValidator(max_length=field.max_length, too_long=context.too_long)


def of_format(validator: type[FormatValidator]) -> "Builder":
    """Text of a form, or any text where formats are not checked."""

    def build(field: ModelField, context: Context) -> BaseValidator:
        return (validator if context.validate else StringValidator)(max_length=field.max_length)

    return build


def of_integer(field: ModelField, _context: Context) -> BaseValidator:
    """Whole numbers as great as the column holds on every database."""
    ranges = BaseDatabaseOperations.integer_field_ranges
    low, high = ranges.get(field.get_internal_type(), ranges["BigIntegerField"])
    return NumberValidator(int, min_value=low, max_value=high)


def of_decimal(field: ModelField, _context: Context) -> BaseValidator:
    """Decimals with the column's digits."""
    digits, places = vars(field)["max_digits"], vars(field)["decimal_places"]
    return NumberValidator(Decimal, max_digits=digits, decimal_places=places)


Builder = Callable[[ModelField, Context], BaseValidator]

COLUMNS: dict[type[Any], Builder] = {
    models.CharField: of_text,
    models.TextField: of_text,
    models.FileField: of_text,
    models.FilePathField: of_text,
    models.EmailField: of_format(EmailValidator),
    models.URLField: of_format(URLValidator),
    models.BooleanField: lambda _field, _context: BooleanValidator(),
    models.IntegerField: of_integer,
    models.DecimalField: of_decimal,
    models.FloatField: lambda _field, _context: NumberValidator(float),
    models.DateField: lambda _field, context: DateValidator(**context.times),
    models.DateTimeField: lambda _field, context: DateTimeValidator(**context.times),
    models.TimeField: lambda _field, context: TimeValidator(formats=context.formats),
    models.DurationField: lambda _field, _context: DurationValidator(),
    models.UUIDField: lambda _field, _context: UUIDValidator(),
    models.JSONField: lambda _field, _context: JSONValidator(),
    models.BinaryField: lambda field, _context: BinaryValidator(max_length=field.max_length),
    models.GenericIPAddressField: lambda field, _context: IPAddressValidator(
        unpack_ipv4=vars(field)["unpack_ipv4"]
    ),
}
"""By the class of a model field; a class that is not here is what its nearest ancestor is."""


class ModelFieldValidator(BaseValidator):
    """Whatever a model field of an unknown class makes of a value itself."""

    def __init__(self, field: ModelField, context: Context) -> None:
        self.field = field
        self.text = of_text(field, context)

    def clean_value(self, value: Any) -> Any:
        """What `to_python` returns."""
        try:
            result = self.field.to_python(value)
        except ValidationError as error:
            raise refusal(error) from None
        except (TypeError, ValueError):
            raise InvalidValue("invalid", "The model's field cannot take this value.") from None
        return self.text.clean_value(result) if isinstance(result, str) else result


def refusal(error: ValidationError) -> InvalidValue:
    """A ValidationError as one of ours, with the value left out of its sentences."""
    parts = error.error_list
    said = [
        str(part.message) % {**part.params, "value": "…"} if part.params else part.message for part in parts
    ]
    return InvalidValue(parts[0].code or "invalid", " ".join(map(str, said)))


def column(field: ModelField, context: Context) -> BaseValidator:
    """The validator of what a model field's column holds."""
    build = next((COLUMNS[kind] for kind in type(field).__mro__ if kind in COLUMNS), ModelFieldValidator)
    return build(field, context)


FORMATS = (EmailValidator, PhoneValidator, URLValidator)


def typed(name: str, context: Context) -> BaseValidator:
    """The validator of a `type` in a mapping. Raises ConfigurationError for an unknown one."""
    try:
        validator = FIELD_TYPE_VALIDATORS[name]
    except KeyError:
        known = ", ".join(sorted(FIELD_TYPE_VALIDATORS))
        raise ConfigurationError(f"unknown type {name!r}", fix=f"use one of {known}") from None
    if issubclass(validator, FORMATS) and not context.validate:
        return StringValidator()
    if issubclass(validator, DateTimeValidator):
        return validator(**context.times)
    if issubclass(validator, PhoneValidator):
        return validator(region=context.conventions.phone_region)
    return validator()


# What the validators of these columns see to already
CHECKED = (*models.EmailField.default_validators, *models.URLField.default_validators)


def declared_checks(field: ModelField) -> Convert | None:
    """The validators that the model field declares, as one step that returns the value; None without any."""
    declared = [*field.default_validators, *vars(field)["_validators"]]
    checks = [check for check in declared if check not in CHECKED]

    def check(value: Any) -> Any:
        for one in checks:
            try:
                one(value)
            except ValidationError as error:
                raise refusal(error) from None
        return value

    return check if checks else None


@dataclass(frozen=True)
class Chain:
    """One conversion after another; what the first could only keep in part still passes the second."""

    first: Convert
    second: Convert

    def __call__(self, value: Any) -> Any:
        """Both."""
        try:
            value = self.first(value)
        except ChangedValue as changed:
            raise ChangedValue(changed.code, changed.message, self.second(changed.kept)) from None
        return self.second(value)


def converter(
    model_field: ModelField, field: Field, conventions: Conventions, *, validate: bool = True
) -> Convert:
    """What turns a raw value that is not null into the model's value; made once per run.

    It raises InvalidValue, or ChangedValue where the value could be kept in part. `validate=False` switches
    off the formats of e-mail, phone and URL and the validators that the model field declares; types are
    always converted, and what the column can hold is always checked.
    """
    context = Context(conventions, field.too_long or conventions.too_long, field.formats, validate)
    steps: list[Convert] = []
    checks: list[Convert | None] = [declared_checks(model_field)]
    target = model_field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
        checks.insert(0, declared_checks(target))
    if field.type:
        if field.type != "string":  # half a phone number or a date is none
            context = replace(context, too_long="reject")
        steps.append(typed(field.type, context).clean_value)
    steps.append(column(target, context).clean_value)
    if validate:
        steps += [check for check in checks if check]
    return reduce(Chain, steps)
