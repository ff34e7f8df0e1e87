"""Deletes, held back until they are certain: tombstones, and sweeps after a complete read.

A sweep soft-deletes the rows whose keys a complete read did not show. It is refused after an empty read,
with a key that could not be read, and (without `--allow-deletes`) beyond a share of the table.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from ingestion.base.exceptions import SafetyStop
from ingestion.base.loaders import Target
from ingestion.base.processor import has_field
from ingestion.base.records import Key, Tombstone, key_text, to_json
from ingestion.base.window import Window

BRAKE_SHARE = 0.2
BRAKE_ROWS = 10
CHUNK = 500


class SeenKeys:
    """The keys a read has shown, in a private file that SQLite makes: flat memory at any size."""

    def __init__(self) -> None:
        self.spill = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self.spill.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self.spill.execute("BEGIN")
        self.unreadable = 0

    def add(self, keys: Iterable[Key | None]) -> None:
        """Remember keys; None is one that could not be read."""
        texts = [key_text(key) if key else None for key in keys]
        self.unreadable += texts.count(None)
        self.spill.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(text,) for text in texts if text])

    def __contains__(self, key: Key) -> bool:
        found = self.spill.execute("SELECT 1 FROM seen WHERE key = ?", (key_text(key),)).fetchone()
        return found is not None

    def __bool__(self) -> bool:
        return self.spill.execute("SELECT 1 FROM seen LIMIT 1").fetchone() is not None

    def count(self) -> int:
        """How many there are."""
        return int(self.spill.execute("SELECT COUNT(*) FROM seen").fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        self.spill.close()


def alive(target: Target, scope: Mapping[str, Any] | None = None) -> "models.QuerySet[Any]":
    """The rows of a table (of an engine's part of it) that are not deleted."""
    rows = target.model._base_manager.using(target.using).filter(**(scope or {}))
    return rows.filter(source_deleted_at=None) if has_field(target.model, "source_deleted_at") else rows


def stretches(
    window: Window, scope: Mapping[str, Any], part_field: str, timestamp_field: str | None
) -> dict[str, dict[str, Any]]:
    """The filters of the rows that a complete read must have shown, for each account (or other parent).

    What lies outside the window, or before the time that the source keeps, is not among them: it stays.
    """
    found = {}
    for part in window.parts or [""]:
        own = window.of(part)
        bounds = {"gte": own.since, "lte": own.until or own.cap} if own.since and timestamp_field else {}
        kept = {f"{timestamp_field}__{name}": moment for name, moment in bounds.items()}
        found[part] = {**scope, **({part_field: part} if part else {}), **kept}
    return found


def missing_keys(target: Target, seen: SeenKeys, scope: Mapping[str, Any]) -> tuple[list[Key], int]:
    """The keys of live rows that the read did not show, and how many rows are alive."""
    missing, total = [], 0
    for key in alive(target, scope).values_list(*target.key).iterator(2000):
        total += 1
        if key not in seen:
            missing.append(tuple(key))
    return missing, total


def check_sweep(seen: SeenKeys, missing: Sequence[Key], total: int, *, allowed: bool, where: str) -> None:
    """The brake. Raises SafetyStop when the read was empty, or too much would go without leave."""
    if not missing:
        return
    if not seen:
        raise SafetyStop(
            f"refused to delete all {total:,} rows: the read was complete and empty",
            where=where,
            fix="check the source; an empty read never deletes, with any flag",
        )
    share = len(missing) / total
    if len(missing) > BRAKE_ROWS and share > BRAKE_SHARE and not allowed:
        raise SafetyStop(
            f"refused to delete {len(missing):,} of {total:,} rows ({share:.0%}) that were not read",
            where=where,
            fix="check the source; if they are really gone, run again with --allow-deletes",
        )


def unprotected(target: Target, stones: Sequence[Tombstone]) -> list[Key]:
    """The keys of tombstones that are not older than the rows they bury: the timestamp guard."""
    dated = {stone.key: stone.moment for stone in stones if stone.moment}
    stamp = target.timestamp_field
    newer: set[Key] = set()
    if stamp:
        for each in conditions(target.key, list(dated)):
            for *key, stored in alive(target).filter(each).values_list(*target.key, stamp):
                if target.protected(stored, {stamp: dated[tuple(key)]}):
                    newer.add(tuple(key))
    return [stone.key for stone in stones if stone.key not in newer]


def soft_delete(target: Target, stones: Sequence[Tombstone]) -> int:
    """Mark live rows as gone at the source, but none that is newer. Answers how many there were."""
    marks = {stone.key: stone.marks for stone in stones}
    alike: dict[str, list[Key]] = {}
    for key in unprotected(target, stones):
        alike.setdefault(to_json(marks[key]), []).append(key)
    now = timezone.now()
    values = {"source_deleted_at": now}
    if has_field(target.model, "sync_updated_at"):
        values["sync_updated_at"] = now
    rows = alive(target)
    return sum(
        rows.filter(each).update(**marks[keys[0]], **values)
        for keys in alike.values()
        for each in conditions(target.key, keys)
    )


def conditions(names: tuple[str, ...], keys: Sequence[Key]) -> Iterator[models.Q]:
    """Filters that together match these keys and no others."""
    if len(names) == 1:
        for start in range(0, len(keys), CHUNK):
            yield models.Q((f"{names[0]}__in", [key[0] for key in keys[start : start + CHUNK]]))
        return
    for key in keys:
        yield models.Q(*zip(names, key, strict=True))
