"""The limit: the server itself copies a prepared file into a table with its primary key."""

from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.columns import TYPES
from benchmarks.task import Task

PACKAGES = ("psycopg",)
SYNCED = ("sync_created_at", "sync_updated_at", "source_deleted_at", "extra")
TABLES = {"plain.copy": ("bench_plain", tuple(TYPES)), "full.copy": ("bench_contact", (*TYPES, *SYNCED))}


def load(task: Task) -> None:
    """One statement, one transaction."""
    table, columns = TABLES[Path(task.file).name]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM {}").format(sql.Identifier(table), names, sql.Literal(task.file))
    with psycopg.connect(task.dsn) as connection:
        connection.execute(statement)
