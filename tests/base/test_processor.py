"""From records to rows and rejected: what a processor makes of a batch."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from ingestion.base.exceptions import ConfigurationError, RecordError, SourceError
from ingestion.base.fields import Field
from ingestion.base.processor import BaseProcessor, BusinessRuleValidator, Children, is_set, key_fields
from ingestion.base.records import Unreadable, record_digest
from tests.shop.models import ShopCustomer, ShopOrder, ShopOrderLine, ShopStock
from tests.shop.processors import ShopCustomerProcessor, ShopOrderProcessor, ShopStockProcessor

CANARY = "s3cr3t-canary"


def customer(number, **values):
    return {"id": f"c{number}", "name": f"name {number}"} | values


def order(number, *lines, **values):
    return {"number": number, "lines": list(lines)} | values


def line(place, article="nut", quantity=1, **values):
    return {"place": place, "article": article, "quantity": quantity} | values


def process(processor, *records):
    return processor.process_batch(records)


def codes(error):
    return {each.field: each.code for each in error.errors}


def everything_kept(batch):
    """All that a batch hands on to the quarantine and the logs, as text."""
    errors = [*batch.rejected, *batch.warnings]
    return repr([(error.record, error.errors, str(error)) for error in errors]) + repr(batch.records)


class Derived(BaseProcessor):
    """A base for processors with a hook or a declaration of their own."""

    model = ShopCustomer


# Rows and rejected.


def test_every_record_is_a_row_or_rejected_and_counted_once():
    batch = process(ShopCustomerProcessor(), customer(1), customer(2, name=None), customer(3), customer(3))

    assert [row["id"] for row in batch.rows] == ["c1", "c3"]
    assert [error.key for error in batch.rejected] == [("c2",)]
    assert (batch.superseded, batch.processed) == (1, 4)


def test_rows_and_the_records_they_were_made_of_stand_side_by_side():
    records = [customer(1), customer(2, name=None), customer(3)]
    batch = process(ShopCustomerProcessor(), *records)

    assert batch.records == [records[0], records[2]]


def test_empty_batch_is_empty():
    assert process(ShopCustomerProcessor()).processed == 0


def test_rejected_record_names_every_bad_field_with_its_raw_value():
    record = customer(1, name="x" * 31, city="y" * 51, visits="many")
    [error] = process(ShopCustomerProcessor(), record).rejected

    assert codes(error) == {"name": "too_long", "city": "too_long"}
    assert [each.value for each in error.errors] == ["x" * 31, "y" * 51]
    assert error.record == record
    assert error.key == ("c1",)


def test_invalid_optional_value_becomes_null_with_a_warning_that_keeps_it():
    batch = process(ShopCustomerProcessor(), customer(1, email="nope"), customer(2, email="a@b.co"))

    assert [row["email"] for row in batch.rows] == [None, "a@b.co"]
    assert [(error.key, codes(error), error.errors[0].value) for error in batch.warnings] == [
        (("c1",), {"email": "invalid"}, "nope")
    ]
    assert batch.rejected == []


def test_unreadable_record_is_rejected_with_what_was_found_of_it():
    broken = Unreadable(
        {"line": 3, "text": "a;b;c"}, source="line 3", code="cells", message="There are 3 cells."
    )
    batch = process(ShopCustomerProcessor(), customer(1), broken)

    assert len(batch.rows) == 1
    assert [(error.key, error.record, error.errors[0].code) for error in batch.rejected] == [
        (None, {"line": 3, "text": "a;b;c"}, "cells")
    ]


def test_only_unreadable_records_do_not_mean_another_source():
    broken = Unreadable({"text": "?"}, source="line 1", code="cells", message="…")

    assert len(process(ShopCustomerProcessor(), broken).rejected) == 1


# The key.


@pytest.mark.parametrize(
    ("record", "code"), [({"name": "x"}, "required"), ({"id": None}, "required"), ({"id": ["x"]}, "invalid")]
)
def test_record_without_a_readable_key_is_rejected_without_one(record, code):
    batch = process(ShopCustomerProcessor(), customer(1), {"name": "y"} | record)

    assert len(batch.rows) == 1
    assert [(error.key, codes(error)["id"]) for error in batch.rejected] == [(None, code)]
    assert "without a readable key" in str(batch.rejected[0])


def test_null_in_a_key_rejects_the_record_even_where_the_column_takes_it():
    class ByCode(BaseProcessor):
        model = ShopStock
        key = "code"

    records = [{"shop": 1, "article": "a", "code": code} for code in ("0" * 32, None, "")]
    batch = process(ByCode(), *records)

    assert len(batch.rows) == 1
    assert [(error.key, codes(error)) for error in batch.rejected] == [(None, {"code": "required"})] * 2


def test_bad_key_is_counted_once():
    processor = ShopOrderProcessor()
    records = [order(n if n >= 40 else "x") for n in range(100)]
    batch = process(processor, *records)

    assert len(batch.rejected) == 40
    assert processor.mapper.broken() == []
    assert (processor.mapper.checked["number"], processor.mapper.invalid["number"]) == (100, 40)


def test_key_in_no_record_means_that_this_is_not_the_source():
    with pytest.raises(SourceError, match=r"no record has id.*found name, uuid") as caught:
        process(ShopCustomerProcessor(), {"uuid": 1, "name": "x"}, {"name": "y"})

    assert "ShopCustomerProcessor.fields" in caught.value.fix


def test_key_that_an_earlier_batch_has_shown_may_be_missing():
    processor = ShopCustomerProcessor()
    process(processor, customer(1))

    assert codes(process(processor, {"name": "x"}).rejected[0]) == {"id": "required"}


def test_one_column_of_a_key_in_no_record_is_as_bad():
    with pytest.raises(SourceError, match="article"):
        process(ShopStockProcessor(), {"shop": 1})


@pytest.mark.parametrize(
    ("declared", "model", "names"),
    [
        ((), ShopCustomer, ("id",)),
        ("number", ShopOrder, ("number",)),
        (("customer", "number"), ShopOrder, ("customer_id", "number")),
        (("article", "shop"), ShopStock, ("article", "shop")),
    ],
)
def test_key_is_declared_or_the_primary_key_of_the_model(declared, model, names):
    assert key_fields(type("Keyed", (BaseProcessor,), {"model": model, "key": declared})) == names


def test_key_must_be_declared_where_the_database_makes_the_primary_key():
    with pytest.raises(ConfigurationError, match="which fields identify"):
        key_fields(type("Keyless", (BaseProcessor,), {"model": ShopOrder}))


def test_key_of_a_record_can_be_read_alone():
    processor = ShopStockProcessor()

    assert processor.read_key({"article": "nut", "shop": "7", "price": "bad"}) == (7, "nut")
    assert processor.read_key({"article": "nut"}) is None


# Absent is not null, and what is never in a row.


def test_path_that_no_record_of_the_run_has_shown_is_in_no_row():
    processor = ShopCustomerProcessor()
    first = process(processor, customer(1), customer(2)).rows
    second = process(processor, customer(3), customer(4, city="Bonn")).rows
    third = process(processor, customer(5)).rows

    assert ["city" in row for row in first] == [False, False]
    assert [row["city"] for row in second] == [None, "Bonn"]
    assert [row["city"] for row in third] == [None]


def test_path_in_an_unreadable_record_has_not_been_shown():
    broken = Unreadable({"city": "x"}, source="", code="cells", message="…")
    batch = process(ShopCustomerProcessor(), customer(1), broken)

    assert "city" not in batch.rows[0]


def test_excluded_and_local_fields_are_in_no_row_even_when_they_are_sent():
    class Excluding(Derived):
        exclude = ("visits",)
        local_fields = ("note", "city")

    batch = process(Excluding(), customer(1, visits=3, note="mine", city="Bonn", vip=True))

    assert batch.rows[0].keys() == {"id", "name", "vip", "extra"}


def test_field_mapping_is_shown_by_source():
    assert ShopOrderProcessor().get_field_mapping() == {
        "customer.id": "customer_id",
        "number": "number",
        "status": "status",
        "updated_at": "updated_at",
    }


def test_drift_tells_what_is_missing_and_what_is_new():
    processor = ShopOrderProcessor()
    process(
        processor, order(1, status="open", channel="web"), order(2, cost=1, customer={"id": "c1", "age": 3})
    )

    assert processor.drift() == {"absent": ["updated_at"], "unknown": ["channel", "cost", "customer"]}


# What is not mapped.


def extra(processor, record):
    batch = process(processor, record)
    assert batch.rejected == []
    return batch.rows[0]["extra"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {}),
        ({"plan": "gold", "seats": None}, {"plan": "gold", "seats": None}),
        (
            {"customer": {"id": "c1", "age": 36, "home": {"zip": "1"}}},
            {"customer": {"age": 36, "home": {"zip": "1"}}},
        ),
        ({"list": [{"a": 1}, [2, True, 1.5]]}, {"list": [{"a": 1}, [2, True, 1.5]]}),
        ({"when": datetime(2026, 1, 1, tzinfo=UTC)}, {"when": "2026-01-01T00:00:00Z"}),
    ],
    ids=["nothing", "members", "nested", "lists", "dates"],
)
def test_extra_holds_exactly_what_is_not_mapped(sent, kept):
    assert extra(ShopOrderProcessor(), order(1, line(1)) | sent) == kept


def test_flag_of_deletion_is_nothing_left_over():
    processor = ShopCustomerProcessor()

    assert extra(processor, customer(1, deleted=False)) == {}
    assert processor.drift()["unknown"] == []


def test_extra_can_be_switched_off_and_is_not_missed_where_the_model_has_none():
    class Without(Derived):
        keep_extra = False

    class Lines(BaseProcessor):
        model = ShopOrderLine
        key = ("order", "place")

    assert "extra" not in process(Without(), customer(1, plan="gold")).rows[0]
    assert "extra" not in process(Lines(), line(1, order_id=1, plan="gold")).rows[0]


def test_extra_that_no_database_takes_is_left_out_with_a_warning():
    batch = process(ShopCustomerProcessor(), customer(1, plan="a\0b"), customer(2, plan="gold"))

    assert [row["extra"] for row in batch.rows] == [{}, {"plan": "gold"}]
    assert [(error.key, codes(error)) for error in batch.warnings] == [(("c1",), {"extra": "nul"})]


# Rules and hooks.


class Sober(BusinessRuleValidator):
    def validate_name(self, row):
        if row["name"] == "Bacchus":
            raise ValidationError({"name": ValidationError("Not him.", code="banned")})

    def validate_visits(self, row):
        if row.get("visits", 0) > 100:
            raise ValidationError(["Too many.", ValidationError("Far too many.", code="limit")])

    def helper(self, row):
        raise AssertionError


class Paid(BusinessRuleValidator):
    def validate_balance(self, row):
        if row.get("visits", 0) > 100:
            raise ValidationError("Visits cost.", code="unpaid")


class Ruled(Derived):
    rules = (Sober, Paid)
    fields = {"name": "who.name"}

    def validate_record(self, row):
        if row["name"] == "Bacchus":
            raise ValidationError({"id": ["One.", "Two."]})


def person(number, name="Ada", **values):
    return {"id": f"c{number}", "who": {"name": name}} | values


def test_every_rule_says_what_it_finds():
    batch = process(Ruled(), person(1, "Bacchus", visits=101), person(2))

    assert [row["id"] for row in batch.rows] == ["c2"]
    [error] = batch.rejected
    assert [(each.field, each.source, each.code, each.message, each.value) for each in error.errors] == [
        ("name", "who.name", "banned", "Not him.", "Bacchus"),
        ("", "", "invalid", "Too many.", ""),
        ("", "", "limit", "Far too many.", ""),
        ("", "", "unpaid", "Visits cost.", ""),
        ("id", "id", "invalid", "One.", "c1"),
        ("id", "id", "invalid", "Two.", "c1"),
    ]
    assert error.key == ("c1",)
    assert error.record == person(1, "Bacchus", visits=101)


def test_rules_are_not_asked_about_a_record_that_is_bad_already():
    [error] = process(Ruled(), person(1, None, visits=101)).rejected

    assert codes(error) == {"name": "required"}


def test_without_validation_rules_and_formats_are_skipped_but_not_what_the_column_holds():
    records = [person(1, "Bacchus", visits=101, email="nope"), person(2, "x" * 31)]
    batch = process(Ruled(validate=False), *records)

    assert [(row["name"], row["email"]) for row in batch.rows] == [("Bacchus", "nope")]
    assert [codes(error) for error in batch.rejected] == [{"name": "too_long"}]
    assert batch.warnings == []


def test_bug_in_a_rule_stays_loud():
    class Buggy(BusinessRuleValidator):
        def validate_city(self, row):
            return row["no such column"]

    with pytest.raises(KeyError):
        process(type("Buggy", (Derived,), {"rules": (Buggy,)})(), customer(1))


def test_transform_record_may_derive_what_a_mapping_cannot_say():
    class Deriving(Derived):
        def transform_record(self, record):
            row = super().transform_record(record)
            if not record["first"]:
                raise RecordError([], record=record, key=self.key_of(row))
            return row | {"name": f"{record['first']} {record['last']}"}

    batch = process(Deriving(), customer(1, first="Ada", last="King"), customer(2, first="", last=""))

    assert [row["name"] for row in batch.rows] == ["Ada King"]
    assert [error.key for error in batch.rejected] == [("c2",)]


# One event for each key.


def stamped(number, day, name="x"):
    return customer(number, name=name, updated_at=f"2026-01-{day:02}T00:00:00Z" if day else None)


@pytest.mark.parametrize(
    ("days", "winner"),
    [
        ([1, 2], 1),
        ([2, 1], 0),
        ([1, 1], 1),
        ([1, 3, 2, 3, 1], 3),
        ([None, 1], 1),
        ([1, None], 1),
    ],
    ids=[
        "newer last",
        "newer first",
        "of equals the last",
        "several",
        "with a time last",
        "without a time last",
    ],
)
def test_newest_record_of_a_key_wins(days, winner):
    records = [stamped(1, day, f"n{place}") for place, day in enumerate(days)]
    batch = process(ShopCustomerProcessor(), stamped(0, 1), *records, stamped(2, 1))

    assert [row["name"] for row in batch.rows] == ["x", f"n{winner}", "x"]
    assert batch.records[1] == records[winner]
    assert batch.superseded == len(days) - 1


def test_without_a_timestamp_the_last_record_of_a_key_wins():
    batch = process(Derived(), customer(1, name="first"), customer(1, name="last"))

    assert [row["name"] for row in batch.rows] == ["last"]


def test_keys_are_compared_as_the_column_holds_them():
    batch = process(ShopOrderProcessor(), order("7"), order(7), order("7.0"))

    assert (len(batch.rows), batch.superseded) == (1, 2)


def test_warning_of_a_record_that_lost_is_not_kept():
    bad, good = stamped(1, 1) | {"email": "nope"}, stamped(1, 2) | {"email": "a@b.co"}
    batch = process(ShopCustomerProcessor(), bad, good)

    assert batch.rows[0]["email"] == "a@b.co"
    assert batch.warnings == []


# Tombstones.


@pytest.mark.parametrize(
    ("flag", "gone"),
    [
        (True, True), (False, False), (None, False), ("true", True), ("True", True), ("false", False),
        ("FALSE ", False), ("", False), ("  ", False), (1, True), (0, False), (0.0, False), ("1", True),
        ("0", False), ("Y", True), ("N", False), ("yes", True), ("no", False), ("t", True), ("f", False),
        ("off", False), ("null", False),
        ("2026-01-01T00:00:00Z", True), (b"\x01", True), (b"\x00", False), (b"0", False), ([], False),
    ],
)  # fmt: skip
def test_flag_of_deletion_is_understood_as_sources_write_it(flag, gone):
    assert is_set(flag) is gone


def test_record_that_says_it_is_gone_is_a_tombstone_and_no_row():
    batch = process(
        ShopCustomerProcessor(), customer(1), {"id": "c2", "deleted": True}, customer(3, deleted="no")
    )

    assert [row["id"] for row in batch.rows] == ["c1", "c3"]
    assert [stone.key for stone in batch.tombstones] == [("c2",)]
    assert batch.processed == 2


def test_tombstone_with_an_unreadable_key_is_rejected():
    batch = process(ShopCustomerProcessor(), customer(1), {"id": None, "deleted": True})

    assert batch.tombstones == []
    assert [(error.key, codes(error)) for error in batch.rejected] == [(None, {"id": "required"})]


GONE = {"id": "c1", "deleted": True}


@pytest.mark.parametrize(
    ("records", "rows", "stones"),
    [
        ([customer(1), GONE], 1, 1),
        ([GONE, customer(1)], 1, 0),
        ([customer(1), GONE, customer(1)], 1, 0),
        ([GONE, customer(1), GONE], 1, 1),
        ([customer(2), GONE, customer(3)], 2, 1),
    ],
    ids=["after its row", "before its row", "between", "around", "among others"],
)
def test_tombstone_loses_to_a_row_of_its_key_that_came_after_it(records, rows, stones):
    batch = process(ShopCustomerProcessor(), *records)

    assert (len(batch.rows), len(batch.tombstones)) == (rows, stones)


# Child rows.


def test_items_of_a_list_become_child_rows():
    batch = process(ShopOrderProcessor(), order(1, line(1), line("2", quantity="3", plan="x")), order(2))

    assert batch.rows[0]["lines"] == [line(1), line(2, quantity=3)]
    assert batch.rows[1]["lines"] == []


def test_missing_list_is_not_an_empty_one():
    batch = process(ShopOrderProcessor(), {"number": 1}, {"number": 2, "lines": None}, order(3, line(1)))

    assert ["lines" in row for row in batch.rows] == [False, True, True]
    assert batch.rows[1]["lines"] == []


def test_bad_items_reject_the_record_and_are_named_by_their_place():
    bad = order("x", line(1), "no object", line(2, quantity="many"), line(None, article=None))
    [error] = process(ShopOrderProcessor(), bad, order(1, line(1))).rejected

    assert [(each.field, each.source, each.code, each.value) for each in error.errors] == [
        ("number", "number", "invalid", "x"),
        ("lines[1]", "lines[1]", "invalid", "no object"),
        ("lines[2].quantity", "lines[2].quantity", "invalid", "many"),
        ("lines[3].place", "lines[3].place", "required", "None"),
        ("lines[3].article", "lines[3].article", "required", "None"),
    ]


@pytest.mark.parametrize("items", ["text", {"place": 1}, 7])
def test_something_else_than_a_list_rejects_the_record(items):
    [error] = process(ShopOrderProcessor(), {"number": 1, "lines": items}).rejected

    assert codes(error) == {"lines": "invalid"}
    assert error.key == (1,)


class WeighedLine(BaseProcessor):
    model = ShopOrderLine
    key = ("order", "place")
    fields = {"quantity": "amount.value", "article": Field("sku", too_long="cut")}
    secrets = ("pin",)

    def validate_record(self, row):
        if row["quantity"] > 100:
            raise ValidationError({"quantity": ValidationError("Too heavy.", code="heavy")})


class Weighed(BaseProcessor):
    model = ShopOrder
    key = "number"
    children = {"lines": Children("cart.items", WeighedLine, parent="order")}


def weighed(place, quantity=1, **values):
    return {"place": place, "sku": "nut", "amount": {"value": quantity}} | values


def test_rules_of_child_rows_apply_and_so_do_nested_paths():
    batch = process(
        Weighed(),
        {"number": 1, "cart": {"items": [weighed(1), weighed(2, 101)]}},
        {"number": 2, "cart": {"items": [weighed(1)]}},
    )

    assert [row["lines"] for row in batch.rows] == [[line(1)]]
    assert [codes(error) for error in batch.rejected] == [{"lines[1].quantity": "heavy"}]


def test_child_key_with_the_parent_in_it_can_be_bad():
    batch = process(Weighed(), {"number": 1, "cart": {"items": [weighed("x"), weighed(2)]}})

    assert [codes(error) for error in batch.rejected] == [{"lines[0].place": "invalid"}]


def test_warning_of_a_child_row_is_one_of_its_record():
    batch = process(Weighed(), {"number": 1, "cart": {"items": [weighed(1), weighed(2, sku="x" * 50)]}})

    assert batch.rows[0]["lines"][1]["article"] == "x" * 40
    assert [(error.key, codes(error)) for error in batch.warnings] == [
        ((1,), {"lines[1].article": "too_long"})
    ]


def test_list_below_a_path_is_nothing_left_over():
    batch = process(Weighed(), {"number": 1, "cart": {"items": [weighed(1)], "total": 7}})

    assert batch.rows[0]["extra"] == {"cart": {"total": 7}}


# Secrets.


class Discreet(Derived):
    fields = {"city": ("pin", "town"), "email": "login.mail", "tags": "labels", "visits": "login"}
    secrets = ("pin", "login.password", "cards.number", "email")
    rules = (Sober,)

    def validate_record(self, row):
        if row.get("city"):
            raise ValidationError({"city": "Wrong.", "name": "Wrong as well."})


@pytest.mark.parametrize(
    "values",
    [
        {"name": None, "pin": CANARY},
        {"name": None, "login": {"mail": "a@b.co", "password": CANARY}},
        {"name": None, "cards": [{"number": CANARY}, {"number": CANARY, "kind": "gold"}]},
        {"name": None, "pin": CANARY + "x" * 60},
        {"login": {"password": CANARY}},
        {"pin": CANARY},
        {"labels": "fine", "cards": [{"number": CANARY}]},
    ],
    ids=["rejected", "nested", "in a list", "bad itself", "around it", "by a rule", "loaded"],
)
def test_secret_is_in_nothing_that_is_kept(values):
    batch = process(Discreet(), customer(1, **values), customer(2))

    assert batch.processed == 2
    assert CANARY not in everything_kept(batch)


def test_value_below_a_secret_is_not_in_its_error():
    class Closed(Derived):
        fields = {"visits": "auth.tries"}
        secrets = ("auth",)

    batch = process(Closed(), customer(1, auth={"tries": CANARY}))

    assert [codes(error) for error in batch.warnings] == [{"visits": "invalid"}]
    assert CANARY not in everything_kept(batch)


def test_secret_is_not_in_extra_and_what_stands_beside_it_is():
    class Loose(Derived):
        secrets = ("token", "auth.key", "cards.number")

    record = customer(
        1, token=CANARY, auth={"key": CANARY, "kind": "x"}, cards=[{"number": CANARY, "kind": "gold"}]
    )
    batch = process(Loose(), record)

    assert batch.rows[0]["extra"] == {"auth": {"kind": "x"}, "cards": [{"kind": "gold"}]}
    assert record["auth"]["key"] == CANARY


def test_secret_of_a_child_row_is_in_nothing_that_is_kept():
    batch = process(
        Weighed(),
        {"number": 1, "cart": {"items": [weighed(1, "bad", pin=CANARY)]}},
        {"number": 2, "cart": {"items": [weighed(1, pin=CANARY)]}},
    )

    assert (len(batch.rows), len(batch.rejected)) == (1, 1)
    assert CANARY not in everything_kept(batch)
    assert batch.rejected[0].record["cart"]["items"] == [weighed(1, "bad")]


def test_secret_in_something_unreadable_is_not_kept():
    broken = Unreadable({"password": CANARY, "id": "c9"}, source="line 3", code="cells", message="…")
    batch = process(ShopCustomerProcessor(), broken)

    assert batch.rejected[0].record == {"id": "c9"}


def test_record_without_a_key_has_one_digest_whether_it_is_bad_or_loaded():
    class Keyed(Derived):
        secrets = ("password",)

    bad = process(Keyed(), customer(1), {"name": "x", "password": CANARY}).rejected[0]
    loaded = process(Keyed(), customer(1, password=CANARY)).records[0]

    assert record_digest(bad.record) == record_digest({"name": "x"})
    assert record_digest(loaded) == record_digest(customer(1))


def test_processor_without_a_model_of_ours_needs_no_database():
    class Plain(models.Model):
        code = models.CharField(max_length=5, primary_key=True)

        class Meta:
            app_label = "shop"
            managed = False

    batch = process(type("PlainProcessor", (BaseProcessor,), {"model": Plain})(), {"code": "a", "x": 1})

    assert batch.rows == [{"code": "a"}]
