"""What a seed draws: how its world is made, and a run with what was done to it and what became of it."""

import asyncio
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError

from ingestion.base.exceptions import LeaseLost, LeaseRefused, SafetyStop, SyncError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.models import SyncHistory
from tests.simulation.edges import Crash, Worker

OURS = (SyncError, DatabaseError, InterfaceError)


@dataclass
class Config:
    """What a seed has drawn for its world."""

    kind: str
    paging: str = "keyset"
    resumable: bool = True
    has_cursor: bool = True
    archives: bool = False
    deletes: str = "ignore"
    can_ask: bool = False
    late: bool = False
    page_size: int = 4
    pages_at_once: int = 1
    batch_rows: int = 6
    index_lag: float = 0.0
    grain: float = 0.001
    overlap: float = 300.0
    busy: int = 3
    cap: int = 20
    most_entries: int = 40
    account: str = "account 1"
    writers: dict = field(default_factory=dict)

    @classmethod
    def drawn(cls, rng):
        config = cls(rng.choice(["delta", "delta", "delta", "sweep", "swept list"]))
        config.page_size = rng.randrange(2, 8)
        config.batch_rows = rng.choice([2, 3, 5, 8, 2000])
        config.index_lag = rng.choice([0.0, 0.0, 30.0, 90.0])
        config.grain = rng.choice([0.001, 1.0, 60.0])
        config.overlap = rng.choice([0.0, 300.0])
        config.busy = rng.choice([1, 2, 3, 4])
        writers = {"create": 4, "edit": 6, "edit_many": 1, "create_many": 1, "spoil": 0.8, "restore": 1}
        if config.kind == "delta":
            config.archives, config.deletes = True, "tombstone"
            config.late = rng.random() < 0.4
            writers |= {"archive": 1.5, "future": 0.15}
        else:
            config.deletes = "sweep"
            writers |= {"remove": 1.5}
            config.has_cursor = config.late = config.kind == "sweep"
            if config.kind == "swept list":
                config.paging = rng.choice(["unstable", "unstable", "snapshot", "keyset"])
                config.resumable = config.paging == "keyset"
                config.has_cursor = config.paging == "unstable" and rng.random() < 0.5
                config.can_ask = rng.random() < 0.3
                config.pages_at_once = rng.choice([1, 1, 3])
        if config.late:
            writers["late"] = 0.7
        config.writers = writers
        return config


@dataclass
class Run:
    """One run of the engine in one worker, and what became of it."""

    worker: Worker
    plan: SyncPlan
    alone: bool
    cancel_after: float | None = None
    began: object = None
    error: BaseException | None = None
    history: SyncHistory | None = None
    blocked: bool = False

    def may_fail(self):
        """Whether something was done to this run that explains its error."""
        error, worker = self.error, self.worker
        if worker.died:
            return isinstance(
                error, (SyncError, DatabaseError, InterfaceError, Crash, asyncio.CancelledError)
            )
        if isinstance(error, asyncio.CancelledError):
            return self.cancel_after is not None
        if isinstance(error, SafetyStop) and "refused to delete" in str(error):
            return "refused to delete all" in str(error) or not self.plan.allow_deletes
        if isinstance(error, LeaseRefused):
            return self.blocked or not self.alone
        if isinstance(error, LeaseLost):
            return not self.alone
        if isinstance(error, TransientError):
            return worker.worn_out
        return isinstance(error, SyncError) and bool(worker.fatal)

    def must_fail(self):
        """Whether it was given something that is no answer.

        A cut run may not have come to that page, nor one that asks for pages ahead and finds the end before.
        """
        came_to_it = not self.plan.max_records and self.plan.concurrent_pages == 1
        return bool(set(self.worker.fatal) - {"stuck cursor"}) and came_to_it

    def may_stay_open(self):
        """Whether its row may still say `running`: nobody was there to close it, or the database never."""
        return self.worker.died or self.worker.cannot_close

    def was_whole(self):
        """Whether everything that it was shown must be stored now."""
        return self.error is None and not self.plan.dry_run and not self.plan.max_records
