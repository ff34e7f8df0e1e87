"""What is installed: sources are found by their SourceConfig, engines in their `engines` module."""

from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from django.apps import apps

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.source import SourceConfig

Engine = type[BaseSyncEngine]

PRODUCT = "ingestion.sync."
"""The product's own sources, each of which declares its own entities alone."""


def sources() -> dict[str, SourceConfig]:
    """crm_source → the config of an installed source; of several for one source, the first."""
    return {app.crm_source: app for app in reversed(source_apps())}


def source_apps() -> list[SourceConfig]:
    """Every installed app that declares engines; more than one may be of the same source."""
    return [app for app in apps.get_app_configs() if isinstance(app, SourceConfig)]


def available() -> list[str]:
    """Module names of the sources that come with the product and are not installed."""
    package = import_module("ingestion.sync")
    names = [f"ingestion.sync.{module.name}" for module in iter_modules(package.__path__) if module.ispkg]
    installed = {app.name for app in apps.get_app_configs()}
    return [name for name in names if name not in installed and find_spec(f"{name}.apps")]


def engines(crm_source: str | None = None) -> dict[tuple[str, str], Engine]:
    """(crm_source, sync_type) → engine, of one source or of all installed ones.

    For one source the modules of the product's other sources stay unread, with the libraries they import; an
    app of somebody else may take over an entity of any source.

    Raises ConfigurationError when two engines claim one entity and none of them says `replaces = True`.
    """
    found: dict[tuple[str, str], Engine] = {}
    for app in source_apps():
        elsewhere = app.name.startswith(PRODUCT) and crm_source not in (None, app.crm_source)
        for engine in () if elsewhere else declared(app.name):
            name = (engine.crm_source, engine.sync_type)
            if name in found and not (engine.replaces or found[name].replaces):
                raise ConfigurationError(
                    f"{engine.__module__}.{engine.__name__} and {found[name].__module__}."
                    f"{found[name].__name__} both sync {' '.join(name)}",
                    fix="say replaces = True in the one that shall be used",
                )
            if name not in found or engine.replaces:
                found[name] = engine
    return {name: engine for name, engine in found.items() if crm_source in (None, name[0])}


@cache
def declared(app: str) -> tuple[Engine, ...]:
    """The engines in an app's `engines` module (none where it has no such module)."""
    if find_spec(f"{app}.engines") is None:
        return ()
    return tuple(engines_in(import_module(f"{app}.engines")))


def engines_in(module: ModuleType) -> Iterator[Engine]:
    """Engine classes of a module that name an entity, in the order they are written."""
    for item in vars(module).values():
        if isinstance(item, type) and issubclass(item, BaseSyncEngine):
            own = item.__module__ == module.__name__ or item.__module__.startswith(f"{module.__name__}.")
            if own and getattr(item, "sync_type", None):
                if not getattr(item, "crm_source", None):
                    raise ConfigurationError(
                        f"{item.__module__}.{item.__name__} has a sync_type and no crm_source",
                        fix="name the source it belongs to, as its SourceConfig does",
                    )
                yield item


def get_engine(crm_source: str, sync_type: str) -> Engine:
    """One engine, by its name or an alias. Raises ConfigurationError, naming the closest one."""
    found = engines(crm_source)
    if engine := found.get((crm_source, sync_type)):
        return engine
    own = list(found.values())
    for engine in own:
        if sync_type in engine.aliases:
            return engine
    names = sorted(name for engine in own for name in (engine.sync_type, *engine.aliases))
    if not names:
        raise ConfigurationError(
            f"no source {crm_source!r} is installed",
            fix=hint(crm_source, sorted(sources()), "manage.py sync_list --available shows what there is"),
        )
    raise ConfigurationError(
        f"{crm_source} has no entity {sync_type!r}",
        fix=hint(sync_type, names, f"one of {', '.join(names)}"),
    )


def ordered(crm_source: str) -> list[Engine]:
    """The engines of a source, each after those it names in `after`.

    Raises ConfigurationError for a cycle or an unknown name.
    """
    own = {engine.sync_type: engine for engine in engines(crm_source).values()}
    for engine in own.values():
        for name in engine.after:
            if name not in own:
                raise ConfigurationError(
                    f"{engine.__name__}.after names {name!r}, which {crm_source} does not have",
                    fix=hint(name, sorted(own), f"one of {', '.join(sorted(own))}"),
                )
    try:
        order = list(TopologicalSorter({name: engine.after for name, engine in own.items()}).static_order())
    except CycleError as error:
        raise ConfigurationError(
            f"{crm_source}: after goes round in a circle: {' → '.join(error.args[1])}",
            fix="take one of these names out of its after",
        ) from None
    return [own[name] for name in order]
