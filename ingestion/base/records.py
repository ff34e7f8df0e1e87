"""The nouns: a *record* is theirs, a *row* is ours, *rejected* is a record that could not become a row."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from ingestion.base.exceptions import FieldError, RecordError

Record = Mapping[str, Any]
"""As the source sent it."""

Row = dict[str, Any]
"""As the model takes it: attribute name → Python value; child rows lie under their children's name."""

Key = tuple[Any, ...]
"""The values of an entity's key fields, as the model takes them."""

Position = dict[str, Any]
"""Where a read can go on, as JSON; the source's own raw text, never parsed and printed again."""


class Unreadable(dict[str, Any]):
    """Something in a page that is not a record: a broken line, a row with too many cells.

    It travels among the records so that it is counted, kept in quarantine and seen. Its items are what
    could be saved of it (for a file: the line number and the raw text).
    """

    def __init__(self, content: Mapping[str, Any], *, source: str, code: str, message: str) -> None:
        super().__init__(content)
        self.error = FieldError(field="", source=source, code=code, message=message)


@dataclass(frozen=True, slots=True)
class Page:
    """What a client hands over at once.

    `position` is where the read can go on *after* this page (None: it cannot), `size` the bytes it came
    in as the client counts them, `calls` the requests it took. `batch` is what another process has made of
    these records already.
    """

    records: Sequence[Record]
    position: Position | None = None
    size: int = 0
    calls: int = 0
    batch: "Batch | None" = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The source says that this key is gone since `moment`; it came after `after` rows of its batch.

    `record` is what said so, None where nothing did (a sweep, a merge). `marks` are the columns that are read
    from the flag itself, such as `deleted_at`: a dead row shows what the source said.
    """

    key: Key
    after: int = 0
    moment: datetime | None = None
    record: Record | None = field(default=None, compare=False)
    marks: Row = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Batch:
    """What a processor made of one load batch.

    `records[i]` is what `rows[i]` was made of. `warnings` are rows that were kept although an optional
    value in them was not usable. Every row has the same columns: a path that no record of the run has
    shown so far is in none of them. `rejected_after` says after how many rows each rejected record came,
    `outdone` are the keys of those that a good record of the same key has followed. `seen_paths` names the
    columns that the run had seen when the batch was made.
    """

    rows: Sequence[Row] = field(default_factory=list)
    records: Sequence[Record] = field(default_factory=list)
    rejected: list[RecordError] = field(default_factory=list)
    warnings: list[RecordError] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    superseded: int = 0
    rejected_after: list[int] = field(default_factory=list)
    outdone: set[Key] = field(default_factory=set)
    seen_paths: frozenset[str] = frozenset()

    @property
    def processed(self) -> int:
        """Records that count in the ledger (tombstones do not)."""
        return len(self.rows) + len(self.rejected) + self.superseded


def to_json(value: object) -> str:
    """Any record as ASCII JSON text: survives NUL characters, lone surrogates, dates and decimals."""
    return json.dumps(value, cls=RecordEncoder, sort_keys=True)


def key_text(key: Key) -> str:
    """A key in one spelling, the same for `7` and `"7"`: sources change their mind about types."""
    return f"[{', '.join([quoted(part if type(part) is str else part_text(part)) for part in key])}]"


def part_text(part: object) -> str:
    """One value of a key in one spelling."""
    return f"{part.normalize():f}" if isinstance(part, Decimal) else str(part)


def key_digest(key: Key) -> str:
    """32 hex digits naming a key."""
    return digest(key_text(key))


def record_digest(record: Record) -> str:
    """32 hex digits naming a record whose key cannot be read."""
    return digest(to_json(record))


def digest(text: str) -> str:
    """32 hex digits of a text."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class RecordEncoder(DjangoJSONEncoder):
    """Django's encoder, and for what a database driver may hand out besides (bytes, sets, its own types)."""

    def default(self, o: Any) -> Any:
        """Text for whatever JSON does not know; Django's own would cut a moment to milliseconds."""
        if isinstance(o, (date, time)):
            text = o.isoformat()
            return f"{text[:-6]}Z" if text.endswith("+00:00") else text
        if isinstance(o, (bytes, bytearray, memoryview)):
            return bytes(o).decode("utf-8", "backslashreplace")
        if isinstance(o, (set, frozenset)):
            return sorted(map(str, o))
        try:
            return super().default(o)
        except TypeError:
            return str(o)
