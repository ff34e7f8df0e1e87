"""The connection to our own database lost at every step of a run: sat out, and nothing done twice."""

import gc
import os
import threading
import uuid
from datetime import UTC, datetime

import psycopg
import pymysql
import pytest
import stamina
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from psycopg.sql import SQL, Identifier

from ingestion.base.datasource import Resource
from ingestion.base.exceptions import TransientError
from ingestion.base.plan import SyncPlan
from ingestion.base.replay import replay
from ingestion.base.testing import MemorySource
from ingestion.models import RejectedRecord, SyncHistory
from tests.conftest import on
from tests.faults.proxy import Nth, Proxy
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine
from tests.shop.models import ShopCustomer, ShopOrderLine

EVERY = os.environ.get("INGESTION_TEST_SEEDS", "1") != "1"
STRIDE = 1 if EVERY else 17
"""Of the messages of a run, one in so many is lost; every COMMIT always is."""

BATCH = 200
RECORDS, REJECTED, GONE = 2 * BATCH + 100, 3, 5

pytestmark = pytest.mark.django_db(
    transaction=True, databases=[name for name in ("postgres", "mariadb") if name in settings.DATABASES]
)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", str(BATCH))


@pytest.fixture
def proxy(postgres_database):
    """The run's connection goes through a proxy, and so do the test's own questions."""
    connection = connections["postgres"]
    port = connection.settings_dict["PORT"]
    with Proxy(port=port) as proxy:
        connection.close()
        connection.settings_dict["PORT"] = proxy.port
        yield proxy
        connection.close()
        connection.settings_dict["PORT"] = port


@pytest.fixture(params=["postgres", "mariadb"])
def server(request):
    """A database that has sessions."""
    yield from on(request, request.param)


@pytest.fixture
def at_once():
    """What is tried again is tried at once."""
    with stamina.set_testing(True, attempts=8):
        yield


class Sweeping(ShopCustomerSyncEngine):
    """Has something of everything: rejected records, a sweep, something to note."""

    resource = Resource("customers")
    deletes = "sweep"


def source(**kwargs):
    records = [{"id": str(n), "name": "x", "updated_at": "2026-03-01T00:00:00Z"} for n in range(RECORDS)]
    for record in records[:REJECTED]:
        record["name"] = None
    return MemorySource(records, page_size=100, **kwargs)


def before_the_run():
    """Rows that the source has no more, and nothing else."""
    SyncHistory.objects.all().delete()
    RejectedRecord.objects.all().delete()
    ShopCustomer.all_objects.all().delete()
    ShopCustomer.objects.bulk_create(ShopCustomer(id=f"gone {n}", name="x") for n in range(GONE))


def is_right(history):
    """One run, everything in it once, and a ledger that says so."""
    row = SyncHistory.objects.get()
    assert (row.pk, row.status, row.lease) == (history.pk, "partial", None)
    assert (row.records_processed, row.records_created, row.records_failed) == (
        RECORDS,
        RECORDS - REJECTED,
        REJECTED,
    )
    assert (row.batch, row.records_deleted, row.checkpoint) == (4, GONE, None)
    assert ShopCustomer.objects.count() == RECORDS - REJECTED
    assert RejectedRecord.objects.waiting().count() == REJECTED
    assert len(row.performance_metrics["notes"]) == 1


def count(proxy, run):
    """How many messages and COMMITs a run sends."""
    kinds = {"all": 0, "commits": 0}

    def see(message):
        kinds["all"] += 1
        kinds["commits"] += message.is_commit
        return False

    before_the_run()
    proxy.lose(see)
    run()
    return kinds["all"], kinds["commits"]


def run():
    return Sweeping(client=source()).sync(SyncPlan(start_date=datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize("reaches_server", [False, True], ids=["unheard by the server", "its answer lost"])
def test_every_commit_of_a_run_may_be_lost(proxy, at_once, reaches_server):
    _, commits = count(proxy, run)
    for number in range(commits):
        before_the_run()
        proxy.lose(Nth(number, lambda message: message.is_commit), reaches_server=reaches_server)
        is_right(run())

    assert commits == 6  # opening, three batches, a sweep, closing
    assert proxy.lost == commits


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")  # cannot be closed then
@pytest.mark.parametrize("reaches_server", [False, True], ids=["unheard by the server", "its answer lost"])
def test_every_message_of_a_run_may_be_lost(proxy, at_once, reaches_server):
    messages, _ = count(proxy, run)
    numbers = range(0, messages, STRIDE)
    for number in numbers:
        before_the_run()
        connections["postgres"].close()
        proxy.lose(Nth(number), reaches_server=reaches_server)
        is_right(run())

    gc.collect()
    assert proxy.lost == len(numbers)


def test_connection_lost_in_the_middle_of_a_copy_leaves_nothing_of_the_batch(proxy, at_once):
    before_the_run()
    proxy.lose(lambda message: message.is_copy_data)

    is_right(run())
    assert proxy.lost == 1


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")  # cannot be closed then
@pytest.mark.parametrize("word", [b"DECLARE", b"FETCH", b"CLOSE"], ids=["opened", "read", "closed"])
def test_connection_lost_while_a_sweep_reads_its_keys_is_renewed(proxy, at_once, word):
    before_the_run()
    proxy.lose(lambda message: word in message.body, reaches_server=True)

    is_right(run())
    gc.collect()
    assert proxy.lost == 1


def down_for(proxy, seconds):
    """What a restart of the server looks like from here."""

    def restart():
        proxy.down()
        threading.Timer(seconds, proxy.up).start()

    return restart


@pytest.mark.parametrize(
    "commit", range(6), ids=["opening", "batch 1", "batch 2", "batch 3", "sweep", "closing"]
)
def test_restart_of_the_server_is_sat_out(proxy, commit):
    before_the_run()
    proxy.lose(Nth(commit, lambda message: message.is_commit), then=down_for(proxy, 0.3))

    is_right(run())
    assert proxy.refused


def test_server_that_stays_away_fails_the_run_and_the_next_one_of_the_same_process_goes_on(proxy, at_once):
    proxy.lose(Nth(2, lambda message: message.is_commit), then=proxy.down)
    with pytest.raises(TransientError) as failed:
        ShopCustomerSyncEngine(client=source()).sync()
    proxy.up()
    history = ShopCustomerSyncEngine(client=source()).sync()

    first = SyncHistory.objects.get(pk=history.configuration["resumes"])
    assert failed.value.where == "database 'postgres'"
    assert (first.status, first.lease, first.batch) == ("failed", None, 1)
    assert first.error_message.startswith("interrupted: ")
    assert (first.records_processed, history.records_processed) == (BATCH, RECORDS - BATCH)
    assert ShopCustomer.objects.count() == RECORDS - REJECTED


def test_every_message_of_a_replay_may_be_lost(proxy, at_once):
    ShopCustomerSyncEngine(client=source()).sync()
    messages = 0

    def see(message):
        nonlocal messages
        messages += 1
        return False

    proxy.lose(see)
    replay(ShopCustomerSyncEngine)
    for number in range(0, messages, STRIDE):
        connections["postgres"].close()
        proxy.lose(Nth(number), reaches_server=bool(number % 2))
        history = replay(ShopCustomerSyncEngine)
        assert (history.status, history.records_processed, history.records_failed) == ("partial", 3, 3)

    assert proxy.lost == len(range(0, messages, STRIDE))
    assert not SyncHistory.objects.filter(status="running").exists()


def test_server_that_takes_no_more_connections_is_waited_for(postgres_database):
    connection = connections["postgres"]
    name, options = f"ingestion_{uuid.uuid4().hex[:12]}", connection.settings_dict
    server = f"host={options['HOST']} port={options['PORT']} dbname={options['NAME']} user={{}}"
    with psycopg.connect(server.format(options["USER"]), autocommit=True) as admin:
        create = SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 1 IN ROLE {}")
        admin.execute(create.format(Identifier(name), Identifier(options["USER"])))
        taken = psycopg.connect(server.format(name))
        connection.close()
        user, options["USER"] = options["USER"], name
        try:
            threading.Timer(0.3, taken.close).start()
            history = ShopCustomerSyncEngine(client=source()).sync()
        finally:
            connection.close()
            options["USER"] = user
            admin.execute(SQL("DROP ROLE {}").format(Identifier(name)))

    assert (history.status, history.records_processed) == ("partial", RECORDS)


class Silent(ShopCustomerSyncEngine):
    """A source that lets a run wait until something happens to its session."""

    disturb = staticmethod(lambda: None)

    async def fetch_data(self, window):
        async for page in super().fetch_data(window):
            await self.saved()
            await sync_to_async(self.disturb)()
            await self.heartbeat()
            yield page


def end_session():
    """What MariaDB and PostgreSQL do when an administrator ends a session."""
    connection = connections[SyncHistory.objects.db]
    options = connection.settings_dict
    with connection.cursor() as cursor:
        name = "connection_id" if connection.vendor == "mysql" else "pg_backend_pid"
        cursor.execute(f"SELECT {name}()")
        [number] = cursor.fetchone()
    if connection.vendor == "mysql":
        with pymysql.connect(host=options["HOST"], port=options["PORT"], user=options["USER"]) as admin:
            admin.cursor().execute(f"KILL {number}")
        return
    server = f"host={options['HOST']} user={options['USER']} dbname={options['NAME']}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [number])


def fall_asleep():
    """The server ends sessions that are idle for long."""
    connection = connections["postgres"]
    with connection.cursor() as cursor:
        cursor.execute("SET idle_session_timeout = '20ms'")
    threading.Event().wait(0.1)


def test_session_that_was_ended_while_the_source_was_silent_is_renewed(server, at_once):
    Silent.disturb = staticmethod(end_session)
    history = Silent(client=source()).sync()

    assert (history.status, history.records_processed) == ("partial", RECORDS)


def test_session_that_the_server_ended_for_being_idle_is_renewed(postgres_database, at_once):
    Silent.disturb = staticmethod(fall_asleep)
    history = Silent(client=source()).sync()

    assert (history.status, history.records_processed) == ("partial", RECORDS)


def test_child_rows_of_a_batch_whose_answer_was_lost_are_counted_once(proxy, at_once):
    lines = [{"place": n, "article": "a", "quantity": 1} for n in range(2)]
    records = [{"number": n, "lines": lines, "updated_at": "2026-03-01T00:00:00Z"} for n in range(10)]
    proxy.lose(Nth(1, lambda message: message.is_commit), reaches_server=True)
    engine = ShopOrderSyncEngine(client=MemorySource(records, key="number"))
    engine.sync()

    assert proxy.lost == 1
    assert engine.writer.children["lines"]["created"] == ShopOrderLine.objects.count() == 20
