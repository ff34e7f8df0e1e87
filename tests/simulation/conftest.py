"""A stage for worlds, on the databases of the tests."""

import pytest

from tests.simulation.world import Stage


@pytest.fixture
def simulated(transactional_db):
    with Stage("default") as stage:
        yield stage


@pytest.fixture
def simulated_postgres(postgres_database):
    with Stage("postgres") as stage:
        yield stage
