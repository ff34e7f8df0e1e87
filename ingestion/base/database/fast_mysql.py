"""MySQL and MariaDB through asyncmy: ten times as fast as a driver written in Python."""

import asyncio
from contextlib import suppress
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any

import sqlalchemy as sa
from asyncmy import converters, errors
from asyncmy.cursors import SSCursor
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ingestion.base.database.faults import translated
from ingestion.base.database.reflected import Reflected, reflect
from ingestion.base.database.sessions import (
    CONNECT_SECONDS,
    SET_UP,
    WHOLE_TYPES,
    Rows,
    Session,
    without_times,
)
from ingestion.base.database.table import Table
from ingestion.base.exceptions import SyncError, TransientError
from ingestion.conf import setting

FAULTS = (sa.exc.SQLAlchemyError, errors.MySQLError, OSError, EOFError)


def without_numbers(conversions: dict[Any, Any]) -> dict[Any, Any]:
    """A driver's conversions without those of whole numbers."""
    return {kind: convert for kind, convert in conversions.items() if kind not in WHOLE_TYPES}


WAITING = 512 * 1024
"""Bytes that may wait for us on our side: asyncmy makes rows of all that has come, and the kernel would take
megabytes while a batch is made."""

BATCH_MODE = {"render_postcompile": True}


class MySQLSession(Session):
    """SQLAlchemy writes the statements and looks tables up; asyncmy's own cursor reads the rows."""

    engine: AsyncEngine | None = None
    connection: AsyncConnection | None = None
    driver: Any = None
    cursor: Any = None
    bytes_only = False

    @property
    def decodes(self) -> bool:
        """After a text that was not UTF-8."""
        return self.bytes_only

    @property
    def digits(self) -> frozenset[int]:
        """All whole numbers: most of them go on in digits."""
        columns = self.cursor.description if self.cursor is not None else ()
        return frozenset(place for place, column in enumerate(columns) if column[1] in WHOLE_TYPES)

    def failed(self, error: Exception) -> SyncError:
        """A driver's error as one of ours; the connection that had it is not used again."""
        lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
        return translated(error, self.where, lost=lost)

    async def open(self) -> None:
        """Connect."""
        self.engine = create_async_engine(
            self.url,
            poolclass=NullPool,
            connect_args={
                "conv": without_numbers(without_times(converters.conversions)),
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": float(setting("INGESTION_DATABASE_TIMEOUT", "600")),
            },
        )
        try:
            self.connection = await self.engine.connect()
            for order in SET_UP["mysql"]:
                await self.connection.exec_driver_sql(order)
            await self.connection.commit()
            self.driver = (await self.connection.get_raw_connection()).driver_connection
        except FAULTS as error:
            raise self.failed(error) from error
        self.driver._use_unicode = not self.bytes_only
        socket = self.driver._transport.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_RCVBUF, WAITING)

    async def reflect(self, table: Table) -> Reflected:
        """Look a table up."""
        try:
            return await self.connected().run_sync(reflect, table)
        except FAULTS as error:
            raise self.failed(error) from error

    def connected(self) -> AsyncConnection:
        """The connection. Raises TransientError when there is none."""
        if self.connection is None:
            raise TransientError("there is no connection", where=self.where)
        return self.connection

    async def execute(self, statement: "sa.Select[Any]") -> None:
        """Ask, past SQLAlchemy's own cursor: it would make an object of every row."""
        dialect = self.connected().dialect
        compiled: Any = statement.compile(dialect=dialect, compile_kwargs=BATCH_MODE)
        values = compiled.construct_params()
        try:
            self.listen(now=True)
            if self.cursor is not None:
                await self.cursor.close()  # there is nothing left in it: it was read to its end
            self.cursor = self.driver.cursor(SSCursor)
            await self.cursor.execute(str(compiled), tuple(values[name] for name in compiled.positiontup))
        except FAULTS as error:
            raise self.failed(error) from error

    async def fetch(self, most: int) -> Rows:
        """The next rows."""
        try:
            self.listen(now=True)
            rows: Rows = await self.cursor.fetchmany(most)
            self.listen(now=False)
        except UnicodeDecodeError as error:
            self.bytes_only = True
            raise TransientError(
                "a text is not UTF-8; read again as bytes", where=self.where, fix="correct it at its source"
            ) from error
        except FAULTS as error:
            raise self.failed(error) from error
        return rows

    def listen(self, *, now: bool) -> None:
        """Let the server send, or wait: asyncmy takes whatever comes, and would keep a whole answer."""
        transport = self.driver._transport
        if transport is not None and not transport.is_closing():
            (transport.resume_reading if now else transport.pause_reading)()

    async def close(self) -> None:
        """Close what is open, without reading the rest of an answer."""
        connection, engine, driver = self.connection, self.engine, self.driver
        self.connection = self.engine = self.driver = self.cursor = None
        if driver is not None:
            driver.close()
        with suppress(*FAULTS, asyncio.CancelledError):
            if connection is not None:
                await connection.invalidate()
                await connection.close()
            if engine is not None:
                await engine.dispose()
