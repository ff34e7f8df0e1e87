"""Several pages at once: in order, within bounds, and never beyond what an answer has made needless."""

import asyncio
import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command

from ingestion.base.ahead import PagesAhead
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.commands import alias, plan_for
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.pagination import Answer, Cursor, PageNumber, Request
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window
from ingestion.sync.hubspot.clients import HubSpotClient
from ingestion.sync.hubspot.engines import HubSpotContactSyncEngine
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer

SIZE = 10


class Service(ThreadingHTTPServer):
    """Customers in numbered pages. Each answer waits until as many requests are there as `together` says."""

    daemon_threads = True

    def __init__(self, customers, together=1, bad_page=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.customers = [{"id": str(n), "name": f"customer {n}"} for n in range(customers)]
        self.together = threading.Barrier(together) if together > 1 else None
        self.bad_page = bad_page
        self.asked = []

    def page(self, number):
        """What a page shows."""
        return self.customers[(number - 1) * SIZE : number * SIZE]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Growing(Service):
    """15 customers when page 2 is asked for; all of them once the pages behind it are, which come first."""

    def __init__(self, customers, last=0):
        super().__init__(customers)
        self.answered = threading.Event()
        self.last = last

    def page(self, number):
        if number == 2:
            self.answered.wait(timeout=20)
            time.sleep(0.2)
            return self.customers[10:15]
        found = super().page(min(number, self.last or number))
        if number == 4:
            self.answered.set()
        return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = int(parse_qs(urlsplit(self.path).query)["page"][0])
        self.server.asked.append(number)
        if self.server.together and number > 1:
            self.server.together.wait(timeout=20)
        found = self.server.page(number)
        body = json.dumps({"data": found}).encode()
        self.send_response(404 if number == self.server.bad_page else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    started = []

    def start(*args, kind=Service, **kwargs):
        service = kind(*args, **kwargs)
        threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        started.append(service)
        return service

    yield start
    for service in started:
        service.shutdown()
        service.server_close()


class NumberedClient(BaseAPIClient):
    url_setting = "NUMBERED_API_URL"
    paging = "unstable"

    def stages(self, resource, window):
        return [Stage("customers", Request("customers"), PageNumber(count=SIZE), "data")]


def read(service, at_once):
    async def everything():
        async with NumberedClient(service.url) as client:
            client.pages_at_once = at_once
            return [record["id"] for record in await client.get_all(Resource("customers"))]

    return async_to_sync(everything)()


def test_pages_are_handed_over_in_order_however_many_are_asked_for_at_once(serve):
    service = serve(95)

    assert read(service, 4) == [str(n) for n in range(95)]
    assert sorted(set(service.asked)) == list(range(1, max(service.asked) + 1))


def test_so_many_pages_are_really_asked_for_at_once(serve):
    service = serve(4 * SIZE + 5, together=4)

    assert len(read(service, 4)) == 4 * SIZE + 5


def test_one_at_a_time_asks_for_no_page_beyond_the_last(serve):
    service = serve(25)
    read(service, 1)

    assert service.asked == [1, 2, 3]


def test_keys_that_decide_on_deletes_are_read_one_page_after_the_other(serve):
    service = serve(25)

    async def keys():
        async with NumberedClient(service.url) as client:
            client.pages_at_once = 4
            whole = Window("full", datetime.now(UTC))
            return [len(page.records) async for page in client.read_keys(Resource("customers"), whole)]

    assert async_to_sync(keys)() == [10, 10, 5]
    assert service.asked == [1, 2, 3]


@pytest.mark.parametrize("customers", [24, 34, 70])
def test_page_that_has_come_already_is_not_dropped_because_an_earlier_one_was_the_last(serve, customers):
    service = serve(customers, kind=Growing)
    seen = read(service, 4)

    assert seen == [str(n) for n in range(customers) if not 15 <= n < 20]


def test_page_beyond_the_end_that_brings_the_last_one_again_is_the_end(serve):
    service = serve(15, kind=Growing, last=2)

    assert read(service, 4) == [str(n) for n in range(15)]


def test_first_page_that_is_the_last_is_the_only_request(serve):
    service = serve(3)
    read(service, 8)

    assert service.asked == [1]


def test_error_of_a_page_comes_when_it_is_its_turn(serve):
    service = serve(95, bad_page=4)
    seen = []

    async def everything():
        async with NumberedClient(service.url) as client:
            client.pages_at_once = 4
            async for page in client.read(Resource("customers"), Window("full", datetime.now(UTC))):
                seen.extend(record["id"] for record in page.records)

    with pytest.raises(SourceError, match="404"):
        async_to_sync(everything)()
    assert seen == [str(n) for n in range(3 * SIZE)]


def asked_ahead(paginator, answers, most):
    """The requests for a list whose pages have these answers' bodies, and how many were under way at most."""
    asked, running, peak = [], 0, 0

    async def ask(request):
        nonlocal running, peak
        asked.append(dict(request.params))
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0)
        running -= 1
        body = answers[min(len(asked), len(answers)) - 1]
        return Answer(body, {}, 1, request, body["data"])

    async def walk():
        request = paginator.first(Request("x"), None)
        async with PagesAhead(ask, paginator, most) as ahead:
            while request is not None:
                answer = await ahead.answer(request)
                request = paginator.next(answer)
                if request:
                    ahead.go_on(request, answer)

    asyncio.run(walk())
    return asked, peak


def test_list_whose_next_page_only_the_answer_names_is_read_one_page_ahead_at_most():
    pages = [{"data": [1], "next": "b"}, {"data": [2], "next": "c"}, {"data": [3]}]
    asked, peak = asked_ahead(Cursor("next", "after"), pages, 8)

    assert [request.get("after") for request in asked] == [None, "b", "c"]
    assert peak == 1


def test_no_page_beyond_the_total_is_asked_for_however_many_at_once():
    pages = [{"data": [n], "pages": 3} for n in range(3)]
    asked, peak = asked_ahead(PageNumber(count=1, total="pages"), pages, 8)

    assert [request["page"] for request in asked] == [1, 2, 3]
    assert peak == 2


class NumberedEngine(ShopCustomerSyncEngine):
    client_class = NumberedClient


@pytest.mark.django_db
def test_run_with_concurrent_pages_stores_the_same_rows(serve):
    service = serve(95)
    client = NumberedClient(service.url)
    client.pages_at_once = 3
    history = NumberedEngine(client=client).sync(SyncPlan(concurrent_pages=3))

    assert (history.status, history.records_created) == ("success", 95)
    assert history.configuration["concurrent_pages"] == 3
    assert ShopCustomer.objects.count() == 95


@pytest.mark.parametrize(
    ("flags", "pages"),
    [
        ([], 1),
        (["--concurrent-pages", "3"], 3),
        (["--high-performance"], 4),
        (["--high-performance", "--concurrent-pages", "8"], 8),
    ],
)
def test_flags_say_how_many_pages(flags, pages, settings):
    settings.HUBSPOT_API_TOKEN = "canary"
    parser = alias("hubspot", "contacts")().create_parser("manage.py", "sync_hubspot_contacts")
    plan = plan_for(HubSpotContactSyncEngine, vars(parser.parse_args(flags)))

    assert HubSpotClient.from_plan(plan, HubSpotContactSyncEngine.resource).pages_at_once == pages


def test_zero_pages_are_wrong_usage():
    with pytest.raises(CommandError, match="0 is too few; write 1 or more"):
        call_command("sync_hubspot_contacts", "--concurrent-pages", "0")


def test_file_has_no_pages_to_ask_for_at_once():
    with pytest.raises(CommandError, match="unrecognized arguments: --concurrent-pages"):
        call_command("sync_hubspot_zipcodes", "--concurrent-pages", "2")
