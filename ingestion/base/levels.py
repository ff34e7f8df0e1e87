"""Batches of records looked through level by level, and what of them a mapping names."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from ingestion.base.columnar import Records, Values
from ingestion.base.fields import MISSING, CompiledField, Known, Path, lookup
from ingestion.base.records import Record


class Levels:
    """A batch of records, looked through level by level: `()` are they, `("address",)` what lies there."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.found: dict[Path, Sequence[Any]] = {}
        self.names: dict[Path, set[str] | None] = {}

    def raws(self, path: Path) -> list[Any]:
        """What each record has at a path, or MISSING."""
        return plain(self.at(path))

    def at(self, path: Path) -> Values:
        """The same, by column where that leads to objects which lie so."""
        level = self.level(path[:-1])
        if all_objects(level):
            return values_at(level, path[-1:])[0]
        return [lookup(record, path) for record in self.records]

    def level(self, above: Path) -> Sequence[Any]:
        """What all records have at a path that leads to objects."""
        if above not in self.found:
            self.found[above] = self.at(above) if above else self.records
        return self.found[above]

    def has(self, path: Path) -> bool:
        """Whether any record shows a path, be it with a null. Below a null everything is null."""
        above = path[:-1]
        if above not in self.names:
            self.names[above] = self.names_at(above)
        names = self.names[above]
        if names is not None:
            return path[-1] in names
        return any(lookup(record, path) is not MISSING for record in self.records)

    def names_at(self, above: Path) -> set[str] | None:
        """The names at one level; None where it is not made of objects alone."""
        found = self.level(above)
        if isinstance(found, Records):
            return set(found.names)
        level = [each for each in found if each is not MISSING]
        if any(not isinstance(each, Mapping) for each in level):
            return None
        return set().union(*level)

    def all_raws(self, columns: Sequence[CompiledField]) -> list[list[Any]]:
        """The raw values of each column; those of one level together, as each object is then visited once."""
        raws: dict[int, list[Any]] = {}
        for above, places in by_level(columns).items():
            level = self.level(above)
            if all_objects(level):
                names = [columns[place].paths[0][-1] for place in places]
                raws.update(zip(places, map(plain, values_at(level, names)), strict=True))
        return [
            raws[place] if place in raws else self.first_raws(column) for place, column in enumerate(columns)
        ]

    def known(self, paths: Sequence[Path]) -> tuple[Known | None, list[Any]]:
        """What is known of the texts at the first of these paths, and those texts."""
        name, records = paths[0][0], self.records
        if not isinstance(records, Records) or len(paths[0]) > 1 or name not in records.names:
            return None, []
        known: Known | None = "digits" if name in records.digits else None
        return "moments" if name in records.moments else known, plain(records.columns[name])

    def first_raws(self, column: CompiledField) -> list[Any]:
        """The raw values of a column that may be read from several paths: from the first that is there."""
        named = [path[0] for path in column.paths if len(path) == 1]
        if isinstance(self.records, Records) and len(named) == len(column.paths):
            first = next((name for name in named if name in self.records.names), named[0])
            return plain(values_at(self.records, [first])[0])
        return [column.find(record) for record in self.records]


def by_level(columns: Sequence[CompiledField]) -> dict[Path, list[int]]:
    """The places of the columns that are read from one path, by the level they lie in."""
    found: dict[Path, list[int]] = {}
    for place, column in enumerate(columns):
        if len(column.paths) == 1:
            found.setdefault(column.paths[0][:-1], []).append(place)
    return found


def all_objects(level: Sequence[Any]) -> bool:
    """Whether a level has objects alone."""
    return isinstance(level, Records) or set(map(type, level)) == {dict}


def plain(values: Values) -> list[Any]:
    """A column's values, one by one."""
    return list(values) if isinstance(values, Records) else values


def values_at(level: Sequence[Any], names: Sequence[str]) -> list[Values]:
    """What each object has under these names, name by name; MISSING where it has none."""
    if isinstance(level, Records):
        absent = [MISSING] * len(level)
        return [level.values(name) if name in level.names else absent for name in names]
    try:
        if len(names) == 1:
            return [list(map(itemgetter(names[0]), level))]
        return list(map(list, zip(*map(itemgetter(*names), level), strict=True)))
    except KeyError:
        return [[each.get(name, MISSING) for each in level] for name in names]


def known_paths(paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Mapped paths as a tree; a leaf is True."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for part in path[:-1]:
            below = node.setdefault(part, {})
            if below is True:
                break
            node = below
        else:
            node[path[-1]] = True
    return tree


def remainder(record: Record, known: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record that are not in the tree of known paths."""
    if record.keys() <= known.keys() and all(known[name] is True for name in record):
        return {}
    left: dict[str, Any] = {}
    for name, value in record.items():
        below = known.get(name)
        if below is None:
            left[name] = value
        elif isinstance(below, dict) and isinstance(value, Mapping):
            if rest := remainder(value, below):
                left[name] = rest
        elif isinstance(below, dict) and value is not None:
            left[name] = value
    return left


def nothing_else(records: Sequence[Any], known: Mapping[str, Any]) -> bool:
    """Whether objects have no names but known ones, and objects where objects are known."""
    if not all_objects(records):
        return False
    names = records.names if isinstance(records, Records) else set().union(*records)
    if not known.keys() >= set(names):
        return False
    below = [(name, tree) for name, tree in known.items() if tree is not True]
    found = values_at(records, [name for name, _ in below]) if below else []
    return all(
        nothing_else(values if isinstance(values, Records) else with_objects(values), tree)
        for values, (_, tree) in zip(found, below, strict=True)
    )


def with_objects(values: list[Any]) -> list[Any]:
    """Values with an empty object where a record has none."""
    return [NONE if each is MISSING else each for each in values]


NONE: dict[str, Any] = {}
