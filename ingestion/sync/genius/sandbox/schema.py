"""The tables of a Genius database, as its own server has them: made from what the mappings read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from django.db import models
from sqlalchemy.dialects import mysql

from ingestion.base.database import Table
from ingestion.registry import Engine, engines
from ingestion.sync.genius.models import GeniusDivisionGroup
from ingestion.sync.genius.processors import SECRETS

INTEGER = models.IntegerField(null=True)
JOINED: dict[str, dict[str, Any]] = {
    "prospect": {"third_party_source_id": INTEGER},
    "appointment": {"third_party_source_id": INTEGER},
    "user_data": {"user_associations_id": INTEGER},
    "division_group": {name: GeniusDivisionGroup._meta.get_field(name) for name in SECRETS},
    "third_party_source": {
        "id": INTEGER,
        "third_party_source_type_id": INTEGER,
        "third_party_id": models.CharField(max_length=64, null=True),
    },
    "third_party_source_type": {"id": INTEGER, "label": models.CharField(max_length=64, null=True)},
}
"""Columns that no mapping reads as they are: they are joined by, or left out."""

UPPER = ("job_change_order_item", "job_change_order_reason")
"""Tables whose key is spelled `Id`."""

BITS = {("service", "is_lead_required")}
WIDER = {("prospect", "state"): 20}
"""Columns that are longer at Genius than in the model."""


@dataclass(frozen=True)
class Source:
    """One table: its columns in order with the model fields they feed, its key, the time of change."""

    name: str
    columns: dict[str, Any]
    key: tuple[str, ...]
    cursor: str | None

    def spelled(self, name: str) -> str:
        """A column's name as the server has it."""
        return "Id" if name == "id" and self.name in UPPER else name


def sources() -> dict[str, Source]:
    """Every table, those that are only joined included."""
    found = {engine.resource.name: source_of(engine) for engine in engines("genius").values()}
    for name in ("third_party_source", "third_party_source_type"):
        found[name] = Source(name, dict(JOINED[name]), ("id",), None)
    return found


def source_of(engine: Engine) -> Source:
    """The table that an engine reads."""
    table, processor = engine.resource, engine.processor_class()
    if not isinstance(table, Table):
        raise TypeError(engine)
    fields = {field.attname: field for field in processor.model._meta.concrete_fields}
    columns = {column.source: fields[column.name] for column in processor.columns}
    own = {name: field for name, field in columns.items() if name not in table.derived or name == "add_date"}
    own |= JOINED.get(table.name, {})
    key = table.key_names or tuple(name for name, field in own.items() if field.primary_key)
    return Source(table.name, own, key, table.cursor)


def plain(field: Any) -> Any:
    """The field that a reference points at, else the field itself."""
    while field.is_relation:
        field = field.target_field
    return field


def column_type(table: str, name: str, field: Any) -> Any:
    """The type of a column, by what it feeds."""
    if (table, name) in BITS:
        return sa.SmallInteger().with_variant(mysql.BIT(1), "mysql", "mariadb")
    field = plain(field)
    if isinstance(field, models.DecimalField):
        return sa.Numeric(field.max_digits, field.decimal_places)
    if isinstance(field, models.CharField):
        return sa.String(WIDER.get((table, name), field.max_length))
    kinds: dict[type[Any], Any] = {
        models.TextField: sa.Text(),
        models.BooleanField: sa.SmallInteger().with_variant(mysql.TINYINT(1), "mysql", "mariadb"),
        models.BigIntegerField: sa.BigInteger(),
        models.SmallIntegerField: sa.SmallInteger(),
        models.PositiveSmallIntegerField: sa.SmallInteger(),
        models.IntegerField: sa.Integer(),
        models.FloatField: sa.Float(53),
        models.DateTimeField: sa.DateTime(),
        models.DateField: sa.Date(),
        models.TimeField: sa.Time(),
        models.DurationField: sa.Time(),
    }
    return next(kind for cls, kind in kinds.items() if isinstance(field, cls))


def created() -> sa.MetaData:
    """Everything, to be created."""
    metadata = sa.MetaData()
    for source in sources().values():
        sa.Table(source.name, metadata, *columns_of(source), *indexes_of(source), mysql_charset="utf8mb4")
    return metadata


def columns_of(source: Source) -> Iterator["sa.Column[Any]"]:
    """The columns of a table; only the key's are not null."""
    for name, field in source.columns.items():
        is_key = name in source.key
        kind = column_type(source.name, name, field)
        yield sa.Column(
            source.spelled(name), kind, primary_key=is_key, autoincrement=False, nullable=not is_key
        )


def indexes_of(source: Source) -> Iterator[sa.Index]:
    """What a delta is read by."""
    if source.cursor:
        yield sa.Index(f"{source.name}_delta"[:60], source.cursor, *map(source.spelled, source.key))
