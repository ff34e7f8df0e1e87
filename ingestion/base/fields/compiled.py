"""One field of a mapping, compiled: from a record to the value in the row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.db import models

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.fields.columns import ModelField, converter
from ingestion.base.fields.declared import MISSING, Conventions, Convert, Field, Missing, Path, lookup
from ingestion.base.fields.ordinary import Known, Reader, known_to, reader_of
from ingestion.base.rows import Column
from ingestion.base.validators import InvalidValue

NOTHING = {type(None), Missing}


@dataclass(frozen=True, slots=True)
class CompiledField:
    """Everything a processor needs to know about one field, worked out once per run.

    `name` is the key in the row (the model field's attname), `source` the paths for messages, `find` gives
    the raw value at the first path that a record has, or MISSING. `keeps_blank` is said of a text column that
    is not nullable and takes an empty text for what it is. `reader` knows what becomes of a whole column of
    ordinary values (None: every value is looked at); `blank_is_null` and `null_texts` are what of `is_null`
    it must be told.
    """

    name: str
    source: str
    paths: tuple[Path, ...]
    find: Callable[[Any], Any]
    transforms: Convert | None
    convert: Convert
    is_null: Callable[[Any], bool]
    nullable: bool
    required: bool
    default: Any
    keeps_blank: bool
    reader: Reader | None = None
    blank_is_null: bool = True
    null_texts: frozenset[str] = frozenset()

    @property
    def has_default(self) -> bool:
        """Whether something stands in for null and absent."""
        return self.default is not MISSING

    def take(self, raw: Any) -> Any:
        """The row's value of a raw one: null becomes the default, the rest is transformed and converted.

        Raises InvalidValue (`required` where null is none), or ChangedValue where something can be kept.
        """
        if raw is None or self.is_null(raw):
            return self.empty(raw)
        if self.transforms is not None:
            raw = self.transforms(raw)
            if self.is_null(raw):
                return self.empty(raw)
        return self.convert(raw)

    def take_all(self, raws: list[Any]) -> Column | None:
        """What `take` makes of each of these, where all of them are ordinary; else None."""
        if self.reader is None:
            return None
        kinds = set(map(type, raws))
        if len(kinds) == 1 and not kinds & NOTHING and (column := self.read(raws, *kinds)):
            column.empty = 0
            return column
        blank = self.blank_is_null and str in kinds and "" in raws
        if not blank and len(kinds) == 1 and not kinds & NOTHING:
            return None
        if self.required or self.has_default or (blank and self.keeps_blank):
            return None
        if blank or Missing in kinds:
            raws = [None if raw is MISSING or (raw == "" and blank) else raw for raw in raws]
        there = [raw for raw in raws if raw is not None]
        if not there:
            return Column(raws)
        column = self.read(there, type(there[0])) if len(kinds - NOTHING) == 1 else None
        return column and column.spread(raws, there)

    def take_known(self, texts: list[str | None], known: Known) -> Column | None:
        """What `take` makes of the values that these texts stand for; None where it needs the values."""
        if self.reader is None or known != known_to(self.reader):
            return None
        there = list(filter(None, texts))  # no such text is empty
        if len(there) < len(texts) and (self.required or self.has_default):
            return None
        if known == "moments":
            nulls = len(texts) - len(there)
            if self.null_texts:
                return None
            return Column(texts=texts, read=datetime.fromisoformat, nulls=nulls, clean=True)
        column = self.reader(there, str) if there else None
        return column and column.spread(texts, there)

    def read(self, values: list[Any], kind: type) -> Column | None:
        """The column of values of one type, none of them null; None where one is an empty text."""
        if self.null_texts and kind is str and not self.null_texts.isdisjoint(map(str.strip, values)):
            return None
        return self.reader(values, kind) if self.reader else None

    def empty(self, raw: Any = None) -> Any:
        """What the row gets for a null: an empty text, the default, or None."""
        if self.keeps_blank and isinstance(raw, str) and not raw.strip():
            return ""
        if self.default is not MISSING:
            return self.default() if callable(self.default) else self.default
        if self.required:
            raise InvalidValue("required", "A value is required.")
        return None


def compile_field(
    model_field: ModelField, field: Field | str, conventions: Conventions, *, validate: bool = True
) -> CompiledField:
    """A mapping's declaration of one model field, made ready for a run.

    Raises ConfigurationError for a declaration that can never work.
    """
    if isinstance(field, str):
        field = Field(field)
    null_values = conventions.null_values if field.null_values is None else field.null_values
    default = default_of(model_field) if field.default is MISSING else field.default
    required = field.required
    if required is None:
        required = not model_field.null and default is MISSING
    if not (required or model_field.null or default is not MISSING):
        raise ConfigurationError(
            "required=False, but the column takes no null and there is no default",
            where=str(model_field.name),
            fix="declare a default, or make the model field null=True",
        )
    convert = converter(model_field, field, conventions, validate=validate)
    return CompiledField(
        name=model_field.attname,
        source=field.source if isinstance(field.source, str) else "|".join(field.source),
        paths=field.paths,
        find=finder(field.paths),
        transforms=reduce(then, map(guarded, field.transforms)) if field.transforms else None,
        convert=convert,
        is_null=null_test(null_values, text=is_text(model_field)),
        nullable=model_field.null,
        required=required,
        default=default,
        keeps_blank=field.default is MISSING and not field.required and blank_means_blank(model_field),
        reader=None if field.transforms else reader_of(convert),
        blank_is_null="" in null_values or not is_text(model_field),
        null_texts=frozenset(null_values) - {""},
    )


def finder(paths: tuple[Path, ...]) -> Convert:
    """What finds a raw value in a record.

    It runs for every value of every record, so the two shapes that nearly all mappings have, `name` and
    `properties.name`, are written out.
    """
    first = paths[0]
    if len(paths) == 1 and len(first) <= 2:
        outer, inner = first[0], first[-1]

        def find(record: Any) -> Any:
            value = record.get(outer, MISSING) if type(record) is dict else lookup(record, (outer,))
            if len(first) == 1:
                return value
            return value.get(inner, MISSING) if type(value) is dict else lookup(record, first)

        return find

    def find_any(record: Any) -> Any:
        return next((raw for path in paths if (raw := lookup(record, path)) is not MISSING), MISSING)

    return find_any


def is_text(model_field: ModelField) -> bool:
    """Whether an empty text is a value of the column."""
    return model_field.empty_strings_allowed and not isinstance(model_field, models.BinaryField)


def blank_means_blank(model_field: ModelField) -> bool:
    """Whether an empty text in the source is one in the row: the column has no other way to say nothing."""
    has_place = model_field.blank or model_field.default == ""
    return is_text(model_field) and not model_field.null and has_place


def default_of(model_field: ModelField) -> Any:
    """What a column without null gets for one: the model's default, else "" in a text that may be blank."""
    if model_field.null:
        return MISSING
    if model_field.has_default():
        return model_field.get_default
    in_database = vars(model_field).get("db_default", models.NOT_PROVIDED)
    if in_database is not models.NOT_PROVIDED and not hasattr(in_database, "resolve_expression"):
        return in_database
    return "" if blank_means_blank(model_field) else MISSING


def null_test(null_values: tuple[str, ...], *, text: bool) -> Callable[[Any], bool]:
    """What tells a null from a value: None, absent, and texts that mean it.

    In a column that is not text an empty text is always null.
    """
    texts = frozenset(null_values) if text else frozenset(null_values) | {""}

    def is_null(value: Any) -> bool:
        if isinstance(value, str):
            return value.strip() in texts
        return value is None or value is MISSING

    return is_null


def guarded(transform: Convert) -> Convert:
    """A transform whose ValueError and TypeError mean that the value is bad; anything else stays loud."""
    name = getattr(transform, "__qualname__", type(transform).__name__)

    def guard(value: Any) -> Any:
        try:
            return transform(value)
        except InvalidValue:
            raise
        except (ValueError, TypeError):
            raise InvalidValue("invalid", f"{name} could not take this value.") from None

    return guard


def then(first: Convert, second: Convert) -> Convert:
    """Both transforms, the second only if the first left something."""
    return lambda value: None if (result := first(value)) is None else second(result)
