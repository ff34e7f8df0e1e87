"""The records of one kind: versions that never change, listed by id and encoded once."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ingestion.sync.hubspot.sandbox.index import SearchIndex
from ingestion.sync.hubspot.sandbox.kinds import Kind
from ingestion.sync.hubspot.sandbox.moments import as_text, iso

PROPERTY_SETS = 8
"""How many sets of properties are kept encoded."""
ARCHIVE_KEEPS = 90 * 86_400_000
"""Milliseconds after which an archived record is gone for good."""


@dataclass(frozen=True, slots=True)
class Version:
    """A record at one moment; an edit makes a new one. Times are milliseconds."""

    id: int
    properties: dict[str, Any]
    created: int
    updated: int
    archived_at: int | None = None


class Store:
    """All records of a kind. A version that is put replaces the one with its id."""

    def __init__(self, kind: Kind, portal_id: int) -> None:
        self.kind = kind
        self.portal_id = portal_id
        self.versions: dict[int, Version] = {}
        self.live: list[int] = []
        self.archive: list[int] = []
        self.merged: dict[int, int] = {}
        self.index = SearchIndex(kind)
        self.encoded: dict[tuple[str, ...], dict[int, tuple[Version, bytes]]] = {}
        self.next_id = kind.first_id

    def put(self, version: Version) -> None:
        """Store a version and list it where it belongs."""
        old = self.versions.get(version.id)
        self.versions[version.id] = version
        self.next_id = max(self.next_id, version.id + 1)
        was, now = self.listing(old), self.listing(version)
        if was is not now:
            self.unlist(was, version.id)
            if now and now[-1] > version.id:
                insort(now, version.id)
            elif now is not None:
                now.append(version.id)

    def remove(self, record_id: int) -> None:
        """Forget a record altogether."""
        self.unlist(self.listing(self.versions.pop(record_id)), record_id)

    def stamps(self, record_id: int, created: int, updated: int) -> dict[str, Any]:
        """The properties that the service writes itself."""
        kind = self.kind
        return {kind.created: iso(created), kind.cursor: iso(updated), "hs_object_id": str(record_id)}

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Properties as they are stored: texts and nulls. A name that is new becomes known, as a text."""
        for name in given:
            self.kind.types.setdefault(name, "string")
        return {name: as_text(value) for name, value in given.items()}

    def listing(self, version: Version | None) -> list[int] | None:
        """The list that a version is in."""
        if version is None:
            return None
        return self.live if version.archived_at is None else self.archive

    def unlist(self, listing: list[int] | None, record_id: int) -> None:
        """Take an id out of a list."""
        if listing is not None:
            del listing[bisect_left(listing, record_id)]

    def purge(self, now: int) -> None:
        """Forget what was archived too long ago."""
        for record_id in list(self.archive):
            if (self.versions[record_id].archived_at or 0) < now - ARCHIVE_KEEPS:
                self.remove(record_id)

    def page(self, after: int, limit: int, *, archived: bool) -> tuple[list[Version], bool]:
        """The records behind an id, in order of ids, and whether more follow."""
        ids = self.archive if archived else self.live
        start = bisect_right(ids, after)
        return [self.versions[each] for each in ids[start : start + limit]], len(ids) > start + limit

    def find(self, record_id: int, *, archived: bool = False, follow: bool = False) -> Version | None:
        """A live or an archived record; `follow` goes on to what it was merged into."""
        while follow and record_id in self.merged:
            record_id = self.merged[record_id]
        version = self.versions.get(record_id)
        return version if version and (version.archived_at is not None) == archived else None

    def encode(self, versions: Sequence[Version], names: tuple[str, ...]) -> bytes:
        """Versions as the items of a JSON list."""
        cache = self.encoded.pop(names, None) or {}
        self.encoded[names] = cache
        if len(self.encoded) > PROPERTY_SETS:
            del self.encoded[next(iter(self.encoded))]
        parts = []
        for version in versions:
            known = cache.get(version.id)
            if known is None or known[0] is not version:
                known = cache[version.id] = (version, msgspec.json.encode(self.envelope(version, names)))
            parts.append(known[1])
        return b",".join(parts)

    def envelope(self, version: Version, names: Sequence[str]) -> dict[str, Any]:
        """A record as HubSpot shows it, with these properties."""
        get = version.properties.get
        archived = {} if version.archived_at is None else {"archivedAt": iso(version.archived_at)}
        return {
            "id": str(version.id),
            "properties": {name: get(name) for name in names},
            "createdAt": iso(version.created),
            "updatedAt": iso(version.updated),
            "archived": version.archived_at is not None,
            **archived,
            "url": f"https://app.hubspot.com/contacts/{self.portal_id}/record/{self.kind.names[-1]}/{version.id}",
        }


class OwnerStore(Store):
    """Owners have members of their own in place of properties, and no `archivedAt`."""

    def stamps(self, record_id: int, created: int, updated: int) -> dict[str, Any]:
        """None: id and times are outside."""
        del record_id, created, updated
        return {}

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Any JSON."""
        return dict(given)

    def envelope(self, version: Version, names: Sequence[str]) -> dict[str, Any]:
        """An owner as HubSpot shows one."""
        del names
        return {
            "id": str(version.id),
            **version.properties,
            "createdAt": iso(version.created),
            "updatedAt": iso(version.updated),
            "archived": version.archived_at is not None,
        }
