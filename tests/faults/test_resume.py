"""A long read that is interrupted goes on where it stopped, and does not read again what is stored.

INGESTION_TEST_RECORDS says how long the list is; a million is a matter of minutes.
"""

import os
from itertools import islice

import msgspec
import pytest
from aiohttp import web

from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.files import FileDataSource
from ingestion.base.pagination import Cursor, Request
from ingestion.base.plan import SyncPlan
from ingestion.base.reading import BATCH_ROWS
from ingestion.models import SyncHistory
from ingestion.sandbox.server import SandboxServer
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer

RECORDS = int(os.environ.get("INGESTION_TEST_RECORDS", "30000"))
PAGE = 1000
STORED = RECORDS // BATCH_ROWS * 2 // 3 * BATCH_ROWS
"""What is committed when the first run stops."""

AHEAD = 2 * BATCH_ROWS + 6 * PAGE
"""Records that may have been read ahead of what was committed."""


class Halt(Exception):
    """What stops a run in its middle."""


class Halting(ShopCustomerSyncEngine):
    """Stops when two thirds of the list are stored."""

    async def save_data(self, batch, position):
        await self.saved()
        if self.history.records_processed >= STORED:
            raise Halt
        await super().save_data(batch, position)


def record(number):
    return {"id": f"{number:08}", "name": f"customer {number}", "updated_at": "2026-03-01T00:00:00Z"}


class CountingFile(FileDataSource):
    """Counts the records that it makes of lines."""

    read_records = 0

    def gathered(self, lines, start, wanted):
        for page in super().gathered(lines, start, wanted):
            self.read_records += len(page)
            yield page


class ShopClient(BaseAPIClient):
    """Pages by cursor, as fast as they come."""

    url_setting = "SHOP_API_URL"
    paging = "keyset"
    resumable = True

    def stages(self, resource, window):
        pages = Cursor("next", "after", count=PAGE, paging="keyset")
        return [Stage(resource.name, Request("customers"), pages, "results")]


class Shop:
    """Serves the list, and counts its requests."""

    def __init__(self):
        self.requests = 0
        self.app = web.Application()
        self.app.router.add_get("/customers", self.answer)

    async def answer(self, request):
        self.requests += 1
        after = int(request.query.get("after", 0))
        end = min(after + PAGE, RECORDS)
        body = {"results": [record(n) for n in range(after, end)]}
        body |= {"next": str(end)} if end < RECORDS else {}
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")


def interrupted_then_whole(client):
    """A run that stops, and the next; answers both."""
    with pytest.raises(Halt):
        Halting(client=client()).sync(SyncPlan())
    ShopCustomerSyncEngine(client=client()).sync(SyncPlan())
    return SyncHistory.objects.order_by("pk")


def is_whole(first, second):
    """Both together have read the list once."""
    assert (first.status, first.records_processed) == ("failed", STORED)
    assert (second.status, second.configuration["resumes"]) == ("success", first.pk)
    assert (second.records_processed, second.records_created) == (RECORDS - STORED, RECORDS - STORED)
    assert ShopCustomer.objects.count() == RECORDS


def test_long_file_goes_on_where_it_stopped(database, tmp_path):
    path = tmp_path / "customers.jsonl"
    with path.open("wb") as file:
        numbers = iter(range(RECORDS))
        while some := list(islice(numbers, PAGE)):
            file.write(msgspec.json.Encoder().encode_lines([record(n) for n in some]))
    clients = []

    def client():
        clients.append(CountingFile(path))
        return clients[-1]

    first, second = interrupted_then_whole(client)

    is_whole(first, second)
    assert STORED < clients[0].read_records <= STORED + AHEAD
    assert clients[1].read_records == RECORDS - STORED


def test_long_list_over_http_goes_on_where_it_stopped(database):
    shop = Shop()
    with SandboxServer(shop.app) as server:
        counts = []

        def client():
            counts.append(shop.requests)
            return ShopClient(server.url)

        first, second = interrupted_then_whole(client)

    is_whole(first, second)
    asked_first, asked_second = counts[1] - counts[0], shop.requests - counts[1]
    assert STORED < asked_first * PAGE <= STORED + AHEAD
    assert asked_second * PAGE == RECORDS - STORED
