"""The edges of the product that a world plays: the operating system, and the connection to the database.

Faults happen here and nowhere else. A *point* is a statement, the moment before or after a COMMIT, or a
request to the source; each worker counts its own, and may be told to die at one of them.
"""

import re
import uuid
from contextvars import ContextVar
from types import SimpleNamespace

import psutil
from django.db import InterfaceError, OperationalError

WORKER = ContextVar("WORKER")
SQL_CLOCK = re.compile(r"'NOW'|STATEMENT_TIMESTAMP\(\)")


ATTEMPTS = 8
"""So often the product tries one request, or one piece of work for the database."""


class Crash(BaseException):
    """A process is gone. Whatever of it still moves reaches neither the database nor the source."""


class Worker:
    """A process of ours: where it runs, and what will become of it."""

    def __init__(self, world, host, crash_at=0):
        self.world = world
        self.host = host
        self.pid = world.next_pid()
        self.started = world.clock.seconds
        self.crash_at = crash_at
        self.points = 0
        self.dead = False
        self.frozen = (0.0, 0.0)
        self.fatal, self.shown = [], {}
        self.in_a_row = {}
        self.worn_out = self.cannot_close = self.reads_keys = False

    def point(self, name):
        """Somewhere a process may die."""
        self.points += 1
        if self.dead or self.points == self.crash_at:
            if not self.dead:
                self.world.tell(f"worker {self.pid} dies at point {self.points}: {name}")
            self.dead = True
            raise Crash(name)

    @property
    def died(self):
        """Whether it was told to die at a point that it has come to."""
        return 0 < self.crash_at <= self.points

    def fault(self, name, of):
        """Something passing has happened to a request, or to the database: only so many in a row are a reason
        to fail."""
        self.tell_fault(name)
        self.in_a_row[of] = self.in_a_row.get(of, 0) + 1
        if self.in_a_row[of] >= ATTEMPTS:
            self.worn_out = True
            self.cannot_close = self.cannot_close or of == "database"

    def well(self, of):
        """The next fault of this is the first in a row."""
        self.in_a_row.pop(of, None)

    def tell_fault(self, name):
        self.world.tell(f"worker {self.pid}, point {self.points}: {name}")


class Processes:
    """What psutil and the system say of the workers of the current world."""

    NO_MEMORY = SimpleNamespace(rss=0)

    def __init__(self):
        self.world = None

    def process(self, pid=None):
        worker = WORKER.get() if pid is None else self.world.workers.get(pid)
        if worker is None or worker.dead:
            raise psutil.NoSuchProcess(pid or 0)
        return SimpleNamespace(
            pid=worker.pid,
            create_time=lambda: worker.started,
            status=lambda: psutil.STATUS_RUNNING,
            memory_info=lambda: self.NO_MEMORY,
        )

    def hostname(self):
        return WORKER.get().host

    def uuid4(self):
        return uuid.UUID(int=self.world.rng.getrandbits(128))


class DatabaseEdge:
    """Between Django and its database: counts points, sets the database's clock, makes faults.

    SQLite's memory would be lost with its connection, so there a lost connection is only an error;
    PostgreSQL's is really closed.
    """

    def __init__(self, connection):
        self.connection = connection
        self.world = None
        self.real_commit = connection._commit
        connection._commit = self.commit
        connection.execute_wrappers.append(self.execute)

    def remove(self):
        self.connection.execute_wrappers.remove(self.execute)
        del self.connection._commit

    @property
    def is_postgres(self):
        return self.connection.vendor == "postgresql"

    def execute(self, execute, sql, params, many, context):
        worker = WORKER.get(None)
        if worker is None:
            return execute(sql, params, many, context)
        worker.point(sql[:40])
        if fault := self.world.database_fault("statement"):
            self.disturb(worker, fault)
        if "NOW" in sql or "STATEMENT_TIMESTAMP" in sql:
            moment = self.world.clock.now()
            text = (
                f"timestamptz '{moment.isoformat()}'"
                if self.is_postgres
                else f"'{moment:%Y-%m-%d %H:%M:%S.%f}'"
            )
            sql = SQL_CLOCK.sub(text, sql)
        return execute(sql, params, many, context)

    def commit(self):
        worker = WORKER.get(None)
        if worker is None:
            self.real_commit()
            return
        try:
            worker.point("before COMMIT")
        except Crash:
            self.roll_back()
            raise
        fault = self.world.database_fault("commit")
        if fault == "answer":
            self.real_commit()
            worker.fault("COMMIT without an answer", "database")
            self.lose()
        elif fault:
            self.disturb(worker, fault)
        self.real_commit()
        worker.point("after COMMIT")

    def roll_back(self):
        """What the server does when its client is gone."""
        if self.connection.connection is not None and not getattr(
            self.connection.connection, "closed", False
        ):
            self.connection.connection.rollback()

    def disturb(self, worker, fault):
        worker.fault(f"database: {fault}", "database")
        if fault == "lost":
            self.roll_back()
            self.lose()
        elif self.is_postgres:
            state = "40P01" if fault == "deadlock" else "55P03"
            with self.connection.wrap_database_errors, self.connection.connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
        else:
            raise OperationalError("database is locked")

    def lose(self):
        if self.is_postgres:
            self.connection.connection.close()
            return  # the next word to the server meets a real error
        raise InterfaceError("connection already closed")
