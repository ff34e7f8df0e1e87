"""`manage.py sandbox` as a person meets it: a process of its own."""

import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.management import CommandError, call_command

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox.discovery import chosen, fakes
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot

MANAGE = (sys.executable, "manage.py", "sandbox", "--port", "0")


@contextmanager
def sandbox(*flags):
    """The command and its settings, once it serves."""
    with subprocess.Popen(
        (*MANAGE, *flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        text = ""
        while "until Ctrl-C" not in text and (line := process.stdout.readline()):
            text += line
        try:
            yield process, dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE)), text
        finally:
            process.kill()


@pytest.fixture
def fake():
    one = FakeHubSpot(contacts=5)
    with SandboxServer(one):
        yield one


def call(url, body=None, method=None, token=None):
    """The decoded JSON, and the status."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=10) as response:
            return json.load(response), response.status
    except HTTPError as error:
        with error:
            return json.load(error), error.code


def page(fake, name):
    return f"{fake.url.removesuffix('/hubspot')}/_sandbox/hubspot/{name}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_the_settings_serves_and_says_goodbye(number):
    with sandbox("--contacts", "7", "--only", "hubspot") as (process, settings, text):
        url, token = settings["HUBSPOT_API_URL"], settings["HUBSPOT_API_TOKEN"]
        reply, status = call(f"{url}/crm/v3/objects/contacts", token=token)
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)

    assert (status, len(reply["results"])) == (200, 7)
    assert "/_sandbox/" in text
    assert (output, errors, process.returncode) == ("sandbox stopped; its data is gone\n", "", 0)


def test_the_rate_limit_can_be_switched_off():
    with sandbox("--no-rate-limit", "--contacts", "1") as (_, settings, _):
        url, token = settings["HUBSPOT_API_URL"], settings["HUBSPOT_API_TOKEN"]
        replies = [call(f"{url}/crm/v3/objects/contacts/search", {}, token=token)[1] for _ in range(8)]

    assert replies == [200] * 8


def test_a_port_that_is_taken_is_named_with_the_fix(fake):
    port = fake.url.split(":")[2].split("/")[0]

    with pytest.raises(CommandError, match=rf"port {port} .* is taken[^$]*--port"):
        call_command("sandbox", port=int(port), contacts=1)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "example.com"])
def test_no_other_host_than_this_machine_is_served(host):
    with pytest.raises(CommandError, match="this machine only"):
        call_command("sandbox", "--host", host)


def test_an_unknown_source_is_named():
    with pytest.raises(CommandError, match=r"no sandbox of 'hubpsot'[^$]*did you mean 'hubspot'"):
        call_command("sandbox", "--only", "hubpsot")


def test_fakes_of_installed_sources_are_found():
    assert fakes()["hubspot"] is FakeHubSpot
    assert list(chosen(["hubspot"])) == ["hubspot"]
    with pytest.raises(ConfigurationError):
        chosen(["nothing"])


def test_a_person_can_edit_with_curl(fake):
    added, _ = call(page(fake, "add"), {"type": "contacts", "properties": {"firstname": "New"}})
    edited, status = call(
        page(fake, "edit"), {"type": "contacts", "id": "501", "properties": {"firstname": "Zoë"}}
    )
    merged, _ = call(page(fake, "merge"), {"type": "contacts", "winner": "502", "loser": "503"})
    call(page(fake, "archive"), {"type": "contacts", "id": "504"})
    archived, _ = call(page(fake, "ids"), {"type": "contacts", "archived": True})

    assert (added["result"], edited, status) == ("506", {"done": True, "result": None}, 200)
    assert fake.record("contacts", "506")["properties"]["firstname"] == "New"
    assert fake.record("contacts", "501")["properties"]["firstname"] == "Zoë"
    assert (merged["result"], archived["result"]) == ("502", ["504"])


def test_several_records_can_be_added_with_curl(fake):
    assert call(page(fake, "add"), {"type": "contacts", "properties": 3})[0]["result"] == [
        "506",
        "507",
        "508",
    ]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("edit", {"type": "contacts"}, "'id' is missing"),
        ("edit", {"type": "contacts", "id": "501", "firstname": "x"}, "'firstname' is not known"),
        ("edit", {"type": "contacts", "id": "9"}, "no live record '9'"),
        ("edit", {"type": "contacts", "id": "501", "properties": {"city": []}}, "cannot be a property"),
        ("edit", {"type": "contacts", "id": "501", "properties": "city"}, "properties"),
        ("archive", {"type": "pets", "id": "501"}, "no type 'pets'"),
        ("fail", {"fault": "Flood"}, "'Flood'"),
        ("fail", {"fault": "Status", "options": {"stat": 500}}, "stat"),
        ("fail", [], "None"),
    ],
)
def test_a_wrong_edit_says_what_is_wrong(fake, name, body, why):
    reply, status = call(page(fake, name), body)

    assert status == 400
    assert why in reply["error"]


def test_a_person_can_ask_for_faults_and_take_them_back(fake):
    url, token = f"{fake.url}/crm/v3/objects/contacts", fake.token
    call(page(fake, "fail"), {"fault": "Status", "options": {"status": 503}, "times": 5})
    failed = call(url, token=token)[1]
    call(page(fake, "fail"), method="DELETE")

    assert (failed, call(url, token=token)[1]) == (503, 200)


def test_a_person_can_see_and_forget_the_requests(fake):
    call(f"{fake.url}/crm/v3/objects/contacts?limit=2", token=fake.token)
    call(f"{fake.url}/crm/v3/owners", token="wrong")
    log, _ = call(page(fake, "requests?last=5"))
    last, _ = call(page(fake, "requests?last=1"))
    refused = call(page(fake, "requests?last=x"))[1]
    call(page(fake, "requests"), method="DELETE")

    assert [(each["path"], each["status"]) for each in log] == [
        ("/crm/v3/objects/contacts", 200),
        ("/crm/v3/owners", 401),
    ]
    assert log[0]["query"] == {"limit": "2"}
    assert last == log[-1:]
    assert refused == 400
    assert fake.requests == []


def test_the_front_page_lists_the_edits(fake):
    with urlopen(fake.url.removesuffix("/hubspot"), timeout=10) as response:
        text = response.read().decode()

    assert "gdpr_delete" in text
    assert fake.url in text
