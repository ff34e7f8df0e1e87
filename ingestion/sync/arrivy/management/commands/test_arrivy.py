import json
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.base.exceptions import SyncError
from ingestion.base.patience import Patience
from ingestion.base.plan import at_least_one
from ingestion.sync.arrivy.clients import PAGE, ArrivyClient

ENDPOINTS = ("customers", "team_members", "entities", "groups", "tasks", "bookings", "statuses")


class Command(BaseCommand):
    help = "Check the address and the credentials of Arrivy, and show some records."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--endpoint", choices=ENDPOINTS, default="customers", help="what to ask for")
        parser.add_argument("--limit", type=at_least_one, default=5, help="how many records (default: 5)")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write the records there, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        endpoint, limit, output = options["endpoint"], options["limit"], options["output"]
        name = "entities" if endpoint == "team_members" else endpoint
        try:
            records = async_to_sync(ask)(name, min(limit, PAGE))[:limit]
        except SyncError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"connected: {len(records)} {endpoint}")
        if not output:
            for record in records:
                self.stdout.write(f"  {record.get('id')}: {', '.join(sorted(record))}")
            return
        try:
            output.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{output}: {error.strerror}\n  fix: name a file that can be written"
            ) from error
        self.stdout.write(f"written to {output}")


async def ask(name: str, limit: int) -> list[Any]:
    """The first records of a list; a person is waiting, so it is tried twice at most."""
    client = ArrivyClient()
    client.patience = Patience(attempts=2, seconds=client.patience.seconds)
    found: list[Any] = (await client.page_of(name, limit, 1))["results"]
    return found
