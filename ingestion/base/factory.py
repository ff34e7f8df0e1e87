"""DataSourceFactory: a client from its kind and its settings, as a configuration file has them."""

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, ClassVar

from ingestion.base.datasource import DataSource
from ingestion.base.exceptions import ConfigurationError
from ingestion.base.files import FileDataSource

MODULES = {"database": "ingestion.base.database"}
"""Kinds that join when their module is imported, which needs an extra."""


class DataSourceFactory:
    """Makes clients by the name of their kind: `create_source("file", {"path": "contacts.csv"})`.

    A client of your own joins with `register`.
    """

    kinds: ClassVar[dict[str, type[DataSource]]] = {FileDataSource.kind: FileDataSource}

    @classmethod
    def register(cls, kind: str, source: type[DataSource]) -> None:
        """Make a kind known. Raises ConfigurationError where the name is taken by another class."""
        if cls.kinds.setdefault(kind, source) is not source:
            raise ConfigurationError(
                f"the kind {kind!r} is taken by {cls.kinds[kind].__name__}",
                where=source.__name__,
                fix="choose another name",
            )

    @staticmethod
    def create_source(source_type: str, config: Mapping[str, Any]) -> DataSource:
        """A client of this kind, its constructor called with `config`.

        Raises ConfigurationError for a kind nobody registered, and for keys that its constructor does
        not take or cannot do without.
        """
        if module := MODULES.get(source_type):
            import_module(module)
        source = DataSourceFactory.kinds.get(source_type)
        if source is None:
            raise ConfigurationError(
                f"there is no kind of source {source_type!r}",
                where="DataSourceFactory",
                fix=suggestion(source_type, {**DataSourceFactory.kinds, **MODULES}, "known kinds"),
            )
        check_keys(source, config, where=f"source {source_type!r}")
        return source(**config)


def check_keys(source: type[DataSource], config: Mapping[str, Any], *, where: str) -> None:
    """Raises ConfigurationError, naming the first key that is unknown or missing."""
    parameters = inspect.signature(source).parameters
    named = {name: p for name, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for key in config:
        if key not in named and not takes_any:
            raise ConfigurationError(
                f"unknown key {key!r}", where=where, fix=suggestion(key, named, "accepted keys")
            )
    for key, parameter in named.items():
        if parameter.default is parameter.empty and key not in config:
            raise ConfigurationError(f"{key!r} is missing", where=where, fix=f"set {key!r}")


def suggestion(given: object, known: Mapping[str, Any], what: str) -> str:
    """What was probably meant, and all there is."""
    close = get_close_matches(str(given), known, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return f"{meant}{what}: {', '.join(sorted(known))}"
