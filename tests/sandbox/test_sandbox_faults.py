"""Each fault does on the wire what it says; the log tells what happened."""

import gzip
import json
import socket
import threading
import time
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected

import pytest
from aiohttp import web

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox import faults
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from tests.sandbox.sandbox_client import CONTACTS, ask


@pytest.fixture
def fake():
    one = FakeHubSpot(contacts=30, deals=3, rate_limited=False)
    with SandboxServer(one):
        yield one


def test_the_server_answers_on_the_loopback_address_and_stops_cleanly():
    fake = FakeHubSpot(contacts=1)
    with SandboxServer(fake) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert fake.url == f"{server.url}/hubspot"
        assert ask(fake, CONTACTS).status == 200
        port = server.port

    with pytest.raises(ConnectionRefusedError):
        ask(fake, CONTACTS)
    with SandboxServer(fake, port=port):
        assert ask(fake, CONTACTS).status == 200
    assert not [each for each in threading.enumerate() if each.name == "sandbox"]


def test_a_taken_port_is_named_with_the_fix(fake):
    taken = int(fake.url.split(":")[2].split("/")[0])

    with pytest.raises(ConfigurationError, match=rf"port {taken} .* is taken[^$]*--port"):
        SandboxServer(FakeHubSpot(), port=taken).start()


def test_any_aiohttp_application_can_be_served():
    async def hello(request):
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/hello", hello)
    with SandboxServer(app) as server:
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/hello")

        assert connection.getresponse().read() == b"hello"
        connection.close()


def test_the_log_has_every_request_without_its_secrets(fake):
    before = time.monotonic()
    ask(fake, CONTACTS, limit=2)
    ask(fake, f"{CONTACTS}/search", {"limit": 5}, token="wrong")
    first, second = fake.requests

    assert (first.number, first.method, first.path, first.query["limit"], first.status) == (
        *(1, "GET", CONTACTS, "2", 200),
    )
    assert (second.number, second.method, second.json, second.status) == (2, "POST", {"limit": 5}, 401)
    assert before < first.time < second.time < time.monotonic()
    assert first.headers["Authorization"] == "***"
    assert "sandbox-token" not in repr(fake.requests)


def test_the_log_tells_which_requests_shared_a_connection(fake):
    connection = HTTPConnection("127.0.0.1", int(fake.url.split(":")[2].split("/")[0]))
    for _ in range(2):
        connection.request("GET", f"/hubspot{CONTACTS}")
        connection.getresponse().read()
    connection.close()
    ask(fake, CONTACTS)

    one, same, other = (each.peer for each in fake.requests)
    assert one == same != other


def test_faults_come_one_after_the_other_and_then_no_more(fake):
    fake.fail(faults.Status(503), faults.Status(500))

    assert [ask(fake, CONTACTS).status for _ in range(3)] == [503, 500, 200]
    assert [each.fault for each in fake.requests] == ["Status", "Status", None]


def test_a_fault_can_last_pass_some_and_be_meant_for_a_path(fake):
    fake.fail(faults.Status(500), faults.Status(503), times=2, after=1, path="*/deals", method="GET")
    statuses = [ask(fake, "/crm/v3/objects/deals").status for _ in range(6)]

    assert statuses == [200, 500, 500, 503, 503, 200]
    assert ask(fake, CONTACTS).status == 200


def test_a_fault_without_end_is_healed(fake):
    fake.fail(faults.Status(500), times=None)
    assert [ask(fake, CONTACTS).status for _ in range(4)] == [500] * 4
    fake.heal()

    assert ask(fake, CONTACTS).status == 200


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, "VALIDATION_ERROR"),
        (401, "INVALID_AUTHENTICATION"),
        (403, "MISSING_SCOPES"),
        (404, "OBJECT_NOT_FOUND"),
        (477, "MIGRATION_IN_PROGRESS"),
        (500, "INTERNAL_ERROR"),
        (503, "INTERNAL_ERROR"),
    ],
)
def test_a_status_comes_with_the_services_own_body(fake, status, category):
    fake.fail(faults.Status(status))
    reply = ask(fake, CONTACTS)

    assert (reply.status, reply.json["category"]) == (status, category)


def test_a_status_takes_a_body_and_headers(fake):
    fake.fail(faults.Status(502, body="<html>bad gateway</html>", headers={"X-Edge": "yes"}))
    reply = ask(fake, CONTACTS)

    assert (reply.status, reply.body, reply.headers["X-Edge"]) == (502, b"<html>bad gateway</html>", "yes")


def test_retry_after_is_seconds_or_a_date(fake):
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    fake.fail(faults.Status(429, retry_after=3), faults.Status(503, retry_after=moment))

    assert ask(fake, CONTACTS).headers["Retry-After"] == "3"
    assert parsedate_to_datetime(ask(fake, CONTACTS).headers["Retry-After"]) == moment


def test_an_answer_held_back_comes_late_or_not_in_time(fake):
    fake.fail(faults.Hold(0.2), faults.Hold(30))
    before = time.monotonic()
    assert ask(fake, CONTACTS).status == 200
    assert time.monotonic() - before >= 0.2

    with pytest.raises(TimeoutError):
        ask(fake, CONTACTS, timeout=0.2)
    assert fake.requests[-1].status is None


def test_a_server_stops_though_an_answer_is_held_back():
    fake = FakeHubSpot(contacts=1)
    before = time.monotonic()
    with SandboxServer(fake):
        fake.fail(faults.Hold(30))
        with pytest.raises(TimeoutError):
            ask(fake, CONTACTS, timeout=0.1)

    assert time.monotonic() - before < 5


def test_a_connection_is_reset_before_the_answer(fake):
    fake.fail(faults.Cut())

    with pytest.raises(ConnectionResetError) as caught:
        ask(fake, CONTACTS)
    assert not isinstance(caught.value, RemoteDisconnected)
    assert fake.requests[0].status is None


def test_a_connection_ends_quietly_before_the_answer(fake):
    fake.fail(faults.Cut(reset=False))

    with pytest.raises(RemoteDisconnected):
        ask(fake, CONTACTS)


def test_a_connection_is_reset_in_the_middle_of_the_body(fake):
    whole = ask(fake, CONTACTS)
    fake.fail(faults.Cut(share=0.5))
    head, body, end = raw(fake, CONTACTS)

    assert f"Content-Length: {len(whole.body)}" in head
    assert body == whole.body[: len(whole.body) // 2]
    assert isinstance(end, ConnectionResetError)


def test_a_connection_ends_in_the_middle_of_the_body(fake):
    fake.fail(faults.Cut(share=0.5, reset=False))

    with pytest.raises(IncompleteRead):
        ask(fake, CONTACTS)


def test_truncated_json_has_a_right_length(fake):
    whole = ask(fake, CONTACTS)
    fake.fail(faults.Truncated())
    reply = ask(fake, CONTACTS)

    assert reply.body == whole.body[: len(whole.body) // 2]
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    with pytest.raises(json.JSONDecodeError):
        assert reply.json


def test_truncated_gzip_ends_early(fake):
    whole = ask(fake, CONTACTS)
    fake.fail(faults.TruncatedGzip(), faults.TruncatedGzip(share=1.0))
    reply, complete = ask(fake, CONTACTS), ask(fake, CONTACTS)

    assert reply.headers["Content-Encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(reply.body)
    assert gzip.decompress(complete.body) == whole.body


def test_a_content_length_too_long_leaves_the_reader_waiting_for_what_never_comes(fake):
    fake.fail(faults.WrongLength(by=100))

    with pytest.raises(IncompleteRead):
        ask(fake, CONTACTS)


def test_a_content_length_too_short_cuts_the_body(fake):
    whole = ask(fake, CONTACTS)
    fake.fail(faults.WrongLength(by=-100))

    assert ask(fake, CONTACTS).body == whole.body[:-100]


def test_bad_utf8_stands_in_a_value(fake):
    fake.fail(faults.BadUtf8())
    reply = ask(fake, CONTACTS)

    with pytest.raises(UnicodeDecodeError):
        reply.body.decode()
    assert json.loads(reply.body.decode(errors="ignore"))["results"]


def test_a_web_page_and_nothing_at_all_come_with_status_200(fake):
    fake.fail(faults.Html(), faults.Empty())
    page, nothing = ask(fake, CONTACTS), ask(fake, CONTACTS)

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert (nothing.status, nothing.body) == (200, b"")


def test_a_repeated_page_is_the_last_one_of_its_path(fake):
    first = ask(fake, CONTACTS, limit=10)
    ask(fake, "/crm/v3/objects/deals")
    fake.fail(faults.Repeated())

    assert ask(fake, CONTACTS, limit=10, after=first.after).body == first.body
    assert ask(fake, CONTACTS, limit=10, after=first.after).ids[0] == "511"


def test_a_stuck_cursor_leads_to_the_same_page(fake):
    fake.fail(faults.StuckCursor(), times=3)
    first = ask(fake, CONTACTS, limit=10)
    assert ask(fake, CONTACTS, limit=10, after=first.after).ids == first.ids
    later = ask(fake, CONTACTS, limit=10, after="510")

    assert (later.ids[0], later.after) == ("511", "510")


def test_a_stuck_cursor_works_in_search_too(fake):
    fake.fail(faults.StuckCursor())
    body = {"limit": 10, "after": "10"}

    assert ask(fake, f"{CONTACTS}/search", body).after == "10"


def test_a_redirect_names_another_host(fake):
    fake.fail(faults.Redirect("http://elsewhere.invalid/crm"))
    reply = ask(fake, CONTACTS)

    assert (reply.status, reply.headers["Location"]) == (302, "http://elsewhere.invalid/crm")


def test_an_endless_body_goes_on_as_long_as_somebody_reads(fake):
    fake.fail(faults.Endless())
    connection = HTTPConnection("127.0.0.1", int(fake.url.split(":")[2].split("/")[0]), timeout=10)
    connection.request("GET", f"/hubspot{CONTACTS}")
    response = connection.getresponse()

    assert len(response.read(20_000_000)) == 20_000_000
    response.close()
    connection.close()
    assert ask(fake, CONTACTS).status == 200


def test_a_huge_body_ends_where_it_should(fake):
    fake.fail(faults.Endless(limit=5_000_000))

    assert 5_000_000 <= len(ask(fake, CONTACTS).body) < 5_200_000


def test_a_gzip_bomb_is_small_on_the_wire(fake):
    fake.fail(faults.GzipBomb(size=32 * faults.MIB))
    reply = ask(fake, CONTACTS)
    unpacked = zlib.decompress(reply.body, 31)

    assert len(reply.body) < 64 * faults.KIB
    assert len(unpacked) >= 32 * faults.MIB
    assert json.loads(unpacked) == {"results": []}


def test_a_hook_can_edit_while_a_read_goes_on(fake):
    def edit(number, asked):
        if number == 2:
            fake.edit("contacts", "515", firstname="Edited")

    fake.before_answer = edit
    pages = [ask(fake, CONTACTS, limit=10, after=after).json["results"] for after in (500, 510)]

    assert pages[1][4]["properties"]["firstname"] == "Edited"


def test_a_log_that_is_kept_short_still_counts_on(fake):
    fake.keep = 2
    for _ in range(7):
        ask(fake, CONTACTS)

    assert fake.requests[-1].number == 7
    assert len(fake.requests) <= 4


def raw(fake, path):
    """Head, body, and what ended the connection: an error, or nothing."""
    port = int(fake.url.split(":")[2].split("/")[0])
    got, end = b"", None
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        lines = (
            f"GET /hubspot{path} HTTP/1.1",
            "Host: sandbox",
            "Authorization: Bearer sandbox-token",
            "",
            "",
        )
        connection.sendall("\r\n".join(lines).encode())
        try:
            while part := connection.recv(65536):
                got += part
        except ConnectionResetError as error:
            end = error
    head, _, body = got.partition(b"\r\n\r\n")
    return head.decode(), body, end
