"""The ledger of a run: every record is counted once, and the counts balance."""

from dataclasses import dataclass, fields

from ingestion.base.exceptions import SafetyStop
from ingestion.base.loaders import Loaded
from ingestion.base.records import Batch
from ingestion.models.common import SyncHistory


@dataclass(frozen=True)
class Counts:
    """What became of some records; `deleted` (tombstones and swept rows) counts apart."""

    processed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    deleted: int = 0

    @classmethod
    def of_batch(cls, batch: Batch, loaded: Loaded, deleted: int = 0) -> "Counts":
        """What one batch adds. Raises SafetyStop when it does not balance: then nothing is committed."""
        counts = cls(
            batch.processed,
            loaded.created,
            loaded.updated,
            loaded.unchanged,
            loaded.skipped + batch.superseded,
            len(batch.rejected) + len(loaded.refused),
            deleted,
        )
        counts.check()
        return counts

    def check(self) -> None:
        """Raise SafetyStop unless processed = created + updated + unchanged + skipped + rejected."""
        known = self.created + self.updated + self.unchanged + self.skipped + self.failed
        if self.processed != known:
            raise SafetyStop(
                f"the ledger does not balance: {self.processed} records processed, {known} accounted for",
                fix="this is a fault of a loader or a processor: please report it with the run's log",
            )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def columns(self) -> dict[str, int]:
        """As SyncHistory's columns."""
        return {f"records_{f.name}": getattr(self, f.name) for f in fields(self)}

    @classmethod
    def of_history(cls, history: SyncHistory) -> "Counts":
        """What a run has counted so far."""
        return cls(*(getattr(history, f"records_{f.name}") for f in fields(cls)))
