"""The short way through conversion answers what the exact one answers, or nothing."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import models
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.base.fields import MISSING, Conventions, Field, compile_field
from ingestion.base.validators import InvalidValue

KINDS = {
    "text": models.CharField(max_length=8, null=True),
    "long text": models.TextField(null=True),
    "text that may be blank": models.CharField(max_length=8, blank=True),
    "e-mail": models.EmailField(null=True),
    "integer": models.IntegerField(null=True),
    "big integer": models.BigIntegerField(null=True),
    "positive": models.PositiveSmallIntegerField(null=True),
    "required integer": models.IntegerField(),
    "decimal": models.DecimalField(max_digits=6, decimal_places=2, null=True),
    "whole decimal": models.DecimalField(max_digits=6, decimal_places=0, null=True),
    "float": models.FloatField(null=True),
    "boolean": models.BooleanField(null=True),
    "boolean with a default": models.BooleanField(default=False),
    "moment": models.DateTimeField(null=True),
    "day": models.DateField(null=True),
    "uuid": models.UUIDField(null=True),
}
DECLARED = {
    "plain": Field("x"),
    "object id": Field("x", type="object_id"),
    "e-mail": Field("x", type="email"),
    "null texts": Field("x", null_values=("", "n/a")),
    "blank is a value": Field("x", null_values=()),
}

DAY = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
ORDINARY = st.sampled_from(
    [
        *("ada", "Zoë", "n/a", "a b", "x" * 8, "ada@example.com", "12", "-7", "007", "1.5", "-0.25", "3"),
        *("2026-03-01T10:30:00Z", "2026-03-01T10:30:00.120Z", "2026-03-01 10:30:00+00:00", "2026-03-01"),
        *(True, False, 0, 1, 3, -7, 1.5, Decimal("1.25"), DAY, DAY.date(), UUID(int=7), None, "", MISSING),
    ]
)
ODD = st.one_of(
    st.sampled_from(
        [
            *(
                " ",
                "\t",
                " ada",
                "ada ",
                " n/a",
                "\u00a0",
                "\x1fx",
                "a\0b",
                "\ud800",
                "x" * 9,
                "a\nb",
                "1\n2",
            ),
            *("1_0", "+5", "٣", "1.", ".5", "1e3", "99999.99", "100000", "1.255", "-0", "0.00", "1,5"),
            *("9" * 18, "9" * 19, "40000", "-1", "2147483648", "A@Example.com", "a@b"),
            *("2026-02-30", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00Z", "2026-W09-7T10:30:00Z"),
            *("2026-03-01T10:30:00", "2026-03-01T10:30:00+02:00", "2026-03-01T10:30:00.1234567Z"),
            *("2026-03-01T10:30:00Z\n2026-03-01T10:30:00Z", "2026-03-01\n2026-03-02", "0000-01-01"),
            *(DAY.replace(tzinfo=None), DAY.astimezone(timezone(timedelta(hours=2))), date(2026, 3, 1)),
            *(float("nan"), 2**70, b"ada", ["a"], {"a": 1}),
        ]
    ),
    st.text(max_size=10),
    st.integers(),
    st.decimals(allow_nan=False, places=2).map(str),
)


def compiled(kind, declared):
    field = KINDS[kind]
    field.set_attributes_from_name("x")
    return compile_field(field, DECLARED[declared], Conventions(null_values=("",)))


def taken(field, raw):
    """What the exact way makes of one value; an error is one too."""
    try:
        value = field.take(raw)
    except InvalidValue as error:
        return type(error), error.code
    return type(value), repr(value)


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("kind", KINDS)
@given(st.lists(st.one_of(ORDINARY, ODD), min_size=1, max_size=4))
@example(["2026-03-01T10:30:00Z\n2026-03-01T10:30:00Z", "2026-03-01T10:30:00Z"])
@example(["1\n2", "3"])
@example(["ada", " "])
@example(["ada", " n/a"])
@example(["", None, MISSING])
@example(["12", 7])
@example(["12", ""])
@example(["a\\b", "a\tb"])
@example(["a\rb", "c"])
def test_column_that_is_read_at_a_glance_is_the_one_that_the_exact_way_makes(kind, declared, raws):
    field = compiled(kind, declared)
    column = field.take_all(raws)

    if column is not None:
        assert [(type(value), repr(value)) for value in column.values] == [taken(field, raw) for raw in raws]
        assert not (column.clean and set("\\\t\r\n") & set("".join(filter(None, column.texts))))
        assert column.nulls == column.values.count(None)


@pytest.mark.parametrize(
    ("kind", "raws", "values"),
    [
        ("text", ["ada", "Zoë", None, "", "x" * 8], ["ada", "Zoë", None, None, "x" * 8]),
        ("text", [12, 7], ["12", "7"]),
        ("e-mail", ["ada@example.com", None], ["ada@example.com", None]),
        ("integer", ["12", "-7", "007"], [12, -7, 7]),
        ("integer", [12, None], [12, None]),
        ("decimal", ["1.5", "-0.25", ""], [Decimal("1.50"), Decimal("-0.25"), None]),
        ("boolean with a default", [True, False], [True, False]),
        ("moment", ["2026-03-01T10:30:00Z", "2026-03-01 10:30:00.000+00:00"], [DAY, DAY]),
        ("moment", [DAY, None], [DAY, None]),
        ("day", ["2026-03-01"], [date(2026, 3, 1)]),
        ("text", [None, MISSING], [None, None]),
    ],
)
def test_ordinary_values_are_read_at_a_glance(kind, raws, values):
    column = compiled(kind, "plain").take_all(raws)

    assert column.values == values
    assert column.nulls == values.count(None)
    assert column.clean or isinstance(raws[0], datetime) or values.count(None) == len(values)


@pytest.mark.parametrize(
    ("kind", "raws"),
    [
        ("text", ["ada", " "]),
        ("text", ["ada", "\u00a0"]),
        ("text", ["ada", "x" * 9]),
        ("text", ["ada", "a\0b"]),
        ("text", ["ada", "\ud800"]),
        ("text", ["ada", 7]),
        ("integer", ["12", "1_0"]),
        ("positive", ["-1"]),
        ("integer", ["2147483648"]),
        ("decimal", ["1.255"]),
        ("decimal", ["100000"]),
        ("moment", ["2026-03-01T10:30:00"]),
        ("moment", ["2026-02-30T00:00:00Z"]),
        ("required integer", ["12", None]),
        ("boolean with a default", [True, None]),
    ],
)
def test_one_value_that_is_not_ordinary_sends_its_column_the_exact_way(kind, raws):
    assert compiled(kind, "plain").take_all(raws) is None


def test_column_with_a_transform_is_always_looked_at_value_by_value():
    field = models.CharField(max_length=8, null=True)
    field.set_attributes_from_name("x")

    assert compile_field(field, Field("x", str.lower), Conventions()).take_all(["ada"]) is None


def test_identifier_with_a_space_in_it_is_looked_at():
    assert compiled("text", "object id").take_all(["a b"]) is None
    assert compiled("text", "object id").take_all(["ab", 7]) is None
    assert compiled("text", "object id").take_all(["ab", "c"]).values == ["ab", "c"]
