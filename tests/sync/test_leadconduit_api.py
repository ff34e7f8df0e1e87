"""LeadConduit from its sandbox over HTTP: every event once, polite, and honest about faults."""

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
from ingestion.sync.leadconduit.models import LeadConduitEvent, LeadConduitLead
from tests.sync.conftest import CANARY

pytestmark = pytest.mark.django_db


def sync(name="events", **flags):
    return get_engine("leadconduit", name)().sync(SyncPlan(**flags))


def counts(history):
    names = ("created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def stored():
    return set(LeadConduitEvent.objects.values_list("id", flat=True))


def asked(fake):
    return [request for request in fake.requests if request.path == "/events"]


def test_full_read_on_each_database_and_the_second_run_writes_nothing(leadconduit, database):
    del database
    leads = leadconduit.submit(40)
    runs = [sync("events"), sync("leads")]
    again = [sync("events", full=True), sync("leads", full=True)]

    assert [counts(run)[0] for run in runs] == [120, 40]
    assert [counts(run)[:3] for run in again] == [(0, 0, 120), (0, 0, 40)]
    assert stored() == set(leadconduit.ids())
    assert set(LeadConduitLead.objects.values_list("lead_id", flat=True)) == set(leads)


def test_two_and_a_half_thousand_events_of_one_second_are_complete(leadconduit):
    leadconduit.submit(1)
    sync()
    leadconduit.clock.freeze(leadconduit.clock.now() + timedelta(minutes=10))
    leadconduit.add(2500)
    history = sync()

    assert history.configuration["strategy"] == "delta"
    assert history.records_created == 2500
    assert stored() == set(leadconduit.ids())


def test_full_brings_everything_that_is_still_kept_and_not_only_the_last_days(leadconduit):
    start = leadconduit.clock.now()
    leadconduit.clock.set(start - timedelta(days=120))
    leadconduit.submit(5)
    leadconduit.clock.set(start)
    leadconduit.submit(5)
    history = sync(full=True)

    assert history.records_created == 30
    assert "start" not in asked(leadconduit)[0].query


def test_event_on_a_bound_belongs_to_the_window_on_both_sides(leadconduit):
    for moment in ("2026-03-04T23:59:59.999", "2026-03-05T00:00:00", "2026-03-05T23:59:59.999", "2026-03-06"):
        leadconduit.clock.freeze(datetime.fromisoformat(moment).replace(tzinfo=UTC))
        leadconduit.add(1, host=moment)
    day = datetime(2026, 3, 5, tzinfo=UTC)
    sync(start_date=day, end_date=day + timedelta(days=1, microseconds=-1))

    hosts = set(LeadConduitEvent.objects.values_list("host", flat=True))
    assert hosts == {"2026-03-05T00:00:00", "2026-03-05T23:59:59.999"}


def test_event_that_comes_while_a_run_reads_is_there_after_the_next_delta(leadconduit):
    leadconduit.add(1500)

    def come(number, request):
        if request.query.get("after_id") and number not in come.seen:
            come.seen.append(number)
            leadconduit.clock.set(datetime.now(UTC))
            leadconduit.add(1)

    come.seen = []
    leadconduit.before_answer = come
    sync()
    leadconduit.before_answer = None
    sync()

    assert stored() == set(leadconduit.ids())
    assert len(come.seen) == 1


def test_event_that_expires_stays(leadconduit):
    leadconduit.submit(3)
    sync()
    leadconduit.expire(leadconduit.ids()[0])
    history = sync(full=True)

    assert (history.records_deleted, LeadConduitEvent.objects.count()) == (0, 9)


def test_lead_that_comes_in_again_is_the_same_row_with_the_newer_event(leadconduit):
    lead = leadconduit.submit(1, first_name="Ada")[0]
    leadconduit.submit(2)
    sync("leads")
    leadconduit.clock.advance(600)
    leadconduit.resubmit(lead, first_name="Grace")
    history = sync("leads")

    found = LeadConduitLead.objects.get(lead_id=lead)
    assert (history.records_updated, LeadConduitLead.objects.count()) == (1, 3)
    assert (found.first_name, found.event_id) == ("Grace", leadconduit.ids("source")[-1])
    assert found.event_id != found.lead_id


def test_what_steps_appended_is_in_one_column_and_credentials_are_nowhere(leadconduit):
    leadconduit.submit(1)
    leadconduit.add(1, key="suppressionlist", suppressionlist={"found": False}, novelty=7)
    history = sync()

    steps = LeadConduitEvent.objects.exclude(steps=None).order_by("id").values_list("steps", flat=True)
    assert list(steps) == [{"trustedform": {"outcome": "success"}}, {"suppressionlist": {"found": False}}]
    assert history.performance_metrics["drift"]["unknown"] == ["novelty"]
    assert "hidden" not in json.dumps(list(LeadConduitEvent.objects.values()), default=str)


def test_bad_record_is_kept_and_a_bad_value_warns_with_record_and_field_without_it(leadconduit, caplog):
    caplog.set_level(logging.WARNING)
    leads = leadconduit.submit(12)
    leadconduit.submit(1, email="secret-person at example")
    leadconduit.submit(1, id=None)
    history = sync("leads")

    assert (history.status, history.records_created, history.records_failed) == ("partial", 13, 1)
    assert LeadConduitLead.objects.exclude(lead_id__in=leads).get().email is None
    assert "email" in caplog.text
    assert "secret-person" not in caplog.text


def differing():
    """The entities whose tables are not what their source says, with what differs."""
    found = {name: verify(get_engine("leadconduit", name)(), sample=None) for name in ("events", "leads")}
    return {name: each.as_dict() for name, each in found.items() if not each.equal}


def test_tables_are_their_source_after_arrivals_while_reading_a_bad_record_and_a_stop(leadconduit, database):
    del database
    leads = leadconduit.submit(700)
    leadconduit.before_answer = lambda number, _: leadconduit.submit(1)
    leadconduit.fail(faults.Status(500), path="/events", times=None, after=2)
    with pytest.raises(TransientError):
        sync()
    leadconduit.heal()
    for name in ("events", "leads"):
        sync(name)
    leadconduit.before_answer = None
    leadconduit.clock.advance(600)
    leadconduit.resubmit(leads[0], first_name="Grace")
    leadconduit.submit(1, id=None)
    leadconduit.submit(1, email="nobody at all")
    behind = set(differing())
    for name in ("events", "leads"):
        sync(name)

    assert behind == {"events", "leads"}
    assert differing() == {}
    leadconduit.expire(forgotten := leadconduit.ids()[0])
    assert differing()["events"]["extra"] == [[forgotten]], "its row stays"


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.Status(401), AuthenticationError, "answered 401: authentication failed"),
        (faults.Status(403), AuthenticationError, "answered 403"),
        (faults.Status(429, retry_after=600), TransientError, "answered 429"),
        (faults.Status(500), TransientError, "answered 500"),
        (faults.Cut(0.5), TransientError, "broke off"),
        (faults.Html(), SourceError, "HTML"),
        (faults.Empty(), SourceError, "empty body"),
        (faults.Status(200, body={"total_events": 3}), SourceError, "no list of records"),
    ],
    ids=repr,
)
def test_fault_ends_in_its_error_and_is_no_empty_success(fault, error, words, leadconduit):
    leadconduit.submit(3)
    leadconduit.fail(fault, path="/events", times=None)
    with pytest.raises(error, match=words) as caught:
        sync()

    history = SyncHistory.objects.get()
    assert caught.value.fix
    assert (history.status, history.watermark, history.records_processed) == ("failed", None, 0)


def test_newest_first_in_spite_of_sort_fails_instead_of_hiding_the_rest(leadconduit):
    leadconduit.heeds_sort = False
    leadconduit.add(1500)
    with pytest.raises(SourceError, match="not in ascending order of id"):
        sync()


def test_free_account_is_told_what_it_lacks(leadconduit):
    leadconduit.free = True
    with pytest.raises(AuthenticationError, match="free accounts may not read events"):
        sync()


def test_too_many_requests_are_sat_out(leadconduit):
    leadconduit.submit(3)
    leadconduit.fail(faults.Status(429, retry_after=1), path="/events")

    assert sync().records_created == 9


def test_interrupted_read_goes_on_after_the_last_event_it_stored(leadconduit):
    leadconduit.add(4500)
    leadconduit.fail(faults.Status(500), path="/events", times=None, after=3)
    with pytest.raises(TransientError):
        sync()
    leadconduit.heal()
    leadconduit.requests.clear()
    history = sync()

    assert history.configuration["resumes"]
    assert asked(leadconduit)[0].query["after_id"]
    assert stored() == set(leadconduit.ids())


def test_pages_are_as_large_as_the_service_allows_and_none_is_needless(leadconduit):
    leadconduit.add(2500)
    sync()

    assert [request.query["limit"] for request in asked(leadconduit)] == ["1000"] * 3
    assert {request.query["sort"] for request in asked(leadconduit)} == {"asc"}
    assert len(leadconduit.requests) == 3


def test_never_above_the_declared_rate(leadconduit, monkeypatch):
    monkeypatch.setenv("LEADCONDUIT_API_RATE", "2/1")
    leadconduit.add(4500)
    sync()

    times = [request.time for request in asked(leadconduit)]
    assert len(times) == 5
    assert all(later - first >= 0.95 for first, later in zip(times, times[2:], strict=False))


def test_at_the_declared_rate_a_service_that_counts_strictly_never_refuses(leadconduit, monkeypatch):
    monkeypatch.delenv("LEADCONDUIT_API_RATE")
    leadconduit.rate_limited, leadconduit.rate = True, RollingWindow(1, 1.0)
    leadconduit.add(3500)
    sync()

    times = [request.time for request in asked(leadconduit)]
    assert {request.status for request in leadconduit.requests} == {200}
    assert times[3] - times[0] >= 3


def test_declared_rate_is_sixty_in_a_minute():
    limit = get_engine("leadconduit", "events").client_class.rate

    assert limit.calls / limit.seconds * 60 == 60


def test_commands_sync_everything_and_test_the_connection(leadconduit, capsys):
    leadconduit.submit(4)
    call_command("test_leadconduit")
    call_command("sync_leadconduit_all", "--quiet")

    assert "connected: flows 1" in capsys.readouterr().out
    assert {each.sync_type for each in SyncHistory.objects.all()} == {"events", "leads"}
    assert leadconduit.requests[0].path == "/flows"


def test_since_is_taken_for_start_date_with_a_warning(leadconduit, capsys):
    leadconduit.submit(4)
    call_command("sync_leadconduit_leads", "--since", "2026-01-01", "--quiet")

    assert "--since is deprecated, use --start-date" in capsys.readouterr().err
    assert SyncHistory.objects.get().configuration["strategy"] == "from"


def test_profile_of_former_scripts_is_taken_with_a_warning_and_changes_nothing(leadconduit, capsys):
    leadconduit.submit(2)
    call_command("sync_leadconduit_all", "--config", "development", "--quiet")
    with pytest.raises(CommandError, match="'fast' is not one of default, development"):
        call_command("sync_leadconduit_all", "--config", "fast", "--quiet")

    assert "--config is deprecated, use LEADCONDUIT_API_RATE" in capsys.readouterr().err
    assert LeadConduitLead.objects.count() == 2


def test_wrong_key_is_told_and_shown_nowhere(leadconduit, caplog):
    caplog.set_level(logging.DEBUG)
    leadconduit.keys = {"another"}
    with pytest.raises(CommandError, match="check LEADCONDUIT_API_KEY") as caught:
        call_command("sync_leadconduit_leads", "--quiet")

    rows = [list(model.objects.values()) for model in (SyncHistory, RejectedRecord)]
    assert CANARY not in str(caught.value) + json.dumps(rows, default=str) + caplog.text
