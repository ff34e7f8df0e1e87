"""Conditional requests: 304 is an answer to a question that allows it, and to no other."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asgiref.sync import async_to_sync

from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.pagination import PageNumber, Request
from ingestion.base.window import Window


class Handler(BaseHTTPRequestHandler):
    """Customers by their city; 304 where something asks for changes or the path says so."""

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        unchanged = "If-Modified-Since" in self.headers or self.path.startswith("/never")
        body = b"" if unchanged else json.dumps({"data": self.server.found}).encode()
        self.send_response(304 if unchanged else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.found = [], {"Ulm": [{"id": 1}, {"id": 2}], "Bonn": [{"id": 3}], "Kiel": "none"}
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class CityClient(BaseAPIClient):
    url_setting = "CITY_API_URL"

    def stages(self, resource, window):
        since = {"If-Modified-Since": window.since.isoformat()} if window.since else {}
        request = Request(resource.name).with_headers(since)
        return [Stage(resource.name, request, PageNumber(), "data", keyed_by="city")]


@async_to_sync
async def read(service, name, window):
    async with CityClient(f"http://127.0.0.1:{service.server_port}") as client:
        return await client.get_all(Resource(name), window)


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_request_carries_its_own_headers_and_unchanged_is_an_empty_answer(service):
    found = read(service, "customers", Window("delta", NOW, since=NOW))

    assert found == []
    assert [each["If-Modified-Since"] for each in service.asked] == ["2026-03-01T00:00:00+00:00"]


def test_unchanged_is_no_answer_to_a_request_without_a_condition(service):
    with pytest.raises(SourceError, match="answered 304"):
        read(service, "never", Window("full", NOW))


def test_list_that_comes_as_an_object_is_unfolded_with_the_key_in_each_record(service):
    found = read(service, "customers", Window("full", NOW))

    assert found == [{"id": 1, "city": "Ulm"}, {"id": 2, "city": "Ulm"}, {"id": 3, "city": "Bonn"}, "none"]
