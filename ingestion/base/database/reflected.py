"""What a table really has: its columns, their kinds, its key; names that it does not have are refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ingestion.base.database.table import Table
from ingestion.base.exceptions import ConfigurationError, hint

Kind = Literal["moment", "utc", "date", "bit", "bytes", "decimal", "number", "text", "other"]
"""`moment` is a time without a zone, `utc` one that is known to be UTC."""


@dataclass(frozen=True)
class Reflected:
    """A declared table as the database has it.

    `columns` are the expressions that are read, by the record's names; the table itself is `source`. `key`,
    `nullable`, `indexed` (what an index begins with) and `whole` (whole numbers) are names of records.
    `dialect` is SQLAlchemy's name of the database.
    """

    declared: Table
    dialect: str
    source: sa.TableClause
    columns: Mapping[str, "sa.ColumnElement[Any]"]
    kinds: Mapping[str, Kind]
    key: tuple[str, ...]
    nullable: frozenset[str]
    primary: bool
    indexed: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """The table, for messages."""
        return f"table {self.declared.name}"


def reflect(connection: sa.Connection, declared: Table) -> Reflected:
    """Look a declared table up. Raises ConfigurationError for a table or a column that is not there."""
    inspector = sa.inspect(connection)
    try:
        found = inspector.get_columns(declared.name, schema=declared.schema)
        indexes = inspector.get_indexes(declared.name, schema=declared.schema)
        primary = inspector.get_pk_constraint(declared.name, schema=declared.schema)["constrained_columns"]
    except sa.exc.NoSuchTableError:
        known = [*inspector.get_table_names(declared.schema), *inspector.get_view_names(declared.schema)]
        raise ConfigurationError(
            "there is no such table",
            where=f"table {declared.name!r}",
            fix=hint(declared.name, known, f"the database has {', '.join(known[:20]) or 'no tables'}"),
        ) from None
    first = [index["column_names"][0] for index in indexes if index["column_names"]]
    return matched(declared, connection.dialect.name, found, tuple(primary), [name for name in first if name])


def matched(
    declared: Table,
    dialect: str,
    found: Iterable[Mapping[str, Any]],
    primary: tuple[str, ...],
    indexed: Iterable[str] = (),
) -> Reflected:
    """A declaration and what was found, put together. Raises ConfigurationError."""
    rename = declared.rename or str
    found = list(found)
    names = named(declared, found)
    key = declared.key_names or tuple(map(rename, primary))
    cursors = [name for name in (declared.cursor, declared.fallback) if name]
    check_names(declared, names, [*key, *cursors, *declared.without, *declared.zero_is_null])
    if not key:
        raise ConfigurationError(
            "the table has no primary key",
            where=f"table {declared.name!r}",
            fix='declare the columns that identify a row: Table(…, key=("…",))',
        )
    read = {name: column for name, column in names.items() if name not in declared.without}
    source = sa.table(
        quoted(declared.name, dialect),
        *(sa.column(quoted(column["name"], dialect)) for column in found),
        schema=quoted(declared.schema, dialect) if declared.schema else None,
    )
    own: dict[str, sa.ColumnElement[Any]] = {name: source.c[column["name"]] for name, column in read.items()}
    return Reflected(
        declared,
        dialect,
        source,
        own | {name: derive(source) for name, derive in declared.derived.items()},
        {name: kind_of(column["type"], dialect) for name, column in names.items()},
        key,
        frozenset(name for name, column in names.items() if column.get("nullable", True)),
        set(key) == set(map(rename, primary)),
        frozenset(map(rename, indexed)),
        frozenset(name for name, column in names.items() if isinstance(column["type"], sa.Integer)),
    )


def named(declared: Table, found: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The columns by their records' names. Raises ConfigurationError where two have the same."""
    names = {(declared.rename or str)(column["name"]): column for column in found}
    if len(names) < len(found):
        raise ConfigurationError(
            "two columns have one name after `rename`",
            where=f"table {declared.name!r}",
            fix="use another function",
        )
    return names


def check_names(declared: Table, known: Mapping[str, Any], named: Iterable[str]) -> None:
    """Raises ConfigurationError for the first declared name that is no column; names nobody reads as keys."""
    for name in named:
        if name not in known:
            raise ConfigurationError(
                f"there is no column {name!r}",
                where=f"table {declared.name!r}",
                fix=hint(name, list(known), f"it has {', '.join(known)}"),
            )
    needed = {*declared.key_names, declared.cursor, declared.fallback}
    for name in declared.without:
        if name in needed:
            raise ConfigurationError(
                f"{name!r} is needed to read the table in order, and `without` leaves it out",
                where=f"table {declared.name!r}",
                fix="take it from `without`, and from the model if it is not wanted there",
            )


def quoted(name: str, dialect: str) -> sa.quoted_name:
    """A name as it stands in SQL: always in quotes, but for Oracle, where quotes make case count.

    There SQLAlchemy quotes what must be.
    """
    return sa.quoted_name(name, quote=None if dialect == "oracle" else True)


def kind_of(type_: Any, dialect: str) -> Kind:
    """What a column holds, by SQLAlchemy's type."""
    if isinstance(type_, mysql.BIT):
        return "bit"
    if isinstance(type_, sa.DateTime):
        stamped = dialect in ("mysql", "mariadb") and isinstance(type_, sa.TIMESTAMP)
        return "utc" if stamped or type_.timezone else "moment"
    kinds: dict[type[Any], Kind] = {
        sa.Date: "date",
        sa.LargeBinary: "bytes",
        sa.BINARY: "bytes",
        sa.VARBINARY: "bytes",
        sa.Float: "number",
        sa.Integer: "number",
        sa.Numeric: "decimal",
        sa.String: "text",
    }
    return next((kind for cls, kind in kinds.items() if isinstance(type_, cls)), "other")
