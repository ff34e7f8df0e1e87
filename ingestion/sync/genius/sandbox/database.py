"""FakeGenius: a database that looks like Genius's, written to a SQLite file or into a MySQL server."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.schema import CreateTableAs, DropTable

from ingestion.registry import engines
from ingestion.sandbox.databases import DatabaseFake
from ingestion.sync.genius.sandbox.schema import Source, created, sources
from ingestion.sync.genius.sandbox.values import Invented

BLOCK = 4000
"""Rows that are invented one by one; the database copies them, with other keys and times, for more."""

AT_ONE_MOMENT = 5000
"""Leads that share one time of change, as a bulk edit leaves them."""

MOMENT = "2025-06-01 12:00:00"
SHARES: Mapping[str, tuple[float, int]] = {
    **{
        "lead": (1.0, 1),
        "prospect": (0.0325, 8),
        "prospect_source": (0.0327, 8),
        "appointment": (0.0386, 10),
    },
    **{
        "appointment_to_service": (0.0474, 10),
        "quote": (0.0098, 5),
        "job": (0.003, 5),
        "user_data": (0.002, 12),
    },
    **{"job_financing": (0.001, 3), "job_change_order": (0.0008, 4), "job_change_order_item": (0.002, 6)},
    **{
        "users_userassociations": (0.001, 4),
        "integration_field": (0.001, 10),
        "third_party_source": (0.03, 8),
    },
    **{"marketsharp_source": (0.0008, 6), "marketsharp_marketing_source_map": (0.0007, 6)},
    **{
        "marketing_source": (0.0001, 12),
        "marketing_source_type": (0, 12),
        "division": (0, 23),
        "user_title": (0, 28),
    },
    **{"division_group": (0, 9), "division_region": (0, 5), "service": (0, 11), "appointment_type": (0, 5)},
    **{"appointment_outcome_type": (0, 3), "appointment_outcome": (0, 31), "job_status": (0, 12)},
    **{"job_change_order_reason": (0, 8), "job_change_order_status": (0, 5), "job_change_order_type": (0, 4)},
    **{"integration_field_definition": (0, 9), "third_party_source_type": (0, 2)},
}
"""Rows of each table for each lead, and at least; the shares are those of a real database."""


class FakeGenius(DatabaseFake):
    """Genius's thirty tables and the two that are joined, with so many leads and the rest in proportion."""

    name = "genius"
    sizes: ClassVar[Mapping[str, int]] = {"leads": 2000}
    setting = "GENIUS_DB_URL"

    def __init__(self, *, leads: int = 2000, seed: int = 1, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        self.seed = seed
        self.counts = {
            name: leads if name == "lead" else max(least, int(leads * share))
            for name, (share, least) in SHARES.items()
        }

    def write(self, connection: sa.Connection) -> None:
        """Create the tables, and fill them."""
        metadata = created()
        metadata.drop_all(connection)
        metadata.create_all(connection)
        targets = {
            engine.processor_class.model: engine.resource.name for engine in engines("genius").values()
        }
        for source in sources().values():
            invented = Invented(source, self.counts, targets, self.seed)
            self.fill(connection, source, invented)
        at_one_moment(connection, self.counts["lead"])

    def fill(self, connection: sa.Connection, source: Source, invented: Invented) -> None:
        """One table: a block of invented rows, and copies of it."""
        count = self.counts[source.name]
        names = list(map(source.spelled, source.columns))
        table = sa.table(source.name, *map(sa.column, names))
        rows = invented.rows(min(BLOCK, count))
        for start in range(0, len(rows), 500):
            some = [dict(zip(names, row, strict=True)) for row in rows[start : start + 500]]
            connection.execute(table.insert(), some)
        if count <= BLOCK:
            return
        block = sa.table("copied_block", *map(sa.column, names))
        connection.execute(
            CreateTableAs(sa.select(table), block.name, temporary=True)
        )  # not read and written at once
        for copy in range(1, -(-count // BLOCK)):
            limit = min(BLOCK, count - copy * BLOCK)
            columns = copied(block, source, copy, connection.dialect.name)
            keys = (block.c[source.spelled(key)] for key in source.key)
            connection.execute(
                table.insert().from_select(names, sa.select(*columns).order_by(*keys).limit(limit))
            )
        connection.execute(DropTable(sa.Table(block.name, sa.MetaData())))


def copied(
    table: sa.TableClause, source: Source, copy: int, dialect: str
) -> Iterator["sa.ColumnElement[Any]"]:
    """The columns of a copied row: its first key goes on, its time of change moves by minutes."""
    for name in source.columns:
        column = table.c[source.spelled(name)]
        if name == source.key[0] and source.name == "marketsharp_marketing_source_map":
            yield sa.func.concat(column, f"-{copy}") if dialect != "sqlite" else column.op("||")(f"-{copy}")
        elif name == source.key[0]:
            yield column + copy * (BLOCK // 2 if len(source.key) > 1 else BLOCK)
        elif name == source.cursor:
            yield sa.case((column > "1971", moved(column, copy, dialect)), else_=column)
        else:
            yield column


def moved(column: "sa.ColumnElement[Any]", minutes: int, dialect: str) -> "sa.ColumnElement[Any]":
    """A time, so many minutes later."""
    if dialect == "sqlite":
        return sa.func.datetime(column, f"+{minutes} minutes")
    return sa.func.timestampadd(sa.text("MINUTE"), minutes, column)


def at_one_moment(connection: sa.Connection, leads: int) -> None:
    """A bulk edit: up to 5,000 leads in a row get one time of change."""
    lead = sa.table("lead", sa.column("lead_id"), sa.column("updated_at"))
    first = leads // 4
    some = lead.c.lead_id.between(first + 1, first + min(AT_ONE_MOMENT, leads // 2))
    connection.execute(lead.update().where(some).values(updated_at=MOMENT))
