"""The window: strategy by flags and watermark, what a run may store, where it goes on, clocks set back."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingestion.base.datasource import Resource
from ingestion.base.plan import SyncPlan, last_moment
from ingestion.base.window import (
    Past,
    Window,
    choose_window,
    choose_windows,
    earliest_wall_time,
    fingerprint,
)

STARTED = datetime(2026, 3, 10, 12, tzinfo=UTC)
MARK = datetime(2026, 3, 5, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)
EARLIER = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 7, tzinfo=UTC)
END = last_moment("2026-03-08")
DUE = Past(MARK, reconcile=True)
ROOT = Path(__file__).parents[2]


def window_of(flags=None, past=None, *, cursor="updated_at", lag=timedelta(0)):
    return choose_window(
        SyncPlan(**(flags or {})),
        past or Past(),
        resource=Resource("contacts", cursor=cursor, lag=lag),
        overlap=OVERLAP,
        started=STARTED,
    )


def facts(window):
    return window.strategy, window.since, window.until, window.covers, window.complete


# Strategy.


FULL = ("full", None, None, True, True)
DELTA = ("delta", MARK - OVERLAP, STARTED, True, False)


@pytest.mark.parametrize(
    ("flags", "past", "expected"),
    [
        ({}, Past(), FULL),
        ({}, Past(MARK), DELTA),
        ({}, DUE, FULL),
        ({"full": True}, Past(MARK), FULL),
        ({"force": True}, Past(MARK), ("full", None, None, True, False)),
        ({"full": True, "force": True}, Past(MARK), ("full", None, None, True, False)),
        ({"start_date": EARLIER}, Past(), ("from", EARLIER, STARTED, False, False)),
        ({"start_date": EARLIER}, Past(MARK), ("from", EARLIER, STARTED, True, False)),
        ({"start_date": MARK}, Past(MARK), ("from", MARK, STARTED, True, False)),
        ({"start_date": LATER}, Past(MARK), ("from", LATER, STARTED, False, False)),
        ({"start_date": EARLIER, "full": True}, DUE, ("from", EARLIER, STARTED, True, False)),
        ({"start_date": EARLIER, "force": True}, Past(MARK), ("from", EARLIER, STARTED, True, False)),
        ({"end_date": END}, Past(), ("full", None, END, True, False)),
        ({"end_date": END}, Past(MARK), ("delta", MARK - OVERLAP, END, True, False)),
        ({"end_date": END, "full": True}, Past(MARK), ("full", None, END, True, False)),
        ({"start_date": LATER, "end_date": END}, Past(MARK), ("from", LATER, END, False, False)),
        ({"max_records": 9}, Past(), ("full", None, None, False, False)),
        ({"max_records": 9}, Past(MARK), ("delta", MARK - OVERLAP, STARTED, False, False)),
        ({"max_records": 9, "start_date": EARLIER}, Past(MARK), ("from", EARLIER, STARTED, False, False)),
        ({"narrowed": True}, Past(), ("full", None, None, False, False)),
        ({"narrowed": True}, Past(MARK), ("delta", MARK - OVERLAP, STARTED, False, False)),
        ({"dry_run": True, "restart": True, "allow_deletes": True}, Past(MARK), DELTA),
        ({"replay": True}, DUE, ("replay", None, None, False, False)),
        ({"replay": True, "start_date": EARLIER}, Past(MARK), ("replay", None, None, False, False)),
    ],
    ids=str,
)
def test_window_of_an_entity_with_a_cursor(flags, past, expected):
    assert facts(window_of(flags, past)) == expected


@pytest.mark.parametrize(
    ("flags", "covers", "complete"),
    [
        ({}, True, True),
        ({"start_date": LATER}, True, True),
        ({"end_date": END}, True, False),
        ({"full": True}, True, True),
        ({"force": True}, True, False),
        ({"max_records": 9}, False, False),
        ({"narrowed": True}, False, False),
    ],
    ids=str,
)
def test_entity_without_a_cursor_is_always_read_whole(flags, covers, complete):
    assert facts(window_of(flags, Past(MARK), cursor=None)) == ("full", None, None, covers, complete)


@pytest.mark.parametrize(
    ("flags", "lag", "cap"),
    [
        ({}, timedelta(0), STARTED),
        ({}, timedelta(minutes=10), STARTED - timedelta(minutes=10)),
        ({"end_date": END}, timedelta(minutes=10), END),
        ({"end_date": STARTED}, timedelta(minutes=10), STARTED - timedelta(minutes=10)),
        ({"end_date": STARTED + timedelta(days=9)}, timedelta(0), STARTED),
        ({"start_date": EARLIER}, timedelta(minutes=10), STARTED - timedelta(minutes=10)),
    ],
    ids=str,
)
def test_cap_and_until_trail_the_start_by_the_lag_and_stop_at_the_end_date(flags, lag, cap):
    window = window_of(flags, Past(MARK), lag=lag)

    assert (window.cap, window.until) == (cap, cap)


# What a run may store.


@pytest.mark.parametrize("cursor", ["updated_at", None])
@pytest.mark.parametrize("given", ["start_date", "end_date"])
def test_dates_of_work_are_a_window_that_moves_and_deletes_nothing(given, cursor):
    resource = Resource("tasks", cursor=cursor, business_date="begins_at")
    moment = STARTED - timedelta(days=90)
    window = choose_window(
        SyncPlan(**{given: moment}), Past(MARK), resource=resource, overlap=timedelta(0), started=STARTED
    )

    bounds = {"start_date": window.since, "end_date": window.until}
    assert (window.strategy, bounds.pop(given), *bounds.values()) == ("from", moment, None)
    assert (window.covers, window.complete) == (False, False)


def test_window_by_dates_of_work_is_capped_by_the_lag_as_every_other():
    resource = Resource("tasks", cursor="updated_at", business_date="begins_at", lag=OVERLAP)
    window = choose_window(
        SyncPlan(start_date=EARLIER), Past(MARK), resource=resource, overlap=OVERLAP, started=STARTED
    )

    assert window.cap == STARTED - OVERLAP


def test_full_read_up_to_a_day_that_is_not_over_ends_now():
    window = window_of({"end_date": STARTED + timedelta(days=9), "full": True})

    assert (window.until, window.cap) == (STARTED, STARTED)


def test_without_dates_a_date_of_work_changes_nothing():
    resource = Resource("tasks", cursor="updated_at", business_date="begins_at")
    plain = Resource("tasks", cursor="updated_at")
    given = {"overlap": timedelta(0), "started": STARTED}

    assert choose_window(SyncPlan(), Past(MARK), resource=resource, **given) == choose_window(
        SyncPlan(), Past(MARK), resource=plain, **given
    )


def test_newest_is_the_greatest_moment_that_is_not_after_the_cap():
    window = Window("delta", cap=STARTED)
    moments = [None, MARK, STARTED, STARTED + timedelta(microseconds=1), LATER]

    assert window.advanced(moments).newest == STARTED


def test_newest_moves_on_with_every_page():
    window = Window("delta", cap=STARTED, newest=EARLIER)

    assert window.advanced([MARK]).advanced([LATER]).newest == LATER


@pytest.mark.parametrize("moments", [[], [None], [STARTED + OVERLAP], [EARLIER], [MARK]], ids=str)
def test_newest_stays_where_nothing_is_newer(moments):
    window = Window("delta", cap=STARTED, newest=MARK)

    assert window.advanced(moments) is window


@pytest.mark.parametrize(
    ("covers", "newest", "previous", "stored"),
    [
        (True, None, None, None),
        (True, None, MARK, None),
        (True, MARK, None, MARK),
        (True, LATER, MARK, LATER),
        (True, EARLIER, MARK, MARK),
        (False, LATER, None, None),
        (False, LATER, MARK, None),
    ],
)
def test_watermark_needs_cover_and_never_moves_back(covers, newest, previous, stored):
    assert Window("delta", STARTED, covers=covers, newest=newest).watermark(previous) == stored


def test_watermark_of_several_accounts_is_the_least_of_those_that_were_read():
    window = Window("delta", STARTED, parts={name: Window("delta", STARTED) for name in "abc"})
    cursors = {"a": LATER.isoformat(), "b": MARK.isoformat(), "gone": EARLIER.isoformat()}

    assert window.earliest(cursors) == MARK
    assert window.earliest({"gone": EARLIER.isoformat()}) is None


# Going on.


def test_checkpoint_comes_back_from_json_as_it_went():
    first = Window(
        "delta", STARTED, since=MARK, until=LATER, covers=True, newest=MARK + OVERLAP, fingerprint="abc"
    )
    position = {"after": ["2026-03-05T00:00:00.000Z", "007"]}
    stored = json.loads(json.dumps(first.as_checkpoint(position, {"b", "a"})))
    later = replace(first, cap=STARTED + timedelta(days=1), since=EARLIER, until=STARTED, newest=None)
    resumed = later.resumed(stored, 42)

    assert (resumed.since, resumed.until, resumed.cap) == (first.since, first.until, first.cap)
    assert (resumed.position, resumed.newest, resumed.seen_paths) == (position, first.newest, ("a", "b"))
    assert (resumed.resumes, resumed.strategy, resumed.covers) == (42, "delta", True)


def test_each_account_goes_on_within_its_own_bounds_and_a_new_one_begins():
    read = Window("delta", STARTED, since=EARLIER, newest=MARK)
    first = Window("delta", STARTED, since=EARLIER, parts={"a": read})
    stored = json.loads(json.dumps(first.as_checkpoint({"page": 2}, ())))
    later = {name: Window("full", STARTED + timedelta(days=1)) for name in ("a", "new")}
    resumed = Window("delta", STARTED, parts=later).resumed(stored, 42)

    a, new = resumed.of("a"), resumed.of("new")
    assert (a.since, a.newest, a.cap, a.position) == (EARLIER, MARK, STARTED, {"page": 2})
    assert (new, new.resumes) == (later["new"], None)


def test_checkpoint_of_a_full_read_keeps_that_it_has_no_bounds():
    first = Window("full", STARTED, complete=True)
    resumed = Window("full", STARTED).resumed(first.as_checkpoint({"line": 7}, ()), 1)

    assert (resumed.since, resumed.until, resumed.newest) == (None, None, None)


def test_read_that_cannot_be_gone_on_with_has_no_checkpoint():
    assert Window("full", STARTED).as_checkpoint(None, {"a"}) is None


SAME = [
    {"batch_size": 9},
    {"dry_run": True},
    {"restart": True},
    {"max_records": 9},
    {"allow_deletes": True},
]
OTHER = [
    {"full": True},
    {"force": True},
    {"skip_validation": True},
    {"start_date": EARLIER},
    {"end_date": END},
    {"options": {"file": "b.csv"}},
    {"options": {}},
]
GIVEN = {"options": {"file": "a.csv"}}


def mark_of(flags, past=None, *parts):
    plan = SyncPlan(**flags)
    window = window_of(flags, past or Past(MARK))
    return fingerprint(window, plan, *(parts or ("resource", "account")))


@pytest.mark.parametrize("flags", SAME, ids=str)
def test_orders_that_do_not_change_what_is_read_leave_the_fingerprint(flags):
    assert mark_of(GIVEN | flags) == mark_of(GIVEN)


@pytest.mark.parametrize("flags", OTHER, ids=str)
def test_orders_that_change_what_is_read_change_the_fingerprint(flags):
    assert mark_of(GIVEN | flags) != mark_of(GIVEN)


def test_another_watermark_account_or_resource_changes_the_fingerprint():
    marks = [
        mark_of(GIVEN),
        mark_of(GIVEN, Past(LATER)),
        mark_of(GIVEN, None, "resource", "other account"),
        mark_of(GIVEN, None, "other resource", "account"),
    ]

    assert len(set(marks)) == 4


def test_fingerprint_does_not_know_the_hour_of_the_start():
    plan = SyncPlan()
    today = window_of({}, Past(MARK))
    tomorrow = replace(today, until=today.until + timedelta(days=1), cap=today.cap + timedelta(days=1))

    assert fingerprint(today, plan, "x") == fingerprint(tomorrow, plan, "x")


def test_fingerprint_of_a_full_read_does_not_know_how_long_the_source_keeps_what_it_has():
    resource = Resource("calls", cursor="at", keeps_months=25)
    days = [STARTED, STARTED + timedelta(days=1)]
    windows = [
        choose_windows(SyncPlan(), Past(), resource=resource, overlap=OVERLAP, started=day) for day in days
    ]

    assert windows[0].since != windows[1].since
    assert len({fingerprint(window, SyncPlan(), "x") for window in windows}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "deals"},
        {"cursor": None},
        {"lag": timedelta(minutes=1)},
        {"business_date": "begins_at"},
        {"options": {"header": str.upper, "columns": {"a", "b"}}},
        {"options": {"header": str.lower, "columns": {"a"}}},
    ],
    ids=["name", "cursor", "lag", "business date", "header", "columns"],
)
def test_another_declaration_describes_itself_otherwise(change):
    declared = Resource("contacts", cursor="at", options={"header": str.lower, "columns": {"a", "b"}})

    assert replace(declared, **change).described() != declared.described()


PROBE = """
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo
from ingestion.base.datasource import Resource
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window, fingerprint

def header(name):
    return name.strip().lower()

options = {
    "header": header,
    "letters": {"b", "a", "d", "c"},
    "zone": ZoneInfo("Europe/Berlin"),
    "steps": [header, partial(header, "x")],
}
resource = Resource("contacts", cursor="updated_at", options=options)
window = Window("full", datetime(2026, 3, 1, tzinfo=UTC))
plan = SyncPlan(options={"status": "open", "file": "a.csv"})
print(fingerprint(window, plan, resource.described(), "account"))
"""


def test_fingerprint_is_the_same_in_every_process():
    def printed(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        return subprocess.check_output([sys.executable, "-c", PROBE], env=environment, cwd=ROOT)

    assert printed("1") == printed("2")


# Clocks that are set back.


BACK = [
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC), timedelta(hours=1)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC), timedelta(minutes=30)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC), timedelta(hours=1)),
]
FORWARD = [
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
]
CHANGES = [*((zone, change) for zone, change, _ in BACK), *FORWARD]


def wall(moment, zone):
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_no_wall_clock_after_a_moment_shows_less_than_its_earliest_wall_time(zone, change):
    later = [timedelta(minutes=minutes) for minutes in range(0, 12 * 60 + 1)]
    starts = [change + timedelta(minutes=offset, seconds=17) for offset in range(-180, 181, 7)]
    below = [
        (since, since + step)
        for since in starts
        for step in later
        if wall(since + step, zone) < earliest_wall_time(since, ZoneInfo(zone))
    ]

    assert below == []


@pytest.mark.parametrize(("zone", "change", "by"), BACK)
def test_earliest_wall_time_before_a_fold_is_where_the_fold_begins_again(zone, change, by):
    minute = timedelta(minutes=1)
    earliest = earliest_wall_time(change - minute, ZoneInfo(zone))

    assert earliest == wall(change, zone)
    assert wall(change - minute, zone) - earliest == by - minute
    assert earliest_wall_time(change - timedelta(seconds=40.5), ZoneInfo(zone)) == earliest


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_earliest_wall_time_away_from_a_change_is_the_wall_time(zone, change):
    quiet = change + timedelta(hours=20, seconds=17)

    assert earliest_wall_time(quiet, ZoneInfo(zone)) == wall(quiet, zone)


@pytest.mark.parametrize(("zone", "change"), FORWARD)
def test_earliest_wall_time_before_clocks_go_forward_is_the_wall_time(zone, change):
    before = change - timedelta(minutes=10)

    assert earliest_wall_time(before, ZoneInfo(zone)) == wall(before, zone)
