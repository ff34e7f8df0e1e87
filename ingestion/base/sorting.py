"""Sorting a batch: which records may become rows, which are rejected or gone, and which of two wins."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.base import columnar
from ingestion.base.exceptions import FieldError, RecordError
from ingestion.base.records import Batch, Key, Record, Row, Tombstone, Unreadable
from ingestion.base.rows import keys_of, select, values_of

if TYPE_CHECKING:
    from ingestion.base.processor import BaseProcessor

Fate = RecordError | Tombstone
"""What becomes of a record that is no row: it is rejected, or it says that its row goes."""


class Transformed(NamedTuple):
    """The rows of those records that became one; what was wrong, by the record's number."""

    rows: Sequence[Row]
    errors: dict[int, Fate]
    warnings: dict[int, list[FieldError]]


class Left:
    """The records of a batch that may still become rows, with the place where each came."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.places: Sequence[int] = range(len(records))
        self.fates: dict[int, Fate] = {}

    def take_out(self, fates: Mapping[int, Fate]) -> None:
        """These, by their number among those that are left, become no rows."""
        if fates:
            self.fates |= {self.places[number]: fate for number, fate in fates.items()}
            kept = others(len(self.records), fates)
            self.records = columnar.select(self.records, kept)
            self.places = [self.places[number] for number in kept]


def others(count: int, these: Container[int]) -> list[int]:
    """All numbers below `count` but these."""
    return [number for number in range(count) if number not in these]


def unread(records: Sequence[Record]) -> dict[int, Fate]:
    """What could not even be read as a record, by its number."""
    if isinstance(records, columnar.Records) or Unreadable not in set(map(type, records)):
        return {}
    found = enumerate(records)
    return {n: RecordError([r.error], record=r) for n, r in found if isinstance(r, Unreadable)}


def newest_only(batch: Batch, key_fields: tuple[str, ...], timestamp_field: str | None) -> Sequence[int]:
    """Leave one event for each key in a batch: the newest by its timestamp, of equals the last.

    Records that lose are counted as superseded; a tombstone loses to a row that came after it. Answers the
    numbers of the rows that stay.
    """
    keys = keys_of(batch.rows, key_fields)
    best = dict(zip(keys, range(len(keys)), strict=True))
    kept: Sequence[int] = range(len(keys))
    if len(best) < len(keys):
        best = newest(keys, values_of(batch.rows, timestamp_field) if timestamp_field else [None] * len(keys))
        batch.superseded = len(keys) - len(best)
        kept = sorted(best.values())
        batch.rows = select(batch.rows, kept)
        batch.records = columnar.select(batch.records, kept)
    pairs = zip(batch.rejected, batch.rejected_after, strict=True)
    batch.outdone = {error.key for error, after in pairs if error.key and best.get(error.key, -1) >= after}
    if batch.tombstones:
        batch.tombstones = [stone for stone in batch.tombstones if best.get(stone.key, -1) < stone.after]
    return kept


def newest(keys: Sequence[Key], moments: Sequence[Any]) -> dict[Key, int]:
    """Each key with the place of its newest row, of equals (and of those without a time) the last."""
    best: dict[Key, int] = {}
    for place, key in enumerate(keys):
        rival = moments[best[key]] if key in best else None
        if not (rival and moments[place] and moments[place] < rival):
            best[key] = place
    return best


def read_moment(processor: "BaseProcessor", record: Record) -> datetime | None:
    """The source timestamp of a record that became no row, None where it has none that can be read."""
    columns = [column for column in processor.mapper.columns if column.name == processor.timestamp_field]
    row, errors, _ = processor.mapper.map_fields(record, columns)
    moment: datetime | None = None if errors else row.get(processor.timestamp_field or "")
    return moment
