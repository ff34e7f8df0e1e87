"""The history table of a former Arrivy connector: its rows as rows of SyncHistory, and back again.

Two shapes are known. Shape A, `arrivy_sync_history`: endpoint, last_synced_at, total_records, success_count,
error_count, notes. Shape B, `ingestion_arrivy_sync_history`: id, sync_type, last_synced_at, created_at,
updated_at.

Forwards, each row that has a time becomes a finished run without a watermark, so that the first run of the
entity reads everything; then the table is renamed to `<table>_backup`, with all it holds. Backwards, the
backup gets its name back and the rows go. Both may be repeated.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.apps.registry import Apps
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ingestion.base.exceptions import ConfigurationError

SHAPES = {"arrivy_sync_history": "endpoint", "ingestion_arrivy_sync_history": "sync_type"}
"""Old table → its column with the entity's name."""

COUNTS = ("total_records", "success_count", "error_count", "notes")
RENAMED = {
    "team_members": "entities",
    "team_member": "entities",
    "crews": "entities",
    "status": "statuses",
    "task_status": "statuses",
}
MARK = "migrated_from"
"""The key in `SyncHistory.configuration` that tells a migrated row."""


@dataclass
class Report:
    """What was done, or would be: rows of the old table, rows made or removed, and what was left alone."""

    table: str
    rows: int = 0
    changed: int = 0
    already: int = 0
    without_time: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        never = f", {len(self.without_time)} never synced ({', '.join(self.without_time)})"
        return (
            f"{self.table}: {self.rows} rows, {self.changed} moved, {self.already} there before"
            f"{never if self.without_time else ''}"
        )


def backup_of(table: str) -> str:
    """The name that an old table has once its rows are moved."""
    return f"{table}_backup"


def forwards(connection: BaseDatabaseWrapper, history: type[models.Model], *, dry_run: bool) -> list[Report]:
    """Move the rows of each old table that there is. Raises ConfigurationError where it is another table."""
    present = tables(connection)
    reports = []
    for table in sorted(present & SHAPES.keys()):
        one_of(present, table)
        with transaction.atomic(using=connection.alias):
            reports.append(moved(connection, history, table, dry_run=dry_run))
        if not dry_run:  # after the rows: on MySQL it commits, and a run that stops between is made up for
            rename(connection, table, backup_of(table))
    return reports


def moved(
    connection: BaseDatabaseWrapper, history: type[models.Model], table: str, *, dry_run: bool
) -> Report:
    """Make the rows that are not there yet, and count them."""
    old, column = old_rows(connection, table, table), SHAPES[table]
    mine = history._default_manager.using(connection.alias).filter(crm_source="arrivy")
    there = {each[MARK] for each in mine.values_list("configuration", flat=True) if MARK in (each or {})}
    report, made = Report(table, rows=len(old)), []
    for row in old:
        mark, moment = f"{table}:{row[column]}", as_moment(row["last_synced_at"])
        if moment is None:
            report.without_time.append(row[column])
        elif mark in there:
            report.already += 1
        else:
            made.append(run_of(history, table, row, moment))
    report.changed = len(made)
    if not dry_run:
        for run in made:
            run.save(using=connection.alias)
        check_count(history, connection.alias, table, report.changed + report.already)
    return report


def run_of(history: type[models.Model], table: str, row: Mapping[str, Any], moment: datetime) -> models.Model:
    """An old row as a finished run. Its counts do not tell created from updated, so they are kept apart."""
    name = str(row[SHAPES[table]])
    entity = name.strip().strip("/").lower().removesuffix("_sync")
    metrics = {each: row[each] for each in COUNTS if row.get(each) is not None}
    return history(
        crm_source="arrivy",
        sync_type=RENAMED.get(entity, entity)[:50],
        status="success",
        start_time=moment,
        end_time=moment,
        watermark=None,
        configuration={MARK: f"{table}:{name}"},
        performance_metrics={"former": metrics} if metrics else {},
    )


def backwards(connection: BaseDatabaseWrapper, history: type[models.Model], *, dry_run: bool) -> list[Report]:
    """Give each backup its name back and remove the rows that came from it; later runs stay."""
    present = tables(connection)
    reports = []
    for table in sorted(table for table in SHAPES if backup_of(table) in present):
        one_of(present, table)
        rows, old = migrated(history, connection.alias, table), old_rows(connection, table, backup_of(table))
        reports.append(Report(table, rows=len(old), changed=rows.count()))
        if not dry_run:
            with transaction.atomic(using=connection.alias):
                rows.delete()
                check_count(history, connection.alias, table, 0)
            rename(connection, backup_of(table), table)
    return reports


def migrated(history: type[models.Model], using: str, table: str) -> "models.QuerySet[Any]":
    """The runs that came from an old table."""
    mine = history._default_manager.using(using).filter(crm_source="arrivy")
    marks = mine.values_list("pk", "configuration")
    keys = [key for key, kept in marks if str((kept or {}).get(MARK, "")).startswith(f"{table}:")]
    return history._default_manager.using(using).filter(pk__in=keys)


def one_of(present: set[str], table: str) -> None:
    """Raise ConfigurationError when an old table and its backup are both there."""
    if {table, backup_of(table)} <= present:
        raise ConfigurationError(
            f"there are both {table} and {backup_of(table)}",
            where=table,
            fix="look which of the two is right, and drop or rename the other",
        )


def check_count(history: type[models.Model], using: str, table: str, expected: int) -> None:
    """Raise ConfigurationError, which undoes it all, when the rows are not as many as they should be."""
    found = migrated(history, using, table).count()
    if found != expected:
        raise ConfigurationError(
            f"{expected} rows of {table} should be in SyncHistory, and {found} are",
            where=table,
            fix="nothing was changed; look for another process that writes to the table, and run it again",
        )


def tables(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the tables that there are."""
    return set(connection.introspection.table_names())


def old_rows(connection: BaseDatabaseWrapper, shape: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table of this shape. Raises ConfigurationError where its columns are others."""
    name = SHAPES[shape]
    with closing(connection.cursor()) as cursor:
        found = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    if lacking := {name, "last_synced_at"} - found:
        raise ConfigurationError(
            f"it has no column {', '.join(sorted(lacking))}; found {', '.join(sorted(found))}",
            where=table,
            fix="this is not the former history table: rename it, so that the migration passes it over",
        )
    columns = [each for each in (name, "last_synced_at", *COUNTS) if each in found]
    rows = old_model(table, name)._base_manager.using(connection.alias).order_by(name)
    return list(rows.values(*columns))


def old_model(table: str, name: str) -> type[models.Model]:
    """An old table as a model of its own little world: nothing of it is registered."""
    meta = {"app_label": "ingestion_arrivy", "db_table": table, "managed": False, "apps": Apps()}
    columns: dict[str, models.Field[Any, Any]] = {
        name: models.CharField(max_length=100, primary_key=True),
        "last_synced_at": models.DateTimeField(null=True),
        "notes": models.TextField(),
        **{each: models.IntegerField() for each in COUNTS if each != "notes"},
    }
    members = {"__module__": __name__, "Meta": type("Meta", (), meta)}
    return type("OldHistory", (models.Model,), {**members, **columns})


def rename(connection: BaseDatabaseWrapper, old: str, new: str) -> None:
    """Rename a table; its rows, keys and indexes stay as they are."""
    editor = connection.schema_editor(atomic=False)
    editor.deferred_sql = []
    editor.alter_db_table(old_model(old, "name"), old, new)


def as_moment(value: datetime | None) -> datetime | None:
    """A time as a driver hands it over; a naive one is UTC, as Django writes them."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value
