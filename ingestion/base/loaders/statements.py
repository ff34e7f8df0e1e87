"""The SQL of the PostgreSQL loader, composed once per run; every name in it is quoted by psycopg."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models
from psycopg import sql

from ingestion.base.loaders.copying import Encode, encoder_of

if TYPE_CHECKING:
    from ingestion.base.loaders.postgres import PostgresLoader


BETWEEN = "\x1f"
"""Between two keys that are sent as one text: ASCII's own separator of units."""


@dataclass(frozen=True)
class Statements:
    """What is sent for one set of columns, and how each column's values are written.

    `known` asks whether any of some keys is there, `fill` copies into the table itself, `stage` and `copy`
    into a temporary one, from which `merge` takes what differs and says what it did; `protected` names the
    keys that the timestamp guard protects.
    """

    known: str
    fill: str
    stage: str
    copy: str
    merge: str
    protected: str
    drop: str
    encoders: tuple[tuple[str, Encode], ...]


class Composer:
    """Composes the statements of a loader."""

    def __init__(self, loader: "PostgresLoader", own: tuple[str, ...]) -> None:
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
        copy = sql.SQL("COPY {} ({}) FROM STDIN")
        drop = sql.SQL("DROP TABLE {}").format(self.stage)
        text = partial(as_text, connection=self.loader.connection.connection)
        return Statements(
            known=text(self.known()),
            fill=text(copy.format(self.table, every)),
            stage=text(stage),
            copy=text(copy.format(self.stage, every)),
            merge=text(self.merge()),
            protected=text(self.protected()),
            drop=text(drop),
            encoders=tuple(
                (name, encoder_of(self.loader.by_name[name], self.loader.connection)) for name in self.own
            ),
        )

    def known(self) -> sql.Composable:
        """Whether the table has any of these keys, each column of which is given as one text."""
        fields = [self.loader.by_name[name] for name in self.target.key]
        kinds = [sql.SQL(str(field.rel_db_type(self.loader.connection))) for field in fields]
        arrays = [sql.SQL("string_to_array(%s, {})::{}[]").format(BETWEEN, kind) for kind in kinds]
        same = [
            sql.SQL("o.{} = k.{}").format(sql.Identifier(key), sql.Identifier(f"k{n}"))
            for n, key in enumerate(self.keys)
        ]
        return sql.SQL(
            "SELECT EXISTS (SELECT 1 FROM unnest({}) AS k ({}) "
            "CROSS JOIN LATERAL (SELECT 1 FROM {} o WHERE {} LIMIT 1) AS found)"
        ).format(
            sql.SQL(", ").join(arrays),
            names([f"k{n}" for n in range(len(self.keys))]),
            self.table,
            sql.SQL(" AND ").join(same),
        )

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
            "WITH judged AS MATERIALIZED (SELECT {staged}, {guard} AS {newer} FROM {stage} s "
            "LEFT JOIN {table} o ON {join} WHERE o.{first} IS NULL OR {guard} OR {differs}), "
            "merged AS (INSERT INTO {table} AS t ({every}) SELECT {every} FROM judged WHERE NOT {newer} "
            "ON CONFLICT ({keys}) DO {action} RETURNING (t.xmax = 0) AS created) "
            "SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created), "
            "(SELECT count(*) FROM judged WHERE {newer}) FROM merged"
        ).format(
            table=self.table,
            every=names(every),
            staged=sql.SQL(", ").join([sql.SQL("s.{}").format(sql.Identifier(each)) for each in every]),
            stage=self.stage,
            join=self.join(),
            first=first,
            guard=self.guard("o", "s"),
            newer=sql.Identifier("ingestion: the stored row is newer"),
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
