"""`python -m benchmarks.floor`: how near a sync comes to what a service's rate allows.

A sandbox that lets ten requests a second through is read whole by the command that a user would type, in a
process of its own, into SQLite. A service's rate is the floor: so many requests cannot take less time.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.processes import run
from ingestion.sandbox.exchange import Answer, Asked
from ingestion.sandbox.rates import RollingWindow
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot

PAGE, RATE, LIMIT = 100, 10, 900.0
"""Contacts in a page; requests that the sandbox allows in a second; seconds for a command."""


@dataclass(frozen=True)
class Floor:
    """What was measured: seconds since the command was started, and what the sandbox has seen."""

    requests: int
    refused: int
    first: float
    whole: float

    @property
    def ratio(self) -> float:
        """The command's whole time against that of so many requests."""
        return self.whole / (self.requests / RATE)

    def __str__(self) -> str:
        return (
            f"{self.requests:,} requests at {RATE} a second, {self.refused} refused: {self.whole:.2f} s, "
            f"{self.ratio:.3f} × (requests ÷ {RATE}); first request after {self.first:.2f} s"
        )


class Portal(FakeHubSpot):
    """A portal that remembers when it was asked, and how often it refused."""

    moments: list[float]
    refused = 0

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What HubSpot says."""
        self.moments.append(time.perf_counter())
        found = super().answer(asked, headers)
        self.refused += found.status == 429
        return found


def measured(requests: int) -> Floor:
    """One full sync of so many pages. Raises ProcessFailed when the command fails."""
    portal = Portal(contacts=requests * PAGE)
    portal.rate, portal.moments = RollingWindow(RATE, 1.0), []
    with tempfile.TemporaryDirectory(prefix="ingestion-bench-") as folder, SandboxServer(portal):
        database = {"DATABASE_URL": f"sqlite:///{folder}/floor.sqlite3", "HUBSPOT_API_RATE": f"{RATE}/1"}
        environment = portal.settings() | database
        run([sys.executable, "manage.py", "migrate", "--verbosity=0"], environment, LIMIT)
        started = time.perf_counter()
        run([sys.executable, "manage.py", "sync_hubspot_contacts", "--full", "--quiet"], environment, LIMIT)
        whole = time.perf_counter() - started
    return Floor(len(portal.moments), portal.refused, portal.moments[0] - started, whole)


def main() -> int:
    """Measure and print; 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__.partition(":")[2])
    parser.add_argument("--requests", type=int, default=300)
    found = measured(parser.parse_args().requests)
    print(found)
    return int(found.ratio > 1.05 or found.first >= 1.5 or found.refused > 0)


if __name__ == "__main__":
    sys.exit(main())
