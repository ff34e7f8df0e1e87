"""Paging styles: frozen values that answer "what next?"."""

from dataclasses import FrozenInstanceError, replace

import pytest

from ingestion.base.exceptions import SourceError
from ingestion.base.pagination import (
    Answer,
    Bound,
    Cursor,
    KeysetWindow,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Request,
    SinglePage,
)

START = Request("contacts")


def answer(request, count=0, body=None, headers=None):
    return Answer(body or {}, headers or {}, 1, request, [{"n": n} for n in range(count)])


@pytest.mark.parametrize(
    ("style", "param", "first", "second"),
    [(PageNumber(count=10), "page", 1, 2), (Offset(count=10), "offset", 0, 10)],
    ids=["page number", "offset"],
)
def test_counting_styles_go_on_after_a_full_page_and_end_at_a_short_one(style, param, first, second):
    request = style.first(START, None)
    following = style.next(answer(request, 10))

    assert (request.params[param], following.params[param]) == (first, second)
    assert style.next(answer(following, 9)) is None
    assert style.paging == "unstable"


@pytest.mark.parametrize("style", [PageNumber(count=10), Offset(count=10)], ids=["page number", "offset"])
def test_counting_styles_come_back_to_a_stored_position(style):
    later = style.next(answer(style.first(START, None), 10))

    assert style.first(START, style.position(later)) == later


def test_page_number_ends_at_the_total_that_the_answer_names():
    style = PageNumber(count=10, total="total_pages")
    first = style.first(START, None)
    second = style.next(answer(first, 10, {"total_pages": 2}))

    assert second.params["page"] == 2
    assert style.next(answer(second, 10, {"total_pages": 2})) is None, "full, and yet the last"
    assert style.next(answer(first, 9, {"total_pages": 2})) == second, "short, and yet not the last"
    assert style.following(second, answer(first, 10, {"total_pages": 2})) is None
    assert style.next(answer(first, 0, {"total_pages": 0})) is None


@pytest.mark.parametrize("body", [{}, {"total_pages": None}, {"total_pages": "many"}], ids=str)
def test_page_number_without_a_total_ends_at_a_short_page(body):
    style = PageNumber(count=10, total="total_pages")
    first = style.first(START, None)

    assert style.next(answer(first, 10, body)).params["page"] == 2
    assert style.next(answer(first, 9, body)) is None


def test_cursor_ends_when_none_is_named_and_not_at_an_empty_page():
    style = Cursor("paging.next.after", "after", count=100)
    first = style.first(START, None)
    second = style.next(answer(first, 0, {"paging": {"next": {"after": "42"}}}))

    assert first.params == {"limit": 100}
    assert second.params == {"limit": 100, "after": "42"}
    assert style.next(answer(second, 100, {"paging": None})) is None
    assert style.first(START, style.position(second)) == second


def test_next_url_and_link_header_follow_the_named_address():
    url = "https://api.example.com/contacts?page=2"
    link = f'<{url}>; rel="next", <https://api.example.com/contacts?page=9>; rel="last"'

    assert NextUrl("links.next").next(answer(START, 1, {"links": {"next": url}})) == Request(url)
    assert NextUrl("links.next").next(answer(START, 1, {"links": {"next": None}})) is None
    assert NextUrl("next", more="has_next").next(answer(START, 1, {"next": url, "has_next": False})) is None
    assert NextUrl("next", more="has_next").next(
        answer(START, 1, {"next": url, "has_next": True})
    ) == Request(url)
    assert LinkHeader().next(answer(START, 1, headers={"Link": link})) == Request(url)
    assert LinkHeader().next(answer(START, 1)) is None


def test_single_page_has_no_other():
    assert SinglePage().next(answer(SinglePage().first(START, None), 5)) is None


def test_a_style_is_a_frozen_value():
    with pytest.raises(FrozenInstanceError):
        PageNumber().count = 7


# The keyset window, against a service that sorts by one field and answers at most four records.

ROWS = [("2026-01-01", "a"), *[("2026-01-02", key) for key in "bcdefghij"], ("2026-01-03", "k")]


def ask(request, bound):
    return replace(request, json=bound)


def serve(rows, request, size=4):
    """What such a service answers to a bound."""
    bound = request.json
    if bound.at is not None:
        found = [row for row in rows if row[0] == bound.at and (bound.after is None or row[1] > bound.after)]
        found.sort(key=lambda row: row[1])
    else:
        found = [row for row in rows if (row[0] > bound.since if bound.beyond else row[0] >= bound.since)]
        found.sort(key=lambda row: row[0])
    page = [{"at": at, "id": key} for at, key in found[:size]]
    return Answer({"more": len(found) > size}, {}, 1, request, page)


STYLE = KeysetWindow("at", "id", "more", ask)


def walk(rows, edit=None, start=None):
    """Everything a window hands over, and how many requests it took."""
    taken, requests = [], 0
    request = STYLE.first(Request("x", state={"since": "2026-01-01"}), start)
    while request is not None:
        found = serve(rows, request)
        requests += 1
        taken += [record["id"] for record in STYLE.take(found)]
        if edit:
            edit(requests)
        request = STYLE.next(found)
        assert requests < 50
    return taken, requests


def test_keyset_window_hands_over_every_record_once():
    assert walk(ROWS)[0] == list("abcdefghijk")


def test_keyset_window_walks_one_crowded_moment_by_key():
    rows = [("2026-01-02", f"{n:03}") for n in range(97)]

    assert walk(rows)[0] == [f"{n:03}" for n in range(97)]


def test_record_edited_behind_the_reader_moves_nobody_out_of_sight():
    rows = [(f"2026-01-{day:02}", f"r{day:02}") for day in range(1, 29)]

    def edit(requests):
        rows[requests] = ("2026-02-01", rows[requests][1])

    taken, _ = walk(rows, edit)

    assert set(taken) == {f"r{day:02}" for day in range(1, 29)}


@pytest.mark.parametrize(("after", "keys"), [(None, "dfabe"), ("d", "bef"), ("d", "def"), (None, "aab")])
def test_walk_by_key_refuses_an_answer_whose_keys_do_not_rise(after, keys):
    request = STYLE.bounded(Request("x"), Bound(at="2026-01-02", after=after))
    page = [{"at": "2026-01-02", "id": key} for key in keys]

    with pytest.raises(SourceError, match="not in ascending order of id"):
        STYLE.next(Answer({"more": True}, {}, 1, request, page))


@pytest.mark.parametrize("stop", range(1, 7))
def test_keyset_window_goes_on_from_every_stored_position(stop):
    request = STYLE.first(Request("x", state={"since": "2026-01-01"}), None)
    before = []
    for _ in range(stop):
        if request is None:
            break
        found = serve(ROWS, request)
        before += [record["id"] for record in STYLE.take(found)]
        request = STYLE.next(found)
    after = walk(ROWS, start=STYLE.position(request))[0] if request else []

    assert before + after == list("abcdefghijk")


def test_empty_page_with_more_behind_it_is_not_the_end():
    request = STYLE.first(Request("x", state={"since": "2026-01-01"}), None)
    empty = Answer({"more": "200"}, {}, 1, request, [])

    assert STYLE.next(empty).json == Bound(since="2026-01-01", offset="200")
