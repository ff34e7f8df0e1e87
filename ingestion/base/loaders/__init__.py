"""Loaders: they write rows and say truly what they did."""

from ingestion.base.loaders.base import Loaded, Loader, Target
from ingestion.base.loaders.portable import PortableLoader

LOADERS: dict[str, type[Loader]] = {}
"""Database vendor → its own loader; every other database takes the portable one."""


def create_loader(target: Target, vendor: str) -> Loader:
    """The fastest loader for a database."""
    return LOADERS.get(vendor, PortableLoader)(target)


__all__ = ["LOADERS", "Loaded", "Loader", "PortableLoader", "Target", "create_loader"]
