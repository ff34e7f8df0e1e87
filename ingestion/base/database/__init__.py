"""Databases as sources: DatabaseDataSource reads a Table; needs `django-ingestion[database]`."""

from importlib.util import find_spec

from ingestion.base.exceptions import ConfigurationError

if find_spec("sqlalchemy") is None:
    raise ConfigurationError(
        "SQLAlchemy is not installed",
        where="ingestion.base.database",
        fix="pip install 'django-ingestion[database]'",
    )

from ingestion.base.database.source import DatabaseDataSource
from ingestion.base.database.table import Table
from ingestion.base.factory import DataSourceFactory

DataSourceFactory.register(DatabaseDataSource.kind, DatabaseDataSource)

__all__ = ["DatabaseDataSource", "Table"]
