"""One writer per entity: who holds a lease, how it is freed, and what a run can do that has lost it."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingestion.base.exceptions import LeaseLost, LeaseRefused
from ingestion.base.lease import Holder, acquire, let_go, machine, refusal
from ingestion.base.reading import BATCH_ROWS
from ingestion.base.testing import MemorySource
from ingestion.models import SyncHistory
from tests.shop.engines import ShopCustomerSyncEngine
from tests.shop.models import ShopCustomer

pytestmark = pytest.mark.django_db
BOOT = Path("/proc/sys/kernel/random/boot_id")
ME = (socket.gethostname(), machine())
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def run_row(lease, **values):
    values = {"start_time": timezone.now(), "heartbeat_at": timezone.now()} | values
    return SyncHistory.objects.create(crm_source="shop", sync_type="customers", lease=lease, **values)


def wanted():
    return SyncHistory(crm_source="shop", sync_type="customers", start_time=timezone.now())


def source(**kwargs):
    records = [
        {"id": str(n), "name": "x", "updated_at": "2026-03-01T00:00:00Z"} for n in range(5 * BATCH_ROWS // 2)
    ]
    return MemorySource(records, page_size=1000, **kwargs)


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    started = psutil.Process(process.pid).create_time()
    process.wait()
    return process.pid, started


def test_lease_names_host_boot_pid_and_process_start():
    holder = Holder.this_process()

    assert (holder.host, holder.machine, holder.pid) == (*ME, os.getpid())
    assert holder.started == psutil.Process().create_time()
    assert Holder.parse(str(holder)).token == holder.token


def test_two_leases_of_one_process_differ():
    assert str(Holder.this_process()) != str(Holder.this_process())


def test_database_itself_refuses_a_second_running_row(database):
    run_row("a")
    with pytest.raises(IntegrityError), transaction.atomic(database):
        run_row("b")

    assert SyncHistory.objects.count() == 1


def test_finished_rows_of_one_entity_may_be_many(database):
    for status in ("success", "failed", "partial", "success"):
        run_row(None, status=status)

    assert SyncHistory.objects.count() == 4


def test_living_holder_is_named_and_nothing_is_written(database):
    row = run_row(str(Holder.this_process()))
    with CaptureQueriesContext(connections[database]) as asked, pytest.raises(LeaseRefused) as refused:
        acquire(wanted())

    assert not any("INSERT" in each["sql"] for each in asked)
    assert f"run {row.pk} on {ME[0]}, process {os.getpid()} is at work" in str(refused.value)
    assert f"sync_status --close {row.pk}" in refused.value.fix
    assert SyncHistory.objects.count() == 1


def test_dead_process_on_this_host_frees_the_lease_at_once(database):
    pid, started = dead_process()
    row = run_row(str(Holder(*ME, pid, started, "x")))
    acquire(mine := wanted())

    row.refresh_from_db()
    assert (row.status, row.lease, mine.status) == ("failed", None, "running")
    assert row.start_time <= row.end_time <= timezone.now()
    assert mine.heartbeat_at >= mine.start_time - timedelta(seconds=1)
    assert row.error_message == f"interrupted: {ME[0]}, process {pid} is gone; closed by the next run"


def test_pid_that_another_process_has_now_is_a_dead_holder():
    run_row(str(Holder(*ME, os.getpid(), psutil.Process().create_time() - 1000, "x")))
    acquire(mine := wanted())

    assert mine.pk


@pytest.mark.parametrize(
    ("seconds", "dead"), [(0, False), (4.9, False), (-4.9, False), (5, True), (-5, True)]
)
def test_start_of_a_process_may_be_read_a_little_differently_the_next_time(seconds, dead):
    parent = psutil.Process(os.getppid())
    holder = Holder(*ME, parent.pid, parent.create_time() + seconds, "x")

    assert holder.is_dead() is dead


def test_run_of_a_process_that_had_our_pid_before_us_is_dead_whatever_its_token():
    assert replace(Holder.this_process(), started=1.0).is_dead() is True


@pytest.mark.parametrize("elsewhere", [("other-host", ME[1]), (ME[0], "another boot")])
def test_of_a_process_elsewhere_nothing_is_known(elsewhere):
    assert Holder(*elsewhere, *dead_process(), "x").is_dead() is False


def test_name_of_a_host_may_hold_what_stands_between_the_parts_of_a_lease(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "rack|7")
    acquire(first := wanted())
    with pytest.raises(LeaseRefused, match=f"on rack_7, process {os.getpid()} is at work"):
        acquire(wanted())
    let_go(first.lease)
    acquire(second := wanted())

    assert (first.lease.split("|")[0], len(first.lease.split("|"))) == ("rack_7", 5)
    assert SyncHistory.objects.get(status="running").pk == second.pk


def test_killed_process_that_nobody_has_waited_for_is_dead():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = Holder(*ME, process.pid, psutil.Process(process.pid).create_time(), "x")
    alive = not holder.is_dead()
    process.kill()
    psutil.Process(process.pid).status()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    dead = holder.is_dead()
    process.wait()

    assert alive
    assert dead


@pytest.mark.parametrize("elsewhere", [("other-host", ME[1]), (ME[0], "another boot")])
def test_process_elsewhere_is_judged_by_its_heartbeat_alone(elsewhere, database):
    row = run_row(str(Holder(*elsewhere, *dead_process(), "x")))
    with pytest.raises(LeaseRefused):
        acquire(wanted())
    SyncHistory.objects.filter(pk=row.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=6))
    acquire(mine := wanted())

    assert mine.pk


def test_heartbeat_of_four_minutes_ago_still_holds(database):
    run_row(
        str(Holder("other-host", "boot", 1, 1.0, "x")), heartbeat_at=timezone.now() - timedelta(minutes=4)
    )
    with pytest.raises(LeaseRefused):
        acquire(wanted())


def test_heartbeat_of_five_and_a_half_minutes_ago_does_not_hold_any_more(database):
    run_row(
        str(Holder("other-host", "boot", 1, 1.0, "x")), heartbeat_at=timezone.now() - timedelta(minutes=5.5)
    )
    acquire(mine := wanted())

    assert mine.pk


def test_running_row_that_nobody_signed_is_freed_when_it_is_old(database):
    row = run_row(None, heartbeat_at=None, start_time=timezone.now() - timedelta(hours=1))
    acquire(mine := wanted())

    row.refresh_from_db()
    assert row.error_message == "interrupted: a holder that left no name is gone; closed by the next run"
    assert mine.pk


def test_running_row_that_nobody_signed_and_that_ends_meanwhile_stays_a_success(database):
    row = run_row(None, start_time=timezone.now() - timedelta(hours=1), heartbeat_at=None)
    ends = Meanwhile("UPDATE", lambda: SyncHistory.objects.update(status="success"))
    with connections[database].execute_wrapper(ends):
        acquire(mine := wanted())

    row.refresh_from_db()
    assert (ends.left, row.status, mine.status) == (0, "success", "running")


@pytest.mark.parametrize(("heard", "at"), [(DAY + timedelta(hours=9), "09:00:00"), (None, "08:30:00")])
def test_refusal_says_where_a_run_is_since_when_and_when_it_was_heard_of(heard, at):
    row = run_row(None, start_time=DAY + timedelta(hours=8, minutes=30), heartbeat_at=heard)

    assert refusal(row).what == (
        f"run {row.pk} in an unknown place is at work since 2026-03-01 08:30:00 UTC, last heard of at {at}"
    )
    assert refusal(row).where == "shop customers"


def test_second_run_of_an_entity_is_refused_while_the_first_works():
    acquire(wanted())
    with pytest.raises(LeaseRefused):
        ShopCustomerSyncEngine(client=source()).sync()

    assert SyncHistory.objects.count() == 1
    assert not ShopCustomer.objects.exists()


def test_other_entities_run_beside_it():
    acquire(wanted())
    acquire(other := SyncHistory(crm_source="shop", sync_type="orders", start_time=timezone.now()))

    assert other.pk


def take_over():
    """What another run does when it finds the lease stale."""
    SyncHistory.objects.filter(status="running").update(status="failed", lease=None)
    acquire(wanted())


def test_run_that_was_taken_over_commits_nothing_more(database):
    class TakenOver(ShopCustomerSyncEngine):
        async def save_data(self, batch, position):
            await self.saved()
            if self.history.batch == 1:
                await sync_to_async(take_over)()
            await super().save_data(batch, position)

    engine = TakenOver(client=source())
    with pytest.raises(LeaseLost, match="does not hold the lease any more"):
        engine.sync()

    assert ShopCustomer.objects.count() == BATCH_ROWS
    assert list(SyncHistory.objects.values_list("status", flat=True)) == ["running", "failed"]


def test_run_that_was_closed_by_hand_before_its_end_does_not_call_itself_a_success(database):
    class ClosedLate(ShopCustomerSyncEngine):
        def check_result(self):
            pass

        async def delete_missing(self, window):
            await sync_to_async(SyncHistory.objects.filter(status="running").update)(
                status="failed", lease=None
            )

    with pytest.raises(LeaseLost):
        ClosedLate(client=source()).sync()

    assert SyncHistory.objects.get().status == "failed"


class Meanwhile:
    """Something that another process does just before the first `times` statements that begin like this."""

    def __init__(self, begins, act, times=1):
        self.begins = begins
        self.act = act
        self.left = times

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith(self.begins) and self.left:
            self.left -= 1
            begins, self.begins = self.begins, "nothing of our own doing"
            self.act()
            self.begins = begins
        return execute(sql, params, many, context)


def test_run_that_another_process_was_faster_than_looks_again(database):
    faster = Meanwhile("INSERT INTO", lambda: run_row("faster"))
    with connections[database].execute_wrapper(faster):
        acquire(mine := wanted())

    assert (faster.left, SyncHistory.objects.get().lease) == (0, mine.lease)


def test_run_that_is_never_fast_enough_is_refused(database):
    faster = Meanwhile("INSERT INTO", lambda: run_row("faster"), times=3)
    with (
        connections[database].execute_wrapper(faster),
        pytest.raises(LeaseRefused, match=r"^other runs come and go too fast") as refused,
    ):
        acquire(mine := wanted())

    assert refused.value.fix == "run again"
    assert mine.pk is None
    assert not SyncHistory.objects.exists()


def test_run_that_ends_while_it_is_looked_at_is_not_in_the_way(database):
    row = run_row(str(Holder.this_process()))
    ends = Meanwhile("UPDATE", lambda: SyncHistory.objects.update(status="failed", lease=None))
    with connections[database].execute_wrapper(ends):
        acquire(mine := wanted())

    row.refresh_from_db()
    assert (ends.left, row.status, row.error_message, mine.status) == (0, "failed", None, "running")


def test_opening_again_finds_the_row_that_was_saved_before(database):
    acquire(mine := wanted())
    number, lease = mine.pk, mine.lease
    mine.pk = None
    acquire(mine)

    assert (mine.pk, mine.lease, SyncHistory.objects.count()) == (number, lease, 1)


def test_run_of_this_process_that_has_ended_frees_the_lease(database):
    acquire(first := wanted())
    let_go(first.lease)
    acquire(second := wanted())

    first.refresh_from_db()
    assert (first.status, first.lease, second.status) == ("failed", None, "running")


def test_lease_that_somebody_else_wrote_is_let_go_without_a_word():
    let_go("somebody's")
    let_go(None)


@pytest.mark.parametrize("namespace", [True, False])
def test_machine_is_its_boot_and_where_there_is_one_its_pid_namespace(tmp_path, namespace):
    boot = tmp_path / "sys/kernel/random/boot_id"
    boot.parent.mkdir(parents=True)
    boot.write_text("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    if namespace:
        (tmp_path / "self/ns/pid").symlink_to("pid:[4026531836]")

    assert machine(tmp_path) == "0f1e2d3c-4b5a-6978" + (".4026531836" if namespace else ".")


@pytest.mark.skipif(not BOOT.exists(), reason="this system has no boot ids")
def test_this_machine_is_told_by_its_own_boot():
    assert machine().partition(".")[0] == BOOT.read_text()[:18]


def test_machine_without_boot_ids_is_told_by_the_time_of_its_boot(tmp_path):
    assert machine(tmp_path) == str(int(psutil.boot_time()))


def test_refused_engine_leaves_no_row_behind(database):
    run_row(str(Holder.this_process()))
    with pytest.raises(LeaseRefused):
        ShopCustomerSyncEngine(client=source()).sync()

    assert SyncHistory.objects.count() == 1
