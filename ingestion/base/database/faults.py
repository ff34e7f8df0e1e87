"""What a database says when it refuses: what may pass, what a person must put right, what is neither."""

from typing import Any

import sqlalchemy as sa

from ingestion.base.exceptions import (
    AuthenticationError,
    ConfigurationError,
    SourceError,
    SyncError,
    TransientError,
    first_line,
)

PASSING_STATES = ("08", "40", "57P", "53300", "55P03")
REFUSED_STATES = ("28",)
WRONG_STATES = ("3D", "3F", "42")
"""PostgreSQL's SQLSTATE: the connection, a serialisation failure, a shutdown, too many connections; the
credentials; names and rights."""

LOST = {1053, 1158, 1159, 1160, 1161, 1927, *range(2000, 2056)}
PASSING_NUMBERS = frozenset({0, 1040, 1203, 1205, 1213, 1317, *LOST})
REFUSED_NUMBERS = frozenset({1044, 1045, 1698, 1820, 1862})
WRONG_NUMBERS = frozenset({1049, 1054, 1142, 1143, 1146, 1227})
"""The same of MySQL and MariaDB; 1862 is an expired password."""


def translated(error: Exception, where: str, *, lost: bool = False) -> SyncError:
    """A driver's error as one of ours; no statement and no parameter is in it."""
    original: Any = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    said = first_line(original)
    if lost or may_pass(original):
        return TransientError(
            f"the connection is lost ({type(original).__name__}: {said})",
            where=where,
            fix="check that the database runs and can be reached; the next run goes on from here",
        )
    if "unable to open database file" in said:  # SQLite
        return ConfigurationError("there is no such file", where=where, fix="check the path and its rights")
    state, number = sqlstate(original), number_of(original)
    if state.startswith(REFUSED_STATES) or number in REFUSED_NUMBERS:
        expired = " (its password has expired)" if number in (1820, 1862) else ""
        return AuthenticationError(
            f"the user was refused{expired}: {said}", where=where, fix="check the user and the password"
        )
    if state.startswith(WRONG_STATES) or number in WRONG_NUMBERS or isinstance(error, sa.exc.ArgumentError):
        return ConfigurationError(said, where=where, fix="check the names, and the rights of the user")
    return SourceError(
        f"{type(original).__name__}: {said}", where=where, fix="see the database's own log for the reason"
    )


def may_pass(error: Any) -> bool:
    """Whether the same question may be answered the next time."""
    if isinstance(error, (OSError, EOFError)):  # asyncio's IncompleteReadError is an EOFError
        return True
    kind, state = type(error).__name__, sqlstate(error)
    if hasattr(error, "sqlstate"):  # psycopg
        return state.startswith(PASSING_STATES) if state else kind in ("OperationalError", "InterfaceError")
    number = number_of(error)
    return number in PASSING_NUMBERS if number is not None else "locked" in str(error)


def sqlstate(error: Any) -> str:
    """PostgreSQL's code of an error."""
    return str(getattr(error, "sqlstate", None) or "")


def number_of(error: Any) -> int | None:
    """MySQL's number of an error."""
    number = error.args[0] if getattr(error, "args", ()) else None
    return number if isinstance(number, int) else None
