"""One transaction per batch: what commits together, and what a lost answer to COMMIT does."""

import pytest
from django.utils import timezone

from ingestion.base.exceptions import LeaseLost
from ingestion.base.lease import acquire
from ingestion.base.loaders import Target, create_loader
from ingestion.base.saving import BatchWriter
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.models import ShopCustomer
from tests.shop.processors import ShopCustomerProcessor

POSITION = {"position": {"after": 3}}


@pytest.fixture
def writer(database):
    history = SyncHistory(crm_source="shop", sync_type="customers", start_time=timezone.now())
    acquire(history)
    target = Target(ShopCustomer, ("id",), history.start_time, database, "updated_at")
    return BatchWriter(history, create_loader(target, "any"))


def batch(*names):
    records = [
        {"id": str(n), "name": name, "updated_at": "2026-03-01T00:00:00Z"} for n, name in enumerate(names)
    ]
    return ShopCustomerProcessor().process_batch(records)


def test_rows_rejected_counts_and_checkpoint_commit_together(writer):
    writer.save(batch("Ada", None, "Grace"), POSITION)

    row = SyncHistory.objects.get()
    assert (row.records_processed, row.records_created, row.records_failed) == (3, 2, 1)
    assert (row.batch, row.checkpoint) == (1, POSITION)
    assert (ShopCustomer.objects.count(), RejectedRecord.objects.count()) == (2, 1)


def test_fault_inside_a_batch_leaves_nothing_of_it(writer):
    class Halt(Exception):
        pass

    def halt(*args):
        raise Halt

    writer.close_quarantine = halt
    with pytest.raises(Halt):
        writer.save(batch("Ada", None), POSITION)

    row = SyncHistory.objects.get()
    assert (row.batch, row.checkpoint, row.records_processed) == (0, None, 0)
    assert not ShopCustomer.objects.exists()
    assert not RejectedRecord.objects.exists()


def test_batch_whose_commit_went_through_unheard_is_not_loaded_twice(writer):
    writer.save(batch("Ada"), None)
    twin = BatchWriter(SyncHistory.objects.get(), writer.loader)
    twin.save(batch("Ada", "Grace"), POSITION)
    added = writer.save(batch("Ada", "Grace"), POSITION)

    assert (added.processed, added.created, added.unchanged) == (2, 1, 1)
    assert (writer.history.batch, writer.history.records_processed) == (2, 3)
    assert SyncHistory.objects.get().records_processed == 3


@pytest.mark.parametrize("change", [{"lease": "somebody else"}, {"status": "failed"}, {"batch": 7}], ids=str)
def test_batch_of_a_run_that_is_not_the_holder_commits_nothing(writer, change):
    SyncHistory.objects.update(**change)
    with pytest.raises(LeaseLost):
        writer.save(batch("Ada"), POSITION)

    assert not ShopCustomer.objects.exists()


def test_every_batch_is_a_heartbeat(writer):
    SyncHistory.objects.update(heartbeat_at=None)
    writer.save(batch("Ada"), None)

    assert abs((timezone.now() - SyncHistory.objects.get().heartbeat_at).total_seconds()) < 60


def test_heartbeat_of_a_lost_lease_is_refused(writer):
    SyncHistory.objects.update(lease="somebody else")
    with pytest.raises(LeaseLost):
        writer.beat()

    assert SyncHistory.objects.get().batch == 0


@pytest.mark.parametrize(
    ("names", "waiting"), [((None, "Ada"), 0), (("Ada", None), 1)], ids=["corrected", "spoilt"]
)
def test_of_a_bad_and_a_good_record_of_one_key_the_later_decides_what_waits(writer, names, waiting):
    records = [{"id": "1", "name": name, "updated_at": "2026-03-01T00:00:00Z"} for name in names]
    writer.save(ShopCustomerProcessor().process_batch(records), None)

    row = SyncHistory.objects.get()
    assert (row.records_created, row.records_failed) == (1, 1)
    assert RejectedRecord.objects.waiting().count() == waiting
