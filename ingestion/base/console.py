"""What a person sees of a run in a terminal: progress, one-line summaries, and Ctrl-C that closes the row."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from asgiref.sync import async_to_sync
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ingestion.base.plan import SyncPlan
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.models.common import SyncHistory

MOST_NAMES = 6
LINE_EVERY = 5.0
"""Seconds between two progress lines where there is no terminal."""


class Listener(ABC):
    """Hears SIGINT and SIGTERM while it is entered; a subclass says what they do (`handle`).

    Outside the main thread Python lets nobody listen, and nothing changes.
    """

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self.handle)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    @abstractmethod
    def handle(self, number: int, frame: FrameType | None) -> None:
        """What a signal does."""


class StopSignals(Listener):
    """A signal cancels the run's task, so that its row is closed; a second one stops hard."""

    def __init__(self) -> None:
        super().__init__()
        self.caught: int | None = None
        self.cancel: Any = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Ask the run to stop; the second time, stop."""
        del frame
        if self.caught is not None:
            raise KeyboardInterrupt
        self.caught = number
        if self.cancel:
            self.cancel()

    async def run(self, engine: BaseSyncEngine, plan: SyncPlan) -> SyncHistory:
        """Run an engine so that a signal can cancel it."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self.cancel = lambda: loop.call_soon_threadsafe(task.cancel) if task else None
        if self.caught is not None:
            self.cancel()
        try:
            return await engine.run(plan)
        finally:
            self.cancel = None

    def sync(self, engine: BaseSyncEngine, plan: SyncPlan) -> SyncHistory:
        """The same, for callers without an event loop."""
        try:
            return async_to_sync(self.run)(engine, plan)
        except KeyboardInterrupt:
            # The loop's thread waits for this one, and Python for that thread: it would never end. The next
            # run finds the lease of a dead process.
            sys.stderr.write("stopped hard; the next run goes on from the last batch\n")
            sys.stderr.flush()
            os._exit(128 + signal.SIGINT)


class ProgressBar:
    """A bar on a terminal; elsewhere a line every few seconds."""

    def __init__(self, console: Console, *, bar: bool) -> None:
        self.console = console
        self.bar = bar and console.is_terminal
        self.last = time.monotonic()

    @contextmanager
    def show(self, title: str) -> Iterator["ProgressBar"]:
        """Show progress under this title until the block ends."""
        self.title = title
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, disable=not self.bar) as self.progress:
            self.task = self.progress.add_task(title, total=None, rate="")
            self.begin = time.monotonic()
            yield self

    def __call__(self, history: SyncHistory, total: int | None) -> None:
        """After each batch: move the bar, or say a line."""
        done, now = history.records_processed, time.monotonic()
        rate = done / max(now - self.begin, 0.001)
        if self.bar:
            self.progress.update(self.task, completed=done, total=total, rate=f"{rate:,.0f}/s")
        elif now - self.last >= LINE_EVERY:
            self.last = now
            of = f" of {total:,}" if total else ""
            logging.getLogger("ingestion").info("%s: %s%s records", self.title, f"{done:,}", of)


@contextmanager
def logging_to(console: Console, *, debug: bool, quiet: bool) -> Iterator[None]:
    """Show the run's log lines on a console while a command works, unless the project shows them itself."""
    logger = logging.getLogger("ingestion")
    if logger.handlers:
        yield
        return
    level = logging.DEBUG if debug else logging.ERROR if quiet else logging.INFO
    plain = logging.StreamHandler(console.file)
    plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    bars = RichHandler(console=console, show_path=False, show_time=False, markup=False)
    handler: logging.Handler = bars if console.is_terminal else plain
    handler.setLevel(logging.WARNING if console.is_terminal and not (debug or quiet) else level)
    before = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def terminal(stream: Any, *, quiet: bool = False) -> Console:
    """A console on a command's stream; wide enough for any table where that is not a terminal."""
    file = getattr(stream, "_out", stream)
    console = Console(file=file, quiet=quiet)
    return console if console.is_terminal else Console(file=file, quiet=quiet, width=200)


def counted(history: SyncHistory) -> str:
    """The counts of a run that are not zero, in words."""
    counts = {word: getattr(history, f"records_{column}") for word, column in WORDS.items()}
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "nothing to do"


def summary(history: SyncHistory, *, dry_run: bool = False) -> str:
    """What a run did: how long, the counts, and what a person should know."""
    metrics = history.performance_metrics
    seconds, rate = metrics.get("duration_seconds", 0), metrics.get("records_per_second", 0)
    took = f"{history.status} in {seconds:,.1f} s, {rate:,.0f} records/s"
    head = f"{history.crm_source} {history.sync_type}: {took}"
    values = {word: getattr(history, f"records_{column}") for word, column in WORDS.items()}
    counts = ", ".join(f"{value:,} {word}" for word, value in values.items())
    lines = [head, f"{'dry run, nothing written: ' if dry_run else ''}{counts}"]
    if metrics.get("warnings"):
        lines.append(f"{metrics['warnings']:,} loaded with a warning: manage.py sync_status shows them")
    if history.configuration.get("strategy") == "full":
        lines += [f"{kind}: {some(names)}" for kind, names in drift_of(metrics).items() if names]
    return "\n  ".join([*lines, *metrics.get("notes", [])])


def some(names: list[str]) -> str:
    """The first of many names; the history row has them all."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def drift_of(metrics: dict[str, Any]) -> dict[str, list[str]]:
    """How the source differs from the declaration, in words."""
    drift = metrics.get("drift", {})
    return {
        "in no record, their columns were left as they are": drift.get("absent", []),
        "not mapped, kept in extra": drift.get("unknown", []),
    }


WORDS = {
    "processed": "processed",
    "created": "created",
    "updated": "updated",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "rejected": "failed",
    "deleted": "deleted",
}
"""Our word → the column's."""
