import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import models
from rich.table import Table

from ingestion.base.console import terminal
from ingestion.base.processor import key_fields
from ingestion.registry import Engine, available, engines, ordered


class Command(BaseCommand):
    help = "List every entity that can be synced, or the sources that are not installed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")
        parser.add_argument("--fields", metavar="SOURCE", help="the field map of a source, as Markdown")
        parser.add_argument("--available", action="store_true", help="the sources that can be added, and how")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["available"]:
            self.list_available()
            return
        if options["fields"]:
            self.stdout.write(field_map(options["fields"]))
            return
        entities = [described(engine) for engine in engines().values()]
        if options["json"]:
            self.stdout.write(json.dumps(entities, indent=2))
            return
        table = Table("source", "entity", "command", "table", "key", "deletes", box=None, header_style="bold")
        for each in entities:
            entity = ", ".join([each["sync_type"], *each["aliases"]])
            key = ", ".join(each["key"])
            table.add_row(each["crm_source"], entity, each["command"], each["table"], key, each["deletes"])
        terminal(self.stdout).print(table)

    def list_available(self) -> None:
        """The sources that come with the product, each with the line to add."""
        names = available()
        if not names:
            self.stdout.write("every source is installed")
        for name in names:
            self.stdout.write(f'{name.rpartition(".")[2]}: add "{name}" to INSTALLED_APPS')


def field_map(crm_source: str) -> str:
    """Every column of a source's entities and where its value comes from, as Markdown tables."""
    parts = []
    for engine in ordered(crm_source):
        mapper = engine.processor_class().mapper
        columns = {field.attname: field for field in engine.processor_class.model._meta.concrete_fields}
        parts += [f"### {engine.sync_type}: `{engine.processor_class.model._meta.db_table}`", ""]
        parts += ["| column | type | source |", "|---|---|---|"]
        parts += [f"| `{c.name}` | {kind(columns[c.name])} | `{plain(c.source)}` |" for c in mapper.columns]
        parts.append("")
    return "\n".join(parts)


def kind(field: "models.Field[Any, Any]") -> str:
    """A column's type in a few letters."""
    size = f" {field.max_length}" if field.max_length else ""
    return f"{field.get_internal_type().removesuffix('Field')}{size}"


def plain(source: str) -> str:
    """A source path, its alternatives told apart in a way that a Markdown table takes."""
    return source.replace("|", "` or `")


def described(engine: Engine) -> dict[str, Any]:
    """An entity as programs see it."""
    processor = engine.processor_class
    return {
        "crm_source": engine.crm_source,
        "sync_type": engine.sync_type,
        "aliases": list(engine.aliases),
        "command": engine.command(),
        "model": processor.model._meta.label,
        "table": processor.model._meta.db_table,
        "key": list(key_fields(processor)),
        "timestamp_field": processor.timestamp_field,
        "source_kind": engine.client_class.kind,
        "deletes": engine.deletes,
        "schedule": engine.schedule,
    }
