"""Genius's database: MySQL, read directly."""

from typing import Any

import sqlalchemy as sa

from ingestion.base.database import DatabaseDataSource

FIRST_DAY = "1000-01-01"
"""What lies before it is MySQL's zero date, which stands for none."""


class GeniusDatabase(DatabaseDataSource):
    """The database that `GENIUS_DB_URL` names, or `GENIUS_DB_HOST`, `_PORT`, `_NAME`, `_USER`, `_PASSWORD`.

    Its times are in the zone `GENIUS_DB_TIME_ZONE`.
    """

    settings = "GENIUS_DB"
    dialect = "mysql"
    default_time_zone = "America/Los_Angeles"


def hubspot_id(table: sa.FromClause) -> sa.ColumnElement[Any]:
    """The id at HubSpot of what a row's third-party source is; null where that is another service's."""
    source = sa.table(
        "third_party_source", *map(sa.column, ("id", "third_party_source_type_id", "third_party_id"))
    )
    kind = sa.table("third_party_source_type", sa.column("id"), sa.column("label"))
    return (
        sa.select(source.c.third_party_id)
        .join(kind, kind.c.id == source.c.third_party_source_type_id)
        .where(source.c.id == table.c.third_party_source_id, kind.c.label == "hubspot")
        .scalar_subquery()
    )


def primary_user(table: sa.FromClause) -> sa.ColumnElement[Any]:
    """The first account of the person whom a user's account belongs to."""
    found = sa.table("users_userassociations", sa.column("id"), sa.column("primary_user_id"))
    return (
        sa.select(found.c.primary_user_id).where(found.c.id == table.c.user_associations_id).scalar_subquery()
    )


def added_or_on(date: str) -> Any:
    """The time a row was made at, or where there is none the date in another column."""

    def expression(table: sa.FromClause) -> sa.ColumnElement[Any]:
        return sa.case((table.c.add_date >= FIRST_DAY, table.c.add_date), else_=table.c[date])

    return expression
