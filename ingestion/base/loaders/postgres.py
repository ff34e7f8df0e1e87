"""The PostgreSQL loader: COPY, and one merge statement that says what it did.

Fast because the server does the work: it parses the text of a whole batch, compares it with what is stored
and writes only rows that are new or really differ. The rows it leaves alone are not even locked, so reading
the same records again writes nothing. A batch of new rows alone goes straight into the table. Whatever it
cannot carry goes to the portable loader.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError, models, transaction
from django.utils import timezone

from ingestion.base.exceptions import FieldError
from ingestion.base.loaders.base import Loaded, Target
from ingestion.base.loaders.copying import Cells, Texts, cells_of, copy_texts, dumped, ending
from ingestion.base.loaders.portable import STAMPS, PortableLoader, initial, writable
from ingestion.base.loaders.statements import BETWEEN, Composer, Statements, column_of
from ingestion.base.records import Key, Row
from ingestion.base.rows import Rows, columns_of
from ingestion.base.shipping import Lines, ShippedRows

logger = logging.getLogger("ingestion")

Body = Callable[[], Iterator[str] | Iterator[bytes]]
"""The rows as COPY reads them, as often as they are asked for."""

COPIED = re.compile(r"COPY \S+, line (\d+)(?:, column (\w+))?")
"""Where in a COPY the server stumbled; what follows is the value, which is not repeated."""


class PostgresLoader(PortableLoader):
    """COPY and merge; see the module's words."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.composed: dict[tuple[str, ...], Statements] = {}
        self.named: set[str] = set()

    def write(self, rows: Sequence[Row]) -> Loaded:
        """Insert what is new, update what differs, leave the rest."""
        own = self.own(rows)
        if not self.carries(own):
            return super().write(rows)
        statements = self.statements(own)
        keys, body = self.keys_and_body(statements, own, Rows.of(rows, own))
        with self.connection.cursor() as cursor:
            if self.all_new(cursor, statements, keys) and self.fill(cursor, statements, body):
                loaded, newer = Loaded(created=len(rows)), set[Key]()
            else:
                loaded, newer = self.merge(cursor, statements, body, len(rows))
        applied = [row for row in rows if self.target.key_of(row) not in newer] if newer else rows
        loaded.children = {
            name: self.replace_children(name, spec, applied) for name, spec in self.target.children.items()
        }
        return loaded

    def own(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """The columns of rows that are the table's."""
        return tuple(name for name in columns_of(rows) if name in self.by_name)

    def carries(self, own: Sequence[str]) -> bool:
        """Whether COPY can bring these columns."""
        return not (self.foreign(own) or self.lacking(own))

    def lines(self, rows: Sequence[Row]) -> Lines | None:
        """As COPY reads them, but for what all rows end with; None for rows that go another way."""
        own = self.own(rows) if isinstance(rows, Rows) else ()
        if not own or self.target.children or not self.carries(own):
            return None
        self.connection.ensure_connection()
        columns = self.encoded(self.statements(own), Rows.of(rows, own))
        return Lines(own, tuple(part.encode() for part in copy_texts(list(columns.values()), ())))

    def keys_and_body(
        self, statements: Statements, own: tuple[str, ...], rows: Rows
    ) -> tuple[list[Texts], Body]:
        """The columns of the key, and all of them as COPY reads them, which another process may have made."""
        rest = self.constants(own, timezone.now())
        if isinstance(rows, ShippedRows) and rows.lines and rows.lines.own == own:
            encode = dict(statements.encoders)
            keys = [encode[name](rows.columns[name]) for name in self.target.key]
            return keys, partial(rows.lines.ended, ending(rest))
        columns = self.encoded(statements, rows)
        keys = [columns[name][0] for name in self.target.key]
        return keys, partial(copy_texts, list(columns.values()), rest)

    def all_new(self, cursor: Any, statements: Statements, columns: Sequence[Texts]) -> bool:
        """Whether the table has none of these keys, deleted rows included."""
        keys = [BETWEEN.join(map(str, column)) for column in columns]
        if any(key.count(BETWEEN) != len(columns[0]) - 1 for key in keys):
            return False
        cursor.execute(statements.known, keys)
        return not cursor.fetchone()[0]

    def fill(self, cursor: Any, statements: Statements, body: Body) -> bool:
        """New rows straight into the table, which costs half of a merge.

        False, with nothing written, where the database refuses one of them: it is no good, or somebody has
        added one since we looked. The merge then finds out which.
        """
        try:
            with transaction.atomic(self.target.using):
                self.copy(cursor, statements.fill, body)
        except (DataError, IntegrityError):
            return False
        return True

    def merge(self, cursor: Any, statements: Statements, body: Body, count: int) -> tuple[Loaded, set[Key]]:
        """Rows of which some may be there: what became of them, and the keys that the guard protects."""
        cursor.execute(statements.stage)
        self.copy(cursor, statements.copy, body)
        cursor.execute(statements.merge, self.moments(3))
        created, updated, protected = cursor.fetchone()
        newer = self.newer(cursor, statements) if protected else set()
        cursor.execute(statements.drop)
        return Loaded(created, updated, count - created - updated - protected, protected), newer

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

    def encoded(self, statements: Statements, rows: Rows) -> dict[str, tuple[Texts, Cells]]:
        """The batch as texts, column by column, and what makes cells of them."""
        texts = {name: encode(rows.columns[name]) for name, encode in statements.encoders}
        return {name: (found, cells_of(rows.columns[name], found)) for name, found in texts.items()}

    def copy(self, cursor: Any, statement: str, body: Body) -> None:
        """A batch in the text format that the server parses, while the rest of it is still being written."""
        with self.connection.wrap_database_errors, cursor.copy(statement) as copy:
            for part in body():
                copy.write(part)

    def newer(self, cursor: Any, statements: Statements) -> set[Key]:
        """The keys of rows that the timestamp guard protects."""
        cursor.execute(statements.protected, self.moments(1))
        return {self.as_key(values) for values in cursor.fetchall()}

    def as_key(self, values: Sequence[Any]) -> Key:
        """A key as the rows have it."""
        fields = [self.by_name[name] for name in self.target.key]
        return tuple(field.to_python(value) for field, value in zip(fields, values, strict=True))

    def moments(self, count: int) -> list[datetime]:
        """The run's start, as often as the guard's condition stands in a statement."""
        return [self.target.started] * count if self.target.guard and self.target.timestamp_field else []

    def constants(self, own: Sequence[str], now: datetime) -> Texts:
        """The values of the columns that the source does not fill, the same in every new row."""
        values = {field.attname: initial(field) for field in self.filled(own)}
        if self.stamped:
            values |= dict.fromkeys(STAMPS, now)
        fields = {field.attname: field for field in self.filled(own)}
        prepared = [fields[name].get_db_prep_save(value, self.connection) for name, value in values.items()]
        return dumped(prepared, self.connection)

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


def standard_type(field: "models.Field[Any, Any]", connection: Any) -> str | None:
    """The column type that Django gives to a field's internal type; a field's own where that is built in."""
    if type(field).__module__.startswith(("django.db.models", "django.contrib.postgres")):
        return field.db_type(connection)
    pattern = connection.data_types.get(field.get_internal_type())
    data = field.db_type_parameters(connection)
    return (pattern(data) if callable(pattern) else pattern % data) if pattern else None
