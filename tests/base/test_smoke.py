from ingestion.base.testing import MemorySource
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer


def test_smoke(database):
    source = MemorySource(
        [{"id": str(n), "name": f"c{n}", "updated_at": "2026-01-01T00:00:00Z"} for n in range(250)]
    )
    history = ShopCustomerSyncEngine(client=source).sync()

    assert (history.status, history.records_created) == ("success", 250)
    assert ShopCustomer.objects.count() == 250
    assert ShopCustomerSyncEngine(client=source).sync().records_unchanged == 250
