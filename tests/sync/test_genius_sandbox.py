"""The database that plays Genius: the same for the same seed, of any size, on this machine only."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.testing import MemorySource, engine_suite
from ingestion.registry import get_engine
from ingestion.sandbox.discovery import chosen
from ingestion.sync.genius.sandbox import FakeGenius
from ingestion.sync.genius.sandbox.database import AT_ONE_MOMENT, BLOCK, MOMENT


def write(path, **options):
    fake = FakeGenius(database=f"sqlite:///{path}", **options)
    fake.make()
    return sqlite3.connect(path)


def asked(connection, statement):
    return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """More leads than are invented one by one."""
    connection = write(tmp_path_factory.mktemp("genius") / "large.sqlite", leads=2 * BLOCK + 3000)
    yield connection
    connection.close()


def test_the_same_seed_makes_the_same_rows(tmp_path):
    made = [
        write(tmp_path / f"{number}.sqlite", leads=50, seed=seed) for number, seed in enumerate((1, 1, 2))
    ]
    dumps = [list(connection.iterdump()) for connection in made]
    for connection in made:
        connection.close()

    assert dumps[0] == dumps[1] != dumps[2]


def test_copied_leads_have_keys_of_their_own(large):
    assert asked(large, "SELECT count(*), count(DISTINCT lead_id), max(lead_id) FROM lead") == [
        (2 * BLOCK + 3000,) * 3
    ]


def test_thousands_of_leads_share_one_time_of_change(large):
    assert asked(large, f"SELECT count(*) FROM lead WHERE updated_at = '{MOMENT}'") == [(AT_ONE_MOMENT,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM lead WHERE updated_at IS NULL",
        "SELECT count(*) FROM lead WHERE updated_at LIKE '0000-00-00%'",
        "SELECT count(*) FROM lead WHERE sourced_on LIKE '0000-00-00%'",
        "SELECT count(*) FROM appointment WHERE \"time\" IN ('26:00:00', '-01:00:00')",
        "SELECT count(*) FROM appointment_to_service WHERE created_at LIKE '1970-01-01%'",
        "SELECT count(*) FROM quote WHERE job_id = 0",
        "SELECT count(*) FROM prospect WHERE id = 0",
        'SELECT count(*) FROM job_change_order_item WHERE "Id" > 0',
    ],
)
def test_oddities_are_there(large, statement):
    assert asked(large, statement)[0][0] > 0


def test_it_is_made_only_where_it_is_named():
    assert "genius" not in chosen([])
    assert {"genius", "hubspot"} <= chosen([], ["genius"]).keys()


def test_a_database_elsewhere_is_left_alone():
    with pytest.raises(ConfigurationError, match=r"db\.example\.com is not this machine"):
        FakeGenius(database="mysql://root@db.example.com/genius").make()


def test_an_address_without_a_server_is_a_clear_error():
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        FakeGenius(database="mysql://root:canary-77@127.0.0.1:1/genius").make()

    assert "canary-77" not in str(caught.value)
    assert isinstance(caught.value.__cause__, sa.exc.SQLAlchemyError)


def prospect(number):
    moment = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=number)
    return {
        **{"id": number, "first_name": f"Ada {number}", "division_id": 1, "add_user_id": 1},
        "updated_at": moment.isoformat(),
    }


def quote(number):
    return {**prospect(number), "prospect_id": 0, "service_id": 1, "label": "A quote"}


def changed(record):
    return {**record, "first_name": "Changed", "label": "Changed", "updated_at": "2025-04-01T00:00:00+00:00"}


TestProspects = engine_suite(
    get_engine("genius", "prospects"),
    serve=lambda records: MemorySource(records, page_size=1000),
    record=prospect,
    change=changed,
    spoil=lambda record: {**record, "division_id": None},
)
TestQuotes = engine_suite(
    get_engine("genius", "quotes"),
    serve=lambda records: MemorySource(records, page_size=1000),
    record=quote,
    change=changed,
    spoil=lambda record: {**record, "prospect_id": "nobody"},
)
