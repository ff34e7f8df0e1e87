import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.base.commands import add_option, usage
from ingestion.base.console import summary
from ingestion.base.exceptions import SyncError
from ingestion.base.plan import Option, SyncPlan, at_least_one
from ingestion.base.repair import repair
from ingestion.base.verify import SAMPLE, Verification, verify
from ingestion.registry import Engine, engines, get_engine, ordered

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Compare tables with their source: keys, and the columns of a sample or of all rows. Writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="such as hubspot")
        parser.add_argument("entity", nargs="?", default="all", help="such as contacts (default: all)")
        parser.add_argument("--all", action="store_true", help="compare the columns of all rows")
        parser.add_argument(
            "--sample",
            type=at_least_one,
            default=SAMPLE,
            metavar="N",
            help=f"compare the columns of about N rows (default: {SAMPLE:,})",
        )
        parser.add_argument("--json", action="store_true", help="everything that differs, as JSON")
        parser.add_argument("--repair", action="store_true", help="sync what differs, and compare again")
        parser.add_argument("--force", action="store_true", help="with --repair: overwrite newer rows too")
        parser.add_argument(
            "--allow-deletes", action="store_true", help="with --repair: delete more than 20%% of the rows"
        )
        for option in entity_options(engines().values()):
            add_option(parser, option)

    def handle(self, *args: Any, **options: Any) -> None:
        found = [self.verified(engine, options) for engine in self.chosen(options)]
        if options["json"]:
            self.stdout.write(json.dumps([each.as_dict() for each in found], indent=2))
        if wrong := [each.sync_type for each in found if not each.equal]:
            raise CommandError(f"{options['source']}: {', '.join(wrong)} differ from the source")

    def chosen(self, options: dict[str, Any]) -> list[Engine]:
        """The entities to compare; of all, an optional one that is not configured is passed over."""
        source, entity = options["source"], options["entity"]
        if entity != "all":
            return [usage(get_engine, source, entity)]
        found = []
        for engine in usage(ordered, source) or [usage(get_engine, source, entity)]:
            lacking = engine.client_class.lacks(plan_of(engine, options), engine.resource)
            if lacking and engine.optional:
                self.stderr.write(f"{source} {engine.sync_type}: passed over; to compare it {lacking}")
            else:
                found.append(engine)
        return found

    def verified(self, engine: Engine, options: dict[str, Any]) -> Verification:
        """Compare one entity, and repair it where that is asked for."""
        plan = plan_of(engine, options)
        sample = None if options["all"] else options["sample"]
        title = f"{engine.crm_source} {engine.sync_type}"
        if lacking := engine.client_class.lacks(plan, engine.resource):
            raise CommandError(f"{title}: is not configured\n  fix: {lacking}", returncode=2)
        try:
            found = verify(engine(), plan, sample=sample)
            if options["repair"] and not found.equal:
                self.say(title, found, options)
                history = repair(engine, found, plan)
                if not options["json"]:
                    self.stdout.write(summary(history, dry_run=False))
                found = verify(engine(), plan, sample=sample)
        except SyncError as error:
            raise CommandError(str(error)) from error
        self.say(title, found, options)
        return found

    def say(self, title: str, found: Verification, options: dict[str, Any]) -> None:
        """What was found, for a person."""
        if not options["json"]:
            for line in told(title, found):
                self.stdout.write(line)


def entity_options(wanted: Iterable[Engine]) -> list[Option]:
    """The flags without which some entity cannot be read (a file's path), each once."""
    found = {
        option.flag: replace(option, required=False)
        for engine in wanted
        for option in engine.options
        if option.type is not bool and not option.narrows and not option.instead
    }
    return list(found.values())


def plan_of(engine: Engine, options: dict[str, Any]) -> SyncPlan:
    """What the flags mean for one entity."""
    own = {option.name: options.get(option.name, option.default) for option in engine.options}
    return SyncPlan(options=own, force=options["force"], allow_deletes=options["allow_deletes"])


def told(title: str, found: Verification) -> Iterable[str]:
    """The numbers, then the keys that differ."""
    word = "equal" if found.equal else "DIFFERENT"
    yield (
        f"{title}: {word}: {found.source:,} in the source, {found.target:,} here, "
        f"{found.compared:,} compared, {found.rejected:,} known as rejected"
    )
    if found.unkept:
        yield f"  {found.unkept:,} records without a readable key that are not in quarantine"
    yield from listed("missing here", [shown(key) for key in found.missing])
    yield from listed("not in the source", [shown(key) for key in found.extra])
    yield from listed("different", [*differing(found)])


def differing(found: Verification) -> Iterable[str]:
    """A line for each row that differs; values are masked."""
    for key, columns in found.different.items():
        parts = "; ".join(
            f"{each.column}: {each.source} in the source, {each.target} here" for each in columns
        )
        newer = " (the row here is newer; --repair leaves it unless --force)" if key in found.newer else ""
        yield f"{shown(key)}: {parts}{newer}"


def listed(what: str, lines: list[str]) -> Iterable[str]:
    """The first of many lines, and how many there are."""
    if lines:
        yield f"  {len(lines):,} {what}:"
        yield from (f"    {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"    … and {len(lines) - SHOWN:,} more; --json names all"


def shown(key: Iterable[Any]) -> str:
    """A key for a line."""
    return "/".join(map(str, key))
