"""The page docs/reliability.md, made of declarations: `make reliability` writes it.

A rule names the places that keep it and the tests that prove it; a name that is not there is an error.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import django

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"

MEASURED = """\
| what | how much | found |
|---|---|---|
| worlds on SQLite | seeds 0 to 9,999, 115,284 runs of the engine | 1 violation (seed 9231, below), corrected |
| the same since that correction | seeds 0 to 9,999, 115,343 runs | 0 violations of the promise |
| worlds on PostgreSQL | seeds 0 to 1,999, 23,074 runs of the engine | 0 violations |
| worlds before that | seeds 0 to 4,999 and 5,000 to about 8,500 | 12 violations: 2 of the product (below), 10 of what the simulator asked for; each of these worlds is clean since |
| found since the oracle forgives less | | a signal could leave a run's row open while it was opened or closed; a delta after a list that shifts was never followed by a full compare unless the entity declared it; an older answer that came later took a newer bad record out of quarantine; a search that answered another question within a walk by key hid the keys in between; an early empty answer to a page asked for ahead hid a record from the read that decides on deletes; an index minutes behind took a newer bad record out of quarantine that an earlier run had put there (all corrected) |
| the same world twice | one seed, its whole story compared | no difference |
| speed on machines of two cores | 48 to 57 runs in a second of a core on SQLite, 34 to 37 on PostgreSQL; on a slower one 24 to 28, and 19 to 24 | two thirds of it are Django composing the product's own statements, fifty for a run, of which SQLite's own work is three percent; the oracle takes six |
| known bugs put back | 18 | 18 noticed: 16 by worlds, 2 by a named test |
"""

MUTANTS = """\
## Mutants

Each of these modules was changed in one place at a time: comparisons and their ends, and/or/not, conditions that are always
or never so, constants and texts, arithmetic, a filter, a keyword, a statement or an error left out, None for an answer. A
mutant is killed when a test that comes by its line fails.

| module | mutants | killed |
|---|---|---|
| `base/window.py` | 280 | 274 (98 %) |
| `base/plan.py` | 161 | 158 (98 %) |
| `base/lease.py` | 144 | 135 (94 %) |
| `base/loaders/base.py` | 168 | 157 (93 %) |
| `base/loaders/copying.py` | 127 | 112 (88 %) |
| `base/loaders/portable.py` | 293 | 268 (91 %) |
| `base/loaders/postgres.py` | 150 | 135 (90 %) |
| `base/loaders/statements.py` | 116 | 109 (94 %) |
| `base/loaders/__init__.py` | 11 | 11 (100 %) |

Those that are left were looked at one by one. Nearly all change nothing that could be seen: a cast or a type for the type
checker, a fast path that is not taken (the slow one answers the same), a filter that another one implies, two conditions of
which each suffices (a lease's row is known by its number and by its token), `strict=` of lists of one length, 501 keys in a
statement instead of 500, the name of a temporary column. The rest are texts of help and how often a silent run says that it
lives. The branches of these modules are covered, all of them.
"""

HEAD = """\
# Reliability: each rule, where it is kept, and what proves it

This page is made by `make reliability` from `tests/reliability.py`; a test fails when it is not what that makes.

> At-least-once from the source, exactly-once effect in your tables. A record is applied, or skipped for a recorded
> reason, or kept in quarantine with its errors, or the watermark has not passed it. Deletes happen only after a
> complete read.
"""

WORLDS = """\
## Simulated worlds

One seed decides a whole world: the source with its paging, its lag and the people who write meanwhile; the runs with
their flags; and what goes wrong. The clock is virtual and there is one thread, so that the same seed is the same world.
The engine, the client with its retries and paging, the processor and the loader are the product's own; only the edges
are played: the clock, the processes of the system, the session to the source, and the faults of the database.

- **The source**: concurrent edits, imports with one timestamp for all, timestamps in whole seconds or minutes, an index
  that lags, late commits, clocks that are wrong, soft and hard deletes, records that come back, members that are not
  shown any more, bad records, and replays of those with a mended mapping. Pages by key, by snapshot, or by offsets that shift.
- **Faults**: 503 and 429, resets, timeouts, answers cut short, HTML, empty bodies, answers without their list, a cursor
  that is stuck, outages; locks, deadlocks, lost connections, a COMMIT whose answer is lost; signals; death at any
  statement, COMMIT or request; two workers at once; a process that is stopped for minutes and then goes on.
- **After every run** the oracle looks: no watermark above a record that is not stored, and none that moves back or lies in
  the future; what a whole run was shown is stored; every row counted as created exactly once; the ledger balanced; nothing
  alive deleted; a closed run never changed again; no run left running; a dry run without a trace.
- **No failure without a reason**: a passing fault fails a run only when the same request, or the same step in the database, has
  met it eight times in a row; and no run succeeds that was answered with HTML, an empty body, a refusal or no list.
- **What the oracle forgives**: where offsets shift, a watermark above a record that the list never showed (a full compare must
  bring it) and the deletion of one that two reads running have hidden and that the source cannot be asked for; a row that is
  newer than the record, because the source's clock was wrong once; where several pages of such a list are asked for at
  once, an older answer that comes after a newer one (the next delta brings that), or a page behind an empty one.
- **At the end** the table is exactly the source, an unchanged run writes nothing, and a planted secret is nowhere.

`make test` plays 200 of them on SQLite and a few on PostgreSQL; `make simulate SEEDS=10000` (`DB=postgres`) plays more,
and `make simulate SEED=n` tells one world's story.
"""


@dataclass(frozen=True)
class Rule:
    """A rule in one or two sentences, the places that keep it and the tests that prove it."""

    name: str
    says: str
    kept: tuple[str, ...]
    proved: tuple[str, ...]


W, E, D, F = "tests.base.test_window:", "tests.base.test_engine:", "tests.base.test_deletes:", "tests.faults."
B = "ingestion.base."
RULES = [
    Rule(
        "The watermark is what is stored, not when a run ended",
        "The next delta begins at the greatest timestamp that was stored, less an overlap, both ends included. It is"
        " capped by the run's own start less the source's lag, never lies in the future and never moves back.",
        (
            B + "window:Window.advanced",
            B + "window:Window.watermark",
            "ingestion.models.common:SyncHistoryQuerySet.watermark",
        ),
        (
            E + "test_record_changed_while_a_page_was_read_arrives_with_the_next_delta",
            E + "test_watermark_never_moves_back",
        ),
    ),
    Rule(
        "Only a run that covered everything moves it",
        "A dry run, a run cut by `--max-records`, a later `--start-date` and whatever failed leave it where it is.",
        (B + "window:choose_window", B + "plan:SyncPlan.partial", B + "history:close_run"),
        (
            E + "test_run_that_did_not_cover_everything_moves_no_watermark",
            E + "test_partial_run_moves_the_watermark_and_a_failed_one_does_not",
        ),
    ),
    Rule(
        "Where clocks are set back, nothing is lost",
        "For a source with naive wall-clock times the lower bound is the earliest reading of the window.",
        (B + "window:earliest_wall_time",),
        (W + "test_earliest_wall_time_before_a_fold_is_where_the_fold_begins_again",),
    ),
    Rule(
        "Pages go by (timestamp, key)",
        "Thousands of equal timestamps neither loop nor drop, and no cap of a result is met. The same page twice fails"
        " the run.",
        (B + "pagination:KeysetWindow", B + "datasource:LoopGuard"),
        (
            E + "test_thousands_of_equal_timestamps_are_complete_and_end",
            E + "test_page_that_repeats_fails_the_run_within_two_requests",
        ),
    ),
    Rule(
        "One transaction for a batch",
        "Rows, rejected records, counts and checkpoint commit together; the first statement proves the lease and numbers"
        " the batch, so that a COMMIT whose answer was lost is recognised and no batch is loaded twice.",
        (B + "saving:BatchWriter.save", B + "saving:BatchWriter.open_batch", B + "patience:patiently"),
        (
            "tests.base.test_saving:test_rows_rejected_counts_and_checkpoint_commit_together",
            F + "test_connection:test_every_commit_of_a_run_may_be_lost",
        ),
    ),
    Rule(
        "An interrupted read goes on where its last commit was",
        "With the first run's bounds and cap, and only under the same orders, source and mapping.",
        (B + "window:Window.resumed", B + "window:fingerprint", B + "history:stopped_run"),
        (
            E + "test_resumed_run_keeps_the_bounds_and_the_cap_of_the_first",
            F + "test_crashes:test_killed_run_is_made_up_for_by_the_next_one",
        ),
    ),
    Rule(
        "One writer for an entity",
        "The running row is the lease. A dead process on this machine frees it at once, another by its heartbeat; who has"
        " lost it commits nothing more.",
        (B + "lease:acquire", B + "lease:Holder.is_dead", B + "saving:BatchWriter.own_row"),
        (
            "tests.base.test_lease:test_run_that_was_taken_over_commits_nothing_more",
            F + "test_processes:test_process_that_lost_its_lease_to_another_commits_nothing_more",
        ),
    ),
    Rule(
        "Deletes only after a complete read",
        "Never after a cut, filtered or failed read; after a list that shifts only what was absent twice, or what the"
        " source says is gone. An empty read deletes nothing, and more than a fifth needs leave.",
        (
            B + "sweeping:Sweeping.delete_missing",
            B + "sweeping:Sweeping.confirmed",
            B + "deletes:check_sweep",
        ),
        (
            D + "test_incomplete_read_deletes_nothing",
            D + "test_key_that_an_unstable_read_hid_once_is_not_deleted",
            D + "test_failed_read_deletes_nothing",
        ),
    ),
    Rule(
        "What comes back is alive again",
        "A record that the source shows again clears the mark of deletion and counts as updated.",
        (B + "loaders.portable:PortableLoader.differs",),
        (D + "test_row_that_comes_back_is_cleared_and_counts_as_updated",),
    ),
    Rule(
        "A newer row is not overwritten",
        "Neither by an old page nor by a replay; only `--force` lifts this guard.",
        (B + "loaders.base:Target.protected", B + "deletes:unprotected", B + "replay:replay"),
        (
            E + "test_older_record_does_not_overwrite_a_newer_row_even_with_full",
            "tests.base.test_replay:test_old_payload_never_overwrites_a_newer_row",
        ),
    ),
    Rule(
        "Absent is not null",
        "A column whose path no record of the run has shown stays as it is.",
        (B + "mapping:FieldMapper.columns_for",),
        (E + "test_column_that_no_record_of_a_run_shows_is_left_as_it_is", E + "test_null_is_null"),
    ),
    Rule(
        "A failed read is never an empty success",
        "HTML, an empty body, a page without its list and a retry that gives up are errors; so is a limit that is hit.",
        (B + "transport:decoded", B + "client:BaseAPIClient.with_records", B + "reading:load_batches"),
        (
            D + "test_failed_read_deletes_nothing",
            E + "test_more_than_the_allowed_share_of_rejected_records_fails_the_run",
        ),
    ),
    Rule(
        "Every record is counted once",
        "Processed is created, updated, unchanged, skipped and rejected together; the database itself checks it.",
        (B + "ledger:Counts.check", B + "saving:BatchWriter.committed_before"),
        (
            E + "test_ledger_that_does_not_balance_commits_nothing",
            "tests.base.test_saving:test_batch_whose_commit_went_through_unheard_is_not_loaded_twice",
        ),
    ),
]


def place(name):
    """`ingestion/base/window.py: Window.resumed`; raises where there is no such thing."""
    resolve_name(name)
    module, _, thing = name.partition(":")
    return f"`{module.replace('.', '/')}.py: {thing}`"


def rules():
    """A section for each rule."""
    for rule in RULES:
        kept, proved = (", ".join(map(place, names)) for names in (rule.kept, rule.proved))
        yield f"### {rule.name}\n\n{rule.says}\n\n- kept in {kept}\n- proved by {proved}\n"


def bugs():
    """A line for each bug that is put back."""
    yield "| bug | noticed by |\n|---|---|"
    for bug in import_module("tests.mutants.bugs").BUGS:
        yield f"| {bug.name} | {by_what(bug)} |"


def by_what(bug):
    """The world or the test that notices a bug."""
    if bug.seed is not None:
        return f"world {bug.seed}"
    return f"`{bug.named.__module__.replace('.', '/')}.py: {bug.named.__name__}`"


def page():
    """The whole page."""
    parts = [HEAD, "## Rules\n", *rules(), WORLDS, "## Known bugs, put back\n"]
    parts += [
        "Each of these is in programs of this kind. `tests/mutants` puts them back into the product's code one at a"
        " time, in memory,\nand fails when none of the first 200 worlds, nor the named test, notices.\n"
    ]
    return "\n".join([*parts, "\n".join(bugs()), "", MUTANTS, "## Measured\n", MEASURED])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PAGE.write_text(page(), encoding="utf-8")
