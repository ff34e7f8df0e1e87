"""The entity of a world: the product's own engine, client and paging, declared by what the seed has drawn."""

from datetime import timedelta
from functools import partial

from ingestion.base.auth import Bearer
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.fields import Field
from ingestion.base.pagination import Cursor, KeysetWindow, PageNumber, Request
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.hubspot.search import epoch, search_within
from tests.shop.processors import ShopCustomerProcessor
from tests.simulation.edges import WORKER
from tests.simulation.service import CANARY, Session

URL = "http://127.0.0.1:9/"


class Client(BaseAPIClient):
    """Search within a window, lists for everything, and what is archived: as HubSpot's."""

    url_setting = "SIMULATED_API_URL"

    def __init__(self, world):
        super().__init__(URL, Bearer(CANARY), page_size=world.config.page_size)
        self.paces = {"": world.pace, "search": world.pace}
        self.world = world
        self.paging = world.config.paging
        self.resumable = world.config.resumable
        self.pages_at_once = world.config.pages_at_once
        self.account = ""

    async def __aenter__(self):
        self.session = Session(self.world)
        self.account = (await self.request(Request("details"))).body["account"]
        return self

    def identity(self):
        return self.account

    def stages(self, resource, window):
        config, size = self.world.config, self.page_size
        if config.paging == "unstable":
            pages = PageNumber(count=size)
        else:
            pages = Cursor("paging.next.after", "after", count=size, paging=config.paging)
        listed = Stage("list", Request("list"), pages, "results")
        if resource.cursor and (window.since or window.until):
            since = window.since.isoformat() if window.since else "1970-01-02T00:00:00+00:00"
            walk = KeysetWindow(
                "updated_at",
                "id",
                "paging.next.after",
                partial(search_within, cursor="updated_at", until=window.until),
                order=epoch,
            )
            first = Request(
                "search", json={"limit": size}, method="POST", lane="search", state={"since": since}
            )
            listed = Stage("search", first, walk, "results")
        if not config.archives:
            return [listed]
        gone = Cursor("paging.next.after", "after", count=size, paging="keyset")
        return [listed, Stage("archived", Request("list", {"archived": "true"}), gone, "results")]

    async def read_keys(self, resource, window):
        worker = WORKER.get()
        worker.reads_keys = True
        async for page in super().read_keys(resource, window):
            yield page
        worker.reads_keys = False

    async def exists(self, resource, key):
        if not self.world.config.can_ask:
            return None
        try:
            await self.request(Request(f"one/{key[0]}"))
        except SourceError as error:
            if error.status == 404:
                return False
            raise
        return True


def mended_name(value):
    """Of a name that is too long its beginning; one that is missing is not known."""
    return value[:30]


def engine_of(config):
    """The engine that a world's configuration declares."""
    return type(
        "SimulatedEngine",
        (BaseSyncEngine,),
        {
            "crm_source": "simulated",
            "sync_type": "customers",
            "resource": Resource(
                "customers",
                cursor="updated_at" if config.has_cursor else None,
                lag=timedelta(seconds=config.index_lag + config.grain),
            ),
            "client_class": Client,
            "processor_class": ShopCustomerProcessor,
            "overlap": timedelta(seconds=config.overlap),
            "deletes": config.deletes,
            "delta_misses_changes": config.late,
            "reconcile_every": timedelta(days=2),
        },
    )


class Mended(ShopCustomerProcessor):
    """The mapping after somebody has seen what is wrong with the names that wait in quarantine."""

    fields = {**ShopCustomerProcessor.fields, "name": Field("name", mended_name)}


def mended(engine):
    """The same entity with that mapping, for a replay."""
    return type("MendedEngine", (engine,), {"processor_class": Mended})
