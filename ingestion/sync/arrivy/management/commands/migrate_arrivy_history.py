from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, router

from ingestion.base.exceptions import ConfigurationError
from ingestion.models import SyncHistory
from ingestion.sync.arrivy.old_history import backwards, forwards


class Command(BaseCommand):
    help = "Move the history table of a former Arrivy connector into SyncHistory, or back again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be moved; write nothing")
        parser.add_argument("--back", action="store_true", help="the way back: the old table as it was")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[router.db_for_write(SyncHistory)]
        move = backwards if options["back"] else forwards
        try:
            reports = move(connection, SyncHistory, dry_run=options["dry_run"])
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        for report in reports:
            self.stdout.write(f"{report}{' (dry run)' if options['dry_run'] else ''}")
        if not reports:
            self.stdout.write(
                "there is no old table to move" if not options["back"] else "there is no backup"
            )
