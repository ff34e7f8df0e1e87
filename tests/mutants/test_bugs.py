"""Each known bug, put back, is noticed; `docs/reliability.md` names by what."""

import pytest
from django.core.management import call_command

from tests.mutants.bugs import BUGS, Patch
from tests.simulation.world import Stage, Violation

MOST = 200


def noticed(bug, stage):
    """Whether a world notices the bug: the one that is known to, else any of the first 200."""
    for seed in [bug.seed, *range(MOST)]:
        try:
            stage.play(seed)
        except Violation:
            return True
    return False


@pytest.mark.parametrize("bug", [bug for bug in BUGS if not bug.test], ids=lambda bug: bug.name)
def test_world_notices_the_bug(bug, transactional_db):
    with Stage("default") as stage, bug.put_back():
        assert noticed(bug, stage)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.test], ids=lambda bug: bug.name)
def test_named_test_notices_the_bug(bug, transactional_db):
    bug.test()
    with bug.put_back(), pytest.raises(AssertionError):
        again(bug)


def again(bug):
    """The test once more, from an empty table."""
    call_command("flush", verbosity=0, interactive=False)
    bug.test()


def test_text_that_is_not_there_any_more_is_an_error():
    patch = Patch(noticed, "a text that is gone", "")

    with pytest.raises(LookupError, match="does not have once"):
        patch.code()


def test_bug_is_gone_afterwards():
    codes = [patch.function.__code__ for bug in BUGS for patch in bug.patches]
    for bug in BUGS:
        with bug.put_back():
            assert [patch.function.__code__ for patch in bug.patches] != codes

    assert [patch.function.__code__ for bug in BUGS for patch in bug.patches] == codes


def test_there_are_eighteen():
    assert len(BUGS) == 18
