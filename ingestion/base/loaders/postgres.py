"""The PostgreSQL loader: COPY into a temporary table, then one merge statement that says what it did.

Fast because the server does the work: it parses the text of a whole batch, compares it with what is stored
and writes only rows that are new or really differ. The rows it leaves alone are not even locked, so reading
the same records again writes nothing. Whatever it cannot carry goes to the portable loader.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, models
from django.utils import timezone
from psycopg import sql

from ingestion.base.exceptions import FieldError
from ingestion.base.loaders.base import Loaded, Target
from ingestion.base.loaders.portable import STAMPS, PortableLoader, initial, writable
from ingestion.base.records import Key, Row

logger = logging.getLogger("ingestion")

Prepare = Callable[[Any], Any]

AS_THEY_ARE = frozenset(
    {
        *("CharField", "TextField", "EmailField", "URLField", "SlugField", "UUIDField", "BooleanField"),
        *("IntegerField", "BigIntegerField", "SmallIntegerField", "PositiveIntegerField", "FloatField"),
        *("DecimalField", "DateField", "DateTimeField", "TimeField", "DurationField"),
    }
)
"""Django's own fields whose values psycopg takes without preparation."""

COPIED = re.compile(r"COPY \S+, line (\d+)(?:, column (\w+))?")
"""Where in a COPY the server stumbled; what follows is the value, which is not repeated."""


@dataclass(frozen=True)
class Statements:
    """The SQL of one set of columns, composed once per run."""

    stage: str
    copy: str
    protected: str
    merge: str
    drop: str
    prepare: tuple[tuple[str, Prepare | None], ...]


class PostgresLoader(PortableLoader):
    """COPY and merge; see the module's words."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.composed: dict[tuple[str, ...], Statements] = {}
        self.named: set[str] = set()

    def write(self, rows: Sequence[Row]) -> Loaded:
        """Insert what is new, update what differs, leave the rest."""
        own = tuple(name for name in rows[0] if name in self.by_name)
        if self.foreign(own) or self.lacking(own):
            return super().write(rows)
        statements = self.statements(own)
        now = timezone.now()
        with self.connection.cursor() as cursor:
            cursor.execute(statements.stage)
            self.copy(cursor, statements, rows, self.constants(own, now))
            newer = self.newer(cursor, statements)
            cursor.execute(statements.merge, self.moments(2))
            created, updated = cursor.fetchone()
            cursor.execute(statements.drop)
        loaded = Loaded(created, updated, len(rows) - created - updated - len(newer), len(newer))
        applied = [row for row in rows if self.target.key_of(row) not in newer] if newer else rows
        loaded.children = {
            name: self.replace_children(name, spec, applied) for name, spec in self.target.children.items()
        }
        return loaded

    def foreign(self, own: Sequence[str]) -> bool:
        """Whether a column is of a kind that only its own field knows how to write; says so once."""
        for name in own:
            field = self.by_name[name]
            standard = field.db_type(self.connection) == standard_type(field, self.connection)
            if hasattr(field, "get_placeholder") or not standard:
                if name not in self.named:
                    self.named.add(name)
                    logger.info(
                        "%s is loaded the portable way: %s is a column of its own kind", self.table, name
                    )
                return True
        return False

    def copy(self, cursor: Any, statements: Statements, rows: Sequence[Row], rest: tuple[Any, ...]) -> None:
        """The batch into the temporary table, in the text format that the server parses."""
        prepare = statements.prepare
        with self.connection.wrap_database_errors, cursor.copy(statements.copy) as copy:
            for row in rows:
                copy.write_row([*(p(row[n]) if p else row[n] for n, p in prepare), *rest])

    def newer(self, cursor: Any, statements: Statements) -> set[Key]:
        """The keys of rows that the timestamp guard protects."""
        if not (self.target.guard and self.target.timestamp_field):
            return set()
        cursor.execute(statements.protected, self.moments(1))
        return {self.as_key(values) for values in cursor.fetchall()}

    def as_key(self, values: Sequence[Any]) -> Key:
        """A key as the rows have it."""
        fields = [self.by_name[name] for name in self.target.key]
        return tuple(field.to_python(value) for field, value in zip(fields, values, strict=True))

    def moments(self, count: int) -> list[datetime]:
        """The run's start, as often as the guard's condition stands in a statement."""
        return [self.target.started] * count if self.target.guard and self.target.timestamp_field else []

    def constants(self, own: Sequence[str], now: datetime) -> tuple[Any, ...]:
        """The values of the columns that the source does not fill, the same in every new row."""
        values = {field.attname: initial(field) for field in self.filled(own)}
        if self.stamped:
            values |= dict.fromkeys(STAMPS, now)
        fields = {field.attname: field for field in self.filled(own)}
        return tuple(fields[name].get_db_prep_save(value, self.connection) for name, value in values.items())

    def filled(self, own: Sequence[str]) -> "list[models.Field[Any, Any]]":
        """The columns of a new row that the source does not fill and the database does not either."""
        fields = self.target.model._meta.concrete_fields
        return [f for f in fields if f.attname not in own and writable(f) and not f.has_db_default()]

    def statements(self, own: tuple[str, ...]) -> Statements:
        """The statements for these columns."""
        if own not in self.composed:
            self.composed[own] = Composer(self, own).statements()
        return self.composed[own]

    @property
    def table(self) -> str:
        """The table's name."""
        return self.target.model._meta.db_table

    def culprit(self, error: Exception) -> int | None:
        """The row that the server stumbled over while it was copied, by the line it names."""
        found = COPIED.search(context_of(error))
        return int(found[1]) - 1 if found else None

    def refusal(self, error: DataError | IntegrityError) -> FieldError:
        """What the server said, with the field where it names the column."""
        found = COPIED.search(context_of(error))
        column = (found and found[2]) or getattr(diagnosis(error), "column_name", None)
        names = {column_of(field): name for name, field in self.by_name.items()}
        name = names.get(column or "", "")
        return replace(super().refusal(error), field=name, source=name)


def diagnosis(error: Exception) -> Any:
    """What the server says of an error besides its text."""
    return getattr(error.__cause__, "diag", None)


def context_of(error: Exception) -> str:
    """Where the server was when it happened."""
    return getattr(diagnosis(error), "context", None) or ""


class Composer:
    """Composes a loader's statements; every name in them is quoted by psycopg."""

    def __init__(self, loader: PostgresLoader, own: tuple[str, ...]) -> None:
        self.loader = loader
        self.target = loader.target
        self.own = own
        self.columns = [column_of(loader.by_name[name]) for name in own]
        self.rest = [column_of(field) for field in loader.filled(own)]
        self.keys = [column_of(loader.by_name[name]) for name in loader.target.key]
        self.table = sql.Identifier(loader.table)
        self.stage = sql.Identifier(f"ingestion_stage_{loader.table}"[:63])

    def statements(self) -> Statements:
        """All of them."""
        every = names([*self.columns, *self.rest])
        stage = sql.SQL(
            "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; "
            "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
        ).format(self.stage, every, self.table)
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(self.stage, every)
        drop = sql.SQL("DROP TABLE {}").format(self.stage)
        text = partial(as_text, connection=self.loader.connection.connection)
        return Statements(
            stage=text(stage),
            copy=text(copy),
            protected=text(self.protected()),
            merge=text(self.merge()),
            drop=text(drop),
            prepare=tuple(self.prepared()),
        )

    def prepared(self) -> Iterator[tuple[str, Prepare | None]]:
        """Each column with what its values need before they are sent; most need nothing."""
        for name in self.own:
            field = self.loader.by_name[name]
            plain = type(field).__module__.startswith("django.db.models") and (
                field.get_internal_type() in AS_THEY_ARE
            )
            yield name, None if plain else prepared_by(field, self.loader.connection)

    def guard(self, stored: str, new: str) -> sql.Composable:
        """The timestamp guard: whether a stored row is newer than the one that came."""
        if not (self.target.guard and self.target.timestamp_field):
            return sql.SQL("FALSE")
        stamp = sql.Identifier(column_of(self.loader.by_name[self.target.timestamp_field]))
        a, b = (sql.SQL(".").join([sql.Identifier(each), stamp]) for each in (stored, new))
        return sql.SQL("COALESCE({} > {} AND {} <= %s, FALSE)").format(a, b, a)

    def join(self) -> sql.Composable:
        """Stored rows (`o`) and staged ones (`s`) of one key."""
        same = [sql.SQL("o.{0} = s.{0}").format(sql.Identifier(key)) for key in self.keys]
        return sql.SQL(" AND ").join(same)

    def protected(self) -> sql.Composable:
        """The keys that the guard protects."""
        keys = sql.SQL(", ").join([sql.SQL("s.{}").format(sql.Identifier(key)) for key in self.keys])
        return sql.SQL("SELECT {} FROM {} s JOIN {} o ON {} WHERE {}").format(
            keys, self.stage, self.table, self.join(), self.guard("o", "s")
        )

    def differs(self) -> sql.Composable:
        """Whether a stored row must be written: another value, or deleted here and alive at the source."""
        changed = [self.compared(name) for name in self.own if name not in self.target.key]
        if self.loader.soft:
            changed.append(sql.SQL("o.source_deleted_at IS NOT NULL"))
        return sql.SQL(" OR ").join(changed) if changed else sql.SQL("FALSE")

    def compared(self, name: str) -> sql.Composable:
        """One column's comparison; JSON as the column prints it, where 1 and 1.0 are not the same."""
        field = self.loader.by_name[name]
        column = sql.Identifier(column_of(field))
        cast = sql.SQL("::text" if isinstance(field, models.JSONField) else "")
        return sql.SQL("o.{0}{1} IS DISTINCT FROM s.{0}{1}").format(column, cast)

    def merge(self) -> sql.Composable:
        """The merge. What is unchanged or protected is left out before it could be locked."""
        every = [*self.columns, *self.rest]
        updates = [column for column in self.columns if column not in self.keys]
        updates += [c for c in self.stamps() if c in self.rest]
        first = sql.Identifier(self.keys[0])
        action: sql.Composable = sql.SQL("NOTHING")
        if updates:
            sets = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column)) for column in updates]
            action = sql.SQL("UPDATE SET {} WHERE NOT {}").format(
                sql.SQL(", ").join(sets), self.guard("t", "excluded")
            )
        return sql.SQL(
            "WITH merged AS (INSERT INTO {table} AS t ({every}) SELECT {staged} FROM {stage} s "
            "LEFT JOIN {table} o ON {join} WHERE o.{first} IS NULL OR (NOT {guard} AND ({differs})) "
            "ON CONFLICT ({keys}) DO {action} RETURNING (t.xmax = 0) AS created) "
            "SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM merged"
        ).format(
            table=self.table,
            every=names(every),
            staged=sql.SQL(", ").join([sql.SQL("s.{}").format(sql.Identifier(each)) for each in every]),
            stage=self.stage,
            join=self.join(),
            first=first,
            guard=self.guard("o", "s"),
            differs=self.differs(),
            keys=names(self.keys),
            action=action,
        )

    def stamps(self) -> list[str]:
        """Columns that a change moves although the source does not fill them."""
        fields = self.target.model._meta.concrete_fields
        moved = [column_of(f) for f in fields if getattr(f, "auto_now", False)]
        moved += ["sync_updated_at"] if self.loader.stamped else []
        return [*moved, *(["source_deleted_at"] if self.loader.soft else [])]


def as_text(statement: sql.Composable, connection: Any) -> str:
    """A composed statement as text."""
    return statement.as_string(connection)


def column_of(field: "models.Field[Any, Any]") -> str:
    """The column of a concrete field."""
    return str(field.column)


def names(columns: Sequence[str]) -> sql.Composable:
    """Quoted names, separated by commas."""
    return sql.SQL(", ").join([sql.Identifier(column) for column in columns])


def prepared_by(field: "models.Field[Any, Any]", connection: Any) -> Prepare:
    """A field's own preparation of a value."""
    save = field.get_db_prep_save
    return lambda value: save(value, connection)


def standard_type(field: "models.Field[Any, Any]", connection: Any) -> str | None:
    """The column type that Django gives to a field's internal type; a field's own where that is built in."""
    if type(field).__module__.startswith(("django.db.models", "django.contrib.postgres")):
        return field.db_type(connection)
    pattern = connection.data_types.get(field.get_internal_type())
    data = field.db_type_parameters(connection)
    return (pattern(data) if callable(pattern) else pattern % data) if pattern else None
