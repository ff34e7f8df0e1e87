import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ingestion.base.console import terminal
from ingestion.models import SyncHistory
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot

SHIPPED = files("ingestion.sync.hubspot") / "demo" / "zipcodes.csv"

CONTACTS = "manage.py sync_hubspot_contacts"
ZIPCODES = "manage.py sync_hubspot_zipcodes"
BAD_LINE = "9021O-California-90210,Beverly Hills,CA,Los Angeles,West"

CONTACTS = "manage.py sync_hubspot_contacts"
ZIPCODES = "manage.py sync_hubspot_zipcodes"
BAD_LINE = "9021O-California-90210,Beverly Hills,CA,Los Angeles,West"

NEXT = """\
What to try next
  make test                                       run the tests
  manage.py sync_list                             everything that can be synced, and its command
  manage.py sandbox                               the same HubSpot to play with, no account needed
  HUBSPOT_API_TOKEN=… manage.py test_hubspot      your own portal: check the token …
  HUBSPOT_API_TOKEN=… manage.py sync_hubspot_all  … and sync it
  manage.py sync_hubspot_contacts --help          every flag"""


class Command(BaseCommand):
    help = "Show what the product does, on an empty database and a HubSpot that it brings along."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--contacts", type=int, default=3000, help="how many contacts the portal has")

    def handle(self, *args: Any, **options: Any) -> None:
        self.console = terminal(self.stdout)
        self.say("Making the tables", "manage.py migrate")
        self.refuse_real_data()
        call_command("migrate", verbosity=0, interactive=False)

        sizes = {"contacts": options["contacts"], "companies": 200, "deals": 300, "owners": 10}
        fake = FakeHubSpot(**sizes, seed=1, rate_limited=False)
        # Its clock stands behind: a delta leaves out the last minute, which the search may not show yet.
        fake.clock.set(datetime.now(UTC) - timedelta(minutes=10))
        self.say("A HubSpot of our own, over real HTTP", "manage.py sandbox")
        with SandboxServer(fake):
            os.environ.update(fake.settings())
            self.first_sync()
            self.delta(fake)
            self.bad_values(fake)
            self.full_compare()
        self.say("Every run is in the history", "manage.py sync_status")
        call_command("sync_status", stdout=self.stdout)
        self.console.print(f"\n{NEXT}", highlight=False, markup=False)

    def first_sync(self) -> None:
        """Everything, once."""
        self.say("A first sync: owners, companies, contacts and deals", "manage.py sync_hubspot_all")
        self.sync("all")

    def delta(self, fake: FakeHubSpot) -> None:
        """Only what has changed."""
        ids = fake.ids("contacts")
        fake.clock.advance(60)
        fake.edit("contacts", ids[0], firstname="Ada", lastname="Lovelace")
        fake.edit("contacts", ids[1], city="London")
        fake.archive("contacts", ids[2])
        fake.merge("contacts", ids[3], ids[4])
        self.say("Two contacts change, one is archived, two are merged: a delta", CONTACTS)
        self.sync("contacts")

    def bad_values(self, fake: FakeHubSpot) -> None:
        """A value that does not fit, and a record that does not."""
        fake.clock.advance(60)
        fake.edit("contacts", fake.ids("contacts")[5], hs_analytics_num_visits="many")
        self.say("A value that is no number becomes null, with a warning that keeps it", CONTACTS)
        self.sync("contacts")
        with TemporaryDirectory() as folder:
            path = Path(folder) / "zipcodes.csv"
            path.write_text(SHIPPED.read_text() + BAD_LINE + "\n")
            self.say("A line that no row can be made of is set aside", f"{ZIPCODES} --file zipcodes.csv")
            self.sync("zipcodes", file=path)

    def full_compare(self) -> None:
        """What a run would do, asked first."""
        self.say("What would a full compare do? Ask first", f"{CONTACTS} --full --dry-run")
        self.sync("contacts", full=True, dry_run=True)

    def say(self, what: str, command: str) -> None:
        """A heading, and the command that a person would type."""
        self.console.print(f"\n[bold]{what}[/]\n[dim]$ {command}[/]", highlight=False)

    def sync(self, entity: str, **flags: Any) -> None:
        """Run the command as a person would."""
        call_command(f"sync_hubspot_{entity}", stdout=self.stdout, stderr=self.stderr, **flags)

    def refuse_real_data(self) -> None:
        """The demo writes rows of its own: it runs only where no run has ever been."""
        tables: Callable[[], list[str]] = connection.introspection.table_names
        if SyncHistory._meta.db_table in tables() and SyncHistory.objects.exists():
            raise CommandError(
                "this database has runs in it; the demo wants an empty one\n"
                "  fix: make demo, or DATABASE_URL=sqlite:///demo.sqlite3 manage.py demo",
                returncode=2,
            )
