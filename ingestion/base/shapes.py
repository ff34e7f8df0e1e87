"""JSON of one shape, decoded straight into columns.

Most lists have records that are all alike: the same names in every one, and the same names in the objects in
them. Once some have shown which, the next are decoded as such, without a dict for each record, which is half
of what making and reading the dicts costs. What has a name more or less is not of the shape and is decoded
as it is: nothing is decided here but how long it takes.
"""

from collections.abc import Mapping, Sequence
from types import GenericAlias
from typing import Any

import msgspec
from msgspec.structs import astuple

from ingestion.base.columnar import Records, Values
from ingestion.base.fields import Path
from ingestion.base.numbers import exact

LEAST = 2
"""Records that must have shown a shape: of one alone nobody knows what the others are like."""

CHANCES = 3
"""Shapes that one list may show; when the last of them does not hold either, no other is looked for."""

DECODER = msgspec.json.Decoder(float_hook=exact)
"""Of what may be of any shape."""


class Shape:
    """The names that some objects have in common; `below` are the shapes of the objects in them.

    `type` is what msgspec decodes such an object as. It refuses one with another name, or without one.
    """

    type: Any

    def __init__(self, objects: Sequence[Mapping[str, Any]]) -> None:
        self.names = tuple(objects[0])
        inner = {name: [each[name] for each in objects] for name in self.names}
        self.below = {name: Shape(values) for name, values in inner.items() if alike(values)}
        self.type = struct(
            {name: self.below[name].type if name in self.below else Any for name in self.names}
        )
        self.decoder = decoder_of(self.type)

    def records(self, found: Sequence[Any]) -> Records:
        """Decoded objects, by column."""
        values = list(map(list, zip(*map(astuple, found), strict=True))) or [[] for _ in self.names]
        columns = dict(zip(self.names, values, strict=True))
        return Records({name: self.column(name, each) for name, each in columns.items()}, len(found))

    def column(self, name: str, values: list[Any]) -> Values:
        """One of their columns."""
        return self.below[name].records(values) if name in self.below else values


class Shapes:
    """What the records of one list have shown of their shape."""

    def __init__(self) -> None:
        self.chances = CHANCES
        self.known: Shape | None = None
        self.seen: Sequence[Any] = ()

    def saw(self, records: object) -> None:
        """These were decoded as they are. Nothing is made of them before more are read."""
        enough = self.chances and isinstance(records, list) and len(records) >= LEAST
        self.known, self.seen = None, records if enough and isinstance(records, list) else ()

    def learned(self) -> Shape | None:
        """The shape of what was seen last, if it has one."""
        if self.seen:
            self.chances -= 1
            self.known, self.seen = Shape(self.seen) if alike(self.seen) else None, ()
        return self.known


class PageDecoder:
    """Decodes the pages of one list. `path` leads to the records in a page; () where they are all of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shapes = Shapes()
        self.page: Any = None
        self.decoder = DECODER

    def decode(self, body: bytes) -> Any:
        """A page, its records by column where they can be. Raises what msgspec's decoder raises."""
        if shape := self.shapes.learned():
            if self.page is not None:
                self.decoder = decoder_of(around(self.page, self.path, shape))
                self.page = None
            try:
                return opened(self.decoder.decode(body), self.path, shape)
            except msgspec.ValidationError:
                pass  # another shape: decoded as it is
        page = records = DECODER.decode(body)
        for name in self.path:
            records = records.get(name) if isinstance(records, dict) else None
        self.shapes.saw(records)
        self.page = page if self.shapes.seen else None
        return page


def decoder_of(kind: Any) -> "msgspec.json.Decoder[Any]":
    """What reads JSON as such a type."""
    return msgspec.json.Decoder(kind, float_hook=exact)


def alike(values: Sequence[Any]) -> bool:
    """Whether values are objects that all have the same names."""
    return set(map(type, values)) == {dict} and len(set(map(frozenset, values))) == 1


def around(page: Any, path: Path, shape: Shape) -> Any:
    """The type of a page like this one, with records of the shape; what lies around them may be absent."""
    if not path:
        return GenericAlias(list, (shape.type,))
    fields: dict[str, Any] = dict.fromkeys(page, Any)
    return struct(fields | {path[0]: around(page[path[0]], path[1:], shape)}, needed=frozenset(path[:1]))


def opened(page: Any, path: Path, shape: Shape) -> Any:
    """A decoded page as the dicts it consists of, down to its records."""
    if not path:
        return shape.records(page)
    pairs = zip(page.__struct_encode_fields__, astuple(page), strict=True)
    found = {name: each for name, each in pairs if each is not msgspec.UNSET}
    return found | {path[0]: opened(found[path[0]], path[1:], shape)}


def struct(fields: Mapping[str, Any], needed: frozenset[str] | None = None) -> Any:
    """A type of objects with these names and no other, of which `needed` (all, without it) must be there.

    The search for cycles leaves its objects out, as JSON has none.
    """
    numbered = {f"field_{number}": name for number, name in enumerate(fields)}
    declared = [
        (field, fields[name]) if needed is None or name in needed else (field, fields[name], msgspec.UNSET)
        for field, name in numbered.items()
    ]
    return msgspec.defstruct(
        "Shaped", declared, rename=numbered, forbid_unknown_fields=True, gc=False, kw_only=True
    )
