"""Decoding by shape: whatever pages or lines hold, it is what a plain decoder makes of it."""

import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.base.columnar import Records
from ingestion.base.json_lines import json_records
from ingestion.base.records import to_json
from ingestion.base.shapes import CHANCES, DECODER, PageDecoder, Shape
from ingestion.base.text_lines import Lines

LEAF = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=4))
VALUE = st.one_of(LEAF, st.lists(LEAF, max_size=2), st.dictionaries(st.sampled_from("xyz"), LEAF, max_size=3))
RECORD = st.dictionaries(st.sampled_from(["id", "a", "properties", "class", "ü", ""]), VALUE, max_size=4)
PAGE = st.lists(RECORD, max_size=4)
ONE_SHAPE = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(), "properties": st.fixed_dictionaries({"x": VALUE, "y": LEAF}), "at": LEAF}
    ),
    min_size=2,
    max_size=5,
)


def body(records, **around):
    return json.dumps({"results": records, **around}).encode()


def contacts(*numbers, **more):
    return [{"id": n, "properties": {"name": f"n{n}", "city": None}, **more} for n in numbers]


def by_column(page):
    return isinstance(page["results"], Records)


@given(st.lists(st.one_of(PAGE, ONE_SHAPE), max_size=6), st.booleans())
def test_every_page_has_the_records_that_a_plain_decoder_finds(pages, inside):
    decoder = PageDecoder(("data", "results") if inside else ())
    for number, each in enumerate(pages):
        page = {"data": {"results": each, "n": number}, "more": True} if inside else each
        found = decoder.decode(json.dumps(page).encode())

        assert found == page
        records = found["data"]["results"] if inside else found
        assert to_json(list(records)) == to_json(page["data"]["results"] if inside else page)


def test_pages_of_one_shape_are_decoded_by_column_from_the_second_on():
    decoder = PageDecoder(("results",))

    assert not by_column(decoder.decode(body(contacts(1, 2), paging="p1")))
    page = decoder.decode(body(contacts(3, 4, 5), paging="p2"))

    assert by_column(page)
    assert page == {"results": contacts(3, 4, 5), "paging": "p2"}
    assert isinstance(page["results"].columns["properties"], Records)
    assert page["results"].columns["properties"].columns["name"] == ["n3", "n4", "n5"]
    assert decoder.decode(body([])) == {"results": []}  # the last page names no other, and may be empty
    assert by_column(decoder.decode(body(contacts(6))))


@pytest.mark.parametrize(
    "records",
    [
        contacts(3, more=1),
        [{"id": 3}],
        [{**contacts(3)[0], "properties": None}],
        [{**contacts(3)[0], "properties": {"name": 1}}],
        [{**contacts(3)[0], "properties": {"name": 1, "city": 2, "new": 3}}],
        [None],
        {"no": "list"},
    ],
)
def test_what_is_of_another_shape_is_kept_whole(records):
    decoder = PageDecoder(("results",))
    decoder.decode(body(contacts(1, 2)))
    page = decoder.decode(body(records))

    assert page == {"results": records}
    assert not by_column(page)


def test_a_name_around_the_records_that_no_page_had_before_is_kept():
    decoder = PageDecoder(("results",))
    decoder.decode(body(contacts(1, 2)))

    assert decoder.decode(body(contacts(3), paging={"next": "x"}))["paging"] == {"next": "x"}


def test_a_new_shape_is_learned_but_not_for_ever():
    decoder = PageDecoder(("results",))
    learned = 0
    for number in range(2 * CHANCES):
        shape = {f"name{number}": number}
        pages = [decoder.decode(body(contacts(1, 2, **shape))) for _ in range(3)]
        learned += by_column(pages[2])

        assert not by_column(pages[0])
        assert [page["results"] for page in pages] == [contacts(1, 2, **shape)] * 3

    assert learned == CHANCES


def test_numbers_are_as_exact_as_a_plain_decoder_reads_them():
    text = b'{"results":[{"n":1.10},{"n":0.1234567890123456789}]}'
    decoder = PageDecoder(("results",))
    plain = decoder.decode(text)

    assert by_column(decoder.decode(text))
    assert list(map(repr, decoder.decode(text)["results"])) == list(map(repr, plain["results"]))


@pytest.mark.parametrize("text", [b'{"results":[{"id":1', b"<html>", b'{"results":[{"id":"\xff"}]}', b"{]"])
def test_broken_json_is_the_same_error_as_before(text):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as plain:
        DECODER.decode(text)
    decoder = PageDecoder(("results",))
    decoder.decode(b'{"results":[{"id":1},{"id":2}]}')

    with pytest.raises(type(plain.value)) as shaped:
        decoder.decode(text)
    assert str(shaped.value) == str(plain.value)


def lines(*texts):
    return Lines(io.StringIO("".join(f"{text}\n" for text in texts)), Path("f.jsonl"))


def test_lines_of_one_shape_are_decoded_by_column_from_the_second_page_on():
    texts = [json.dumps(each, separators=(",", ":")) for each in contacts(1, 2, 3, 4)]
    first, second = json_records(lines(*texts), 0, 2, 10**6)

    assert isinstance(first, list)
    assert isinstance(second, Records)
    assert [*first, *second] == contacts(1, 2, 3, 4)


@pytest.mark.parametrize(
    "odd", ['{"id":3,"a":1,"id":4}', '{"a":1,"id":3}', '{"id":3, "a":1}', '{"id":3}', "["]
)
def test_a_line_of_another_shape_or_with_a_name_twice_is_read_as_it_was(odd):
    same = ['{"id":1,"a":1}', '{"id":2,"a":2}']
    (alone,) = json_records(lines("{}", odd), 1, 2, 10**6)
    _, found = json_records(lines(*same, same[0], odd), 0, 2, 10**6)

    assert [type(each) for each in found] == [dict, type(alone[0])]
    assert found[0] == {"id": 1, "a": 1}
    assert found[1] == alone[0] or found[1].error.message == alone[0].error.message


@given(st.lists(ONE_SHAPE, min_size=1, max_size=4))
def test_a_shape_gives_back_the_very_objects(pages):
    shape = Shape(pages[0])
    for page in pages:
        try:
            found = [shape.decoder.decode(json.dumps(each)) for each in page]
        except msgspec.ValidationError:
            continue
        assert list(shape.records(found)) == page
