"""Replay: what waits in quarantine goes through the engine again, and harms nothing newer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ingestion.base.commands import BaseSyncCommand
from ingestion.base.exceptions import LeaseRefused
from ingestion.base.fields import Field
from ingestion.base.lease import Holder
from ingestion.base.plan import RejectLimit, SyncPlan
from ingestion.base.replay import replay
from ingestion.base.testing import MemorySource
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine, ShopStockSyncEngine
from tests.shop.models import ShopCustomer, ShopOrder, ShopStock

DAY = datetime(2026, 3, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Corrected(ShopCustomerSyncEngine):
    """The customers' engine, after somebody found out what the shop calls a name and an id."""

    class processor_class(ShopCustomerSyncEngine.processor_class):
        fields = {"name": ("name", "full_name"), "id": Field("id", lambda value: str(value)[:20])}


def customer(number, minutes=0, **values):
    moment = (DAY + timedelta(minutes=minutes)).isoformat()
    return {"id": str(number), "name": f"customer {number}", "updated_at": moment, **values}


def nameless(number, minutes=0, **values):
    record = customer(number, minutes, full_name=f"full {number}", **values)
    del record["name"]
    return record


def sync(*records, engine=ShopCustomerSyncEngine, **flags):
    return engine(client=MemorySource(records)).sync(SyncPlan(**flags))


def waiting():
    return RejectedRecord.objects.waiting()


def counts(history):
    names = ("processed", "created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


# What is loaded.


def test_corrected_mapping_loads_what_waits_and_closes_it(database):
    sync(customer(1), nameless(2), nameless(3))
    history = replay(Corrected)

    assert (history.status, counts(history)) == ("success", (2, 2, 0, 0, 0, 0, 0))
    assert list(ShopCustomer.objects.order_by("id").values_list("name", flat=True)) == [
        *("customer 1", "full 2", "full 3")
    ]
    assert not waiting().exists()


def test_nothing_in_quarantine_is_no_run():
    sync(customer(1))

    assert replay(Corrected) is None
    assert SyncHistory.objects.count() == 1


def test_closed_records_and_warnings_do_not_wait():
    sync(customer(1, email="no address"), nameless(2))
    replay(Corrected)

    assert RejectedRecord.objects.count() == 2
    assert replay(Corrected) is None


def test_record_that_is_refused_again_waits_on_and_counts_its_attempts(database):
    sync(customer(1), nameless(2))
    replay(ShopCustomerSyncEngine)
    history = replay(ShopCustomerSyncEngine)

    assert (history.status, counts(history)) == ("partial", (1, 0, 0, 0, 0, 1, 0))
    assert (waiting().get().attempts, waiting().get().run_id) == (3, history.pk)


def test_any_number_may_be_refused_again():
    sync(customer(0), *(nameless(n) for n in range(1, 10)))
    sync(customer(0), *(nameless(n) for n in range(10, 19)))
    history = replay(ShopCustomerSyncEngine)

    assert (history.status, history.records_failed) == ("partial", 18)


def test_more_than_a_page_of_records_is_loaded():
    sync(customer(0), *(nameless(n) for n in range(1, 601)), max_rejected=RejectLimit(None, 600))
    history = replay(Corrected)

    assert counts(history)[:2] == (600, 600)
    assert not waiting().exists()


def test_record_without_a_readable_key_is_closed_when_it_loads(database):
    long = "x" * 25
    sync(customer(1), customer(long, name="long"))
    key = waiting().get().key
    history = replay(Corrected)

    assert key is None
    assert (history.records_created, waiting().count()) == (1, 0)
    assert ShopCustomer.objects.filter(id=long[:20]).exists()


def test_record_without_a_readable_key_is_closed_when_a_sync_loads_it(database):
    record = customer("x" * 25, name="long", password="geheim")
    sync(customer(1), record)
    sync(customer(1), record, engine=Corrected, full=True)

    assert "geheim" not in RejectedRecord.objects.get().payload
    assert not waiting().exists()


# Which are loaded.


def test_replay_of_some_ids_leaves_the_others():
    sync(customer(1), nameless(2), nameless(3), nameless(4))
    chosen = [row.pk for row in waiting() if row.key != ["3"]]
    history = replay(Corrected, ids=chosen)

    assert history.records_created == 2
    assert waiting().get().key == ["3"]


def test_replay_of_one_reason_leaves_the_others():
    sync(customer(1), nameless(2), customer("x" * 25, name="long"))
    reasons = set(waiting().values_list("reason", flat=True))
    history = replay(Corrected, reason="required")

    assert reasons == {"required", "too_long"}
    assert history.records_created == 1
    assert waiting().get().reason == "too_long"


def test_ids_of_another_entity_are_not_touched():
    sync(customer(1), nameless(2))
    theirs = waiting().get().pk

    assert replay(ShopStockSyncEngine, ids=[theirs]) is None
    assert waiting().count() == 1


# What it must not do.


def test_old_payload_never_overwrites_a_newer_row(database):
    sync(customer(1), nameless(2, 10, city="old"))
    ShopCustomer.objects.create(id="2", name="by hand", city="new", updated_at=DAY + timedelta(hours=1))
    history = replay(Corrected)

    assert (history.records_skipped, history.records_updated) == (1, 0)
    assert ShopCustomer.objects.get(id="2").city == "new"
    assert not waiting().exists()


def test_newer_payload_updates_an_older_row():
    sync(customer(1), nameless(2, 90, city="new"))
    ShopCustomer.objects.create(id="2", name="by hand", city="old", updated_at=DAY + timedelta(hours=1))
    history = replay(Corrected)

    assert history.records_updated == 1
    assert ShopCustomer.objects.get(id="2").city == "new"


def test_replay_moves_no_watermark(database):
    sync(customer(1, 10), nameless(2, 500))
    history = replay(Corrected)

    assert ShopCustomer.objects.get(id="2").updated_at == DAY + timedelta(minutes=500)
    assert history.watermark is None
    assert SyncHistory.objects.watermark("shop", "customers") == DAY + timedelta(minutes=10)


def test_replay_of_an_entity_that_sweeps_deletes_nothing(database):
    class Counted(ShopStockSyncEngine):
        class processor_class(ShopStockSyncEngine.processor_class):
            fields = {"shop": ("shop", "branch"), "article": "article"}

    records = [{"shop": 1, "article": f"a{n}"} for n in range(30)]
    ShopStockSyncEngine(client=MemorySource([*records, {"branch": 2, "article": "b"}], cursor=None)).sync()
    history = replay(Counted)

    assert counts(history) == (1, 1, 0, 0, 0, 0, 0)
    assert ShopStock.objects.count() == 31


def test_replay_leaves_an_interrupted_run_to_be_gone_on_with():
    def stop(page):
        if page == 3:
            raise RuntimeError

    source = MemorySource([nameless(0), *(customer(n) for n in range(1, 5000))], page_size=1000)
    source.before_page = stop
    with pytest.raises(RuntimeError):
        ShopCustomerSyncEngine(client=source).sync()
    replay(Corrected)
    source.before_page = None
    history = ShopCustomerSyncEngine(client=source).sync()

    assert history.configuration["resumes"] is not None
    assert ShopCustomer.objects.count() == 5000


def test_a_replay_is_no_full_compare_and_settles_no_account():
    sync(customer(1), nameless(2))
    history = replay(Corrected)

    assert {"complete", "identity"}.isdisjoint(history.configuration)
    assert history.configuration["strategy"] == "replay"


def test_replay_takes_the_lease_and_is_refused_while_a_run_is_at_work(database):
    sync(customer(1), nameless(2))
    run = SyncHistory.objects.create(
        crm_source="shop",
        sync_type="customers",
        start_time=timezone.now(),
        heartbeat_at=timezone.now(),
        lease=str(Holder.this_process()),
    )
    with pytest.raises(LeaseRefused, match=f"run {run.pk} "):
        replay(Corrected)

    assert waiting().count() == 1
    assert SyncHistory.objects.count() == 2


def test_dry_run_says_what_would_load_and_changes_nothing(database):
    sync(customer(1), nameless(2), nameless(3))
    history = replay(Corrected, dry_run=True)

    assert counts(history)[:2] == (2, 2)
    assert ShopCustomer.objects.count() == 1
    assert list(waiting().values_list("attempts", flat=True)) == [1, 1]


# Children whose parents come later.


def order(number, of, minutes=0):
    moment = (DAY + timedelta(minutes=minutes)).isoformat()
    return {"number": number, "customer": {"id": of}, "lines": [], "updated_at": moment}


def customers_command(*records):
    """The command of an engine with this source."""
    source = MemorySource(records)

    class Engine(ShopCustomerSyncEngine):
        def get_client(self, plan):
            return source

    class Command(BaseSyncCommand):
        crm_source = "shop"
        sync_type = "customers"

        def all_engines(self):
            return [Engine]

    return Command()


def test_child_without_its_parent_comes_in_after_the_parents_next_run(database):
    first = sync(order(1, "7"), order(2, "8"), engine=ShopOrderSyncEngine)
    reasons = list(waiting().values_list("reason", flat=True))
    call_command(customers_command(customer(7)), quiet=True)

    assert (first.status, reasons) == ("partial", ["missing_parent", "missing_parent"])
    assert ShopOrder.objects.get().customer_id == "7"
    assert waiting().get().key == ["2"]


def test_dry_run_of_the_parent_lets_no_child_in():
    sync(order(1, "7"), engine=ShopOrderSyncEngine)
    call_command(customers_command(customer(7)), quiet=True, dry_run=True)

    assert (ShopOrder.objects.count(), waiting().get().attempts) == (0, 1)


def test_parent_run_replays_nothing_that_waits_for_other_reasons():
    sync(order("not a number", "7"), order(1, "7"), engine=ShopOrderSyncEngine)
    call_command(customers_command(customer(7)), quiet=True)

    assert ShopOrder.objects.get().number == 1
    assert waiting().get().attempts == 1


def test_children_that_are_at_work_do_not_fail_their_parents_run(capsys):
    sync(order(1, "7"), engine=ShopOrderSyncEngine)
    SyncHistory.objects.create(
        crm_source="shop",
        sync_type="orders",
        start_time=timezone.now(),
        heartbeat_at=timezone.now(),
        lease=str(Holder.this_process()),
    )
    call_command(customers_command(customer(7)))

    out, err = capsys.readouterr()
    assert "shop customers: success" in out
    assert "shop orders: run" in err
    assert (ShopCustomer.objects.count(), waiting().count()) == (1, 1)
