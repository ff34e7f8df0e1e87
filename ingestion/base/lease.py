"""The right to be the only run of one entity.

A lease is the running SyncHistory row itself. It names its holder, so that a dead process on this host
frees it at once; a holder elsewhere is judged by its heartbeat, by the database's clock.
"""

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil
from django.db import IntegrityError, router, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from ingestion.base.exceptions import LeaseRefused
from ingestion.models.common import DatabaseNow, Status, SyncHistory

STALE = timedelta(minutes=5)
"""A holder elsewhere that has not been heard of for so long has lost its lease."""

HEARTBEAT = timedelta(seconds=30)
"""How often a run that waits for its source says that it lives."""

START_TOLERANCE = 5.0
"""Seconds by which two readings of one process's start may differ (the clock may be set meanwhile)."""


AT_WORK: set[str] = set()
"""The tokens of the runs of this process that have not ended."""


@dataclass(frozen=True)
class Holder:
    """A process that may hold a lease; `machine` is a boot of a machine and, on Linux, a pid namespace.

    Containers may share a host name or a boot, and each counts its pids from 1: only within one
    namespace of one boot does a pid say anything.
    """

    host: str
    machine: str
    pid: int
    started: float
    token: str

    @classmethod
    def this_process(cls) -> Self:
        """A holder that no other run has, not even another one of this process."""
        process = psutil.Process()
        token = uuid.uuid4().hex[:12]
        AT_WORK.add(token)
        return cls(
            socket.gethostname().replace("|", "_"), machine(), process.pid, process.create_time(), token
        )

    @classmethod
    def parse(cls, lease: str | None) -> Self | None:
        """The holder a lease names; None where it was written by somebody else's code."""
        parts = (lease or "").split("|")
        if len(parts) != 5:
            return None
        return cls(parts[0], parts[1], int(parts[2]), float(parts[3]), parts[4])

    def __str__(self) -> str:
        return f"{self.host}|{self.machine}|{self.pid}|{self.started:.2f}|{self.token}"

    def is_dead(self) -> bool:
        """Whether this holder is known to be gone; False where that cannot be told from here.

        A run of this very process is gone when it has ended: its row may be open still, because the
        database could not be reached to close it.
        """
        here = (socket.gethostname().replace("|", "_"), machine())
        if (self.host, self.machine) != here:
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < START_TOLERANCE
            if same and self.pid == os.getpid():
                return self.token not in AT_WORK
            return not same or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def machine(proc: Path = Path("/proc")) -> str:
    """This boot of this machine and, where there are such, this pid namespace."""
    boot, namespace = proc / "sys/kernel/random/boot_id", proc / "self/ns/pid"
    if not boot.exists():
        return str(int(psutil.boot_time()))
    inner = os.readlink(namespace).strip("pid:[]") if namespace.is_symlink() else ""
    return f"{boot.read_text().strip()[:18]}.{inner}"


def acquire(history: SyncHistory) -> None:
    """Save `history` as the one running row of its entity, closing a dead run that is in the way.

    Called again after a fault of the database, it recognises the row that a COMMIT has saved whose answer
    was lost. Raises LeaseRefused, with nothing written, when a living run holds the lease.
    """
    using = router.db_for_write(SyncHistory)
    history.lease = history.lease or str(Holder.this_process())
    for _ in range(3):
        run = running_run(history)
        history.pk = run.pk if run and run.lease == history.lease else None
        try:
            if history.pk is None:
                if run:
                    free(run)
                history.heartbeat_at = DatabaseNow()
                with transaction.atomic(using):
                    history.save(force_insert=True)
        except IntegrityError:  # another process was faster, or our own COMMIT is late
            continue
        history.refresh_from_db(fields=["heartbeat_at"])
        return
    raise refusal(running_run(history))


def let_go(lease: str | None) -> None:
    """A run of this process has ended, whether its row could be closed or not."""
    if holder := Holder.parse(lease):
        AT_WORK.discard(holder.token)


def free(run: SyncHistory) -> None:
    """Close the run that holds an entity if it is dead. Raises LeaseRefused if it lives."""
    holder = Holder.parse(run.lease)
    rows = SyncHistory.objects.filter(pk=run.pk, status=Status.RUNNING, lease=run.lease)
    if not (holder and holder.is_dead()):
        rows = rows.alias(seen=Coalesce("heartbeat_at", "start_time")).filter(seen__lt=DatabaseNow() - STALE)
    who = f"{holder.host}, process {holder.pid}" if holder else "a holder that left no name"
    closed = rows.update(
        status=Status.FAILED,
        lease=None,
        end_time=timezone.now(),
        error_message=f"interrupted: {who} is gone; closed by the next run",
    )
    if not closed and (still := running_run(run)):
        raise refusal(still)


def running_run(wanted: SyncHistory) -> SyncHistory | None:
    """The running row of the same entity."""
    return SyncHistory.objects.of(wanted.crm_source, wanted.sync_type).filter(status=Status.RUNNING).first()


def refusal(run: SyncHistory | None) -> LeaseRefused:
    """Who is at work, and what can be done."""
    if run is None:
        return LeaseRefused("other runs come and go too fast", fix="run again")
    holder = Holder.parse(run.lease)
    where = f"on {holder.host}, process {holder.pid}" if holder else "in an unknown place"
    seen = run.heartbeat_at or run.start_time
    return LeaseRefused(
        f"run {run.pk} {where} is at work since {run.start_time:%Y-%m-%d %H:%M:%S} UTC, "
        f"last heard of at {seen:%H:%M:%S}",
        where=f"{run.crm_source} {run.sync_type}",
        fix=f"wait for it; if that process is gone for good: manage.py sync_status --close {run.pk}",
    )
