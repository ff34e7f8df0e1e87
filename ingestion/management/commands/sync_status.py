from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from ingestion.base.console import counted, terminal
from ingestion.base.plan import whole_number
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.models.common import Status
from ingestion.models.quarantine import State

SHOWN = 5
ADVICE = "correct them at the source or in the mapping, then: manage.py sync_replay SOURCE ENTITY"
COLORS = {"success": "green", "partial": "yellow", "failed": "red", "running": "cyan"}


class Command(BaseCommand):
    help = "Show the last runs and what waits in quarantine; close a run whose process is gone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", help="only this source, such as hubspot")
        parser.add_argument("entity", nargs="?", help="only this entity, such as contacts")
        parser.add_argument(
            "--last", type=whole_number, default=10, metavar="N", help="how many runs (default 10)"
        )
        parser.add_argument("--close", type=int, metavar="RUN", help="close this run as failed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["close"] is not None:
            self.close(options["close"])
            return
        wanted = {"crm_source": options["source"], "sync_type": options["entity"]}
        only = {name: value for name, value in wanted.items() if value}
        console = terminal(self.stdout)
        runs = SyncHistory.objects.filter(**only)[: options["last"]]
        if not SyncHistory.objects.filter(**only).exists():
            self.stdout.write("no run yet; manage.py sync_list shows what can be synced")
            return
        console.print(history_table(runs))
        self.show_kept(console, RejectedRecord.objects.filter(**only))

    def show_kept(self, console: Console, kept: "QuerySet[RejectedRecord]") -> None:
        """What is in quarantine: what was loaded with a warning, then what waits."""
        titles = {State.WARNING: "loaded with a warning", State.REJECTED: "in quarantine"}
        for status, title in titles.items():
            records = kept.filter(status=status)
            if count := records.count():
                console.print(f"\n{count:,} {title}, the newest:", style="bold")
                for record in records[:SHOWN]:
                    self.stdout.write(f"  {said(record)}")
        if kept.filter(status=State.REJECTED).exists():
            self.stdout.write(f"  {ADVICE}")

    def close(self, number: int) -> None:
        """Close a run by hand: its process can commit nothing after that."""
        run = SyncHistory.objects.filter(pk=number).first()
        if run is None or run.status != Status.RUNNING:
            state = f"is {run.status}" if run else "does not exist"
            raise CommandError(f"run {number} {state}; only a running one can be closed", returncode=2)
        SyncHistory.objects.filter(pk=number, status=Status.RUNNING).update(
            status=Status.FAILED,
            lease=None,
            end_time=timezone.now(),
            error_message="interrupted: closed by hand",
        )
        self.stdout.write(
            f"run {number} of {run.crm_source} {run.sync_type} is closed; the next one goes on from there"
        )


def history_table(runs: "QuerySet[SyncHistory]") -> Table:
    """The runs, newest first, one line each."""
    table = Table(
        "run", "entity", "status", "started (UTC)", "seconds", "records", box=None, header_style="bold"
    )
    for run in runs:
        seconds = run.performance_metrics.get("duration_seconds")
        table.add_row(
            str(run.pk),
            f"{run.crm_source} {run.sync_type}",
            f"[{COLORS.get(run.status, 'white')}]{run.status}[/]",
            f"{run.start_time:%Y-%m-%d %H:%M:%S}",
            f"{seconds:.1f}" if seconds is not None else "",
            counted(run) + (" (dry run)" if run.configuration.get("dry_run") else ""),
        )
    return table


def said(record: RejectedRecord) -> str:
    """One record in quarantine and its reasons, in one line."""
    key = "/".join(record.key) if record.key else "no readable key"
    reasons = "; ".join(reason(error) for error in record.errors)
    return f"{record.crm_source} {record.sync_type} {key}: {reasons}"


def reason(error: dict[str, str]) -> str:
    """One bad value: field ← source = value: message."""
    place = " ← ".join(filter(None, [error["field"], error["source"]]))
    value = f" = {error['value']!r}" if error["value"] else ""
    return f"{place}{value}: {error['message']}"
