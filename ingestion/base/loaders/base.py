"""What every loader does and answers: rows go in, and the database says what it did with each."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import DataError, IntegrityError, connections, models, transaction

from ingestion.base.exceptions import FieldError, first_line
from ingestion.base.records import Key, Row
from ingestion.base.rows import select, values_of
from ingestion.base.shipping import Lines

if TYPE_CHECKING:
    from ingestion.base.processor import Children


@dataclass(slots=True)
class ChildCounts:
    """What became of one kind of child rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass(slots=True)
class Loaded:
    """What became of a batch of rows; `refused` names the rows that the database would not take."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    refused: list[tuple[Row, FieldError]] = field(default_factory=list)
    children: dict[str, ChildCounts] = field(default_factory=dict)

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
            self.refused + other.refused,
            added(self.children, other.children),
        )


def added(some: Mapping[str, ChildCounts], more: Mapping[str, ChildCounts]) -> dict[str, ChildCounts]:
    """Two counts of child rows as one."""
    total = {}
    for name in {**some, **more}:
        a, b = some.get(name, ChildCounts()), more.get(name, ChildCounts())
        total[name] = ChildCounts(
            a.created + b.created, a.updated + b.updated, a.unchanged + b.unchanged, a.deleted + b.deleted
        )
    return total


@dataclass(frozen=True)
class Target:
    """Where rows go and what protects the ones that are there.

    `key` and `timestamp_field` are attribute names of `model`. With `guard`, a row is updated only where
    the source is not older than what is stored; a stored timestamp after `started` protects nothing.
    """

    model: type[models.Model]
    key: tuple[str, ...]
    started: datetime
    using: str = "default"
    timestamp_field: str | None = None
    guard: bool = True
    children: "Mapping[str, Children]" = field(default_factory=dict)

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple(row[name] for name in self.key)

    def protected(self, stored: Any, row: Row) -> bool:
        """The timestamp guard: whether the stored row is newer than this one."""
        mine = row.get(self.timestamp_field) if self.timestamp_field else None
        if not self.guard or stored is None or mine is None or stored > self.started:
            return False
        return bool(mine < stored)


class Loader(ABC):
    """Writes rows; a subclass says how (`write`), this class what happens when the database refuses.

    The fast way first, the exact way when it is refused: a batch that the database will not take is halved
    until the bad row stands alone, so that it is named and the good ones are in.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.connection = connections[target.using]
        self.foreign_keys = real_foreign_keys(target.model)

    def load(self, rows: Sequence[Row]) -> Loaded:
        """Write a batch, its keys all different. Must run inside the batch's transaction."""
        orphans = self.orphans(rows)
        kept = [row for row in rows if id(row) not in orphans] if orphans else rows
        for key in self.foreign_keys:
            if key.related_model is self.target.model:
                kept = parents_first(kept, key.attname, key.target_field.attname)
        return self.attempt(kept) + Loaded(refused=list(orphans.values()))

    def attempt(self, rows: Sequence[Row]) -> Loaded:
        """Write rows, or find out which of them the database refuses."""
        if not rows:
            return Loaded()
        try:
            with transaction.atomic(self.target.using):
                loaded = self.write(rows)
                self.check_constraints()
                return loaded
        except (DataError, IntegrityError) as error:
            named = 0 if len(rows) == 1 else self.culprit(error)
            if named is not None:
                bad = rows[named]
                orphans = self.orphans([bad])  # its parent was in the batch, and was refused itself
                refused = Loaded(refused=[*orphans.values()] or [(bad, self.refusal(error))])
                return refused + self.attempt(select(rows, [n for n in range(len(rows)) if n != named]))
        half = len(rows) // 2
        return self.attempt(rows[:half]) + self.attempt(rows[half:])

    def culprit(self, error: Exception) -> int | None:
        """The place of the row that a refusal is about, where the database names it."""
        del error
        return None

    def refusal(self, error: DataError | IntegrityError) -> FieldError:
        """What the database said of a row."""
        return refusal(error)

    @property
    def looked_at(self) -> list[str]:
        """The columns that are looked at of every row."""
        names = [*self.target.key, *filter(None, [self.target.timestamp_field])]
        return [*names, *(key.attname for key in self.foreign_keys)]

    def lines(self, rows: Sequence[Row]) -> Lines | None:
        """What of a batch this loader would write, made ready; None where it needs the rows."""
        del rows
        return None

    @abstractmethod
    def write(self, rows: Sequence[Row]) -> Loaded:
        """Write rows in as few statements as the database allows. Raises what the database raises."""

    def orphans(self, rows: Sequence[Row]) -> dict[int, tuple[Row, FieldError]]:
        """Rows whose parent, behind a real foreign key, is not there: rejected until it is."""
        found: dict[int, tuple[Row, FieldError]] = {}
        for key, uses in self.references(rows):
            if not uses:
                continue
            target = key.target_field.attname
            there = existing(key.related_model, target, {value for *_, value in uses}, self.target.using)
            if key.related_model is self.target.model:
                there |= {row.get(target) for row in rows}
            for row, place, value in uses:
                if value not in there:
                    found.setdefault(id(row), (row, missing_parent(key, place, value)))
        return found

    def references(
        self, rows: Sequence[Row]
    ) -> "Iterator[tuple[models.ForeignKey[Any, Any], list[tuple[Row, str, Any]]]]":
        """Real foreign keys, and where rows (or their child rows) use them: the row, the place, the value."""
        for key in self.foreign_keys:
            name = key.attname
            used = [place for place, value in enumerate(values_of(rows, name)) if value is not None]
            yield key, [(rows[place], name, rows[place][name]) for place in used]
        for name, spec in self.target.children.items():
            for key in real_foreign_keys(spec.processor_class.model):
                if spec.parent not in (key.name, key.attname):
                    yield key, child_references(rows, name, key.attname)

    def check_constraints(self) -> None:
        """Have deferred foreign keys checked now, so that a refusal is one row's and not the commit's.

        SQLite reads the whole table for it, and its one writer has seen every parent; only a table that
        refers to itself needs it there.
        """
        to_self = any(key.related_model is self.target.model for key in self.foreign_keys)
        if to_self or (self.foreign_keys and self.connection.vendor == "postgresql"):
            self.connection.check_constraints(table_names=[self.target.model._meta.db_table])


def real_foreign_keys(model: type[models.Model]) -> "list[models.ForeignKey[Any, Any]]":
    """The foreign keys that the database itself enforces."""
    keys = [each for each in model._meta.concrete_fields if isinstance(each, models.ForeignKey)]
    return [each for each in keys if getattr(each, "db_constraint", False)]


def existing(model: type[models.Model], name: str, values: set[Any], using: str) -> set[Any]:
    """Which of these values a column has, soft-deleted rows included."""
    asked = list(values)
    found: set[Any] = set()
    for start in range(0, len(asked), 500):
        rows = model._base_manager.using(using).filter(**{f"{name}__in": asked[start : start + 500]})
        found.update(rows.values_list(name, flat=True))
    return found


def child_references(rows: Sequence[Row], children: str, name: str) -> list[tuple[Row, str, Any]]:
    """The row, the place and the value of every reference in its child rows."""
    return [
        (row, f"{children}[{place}].{name}", child[name])
        for row in rows
        for place, child in enumerate(row.get(children) or ())
        if child.get(name) is not None
    ]


def parents_first(rows: Sequence[Row], name: str, target: str) -> list[Row]:
    """Rows that refer to each other, each after its parent: some databases check a row as it is written."""
    by_value = {row[target]: row for row in rows if row.get(target) is not None}
    ordered: dict[int, Row] = {}
    for row in rows:
        line: dict[int, Row] = {}
        above: Row | None = row
        while above is not None and id(above) not in ordered and id(above) not in line:
            line[id(above)] = above
            above = by_value.get(above.get(name))
        ordered.update(reversed(line.items()))
    return list(ordered.values())


def missing_parent(key: "models.ForeignKey[Any, Any]", place: str, value: object) -> FieldError:
    """Why a row without its parent is not loaded."""
    parent = key.related_model.__name__
    return FieldError(place, place, "missing_parent", f"{parent} has no such row (yet)", str(value)[:200])


def refusal(error: DataError | IntegrityError) -> FieldError:
    """What the database said of a row, in its own words."""
    text = first_line(error)
    lowered = text.lower()
    code = "unique" if "unique" in lowered or "duplicate" in lowered else "refused"
    return FieldError("", "", code, f"the database refused the row: {text}")
