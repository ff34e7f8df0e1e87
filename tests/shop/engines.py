from ingestion.base.datasource import Resource
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.testing import MemorySource
from tests.shop.processors import ShopCustomerProcessor, ShopOrderProcessor, ShopStockProcessor


class ShopSyncEngine(BaseSyncEngine):
    crm_source = "shop"
    client_class = MemorySource


class ShopCustomerSyncEngine(ShopSyncEngine):
    sync_type = "customers"
    resource = Resource("customers", cursor="updated_at")
    processor_class = ShopCustomerProcessor
    deletes = "tombstone"


class ShopOrderSyncEngine(ShopSyncEngine):
    sync_type = "orders"
    resource = Resource("orders", cursor="updated_at")
    processor_class = ShopOrderProcessor
    after = ("customers",)


class ShopStockSyncEngine(ShopSyncEngine):
    sync_type = "stocks"
    resource = Resource("stocks")
    processor_class = ShopStockProcessor
    deletes = "sweep"
