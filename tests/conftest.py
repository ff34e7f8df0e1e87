"""Fixtures that every test may use."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from hypothesis import settings as examples

from tests.routing import OneDatabase

examples.register_profile("house", deadline=None)  # how long a test takes is no matter of right and wrong
examples.load_profile("house")

DATABASES = ["default", "postgres", "mariadb"]


def pytest_configure() -> None:
    """A service that was asked for must be there: nothing is skipped behind anybody's back."""
    missing = [reason for name, reason in settings.MISSING.items() if name in settings.REQUIRED]
    if missing:
        raise pytest.UsageError("INGESTION_TEST_REQUIRE: " + "; ".join(missing))


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Tests that take `database` may touch the one they are given."""
    for item in items:
        if "database" in getattr(item, "fixturenames", ()):
            name = item.callspec.params["database"]
            if name in settings.DATABASES:
                item.add_marker(pytest.mark.django_db(databases=[name]))


@pytest.fixture(params=DATABASES)
def database(request: Any) -> Iterator[str]:
    """The test runs on each database: SQLite (`default`), PostgreSQL, MariaDB."""
    yield from on(request, request.param)


@pytest.fixture
def postgres_database(request: Any) -> Iterator[str]:
    """The test runs on PostgreSQL alone."""
    yield from on(request, "postgres")


def on(request: Any, name: str) -> Iterator[str]:
    """Send everything to one database while a test runs."""
    if name in settings.MISSING:
        pytest.skip(settings.MISSING[name])
    request.getfixturevalue("db")
    OneDatabase.alias = name
    yield name
    OneDatabase.alias = "default"
