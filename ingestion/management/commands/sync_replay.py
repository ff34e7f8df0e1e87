from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.base.console import summary
from ingestion.base.exceptions import ConfigurationError, SyncError
from ingestion.base.replay import replay
from ingestion.registry import get_engine


class Command(BaseCommand):
    help = "Load records from the quarantine again, after the mapping or their parents have changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="such as hubspot")
        parser.add_argument("entity", help="such as contacts")
        parser.add_argument(
            "--id", type=int, action="append", default=[], help="only this record in quarantine"
        )
        parser.add_argument("--reason", help="only records with this reason, such as missing_parent")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen; load nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            engine = get_engine(options["source"], options["entity"])
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=2) from error
        try:
            history = replay(engine, ids=options["id"], reason=options["reason"], dry_run=options["dry_run"])
        except SyncError as error:
            raise CommandError(str(error)) from error
        if history is None:
            self.stdout.write("nothing waits in quarantine")
            return
        self.stdout.write(summary(history, dry_run=options["dry_run"]))
