"""Arrivy from its sandbox over HTTP: complete without a change filter, polite, and honest about faults."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.base.exceptions import AuthenticationError, SafetyStop, SourceError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.base.verify import verify
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import get_engine
from ingestion.sandbox import faults
from ingestion.sandbox.rates import RollingWindow
from ingestion.sync.arrivy.clients import ArrivyClient
from ingestion.sync.arrivy.models import (
    ArrivyBooking,
    ArrivyCustomer,
    ArrivyEntity,
    ArrivyGroup,
    ArrivyStatus,
    ArrivyTask,
)
from tests.sync.conftest import CANARY

MODELS = {
    "customers": ArrivyCustomer,
    "entities": ArrivyEntity,
    "groups": ArrivyGroup,
    "tasks": ArrivyTask,
    "bookings": ArrivyBooking,
    "statuses": ArrivyStatus,
}
KINDS = list(MODELS.items())

pytestmark = pytest.mark.django_db


def sync(name="tasks", **flags):
    return get_engine("arrivy", name)().sync(SyncPlan(**flags))


def counts(history):
    names = ("created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def asked(fake, name):
    return [dict(request.query) for request in fake.requests if request.path == f"/{name}"]


# What is read.


@pytest.mark.parametrize(("name", "model"), KINDS)
def test_full_read_brings_every_record_and_the_second_run_writes_none(name, model, arrivy, database):
    arrivy.fill(name, 130)
    first, second = sync(name), sync(name, full=True)

    assert (first.status, counts(first)) == ("success", (130, 0, 0, 0, 0, 0))
    assert counts(second) == (0, 0, 130, 0, 0, 0)
    assert set(model.objects.values_list("id", flat=True)) == set(arrivy.ids(name))


@pytest.mark.parametrize(("name", "model"), KINDS)
def test_next_run_writes_what_was_edited_and_nothing_else(name, model, arrivy, database):
    ids = arrivy.fill(name, 30)
    sync(name)
    arrivy.clock.advance(30)
    arrivy.edit(name, ids[7], external_id="NEW-7", title="New", name="New")
    history = sync(name)

    assert (history.records_created, history.records_updated) == (0, 1)
    assert "New" in str(model.objects.get(id=ids[7]).__dict__)


@pytest.mark.parametrize(("name", "model"), KINDS)
def test_deleted_record_goes_with_the_next_complete_read(name, model, arrivy, database):
    ids = arrivy.fill(name, 30)
    sync(name)
    arrivy.delete(name, ids[3])
    history = sync(name, full=True)

    assert (history.records_deleted, model.objects.filter(id=ids[3]).exists()) == (1, False)
    assert model.all_objects.get(id=ids[3]).source_deleted_at is not None


def test_task_that_was_never_scheduled_and_one_without_any_time_are_there(arrivy, database):
    arrivy.fill("tasks", 20)
    waiting = arrivy.add("tasks", title="waits", unscheduled=True, start_datetime=None)
    timeless = arrivy.add("tasks", title="no time", unscheduled=False)
    sync()

    kept = {task.id: task for task in ArrivyTask.objects.all()}
    assert (kept[waiting].unscheduled, kept[timeless].start_datetime) == (True, None)
    assert len(kept) == 22


def test_task_that_gets_its_time_and_one_that_loses_it_stay_one_row_each(arrivy):
    first = arrivy.add("tasks", unscheduled=True)
    second = arrivy.add("tasks", start_datetime="2026-03-04T17:00:00")
    sync()
    arrivy.edit("tasks", first, unscheduled=False, start_datetime="2026-03-05T17:00:00")
    arrivy.edit("tasks", second, start_datetime=None)
    history = sync()

    assert counts(history) == (0, 2, 0, 0, 0, 0)
    assert ArrivyTask.objects.get(id=first).start_datetime == datetime(2026, 3, 5, 17, tzinfo=UTC)
    assert ArrivyTask.objects.get(id=second).start_datetime is None


def test_ids_beyond_two_to_the_53_keep_every_digit(arrivy, database):
    worker = arrivy.add("entities", name="Ada", group_id=9_503_933_968_570_269)
    task = arrivy.add("tasks", entity_ids=[int(worker)], customer_id=9_865_326_669_125_499)
    sync("entities")
    sync("tasks")

    row = ArrivyTask.objects.get()
    assert int(task) > 2**53
    assert (row.id, row.customer_id, row.entity_ids) == (task, "9865326669125499", [int(worker)])
    assert ArrivyEntity.objects.get().group_id == "9503933968570269"


def test_external_id_is_kept_and_need_not_be_unique(arrivy):
    for _ in range(2):
        arrivy.add("tasks", external_id="JOB-1")
    sync()

    assert ArrivyTask.objects.filter(external_id="JOB-1").count() == 2


def test_bookings_ask_for_what_has_changed(arrivy):
    ids = arrivy.fill("bookings", 120)
    sync("bookings")
    arrivy.clock.advance(30)
    arrivy.edit("bookings", ids[5], title="moved")
    arrivy.requests.clear()
    history = sync("bookings")

    [query] = asked(arrivy, "bookings")
    assert query["updated_after"].endswith("+00:00")
    assert (history.configuration["strategy"], history.records_updated) == ("delta", 1)


def test_record_edited_while_it_is_read_is_there_after_the_next_run(arrivy, database):
    ids = arrivy.fill("bookings", 700)

    def edit(number, request):
        if request.query.get("page") == "2":
            arrivy.before_answer = None
            arrivy.clock.advance(1)
            arrivy.edit("bookings", ids[0], title="edited behind the reader")

    arrivy.before_answer = edit
    sync("bookings")
    missed = ArrivyBooking.objects.get(id=ids[0]).title
    sync("bookings")

    assert missed != "edited behind the reader"
    assert ArrivyBooking.objects.get(id=ids[0]).title == "edited behind the reader"


def test_record_that_slips_over_a_page_border_while_another_is_deleted_is_not_swept(arrivy):
    ids = arrivy.fill("customers", 700)
    sync("customers")

    def delete(number, request):
        if request.query.get("page") == "2":
            arrivy.before_answer = None
            arrivy.delete("customers", ids[0])

    arrivy.before_answer = delete
    history = sync("customers")

    assert set(ArrivyCustomer.objects.values_list("id", flat=True)) >= set(ids[1:])
    assert history.records_deleted <= 1


# Flags.


@pytest.mark.parametrize(
    ("name", "bounds"), [("tasks", ("from", "to")), ("bookings", ("start_date", "end_date"))]
)
def test_dates_are_days_of_work_and_such_a_run_moves_and_deletes_nothing(name, bounds, arrivy):
    inside = arrivy.add(name, start_datetime="2025-06-15T10:00:00")
    arrivy.add(name, start_datetime="2025-07-01T00:00:00")
    arrivy.add(name, unscheduled=True)
    dates = {
        "start_date": datetime(2025, 6, 1, tzinfo=UTC),
        "end_date": datetime(2025, 6, 30, 23, 59, tzinfo=UTC),
    }
    history = sync(name, **dates)

    [query] = asked(arrivy, name)
    assert [query[each] for each in bounds] == ["2025-06-01T00:00:00+00:00", "2025-06-30T23:59:00+00:00"]
    assert [row.id for row in MODELS[name].objects.all()] == [inside]
    assert (history.watermark, history.records_deleted) == (None, 0)


def test_plus_of_an_offset_arrives_as_a_plus(arrivy):
    sync("tasks", start_date=datetime(2025, 6, 1, tzinfo=UTC))

    assert "%2B00:00" in arrivy.requests[0].target
    assert "%252B" not in arrivy.requests[0].target


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("completed", {"COMPLETE"}),
        ("pending", {"NOTSTARTED"}),
        ("active", {"NOTSTARTED", "ENROUTE"}),
        ("enroute", {"ENROUTE"}),
        ("cancelled", {"CANCELLED"}),
    ],
)
def test_status_is_asked_for_in_words(status, kept, arrivy):
    for each in ("NOTSTARTED", "ENROUTE", "COMPLETE", "CANCELLED"):
        arrivy.add("tasks", status=each)
    history = sync(options={"task_status": status}, narrowed=True)

    assert set(ArrivyTask.objects.values_list("status", flat=True)) == kept
    assert (history.watermark, history.records_processed) == (None, len(kept))


def test_pages_cut_each_list_and_what_lies_behind_is_not_swept(arrivy):
    arrivy.fill("customers", 130)
    sync("customers")
    history = sync("customers", options={"pages": 2}, narrowed=True, batch_size=50)

    assert (history.records_processed, history.records_deleted) == (100, 0)
    assert [query["page"] for query in asked(arrivy, "customers")[1:]] == ["1", "2"]


def test_last_modified_date_leaves_out_what_is_older(arrivy):
    arrivy.add("customers", updated="2026-01-01T00:00:00")
    new, silent = (
        arrivy.add("customers", updated="2026-03-01T00:00:00"),
        arrivy.add("customers", updated=None),
    )
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    sync("customers", options={"lastmodifieddate": moment}, narrowed=True)

    assert set(ArrivyCustomer.objects.values_list("id", flat=True)) == {new, silent}


# Politeness.


def test_pages_are_as_great_as_they_may_be_and_none_is_asked_for_needlessly(arrivy):
    arrivy.fill("customers", 1203)
    sync("customers")

    sent = asked(arrivy, "customers")
    assert [query["page"] for query in sent] == ["1", "2", "3"]
    assert {query["items_per_page"] for query in sent} == {"500"}


def test_whole_account_of_small_lists_takes_one_request_each(arrivy):
    for name in MODELS:
        arrivy.fill(name, 33)
    for name in MODELS:
        sync(name)

    assert len(arrivy.requests) == len(MODELS) + 2, "one for each list, of which tasks have three"


def test_cap_that_is_documented_nowhere_loses_nothing(arrivy):
    arrivy.most = 100
    arrivy.fill("customers", 430)
    history = sync("customers")

    assert (history.records_created, len(asked(arrivy, "customers"))) == (430, 5)


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("count", [40, 500, 730])
def test_list_that_does_not_page_ends_and_is_complete(count, at_once, arrivy):
    arrivy.unpaged = {"entities"}
    arrivy.fill("entities", count)
    history = sync("entities", concurrent_pages=at_once)

    assert (history.status, history.records_created) == ("success", count)
    assert len(asked(arrivy, "entities")) <= (2 if at_once == 1 else 6)


def test_list_in_an_envelope_is_read_to_its_end(arrivy):
    pages = [
        faults.Status(200, {"results": [{"id": 1}, {"id": 2}], "has_next": True}),
        faults.Status(200, {"results": [{"id": 3}], "has_next": False}),
    ]
    arrivy.fail(*pages, path="/bookings")
    history = sync("bookings")

    assert (history.records_created, len(arrivy.requests)) == (3, 2)


def test_declared_rate_is_kept_over_all_entities_together(arrivy, monkeypatch):
    monkeypatch.setenv("ARRIVY_API_RATE", "4/0.5")
    arrivy.rate_limited, arrivy.rate = True, RollingWindow(4, 0.5)
    arrivy.fill("customers", 300)
    for name in MODELS:
        sync(name, batch_size=100)

    times = [request.time for request in arrivy.requests]
    assert {request.status for request in arrivy.requests} == {200}
    assert all(later - first >= 0.5 for first, later in zip(times, times[4:], strict=False))


def test_rate_is_declared():
    assert (ArrivyClient.rate.calls, ArrivyClient.rate.seconds) == (120, 60)


def test_pages_at_once_are_the_same_records(arrivy):
    arrivy.fill("customers", 430)
    history = sync("customers", concurrent_pages=4, batch_size=50)

    assert (history.status, history.records_created) == ("success", 430)
    assert set(ArrivyCustomer.objects.values_list("id", flat=True)) == set(arrivy.ids("customers"))


# Faults.


@pytest.mark.parametrize("wait", [0.2, None])
def test_too_many_requests_are_waited_for_whether_arrivy_says_how_long_or_not(wait, arrivy):
    arrivy.fill("customers", 20)
    arrivy.fail(faults.Status(429, retry_after=wait), path="/customers")
    history = sync("customers")

    assert (history.status, history.records_created) == ("success", 20)
    assert [request.status for request in arrivy.requests] == [429, 200]


def test_wrong_key_fails_at_once_and_says_which_setting(arrivy, monkeypatch):
    monkeypatch.setenv("ARRIVY_AUTH_KEY", "canary-wrong")
    with pytest.raises(AuthenticationError, match="answered 401: UNAUTHORIZED") as refused:
        sync("customers")

    history = SyncHistory.objects.get()
    assert "ARRIVY_AUTH_KEY" in refused.value.fix
    assert (history.status, len(arrivy.requests)) == ("failed", 1)
    assert "canary" not in f"{history.error_message} {history.configuration} {refused.value}"


def test_missing_keys_are_named(arrivy, monkeypatch):
    monkeypatch.delenv("ARRIVY_AUTH_KEY")

    assert ArrivyClient.lacks(SyncPlan(), None) == "set ARRIVY_AUTH_KEY in .env or the environment"


@pytest.mark.parametrize("fault", [faults.Html(), faults.Empty(), faults.Status(200, {"message": "ok"})])
def test_answer_that_is_no_list_is_never_an_empty_success(fault, arrivy):
    arrivy.fill("customers", 20)
    sync("customers")
    arrivy.fail(fault, path="/customers")
    with pytest.raises(SourceError):
        sync("customers")

    assert (SyncHistory.objects.first().status, ArrivyCustomer.objects.count()) == ("failed", 20)


def test_empty_list_does_not_empty_a_table(arrivy):
    ids = arrivy.fill("customers", 20)
    sync("customers")
    for each in ids:
        arrivy.delete("customers", each)
    with pytest.raises(SafetyStop, match="empty"):
        sync("customers")

    assert ArrivyCustomer.objects.count() == 20


def test_bad_record_waits_in_quarantine_and_loads_when_it_is_right(arrivy, database):
    ids = arrivy.fill("customers", 12)
    arrivy.edit("customers", ids[2], id=None)
    partial = sync("customers")
    arrivy.edit("customers", ids[2], id=int(ids[2]))
    sync("customers")

    assert (partial.status, partial.records_failed, partial.records_created) == ("partial", 1, 11)
    assert ArrivyCustomer.objects.count() == 12


def test_bad_optional_values_become_null_with_a_warning(arrivy):
    bad = arrivy.add("customers", email="nobody", created="yesterday", first_name="x" * 300)
    history = sync("customers")

    row = ArrivyCustomer.objects.get(id=bad)
    assert (row.email, row.created, len(row.first_name)) == (None, None, 255)
    assert (history.status, RejectedRecord.objects.get().status) == ("success", "warning")
    assert {error["field"] for error in RejectedRecord.objects.get().errors} == {
        "email",
        "created",
        "first_name",
    }


def test_interrupted_read_of_tasks_goes_on_with_the_list_it_stood_in(arrivy, database, monkeypatch):
    monkeypatch.setenv("INGESTION_BATCH_ROWS", "100")
    arrivy.fill("tasks", 1200)
    gone = arrivy.fill("tasks", 1)[0]
    arrivy.fail(faults.Status(500), path="/tasks", times=None, after=3)
    with pytest.raises(TransientError):
        sync()
    failed = SyncHistory.objects.first()
    stored = ArrivyTask.objects.count()
    arrivy.heal()
    arrivy.delete("tasks", gone)
    arrivy.requests.clear()
    history = sync()

    assert (failed.status, failed.watermark, failed.lease, stored) == ("failed", None, None, 1081)
    assert (history.status, history.configuration["resumes"]) == ("success", failed.pk)
    assert "tasks_with_no_datetime" in arrivy.requests[0].query
    assert history.records_created == 120
    assert set(ArrivyTask.objects.values_list("id", flat=True)) == set(arrivy.ids("tasks"))


# The client alone.


def test_client_works_alone_without_an_engine(arrivy):
    arrivy.fill("customers", 130)
    arrivy.fill("entities", 3)
    arrivy.add("bookings", start_datetime="2025-06-15T10:00:00")
    arrivy.add("bookings", start_datetime="2025-08-15T10:00:00")

    june_1 = datetime(2025, 6, 1, tzinfo=UTC).replace(tzinfo=None)

    async def use():
        client = ArrivyClient()
        success, message = await client.test_connection()
        first = await client.get_customers(page_size=100, page=1)
        last = await client.get_customers(page_size=100, page=2)
        people = await client.get_team_members(page_size=100, page=1)
        june = await client.get_bookings(
            page_size=100, page=1, start_date=june_1, end_date=june_1 + timedelta(days=29)
        )
        return client, success, message, first, last, people, june

    client, success, message, first, last, people, june = asyncio.run(use())
    assert (success, arrivy.url in message) == (True, True)
    assert (len(first["results"]), first["has_next"], first["next_page"]) == (100, True, 2)
    assert (len(last["results"]), last["has_next"], last["next_page"]) == (30, False, None)
    assert (len(people["results"]), len(june["results"])) == (3, 1)
    assert client.session.closed


def test_client_alone_says_what_is_wrong_instead_of_raising(arrivy, monkeypatch):
    monkeypatch.setenv("ARRIVY_API_KEY", "canary-wrong")
    success, message = asyncio.run(ArrivyClient().test_connection())

    assert not success
    assert "401" in message
    assert "check ARRIVY_API_KEY" in message
    assert "canary" not in message


def test_credentials_are_in_no_log(arrivy, caplog):
    caplog.set_level("DEBUG")
    arrivy.fail(faults.Status(500), path="/customers")
    arrivy.fill("customers", 3)
    sync("customers")

    assert CANARY not in caplog.text
    assert all(CANARY not in str(request.as_dict()) for request in arrivy.requests)


def test_time_of_the_sandbox_is_behind_so_that_edits_lie_in_the_next_window(arrivy):
    assert datetime.now(UTC) - arrivy.clock.now() >= timedelta(minutes=4)


# Afterwards.


@pytest.mark.parametrize(("name", "model"), KINDS)
def test_verify_finds_no_difference_after_edits_and_deletes(name, model, arrivy, database):
    ids = arrivy.fill(name, 60)
    sync(name)
    arrivy.clock.advance(30)
    arrivy.edit(name, ids[1], title="New", name="New", first_name="New")
    arrivy.delete(name, ids[2])
    before = verify(get_engine("arrivy", name)(), SyncPlan(), sample=None)
    sync(name, full=True)
    after = verify(get_engine("arrivy", name)(), SyncPlan(), sample=None)

    assert (before.equal, after.equal) == (False, True)
