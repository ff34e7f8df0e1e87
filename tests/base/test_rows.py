"""Rows by column: what somebody sees of them is what a list of dicts would show."""

import pickle
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingestion.base.rows import Column, Rows, columns_of, keys_of, select, values_of

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def rows():
    return Rows({"id": Column([1, 2, 3]), "name": Column(["a", None, "c"])}, 3)


def test_rows_are_dicts_for_whoever_asks():
    assert list(rows()) == [{"id": 1, "name": "a"}, {"id": 2, "name": None}, {"id": 3, "name": "c"}]
    assert rows()[1] == {"id": 2, "name": None}
    assert rows() == list(rows())


def test_row_is_always_the_same_object_also_in_a_selection_made_before_it_was_asked_for():
    all_rows = rows()
    some = select(all_rows, [0, 2])
    half = all_rows[1:]

    assert some[1] is all_rows[2] is half[1]
    assert list(some) == [{"id": 1, "name": "a"}, {"id": 3, "name": "c"}]


def test_selection_of_plain_rows_is_plain():
    plain = list(rows())

    assert select(plain, [2])[0] is plain[2]


def test_rows_without_a_column_are_empty_rows():
    assert list(Rows({}, 2)) == [{}, {}]


@pytest.mark.parametrize("made", [rows(), list(rows())], ids=["by column", "plain"])
def test_columns_values_and_keys_are_the_same_of_both_kinds(made):
    assert columns_of(made) == ["id", "name"]
    assert values_of(made, "name") == ["a", None, "c"]
    assert values_of(made, "other") == [None, None, None]
    assert keys_of(made, ("name", "id")) == [("a", 1), (None, 2), ("c", 3)]


def test_values_are_read_from_texts_when_somebody_asks():
    asked = []
    column = Column(texts=["1.5", None], read=lambda text: asked.append(text) or Decimal(text))

    assert asked == []
    assert column.values == column.values == [Decimal("1.5"), None]
    assert asked == ["1.5"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["a", None], ["a", None]),
        ([1, 2], ["1", "2"]),
        ([True, False], ["t", "f"]),
        ([Decimal("1.50")], ["1.50"]),
        ([DAY], ["2026-03-01T00:00:00+00:00"]),
        ([1, "a"], None),
        ([True, 1], None),
        ([{"a": 1}], None),
        ([None], None),
    ],
)
def test_values_of_one_plain_type_have_texts(values, texts):
    assert Column(values).texts == texts


def test_joined_columns_keep_their_texts_and_are_read_as_before():
    lazy = Column(texts=["1.5"], read=Decimal)
    joined = Column.joined([lazy, Column([Decimal(2), None]), Column([None])])

    assert joined.values == [Decimal("1.5"), Decimal(2), None, None]
    assert joined.nulls == 2
    assert Column.joined([Column(["a"], texts=["a"]), Column(["b"])]).texts == ["a", "b"]


def test_joined_columns_of_different_kinds_have_no_texts():
    joined = Column.joined([Column([1]), Column([{"a": 1}])])

    assert (joined.values, joined.texts) == ([1, {"a": 1}], None)


@pytest.mark.parametrize(
    "column",
    [
        Column(["a", "b"], texts=["a", "b"], clean=True),
        Column(["a\nb", "c"]),
        Column(["a", None], texts=["a", None], clean=True),
        Column([1, 2], texts=["1", "02"], clean=True),
        Column(texts=["7", "08"], read=int, clean=True),
        Column(texts=["2026-03-01T00:00:00+00:00", None], read=datetime.fromisoformat),
        Column(texts=["1.5", None], read=lambda text: text and Decimal(text)),
        Column(texts=["b", "c"]),
        Column([DAY, None]),
        Column([{"a": 1}]),
        Column([]),
    ],
)
def test_column_that_has_travelled_is_the_same(column):
    arrived = pickle.loads(pickle.dumps(column))

    assert (arrived.values, arrived.texts) == (column.values, column.texts)
    assert (arrived.nulls, arrived.clean) == (column.nulls, column.clean)


def test_parts_and_selections_of_clean_columns_are_clean():
    clean, other = Column(["a", "b"], texts=["a", "b"], clean=True), Column(["a\tb"])

    assert Column.joined([clean, clean]).clean
    assert clean.select([1]).clean
    assert not Column.joined([clean, other]).clean
