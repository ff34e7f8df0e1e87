"""Every odd value that real CRMs send, against every type of column: what is kept, changed or refused."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import models

from ingestion.base.validators import (
    FIELD_TYPE_VALIDATORS,
    BaseValidator,
    InvalidValue,
    StringValidator,
)
from tests.base.outcomes import changed, kept, outcome, refused

ODD = {
    "empty": "",
    "blank": " \t",
    "null word": "null",
    "true word": "true",
    "yes": " YES ",
    "word": "maybe",
    "integer": 42,
    "zero": 0,
    "one": 1,
    "integer text": "42",
    "padded": " 42 ",
    "leading zero": "007",
    "decimal text": "12.345",
    "tenth": "0.1",
    "thousands": "1,234.50",
    "millions": "12,345,678",
    "euro": "1.234,50",
    "short comma": "12,5",
    "wrong group": "1,23",
    "exponent": "1e3",
    "underscore": "1_000",
    "full width": "１２",
    "dollar": "$5",
    "percent": "5%",
    "whole float": 5.0,
    "half": 5.5,
    "decimal": Decimal("5.00"),
    "nan": float("nan"),
    "nan text": "NaN",
    "infinity": "-Infinity",
    "decimal nan": Decimal("NaN"),
    "2**53+1": 2**53 + 1,
    "2**63": 2**63,
    "2**63 text": "9223372036854775808",
    "1e999": "1e999",
    "true": True,
    "false": False,
    "epoch s": 1735689600,
    "epoch ms": 1735689600000,
    "epoch float": 1735689600.25,
    "epoch text": "1735689600000",
    "epoch us": 1735689600000001,
    "before 1970": -1735689600,
    "day number": 20250301,
    "day digits": "20250301",
    "14 digits": "20250301093000",
    "iso date": "2025-03-01",
    "iso z": "2025-03-01T12:30:00Z",
    "iso naive": "2025-03-01 12:30:00.5",
    "iso +14": "2025-03-01T00:00:00+14:00",
    "31 feb": "2025-02-31",
    "zero date": "0000-00-00",
    "american": "01/02/2025",
    "leap second": "2016-12-31T23:59:60Z",
    "24:00": "2025-01-01T24:00:00",
    "week": "2025-W01-1",
    "date and zone": "2025-01-01-05:00",
    "clock": "12:30:15",
    "date": date(2025, 3, 1),
    "moment": datetime(2025, 3, 1, 12, tzinfo=UTC),
    "emoji": "😀",
    "rtl mark": "\u200fabc",
    "nbsp": "\u00a042\u00a0",
    "bom": "\ufeff42",
    "nul": "a\0b",
    "surrogate": "\ud800",
    "bytes": b"42",
    "not utf-8": b"\xff",
    "dict": {"a": 1},
    "list": [1],
}

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
TEXTS = {name: kept(raw) for name, raw in ODD.items() if isinstance(raw, str)}
EMPTY = {"empty": refused("required"), "blank": refused("required")}
PRINTED = {
    "integer": kept("42"),
    "zero": kept("0"),
    "one": kept("1"),
    "whole float": kept("5.0"),
    "half": kept("5.5"),
    "decimal": kept("5.00"),
    "2**53+1": kept("9007199254740993"),
    "2**63": kept("9223372036854775808"),
    "true": kept("true"),
    "false": kept("false"),
    "epoch s": kept("1735689600"),
    "epoch ms": kept("1735689600000"),
    "epoch float": kept("1735689600.25"),
    "epoch us": kept("1735689600000001"),
    "before 1970": kept("-1735689600"),
    "day number": kept("20250301"),
    "date": kept("2025-03-01"),
    "moment": kept("2025-03-01T12:00:00+00:00"),
    "bytes": kept("42"),
}
NO_TEXT = {"nul": refused("nul"), "surrogate": refused("invalid")}
STRING = TEXTS | PRINTED | NO_TEXT | EMPTY
TOO_LONG = {
    name: refused("too_long") for name, result in STRING.items() if result[0] == "kept" and len(result[2]) > 8
}
INTEGERS = {
    "integer": kept(42),
    "zero": kept(0),
    "one": kept(1),
    "integer text": kept(42),
    "padded": kept(42),
    "nbsp": kept(42),
    "leading zero": kept(7),
    "millions": kept(12345678),
    "exponent": kept(1000),
    "whole float": kept(5),
    "decimal": kept(5),
    "day number": kept(20250301),
    "day digits": kept(20250301),
    "epoch s": kept(1735689600),
    "before 1970": kept(-1735689600),
}
COMMAS = {name: refused("ambiguous") for name in ("euro", "short comma", "wrong group")}
BIG = {
    "epoch ms": kept(1735689600000),
    "epoch text": kept(1735689600000),
    "epoch us": kept(1735689600000001),
    "14 digits": kept(20250301093000),
    "2**53+1": kept(2**53 + 1),
}
BEYOND = {name: refused("out_of_range") for name in ("2**63", "2**63 text", "1e999")}
FRACTIONS = {
    "decimal text": "12.345",
    "tenth": "0.1",
    "thousands": "1234.50",
    "half": "5.5",
    "epoch float": "1735689600.25",
}
NUMBERS = {name: str(result[2]) for name, result in (INTEGERS | BIG).items()} | FRACTIONS
AMBIGUOUS = dict.fromkeys(
    ("integer", "zero", "one", "whole float", "half", "decimal", "day number", "2**63", "14 digits"),
    refused("ambiguous"),
)
MOMENTS = {
    "epoch s": kept(NEW_YEAR),
    "epoch ms": kept(NEW_YEAR),
    "epoch float": kept(NEW_YEAR + timedelta(microseconds=250_000)),
    "epoch text": kept(NEW_YEAR),
    "epoch us": kept(NEW_YEAR + timedelta(microseconds=1)),
    "2**53+1": kept(datetime(2255, 6, 5, 23, 47, 34, 740993, UTC)),
    "before 1970": kept(datetime(1915, 1, 1, tzinfo=UTC)),
    "day digits": kept(datetime(2025, 3, 1, tzinfo=UTC)),
    "iso date": kept(datetime(2025, 3, 1, tzinfo=UTC)),
    "iso z": kept(datetime(2025, 3, 1, 12, 30, tzinfo=UTC)),
    "iso naive": kept(datetime(2025, 3, 1, 12, 30, 0, 500_000, UTC)),
    "iso +14": kept(datetime(2025, 2, 28, 10, tzinfo=UTC)),
    "date": kept(datetime(2025, 3, 1, tzinfo=UTC)),
    "moment": kept(datetime(2025, 3, 1, 12, tzinfo=UTC)),
}
LONGER_THAN_HISTORY = ("2**53+1", "14 digits", "epoch us")
AS_JSON = {
    "decimal": kept("5.00"),
    "date": kept("2025-03-01"),
    "moment": kept("2025-03-01T12:00:00Z"),
    "bytes": kept("42"),
    "not utf-8": kept("\\xff"),
    "nan": refused("invalid"),
    "decimal nan": refused("invalid"),
}


def in_decimals(text):
    exact = Decimal(text)
    cents = {"12.345": Decimal("12.34")}.get(text, exact)
    return kept(exact) if cents == exact else changed("rounded", cents)


# What a row does not name is refused as "invalid".
TABLE = {
    "text": (models.TextField(), STRING),
    "short text": (models.CharField(max_length=8), STRING | TOO_LONG),
    "email": (models.EmailField(), EMPTY | {"nul": refused("nul")}),
    "url": (models.URLField(), EMPTY | {"nul": refused("nul")}),
    "integer": (
        models.IntegerField(),
        EMPTY | INTEGERS | COMMAS | BEYOND | dict.fromkeys(BIG, refused("out_of_range")),
    ),
    "big integer": (models.BigIntegerField(), EMPTY | INTEGERS | BIG | COMMAS | BEYOND),
    "small positive": (
        models.PositiveSmallIntegerField(),
        EMPTY
        | INTEGERS
        | COMMAS
        | BEYOND
        | dict.fromkeys(BIG, refused("out_of_range"))
        | dict.fromkeys(
            ("millions", "day number", "day digits", "epoch s", "before 1970"), refused("out_of_range")
        ),
    ),
    "decimal": (
        models.DecimalField(max_digits=12, decimal_places=2),
        EMPTY
        | {name: in_decimals(text) for name, text in NUMBERS.items()}
        | COMMAS
        | BEYOND
        | dict.fromkeys(BIG, refused("out_of_range")),
    ),
    "float": (
        models.FloatField(),
        EMPTY
        | {name: kept(float(text)) for name, text in NUMBERS.items()}
        | COMMAS
        | {"2**53+1": refused("inexact"), "1e999": refused("out_of_range")}
        | {"2**63": kept(float(2**63)), "2**63 text": kept(float(2**63))},
    ),
    "boolean": (
        models.BooleanField(),
        EMPTY
        | dict.fromkeys(("true word", "yes", "one", "true"), kept(True))
        | dict.fromkeys(("zero", "false"), kept(False)),
    ),
    "datetime": (models.DateTimeField(), EMPTY | AMBIGUOUS | MOMENTS),
    "date": (
        models.DateField(),
        EMPTY
        | AMBIGUOUS
        | {
            name: kept(moment.date()) if moment.time() == time() else changed("time_dropped", moment.date())
            for name, (_, _, moment) in MOMENTS.items()
        },
    ),
    "time": (models.TimeField(), EMPTY | {"clock": kept(time(12, 30, 15))}),
    "duration": (
        models.DurationField(),
        EMPTY
        | COMMAS
        | {
            name: kept(timedelta(microseconds=int(Decimal(text) * 10**6)))
            for name, text in NUMBERS.items()
            if name not in LONGER_THAN_HISTORY
        }
        | {"clock": kept(timedelta(hours=12, minutes=30, seconds=15))}
        | BEYOND
        | dict.fromkeys(LONGER_THAN_HISTORY, refused("out_of_range")),
    ),
    "json": (
        models.JSONField(),
        {name: kept(raw) for name, raw in ODD.items()} | AS_JSON | NO_TEXT | EMPTY,
    ),
    "uuid": (models.UUIDField(), EMPTY),
    "binary": (models.BinaryField(), EMPTY | {"bytes": kept(b"42"), "not utf-8": kept(b"\xff")}),
    "ip address": (models.GenericIPAddressField(), EMPTY),
}


@pytest.mark.parametrize(
    ("column", "name"), [pytest.param(c, name, id=f"{c}-{name}") for c in TABLE for name in ODD]
)
def test_odd_value_is_kept_changed_or_refused_as_the_table_says(column, name):
    model_field, results = TABLE[column]

    assert outcome(ODD[name], model_field) == results.get(name, refused("invalid"))


def test_every_row_of_the_table_is_one_of_the_odd_values():
    assert not {name for _, results in TABLE.values() for name in results} - ODD.keys()


def test_guide_names_of_types_are_all_there():
    names = "email phone url date datetime number boolean string json object_id"

    assert set(FIELD_TYPE_VALIDATORS) == set(names.split())
    assert all(issubclass(kind, BaseValidator) for kind in FIELD_TYPE_VALIDATORS.values())
    assert [kind().validate(None) for kind in FIELD_TYPE_VALIDATORS.values()] == [None] * 10


def test_error_names_the_field_and_never_the_value():
    with pytest.raises(InvalidValue) as caught:
        StringValidator(max_length=3).validate("secret", "note")

    assert (caught.value.field_name, caught.value.code) == ("note", "too_long")
    assert "secret" not in str(caught.value)


def test_text_is_stripped_only_where_asked_for():
    assert StringValidator().validate(" a ") == " a "
    assert StringValidator(strip=True).validate(" a ") == "a"
