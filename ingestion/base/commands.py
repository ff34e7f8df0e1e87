"""BaseSyncCommand: the universal flags, parsed once into a plan; `alias()` makes the thin commands."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar

from asgiref.sync import async_to_sync
from django.apps import AppConfig, apps
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from ingestion.base.console import ProgressBar, StopSignals, logging_to, summary, terminal
from ingestion.base.exceptions import ConfigurationError, SyncError
from ingestion.base.plan import (
    Option,
    RejectLimit,
    SyncPlan,
    as_name,
    at_least_one,
    last_moment,
    moment,
    reject_limit,
    whole_number,
)
from ingestion.base.replay import replay_waiting_children
from ingestion.models.common import SyncHistory
from ingestion.registry import Engine, get_engine, ordered, source_apps

if TYPE_CHECKING:  # it brings aiohttp, which a database does not need
    from ingestion.base.client import BaseAPIClient

logger = logging.getLogger("ingestion")


def names_of(some: Iterable[Engine]) -> list[str]:
    """What entities are called in commands: their names, and their aliases."""
    return [name for engine in some for name in (engine.sync_type, *engine.aliases)]


SWITCHES = {
    "--full": "read everything, not only what has changed; newer rows stay",
    "--force": "read everything and overwrite newer rows too",
    "--dry-run": "say what would happen; write nothing but the history row",
    "--skip-validation": "skip business rules and format checks; what a column cannot hold is still refused",
    "--restart": "do not go on with an interrupted run, start over",
    "--allow-deletes": "let a sweep delete more than 20%% of the rows",
    "--fail-on-rejected": "exit with 1 when a record was rejected",
    "--debug": "show every step, and the traceback of an error",
    "--quiet": "show errors only",
    "--no-progress": "show no progress bar",
}

DEPRECATED = {
    "--since": ("--start-date", moment),
    "--force-overwrite": ("--force", None),
    "--test": ("--debug", None),
    "--verbose": ("--debug", None),
}
"""Older spellings → what they mean now, and how a value is parsed (None: a switch)."""


class SyncParser(CommandParser):
    """Names the nearest flag when one is misspelt; takes no abbreviations."""

    def error(self, message: str) -> Any:
        """Exit with 2, or raise CommandError when called from Python."""
        if message.startswith("unrecognized arguments:"):
            wrong = message.split()[2].partition("=")[0]
            known = [flag for action in self._actions for flag in action.option_strings]
            if close := get_close_matches(wrong, known, 1):
                message += f"\n  fix: did you mean {close[0]}?"
        super().error(message)


class Deprecated(argparse.Action):
    """An older spelling: warns, then acts as the new one."""

    def __init__(self, *args: Any, replacement: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.replacement = replacement

    def __call__(
        self, parser: object, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Warn, then act as the new flag."""
        sys.stderr.write(f"warning: {option_string} is deprecated, use {self.replacement}\n")
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


class BaseSyncCommand(BaseCommand):
    """Runs one entity of a source, or one that `--entity-type` names, or all of them in order.

    Exit codes: 0 done (success or partial), 1 failed, 2 wrong usage.
    """

    crm_source: ClassVar[str]
    sync_type: ClassVar[str | None] = None
    requires_system_checks = (Tags.models,)

    def check(self, app_configs: Sequence[AppConfig] | None = None, *args: Any, **options: Any) -> None:
        """Before a run its own source's models and declarations are checked; `manage.py check` reads all."""
        own = [app for app in source_apps() if app.crm_source == self.crm_source]
        super().check(app_configs or [apps.get_app_config("ingestion"), *own], *args, **options)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser, without abbreviations: `--max` must not mean whatever comes first."""
        parser = super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)
        parser.__class__ = SyncParser
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """The universal flags, and those of the entities."""
        if self.sync_type is None:
            names = sorted(names_of(self.all_engines()))
            parser.add_argument(
                "--entity-type", choices=[*names, "all"], default="all", help="what to sync (default: all)"
            )
            add_skip_flags(parser, self.all_engines())
        add_universal_flags(parser)
        add_speed_flags(parser)
        if any(engine.client_class.kind == "api" for engine in self.all_engines()):
            add_page_flags(parser)
        for option in self.entity_options():
            add_option(parser, option)
        if self.sync_type is None:
            kinds = names_of(self.all_engines())
            parser.add_argument(
                "--entities",
                nargs="+",
                choices=kinds,
                metavar="NAME",
                help="sync these alone, in their order",
            )

    def entity_options(self) -> Iterable[Option]:
        """The flags of the entities this command may run, each once."""
        found = {option.flag: option for engine in self.all_engines() for option in engine.options}
        return found.values()

    def all_engines(self) -> list[Engine]:
        """Every engine this command may run, in order."""
        if self.sync_type is None:
            return ordered(self.crm_source)
        return [get_engine(self.crm_source, self.sync_type)]

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the entities; a failed one does not keep the others from running."""
        del args
        only = options.get("entities")
        plans = [each for each in self.planned(options) if not only or set(only) & {*names_of([each[0]])}]
        console = terminal(self.stderr, quiet=options["quiet"])
        failed = []
        with logging_to(console, debug=options["debug"], quiet=options["quiet"]), StopSignals() as signals:
            for engine, plan in plans:
                try:
                    history = self.run_one(engine, plan, console, signals, options)
                except SyncError as error:
                    logger.debug("%s %s failed", engine.crm_source, engine.sync_type, exc_info=error)
                    if len(plans) == 1:
                        raise CommandError(str(error)) from error
                    self.stderr.write(str(error))
                    failed.append(engine.sync_type)
                    continue
                if options["fail_on_rejected"] and history.records_failed:
                    failed.append(engine.sync_type)
        if failed:
            raise CommandError(f"{self.crm_source}: {', '.join(failed)} did not come out clean")

    def planned(self, options: dict[str, Any]) -> list[tuple[Engine, SyncPlan]]:
        """The chosen engines with their plans; an optional one that is not configured is passed over."""
        wanted = options.get("entity_type", "all")
        chosen = [
            engine
            for engine in self.all_engines()
            if (wanted == "all" or wanted in names_of([engine]))
            and not options.get(f"skip_{engine.sync_type}")
        ]
        if not chosen:
            raise CommandError(
                "every entity is skipped\n  fix: leave out one of the --skip flags", returncode=2
            )
        plans = []
        for engine in chosen:
            plan = usage(plan_for, engine, options)
            lacking = engine.client_class.lacks(plan, engine.resource)
            title = f"{engine.crm_source} {engine.sync_type}"
            if lacking and not (engine.optional and len(chosen) > 1):
                raise CommandError(f"{title}: is not configured\n  fix: {lacking}", returncode=2)
            if lacking:
                self.stdout.write(f"{title}: passed over; to sync it {lacking}")
            else:
                plans.append((engine, plan))
        return plans

    def run_one(
        self, engine: Engine, plan: SyncPlan, console: Console, signals: StopSignals, options: dict[str, Any]
    ) -> SyncHistory:
        """Run one engine and say what it did. Raises CommandError when a signal stopped it."""
        bar = ProgressBar(console, bar=not options["no_progress"])
        title = f"{engine.crm_source} {engine.sync_type}"
        try:
            with bar.show(title):
                history = signals.sync(engine(progress=bar), plan)
        except asyncio.CancelledError:
            raise CommandError(
                f"{title}: stopped; the run is closed, the next one goes on from here"
            ) from None
        if not options["quiet"]:
            self.stdout.write(summary(history, dry_run=plan.dry_run))
        if not plan.dry_run:
            replay_waiting_children(engine)
        return history


def add_universal_flags(parser: CommandParser) -> None:
    """The flags that every entity understands."""
    for flag, text in SWITCHES.items():
        parser.add_argument(flag, action="store_true", help=text)
    parser.add_argument(
        "--start-date", type=moment, metavar="DATE", help="read what changed since (YYYY-MM-DD)"
    )
    parser.add_argument(
        "--end-date", type=last_moment, metavar="DATE", help="read what changed until, included"
    )
    parser.add_argument(
        "--batch-size",
        type=whole_number,
        default=0,
        metavar="N",
        help="records per page (default: the service's)",
    )
    parser.add_argument(
        "--max-records", type=whole_number, default=0, metavar="N", help="stop after N records (0: no limit)"
    )
    parser.add_argument(
        "--max-rejected",
        type=reject_limit,
        default=RejectLimit(),
        metavar="N|N%",
        help="fail when more records are rejected (default: 20%% of 100 or more)",
    )
    for flag, (replacement, parse) in DEPRECATED.items():
        parser.add_argument(
            flag,
            action=Deprecated,
            replacement=replacement,
            dest=as_name(replacement),
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
            **({"type": parse} if parse else {"nargs": 0}),
        )


def add_speed_flags(parser: CommandParser) -> None:
    """The flags of runs that may take more of the machine."""
    parser.add_argument(
        "--partitions",
        type=at_least_one,
        metavar="N",
        help="read in N processes of their own, a table in N parts by its key (default: in this one)",
    )
    parser.add_argument(
        "--high-performance",
        action="store_true",
        help=f"read in processes of their own: a database in {PARTITIONS}, anything else in one, with "
        f"--concurrent-pages {PAGES_AT_ONCE}",
    )


def add_page_flags(parser: CommandParser) -> None:
    """The flags of services that are read in pages."""
    parser.add_argument(
        "--concurrent-pages",
        type=at_least_one,
        metavar="N",
        help="ask for N pages at once where pages have numbers (default: 1), within the service's rate",
    )


def add_skip_flags(parser: CommandParser, run: Iterable[Engine]) -> None:
    """A flag for each entity, by all its names, that leaves it out of a run of all."""
    group = parser.add_argument_group("entities to leave out")
    for engine in run:
        flags = [f"--skip-{name.replace('_', '-')}" for name in (engine.sync_type, *engine.aliases)]
        text = f"do not sync {engine.sync_type}"
        group.add_argument(*flags, dest=f"skip_{engine.sync_type}", action="store_true", help=text)


def add_option(parser: CommandParser, option: Option) -> None:
    """A flag that only some entities have; whether it is required is decided with the entity."""
    if option.instead:
        parser.add_argument(
            option.flag,
            action=Deprecated,
            replacement=option.instead,
            dest=option.name,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
            **({"nargs": 0} if option.type is bool else {"type": option.type}),
        )
    elif option.type is bool:
        parser.add_argument(option.flag, action="store_true", help=option.help)
    else:
        parser.add_argument(option.flag, type=option.type, default=option.default, help=option.help)


def plan_for(engine: Engine, options: dict[str, Any]) -> SyncPlan:
    """The flags as one frozen plan. Raises ConfigurationError where they make no sense."""
    known = [option for option in engine.options if not option.replaced]
    own = {option.name: options.get(option.name, option.default) for option in known}
    for option in known:
        if option.required and own[option.name] is None:
            raise ConfigurationError(
                f"{engine.crm_source} {engine.sync_type} needs {option.flag}",
                fix=f"add {option.flag}: {option.help}",
            )
    return SyncPlan(
        **{name: options[name] for name in PLAN_FLAGS},
        concurrent_pages=options.get("concurrent_pages")
        or (PAGES_AT_ONCE if options.get("high_performance") else 1),
        partitions=options.get("partitions")
        or (processes_for(engine) if options.get("high_performance") else 0),
        options=own,
        narrowed=any(option.narrows and own[option.name] != option.default for option in known),
    )


PAGES_AT_ONCE = 4
PARTITIONS = 2


def processes_for(engine: Engine) -> int:
    """The processes that read where speed is asked for."""
    return PARTITIONS if engine.client_class.kind == "database" else 1


PLAN_FLAGS = (
    *("start_date", "end_date", "full", "force", "dry_run", "batch_size", "max_records"),
    *("skip_validation", "restart", "allow_deletes", "max_rejected"),
)


def usage(parse: Any, *args: Any) -> Any:
    """Call a parser; its complaint is wrong usage, exit code 2."""
    try:
        return parse(*args)
    except ConfigurationError as error:
        raise CommandError(str(error), returncode=2) from error


def alias(crm_source: str, sync_type: str | None = None) -> type[BaseSyncCommand]:
    """A command for one entity, or for a whole source: `Command = alias("hubspot", "deals")`."""
    what = f"Sync {crm_source} {sync_type}" if sync_type else f"Sync the entities of {crm_source}"
    names = {"crm_source": crm_source, "sync_type": sync_type, "help": what, "__module__": __name__}
    return type("Command", (BaseSyncCommand,), names)


def connection_test(client: "type[BaseAPIClient]", shown: str) -> type[BaseCommand]:
    """A command that sends one cheap request with the credentials.

    `shown` is the member of the answer that tells a person which account it is.
    """

    async def ask() -> Any:
        asked = client.from_settings()
        asked.patience = replace(asked.patience, attempts=2)  # a person is waiting
        async with asked as connected:
            return await connected.test_connection()

    class Command(BaseCommand):
        help = f"Check the address and the credentials of {client.__name__}"

        def handle(self, *args: Any, **options: Any) -> None:
            try:
                answer = async_to_sync(ask)()
            except SyncError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"connected: {shown} {answer[shown]}")

    return Command
