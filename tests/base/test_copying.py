"""The text that COPY reads: whatever goes in comes out of the server again."""

from decimal import Decimal
from functools import partial

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.base.loaders.copying import AT_ONCE, cells_of, copy_texts, encoder_of
from ingestion.base.rows import Column
from tests.shop.models import ShopOrder

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
CELL = st.one_of(st.none(), TEXT, st.sampled_from(["\\", "\\N", "\\.", "\t", "\n", "\r", "a\\tb", "", " "]))


@pytest.fixture(params=["postgres"])
def database(postgres_database):
    return postgres_database


def through_the_server(database, columns, rest=()):
    """The rows of these columns, as the server has read them."""
    names = [f"c{number}" for number in range(len(columns) + len(rest))]
    with connections[database].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS copied")
        cursor.execute(
            f"CREATE TEMPORARY TABLE copied (n serial, {', '.join(f'{name} text' for name in names)})"
        )
        with cursor.copy(f"COPY copied ({', '.join(names)}) FROM STDIN") as copy:
            copy.write("".join(copy_texts([(texts, cells_of(Column(), texts)) for texts in columns], rest)))
        cursor.execute(f"SELECT {', '.join(names)} FROM copied ORDER BY n")
        return cursor.fetchall()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), st.lists(CELL, max_size=2))
@example([("a", "b")], [])
@example([("\\N", None)], ["\\", None])
@example([("a\tb", "c"), ("d", "e")], [])
@example([("a\nb", "c")], ["x"])
def test_cells_come_out_as_they_went_in(database, rows, rest):
    columns = [list(column) for column in zip(*rows, strict=True)]

    assert through_the_server(database, columns, rest) == [(*row, *rest) for row in rows]


@pytest.mark.parametrize("odd", [0, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE])
def test_many_rows_with_one_that_must_be_escaped(database, odd):
    count = 2 * AT_ONCE + 1
    names = ["a\tb\\" if number == odd else f"name {number}" for number in range(count)]
    columns = [list(map(str, range(count))), names, [None] * count]

    assert through_the_server(database, columns, ["x"]) == [(*row, "x") for row in zip(*columns, strict=True)]


def test_a_reference_is_written_as_the_key_it_refers_to(database):
    encode = encoder_of(ShopOrder._meta.get_field("customer"), connections[database])
    texts = ["c1", None, "c2"]

    assert encode(Column(["c1", None, ""])) == ["c1", None, ""]
    assert encode(Column(texts=texts)) is texts


def test_one_column_is_copied_like_many(database):
    names = [*map(str, range(AT_ONCE)), "a\tb", None]

    assert through_the_server(database, [names]) == [(name,) for name in names]


@pytest.mark.parametrize("texts", [["a", "b"], ["a", None], [None, None]])
def test_texts_of_a_clean_column_are_cells_but_for_nulls_and_others_are_looked_through(texts):
    clean, other = Column(texts=texts, clean=True), Column(texts=texts)
    odd = ["a\tb", "c"]

    assert cells_of(clean, texts)(texts) == cells_of(other, texts)(texts) == [text or "\\N" for text in texts]
    assert cells_of(other, odd)(odd) == cells_of(clean, odd)(odd) == ["a\\tb", "c"]


class Loud(models.CharField):
    """A field of another make: it prepares each value itself."""

    def get_prep_value(self, value):
        return value and value.upper()


@pytest.mark.parametrize(
    ("field", "values", "texts", "written"),
    [
        (models.CharField(), ["a", None], ["A", None], ["A", None]),
        (models.CharField(), ["a", None], None, ["a", None]),
        (models.CharField(), ["a", 1], None, ["a", "1"]),
        (Loud(), ["a", None], ["b", None], ["A", None]),
        (models.GenericIPAddressField(), ["10.0.0.1"], ["not this"], ["10.0.0.1"]),
        (models.JSONField(), [{"a": 1}, {}, [], None], None, ['{"a": 1}', "{}", "[]", None]),
        (models.JSONField(encoder=DjangoJSONEncoder), [Decimal("1.50")], None, ['"1.50"']),
    ],
)
def test_values_are_written_as_their_field_has_them(database, field, values, texts, written):
    with connections[database].cursor():
        encode = encoder_of(field, connections[database])

    assert encode(Column(values, texts=texts)) == written


ORDINARY = [
    *(models.CharField, models.TextField, models.EmailField, models.URLField, models.SlugField),
    *(models.UUIDField, models.BooleanField, models.FloatField, models.DurationField),
    *(models.IntegerField, models.BigIntegerField, models.SmallIntegerField, models.PositiveIntegerField),
    *(models.PositiveBigIntegerField, models.PositiveSmallIntegerField),
    *(models.DateField, models.DateTimeField, models.TimeField),
    partial(models.DecimalField, max_digits=9, decimal_places=2),
]


@pytest.mark.parametrize("kind", ORDINARY)
def test_texts_of_an_ordinary_column_are_copied_as_they_came(database, kind):
    texts = ["as the source wrote it", None]

    assert encoder_of(kind(), connections[database])(Column(texts=texts)) is texts
