"""The compiled mapping: from a record to a row, from a declaration to its fingerprint."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.fields import Conventions, Field
from ingestion.base.mapping import FieldMapper, shorten
from ingestion.base.validators import OddValue
from tests.shop.models import ShopCustomer, ShopOrder, ShopOrderLine, ShopStock


def mapped(model, fields, record, **options):
    """(row, {field: code} that rejects, {field: code} that warns) of one record."""
    mapper = FieldMapper(model, fields, **options)
    row, errors, warnings = mapper.map_fields(record, mapper.columns_for([record]))
    return row, {each.field: each.code for each in errors}, {each.field: each.code for each in warnings}


def row_of(model, fields, record, **options):
    row, errors, _ = mapped(model, fields, record, **options)
    assert errors == {}
    return row


# From where.


def test_field_that_is_not_named_maps_to_the_same_name():
    row = row_of(ShopCustomer, {}, {"id": "7", "name": "Ada", "visits": "3", "unknown": 1})

    assert row == {"id": "7", "name": "Ada", "visits": 3}


def test_prefix_is_for_the_fields_that_are_not_named():
    record = {"id": "7", "properties": {"name": "Ada", "id": "wrong"}, "name": "wrong"}
    row = row_of(ShopCustomer, {"id": "id"}, record, prefix="properties.")

    assert row == {"id": "7", "name": "Ada"}


def test_dotted_path_leads_into_objects_and_lists():
    record = {"id": 1, "who": {"full.name": "Ada"}, "places": [{"city": "Bonn"}, {"city": "Köln"}]}
    row = row_of(ShopCustomer, {"name": r"who.full\.name", "city": "places.1.city"}, record)

    assert row == {"id": "1", "name": "Ada", "city": "Köln"}


def test_one_source_may_feed_several_fields():
    row = row_of(
        ShopCustomer, {"name": "label", "city": Field("label", str.upper)}, {"id": 1, "label": "Bonn"}
    )

    assert row == {"id": "1", "name": "Bonn", "city": "BONN"}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"full": "A", "name": "B"}, "A"),
        ({"name": "B"}, "B"),
        ({"full": None, "name": "B"}, None),
    ],
    ids=["first", "second", "null is present"],
)
def test_first_present_alternative_counts(record, name):
    row = row_of(ShopCustomer, {"city": ("full", "name"), "name": Field("x", default="")}, {"id": 1} | record)

    assert row["city"] == name


@pytest.mark.parametrize("value", [None, "", "  "])
def test_default_stands_in_for_null(value):
    fields = {"city": Field("town", default="unknown"), "tags": Field("labels", default=list)}
    row = row_of(ShopCustomer, fields, {"id": 1, "name": "x", "town": value, "labels": None})

    assert (row["city"], row["tags"]) == ("unknown", [])


def test_default_that_is_made_is_made_for_every_row():
    mapper = FieldMapper(ShopCustomer, {"tags": Field("labels", default=list)})
    record = {"id": 1, "name": "x", "labels": None}
    columns = mapper.columns_for([record])
    first, second = (mapper.map_fields(record, columns)[0]["tags"] for _ in range(2))

    assert first == second == []
    assert first is not second


def test_default_of_the_model_stands_in_for_null():
    row = row_of(ShopCustomer, {}, {"id": 1, "name": "x", "visits": None, "vip": "", "note": None})

    assert (row["visits"], row["vip"], row["note"]) == (0, False, "")


def test_transforms_are_applied_in_order_before_the_conversion():
    field = Field(
        "euros", str.strip, lambda text: text.removesuffix("€"), lambda text: text.replace(",", ".")
    )
    row = row_of(ShopCustomer, {"balance": field}, {"id": 1, "name": "x", "euros": " 12,50€ "})

    assert row["balance"] == Decimal("12.50")


def test_transform_that_fails_makes_the_value_invalid():
    row, errors, warnings = mapped(
        ShopCustomer, {"visits": Field("n", int, default=9)}, {"id": 1, "name": "x", "n": "y"}
    )

    assert row["visits"] == 9
    assert (errors, warnings) == ({}, {"visits": "invalid"})


def test_bug_in_a_transform_stays_loud():
    with pytest.raises(ZeroDivisionError):
        mapped(ShopCustomer, {"visits": Field("n", lambda n: 1 // n)}, {"id": 1, "name": "x", "n": 0})


@pytest.mark.parametrize("target", ["customer", "customer_id"])
def test_foreign_key_is_filled_by_its_value(target):
    row = row_of(ShopOrder, {target: "customer.id"}, {"number": 1, "customer": {"id": 7}})

    assert row == {"number": 1, "customer_id": "7"}


def test_foreign_key_takes_what_its_target_takes():
    _, errors, _ = mapped(ShopOrder, {"customer": "owner"}, {"number": 1, "owner": "x" * 21})

    assert errors == {"customer_id": "too_long"}


def test_framework_columns_and_keys_made_by_the_database_are_in_no_row():
    record = {
        "id": 5,
        "number": 1,
        "extra": {"x": 1},
        "sync_created_at": "2026-01-01",
        "source_deleted_at": None,
    }
    row = row_of(ShopOrder, {}, record | {"sync_updated_at": "2026-01-01"})

    assert row == {"number": 1}


def test_skipped_fields_are_in_no_row_even_when_they_are_mapped():
    row = row_of(
        ShopOrder, {"customer": "who"}, {"number": 1, "who": "c1", "status": "x"}, skip=["customer", "status"]
    )

    assert row == {"number": 1}


@pytest.mark.parametrize(
    ("name", "fix"),
    [("nam", "did you mean 'name'?"), ("zzzzzz", "source_deleted_at, extra, id, name, email")],
)
def test_unknown_field_is_a_wrong_declaration(name, fix):
    with pytest.raises(ConfigurationError, match=f"ShopCustomer has no field '{name}'") as caught:
        FieldMapper(ShopCustomer, {name: "x"})

    assert fix in caught.value.fix


def test_source_of_a_field_is_known_for_messages():
    mapper = FieldMapper(ShopCustomer, {"name": ("full", "label")}, prefix="p.")

    assert [mapper.source_of(name) for name in ("name", "city", "other")] == ["full|label", "p.city", "other"]


# What is wrong.


def test_every_bad_field_of_a_record_is_named_at_once():
    record = {
        "id": "x" * 21,
        "name": None,
        "city": "x" * 51,
        "email": "nope",
        "visits": "many",
        "balance": "1.005",
    }
    row, errors, warnings = mapped(ShopCustomer, {}, record)

    assert errors == {"id": "too_long", "name": "required", "city": "too_long"}
    assert warnings == {"email": "invalid", "visits": "invalid", "balance": "rounded"}
    assert (row["email"], row["visits"], row["balance"]) == (None, 0, Decimal("1.00"))


def test_error_says_where_the_value_came_from_and_what_it_was():
    mapper = FieldMapper(ShopCustomer, {"email": "contact.mail"})
    record = {"id": 1, "name": "x", "contact": {"mail": "nope"}}
    _, _, [warning] = mapper.map_fields(record, mapper.columns_for([record]))

    assert (warning.field, warning.source, warning.code, warning.value) == (
        "email",
        "contact.mail",
        "invalid",
        "nope",
    )
    assert "nope" not in warning.message


def test_without_validation_formats_pass_but_not_what_the_column_cannot_hold():
    record = {"id": 1, "name": "x" * 31, "email": "nope", "visits": "many", "city": "a\0b"}
    row, errors, warnings = mapped(ShopCustomer, {}, record, validate=False)

    assert row["email"] == "nope"
    assert errors == {"name": "too_long"}
    assert warnings == {"visits": "invalid", "city": "nul"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [("x" * 200, "x" * 200), ("x" * 201, "x" * 200 + "… (201 characters)"), (None, "None"), ([1], "[1]")],
)
def test_long_value_is_shortened(raw, text):
    assert shorten(raw) == text


def visits(mapper, *values):
    records = [{"id": n, "name": "x", "visits": value} for n, value in enumerate(values)]
    columns = mapper.columns_for(records)
    for record in records:
        mapper.map_fields(record, columns)
    return mapper.broken()


@pytest.mark.parametrize(
    ("bad", "good", "null", "broken"),
    [
        (51, 49, 0, ["visits"]),
        (50, 50, 0, []),
        (99, 0, 0, []),
        (99, 0, 50, []),
        (100, 0, 0, ["visits"]),
        (60, 50, 1000, ["visits"]),
    ],
)
def test_field_that_is_invalid_in_more_than_half_of_a_hundred_values_is_broken(bad, good, null, broken):
    mapper = FieldMapper(ShopCustomer, {})

    assert visits(mapper, *["x"] * bad, *[1] * good, *[None] * null) == broken


def test_broken_fields_are_counted_across_batches():
    mapper = FieldMapper(ShopCustomer, {})

    assert visits(mapper, *["x"] * 60) == []
    assert visits(mapper, *["x"] * 60) == ["visits"]


def test_required_value_that_is_missing_does_not_make_the_field_broken():
    mapper = FieldMapper(ShopCustomer, {})
    columns = mapper.columns_for([{"id": 1, "name": "x"}])
    for name in ["x"] * 100 + [None] * 200:
        mapper.map_fields({"id": 1, "name": name}, columns)

    assert mapper.broken() == []


# Absent is not null.


def test_path_that_no_record_has_shown_is_in_no_row():
    mapper = FieldMapper(ShopCustomer, {})
    first = [{"id": 1, "name": "x"}]
    second = [{"id": 2, "name": "y", "city": "Bonn"}]
    third = [{"id": 3, "name": "z"}]
    rows = [
        mapper.map_fields(records[0], mapper.columns_for(records))[0] for records in (first, second, third)
    ]

    assert rows == [
        {"id": "1", "name": "x"},
        {"id": "2", "name": "y", "city": "Bonn"},
        {"id": "3", "name": "z", "city": None},
    ]


def test_path_that_one_record_of_a_batch_shows_is_in_every_row_of_it():
    mapper = FieldMapper(ShopCustomer, {})
    columns = mapper.columns_for([{"id": 1, "name": "x"}, {"id": 2, "name": "y", "city": None}])

    assert [column.name for column in columns] == ["id", "name", "city"]
    assert mapper.map_fields({"id": 1, "name": "x"}, columns)[0] == {"id": "1", "name": "x", "city": None}


def test_path_below_a_null_has_been_shown():
    mapper = FieldMapper(ShopOrder, {"customer": "customer.id"})
    columns = mapper.columns_for([{"number": 1, "customer": None}])

    assert [column.name for column in columns] == ["customer_id", "number"]


def test_paths_that_nobody_has_shown_are_known():
    mapper = FieldMapper(ShopOrderLine, {"article": ("sku", "ean")}, skip=["order"])
    mapper.columns_for([{"place": 1}])

    assert mapper.absent == ["sku|ean", "quantity"]


# What is left over.


@pytest.mark.parametrize(
    ("record", "left"),
    [
        ({"id": 1, "who": {"name": "Ada"}, "email": None}, {}),
        ({"id": 1, "x": None, "y": [1, {"z": 2}]}, {"x": None, "y": [1, {"z": 2}]}),
        (
            {"who": {"name": "Ada", "age": 36, "born": {"in": "London"}}},
            {"who": {"age": 36, "born": {"in": "London"}}},
        ),
        ({"who": None}, {}),
        ({"who": "Ada"}, {"who": "Ada"}),
        ({"who": [{"name": "Ada"}]}, {"who": [{"name": "Ada"}]}),
        ({"tags": {"deep": 1}}, {}),
        ({"who.name": 1}, {"who.name": 1}),
    ],
    ids=[
        "nothing",
        "members",
        "nested",
        "null above",
        "text above",
        "list above",
        "mapped whole",
        "dotted name",
    ],
)
def test_what_the_mapping_does_not_name_is_left_over(record, left):
    assert FieldMapper(ShopCustomer, {"name": "who.name"}).leftover(record) == left


def test_all_alternatives_are_mapped():
    assert FieldMapper(ShopCustomer, {"name": ("full", "label")}).leftover(
        {"full": 1, "label": 2, "name": 3}
    ) == {"name": 3}


def test_object_that_is_mapped_whole_and_in_part_is_not_left_over():
    mapper = FieldMapper(ShopCustomer, {"tags": "who", "name": "who.name"})

    assert mapper.leftover({"who": {"name": "Ada", "age": 36}}) == {}


# The fingerprint.


def plus(value, other):
    return value + other


FIELDS = {"name": "full", "city": Field("town", str.strip, default="x")}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "label", "city": FIELDS["city"]},
        {"name": "full", "city": Field("town", default="x")},
        {"name": "full", "city": Field("town", str.upper, default="x")},
        {"name": "full", "city": Field("town", str.strip, default="y")},
        {"name": "full", "city": Field("town", str.strip, default="x", required=True)},
        {"name": "full", "city": Field("town", str.strip, default="x", too_long="cut")},
        {"name": "full", "city": Field("town", str.strip, default="x", type="string")},
        {"name": "full", "city": Field("town", str.strip, default="x", null_values=("-",))},
        {"name": "full", "city": Field("town", str.strip, default="x", formats=("%d",))},
        {"name": ("full", "label"), "city": FIELDS["city"]},
        {"name": "full"},
        {"name": "full", "city": Field("town", str.strip, default=str)},
    ],
    ids=range(12),
)
def test_fingerprint_changes_with_the_mapping(fields):
    assert FieldMapper(ShopCustomer, fields).fingerprint() != FieldMapper(ShopCustomer, FIELDS).fingerprint()


@pytest.mark.parametrize(
    "options",
    [
        {"prefix": "p."},
        {"skip": ["vip"]},
        {"conventions": Conventions(time_zone=ZoneInfo("Europe/Berlin"))},
        {"conventions": Conventions(null_values=("", "-"))},
        {"conventions": Conventions(too_long="cut")},
        {"conventions": Conventions(phone_region="DE")},
    ],
    ids="-".join,
)
def test_fingerprint_changes_with_what_is_declared_for_all_fields(options):
    changed = FieldMapper(ShopCustomer, FIELDS, **options)

    assert changed.fingerprint() != FieldMapper(ShopCustomer, FIELDS).fingerprint()


def test_fingerprint_tells_bound_arguments_apart():
    one, two = (FieldMapper(ShopCustomer, {"name": Field("x", partial(plus, other=text))}) for text in "ab")

    assert one.fingerprint() != two.fingerprint()


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        (dict(reversed(FIELDS.items())), {}),
        (FIELDS | {"name": Field("full")}, {}),
        (FIELDS | {"email": "email"}, {}),
        (FIELDS, {"validate": False}),
        (FIELDS, {"conventions": Conventions()}),
    ],
    ids=["order", "long form", "said twice", "validation", "conventions"],
)
def test_fingerprint_does_not_change_otherwise(fields, options):
    same = FieldMapper(ShopCustomer, fields, **options)
    same.columns_for([{"id": 1, "name": "x"}])

    assert same.fingerprint() == FieldMapper(ShopCustomer, FIELDS).fingerprint()


class Made:
    def __call__(self, value=None):
        return value


def test_fingerprint_does_not_depend_on_where_things_lie_in_memory():
    kept = [Field("x", Made(), default=Made()) for _ in range(2)]
    one, two = (FieldMapper(ShopCustomer, {"name": field}) for field in kept)

    assert one.fingerprint() == two.fingerprint()


PROGRAM = """
import django; django.setup()
from functools import partial
from ingestion.base.fields import Conventions, Field
from ingestion.base.mapping import FieldMapper
from tests.shop.models import ShopStock
class Rounder:
    def __call__(self, value): return value
fields = {"amount": Field("a", Rounder(), partial(round, ndigits=2), default=partial(float, 1)),
          "details": Field("d", default=dict), "price": Field("p", lambda x: x)}
print(FieldMapper(ShopStock, fields, conventions=Conventions(null_values=("-", "n/a"))).fingerprint())
"""


def test_fingerprint_is_the_same_in_every_process():
    def run(seed):
        env = os.environ | {"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    first, second = run("1"), run("2")

    assert len(first) == 32
    assert first == second


def test_time_without_a_zone_is_in_the_zone_of_the_source():
    conventions = Conventions(time_zone=ZoneInfo("Europe/Berlin"))
    row = row_of(ShopOrder, {}, {"number": 1, "updated_at": "2026-07-01 12:00"}, conventions=conventions)

    assert row["updated_at"] == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_columns_of_every_kind_can_be_mapped():
    mapper = FieldMapper(ShopStock, {})

    assert {column.name for column in mapper.columns} == {
        "shop", "article", "amount", "price", "code", "counted_on", "counted_at", "took", "photo", "address",
        "details", "big", "active", "changed_at",
    }  # fmt: skip


# Odd values.


def odd(value):
    if value == "odd":
        raise OddValue("odd", "Is it really?", value)
    return value


def test_odd_value_is_kept_with_a_warning():
    row, errors, warnings = mapped(
        ShopCustomer, {"city": Field("city", odd)}, {"id": "7", "name": "A", "city": "odd"}
    )

    assert (row["city"], errors, warnings) == ("odd", {}, {"city": "odd"})


def test_odd_value_is_no_broken_field_however_often_it_comes():
    mapper = FieldMapper(ShopCustomer, {"city": Field("city", odd)})
    records = [{"id": str(n), "name": "A", "city": "odd"} for n in range(200)]
    columns, found = mapper.map_columns(records, mapper.columns_for(records))

    assert (mapper.broken(), len(found.warnings), set(columns["city"].values)) == ([], 200, {"odd"})


def test_odd_value_says_nothing_where_validation_is_off():
    fields = {"city": Field("city", odd)}
    _, _, warnings = mapped(ShopCustomer, fields, {"id": "7", "name": "A", "city": "odd"}, validate=False)

    assert warnings == {}
