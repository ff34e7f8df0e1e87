"""Secret values leave a record before it is kept, and an error before it is shown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ingestion.base.exceptions import FieldError, RecordError
from ingestion.base.fields import Path, split_path
from ingestion.base.records import Record

PLACE = re.compile(r"\[\d+\]")


class Secrets:
    """Paths whose values nobody keeps; a path through a list means every item of it."""

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self.sources = tuple(sources)
        self.paths = [split_path(source) for source in self.sources]

    def without(self, record: Record) -> Record:
        """The record itself where nothing in it is secret, else a copy of what is not."""
        for path in self.paths:
            record = cut(record, path)
        return record

    def hide(self, error: RecordError) -> RecordError:
        """The error, with a record and values that may be stored."""
        if self.paths:
            error.record = self.without(error.record)
            error.errors = tuple(map(self.masked, error.errors))
        return error

    def masked(self, error: FieldError) -> FieldError:
        """A value that was read at a secret path, around one or below one is left out."""
        read = PLACE.sub("", error.source).split("|")
        hidden = any(overlap(secret, source) for secret in self.sources for source in read)
        return replace(error, value="") if hidden else error


def overlap(one: str, other: str) -> bool:
    """Whether two paths are the same, or one leads through the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def cut(value: Any, path: Path) -> Any:
    """A value without what lies at a path."""
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        if head not in value:
            return value
        left = dict(value)
        if rest:
            left[head] = cut(left[head], rest)
        else:
            del left[head]
        return left
    if isinstance(value, (list, tuple)):
        deeper = rest if head.isdecimal() else path
        return [cut(item, deeper) for item in value] if deeper else []
    return value
