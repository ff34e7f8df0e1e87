"""Walks through lists that are capped, cut, repeated or shifted: complete, or they fail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.base.exceptions import SourceError
from ingestion.base.pagination import Answer, Request
from ingestion.base.walks import LastKey, RisingWindow, moment_of

START = datetime(2026, 3, 1, tzinfo=UTC)


def record(number, seconds):
    return {"id": number, "changed": (START + timedelta(seconds=seconds)).isoformat()}


def ask(request, since, page):
    request = request.with_params(page=page)
    return request.with_headers({"If-Modified-Since": since.isoformat()}) if since else request


@dataclass
class Service:
    """A list sorted by time (or by `order`) that shows `cap` records of `pages` pages at most."""

    records: list
    cap: int = 10
    pages: int = 1000
    flag: bool = True
    order: str = "changed"
    falling: bool = False
    strict: bool = False
    asked: list = field(default_factory=list)

    def answer(self, request):
        self.asked.append(request)
        since, page = request.headers.get("If-Modified-Since"), min(request.params["page"], self.pages)
        found = [r for r in self.records if not since or r["changed"] > since or self.same(r, since)]
        found.sort(key=lambda r: (r[self.order], r["id"]), reverse=self.falling)
        shown = found[(page - 1) * self.cap : page * self.cap]
        body = {"data": shown, "meta": {"more": page * self.cap < len(found)} if self.flag else {}}
        return Answer(body, {}, 1, request, shown)

    def same(self, record, since):
        return not self.strict and record["changed"] == since


def walked(style, service, after_page=lambda number: None, most=60):
    """The ids that a walk hands over, in order."""
    request, ids = style.first(Request("leads", state={"since": None}), None), []
    while request:
        assert len(service.asked) < most
        answer = service.answer(request)
        ids += [each["id"] for each in style.take(answer)]
        request = style.next(answer)
        after_page(len(service.asked))
    return ids


WALK = RisingWindow(ask, 10, cursor="changed", more="meta.more")


def test_list_longer_than_its_cap_is_complete_without_a_second_page_and_each_record_comes_once():
    service = Service([record(n, n) for n in range(95)], pages=1)
    ids = walked(WALK, service)

    assert sorted(ids) == list(range(95))
    assert {request.params["page"] for request in service.asked} == {1}
    assert len(ids) == 95


@pytest.mark.parametrize("strict", [False, True])
def test_moment_on_the_edge_of_a_window_is_not_lost_whether_the_service_includes_it_or_not(strict):
    service = Service([record(n, n // 3) for n in range(60)], strict=strict)

    assert sorted(walked(WALK, service)) == list(range(60))  # each once


def test_many_records_of_one_moment_are_read_by_page_numbers_and_the_walk_goes_on_after_them():
    same = [record(n, 100) for n in range(20, 60)]
    records = [record(n, n) for n in range(20)] + same + [record(n, 100 + n) for n in range(60, 80)]
    ids = walked(WALK, Service(records))

    assert set(ids) == set(range(80))


@pytest.mark.parametrize("before", [0, 25])
def test_page_that_two_moments_fill_is_no_repeated_page_and_the_walk_is_complete(before):
    first = [record(n, n) for n in range(before)]
    two = [record(100 + n, 100 + (n >= 5)) for n in range(24)]
    last = [record(200 + n, 200 + n) for n in range(25)]
    ids = walked(WALK, Service(first + two + last))

    assert set(ids) == {each["id"] for each in first + two + last}


def test_moments_side_by_side_are_split_below_the_cap_once_the_service_is_seen_to_include_its_bound():
    records = [record(0, 0)] + [record(1 + n, 100 + n // 8) for n in range(40)]
    ids = walked(WALK, Service(records, pages=1))

    assert sorted(ids) == list(range(41))  # each once


def test_one_moment_that_fills_more_than_the_cap_fails_where_pages_repeat():
    with pytest.raises(SourceError, match="same page of 10 records twice"):
        walked(WALK, Service([record(n, 5) for n in range(25)], pages=1))


def test_record_that_is_edited_meanwhile_moves_nobody_out_of_sight():
    service = Service([record(n, n) for n in range(60)])

    def edit(number):
        if number == 2:
            service.records[3] = record(3, 500)

    ids = walked(WALK, service, after_page=edit)
    assert set(ids) == set(range(60))
    assert ids[-1] == 3


@pytest.mark.parametrize("seconds", [1, 0], ids=["falling", "one moment first"])
def test_list_that_falls_is_read_by_page_numbers_to_its_end(seconds):
    records = [record(n, n) for n in range(30)] + [record(n, 30 + (n - 30) * seconds) for n in range(30, 60)]
    ids = walked(WALK, Service(records, falling=True))

    assert set(ids) == set(range(60))


def test_service_that_does_not_heed_the_bound_fails_and_does_not_loop():
    service = Service([record(n, n) for n in range(30)])
    deaf = RisingWindow(
        lambda r, since, page: r.with_params(page=page), 10, cursor="changed", more="meta.more"
    )
    with pytest.raises(SourceError, match="twice"):
        walked(deaf, service)


def test_without_a_flag_a_short_page_is_not_the_end():
    service = Service([record(n, n) for n in range(25)], cap=4, flag=False)
    pages = RisingWindow(ask, 10)

    assert walked(pages, service) == list(range(25))
    assert pages.paging == "unstable"


def test_list_that_comes_whole_whatever_page_is_asked_for_is_read_once():
    service = Service([record(n, n) for n in range(7)], pages=1, flag=False)

    assert walked(RisingWindow(ask, 10), service) == list(range(7))
    assert len(service.asked) == 2


def test_list_that_is_exactly_as_long_as_a_page_and_repeats_may_be_cut_off_and_fails():
    with pytest.raises(SourceError, match="may be cut off"):
        walked(RisingWindow(ask, 10), Service([record(n, n) for n in range(25)], pages=1, flag=False))


def test_repeated_page_of_which_the_service_says_that_there_is_more_fails_whatever_its_length():
    unsorted = RisingWindow(ask, 500, more="meta.more")
    with pytest.raises(SourceError, match="may be cut off"):
        walked(unsorted, Service([record(n, n) for n in range(25)], pages=1))


def test_nothing_beyond_the_end_of_the_run_is_handed_over_and_the_walk_stops_there():
    until = START + timedelta(seconds=14)
    service = Service([record(n, n) for n in range(95)])
    ids = walked(RisingWindow(ask, 10, cursor="changed", more="meta.more", until=until), service)

    assert ids == list(range(15))
    assert len(service.asked) == 2


def test_record_without_a_moment_is_handed_over():
    records = [record(n, n) for n in range(12)]
    records[0]["changed"] = ""

    assert set(walked(WALK, Service(records))) == set(range(12))


def test_walk_is_resumed_at_the_window_it_was_in():
    service = Service([record(n, n) for n in range(40)])
    second = WALK.next(service.answer(WALK.first(Request("leads"), None)))
    position = WALK.position(second)
    again = WALK.first(Request("leads"), position)

    assert position == {"since": (START + timedelta(seconds=8)).isoformat()}
    assert again.headers == second.headers
    assert WALK.following(second, service.answer(second)) is None


@pytest.mark.parametrize("text", [None, 7, "", "yesterday"])
def test_moment_that_is_none(text):
    assert moment_of(text) is None


def test_moment_without_a_zone_is_utc():
    assert moment_of("2026-03-01T00:00:00") == START


# The last key.

KEYS = LastKey("id", "after_id", count=3)


def keyed(request, *ids):
    return Answer([], {}, 1, request, [{"id": each} for each in ids])


def test_page_after_the_last_key_until_one_is_short():
    first = KEYS.first(Request("events"), None)
    second = KEYS.next(keyed(first, "a1", "a2", "a3"))

    assert first.params == {"limit": 3}
    assert (second.params, KEYS.position(second)) == ({"limit": 3, "after_id": "a3"}, "a3")
    assert KEYS.next(keyed(second, "a4")) is None
    assert KEYS.first(Request("events"), "a3") == second
    assert KEYS.paging == "keyset"


@pytest.mark.parametrize("ids", [("a3", "a2", "a1"), ("a3", "a4", "a4"), ("a1", "a2", "a3")])
def test_keys_that_do_not_rise_fail(ids):
    after = KEYS.first(Request("events"), "a1")
    with pytest.raises(SourceError, match="not in ascending order of id"):
        KEYS.next(keyed(after, *ids))
