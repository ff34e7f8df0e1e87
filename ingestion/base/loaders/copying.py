"""A batch as the text that PostgreSQL's COPY reads, made column by column."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from django.db import models
from psycopg.adapt import PyFormat, Transformer

from ingestion.base.rows import Column

Texts = Sequence[str | None]
Encode = Callable[[Column], Texts]
"""A column's values as the server reads them, not escaped yet; None is null."""

Cells = Callable[[Texts], Sequence[str]]
"""Some of these texts as COPY reads them."""

NULL = r"\N"
ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
"""The backslash first: what the others become begins with one."""

ESCAPED = str.maketrans(ESCAPES)
AT_ONCE = 500
"""Rows that are written at once: few enough to stay in the processor's cache meanwhile."""

SEPARATORS = ("\t", "\n", "\r")

AS_THEY_ARE = frozenset(
    {
        *("CharField", "TextField", "EmailField", "URLField", "SlugField", "UUIDField", "BooleanField"),
        *("IntegerField", "BigIntegerField", "SmallIntegerField", "FloatField", "DecimalField"),
        *("PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField"),
        *("DateField", "DateTimeField", "TimeField", "DurationField"),
    }
)
"""Django's own fields whose values psycopg takes without preparation."""


def encoder_of(field: "models.Field[Any, Any]", connection: Any) -> Encode:
    """What turns a field's values into texts. A field of another make prepares each value itself."""
    own = builtin(field)
    if own and type(field) is models.JSONField:
        return json_encoder(field)

    def prepared(column: Column) -> Texts:
        return dumped([field.get_db_prep_save(value, connection) for value in column.values], connection)

    def as_they_are(column: Column) -> Texts:
        return dumped(column.values, connection) if column.texts is None else column.texts

    target = field
    while isinstance(target, models.ForeignKey) and builtin(target):
        target = target.target_field
    return as_they_are if builtin(target) and target.get_internal_type() in AS_THEY_ARE else prepared


def builtin(field: "models.Field[Any, Any]") -> bool:
    """Whether a field's class is one of Django's own."""
    return type(field).__module__.startswith("django.db.models")


def json_encoder(field: "models.JSONField[Any, Any]") -> Encode:
    """JSON as Django writes it; most values of `extra` are empty."""
    write = json.JSONEncoder if field.encoder is None else field.encoder
    encode = write().encode

    def texts(column: Column) -> Texts:
        return [None if value is None else encode(value) if value != {} else "{}" for value in column.values]

    return texts


def dumped(values: Sequence[Any], connection: Any) -> Texts:
    """Any values, as psycopg writes them."""
    adapt = Transformer(connection.connection)

    def text(value: Any) -> str | None:
        found = None if value is None else adapt.get_dumper(value, PyFormat.TEXT).dump(value)
        return None if found is None else bytes(found).decode()

    return list(map(text, values))


def copy_texts(columns: Sequence[tuple[Texts, Cells]], rest: Sequence[str | None]) -> Iterator[str]:
    """The rows of these columns, each followed by the same `rest`; in parts, so that the server is given the
    first of them while the next is made."""
    end = ending(rest)
    for start in range(0, len(columns[0][0]), AT_ONCE):
        part = [cells(texts[start : start + AT_ONCE]) for texts, cells in columns]
        yield end.join([*map("\t".join, zip(*part, strict=True)), ""])


def ending(rest: Sequence[str | None]) -> str:
    """What every row ends with, when the same cells follow all of them."""
    return "".join(f"\t{each}" for each in map(cell, rest)) + "\n"


def cells_of(column: Column, texts: Texts) -> Cells:
    """What makes cells of a column's texts. Of its own it may know that there is little to do."""
    if not column.clean or texts is not column.written:
        return looked_through
    return with_nulls if column.nulls else as_they_come


def as_they_come(texts: Texts) -> Sequence[str]:
    """Texts that are cells."""
    return cast("Sequence[str]", texts)


def with_nulls(texts: Texts) -> Sequence[str]:
    """Texts of which none must be escaped."""
    return [NULL if text is None else text for text in texts]


def looked_through(column: Texts) -> Sequence[str]:
    """A column's texts as cells.

    Hardly any has one of the characters that must be escaped; whether one has is seen by looking through all
    at once, where each null brings one backslash.
    """
    nulls = column.count(None)
    full = with_nulls(column) if nulls else as_they_come(column)
    together = "".join(full)
    if together.count("\\") == nulls and not any(each in together for each in SEPARATORS):
        return full
    found = iter(escaped([text for text in column if text is not None]))
    return [NULL if text is None else next(found) for text in column]


def escaped(texts: Sequence[str]) -> Sequence[str]:
    """Texts with what COPY reads as something else written as it reads it."""
    together = "\0".join(texts)  # a character that no column of the server takes
    for special, written in ESCAPES.items():
        together = together.replace(special, written)
    found = together.split("\0")
    return found if len(found) == len(texts) else list(map(cell, texts))


def cell(text: str | None) -> str:
    """One text as a cell."""
    return NULL if text is None else text.translate(ESCAPED)
