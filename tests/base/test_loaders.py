"""What loaders share: sums that are true, the guard, who loads what, a table that others change meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connections, transaction

from ingestion.base.exceptions import FieldError, SafetyStop
from ingestion.base.loaders import Loaded, PortableLoader, Target, create_loader
from ingestion.base.loaders.base import ChildCounts
from ingestion.base.loaders.postgres import PostgresLoader
from tests.base.test_portable_loader import Loads, customer
from tests.shop.models import ShopCustomer, ShopReview

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


# Others at the same table.


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
