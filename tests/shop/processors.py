from ingestion.base.processor import BaseProcessor, Children
from tests.shop.models import ShopCustomer, ShopOrder, ShopOrderLine, ShopStock


class ShopCustomerProcessor(BaseProcessor):
    model = ShopCustomer
    timestamp_field = "updated_at"
    local_fields = ("note",)
    tombstone = "deleted"
    secrets = ("password",)


class ShopOrderLineProcessor(BaseProcessor):
    model = ShopOrderLine
    key = ("place",)


class ShopOrderProcessor(BaseProcessor):
    model = ShopOrder
    key = "number"
    fields = {"customer": "customer.id"}
    timestamp_field = "updated_at"
    children = {"lines": Children("lines", ShopOrderLineProcessor, parent="order")}


class ShopStockProcessor(BaseProcessor):
    model = ShopStock
    key = ("shop", "article")
