"""Whole processes: killed, interrupted, doubled; each on a database of its own."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.faults.crash import MOMENTS

ROOT = Path(__file__).parents[2]
LINES = 9000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "zipcodes.csv"
    rows = [f"{n:05},City {n},NY,County {n % 60},East" for n in range(LINES)]
    path.write_text("\n".join(["zip,city,state,county,division", *rows]) + "\n")
    return path


class Project:
    """The reference project on a database of its own."""

    def __init__(self, url, query):
        self.environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.query = query
        self.manage("migrate", "--verbosity", "0", check=True)

    def start(self, *args, **kwargs):
        return subprocess.Popen(
            [sys.executable, *args],
            cwd=ROOT,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **kwargs,
        )

    def manage(self, *args, check=False):
        process = self.start("manage.py", *args)
        process.output, process.errors = process.communicate(timeout=60)
        assert not check or process.returncode == 0, process.errors
        return process

    def sync(self, file, *flags, **kwargs):
        return self.manage("sync_hubspot_zipcodes", "--file", str(file), *flags, **kwargs)

    def crash(self, file, moment, *flags):
        process = self.start("-m", "tests.faults.crash", str(file), moment, *flags)
        process.communicate(timeout=60)
        return process.returncode

    def rows(self):
        return self.query(
            "SELECT zipcode, city FROM ingestion_hubspot_zip_code"
            " WHERE source_deleted_at IS NULL ORDER BY zipcode"
        )

    def runs(self):
        return self.query(
            "SELECT status, lease, records_processed, error_message FROM ingestion_sync_history ORDER BY id"
        )

    def wait_for(self, sql, seconds=30):
        """Wait until a query answers something true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.query(sql)[0][0]:
                return
            time.sleep(0.02)
        raise AssertionError(f"never true: {sql}")


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "project.sqlite3"

    def query(sql):
        with sqlite3.connect(path, timeout=30) as connection:
            return connection.execute(sql).fetchall()

    return Project(f"sqlite:///{path}", query)


@pytest.fixture
def postgres():
    if "postgres" in settings.MISSING:
        pytest.skip(settings.MISSING["postgres"])
    name = f"ingestion_{uuid.uuid4().hex[:12]}"
    server = "host=127.0.0.1 user=postgres dbname={}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))

        def query(sql):
            with psycopg.connect(server.format(name)) as connection:
                return connection.execute(sql).fetchall()

        yield Project(f"postgres://postgres@127.0.0.1:5432/{name}", query)
        admin.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


@pytest.fixture(params=["sqlite", "postgres"])
def project(request):
    return request.getfixturevalue(request.param)


def expected():
    return [(f"{n:05}", f"City {n}") for n in range(LINES)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_run_that_is_killed_is_made_up_for_by_the_next_at_once(moment, project, file):
    killed = project.crash(file, moment)
    after = project.sync(file, check=True)

    (first, second) = project.runs()
    assert killed == -signal.SIGKILL
    assert first[:2] == ("failed", None)
    assert first[3].startswith("interrupted: ")
    assert second[:2] == ("success", None)
    assert first[2] + second[2] == LINES, "a resumed run repeats nothing that was committed"
    assert project.rows() == expected()
    assert "success" in after.output


def test_killed_sweep_still_deletes_exactly_what_is_gone(sqlite, file):
    sqlite.sync(file, check=True)
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-7]) + "\n")
    sqlite.crash(file, "while closing", "--sweep")
    sqlite.sync(file, "--sweep", check=True)

    assert sqlite.rows() == expected()[:-7]


def test_resume_is_not_taken_when_the_file_has_changed(sqlite, file):
    sqlite.crash(file, "after its commit")
    file.write_text(file.read_text().replace("City 1,", "Town 1,"))
    sqlite.sync(file, check=True)

    assert sqlite.rows()[1] == ("00001", "Town 1")
    assert sqlite.runs()[1][2] == LINES


def slowly(project, file):
    """A run that takes its time: the file is a pipe-like trickle of small batches."""
    code = (
        "import django\n"
        "django.setup()\n"
        "from ingestion.base.files import FileDataSource\n"
        "read = FileDataSource.read\n"
        "async def trickle(self, *args):\n"
        "    import asyncio\n"
        "    async for page in read(self, *args):\n"
        "        await asyncio.sleep(0.5)\n"
        "        yield page\n"
        "FileDataSource.read = trickle\n"
        "from django.core.management import execute_from_command_line\n"
        f"execute_from_command_line(['manage.py', 'sync_hubspot_zipcodes', '--file', {str(file)!r}])\n"
    )
    process = project.start("-c", code)
    project.wait_for("SELECT count(*) FROM ingestion_sync_history WHERE batch > 0")
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_signal_closes_the_row_and_says_one_line(number, sqlite, file):
    process = slowly(sqlite, file)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)

    status, lease, processed, message = sqlite.runs()[0]
    said = [line for line in errors.splitlines() if not re.match(r"\d{4}-\d\d-\d\d ", line)]
    assert process.returncode == 1
    assert (status, lease) == ("failed", None)
    assert 0 < processed < LINES
    assert message == "interrupted: stopped by a signal; the next run goes on from here"
    assert said == [
        "CommandError: hubspot zipcodes: stopped; the run is closed, the next one goes on from here"
    ]
    assert "Traceback" not in errors + output


def test_second_process_is_told_who_is_at_work_and_exits_with_1(project, file):
    first = slowly(project, file)
    second = project.sync(file)
    first.communicate(timeout=60)

    assert second.returncode == 1
    assert f"process {first.pid} is at work since" in second.errors
    assert first.returncode == 0
    assert [run[0] for run in project.runs()] == ["success"]
    assert project.rows() == expected()


def test_process_that_lost_its_lease_to_another_commits_nothing_more(project, file):
    zombie = slowly(project, file)
    zombie.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    run = project.query("SELECT id FROM ingestion_sync_history")[0][0]
    project.manage("sync_status", "--close", str(run), check=True)
    heir = project.sync(file, check=True)
    changed = file.with_name("changed.csv")
    changed.write_text(file.read_text().replace("City 8999", "Town 8999"))
    project.sync(changed, check=True)
    zombie.send_signal(signal.SIGCONT)
    _, errors = zombie.communicate(timeout=60)

    assert zombie.returncode == 1
    assert "does not hold the lease any more" in errors
    assert "success" in heir.output
    assert [run[0] for run in project.runs()] == ["failed", "success", "success"]
    assert project.rows()[8999] == ("08999", "Town 8999")
