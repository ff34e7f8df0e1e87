"""Patience with sources, and with our own database: what may pass is tried again, the rest fails the run.

A batch is one transaction, so trying it again is safe: nothing of the first attempt is there, or all of it,
which the batch's number tells.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import stamina
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connections

from ingestion.base.exceptions import FatalError, TransientError, first_line
from ingestion.base.logs import logger
from ingestion.conf import setting

T = TypeVar("T")
On = type[Exception] | Callable[[Exception], bool | float]


@dataclass(frozen=True)
class Patience:
    """How long a source is asked again: so many attempts, within so many seconds; waits double."""

    attempts: int = 8
    seconds: float = 300.0
    initial: float = 0.5
    longest: float = 30.0

    @classmethod
    def from_settings(cls) -> Self:
        """With `INGESTION_RETRY_SECONDS` and `INGESTION_RETRY_ATTEMPTS`, where they are set."""
        attempts, seconds = (
            setting("INGESTION_RETRY_ATTEMPTS", "8"),
            setting("INGESTION_RETRY_SECONDS", "300"),
        )
        return cls(int(attempts), float(seconds), initial=min(0.5, float(seconds) / 100))

    def attempts_at(self, on: On) -> AsyncIterator[stamina.Attempt]:
        """Attempts one after the other, each entered with `with`; `on` says what is tried again, and when."""
        return stamina.retry_context(
            on=on,
            attempts=self.attempts,
            timeout=self.seconds,
            wait_initial=self.initial,
            wait_max=self.longest,
            wait_jitter=self.initial,
        )


DatabaseFault = (OperationalError, InterfaceError)

PASSING_STATES = frozenset({"57P01", "57P02", "57P03", "57P05", "53300", "55P03"})
"""PostgreSQL: shut down or starting up, idle session ended, too many connections, lock not available."""

PASSING_CLASSES = ("08", "40")
"""SQLSTATE classes: connection exception; transaction rollback (serialisation failure, deadlock)."""

PASSING_NUMBERS = frozenset({0, 1040, 1203, 1205, 1213, 2002, 2003, 2006, 2013})
"""MySQL: a closed connection, too many connections, lock wait timeout, deadlock, server gone or lost."""


class DatabaseFailure(FatalError):
    """Our own database could not do its work: disk full, a statement timeout, no right to write."""


def may_pass(error: Exception) -> bool:
    """Whether a database fault may be gone the next time."""
    if not isinstance(error, DatabaseFault):
        return False
    if hasattr(error.__cause__, "sqlstate"):  # psycopg
        state: str | None = getattr(error.__cause__, "sqlstate", None)
        if state is None:  # the server was not reached, or was lost
            return True
        return state in PASSING_STATES or state.startswith(PASSING_CLASSES)
    number = error.args[0] if error.args else None
    return number in PASSING_NUMBERS or "locked" in str(error) or "closed" in str(error)


def patiently(using: str, work: Callable[..., T], *args: object, attempts: int = 8) -> T:
    """Do database work, and do it again from its beginning while its faults may pass (a minute at most).

    Raises TransientError when they do not, DatabaseFailure for any other fault of the database.
    """
    retry = stamina.retry_context(
        on=may_pass, attempts=attempts, timeout=60.0, wait_initial=0.1, wait_max=10.0
    )
    try:
        for attempt in retry:
            with attempt:
                return once(using, work, *args)
    except DatabaseFault as error:
        what, where = first_line(error), f"database '{using}'"
        if may_pass(error):
            raise TransientError(what, where=where, fix="run again when it answers") from error
        fix = "see the database's log; the next run goes on after the last batch that was committed"
        raise DatabaseFailure(what, where=where, fix=fix) from error
    raise TransientError("was never tried", where=using)  # stamina tries at least once


async def in_database(using: str, work: Callable[..., T], *args: object) -> T:
    """`patiently`, for coroutines: in the thread that owns the connection."""
    return await sync_to_async(patiently)(using, work, *args)


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Work that a signal does not interrupt: it is done first, and then the run stops."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
    return task.result()


def once(using: str, work: Callable[..., T], *args: object) -> T:
    """One attempt; a connection that a fault has broken is given up, so that the next one is new."""
    try:
        with connections[using].wrap_database_errors:  # closing a server's cursor raises the driver's own
            return work(*args)
    except DatabaseFault as error:
        logger.warning("database '%s': %s", using, first_line(error))
        if not connections[using].in_atomic_block:
            connections[using].close()
        raise
