"""Arrivy as a person meets it: commands, flags of former versions, values as Arrivy writes them."""

import ast
import inspect
import json
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ingestion.base.testing import MemorySource, engine_suite
from ingestion.management.commands.sync_list import field_map
from ingestion.models import SyncHistory
from ingestion.registry import get_engine, ordered
from ingestion.sync import arrivy as package
from ingestion.sync.arrivy import engines
from ingestion.sync.arrivy.models import ArrivyBooking, ArrivyCustomer, ArrivyEntity, ArrivyTask
from ingestion.sync.arrivy.processors import ArrivyTaskProcessor
from ingestion.sync.arrivy.sandbox import FakeArrivy
from ingestion.sync.arrivy.validators import clock, color, day, moment, wanted

SAMPLES = Path(__file__).parents[3] / "shared" / "sources" / "arrivy" / "samples"
pytestmark = pytest.mark.django_db


def manage(name, *flags):
    call_command(name, *map(str, flags), "--quiet")


def runs():
    """The entities that were synced, in order."""
    return list(SyncHistory.objects.order_by("pk").values_list("sync_type", flat=True))


def row_of(**members):
    batch = ArrivyTaskProcessor().process_batch([{"id": 1, **members}])
    assert batch.rejected == []
    return next(iter(batch.rows))


# Commands.


def test_run_of_all_goes_in_order_and_every_entity_is_in(arrivy):
    for name in FakeArrivy.sizes:
        arrivy.fill(name, 12)
    manage("sync_arrivy_all")

    order = runs()
    assert sorted(order) == sorted(FakeArrivy.sizes)
    assert order.index("customers") < order.index("tasks") < order.index("bookings")
    assert [engine.sync_type for engine in ordered("arrivy")] == order
    assert ArrivyTask.objects.count() == 12


@pytest.mark.parametrize(
    ("command", "entity"),
    [
        ("sync_arrivy_customers", "customers"),
        ("sync_arrivy_entities", "entities"),
        ("sync_arrivy_team_members", "entities"),
        ("sync_arrivy_groups", "groups"),
        ("sync_arrivy_tasks", "tasks"),
        ("sync_arrivy_bookings", "bookings"),
        ("sync_arrivy_statuses", "statuses"),
        ("sync_arrivy_status", "statuses"),
    ],
)
def test_every_entity_has_its_command(command, entity, arrivy):
    arrivy.fill(entity, 2)
    manage(command)

    assert runs() == [entity]


@pytest.mark.parametrize(
    ("name", "entity"), [("team_members", "entities"), ("status", "statuses"), ("tasks", "tasks")]
)
def test_entity_type_takes_names_and_aliases(name, entity, arrivy):
    manage("sync_arrivy", "--entity-type", name)

    assert runs() == [entity]


def test_several_entities_are_named_by_names_and_aliases(arrivy):
    manage("sync_arrivy", "--entities", "tasks", "team_members")

    assert runs() == ["entities", "tasks"]


def test_entities_are_skipped_by_the_names_of_the_former_command(arrivy):
    manage("sync_arrivy_all", "--skip-customers", "--skip-team-members", "--skip-bookings")

    assert sorted(runs()) == ["groups", "statuses", "tasks"]


def test_flags_of_the_former_commands_are_taken(arrivy, capsys):
    arrivy.fill("customers", 120)
    manage("sync_arrivy_customers", "--full", "--pages", 1, "--batch-size", 50, "--debug")
    manage("sync_arrivy_customers", "--lastmodifieddate", "2020-01-01")

    cut, dated = SyncHistory.objects.order_by("pk")
    assert (cut.records_processed, dated.records_processed) == (50, 120)
    assert "warning: --lastmodifieddate is deprecated" in capsys.readouterr().err


def test_days_of_bookings_and_statuses_are_flags(arrivy):
    arrivy.add("bookings", start_datetime="2025-06-15T10:00:00", status="CONFIRMED")
    arrivy.add("bookings", start_datetime="2025-06-16T10:00:00", status="CANCELLED")
    arrivy.add("bookings", start_datetime="2025-08-15T10:00:00", status="CONFIRMED")
    flags = ("--start-date", "2025-06-01", "--end-date", "2025-06-30", "--booking-status", "confirmed")
    manage("sync_arrivy_bookings", *flags)

    assert ArrivyBooking.objects.get().start_datetime == datetime(2025, 6, 15, 10, tzinfo=UTC)


def test_run_of_all_takes_the_flags_of_every_entity(arrivy):
    arrivy.fill("tasks", 20)
    arrivy.fill("bookings", 20)
    manage(
        "sync_arrivy_all", "--high-performance", "--task-status", "active", "--booking-status", "confirmed"
    )

    assert len(runs()) == 6
    assert not ArrivyTask.objects.filter(status__in=["COMPLETE", "CANCELLED"]).exists()
    assert set(ArrivyBooking.objects.values_list("status", flat=True)) == {"CONFIRMED"}


@pytest.mark.parametrize("flags", [(), ("--high-performance", "--concurrent-pages", "8")])
def test_dry_run_counts_and_writes_nothing(flags, arrivy):
    arrivy.fill("tasks", 120)
    manage("sync_arrivy_tasks", "--dry-run", "--batch-size", "25", *flags)

    assert (SyncHistory.objects.get().records_created, ArrivyTask.objects.count()) == (120, 0)


# The connection test.


def test_connection_test_shows_some_records(arrivy, capsys):
    ids = arrivy.fill("customers", 30)
    call_command("test_arrivy", "--endpoint", "customers", "--limit", "5")

    out = capsys.readouterr().out
    assert out.startswith("connected: 5 customers\n")
    assert f"{ids[0]}: city, created" in out
    assert "@" not in out, "personal data is for the file that was asked for"
    assert len(arrivy.requests) == 1


def test_connection_test_writes_the_records_to_a_file(arrivy, tmp_path):
    ids = arrivy.fill("entities", 3)
    call_command("test_arrivy", "--endpoint", "team_members", "--output", str(tmp_path / "out.json"))

    assert [each["id"] for each in json.loads((tmp_path / "out.json").read_text())] == list(map(int, ids))


def test_connection_test_with_a_wrong_key_says_what_to_check(arrivy, monkeypatch):
    monkeypatch.setenv("ARRIVY_API_KEY", "canary-wrong")
    with pytest.raises(CommandError, match="401") as refused:
        call_command("test_arrivy")

    assert "check ARRIVY_API_KEY and ARRIVY_AUTH_KEY" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_connection_test_without_a_network_says_so(arrivy, monkeypatch):
    monkeypatch.setenv("ARRIVY_API_URL", "http://127.0.0.1:9")
    with pytest.raises(CommandError, match="check the network and ARRIVY_API_URL"):
        call_command("test_arrivy")


def test_connection_test_that_cannot_write_its_file_says_so(arrivy, tmp_path):
    with pytest.raises(CommandError, match="name a file that can be written"):
        call_command("test_arrivy", "--output", str(tmp_path))


def test_missing_keys_are_wrong_usage_with_the_settings_to_set(monkeypatch):
    for name in ("ARRIVY_API_KEY", "ARRIVY_AUTH_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CommandError, match="set ARRIVY_API_KEY and ARRIVY_AUTH_KEY") as refused:
        manage("sync_arrivy_tasks")

    assert refused.value.returncode == 2


# Values.


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2017-10-14T06:23:33", datetime(2017, 10, 14, 6, 23, 33, tzinfo=UTC)),
        ("2016-11-20T01:34:04.848640", datetime(2016, 11, 20, 1, 34, 4, 848640, tzinfo=UTC)),
        ("2016-11-21T09:00:7-00:00", datetime(2016, 11, 21, 9, 0, 7, tzinfo=UTC)),
        ("2017-10-13T23:23:33-07:00", datetime(2017, 10, 14, 6, 23, 33, tzinfo=UTC)),
        ("2025-03-04T17:00:00Z", datetime(2025, 3, 4, 17, tzinfo=UTC)),
        ("tomorrow", "tomorrow"),
        (None, None),
        (7, 7),
    ],
)
def test_time_without_an_offset_is_utc_and_odd_forms_are_read(text, kept):
    assert moment(text) == kept


def test_day_and_time_of_day_come_from_the_time():
    assert (day("2025-03-04T17:00:00"), clock("2025-03-04T17:00:00")) == (date(2025, 3, 4), time(17, 0))
    assert (day("soon"), clock(None)) == ("soon", None)


@pytest.mark.parametrize(
    ("given", "kept"), [("4b9cd3", "#4b9cd3"), ("#fff", "#fff"), ("blue", "blue"), (None, None)]
)
def test_color_gets_the_sign_that_arrivy_leaves_out(given, kept):
    assert color(given) == kept


@pytest.mark.parametrize(
    ("asked", "status", "is_wanted"),
    [
        ("completed", "COMPLETE", True),
        ("in_progress", "STARTED", True),
        ("in-progress", "enroute", True),
        ("pending", None, True),
        ("active", "COMPLETE", False),
        ("active", "CONFIRMED", True),
        ("Confirmed", "CONFIRMED", True),
        ("customer exception", "CUSTOMER_EXCEPTION", True),
        ("completed", "CANCELLED", False),
    ],
)
def test_status_in_words(asked, status, is_wanted):
    assert wanted(asked, status) is is_wanted


def test_task_is_a_row_with_what_is_derived_from_it():
    row = row_of(
        start_datetime="2025-03-04T17:00:00",
        start_datetime_original_iso_str="2025-03-04T09:00:00-08:00",
        customer_exact_location={"lat": 47.5, "lng": -122.25},
        group={"id": 9_865_326_669_125_499, "name": "East"},
        customer_phone=15_555_550_145,
        mileage=[{"miles": 3}],
        template_extra_fields={"primary_source": "web"},
    )

    expected = {
        "start_datetime": datetime(2025, 3, 4, 17, tzinfo=UTC),
        "start_datetime_original_iso_str": "2025-03-04T09:00:00-08:00",
        "start_date": date(2025, 3, 4),
        "start_time": time(17, 0),
        "latitude": 47.5,
        "longitude": -122.25,
        "group": "East",
        "group_id": "9865326669125499",
        "customer_phone": "15555550145",
        "mileage_data": [{"miles": 3}],
        "template_extra_fields": {"primary_source": "web"},
    }
    assert {name: row[name] for name in expected} == expected


def test_unknown_members_are_kept_and_reported(arrivy):
    arrivy.add("customers", first_name="Ada", loyalty_points=7)
    manage("sync_arrivy_customers")

    assert ArrivyCustomer.objects.get().extra == {"loyalty_points": 7}
    assert SyncHistory.objects.get().performance_metrics["drift"]["unknown"] == ["loyalty_points"]


@pytest.mark.parametrize(
    ("file", "model"), [("customers_list.json", ArrivyCustomer), ("entities_list.json", ArrivyEntity)]
)
def test_samples_of_the_vendor_are_rows(file, model, arrivy):
    if not (SAMPLES / file).exists():
        pytest.skip(f"{file} is not here")
    name = file.partition("_")[0]
    for record in json.loads((SAMPLES / file).read_text()):
        arrivy.add(name, **record)
    manage(f"sync_arrivy_{name}")

    assert (SyncHistory.objects.get().status, model.objects.count()) == ("success", 2)


# Declarations.


def test_every_entity_is_declared_in_fifteen_lines():
    def body(cls):
        """The lines of a class that declare: less its name, its docstring and blank lines."""
        tree = ast.parse(inspect.getsource(cls)).body[0]
        nodes = [node for node in tree.body if not isinstance(node, ast.Expr)]
        return sum(node.end_lineno - node.lineno + 1 for node in nodes)

    sizes = {each.sync_type: body(each) + body(each.processor_class) for each in ordered("arrivy")}
    assert {name: size for name, size in sizes.items() if size > 15} == {}


def test_field_map_in_the_readme_is_the_mapping():
    readme = (Path(package.__path__[0]) / "README.md").read_text()
    shown = readme.partition("<!-- fields -->")[2].partition("<!-- /fields -->")[0]

    assert shown.strip() == field_map("arrivy").strip()


def test_aliases_lead_to_their_entities():
    assert get_engine("arrivy", "team_members") is engines.ArrivyEntitiesSyncEngine


def record(number):
    return {
        "id": 9_007_199_254_740_993 + number,
        "updated": "2026-03-01T10:00:00",
        "created": "2026-01-01T00:00:00",
    }


def suite(engine, column):
    return engine_suite(
        engine,
        serve=lambda records: MemorySource(records, cursor="updated", page_size=1000),
        record=lambda number: {**record(number), column: "before"},
        change=lambda given: {**given, column: "after", "updated": "2026-03-01T11:00:00"},
        spoil=lambda given: {**given, column: 10**600},
    )


TestArrivyCustomers = suite(engines.ArrivyCustomersSyncEngine, "first_name")
TestArrivyEntities = suite(engines.ArrivyEntitiesSyncEngine, "name")
TestArrivyGroups = suite(engines.ArrivyGroupsSyncEngine, "name")
TestArrivyTasks = suite(engines.ArrivyTasksSyncEngine, "title")
TestArrivyBookings = suite(engines.ArrivyBookingsSyncEngine, "title")
TestArrivyStatuses = suite(engines.ArrivyStatusesSyncEngine, "title")
