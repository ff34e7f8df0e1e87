"""Politeness: a declared rate, what a service says of its own, and when to try again."""

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from ingestion.base.exceptions import ConfigurationError

ON_THE_WAY = 0.01
"""Seconds. Two requests may reach the service closer together than they were sent."""

RATE = re.compile(r"([0-9]+)(?:\s*/\s*([0-9]+(?:\.[0-9]+)?))?")


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` requests in any `seconds`; `remaining` names the header that counts them down."""

    calls: int
    seconds: float = 1.0
    remaining: str | None = None

    @classmethod
    def from_text(cls, text: str, *, setting: str, declared: "RateLimit | None" = None) -> "RateLimit | None":
        """The rate a setting asks for: `10/1` is ten requests in a second, as is `10`; empty: `declared`.

        Raises ConfigurationError for anything else.
        """
        if not text.strip():
            return declared
        match = RATE.fullmatch(text.strip())
        calls, seconds = (int(match[1]), float(match[2] or 1)) if match else (0, 0.0)
        if not (calls and seconds):
            raise ConfigurationError(
                f"{text!r} is not a rate", where=setting, fix="write REQUESTS/SECONDS, as in 10/1"
            )
        return replace(declared or cls(calls), calls=calls, seconds=seconds)


class Pace:
    """Lets requests through at the declared rate, slower when the service says so.

    Any stretch of `seconds` has at most `calls` of them, not only those that begin at a full second. Several
    runs, each in a thread of its own, may share one.
    """

    def __init__(self, limit: RateLimit | None) -> None:
        self.limit = limit
        self.sent: deque[float] = deque(maxlen=limit.calls if limit else 0)
        self.not_before = 0.0
        self.lock = threading.Lock()

    async def wait(self) -> None:
        """Until the next request may go."""
        while True:
            pause = self.next_pause()
            if not pause:
                return
            await asyncio.sleep(pause)

    def next_pause(self) -> float:
        """Seconds to wait and then to ask again; 0 lets a request go now and counts it."""
        with self.lock:
            now = time.monotonic()
            free = self.not_before
            if self.limit and len(self.sent) == self.limit.calls:
                free = max(free, self.sent[0] + self.limit.seconds + ON_THE_WAY)
            if now < free:
                return free - now
            self.sent.append(now)
            return 0.0

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long: the service has asked for it."""
        self.not_before = max(self.not_before, time.monotonic() + seconds)

    def adapt(self, headers: Mapping[str, str]) -> None:
        """Heed the service's own count: others may use the same quota.

        Where our own requests explain that nothing is left, the next one is due when the first of them is
        old enough, and `wait` knows that.
        """
        if not (self.limit and self.limit.remaining):
            return
        left = headers.get(self.limit.remaining, "")
        if left.strip() == "0" and not self.used_up():
            self.hold(self.limit.seconds)

    def used_up(self) -> bool:
        """Whether the quota has gone into our own requests, give or take what clocks differ by."""
        if self.limit is None or len(self.sent) < self.limit.calls:
            return False
        return time.monotonic() - self.sent[0] <= self.limit.seconds * 1.5


@lru_cache(maxsize=256)
def pace_of(address: str, lane: str, limit: RateLimit | None) -> Pace:
    """The pace of a service: its quota belongs to the address, whichever run of this process asks."""
    del address, lane
    return Pace(limit)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """`Retry-After` in seconds, whether it is a number or an HTTP date; None where it says nothing usable."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
