"""The engine's rules: strategy, watermark, resume, dry run, ledger, limits."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from time import sleep

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from ingestion.base.datasource import Resource
from ingestion.base.exceptions import ConfigurationError, SafetyStop, SourceError
from ingestion.base.plan import RejectLimit, SyncPlan
from ingestion.base.reading import BATCH_ROWS
from ingestion.base.records import Page
from ingestion.base.testing import MemorySource
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.engines import ShopCustomerSyncEngine, ShopStockSyncEngine
from tests.shop.models import ShopCustomer, ShopStock

DAY = datetime(2026, 3, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def at(minutes=0, *, day=DAY):
    return (day + timedelta(minutes=minutes)).isoformat()


def customer(number, minutes=0, **values):
    return {"id": str(number), "name": f"customer {number}", "updated_at": at(minutes), **values}


def customers(count, minutes=0):
    return [customer(n, minutes) for n in range(count)]


def sync(source, engine=ShopCustomerSyncEngine, **flags):
    return engine(client=source).sync(SyncPlan(**flags))


def counts(history):
    names = ("processed", "created", "updated", "unchanged", "skipped", "failed")
    return tuple(getattr(history, f"records_{name}") for name in names)


def last():
    return SyncHistory.objects.first()


class Broken(Exception):
    """A fault that no code of ours expects."""


def break_down(page):
    raise Broken


# Strategy.


def test_first_run_reads_everything_and_counts_it(database):
    history = sync(MemorySource(customers(250)))

    assert (history.status, counts(history)) == ("success", (250, 250, 0, 0, 0, 0))
    assert ShopCustomer.objects.count() == 250


def test_second_run_asks_from_the_watermark_less_the_overlap(database):
    source = MemorySource([customer(1, 0), customer(2, 30)])
    sync(source)
    history = sync(source)

    window, _ = source.requests[-1]
    assert window.strategy == "delta"
    assert window.since == DAY + timedelta(minutes=25)
    assert counts(history) == (1, 0, 0, 1, 0, 0)


def test_start_date_goes_before_force_full_and_watermark():
    source = MemorySource(customers(3))
    sync(source)
    sync(source, start_date=DAY - timedelta(days=9), force=True, full=True)

    assert source.requests[-1][0].since == DAY - timedelta(days=9)


@pytest.mark.parametrize("flag", ["full", "force"])
def test_full_and_force_read_everything_again(flag):
    source = MemorySource([customer(1, 0), customer(2, 600)])
    sync(source)
    history = sync(source, **{flag: True})

    assert source.requests[-1][0].since is None
    assert history.records_processed == 2


def test_both_ends_of_a_dated_run_belong_to_it():
    source = MemorySource([customer(1, 0), customer(2, 10), customer(3, 20), customer(4, 21)])
    history = sync(source, start_date=DAY + timedelta(minutes=10), end_date=DAY + timedelta(minutes=20))

    assert history.records_created == 2
    assert set(ShopCustomer.objects.values_list("id", flat=True)) == {"2", "3"}


def test_older_record_does_not_overwrite_a_newer_row_even_with_full():
    source = MemorySource([customer(1, 60, city="new")])
    sync(source)
    source.records = [customer(1, 10, city="old")]
    history = sync(source, full=True)

    assert counts(history) == (1, 0, 0, 0, 1, 0)
    assert ShopCustomer.objects.get().city == "new"


def test_force_overwrites_a_newer_row_and_writes_only_what_differs():
    source = MemorySource([customer(1, 60, city="new"), customer(2, 60)])
    sync(source)
    source.records[0] = customer(1, 10, city="old")
    history = sync(source, force=True)

    assert counts(history) == (2, 0, 1, 1, 0, 0)
    assert ShopCustomer.objects.get(id="1").city == "old"


def test_force_never_touches_local_fields():
    source = MemorySource([customer(1, note="theirs")])
    sync(source)
    ShopCustomer.objects.update(note="ours")
    source.records = [customer(1, 5, note="theirs again")]
    sync(source, force=True)

    assert ShopCustomer.objects.get().note == "ours"


def test_entity_without_a_timestamp_is_read_whole_and_says_so():
    source = MemorySource([{"shop": 1, "article": "a"}], cursor=None, key="article")
    history = sync(source, ShopStockSyncEngine, start_date=DAY)

    assert source.requests[0][0].strategy == "full"
    assert "no timestamp" in history.performance_metrics["notes"][0]


# Watermark.


def test_record_changed_while_a_page_was_read_arrives_with_the_next_delta():
    source = MemorySource(customers(30), page_size=10, by_key=True)
    source.before_page = lambda page: (
        page == 2 and source.records.__setitem__(0, customer(0, 1, city="changed behind the reader"))
    )
    sync(source)
    missed = ShopCustomer.objects.get(id="0").city
    source.before_page = None
    sync(source)

    assert missed is None
    assert ShopCustomer.objects.get(id="0").city == "changed behind the reader"


def test_the_end_time_of_the_last_run_would_have_lost_it():
    source = MemorySource(customers(3))
    history = sync(source)
    changed = customer(0, 1, city="changed behind the reader")

    assert datetime.fromisoformat(changed["updated_at"]) < history.end_time
    assert datetime.fromisoformat(changed["updated_at"]) > history.watermark


def test_watermark_is_the_greatest_timestamp_stored(database):
    history = sync(MemorySource([customer(1, 7), customer(2, 99), customer(3, 42)]))

    assert SyncHistory.objects.get(pk=history.pk).watermark == DAY + timedelta(minutes=99)


def test_timestamp_in_the_future_never_becomes_the_watermark():
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    history = sync(MemorySource([customer(1, 7), customer(2, updated_at=tomorrow)]))

    assert history.watermark == DAY + timedelta(minutes=7)
    assert history.records_created == 2


def test_watermark_stays_behind_by_the_lag_a_source_declares():
    class Lagging(ShopCustomerSyncEngine):
        resource = Resource("customers", cursor="updated_at", lag=timedelta(minutes=10))

    now = datetime.now(UTC)
    fresh, old = now - timedelta(minutes=5), now - timedelta(minutes=15)
    records = [customer(1, updated_at=fresh.isoformat()), customer(2, updated_at=old.isoformat())]

    assert sync(MemorySource(records), Lagging).watermark == old


@pytest.mark.parametrize(
    "flags",
    [
        {"dry_run": True},
        {"max_records": 2},
        {"start_date": DAY + timedelta(minutes=50)},
        {"narrowed": True},
    ],
    ids=str,
)
def test_run_that_did_not_cover_everything_moves_no_watermark(flags):
    source = MemorySource([customer(1, 10)])
    sync(source)
    source.records += [customer(2, 55), customer(3, 60)]
    history = sync(source, **flags)

    assert history.watermark is None
    assert SyncHistory.objects.watermark("shop", "customers") == DAY + timedelta(minutes=10)


def test_start_date_before_the_watermark_leaves_no_gap_and_moves_it():
    source = MemorySource([customer(1, 10)])
    sync(source)
    source.records += [customer(2, 55)]

    assert sync(source, start_date=DAY).watermark == DAY + timedelta(minutes=55)


def test_first_run_from_a_start_date_moves_no_watermark():
    assert sync(MemorySource([customer(1, 10)]), start_date=DAY).watermark is None


def test_watermark_never_passes_the_end_date():
    source = MemorySource([customer(1, 10), customer(2, 55)])
    sync(source, end_date=DAY + timedelta(minutes=20))

    assert SyncHistory.objects.watermark("shop", "customers") == DAY + timedelta(minutes=10)


def test_watermark_never_moves_back():
    source = MemorySource([customer(1, 100)])
    sync(source)
    source.records = [customer(2, 5)]
    sync(source, full=True)

    assert SyncHistory.objects.watermark("shop", "customers") == DAY + timedelta(minutes=100)


def test_partial_run_moves_the_watermark_and_a_failed_one_does_not():
    source = MemorySource([customer(1, 10), customer(2, 20, name=None)])
    partial = sync(source)
    source.records += [customer(3, 99)]
    source.before_page = lambda page: page == 3 and explode()
    with pytest.raises(SourceError):
        sync(source)

    assert (partial.status, partial.watermark) == ("partial", DAY + timedelta(minutes=10))
    assert (last().status, last().watermark) == ("failed", None)
    assert SyncHistory.objects.watermark("shop", "customers") == DAY + timedelta(minutes=10)


def explode():
    raise SourceError("the source is gone", where="GET /customers", fix="wait")


def test_a_full_compare_is_due_where_a_delta_can_miss_changes():
    class Missing(ShopCustomerSyncEngine):
        delta_misses_changes = True

    source = MemorySource(customers(2))
    sync(source, Missing)
    sync(source, Missing)
    SyncHistory.objects.update(start_time=datetime.now(UTC) - timedelta(days=8))
    sync(source, Missing)

    assert [window.strategy for window, _ in source.requests] == ["full", "delta", "full"]


def test_record_that_a_shifting_list_hid_below_the_watermark_is_found_by_a_full_compare():
    class Shifting(MemorySource):
        paging = "unstable"

    hidden, *rest = customers(2)
    source = Shifting([*rest, customer(9, 60)])
    sync(source)
    source.records.append(hidden)
    delta = sync(source)
    SyncHistory.objects.update(start_time=datetime.now(UTC) - timedelta(days=8))
    compare = sync(source)

    assert (delta.configuration["strategy"], delta.records_created) == ("delta", 0)
    assert (compare.configuration["strategy"], compare.records_created) == ("full", 1)


class Disordered(MemorySource):
    """Hands its records out as they lie, a page for each: answers that have overtaken each other."""

    async def read(self, resource, window, position=None):
        for record in self.records:
            yield Page([record], None)


@pytest.mark.parametrize("rows", ["1", "5000"], ids=["a batch for each", "one batch"])
@pytest.mark.parametrize(("minutes", "waits"), [(5, True), (15, False)], ids=["older", "newer"])
def test_good_version_closes_only_an_older_bad_one(database, monkeypatch, rows, minutes, waits):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", rows)
    sync(Disordered([customer(1, 10, name=None), customer(1, minutes)]))

    assert RejectedRecord.objects.waiting().exists() is waits
    assert ShopCustomer.objects.count() == 1


@pytest.mark.parametrize(
    ("good", "plan", "waits"),
    [
        (customer(1, 5), {}, True),
        (customer(1, 15), {}, False),
        (customer(1, 5), {"force": True}, False),
    ],
    ids=["an older one", "a newer one", "an older one by force"],
)
def test_later_run_closes_only_a_bad_version_that_is_not_newer_than_what_it_loads(
    database, good, plan, waits
):
    sync(Disordered([customer(1, 10, name=None)]))
    sync(Disordered([good]), full=True, **plan)

    assert RejectedRecord.objects.waiting().exists() is waits
    assert ShopCustomer.objects.count() == 1


def test_bad_version_of_a_clock_that_goes_ahead_keeps_no_good_one_waiting():
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    sync(Disordered([customer(1, name=None, updated_at=tomorrow)]))
    sync(Disordered([customer(1, 15)]), full=True)

    assert not RejectedRecord.objects.waiting().exists()


# Signals at the edges of a run.


def test_run_that_is_stopped_before_its_row_is_closed_is_closed_all_the_same(database):
    class Stopped(ShopCustomerSyncEngine):
        async def delete_missing(self, window):
            self.busy = asyncio.create_task(sync_to_async(sleep)(0.2))  # in the thread that would close it
            asyncio.get_running_loop().call_later(0.05, asyncio.current_task().cancel)
            await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        Stopped(client=MemorySource(customers(2))).sync()

    assert (last().status, last().lease, ShopCustomer.objects.count()) == ("success", None, 2)


@pytest.mark.parametrize(("statement", "status"), [("INSERT INTO", "failed"), ("UPDATE", "success")])
def test_run_that_is_stopped_while_its_row_is_written_leaves_none_running(database, statement, status):
    class Stopped(ShopCustomerSyncEngine):
        async def run(self, plan):
            self.cancel = partial(
                asyncio.get_running_loop().call_soon_threadsafe, asyncio.current_task().cancel
            )
            return await super().run(plan)

        async def fetch_data(self, window):
            return
            yield

    def signalled(execute, sql, params, many, context):
        if sql.startswith(statement) and "end_time" in sql:
            engine.cancel()
            sleep(0.1)
        return execute(sql, params, many, context)

    engine = Stopped(client=MemorySource())
    with connections[database].execute_wrapper(signalled), pytest.raises(asyncio.CancelledError):
        engine.sync()

    assert (last().status, last().lease) == (status, None)


# Keyset paging and loops.


def test_thousands_of_equal_timestamps_are_complete_and_end():
    history = sync(MemorySource(customers(2500), page_size=100))

    assert (history.status, ShopCustomer.objects.count()) == ("success", 2500)


def test_page_that_repeats_fails_the_run_within_two_requests():
    class Stuck(MemorySource):
        async def read(self, resource, window, position=None):
            while True:
                self.pages += 1
                yield Page(customers(3), {"after": ["", "2"]}, calls=1)

    source = Stuck()
    with pytest.raises(SourceError, match="the same page of 3 records twice"):
        sync(source)

    assert source.pages == 2
    assert last().status == "failed"


# Resume.


def big():
    """5,000 customers in five pages, and a source that fails once, at the fourth."""
    source = MemorySource(customers(5000), page_size=1000)
    source.before_page = lambda page: page == 3 and explode()
    return source


def test_interrupted_run_is_gone_on_with_where_its_last_commit_was(database):
    source = big()
    with pytest.raises(SourceError):
        sync(source)
    stored = ShopCustomer.objects.count()
    history = sync(source)

    assert 0 < stored < 5000
    assert source.requests[-1][1] is not None
    assert (history.configuration["resumes"], history.records_created) == (last().pk - 1, 5000 - stored)
    assert ShopCustomer.objects.count() == 5000


def test_resumed_run_keeps_the_bounds_and_the_cap_of_the_first():
    source = big()
    with pytest.raises(SourceError):
        sync(source, start_date=DAY)
    first, _ = source.requests[-1]
    sync(source, start_date=DAY)
    second, _ = source.requests[-1]

    assert (second.since, second.until, second.cap) == (first.since, first.until, first.cap)


def test_resumed_run_keeps_the_greatest_timestamp_of_the_first():
    source = big()
    source.by_key = True
    source.records[0] = customer(0, 77)
    with pytest.raises(SourceError):
        sync(source)

    assert sync(source).watermark == DAY + timedelta(minutes=77)


def test_restart_starts_over():
    source = big()
    with pytest.raises(SourceError):
        sync(source)
    history = sync(source, restart=True)

    assert source.requests[-1][1] is None
    assert history.records_processed == 5000


@pytest.mark.parametrize(
    "change", [{"force": True}, {"options": {"status": "open"}}, {"skip_validation": True}]
)
def test_run_with_other_orders_does_not_go_on(change):
    source = big()
    with pytest.raises(SourceError):
        sync(source)
    history = sync(source, **change)

    assert source.requests[-1][1] is None
    assert any("is not gone on with" in note for note in history.performance_metrics["notes"])


def test_two_interruptions_in_a_row_lose_no_progress():
    size = 4 * BATCH_ROWS
    source = MemorySource(customers(size), page_size=BATCH_ROWS // 2)
    for stop in (4, 7):
        source.before_page = lambda page, stop=stop: page == stop and explode()
        with pytest.raises(SourceError):
            sync(source)
    source.before_page = None
    history = sync(source)

    assert history.records_processed < size - BATCH_ROWS
    assert ShopCustomer.objects.count() == size


def test_a_finished_run_makes_up_for_every_older_interruption():
    source = big()
    with pytest.raises(SourceError):
        sync(source)
    sync(source, restart=True)

    assert not SyncHistory.objects.exclude(checkpoint=None).exists()


def test_source_that_cannot_resume_starts_over():
    source = big()
    source.resumable = False
    with pytest.raises(SourceError):
        sync(source)
    history = sync(source)

    assert history.records_processed == 5000


def test_dry_run_and_cut_run_leave_the_interrupted_one_to_be_gone_on_with():
    source = big()
    with pytest.raises(SourceError):
        sync(source)
    sync(source, dry_run=True)
    sync(source, max_records=10)
    history = sync(source)

    assert history.configuration["resumes"]
    assert ShopCustomer.objects.count() == 5000


def test_an_unexpected_fault_is_loud_and_closes_the_row():
    source = MemorySource(customers(3), before_page=break_down)
    with pytest.raises(Broken):
        sync(source)

    assert (last().status, last().lease) == ("failed", None)
    assert "Broken" in last().error_message


# Identity and mapping.


def test_another_account_is_refused_until_full():
    sync(MemorySource(customers(1), account="portal 1"))
    other = MemorySource(customers(2), account="portal 2")
    with pytest.raises(ConfigurationError, match="portal 2, the last run read portal 1"):
        sync(other)
    sync(other, full=True)

    assert sync(other).status == "success"


def test_a_dry_run_does_not_settle_which_account_it_is():
    sync(MemorySource(customers(1), account="portal 1"))
    sync(MemorySource(customers(1), account="portal 2"), dry_run=True)

    assert sync(MemorySource(customers(1), account="portal 1")).status == "success"


def test_a_changed_mapping_says_that_old_rows_want_a_full_run():
    class Changed(ShopCustomerSyncEngine):
        class processor_class(ShopCustomerSyncEngine.processor_class):
            fields = {"city": "town"}

    sync(MemorySource(customers(1)))
    history = sync(MemorySource(customers(1)), Changed)

    assert "run --full to fill old rows" in history.performance_metrics["notes"][0]


# Dry run and limits.


def test_dry_run_says_what_would_happen_and_writes_only_its_row(database):
    source = MemorySource([customer(1), customer(2)])
    sync(source)
    source.records = [customer(1), customer(2, 1, city="x"), customer(3, 1), customer(4, 1, name=None)]
    history = sync(source, dry_run=True)

    assert counts(history) == (4, 1, 1, 1, 0, 1)
    assert SyncHistory.objects.get(pk=history.pk).records_created == 1
    assert ShopCustomer.objects.count() == 2
    assert not RejectedRecord.objects.exists()
    assert (history.checkpoint, history.watermark) == (None, None)


def test_max_records_stops_after_exactly_so_many():
    history = sync(MemorySource(customers(5000), page_size=1000), max_records=2345)

    assert (history.records_processed, ShopCustomer.objects.count()) == (2345, 2345)


def test_more_than_the_allowed_share_of_rejected_records_fails_the_run():
    records = [customer(n, name=None if n < 31 else "x") for n in range(150)]
    with pytest.raises(SafetyStop, match="31 of 150 records were rejected"):
        sync(MemorySource(records, page_size=150))

    assert (last().status, last().records_failed, last().checkpoint) == ("failed", 31, None)
    assert RejectedRecord.objects.count() == 31


def test_a_fifth_of_rejected_records_is_partial():
    records = [customer(n, name=None if n < 30 else "x") for n in range(150)]

    assert sync(MemorySource(records, page_size=150)).status == "partial"


def test_ten_rejected_of_ten_fail_and_nine_of_nine_do_not():
    assert sync(MemorySource([customer(n, name=None) for n in range(9)])).status == "partial"
    with pytest.raises(SafetyStop):
        sync(MemorySource([customer(n, name=None) for n in range(10)]), full=True)


def test_max_rejected_takes_a_number():
    records = [customer(n, name=None if n < 3 else "x") for n in range(20)]
    with pytest.raises(SafetyStop):
        sync(MemorySource(records), max_rejected=RejectLimit(share=None, count=2))


def test_field_invalid_in_most_records_fails_before_good_values_become_null():
    good = [customer(n, balance="10.00") for n in range(120)]
    sync(MemorySource(good))
    bad = [customer(n, 1, balance="ten" if n % 3 else "11.00") for n in range(120)]
    with pytest.raises(SafetyStop, match="balance: invalid in more than half"):
        sync(MemorySource(bad))

    assert not ShopCustomer.objects.filter(balance=None).exists()


def test_ledger_that_does_not_balance_commits_nothing():
    class Forgetful(ShopCustomerSyncEngine):
        def get_loader(self):
            loader = super().get_loader()
            write = loader.write
            loader.write = lambda rows: write(rows[1:])
            return loader

    with pytest.raises(SafetyStop, match="3 records processed, 2 accounted for"):
        sync(MemorySource(customers(3)), Forgetful)

    assert last().status == "failed"
    assert not ShopCustomer.objects.exists()


# Absent is not null.


def test_column_that_no_record_of_a_run_shows_is_left_as_it_is(database):
    sync(MemorySource([customer(1, city="Paris"), customer(2, city="Rome")]))
    history = sync(MemorySource([customer(1, 5), customer(2, 5)]))

    assert history.records_updated == 2
    assert set(ShopCustomer.objects.values_list("city", flat=True)) == {"Paris", "Rome"}


def test_null_is_null(database):
    sync(MemorySource([customer(1, city="Paris")]))
    sync(MemorySource([customer(1, 5, city=None)]))

    assert ShopCustomer.objects.get().city is None


# What a run leaves behind.


def test_history_row_says_what_was_asked_and_what_it_cost():
    history = sync(MemorySource([customer(1, shoe_size=44)]), full=True)

    metrics = SyncHistory.objects.get(pk=history.pk).performance_metrics
    assert history.configuration["full"] is True
    assert (metrics["total_records"], metrics["total_api_calls"], metrics["error_rate"]) == (1, 1, 0.0)
    assert {"duration_seconds", "records_per_second", "api_calls_per_record", "peak_memory_mib"} <= set(
        metrics
    )
    assert metrics["drift"] == {
        "absent": ["email", "city", "balance", "visits", "vip", "tags"],
        "unknown": ["shoe_size"],
    }


def test_record_that_loads_at_last_closes_its_row_in_quarantine(database):
    source = MemorySource([customer(1), customer(2, name=None)])
    sync(source)
    before = RejectedRecord.objects.waiting().count()
    source.records = [customer(1), customer(2, 1)]
    history = sync(source)

    assert before == 1
    assert (history.status, RejectedRecord.objects.waiting().count()) == ("success", 0)


def test_unchanged_rows_are_not_written_in_stock_either(database):
    records = [{"shop": n % 7, "article": f"a{n}", "amount": 1.5} for n in range(300)]
    source = MemorySource(records, cursor=None, key="article")
    sync(source, ShopStockSyncEngine)
    stamps = set(ShopStock.objects.values_list("sync_updated_at", flat=True))
    history = sync(source, ShopStockSyncEngine)

    assert history.records_unchanged == 300
    assert set(ShopStock.objects.values_list("sync_updated_at", flat=True)) == stamps


# One batch is saved while the next is made.


class Watching(ShopCustomerSyncEngine):
    """Remembers in which order batches are made and committed."""

    def __init__(self, **options):
        super().__init__(**options)
        self.order = []

    def process_batch(self, page):
        self.order.append(("made", self.saving is not None and not self.saving.done()))
        return super().process_batch(page)

    async def commit(self, batch, position):
        await super().commit(batch, position)
        self.order.append(("committed", len(batch.rows)))


def test_next_batch_is_made_while_one_is_being_committed():
    engine = Watching(client=MemorySource(customers(2 * BATCH_ROWS + 500), page_size=500))
    history = engine.sync(SyncPlan())

    assert counts(history)[:2] == (2 * BATCH_ROWS + 500,) * 2
    assert [what for what, _ in engine.order if what == "made"] == ["made"] * 3
    assert ("made", True) in engine.order
    assert [count for what, count in engine.order if what == "committed"] == [BATCH_ROWS, BATCH_ROWS, 500]


class FailingCommit(ShopCustomerSyncEngine):
    """Its second batch cannot be committed."""

    async def commit(self, batch, position):
        if self.history.batch == 1:
            raise SourceError("the second batch is lost", where="here", fix="nothing")
        await super().commit(batch, position)


def test_batch_that_cannot_be_committed_fails_the_run_although_the_read_went_on():
    with pytest.raises(SourceError, match="the second batch is lost"):
        sync(MemorySource(customers(3 * BATCH_ROWS), page_size=500), FailingCommit)

    assert (last().status, last().records_processed, last().batch) == ("failed", BATCH_ROWS, 1)
    assert ShopCustomer.objects.count() == BATCH_ROWS


def test_last_batch_that_cannot_be_committed_fails_the_run_too():
    with pytest.raises(SourceError, match="the second batch is lost"):
        sync(MemorySource(customers(2 * BATCH_ROWS), page_size=500), FailingCommit)

    assert (last().status, last().watermark) == ("failed", None)


def test_checkpoint_names_what_the_run_had_seen_with_its_own_batch():
    first, second = range(BATCH_ROWS), range(BATCH_ROWS, 2 * BATCH_ROWS)
    records = [*(customer(n, n) for n in first), *(customer(n, n, city="Bonn") for n in second)]
    with pytest.raises(SourceError, match="the second batch is lost"):
        sync(MemorySource(records, page_size=500), FailingCommit)

    assert "name" in last().checkpoint["seen_paths"]
    assert "city" not in last().checkpoint["seen_paths"]
