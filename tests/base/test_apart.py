"""Reading in processes of their own: the same rows, the same errors, nothing left behind."""

import gc
import logging
import multiprocessing
import pickle
import weakref
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from ingestion.base import exceptions
from ingestion.base.commands import alias, plan_for
from ingestion.base.database.source import ranges
from ingestion.base.exceptions import ConfigurationError, FieldError, RecordError, TransientError
from ingestion.base.loaders import Target, create_loader
from ingestion.base.loaders.portable import PortableLoader
from ingestion.base.plan import SyncPlan
from ingestion.base.processor import BaseProcessor
from ingestion.base.records import Page, Unreadable
from ingestion.base.shipping import packed
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.sync.genius.engines import GeniusLeadSyncEngine
from ingestion.sync.hubspot.engines import HubSpotContactSyncEngine
from tests import databases
from tests.base.test_database import ORDER, TYPES, fill, wall
from tests.chinook import engines, models

pytestmark = pytest.mark.django_db

COUNT = 5000


@pytest.fixture(params=databases.KINDS)
def source(request, tmp_path, monkeypatch):
    """A table of 5,000 rows in a database of each kind, which the settings name."""
    monkeypatch.setenv("INGESTION_BATCH_ROWS", "500")
    with databases.made(request.param, tmp_path) as made:
        amount = "TEXT" if made.kind == "sqlite" else "DECIMAL(38,10)"
        made.run(ORDER.format(*TYPES[made.kind], amount))
        fill(made, [(n, f"reading {n}", wall(n)) for n in range(1, COUNT + 1)])
        monkeypatch.setenv("CHINOOK_DB_URL", made.url)
        yield made


@pytest.fixture
def quick_source(tmp_path, monkeypatch):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", "500")
    with databases.made("sqlite", tmp_path) as made:
        made.run(ORDER.format(*TYPES["sqlite"], "TEXT"))
        fill(made, [(n, f"reading {n}", wall(n)) for n in range(1, COUNT + 1)])
        monkeypatch.setenv("CHINOOK_DB_URL", made.url)
        yield made


def sync(engine=engines.ReadingSyncEngine, *, partitions=2, **flags):
    return engine().sync(SyncPlan(partitions=partitions, batch_size=100, **flags))


def counts(history):
    names = ("processed", "created", "updated", "unchanged", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def stored():
    return dict(models.Reading.objects.filter(source_deleted_at=None).values_list("id", "name"))


def everything():
    return {n: f"reading {n}" for n in range(1, COUNT + 1)}


def readers():
    """Processes that are still children of this one."""
    return [each for each in multiprocessing.active_children() if each.is_alive()]


class HaltingSyncEngine(engines.ReadingSyncEngine):
    """Does something to itself before its second batch is saved."""

    saves = 0

    async def save_data(self, batch, position):
        await self.saved()
        self.saves += 1
        if self.saves == 2:
            self.halt()
        await super().save_data(batch, position)

    def halt(self):
        raise TransientError("somebody pulled the plug")


@pytest.mark.parametrize("partitions", [1, 3])
def test_table_is_read_once_whatever_the_number_of_processes(source, database, partitions):
    first = sync(partitions=partitions)
    again = sync(partitions=partitions, full=True)

    assert counts(first) == (COUNT, COUNT, 0, 0, 0, 0)
    assert counts(again) == (COUNT, 0, 0, COUNT, 0, 0)
    assert stored() == everything()
    assert first.watermark == datetime.fromisoformat(wall(COUNT)).replace(tzinfo=UTC)
    assert not readers()


def test_delta_and_sweep_do_the_same_as_in_one_process(source, database):
    sync()
    source.run('DELETE FROM "order" WHERE id IN (1, 5000)')
    source.run("""UPDATE "order" SET name = 'new', updated_at = '2026-03-20 00:00:00' WHERE id = 77""")
    delta = sync()
    compare = sync(full=True)

    assert (delta.configuration["strategy"], delta.records_updated) == ("delta", 1)
    assert compare.records_deleted + delta.records_deleted == 2
    assert stored() == {n: name for n, name in everything().items() if n not in (1, 5000)} | {77: "new"}


def test_limit_brings_exactly_so_many(quick_source):
    history = sync(max_records=1234)

    assert (history.records_processed, len(stored())) == (1234, 1234)


@pytest.mark.django_db(databases=["default", "postgres"])
def test_record_that_the_database_refuses_is_kept_with_its_payload(source, postgres_database):
    with connections[postgres_database].cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_name ON chinook_reading (name)")
    source.run("""UPDATE "order" SET name = 'reading 1' WHERE id = 3210""")
    history = sync(full=True)

    kept = RejectedRecord.objects.waiting().get()
    assert counts(history)[:2] == (COUNT, COUNT - 1)
    assert history.records_failed == 1
    assert kept.record["id"] in (1, 3210, "1", "3210")
    assert kept.record["name"] == "reading 1"
    assert len(stored()) == COUNT - 1


def test_record_that_a_rule_rejects_is_kept_with_its_payload(quick_source, database):
    class Strict(engines.ReadingProcessor):
        def validate_record(self, row):
            if row["id"] == 9:
                raise ValidationError({"name": "nobody is called so"})

    class StrictSyncEngine(engines.ReadingSyncEngine):
        processor_class = Strict

    history = sync(StrictSyncEngine)

    assert counts(history) == (COUNT, COUNT - 1, 0, 0, 1, 0)
    assert RejectedRecord.objects.get().record["name"] == "reading 9"


@pytest.mark.parametrize("partitions", [0, 1, 2, 4])
def test_interrupted_run_is_gone_on_with_by_any_number_of_processes(quick_source, database, partitions):
    with pytest.raises(TransientError, match="pulled the plug"):
        sync(HaltingSyncEngine)
    failed = SyncHistory.objects.first()
    places = failed.checkpoint["position"]["parts"]
    history = sync(partitions=partitions)

    assert (failed.status, failed.watermark, len(places)) == ("failed", None, 2)
    assert 500 <= failed.records_processed < COUNT
    assert history.configuration["resumes"] == failed.pk
    assert history.records_processed == COUNT - failed.records_processed
    assert stored() == everything()


def test_reader_that_is_killed_fails_the_run_and_the_next_goes_on(quick_source, database):
    class Killing(HaltingSyncEngine):
        def halt(self):
            for reader in self.readers.each:
                reader.process.kill()

    with pytest.raises(TransientError, match=r"the process that reads has ended \(exit code -9\)"):
        sync(Killing)
    failed = SyncHistory.objects.first()
    sync()

    assert (failed.status, failed.watermark, failed.lease) == ("failed", None, None)
    assert 500 <= failed.records_processed < COUNT
    assert stored() == everything()


def test_error_of_a_reader_is_the_error_of_the_run(quick_source, database):
    class Broken(engines.ReadingProcessor):
        def validate_record(self, row):
            raise ZeroDivisionError("in a rule")

    class BrokenSyncEngine(engines.ReadingSyncEngine):
        processor_class = Broken

    with pytest.raises(exceptions.FatalError, match="ZeroDivisionError: in a rule"):
        sync(BrokenSyncEngine)

    assert SyncHistory.objects.first().status == "failed"
    assert not readers()


def test_what_a_reader_has_seen_and_said_is_the_runs(quick_source, caplog):
    class Few(BaseProcessor):
        model = models.Reading
        timestamp_field = "updated_at"
        exclude = ("photo",)

        def validate_record(self, row):
            if row["id"] == 1:
                logging.getLogger("ingestion").warning("record %s was here", row["id"])

    class FewSyncEngine(engines.ReadingSyncEngine):
        processor_class = Few

    with caplog.at_level("WARNING", "ingestion"):
        history = sync(FewSyncEngine)

    assert history.performance_metrics["drift"]["absent"] == []
    assert "record 1 was here" in caplog.text
    assert history.performance_metrics["phases"]["process"] > 0


def test_client_that_was_given_is_read_where_it_is(quick_source):
    client = engines.ChinookSource.from_settings()
    history = engines.ReadingSyncEngine(client=client).sync(SyncPlan(partitions=2))

    assert history.records_created == COUNT
    assert "read in the run's own process" in history.performance_metrics["notes"][0]


@pytest.mark.django_db(databases=["default", "postgres"])
@pytest.mark.parametrize("names", ["n", "tab\tline\nslash\\ Köln"], ids=["plain", "to be escaped"])
def test_batch_that_travels_is_written_as_the_one_that_stays(postgres_database, names):
    processor = engines.ReadingProcessor()
    records = [{"id": n, "name": f"{names} {n}", "updated_at": wall(n)} for n in range(1, 1202)]
    batch = processor.process_batch(records)
    target = Target(models.Reading, ("id",), datetime.now(UTC), postgres_database, "updated_at")
    loader = create_loader(target, "postgresql")
    parcel = packed(0, Page(records), batch, loader.lines(batch.rows), loader.looked_at)
    page = pickle.loads(pickle.dumps(parcel)).opened({0: batch}.__getitem__)
    loaded = [loader.load(page.batch.rows).created, loader.load(batch.rows).unchanged]

    assert loaded == [1201, 1201]
    assert stored() == {record["id"]: record["name"] for record in records}
    assert (len(page.records), page.records[7]["id"], page.batch.rows[7]["id"]) == (1201, 8, 8)
    assert loader.lines(list(batch.rows)) is None
    assert PortableLoader(target).lines(batch.rows) is None


@pytest.mark.parametrize(
    ("low", "high", "most"), [(1, 10, 3), (1, 1, 4), (-5, 5, 2), (7, 8, 5), (1, 100, 1), (0, 2**63 - 1, 7)]
)
def test_ranges_are_as_many_as_fit_and_follow_each_other(low, high, most):
    parts = ranges(low, high, None, most)
    begins, ends = [part["after"] for part in parts], [part.get("until") for part in parts]

    assert 1 <= len(parts) <= most
    assert begins == [None, *ends[:-1]]
    assert ends[-1] is None
    assert all(low <= end[0] < high for end in ends[:-1])


@pytest.mark.parametrize(
    ("engine", "flags", "processes"),
    [
        (GeniusLeadSyncEngine, [], 0),
        (GeniusLeadSyncEngine, ["--partitions", "3"], 3),
        (GeniusLeadSyncEngine, ["--high-performance"], 2),
        (HubSpotContactSyncEngine, ["--high-performance"], 1),
    ],
)
def test_flags_say_how_many_processes_read(engine, flags, processes):
    parser = alias(engine.crm_source, engine.sync_type)().create_parser("manage.py", engine.command())

    assert plan_for(engine, vars(parser.parse_args(flags))).partitions == processes


@pytest.mark.parametrize(
    "error",
    [
        RecordError([FieldError("a", "b", "c", "d")], record={"x": 1}, key=(1,)),
        TransientError("what", where="where", fix="fix", retry_after=2.5),
        exceptions.SourceError("what", where="where", status=502),
        ConfigurationError("what", fix="fix"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_arrives_as_it_was_sent(error):
    arrived = pickle.loads(pickle.dumps(error))

    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


def test_unreadable_record_arrives_as_it_was_sent():
    sent = Unreadable({"line": 3}, source="line 3", code="invalid", message="no JSON")
    arrived = pickle.loads(pickle.dumps(sent))

    assert (arrived, arrived.error) == (sent, sent.error)


@pytest.mark.django_db(databases=["default", "postgres"])
def test_batch_that_was_saved_is_let_go_without_a_search_for_cycles(postgres_database):
    records = [{"id": n, "name": f"n {n}", "updated_at": wall(n)} for n in range(3)]
    batch = engines.ReadingProcessor().process_batch(records)
    loader = create_loader(
        Target(models.Reading, ("id",), datetime.now(UTC), postgres_database), "postgresql"
    )
    parcel = packed(0, Page(records), batch, loader.lines(batch.rows), loader.looked_at)
    gc.disable()
    try:
        page = pickle.loads(pickle.dumps(parcel)).opened({0: batch}.__getitem__)
        rows = weakref.ref(page.batch.rows)
        loaded = loader.load(page.batch.rows).created
        del page
        assert (loaded, rows()) == (3, None)
    finally:
        gc.enable()
