"""How many requests a service takes."""

import time
from collections import deque


class RollingWindow:
    """At most `calls` in any `seconds`, by the real clock. A refused call does not count."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls = calls
        self.seconds = seconds
        self.taken: deque[float] = deque()

    def take(self) -> bool:
        """Whether one more call may pass; it is counted when it may."""
        now = time.monotonic()
        self.forget(now)
        if len(self.taken) >= self.calls:
            return False
        self.taken.append(now)
        return True

    @property
    def remaining(self) -> int:
        """Calls that may still pass now."""
        self.forget(time.monotonic())
        return self.calls - len(self.taken)

    def forget(self, now: float) -> None:
        """Drop what has left the window."""
        while self.taken and self.taken[0] <= now - self.seconds:
            self.taken.popleft()
