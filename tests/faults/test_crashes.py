"""`kill -9` at sixteen points of a run, on two databases and from two kinds of source.

Each time a table is half in step: rows are missing, rows are old, rows are gone at the source. A process is
killed, another one is started as a person would, and the table is the source; no run stays open, each ledger
balances, and of what was committed nothing is done again. INGESTION_TEST_SEEDS says how many times: the seed
chooses the state, and the page or batch that the kill hits.
"""

import os
import random
import signal

import pytest
from django.conf import settings

from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from tests.faults.conftest import migrated
from tests.faults.crash import PROXY, points
from tests.faults.projects import postgres_project, sqlite_project
from tests.faults.proxy import Nth, Proxy

SEEDS = int(os.environ.get("INGESTION_TEST_SEEDS", "1"))
RECORDS, GONE, BATCH = 4300, 7, 2000
POINTS = points("sqlite", "file")


class World:
    """A source, the table it is synced to, and the command that does it."""

    def __init__(self, project, nursery, arguments, table, environment=None):
        self.project = project
        self.nursery = nursery
        self.arguments = arguments
        self.table, self.key, self.value = table
        self.environment = {"INGESTION_BATCH_ROWS": str(BATCH), **(environment or {})}
        self.source = []

    def sync(self, **kwargs):
        environment = self.environment | kwargs.pop("environment", {})
        return self.project.run(self.nursery, *self.arguments, environment=environment, **kwargs)

    def query(self, sql):
        return self.project.query(sql.format(table=self.table, key=self.key, value=self.value))

    def rows(self):
        return self.query("SELECT {key}, {value} FROM {table} WHERE source_deleted_at IS NULL ORDER BY {key}")

    def half_in_step(self, dice):
        """From a table that is in step: answers how many rows are missing, and how many are old."""
        one, two, three, four = dice.sample(range(10), 4)
        digit = "CAST({key} AS integer) % 10"
        missing = f"FROM {{table}} WHERE {digit} IN ({one}, {two})"
        old = f"WHERE {digit} IN ({three}, {four})"
        self.query("DELETE FROM {table} WHERE source_deleted_at IS NOT NULL")
        counts = [
            self.query(f"SELECT count(*) {missing}")[0][0],
            self.query(f"SELECT count(*) FROM {{table}} {old}")[0][0],
        ]
        self.query(f"UPDATE {{table}} SET {{value}} = 'old' {old}")
        keys = self.query(f"SELECT {{key}} {missing} LIMIT {GONE}")
        gone = ", ".join(f"'{key}'" for [key] in keys)
        self.query(f"DELETE {missing} AND {{key}} NOT IN ({gone})")
        self.query(f"UPDATE {{table}} SET {{key}} = 'x' || {{key}} WHERE {{key}} IN ({gone})")
        self.query("DELETE FROM ingestion_sync_history")
        return counts

    def kill(self, point, nth):
        """A run that dies. Answers its seconds."""
        if point is not PROXY:
            code, seconds = self.sync(point=point, nth=nth)
        else:
            with Proxy() as proxy:
                url = self.project.url.replace(":5432", f":{proxy.port}")
                after_opening = Nth(nth, lambda message: message.is_commit)
                proxy.lose(after_opening, reaches_server=True, then=lambda: os.kill(pid, signal.SIGKILL))
                pid = self.nursery.begin(self.environment | {"DATABASE_URL": url}, self.arguments)
                code, seconds = self.nursery.end()
        assert code == -signal.SIGKILL, self.nursery.output.read_text()
        return seconds

    def ledger(self):
        """Of every run: status, lease, processed, created, updated, deleted, imbalance, message."""
        return self.query(
            "SELECT status, lease, records_processed, records_created, records_updated, records_deleted,"
            " records_processed - records_created - records_updated - records_unchanged - records_skipped"
            " - records_failed, error_message FROM ingestion_sync_history ORDER BY id"
        )


@pytest.fixture(scope="module")
def projects(tmp_path_factory, nursery):
    """Each database, once."""
    with sqlite_project(tmp_path_factory.mktemp("crashes")) as sqlite:
        if "postgres" in settings.MISSING:
            yield {"sqlite": migrated(sqlite, nursery)}
            return
        with postgres_project() as postgres:
            yield {"sqlite": migrated(sqlite, nursery), "postgres": migrated(postgres, nursery)}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Each source: the command's words, the table, the environment, and what is in it."""
    path = tmp_path_factory.mktemp("source") / "zipcodes.csv"
    lines = [f"{n:05},City {n},NY" for n in range(10000, 10000 + RECORDS)]
    path.write_text("\n".join(["zip,city,state", *lines]) + "\n")
    cities = [(str(n), f"City {n}") for n in range(10000, 10000 + RECORDS)]
    fake = FakeHubSpot(rate_limited=False, owners=RECORDS)
    fake.keep = 10
    owners = sorted((key, fake.record("owners", key)["firstName"] or None) for key in fake.ids("owners"))
    with SandboxServer(fake):
        yield {
            "file": (
                ("sync_hubspot_zipcodes", "--file", path, "--sweep"),
                ("ingestion_hubspot_zip_code", "zipcode", "city"),
                {},
                cities,
            ),
            "http": (
                ("sync_hubspot_owners",),
                ("ingestion_hubspot_owner", "id", "first_name"),
                fake.settings(),
                owners,
            ),
        }


@pytest.fixture(scope="module")
def worlds(projects, sources, nursery):
    """A world for a database and a source, in step."""
    made = {}

    def world(database, source):
        if database not in projects:
            pytest.skip(settings.MISSING[database])
        if (database, source) not in made:
            arguments, table, environment, records = sources[source]
            new = World(projects[database], nursery, arguments, table, environment)
            new.source = records
            code, _ = new.sync()
            assert code == 0, nursery.output.read_text()
            assert new.rows() == records
            made[database, source] = new
        return made[database, source]

    return world


def crash(world, point, dice):
    """Kill a run and start another one. Answers how many records were done twice, and the seconds."""
    missing, old = world.half_in_step(dice)
    seconds = world.kill(point, dice.randint(1, point.most))
    code, more = world.sync()

    assert code == 0, world.nursery.output.read_text()
    assert world.rows() == world.source
    *dead, last = world.ledger()
    assert last[:2] == ("success", None)
    for run in dead:
        assert run[:2] == ("failed", None)
        assert run[-1].startswith("interrupted: ")
    runs = [*dead, last]
    assert all(run[6] == 0 for run in runs), "a ledger does not balance"
    assert [sum(run[place] for run in runs) for place in (3, 4, 5)] == [missing, old, GONE]
    return sum(run[2] for run in runs) - RECORDS, seconds, more


@pytest.mark.parametrize("source", ["file", "http"])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("number", POINTS, ids="point {}".format)
def test_killed_run_is_made_up_for_by_the_next_one(worlds, number, database, source):
    world, point = worlds(database, source), points(database, source)[number]
    for seed in range(SEEDS):
        dice = random.Random(f"{number} {database} {source} {seed}")
        repeated, killed, made_up = crash(world, point, dice)
        place = f"{number:2} {database} {source} seed {seed}"
        print(f"{place}: {repeated} repeated, {killed:.2f} + {made_up:.2f} s")  # pytest -rP shows it

        assert 0 <= repeated <= BATCH, f"seed {seed}: more than one batch was done twice"
