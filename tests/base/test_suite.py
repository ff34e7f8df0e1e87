"""The standard suite, on engines of three kinds."""

import csv
import tempfile
from pathlib import Path

from ingestion.base.fields import Field
from ingestion.base.files import FileDataSource
from ingestion.base.testing import MemorySource, engine_suite
from ingestion.sync.hubspot.engines import HubSpotZipCodeSyncEngine
from tests.shop.engines import ShopCustomerSyncEngine, ShopStockSyncEngine


def customer(number):
    return {"id": str(number), "name": f"customer {number}", "updated_at": "2026-03-01T00:00:00Z"}


def zip_file(records):
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, newline="") as file:
        writer = csv.DictWriter(file, ["zip", "city", "state"])
        writer.writeheader()
        writer.writerows(records)
    return FileDataSource(Path(file.name), header=str.lower)


TestShopCustomers = engine_suite(
    ShopCustomerSyncEngine,
    serve=lambda records: MemorySource(records, page_size=1000),
    record=customer,
    change=lambda record: record | {"city": "Paris", "updated_at": "2026-03-01T00:01:00Z"},
    spoil=lambda record: record | {"name": None},
)


class Counted(ShopStockSyncEngine):
    """Stock that must have been counted."""

    class processor_class(ShopStockSyncEngine.processor_class):
        fields = {"big": Field("big", required=True)}


TestShopStocks = engine_suite(
    Counted,
    serve=lambda records: MemorySource(records, cursor=None, key="article", page_size=1000),
    record=lambda number: {"shop": 1, "article": f"a{number:05}", "big": 7},
    change=lambda record: record | {"big": 8},
    spoil=lambda record: record | {"big": "many"},
)

TestZipCodes = engine_suite(
    HubSpotZipCodeSyncEngine,
    serve=zip_file,
    record=lambda number: {"zip": f"{number:05}", "city": f"City {number}", "state": "NY"},
    change=lambda record: record | {"city": "Town"},
    spoil=lambda record: record | {"state": "far too long for it"},
)
