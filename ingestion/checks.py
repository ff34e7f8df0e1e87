"""`manage.py check` reads every declaration of every installed source before anything runs."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections, models, router

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.mapping import attribute_of
from ingestion.base.processor import BaseProcessor, has_field, key_fields
from ingestion.models.common import SyncHistory
from ingestion.registry import Engine, engines, ordered, sources
from ingestion.source import SourceConfig

NAME = re.compile(r"[a-z][a-z0-9]*")
ENTITY = re.compile(r"[a-z][a-z0-9_]*")


@register(Tags.models)
def check_declarations(app_configs: Iterable[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every engine of every installed source (of one source, where its apps are named), and how they fit
    together."""
    del kwargs
    own = {app.crm_source for app in app_configs or () if isinstance(app, SourceConfig)}
    try:
        found = list(engines(own.pop() if len(own) == 1 else None).values())
    except ConfigurationError as error:
        return [problem(error, None, "E000")]
    messages = [
        message for engine in found for message in SyncHistoryValidator().validate_sync_engine(engine)
    ]
    whole = [engine for engine in found if not missing_parts(engine)]
    orders = check_order({engine.crm_source for engine in found} if app_configs else sources())
    return [*messages, *orders, *check_shared_models(whole), *check_sqlite()]


class SyncHistoryValidator:
    """Whether an engine's declaration is sound and its runs will be told in SyncHistory as they should."""

    def validate_sync_engine(self, engine: Engine) -> list[CheckMessage]:
        """Everything that is wrong with one engine; what it lacks comes before the rest."""
        return missing_parts(engine) or [message for check in CHECKS for message in check(engine)]


def missing_parts(engine: Engine) -> list[CheckMessage]:
    """What every engine declares."""
    return [
        Error(
            f"{engine.__name__} declares no {name}.",
            hint=f"Set {name} in it, or in a base class of the source's engines.",
            obj=engine,
            id="ingestion.E001",
        )
        for name in ("resource", "client_class", "processor_class")
        if not hasattr(engine, name)
    ]


def check_names(engine: Engine) -> Iterator[CheckMessage]:
    """`crm_source` and `sync_type` are written as the history wants them."""
    if not NAME.fullmatch(engine.crm_source):
        yield Error(
            f"crm_source {engine.crm_source!r} is not a lower-case name without separators.",
            hint="Write it like 'hubspot' or 'erp4d'.",
            obj=engine,
            id="ingestion.E001",
        )
    if not ENTITY.fullmatch(engine.sync_type) or engine.sync_type.endswith("_sync"):
        yield Error(
            f"sync_type {engine.sync_type!r} is not an entity's plural name.",
            hint="Write it like 'contacts' or 'form_submissions', without '_sync'.",
            obj=engine,
            id="ingestion.E001",
        )


def check_aliases(engine: Engine) -> Iterator[CheckMessage]:
    """No other entity of the source goes by an alias, and no flag of a run of all is taken."""
    taken = {
        name: other.__name__
        for other in engines(engine.crm_source).values()
        if other.sync_type != engine.sync_type
        for name in (other.sync_type, *other.aliases)
    }
    taken |= {engine.sync_type: "its sync_type", "all": "the run of all"}
    for name in engine.aliases:
        if name in taken or not ENTITY.fullmatch(name) or engine.aliases.count(name) > 1:
            why = (
                f"is taken by {taken[name]}" if name in taken else "is no plural name, or stands there twice"
            )
            yield Error(
                f"alias {name!r} of {engine.sync_type} {why}.",
                hint="Choose a name that means this entity alone, written like 'team_members'.",
                obj=engine,
                id="ingestion.E009",
            )
    if "validation" in (engine.sync_type, *engine.aliases):
        yield Error(
            "no entity is called 'validation': --skip-validation means something else.",
            hint="Name it 'validations'.",
            obj=engine,
            id="ingestion.E009",
        )


def check_mapping(engine: Engine) -> Iterator[CheckMessage]:
    """The processor's fields, key and timestamp exist, and its declarations compile."""
    processor = engine.processor_class
    try:
        for name in named_fields(processor):
            attribute_of(processor.model, name)
        processor()
    except ConfigurationError as error:
        yield problem(error, processor, "E002")


def named_fields(processor: type[BaseProcessor]) -> list[str]:
    """Every model field that a processor's declaration names."""
    key = (processor.key,) if isinstance(processor.key, str) else processor.key
    stamp = [processor.timestamp_field] if processor.timestamp_field else []
    return [*processor.fields, *key, *stamp, *processor.exclude, *processor.local_fields]


def check_key(engine: Engine) -> Iterator[CheckMessage]:
    """A unique constraint covers exactly the key: without it a row could be there twice."""
    processor = engine.processor_class
    try:
        key = set(key_fields(processor))
    except ConfigurationError:
        return
    if key not in unique_sets(processor.model):
        names = ", ".join(sorted(key))
        quoted = ", ".join(f'"{name}"' for name in sorted(key))
        yield Error(
            f"no unique constraint of {processor.model.__name__} covers exactly its key ({names}).",
            hint=f'Add models.UniqueConstraint(fields=[{quoted}], name="…") to Meta.constraints.',
            obj=processor,
            id="ingestion.E003",
        )


def unique_sets(model: type[models.Model]) -> list[set[str]]:
    """The sets of attribute names that the database keeps unique, for all rows."""
    options = model._meta
    names = {field.name: field.attname for field in options.concrete_fields}
    groups: list[Sequence[str]] = [[field.name] for field in options.concrete_fields if field.unique]
    groups += list(options.unique_together)
    groups += [each.fields for each in options.total_unique_constraints]
    if isinstance(options.pk, models.CompositePrimaryKey):
        groups.append([field.name for field in options.pk_fields])
    return [{names.get(name, name) for name in group} for group in groups]


def check_database(engine: Engine) -> Iterator[CheckMessage]:
    """Rows and history are written to one database: a batch is one transaction."""
    model = engine.processor_class.model
    mine, theirs = router.db_for_write(model), router.db_for_write(SyncHistory)
    if mine != theirs:
        yield Error(
            f"{model.__name__} is written to database '{mine}', SyncHistory to '{theirs}'.",
            hint=f"A batch is one transaction: have the router send both to one database, e.g. "
            f"`if model._meta.app_label in ('ingestion', '{model._meta.app_label}'): return '{mine}'`.",
            obj=engine,
            id="ingestion.E004",
        )


def check_timestamp(engine: Engine) -> Iterator[CheckMessage]:
    """A cursor without a timestamp column cannot move a watermark."""
    processor = engine.processor_class
    if engine.resource.cursor and processor.timestamp_field is None:
        yield Error(
            f"cursor {engine.resource.cursor!r}, but {processor.__name__} has no timestamp_field.",
            hint="Name the model's column with the source's time of last change.",
            obj=engine,
            id="ingestion.E005",
        )
    name = processor.timestamp_field
    fields = {each.name: each for each in processor.model._meta.concrete_fields}
    if name in fields and not isinstance(fields[name], models.DateTimeField):
        yield Error(
            f"timestamp_field {name!r} is no DateTimeField.",
            hint="Compare moments, not texts or days: use a DateTimeField.",
            obj=processor,
            id="ingestion.E005",
        )


def check_deletes(engine: Engine) -> Iterator[CheckMessage]:
    """Deletes need a column to mark them in, and a tombstone something to be told by."""
    model = engine.processor_class.model
    if engine.deletes != "ignore" and not has_field(model, "source_deleted_at"):
        yield Error(
            f"deletes = {engine.deletes!r}, but {model.__name__} has no source_deleted_at.",
            hint="Derive the model from ingestion.models.SourceModel.",
            obj=engine,
            id="ingestion.E006",
        )


CHECKS: tuple[Callable[[Engine], Iterator[CheckMessage]], ...] = (
    check_names,
    check_aliases,
    check_mapping,
    check_key,
    check_database,
    check_timestamp,
    check_deletes,
)


def check_order(crm_sources: Iterable[str]) -> list[CheckMessage]:
    """`after` names entities that exist, and goes round in no circle."""
    messages: list[CheckMessage] = []
    for crm_source in crm_sources:
        try:
            ordered(crm_source)
        except ConfigurationError as error:
            messages.append(problem(error, None, "E007"))
    return messages


def check_shared_models(found: Sequence[Engine]) -> list[CheckMessage]:
    """Engines that sweep one table need each its own part of it."""
    by_model: dict[type[models.Model], list[Engine]] = defaultdict(list)
    for engine in found:
        by_model[engine.processor_class.model].append(engine)
    return [
        Error(
            f"shares {model.__name__} with another engine and sweeps it, without a scope.",
            hint="Give each of them a scope, the filter of its own rows.",
            obj=engine,
            id="ingestion.E008",
        )
        for model, sharing in by_model.items()
        for engine in sharing
        if len(sharing) > 1 and not engine.scope and any(each.deletes == "sweep" for each in sharing)
    ]


def check_sqlite() -> list[CheckMessage]:
    """SQLite must take its write lock at the start of a transaction, or a batch fails half-way."""
    alias = router.db_for_write(SyncHistory)
    settings = connections.settings[alias]
    if "sqlite" not in settings["ENGINE"]:
        return []
    if settings.get("OPTIONS", {}).get("transaction_mode") == "IMMEDIATE":
        return []
    return [
        Warning(
            f"database '{alias}' is SQLite without transaction_mode IMMEDIATE: a sync beside other writers "
            "fails with 'database is locked'.",
            hint="Add 'OPTIONS': {'transaction_mode': 'IMMEDIATE', 'timeout': 20, "
            "'init_command': 'PRAGMA journal_mode=WAL'}.",
            id="ingestion.W001",
        )
    ]


def problem(error: ConfigurationError, obj: object, number: str) -> Error:
    """A ConfigurationError as a check's message."""
    return Error(f"{error.what}.", hint=error.fix.capitalize(), obj=obj, id=f"ingestion.{number}")
