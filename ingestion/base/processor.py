"""BaseProcessor: turns records into rows, and says of every other record what is wrong with it."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from ingestion.base.exceptions import ConfigurationError, FieldError, RecordError, SourceError
from ingestion.base.fields import MISSING, Conventions, Field, lookup, split_path
from ingestion.base.levels import Levels
from ingestion.base.mapping import FieldMapper, attribute_of, shorten
from ingestion.base.records import Batch, Key, Record, Row, Tombstone, digest, to_json
from ingestion.base.rows import Column, Rows, select
from ingestion.base.rules import BusinessRuleValidator, field_errors
from ingestion.base.secrets import Secrets
from ingestion.base.sorting import Fate, Left, Transformed, newest_only, others, unread
from ingestion.base.validators import InvalidValue, JSONValidator


@dataclass(frozen=True)
class Children:
    """A list inside a record that becomes rows of another model, replaced as a set with its parent.

    `source` is the path of the list, `processor_class` what its items become, `parent` the child model's
    foreign key to the parent. The child processor's `key` must tell one parent's children apart.
    """

    source: str
    processor_class: "type[BaseProcessor]"
    parent: str


class BaseProcessor:
    """What an entity's records become: a declaration, and hooks where a declaration is not enough.

    `fields` names the source of a model field (target on the left); a model field that it does not name
    maps to the same name below `prefix`. `key` are the model fields that identify a record,
    `timestamp_field` the model's column with the source's time of last change. `exclude` are model fields
    that the source does not have, `local_fields` those that people edit here and a sync never touches.
    `tombstone` is the path of a flag that says a record is gone, `merged` that of a list of keys (separated
    by `;`) that a record has replaced: their rows go. `secrets` are paths that never reach the quarantine
    or `extra`, `ignored` those that are left out of `extra` because they say nothing new.
    """

    model: ClassVar[type[models.Model]]
    fields: ClassVar[Mapping[str, str | tuple[str, ...] | Field]] = {}
    prefix: ClassVar[str] = ""
    key: ClassVar[str | tuple[str, ...]] = ()
    timestamp_field: ClassVar[str | None] = None
    exclude: ClassVar[tuple[str, ...]] = ()
    local_fields: ClassVar[tuple[str, ...]] = ()
    children: ClassVar[Mapping[str, Children]] = {}
    rules: ClassVar[tuple[type[BusinessRuleValidator], ...]] = ()
    tombstone: ClassVar[str | None] = None
    merged: ClassVar[str | None] = None
    secrets: ClassVar[tuple[str, ...]] = ()
    ignored: ClassVar[tuple[str, ...]] = ()
    keep_extra: ClassVar[bool] = True
    conventions: ClassVar[Conventions] = Conventions()

    def __init__(self, *, validate: bool = True, skip: Iterable[str] = ()) -> None:
        self.validate = validate
        self.mapper = FieldMapper(
            self.model,
            self.fields,
            prefix=self.prefix,
            skip=[*self.exclude, *self.local_fields, *skip],
            conventions=self.conventions,
            validate=validate,
        )
        skipped = {attribute_of(self.model, name) for name in skip}
        self.key_fields = tuple(name for name in key_fields(type(self)) if name not in skipped)
        self.mapper.require(self.key_fields)
        self.key_columns = tuple(column for column in self.mapper.columns if column.name in self.key_fields)
        self.columns = self.mapper.columns
        self.warned: list[FieldError] = []
        self.checks = [rule() for rule in self.rules]
        below = [
            f"{child.source}.{each}"
            for child in self.children.values()
            for each in child.processor_class.secrets
        ]
        self.hidden = Secrets([*self.secrets, *below])
        self.gone = split_path(self.tombstone) if self.tombstone else None
        self.replaced = split_path(self.merged) if self.merged else None
        self.with_extra = self.keep_extra and has_field(self.model, "extra")
        self.lists = {
            name: (split_path(child.source), child.processor_class(validate=validate, skip=[child.parent]))
            for name, child in self.children.items()
        }
        ignored = [split_path(path) for path in self.ignored]
        self.mapper.know([*filter(None, [self.gone]), *(path for path, _ in self.lists.values()), *ignored])
        self.unknown: set[str] = set()
        own = type(self)
        self.by_record = bool(self.lists) or own.transform_record is not BaseProcessor.transform_record
        self.has_rules = bool(self.checks) or own.validate_record is not BaseProcessor.validate_record

    def get_field_mapping(self) -> dict[str, str]:
        """Source path → model field, as compiled: for documents and screens."""
        return {column.source: column.name for column in self.mapper.columns}

    def process_batch(self, records: Sequence[Record]) -> Batch:
        """Turn a batch of records into rows and rejected; every record is in one of them.

        Raises SourceError when no record has the key's path: that is another file or another API version,
        not a batch of bad records.
        """
        left = Left(records)
        left.take_out(unread(records))
        self.start_batch(left.records)
        left.take_out(self.stones(left.records))
        rows, errors, warnings = self.transform_batch(left.records)
        noted = {left.places[number]: warned for number, warned in warnings.items()}
        left.take_out(errors)
        if self.validate and self.has_rules:
            broken = self.broken_rules(rows, left.records)
            rows = select(rows, others(len(rows), broken)) if broken else rows
            left.take_out(broken)
        return self.sorted_out(left, rows, noted)

    def start_batch(self, records: Sequence[Record]) -> None:
        """Settle which columns this batch writes."""
        self.columns = self.mapper.columns_for(records)
        missing = [column for column in self.key_columns if column.name not in self.mapper.seen]
        if records and missing:
            key, found = missing[0], ", ".join(sorted(records[0])[:12])
            raise SourceError(
                f"no record has {key.source}, from which the key {key.name} is read; found {found}",
                where=self.model.__name__,
                fix=f"name the right path in {type(self).__name__}.fields, or check what was read",
            )
        for path, child in self.lists.values():
            child.start_children(Levels(records).raws(path))

    def start_children(self, lists: Iterable[Any]) -> None:
        """As `start_batch`, for the items of a batch's lists."""
        items = [item for each in lists if isinstance(each, list) for item in each]
        self.start_batch([item for item in items if isinstance(item, Mapping)])

    def stones(self, records: Sequence[Record]) -> "dict[int, Fate]":
        """The records that say they are gone, by their number."""
        if self.gone is None or not any(Levels(records).raws(self.gone)):
            return {}
        found: dict[int, Fate] = {}
        for number, record in enumerate(records):
            if self.says_gone(record):
                try:
                    found[number] = self.read_tombstone(record)
                except RecordError as error:
                    found[number] = error
        return found

    def transform_batch(self, records: Sequence[Record]) -> "Transformed":
        """Records as rows: column by column, or one by one where `transform_record` has more to do."""
        if self.by_record:
            return self.transform_each(records)
        columns, found = self.mapper.map_columns(records, self.columns)
        errors: dict[int, Fate] = {}
        for number, wrong in found.errors.items():
            key = [columns[name].values[number] for name in self.key_fields]
            errors[number] = self.rejection(wrong, records[number], tuple(key))
        if self.with_extra:
            columns["extra"] = self.extra_column(records, found.warnings)
        rows = Rows(columns, len(records))
        return Transformed(rows.select(others(len(rows), errors)) if errors else rows, errors, found.warnings)

    def transform_each(self, records: Sequence[Record]) -> "Transformed":
        """Records as rows, one by one."""
        rows: list[Row] = []
        done = Transformed(rows, {}, {})
        for number, record in enumerate(records):
            self.warned = []
            try:
                rows.append(self.transform_record(record))
            except RecordError as error:
                done.errors[number] = error
                continue
            if self.warned:
                done.warnings[number] = self.warned
        return done

    def broken_rules(self, rows: Sequence[Row], records: Sequence[Record]) -> "dict[int, Fate]":
        """The rows that a rule rejects, by their number. A rule looks at a row; it cannot change it."""
        found: dict[int, Fate] = {}
        for number, (row, record) in enumerate(zip(rows, records, strict=True)):
            try:
                self.check_rules(MappingProxyType(row), record)
            except RecordError as error:
                found[number] = error
        return found

    def sorted_out(
        self, left: "Left", rows: Sequence[Row], warnings: Mapping[int, list[FieldError]]
    ) -> Batch:
        """The batch: one event for each key, what was rejected and what is gone in the order it came in."""
        records = left.records
        batch = Batch(rows, list(map(self.hidden.without, records)) if self.hidden.paths else records)
        stones = []
        for place, fate in sorted(left.fates.items()):
            after = bisect_left(left.places, place)
            if isinstance(fate, RecordError):
                batch.rejected.append(self.hidden.hide(fate))
                batch.rejected_after.append(after)
            else:
                stones.append(replace(fate, after=after))
        batch.tombstones = sorted([*stones, *self.merged_into(rows, records)], key=lambda stone: stone.after)
        kept = newest_only(batch, self.key_fields, self.timestamp_field)
        for number in kept if warnings else ():
            if warned := warnings.get(left.places[number]):
                key = self.key_of(rows[number])
                batch.warnings.append(self.hidden.hide(RecordError(warned, record=records[number], key=key)))
        return batch

    def says_gone(self, record: Record) -> bool:
        """Whether the source says of a record that it is deleted."""
        return self.gone is not None and is_set(lookup(record, self.gone))

    def merged_into(self, rows: Sequence[Row], records: Sequence[Record]) -> list[Tombstone]:
        """The keys that these records have replaced: their rows go."""
        if self.replaced is None:
            return []
        stones = []
        for number, keys in enumerate(Levels(records).raws(self.replaced)):
            if keys:
                own = self.key_of(rows[number])
                named = [(key.strip(),) for key in str(keys).split(";") if key.strip()]
                stones += [Tombstone(key, number + 1) for key in named if key != own]
        return stones

    def fingerprint(self) -> str:
        """Changes when anything changes that decides what a record becomes."""
        parts = [
            self.mapper.fingerprint(),
            self.key_fields,
            self.tombstone,
            self.merged,
            self.timestamp_field,
        ]
        return digest(to_json([*parts, *(child.fingerprint() for _, child in self.lists.values())]))

    def transform_record(self, record: Record) -> Row:
        """One record as a row. Override to derive what a mapping cannot say; call this first.

        Raises RecordError with every bad field at once.
        """
        row, errors, self.warned = self.mapper.map_fields(record, self.columns)
        for name, (path, child) in self.lists.items():
            rows = child.child_rows(name, lookup(record, path), errors, self.warned)
            if rows is not None:
                row[name] = rows
        if errors:
            raise self.rejection(errors, record, tuple(row.get(name) for name in self.key_fields))
        if self.with_extra:
            row["extra"] = self.extra_of(record, self.warned)
        return row

    def rejection(self, errors: Sequence[FieldError], record: Record, key: Key) -> RecordError:
        """A record that could not become a row; without its key where that is what is wrong."""
        readable = not any(error.field in self.key_fields for error in errors)
        return RecordError(errors, record=record, key=key if readable else None)

    def validate_record(self, row: Mapping[str, Any]) -> None:
        """Hook: look at a finished row; raise Django's ValidationError to reject it."""

    def check_rules(self, row: Mapping[str, Any], record: Record) -> None:
        """Apply `validate_record` and the declared business rules.

        Raises RecordError with all they find.
        """
        errors = [error for check in self.checks for error in check.validate(row)]
        try:
            self.validate_record(row)
        except ValidationError as error:
            errors += field_errors(error, row)
        if errors:
            placed = [replace(each, source=self.mapper.source_of(each.field)) for each in errors]
            raise RecordError(placed, record=record, key=self.key_of(row))

    def child_rows(
        self, name: str, items: object, errors: list[FieldError], warnings: list[FieldError]
    ) -> list[Row] | None:
        """A record's list as child rows; None where the record does not have the list."""
        if items is MISSING:
            return None
        if not isinstance(items, (list, type(None))):
            errors.append(FieldError(name, name, "invalid", "is not a list", shorten(items)))
            return None
        rows: list[Row] = []
        for place, item in enumerate(items or []):
            where = f"{name}[{place}]"
            if not isinstance(item, Mapping):
                errors.append(FieldError(where, where, "invalid", "is not an object", shorten(item)))
                continue
            try:
                row = self.transform_record(item)
                if self.validate:
                    self.check_rules(row, item)
                rows.append(row)
                warnings += [placed(warning, where) for warning in self.warned]
            except RecordError as error:
                errors += [placed(each, where) for each in error.errors]
        return rows

    def extra_of(self, record: Record, warnings: list[FieldError]) -> dict[str, Any]:
        """What the mapping did not name, without the secrets."""
        left = self.mapper.leftover(record)
        if not left:
            return {}
        self.unknown.update(left)
        try:
            kept: dict[str, Any] = JSON.validate(self.hidden.without(left))
        except InvalidValue as error:
            warnings.append(FieldError("extra", "*", error.code, error.message))
            return {}
        return kept

    def extra_column(self, records: Sequence[Record], warnings: dict[int, list[FieldError]]) -> Column:
        """`extra_of` all records; most sources send nothing that the mapping does not name."""
        if self.mapper.names_all(records):
            return Column([{} for _ in range(len(records))])
        values = []
        for number, record in enumerate(records):
            warned: list[FieldError] = []
            values.append(self.extra_of(record, warned))
            if warned:
                warnings.setdefault(number, []).extend(warned)
        return Column(values)

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """The key of a row."""
        return tuple(row[name] for name in self.key_fields)

    def read_key(self, record: Record) -> Key | None:
        """The key of a record, None where it cannot be read."""
        row, errors, _ = self.mapper.map_fields(record, self.key_columns)
        return None if errors else self.key_of(row)

    def read_tombstone(self, record: Record) -> Tombstone:
        """A record that says it is gone. Raises RecordError where its key cannot be read."""
        marks = [column.name for column in self.mapper.columns if self.gone in column.paths]
        named = {*self.key_fields, self.timestamp_field, *marks}
        columns = [column for column in self.mapper.columns if column.name in named]
        row, errors, _ = self.mapper.map_fields(record, columns)
        if errors:
            raise RecordError(errors, record=record, key=self.read_key(record))
        moment = row.get(self.timestamp_field or "")
        said = {name: row[name] for name in marks}
        return Tombstone(self.key_of(row), 0, moment, self.hidden.without(record), said)

    def drift(self) -> dict[str, list[str]]:
        """How the source differs from the declaration: paths nobody has seen, members nobody mapped."""
        return {"absent": self.mapper.absent, "unknown": sorted(self.unknown)}


JSON = JSONValidator()


def key_fields(processor: type[BaseProcessor]) -> tuple[str, ...]:
    """The attribute names of the key: as declared, else the model's own primary key.

    Raises ConfigurationError where neither says what identifies a record.
    """
    declared = (processor.key,) if isinstance(processor.key, str) else processor.key
    if declared:
        return tuple(attribute_of(processor.model, name) for name in declared)
    primary = processor.model._meta.pk
    if isinstance(primary, (models.AutoField, models.CompositePrimaryKey)):
        raise ConfigurationError(
            f"{processor.__name__} does not say which fields identify a record",
            fix='declare key = ("…",), the model fields that a unique constraint covers',
        )
    return (primary.attname,)


UNSET = frozenset({"", "0", "false", "no", "n", "f", "off", "null", "none"})


def is_set(flag: object) -> bool:
    """Whether a record's tombstone flag is up; sources write it as true, 1, "Y", a bit or a date."""
    if isinstance(flag, (bytes, bytearray)):
        flag = flag.decode("latin-1").strip("\0")
    return flag.strip().lower() not in UNSET if isinstance(flag, str) else bool(flag)


def placed(error: FieldError, place: str) -> FieldError:
    """A child's error as one of its parent's record."""
    field = f"{place}.{error.field}" if error.field else place
    source = f"{place}.{error.source}" if error.source else place
    return replace(error, field=field, source=source)


def has_field(model: type[models.Model], name: str) -> bool:
    """Whether a model has a column of this name."""
    return any(field.name == name for field in model._meta.concrete_fields)
