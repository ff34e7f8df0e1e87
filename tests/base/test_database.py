"""Databases as sources: order, windows, awkward values, lost connections."""

import asyncio
import json
import sqlite3
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from asgiref.sync import async_to_sync
from django.core.management import call_command
from sqlalchemy.dialects import mssql, oracle

from ingestion.base.database import DatabaseDataSource, Table
from ingestion.base.database.reflected import matched
from ingestion.base.database.statements import Statements
from ingestion.base.database.values import Moments, Times
from ingestion.base.exceptions import AuthenticationError, ConfigurationError, SafetyStop, TransientError
from ingestion.base.factory import DataSourceFactory
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.models.quarantine import State
from tests import databases
from tests.chinook import engines, models
from tests.databases import Proxy

pytestmark = pytest.mark.django_db

REAL = Path(__file__).parents[3] / "shared" / "data" / "chinook.sqlite"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

TYPES = {
    "sqlite": ("INTEGER", "DATETIME", "BLOB", "INTEGER", "TEXT"),
    "postgres": ("BIGINT", "TIMESTAMP(3)", "BYTEA", "INTEGER", "INTERVAL"),
    "mariadb": ("BIGINT", "DATETIME(3)", "BLOB", "BIT(4)", "TIME"),
}
ORDER = """CREATE TABLE "order" (id {0} PRIMARY KEY, name VARCHAR(40), amount {5}, big NUMERIC(20),
    flags {3}, owner_id INTEGER, took {4}, photo {2}, added_on {1} NULL, updated_at {1} NULL)"""


@pytest.fixture(params=databases.KINDS)
def source(request, tmp_path):
    """A database of each kind with an empty table whose name is a reserved word."""
    with databases.made(request.param, tmp_path) as made:
        amount = "TEXT" if made.kind == "sqlite" else "DECIMAL(38,10)"
        made.run(ORDER.format(*TYPES[made.kind], amount))
        yield made


@pytest.fixture
def mariadb(tmp_path):
    with databases.made("mariadb", tmp_path) as made:
        made.run(ORDER.format(*TYPES["mariadb"], "DECIMAL(38,10)"))
        yield made


@pytest.fixture
def quick(monkeypatch):
    """Patience that a test can wait for."""
    monkeypatch.setenv("INGESTION_RETRY_SECONDS", "3")
    monkeypatch.setenv("INGESTION_RETRY_ATTEMPTS", "4")


def fill(source, rows):
    source.run('INSERT INTO "order" (id, name, updated_at) VALUES (?, ?, ?)', *rows)


def wall(minutes=0, *, since=NOON):
    return (since + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def sync(source, engine=engines.ReadingSyncEngine, *, page_size=100, zone="UTC", **flags):
    client = DatabaseDataSource(getattr(source, "url", source), page_size=page_size, time_zone=zone)
    return engine(client=client).sync(SyncPlan(**flags))


def read(
    source,
    window=None,
    *,
    table=engines.ReadingSyncEngine.resource,
    page_size=100,
    zone="UTC",
    after=None,
    client_class=DatabaseDataSource,
):
    async def everything():
        client = client_class(source.url, page_size=page_size, time_zone=zone)
        async with client:
            return [page async for page in client.read(table, window or Window("full", NOON), after)]

    return async_to_sync(everything)()


def ids(pages):
    return [record["id"] for page in pages for record in page.records]


def delta(since, until=None):
    return Window("delta", NOON, since, until or since + timedelta(days=30))


def counts(history):
    names = ("processed", "created", "updated", "unchanged", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


# Order and windows.


def test_full_read_goes_by_the_key_in_pages(source):
    fill(source, [(n, f"row {n}", wall()) for n in range(1, 8)])
    pages = read(source, page_size=3)

    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert ids(pages) == list(range(1, 8))
    assert pages[0].position == {"stretch": 0, "after": [3]}


def test_read_goes_on_behind_a_stored_position(source):
    fill(source, [(n, f"row {n}", wall()) for n in range(1, 8)])
    pages = read(source, delta(NOON), page_size=3)

    assert ids(read(source, delta(NOON), after=pages[0].position)) == [4, 5, 6, 7]
    assert ids(read(source, delta(NOON), after=pages[-1].position)) == []


def test_delta_goes_by_time_and_key_and_takes_both_ends(source):
    fill(
        source,
        [
            (1, "b", wall(5)),
            (2, "a", wall(1)),
            (3, "early", wall(-1)),
            (4, "late", wall(11)),
            (5, "c", wall(5)),
        ],
    )
    fill(source, [(6, "first", wall(0)), (7, "last", wall(10))])

    assert ids(read(source, delta(NOON, NOON + timedelta(minutes=10)), page_size=2)) == [6, 2, 1, 5, 7]


def test_five_thousand_rows_of_one_moment_all_arrive(source):
    fill(source, [(n, f"row {n}", wall()) for n in range(5000)])
    pages = read(source, delta(NOON), page_size=700)

    assert ids(pages) == list(range(5000))


def test_row_without_a_time_counts_by_the_fallback_and_without_either_it_always_comes(source):
    fill(source, [(1, "dated", wall(1))])
    rows = [(2, wall(3)), (3, wall(-60)), (4, None)]
    source.run('INSERT INTO "order" (id, added_on) VALUES (?, ?)', *rows)

    assert ids(read(source, delta(NOON))) == [1, 2, 4]


def test_without_a_fallback_each_delta_reads_the_rows_without_a_time(source):
    fill(source, [(1, "dated", wall(1)), (2, "early", wall(-60)), (3, "none", None)])

    assert ids(read(source, delta(NOON), table=Table("order", cursor="updated_at"))) == [1, 3]


def test_composite_key_is_compared_as_one(source):
    source.run('CREATE TABLE "pair" (a INTEGER, b INTEGER, PRIMARY KEY (a, b))')
    pairs = [(a, b) for a in range(5) for b in range(4)]
    source.run('INSERT INTO "pair" VALUES (?, ?)', *pairs[::-1])
    pages = read(source, table=Table("pair"), page_size=3)

    assert [(r["a"], r["b"]) for page in pages for r in page.records] == pairs


def test_row_with_a_null_in_its_declared_key_is_handed_over_too(source):
    source.run('CREATE TABLE "loose" (code VARCHAR(9), name VARCHAR(9))')
    source.run('INSERT INTO "loose" VALUES (?, ?)', ("b", "1"), (None, "2"), ("a", "3"))
    pages = read(source, table=Table("loose", key="code"), page_size=1)

    assert [r["code"] for page in pages for r in page.records] == ["a", "b", None]


def test_rows_without_a_key_are_read_once_however_many_there_are(source):
    class Short(DatabaseDataSource):
        statement_rows = 4

    source.run('CREATE TABLE "loose" (code VARCHAR(9), n INTEGER)')
    source.run('INSERT INTO "loose" VALUES (?, ?)', *[(None, n) for n in range(11)])
    pages = read(source, table=Table("loose", key="code"), page_size=2, client_class=Short)

    assert sorted(r["n"] for page in pages for r in page.records) == list(range(11))


def test_delta_is_counted_only_where_an_index_makes_it_cheap(source):
    fill(source, [(1, "", wall())])

    async def counted():
        async with DatabaseDataSource(source.url) as client:
            return await client.count_records(engines.ReadingSyncEngine.resource, delta(NOON))

    assert async_to_sync(counted)() is None


def test_count_says_how_many_will_come(source):
    source.run('CREATE INDEX changed ON "order" (updated_at)')
    fill(source, [(n, "", wall(n)) for n in range(10)])

    async def counted():
        async with DatabaseDataSource(source.url) as client:
            return [
                await client.count_records(engines.ReadingSyncEngine.resource, window)
                for window in (Window("full", NOON), delta(NOON + timedelta(minutes=4)))
            ]

    assert async_to_sync(counted)() == [10, 6]


@pytest.mark.parametrize("between", [" ", "T"])
def test_times_kept_as_texts_are_compared_in_either_spelling(tmp_path, between):
    with databases.made("sqlite", tmp_path) as source:
        source.run(ORDER.format(*TYPES["sqlite"], "TEXT"))
        fill(source, [(n, "", wall(n).replace(" ", between)) for n in (-1, 0, 10, 11)])

        assert ids(read(source, delta(NOON, NOON + timedelta(minutes=10)))) == [0, 10]


# Values.


def test_exact_numbers_arrive_exactly(source):
    amount, big = "1234567890123456789012345678.0123456789", str(2**64 - 1)
    source.run('INSERT INTO "order" (id, amount, big) VALUES (?, ?, ?)', (1, amount, big))
    (record,) = read(source)[0].records

    assert record["amount"] == amount
    assert record["big"] == big or source.kind == "sqlite"  # which keeps such a number as a float


def test_zero_is_null_where_it_was_declared(source):
    source.run('INSERT INTO "order" (id, owner_id, flags) VALUES (?, ?, ?)', (1, 0, 0), (2, 7, 0))
    records = read(source)[0].records

    assert [(r["owner_id"], r["flags"]) for r in records] == [(None, 0), (7, 0)]


def test_zero_dates_are_null_bits_are_numbers_and_times_are_durations(mariadb):
    mariadb.run(
        'INSERT INTO "order" (id, flags, took, photo, added_on, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
        (1, 5, "838:59:59", b"\xff\x00", "0000-00-00 00:00:00", "2026-03-01 12:00:00"),
        (2, 0, "-00:00:01", None, "2026-03-01 12:00:00", "0000-00-00 00:00:00"),
    )
    history = sync(mariadb)
    one, two = models.Reading.objects.order_by("id")

    assert history.status == "success"
    assert (one.flags, one.took, bytes(one.photo), one.added_on) == (
        5,
        timedelta(hours=838, minutes=59, seconds=59),
        b"\xff\x00",
        None,
    )
    assert (two.flags, two.took, two.updated_at) == (0, timedelta(seconds=-1), None)


def test_zero_date_counts_as_no_time_in_a_delta(mariadb):
    fill(mariadb, [(1, "zero", "0000-00-00 00:00:00"), (2, "early", wall(-60))])
    mariadb.run("UPDATE \"order\" SET added_on = '2026-03-01 12:30:00'")

    assert ids(read(mariadb, delta(NOON))) == [1]


def test_text_that_is_not_utf8_is_told_and_the_others_arrive(source):
    if source.kind == "postgres":
        pytest.skip("this PostgreSQL database is UTF8 and takes no other text")
    fill(source, [(n, f"row {n}", wall(n)) for n in range(1, 6)])
    if source.kind == "sqlite":
        source.run("UPDATE \"order\" SET name = CAST(x'66ff' AS TEXT) WHERE id = 3")
    else:
        source.run('CREATE TABLE "bytes" AS SELECT * FROM "order"')
        source.run("SET NAMES binary")
        source.run('ALTER TABLE "order" MODIFY name VARBINARY(40)')
        source.run("UPDATE \"order\" SET name = x'66ff' WHERE id = 3")
    history = sync(source)

    assert models.Reading.objects.count() == 5
    assert history.status == "success"


def test_read_as_bytes_brings_the_same_records(mariadb):
    """What a text that is not UTF-8 makes necessary; MariaDB itself lets none in."""
    names = "id, name, amount, big, flags, owner_id, took, photo, added_on, updated_at"
    row = (1, "Zoë", "1.5", 2**64 - 1, 5, 7, "-01:00:00", b"\xff", wall(), "0000-00-00 00:00:00")
    mariadb.run(f'INSERT INTO "order" ({names}) VALUES ({", ".join("?" * 10)})', row, (2, *[None] * 9))

    class Bytes(DatabaseDataSource):
        async def ready(self):
            self.session.bytes_only = True
            await super().ready()

    assert read(mariadb, client_class=Bytes)[0].records == read(mariadb)[0].records


class OwnCharacters(DatabaseDataSource):
    """A server that sends each text in the characters of its column, whatever was asked for."""

    async def ready(self):
        opened = not self.open
        await super().ready()
        if opened:
            await self.session.connection.exec_driver_sql("SET character_set_results = NULL")


def test_bytes_that_are_not_utf8_end_in_quarantine_and_the_rest_is_loaded(mariadb, quick):
    mariadb.run('ALTER TABLE "order" MODIFY name VARCHAR(40) CHARACTER SET latin1')
    fill(mariadb, [(n, "Zoë" if n == 250 else f"row {n}", wall(n)) for n in range(1, 301)])
    client = OwnCharacters(mariadb.url, page_size=100)
    history = engines.ReadingSyncEngine(client=client).sync(SyncPlan())
    names = dict(models.Reading.objects.values_list("id", "name"))
    (kept,) = RejectedRecord.objects.all()

    assert client.session.decodes
    assert counts(history)[:2] == (300, 300)
    assert names == {n: None if n == 250 else f"row {n}" for n in range(1, 301)}
    assert [error["field"] for error in kept.errors] == ["name"]
    assert (kept.status, json.loads(kept.payload)["name"]) == (State.WARNING, "Zo\udceb")


def test_naive_times_take_the_declared_zone(source):
    fill(source, [(1, "summer", "2026-07-01 12:00:00"), (2, "winter", "2026-01-01 12:00:00")])
    sync(source, zone="America/Los_Angeles")
    moments = dict(models.Reading.objects.values_list("id", "updated_at"))

    assert moments == {1: datetime(2026, 7, 1, 19, tzinfo=UTC), 2: datetime(2026, 1, 1, 20, tzinfo=UTC)}


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
def test_times_moved_by_the_hour_are_those_moved_one_by_one(zone):
    times = Times(ZoneInfo(zone))
    walls = [wall(n * 10, since=datetime(2025, 11, 1, tzinfo=UTC)) for n in range(400)]
    walls += [wall(n * 10, since=datetime(2026, 3, 7, tzinfo=UTC)) for n in range(400)]
    walls += [None, "0000-00-00 00:00:00", "2026-04-05 01:45:00.123456", "1969-12-31 23:59:59"]
    by_hour = [each if each is None else parsed(each) for each in times(walls)]

    assert by_hour == [
        None if each is None or each.startswith("0000") else times.moment(each) for each in walls
    ]
    assert times(["2026-02-30 10:00:00"]) == ["2026-02-30 10:00:00"]  # what is no day stays as it is


def test_only_what_is_a_time_without_a_doubt_is_called_one():
    """MySQL lets a month without a day in, and a day that no month has; SQLite any time at all."""
    wanted = ZoneInfo("America/Los_Angeles")
    sure = ["2026-03-01 10:00:00", None, "0000-00-00 00:00:00", "2026-03-08 02:30:00", "1000-01-01 00:00:00"]
    times = Times(wanted, checked=True)

    assert type(times(sure)) is Moments
    for doubtful in ("2026-00-00 00:00:00", "2026-02-30 10:00:00", "9999-12-31 23:59:59"):
        assert type(times([*sure, doubtful])) is list
    assert type(times(["not a time"])) is type(Times(wanted)(sure)) is list
    assert type(times(sure)) is Moments


def parsed(moment):
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def test_the_hour_that_comes_twice_is_read_whole(source):
    """Clocks in Los Angeles went from 02:00 back to 01:00 on 2025-11-02 at 09:00 UTC."""
    fill(source, [(1, "first 01:50", "2025-11-02 01:50:00"), (2, "second 01:10", "2025-11-02 01:10:00")])
    since = datetime(2025, 11, 2, 8, 45, tzinfo=UTC)  # 01:45, the first time

    assert sorted(ids(read(source, delta(since), zone="America/Los_Angeles"))) == [1, 2]


def test_the_hour_that_is_skipped_counts_on_from_before_the_gap(source):
    """Clocks in Los Angeles went from 02:00 on to 03:00 on 2026-03-08 at 10:00 UTC."""
    fill(source, [(1, "no such time", "2026-03-08 02:30:00")])
    sync(source, zone="America/Los_Angeles")

    assert models.Reading.objects.get().updated_at == datetime(2026, 3, 8, 10, 30, tzinfo=UTC)


def test_times_that_the_database_knows_the_zone_of_are_left_alone(tmp_path, database):
    for kind, column in (("postgres", "TIMESTAMPTZ"), ("mariadb", "TIMESTAMP")):
        with databases.made(kind, tmp_path) as source:
            source.run(f'CREATE TABLE "t" (id INTEGER PRIMARY KEY, at {column} NULL)')
            source.run("SET time_zone = '+00:00'" if kind == "mariadb" else "SET TIME ZONE 'UTC'")
            source.run('INSERT INTO "t" VALUES (?, ?)', (1, "2026-07-01 12:00:00"))
            (page,) = read(source, table=Table("t", cursor="at"), zone="America/Los_Angeles")
            found = page.records[0]["at"]

        assert datetime.fromisoformat(found) == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_infinity_is_told_and_not_a_crash(tmp_path):
    with databases.made("postgres", tmp_path) as source:
        source.run(ORDER.format(*TYPES["postgres"], "DECIMAL(38,10)"))
        fill(source, [(1, "endless", "infinity"), (2, "usual", wall())])
        sync(source)

    assert models.Reading.objects.get(id=1).updated_at is None
    assert RejectedRecord.objects.get().errors[0]["field"] == "updated_at"


def test_answer_waits_at_the_server_for_as_long_as_nobody_takes_it(mariadb):
    mariadb.run("INSERT INTO \"order\" (id, photo) SELECT seq, REPEAT('x', 60000) FROM seq_1_to_800")
    proxy = Proxy(3306)

    async def first_page():
        url = mariadb.url.replace("127.0.0.1", f"127.0.0.1:{proxy.port}")
        table, window = engines.ReadingSyncEngine.resource, Window("full", NOON)
        client = DatabaseDataSource(url, page_size=10)
        async with client, aclosing(client.read(table, window)) as pages:
            await anext(pages)
            await asyncio.sleep(0.5)
            return proxy.passed

    passed = async_to_sync(first_page)()
    proxy.close()

    assert passed < 24_000_000  # of 48; what is on its way fills the buffers of the machine


# Names and rights.


def test_hostile_names_are_quoted(source):
    name = "a`b]; DROP TABLE x; --" if source.kind == "mariadb" else 'a"b]; DROP TABLE x; --'
    mark = "`" if source.kind == "mariadb" else '"'
    written = name.replace(mark, mark * 2)
    statement = f"CREATE TABLE {mark}{written}{mark} ({mark}select %s{mark} INTEGER PRIMARY KEY)"
    source.connection.cursor().execute(statement)
    source.connection.commit()

    assert read(source, table=Table(name)) == []
    assert read(source) == []


@pytest.mark.parametrize(
    "table",
    [
        Table("oder"),
        Table("order", key="id; DROP TABLE x"),
        Table("order", cursor="updated"),
        Table("order", cursor="updated_at", fallback="created"),
        Table("order", without=("pasword",)),
        Table("order", zero_is_null=("owner",)),
        Table("order", key="id", without=("id",)),
    ],
)
def test_name_that_the_database_does_not_have_is_refused(source, table):
    with pytest.raises(ConfigurationError) as error:
        read(source, table=table)

    assert error.value.fix


def test_column_without_times_is_no_cursor(tmp_path):
    with databases.made("postgres", tmp_path) as source:
        source.run(ORDER.format(*TYPES["postgres"], "DECIMAL(38,10)"))

        with pytest.raises(ConfigurationError, match="holds no time"):
            read(source, delta(NOON), table=Table("order", cursor="owner_id"))


def test_secrets_are_never_read(source):
    fill(source, [(1, "canary-7f3a91c2", wall())])
    (page,) = read(source, table=Table("order", without=("name",)))

    assert "name" not in page.records[0]


def test_session_can_only_read(source):
    async def write():
        async with DatabaseDataSource(source.url) as client:
            session = client.session
            if source.kind == "mariadb":
                await session.connection.exec_driver_sql("DELETE FROM `order`")
            else:
                await session.run(session.connection.exec_driver_sql, 'DELETE FROM "order"')

    with pytest.raises(Exception, match=r"(?i)read.?only"):
        async_to_sync(write)()


def test_wrong_password_is_an_authentication_error_without_the_password(mariadb):
    mariadb.url = mariadb.url.replace("root@", "nobody:canary-7f3a91c2@")
    with pytest.raises(AuthenticationError) as error:
        read(mariadb)

    assert "canary" not in str(error.value)


def test_file_that_is_not_there_is_told(tmp_path, quick):
    with pytest.raises((ConfigurationError, TransientError)):
        sync(f"sqlite:///{tmp_path / 'nothing.sqlite'}")

    assert not (tmp_path / "nothing.sqlite").exists()


def test_settings_that_are_missing_are_named(monkeypatch):
    monkeypatch.setenv("CHINOOK_DB_HOST", "127.0.0.1")
    monkeypatch.delenv("CHINOOK_DB_URL", raising=False)

    assert "CHINOOK_DB_NAME" in engines.ChinookSource.lacks(SyncPlan(), Table("x"))
    with pytest.raises(ConfigurationError, match="CHINOOK_DB_NAME"):
        engines.ChinookSource.from_settings()


def test_factory_makes_one_from_a_configuration():
    made = DataSourceFactory.create_source("database", {"url": "sqlite:///x", "time_zone": "US/Pacific"})

    assert isinstance(made, DatabaseDataSource)
    with pytest.raises(ConfigurationError, match="'uri'"):
        DataSourceFactory.create_source("database", {"uri": "sqlite:///x"})


def test_unknown_time_zone_is_refused():
    with pytest.raises(ConfigurationError, match="Mars"):
        DatabaseDataSource("sqlite:///x", time_zone="Mars/Olympus")


# Lost connections.


def test_connection_lost_in_the_middle_is_made_again_and_nothing_is_missing(mariadb, quick):
    fill(mariadb, [(n, "x" * 40, wall()) for n in range(1, 4001)])
    proxy = Proxy(3306, cut_after=60_000, cuts=3)
    history = sync(mariadb.url.replace("127.0.0.1", f"127.0.0.1:{proxy.port}"))
    proxy.close()

    assert (history.status, history.records_created, proxy.cuts) == ("success", 4000, 0)
    assert proxy.made > 3


def test_lost_connection_to_postgresql_is_made_again_too(tmp_path, quick):
    with databases.made("postgres", tmp_path) as source:
        source.run(ORDER.format(*TYPES["postgres"], "DECIMAL(38,10)"))
        fill(source, [(n, "x" * 40, wall()) for n in range(1, 4001)])
        proxy = Proxy(5432, cut_after=100_000, cuts=2)
        history = sync(source.url.replace("@127.0.0.1", f"@127.0.0.1:{proxy.port}"))
        proxy.close()

    assert (history.status, history.records_created, proxy.cuts) == ("success", 4000, 0)


def test_source_that_stays_away_fails_the_run_and_the_next_goes_on(mariadb, quick):
    fill(mariadb, [(n, "x" * 40, wall()) for n in range(1, 12001)])
    proxy = Proxy(3306, cut_after=500_000, cuts=99, for_good=True)
    url = mariadb.url.replace("127.0.0.1", f"127.0.0.1:{proxy.port}")
    with pytest.raises(TransientError):
        sync(url, page_size=1000)
    failed = SyncHistory.objects.first()
    proxy.cuts = 0
    history = sync(url, page_size=1000)
    proxy.close()

    assert (failed.status, failed.watermark) == ("failed", None)
    assert 0 < failed.records_processed < 12000
    assert history.configuration["resumes"] == failed.pk
    assert history.records_processed == 12000 - failed.records_processed
    assert models.Reading.objects.count() == 12000


# Chinook.

CHINOOK = [
    engines.ArtistSyncEngine,
    engines.GenreSyncEngine,
    engines.MediaTypeSyncEngine,
    engines.PlaylistSyncEngine,
    engines.AlbumSyncEngine,
    engines.TrackSyncEngine,
    engines.PlaylistTrackSyncEngine,
    engines.CustomerSyncEngine,
    engines.EmployeeSyncEngine,
    engines.InvoiceSyncEngine,
    engines.InvoiceLineSyncEngine,
]


def small_chinook(path):
    """A few of Chinook's tables, as the file has them."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL PRIMARY KEY, [Name] NVARCHAR(120))"
    )
    connection.execute(
        "CREATE TABLE [PlaylistTrack] ([PlaylistId] INTEGER NOT NULL, [TrackId] INTEGER NOT NULL,"
        " PRIMARY KEY ([PlaylistId], [TrackId]))"
    )
    connection.executemany("INSERT INTO Artist VALUES (?, ?)", [(n, f"artist {n}") for n in range(1, 61)])
    connection.executemany("INSERT INTO PlaylistTrack VALUES (?, ?)", [(n % 3, n) for n in range(90)])
    connection.commit()
    return connection


def change(connection):
    """One row changed, one added, one deleted; and a pair added and one deleted."""
    connection.execute("UPDATE Artist SET Name = 'changed' WHERE ArtistId = 7")
    connection.execute("DELETE FROM Artist WHERE ArtistId = 9")
    connection.execute("INSERT INTO Artist VALUES (9001, 'added')")
    connection.execute(
        "DELETE FROM PlaylistTrack WHERE (PlaylistId, TrackId) IN (SELECT * FROM PlaylistTrack LIMIT 1)"
    )
    connection.execute("INSERT INTO PlaylistTrack VALUES (9001, 9001)")
    connection.commit()


def changes_are_brought(path, connection):
    """The next run of two tables brings exactly what `change` did."""
    artists, pairs = models.Artist.objects.count(), models.PlaylistTrack.objects.count()
    change(connection)
    connection.close()
    first = sync(f"sqlite:///{path}", engines.ArtistSyncEngine)
    second = sync(f"sqlite:///{path}", engines.PlaylistTrackSyncEngine)

    assert counts(first) == (artists, 1, 1, artists - 2, 1)
    assert counts(second) == (pairs, 1, 0, pairs - 1, 1)
    assert models.Artist.objects.get(pk=7).name == "changed"
    assert not models.Artist.objects.filter(pk=9).exists()


def test_table_without_a_time_is_read_whole_and_only_changes_are_written(database, tmp_path, monkeypatch):
    path = tmp_path / "small.sqlite"
    monkeypatch.setenv("CHINOOK_DB_URL", f"sqlite:///{path}")
    connection = small_chinook(path)
    for engine in (engines.ArtistSyncEngine, engines.PlaylistTrackSyncEngine):
        assert sync(f"sqlite:///{path}", engine).status == "success"
        call_command("sync_verify", "chinook", engine.sync_type, "--all", stdout=StringIO())

    changes_are_brought(path, connection)
    call_command("sync_verify", "chinook", "artists", "--all", stdout=StringIO())


@pytest.mark.skipif(not REAL.exists(), reason="the Chinook database is not beside the repository")
def test_every_table_of_chinook_arrives_and_then_exactly_what_changed(database, tmp_path, monkeypatch):
    path = tmp_path / "chinook.sqlite"
    monkeypatch.setenv("CHINOOK_DB_URL", f"sqlite:///{path}")
    path.write_bytes(REAL.read_bytes())
    connection = sqlite3.connect(path)
    for engine in CHINOOK:
        history = sync(f"sqlite:///{path}", engine)
        (rows,) = connection.execute(f"SELECT count(*) FROM {engine.resource.name}").fetchone()

        assert (history.status, history.records_created, history.records_failed) == ("success", rows, 0)
        assert engine.processor_class.model.objects.count() == rows
        call_command("sync_verify", "chinook", engine.sync_type, "--all", stdout=StringIO())

    changes_are_brought(path, connection)


# Databases that are not at hand.


@pytest.mark.parametrize("dialect", [mssql.dialect(), oracle.dialect()])
def test_statements_are_written_for_databases_that_are_not_run_here(dialect):
    columns = [
        {"name": "id", "type": sa.Integer(), "nullable": False},
        {"name": "order", "type": sa.DateTime(), "nullable": True},
    ]
    table = matched(Table("lead", cursor="order"), dialect.name, columns, ("id",))
    asked = Statements(table, delta(NOON))
    for stretch in asked.stretches():
        text = str(
            asked.page(stretch, ["2026-03-01T12:00:00", 7][-len(stretch.order) :], 50).compile(
                dialect=dialect
            )
        )

        assert "lead" in text
        assert ('"order"' in text) or ("[order]" in text)
        assert "ORDER BY" in text
        assert "2026" not in text


# Deletes.


def test_delta_is_followed_by_a_sweep_of_keys_when_one_is_due(source):
    fill(source, [(n, f"row {n}", wall(n)) for n in range(60)])
    sync(source)
    source.run('DELETE FROM "order" WHERE id = 7')
    early = sync(source)
    long_ago = datetime.now(UTC) - timedelta(days=8)
    SyncHistory.objects.update(start_time=long_ago)
    due = sync(source)
    again = sync(source)

    assert (early.configuration["strategy"], early.records_deleted) == ("delta", 0)
    assert (due.configuration["strategy"], due.records_deleted) == ("delta", 1)
    assert due.records_processed < 10  # the overlap alone; all others were looked at by their keys
    assert (again.records_deleted, models.Reading.objects.count()) == (0, 59)
    assert "swept" not in again.configuration


def test_sweep_of_keys_has_the_brake_too(source):
    fill(source, [(n, f"row {n}", wall(n)) for n in range(60)])
    sync(source)
    source.run('DELETE FROM "order" WHERE id < 40')
    SyncHistory.objects.update(start_time=datetime.now(UTC) - timedelta(days=8))
    with pytest.raises(SafetyStop, match="40 of 60"):
        sync(source)

    assert models.Reading.objects.count() == 60
    assert sync(source, allow_deletes=True).records_deleted == 40


def test_dry_run_sweeps_nothing_and_the_sweep_stays_due(source):
    fill(source, [(n, f"row {n}", wall(n)) for n in range(60)])
    sync(source)
    source.run('DELETE FROM "order" WHERE id = 7')
    SyncHistory.objects.update(start_time=datetime.now(UTC) - timedelta(days=8))
    sync(source, dry_run=True)

    assert models.Reading.objects.count() == 60
    assert sync(source).records_deleted == 1
