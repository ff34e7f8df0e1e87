"""Verify and repair: what differs is named, what is left out for a reason is not; nothing is written."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test.utils import CaptureQueriesContext, override_settings

from ingestion.base.exceptions import ConfigurationError, LeaseRefused, SafetyStop
from ingestion.base.lease import acquire
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Page
from ingestion.base.repair import repair
from ingestion.base.testing import MemorySource
from ingestion.base.verify import verify
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.sync.hubspot.models import HubSpotZipCode
from tests.chinook.engines import GenreSyncEngine
from tests.chinook.models import Genre
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine, ShopStockSyncEngine
from tests.shop.models import ShopCustomer, ShopOrder, ShopStock

DAY = datetime(2026, 3, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def customer(number, minutes=0, **values):
    moment = (DAY + timedelta(minutes=minutes)).isoformat()
    return {"id": str(number), "name": f"customer {number}", "updated_at": moment, **values}


def customers(count):
    return [customer(number) for number in range(count)]


def stock(number, **values):
    return {"shop": number // 7, "article": f"a{number % 7}", "amount": 1.5, "price": "2.5000", **values}


def stocks(count):
    return MemorySource([stock(n) for n in range(count)], cursor=None, key="article")


def sync(source, engine=ShopCustomerSyncEngine, **flags):
    return engine(client=source).sync(SyncPlan(**flags))


def compare(source, engine=ShopCustomerSyncEngine, **how):
    return verify(engine(client=source), **{"sample": None, **how})


def mend(source, engine=ShopCustomerSyncEngine, **flags):
    return repair(engine, compare(source, engine), SyncPlan(**flags), client=source)


# Comparing.


def test_synced_table_is_equal_to_its_source(database):
    source = MemorySource([*customers(60), customer(99, email="Ann@X.org", balance="7.5", tags=["a", 1])])
    sync(source)
    found = compare(source)

    assert (found.equal, found.source, found.target, found.compared) == (True, 61, 61, 61)


def test_missing_extra_and_different_rows_are_named(database):
    source = MemorySource(customers(30))
    sync(source)
    ShopCustomer.objects.filter(id="3").delete()
    ShopCustomer.objects.filter(id="4").update(name="somebody else", visits=7)
    ShopCustomer.objects.create(id="x", name="only here")
    found = compare(source)

    assert (list(found.missing), found.extra, list(found.different)) == ([("3",)], [("x",)], [("4",)])
    assert [(each.column, each.source, each.target) for each in found.different["4",]] == [
        ("name", "text of 10", "text of 13")
    ]


def test_composite_keys_are_compared_part_by_part(database):
    source = stocks(40)
    sync(source, ShopStockSyncEngine)
    ShopStock.objects.filter(shop=2, article="a3").update(price="9")
    ShopStock.objects.filter(shop=1, article="a3").delete()
    found = compare(source, ShopStockSyncEngine)

    assert (list(found.missing), list(found.different)) == ([(1, "a3")], [(2, "a3")])


def test_every_kind_of_column_is_equal_to_itself(database):
    values = {
        "price": "12345.6789",
        "code": "6f1c6b3e-0d3f-4d69-9a3b-0f3f5a9a6c11",
        "counted_on": "2026-03-01",
        "counted_at": "10:20:30",
        "took": "26:00:00",
        "photo": b"\x00\xff",
        "address": "10.0.0.1",
        "details": {"a": [1, 1.5, None, "ä"]},
        "big": 2**60,
        "active": True,
        "what_nobody_maps": {"x": 1},
    }
    source = MemorySource([stock(1, **values)], cursor=None, key="article")
    sync(source, ShopStockSyncEngine)

    assert compare(source, ShopStockSyncEngine).equal


def test_known_rejected_records_are_no_difference_and_unknown_ones_are(database):
    records = [*customers(20), customer("bad", name=None), {"name": "without a key", "id": None}]
    source = MemorySource(records)
    sync(source)
    known = compare(source)
    RejectedRecord.objects.all().delete()
    unknown = compare(source)

    assert (known.equal, known.rejected) == (True, 2)
    assert (unknown.equal, list(unknown.missing), unknown.unkept) == (False, [("bad",)], 1)


def test_record_that_went_bad_differs_from_the_row_made_of_it_before(database):
    source = MemorySource(customers(20))
    sync(source)
    source.records[3] = customer(3, name=None)
    found = compare(source)
    mend(source)

    assert (found.equal, list(found.missing)) == (False, [])
    assert [(each.column, each.source) for each in found.different["3",]] == [("name", "refused (required)")]
    assert (compare(source).equal, compare(source).rejected) == (True, 1)


def test_child_that_waits_for_its_parent_is_known(database):
    source = MemorySource([{"number": 1, "customer": {"id": "nobody"}, "updated_at": DAY.isoformat()}])
    source.records += [{"number": n, "customer": None, "updated_at": DAY.isoformat()} for n in range(2, 9)]
    sync(source, ShopOrderSyncEngine)
    found = compare(source, ShopOrderSyncEngine)

    assert (found.equal, found.rejected, ShopOrder.objects.count()) == (True, 1, 7)


def test_soft_deleted_rows_are_gone_on_both_sides(database):
    source = MemorySource(customers(10))
    sync(source)
    source.records[2] = customer(2, 5, deleted=True)
    alive = compare(source)
    sync(source)
    both_gone = compare(source)
    source.records[2] = customer(2, 9)
    gone_here = compare(source)

    assert alive.extra == [("2",)]
    assert (both_gone.equal, both_gone.target) == (True, 9)
    assert list(gone_here.missing) == [("2",)]


class SouthSyncEngine(ShopStockSyncEngine):
    sync_type = "south"
    scope = {"shop": 1}


def test_rows_outside_of_the_scope_are_not_looked_at():
    everything = stocks(21)
    sync(everything, ShopStockSyncEngine)
    south = MemorySource([stock(n) for n in range(7, 14)], cursor=None, key="article")

    assert compare(south, SouthSyncEngine).equal
    assert len(compare(south, ShopStockSyncEngine).extra) == 14


def test_fields_that_people_edit_here_are_not_compared():
    source = MemorySource(customers(3))
    sync(source)
    ShopCustomer.objects.update(note="called twice")

    assert compare(source).equal


def test_sample_looks_at_some_rows_and_at_all_keys():
    source = MemorySource(customers(400))
    sync(source)
    ShopCustomer.objects.update(name="another")
    ShopCustomer.objects.filter(id="7").delete()
    found = compare(source, sample=40)

    assert 10 < found.compared < 90
    assert len(found.different) == found.compared
    assert list(found.missing) == [("7",)]


def test_row_that_is_newer_here_is_said_to_be():
    source = MemorySource([customer(1, 5), customer(2)])
    sync(source)
    source.records[0] = customer(1, 1, name="as it was")
    found = compare(source)

    assert (list(found.different), found.newer) == ([("1",)], {("1",)})


def test_record_that_comes_twice_is_compared_as_it_came_last():
    sync(MemorySource([*customers(3), customer(0, 9)]))

    def edit(page):
        if page == 1:
            source.records[0] = customer(0, 9)

    source = MemorySource(
        [customer(0, 0, name="as it was before"), *customers(3)[1:]], page_size=2, before_page=edit
    )

    assert compare(source).equal


def test_nothing_is_written_on_this_side(database):
    source = MemorySource(customers(20))
    sync(source)
    ShopCustomer.objects.filter(id="3").delete()
    before = (SyncHistory.objects.count(), RejectedRecord.objects.count())
    with CaptureQueriesContext(connections[database]) as queries:
        compare(source)

    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "DECLARE", "FETCH", "CLOSE", "SAVEPOINT", "RELEASE", "--"} | {
        "BEGIN",
        "COMMIT",
    }
    assert (SyncHistory.objects.count(), RejectedRecord.objects.count()) == before


def test_rows_are_asked_for_by_their_keys_alone():
    """With `source_deleted_at IS NULL` beside the keys SQLite reads every live row for each batch of keys."""
    source = MemorySource(customers(20))
    sync(source)
    with CaptureQueriesContext(connections["default"]) as queries:
        compare(source)

    by_key = [query["sql"] for query in queries if '"shop_customer"."id" IN (' in query["sql"]]
    assert by_key != []
    assert not any("IS NULL" in sql for sql in by_key)


def test_another_account_is_refused():
    sync(MemorySource(customers(3), account="portal 1"))

    with pytest.raises(ConfigurationError, match="portal 2"):
        compare(MemorySource(customers(3), account="portal 2"))


class ShiftingSource(MemorySource):
    """Its pages shift: the first read does not show the first record."""

    paging = "unstable"

    async def read(self, resource, window, position=None):
        self.requests.append((window, position))
        hidden = 1 if len(self.requests) == 2 else 0
        for page in [self.records[hidden:]]:
            yield Page(page)


def test_key_that_an_unstable_list_hid_is_looked_for_once_more():
    source = ShiftingSource(customers(5))
    sync(source)

    assert compare(source).extra == []


# Repairing.


def test_repair_syncs_what_differs_and_nothing_else(database):
    source = MemorySource(customers(40))
    sync(source)
    watermark = SyncHistory.objects.watermark("shop", "customers")
    ShopCustomer.objects.filter(id="3").delete()
    ShopCustomer.objects.filter(id="4").update(name="somebody else")
    ShopCustomer.objects.create(id="x", name="only here")
    history = mend(source)

    assert (history.records_processed, history.records_created, history.records_updated) == (2, 1, 1)
    assert (history.records_deleted, history.watermark) == (1, None)
    assert SyncHistory.objects.watermark("shop", "customers") == watermark
    assert compare(source).equal


def test_repair_puts_records_nobody_knew_of_into_quarantine():
    source = MemorySource([*customers(20), customer("bad", name=None), {"id": None, "name": "?"}])
    sync(source)
    RejectedRecord.objects.all().delete()
    history = mend(source)

    assert (history.records_failed, RejectedRecord.objects.waiting().count()) == (2, 2)
    assert compare(source).equal


def test_repair_leaves_newer_rows_unless_it_is_forced():
    source = MemorySource([customer(1, 5)])
    sync(source)
    source.records[0] = customer(1, 1, name="as it was")
    left = mend(source)
    forced = mend(source, force=True)

    assert (left.records_skipped, forced.records_updated) == (1, 1)
    assert ShopCustomer.objects.get().name == "as it was"


class KeepingSyncEngine(ShopCustomerSyncEngine):
    sync_type = "kept"
    deletes = "ignore"


def test_repair_deletes_nothing_where_the_entity_does_not():
    source = MemorySource(customers(3))
    sync(source, KeepingSyncEngine)
    ShopCustomer.objects.create(id="x", name="only here")
    history = mend(source, KeepingSyncEngine)

    assert (history.records_deleted, ShopCustomer.objects.count()) == (0, 4)


def test_repair_keeps_the_brake_on_deletes():
    source = stocks(40)
    sync(source, ShopStockSyncEngine)
    source.records = source.records[:20]
    with pytest.raises(SafetyStop, match="refused to delete 20 of 40"):
        mend(source, ShopStockSyncEngine)
    history = mend(source, ShopStockSyncEngine, allow_deletes=True)

    assert history.records_deleted == 20
    source.records = []
    with pytest.raises(SafetyStop, match="complete and empty"):
        mend(source, ShopStockSyncEngine, allow_deletes=True)


def test_key_that_comes_back_before_the_repair_is_not_deleted():
    source = MemorySource(customers(3))
    sync(source)
    ShopCustomer.objects.create(id="9", name="only here")
    found = compare(source)
    source.records.append(customer(9, 1, name="is there after all"))
    history = repair(ShopCustomerSyncEngine, found, SyncPlan(), client=source)

    assert (history.records_deleted, history.records_updated) == (0, 1)


def test_repair_waits_for_no_lease():
    source = MemorySource(customers(3))
    acquire(SyncHistory(crm_source="shop", sync_type="customers", start_time=DAY))
    with pytest.raises(LeaseRefused):
        mend(source)


# The command.


def zipcodes(path, *codes):
    path.write_text("\n".join(["zip,city,division", *(f"{code},Town {code},East" for code in codes)]) + "\n")
    return str(path)


def test_command_says_equal_and_exits_well(tmp_path, capsys):
    file = zipcodes(tmp_path / "codes.csv", *range(10001, 10021))
    call_command("sync_hubspot_zipcodes", "--file", file, "--quiet")
    call_command("sync_verify", "hubspot", "zipcodes", "--file", file, "--all")

    said = capsys.readouterr().out
    assert "hubspot zipcodes: equal: 20 in the source, 20 here, 20 compared, 0 known as rejected" in said


def test_command_names_what_differs_and_exits_with_1(tmp_path, capsys):
    file = zipcodes(tmp_path / "codes.csv", *range(10001, 10021))
    call_command("sync_hubspot_zipcodes", "--file", file, "--quiet")
    HubSpotZipCode.objects.filter(zipcode="10003").update(city="canary street 7")
    HubSpotZipCode.objects.filter(zipcode="10004").delete()
    with pytest.raises(CommandError, match="zipcodes differ from the source") as stopped:
        call_command("sync_verify", "hubspot", "zipcodes", "--file", file)

    said = capsys.readouterr().out
    assert stopped.value.returncode == 1
    assert "1 missing here:\n    10004" in said
    assert "10003: city: text of 10 in the source, text of 15 here" in said
    assert "canary" not in said


def test_command_repairs_and_answers_as_json(tmp_path, capsys):
    file = zipcodes(tmp_path / "codes.csv", *range(10001, 10021))
    call_command("sync_hubspot_zipcodes", "--file", file, "--quiet")
    HubSpotZipCode.objects.filter(zipcode="10004").delete()
    with pytest.raises(CommandError):
        call_command("sync_verify", "hubspot", "zipcodes", "--file", file, "--json")
    (before,) = json.loads(capsys.readouterr().out)
    call_command("sync_verify", "hubspot", "zipcodes", "--file", file, "--json", "--repair")
    (after,) = json.loads(capsys.readouterr().out)

    assert (before["equal"], before["missing"], before["source"], before["target"]) == (
        False,
        [["10004"]],
        20,
        19,
    )
    assert (after["equal"], after["missing"], after["target"]) == (True, [], 20)


def test_command_compares_a_database_entity_by_entity(tmp_path, capsys):
    connection = sqlite3.connect(tmp_path / "shop.sqlite")
    connection.execute("CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, Name NVARCHAR(120))")
    connection.executemany("INSERT INTO Genre VALUES (?, ?)", [(n, f"genre {n}") for n in range(30)])
    connection.commit()
    with override_settings(CHINOOK_DB_URL=f"sqlite:///{tmp_path / 'shop.sqlite'}"):
        GenreSyncEngine().sync()
        call_command("sync_verify", "chinook", "genres", "--all")
        connection.execute("UPDATE Genre SET Name = 'another' WHERE GenreId = 7")
        connection.commit()
        with pytest.raises(CommandError, match="genres differ"):
            call_command("sync_verify", "chinook", "genres", "--all")
        call_command("sync_verify", "chinook", "genres", "--all", "--repair")
    connection.close()

    said = capsys.readouterr().out
    assert "chinook genres: equal: 30 in the source, 30 here, 30 compared" in said
    assert "    7: name: text of 7 in the source, text of 7 here" in said
    assert Genre.objects.get(pk=7).name == "another"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["hubspot", "zipcode"], "did you mean 'zipcodes'"),
        (["hubspott"], "no source 'hubspott' is installed"),
        (["chinook", "genres"], "CHINOOK_DB"),
    ],
)
def test_command_says_what_is_wrong_with_its_orders(args, message):
    with pytest.raises(CommandError, match=message) as stopped:
        call_command("sync_verify", *args)

    assert stopped.value.returncode == 2
