"""Virtual time: a clock that moves only when everybody waits, and an event loop that lives by it."""

import asyncio
import selectors
from datetime import UTC, datetime, timedelta

from tests.simulation.edges import WORKER

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Stuck(Exception):
    """Everybody waits for somebody: no clock will ever help."""


class Clock:
    """The time of a world, as the moment and as seconds; `traveller` is what shows it to `datetime`."""

    def __init__(self, traveller):
        self.traveller = traveller
        self.reset()

    def reset(self, start=START):
        self.start, self.seconds = start, 1000.0
        self.advance(0)

    def now(self):
        return self.start + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self):
        return self.seconds

    def advance(self, seconds):
        self.seconds += seconds
        self.traveller.move_to(self.now(), tick=False)


class Timers(selectors.SelectSelector):
    """Waits for nothing but the clock."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def select(self, timeout=None):
        if timeout is None:
            raise Stuck
        if timeout > 0:
            self.clock.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """One thread, virtual time. Work for a thread pool is done by the loop itself, after a delay that the
    seed draws (`delay`), so that it comes before or after whatever else is going on."""

    def __init__(self, clock, delay):
        super().__init__(Timers(clock))
        self.clock = clock
        self.delay = delay
        self._clock_resolution = 1e-6

    def time(self):
        return self.clock.seconds

    def run_in_executor(self, executor, func, *args):
        future = self.create_future()
        self.call_later(self.delay(), self.work, future, func, args)
        return future

    def work(self, future, func, args):
        if future.cancelled():
            return
        if worker := WORKER.get(None):
            worker.well("database")
        asyncio._set_running_loop(None)  # as in a thread of its own
        try:
            result = func(*args)
        except BaseException as error:  # noqa: BLE001 as a pool of threads does it
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            asyncio._set_running_loop(self)
