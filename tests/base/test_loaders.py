"""What loaders share: sums that are true, the guard, who loads what, a table that others change meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connections, models, transaction
from django.test.utils import CaptureQueriesContext, isolate_apps

from ingestion.base.exceptions import FieldError, SafetyStop
from ingestion.base.loaders import Loaded, PortableLoader, Target, create_loader
from ingestion.base.loaders.base import ChildCounts, child_references, parents_first, real_foreign_keys
from ingestion.base.loaders.postgres import PostgresLoader
from tests.base.test_portable_loader import Loads, customer
from tests.shop.models import ShopCategory, ShopCustomer, ShopOrder, ShopReview

STARTED = datetime(2026, 5, 10, 12, tzinfo=UTC)
BEFORE = STARTED - timedelta(days=1)
REFUSED = [({"id": each}, FieldError("", "", "unique", "no")) for each in "ab"]


# Sums.


def test_two_halves_of_a_batch_add_up():
    one = Loaded(1, 2, 3, 4, REFUSED[:1], {"lines": ChildCounts(1, 2, 3, 4), "notes": ChildCounts(1)})
    other = Loaded(10, 20, 30, 40, REFUSED[1:], {"lines": ChildCounts(10, 20, 30, 40)})

    assert one + other == Loaded(
        11, 22, 33, 44, REFUSED, {"lines": ChildCounts(11, 22, 33, 44), "notes": ChildCounts(1)}
    )


# The guard.


@pytest.mark.parametrize(
    ("stored", "mine", "is_protected"),
    [
        (STARTED, BEFORE, True),
        (STARTED, STARTED, False),
        (BEFORE, STARTED, False),
        (None, BEFORE, False),
        (STARTED, None, False),
        (STARTED + timedelta(microseconds=1), BEFORE, False),
    ],
)
def test_stored_row_is_protected_where_it_is_newer_and_not_of_the_future(stored, mine, is_protected):
    target = Target(ShopCustomer, ("id",), STARTED, timestamp_field="updated_at")

    assert target.protected(stored, {"updated_at": mine}) is is_protected


def test_key_of_a_row_has_the_order_of_the_declaration():
    assert Target(ShopReview, ("place", "category_id"), STARTED).key_of(
        {"category_id": "a", "place": 3, "customer_id": "c"}
    ) == (3, "a")


# Who loads what.


@pytest.mark.django_db
@pytest.mark.parametrize("vendor", ["sqlite", "mysql", "oracle"])
def test_every_database_but_postgresql_is_loaded_the_portable_way(vendor):
    loader = create_loader(Target(ShopCustomer, ("id",), STARTED), vendor)

    assert type(loader) is PortableLoader


def test_postgresql_is_loaded_by_copy(postgres_database):
    target = Target(ShopCustomer, ("id",), STARTED, using=postgres_database)

    assert type(create_loader(target, connections[postgres_database].vendor)) is PostgresLoader


# Foreign keys.


@isolate_apps("tests.shop")
def test_foreign_key_that_the_database_does_not_keep_is_none():
    class Note(models.Model):
        customer = models.ForeignKey(ShopCustomer, models.DO_NOTHING, db_constraint=False, related_name="+")
        review = models.ForeignKey(ShopReview, models.CASCADE, related_name="+")

        class Meta:
            app_label = "shop"

    assert [each.name for each in real_foreign_keys(Note)] == ["review"]


def test_value_of_a_row_is_no_parent_of_another_table(database):
    permission = Permission.objects.values_list("pk", flat=True)[0]
    links = Loads(database, Group.permissions.through, ("group_id", "permission_id"))
    counts = links({"id": 77, "group_id": 77, "permission_id": permission})

    assert counts == (0, 0, 0, 0, 1)
    assert links.refused == {(77, permission): ("group_id", "missing_parent")}


def checks(captured):
    """The statements that have the database check its foreign keys now."""
    asked = [query["sql"] for query in captured]
    return [sql for sql in asked if "foreign_key_check" in sql or sql == "SET CONSTRAINTS ALL IMMEDIATE"]


@pytest.mark.parametrize(
    ("model", "row", "sqlite", "postgres"),
    [
        (ShopCustomer, customer(1), [], 0),
        (ShopOrder, {"number": 1, "customer_id": None}, [], 1),
        (ShopCategory, {"id": "a", "title": "Tools"}, ['PRAGMA foreign_key_check("shop_category")'], 1),
    ],
    ids=["no foreign key", "another table", "itself"],
)
def test_foreign_keys_are_checked_where_they_could_be_broken(database, model, row, sqlite, postgres):
    loader = PortableLoader(Target(model, tuple(row)[:1], STARTED, using=database))
    with CaptureQueriesContext(connections[database]) as captured, transaction.atomic(database):
        loader.load([row])

    if database == "default":
        assert checks(captured) == sqlite
    if database == "postgres":
        assert len(checks(captured)) == postgres


def test_references_of_child_rows_are_named_by_their_place():
    one = {"lines": [{"part": "x"}, {"part": None}, {}, {"part": "y"}]}
    rows = [one, {"lines": []}, {"lines": None}, {}]

    assert child_references(rows, "lines", "part") == [
        (one, "lines[0].part", "x"),
        (one, "lines[3].part", "y"),
    ]


def test_every_row_comes_after_its_parent_and_a_circle_is_kept():
    pairs = [("c", "b"), ("b", "a"), ("x", "y"), ("y", "x"), ("a", None), ("d", "nobody")]
    rows = [{"id": key, "parent": parent} for key, parent in pairs]
    nameless = {"parent": "a"}
    ordered = parents_first([nameless, *rows], "parent", "id")

    assert [row.get("id") for row in ordered] == ["a", None, "b", "c", "y", "x", "d"]


# Many keys.


def test_keys_of_a_great_batch_are_asked_for_in_few_statements(database):
    rows = [customer(number) for number in range(1200)]
    with CaptureQueriesContext(connections[database]) as captured, transaction.atomic(database):
        PortableLoader(Target(ShopCustomer, ("id",), STARTED, using=database)).load(rows)

    asked = [query for query in captured if query["sql"].startswith("SELECT") and "shop_cust" in query["sql"]]
    assert len(asked) == (1 if database == "default" else 3)


# Others at the same table.


@pytest.mark.django_db(databases=["postgres"])
def test_row_whose_parent_somebody_deletes_meanwhile_is_refused_before_the_commit(postgres_database):
    Loads(postgres_database, ShopCustomer, ("id",))(customer(1))
    orders = Loads(postgres_database, ShopOrder, ("number",))

    def meanwhile(execute, sql, params, many, context):
        if sql.startswith("INSERT") and ShopCustomer.objects.exists():
            ShopCustomer.objects.all().delete()
        return execute(sql, params, many, context)

    with orders.connection.execute_wrapper(meanwhile):
        counts = orders({"number": 1, "customer_id": "c1"}, {"number": 2, "customer_id": None})

    assert counts == (1, 0, 0, 0, 1)
    assert orders.refused == {(1,): ("", "refused")}


def test_changed_row_that_somebody_deletes_meanwhile_stops_the_run_and_leaves_nothing(database):
    customers = Loads(database, ShopCustomer, ("id",))
    customers(customer(1), customer(2))

    def meanwhile(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            customers.rows.filter(id="c1").delete()
        return execute(sql, params, many, context)

    with (
        customers.connection.execute_wrapper(meanwhile),
        pytest.raises(SafetyStop, match="1 of 2 rows were updated") as stopped,
        transaction.atomic(database),
    ):
        PortableLoader(customers.target).load([customer(1, name="Ada"), customer(2, name="Ada")])

    assert (stopped.value.where, customers.values("name")) == ("shop_customer", ["name 1", "name 2"])
    assert stopped.value.fix == "something else deletes rows while it is synced; run again"


def test_rows_that_are_nothing_but_a_key_are_created_once(database):
    group = Group.objects.create(name="tools")
    links = Group.permissions.through
    target = Target(links, ("group_id", "permission_id"), STARTED, using=database)
    permissions = Permission.objects.values_list("pk", flat=True)[:2]
    rows = [{"group_id": group.pk, "permission_id": each} for each in permissions]
    loader = create_loader(target, connections[database].vendor)
    with transaction.atomic(database):
        loads = [loader.load(some) for some in (rows[:1], rows, rows)]

    assert [(each.created, each.updated, each.unchanged) for each in loads] == [
        (1, 0, 0),
        (1, 0, 1),
        (0, 0, 2),
    ]
    assert links.objects.count() == 2
