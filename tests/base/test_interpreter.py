"""A run sets the interpreter's habits for itself, and leaves them as they were."""

import gc
import sys
import weakref
from contextlib import suppress

import pytest

from ingestion.base.interpreter import SWITCH, YOUNG, tuned
from ingestion.base.plan import SyncPlan
from ingestion.base.testing import MemorySource
from tests.shop.engines import ShopCustomerSyncEngine


def habits():
    return gc.get_threshold(), sys.getswitchinterval()


def test_habits_are_those_of_a_run_inside_and_the_former_ones_afterwards():
    before = habits()
    with suppress(ValueError), tuned():
        inside = habits()
        raise ValueError

    assert inside[0][0] == YOUNG
    assert inside[1] == pytest.approx(SWITCH)
    assert habits() == before


def test_project_that_collects_no_cycles_is_left_alone():
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with tuned():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


class Cycle:
    """Something that refers to itself."""

    def __init__(self):
        self.own = self


def test_cycles_of_a_run_do_not_become_old_by_the_next_one():
    with tuned():
        left = weakref.ref(Cycle())
    with tuned():
        pass
    gc.collect(1)  # a full search hardly ever comes

    assert left() is None


@pytest.mark.django_db
def test_run_works_with_them_and_leaves_none_behind():
    seen, before = [], habits()
    ShopCustomerSyncEngine(
        client=MemorySource([{"id": "1", "name": "x"}], before_page=lambda _: seen.append(habits()))
    ).sync(SyncPlan())

    assert seen[0][0][0] == YOUNG
    assert habits() == before
