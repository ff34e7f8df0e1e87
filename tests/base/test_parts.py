"""Several accounts in one run, a cursor each; a declared look-back; how long a source keeps what it has."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.base.datasource import Resource
from ingestion.base.exceptions import ConfigurationError, SafetyStop, SourceError
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Page
from ingestion.base.testing import MemorySource
from ingestion.base.window import Past, choose_windows, months_before, reach
from ingestion.models import SyncHistory
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def customer(account, number, day):
    moment = (LONG_AGO + day * DAY).isoformat()
    return {"id": f"{account}{number}", "name": account, "updated_at": moment}


class Accounts(MemorySource):
    """Customers of several accounts (their name is the account's), read one account after another."""

    resumable = False

    def __init__(self, *accounts, records=(), fail_at=None, **options):
        super().__init__(records, **options)
        self.accounts, self.fail_at, self.asked = accounts, fail_at, []

    def parts(self, resource):
        return self.accounts

    async def read(self, resource, window, position=None):
        for account in self.accounts:
            self.asked.append((account, window.of(account).since))
            if account == self.fail_at:
                raise SourceError("gone", where=account, fix="run again")
            own = [each for each in self.records if each["name"] == account]
            yield Page([each for each in own if self.wanted(each, window.of(account))], None)


class PartsEngine(ShopCustomerSyncEngine):
    part_field = "name"
    overlap = timedelta(0)
    deletes = "sweep"


def sync(source, engine=PartsEngine, **flags):
    return engine(client=source).sync(SyncPlan(**flags))


@pytest.fixture
def two():
    return [customer("a", n, n) for n in range(5)] + [customer("b", n, 20 + n) for n in range(5)]


def test_each_account_has_its_cursor_and_the_watermark_is_the_least(two):
    history = sync(Accounts("a", "b", records=two))

    cursors = {name: datetime.fromisoformat(text) for name, text in history.cursors.items()}
    assert cursors == {"a": LONG_AGO + 4 * DAY, "b": LONG_AGO + 24 * DAY}
    assert history.watermark == LONG_AGO + 4 * DAY


def test_delta_asks_each_account_from_its_own_cursor(database, two):
    sync(Accounts("a", "b", records=two))
    source = Accounts("a", "b", records=two)
    history = sync(source)

    assert source.asked == [("a", LONG_AGO + 4 * DAY), ("b", LONG_AGO + 24 * DAY)]
    assert (history.configuration["strategy"], history.records_processed) == ("delta", 2)


def test_account_that_was_never_read_is_read_from_its_beginning(two):
    sync(Accounts("b", records=two))
    source = Accounts("a", "b", records=two)
    history = sync(source)

    assert source.asked == [("a", None), ("b", LONG_AGO + 24 * DAY)]
    assert (history.records_created, ShopCustomer.objects.count()) == (5, 10)


def test_account_that_is_not_seen_any_more_keeps_its_cursor_and_its_rows(two):
    sync(Accounts("a", "b", records=two))
    history = sync(Accounts("b", records=two), full=True)
    source = Accounts("a", "b", records=two)
    sync(source)

    assert (history.records_deleted, history.watermark) == (0, LONG_AGO + 24 * DAY)
    assert source.asked[0] == ("a", LONG_AGO + 4 * DAY)
    assert ShopCustomer.objects.count() == 10


def test_run_that_failed_in_the_second_account_moves_no_cursor(two):
    sync(Accounts("a", "b", records=two))
    more = [*two, customer("a", 9, 30)]
    with pytest.raises(SourceError):
        sync(Accounts("a", "b", records=more, fail_at="b"))
    source = Accounts("a", "b", records=more)
    sync(source)

    assert source.asked[0] == ("a", LONG_AGO + 4 * DAY)
    assert ShopCustomer.objects.filter(id="a9").exists()


@pytest.mark.parametrize("flags", [{"max_records": 3}, {"narrowed": True}, {"dry_run": True}], ids=str)
def test_run_that_is_cut_moves_no_cursor(flags, two):
    history = sync(Accounts("a", "b", records=two), **flags)

    assert (history.cursors, history.watermark) == ({}, None)


def test_start_date_moves_only_the_cursors_that_it_leaves_no_hole_behind(two):
    sync(Accounts("a", "b", records=two))
    more = [*two, customer("a", 9, 30), customer("b", 9, 31)]
    history = sync(Accounts("a", "b", records=more), start_date=LONG_AGO + 10 * DAY)

    assert (history.cursors, history.watermark) == ({}, None)
    assert SyncHistory.objects.watermark("shop", "customers") == LONG_AGO + 4 * DAY


def test_sweep_deletes_what_each_account_did_not_show(two):
    sync(Accounts("a", "b", records=two))
    history = sync(Accounts("a", "b", records=two[1:-1]), full=True)

    assert history.records_deleted == 2
    assert not ShopCustomer.objects.filter(id__in=["a0", "b4"]).exists()


def test_account_that_showed_nothing_is_not_emptied(two):
    sync(Accounts("a", "b", records=two))
    history = sync(Accounts("a", "b", records=two[5:]), full=True)

    assert (history.records_deleted, ShopCustomer.objects.count()) == (0, 10)
    assert "a not swept: it showed none of 5 rows" in history.performance_metrics["notes"]


def test_client_with_accounts_needs_an_engine_that_tells_them_apart(two):
    with pytest.raises(ConfigurationError, match="part_field"):
        sync(Accounts("a", "b", records=two), ShopCustomerSyncEngine)


# Look-back.


class LookingBack(PartsEngine):
    look_back = timedelta(days=45)


@pytest.mark.parametrize(
    ("options", "days"), [({}, 45), ({"look_back": 3}, 3), ({"look_back": 0}, 0)], ids=str
)
def test_delta_begins_so_many_days_before_the_cursor(options, days, two):
    sync(Accounts("a", records=two), LookingBack)
    source = Accounts("a", records=two)
    sync(source, LookingBack, options=options)

    assert source.asked == [("a", LONG_AGO + (4 - days) * DAY)]


def test_look_back_is_a_setting_and_the_flag_counts_before_it(monkeypatch):
    monkeypatch.setenv("SHOP_LOOK_BACK_DAYS", "10")
    name = "SHOP_LOOK_BACK_DAYS"

    assert reach(SyncPlan(), timedelta(0), 45 * DAY, name) == 10 * DAY
    assert reach(SyncPlan(options={"look_back": 2}), timedelta(0), 45 * DAY, name) == 2 * DAY
    assert reach(SyncPlan(), 5 * DAY, None, name) == 5 * DAY


@pytest.mark.parametrize("text", ["a month", "-3", "4.5", "４５"], ids=ascii)
def test_look_back_that_is_no_number_says_so(text, monkeypatch):
    monkeypatch.setenv("SHOP_LOOK_BACK_DAYS", text)
    with pytest.raises(ConfigurationError, match=r"fix: write a whole number, as in 45$") as refused:
        reach(SyncPlan(), timedelta(0), 45 * DAY, "SHOP_LOOK_BACK_DAYS")

    assert (refused.value.what, refused.value.where) == (
        f"{text!r} is not a number of days",
        "SHOP_LOOK_BACK_DAYS",
    )


# A cursor that never changes: the delta sweeps its window.


class Fixed(PartsEngine):
    resource = Resource("customers", cursor="updated_at", fixed=True)
    overlap = 3 * DAY


def test_delta_sweeps_what_its_window_does_not_show_any_more(database, two):
    sync(Accounts("a", "b", records=two), Fixed)
    history = sync(Accounts("a", "b", records=[r for r in two if r["id"] not in ("a0", "a3", "b4")]), Fixed)

    assert (history.configuration["strategy"], history.records_deleted) == ("delta", 2)
    assert ShopCustomer.objects.filter(id="a0").exists(), "it lies before the window"
    assert not ShopCustomer.objects.filter(id__in=["a3", "b4"]).exists()


@pytest.mark.parametrize("flags", [{"max_records": 1}, {"narrowed": True}, {"dry_run": True}], ids=str)
def test_delta_that_is_cut_sweeps_nothing(flags, two):
    sync(Accounts("a", records=two), Fixed)
    sync(Accounts("a", records=two[:3]), Fixed, **flags)

    assert ShopCustomer.objects.filter(name="a").count() == 5


def test_window_that_showed_nothing_is_left_alone_and_the_run_succeeds(two):
    sync(Accounts("a", records=two), Fixed)
    history = sync(Accounts("a", records=two[:1]), Fixed)

    assert (history.status, history.records_deleted) == ("success", 0)
    assert "a not swept: it showed none of 4 rows" in history.performance_metrics["notes"]


def test_window_that_lacks_too_much_is_left_to_a_full_run():
    many = [customer("a", n, n / 100) for n in range(100)]
    sync(Accounts("a", records=many), Fixed)
    delta = sync(Accounts("a", records=many[:70]), Fixed)
    with pytest.raises(SafetyStop, match="refused to delete 30"):
        sync(Accounts("a", records=many[:70]), Fixed, full=True)
    forced = sync(Accounts("a", records=many[:70]), Fixed, full=True, allow_deletes=True)

    assert (delta.status, delta.records_deleted, forced.records_deleted) == ("success", 0, 30)


def test_delta_that_sweeps_is_no_full_compare(two):
    class Compared(Fixed):
        delta_misses_changes = True

    sync(Accounts("a", records=two), Compared)
    history = sync(Accounts("a", records=two), Compared)

    assert (history.configuration["strategy"], history.configuration["complete"]) == ("delta", False)


# What the source keeps.


@pytest.mark.parametrize(
    ("moment", "months", "floor"),
    [
        ("2026-11-25T08:00", 25, "2024-10-26"),
        ("2026-11-25T08:59:58.123456", 25, "2024-10-26"),
        ("2026-03-31T00:00", 25, "2024-03-01"),
        ("2026-01-31T00:00", 1, "2026-01-01"),
        ("2025-12-05T00:00", 24, "2023-12-06"),
    ],
)
def test_first_day_that_a_source_certainly_keeps(moment, months, floor):
    before = months_before(datetime.fromisoformat(f"{moment}+00:00"), months)

    assert before == datetime.fromisoformat(f"{floor}T00:00+00:00")


@pytest.mark.parametrize(
    "flags", [{}, {"full": True}, {"force": True}, {"start_date": LONG_AGO - 900 * DAY}], ids=str
)
def test_nothing_is_asked_for_that_the_source_does_not_keep(flags):
    resource = Resource("calls", cursor="updated_at", keeps_months=25)
    started = datetime(2026, 11, 25, 8, tzinfo=UTC)
    window = choose_windows(
        SyncPlan(**flags), Past(), resource=resource, overlap=DAY, started=started, parts=("a",)
    )

    assert window.since == window.of("a").since == datetime(2024, 10, 26, tzinfo=UTC)


def test_delta_of_a_source_that_forgets_begins_at_its_watermark():
    resource = Resource("calls", cursor="updated_at", keeps_months=25)
    started = datetime(2026, 11, 25, 8, tzinfo=UTC)
    window = choose_windows(SyncPlan(), Past(LONG_AGO), resource=resource, overlap=DAY, started=started)

    assert (window.strategy, window.since) == ("delta", LONG_AGO - DAY)


class Forgetful(PartsEngine):
    resource = Resource("customers", cursor="updated_at", keeps_months=25)


def test_row_that_is_older_than_the_source_keeps_is_not_swept():
    now = datetime.now(UTC)
    old = {"id": "a0", "name": "a", "updated_at": (now - 700 * DAY).isoformat()}
    young = [{"id": f"a{n}", "name": "a", "updated_at": (now - n * DAY).isoformat()} for n in range(1, 4)]
    sync(Accounts("a", records=[old, *young]), Forgetful)
    ShopCustomer.objects.filter(id="a0").update(updated_at=now - 900 * DAY)
    history = sync(Accounts("a", records=young[:2]), Forgetful, full=True)

    assert history.records_deleted == 1
    assert set(ShopCustomer.objects.values_list("id", flat=True)) == {"a0", "a1", "a2"}
