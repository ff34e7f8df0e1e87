"""Loaders: they write rows and say truly what they did."""

from ingestion.base.loaders.base import Loaded, Loader, Target
from ingestion.base.loaders.portable import PortableLoader


def create_loader(target: Target, vendor: str) -> Loader:
    """The fastest loader for a database: PostgreSQL has its own, every other takes the portable one."""
    if vendor == "postgresql":
        from ingestion.base.loaders.postgres import PostgresLoader  # noqa: PLC0415 psycopg is an extra

        return PostgresLoader(target)
    return PortableLoader(target)


__all__ = ["Loaded", "Loader", "PortableLoader", "Target", "create_loader"]
