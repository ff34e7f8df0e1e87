"""Reading in processes of their own: they read and prepare, the run's own process saves.

One interpreter does one thing at a time, so a run that must be faster than one core is shared. Each reader
is a fork of the run with a client and database connections of its own; what it makes arrives in the order in
which it was made, and is committed by the one process that holds the lease. A reader that dies ends the run
as a lost connection does; one whose run has died ends itself.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync
from django.db import connections

from ingestion.base.exceptions import FatalError, SyncError, TransientError, first_line
from ingestion.base.loaders import Loader
from ingestion.base.logs import logger
from ingestion.base.records import Batch, Page, Position
from ingestion.base.shipping import Parcel, packed

if TYPE_CHECKING:
    from ingestion.base.sync_engine import BaseSyncEngine
    from ingestion.base.window import Window

AHEAD = 3
"""Batches of a reader that are not committed yet; more would only be memory."""

CAN_FORK = sys.platform == "linux"
"""Elsewhere a fork of a process with threads is not safe, and a new interpreter would start for longer than
most runs take."""

INHERITED: list[object] = []
"""The run's connections in a reader, kept from being closed there: they are the run's."""


class Readers:
    """The readers of one run, one for each place to begin at. Made in the thread that owns the ORM."""

    def __init__(self, engine: "BaseSyncEngine", window: "Window", places: Sequence[Position | None]) -> None:
        self.places = list(places)
        self.where = engine.title
        self.each: list[Reader] = []
        for number, place in enumerate(places):
            self.each.append(Reader(number, engine, replace(window, position=place), self.each))
        self.threads = ThreadPoolExecutor(len(places), thread_name_prefix="reader")

    async def pages(
        self, engine: "BaseSyncEngine", beat: Callable[[], Awaitable[None]], every: float
    ) -> AsyncGenerator[Page, None]:
        """What they have prepared, as it comes; `beat` is awaited every `every` seconds while all are silent.

        A page is taken for committed when the one after the next is asked for. Raises what a reader has
        met, once everything that came before it was handed over; TransientError when one is gone.
        """
        coming = {self.coming(each): each for each in self.each}
        before: tuple[Reader, int] | None = None
        while coming:
            done, _ = await asyncio.wait(coming, timeout=every, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                await beat()
            for future in done:
                reader = coming.pop(future)
                message = future.result()
                if isinstance(message, Finished):
                    message.tell(engine)
                    continue
                coming[self.coming(reader)] = reader
                if isinstance(message, logging.LogRecord):
                    logger.handle(message)
                elif isinstance(message, Exception):
                    raise message
                else:
                    yield self.placed(reader, message.opened(reader.ask))
                    if before is not None:
                        before[0].let_go(before[1])
                    before = reader, message.number

    def coming(self, reader: "Reader") -> asyncio.Future[Any]:
        """A reader's next message; what one meets that is stopped does not matter."""
        future = asyncio.get_running_loop().run_in_executor(self.threads, reader.receive)
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future

    def placed(self, reader: "Reader", page: Page) -> Page:
        """A page with the position of all readers."""
        self.places[reader.number] = page.position
        if len(self.places) == 1:
            return page
        return replace(page, position=None if None in self.places else {"parts": list(self.places)})

    def close(self) -> None:
        """Stop them all, whatever they are at."""
        for each in self.each:
            each.close()
        self.threads.shutdown(wait=False)


class Reader:
    """One reader, as the run sees it."""

    def __init__(
        self, number: int, engine: "BaseSyncEngine", window: "Window", others: "Iterable[Reader]"
    ) -> None:
        self.number = number
        self.where = engine.title
        self.lock = threading.Lock()
        self.parcels, parcels = get_context("fork").Pipe(duplex=False)
        self.orders, orders = get_context("fork").Pipe()
        task = Task(engine, window, parcels, orders)
        self.process = get_context("fork").Process(target=task.run, args=([*others, self],), daemon=True)
        self.process.start()
        parcels.close()
        orders.close()

    def receive(self) -> Any:
        """The next message. Raises TransientError when the process is gone."""
        try:
            return self.parcels.recv()
        except (EOFError, OSError):
            raise self.gone() from None

    def ask(self, number: int) -> Batch:
        """A batch that was not let go, with all there is of it. Raises TransientError."""
        try:
            with self.lock:
                self.orders.send(("whole", number))
            batch: Batch = self.orders.recv()
        except (EOFError, OSError):
            raise self.gone() from None
        return batch

    def let_go(self, number: int) -> None:
        """A batch is committed: nobody will ask for it again. Of a process that is gone `receive` tells."""
        try:
            with self.lock:
                self.orders.send(("done", number))
        except OSError:
            pass

    def gone(self) -> TransientError:
        """What became of the process."""
        self.process.join(1)
        return TransientError(
            f"the process that reads has ended (exit code {self.process.exitcode})",
            where=self.where,
            fix="see whether the system has stopped it, for its memory maybe; the next run goes on from here",
        )

    def hang_up(self) -> None:
        """Close this side of the pipes."""
        self.parcels.close()
        self.orders.close()

    def close(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.join()
        self.hang_up()


class Finished:
    """A reader has read everything; what its batches do not tell goes into the run's own account."""

    def __init__(self, engine: "BaseSyncEngine") -> None:
        self.unknown = engine.processor.unknown
        self.seconds = engine.monitor.phases.get("process", 0.0)

    def tell(self, engine: "BaseSyncEngine") -> None:
        """Add it."""
        engine.processor.unknown |= self.unknown
        phases = engine.monitor.phases
        phases["process"] = phases.get("process", 0.0) + self.seconds


class Task:
    """The reader itself, in its process: one thread reads and prepares, the main one takes orders."""

    def __init__(
        self, engine: "BaseSyncEngine", window: "Window", parcels: Connection, orders: Connection
    ) -> None:
        self.engine = engine
        self.window = window
        self.parcels = parcels
        self.orders = orders
        self.number = 0
        self.kept: dict[int, Batch] = {}
        self.free = threading.Semaphore(AHEAD)
        self.lock = threading.Lock()

    def run(self, readers: "Iterable[Reader]") -> None:
        """Work until the run hangs up, which it also does by dying."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; the run will stop us
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for each in readers:
            each.hang_up()
        on_its_own()
        logger.handlers, logger.propagate = [Forwarder(self)], False
        self.hands = ThreadPoolExecutor(1)
        ThreadPoolExecutor(1).submit(lambda: asyncio.run(self.read())).add_done_callback(self.tell)
        try:
            while True:
                word, number = self.orders.recv()  # EOFError: the run has hung up
                if word == "done":
                    del self.kept[number]
                    self.free.release()
                else:
                    self.orders.send(self.kept[number])
        finally:
            os._exit(0)  # whatever it was: nothing of the run's may be closed or flushed here

    def tell(self, done: "Future[None]") -> None:
        """Everything is read, or cannot be."""
        error = done.exception()
        self.send(Finished(self.engine) if error is None else as_sent(error))

    async def read(self) -> None:
        """Read; the next pages are asked for while one is prepared."""
        engine, loop = self.engine, asyncio.get_running_loop()
        engine.apart = True
        async with engine.get_client(engine.plan) as engine.client:
            async for page in engine.read_pages(self.window):
                await loop.run_in_executor(self.hands, self.hand_over, page)

    def hand_over(self, page: Page) -> None:
        """Prepare one page and send it, once there is room for it."""
        self.free.acquire()
        number, self.number = self.number, self.number + 1
        batch = self.kept[number] = self.engine.process_batch(page)
        named = [*self.loader.looked_at, *filter(None, [self.engine.part_field])]
        self.send(packed(number, page, batch, self.loader.lines(batch.rows), named))

    @cached_property
    def loader(self) -> Loader:
        """What the run saves with, on a connection of the thread that asks."""
        return self.engine.get_loader()

    def send(self, message: "Parcel | Finished | Exception | logging.LogRecord") -> None:
        """Hand a message over; the run's end is seen by whoever takes its orders."""
        try:
            with self.lock:
                self.parcels.send(message)
        except OSError:
            pass


class Forwarder(logging.Handler):
    """A reader's log lines, shown by the run."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line, with its words put together: their parts may not travel."""
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self.task.send(record)


def on_its_own() -> None:
    """Connections and threads of the run are not a fork's to use, nor to close."""
    for each in connections.all(initialized_only=True):
        INHERITED.append(each)
        del connections[each.alias]
    SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)


def as_sent(error: BaseException) -> Exception:
    """An error as it travels: as it is where that can be, else by its first line."""
    if not isinstance(error, SyncError):
        logger.debug("the process that reads has failed", exc_info=error)
        return FatalError(f"{type(error).__name__}: {first_line(error)}", where="the process that reads")
    return error
