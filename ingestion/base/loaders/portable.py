"""The portable loader: any database that Django speaks to.

It reads what is stored under the keys of a batch, compares in Python, and writes only what differs, with
one statement for all inserts and one for all updates (`executemany`): no parameter limit, no
`ON DUPLICATE KEY` that would hit a row with another unique value.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, cast

from django.db import IntegrityError, models
from django.db.models.expressions import Expression, RawSQL
from django.db.models.sql import InsertQuery, UpdateQuery
from django.utils import timezone

from ingestion.base.exceptions import FieldError, SafetyStop
from ingestion.base.loaders.base import ChildCounts, Loaded, Loader, Target
from ingestion.base.processor import Children, has_field, key_fields
from ingestion.base.records import Key, Row, to_json
from ingestion.base.rows import columns_of

CHUNK = 500
"""Keys in one IN list; every database takes that many."""

AUTO = (models.AutoField, models.BigAutoField, models.SmallAutoField)
STAMPS = ("sync_created_at", "sync_updated_at")

Stored = dict[Key, dict[str, Any]]


class Slot(Expression):
    """A placeholder in a statement that is compiled once and executed with many rows."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """One parameter; its value comes with each row."""
        del compiler, connection
        return "%s", (None,)


class PortableLoader(Loader):
    """Compares before writing; see the module's words."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        fields = target.model._meta.concrete_fields
        self.by_name = {each.attname: each for each in fields}
        self.same = {each.attname: comparison(each, self.connection.vendor) for each in fields}
        self.soft = has_field(target.model, "source_deleted_at")
        self.stamped = has_field(target.model, "sync_updated_at")
        self.manager = target.model._base_manager.using(target.using)

    def write(self, rows: Sequence[Row]) -> Loaded:
        """Insert what is new, update what differs, leave the rest."""
        own = [name for name in columns_of(rows) if name in self.by_name]
        stored = self.stored(rows, own)
        loaded = Loaded()
        new: list[Row] = []
        changed: list[Row] = []
        applied: list[Row] = []
        for row in rows:
            there = stored.get(self.target.key_of(row))
            if there is None:
                new.append(row)
            elif self.target.protected(there.get(self.target.timestamp_field or ""), row):
                loaded.skipped += 1
            elif self.differs(there, row, own):
                changed.append(row)
            else:
                loaded.unchanged += 1
                applied.append(row)
        if new and (lacking := self.lacking(own)):
            loaded.refused, new = [(row, lacking) for row in new], []
        applied += new + changed
        now = timezone.now()
        self.insert(new, own, now)
        self.update(changed, own, now)
        loaded.created, loaded.updated = len(new), len(changed)
        loaded.children = {
            name: self.replace_children(name, spec, applied) for name, spec in self.target.children.items()
        }
        return loaded

    def differs(self, there: dict[str, Any], row: Row, own: Sequence[str]) -> bool:
        """Whether a stored row must be written: another value, or deleted here and alive at the source."""
        if self.soft and there["source_deleted_at"] is not None:
            return True
        return any(not self.same[name](there[name], row[name]) for name in own)

    def stored(self, rows: Sequence[Row], own: Sequence[str]) -> Stored:
        """Key → stored values, for the rows of this batch that exist; locked until the commit."""
        wanted = {*self.target.key, *own, *filter(None, [self.target.timestamp_field])}
        names = [*wanted, "source_deleted_at"] if self.soft else [*wanted]
        keys = {self.target.key_of(row) for row in rows}
        found: Stored = {}
        for some in self.candidates(keys):
            for values in some.select_for_update().values_list(*names):
                there = dict(zip(names, values, strict=True))
                key = tuple(there[name] for name in self.target.key)
                if key in keys:
                    found[key] = there
        return found

    def candidates(self, keys: set[Key]) -> "Iterator[models.QuerySet[Any]]":
        """Querysets that together hold every row with one of these keys, and few others.

        Of a composite key the column with the most different values is asked; the caller compares the
        rest. SQLite takes the values through a temporary table instead of an IN list.
        """
        place = max(range(len(self.target.key)), key=lambda each: len({key[each] for key in keys}))
        name = self.target.key[place]
        values = list({key[place] for key in keys})
        if self.connection.vendor == "sqlite":
            prepare = self.by_name[name].get_db_prep_value
            with self.connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS ingestion_batch_key (value)")
                cursor.execute("DELETE FROM ingestion_batch_key")
                cursor.executemany(
                    "INSERT INTO ingestion_batch_key VALUES (%s)",
                    [(prepare(value, self.connection),) for value in values],
                )
            yield self.manager.filter(**{f"{name}__in": RawSQL("SELECT value FROM ingestion_batch_key", ())})
            return
        for start in range(0, len(values), CHUNK):
            yield self.manager.filter(**{f"{name}__in": values[start : start + CHUNK]})

    def insert(self, rows: Sequence[Row], own: Sequence[str], now: datetime) -> None:
        """All new rows with one statement; columns that the source does not fill get their defaults."""
        if not rows:
            return
        model = self.target.model
        fields = [
            each
            for each in model._meta.concrete_fields
            if writable(each) and (each.attname in own or not each.has_db_default())
        ]
        rest = {each.attname: initial(each) for each in fields if each.attname not in own}
        if self.stamped:
            rest |= {"sync_created_at": now, "sync_updated_at": now}
        query = InsertQuery(model)
        # MySQL has another placeholder for bytes, which no null fits; that for null fits both
        shown = {
            name: None if isinstance(self.by_name[name], models.BinaryField) else rows[0][name]
            for name in own
        }
        query.insert_values(fields, [model(**rest, **shown)], raw=True)
        [(sql, _)] = query.get_compiler(self.target.using).as_sql()
        self.execute(sql, fields, (rest | row for row in rows))

    def lacking(self, own: Sequence[str]) -> FieldError | None:
        """Why no new row can be made of these columns: one that must have a value is not among them."""
        for field in self.target.model._meta.concrete_fields:
            needed = not (field.null or field.blank or field.has_default() or field.has_db_default())
            if needed and field.attname not in own and writable(field) and field.name not in STAMPS:
                return FieldError(field.attname, field.attname, "required", "is in no record of this run")
        return None

    def update(self, rows: Sequence[Row], own: Sequence[str], now: datetime) -> None:
        """All changed rows with one statement, by key."""
        if not rows:
            return
        stamps: dict[str, Any] = {"source_deleted_at": None} if self.soft else {}
        if self.stamped:
            stamps["sync_updated_at"] = now
        for each in self.by_name.values():
            if getattr(each, "auto_now", False) and each.attname not in own:
                stamps[each.attname] = initial(each)
        names = [name for name in [*own, *stamps] if name not in self.target.key]
        by_key = [models.Q((name, Slot(output_field=self.by_name[name]))) for name in self.target.key]
        query = cast("UpdateQuery", self.manager.filter(*by_key).query.chain(UpdateQuery))
        query.add_update_fields(cast("Any", [(self.by_name[name], None, Slot()) for name in names]))
        sql, _ = query.get_compiler(self.target.using).as_sql()
        fields = [self.by_name[name] for name in [*names, *self.target.key]]
        written = self.execute(sql, fields, (row | stamps for row in rows))
        if written != len(rows):
            raise SafetyStop(
                f"{written} of {len(rows)} rows were updated; the counts would not be true",
                where=self.target.model._meta.db_table,
                fix="something else deletes rows while it is synced; run again",
            )

    def execute(self, sql: str, fields: "Sequence[models.Field[Any, Any]]", rows: Iterator[Row]) -> int:
        """One statement for many rows. Answers how many it wrote, as the database says."""
        prepared = [(each.attname, each.get_db_prep_save) for each in fields]
        with self.connection.cursor() as cursor:
            cursor.executemany(
                sql, [tuple(save(row[name], self.connection) for name, save in prepared) for row in rows]
            )
            return int(cursor.rowcount)

    def replace_children(self, name: str, spec: Children, rows: Sequence[Row]) -> ChildCounts:
        """The child rows of these parents become exactly those that came with them."""
        rows = [row for row in rows if name in row]
        if not rows:
            return ChildCounts()
        link = cast("models.ForeignKey[Any, Any]", spec.processor_class.model._meta.get_field(spec.parent))
        parents = self.parent_values(rows, link.target_field.attname)
        children = [
            child | {link.attname: parents[self.target.key_of(row)]} for row in rows for child in row[name]
        ]
        key = (link.attname, *(each for each in child_key(spec) if each != link.attname))
        target = Target(link.model, key, self.target.started, self.target.using)
        keep = {target.key_of(child) for child in children}
        if len(keep) < len(children):
            raise IntegrityError(f"{name}: the key {', '.join(child_key(spec))} is not unique")
        loaded = type(self)(target).write(children) if children else Loaded()
        stale = stale_children(target, link.attname, list(parents.values()), keep)
        return ChildCounts(loaded.created, loaded.updated, loaded.unchanged, stale)

    def parent_values(self, rows: Sequence[Row], name: str) -> dict[Key, Any]:
        """Parent's key → the value its children refer to (a primary key made by the database is asked)."""
        if all(name in row for row in rows):
            return {self.target.key_of(row): row[name] for row in rows}
        return {key: there[name] for key, there in self.stored(rows, [name]).items()}


def writable(field: "models.Field[Any, Any]") -> bool:
    """Whether an insert names this column; the database fills the others."""
    return not field.generated and not (isinstance(field, AUTO) and field.primary_key)


def stale_children(target: Target, link: str, parents: Sequence[Any], keep: set[Key]) -> int:
    """Delete the children of these parents that the source no longer has. Answers how many."""
    manager = target.model._base_manager.using(target.using)
    stale = []
    for start in range(0, len(parents), CHUNK):
        children = manager.filter(**{f"{link}__in": parents[start : start + CHUNK]})
        stale += [pk for pk, *key in children.values_list("pk", *target.key) if tuple(key) not in keep]
    for start in range(0, len(stale), CHUNK):
        manager.filter(pk__in=stale[start : start + CHUNK]).delete()
    return len(stale)


def child_key(spec: Children) -> tuple[str, ...]:
    """What tells one parent's children apart."""
    return key_fields(spec.processor_class)


def comparison(field: "models.Field[Any, Any]", vendor: str) -> Callable[[Any, Any], bool]:
    """How a stored value is compared with a new one: as the column holds them."""
    if isinstance(field, models.JSONField):
        if vendor == "postgresql":
            return lambda a, b: same_json(a, b) or to_json(a) == as_jsonb(b)
        return same_json
    if isinstance(field, models.BinaryField):
        return lambda a, b: a is b or (a is not None and b is not None and bytes(a) == bytes(b))
    if isinstance(field, models.DecimalField) and vendor == "sqlite":
        return lambda a, b: a == b or (a is not None and b is not None and a == as_real(b, field))
    return lambda a, b: bool(a == b)


def same_json(a: object, b: object) -> bool:
    """Whether two values are one in JSON: in Python 1 == True == 1.0."""
    return a == b and to_json(a) == to_json(b)


def as_jsonb(value: object) -> str:
    """A value as PostgreSQL gives it back: a float without its exponent, and without a negative zero."""
    plain = json.loads(to_json(value), parse_float=lambda text: json.loads(f"{Decimal(text):f}") or 0.0)
    return to_json(plain)


def as_real(value: Decimal, field: "models.DecimalField[Any, Any]") -> Decimal:
    """A decimal as SQLite gives it back, which keeps 15 digits of it."""
    digits = Context(prec=15).create_decimal_from_float(float(value))
    return digits.quantize(Decimal(1).scaleb(-field.decimal_places), context=field.context)


def initial(field: "models.Field[Any, Any]") -> Any:
    """What Django itself puts into a column that the source does not fill."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return field.pre_save(field.model(), True)
    return field.get_default()
