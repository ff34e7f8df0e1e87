"""From when to when a run reads, and where it may go on: strategy, watermark, resume.

The guide reads the next delta from the last success's `end_time`; a record changed while that run was
reading would be lost. Here the next window starts at the *watermark*: the greatest source timestamp that
is known to be stored, less an overlap, both bounds inclusive.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from ingestion.base.datasource import Resource
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Position, digest, to_json

Strategy = Literal["full", "delta", "from", "replay"]


@dataclass(frozen=True)
class Window:
    """What a run reads. Moments are UTC; both bounds belong to the window.

    `since` and `until` are the filter a client applies (None: no bound on that side). `cap` is the latest
    moment the watermark may take. `position` is where an interrupted read goes on. `covers` says that
    nothing between the last watermark and this read is left out, so that a watermark may be stored;
    `complete` that everything there is is read, so that a missing key means a deleted record (never with
    `--force`, which deletes nothing). `newest` is
    the greatest source timestamp that is stored so far.
    """

    strategy: Strategy
    cap: datetime
    since: datetime | None = None
    until: datetime | None = None
    position: Position | None = None
    covers: bool = False
    complete: bool = False
    newest: datetime | None = None
    resumes: int | None = None
    fingerprint: str = ""
    seen_paths: tuple[str, ...] = ()

    def advanced(self, moments: Iterable[datetime | None]) -> "Window":
        """The window with `newest` moved by these source timestamps.

        A timestamp after the cap is in the future, or in the stretch that the source may not show yet:
        it never becomes the watermark.
        """
        known = [moment for moment in moments if moment is not None and moment <= self.cap]
        if not known:
            return self
        greatest = max(known)
        return self if self.newest and greatest <= self.newest else replace(self, newest=greatest)

    def as_checkpoint(self, position: Position | None, seen_paths: Iterable[str]) -> dict[str, Any] | None:
        """What the next run needs to go on after `position`, as JSON."""
        if position is None:
            return None
        return {
            "fingerprint": self.fingerprint,
            "position": position,
            "since": iso(self.since),
            "until": iso(self.until),
            "cap": iso(self.cap),
            "newest": iso(self.newest),
            "seen_paths": sorted(seen_paths),
        }

    def resumed(self, checkpoint: dict[str, Any], run: int) -> "Window":
        """This window, gone on with where run number `run` stopped, under that run's own bounds."""
        return replace(
            self,
            position=checkpoint["position"],
            since=parsed(checkpoint["since"]),
            until=parsed(checkpoint["until"]),
            cap=parsed(checkpoint["cap"]) or self.cap,
            newest=parsed(checkpoint["newest"]),
            seen_paths=tuple(checkpoint["seen_paths"]),
            resumes=run,
        )

    def watermark(self, previous: datetime | None) -> datetime | None:
        """What the run may store: nothing it did not cover, and never a step back."""
        if not self.covers or self.newest is None:
            return None
        return max(previous, self.newest) if previous else self.newest


@dataclass(frozen=True)
class Past:
    """What the history knows of an entity: its watermark, and whether a full compare is due."""

    watermark: datetime | None = None
    reconcile: bool = False


def choose_window(
    plan: SyncPlan, past: Past, *, resource: Resource, overlap: timedelta, started: datetime
) -> Window:
    """The strategy: a start date › everything on demand › the watermark › everything."""
    cap = started - resource.lag
    if plan.end_date:
        cap = min(cap, plan.end_date)
    if plan.replay:
        return Window("replay", cap)
    if plan.start_date and resource.cursor:
        reaches = past.watermark is not None and plan.start_date <= past.watermark
        return Window("from", cap, plan.start_date, cap, covers=reaches and not plan.partial)
    wanted = plan.full or plan.force or past.reconcile
    if past.watermark and resource.cursor and not wanted:
        return Window("delta", cap, past.watermark - overlap, cap, covers=not plan.partial)
    until = plan.end_date and cap
    complete = not plan.partial and until is None and not plan.force
    return Window(
        "full", cap, until=until if resource.cursor else None, covers=not plan.partial, complete=complete
    )


def fingerprint(window: Window, plan: SyncPlan, *parts: object) -> str:
    """What must be equal for a stored position to mean the same in this run.

    Not `until`: it is frozen at the start of the first run, and the resuming run keeps that one.
    """
    orders = [window.strategy, iso(window.since), iso(plan.end_date), plan.force, plan.skip_validation]
    return digest(to_json([*orders, sorted((k, str(v)) for k, v in plan.options.items()), *map(str, parts)]))


def earliest_wall_time(since: datetime, zone: tzinfo) -> datetime:
    """The smallest naive wall clock reading in `zone` at or after `since`.

    Where clocks are set back, 01:10 comes twice: a lower bound of 01:40 (first time) would lose the
    second 01:10. Zones change at quarters of an hour, by up to a few hours.
    """
    quarter = since.replace(minute=since.minute - since.minute % 15, second=0, microsecond=0)
    moments = [since, *(quarter + timedelta(minutes=15 * step) for step in range(1, 13))]
    return min(moment.astimezone(zone).replace(tzinfo=None) for moment in moments)


def iso(moment: datetime | None) -> str | None:
    """A moment as text."""
    return moment.astimezone(UTC).isoformat() if moment else None


def parsed(text: str | None) -> datetime | None:
    """A moment from its text."""
    return datetime.fromisoformat(text) if text else None
