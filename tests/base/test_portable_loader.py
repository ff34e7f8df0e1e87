"""The portable loader, on every database: what it writes, what it leaves alone, what it says of it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from uuid import UUID

import pytest
from django.db import connections, models, transaction
from django.test.utils import CaptureQueriesContext

from ingestion.base.loaders import PortableLoader, Target
from ingestion.base.loaders.base import ChildCounts
from ingestion.base.loaders.portable import comparison
from ingestion.base.processor import BaseProcessor, Children
from tests.shop.models import (
    ShopCategory,
    ShopCustomer,
    ShopOrder,
    ShopOrderLine,
    ShopReview,
    ShopStock,
)
from tests.shop.processors import ShopOrderProcessor, ShopStockProcessor

STARTED = datetime(2026, 5, 10, 12, tzinfo=UTC)
DAY = datetime(2026, 5, 1, tzinfo=UTC)
LATER = DAY + timedelta(days=1)


class Loads:
    """One table on one database, and what becomes of rows that are loaded into it."""

    loader_class = PortableLoader

    def __init__(self, database, model, key, **options):
        self.target = Target(model, key, STARTED, using=database, **options)
        self.connection = connections[database]
        self.rows = model._base_manager.using(database)
        self.loaded = None
        self.writes = []

    def __call__(self, *rows):
        with CaptureQueriesContext(self.connection) as captured, transaction.atomic(self.target.using):
            self.loaded = self.loader_class(self.target).load(rows)
        self.writes = [
            query["sql"]
            for query in captured
            if any(word in query["sql"] for word in ("INSERT", "UPDATE ", "DELETE"))
            and "shop_" in query["sql"]
            if not query["sql"].startswith("SELECT")
        ]
        return self.counts

    @property
    def counts(self):
        """(created, updated, unchanged, skipped, refused) of the last load."""
        loaded = self.loaded
        return loaded.created, loaded.updated, loaded.unchanged, loaded.skipped, len(loaded.refused)

    @property
    def refused(self):
        """Key → (field, code) of what the last load refused."""
        return {self.target.key_of(row): (error.field, error.code) for row, error in self.loaded.refused}

    def values(self, *names):
        """What is stored, by key."""
        return list(self.rows.order_by(*self.target.key).values_list(*names, flat=len(names) == 1))

    def age(self):
        """Put the stamps of all rows back, so that a write can be seen."""
        self.rows.update(sync_created_at=DAY, sync_updated_at=DAY)

    def written(self):
        """The keys of rows written since `age`."""
        return list(self.rows.exclude(sync_updated_at=DAY).order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def loads():
    return Loads


@pytest.fixture
def customers(loads, database):
    return loads(database, ShopCustomer, ("id",), timestamp_field="updated_at")


@pytest.fixture
def orders(loads, database):
    return loads(
        database, ShopOrder, ("number",), timestamp_field="updated_at", children=ShopOrderProcessor.children
    )


@pytest.fixture
def stock(loads, database):
    return loads(database, ShopStock, ("shop", "article"))


@pytest.fixture
def categories(loads, database):
    return loads(database, ShopCategory, ("id",))


def customer(number, **values):
    return {"id": f"c{number}", "name": f"name {number}", "city": None, "updated_at": DAY} | values


def order(number, *lines, **values):
    return {"number": number, "status": "open", "updated_at": DAY, "lines": list(lines)} | values


def line(place, article="nut", quantity=1):
    return {"place": place, "article": article, "quantity": quantity}


def piece(shop, article, **values):
    return {"shop": shop, "article": article} | values


# What is counted, and what is written.


def test_new_changed_and_equal_rows_are_told_apart(customers):
    customers(customer(1), customer(2))
    counts = customers(customer(1), customer(2, name="Ada"), customer(3))

    assert counts == (1, 1, 1, 0, 0)
    assert customers.values("id", "name") == [("c1", "name 1"), ("c2", "Ada"), ("c3", "name 3")]


def test_nothing_at_all_is_loaded_as_nothing(customers):
    counts = customers()

    assert counts == (0, 0, 0, 0, 0)


def test_unchanged_rows_are_not_written(customers):
    rows = [customer(number) for number in range(300)]
    customers(*rows)
    customers.age()
    counts = customers(*rows)

    assert counts == (0, 0, 300, 0, 0)
    assert customers.writes == []
    assert customers.written() == []


def test_one_change_among_many_writes_one_row_with_one_statement(customers):
    rows = [customer(number) for number in range(300)]
    customers(*rows)
    customers.age()
    rows[7] = customer(7, city="Bonn")
    counts = customers(*rows)

    assert counts == (0, 1, 299, 0, 0)
    assert len(customers.writes) == 1
    assert customers.written() == ["c7"]


def test_changed_row_keeps_when_it_was_created(customers):
    customers(customer(1))
    customers.age()
    customers(customer(1, name="Ada"))
    stored = customers.rows.get()

    assert stored.sync_created_at == DAY
    assert stored.sync_updated_at > STARTED


def test_new_row_is_stamped_and_gets_the_defaults_of_the_model(customers):
    customers(customer(1))
    stored = customers.rows.get()

    assert stored.sync_created_at == stored.sync_updated_at > STARTED
    assert (stored.visits, stored.vip, stored.note, stored.extra) == (0, False, "", {})
    assert (stored.email, stored.source_deleted_at) == (None, None)


def test_columns_that_are_not_in_the_rows_are_left_alone(customers):
    customers(customer(1, city="Bonn", visits=3))
    customers.rows.update(note="a person wrote this")
    customers({"id": "c1", "name": "Ada"})
    stored = customers.rows.get()

    assert (stored.name, stored.city, stored.visits) == ("Ada", "Bonn", 3)
    assert stored.note == "a person wrote this"


def test_null_in_a_row_empties_its_column(customers):
    customers(customer(1, city="Bonn"), customer(2, city=None))
    counts = customers(customer(1, city=None), customer(2, city=None))

    assert counts == (0, 1, 1, 0, 0)
    assert customers.values("city") == [None, None]


def test_columns_that_django_fills_are_filled(categories):
    counts = categories({"id": "a", "title": "Tools"})
    stored = categories.rows.get()

    assert counts == (1, 0, 0, 0, 0)
    assert stored.entered_at > STARTED
    assert stored.touched_at > STARTED


def test_columns_that_the_database_fills_are_left_to_it(categories):
    counts = categories({"id": "a", "title": "Tools"}, {"id": "b", "title": "Toys"})
    categories({"id": "a", "title": "Saws"}, {"id": "c", "title": "Nuts"})

    assert counts == (2, 0, 0, 0, 0)
    assert categories.values("shelf", "shown_as") == [(7, "SAWS"), (7, "TOYS"), (7, "NUTS")]


def test_columns_that_are_filled_otherwise_hold_what_the_source_sends_for_them(categories):
    categories({"id": "a", "title": "Tools", "shelf": 3, "touched_at": DAY})
    before = categories.values("title", "shelf")
    categories({"id": "a", "title": "Saws", "shelf": 4, "touched_at": LATER})

    assert before == [("Tools", 3)]
    assert categories.values("title", "shelf", "touched_at") == [("Saws", 4, LATER)]


def test_column_of_the_last_change_moves_with_a_change_only(categories):
    categories({"id": "a", "title": "Tools"}, {"id": "b", "title": "Toys"})
    categories.rows.update(entered_at=DAY, touched_at=DAY)
    categories({"id": "a", "title": "Hand tools"}, {"id": "b", "title": "Toys"})
    changed, same = categories.rows.order_by("id")

    assert changed.touched_at > STARTED
    assert changed.entered_at == same.touched_at == DAY


# The timestamp guard.


@pytest.mark.parametrize(
    ("stored", "sent", "options", "applied"),
    [
        (LATER, DAY, {}, False),
        (DAY, DAY, {}, True),
        (DAY, LATER, {}, True),
        (None, DAY, {}, True),
        (LATER, None, {}, True),
        (STARTED + timedelta(seconds=1), DAY, {}, True),
        (STARTED, DAY, {}, False),
        (LATER, DAY, {"guard": False}, True),
        (LATER, DAY, {"timestamp_field": None}, True),
    ],
    ids=[
        "older is skipped",
        "equal is applied",
        "newer is applied",
        "stored null protects nothing",
        "a row without a time is applied",
        "a stored time in the future protects nothing",
        "a stored time of the start protects",
        "without the guard older is applied",
        "without a timestamp there is no guard",
    ],
)
def test_older_rows_do_not_overwrite_newer_ones(loads, database, stored, sent, options, applied):
    first = loads(database, ShopCustomer, ("id",))
    first(customer(1, name="stored", updated_at=stored))
    again = loads(database, ShopCustomer, ("id",), **({"timestamp_field": "updated_at"} | options))
    counts = again(customer(1, name="sent", updated_at=sent))

    assert counts == ((0, 1, 0, 0, 0) if applied else (0, 0, 0, 1, 0))
    assert again.values("name") == ["sent" if applied else "stored"]


def test_older_rows_are_skipped_even_where_they_are_equal_otherwise(customers):
    customers(customer(1, updated_at=LATER), customer(2, updated_at=LATER))
    counts = customers(customer(1, updated_at=DAY), customer(2, updated_at=DAY))

    assert counts == (0, 0, 0, 2, 0)
    assert customers.writes == []


def test_guard_looks_at_the_stored_time_also_where_the_rows_have_none(customers):
    customers(customer(1, updated_at=LATER))
    row = customer(1, name="Ada")
    del row["updated_at"]
    counts = customers(row)

    assert counts == (0, 1, 0, 0, 0)
    assert customers.values("name", "updated_at") == [("Ada", LATER)]


def test_rows_of_a_composite_key_are_protected_too(loads, database):
    stock = loads(database, ShopStock, ("shop", "article"), timestamp_field="changed_at")
    stock(piece(1, "nut", changed_at=LATER), piece(1, "bolt", changed_at=DAY))
    counts = stock(piece(1, "nut", changed_at=DAY), piece(1, "bolt", changed_at=LATER))

    assert counts == (0, 1, 0, 1, 0)
    assert stock.values("changed_at") == [LATER, LATER]


# Alive again.


def test_deleted_row_that_is_there_again_is_alive_and_counts_as_updated(customers):
    customers(customer(1), customer(2))
    customers.rows.filter(id="c1").update(source_deleted_at=DAY)
    counts = customers(customer(1), customer(2))

    assert counts == (0, 1, 1, 0, 0)
    assert customers.values("source_deleted_at") == [None, None]


def test_older_record_does_not_bring_a_deleted_row_back(customers):
    customers(customer(1, updated_at=LATER))
    customers.rows.update(source_deleted_at=LATER)
    counts = customers(customer(1, updated_at=DAY))

    assert counts == (0, 0, 0, 1, 0)
    assert customers.values("source_deleted_at") == [LATER]


# What the database refuses.


def many(size=2000):
    return [piece(1, f"a{number:04}", code=UUID(int=number)) for number in range(size)]


def test_value_that_another_row_has_refuses_one_row_among_thousands(stock):
    stock(piece(9, "owner", code=UUID(int=77)))
    counts = stock(*many())

    assert counts == (1999, 0, 0, 0, 1)
    assert stock.refused == {(1, "a0077"): ("", "unique")}
    assert stock.rows.count() == 2000
    assert "refused the row" in stock.loaded.refused[0][1].message


@pytest.mark.parametrize(
    ("bad", "strict"),
    [
        ({"article": "x" * 41}, {"postgres", "mariadb"}),
        ({"shop": 2**31}, {"postgres", "mariadb"}),
        ({"shop": None}, {"default", "postgres", "mariadb"}),
        ({"details": None}, {"default", "postgres", "mariadb"}),
    ],
    ids=["too long", "out of range", "no key", "null where there must be a value"],
)
def test_value_that_the_column_cannot_hold_refuses_one_row(stock, database, bad, strict):
    rows = [row | {"details": {}} for row in many()]
    rows[1234] |= bad
    counts = stock(*rows)

    assert counts == ((1999, 0, 0, 0, 1) if database in strict else (2000, 0, 0, 0, 0))
    assert {code for _, code in stock.refused.values()} <= {"refused"}


def test_several_bad_rows_are_each_named_and_the_others_are_in(stock):
    stock(*[piece(9, f"owner {number}", code=UUID(int=number)) for number in (0, 1, 999, 1000, 1999)])
    counts = stock(*many())

    assert counts == (1995, 0, 0, 0, 5)
    assert sorted(stock.refused) == [(1, f"a{number:04}") for number in (0, 1, 999, 1000, 1999)]


def test_bad_rows_among_changes_refuse_neither_changes_nor_new_rows(stock):
    stock(piece(1, "old", code=None), piece(1, "same", code=None), piece(1, "owner", code=UUID(int=5)))
    counts = stock(
        piece(1, "old", code=UUID(int=5)),
        piece(1, "same", code=None),
        piece(1, "new", code=UUID(int=6)),
    )

    assert counts == (1, 0, 1, 0, 1)
    assert stock.refused == {(1, "old"): ("", "unique")}


def test_refused_batch_leaves_the_transaction_usable(stock):
    stock(piece(1, "owner", code=UUID(int=5)))
    with transaction.atomic(stock.target.using):
        stock(piece(1, "new", code=UUID(int=5)))
        counts = stock(piece(1, "other", code=UUID(int=6)))

    assert counts == (1, 0, 0, 0, 0)
    assert stock.values("article") == ["other", "owner"]


def test_key_that_differs_only_in_case_is_refused_where_the_database_takes_it_for_the_same(
    customers, database
):
    customers(customer(1, id="abc", name="first"))
    counts = customers(customer(2, id="ABC", name="second"), customer(3))

    same = database == "mariadb"
    assert counts == ((1, 0, 0, 0, 1) if same else (2, 0, 0, 0, 0))
    assert customers.refused == ({("ABC",): ("", "unique")} if same else {})
    assert customers.rows.get(name="first").id == "abc"


def test_keys_that_differ_only_in_case_within_a_batch_are_not_lost(customers, database):
    counts = customers(customer(1, id="abc"), customer(2, id="ABC"))

    assert counts == ((1, 0, 0, 0, 1) if database == "mariadb" else (2, 0, 0, 0, 0))


def test_column_that_no_record_has_refuses_new_rows_and_leaves_it_in_stored_ones(customers):
    customers(customer(1, name="Ada"))
    counts = customers({"id": "c1", "city": "Bonn"}, {"id": "c2", "city": "Bonn"})

    assert counts == (0, 1, 0, 0, 1)
    assert customers.refused == {("c2",): ("name", "required")}
    assert customers.loaded.refused[0][1].message == "is in no record of this run"
    assert customers.values("name", "city") == [("Ada", "Bonn")]


# Parents.


def test_row_without_its_parent_is_refused_and_the_others_are_in(orders, customers):
    customers(customer(1))
    counts = orders(
        order(1, customer_id="c1"),
        order(2, customer_id="nobody"),
        order(3, customer_id=None),
        order(4, customer_id="c1"),
    )

    assert counts == (3, 0, 0, 0, 1)
    assert orders.refused == {(2,): ("customer_id", "missing_parent")}
    assert orders.values("number") == [1, 3, 4]


def test_deleted_parent_is_a_parent(orders, customers):
    customers(customer(1))
    customers.rows.update(source_deleted_at=DAY)
    counts = orders(order(1, customer_id="c1"))

    assert counts == (1, 0, 0, 0, 0)


def test_stored_row_without_its_new_parent_stays_as_it_is(orders, customers):
    customers(customer(1))
    orders(order(1, customer_id="c1"))
    counts = orders(order(1, customer_id="nobody", status="paid"))

    assert counts == (0, 0, 0, 0, 1)
    assert orders.values("customer_id", "status") == [("c1", "open")]


def category(key, parent=None, title="Tools"):
    return {"id": key, "title": title, "parent_id": parent}


@pytest.mark.parametrize("turned", [False, True], ids=["parents first", "children first"])
def test_parent_may_come_in_the_same_batch(categories, turned):
    rows = [category("a"), category("b", "a"), category("c", "b"), category("d", "d")]
    counts = categories(*(rows[::-1] if turned else rows))

    assert counts == (4, 0, 0, 0, 0)
    assert categories.values("id", "parent_id") == [("a", None), ("b", "a"), ("c", "b"), ("d", "d")]


@pytest.mark.parametrize("turned", [False, True], ids=["parents first", "children first"])
def test_bad_row_does_not_take_families_with_it(categories, turned):
    rows = [category(f"a{number}", f"a{number - 1}" if number else None) for number in range(20)]
    rows.append(category("bad", title=None))
    counts = categories(*(rows[::-1] if turned else rows))

    assert counts == (20, 0, 0, 0, 1)
    assert list(categories.refused) == [("bad",)]


def test_row_whose_parent_of_the_same_batch_is_refused_waits_for_it(categories):
    counts = categories(category("c", "b"), category("b", "a", title=None), category("a"))

    assert counts == (1, 0, 0, 0, 2)
    codes = {key: code for key, (_, code) in categories.refused.items()}
    assert codes == {("b",): "refused", ("c",): "missing_parent"}


def test_row_whose_parent_is_nowhere_takes_its_children_along(categories):
    counts = categories(category("b", "nobody"), category("c", "b"), category("d"))

    assert counts == (1, 0, 0, 0, 2)
    assert categories.refused == dict.fromkeys([("b",), ("c",)], ("parent_id", "missing_parent"))


# Keys of several columns, and many rows.


def test_rows_of_other_keys_are_not_touched(stock):
    stock(*[piece(shop, article, amount=1.0) for shop in (1, 2, 3) for article in ("nut", "bolt")])
    counts = stock(piece(1, "nut", amount=2.0), piece(3, "bolt", amount=2.0))

    assert counts == (0, 2, 0, 0, 0)
    assert stock.values("shop", "article", "amount") == [
        (1, "bolt", 1.0),
        (1, "nut", 2.0),
        (2, "bolt", 1.0),
        (2, "nut", 1.0),
        (3, "bolt", 2.0),
        (3, "nut", 1.0),
    ]


@pytest.mark.parametrize(
    "key", [("shop", "article"), ("article", "shop")], ids=["selective last", "selective first"]
)
def test_most_selective_column_of_a_key_is_asked(loads, database, key):
    stock = loads(database, ShopStock, key)
    stock(*many(400), *[piece(1, f"b{number}") | {"code": None} for number in range(400)])
    loader = PortableLoader(stock.target)
    keys = {stock.target.key_of(row) for row in many(10)}
    with transaction.atomic(database):
        found = sum(len(some.values_list("pk")) for some in loader.candidates(keys))

    assert found == 10


def test_more_values_than_a_statement_takes_parameters(stock):
    rows = [
        piece(
            number % 7, f"a{number}", amount=number / 3, price=Decimal(number), code=UUID(int=number),
            counted_on=date(2026, 1, 1), counted_at=time(1, 2), took=timedelta(seconds=number), big=number,
            photo=b"\x00\xff", address="10.0.0.1", details={"n": number}, active=True, extra={"n": number},
        )
        for number in range(5000)
    ]  # fmt: skip
    first, second = stock(*rows), stock(*rows)

    assert len(rows[0]) == 14  # and the two stamps
    assert (first, second) == ((5000, 0, 0, 0, 0), (0, 0, 5000, 0, 0))
    assert stock.rows.count() == 5000


# Child rows.


def lines(database):
    found = ShopOrderLine.objects.using(database).order_by("order__number", "place")
    return list(found.values_list("order__number", "place", "article", "quantity"))


def test_child_rows_become_exactly_those_that_came(orders, database):
    orders(order(1, line(1), line(2), line(3)), order(2, line(1, "bolt")))
    kept = ShopOrderLine.objects.using(database).get(order__number=1, place=1).pk
    counts = orders(order(1, line(1), line(2, quantity=5), line(4, "screw")), order(2, line(1, "bolt")))

    assert counts == (0, 0, 2, 0, 0)
    assert orders.loaded.children == {"lines": ChildCounts(created=1, updated=1, unchanged=2, deleted=1)}
    assert lines(database) == [(1, 1, "nut", 1), (1, 2, "nut", 5), (1, 4, "screw", 1), (2, 1, "bolt", 1)]
    assert ShopOrderLine.objects.using(database).get(order__number=1, place=1).pk == kept


def test_unchanged_child_rows_are_not_written(orders):
    orders(order(1, line(1), line(2)))
    orders(order(1, line(1), line(2)))

    assert orders.writes == []
    assert orders.loaded.children == {"lines": ChildCounts(unchanged=2)}


def test_empty_list_deletes_the_child_rows_and_a_missing_one_leaves_them(orders, database):
    orders(order(1, line(1)), order(2, line(1)))
    without = order(2)
    del without["lines"]
    orders(order(1), without)

    assert orders.loaded.children == {"lines": ChildCounts(deleted=1)}
    assert lines(database) == [(2, 1, "nut", 1)]


def test_orders_that_come_without_their_list_count_no_child_rows(orders):
    row = order(1)
    del row["lines"]
    orders(row)

    assert orders.loaded.children == {"lines": ChildCounts()}


def test_child_rows_of_parents_that_were_not_read_are_not_touched(orders, database):
    orders(order(1, line(1)), order(2, line(1)))
    orders(order(1, line(2)))

    assert lines(database) == [(1, 2, "nut", 1), (2, 1, "nut", 1)]


def test_child_rows_of_a_parent_that_shares_part_of_the_key_are_not_touched(database):
    children = ShopOrderProcessor.children
    orders = Loads(database, ShopOrder, ("status", "number"), children=children)
    orders(order(1, line(1)), order(2, line(1)))
    orders(order(1, line(2)))

    assert orders.loaded.children == {"lines": ChildCounts(created=1, deleted=1)}
    assert lines(database) == [(1, 2, "nut", 1), (2, 1, "nut", 1)]


def test_child_rows_of_a_skipped_parent_are_not_touched(orders, database):
    orders(order(1, line(1), updated_at=LATER))
    counts = orders(order(1, line(2), updated_at=DAY), order(2, line(1)))

    assert counts == (1, 0, 0, 1, 0)
    assert orders.loaded.children == {"lines": ChildCounts(created=1)}
    assert lines(database) == [(1, 1, "nut", 1), (2, 1, "nut", 1)]


def test_bad_child_row_refuses_its_parent_with_all_that_came_with_it(orders, database):
    orders(order(1, line(1)))
    counts = orders(
        order(1, line(2), line(3, quantity=None), status="paid"),
        order(2, line(1, quantity=None)),
        order(3, line(1)),
    )

    assert counts == (1, 0, 0, 0, 2)
    assert sorted(orders.refused) == [(1,), (2,)]
    assert orders.values("number", "status") == [(1, "open"), (3, "open")]
    assert lines(database) == [(1, 1, "nut", 1), (3, 1, "nut", 1)]
    assert orders.loaded.children == {"lines": ChildCounts(created=1)}


@pytest.mark.parametrize("stored", [(), (line(1),)], ids=["new", "stored"])
def test_two_child_rows_of_one_key_refuse_their_parent(orders, database, stored):
    orders(order(1, *stored))
    counts = orders(order(1, line(1, "bolt"), line(1, "screw")))

    assert counts == (0, 0, 0, 0, 1)
    assert orders.refused == {(1,): ("", "unique")}
    assert lines(database) == [(1, 1, "nut", 1)] * len(stored)


def test_child_rows_of_thousands_of_parents(orders, database):
    rows = [order(number, line(1), line(2)) for number in range(1500)]
    orders(*rows)
    orders(*[order(number, line(2), line(3)) for number in range(1500)])

    assert orders.loaded.children == {"lines": ChildCounts(created=1500, unchanged=1500, deleted=1500)}
    assert ShopOrderLine.objects.using(database).count() == 3000


class ReviewProcessor(BaseProcessor):
    model = ShopReview
    key = ("place",)
    fields = {"customer": "customer"}


REVIEWS = {"reviews": Children("reviews", ReviewProcessor, parent="category")}


def review(place, customer):
    return {"place": place, "customer_id": customer}


def test_child_row_without_a_parent_of_its_own_refuses_the_row_it_came_with(loads, database, customers):
    customers(customer(1))
    categories = loads(database, ShopCategory, ("id",), children=REVIEWS)
    counts = categories(
        category("a") | {"reviews": [review(1, "c1")]},
        category("b") | {"reviews": [review(1, "c1"), review(2, "nobody")]},
    )

    assert counts == (1, 0, 0, 0, 1)
    assert categories.refused == {("b",): ("reviews[1].customer_id", "missing_parent")}
    assert ShopReview.objects.using(database).count() == 1


def test_refused_new_rows_leave_no_child_rows_behind(loads, database, customers):
    customers(customer(1))
    categories = loads(database, ShopCategory, ("id",), children=REVIEWS)
    categories(category("a") | {"reviews": []})
    counts = categories({"id": "a", "reviews": [review(1, "c1")]}, {"id": "b", "reviews": [review(1, "c1")]})

    assert counts == (0, 0, 1, 0, 1)
    assert categories.refused == {("b",): ("title", "required")}
    assert categories.loaded.children == {"reviews": ChildCounts(created=1)}


# As the column holds them.


GREAT = [1e16, 1e300, 2.5e-300, -0.0, 123456789012345678901234567890]


def tags(customers, first, second):
    customers(customer(1, tags=first))
    return customers(customer(1, tags=second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (1, 1.0),
        (0, False),
        ([1, 2], [2, 1]),
        ({"a": {"b": 1}}, {"a": {"b": True}}),
        ({"a": None}, {}),
        ("1", 1),
        ({}, []),
        ({}, None),
    ],
)
def test_other_json_is_a_change(customers, first, second):
    counts = tags(customers, first, second)

    assert counts == (0, 1, 0, 0, 0)
    stored = customers.rows.get().tags
    assert (stored, type(stored)) == (second, type(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": 1, "b": [{"x": 1, "y": 2}]}, {"b": [{"y": 2, "x": 1}], "a": 1}),
        ("grün €", "grün €"),
        ({"deep": [1.5, 1e-7, None, True, "x"]}, {"deep": [1.5, 1e-7, None, True, "x"]}),
        (GREAT, list(GREAT)),
        ({"price": "1.50"}, {"price": "1.50"}),
    ],
    ids=["order of members", "text", "nested", "great numbers", "number as text"],
)  # fmt: skip
def test_same_json_is_no_change(customers, first, second):
    counts = tags(customers, first, second)

    assert counts == (0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("1.5", "1.50", True),
        ("0.00", "-0", True),
        ("1.50", "1.51", False),
        ("9999999999.99", "9999999999.99", True),
        ("9999999999.98", "9999999999.99", False),
    ],
)
def test_decimals_are_compared_as_numbers(customers, first, second, same):
    customers(customer(1, balance=Decimal(first)))
    counts = customers(customer(1, balance=Decimal(second)))

    assert counts == ((0, 0, 1, 0, 0) if same else (0, 1, 0, 0, 0))


@pytest.mark.parametrize(
    "price",
    [
        "1234567890123456.7891",
        "-1234567890123456.7891",
        "12345678901.2345",
        "123456789012.3456",
        "1234567890123456.0000",
        "0.0001",
        "999999999999.9999",
        "4503599627370497.5001",
    ],
)
def test_great_decimal_does_not_change_by_itself(stock, price):
    stock(piece(1, "nut", price=Decimal(price)))
    counts = stock(piece(1, "nut", price=Decimal(price)))

    assert counts == (0, 0, 1, 0, 0)


def test_change_of_a_great_decimal_is_seen(stock):
    stock(piece(1, "nut", price=Decimal("12345678901.2345")))
    counts = stock(piece(1, "nut", price=Decimal("12345678901.2346")))

    assert counts == (0, 1, 0, 0, 0)
    assert stock.values("price") == [Decimal("12345678901.2346")]


FULL = {
    "shop": 1,
    "article": "Mutter “M8” 🔩 ключ",
    "amount": 0.1 + 0.2,
    "price": "12345678901.2345",
    "code": "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    "counted_on": "2024-02-29",
    "counted_at": "23:59:59.999999",
    "took": "3 days, 04:05:06.000007",
    "photo": b"\x00\xff'\\\x1a\"%s;",
    "address": "2001:DB8::1",
    "details": {"b": [1, 1.5, True, None, "ü"], "a": {"deep": "it's 100 % \\ \" quoted"}},
    "big": -(2**63),
    "active": False,
    "unknown": {"when": datetime(2026, 1, 1, 1, 2, 3, 456789, tzinfo=UTC), "cost": Decimal("1.50")},
}
EMPTY = {"shop": -(2**31), "article": "x", "details": {}} | dict.fromkeys(
    FULL.keys() - {"shop", "article", "details"}
)
EXTREME = FULL | {
    "shop": 2**31 - 1,
    "article": " spaces around ",
    "amount": 1.7976931348623157e308,
    "price": "-0.0001",
    "code": "00000000000000000000000000000000",
    "counted_on": "9999-12-31",
    "counted_at": "00:00",
    "took": "-P1DT1S",
    "photo": b"",
    "address": "::ffff:10.1.2.3",
    "details": [],
    "big": 2**63 - 1,
    "active": True,
}
SMALL = FULL | {
    "shop": 2,
    "amount": -5e-324,
    "price": 0,
    "code": "ffffffffffffffffffffffffffffffff",
    "counted_on": "0001-01-01",
    "counted_at": "12:00:00.5",
    "took": 0,
    "address": "255.255.255.255",
    "details": "just text",
    "big": 0,
}


@pytest.mark.parametrize("turned", [False, True], ids=["full first", "empty first"])
@pytest.mark.parametrize("update", [False, True], ids=["inserted", "updated"])
def test_every_kind_of_column_holds_what_it_was_given_and_is_then_unchanged(stock, turned, update):
    records = [FULL, EMPTY, EXTREME, SMALL][:: -1 if turned else 1]
    batch = ShopStockProcessor().process_batch(records)
    if update:
        stock(*[piece(row["shop"], row["article"], details={"before": 1}) for row in batch.rows])
    counts = stock(*batch.rows)
    again = stock(*ShopStockProcessor().process_batch(records).rows)

    assert (batch.rejected, batch.warnings) == ([], [])
    assert counts == ((0, 4, 0, 0, 0) if update else (4, 0, 0, 0, 0))
    assert again == (0, 0, 4, 0, 0)
    for row in batch.rows:
        stored = stock.rows.get(shop=row["shop"], article=row["article"])
        held = {name: getattr(stored, name) for name in row}
        photo = held["photo"]
        assert held | {"photo": photo if photo is None else bytes(photo)} == row


def test_row_of_another_shop_with_the_same_article_is_another_row(stock):
    counts = stock(piece(1, "nut"), piece(2, "nut"))

    assert counts == (2, 0, 0, 0, 0)


def test_model_without_a_soft_delete_or_stamps_can_be_loaded(loads, database, orders):
    orders(order(1))
    owner = orders.rows.get().pk
    plain = loads(database, ShopOrderLine, ("order_id", "place"))
    plain({"order_id": owner, "place": 1, "article": "nut", "quantity": 1})
    counts = plain({"order_id": owner, "place": 1, "article": "nut", "quantity": 2})

    assert counts == (0, 1, 0, 0, 0)
    assert plain.values("quantity") == [2]


def test_row_that_somebody_has_locked_is_read_under_the_lock(customers, database):
    customers(customer(1))
    with CaptureQueriesContext(connections[database]) as captured, transaction.atomic(database):
        PortableLoader(customers.target).load([customer(1)])

    asked = [
        query["sql"]
        for query in captured
        if query["sql"].startswith("SELECT") and "shop_customer" in query["sql"]
    ]
    assert all("FOR UPDATE" in sql for sql in asked) is (database != "default")


@pytest.mark.parametrize(
    ("stored", "sent", "same"),
    [(None, None, True), (None, b"x", False), (b"x", None, False), (b"x", b"x", True), (b"x", b"y", False)],
)
def test_bytes_are_compared_whatever_the_database_hands_out(stored, sent, same):
    compare = comparison(models.BinaryField(), "postgresql")

    assert compare(stored and memoryview(stored), sent) is same
    assert compare(stored, sent) is same


@pytest.mark.parametrize(("vendor", "same"), [("postgresql", True), ("sqlite", False), ("mysql", False)])
def test_great_number_without_its_exponent_is_the_same_where_the_database_writes_it_so(vendor, same):
    assert comparison(models.JSONField(), vendor)([10**16], [1e16]) is same


def test_field_of_an_unknown_kind_is_compared_as_python_compares():
    same = comparison(models.CharField(), "sqlite")

    assert same("a", "a") is True
    assert same("a", "A") is False


GREAT_NUMBER = Decimal("1234567890123456.7891")


@pytest.mark.parametrize(
    ("vendor", "stored", "sent", "same"),
    [
        ("sqlite", Decimal("1234567890123460.0000"), GREAT_NUMBER, True),
        ("postgresql", Decimal("1234567890123460.0000"), GREAT_NUMBER, False),
        ("mysql", GREAT_NUMBER, GREAT_NUMBER, True),
        ("sqlite", None, GREAT_NUMBER, False),
        ("sqlite", GREAT_NUMBER, None, False),
        ("sqlite", None, None, True),
        ("sqlite", Decimal("1E+33").quantize(Decimal("0.0001"), context=Context(40)), Decimal("1E+33"), True),
    ],
)
def test_decimals_are_compared_with_the_digits_that_the_database_keeps(vendor, stored, sent, same):
    field = models.DecimalField(max_digits=40, decimal_places=4)

    assert comparison(field, vendor)(stored, sent) is same
