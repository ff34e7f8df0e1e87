"""Known bugs of such programs, to be put back one at a time: the tests must notice each.

A bug is the exact text of a function and what stood there in a worse program. The function's code is
exchanged in memory, wherever it was imported; text that is not there any more is an error.
"""

import __future__

import inspect
import re
import textwrap
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from ingestion.base.client import BaseAPIClient
from ingestion.base.loaders.portable import PortableLoader
from ingestion.base.mapping import FieldMapper
from ingestion.base.pagination import KeysetWindow
from ingestion.base.plan import SyncPlan
from ingestion.base.replay import replay
from ingestion.base.saving import BatchWriter
from ingestion.base.sweeping import Sweeping
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.window import Window, earliest_wall_time
from ingestion.models.common import SyncHistoryQuerySet
from ingestion.sync.hubspot.search import search_within
from tests.base import test_replay, test_window


@dataclass(frozen=True)
class Patch:
    """In a function: the text that stands there, and the text of the bug."""

    function: Callable
    text: str
    bug: str

    def code(self):
        source = textwrap.dedent(inspect.getsource(self.function))
        source = re.sub(r"\A(?:@.*\n)+", "", source)  # without its decorators
        if source.count(self.text) != 1:
            raise LookupError(f"{self.function.__qualname__} does not have once: {self.text}")
        scope = {**self.function.__globals__}
        flags = __future__.annotations.compiler_flag
        exec(compile(source.replace(self.text, self.bug), self.function.__qualname__, "exec", flags), scope)
        return scope[self.function.__name__].__code__


@dataclass(frozen=True)
class Bug:
    """A bug that is known; `seed` is a world that notices it, `test` a test that does where no world can."""

    name: str
    patches: tuple[Patch, ...]
    seed: int | None = None
    test: Callable | None = None
    named: Callable | None = None

    @contextmanager
    def put_back(self):
        kept = [(patch.function, patch.function.__code__) for patch in self.patches]
        codes = [patch.code() for patch in self.patches]
        for patch, code in zip(self.patches, codes, strict=True):
            patch.function.__code__ = code
        try:
            yield
        finally:
            for function, code in kept:
                function.__code__ = code


def bug(name, *patches, **found):
    return Bug(name, tuple(Patch(*each) for each in patches), **found)


def with_all_values(test):
    """A test once for each of its values."""
    [mark] = test.pytestmark
    for values in mark.args[1]:
        test(*values)


FOLD = test_window.test_earliest_wall_time_before_a_fold_is_where_the_fold_begins_again
NEWER = test_replay.test_old_payload_never_overwrites_a_newer_row


BUGS = [
    bug(
        "the watermark is the last run's end time",
        (
            SyncHistoryQuerySet.watermark,
            'values_list("watermark", flat=True)',
            'values_list("end_time", flat=True)',
        ),
        seed=0,
    ),
    bug(
        "the lower bound is exclusive",
        (search_within, '"GT" if bound.beyond else "GTE"', '"GT"'),
        seed=0,
    ),
    bug(
        "the cap of a result is ignored",
        (KeysetWindow.take, "if not self.is_full(answer) or answer", "if True or answer"),
        (
            KeysetWindow.next,
            "if full and not answer.records:",
            "if full:",
        ),
        seed=2,
    ),
    bug(
        "a sweep after a partial read",
        (
            BaseSyncEngine.determine_sync_strategy,
            "if self.sweeps and self.window.complete:",
            "if self.sweeps:",
        ),
        seed=0,
    ),
    bug(
        "a sweep after an unstable read",
        (Sweeping.delete_missing, 'if missing and self.client.paging == "unstable":', "if False:"),
        seed=11,
    ),
    bug(
        "rejected records are not stored",
        (BatchWriter.load, "rejected, State.REJECTED", "[], State.REJECTED"),
        seed=1,
    ),
    bug(
        "the lease is not checked in the commit",
        (BatchWriter.own_row, ", status=Status.RUNNING, lease=self.history.lease", ""),
        seed=2,
    ),
    bug(
        "pages go on after the last timestamp",
        (KeysetWindow.take, "if not self.is_full(answer) or answer", "if True or answer"),
        (
            KeysetWindow.next,
            "Bound(at=latest) if one_moment else Bound(since=latest)",
            "Bound(since=latest, beyond=True)",
        ),
        seed=0,
    ),
    bug(
        "a retry swallows the error",
        (
            BaseAPIClient.request,
            "return await self.send(request, decode)",
            "if attempt.num == self.patience.attempts:\n"
            '                return Answer({"results": [], "account": "account 1"}, {}, 0, request)\n'
            "            return await self.send(request, decode)",
        ),
        seed=56,
    ),
    bug(
        "a naive time zone across a fold",
        (earliest_wall_time, "for moment in moments)", "for moment in moments[:1])"),
        test=partial(with_all_values, FOLD),
        named=FOLD,
    ),
    bug(
        "a failed read is an empty success",
        (
            BaseAPIClient.with_records,
            "if isinstance(found, (list, Records)):",
            "if not isinstance(found, (list, Records)): found = []\n    if True:",
        ),
        seed=43,
    ),
    bug(
        "a limit ends as a success",
        (
            BaseAPIClient.read_stages,
            "guard.check(page)",
            "if guard.last and page.records and page.records == guard.last.records:\n"
            "                    return\n"
            "                guard.check(page)",
        ),
        seed=22,
    ),
    bug(
        "the checkpoint is outside the commit",
        (
            BatchWriter.save,
            "with transaction.atomic(self.using):",
            "self.own_row().update(checkpoint=checkpoint)\n    with transaction.atomic(self.using):",
        ),
        seed=0,
    ),
    bug(
        "a --max-records run moves the watermark",
        (
            SyncPlan.partial.fget,
            "self.narrowed or self.max_records > 0 or self.replay",
            "self.narrowed or self.replay",
        ),
        seed=2,
    ),
    bug(
        "a resumed run is capped by its own start",
        (Window.resumed, 'cap=parsed(checkpoint["cap"]) or self.cap', "cap=self.cap"),
        seed=2,
    ),
    bug(
        "a replay goes over a newer row",
        (replay, "SyncPlan(replay=True,", "SyncPlan(replay=True, force=True,"),
        test=partial(NEWER, "default"),
        named=NEWER,
    ),
    bug(
        "what is absent becomes null",
        (
            FieldMapper.columns_for,
            "return tuple(column for column in self.columns if column.name in self.seen)",
            "return self.columns",
        ),
        seed=0,
    ),
    bug(
        "a deleted row that returns stays deleted",
        (PortableLoader.differs, 'if self.soft and there["source_deleted_at"] is not None:', "if False:"),
        (PortableLoader.update, '{"source_deleted_at": None} if self.soft else {}', "{}"),
        seed=0,
    ),
]
