"""The reference project on a database of its own, and processes of it."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).parents[2]


class Nursery:
    """A warm interpreter that forks processes of the project; see `crash`."""

    def __init__(self, folder):
        self.output = folder / f"output-{uuid.uuid4().hex[:8]}.txt"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crash"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def begin(self, environment, arguments, point=None, nth=1):
        """Start a process; answers its id."""
        order = {"environment": environment, "arguments": [str(each) for each in arguments], "nth": nth}
        order |= {"point": point and asdict(point), "output": str(self.output)}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        """Wait for that process. Answers its exit code (negative: a signal) and its seconds."""
        code, seconds = self.process.stdout.readline().split()
        return int(code), float(seconds)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)


class Project:
    """The reference project on a database of its own."""

    def __init__(self, url, query):
        self.url = url
        self.environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.query = query

    def start(self, *args, **kwargs):
        """A process with an interpreter of its own."""
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

    def run(self, nursery, *arguments, point=None, nth=1, environment=None):
        """A process out of the warm interpreter. Answers exit code and seconds."""
        nursery.begin({"DATABASE_URL": self.url} | (environment or {}), arguments, point, nth)
        return nursery.end()

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


def rows_of(cursor):
    """What a statement answers, if it answers rows."""
    return cursor.fetchall() if cursor.description else []


@contextmanager
def sqlite_project(folder):
    path = folder / "project.sqlite3"

    def query(sql):
        with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
            return rows_of(connection.execute(sql))

    yield Project(f"sqlite:///{path}", query)


@contextmanager
def postgres_project():
    name = f"ingestion_{uuid.uuid4().hex[:12]}"
    server = "host=127.0.0.1 user=postgres dbname={}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        with psycopg.connect(server.format(name), autocommit=True) as connection:
            yield Project(
                f"postgres://postgres@127.0.0.1:5432/{name}", lambda sql: rows_of(connection.execute(sql))
            )
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
