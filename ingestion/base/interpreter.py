"""The interpreter's own habits, set for a run: millions of objects in one thread, and saving in another."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""New containers after which Python looks for cycles; it does after 700, and a page of records is 2,000."""

SWITCH = 0.0005
"""Seconds after which a busy thread gives way: the one that saves asks for its turn after each answer of the
database, a dozen times in a batch, and would wait 5 ms each time."""


@contextmanager
def tuned() -> Iterator[None]:
    """For the time of a run: records have no cycles, so looking for them finds nothing and costs a fifth.

    Nothing is frozen: what is thawed again counts as old, and the cycles of a thousand small runs in one
    process would wait there for a full search that hardly ever comes. Afterwards everything is as it was.
    """
    thresholds, switch = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(max(YOUNG, thresholds[0]) if thresholds[0] else 0, *thresholds[1:])
    sys.setswitchinterval(min(SWITCH, switch))
    try:
        yield
    finally:
        sys.setswitchinterval(switch)
        gc.set_threshold(*thresholds)
