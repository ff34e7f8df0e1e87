"""Databases as sources: DatabaseDataSource reads a Table; needs `django-ingestion[database]`."""

from ingestion.base.database.source import DatabaseDataSource
from ingestion.base.database.table import Table

__all__ = ["DatabaseDataSource", "Table"]
