"""Deletes: tombstones, and sweeps that only a complete read may do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingestion.base.exceptions import SafetyStop, SourceError
from ingestion.base.plan import SyncPlan
from ingestion.base.testing import MemorySource
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.engines import ShopCustomerSyncEngine, ShopStockSyncEngine
from tests.shop.models import ShopCustomer, ShopStock
from tests.shop.processors import ShopCustomerProcessor

pytestmark = pytest.mark.django_db


def stock(count, **values):
    return [{"shop": 1, "article": f"a{n:05}", **values} for n in range(count)]


class StockSource(MemorySource):
    def __init__(self, records, **kwargs):
        super().__init__(records, cursor=None, key="article", **kwargs)


def sync(source, engine=ShopStockSyncEngine, **flags):
    return engine(client=source).sync(SyncPlan(**flags))


def live():
    return ShopStock.objects.count()


def test_key_missing_from_a_complete_read_is_soft_deleted(database):
    source = StockSource(stock(30))
    sync(source)
    del source.records[4]
    history = sync(source)

    assert (history.records_deleted, history.records_processed) == (1, 29)
    assert (live(), ShopStock.all_objects.count()) == (29, 30)
    assert ShopStock.all_objects.exclude(source_deleted_at=None).get().article == "a00004"


def test_row_that_comes_back_is_cleared_and_counts_as_updated(database):
    source = StockSource(stock(30))
    sync(source)
    gone = source.records.pop()
    sync(source)
    source.records.append(gone)
    history = sync(source)

    assert (history.records_updated, history.records_unchanged, live()) == (1, 29, 30)


def test_a_deleted_row_is_not_deleted_again():
    source = StockSource(stock(30))
    sync(source)
    del source.records[4]
    sync(source)

    assert sync(source).records_deleted == 0


@pytest.mark.parametrize("flags", [{"max_records": 29}, {"narrowed": True}], ids=str)
def test_incomplete_read_deletes_nothing(flags):
    source = StockSource(stock(30))
    sync(source)
    del source.records[4]
    history = sync(source, **flags)

    assert (history.records_deleted, live()) == (0, 30)
    assert (
        history.performance_metrics["notes"][-1] == "not swept: only a complete read without --force deletes"
    )


def test_failed_read_deletes_nothing():
    def fail(page):
        if page == 3:
            raise SourceError("gone")

    source = StockSource(stock(30), page_size=29)
    sync(source)
    del source.records[4]
    source.before_page = fail
    with pytest.raises(SourceError):
        sync(source)

    assert live() == 30


def test_dry_run_says_what_a_sweep_would_delete_and_deletes_nothing():
    source = StockSource(stock(30))
    sync(source)
    del source.records[4]
    history = sync(source, dry_run=True)

    assert (history.records_deleted, live()) == (1, 30)


def test_empty_read_is_refused_with_any_flag():
    source = StockSource(stock(3))
    sync(source)
    source.records = []
    with pytest.raises(SafetyStop, match="refused to delete all 3 rows"):
        sync(source, allow_deletes=True)

    assert live() == 3


def test_empty_read_of_an_empty_table_is_a_success():
    assert sync(StockSource([])).status == "success"


def test_brake_holds_back_more_than_a_fifth_and_names_the_flag():
    source = StockSource(stock(50))
    sync(source)
    del source.records[:11]
    with pytest.raises(SafetyStop, match=r"refused to delete 11 of 50 rows \(22%\)") as stop:
        sync(source)
    held = live()
    history = sync(source, allow_deletes=True)

    assert "--allow-deletes" in stop.value.fix
    assert (held, history.records_deleted, live()) == (50, 11, 39)


@pytest.mark.parametrize(("rows", "gone"), [(12, 10), (100, 20)])
def test_ten_rows_or_a_fifth_go_without_asking(rows, gone):
    source = StockSource(stock(rows))
    sync(source)
    del source.records[:gone]

    assert sync(source).records_deleted == gone


def test_rejected_key_counts_as_seen():
    source = StockSource(stock(30))
    sync(source)
    source.records[4] = {"shop": 1, "article": "a00004", "details": float("nan")}
    source.records[5] = {"shop": 1, "article": "a00005", "took": "soon"}
    history = sync(source)

    assert (history.records_deleted, live()) == (0, 30)


def test_one_unreadable_key_refuses_the_sweep():
    source = StockSource(stock(30))
    sync(source)
    source.records[4] = {"shop": None, "article": "a00004"}
    history = sync(source)

    assert (history.status, history.records_deleted, live()) == ("partial", 0, 30)
    assert history.performance_metrics["notes"][-1] == "not swept: 1 records without a readable key"


def test_resumed_read_sweeps_by_a_second_look_at_the_keys():
    source = StockSource(stock(5000), page_size=1000)
    sync(source)
    gone = source.records.pop(10)
    source.pages = 0
    source.before_page = lambda page: page == 3 and fail()
    with pytest.raises(SourceError):
        sync(source)
    history = sync(source)

    assert history.configuration["resumes"]
    assert (history.records_deleted, live()) == (1, 4999)
    assert ShopStock.all_objects.exclude(source_deleted_at=None).get().article == gone["article"]


def fail():
    raise SourceError("gone")


def test_second_look_does_not_take_a_tombstone_for_a_living_record():
    class Swept(ShopCustomerSyncEngine):
        deletes = "sweep"

    records = [customer(n) for n in range(3000)]
    source = MemorySource(records, page_size=1000)
    sync(source, Swept)
    source.records[2999] = customer(2999, deleted=True)
    source.pages = 0
    source.before_page = lambda page: page == 2 and fail()
    with pytest.raises(SourceError):
        sync(source, Swept, full=True)
    history = sync(source, Swept, full=True)

    assert history.configuration["resumes"]
    assert (history.records_deleted, ShopCustomer.objects.count()) == (1, 2999)


def test_sweep_of_one_scope_leaves_the_others_rows():
    class FirstShop(ShopStockSyncEngine):
        sync_type = "first"
        scope = {"shop": 1}

    ShopStock.objects.create(shop=2, article="of another engine")
    source = StockSource(stock(30))
    sync(source, FirstShop)
    del source.records[4]
    history = sync(source, FirstShop)

    assert (history.records_deleted, live()) == (1, 30)


class Shifting(StockSource):
    """Hides one record in its first full read, as offsets into a list that shifts do."""

    paging = "unstable"
    hidden = "a00004"
    answers = {}

    async def read(self, resource, window, position=None):
        hide = len(self.requests) == 1
        async for page in super().read(resource, window, position):
            records = [r for r in page.records if not (hide and r["article"] == self.hidden)]
            yield type(page)(records, page.position)

    async def exists(self, resource, key):
        return self.answers.get(key[1])


def test_key_that_an_unstable_read_hid_once_is_not_deleted():
    source = Shifting(stock(30))
    sync(source)
    del source.records[7]
    history = sync(source)

    assert (history.records_deleted, live()) == (1, 29)
    assert ShopStock.objects.filter(article="a00004").exists()


def test_after_an_unstable_read_the_source_is_asked_for_the_key_itself():
    source = Shifting(stock(30))
    source.answers = {"a00004": True, "a00007": False}
    sync(source)
    del source.records[7]
    history = sync(source)

    assert (history.records_deleted, len(source.requests)) == (1, 2)
    assert ShopStock.objects.filter(article="a00004").exists()


# A run that has made every living row compares nothing.


def compared(run):
    """What a run did, and whether it has looked at the keys that are stored."""
    with CaptureQueriesContext(connection) as asked:
        history = run()
    keys = [each for each in asked if "source_deleted_at" in each["sql"] and "COUNT" not in each["sql"]]
    return history, any(f'SELECT "{ShopStock._meta.db_table}"."shop"' in each["sql"] for each in keys)


def test_first_load_compares_no_keys_and_the_next_does():
    source = StockSource(stock(30))

    assert [compared(lambda: sync(source))[1] for _ in range(2)] == [False, True]


@pytest.mark.parametrize("flags", [{}, {"dry_run": True}], ids=str)
def test_row_that_was_there_before_goes_also_when_others_are_made(flags):
    source = StockSource(stock(20))
    sync(source)
    source.records = [{"shop": 2, "article": f"b{n:05}"} for n in range(20)] + stock(18)
    history = sync(source, **flags)

    assert (history.records_created, history.records_deleted) == (20, 2)


def test_row_that_was_made_and_buried_again_stands_for_no_other():
    class Swept(ShopCustomerSyncEngine):
        deletes = "sweep"

    source = MemorySource([customer(1)], page_size=1)
    sync(source, Swept)
    source.records = [customer(2), customer(3), customer(3, 5, deleted=True)]
    history = sync(source, Swept, full=True)

    assert (history.records_created, history.records_deleted) == (2, 2)
    assert list(ShopCustomer.objects.values_list("id", flat=True)) == ["2"]


# Tombstones.


def customer(number, minutes=0, **values):
    return {"id": str(number), "name": "x", "updated_at": f"2026-03-01T00:{minutes:02}:00Z", **values}


def test_tombstone_soft_deletes_and_counts_only_as_deleted(database):
    source = MemorySource([customer(1), customer(2)])
    sync(source, ShopCustomerSyncEngine)
    source.records = [customer(2, 5, deleted=True)]
    history = sync(source, ShopCustomerSyncEngine)

    assert (history.records_deleted, history.records_processed) == (1, 0)
    assert list(ShopCustomer.objects.values_list("id", flat=True)) == ["1"]


def test_tombstone_of_a_row_that_never_was_counts_nothing():
    history = sync(MemorySource([customer(9, deleted="true")]), ShopCustomerSyncEngine)

    assert (history.status, history.records_deleted) == ("success", 0)


def test_record_alive_again_after_its_tombstone_is_back():
    source = MemorySource([customer(1)])
    sync(source, ShopCustomerSyncEngine)
    source.records = [customer(1, 5, deleted=True)]
    sync(source, ShopCustomerSyncEngine)
    source.records = [customer(1, 9)]
    history = sync(source, ShopCustomerSyncEngine)

    assert (history.records_updated, ShopCustomer.objects.count()) == (1, 1)


def test_tombstone_does_not_bury_a_newer_row(database):
    source = MemorySource([customer(1, 30), customer(2, 5)])
    sync(source, ShopCustomerSyncEngine)
    source.records = [customer(1, 10, deleted=True), customer(2, 10, deleted=True)]
    history = sync(source, ShopCustomerSyncEngine, full=True)

    assert history.records_deleted == 1
    assert list(ShopCustomer.objects.values_list("id", flat=True)) == ["1"]


def test_tombstone_moves_the_watermark_too():
    history = sync(MemorySource([customer(1), customer(2, 30, deleted=True)]), ShopCustomerSyncEngine)

    assert history.watermark.minute == 30


def test_deletion_closes_the_quarantine():
    source = MemorySource([customer(1), customer(2, name=None)])
    sync(source, ShopCustomerSyncEngine)
    source.records = [customer(2, 5, deleted=True)]
    sync(source, ShopCustomerSyncEngine)

    assert not RejectedRecord.objects.waiting().exists()


def test_force_deletes_nothing():
    source = StockSource(stock(30))
    sync(source)
    del source.records[4]
    history = sync(source, force=True)

    assert (history.records_deleted, live()) == (0, 30)
    assert SyncHistory.objects.first().status == "success"


class GoneProcessor(ShopCustomerProcessor):
    """`city` is read from the flag itself, as a `deleted_at` would be."""

    tombstone = "gone_to"
    fields = {"city": "gone_to"}


class GoneEngine(ShopCustomerSyncEngine):
    processor_class = GoneProcessor


def test_column_that_is_read_from_the_flag_says_what_the_source_said_of_each_row(database):
    names = ["Ada", "Grace", "Alan", "Edsger"]
    records = [{"id": str(n), "name": name, "gone_to": None} for n, name in enumerate(names)]
    source = MemorySource(records)
    sync(source, GoneEngine)
    for place, city in ((0, "Ulm"), (1, "Bonn"), (2, "Ulm")):
        source.records[place] = {**records[place], "gone_to": city}
    history = sync(source, GoneEngine)
    source.records[0] = records[0]
    sync(source, GoneEngine, full=True)

    found = ShopCustomer.all_objects.order_by("id").values_list("city", flat=True)
    assert history.records_deleted == 3
    assert list(found) == [None, "Bonn", "Ulm", None]
    assert set(ShopCustomer.objects.values_list("name", flat=True)) == {"Ada", "Edsger"}
