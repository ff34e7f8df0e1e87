from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ingestion.base.console import terminal
from ingestion.models import SyncHistory

SHIPPED = files("ingestion.sync.hubspot") / "demo" / "zipcodes.csv"

NEXT = """\
What to try next
  make test                                        run the tests
  manage.py sync_list                              everything that can be synced, and its command
  manage.py sync_hubspot_zipcodes --file my.csv    your own list (columns zip, city, state, county, division)
  manage.py sync_hubspot_zipcodes --help           every flag
  manage.py sync_replay hubspot zipcodes           load what waits in quarantine again"""


class Command(BaseCommand):
    help = "Show what the product does, on an empty database and a small file that it ships."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=Path(), help="where the demo's file is written")

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = terminal(self.stdout)
        self.say("Making the tables", "manage.py migrate")
        self.refuse_real_data()
        call_command("migrate", verbosity=0, interactive=False)
        path: Path = options["folder"] / "zipcodes.csv"
        lines = SHIPPED.read_text().splitlines()
        command = f"manage.py sync_hubspot_zipcodes --file {path}"

        self.say(f"A first sync: {len(lines) - 1} ZIP codes", command)
        self.sync(path, lines)

        self.say("Two lines change, one is added; only these are written", command)
        self.sync(path, changed(lines))

        self.say("A line that no row can be made of is set aside, with the reason", command)
        self.sync(path, [*changed(lines), "9021O-California-90210,Beverly Hills,CA,Los Angeles,West"])

        self.say("Two lines are gone, and the file is the whole truth", f"{command} --sweep")
        self.sync(path, changed(lines)[:-2], sweep=True)

        self.say("Every run is in the history", "manage.py sync_status")
        call_command("sync_status", stdout=self.stdout)
        self.console.print(f"\n{NEXT}", highlight=False, markup=False)

    def say(self, what: str, command: str) -> None:
        """A heading, and the command that a person would type."""
        self.console.print(f"\n[bold]{what}[/]\n[dim]$ {command}[/]", highlight=False)

    def sync(self, path: Path, lines: list[str], **flags: Any) -> None:
        """Write the file, then run the command as a person would."""
        path.write_text("\n".join(lines) + "\n")
        call_command("sync_hubspot_zipcodes", file=path, stdout=self.stdout, stderr=self.stderr, **flags)

    def refuse_real_data(self) -> None:
        """The demo deletes rows: it runs only where no run has ever been."""
        tables: Callable[[], list[str]] = connection.introspection.table_names
        if SyncHistory._meta.db_table in tables() and SyncHistory.objects.exists():
            raise CommandError(
                "this database has runs in it; the demo wants an empty one\n"
                "  fix: make demo, or DATABASE_URL=sqlite:///demo.sqlite3 manage.py demo",
                returncode=2,
            )


def changed(lines: list[str]) -> list[str]:
    """The shipped file with two lines edited and one added."""
    edited = [line.replace("Saint Louis", "St. Louis") for line in lines]
    edited[1] = edited[1].replace("Northeast", "Metro")
    return [*edited, "96720,Hilo,HI,Hawaii,West"]
