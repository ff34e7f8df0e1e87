"""The commands as people and schedulers use them: flags, exit codes, what is printed."""

import asyncio
import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console

from ingestion.base.commands import DEPRECATED, SWITCHES, BaseSyncCommand, alias, plan_for
from ingestion.base.console import ProgressBar, StopSignals, counted, summary
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.files import FILE
from ingestion.base.plan import SWEEP, Option, RejectLimit, SyncPlan
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.testing import MemorySource
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import engines, get_engine
from ingestion.sync.hubspot.models import HubSpotZipCode
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine
from tests.shop.models import ShopCustomer

ROOT = Path(__file__).parents[1]
HEADER = "zip,city,state,county,division"
CODES = ["10001,New York,NY,New York,East", "60601,Chicago,IL,Cook,Midwest", "96720,Hilo,HI,Hawaii,West"]
BROKEN = "9021O-California-90210,Beverly Hills,CA,Los Angeles,West"
ZIPCODES = "sync_hubspot_zipcodes"

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "zip.csv")


def write(path, *more):
    path.write_text("\n".join([HEADER, *CODES, *more]) + "\n")
    return path


def manage(name, *args):
    """Run a command as manage.py does. Answers its exit code."""
    command = name if isinstance(name, BaseSyncCommand) else load_command_class(get_commands()[name], name)
    try:
        command.run_from_argv(["manage.py", str(name), *map(str, args)])
    except SystemExit as stop:
        return stop.code
    return 0


def plan_of(*args, command=None):
    """The plan that these flags make."""
    command = command or alias("hubspot", "zipcodes")()
    options = vars(command.create_parser("manage.py", "sync").parse_args([*map(str, args)]))
    return plan_for(command.all_engines()[0], options)


def last():
    return SyncHistory.objects.first()


def customer(number, **values):
    return {"id": str(number), "name": "x", "updated_at": "2026-03-01T00:00:00Z", **values}


def shop_command(*sources):
    """A command that runs one customers' engine after another, each with its own source."""

    def engine(number, source):
        methods = {"get_client": lambda self, plan: source, "sync_type": f"customers{number}"}
        return type("Engine", (ShopCustomerSyncEngine,), methods)

    class Command(BaseSyncCommand):
        crm_source = "shop"
        sync_type = "customers"

        def all_engines(self):
            return [engine(number, source) for number, source in enumerate(sources, 1)]

    return Command()


def gone(page):
    raise SourceError("the shop is closed", where="GET /customers", fix="come back tomorrow")


# Flags become a plan.


@pytest.mark.parametrize(
    ("flags", "name", "value"),
    [
        (["--full"], "full", True),
        (["--force"], "force", True),
        (["--dry-run"], "dry_run", True),
        (["--skip-validation"], "skip_validation", True),
        (["--restart"], "restart", True),
        (["--allow-deletes"], "allow_deletes", True),
        (["--start-date", "2026-03-01"], "start_date", datetime(2026, 3, 1, tzinfo=UTC)),
        (["--end-date=2026-03-01"], "end_date", datetime(2026, 3, 1, 23, 59, 59, 999999, UTC)),
        (["--batch-size", "50"], "batch_size", 50),
        (["--max-records", "7"], "max_records", 7),
        (["--max-rejected", "5%"], "max_rejected", RejectLimit(share=0.05)),
        (["--max-rejected", "3"], "max_rejected", RejectLimit(None, 3)),
        (["--since", "2026-03-01"], "start_date", datetime(2026, 3, 1, tzinfo=UTC)),
        (["--force-overwrite"], "force", True),
        (["--sweep"], "options", {"file": Path("a.csv"), "sweep": True}),
    ],
    ids=str,
)
def test_flag_reaches_the_plan_and_no_other_does(flags, name, value):
    plain, plan = plan_of("--file", "a.csv"), plan_of("--file", "a.csv", *flags)

    assert getattr(plan, name) == value
    assert {f for f in vars(plan) if getattr(plan, f) != getattr(plain, f)} == {name}


def test_no_flags_make_a_plan_of_defaults():
    assert plan_of("--file", "a.csv") == SyncPlan(options={"file": Path("a.csv"), "sweep": False})


def test_flags_are_told_in_the_history(file):
    code = manage(
        ZIPCODES,
        *(
            "--file",
            file,
            "--full",
            "--force",
            "--restart",
            "--skip-validation",
            "--allow-deletes",
            "--dry-run",
        ),
        *("--start-date", "2026-01-01", "--end-date", "2026-03-01", "--batch-size", 2, "--max-records", 2),
        *("--max-rejected", "5%", "--quiet", "--no-progress", "--debug"),
    )

    told = {
        **{"full": True, "force": True, "restart": True, "skip_validation": True, "allow_deletes": True},
        **{"dry_run": True, "start_date": "2026-01-01T00:00:00+00:00", "batch_size": 2, "max_records": 2},
        **{"end_date": "2026-03-01T23:59:59.999999+00:00", "max_rejected": "5%", "file": str(file)},
        **{"strategy": "full", "resumes": None},
    }
    assert (code, last().configuration) == (0, told)
    assert last().records_processed == 2


def test_flags_of_an_entity_that_narrow_make_the_run_partial():
    class Engine(ShopCustomerSyncEngine):
        options = (Option("--status", help="only these", narrows=True), SWEEP)

    class Command(BaseSyncCommand):
        crm_source = "shop"
        sync_type = "customers"

        def all_engines(self):
            return [Engine]

    assert plan_of("--status", "open", command=Command()).partial
    assert not plan_of("--sweep", command=Command()).partial


def test_every_flag_is_explained_in_the_help(capsys):
    code = manage(ZIPCODES, "--help")

    out = capsys.readouterr().out
    promised = [*SWITCHES, "--start-date", "--end-date", "--batch-size", "--max-records", "--max-rejected"]
    assert code == 0
    assert [flag for flag in [*promised, "--file", "--sweep"] if flag not in out] == []
    assert [flag for flag in DEPRECATED if f"{flag} " in out] == []


# Older spellings.


@pytest.mark.parametrize(
    ("given", "meant", "told"),
    [
        (["--since", "2026-01-01"], "--start-date", {"start_date": "2026-01-01T00:00:00+00:00"}),
        (["--force-overwrite"], "--force", {"force": True}),
        (["--test"], "--debug", {}),
        (["--verbose"], "--debug", {}),
    ],
    ids=str,
)
def test_deprecated_spelling_warns_and_acts(file, capsys, given, meant, told):
    code = manage(ZIPCODES, "--file", file, *given)

    err = capsys.readouterr().err
    assert code == 0
    assert f"warning: {given[0]} is deprecated, use {meant}\n" in err
    assert last().configuration.items() >= told.items()
    assert (f"DEBUG run {last().pk}: " in err) == (meant == "--debug")


# Wrong usage.


@pytest.mark.parametrize("flag", ["--ful", "--max", "--dry", "--start", "--forc", "--entity"])
def test_abbreviation_is_wrong_usage(file, flag):
    assert manage(ZIPCODES, "--file", file, flag) == 2
    assert last() is None


@pytest.mark.parametrize(
    ("flag", "nearest"), [("--dryrun", "--dry-run"), ("--ful", "--full"), ("--max-record=5", "--max-records")]
)
def test_misspelt_flag_names_the_nearest(file, capsys, flag, nearest):
    code = manage(ZIPCODES, "--file", file, flag)

    assert code == 2
    assert f"fix: did you mean {nearest}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["--start-date", "yesterday"],
            "argument --start-date: 'yesterday' is not a date; write it as YYYY-MM-DD",
        ),
        (["--end-date", "2026-02-30"], "argument --end-date: '2026-02-30' is not a date"),
        (["--since", "soon"], "argument --since: 'soon' is not a date"),
        (["--max-records", "-5"], "argument --max-records: '-5' is not a whole number"),
        (["--batch-size", "１０"], "argument --batch-size: '１０' is not a whole number"),
        (["--max-rejected", "many"], "'many' is neither a share nor a number; write 5% or 100"),
        (["--start-date", "2026-03-02", "--end-date", "2026-03-01"], "lies after --end-date 2026-03-01"),
    ],
    ids=str,
)
def test_bad_value_is_wrong_usage_and_says_how_to_write_it(file, capsys, args, said):
    code = manage(ZIPCODES, "--file", file, *args)

    assert code == 2
    assert said in capsys.readouterr().err
    assert last() is None


def test_missing_file_option_is_wrong_usage(capsys):
    code = manage(ZIPCODES)

    assert code == 2
    assert "fix: add --file" in capsys.readouterr().err
    assert last() is None


def test_wrong_usage_from_python_is_an_error_with_the_same_words(file):
    with pytest.raises(CommandError, match="did you mean --dry-run"):
        call_command(ZIPCODES, "--file", str(file), "--dryrun")


# Exit codes.


def test_success_is_0_and_partial_is_0(file):
    codes = manage(ZIPCODES, "--file", file), manage(ZIPCODES, "--file", write(file, BROKEN))

    assert codes == (0, 0)
    assert last().status == "partial"


def test_partial_is_1_with_fail_on_rejected(file, capsys):
    code = manage(ZIPCODES, "--file", write(file, BROKEN), "--fail-on-rejected")

    assert (code, last().status) == (1, "partial")
    assert "zipcodes did not come out clean" in capsys.readouterr().err


def test_success_is_0_with_fail_on_rejected(file):
    assert manage(ZIPCODES, "--file", file, "--fail-on-rejected") == 0


def test_file_that_does_not_exist_is_1_with_a_fix(tmp_path, capsys):
    code = manage(ZIPCODES, "--file", tmp_path / "none.csv")

    err = capsys.readouterr().err
    assert (code, last().status) == (1, "failed")
    assert "none.csv" in err
    assert "\n  fix: " in err


def test_lease_that_is_held_is_1_and_names_the_way_out(file, capsys):
    now = timezone.now()
    run = SyncHistory.objects.create(
        crm_source="hubspot", sync_type="zipcodes", start_time=now, heartbeat_at=now, lease="somebody"
    )
    code = manage(ZIPCODES, "--file", file)

    assert code == 1
    assert f"sync_status --close {run.pk}" in capsys.readouterr().err


# What is printed.


def test_summary_counts_everything_and_says_how_long_it_took(file, capsys):
    manage(ZIPCODES, "--file", write(file, BROKEN))

    out = capsys.readouterr().out
    assert re.match(r"hubspot zipcodes: partial in \d+\.\d s, [\d,]+ records/s\n", out)
    assert "4 processed, 3 created, 0 updated, 0 unchanged, 0 skipped, 1 rejected, 0 deleted" in out


def test_summary_of_a_dry_run_says_so(file, capsys):
    manage(ZIPCODES, "--file", file, "--dry-run")

    assert "dry run, nothing written: 3 processed, 3 created" in capsys.readouterr().out


def test_summary_names_what_the_source_has_and_the_declaration_does_not():
    notes = {"drift": {"unknown": ["shoe_size"], "absent": ["email"]}, "notes": ["read whole"]}
    told = {"performance_metrics": notes, "configuration": {"strategy": "full"}}
    history = SyncHistory(crm_source="shop", sync_type="customers", **told)

    assert "not mapped, kept in extra: shoe_size" in summary(history)
    assert "in no record, their columns were left as they are: email" in summary(history)
    assert "read whole" in summary(history)


def test_counts_in_a_line_leave_out_what_is_zero():
    history = SyncHistory(records_processed=1500, records_created=1499, records_failed=1)

    assert counted(history) == "1,500 processed, 1,499 created, 1 rejected"
    assert counted(SyncHistory()) == "nothing to do"


def test_quiet_prints_nothing_of_a_run_with_rejected_records(file, capsys):
    code = manage(ZIPCODES, "--file", write(file, BROKEN), "--quiet")

    assert code == 0
    assert capsys.readouterr() == ("", "")


def test_quiet_prints_errors(tmp_path, capsys):
    code = manage(ZIPCODES, "--file", tmp_path / "none.csv", "--quiet")

    assert code == 1
    assert "none.csv" in capsys.readouterr().err


def test_log_lines_go_to_stderr_where_there_is_no_terminal(file, capsys):
    manage(ZIPCODES, "--file", write(file, BROKEN))

    err = capsys.readouterr().err
    assert f"INFO Starting hubspot zipcodes sync, run {last().pk}\n" in err
    assert "WARNING Rejected hubspot zipcodes (no readable key): field 'zipcode' (too_long)\n" in err
    assert "Completed hubspot zipcodes sync: 3 created, 0 updated" in err


def test_log_lines_are_there_even_if_a_run_without_a_command_came_before(file, capsys):
    ShopCustomerSyncEngine(client=MemorySource([customer(1)])).sync()
    manage(ZIPCODES, "--file", file)

    assert "Starting hubspot zipcodes sync" in capsys.readouterr().err


def test_command_leaves_the_loggers_as_it_found_them(file):
    logger = logging.getLogger("ingestion")
    before = logger.level, list(logger.handlers)
    manage(ZIPCODES, "--file", file, "--debug")

    assert (logger.level, logger.handlers) == before


def test_debug_shows_the_traceback_of_what_stopped_the_run(capsys):
    code = manage(shop_command(MemorySource([customer(1)], before_page=gone)), "--debug")

    err = capsys.readouterr().err
    assert code == 1
    assert "Traceback (most recent call last)" in err
    assert "in gone\n" in err


def test_without_debug_an_error_is_told_without_a_traceback(capsys):
    code = manage(shop_command(MemorySource([customer(1)], before_page=gone)))

    err = capsys.readouterr().err
    assert code == 1
    assert "GET /customers: the shop is closed\n  fix: come back tomorrow" in err
    assert "Traceback" not in err


def test_no_screen_shows_credentials(file, capsys, settings):
    settings.HUBSPOT_API_TOKEN = "canary-secret"
    manage(ZIPCODES, "--file", write(file, BROKEN), "--debug")
    call_command("sync_status")
    call_command("sync_list", json=True)

    out, err = capsys.readouterr()
    assert "canary-secret" not in out + err + str(last().configuration) + str(last().performance_metrics)


# Several entities.


def test_failed_entity_does_not_keep_the_others_from_running(capsys):
    sources = [MemorySource([customer(1)]), MemorySource(before_page=gone), MemorySource([customer(2)])]
    code = manage(shop_command(*sources), "--debug")

    assert code == 1
    assert set(ShopCustomer.objects.values_list("id", flat=True)) == {"1", "2"}
    assert "shop: customers2 did not come out clean" in capsys.readouterr().err


def test_entity_type_chooses_one(file):
    code = manage("sync_hubspot", "--entity-type", "zipcodes", "--file", file)

    assert (code, HubSpotZipCode.objects.count()) == (0, 3)


def test_command_of_a_source_takes_the_flags_of_its_entities(file):
    code = manage("sync_hubspot", "--entity-type", "zipcodes", "--file", file, "--sweep")

    assert (code, last().configuration["sweep"]) == (0, True)


def test_command_of_a_source_runs_all_its_entities_in_order():
    code = manage(alias("shop")(), "--entity-type", "all")

    runs = [run.sync_type for run in SyncHistory.objects.order_by("pk")]
    assert (code, sorted(runs)) == (1, ["customers", "orders", "stocks"])
    assert runs.index("customers") < runs.index("orders")


def test_unknown_entity_type_is_wrong_usage_and_names_what_there_is(file, capsys):
    code = manage("sync_hubspot", "--entity-type", "zips", "--file", file)

    assert code == 2
    assert "zipcodes" in capsys.readouterr().err


def test_alias_makes_a_command_for_one_entity_or_for_a_source():
    one, every = alias("shop", "orders"), alias("shop")

    assert (one.crm_source, one.sync_type, one.help) == ("shop", "orders", "Sync shop orders")
    assert one().all_engines() == [ShopOrderSyncEngine]
    assert [engine.sync_type for engine in every().all_engines()].index("customers") == 0
    assert every.sync_type is None


def test_every_engine_of_the_product_has_its_command_and_every_command_its_engine():
    ours = {
        engine.command(name): (crm_source, name)
        for (crm_source, sync_type), engine in engines().items()
        if engine.__module__.startswith("ingestion.sync.")
        for name in (sync_type, *engine.aliases)
    }
    commands = {
        name: load_command_class(app, name)
        for name, app in get_commands().items()
        if str(app).startswith("ingestion.sync.")
    }
    single = {
        name: (c.crm_source, c.sync_type) for name, c in commands.items() if getattr(c, "sync_type", None)
    }

    assert single == ours
    assert {f"sync_{crm_source}" for crm_source, _ in ours.values()} <= commands.keys()


def test_commands_of_databases_are_named_db():
    class Tables(BaseSyncEngine):
        crm_source = "genius"
        sync_type = "jobs"
        resource = Resource("jobs")

        class client_class(MemorySource):
            kind = "database"

    assert Tables.command() == "db_genius_jobs"
    assert get_engine("hubspot", "zipcodes").command() == ZIPCODES


# Progress and signals.


def progress(console, *, due):
    bar = ProgressBar(console, bar=True)
    with bar.show("shop customers"):
        if due:
            bar.last -= 60
        bar(SyncHistory(records_processed=1500), 30000)
        bar(SyncHistory(records_processed=1600), 30000)


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal(caplog):
    caplog.set_level(logging.INFO, "ingestion")
    screen = io.StringIO()
    progress(Console(file=screen), due=True)

    assert [record.getMessage() for record in caplog.records] == ["shop customers: 1,500 of 30,000 records"]
    assert screen.getvalue() == ""


def test_short_runs_print_no_progress_lines(caplog):
    caplog.set_level(logging.INFO, "ingestion")
    progress(Console(file=io.StringIO()), due=False)

    assert caplog.records == []


def test_progress_is_a_bar_on_a_terminal():
    screen = io.StringIO()
    progress(Console(file=screen, force_terminal=True, width=120), due=True)

    assert "shop customers" in screen.getvalue()
    assert "1600/30000" in screen.getvalue()


def test_signal_cancels_the_run_and_its_row_is_closed():
    with StopSignals() as signals:
        source = MemorySource(
            [customer(1)], before_page=lambda page: page or signals.handle(signal.SIGINT, None)
        )
        code = manage_with(signals, source)

    assert code == "stopped"
    assert (last().status, last().lease) == ("failed", None)
    assert "interrupted" in last().error_message


def manage_with(signals, source):
    try:
        signals.sync(ShopCustomerSyncEngine(client=source), SyncPlan())
    except asyncio.CancelledError:
        return "stopped"
    return "done"


def test_signal_after_a_run_is_kept_for_the_next_one():
    with StopSignals() as signals:
        first = manage_with(signals, MemorySource([customer(1)]))
        signals.handle(signal.SIGTERM, None)
        second = manage_with(signals, MemorySource([customer(2)]))

    assert (first, second) == ("done", "stopped")
    assert list(ShopCustomer.objects.values_list("id", flat=True)) == ["1"]


def test_second_signal_stops_hard():
    with StopSignals() as signals:
        signals.handle(signal.SIGINT, None)
        with pytest.raises(KeyboardInterrupt):
            signals.handle(signal.SIGINT, None)


TWO_SIGNALS = """
import os, signal, time
import django
django.setup()
from django.core.management import call_command
from ingestion.base.console import StopSignals
from ingestion.base.plan import SyncPlan
from ingestion.base.testing import MemorySource
from tests.shop.engines import ShopCustomerSyncEngine
call_command("migrate", verbosity=0, run_syncdb=True)

def stop(page):
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)

with StopSignals() as signals:
    source = MemorySource([{"id": "1", "name": "Ada"}], before_page=stop)
    signals.sync(ShopCustomerSyncEngine(client=source), SyncPlan())
"""


def test_second_signal_ends_the_process_at_once():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    found = subprocess.run(
        [sys.executable, "-c", TWO_SIGNALS], env=environment, capture_output=True, timeout=60, check=False
    )

    assert found.returncode == 130, found.stderr.decode()
    assert b"stopped hard" in found.stderr


def test_signal_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopSignals():
        during = signal.getsignal(signal.SIGINT)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert during != before[0]


# sync_list.


def test_list_as_json_has_exactly_the_promised_keys(capsys):
    code = manage("sync_list", "--json")

    entities = {(each["crm_source"], each["sync_type"]): each for each in json.loads(capsys.readouterr().out)}
    assert code == 0
    assert entities.keys() == engines().keys()
    assert entities["hubspot", "zipcodes"] == {
        "crm_source": "hubspot",
        "sync_type": "zipcodes",
        "aliases": [],
        "command": ZIPCODES,
        "model": "ingestion_hubspot.HubSpotZipCode",
        "table": "ingestion_hubspot_zip_code",
        "key": ["zipcode"],
        "timestamp_field": None,
        "source_kind": "file",
        "deletes": "ignore",
        "schedule": None,
    }
    assert entities["shop", "stocks"]["key"] == ["shop", "article"]
    assert entities["shop", "orders"]["timestamp_field"] == "updated_at"


def test_list_is_a_line_for_each_entity_that_is_never_cut(capsys):
    manage("sync_list")

    lines = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", next(line for line in lines if "zipcodes" in line).strip()) == [
        *("hubspot", "zipcodes", ZIPCODES, "ingestion_hubspot_zip_code", "zipcode", "ignore")
    ]
    assert len(lines) == len(engines()) + 1


def test_available_says_that_nothing_is_missing(capsys):
    manage("sync_list", "--available")

    assert capsys.readouterr().out == "every source is installed\n"


def test_available_names_the_line_to_add(capsys, settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "ingestion.sync.hubspot"]
    manage("sync_list", "--available")

    assert 'hubspot: add "ingestion.sync.hubspot" to INSTALLED_APPS\n' in capsys.readouterr().out


# sync_status.


def test_status_of_an_empty_history_says_where_to_begin(capsys):
    assert manage("sync_status") == 0
    assert capsys.readouterr().out == "no run yet; manage.py sync_list shows what can be synced\n"


def test_status_shows_runs_newest_first_and_what_waits_with_its_reasons(file, capsys):
    manage(ZIPCODES, "--file", file, "--quiet")
    manage(ZIPCODES, "--file", write(file, BROKEN), "--quiet", "--dry-run")
    manage(ZIPCODES, "--file", write(file, BROKEN), "--quiet")
    manage("sync_status")

    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if "hubspot zipcodes  " in line]
    assert [re.search(r"success|partial", line)[0] for line in lines] == ["partial", "partial", "success"]
    assert "(dry run)" in lines[1]
    assert "4 processed, 3 unchanged, 1 rejected" in lines[0]
    assert "1 in quarantine" in out
    assert "hubspot zipcodes no readable key: zipcode ← " in out
    assert "= '9021O-California-90210': " in out
    assert "manage.py sync_replay" in out


def test_status_can_be_of_one_source_or_entity_and_of_few_runs(file, capsys):
    manage(ZIPCODES, "--file", file, "--quiet")
    manage(ZIPCODES, "--file", file, "--quiet")
    ShopCustomerSyncEngine(client=MemorySource([customer(1)])).sync()
    manage("sync_status", "hubspot", "zipcodes", "--last", 1)

    out = capsys.readouterr().out
    assert (out.count("hubspot zipcodes"), out.count("shop customers")) == (1, 0)


@pytest.mark.parametrize("number", ["-1", "1.5", "few"])
def test_status_of_no_number_of_runs_is_wrong_usage(number):
    assert manage("sync_status", "--last", number) == 2


def running():
    return SyncHistory.objects.create(
        crm_source="shop", sync_type="customers", start_time=timezone.now(), lease="somebody", batch=3
    )


def test_close_frees_the_lease_and_says_what_comes_next(capsys):
    run = running()
    code = manage("sync_status", "--close", run.pk)

    run.refresh_from_db()
    assert (code, run.status, run.lease) == (0, "failed", None)
    assert (run.end_time is not None, run.error_message) == (True, "interrupted: closed by hand")
    assert f"run {run.pk} of shop customers is closed" in capsys.readouterr().out


def test_close_of_a_finished_run_is_wrong_usage_and_changes_nothing(capsys):
    ShopCustomerSyncEngine(client=MemorySource([customer(1)])).sync()
    code = manage("sync_status", "--close", last().pk)

    assert (code, last().status) == (2, "success")
    assert "is success; only a running one can be closed" in capsys.readouterr().err


def test_close_of_an_unknown_run_is_wrong_usage(capsys):
    assert manage("sync_status", "--close", 4711) == 2
    assert "run 4711 does not exist" in capsys.readouterr().err


# sync_replay.


def test_replay_of_an_empty_quarantine_says_so(capsys):
    assert manage("sync_replay", "hubspot", "zipcodes") == 0
    assert capsys.readouterr().out == "nothing waits in quarantine\n"


def test_replay_prints_the_summary_and_takes_ids_and_reasons(file, capsys):
    manage(ZIPCODES, "--file", write(file, BROKEN), "--quiet")
    pk = RejectedRecord.objects.get().pk
    codes = [
        manage("sync_replay", "hubspot", "zipcodes", "--id", pk, "--reason", "too_long"),
        manage("sync_replay", "hubspot", "zipcodes", "--id", pk + 1),
        manage("sync_replay", "hubspot", "zipcodes", "--reason", "missing_parent"),
    ]

    out = capsys.readouterr().out
    assert codes == [0, 0, 0]
    assert "1 processed, 0 created, 0 updated, 0 unchanged, 0 skipped, 1 rejected" in out
    assert out.count("nothing waits in quarantine") == 2
    assert RejectedRecord.objects.get().attempts == 2


def test_replay_dry_run_writes_nothing(file, capsys):
    manage(ZIPCODES, "--file", write(file, BROKEN), "--quiet")
    code = manage("sync_replay", "hubspot", "zipcodes", "--dry-run")

    assert code == 0
    assert "dry run, nothing written: 1 processed" in capsys.readouterr().out
    assert RejectedRecord.objects.get().attempts == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["hubspot", "zipcode"], "fix: did you mean 'zipcodes'?"),
        (["hubspott", "zipcodes"], "fix: did you mean 'hubspot'?"),
        (["nothing", "zipcodes"], "sync_list --available"),
    ],
)
def test_replay_of_an_unknown_entity_is_wrong_usage(capsys, args, said):
    assert manage("sync_replay", *args) == 2
    assert said in capsys.readouterr().err


def test_replay_is_1_while_a_run_is_at_work(capsys):
    ShopCustomerSyncEngine(client=MemorySource([customer(1), customer(2, name=None)])).sync()
    run = running()
    SyncHistory.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now())
    code = manage("sync_replay", "shop", "customers")

    assert code == 1
    assert "is at work since" in capsys.readouterr().err


# As processes.


def process(tmp_path, *args):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite3'}"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_demo_runs_on_an_empty_database_and_refuses_one_with_runs(tmp_path):
    first = process(tmp_path, "demo")
    second = process(tmp_path, "demo")

    told = re.findall(r"(\d[\d,]*) (processed|created|updated|rejected)", first.stdout)
    assert (first.returncode, second.returncode) == (0, 2)
    assert {word for number, word in told if number != "0"} == {"processed", "created", "updated", "rejected"}
    assert "What to try next" in first.stdout
    assert "this database has runs in it" in second.stderr
    assert "Traceback" not in first.stderr + second.stderr


def test_a_real_process_has_the_exit_codes(tmp_path):
    missing = (
        process(tmp_path, "migrate", "-v0"),
        process(tmp_path, ZIPCODES, "--file", tmp_path / "none.csv"),
    )
    wrong = process(tmp_path, ZIPCODES, "--dryrun")

    assert [each.returncode for each in (*missing, wrong)] == [0, 1, 2]
    assert "Traceback" not in missing[1].stderr + wrong.stderr


def test_option_of_a_file_is_the_same_in_every_entity():
    assert FILE.required
    assert (FILE.name, SWEEP.name) == ("file", "sweep")
