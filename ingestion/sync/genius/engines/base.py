"""What Genius's entities share."""

from typing import Any

from ingestion.base.database import Table
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.genius.clients import GeniusDatabase


def changing(name: str, **options: Any) -> Table:
    """A table with the time of its rows' last change; some databases write its columns as `Id`."""
    return Table(name, cursor="updated_at", rename=str.lower, **options)


def lookup(name: str, **options: Any) -> Table:
    """A table without such a time, which is read whole; only rows that differ are written."""
    return Table(name, rename=str.lower, **options)


class GeniusSyncEngine(BaseSyncEngine):
    """A table of Genius.

    A delta cannot see that a row is gone: a full compare every week finds it.
    """

    crm_source = "genius"
    client_class = GeniusDatabase
    deletes = "sweep"
    delta_misses_changes = True
