"""A former connector's history becomes SyncHistory and goes back, on databases made in both old shapes."""

import io
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from ingestion.base.exceptions import ConfigurationError
from ingestion.models import SyncHistory
from ingestion.registry import get_engine
from ingestion.sync.arrivy.models import ArrivyCustomer
from ingestion.sync.arrivy.old_history import as_moment, backwards, forwards
from tests.routing import OneDatabase

FIRST, SECOND = datetime(2025, 7, 1, 10, 30, tzinfo=UTC), datetime(2025, 7, 2, 23, 59, 59, tzinfo=UTC)
KEY = {
    "sqlite": "integer PRIMARY KEY",
    "postgresql": "serial PRIMARY KEY",
    "mysql": "integer AUTO_INCREMENT PRIMARY KEY",
}
TIME = {"sqlite": "datetime", "postgresql": "timestamp with time zone", "mysql": "datetime(6)"}
BEFORE, AFTER = ("ingestion_arrivy", "0001_initial"), ("ingestion_arrivy", "0002_old_history")


class OldTable:
    """A former history table in one of its two shapes, on one database."""

    def __init__(self, shape, using):
        self.shape, self.connection = shape, connections[using]
        self.name = {"a": "arrivy_sync_history", "b": "ingestion_arrivy_sync_history"}[shape]
        self.backup = f"{self.name}_backup"

    def execute(self, sql, values=()):
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def create(self):
        key, time = KEY[self.connection.vendor], TIME[self.connection.vendor]
        columns = {
            "a": f"id {key}, endpoint varchar(100) NOT NULL UNIQUE, last_synced_at {time} NOT NULL, "
            "total_records integer NOT NULL, success_count integer NOT NULL, error_count integer NOT NULL, "
            "notes text",
            "b": f"id {key}, sync_type varchar(50) NOT NULL, last_synced_at {time} NULL, "
            f"created_at {time} NOT NULL, updated_at {time} NOT NULL",
        }
        self.execute(f"CREATE TABLE {self.name} ({columns[self.shape]})")

    def fill(self, *rows):
        for name, moment in rows:
            given = moment and self.connection.ops.adapt_datetimefield_value(moment)
            if self.shape == "a":
                columns, values = (
                    "endpoint, last_synced_at, total_records, success_count, error_count, notes",
                    (name, given, 120, 118, 2, "the last one"),
                )
            else:
                stamp = self.connection.ops.adapt_datetimefield_value(FIRST)
                columns = "sync_type, last_synced_at, created_at, updated_at"
                values = (name, given, stamp, stamp)
            marks = ", ".join(["%s"] * len(values))
            self.execute(f"INSERT INTO {self.name} ({columns}) VALUES ({marks})", values)

    def rows(self, name=None):
        return self.execute(f"SELECT * FROM {name or self.name} ORDER BY id")

    def exists(self, name=None):
        return (name or self.name) in self.connection.introspection.table_names()

    def drop(self):
        for name in (self.name, self.backup):
            self.execute(f"DROP TABLE IF EXISTS {name}")


@pytest.fixture(params=["a", "b"])
def old(request, database):
    """A populated old table; not on MariaDB, where a change of a table ends the test's transaction."""
    if database == "mariadb":
        pytest.skip("see the last test")
    table = OldTable(request.param, database)
    table.drop()
    table.create()
    table.fill(("customers", FIRST), ("team_members", SECOND), ("tasks", SECOND))
    yield table
    table.drop()


def moved():
    return list(
        SyncHistory.objects.filter(crm_source="arrivy", configuration__has_key="migrated_from")
        .order_by("pk")
        .values_list("sync_type", "status", "start_time", "end_time", "watermark")
    )


EXPECTED = {
    ("customers", "success", FIRST, FIRST, None),
    ("entities", "success", SECOND, SECOND, None),
    ("tasks", "success", SECOND, SECOND, None),
}


def test_rows_become_finished_runs_without_a_watermark(old):
    [report] = forwards(old.connection, SyncHistory, dry_run=False)

    assert set(moved()) == EXPECTED
    assert (report.rows, report.changed, report.already) == (3, 3, 0)
    assert (old.exists(), len(old.rows(old.backup))) == (False, 3)


def test_way_back_restores_the_table_as_it_was_and_later_runs_stay(old):
    before = old.rows()
    forwards(old.connection, SyncHistory, dry_run=False)
    SyncHistory.objects.create(crm_source="arrivy", sync_type="tasks", status="success", start_time=SECOND)
    [report] = backwards(old.connection, SyncHistory, dry_run=False)

    assert old.rows() == before
    assert not old.exists(old.backup)
    assert (report.rows, report.changed) == (3, 3)
    assert (moved(), SyncHistory.objects.count()) == ([], 1)


def test_forwards_back_and_forwards_again_is_the_same(old):
    for _ in range(2):
        forwards(old.connection, SyncHistory, dry_run=False)
        first = set(moved())
        backwards(old.connection, SyncHistory, dry_run=False)
    forwards(old.connection, SyncHistory, dry_run=False)

    assert set(moved()) == first == EXPECTED


def test_second_time_there_is_nothing_to_do(old):
    forwards(old.connection, SyncHistory, dry_run=False)

    assert forwards(old.connection, SyncHistory, dry_run=False) == []
    assert set(moved()) == EXPECTED


def test_run_that_stopped_between_rows_and_table_is_made_up_for(old):
    forwards(old.connection, SyncHistory, dry_run=False)
    old.execute(f"ALTER TABLE {old.backup} RENAME TO {old.name}")
    [report] = forwards(old.connection, SyncHistory, dry_run=False)

    assert (report.changed, report.already) == (0, 3)
    assert len(moved()) == 3


def test_dry_run_says_what_would_be_and_writes_nothing(old):
    before, out = old.rows(), io.StringIO()
    call_command("migrate_arrivy_history", "--dry-run", stdout=out)

    assert out.getvalue() == f"{old.name}: 3 rows, 3 moved, 0 there before (dry run)\n"
    assert (old.rows(), moved()) == (before, [])


def test_command_moves_and_moves_back(old):
    before, out = old.rows(), io.StringIO()
    call_command("migrate_arrivy_history", stdout=out)
    there = len(moved())
    call_command("migrate_arrivy_history", "--back", "--dry-run", stdout=out)
    still = len(moved())
    call_command("migrate_arrivy_history", "--back", stdout=out)

    assert (there, still, moved(), old.rows()) == (3, 3, [], before)


def test_row_that_was_never_synced_is_told_and_makes_no_run(old):
    if old.shape == "a":
        pytest.skip("there the time cannot be null")
    old.fill(("bookings", None))
    [report] = forwards(old.connection, SyncHistory, dry_run=False)

    assert (report.rows, report.changed, report.without_time) == (4, 3, ["bookings"])
    assert "1 never synced (bookings)" in str(report)
    assert len(old.rows(old.backup)) == 4


def test_counts_of_the_old_table_are_kept_beside_the_run(old):
    forwards(old.connection, SyncHistory, dry_run=False)

    former = SyncHistory.objects.get(sync_type="customers").performance_metrics
    expected = {"total_records": 120, "success_count": 118, "error_count": 2, "notes": "the last one"}
    assert former == ({"former": expected} if old.shape == "a" else {})


def test_table_and_backup_at_once_are_refused(old):
    forwards(old.connection, SyncHistory, dry_run=False)
    old.create()
    for move in (forwards, backwards):
        with pytest.raises(ConfigurationError, match=f"both {old.name} and {old.backup}"):
            move(old.connection, SyncHistory, dry_run=False)

    assert len(moved()) == 3


def test_table_of_another_shape_is_refused_and_stays(old):
    old.execute(f"ALTER TABLE {old.name} RENAME COLUMN last_synced_at TO seen")
    with pytest.raises(CommandError, match="it has no column last_synced_at; found"):
        call_command("migrate_arrivy_history")

    assert (old.exists(), moved()) == (True, [])


def test_time_without_a_zone_is_utc():
    assert as_moment(FIRST.replace(tzinfo=None)) == as_moment(FIRST) == FIRST
    assert as_moment(None) is None


def test_no_old_table_is_no_error(database):
    out = io.StringIO()
    call_command("migrate_arrivy_history", stdout=out)
    call_command("migrate_arrivy_history", "--back", stdout=out)

    assert out.getvalue() == "there is no old table to move\nthere is no backup\n"


def test_first_run_after_it_reads_everything(old, arrivy):
    arrivy.fill("customers", 3)
    forwards(old.connection, SyncHistory, dry_run=False)
    history = get_engine("arrivy", "customers")().sync()

    assert (history.configuration["strategy"], ArrivyCustomer.objects.count()) == ("full", 3)


@pytest.mark.django_db(transaction=True, databases=["default", "postgres", "mariadb"])
@pytest.mark.parametrize("using", ["default", "postgres", "mariadb"])
@pytest.mark.parametrize("shape", ["a", "b"])
def test_migrate_itself_goes_forwards_and_back_on_a_populated_table(shape, using):
    if using not in connections.settings:
        pytest.skip(f"{using} does not answer")
    old = OldTable(shape, using)

    def migrate(target):
        MigrationExecutor(old.connection).migrate([target])

    OneDatabase.alias = using
    try:
        old.drop()
        migrate(BEFORE)
        old.create()
        old.fill(("customers", FIRST), ("team_members", SECOND), ("tasks", SECOND))
        before = old.rows()
        migrate(AFTER)
        there, kept = set(moved()), old.rows(old.backup)
        migrate(BEFORE)
        back = (moved(), old.rows(), old.exists(old.backup))
    finally:
        old.drop()
        migrate(AFTER)
        OneDatabase.alias = "default"

    assert (there, kept) == (EXPECTED, before)
    assert back == ([], before, False)
