"""Flags become one frozen plan: how each is parsed, what contradicts, what the history is told."""

import json
from argparse import ArgumentTypeError
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.plan import (
    LOOK_BACK,
    SWEEP,
    Option,
    RejectLimit,
    SyncPlan,
    at_least_one,
    last_moment,
    moment,
    reject_limit,
    whole_number,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 3, 1, 23, 59, 59, 999999, UTC)

NO_DATES = [
    *("", " ", "yesterday", "2026", "2026-3-1", "01.03.2026", "03/01/2026", "1767225600"),
    *("2026-02-30", "2026-13-01", "2026-03-01T25:00", "2026-03-01Z", "2026-03-01 10:00 o'clock"),
    *("２０２６-０３-０１", "٢٠٢٦-٠٣-٠١", "2026-03-01\x00", "-2026-03-01", "10000-01-01"),
    *("0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00"),
]
NO_NUMBERS = ["", " ", "-1", "+1", "1.5", "1e3", "1_000", "1,000", "ten", "0x10", "１０", "٣", "²", "1\x00"]


# Moments.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", DAY),
        (" 2026-03-01\n", DAY),
        ("20260301", DAY),
        ("2026-03-01T10:30", DAY + timedelta(hours=10, minutes=30)),
        ("2026-03-01 10:30:15.25", DAY + timedelta(hours=10, minutes=30, seconds=15.25)),
        ("2026-03-01T10:30Z", DAY + timedelta(hours=10, minutes=30)),
        ("2026-03-01T10:30+02:00", DAY + timedelta(hours=8, minutes=30)),
        ("2026-03-01T00:00-05:00", DAY + timedelta(hours=5)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_start_date_is_a_moment_in_utc(text, expected):
    assert moment(text) == expected
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", LAST),
        (" 2026-03-01 ", LAST),
        ("20260301", LAST),
        ("2026-W09-7", LAST),
        ("9999-12-31", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
        ("2026-03-01T00:00", DAY),
        ("2026-03-01T10:30+02:00", DAY + timedelta(hours=8, minutes=30)),
    ],
)
def test_end_date_without_a_time_includes_all_of_its_day(text, expected):
    assert last_moment(text) == expected


@pytest.mark.parametrize("parse", [moment, last_moment])
@pytest.mark.parametrize("text", NO_DATES, ids=ascii)
def test_what_is_no_date_is_refused_with_the_form_to_write(parse, text):
    with pytest.raises(ArgumentTypeError) as refused:
        parse(text)

    assert repr(text) in str(refused.value)
    assert "YYYY-MM-DD" in str(refused.value)


# Numbers and shares.


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("7", 7), (" 7 ", 7), ("007", 7), ("2000000", 2000000)]
)
def test_whole_number_is_zero_or_more(text, expected):
    assert whole_number(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("1", 1), (" 8 ", 8), ("012", 12)])
def test_count_of_at_least_one_is_a_whole_number(text, expected):
    assert at_least_one(text) == expected


@pytest.mark.parametrize("text", ["0", "00", " 0 "])
def test_none_at_all_is_too_few(text):
    with pytest.raises(ArgumentTypeError, match=r"^0 is too few; write 1 or more$"):
        at_least_one(text)


@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_what_is_no_count_is_refused_as_any_number_is(text):
    with pytest.raises(ArgumentTypeError, match="not a whole number, 0 or more"):
        at_least_one(text)


@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="not a whole number, 0 or more"):
        whole_number(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5%", RejectLimit(share=0.05)),
        (" 5 % ", RejectLimit(share=0.05)),
        ("2.5%", RejectLimit(share=0.025)),
        ("0%", RejectLimit(share=0.0)),
        ("100%", RejectLimit(share=1.0)),
        ("250%", RejectLimit(share=1.0)),
        ("0", RejectLimit(share=None, count=0)),
        ("100", RejectLimit(share=None, count=100)),
    ],
)
def test_limit_of_rejected_records_is_a_share_or_a_count(text, expected):
    assert reject_limit(text) == expected


@pytest.mark.parametrize("text", [*NO_NUMBERS, "%", "-5%", "5%%", "5 percent", ".5%", "５%", "٥%"], ids=ascii)
def test_what_is_neither_share_nor_count_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="write 5% or 100"):
        reject_limit(text)


@pytest.mark.parametrize("limit", [RejectLimit(share=0.2), RejectLimit(share=0.025), RejectLimit(None, 7)])
def test_limit_is_printed_as_it_is_written(limit):
    assert reject_limit(str(limit)) == limit


@pytest.mark.parametrize(
    ("limit", "processed", "rejected", "exceeded"),
    [
        (RejectLimit(), 0, 0, False),
        (RejectLimit(), 9, 9, False),
        (RejectLimit(), 10, 9, False),
        (RejectLimit(), 10, 10, True),
        (RejectLimit(), 99, 98, False),
        (RejectLimit(), 100, 20, False),
        (RejectLimit(), 100, 21, True),
        (RejectLimit(share=0.0), 99, 1, False),
        (RejectLimit(share=0.0), 100, 0, False),
        (RejectLimit(share=0.0), 100, 1, True),
        (RejectLimit(share=1.0), 100, 99, False),
        (RejectLimit(share=1.0), 100, 100, True),
        (RejectLimit(None, 0), 1, 0, False),
        (RejectLimit(None, 0), 1, 1, True),
        (RejectLimit(None, 10), 10, 10, False),
        (RejectLimit(None, 10), 1_000_000, 11, True),
        (RejectLimit(None), 100, 0, False),
        (RejectLimit(None), 100, 1, True),
    ],
)
def test_limit_is_exceeded(limit, processed, rejected, exceeded):
    assert limit.exceeded(processed, rejected) is exceeded


def test_limit_without_a_share_allows_none():
    assert str(RejectLimit(None)) == "0%"


# The plan.


def test_start_after_end_is_a_contradiction_that_names_both():
    with pytest.raises(ConfigurationError) as refused:
        SyncPlan(start_date=DAY + timedelta(days=1), end_date=DAY)

    assert "--start-date 2026-03-02 lies after --end-date 2026-03-01" in str(refused.value)
    assert refused.value.fix == "swap the two"


def test_a_single_day_is_no_contradiction():
    plan = SyncPlan(start_date=moment("2026-03-01"), end_date=last_moment("2026-03-01"))

    assert plan.end_date - plan.start_date == timedelta(days=1) - timedelta(microseconds=1)


def test_a_single_moment_is_no_contradiction():
    assert SyncPlan(start_date=DAY, end_date=DAY).end_date == DAY


def test_a_start_date_with_force_is_no_contradiction():
    assert SyncPlan(start_date=DAY, force=True, full=True).force


def test_plan_cannot_be_changed():
    plan = SyncPlan(options={"file": "a.csv"})
    with pytest.raises(FrozenInstanceError):
        plan.full = True
    with pytest.raises(TypeError):
        plan.options["file"] = "b.csv"

    assert (plan.full, plan.options["file"]) == (False, "a.csv")


def test_plan_keeps_no_hold_on_the_options_it_was_given():
    options = {"file": "a.csv"}
    plan = SyncPlan(options=options)
    options["file"] = "b.csv"

    assert plan.options["file"] == "a.csv"


@pytest.mark.parametrize(
    ("flags", "partial"),
    [
        ({}, False),
        ({"full": True, "force": True, "dry_run": True, "start_date": DAY, "end_date": LAST}, False),
        ({"max_records": 1}, True),
        ({"narrowed": True}, True),
        ({"replay": True}, True),
    ],
)
def test_plan_knows_whether_it_reads_less_than_its_window(flags, partial):
    assert SyncPlan(**flags).partial is partial


def test_configuration_of_a_plain_run_is_empty():
    assert SyncPlan().as_configuration() == {}


def test_configuration_says_what_was_given_and_nothing_else():
    plan = SyncPlan(
        start_date=datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        end_date=LAST,
        force=True,
        batch_size=50,
        max_rejected=RejectLimit(share=0.05),
    )

    assert plan.as_configuration() == {
        "start_date": "2026-03-01T02:00:00+02:00",
        "end_date": "2026-03-01T23:59:59.999999+00:00",
        "force": True,
        "batch_size": 50,
        "max_rejected": "5%",
    }


def test_configuration_of_every_flag_is_json():
    plan = SyncPlan(
        start_date=DAY,
        end_date=LAST,
        full=True,
        force=True,
        dry_run=True,
        batch_size=1,
        max_records=2,
        skip_validation=True,
        restart=True,
        allow_deletes=True,
        max_rejected=RejectLimit(None, 3),
        options={"file": "a.csv", "sweep": True},
        narrowed=True,
        replay=True,
    )
    said = plan.as_configuration()

    assert json.loads(json.dumps(said)) == said
    assert said.keys() == {
        *("start_date", "end_date", "full", "force", "dry_run", "batch_size", "max_records"),
        *("skip_validation", "restart", "allow_deletes", "max_rejected", "replay", "file", "sweep"),
    }


def test_options_that_were_not_given_are_not_in_the_configuration():
    plan = SyncPlan(options={"file": "a.csv", "sweep": SWEEP.default, "status": None})

    assert plan.as_configuration() == {"file": "a.csv"}


def test_configuration_holds_no_credentials(settings, monkeypatch):
    settings.HUBSPOT_API_TOKEN = "canary-of-the-settings"
    monkeypatch.setenv("GENIUS_DB_PASSWORD", "canary-of-the-environment")

    assert "canary" not in json.dumps(SyncPlan(full=True, options={"file": "a.csv"}).as_configuration())


def test_an_option_is_named_as_its_flag():
    assert Option("--booking-status", help="only these").name == "booking_status"


def test_look_back_is_a_flag_of_whole_days():
    assert (LOOK_BACK.name, LOOK_BACK.type("45")) == ("look_back", 45)
    with pytest.raises(ArgumentTypeError, match="not a whole number"):
        LOOK_BACK.type("a month")
