"""How SalesRabbit writes names and values."""

from typing import Any


def camel(name: str) -> str:
    """`first_name` → `firstName`."""
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def filled(value: Any) -> Any:
    """An object or a list, None where it is empty: PHP writes an empty object as `[]`."""
    return value or None
