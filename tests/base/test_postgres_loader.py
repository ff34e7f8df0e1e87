"""The PostgreSQL loader: everything the portable one does, and what it does in its own way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import models, transaction
from django.test.utils import CaptureQueriesContext

from ingestion.base.loaders import Target
from ingestion.base.loaders.postgres import PostgresLoader
from tests.base.test_portable_loader import *  # noqa: F403 the same tests, by COPY and merge
from tests.base.test_portable_loader import DAY, STARTED, Loads, customer, piece
from tests.shop.models import ShopCustomer, ShopStock

OLDER = DAY - timedelta(days=1)


class Copies(Loads):
    """Loads by COPY and merge; a merge that wrote no row is no write."""

    loader_class = PostgresLoader

    def __call__(self, *rows):
        counts = super().__call__(*rows)
        children = [each.created + each.updated for each in self.loaded.children.values()]
        if not any([*counts[:2], *children]):
            self.writes = [query for query in self.writes if not query.startswith("WITH judged")]
        return counts


@pytest.fixture(params=["postgres"])
def database(postgres_database):
    return postgres_database


@pytest.fixture
def loads():
    return Copies


def versions(loads):
    """What PostgreSQL changes whenever it writes or locks a row."""
    with loads.connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, xmin::text, xmax::text FROM shop_customer ORDER BY id")
        return cursor.fetchall()


def test_unchanged_and_protected_rows_are_neither_written_nor_locked(customers):
    customers(*[customer(n) for n in range(50)])
    before = versions(customers)
    counts = customers(
        *[customer(n) for n in range(25)], *[customer(n, updated_at=OLDER) for n in range(25, 50)]
    )

    assert counts == (0, 0, 25, 25, 0)
    assert versions(customers) == before


def test_ten_percent_changed_writes_exactly_those(customers):
    customers(*[customer(n) for n in range(1000)])
    customers.age()
    counts = customers(*[customer(n, city="Rome" if n % 10 == 0 else None) for n in range(1000)])

    assert counts == (0, 100, 900, 0, 0)
    assert len(customers.written()) == 100


@pytest.mark.parametrize("bad", [{"name": "x" * 31}, {"visits": 2**31}], ids=["too long", "out of range"])
def test_one_bad_row_among_ten_thousand_is_named_in_few_statements(customers, bad):
    rows = [customer(n) | {"visits": 1} for n in range(10_000)]
    rows[7_777] |= bad
    with CaptureQueriesContext(customers.connection) as captured:
        counts = customers(*rows)

    assert counts == (9_999, 0, 0, 0, 1)
    assert customers.refused == {("c7777",): (next(iter(bad)), "refused")}
    assert [error.source for _, error in customers.loaded.refused] == [*bad]
    assert len(captured) <= 30


def test_column_that_must_have_a_value_is_named(stock):
    counts = stock(piece(1, "nut", details={}), piece(1, "bolt", details=None))

    assert counts == (1, 0, 0, 0, 1)
    assert stock.refused == {(1, "bolt"): ("details", "refused")}


def statements(captured):
    return [query["sql"] for query in captured.captured_queries]


def test_new_rows_alone_go_straight_into_the_table(customers):
    with CaptureQueriesContext(customers.connection) as captured:
        counts = customers(*[customer(n) for n in range(10)])

    assert counts == (10, 0, 0, 0, 0)
    assert not any("TEMPORARY" in each for each in statements(captured))


def test_one_known_row_sends_its_batch_the_way_of_the_merge(customers):
    customers(customer(1))
    counts = customers(*[customer(n) for n in range(10)])

    assert counts == (9, 0, 1, 0, 0)


def test_deleted_row_is_known_too(customers):
    customers(customer(1))
    customers.rows.update(source_deleted_at=DAY)
    counts = customers(customer(1))

    assert counts == (0, 1, 0, 0, 0)
    assert customers.values("source_deleted_at") == [None]


class Hasty(PostgresLoader):
    """Looked before somebody else added a row."""

    def all_new(self, cursor, statements, texts):
        return True


def test_row_that_somebody_adds_after_we_looked_is_merged_and_not_refused(customers):
    customers(customer(1))
    customers.loader_class = Hasty
    counts = customers(*[customer(n, city="Rome") for n in range(3)])

    assert counts == (2, 1, 0, 0, 0)
    assert customers.values("city") == ["Rome"] * 3


def test_key_that_holds_the_separator_of_keys_is_loaded_all_the_same(customers):
    first, second = customer(1) | {"id": "a\x1fb"}, customer(2) | {"id": "c"}
    customers(first)
    counts = customers(first, second)

    assert counts == (1, 0, 1, 0, 0)


def test_names_that_need_quoting_are_quoted(database):
    model = ShopStock
    loader = PostgresLoader(Target(model, ("shop", "article"), STARTED, using=database))
    with transaction.atomic(database):
        loader.load([piece(1, 'a"; DROP TABLE shop_stock; --')])
    [merge] = [each.merge for each in loader.composed.values()]

    assert '"shop_stock"' in merge
    assert "DROP TABLE" not in merge
    assert model.objects.using(database).get().article == 'a"; DROP TABLE shop_stock; --'


class Shouting(models.CharField):
    """A column that only its own field knows how to write."""

    def get_placeholder(self, value, compiler, connection):
        return "upper(%s)"


class Fixed(models.CharField):
    """A column of a type that is not the one of its kind."""

    def db_type(self, connection):
        return "char(50)"


class Plain(models.CharField):
    """A field of another make for an ordinary column."""


class PlainNumber(models.DecimalField):
    """The same, of a kind whose type has parameters."""


def with_field(customers, field, name):
    """A loader that takes a column for one of this field."""
    loader = PostgresLoader(customers.target)
    field.set_attributes_from_name(name)
    field.model = ShopCustomer
    loader.by_name[name] = field
    return loader


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        (Plain(max_length=50, null=True), "city", "Rome"),
        (PlainNumber(max_digits=12, decimal_places=2), "balance", Decimal("1.50")),
    ],
)
def test_ordinary_column_of_a_field_of_another_make_is_copied(customers, caplog, field, name, value):
    caplog.set_level("INFO", "ingestion")
    loader = with_field(customers, field, name)
    with transaction.atomic(customers.target.using):
        loader.load([customer(1) | {name: value}])

    assert (customers.values(name), caplog.messages) == ([value], [])


@pytest.mark.parametrize("kind", [Shouting, Fixed])
def test_column_of_its_own_kind_is_loaded_the_portable_way(customers, caplog, kind):
    caplog.set_level("INFO", "ingestion")
    loader = with_field(customers, kind(max_length=50, null=True), "city")
    with transaction.atomic(customers.target.using), CaptureQueriesContext(customers.connection) as captured:
        counts = [loader.load([customer(n, city="Rome")]).created for n in (1, 2)]

    assert counts == [1, 1]
    assert not any("EXISTS" in each for each in statements(captured))
    assert (
        caplog.messages.count("shop_customer is loaded the portable way: city is a column of its own kind")
        == 1
    )
