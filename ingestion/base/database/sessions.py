"""Connections to a database that is read: one contract, a thread for SQLAlchemy's drivers, asyncmy for MySQL.

A session is read-only and speaks UTC where the database has a time zone of its own. It hands out rows as
the driver makes them, with the conversions left out that would lose something or cost for nothing.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from ingestion.base.database.faults import translated
from ingestion.base.database.reflected import Reflected, reflect
from ingestion.base.database.table import Table
from ingestion.base.exceptions import ConfigurationError, TransientError

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]

SET_UP = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET TIME ZONE 'UTC'",
        "SET DateStyle TO ISO",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
    "oracle": ("SET TRANSACTION READ ONLY",),
}
"""What each session begins with, by SQLAlchemy's name of the dialect. SQLite's file is opened read-only."""

CONNECT_SECONDS = 10


class Session(ABC):
    """One connection; opened before use, and again after it was lost."""

    def __init__(self, url: sa.URL, where: str) -> None:
        self.url = url
        self.where = where

    @property
    def streams(self) -> bool:
        """Whether a long answer is handed over in pieces without holding anybody up."""
        return True

    @property
    def decodes(self) -> bool:
        """Whether texts are still bytes, because one of them was not UTF-8."""
        return False

    @property
    def digits(self) -> frozenset[int]:
        """The places of whole numbers that this answer has in digits."""
        return frozenset()

    @abstractmethod
    async def open(self) -> None:
        """Connect. Raises TransientError, AuthenticationError, ConfigurationError."""

    @abstractmethod
    async def reflect(self, table: Table) -> Reflected:
        """Look a table up."""

    @abstractmethod
    async def execute(self, statement: "sa.Select[Any]") -> None:
        """Ask; what was asked before is dropped."""

    @abstractmethod
    async def fetch(self, most: int) -> Rows:
        """The next rows of the answer, fewer than `most` only at its end."""

    @abstractmethod
    async def close(self) -> None:
        """Give the connection up; of one that is lost nobody hears."""


class ThreadSession(Session):
    """Any driver that SQLAlchemy has, in a thread of its own."""

    engine: sa.Engine | None = None
    connection: sa.Connection | None = None
    result: "sa.CursorResult[Any] | None" = None

    def __init__(self, url: sa.URL, where: str) -> None:
        super().__init__(url, where)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="ingestion-source")

    @property
    def streams(self) -> bool:
        """SQLite keeps writers out for as long as an answer is open."""
        return self.url.get_backend_name() != "sqlite"

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """In the thread, with the driver's errors as ours."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.thread, work, *args)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
            raise translated(error, self.where, lost=lost) from error

    async def open(self) -> None:
        """Connect."""
        await self.run(self.connect)

    def connect(self) -> None:
        """In the thread."""
        self.engine = engine_of(self.url)
        self.connection = self.engine.connect()
        for order in SET_UP.get(self.engine.dialect.name, ()):
            self.connection.exec_driver_sql(order)
        self.connection.commit()
        if self.engine.dialect.name == "postgresql":
            texts_of_times(self.connection)

    async def reflect(self, table: Table) -> Reflected:
        """Look a table up."""
        return await self.run(lambda: reflect(self.connected(), table))

    def connected(self) -> sa.Connection:
        """The connection. Raises TransientError when there is none."""
        if self.connection is None:
            raise TransientError("there is no connection", where=self.where)
        return self.connection

    async def execute(self, statement: "sa.Select[Any]") -> None:
        """Ask."""

        def ask() -> None:
            self.drop()
            options = {"stream_results": self.streams}
            self.result = self.connected().execute(statement, execution_options=options)

        await self.run(ask)

    def drop(self) -> None:
        """The last answer, and the transaction it was given in."""
        if self.result is not None:
            self.result.close()
            self.result = None
            self.connected().rollback()

    async def fetch(self, most: int) -> Rows:
        """The next rows."""

        def take() -> Rows:
            return self.result.fetchmany(most) if self.result is not None else []

        return await self.run(take)

    async def close(self) -> None:
        """Close what is open."""

        def shut() -> None:
            engine, connection = self.engine, self.connection
            with suppress(sa.exc.SQLAlchemyError, OSError):
                self.drop()
            with suppress(sa.exc.SQLAlchemyError, OSError):
                if connection is not None:
                    connection.close()
            self.connection = self.engine = self.result = None
            if engine is not None:
                engine.dispose()

        await self.run(shut)


def engine_of(url: sa.URL) -> sa.Engine:
    """SQLAlchemy's engine without a pool. Raises ConfigurationError where the driver is not installed."""
    backend = url.get_backend_name()
    options: dict[str, Any] = {"poolclass": NullPool}
    if backend == "sqlite":
        options["creator"] = lambda: open_sqlite(url.database or "")
    elif backend == "postgresql":
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    elif backend in ("mysql", "mariadb"):
        from pymysql import converters  # noqa: PLC0415 it is optional, as every driver

        options["connect_args"] = {
            "conv": without_times(converters.conversions),
            "connect_timeout": CONNECT_SECONDS,
        }
    try:
        return sa.create_engine(url, **options)
    except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
        raise missing_driver(url, error) from error


def missing_driver(url: sa.URL, error: Exception) -> ConfigurationError:
    """What to install for an address."""
    return ConfigurationError(
        f"the driver for {url.drivername} is not there: {error}",
        where=shown(url),
        fix="pip install 'django-ingestion[database]' and the driver that SQLAlchemy names for this dialect",
    )


def shown(url: sa.URL) -> str:
    """An address without user and password, for messages and as the source's identity."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def open_sqlite(path: str) -> sqlite3.Connection:
    """A file, read-only; a text that is not UTF-8 keeps its bytes as halves of surrogate pairs."""
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False, timeout=20)
    connection.text_factory = lambda given: given.decode("utf-8", "surrogateescape")
    return connection


def texts_of_times(connection: sa.Connection) -> None:
    """PostgreSQL's `infinity` and years before 1 are no datetimes of Python: they come as texts.

    So do its numerics: a decimal goes on as it is.
    """
    from psycopg.types.string import TextLoader  # noqa: PLC0415 it is optional, as every driver

    driver: Any = connection.connection.driver_connection
    for name in ("date", "timestamp", "timestamptz", "numeric"):
        driver.adapters.register_loader(name, TextLoader)


TEXT_TYPES = (0, 7, 10, 12, 246)
"""Of MySQL's column types: DECIMAL, TIMESTAMP, DATE, DATETIME, NEWDECIMAL. They come as texts: nothing of
them is lost, not even a zero date, and a decimal goes on as it is."""

BIT = 16
WHOLE_TYPES = (1, 2, 3, 8, 9)
"""TINY, SHORT, LONG, LONGLONG, INT24."""


def without_times(conversions: Any) -> dict[Any, Any]:
    """A MySQL driver's conversions without those."""
    return {kind: convert for kind, convert in conversions.items() if kind not in (*TEXT_TYPES, BIT)}


def open_session(url: sa.URL) -> Session:
    """The session for an address."""
    if url.drivername in ("mysql", "mariadb", "mysql+asyncmy", "mariadb+asyncmy"):
        try:
            from ingestion.base.database.fast_mysql import MySQLSession  # noqa: PLC0415 asyncmy is optional
        except ModuleNotFoundError as error:
            raise missing_driver(url, error) from error
        return MySQLSession(url.set(drivername=f"{url.get_backend_name()}+asyncmy"), shown(url))
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return ThreadSession(url, shown(url))
