"""Faults of our own database in the middle of a run: tried again with the batch whole, or told."""

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connections

from ingestion.base.exceptions import TransientError
from ingestion.base.patience import DatabaseFailure, may_pass, patiently
from ingestion.base.plan import SyncPlan
from ingestion.base.reading import BATCH_ROWS
from ingestion.base.testing import MemorySource
from ingestion.models import SyncHistory
from tests.routing import OneDatabase
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["postgres"]),
    pytest.mark.skipif("postgres" in settings.MISSING, reason=settings.MISSING.get("postgres", "")),
]


@pytest.fixture(autouse=True)
def postgres(db):
    OneDatabase.alias = "postgres"
    yield
    OneDatabase.alias = "default"


def source():
    records = [
        {"id": str(n), "name": "x", "updated_at": "2026-03-01T00:00:00Z"} for n in range(3 * BATCH_ROWS)
    ]
    return MemorySource(records, page_size=1000)


def disturbed(disturb, batch=2):
    """An engine to whose database something happens inside its second batch, once."""

    class Disturbed(ShopCustomerSyncEngine):
        done = False

        def get_loader(self):
            loader = super().get_loader()
            write = loader.write

            def disturb_once(rows):
                if self.history.batch == batch - 1 and not Disturbed.done:
                    Disturbed.done = True
                    written = write(rows)
                    disturb(loader.connection)
                    return written
                return write(rows)

            loader.write = disturb_once
            return loader

    return Disturbed(client=source())


def terminate(connection):
    """What an administrator or a restart does: the server ends our session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    options = connection.settings_dict
    with psycopg.connect(
        host=options["HOST"], user=options["USER"], dbname=options["NAME"], autocommit=True
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def raise_state(state):
    """A statement that fails with this SQLSTATE."""

    def fail(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")

    return fail


@pytest.mark.parametrize(
    "disturb",
    [terminate, raise_state("40P01"), raise_state("40001")],
    ids=["connection lost", "deadlock", "serialisation failure"],
)
def test_fault_that_passes_is_sat_out_with_the_batch_whole(disturb):
    history = disturbed(disturb).sync()

    assert (history.status, history.records_created, history.batch) == ("success", 3 * BATCH_ROWS, 3)
    assert ShopCustomer.objects.count() == 3 * BATCH_ROWS
    assert SyncHistory.objects.get().records_created == 3 * BATCH_ROWS


@pytest.mark.parametrize(
    ("disturb", "words"),
    [(raise_state("53100"), "53100|could not|error"), (raise_state("57014"), "")],
    ids=["disk full", "statement timeout"],
)
def test_fault_that_stays_fails_the_run_and_half_a_batch_is_never_there(disturb, words):
    with pytest.raises(DatabaseFailure) as failed:
        disturbed(disturb).sync()

    history = SyncHistory.objects.get()
    assert failed.value.where == "database 'postgres'"
    assert (history.status, history.lease, history.records_created) == ("failed", None, BATCH_ROWS)
    assert ShopCustomer.objects.count() == BATCH_ROWS


def test_next_run_goes_on_after_a_fault_that_stayed():
    with pytest.raises(DatabaseFailure):
        disturbed(raise_state("53100")).sync()
    history = ShopCustomerSyncEngine(client=source()).sync(SyncPlan())

    assert history.configuration["resumes"]
    assert (history.records_created, ShopCustomer.objects.count()) == (2 * BATCH_ROWS, 3 * BATCH_ROWS)


def test_closing_twice_because_the_answer_was_lost_is_a_success():
    class Twice(ShopCustomerSyncEngine):
        async def complete_sync(self, error=None):
            await super().complete_sync(error)
            self.history.lease = "what it was"
            await super().complete_sync(error)

    assert Twice(client=source()).sync().status == "success"


def test_fault_that_never_passes_is_told_after_a_while(monkeypatch):
    tries = []

    def refuse():
        tries.append(1)
        error = OperationalError("the database system is starting up")
        error.__cause__ = psycopg.errors.CannotConnectNow()
        raise error

    with pytest.raises(TransientError, match="starting up"):
        patiently("postgres", refuse, attempts=3)

    assert len(tries) == 3
    assert connections["postgres"].in_atomic_block is False


@pytest.mark.parametrize("number", [0, 1203, 1205, 1213, 2006, 2013])
def test_mysql_says_by_number_what_may_pass(number):
    assert may_pass(OperationalError(number, "x"))
    assert not may_pass(OperationalError(1114, "the table is full"))
