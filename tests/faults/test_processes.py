"""Whole processes: killed, interrupted, doubled; each on a database of its own."""

import re
import signal
import time

import psutil
import pytest

from ingestion.base.reading import BATCH_ROWS
from tests.faults.crash import points

LINES = BATCH_ROWS * 9 // 2


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "zipcodes.csv"
    rows = [f"{n:05},City {n},NY,County {n % 60},East" for n in range(LINES)]
    path.write_text("\n".join(["zip,city,state,county,division", *rows]) + "\n")
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def project(request):
    return request.getfixturevalue(request.param)


def sync(project, file, *flags, **kwargs):
    return project.manage("sync_hubspot_zipcodes", "--file", str(file), *flags, **kwargs)


def crash(project, nursery, file, number, *flags):
    """A run that is killed at one of the points, in its third batch where it has batches."""
    point = points("sqlite", "file")[number]
    nth = min(3, point.most)
    code, _ = project.run(nursery, "sync_hubspot_zipcodes", "--file", file, *flags, point=point, nth=nth)
    assert code == -signal.SIGKILL


def rows(project):
    return project.query(
        "SELECT zipcode, city FROM ingestion_hubspot_zip_code"
        " WHERE source_deleted_at IS NULL ORDER BY zipcode"
    )


def expected():
    return [(f"{n:05}", f"City {n}") for n in range(LINES)]


def test_killed_sweep_still_deletes_exactly_what_is_gone(sqlite, nursery, file):
    sync(sqlite, file, check=True)
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-7]) + "\n")
    crash(sqlite, nursery, file, 16, "--sweep")
    sync(sqlite, file, "--sweep", check=True)

    assert rows(sqlite) == expected()[:-7]


def test_resume_is_not_taken_when_the_file_has_changed(sqlite, nursery, file):
    crash(sqlite, nursery, file, 13)
    file.write_text(file.read_text().replace("City 1,", "Town 1,"))
    sync(sqlite, file, check=True)

    assert rows(sqlite)[1] == ("00001", "Town 1")
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
    second = sync(project, file)
    first.communicate(timeout=60)

    assert second.returncode == 1
    assert f"process {first.pid} is at work since" in second.errors
    assert first.returncode == 0
    assert [run[0] for run in project.runs()] == ["success"]
    assert rows(project) == expected()


def test_process_that_lost_its_lease_to_another_commits_nothing_more(project, file):
    zombie = slowly(project, file)
    zombie.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    run = project.query("SELECT id FROM ingestion_sync_history")[0][0]
    project.manage("sync_status", "--close", str(run), check=True)
    heir = sync(project, file, check=True)
    changed = file.with_name("changed.csv")
    changed.write_text(file.read_text().replace("City 8999", "Town 8999"))
    sync(project, changed, check=True)
    zombie.send_signal(signal.SIGCONT)
    _, errors = zombie.communicate(timeout=60)

    assert zombie.returncode == 1
    assert "does not hold the lease any more" in errors
    assert "success" in heir.output
    assert [run[0] for run in project.runs()] == ["failed", "success", "success"]
    assert rows(project)[8999] == ("08999", "Town 8999")


def test_reader_ends_with_the_run_that_is_killed(project, nursery, file):
    crash(project, nursery, file, 8, "--partitions", "1")
    deadline = time.monotonic() + 20
    while (left := working_on(file)) and time.monotonic() < deadline:
        time.sleep(0.1)
    sync(project, file, "--partitions", "1")

    assert left == []
    assert rows(project) == expected()
    assert working_on(file) == []


def working_on(file):
    """Processes whose command names a file."""
    return [
        each.pid for each in psutil.process_iter(["cmdline"]) if str(file) in (each.info["cmdline"] or [])
    ]
