"""FieldMapper: a processor's declaration, compiled once per run into what turns a record into a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import models

from ingestion.base.exceptions import ConfigurationError, FieldError, hint
from ingestion.base.fields import MISSING, CompiledField, Conventions, Field, Path, compile_field, lookup
from ingestion.base.records import Record, Row, digest, to_json
from ingestion.base.validators import ChangedValue, InvalidValue

FRAMEWORK_COLUMNS = frozenset({"sync_created_at", "sync_updated_at", "source_deleted_at", "extra"})
"""Columns of SourceModel: filled by the loader, never by a mapping."""

REJECTING = frozenset({"too_long"})
"""Codes that reject the record even in an optional field: a null would lose more than it saves."""

VALUE_LENGTH = 200


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
        shown = Shown(records)
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
        errors: list[FieldError] = []
        warnings: list[FieldError] = []
        for column in columns:
            raw = column.find(record)
            name = column.name
            try:
                row[name] = column.take(raw)
            except ChangedValue as change:
                row[name] = change.kept
                warnings.append(field_error(column, change, raw))
                self.count_invalid(name)
            except InvalidValue as error:
                row[name] = None if column.required else column.empty()
                rejecting = column.required or error.code in REJECTING
                (errors if rejecting else warnings).append(field_error(column, error, raw))
                if error.code != "required":
                    self.count_invalid(name)
            if raw is not None and raw is not MISSING and raw != "":
                self.checked[name] = self.checked.get(name, 0) + 1
        return row, errors, warnings

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


class Shown:
    """Which paths a batch of records shows, be it with a null; each level is looked through once."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.below: dict[tuple[str, ...], set[str] | None] = {}

    def has(self, path: tuple[str, ...]) -> bool:
        """Whether any record shows a path. Below a null everything is null."""
        above = path[:-1]
        if above not in self.below:
            self.below[above] = self.names(above)
        names = self.below[above]
        if names is not None:
            return path[-1] in names
        return any(lookup(record, path) is not MISSING for record in self.records)

    def names(self, above: tuple[str, ...]) -> set[str] | None:
        """The names at one level; None where it is not made of objects alone."""
        levels = [lookup(record, above) for record in self.records] if above else self.records
        levels = [level for level in levels if level is not MISSING]
        if any(not isinstance(level, Mapping) for level in levels):
            return None
        return set().union(*levels)


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


def known_paths(paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Mapped paths as a tree; a leaf is True."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for part in path[:-1]:
            below = node.setdefault(part, {})
            if below is True:
                break
            node = below
        else:
            node[path[-1]] = True
    return tree


def remainder(record: Record, known: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record that are not in the tree of known paths."""
    if record.keys() <= known.keys() and all(known[name] is True for name in record):
        return {}
    left: dict[str, Any] = {}
    for name, value in record.items():
        below = known.get(name)
        if below is None:
            left[name] = value
        elif isinstance(below, dict) and isinstance(value, Mapping):
            if rest := remainder(value, below):
                left[name] = rest
        elif isinstance(below, dict) and value is not None:
            left[name] = value
    return left
