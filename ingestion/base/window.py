"""From when to when a run reads, and where it may go on: strategy, watermark, resume.

The guide reads the next delta from the last success's `end_time`; a record changed while that run was
reading would be lost. Here the next window starts at the *watermark*: the greatest source timestamp that
is known to be stored, less an overlap, both bounds inclusive.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from ingestion.base.datasource import Resource
from ingestion.base.exceptions import ConfigurationError
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Position, digest, to_json
from ingestion.conf import setting

Strategy = Literal["full", "delta", "from", "replay"]


@dataclass(frozen=True)
class Window:
    """What a run reads. Moments are UTC; both bounds belong to the window.

    `since` and `until` are the filter a client applies (None: no bound on that side). `cap` is the latest
    moment the watermark may take. `position` is where an interrupted read goes on. `covers` says that
    nothing between the last watermark and this read is left out, so that a watermark may be stored;
    `complete` that everything there is (of a delta: between its bounds) is read, so that a missing key means
    a deleted record (never with `--force`, which deletes nothing). `newest` is the greatest source timestamp
    that is stored so far. `parts` has a window for each account (or other parent) where there are several:
    one may have been read before, another not.
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
    parts: Mapping[str, "Window"] = field(default_factory=dict)

    def of(self, part: str) -> "Window":
        """The window of one account, which is the whole one where there is but one."""
        return self.parts.get(part, self)

    def advanced(self, moments: Iterable[datetime | None], owners: Sequence[str] = ()) -> "Window":
        """The window with `newest` moved by these source timestamps.

        `owners` says of each timestamp whose it is. One after the cap is in the future, or in the stretch
        that the source may not show yet: it never becomes the watermark.
        """
        if self.parts:
            own = defaultdict(list)
            for owner, moment in zip(owners, moments, strict=False):
                own[owner].append(moment)
            return replace(self, parts={name: each.advanced(own[name]) for name, each in self.parts.items()})
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
            "parts": {name: each.as_checkpoint(position, ()) for name, each in self.parts.items()},
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
            parts={
                name: each.resumed(checkpoint["parts"][name], run) if name in checkpoint["parts"] else each
                for name, each in self.parts.items()
            },
        )

    def watermark(self, previous: datetime | None) -> datetime | None:
        """What the run may store: nothing it did not cover, and never a step back."""
        if not self.covers or self.newest is None:
            return None
        return max(previous, self.newest) if previous else self.newest

    def cursors(self, previous: Mapping[str, str]) -> dict[str, str]:
        """What the run may store of each account; those that were not read keep what they had."""
        moved = {name: each.watermark(parsed(previous.get(name))) for name, each in self.parts.items()}
        return {**previous, **{name: moment.isoformat() for name, moment in moved.items() if moment}}

    def earliest(self, cursors: Mapping[str, str]) -> datetime | None:
        """The watermark of a source of several accounts: the least of those that were read."""
        read = [parsed(cursors[name]) for name in self.parts if name in cursors]
        return min(filter(None, read), default=None)


@dataclass(frozen=True)
class Past:
    """What the history knows of an entity: its watermark, and whether a full compare is due.

    `cursors` are the watermarks of its accounts, where it has several.
    """

    watermark: datetime | None = None
    reconcile: bool = False
    cursors: Mapping[str, str] = field(default_factory=dict)

    def of(self, part: str) -> "Past":
        """What is known of one account: nothing of one that was never read."""
        return replace(self, watermark=parsed(self.cursors.get(part)))


def choose_windows(
    plan: SyncPlan,
    past: Past,
    *,
    resource: Resource,
    overlap: timedelta,
    started: datetime,
    parts: Sequence[str] = (),
) -> Window:
    """The window of a run, with one for each account: one that was never read is read from its beginning."""
    floor = months_before(started, resource.keeps_months) if resource.keeps_months else None

    def window(known: Past) -> Window:
        chosen = choose_window(plan, known, resource=resource, overlap=overlap, started=started)
        return replace(chosen, since=max(chosen.since or floor, floor)) if floor else chosen

    return replace(window(past), parts={part: window(past.of(part)) for part in parts})


def choose_window(
    plan: SyncPlan, past: Past, *, resource: Resource, overlap: timedelta, started: datetime
) -> Window:
    """The strategy: a start date › everything on demand › the watermark › everything."""
    cap = started - resource.lag
    if plan.end_date:
        cap = min(cap, plan.end_date)
    if plan.replay:
        return Window("replay", cap)
    if resource.business_date and (plan.start_date or plan.end_date):
        return Window("from", started - resource.lag, plan.start_date, plan.end_date)
    if plan.start_date and resource.cursor:
        reaches = past.watermark is not None and plan.start_date <= past.watermark
        return Window("from", cap, plan.start_date, cap, covers=reaches and not plan.partial)
    wanted = plan.full or plan.force or past.reconcile
    if past.watermark and resource.cursor and not wanted:
        whole = resource.fixed and not plan.partial
        return Window("delta", cap, past.watermark - overlap, cap, covers=not plan.partial, complete=whole)
    until = plan.end_date and cap
    complete = not plan.partial and until is None and not plan.force
    return Window(
        "full", cap, until=until if resource.cursor else None, covers=not plan.partial, complete=complete
    )


def reach(plan: SyncPlan, overlap: timedelta, look_back: timedelta | None, name: str) -> timedelta:
    """How far behind the watermark a delta begins: the overlap, or the look-back where one is declared.

    `--look-back` (days) counts before the setting `name`, and that before what is declared. Raises
    ConfigurationError when the setting is no number of days.
    """
    if look_back is None:
        return overlap
    days = plan.options.get("look_back")
    if days is None and (text := setting(name).strip()):
        if not (text.isascii() and text.isdigit()):
            raise ConfigurationError(
                f"{text!r} is not a number of days", where=name, fix="write a whole number, as in 45"
            )
        days = int(text)
    return max(overlap, look_back if days is None else timedelta(days=days))


def months_before(moment: datetime, months: int) -> datetime:
    """The midnight (UTC) after the same day so many months before: what lies behind it is certainly kept."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    midnight = moment.replace(year=year, month=month + 1, day=day, hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


def fingerprint(window: Window, plan: SyncPlan, *parts: object) -> str:
    """What must be equal for a stored position to mean the same in this run.

    Not `until`: it is frozen at the start of the first run, and the resuming run keeps that one.
    """
    windows = [each for each in (window, *window.parts.values()) if each.strategy != "full"]
    since = [iso(each.since) for each in windows]  # that of a full one is where the source's memory begins
    orders = [window.strategy, since, iso(plan.end_date), plan.force, plan.skip_validation]
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
