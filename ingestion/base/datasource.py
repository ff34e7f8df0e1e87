"""What the engine needs of anything that can be read: API, database and file clients have one contract."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from ingestion.base.exceptions import ConfigurationError, SourceError
from ingestion.base.mapping import named
from ingestion.base.records import Page, Position

if TYPE_CHECKING:
    from ingestion.base.plan import SyncPlan
    from ingestion.base.window import Window

Paging = Literal["keyset", "snapshot", "unstable"]
"""`keyset`: ordered by (cursor, key), so equal cursors neither loop nor drop. `snapshot`: the source
keeps one consistent list while it is read. `unstable`: offsets into a list that may shift meanwhile."""


@dataclass(frozen=True)
class Resource:
    """One thing a client can read: an endpoint, a table, a sheet, a file.

    `cursor` is the source's field with the time of the last change (a path as in a mapping), `lag` how
    long the source takes to show a change, `keeps_months` how long it keeps a record by that time (0: for
    good): nothing older is asked for, and what is stored of it stays. `fixed` says that the cursor is the
    time when a thing happened and never changes: a delta then shows all there is in its window, and sweeps
    it. `business_date` is the field that `--start-date` and `--end-date` mean where it is not the time of
    change: such a run moves no watermark and deletes nothing. `options` is whatever the client needs to know
    besides.
    """

    name: str
    cursor: str | None = None
    lag: timedelta = timedelta(0)
    keeps_months: int = 0
    business_date: str = ""
    fixed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def described(self) -> str:
        """Everything that was declared, as text that is the same in every process (functions by name)."""
        parts = (self.name, self.cursor, self.lag, self.keeps_months, self.business_date, self.fixed)
        return repr((*parts, plain(self.options)))


def plain(value: object) -> object:
    """A declared value without what differs between processes: addresses, and the order of a set."""
    if callable(value):
        return named(value)
    if isinstance(value, Mapping):
        return sorted((str(name), plain(each)) for name, each in value.items())
    if isinstance(value, (set, frozenset)):
        return sorted(repr(plain(each)) for each in value)
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


class DataSource(ABC):
    """A client: reads resources in pages.

    A subclass says how its pages hang together (`paging`), whether a read can go on at a stored position
    (`resumable`), whether the keys alone cost a fraction of everything (`cheap_keys`), and reads. It is
    entered once per run (`async with`), and closed whatever happens.
    """

    kind: ClassVar[str]
    paging: ClassVar[Paging] = "snapshot"
    resumable: ClassVar[bool] = False
    cheap_keys: ClassVar[bool] = False

    @classmethod
    def from_plan(cls, plan: "SyncPlan", resource: Resource) -> Self:
        """A client for one run, with what the flags and the settings say."""
        raise ConfigurationError(
            f"{cls.__name__} does not say how it is made from a plan",
            where=resource.name,
            fix="give it a from_plan, or hand a client to the engine: Engine(client=…)",
        )

    @classmethod
    def lacks(cls, plan: "SyncPlan", resource: Resource) -> str:
        """What must be set before this can be read, as an order; empty where nothing is missing."""
        del plan, resource
        return ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        return None

    def identity(self) -> str:
        """Which account or database this is. Another one is refused until a `--full` run.

        Empty where it makes no difference (a file replaces a file).
        """
        return ""

    def parts(self, resource: Resource) -> tuple[str, ...]:
        """The accounts (or other parents) whose records a read brings one after another, by their keys.

        Each has a cursor of its own. Empty where the source is one.
        """
        del resource
        return ()

    def version(self) -> str:
        """What a stored position is only valid for, besides the identity (a file: its size and time)."""
        return ""

    async def split(self, resource: Resource, window: "Window", most: int) -> list[Position | None]:
        """Where at most so many readers may begin at once; together they read what one would, and once.

        A client that can be read in parts at once answers places that also say where each part ends, and goes
        on from `{"parts": [...]}`, the places that are left. The others are read from one place.
        """
        del resource, most
        return [window.position]

    @abstractmethod
    def read(
        self, resource: Resource, window: "Window", position: Position | None = None
    ) -> AsyncIterator[Page]:
        """Pages of `resource` within `window`, from `position` on.

        Raises SourceError for an answer that must not be taken for data, never an empty list instead.
        """

    def read_keys(self, resource: Resource, window: "Window") -> AsyncIterator[Page]:
        """Everything once more, for its keys alone; a source with a cheaper way overrides this.

        Where the window has a position, what lies before it is enough.
        """
        return self.read(resource, window)

    async def count_records(self, resource: Resource, window: "Window") -> int | None:
        """How many records a read will bring, for the progress bar; None where that is not cheap."""
        return None

    async def exists(self, resource: Resource, key: tuple[Any, ...]) -> bool | None:
        """Whether the source still has this key, by a read of it alone; None where it cannot be asked."""
        return None


class LoopGuard:
    """Stops a read whose pages repeat: a cursor that does not move never ends as success.

    Raises SourceError at the second page that equals the one before it and is not empty.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.last: Page | None = None

    def check(self, page: Page) -> None:
        """Look at the next page."""
        last, self.last = self.last, page
        if last and page.records and page.records == last.records and page.position == last.position:
            raise SourceError(
                f"answered the same page of {len(page.records)} records twice, with the same cursor",
                where=self.where,
                fix="the source does not page as declared; check the resource's paging",
            )
