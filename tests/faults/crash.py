"""Run as a script: syncs a file, and kills its own process (SIGKILL) at the moment that is asked for.

    python -m tests.faults.crash FILE MOMENT [--sweep]

Only this process's own engine is cut up; the product's code runs as it is.
"""

import os
import signal
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from ingestion.base.plan import SyncPlan  # noqa: E402 after django.setup()
from ingestion.sync.hubspot.engines import HubSpotZipCodeSyncEngine  # noqa: E402 after django.setup()

MOMENTS = ("before the first page", "in a batch", "after its rows", "after its commit", "while closing")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(HubSpotZipCodeSyncEngine):
    """Dies in its third batch, or where else it is told."""

    moment = ""

    async def fetch_data(self, window):
        if self.moment == "before the first page":
            die()
        async for page in super().fetch_data(window):
            yield page

    async def save_data(self, batch, position):
        third = self.history.batch == 2
        if third and self.moment == "in a batch":
            self.writer.loader.write = lambda rows: die()
        if third and self.moment == "after its rows":
            self.writer.close_quarantine = lambda *args: die()
        await super().save_data(batch, position)
        if third and self.moment == "after its commit":
            die()

    async def complete_sync(self, error=None):
        if self.moment == "while closing":
            die()
        await super().complete_sync(error)


if __name__ == "__main__":
    Dying.moment = sys.argv[2]
    Dying().sync(SyncPlan(options={"file": Path(sys.argv[1]), "sweep": "--sweep" in sys.argv}))
