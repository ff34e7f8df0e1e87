"""Politeness: a declared rate, what a service says of its own, and when to try again."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pyrate_limiter import Duration, Limiter, Rate


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` requests in any `seconds`; `remaining` names the header that counts them down."""

    calls: int
    seconds: float = 1.0
    remaining: str | None = None


class Pace:
    """Lets requests through at the declared rate, slower when the service says so.

    One is made for each run and shared by its requests.
    """

    def __init__(self, limit: RateLimit | None) -> None:
        self.limit = limit
        self.limiter = (
            Limiter(Rate(limit.calls, max(1, math.ceil(limit.seconds * int(Duration.SECOND)))))
            if limit
            else None
        )
        self.not_before = 0.0

    async def wait(self) -> None:
        """Until the next request may go."""
        pause = self.not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
            await self.wait()
        elif self.limiter:
            await self.limiter.try_acquire_async("requests")

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long: the service has asked for it."""
        self.not_before = max(self.not_before, time.monotonic() + seconds)

    def adapt(self, headers: Mapping[str, str]) -> None:
        """Heed the service's own count: others may use the same quota."""
        if not (self.limit and self.limit.remaining):
            return
        left = headers.get(self.limit.remaining, "")
        if left.strip() == "0":
            self.hold(self.limit.seconds)


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
