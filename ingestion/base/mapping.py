"""FieldMapper: a processor's declaration, compiled once per run into what turns a record into a row."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import models

from ingestion.base.columnar import pieces
from ingestion.base.exceptions import ConfigurationError, FieldError, hint
from ingestion.base.fields import MISSING, CompiledField, Conventions, Field, Path, compile_field
from ingestion.base.levels import Levels, known_paths, nothing_else, remainder
from ingestion.base.records import Record, Row, digest, to_json
from ingestion.base.rows import Column
from ingestion.base.validators import ChangedValue, InvalidValue, OddValue

FRAMEWORK_COLUMNS = frozenset({"sync_created_at", "sync_updated_at", "source_deleted_at", "extra"})
"""Columns of SourceModel: filled by the loader, never by a mapping."""

REJECTING = frozenset({"too_long"})
"""Codes that reject the record even in an optional field: a null would lose more than it saves."""

VALUE_LENGTH = 200

AT_ONCE = 1000
"""Records that are mapped at once: few enough to stay in the processor's cache from one look to the next."""


class FieldMapper:
    """The compiled mapping of one model.

    A model field that `fields` does not name maps to the same name below `prefix`. Raises
    ConfigurationError for a target that the model does not have.
    """

    def __init__(
        self,
        model: type[models.Model],
        fields: Mapping[str, str | tuple[str, ...] | Field],
        *,
        prefix: str = "",
        skip: Iterable[str] = (),
        conventions: Conventions | None = None,
        validate: bool = True,
    ) -> None:
        self.model = model
        self.validate = validate
        self.conventions = conventions or Conventions()
        declared = {attribute_of(model, name): as_field(source) for name, source in fields.items()}
        targets = mappable(model, skip)
        same = {name: Field(f"{prefix}{name}") for name in targets if name not in declared}
        self.declared = declared | same
        self.columns = tuple(
            compile_field(targets[name], source, self.conventions, validate=validate)
            for name, source in self.declared.items()
            if name in targets
        )
        self.seen: set[str] = set()
        self.checked: dict[str, int] = {}
        self.invalid: dict[str, int] = {}
        self.known = known_paths(path for column in self.columns for path in column.paths)

    def require(self, names: Iterable[str]) -> None:
        """These columns are the key: a null in one of them rejects the record, whatever the model says."""
        named = set(names)
        self.columns = tuple(
            replace(column, required=True) if column.name in named and not column.has_default else column
            for column in self.columns
        )

    def know(self, paths: Iterable[Path]) -> None:
        """Paths that are read although they feed no column: they are nothing left over."""
        self.known = known_paths([*paths, *(path for column in self.columns for path in column.paths)])

    def columns_for(self, records: Sequence[Record]) -> tuple[CompiledField, ...]:
        """The columns that a batch may write: those whose path has been in some record of the run.

        Absent is not null: a path that no record shows leaves its column as it is.
        """
        unseen = [column for column in self.columns if column.name not in self.seen]
        shown = Levels(records)
        self.seen.update(column.name for column in unseen if any(map(shown.has, column.paths)))
        return tuple(column for column in self.columns if column.name in self.seen)

    @property
    def absent(self) -> list[str]:
        """Source paths that no record of the run has shown."""
        return [column.source for column in self.columns if column.name not in self.seen]

    def map_fields(
        self, record: Record, columns: Iterable[CompiledField]
    ) -> tuple[Row, list[FieldError], list[FieldError]]:
        """A record as a row, with the errors that reject it and those that only warn."""
        row: Row = {}
        found = Findings()
        for column in columns:
            raw = column.find(record)
            row[column.name] = self.take(column, raw, found, 0)
            self.count(column.name, [raw])
        return row, found.errors.get(0, []), found.warnings.get(0, [])

    def map_columns(
        self, records: Sequence[Record], columns: Sequence[CompiledField]
    ) -> "tuple[dict[str, Column], Findings]":
        """Many records as columns, with what was wrong by the record's place.

        The same values as `map_fields` finds. A column whose values are all ordinary is read as a whole;
        in any other one every value is looked at by itself.
        """
        found = Findings()
        parts: dict[str, list[Column]] = {column.name: [] for column in columns}
        start = 0
        for some in pieces(records, AT_ONCE):
            levels = Levels(some)
            read = {column.name: self.read_known(column, levels) for column in columns}
            rest = [column for column in columns if read[column.name] is None]
            for column, raws in zip(rest, levels.all_raws(rest), strict=True):
                read[column.name] = self.read_column(column, raws, found, start)
            for name, part in read.items():
                parts[name] += [part] if part else []
            start += len(some)
        return {name: Column.joined(read) for name, read in parts.items()}, found

    def read_known(self, column: CompiledField, levels: Levels) -> Column | None:
        """What becomes of texts of which the client knows what they are, where that is enough to tell."""
        known, texts = levels.known(column.paths)
        read = column.take_known(texts, known) if known else None
        if read is not None:
            self.add_checked(column.name, len(texts) - read.nulls)
        return read

    def read_column(self, column: CompiledField, raws: list[Any], found: "Findings", start: int) -> Column:
        """What becomes of raw values, the first of which is that of record number `start`."""
        read = column.take_all(raws)
        if read is None:
            self.count(column.name, raws)
            return Column([self.take(column, raw, found, place) for place, raw in enumerate(raws, start)])
        self.add_checked(column.name, len(raws) - read.nulls)
        return read

    def take(self, column: CompiledField, raw: Any, found: "Findings", place: int) -> Any:
        """The row's value of one raw one; what is wrong with it is put down."""
        try:
            return column.take(raw)
        except OddValue as odd:
            if self.validate:
                found.warnings.setdefault(place, []).append(field_error(column, odd, raw))
            return odd.kept
        except ChangedValue as change:
            found.warnings.setdefault(place, []).append(field_error(column, change, raw))
            self.count_invalid(column.name)
            return change.kept
        except InvalidValue as error:
            rejecting = column.required or error.code in REJECTING
            place_in = found.errors if rejecting else found.warnings
            place_in.setdefault(place, []).append(field_error(column, error, raw))
            if error.code != "required":
                self.count_invalid(column.name)
            return None if column.required else column.empty()

    def count(self, name: str, raws: Sequence[Any]) -> None:
        """So many more values of this column have been looked at; what says nothing does not count."""
        self.add_checked(name, len(raws) - raws.count(None) - raws.count(MISSING) - raws.count(""))

    def add_checked(self, name: str, count: int) -> None:
        """So many more values of a column that say something."""
        if count:
            self.checked[name] = self.checked.get(name, 0) + count

    def count_invalid(self, name: str) -> None:
        """One more value of this column that could not be taken as it came."""
        self.invalid[name] = self.invalid.get(name, 0) + 1

    def broken(self) -> list[str]:
        """Columns that are invalid in more than half of 100 or more non-empty values of the run."""
        return [
            name
            for name, invalid in self.invalid.items()
            if self.checked.get(name, 0) >= 100 and invalid * 2 > self.checked[name]
        ]

    def leftover(self, record: Record) -> dict[str, Any]:
        """What the mapping did not name, as JSON takes it."""
        return remainder(record, self.known)

    def names_all(self, records: Sequence[Record]) -> bool:
        """Whether it can be told at a glance that the mapping names everything in these records."""
        return nothing_else(records, self.known)

    def source_of(self, name: str) -> str:
        """The path a column is read from, for messages."""
        return next((column.source for column in self.columns if column.name == name), name)

    def fingerprint(self) -> str:
        """Changes when the declaration changes; not when a transform's code does."""
        parts = [[name, *described(self.declared[name])] for name in sorted(self.declared)]
        common = self.conventions
        habits = [common.null_values, str(common.time_zone), common.too_long, common.phone_region]
        return digest(to_json([parts, habits]))


def as_field(source: str | tuple[str, ...] | Field) -> Field:
    """A declaration in its long form."""
    return source if isinstance(source, Field) else Field(source)


@dataclass(slots=True)
class Findings:
    """What was wrong in some records, by their place: errors reject a record, warnings only tell."""

    errors: dict[int, list[FieldError]] = dataclasses.field(default_factory=dict)
    warnings: dict[int, list[FieldError]] = dataclasses.field(default_factory=dict)


def described(field: Field) -> list[str]:
    """A declaration as text that is the same in every process."""
    default = named(field.default) if callable(field.default) else repr(field.default)
    rest = [field.required, field.type, field.too_long, field.formats, field.null_values]
    return [str(field.source), *map(named, field.transforms), default, *map(str, rest)]


def named(function: Any) -> str:
    """What a function is called, with what is bound to it."""
    if isinstance(function, partial):
        bound = [
            *map(repr, function.args),
            *(f"{name}={value!r}" for name, value in function.keywords.items()),
        ]
        return f"{named(function.func)}({', '.join(bound)})"
    return getattr(function, "__qualname__", type(function).__name__)


def attribute_of(model: type[models.Model], name: str) -> str:
    """The row's name for a model field (`customer` → `customer_id` for a foreign key)."""
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field.attname
    names = [field.name for field in model._meta.concrete_fields]
    raise ConfigurationError(
        f"{model.__name__} has no field {name!r}",
        fix=hint(name, names, f"one of {', '.join(names)}"),
    )


def mappable(model: type[models.Model], skip: Iterable[str] = ()) -> "dict[str, models.Field[Any, Any]]":
    """Attribute name → model field, for the fields that a source fills."""
    skipped = FRAMEWORK_COLUMNS.union(skip)
    return {
        field.attname: field
        for field in model._meta.concrete_fields
        if not {field.name, field.attname} & skipped
        and not isinstance(field, (models.AutoField, models.BigAutoField, models.SmallAutoField))
        and not field.generated
    }


def field_error(column: CompiledField, error: InvalidValue, raw: object) -> FieldError:
    """What was wrong with one value."""
    return FieldError(column.name, column.source, error.code, error.message, shorten(raw))


def shorten(raw: object) -> str:
    """A raw value as text for a screen."""
    text = raw if isinstance(raw, str) else repr(raw)
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}… ({len(text)} characters)"
