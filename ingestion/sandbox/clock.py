"""The time of a fake: the real one until it is set, and it can be stopped."""

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock:
    """Tells whole milliseconds; goes back only when it is set back."""

    def __init__(self) -> None:
        self.offset = 0
        self.stopped: int | None = None
        self.last = 0

    def ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        moment = time.time_ns() // 1_000_000 + self.offset if self.stopped is None else self.stopped
        self.last = max(self.last, moment)
        return self.last

    def now(self) -> datetime:
        """The moment as an aware datetime, UTC."""
        return EPOCH + self.ms() * MILLISECOND

    def set(self, moment: datetime) -> None:
        """Go on from this (aware) moment; a stopped clock stays stopped, there."""
        wanted = (moment - EPOCH) // MILLISECOND
        if self.stopped is not None:
            self.stopped = wanted
        self.offset = wanted - time.time_ns() // 1_000_000
        self.last = wanted

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.set(self.now() + timedelta(seconds=seconds))

    def freeze(self, moment: datetime | None = None) -> datetime:
        """Stop, now or at a moment: whatever happens then happens in one millisecond."""
        if moment is not None:
            self.set(moment)
        self.stopped = self.ms()
        return self.now()

    def run(self) -> None:
        """Go on from where the clock was stopped."""
        moment = self.now()
        self.stopped = None
        self.set(moment)
