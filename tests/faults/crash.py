"""The sixteen points of a run at which a process is killed, and the process that dies there.

    python -m tests.faults.crash

Reads orders, one JSON a line, and forks a process for each: it runs a command of the project as a person
would, and where the order names a point it kills itself there (SIGKILL). The product's code runs as it is:
a trace function watches for the call, or the return, of the one function that a point stands at. Answers each
order with two lines: the process's id, then its exit code and the seconds it took.
"""

import inspect
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from dataclasses import dataclass

ENGINE = "ingestion.base.sync_engine:BaseSyncEngine."
COMMIT = "django.db.backends.base.base:BaseDatabaseWrapper."
PORTABLE = "ingestion.base.loaders.portable:PortableLoader."
POSTGRES = "ingestion.base.loaders.postgres:PostgresLoader."
SAVE = "ingestion.base.saving:BatchWriter.save"
BATCHES, PAGES, LINES = 3, 40, 4000


@dataclass(frozen=True)
class Point:
    """A place in a run: an `event` (call, return) of a function, `inside` another one where need be.

    `most` is how often a run comes past it at least: a seed chooses which time the kill is.
    """

    name: str
    function: str
    event: str = "call"
    inside: str = ""
    most: int = 1


PROXY = Point("COMMIT sent, its answer not heard", "", most=BATCHES)
"""Reached from outside: the proxy before PostgreSQL kills the process when the server has committed."""


def points(database, source):
    """The sixteen points of a run, by number."""
    postgres, http = database == "postgres", source == "http"
    return dict(
        enumerate(
            [
                Point("configuration loaded", f"{ENGINE}prepare", "return"),
                Point("lease row sent", f"{COMMIT}commit", inside="ingestion.base.lease:acquire"),
                Point("lease committed, client connected", f"{ENGINE}choose"),
                Point("before the first fetch", "ingestion.base.reading:load_batches"),
                Point("mid page", "aiohttp.streams:StreamReader.feed_data", most=PAGES)
                if http
                else Point("mid page", "ingestion.base.csv_rows:csv_records", most=LINES),
                Point("page read", "ingestion.base.datasource:LoopGuard.check", most=PAGES if http else 4),
                Point("batch processed", f"{ENGINE}process_batch", "return", most=BATCHES),
                Point(
                    "batch's transaction begun",
                    "ingestion.base.saving:BatchWriter.open_batch",
                    "return",
                    most=BATCHES,
                ),
                Point("while copying", "psycopg._copy:Copy.write", "return", most=BATCHES)
                if postgres
                else Point("stored rows compared", f"{PORTABLE}stored", "return", most=BATCHES),
                Point("copied, not merged", f"{POSTGRES}copy", "return", most=BATCHES)
                if postgres
                else Point("inserted, not updated", f"{PORTABLE}insert", "return", most=BATCHES),
                Point("before COMMIT", f"{COMMIT}commit", inside=SAVE, most=BATCHES),
                PROXY
                if postgres
                else Point(PROXY.name, f"{COMMIT}_commit", "return", inside=SAVE, most=BATCHES),
                Point("right after COMMIT", SAVE, "return", most=BATCHES),
                Point("between batches", f"{ENGINE}check_rejected", "return", most=BATCHES),
                Point("before the sweep", "ingestion.base.deletes:missing_keys"),
                Point("while closing", f"{COMMIT}commit", inside="ingestion.base.history:close_run"),
            ],
            1,
        )
    )


def code_of(name):
    """The code object of a function by its dotted name, `module:Class.method`."""
    return inspect.unwrap(pkgutil.resolve_name(name)).__code__


class Watch:
    """Kills this process when it comes past a point for the n-th time."""

    def __init__(self, point, nth):
        self.code = code_of(point.function)
        self.event = point.event
        self.inside = code_of(point.inside) if point.inside else None
        self.left = nth

    def __call__(self, frame, event, arg):
        if frame.f_code is not self.code:
            return None
        if self.event == "call":
            self.passed(frame)
            return None
        return self.returning

    def returning(self, frame, event, arg):
        if event == "return":
            self.passed(frame)
        return self.returning

    def passed(self, frame):
        if self.inside and not self.is_inside(frame):
            return
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def is_inside(self, frame):
        while frame := frame.f_back:
            if frame.f_code is self.inside:
                return True
        return False


def obey(order):
    """In the new process: another database, another environment, then the command."""
    from django.conf import settings  # noqa: PLC0415 after django.setup()
    from django.core.management import execute_from_command_line  # noqa: PLC0415 after django.setup()
    from django.db import connections  # noqa: PLC0415 after django.setup()

    from config.settings import database  # noqa: PLC0415 after django.setup()

    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    settings.DATABASES = {"default": database()}
    connections._settings = None
    del connections.settings
    for alias in [each.alias for each in connections.all(initialized_only=True)]:
        del connections[alias]
    if order["point"]:
        watch = Watch(Point(**order["point"]), order["nth"])
        threading.settrace(watch)
        sys.settrace(watch)
    try:
        execute_from_command_line(["manage.py", *order["arguments"]])
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    return 0


def serve():
    """Take orders until there are no more."""
    import django  # noqa: PLC0415 only here, the tests have done it

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from ingestion.registry import engines  # noqa: PLC0415 after django.setup()

    engines()  # everything is loaded once, before the first fork
    for line in sys.stdin:
        started = time.monotonic()
        pid = os.fork()
        if not pid:
            code = 70
            try:
                code = obey(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), time.monotonic() - started, flush=True)


if __name__ == "__main__":
    serve()
