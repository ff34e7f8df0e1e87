"""What the tests of whole processes share, once for each worker."""

import pytest
from django.conf import settings

from tests.faults.projects import Nursery, postgres_project, sqlite_project


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    """A warm interpreter that forks processes of the project."""
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture
def sqlite(tmp_path, nursery):
    with sqlite_project(tmp_path) as project:
        yield migrated(project, nursery)


@pytest.fixture
def postgres(nursery):
    if "postgres" in settings.MISSING:
        pytest.skip(settings.MISSING["postgres"])
    with postgres_project() as project:
        yield migrated(project, nursery)


def migrated(project, nursery):
    """A project whose tables are there."""
    code, _ = project.run(nursery, "migrate", "--verbosity", "0")
    assert code == 0, nursery.output.read_text()
    return project
