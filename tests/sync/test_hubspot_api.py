"""HubSpot from its sandbox over HTTP: complete, never past a cap, polite, and honest about faults."""

import io
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from ingestion.base.exceptions import AuthenticationError, SourceError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import get_engine
from ingestion.sandbox import faults
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.models import HubSpotCompany, HubSpotContact, HubSpotDeal, HubSpotOwner
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from tests.sync.conftest import CANARY

pytestmark = pytest.mark.django_db


def sync(name="contacts", **flags):
    return get_engine("hubspot", name)().sync(SyncPlan(**flags))


def counts(history):
    names = ("created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def asked(fake, ending):
    return [request for request in fake.requests if request.path.endswith(ending)]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("contacts", HubSpotContact),
        ("companies", HubSpotCompany),
        ("deals", HubSpotDeal),
        ("owners", HubSpotOwner),
    ],
)
def test_full_read_brings_every_record_and_the_second_run_writes_none(name, model, hubspot):
    hubspot.add(name, 230)
    first, second = sync(name), sync(name, full=True)

    assert counts(first) == (230, 0, 0, 0, 0, 0)
    assert counts(second) == (0, 0, 230, 0, 0, 0)
    assert set(model.objects.values_list("id", flat=True)) == set(hubspot.ids(name))


def test_delta_asks_the_search_for_what_changed_and_brings_it(hubspot):
    ids = hubspot.add("contacts", 30)
    sync()
    hubspot.clock.advance(60)
    hubspot.edit("contacts", ids[7], firstname="Ada")
    hubspot.requests.clear()
    history = sync()

    search = asked(hubspot, "/search")[0].json
    assert search["filterGroups"][0]["filters"][0]["propertyName"] == "lastmodifieddate"
    assert history.configuration["strategy"] == "delta"
    assert history.records_updated == 1
    assert HubSpotContact.objects.get(id=ids[7]).firstname == "Ada"


@pytest.mark.parametrize("name", ["companies", "deals"])
def test_other_objects_are_asked_by_their_own_change_property(name, hubspot):
    hubspot.add(name, 3)
    sync(name)
    hubspot.requests.clear()
    sync(name)

    filters = asked(hubspot, "/search")[0].json["filterGroups"][0]["filters"]
    assert {each["propertyName"] for each in filters} == {"hs_lastmodifieddate"}


def test_dry_run_max_records_start_date_and_force(hubspot):
    ids = hubspot.add("contacts", 250)
    dry = sync(dry_run=True)
    cut = sync(max_records=120)
    dated = sync(start_date=datetime.now(UTC) - timedelta(days=1))
    HubSpotContact.objects.filter(id=ids[0]).update(firstname="ours", lastmodifieddate=datetime.now(UTC))
    SyncHistory.objects.all().delete()
    kept = sync(full=True)
    forced = sync(force=True)

    assert (counts(dry)[0], counts(cut)[0], counts(dated)[0]) == (250, 120, 130)
    assert dated.configuration["strategy"] == "from"
    assert (kept.records_skipped, forced.records_updated) == (1, 1)


def test_contact_edited_while_a_page_is_read_is_there_after_the_next_delta(hubspot):
    ids = hubspot.add("contacts", 300)
    first = hubspot.ids("contacts")[0]

    def edit(number, request):
        if request.query.get("after") and not edited:
            edited.append(number)
            hubspot.clock.advance(30)
            hubspot.edit("contacts", first, firstname="edited behind the reader")

    edited = []
    hubspot.before_answer = edit
    history = sync()
    missed = HubSpotContact.objects.get(id=first)
    hubspot.before_answer = None
    sync()

    assert missed.firstname != "edited behind the reader"
    assert HubSpotContact.objects.get(id=first).firstname == "edited behind the reader"
    assert HubSpotContact.objects.get(id=first).lastmodifieddate < history.end_time, "end_time would lose it"
    assert len(ids) == 300


def test_twelve_thousand_contacts_of_one_millisecond_are_complete_and_end(hubspot):
    sync()
    hubspot.add("contacts", {"email": "first@example.com"})
    sync(full=True)
    hubspot.clock.freeze(hubspot.clock.now() + timedelta(seconds=30))
    hubspot.add("contacts", 12_000)
    history = sync()

    assert history.configuration["strategy"] == "delta"
    assert history.records_created == 12_000
    assert HubSpotContact.objects.count() == 12_001
    assert all(request.status == 200 for request in hubspot.requests)


def test_twenty_five_thousand_changes_never_go_past_the_cap_of_search(hubspot):
    hubspot.add("contacts", {"email": "first@example.com"})
    sync()
    for _ in range(25):
        hubspot.clock.advance(1)
        hubspot.add("contacts", 1000)
    hubspot.requests.clear()
    history = sync()

    searches = asked(hubspot, "/search")
    assert history.records_created == 25_000
    assert all(request.status == 200 for request in hubspot.requests)
    assert {int(request.json.get("after") or 0) for request in searches} == {0}


def test_archived_merged_and_erased_records_are_not_left_behind(hubspot):
    hubspot.add("contacts", 40)
    ids = hubspot.ids("contacts")
    sync()
    hubspot.clock.advance(30)
    hubspot.archive("contacts", ids[0])
    winner = hubspot.merge("contacts", ids[1], ids[2])
    delta = sync()
    hubspot.gdpr_delete("contacts", ids[3])
    full = sync(full=True)

    assert winner == ids[1]
    assert (delta.records_deleted, full.records_deleted) == (2, 1)
    assert set(HubSpotContact.objects.values_list("id", flat=True)) == set(hubspot.ids("contacts"))


def test_merged_companies_get_a_new_id_and_both_old_ones_go(hubspot):
    hubspot.add("companies", 20)
    ids = hubspot.ids("companies")
    sync("companies")
    hubspot.clock.advance(30)
    new = hubspot.merge("companies", ids[0], ids[1])
    sync("companies")

    stored = set(HubSpotCompany.objects.values_list("id", flat=True))
    assert new in stored
    assert stored == set(hubspot.ids("companies"))


def test_restored_record_is_back(hubspot):
    ids = hubspot.add("contacts", 20)
    sync()
    hubspot.archive("contacts", ids[0])
    sync()
    gone = HubSpotContact.objects.filter(id=ids[0]).exists()
    hubspot.restore("contacts", ids[0])
    history = sync(full=True)

    assert not gone
    assert (history.records_updated, HubSpotContact.objects.filter(id=ids[0]).exists()) == (1, True)


def test_property_list_too_long_for_an_address_is_read_by_ids(hubspot, monkeypatch):
    names = [f"a_custom_property_with_a_long_name_{n:04}" for n in range(250)]
    hubspot.define_properties("contacts", **dict.fromkeys(names, "string"))
    monkeypatch.setenv("HUBSPOT_CONTACTS_PROPERTIES", ",".join(names))
    contact = hubspot.add("contacts", {"email": "ada@example.com", names[-1]: "kept"})
    hubspot.add("contacts", 150)
    history = sync()

    assert history.records_created == 151
    assert asked(hubspot, "/batch/read")
    assert HubSpotContact.objects.get(id=contact).extra["properties"][names[-1]] == "kept"


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_dated_versions_have_their_own_paths(version, hubspot, monkeypatch):
    monkeypatch.setenv("HUBSPOT_API_VERSION", version)
    hubspot.add("contacts", 3)
    hubspot.add("owners", 3)
    sync("owners")
    history = sync()

    assert history.records_created == 3
    assert any(request.path.endswith(f"/crm/objects/{version}/contacts") for request in hubspot.requests)


def test_another_portal_is_refused_until_full(hubspot):
    hubspot.add("contacts", 3)
    sync()
    hubspot.portal_id += 1
    with pytest.raises(Exception, match="the source is portal"):
        sync()

    assert sync(full=True).status == "success"


# Faults. Each ends in the right class, says where and what to do, and is never an empty success.

PATH = "/crm/v3/objects/contacts"


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.Status(401), AuthenticationError, "answered 401"),
        (faults.Status(403), AuthenticationError, "answered 403"),
        (faults.Status(404), SourceError, "answered 404"),
        (faults.Status(414), SourceError, "answered 414"),
        (faults.Status(429, retry_after=600), TransientError, "answered 429"),
        (faults.Status(500), TransientError, "answered 500"),
        (faults.Status(503), TransientError, "answered 503"),
        (faults.Hold(5), TransientError, "no answer|broke off"),
        (faults.Cut(0.0), TransientError, "no answer"),
        (faults.Cut(0.5), TransientError, "broke off"),
        (faults.Truncated(), TransientError, "truncated JSON"),
        (faults.TruncatedGzip(), TransientError, "truncated gzip"),
        (faults.WrongLength(by=100), TransientError, "broke off"),
        (faults.BadUtf8(), SourceError, "not UTF-8"),
        (faults.Html(), SourceError, "HTML"),
        (faults.Empty(), SourceError, "empty body"),
        (faults.Redirect(to="http://elsewhere.invalid/"), SourceError, "another host"),
        (faults.GzipBomb(size=80 * 2**20), SourceError, "larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", repr(value)),
)
def test_fault_ends_in_its_error_with_where_and_fix(fault, error, words, hubspot):
    hubspot.add("contacts", 250)
    hubspot.fail(fault, path=f"*{PATH}", times=None, after=1)
    with pytest.raises(error, match=words) as caught:
        sync()

    history = SyncHistory.objects.get()
    assert PATH in caught.value.where
    assert caught.value.fix
    assert (history.status, history.watermark, history.lease) == ("failed", None, None)
    assert history.error_message == str(caught.value)


@pytest.mark.parametrize("fault", [faults.Repeated(), faults.StuckCursor()], ids=repr)
def test_page_that_repeats_fails_within_two_requests(fault, hubspot):
    hubspot.add("contacts", 450)
    hubspot.fail(fault, path=f"*{PATH}", times=None, after=1)
    with pytest.raises(SourceError, match="twice"):
        sync()

    assert len(asked(hubspot, PATH)) <= 4


@pytest.mark.parametrize(
    "fault",
    [
        faults.Status(429, retry_after=1),
        faults.Status(429, retry_after=datetime.now(UTC) + timedelta(seconds=2)),
        faults.Status(500),
        faults.Status(503),
        faults.Cut(0.5),
        faults.Truncated(),
        faults.TruncatedGzip(),
        faults.Hold(2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fault_that_passes_is_sat_out(fault, hubspot):
    hubspot.add("contacts", 250)
    hubspot.fail(fault, path=f"*{PATH}", times=1, after=1)
    history = sync()

    assert (history.status, history.records_created) == ("success", 250)


def test_run_that_a_fault_ended_goes_on_where_it_stopped(hubspot):
    hubspot.add("contacts", 2500)
    hubspot.fail(faults.Status(503), path=f"*{PATH}", times=None, after=22)
    with pytest.raises(TransientError):
        sync()
    hubspot.heal()
    hubspot.requests.clear()
    history = sync()

    assert history.configuration["resumes"]
    assert asked(hubspot, PATH)[0].query["after"]
    assert HubSpotContact.objects.count() == 2500


def test_stored_cursor_that_is_refused_starts_the_window_over(hubspot):
    hubspot.add("contacts", 2500)
    hubspot.fail(faults.Status(503), path=f"*{PATH}", times=None, after=22)
    with pytest.raises(TransientError):
        sync()
    hubspot.heal()
    hubspot.fail(faults.Status(410), path=f"*{PATH}", times=1)
    history = sync()

    assert (history.status, HubSpotContact.objects.count()) == ("success", 2500)


def test_credentials_never_leave_for_another_host(hubspot):
    stranger = FakeHubSpot(rate_limited=False)
    with SandboxServer(stranger) as server:
        hubspot.add("contacts", 250)
        hubspot.fail(faults.Redirect(to=f"{server.url}/hubspot{PATH}"), path=f"*{PATH}", times=None)
        with pytest.raises(SourceError, match="another host"):
            sync()

        assert stranger.requests == []


# Politeness.


def test_pages_are_as_large_as_the_service_allows_and_none_is_needless(hubspot):
    hubspot.add("contacts", 1000)
    sync()
    lists = [request for request in asked(hubspot, PATH) if not request.query.get("archived")]
    hubspot.clock.advance(10)
    for each in hubspot.ids("contacts")[:450]:
        hubspot.edit("contacts", each, firstname="x")
    hubspot.requests.clear()
    sync()
    searches = asked(hubspot, "/search")

    assert {request.query["limit"] for request in lists} == {"100"}
    assert len(lists) == 10
    assert {request.json["limit"] for request in searches} == {200}


def test_never_above_the_declared_rate(hubspot):
    hubspot.rate_limited = True
    hubspot.add("contacts", {"email": "first@example.com"})
    sync()
    for _ in range(12):
        hubspot.clock.advance(1)
        hubspot.add("contacts", 150)
    hubspot.requests.clear()
    sync()

    searches = [request.time for request in asked(hubspot, "/search")]
    assert len(searches) > 8
    assert all(later - first >= 0.95 for first, later in zip(searches, searches[5:], strict=False))
    assert all(request.status != 429 for request in hubspot.requests)


# Secrets.


def test_canary_is_in_no_log_history_row_error_or_quarantine(hubspot, caplog):
    caplog.set_level(logging.DEBUG)
    hubspot.add("contacts", 20)
    hubspot.add("contacts", {"email": "not an address", "lastmodifieddate": "yesterday"})
    sync()
    messages = []
    for fault in (faults.Status(401), faults.Status(403), faults.Html(), faults.Cut(0.5)):
        hubspot.fail(fault, path="*", times=None)
        try:
            sync()
        except (AuthenticationError, SourceError, TransientError) as error:
            messages += [str(error), repr(error), repr(error.__cause__)]
        hubspot.heal()

    rows = json.dumps(list(SyncHistory.objects.values()), default=str)
    kept = json.dumps(list(RejectedRecord.objects.values()), default=str)
    assert len(messages) == 12
    assert CANARY not in rows + kept + caplog.text + "".join(messages)


@pytest.mark.parametrize("fault", [None, faults.Status(401), faults.Cut(0.5)], ids=["fine", "401", "cut"])
def test_debug_flag_shows_every_step_and_no_canary(fault, hubspot):
    hubspot.add("contacts", 20)
    if fault:
        hubspot.fail(fault, path="*", times=None)
    shown = io.StringIO()
    try:
        call_command("sync_hubspot_contacts", debug=True, stdout=shown, stderr=shown)
    except CommandError as error:
        shown.write(str(error))

    assert "DEBUG" in shown.getvalue()
    assert ("Traceback" in shown.getvalue()) is bool(fault)
    assert CANARY not in shown.getvalue()
