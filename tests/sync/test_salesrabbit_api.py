"""SalesRabbit from its sandbox over HTTP: complete past its cap, polite, and honest about faults."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from ingestion.base.exceptions import AuthenticationError, SourceError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.base.verify import verify
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import get_engine
from ingestion.sandbox import faults
from ingestion.sandbox.rates import RollingWindow
from ingestion.sync.salesrabbit.models import (
    SalesRabbitLead,
    SalesRabbitLeadStatusHistory,
    SalesRabbitUser,
)
from tests.sync.conftest import CANARY

pytestmark = pytest.mark.django_db


def sync(name="leads", **flags):
    return get_engine("salesrabbit", name)().sync(SyncPlan(**flags))


def counts(history):
    names = ("created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def stored():
    return set(SalesRabbitLead.objects.values_list("id", flat=True))


def asked(fake, path="/leads"):
    return [request for request in fake.requests if request.path == path]


def spread(fake, count, seconds=1):
    """Leads, each made some seconds after the last."""
    for _ in range(count):
        fake.clock.advance(seconds)
        fake.add("leads")


def test_full_read_on_each_database_and_the_second_run_writes_nothing(salesrabbit, database):
    del database
    salesrabbit.fill("leads", 230)
    salesrabbit.fill("users", 12)
    runs = [sync(name) for name in ("users", "leads", "lead_status_histories")]
    again = [sync(name, full=True) for name in ("users", "leads", "lead_status_histories")]

    assert [counts(run)[0] for run in runs] == [12, 230, 230]
    assert [counts(run)[:3] for run in again] == [(0, 0, 12), (0, 0, 230), (0, 0, 230)]
    assert stored() == set(salesrabbit.ids("leads"))
    assert SalesRabbitUser.objects.count() == 12


def test_list_longer_than_its_cap_is_complete_and_no_page_beyond_the_cap_is_asked_for(salesrabbit):
    salesrabbit.fill("leads", 5200)
    history = sync()

    assert counts(history) == (5200, 0, 0, 0, 0, 0)
    assert stored() == set(salesrabbit.ids("leads"))
    assert {request.query["page"] for request in asked(salesrabbit)} == {"1"}
    assert len(asked(salesrabbit)) == 3


def test_delta_longer_than_the_cap_is_complete_too(salesrabbit):
    salesrabbit.fill("leads", 10)
    sync()
    for _ in range(25):
        salesrabbit.clock.advance(20)
        salesrabbit.add("leads", 100)
    history = sync()

    assert history.configuration["strategy"] == "delta"
    assert history.records_created == 2500


def test_more_leads_of_one_second_than_the_cap_fail_loudly_where_pages_repeat(salesrabbit):
    salesrabbit.clock.freeze()
    salesrabbit.add("leads", 2100)
    with pytest.raises(SourceError, match="same page of 2,000 records twice"):
        sync()

    salesrabbit.capped = False
    assert sync().status == "success"
    assert stored() == set(salesrabbit.ids("leads"))


@pytest.mark.parametrize("switch", ["inclusive", "sorts"])
def test_complete_whatever_the_service_means_by_since_and_by_sorting(switch, salesrabbit):
    setattr(salesrabbit, switch, False)
    salesrabbit.capped = False
    salesrabbit.fill("leads", 4100)
    sync()

    assert stored() == set(salesrabbit.ids("leads"))


def test_delta_asks_by_both_headers_and_brings_what_changed(salesrabbit):
    ids = salesrabbit.add("leads", 30)
    sync()
    salesrabbit.clock.advance(600)
    salesrabbit.edit("leads", ids[7], firstName="Ada")
    salesrabbit.requests.clear()
    history = sync()

    assert history.records_updated == 1
    assert SalesRabbitLead.objects.get(id=ids[7]).first_name == "Ada"
    headers = [dict(request.headers) for request in asked(salesrabbit)]
    assert ["If-Modified-Since" in each for each in headers] == [True, False]
    assert ["If-Status-Modified-Since" in each for each in headers] == [False, True]
    assert all(each[name].endswith("+00:00") for each in headers for name in each if name.startswith("If-"))


def test_change_of_status_that_moves_no_other_time_is_found_by_the_second_header(salesrabbit):
    ids = salesrabbit.add("leads", 5)
    salesrabbit.status_moves = False
    sync()
    salesrabbit.clock.advance(900)
    salesrabbit.set_status(ids[2], "Do Not Knock")
    history = sync()

    assert history.records_updated == 1
    assert SalesRabbitLead.objects.get(id=ids[2]).status == "Do Not Knock"


def test_nothing_changed_is_answered_by_304_and_is_a_success(salesrabbit):
    salesrabbit.add("leads", 3)
    sync()
    SyncHistory.objects.update(watermark=datetime.now(UTC))
    salesrabbit.requests.clear()
    history = sync()

    assert [request.status for request in asked(salesrabbit)] == [304, 304]
    assert (history.status, history.records_processed) == ("success", 0)


def test_lead_edited_while_a_run_reads_is_there_after_the_next_delta(salesrabbit):
    salesrabbit.fill("leads", 4100)
    first = asked_first = salesrabbit.ids("leads")[0]

    def edit(number, request):
        if request.headers.get("If-Modified-Since") and not edited:
            edited.append(number)
            salesrabbit.edit("leads", first, firstName="edited")

    edited = []
    salesrabbit.before_answer = edit
    sync()
    salesrabbit.before_answer = None
    sync()

    assert SalesRabbitLead.objects.get(id=asked_first).first_name == "edited"
    assert stored() == set(salesrabbit.ids("leads"))


def test_deleted_leads_go_by_their_mark_in_a_delta_and_without_a_mark_in_a_full_compare(salesrabbit):
    ids = salesrabbit.add("leads", 40)
    sync()
    salesrabbit.clock.advance(60)
    salesrabbit.mark_deleted(ids[0])
    delta = sync()
    salesrabbit.remove("leads", ids[1])
    full = sync(full=True)

    assert (delta.records_deleted, full.records_deleted) == (1, 1)
    assert stored() == set(ids[2:])
    marked = SalesRabbitLead.all_objects.get(id=ids[0])
    assert (marked.deleted_at is not None, marked.source_deleted_at is not None) == (True, True)
    assert SalesRabbitLead.all_objects.get(id=ids[1]).deleted_at is None


def test_users_are_read_whole_though_every_page_repeats_them(salesrabbit):
    salesrabbit.fill("users", 25)
    first = sync("users")
    salesrabbit.remove("users", salesrabbit.ids("users")[0])
    second = sync("users")

    assert (first.records_created, second.records_deleted) == (25, 1)
    assert [request.query["page"] for request in asked(salesrabbit, "/users")][:2] == ["1", "2"]
    assert SalesRabbitUser.objects.count() == 24


def test_history_is_known_by_its_lead_and_its_time(salesrabbit):
    lead = salesrabbit.add("leads", 1, status="Not Home")[0]
    salesrabbit.add("leads", 3)
    for status in ("Go Back", "Not Home", "No Damage "):
        salesrabbit.clock.advance(60)
        salesrabbit.set_status(lead, status)
    first = sync("lead_status_histories")
    salesrabbit.clock.advance(60)
    salesrabbit.set_status(lead, "Not Home")
    second = sync("lead_status_histories")

    names = SalesRabbitLeadStatusHistory.objects.filter(lead_id=lead).order_by("status_updated")
    assert [each.name.strip() for each in names] == [
        "Not Home",
        "Go Back",
        "Not Home",
        "No Damage",
        "Not Home",
    ]
    assert (first.records_created, second.records_created) == (7, 1)
    assert second.configuration["strategy"] == "delta"


def test_bad_record_is_kept_and_a_bad_value_warns_with_record_and_field_without_it(salesrabbit, caplog):
    ids = salesrabbit.add("leads", 12)
    salesrabbit.edit("leads", ids[3], email="secret-person at example", dateOfBirth="long ago")
    salesrabbit.edit("leads", ids[4], id="no number")
    caplog.set_level(logging.WARNING)
    history = sync()

    assert (history.status, history.records_created, history.records_failed) == ("partial", 11, 1)
    assert SalesRabbitLead.objects.get(id=ids[3]).email is None
    assert str(ids[3]) in caplog.text
    assert "email" in caplog.text
    assert "secret-person" not in caplog.text


ENTITIES = ("users", "leads", "lead_status_histories")


def differing():
    """The entities whose tables are not what their source says, with what differs."""
    found = {name: verify(get_engine("salesrabbit", name)(), sample=None) for name in ENTITIES}
    return {name: each.as_dict() for name, each in found.items() if not each.equal}


def test_tables_are_their_source_after_edits_while_reading_deletes_a_bad_record_and_a_stop(
    salesrabbit, database
):
    del database
    salesrabbit.fill("leads", 4100)
    salesrabbit.fill("users", 5)
    ids = salesrabbit.ids("leads")
    salesrabbit.before_answer = lambda number, _: salesrabbit.edit("leads", ids[number % 4100], city="Ulm")
    salesrabbit.fail(faults.Status(500), path="/leads", times=None, after=2)
    with pytest.raises(TransientError):
        sync()
    salesrabbit.heal()
    for name in ENTITIES:
        sync(name)
    salesrabbit.before_answer = None
    salesrabbit.clock.advance(60)
    salesrabbit.set_status(ids[0], "Go Back")
    salesrabbit.mark_deleted(ids[1])
    salesrabbit.edit("leads", ids[2], dateOfBirth="long ago")
    salesrabbit.edit("leads", salesrabbit.add("leads", 3)[0], id="no number")
    behind = set(differing())
    for name in ENTITIES:
        sync(name)

    assert behind == {"leads", "lead_status_histories"}
    assert differing() == {}


PATH = "/leads"


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.Status(401), AuthenticationError, "answered 401"),
        (faults.Status(403), AuthenticationError, "answered 403"),
        (faults.Status(304), SourceError, "answered 304"),
        (faults.Status(429, retry_after=600), TransientError, "answered 429"),
        (faults.Status(500), TransientError, "answered 500"),
        (faults.Cut(0.5), TransientError, "broke off"),
        (faults.Html(), SourceError, "HTML"),
        (faults.Empty(), SourceError, "empty body"),
        (faults.Status(200, body={"leads": []}), SourceError, "no list of records"),
    ],
    ids=repr,
)
def test_fault_ends_in_its_error_and_is_no_empty_success(fault, error, words, salesrabbit):
    salesrabbit.fill("leads", 20)
    salesrabbit.fail(fault, path=PATH, times=None)
    with pytest.raises(error, match=words) as caught:
        sync()

    history = SyncHistory.objects.get()
    assert caught.value.fix
    assert (history.status, history.watermark, history.records_processed) == ("failed", None, 0)


@pytest.mark.parametrize("wait", [1, None], ids=["with Retry-After", "without"])
def test_too_many_requests_are_sat_out(wait, salesrabbit):
    salesrabbit.fill("leads", 20)
    salesrabbit.fail(faults.Status(429, retry_after=wait), path=PATH)

    assert (sync().status, len(stored())) == ("success", 20)


def test_interrupted_read_goes_on_in_the_window_where_it_stopped(salesrabbit):
    salesrabbit.fill("leads", 6500)
    salesrabbit.fail(faults.Status(500), path=PATH, times=None, after=2)
    with pytest.raises(TransientError):
        sync()
    salesrabbit.heal()
    salesrabbit.requests.clear()
    history = sync()

    assert history.configuration["resumes"]
    assert "If-Modified-Since" in asked(salesrabbit)[0].headers
    assert stored() == set(salesrabbit.ids("leads"))


def test_pages_are_as_large_as_the_service_allows_and_none_is_needless(salesrabbit):
    salesrabbit.fill("leads", 3900)
    sync()
    sync("lead_status_histories")

    assert {request.query["perPage"] for request in asked(salesrabbit)} == {"2000"}
    assert len(asked(salesrabbit)) == 2
    assert len(asked(salesrabbit, "/leadStatusHistories")) == 2


def test_never_above_the_declared_rate(salesrabbit, monkeypatch):
    monkeypatch.setenv("SALESRABBIT_API_RATE", "2/1")
    salesrabbit.fill("leads", 9800)
    sync()

    times = [request.time for request in asked(salesrabbit)]
    assert len(times) == 5
    assert all(later - first >= 0.95 for first, later in zip(times, times[2:], strict=False))


def test_at_the_declared_rate_a_service_that_counts_strictly_never_refuses(salesrabbit, monkeypatch):
    monkeypatch.delenv("SALESRABBIT_API_RATE")
    salesrabbit.rate_limited, salesrabbit.rate = True, RollingWindow(5, 6.0)
    salesrabbit.fill("leads", 11_000)
    sync()

    times = [request.time for request in asked(salesrabbit)]
    assert {request.status for request in salesrabbit.requests} == {200}
    assert times[5] - times[0] >= 6


def test_declared_rate_is_fifty_in_a_minute():
    limit = get_engine("salesrabbit", "leads").client_class.rate

    assert limit.calls / limit.seconds * 60 == 50


def test_commands_sync_everything_and_test_the_connection(salesrabbit, capsys):
    salesrabbit.fill("leads", 8)
    salesrabbit.fill("users", 3)
    call_command("test_salesrabbit")
    call_command("sync_salesrabbit_all", "--quiet")

    assert "connected: statuses 6" in capsys.readouterr().out
    assert [each.sync_type for each in SyncHistory.objects.order_by("id")] == [
        *("users", "leads", "lead_status_histories")
    ]


def test_wrong_token_is_told_and_shown_nowhere(salesrabbit, caplog):
    caplog.set_level(logging.DEBUG)
    salesrabbit.tokens = {"another"}
    with pytest.raises(CommandError, match="check SALESRABBIT_API_TOKEN") as caught:
        call_command("sync_salesrabbit_leads", "--quiet")

    rows = json.dumps(
        [list(SyncHistory.objects.values()), list(RejectedRecord.objects.values())], default=str
    )
    assert CANARY not in str(caught.value) + rows + caplog.text


def test_end_date_leaves_out_what_came_later(salesrabbit):
    old = salesrabbit.add("leads", 1, dateModified="2026-01-05T10:00:00+00:00")
    salesrabbit.add("leads", 1)
    sync(end_date=datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=1))

    assert stored() == set(old)
