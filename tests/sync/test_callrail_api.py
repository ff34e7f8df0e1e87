"""CallRail's client over HTTP: what is asked, how politely, and what becomes of bad answers."""

import json
import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ingestion.base.exceptions import AuthenticationError, SourceError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import get_engine
from ingestion.sandbox import faults
from ingestion.sync.callrail.clients import ranges
from ingestion.sync.callrail.models import CallRailCall
from tests.sync.conftest import CANARY

pytestmark = pytest.mark.django_db


def sync(name="calls", **flags):
    return get_engine("callrail", name)().sync(SyncPlan(**flags))


def first(fake):
    return next(iter(fake.accounts))


def asked(fake, ending):
    return [request for request in fake.requests if request.path.endswith(ending)]


# What is asked.


def test_calls_are_read_by_relative_pages_of_the_largest_size_with_every_field(callrail):
    callrail.add(first(callrail), "calls", 600, days=20)
    history = sync()

    lists = [each for each in asked(callrail, "/calls.json") if each.query["end_date"] > "2026-11"]
    assert history.records_created == 600
    assert {each.query["relative_pagination"] for each in lists} == {"true"}
    assert {each.query["per_page"] for each in lists} == {"250"}
    assert [each.query.get("offset") for each in lists][-3:] == [None, "1", "2"]
    assert all("page" not in each.query for each in lists)
    assert {"tags", "note", "lead_status", "company_time_zone"} <= set(lists[0].query["fields"].split(","))


def test_ranges_are_explicit_have_their_offset_and_never_begin_before_what_is_kept(callrail):
    sync()
    sync("form_submissions")
    sync("text_messages")

    dated = [each for each in callrail.requests if each.path != "/a.json"]
    starts = [datetime.fromisoformat(each.query["start_date"]) for each in dated]
    ends = [datetime.fromisoformat(each.query["end_date"]) for each in dated]
    assert all(each.utcoffset() == timedelta(0) for each in (*starts, *ends))
    assert min(starts) > datetime.now(UTC) - timedelta(days=763)
    assert {each.status for each in callrail.requests} == {200}


def test_older_start_date_is_brought_within_what_is_kept(callrail):
    callrail.add(first(callrail), "calls", 2)
    history = sync(start_date=datetime(2010, 1, 1, tzinfo=UTC))

    assert history.records_created == 2
    assert "the source keeps nothing older" in history.performance_metrics["notes"][0]


def test_stretches_of_a_window_follow_one_another_without_a_hole():
    start, end = datetime(2023, 10, 1, tzinfo=UTC), datetime(2025, 11, 25, 8, tzinfo=UTC)
    found = list(ranges(Window("full", end, since=start)))

    assert found[0]["start_date"] == "2023-10-01T00:00:00.000+00:00"
    assert found[-1]["end_date"] == "2025-11-25T08:00:00.000+00:00"
    assert len(found) == 3
    for one, other in pairwise(found):
        gap = datetime.fromisoformat(other["start_date"]) - datetime.fromisoformat(one["end_date"])
        assert gap == timedelta(milliseconds=1)


def test_lists_without_a_number_of_pages_are_read_to_their_end(callrail):
    callrail.add(first(callrail), "users", 520)
    history = sync("users")

    assert history.records_created == 520
    assert [each.query["page"] for each in asked(callrail, "/users.json")] == ["1", "2", "3"]


def test_no_page_is_asked_for_beyond_the_number_that_the_answer_says(callrail):
    callrail.add(first(callrail), "companies", 498)
    sync("companies")

    assert [each.query["page"] for each in asked(callrail, "/companies.json")] == ["1", "2"]


def test_several_pages_at_once_ask_for_none_that_is_needless(callrail):
    callrail.add(first(callrail), "companies", 998)
    history = sync("companies", concurrent_pages=4)

    assert history.records_created == 1000
    assert sorted(each.query["page"] for each in asked(callrail, "/companies.json")) == ["1", "2", "3", "4"]


def test_accounts_are_asked_for_once_a_run(callrail):
    for name in ("accounts", "tags"):
        callrail.requests.clear()
        sync(name)

        assert len(asked(callrail, "/a.json")) == 1


def test_delta_of_a_quiet_account_is_two_requests(callrail):
    callrail.add(first(callrail), "calls", 3)
    sync()
    callrail.requests.clear()
    sync()

    assert [each.path for each in callrail.requests] == ["/a.json", f"/a/{first(callrail)}/calls.json"]


def test_envelope_of_messages_is_not_named_like_its_path(callrail):
    callrail.add(first(callrail), "conversations", 2)
    history = sync("text_messages")

    assert history.records_created == 4
    assert asked(callrail, "/text-messages.json")


def test_never_above_the_declared_rate(callrail, monkeypatch):
    monkeypatch.setenv("CALLRAIL_API_RATE", "4/1")
    for _ in range(9):
        callrail.add_account()
    sync("tags")

    times = [request.time for request in callrail.requests]
    assert len(times) == 11
    assert all(later - first >= 0.99 for first, later in zip(times, times[4:], strict=False))


def test_fields_of_a_setting_are_asked_for_and_kept(callrail, monkeypatch):
    monkeypatch.setenv("CALLRAIL_CALLS_FIELDS", "waveforms")
    callrail.add(first(callrail), "calls", 1, waveforms=["a.png"])
    sync()

    assert asked(callrail, "/calls.json")[0].query["fields"].endswith(",waveforms")
    assert CallRailCall.objects.get().extra == {"waveforms": ["a.png"]}


def test_new_account_is_read_from_its_beginning_by_a_delta(callrail):
    callrail.add(first(callrail), "calls", 3)
    sync()
    second = callrail.add_account()
    callrail.add(second, "calls", 4, days=600)
    history = sync()

    assert (history.configuration["strategy"], history.records_created) == ("delta", 4)
    assert set(history.cursors) == set(callrail.accounts)


def test_account_that_the_key_does_not_see_any_more_keeps_its_rows(callrail):
    second = callrail.add_account()
    for account in callrail.accounts:
        callrail.add(account, "calls", 3)
    sync()
    callrail.hidden.add(second)
    history = sync(full=True)

    assert (history.records_deleted, CallRailCall.objects.count()) == (0, 6)


def test_calls_older_than_twenty_five_months_stay(callrail):
    callrail.add(first(callrail), "calls", 3, days=3)
    sync()
    oldest = CallRailCall.objects.order_by("start_time").first()
    CallRailCall.objects.filter(id=oldest.id).update(start_time=datetime.now(UTC) - timedelta(days=800))
    callrail.remove("calls", oldest.id)

    assert (sync(full=True).records_deleted, CallRailCall.objects.count()) == (0, 3)


# Faults.


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.Status(400), SourceError, "answered 400"),
        (faults.Status(401), AuthenticationError, "answered 401.*CALLRAIL_API_KEY"),
        (faults.Status(403), AuthenticationError, "answered 403"),
        (faults.Status(404), SourceError, "answered 404"),
        (faults.Status(429), TransientError, "answered 429"),
        (faults.Status(503), TransientError, "answered 503"),
        (faults.Cut(0.5), TransientError, "broke off"),
        (faults.Truncated(), TransientError, "truncated JSON"),
        (faults.Html(), SourceError, "HTML"),
        (faults.Empty(), SourceError, "empty body"),
        (faults.Redirect(to="http://elsewhere.invalid/"), SourceError, "another host"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", repr(value)),
)
def test_fault_ends_in_its_error_with_where_and_fix(fault, error, words, callrail):
    callrail.add(first(callrail), "calls", 3)
    callrail.fail(fault, path="*/calls.json", times=None)
    with pytest.raises(error, match=f"(?s){words}") as caught:
        sync()

    history = SyncHistory.objects.get()
    assert "/calls.json" in caught.value.where
    assert caught.value.fix
    assert (history.status, history.watermark, history.cursors) == ("failed", None, {})


def test_quota_that_is_used_up_for_a_moment_is_sat_out(callrail):
    callrail.add(first(callrail), "calls", 3)
    callrail.fail(faults.Status(429), path="*/calls.json", times=1)

    assert sync().status == "success"


def test_quota_of_the_service_ends_in_its_words(callrail):
    callrail.rate_limited = True
    callrail.rate.calls = 3
    with pytest.raises(TransientError, match="Rate limit exceeded"):
        sync()


def test_page_that_repeats_fails(callrail):
    callrail.add(first(callrail), "users", 600)
    callrail.fail(faults.Repeated(), path="*/users.json", times=None, after=1)
    with pytest.raises(SourceError, match="twice"):
        sync("users")


def test_canary_is_in_no_log_history_row_error_or_quarantine(callrail, caplog):
    caplog.set_level(logging.DEBUG)
    callrail.add(first(callrail), "calls", 3, direction=None)
    callrail.add(first(callrail), "calls", 9)
    sync()
    messages = []
    for fault in (faults.Status(401), faults.Html(), faults.Cut(0.5)):
        callrail.fail(fault, path="*/calls.json", times=None)
        try:
            sync()
        except (AuthenticationError, SourceError, TransientError) as error:
            messages += [str(error), repr(error), repr(error.__cause__)]
        callrail.heal()

    rows = json.dumps(list(SyncHistory.objects.values()), default=str)
    kept = json.dumps(list(RejectedRecord.objects.values()), default=str)
    assert len(messages) == 9
    assert CANARY not in rows + kept + caplog.text + "".join(messages)
