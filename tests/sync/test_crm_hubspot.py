"""HubSpot's ZIP codes: the headers such lists have, and the real file of 42,366 lines."""

import ast
import inspect
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ingestion.models import RejectedRecord, SyncHistory
from ingestion.sync.hubspot.engines import HubSpotZipCodeSyncEngine
from ingestion.sync.hubspot.models import HubSpotZipCode
from ingestion.sync.hubspot.processors import HubSpotZipCodeProcessor

REAL = Path(__file__).parents[3] / "shared" / "data" / "us_zipcodes.csv"
pytestmark = pytest.mark.django_db


def sync(path, lines, *flags):
    """Write the lines, run the command as a person would; answers the run."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    call_command("sync_hubspot_zipcodes", "--file", str(path), "--quiet", *flags)
    return SyncHistory.objects.first()


def counts(history):
    names = ("processed", "created", "updated", "unchanged", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "zip.csv"


@pytest.mark.parametrize(
    "header",
    [
        "zipcode,latitude,longitude",
        "zip,lat,lon",
        "code,lat,lng",
        "Zip Code,Latitude,Longitude",
        "ZIP,LAT,LNG",
        "Postal Code,lat,lon",
    ],
)
def test_headers_are_known_by_the_names_that_lists_use(path, header):
    sync(path, [header, "10001,40.75,-73.99"])

    found = HubSpotZipCode.objects.get()
    assert (found.zipcode, found.latitude, found.longitude) == ("10001", Decimal("40.75"), Decimal("-73.99"))


def test_every_column_of_a_list_is_kept(path):
    sync(
        path,
        [
            "zip,city,state,county,division,area_code,lat,lon",
            '00501,"Holtsville, East",NY,Suffolk,East,631,40.922326,-72.637078',
        ],
    )

    assert HubSpotZipCode.objects.values(
        *("zipcode", "city", "state", "county", "division", "area_code", "latitude", "longitude", "extra")
    ).get() == {
        **{"zipcode": "00501", "city": "Holtsville, East", "state": "NY", "county": "Suffolk"},
        **{"division": "East", "area_code": "631", "extra": {}},
        **{"latitude": Decimal("40.922326"), "longitude": Decimal("-72.637078")},
    }


def test_leading_zeros_and_extensions_are_kept(path):
    sync(path, ["zip,city", "00501,Holtsville", "00501-1234,Holtsville"])

    assert sorted(HubSpotZipCode.objects.values_list("zipcode", flat=True)) == ["00501", "00501-1234"]


def test_blank_cells_are_null(path):
    history = sync(path, ["zip,city,county,lat,lon", "10001,,   ,,"])

    found = HubSpotZipCode.objects.get()
    assert (found.city, found.county, found.latitude, found.longitude) == (None, None, None, None)
    assert (history.status, RejectedRecord.objects.count()) == ("success", 0)


def test_columns_that_no_field_takes_go_to_extra(path):
    history = sync(path, ["zip,city,population,Time Zone", "10001,New York,21102,Eastern"])

    assert HubSpotZipCode.objects.get().extra == {"population": "21102", "time zone": "Eastern"}
    assert history.performance_metrics["drift"]["unknown"] == ["population", "time zone"]


def test_coordinate_that_is_none_is_null_with_a_warning(path):
    history = sync(path, ["zip,lat", "10001,north", "10002,40.7"])

    assert HubSpotZipCode.objects.get(zipcode="10001").latitude is None
    assert (history.status, RejectedRecord.objects.get().status) == ("success", "warning")


def test_line_without_a_code_is_set_aside_with_the_reason(path):
    history = sync(path, ["zip,city", ",Nowhere", "10001,New York"])

    kept = RejectedRecord.objects.get()
    assert (history.status, HubSpotZipCode.objects.count()) == ("partial", 1)
    assert (kept.reason, kept.record) == ("required", {"zip": "", "city": "Nowhere"})


def test_same_code_twice_is_one_row_and_the_last_line_wins(path):
    history = sync(path, ["zip,city", "10001,first", "10001,last"])

    assert (history.records_processed, history.records_skipped) == (2, 1)
    assert HubSpotZipCode.objects.get().city == "last"


def test_file_without_a_code_column_is_refused(path):
    with pytest.raises(CommandError, match="from which the key zipcode is read; found city, state"):
        sync(path, ["city,state", "New York,NY"])

    assert not RejectedRecord.objects.exists()


def test_line_that_is_gone_stays_without_sweep(path):
    sync(path, ["zip,city", "10001,New York", "10002,New York"])
    history = sync(path, ["zip,city", "10001,New York"])

    assert (history.records_deleted, HubSpotZipCode.objects.count()) == (0, 2)


def test_line_that_comes_back_after_a_sweep_is_alive_again(path):
    both, one = ["zip,city", "10001,New York", "10002,New York"], ["zip,city", "10001,New York"]
    sync(path, both)
    swept = sync(path, one, "--sweep")
    history = sync(path, both, "--sweep")

    assert (swept.records_deleted, history.records_updated) == (1, 1)
    assert HubSpotZipCode.objects.count() == 2


def test_real_list_from_the_first_sync_to_an_emptied_file(path):
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not here")
    lines = REAL.read_text(encoding="utf-8").splitlines()
    edited = [lines[0], lines[1].replace("Holtsville", "Holtsville Park"), *lines[2:]]
    first = sync(path, lines)
    stamps = set(HubSpotZipCode.objects.values_list("sync_updated_at", flat=True))
    second = sync(path, lines)
    untouched = stamps == set(HubSpotZipCode.objects.values_list("sync_updated_at", flat=True))
    changed = sync(path, edited)
    removed = sync(path, edited[:-1], "--sweep")
    with pytest.raises(CommandError, match="the read was complete and empty"):
        sync(path, lines[:1], "--sweep", "--allow-deletes")

    assert (counts(first), first.status) == ((42366, 42366, 0, 0, 0, 0), "success")
    assert (counts(second), untouched) == ((42366, 0, 0, 42366, 0, 0), True)
    assert counts(changed) == (42366, 0, 1, 42365, 0, 0)
    assert HubSpotZipCode.objects.get(city="Holtsville Park").zipcode == "00501"
    assert counts(removed) == (42365, 0, 0, 42365, 0, 1)
    assert (HubSpotZipCode.objects.count(), HubSpotZipCode.all_objects.count()) == (42365, 42366)


def test_entity_is_declared_in_fifteen_lines():
    def body(cls):
        """The lines of a class that declare: less its name, its docstring and blank lines."""
        tree = ast.parse(inspect.getsource(cls)).body[0]
        nodes = [node for node in tree.body if not isinstance(node, ast.Expr)]
        return sum(node.end_lineno - node.lineno + 1 for node in nodes)

    assert body(HubSpotZipCodeSyncEngine) + body(HubSpotZipCodeProcessor) <= 15
