"""DatabaseDataSource: reads tables of any SQL database, in order, resumably, and changes nothing there."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from ingestion.base.database.reflected import Reflected
from ingestion.base.database.sessions import Rows, open_session, shown
from ingestion.base.database.statements import Statements, Stretch, place_of
from ingestion.base.database.table import Table
from ingestion.base.database.values import changes_of, records_of
from ingestion.base.datasource import DataSource, Resource
from ingestion.base.exceptions import ConfigurationError, TransientError
from ingestion.base.logs import logger
from ingestion.base.patience import Patience
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Page, Position
from ingestion.base.window import Window
from ingestion.conf import setting

Build = Callable[[Stretch, list[Any] | None, int], "sa.Select[Any]"]

PAGE_ROWS = 1000
"""Rows of one page: several wait while a load batch is made, and a table may have a hundred columns."""

COUNTED = 200_000
"""So many rows are counted for the progress bar; of a table that has more only a full read is estimated."""


class DatabaseDataSource(DataSource):
    """A SQL database, read through SQLAlchemy; MySQL and MariaDB through asyncmy.

    `url` is SQLAlchemy's (`mysql://user:password@host/name`, `sqlite:///file.db`), `time_zone` that of the
    times that say none. A subclass names its settings, and an entity is a table, a model and two classes:

        class GeniusSource(DatabaseDataSource):            # clients.py
            settings = "GENIUS_DB"        # GENIUS_DB_URL, or GENIUS_DB_HOST, _PORT, _NAME, _USER, _PASSWORD
            dialect = "mysql"             # and GENIUS_DB_TIME_ZONE
            default_time_zone = "US/Pacific"

        class GeniusLeadSyncEngine(BaseSyncEngine):        # engines.py
            crm_source, client_class = "genius", GeniusSource
            sync_type = "leads"
            resource = Table("lead", cursor="updated_at", fallback="added_on", zero_is_null=("user_id",))
            processor_class = GeniusLeadProcessor

        class GeniusLeadProcessor(BaseProcessor):          # processors.py
            model = GeniusLead            # its fields have the columns' names, or `fields` says which
            key = "lead_id"
            timestamp_field = "updated_at"

    A record is column → value: times aware and in UTC (or as text, where they are no times), decimals as
    the driver has them, MySQL's zero dates null. A table without a `cursor` is read whole. One statement
    brings `statement_rows`: a longer one would keep the database's old row versions alive.
    """

    kind = "database"
    paging = "keyset"
    resumable = True
    cheap_keys = True

    statement_rows: ClassVar[int] = 100_000
    settings: ClassVar[str] = ""
    dialect: ClassVar[str] = ""
    default_time_zone: ClassVar[str] = "UTC"

    def __init__(
        self, url: str | sa.URL, *, time_zone: tzinfo | str = UTC, page_size: int = PAGE_ROWS
    ) -> None:
        try:
            self.url = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ConfigurationError(
                "the address of the database cannot be read",
                where=f"{self.settings}_URL" if self.settings else type(self).__name__,
                fix="write it as dialect://user:password@host:port/name",
            ) from None
        self.zone = zone_of(time_zone, f"{self.settings}_TIME_ZONE")
        self.page_size = page_size
        self.session = open_session(self.url)
        self.patience = Patience.from_settings()
        self.tables: dict[str, Reflected] = {}
        self.open = False

    # How it is made.

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The database that the settings name. Raises ConfigurationError for the first that is missing."""
        if lack := cls.missing():
            raise ConfigurationError(
                f"{lack} is not set", where="settings", fix=f"set {lack} in .env or the environment"
            )
        zone = setting(f"{cls.settings}_TIME_ZONE") or cls.default_time_zone
        return cls(cls.address(), time_zone=zone, page_size=page_size or PAGE_ROWS)

    @classmethod
    def address(cls) -> sa.URL | str:
        """The URL setting, or the one that the parts make."""
        if url := setting(f"{cls.settings}_URL"):
            return url
        part = {
            name: setting(f"{cls.settings}_{name}") for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")
        }
        if part["PORT"] and not part["PORT"].isdecimal():
            raise ConfigurationError(
                f"{part['PORT']!r} is no port", where=f"{cls.settings}_PORT", fix="write a number, as in 3306"
            )
        port = int(part["PORT"]) if part["PORT"] else None
        return sa.URL.create(
            cls.dialect, part["USER"] or None, part["PASSWORD"] or None, part["HOST"], port, part["NAME"]
        )

    @classmethod
    def missing(cls) -> str:
        """The first setting that is needed and not there."""
        if not cls.settings or setting(f"{cls.settings}_URL"):
            return ""
        return next(
            (
                f"{cls.settings}_{name}"
                for name in ("HOST", "NAME", "USER")
                if not setting(f"{cls.settings}_{name}")
            ),
            "",
        )

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """The client of a run."""
        del resource
        return cls.from_settings(page_size=plan.batch_size)

    @classmethod
    def lacks(cls, plan: SyncPlan, resource: Resource) -> str:
        """The settings that are not there."""
        del plan, resource
        lack = cls.missing()
        return f"set {lack} (or {cls.settings}_URL) in .env or the environment" if lack else ""

    def identity(self) -> str:
        """Which database this is, without the user."""
        return shown(self.url)

    # The connection.

    async def __aenter__(self) -> Self:
        await self.patiently(self.ready)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def ready(self) -> None:
        """Connect, where there is no connection."""
        if not self.open:
            await self.session.open()
            self.open = True

    async def close(self) -> None:
        """Give the connection up."""
        self.open = False
        await self.session.close()

    async def patiently(self, work: Callable[[], Any]) -> Any:
        """Do something, and again after a new connection while the database may come back.

        Raises TransientError when patience ends, and what cannot pass at once.
        """
        async for attempt in self.patience.attempts_at(TransientError):
            with attempt:
                try:
                    await self.ready()
                    return await work()
                except TransientError as error:
                    logger.warning("%s: %s", error.where, error.what)
                    await self.close()
                    raise
        raise TransientError("was never tried", where=shown(self.url))  # stamina tries at least once

    async def reflected(self, resource: Resource) -> Reflected:
        """The table as the database has it, looked up once. Raises ConfigurationError."""
        if not isinstance(resource, Table):
            raise ConfigurationError(
                "a database reads tables", where=resource.name, fix=f"declare it: Table({resource.name!r}, …)"
            )
        if resource.described() not in self.tables:

            async def look_up() -> Reflected:
                return await self.session.reflect(resource)

            self.tables[resource.described()] = await self.patiently(look_up)
        return self.tables[resource.described()]

    # Reading.

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncGenerator[Page, None]:
        """Pages in the order of a read; a lost connection is made again, and the read goes on.

        Of several places, each has its pages in that order, one place after the other.
        """
        asked = Statements(await self.reflected(resource), window, self.zone)
        places = position["parts"] if position and "parts" in position else [position]
        for number, place in enumerate(places):
            async for page in self.pages(asked, list(asked.table.columns), asked.page, place):
                rest = places[number + 1 :]
                yield replace(page, position={"parts": [page.position, *rest]}) if rest else page

    async def split(self, resource: Resource, window: Window, most: int) -> list[Position | None]:
        """Ranges of a key that is one whole number; a delta, and any other key, is read from one place."""
        position = window.position
        if most == 1:
            return [position]
        if position and "parts" in position:
            return list(position["parts"])
        asked = Statements(await self.reflected(resource), window, self.zone)
        if not asked.can_split() or (position and position["stretch"]):
            return [position]
        after = position["after"] if position else None
        ((low, high),) = await self.fetch_all(asked.ends(after))
        if low is None:
            return [position]
        return ranges(int(low), int(high), after, most)

    async def read_keys(self, resource: Resource, window: Window) -> AsyncIterator[Page]:
        """The keys alone."""
        table = await self.reflected(resource)
        asked = Statements(table, replace(window, position=None, since=None, until=None), self.zone)
        async for page in self.pages(asked, table.key, asked.keys, None):
            yield page

    async def pages(
        self, asked: Statements, names: "list[str] | tuple[str, ...]", build: Build, position: Position | None
    ) -> AsyncGenerator[Page, None]:
        """Everything that is asked for, as records with these names."""
        start = position["stretch"] if position else 0
        changes = [changes_of(asked.table, self.zone, decode=decode) for decode in (False, True)]
        until = position.get("until") if position else None
        for number, whole in enumerate(asked.stretches()):
            if number < start:
                continue
            stretch = asked.up_to(whole, until) if until else whole
            reader = StretchReader(self, stretch, build, names)
            reader.after = position["after"] if position and number == start else None
            while rows := await self.patiently(reader.next_rows):
                reader.advance(rows)
                records = records_of(names, rows, changes[self.session.decodes], self.session.digits)
                place = {"stretch": number, "after": reader.after} if stretch.order else None
                if place and until:
                    place["until"] = until
                yield Page(records, place, records.size(), calls=1)
            if until:
                return

    async def fetch_all(self, statement: "sa.Select[Any]") -> Rows:
        """The whole answer to a small question."""

        async def ask() -> Rows:
            await self.session.execute(statement)
            found = await self.session.fetch(10)
            while len(found) == 10:
                found = [*found, *await self.session.fetch(10)]
                if len(found) % 10:
                    break
            return found

        rows: Rows = await self.patiently(ask)
        return rows

    async def count_records(self, resource: Resource, window: Window) -> int | None:
        """How many rows the read will bring; None where counting them would take as long as reading them."""
        table = await self.reflected(resource)
        asked = Statements(table, window, self.zone)
        if window.since and resource.cursor not in table.indexed:
            return None
        ((found,),) = await self.fetch_all(asked.count(COUNTED))
        return int(found) if int(found) < COUNTED else None

    async def exists(self, resource: Resource, key: tuple[Any, ...]) -> bool | None:
        """Whether a key is there."""
        asked = Statements(await self.reflected(resource), Window("full", datetime.now(UTC)), self.zone)
        return bool(await self.fetch_all(asked.exists(key)))


class StretchReader:
    """Reads one stretch: long statements, whose rows are taken by the page; knows where it is."""

    def __init__(
        self, source: DatabaseDataSource, stretch: Stretch, build: Build, names: "list[str] | tuple[str, ...]"
    ) -> None:
        self.source = source
        self.stretch = stretch
        self.build = build
        self.names = names
        self.after: list[Any] | None = None
        self.size = source.page_size
        streams = source.session.streams or not stretch.order
        self.limit = max(source.statement_rows, self.size) if streams else self.size
        self.asked = False
        self.taken = 0
        self.ended = False

    async def next_rows(self) -> Rows:
        """The next page of rows; asks again from the last key after a lost connection."""
        if self.ended:
            return []
        try:
            if not self.asked:
                statement = self.build(self.stretch, self.after, self.limit)
                await self.source.session.execute(statement)
                self.asked, self.taken = True, 0
            return await self.source.session.fetch(self.size)
        except TransientError:
            self.asked = False
            raise

    def advance(self, rows: Rows) -> None:
        """These rows are taken."""
        self.taken += len(rows)
        short = len(rows) < self.size
        if not self.stretch.order:  # no place to ask again from: it is one statement
            self.ended = short
            return
        if short or self.taken >= self.limit:
            self.asked = False
            self.ended = short and self.taken < self.limit
        last = list(rows[-1])
        for place in self.source.session.digits:
            last[place] = last[place] and int(last[place])
        self.after = place_of(dict(zip(self.names, last, strict=True)), self.stretch.order)


def ranges(low: int, high: int, after: list[Any] | None, most: int) -> list[Position | None]:
    """The numbers from `low` to `high` in at most so many parts of one length; the last has no end."""
    width = max(-(-(high - low + 1) // most), 1)
    ends = [[end] for end in range(low + width - 1, high, width)]
    begins = [after, *ends]
    parts: list[Position | None] = [
        {"stretch": 0, "after": begin, "until": end} for begin, end in zip(begins, ends, strict=False)
    ]
    return [*parts, {"stretch": 0, "after": begins[-1]}]


def zone_of(name: tzinfo | str, where: str) -> tzinfo:
    """A time zone, or the one of this name. Raises ConfigurationError."""
    if isinstance(name, tzinfo):
        return name
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"there is no time zone {name!r}", where=where, fix="write it as in America/Los_Angeles"
        ) from None
