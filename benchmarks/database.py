"""The database of one benchmark: made under a name of its own, looked into, emptied and dropped."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from psycopg import sql

from benchmarks.columns import TYPES

SERVER = "postgresql://postgres@127.0.0.1:5432"
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers", "max_wal_size")
CASTS = {"hs_analytics_revenue": "numeric(20,2)"}
"""Columns that tools keep in different types: compared in this one."""

OTHERS = sql.SQL(
    "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


class Written(NamedTuple):
    """What PostgreSQL itself has counted of a table."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def since(self, before: "Written") -> "Written":
        """What was added to an earlier count."""
        return Written(*(now - then for now, then in zip(self, before, strict=True)))


class Database:
    """A connection to the benchmark's database that commits every statement."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection = psycopg.connect(f"{SERVER}/{name}", autocommit=True)

    def facts(self) -> dict[str, str]:
        """The server's version, and the settings that make it durable or fast."""
        shown = {name: self.one(sql.SQL("SHOW {}").format(sql.Identifier(name)))[0] for name in SETTINGS}
        return {"PostgreSQL": self.one(sql.SQL("SHOW server_version"))[0], **shown}

    def one(self, query: sql.SQL | sql.Composed, *values: object) -> tuple[Any, ...]:
        """The first row of an answer; an empty one where there is none."""
        return self.connection.execute(query, values).fetchone() or ()

    def empty(self) -> None:
        """Nothing in any table, no schema of another tool, nobody still at work after having been stopped."""
        self.connection.execute(sql.SQL("SELECT pg_terminate_backend(pid) FROM {}").format(OTHERS))
        tables = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        )
        names = [sql.Identifier(name) for (name,) in self.connection.execute(tables)]
        if names:
            self.connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
        for schema in ("bench_dlt", "bench_dlt_staging"):
            self.connection.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
            )

    def settle(self) -> None:
        """What autovacuum and the checkpointer would have done by the next day, the same for everyone."""
        self.connection.execute("VACUUM ANALYZE")
        self.connection.execute("CHECKPOINT")

    def written(self, table: tuple[str, str]) -> Written:
        """The counts of a table, once every other connection has gone (and has handed in its own)."""
        others = sql.SQL("SELECT count(*) FROM {}").format(OTHERS)
        for _ in range(200):
            if self.one(others) == (0,):
                break
            time.sleep(0.05)
        counts = "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
        return Written(*self.one(sql.SQL(counts + " WHERE schemaname = %s AND relname = %s"), *table))

    def content(self, table: tuple[str, str]) -> tuple[int, int]:
        """How many rows a table has, and a sum over the twenty columns of all of them."""
        texts = [
            sql.SQL("coalesce({}::{}::text, '~')").format(
                sql.Identifier(name), sql.SQL(CASTS.get(name, "text"))
            )
            for name in TYPES
        ]
        query = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(concat_ws('|', {}), 0)), 0) FROM {}")
        rows, total = self.one(query.format(sql.SQL(", ").join(texts), sql.Identifier(*table)))
        return rows, int(total)


@contextmanager
def fresh_database() -> Iterator[Database]:
    """A database with a unique name; dropped at the end, whatever happens."""
    name = f"ingestion_bench_{uuid4().hex[:10]}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            database = Database(name)
            with database.connection:
                yield database
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
