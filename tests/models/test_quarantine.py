"""The quarantine, on every database: kept once, renewed, closed, with its payload as it came."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as clock

from ingestion.base.exceptions import FieldError, RecordError
from ingestion.base.records import key_digest, record_digest
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.models.quarantine import State

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def run(database):
    return begin()


def begin(sync_type="customers"):
    return SyncHistory.objects.create(
        crm_source="shop", sync_type=sync_type, status="success", start_time=clock.now()
    )


def bad(key, code="invalid", record=None, **values):
    record = {"id": key} | values if record is None else record
    error = FieldError("email", "contact.mail", code, "An e-mail address was expected.", "nope")
    return RecordError([error], record=record, key=None if key is None else (key,))


def keep(run, *errors, status=State.REJECTED):
    RejectedRecord.objects.keep(run, errors, status)


def close(run, *keys):
    return RejectedRecord.objects.of(run.crm_source, run.sync_type).close(
        [key_digest((key,)) for key in keys]
    )


def kept(*names):
    return list(RejectedRecord.objects.order_by("pk").values_list(*names, flat=len(names) == 1))


# Keeping.


def test_rejected_record_is_kept_with_every_reason(run):
    errors = [
        FieldError("email", "mail", "invalid", "No address.", "nope"),
        FieldError("name", "n", "required", "!"),
    ]
    keep(run, RecordError(errors, record={"id": 7, "mail": "nope"}, key=(7,)))
    row = RejectedRecord.objects.get()

    assert (row.crm_source, row.sync_type, row.run) == ("shop", "customers", run)
    assert (row.key, row.digest) == (["7"], key_digest((7,)))
    assert (row.reason, row.status, row.attempts) == ("invalid", "rejected", 1)
    assert row.record == {"id": 7, "mail": "nope"}
    assert row.errors == [
        {"field": "email", "source": "mail", "code": "invalid", "message": "No address.", "value": "nope"},
        {"field": "name", "source": "n", "code": "required", "message": "!", "value": ""},
    ]
    assert str(row) == "shop customers 7: invalid"


def test_same_record_again_updates_its_row(run):
    keep(run, bad("c1", "invalid", name="old"))
    RejectedRecord.objects.update(first_seen_at=LONG_AGO, last_seen_at=LONG_AGO)
    second = begin()
    keep(second, bad("c1", "missing_parent", name="new"))
    row = RejectedRecord.objects.get()

    assert (row.reason, row.attempts, row.run, row.record) == (
        "missing_parent",
        2,
        second,
        {"id": "c1", "name": "new"},
    )
    assert row.errors[0]["code"] == "missing_parent"
    assert row.first_seen_at == LONG_AGO
    assert row.last_seen_at > LONG_AGO


def test_known_and_new_records_of_one_batch_are_each_kept_once(run):
    keep(run, bad("c1"), bad("c2"))
    keep(run, bad("c2"), bad("c3"), bad("c1"))

    assert kept("key", "attempts") == [(["c1"], 2), (["c2"], 2), (["c3"], 1)]


def test_record_that_is_bad_twice_in_a_batch_is_kept_as_it_came_last(run):
    keep(run, bad("c1", name="first"), bad("c1", name="last"))

    assert [row.record["name"] for row in RejectedRecord.objects.all()] == ["last"]


def test_key_is_the_same_whether_it_came_as_a_number_or_as_text(run):
    for key in (7, "7", Decimal("7.00")):
        keep(run, bad(key))

    assert kept("attempts") == [3]


def test_keys_of_several_columns_do_not_run_into_each_other(run):
    record = {"x": 1}
    errors = [
        RecordError(bad("x").errors, record=record, key=key)
        for key in (("a", "bc"), ("ab", "c"), ("a", None))
    ]
    keep(run, *errors)

    assert kept("key") == [["a", "bc"], ["ab", "c"], ["a", "None"]]


def test_record_without_a_readable_key_is_known_by_what_it_is(run):
    keep(run, bad(None, record={"name": "x", "n": 1}), bad(None, record={"name": "y"}))
    keep(run, bad(None, record={"n": 1, "name": "x"}))

    assert kept("key", "attempts", "digest") == [
        (None, 2, record_digest({"name": "x", "n": 1})),
        (None, 1, record_digest({"name": "y"})),
    ]
    assert "without a readable key" in str(RejectedRecord.objects.first())


def test_same_key_of_another_entity_is_another_record(run):
    keep(run, bad("c1"))
    keep(begin("orders"), bad("c1"))

    assert kept("sync_type", "attempts") == [("customers", 1), ("orders", 1)]


def test_database_keeps_a_record_once(run):
    keep(run, bad("c1"))
    twin = RejectedRecord.of_error(run, bad("c1"), State.REJECTED)

    with pytest.raises(IntegrityError), transaction.atomic(RejectedRecord.objects.db):
        twin.save()


def test_thousands_of_records_are_kept_at_once(run):
    errors = [bad(f"c{number}", name="x" * 100) for number in range(2500)]
    keep(run, *errors)
    keep(run, *errors[:1200])

    assert RejectedRecord.objects.filter(attempts=1).count() == 1300
    assert RejectedRecord.objects.filter(attempts=2).count() == 1200


def test_nothing_to_keep_asks_the_database_nothing(run, database):
    with CaptureQueriesContext(connections[database]) as captured:
        keep(run)

    assert len(captured) == 0


def test_row_outlives_its_run(run):
    keep(run, bad("c1"))
    run.delete()

    assert kept("key", "run") == [(["c1"], None)]


# Waiting, warned, closed.


def test_warnings_do_not_wait_for_a_replay(run):
    keep(run, bad("c1"))
    keep(run, bad("c2"), status=State.WARNING)

    assert kept("status") == ["rejected", "warning"]
    assert [row.key for row in RejectedRecord.objects.waiting()] == [["c1"]]


@pytest.mark.parametrize(("first", "second"), [("rejected", "warning"), ("warning", "rejected")])
def test_last_status_counts(run, first, second):
    keep(run, bad("c1"), status=first)
    keep(run, bad("c1"), status=second)

    assert kept("status", "attempts") == [(second, 2)]


def test_only_what_is_given_is_closed(run):
    keep(run, bad("c1"), bad("c2"))
    keep(run, bad("c3"), status=State.WARNING)
    keep(begin("orders"), bad("c1"))
    RejectedRecord.objects.update(last_seen_at=LONG_AGO)
    closed = close(run, "c1", "c3", "c9")

    assert closed == 2
    assert kept("sync_type", "key", "status") == [
        ("customers", ["c1"], "closed"),
        ("customers", ["c2"], "rejected"),
        ("customers", ["c3"], "closed"),
        ("orders", ["c1"], "rejected"),
    ]
    assert [moment > LONG_AGO for moment in kept("last_seen_at")] == [True, False, True, False]


def test_what_is_closed_is_not_closed_again(run):
    keep(run, bad("c1"))
    close(run, "c1")

    assert close(run, "c1") == 0


def test_thousands_are_closed_at_once(run):
    keep(run, *[bad(f"c{number}") for number in range(1500)])

    assert close(run, *[f"c{number}" for number in range(2500)]) == 1500


def test_closing_nothing_closes_nothing(run):
    keep(run, bad("c1"))

    assert close(run) == 0
    assert kept("status") == ["rejected"]


def test_closed_record_that_is_bad_again_waits_again(run):
    keep(run, bad("c1"))
    close(run, "c1")
    keep(run, bad("c1"))

    assert kept("status", "attempts") == [("rejected", 2)]


# The payload.


ANYTHING = {
    "nul": "a\0b",
    "surrogate": "half \ud83d",
    "emoji": "🔩 ключ",
    "nan": math.nan,
    "endless": [math.inf, -math.inf],
    "moment": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "elsewhere": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(seconds=30))),
    "naive": datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 - as databases hand it out
    "day": date(2026, 1, 2),
    "hour": time(23, 59, 59, 999999),
    "hour with a zone": time(1, 2, tzinfo=UTC),
    "took": timedelta(days=1, microseconds=7),
    "cost": Decimal("12345678901234567890.10"),
    "uuid": UUID(int=7),
    "bytes": b"plain \xff",
    "view": memoryview(b"plain"),
    "set": {"b", "a"},
    "great": 10**30,
    "nested": [{"x": None, "y": [True, 1, 1.0]}],
}


def test_payload_comes_back_whatever_was_in_it(run):
    keep(run, bad(None, record=ANYTHING))
    back = RejectedRecord.objects.get().record

    assert math.isnan(back.pop("nan"))
    assert back == {
        "nul": "a\0b",
        "surrogate": "half \ud83d",
        "emoji": "🔩 ключ",
        "endless": [math.inf, -math.inf],
        "moment": "2026-01-02T03:04:05.678901Z",
        "elsewhere": "2026-01-02T03:04:05+00:00:30",
        "naive": "2026-01-02T03:04:05.000006",
        "day": "2026-01-02",
        "hour": "23:59:59.999999",
        "hour with a zone": "01:02:00Z",
        "took": "P1DT00H00M00.000007S",
        "cost": "12345678901234567890.10",
        "uuid": "00000000-0000-0000-0000-000000000007",
        "bytes": "plain \\xff",
        "view": "plain",
        "set": ["a", "b"],
        "great": 10**30,
        "nested": [{"x": None, "y": [True, 1, 1.0]}],
    }
    assert [type(value) for value in back["nested"][0]["y"]] == [bool, int, float]


def test_payload_that_comes_back_is_the_same_record(run):
    record = {key: value for key, value in ANYTHING.items() if key not in {"bytes", "view", "set"}}
    keep(run, bad(None, record=record))
    stored = RejectedRecord.objects.get()

    assert record_digest(stored.record) == stored.digest


def test_reasons_survive_what_no_json_column_takes(run):
    error = FieldError("na\0me", "n", "invalid", "What is \ud83d?", "a\0b\ud83d")
    keep(run, RecordError([error], record={"id": 1}, key=(1,)))
    [stored] = RejectedRecord.objects.get().errors

    assert (stored["field"], stored["message"], stored["value"]) == (
        "na\\x00me",
        "What is \\ud83d?",
        "a\\x00b\\ud83d",
    )


def test_long_reason_is_cut_to_its_column(run):
    keep(run, bad("c1", "x" * 60))

    assert kept("reason") == ["x" * 40]


def test_great_payload_is_kept_whole(run):
    keep(run, bad("c1", text="ü" * 300_000))

    assert len(RejectedRecord.objects.get().record["text"]) == 300_000
