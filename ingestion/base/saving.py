"""One transaction per batch: rows, rejected records, counts and checkpoint commit together.

It begins by proving that the lease is still ours, with an UPDATE that also numbers the batch. A process
that was taken over can therefore commit nothing, and a batch whose COMMIT went through although its answer
was lost is recognised by its number and not loaded twice.
"""

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from ingestion.base.deletes import soft_delete
from ingestion.base.exceptions import LeaseLost, RecordError
from ingestion.base.ledger import Counts
from ingestion.base.loaders import Loaded, Loader
from ingestion.base.records import Batch, Key, Record, Tombstone, key_digest, record_digest
from ingestion.base.rows import keys_of, values_of
from ingestion.models.common import DatabaseNow, Status, SyncHistory
from ingestion.models.quarantine import RejectedRecord, RejectedRecordQuerySet, State, chunks

MomentOf = Callable[[Record], datetime | None]


def no_moment(record: Record) -> None:
    """Of an entity without a timestamp."""


class BatchWriter:
    """Commits the batches of one run; `dry_run` does everything and takes it back.

    `moment_of` reads the source timestamp of a record that was rejected.
    """

    def __init__(
        self, history: SyncHistory, loader: Loader, *, dry_run: bool = False, moment_of: MomentOf = no_moment
    ) -> None:
        self.history = history
        self.loader = loader
        self.dry_run = dry_run
        self.using = loader.target.using
        self.children: dict[str, Any] = {}
        self.moment_of = moment_of
        self.waits: bool | None = None
        self.loaded = Loaded()

    def save(self, batch: Batch, checkpoint: dict[str, Any] | None) -> Counts:
        """Commit one batch. Answers what it added to the counts.

        Raises LeaseLost when another run has taken over, SafetyStop when the counts do not balance.
        """
        before = Counts.of_history(self.history)
        with transaction.atomic(self.using):
            if not self.open_batch(self.history, None if self.dry_run else checkpoint):
                return self.committed_before(before)
            added, self.loaded = self.load(batch)
            total = before + added
            if not self.dry_run:
                self.own_row().update(**total.columns())
            else:
                transaction.set_rollback(True, self.using)
        if self.dry_run:
            self.count_dry(total)
        self.remember(total)
        self.count_children()
        return added

    def own_row(self) -> Any:
        """This run's row, as long as the lease is ours."""
        return SyncHistory.objects.filter(pk=self.history.pk, status=Status.RUNNING, lease=self.history.lease)

    def open_batch(self, history: SyncHistory, checkpoint: dict[str, Any] | None) -> bool:
        """The opening UPDATE. False: the batch was committed before.

        Raises LeaseLost when this run is not the holder any more.
        """
        number = history.batch + 1
        values = {"batch": number, "checkpoint": checkpoint, "heartbeat_at": DatabaseNow()}
        if self.own_row().filter(batch=number - 1).update(**values):
            return True
        if self.own_row().filter(batch=number).exists():
            return False
        raise lease_lost(history)

    def committed_before(self, before: Counts) -> Counts:
        """The batch is in the database already: take its counts from there."""
        self.history.refresh_from_db()
        self.count_children()
        after = Counts.of_history(self.history)
        return Counts(*(b - a for a, b in zip(astuple(before), astuple(after), strict=True)))

    def load(self, batch: Batch) -> tuple[Counts, Loaded]:
        """Rows, deletions and quarantine of one batch."""
        loaded = self.loader.load(batch.rows)
        deleted = self.bury(batch.tombstones)
        rejected = [*batch.rejected, *self.refused(batch, loaded)]
        stuck = {error.key for error in rejected if error.key not in batch.outdone}
        warned = [error for error in batch.warnings if error.key not in stuck]
        RejectedRecord.objects.using(self.using).keep(self.history, rejected, State.REJECTED)
        self.close_quarantine(batch, stuck, {error.key for error in warned})
        RejectedRecord.objects.using(self.using).keep(self.history, warned, State.WARNING)
        self.waits = self.waits or bool(rejected or warned)
        return Counts.of_batch(batch, loaded, deleted), loaded

    def refused(self, batch: Batch, loaded: Loaded) -> list[RecordError]:
        """The records whose rows the database would not take."""
        if not loaded.refused:
            return []
        wrong = {id(row): error for row, error in loaded.refused}
        return [
            RecordError([wrong[id(row)]], record=record, key=self.loader.target.key_of(row))
            for row, record in zip(batch.rows, batch.records, strict=True)
            if id(row) in wrong
        ]

    def close_quarantine(
        self, batch: Batch, stuck: Container[Key | None], warned: Container[Key | None]
    ) -> None:
        """Records that are loaded now wait no longer; asked only when something waits."""
        rows = RejectedRecord.objects.using(self.using).of(self.history.crm_source, self.history.sync_type)
        open_rows = rows.exclude(status=State.CLOSED)
        # Only the holder of the lease adds to them: where nothing waits, nothing will until this run adds it.
        self.waits = self.waits or (open_rows.exists() if self.waits is None else False)
        if not batch.rows or not self.waits:
            return
        keys = keys_of(batch.rows, self.loader.target.key)
        loaded = [number for number, key in enumerate(keys) if key not in stuck]
        digests = [key_digest(keys[number]) for number in loaded if keys[number] not in warned]
        if open_rows.filter(key__isnull=True).exists():
            digests += [record_digest(batch.records[number]) for number in loaded]
        newer = self.waiting_newer(open_rows, batch, digests)
        rows.close([digest for digest in digests if digest not in newer])

    def waiting_newer(
        self, open_rows: RejectedRecordQuerySet, batch: Batch, digests: Sequence[str]
    ) -> Container[str]:
        """Which of these wait in a newer version than the one that is loaded: the timestamp guard.

        Where pages are asked for at once an older answer may come after it, and a service's search may show
        for minutes what its lists do not show any more.
        """
        name, key = self.loader.target.timestamp_field, self.loader.target.key
        rows = [row for some in chunks(digests) for row in open_rows.filter(digest__in=some)] if name else []
        if not (name and rows):
            return ()
        loaded = dict(
            zip(map(key_digest, keys_of(batch.rows, key)), values_of(batch.rows, name), strict=True)
        )
        found = set()
        for row in rows:
            mine, other = self.moment_of(row.record), loaded.get(row.digest)
            if row.run_id != self.history.pk:
                newer = self.loader.target.protected(mine, {name: other})
            else:  # changed after the run began, maybe; `--force` has not seen it before
                newer = bool(mine and other and mine > other)
            found |= {row.digest} if newer else set()
        return found

    def bury(self, stones: Sequence[Tombstone]) -> int:
        """Soft-delete the rows of these tombstones; what waits of them waits no longer. Answers how many."""
        if not stones:
            return 0
        history = self.history
        digests = [key_digest(stone.key) for stone in stones]
        digests += [record_digest(stone.record) for stone in stones if stone.record is not None]
        RejectedRecord.objects.using(self.using).of(history.crm_source, history.sync_type).close(digests)
        return soft_delete(self.loader.target, stones)

    def count_dry(self, total: Counts) -> None:
        """What a dry run would have done; its own row is all that it writes."""
        values = {"batch": self.history.batch + 1, "heartbeat_at": DatabaseNow()}
        if not self.own_row().update(**values, **total.columns()):
            raise lease_lost(self.history)

    def remember(self, total: Counts) -> None:
        """The history object as its row is now."""
        self.history.batch += 1
        for name, value in total.columns().items():
            setattr(self.history, name, value)

    def count_children(self) -> None:
        """Child rows are counted apart, once their batch is known to be committed."""
        loaded, self.loaded = self.loaded, Loaded()
        for name, counts in loaded.children.items():
            total = self.children.setdefault(name, dict.fromkeys(counts.__slots__, 0))
            for each in counts.__slots__:
                total[each] += getattr(counts, each)

    def beat(self) -> None:
        """Say that this run lives. Raises LeaseLost when it is not the holder any more."""
        if not self.own_row().update(heartbeat_at=DatabaseNow()):
            raise lease_lost(self.history)


def astuple(counts: Counts) -> tuple[int, ...]:
    """Counts as numbers, in their order."""
    return tuple(counts.columns().values())


def lease_lost(history: SyncHistory) -> LeaseLost:
    """Who closed this run, as far as its row tells."""
    current = SyncHistory.objects.filter(pk=history.pk).first()
    state = f"its row says {current.status}: {current.error_message}" if current else "its row is gone"
    return LeaseLost(
        f"run {history.pk} does not hold the lease any more; {state}",
        where=f"{history.crm_source} {history.sync_type}",
        fix="nothing was written after that; the run that took over goes on",
    )
