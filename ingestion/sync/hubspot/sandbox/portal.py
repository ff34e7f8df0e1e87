"""What is in a portal, and the edits that people, programs and time make in it."""

from collections.abc import Mapping
from dataclasses import replace
from threading import RLock
from typing import Any, overload

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.sandbox.clock import Clock
from ingestion.sandbox.fake import locked
from ingestion.sync.hubspot.sandbox.invented import Draft, Property, invented, invented_owner
from ingestion.sync.hubspot.sandbox.kinds import Kind, owners, standard
from ingestion.sync.hubspot.sandbox.moments import parsed
from ingestion.sync.hubspot.sandbox.store import OwnerStore, Store, Version


class Portal:
    """The records of an account. A type is named as in a path: `contacts`, `contact`, `0-1`; ids are texts.

    Every edit happens at `clock`'s time. ConfigurationError names a type or an id that there is not.
    """

    lock: RLock

    def open(self, seed: int, portal_id: int) -> None:
        """Begin with nothing in it."""
        self.seed = seed
        self.portal_id = portal_id
        self.clock = Clock()
        self.stores: dict[str, Store] = {}
        for kind in standard():
            self.enter(kind)
        self.stores["owners"] = OwnerStore(owners(), portal_id)

    def enter(self, kind: Kind) -> None:
        """Make a kind known under all its names."""
        self.stores.update(dict.fromkeys(kind.names, Store(kind, self.portal_id)))

    @locked
    def define(self, type_id: str, name: str, /, **properties: str) -> None:
        """A custom type (`2-4711`, `p_division`) and its properties, each with its type (`string` …)."""
        table = {each: Property(kind) for each, kind in properties.items()}
        self.enter(Kind((name, type_id), "crm.objects.custom.read", table=table))

    @locked
    def define_properties(self, type: str, /, **properties: str) -> None:
        """More properties of a type, each with its HubSpot type."""
        self.store(type).kind.types.update(properties)

    @locked
    def fill(self, type: str, count: int, /) -> None:
        """So many invented records, of invented times in the years before."""
        store = self.store(type)
        for number in range(store.next_id, store.next_id + count):
            draft = self.draft(store, number)
            self.create(store, number, self.made(store, draft), draft.created, draft.updated, seen=0)

    @overload
    def add(self, type: str, properties: Mapping[str, Any], /) -> str: ...

    @overload
    def add(self, type: str, properties: int = 1, /) -> list[str]: ...

    @locked
    def add(self, type: str, properties: Mapping[str, Any] | int = 1, /) -> str | list[str]:
        """A new record with these properties (its id is given back), or so many invented ones (their ids).

        They are created now. A given creation or change time is kept as it is.
        """
        store, now = self.store(type), self.clock.ms()
        if isinstance(properties, int):
            numbers = range(store.next_id, store.next_id + properties)
            for number in numbers:
                self.create(store, number, self.made(store, self.draft(store, number)), now, now, seen=now)
            return [str(number) for number in numbers]
        number = store.next_id
        self.create(store, number, properties, now, now, seen=now)
        return str(number)

    @locked
    def edit(self, type: str, id: str, /, **properties: Any) -> None:
        """Change values now; this moves the change time, unless that is given too."""
        store, old = self.existing(type, id)
        now = self.clock.ms()
        stamps = {name: text for name, text in store.stamps(0, 0, now).items() if name == store.kind.cursor}
        values = {**old.properties, **stamps, **store.values(properties)}
        self.change(store, replace(old, properties=values, updated=changed_at(store.kind, values, now)))

    @locked
    def recalculate(self, type: str, id: str, /, **properties: Any) -> None:
        """Change values as a calculated property or a rollup does: the change time stays."""
        store, old = self.existing(type, id)
        self.change(store, replace(old, properties={**old.properties, **store.values(properties)}))

    @locked
    def archive(self, type: str, id: str, /) -> None:
        """Delete as a person does: kept for 90 days, and seen only where archived records are asked for."""
        store, old = self.existing(type, id)
        inactive = {"userId": None} if isinstance(store, OwnerStore) else {}
        version = replace(old, archived_at=self.clock.ms(), properties={**old.properties, **inactive})
        store.put(version)
        store.index.learn(old.id, None, self.clock.ms())

    @locked
    def restore(self, type: str, id: str, /) -> None:
        """Undo a deletion; the change time stays."""
        store, old = self.existing(type, id, archived=True)
        self.change(store, replace(old, archived_at=None))

    @locked
    def gdpr_delete(self, type: str, id: str, /) -> None:
        """Delete for good: gone at once from everywhere, live or archived."""
        store = self.store(type)
        version = store.find(number(id)) or self.existing(type, id, archived=True)[1]
        store.remove(version.id)
        store.index.erase(version.id)

    @locked
    def merge(self, type: str, winner: str, loser: str, /) -> str:
        """Make one of two records; gives the id of what is left.

        Of contacts the winner stays; of all others both go and a new record comes.
        """
        store, kept = self.existing(type, winner)
        _, lost = self.existing(type, loser)
        now = self.clock.ms()
        into_new = store.kind.merges_into_new
        survivor = store.next_id if into_new else kept.id
        values = {name: value or lost.properties.get(name) for name, value in kept.properties.items()}
        values = {**lost.properties, **values, **store.stamps(survivor, min(kept.created, lost.created), now)}
        values["hs_merged_object_ids"] = merged_ids(kept, lost, into_new=into_new)
        gone = (kept, lost) if into_new else (lost,)
        for version in gone:
            store.remove(version.id)
            store.merged[version.id] = survivor
            store.index.learn(version.id, None, now)
        self.change(store, Version(survivor, values, min(kept.created, lost.created), now))
        return str(survivor)

    @locked
    def record(self, type: str, id: str, /) -> dict[str, Any]:
        """A whole record, live or archived, with every property it has."""
        store = self.store(type)
        version = store.find(number(id)) or self.existing(type, id, archived=True)[1]
        return store.envelope(version, sorted(version.properties))

    @locked
    def ids(self, type: str, /, *, archived: bool = False) -> list[str]:
        """The ids of all live, or of all archived records, in order."""
        store = self.store(type)
        return [str(each) for each in (store.archive if archived else store.live)]

    def store(self, type: str) -> Store:
        """The records of a type."""
        if type not in self.stores:
            raise ConfigurationError(
                f"the portal has no type {type!r}", fix=hint(type, sorted(self.stores), "define it first")
            )
        return self.stores[type]

    def existing(self, type: str, id: str, *, archived: bool = False) -> tuple[Store, Version]:
        """A record, and the store that it is in."""
        store = self.store(type)
        if version := store.find(number(id), archived=archived):
            return store, version
        kept = store.archive if archived else store.live
        raise ConfigurationError(
            f"there is no {'archived' if archived else 'live'} record {id!r} among the {type}",
            fix=f"one of {', '.join(map(str, kept[:5]))} …" if kept else "add one first",
        )

    def create(
        self, store: Store, record_id: int, given: Mapping[str, Any], created: int, updated: int, *, seen: int
    ) -> None:
        """Put a new record into a store; search learns of it at `seen`."""
        values = {**store.stamps(record_id, created, updated), **store.values(given)}
        created = parsed(values.get(store.kind.created) or "") or created
        version = Version(record_id, values, created, changed_at(store.kind, values, updated))
        store.put(version)
        store.index.learn(record_id, version, seen)

    def change(self, store: Store, version: Version) -> None:
        """Put another version of a record into its store; search learns of it in time."""
        store.put(version)
        store.index.learn(version.id, version, self.clock.ms())

    def draft(self, store: Store, record_id: int) -> Draft:
        """An invented record in the making."""
        people = [str(each) for each in self.stores["owners"].live]
        return Draft(self.seed, store.kind.label, record_id, people)

    def made(self, store: Store, draft: Draft) -> dict[str, Any]:
        """The properties of an invented record."""
        return invented_owner(draft) if isinstance(store, OwnerStore) else invented(store.kind.table, draft)


def number(id: str) -> int:
    """An id as a number; -1, which no record has, where it is none."""
    return int(id) if str(id).isdecimal() else -1


def changed_at(kind: Kind, values: Mapping[str, Any], otherwise: int) -> int:
    """`updatedAt` is the change time where that can be read."""
    return parsed(values.get(kind.cursor) or "") or otherwise


def merged_ids(kept: Version, lost: Version, *, into_new: bool) -> str:
    """Every id that has gone into one record."""
    before = [each.properties.get("hs_merged_object_ids") for each in (kept, lost)]
    own = (kept, lost) if into_new else (lost,)
    ids = [*before, *(str(each.id) for each in own)]
    return ";".join(each for each in ids if each)
