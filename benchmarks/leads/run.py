"""Measures the leads: `python -m benchmarks.run --database`."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import STDOUT
from uuid import uuid4

import psutil
import psycopg
import pymysql
from psycopg import sql

from benchmarks.database import Database, fresh_database
from benchmarks.leads.tools import SERVER, TOOLS, Tool, Way
from benchmarks.processes import ROOT, ProcessFailed, run
from benchmarks.report import table

MIB = 2**20
MAKE = """
import django; django.setup()
from ingestion.sync.genius.sandbox import FakeGenius
import sys
FakeGenius(leads=int(sys.argv[2]), database=sys.argv[1]).make()
"""


@dataclass(frozen=True)
class Load:
    """What one load took: the seconds and the most memory of the whole process and those it started."""

    tool: Tool
    records: int
    scenario: str
    seconds: float
    peak: float
    rows: int
    wrong: str = ""


@contextmanager
def leads(records: int) -> Iterator[tuple[str, str]]:
    """A MariaDB with so many leads: its address and name. A zero `updated_at` is null there: dlt and sling
    cannot go by a column that has one."""
    name = f"ingestion_bench_{uuid4().hex[:10]}"
    server = pymysql.connect(host="127.0.0.1", user="root", autocommit=True)
    with server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        try:
            url = f"mysql://root@127.0.0.1:3306/{name}"
            settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
            run([sys.executable, "-c", MAKE, url, str(records)], settings, 900)
            server.select_db(name)
            cursor.execute("UPDATE `lead` SET updated_at = NULL WHERE updated_at < '1000-01-01'")
            cursor.execute("ANALYZE TABLE `lead`")
            yield url, name
        finally:
            cursor.execute(f"DROP DATABASE `{name}`")


def timed(command: Sequence[str], environment: dict[str, str], limit: float) -> tuple[float, float]:
    """Seconds of a command, and the most MiB that it and its children held together. Raises ProcessFailed."""
    peak, started = 0.0, time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=STDOUT, text=True)
        while process.poll() is None:
            peak = max(peak, held(process))
            if time.perf_counter() - started > limit:
                process.kill()
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        if process.returncode:
            said.seek(0)
            raise ProcessFailed(f"ended with {process.returncode}: {said.read()[-1500:]}")
    return seconds, peak


def held(process: psutil.Process) -> float:
    """MiB of a process and its children, now."""
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            total += each.memory_info().rss
    except psutil.Error:
        pass
    return total / MIB


def measured(tool: Tool, records: int, url: str, name: str, limit: float) -> Iterator[Load]:
    """A first load into an empty database, then one of nothing new."""
    with fresh_database() as database, tempfile.TemporaryDirectory(prefix="ingestion-leads-") as folder:
        way = Way(url, name, f"{SERVER}/{database.name}", Path(folder))
        command, environment = tool.start(way)
        if not tool.requirements:
            run([sys.executable, "manage.py", "migrate", "-v0"], environment, limit)
        if tool.key_alone:
            drop_indexes(database, tool.table)
        for scenario in ("first", "unchanged"):
            database.settle()
            seconds, peak = timed(command, environment, limit)
            rows = count(database.name, tool.table)
            wrong = "" if rows == records else f"{tool.title}, {scenario}: {rows} rows of {records}"
            yield Load(tool, records, scenario, seconds, peak, rows, wrong)


def drop_indexes(database: Database, where: tuple[str, str]) -> None:
    """All indexes of a table but that of its primary key."""
    others = (
        "SELECT indexrelid::regclass::text FROM pg_index"
        " WHERE indrelid = format('%%I.%%I', %s::text, %s::text)::regclass AND NOT indisprimary"
    )
    for (name,) in database.connection.execute(others, where).fetchall():
        database.connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))


def count(database: str, where: tuple[str, str]) -> int:
    """Rows of a table."""
    with psycopg.connect(f"{SERVER}/{database}") as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*where))
        return int((connection.execute(query).fetchone() or (0,))[0])


def compare(
    sizes: Sequence[int], only: Sequence[str], runs: int, limit: float
) -> tuple[list[Load], list[str]]:
    """All tools at all sizes, so many times; what they took, and what was wrong."""
    loads, wrong = [], []
    tools = [tool for tool in TOOLS if not only or tool.name in only]
    for records in sizes:
        with leads(records) as (url, name):
            for tool in tools * runs:
                try:
                    tool.install()
                    for load in measured(tool, records, url, name, limit):
                        rate = f"{load.seconds:.2f} s, peak {load.peak:,.0f} MiB, {load.rows:,} rows"
                        print(f"{tool.title}, {records:,} leads, {load.scenario}: {rate}", flush=True)
                        loads.append(load)
                        wrong += [load.wrong] if load.wrong else []
                except ProcessFailed as error:
                    wrong.append(f"{tool.title}, {records:,} leads: {error}")
    return loads, wrong


def figures(loads: Sequence[Load]) -> str:
    """The tables of RESULTS.md, with the medians of all runs and the highest peaks."""
    parts = []
    for records in dict.fromkeys(load.records for load in loads):
        rows = []
        for tool in dict.fromkeys(load.tool for load in loads):
            own = [load for load in loads if (load.tool, load.records) == (tool, records)]
            first, again = (
                [load for load in own if load.scenario == name] for name in ("first", "unchanged")
            )
            if first and again:
                seconds = median(load.seconds for load in first)
                took = (
                    f"{seconds:.2f}",
                    f"{records / seconds:,.0f}",
                    f"{max(load.peak for load in first):,.0f}",
                )
                delta = f"{median(load.seconds for load in again):.2f}"
                rows.append((tool.title, *took, delta, f"{max(load.peak for load in again):,.0f}"))
        header = ("", "first load s", "rows/s", "peak MiB", "unchanged delta s", "peak MiB ")
        parts.append(f"#### {records:,} leads\n\n{table(header, rows)}")
    return "\n\n".join(parts)
