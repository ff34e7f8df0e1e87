"""Records kept by column are the records they were made of, however they are looked at."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.base.columnar import Records, joined, pieces, select
from ingestion.base.datasource import LoopGuard
from ingestion.base.exceptions import SourceError
from ingestion.base.fields import Field
from ingestion.base.processor import BaseProcessor
from ingestion.base.reading import joined as one_page
from ingestion.base.records import Page
from ingestion.base.shapes import alike
from tests.shop.models import ShopCustomer, ShopStock
from tests.shop.processors import ShopCustomerProcessor, ShopOrderProcessor

DICTS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}, {"id": 3, "name": "Eve"}]


def by_column(dicts):
    columns = {name: [each[name] for each in dicts] for name in dicts[0]}
    below = {name: by_column(values) for name, values in columns.items() if alike(values)}
    return Records(columns | below, len(dicts))


def test_they_are_a_sequence_of_dicts():
    records = by_column(DICTS)

    assert list(records) == DICTS
    assert [records[0], records[-1]] == [DICTS[0], DICTS[-1]]
    assert records == DICTS
    assert repr(records) == "<3 records of id, name>"  # a million values are no message
    assert len(records) == 3
    with pytest.raises(IndexError):
        records[3]
    with pytest.raises(TypeError):
        hash(records)


def test_some_of_them_are_records_by_column_again():
    records = by_column(DICTS)

    assert isinstance(records[1:], Records)
    assert records[1:] == DICTS[1:]
    assert records[:10] == DICTS
    assert select(records, [2, 0]) == [DICTS[2], DICTS[0]]
    assert select(DICTS, [2, 0]) == [DICTS[2], DICTS[0]]


def test_records_without_a_name_are_empty():
    assert list(Records({}, 2)) == [{}, {}]


def test_a_record_belongs_to_whoever_asked_for_it():
    records = by_column(DICTS)
    changed = records[0]
    changed["name"] = "somebody"

    assert records[0] == DICTS[0]


def test_pages_are_joined_by_column_where_all_have_the_same_names():
    whole = joined([by_column(DICTS[:1]), by_column(DICTS[1:])])

    assert isinstance(whole, Records)
    assert whole == DICTS
    assert joined([by_column(DICTS[:1]), DICTS[1:]]) == DICTS
    assert joined([by_column(DICTS), by_column([{"id": 4}])]) == [*DICTS, {"id": 4}]
    assert one_page([Page(by_column(DICTS[:2]), size=1), Page(by_column(DICTS[2:]), size=2)]).size == 3


def test_their_size_counts_every_letter():
    small, great = by_column([{"id": 1, "name": "x"}]), by_column([{"id": 1, "name": "x" * 1_000_000}])

    assert great.size() - small.size() == 999_999
    assert small.size() >= 16


def test_digits_are_numbers_to_whoever_looks():
    records = Records({"id": ["1", "02", "-3"], "n": ["7", None, "0"]}, 3, frozenset({"id", "n"}))
    dicts = [{"id": 1, "n": 7}, {"id": 2, "n": None}, {"id": -3, "n": 0}]

    assert list(records) == dicts
    assert [records[place] for place in range(3)] == dicts
    assert [records[1:], select(records, [2]), joined([records, records])] == [
        *(dicts[1:], dicts[2:], dicts + dicts)
    ]
    assert records == by_column(dicts)
    assert joined([records, by_column(dicts)]) == dicts + dicts


def test_the_same_page_twice_is_noticed():
    guard = LoopGuard("here")
    guard.check(Page(by_column(DICTS), {"after": 3}))
    guard.check(Page(by_column(DICTS[:2]), {"after": 3}))
    with pytest.raises(SourceError):
        [guard.check(Page(by_column(DICTS), {"after": 3})) for _ in range(2)]


# What a processor makes of them is what it makes of dicts.


class Paths(BaseProcessor):
    """Nested paths, more than one path, a transform, and a replaced key."""

    model = ShopCustomer
    timestamp_field = "updated_at"
    merged = "old"
    fields = {
        "name": ("nickname", "name"),
        "email": ("tags.email", "email"),
        "city": "tags.city",
        "visits": Field("visits", abs),
    }


class Checked(ShopCustomerProcessor):
    """A rule."""

    def validate_record(self, row):
        if row.get("name") == "Eve":
            raise ValidationError({"name": "not Eve"})


class Derived(ShopCustomerProcessor):
    """A hook."""

    def transform_record(self, record):
        row = super().transform_record(record)
        return row | {"name": row.get("name", "none").upper()}


PROCESSORS = [ShopCustomerProcessor, Paths, Checked, Derived]
VALUES = {
    "id": st.sampled_from(["c1", "c2", "c3", 4, None, "", ["c"]]),
    "name": st.sampled_from(["Ada", "Eve", "x" * 40, None, "", " padded ", "\ud800", "nul\0"]),
    "nickname": st.sampled_from([None, "Ace"]),
    "email": st.sampled_from(["ada@example.com", "ADA@example.com", "nope", None]),
    "balance": st.sampled_from(["1.50", "1.505", 7, None, "much"]),
    "visits": st.sampled_from([0, 3, -3, "12", 2**40, None]),
    "vip": st.sampled_from([True, False, 0, 1, "yes", None]),
    "tags": st.sampled_from([None, {"city": "Rome"}, {"city": None, "email": "e@example.com"}, ["a"], "b"]),
    "updated_at": st.sampled_from([None, "2026-03-01T10:00:00Z", "2026-03-01 11:00:00Z", "yesterday"]),
    "deleted": st.sampled_from([False, False, False, True, None]),
    "old": st.sampled_from([None, None, "c3;c9"]),
    "password": st.just("s3cr3t-canary"),
    "surplus": st.sampled_from([1, None, {"a": 1}]),
}


def tables(names):
    """Records that all have the key and these names."""
    columns = {name: VALUES[name] for name in ("id", *sorted(names))}
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=12)


TABLES = st.sets(st.sampled_from(sorted(VALUES))).flatmap(tables)


def told(processor, records):
    """All that a batch says, and what the run has learned from it."""
    batch = processor.process_batch(records)
    errors = [
        [(error.key, error.errors, dict(error.record)) for error in each]
        for each in (batch.rejected, batch.warnings)
    ]
    return [
        *(list(batch.rows), list(batch.records), errors, batch.rejected_after, batch.tombstones),
        *(batch.superseded, batch.outdone, processor.mapper.seen, processor.mapper.checked),
        *(processor.mapper.invalid, processor.drift()),
    ]


@given(TABLES, st.sampled_from(PROCESSORS))
@example([customer | {"name": "Ada"} for customer in ({"id": "c1"}, {"id": "c1"}, {"id": None})], Paths)
def test_a_batch_by_column_becomes_what_the_same_dicts_become(dicts, kind):
    assert told(kind(), by_column(dicts)) == told(kind(), dicts)


TAGS = st.fixed_dictionaries({"city": VALUES["name"], "email": VALUES["email"], "more": st.just({"a": 1})})
IN_ORDER = TAGS.map(lambda tags: {name: tags[name] for name in sorted(tags)})  # by column the order is lost
TAGGED = st.lists(st.fixed_dictionaries({"id": VALUES["id"], "tags": IN_ORDER}), min_size=1, max_size=6)


@given(st.lists(TAGGED, min_size=1, max_size=3), st.sampled_from(PROCESSORS))
def test_objects_in_records_by_column_become_what_the_same_dicts_become(pages, kind):
    dicts = [record for page in pages for record in page]
    records = joined([by_column(page) for page in pages])

    assert isinstance(records.columns["tags"], Records)
    assert records == dicts
    assert told(kind(), records) == told(kind(), dicts)


def test_objects_by_column_stay_so_in_a_selection_and_when_they_are_joined():
    records = by_column([{"id": n, "tags": {"city": f"c{n}"}} for n in range(4)])

    for some in (records[1:3], select(records, [1, 2])):
        assert some == [{"id": 1, "tags": {"city": "c1"}}, {"id": 2, "tags": {"city": "c2"}}]
        assert isinstance(some.columns["tags"], Records)
    other = by_column([{"id": 9, "tags": {"town": "x"}}])
    assert joined([records, other]) == [*records, *other]
    assert records != by_column([{"id": n, "tags": {"city": "c"}} for n in range(4)])


class Digits(BaseProcessor):
    """Whole numbers for columns of all kinds."""

    model = ShopStock
    key = ("shop", "article")
    fields = {"amount": Field("amount", null_values=("0",)), "big": ("big", "article")}


WHOLE = st.one_of(st.none(), st.sampled_from([0, 1, 2, 7, -7, 999, 40_000]), st.integers())
STOCK = ("shop", "article", "amount", "price", "big", "active", "counted_on", "details")


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(STOCK, WHOLE)), min_size=1, max_size=8), st.data())
def test_whole_numbers_in_digits_become_what_the_numbers_become(dicts, data):
    digits = data.draw(st.frozensets(st.sampled_from(STOCK)))
    columns = {
        name: [each[name] if each[name] is None or name not in digits else str(each[name]) for each in dicts]
        for name in STOCK
    }

    assert told(Digits(), Records(columns, len(dicts), digits)) == told(Digits(), dicts)


def test_digits_with_zeros_before_them_are_the_same_numbers():
    columns = {"shop": ["01", "002"], "article": ["01", "1"], "price": ["007", "0"]}
    dicts = [{"shop": 1, "article": 1, "price": 7}, {"shop": 2, "article": 1, "price": 0}]

    assert told(Digits(), Records(columns, 2, frozenset(columns))) == told(Digits(), dicts)


class Dated(BaseProcessor):
    """Moments for columns of all kinds."""

    model = ShopCustomer
    timestamp_field = "updated_at"
    fields = {"name": "seen", "city": "seen", "updated_at": "seen", "visits": "seen"}


class Undated(Dated):
    """One of the moments means that there is none."""

    fields = Dated.fields | {"updated_at": Field("seen", null_values=("1900-01-01 00:00:00Z",))}


MOMENT = st.sampled_from([None, "2026-03-01 10:00:00Z", "1900-01-01 00:00:00Z", "2026-03-01 10:00:00.120Z"])


@given(st.lists(MOMENT, min_size=1, max_size=6), st.sampled_from([Dated, Undated]))
def test_what_is_known_to_be_a_moment_becomes_what_its_text_becomes(moments, kind):
    columns = {"id": [str(place) for place in range(len(moments))], "seen": moments}
    known = Records(columns, len(moments), moments=frozenset(["seen"]))

    assert told(kind(), joined([known, known])) == told(kind(), [*known, *known])


def test_records_in_parts_are_the_records_of_their_parts():
    parts = [by_column(DICTS[:2]), by_column(DICTS[2:])]

    assert [list(piece) for piece in joined(parts).pieces(2)] == [DICTS[:2], DICTS[2:]]
    assert [len(piece) for piece in joined(parts).pieces(1)] == [1, 1, 1]
    assert [len(piece) for piece in joined([*parts, *parts]).pieces(3)] == [3, 3]
    assert [len(piece) for piece in joined([*parts, *parts]).pieces(4)] == [3, 3]
    assert list(joined([*parts, *parts]).pieces(9)) == [DICTS + DICTS]
    assert [list(piece) for piece in pieces(DICTS, 2)] == [DICTS[:2], DICTS[2:]]
    assert joined(parts)[1:] == DICTS[1:]
    assert joined(parts)[:] == DICTS


def test_children_are_found_in_records_by_column():
    orders = [{"number": n, "lines": [{"place": 1, "article": "nut", "quantity": n}]} for n in (1, 2)]

    assert told(ShopOrderProcessor(), by_column(orders)) == told(ShopOrderProcessor(), orders)


def test_no_record_with_the_key_is_said_of_records_by_column_too():
    with pytest.raises(SourceError, match="no record has id"):
        ShopCustomerProcessor().process_batch(by_column([{"name": "Ada", "city": "Rome"}]))
