"""BaseAPIClient: reads a service over HTTP, politely and within its bounds; a subclass is a declaration.

Usable alone, without an engine:

    async with HubSpotClient("https://api.hubapi.com", Bearer(token)) as client:
        found = await client.get_all(contacts)
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Self

import aiohttp

from ingestion.base import logs
from ingestion.base.ahead import PagesAhead
from ingestion.base.auth import Auth
from ingestion.base.columnar import Records
from ingestion.base.datasource import DataSource, LoopGuard, Resource
from ingestion.base.exceptions import ConfigurationError, SourceError, TransientError
from ingestion.base.fields import lookup, split_path
from ingestion.base.limits import Pace, RateLimit, pace_of
from ingestion.base.pagination import Answer, Paginator, Request, SinglePage
from ingestion.base.patience import Patience
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Page, Position
from ingestion.base.shapes import DECODER, PageDecoder
from ingestion.base.transport import (
    REDIRECTS,
    TOKEN_ENDED,
    UNCHANGED,
    checked_address,
    decoded,
    guarded,
    problem,
    read_body,
    shown,
)
from ingestion.base.window import Window
from ingestion.conf import setting

JSON = "application/json"
Decode = Callable[[bytes], Any]

logging.getLogger("stamina").addHandler(logging.NullHandler())  # we say ourselves what is tried again
HOPS = 3
"""Redirects on one host that are followed."""

REFUSED_POSITION = frozenset({400, 404, 410})
"""Answers to a stored cursor that has gone stale: the window is read from its beginning, once."""


@dataclass(frozen=True)
class Stage:
    """One list of a read: its first request, how it pages, and where the records lie in a page.

    `complete` fetches what a page's records still lack. `adds` is what every record of the list gets besides:
    what only its address tells, such as the account. `keyed_by` is for a list that comes as an object, a list
    of records under each parent's key: every record gets that key under this name.
    """

    name: str
    request: Request
    paginator: Paginator = field(default_factory=SinglePage)
    items: str = ""
    complete: Callable[[list[Any]], Awaitable[list[Any]]] | None = None
    adds: Mapping[str, Any] = field(default_factory=dict)
    keyed_by: str = ""

    def decode(self) -> Decode:
        """What reads its pages: into columns where the records stay as they come."""
        if self.complete or self.adds or self.keyed_by:
            return DECODER.decode
        return PageDecoder(split_path(self.items) if self.items else ()).decode

    def position(self, request: Request) -> Any:
        """Where this list can be gone on with: a key in it, or else only its beginning (None)."""
        return self.paginator.position(request) if self.paginator.paging == "keyset" else None


class BaseAPIClient(DataSource):
    """A service's client. One session per run; entered with `async with`.

    A subclass declares `url_setting` (and `default_url`), the settings with its `credentials`, `rate` and
    further `lanes` (requests that count by themselves), the request of `test_connection` (`check`), where the
    service's own error message lies (`message`), and what an authentication error tells a person to do
    (`auth_fix`); it says how it is made from settings (`from_settings`) and which stages a read has.
    """

    kind = "api"
    url_setting: ClassVar[str]
    default_url: ClassVar[str] = ""
    credentials: ClassVar[tuple[str, ...]] = ()
    rate: ClassVar[RateLimit | None] = None
    lanes: ClassVar[Mapping[str, RateLimit]] = {}
    check: ClassVar[Request | None] = None
    message: ClassVar[str] = "message"
    auth_fix: ClassVar[str] = "check the credentials"

    session: aiohttp.ClientSession
    pages_at_once = 1

    def __init__(self, base_url: str, auth: Auth | None = None, *, page_size: int = 0) -> None:
        allow_http = setting(f"{self.url_setting}_ALLOW_HTTP").lower() in ("1", "true", "yes")
        self.base_url = checked_address(base_url, setting=self.url_setting, allow_http=allow_http)
        self.auth = auth or Auth()
        self.page_size = page_size
        limits = {"": self.allowed_rate(), **self.lanes}
        self.paces = {lane: pace_of(self.base_url, lane, limit) for lane, limit in limits.items()}
        self.calls = 0
        self.patience = Patience.from_settings()
        self.timeout = float(setting("INGESTION_HTTP_TIMEOUT", "60"))

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client as the environment or Django's settings have it."""
        return cls(setting(cls.url_setting, cls.default_url), page_size=page_size)

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """The client of a run."""
        del resource
        client = cls.from_settings(page_size=plan.batch_size)
        client.pages_at_once = plan.concurrent_pages
        return client

    @classmethod
    def lacks(cls, plan: SyncPlan, resource: Resource) -> str:
        """The credentials that are not set."""
        del plan, resource
        missing = [name for name in cls.credentials if not setting(name)]
        return f"set {' and '.join(missing)} in .env or the environment" if missing else ""

    @classmethod
    def allowed_rate(cls) -> RateLimit | None:
        """The declared rate, or that of the setting beside the address: `HUBSPOT_API_RATE=10/1`.

        Raises ConfigurationError when the setting is not a rate.
        """
        name = f"{cls.url_setting.removesuffix('_URL')}_RATE"
        return RateLimit.from_text(setting(name), setting=name, declared=cls.rate)

    @staticmethod
    def required(name: str) -> str:
        """A setting that must be there. Raises ConfigurationError that names it."""
        if value := setting(name):
            return value
        raise ConfigurationError(
            f"{name} is not set", where="settings", fix=f"set {name} in .env or the environment"
        )

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=self.timeout, sock_read=self.timeout),
            headers={"User-Agent": "django-ingestion", "Accept-Encoding": "gzip, deflate"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.session)
            await self.connect()
            stack.pop_all()
        return self

    async def connect(self) -> None:
        """Hook: what must be known before the first read, such as which account this is."""

    async def __aexit__(self, *exc_info: object) -> None:
        await self.session.close()

    # Reading.

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """The lists that a read goes through, in order; one for most services."""
        raise ConfigurationError(
            f"{type(self).__name__} does not say how {resource.name} is read", fix="give it stages()"
        )

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncIterator[Page]:
        """All stages of a resource; a stored cursor that the service refuses starts over, once."""
        try:
            async for page in self.read_stages(self.stages(resource, window), position):
                yield page
                position = None
        except SourceError as error:
            if position is None or error.status not in REFUSED_POSITION:
                raise
            async for page in self.read_stages(self.stages(resource, window), None):
                yield page

    async def read_stages(
        self, stages: Sequence[Stage], position: Position | None, *, at_once: int = 0
    ) -> AsyncIterator[Page]:
        """The stages from a position on; each page has the position of what comes after it."""
        start = position["stage"] if position else 0
        for number, stage in enumerate(stages[start:], start):
            at = position["at"] if position and number == start else None
            guard = LoopGuard(f"{self.base_url}{stage.request.path}")
            request: Request | None = stage.paginator.first(stage.request, at)
            ask = partial(self.request, decode=stage.decode())
            async with PagesAhead(ask, stage.paginator, at_once or self.pages_at_once) as ahead:
                while request is not None:
                    answer = self.with_records(await ahead.answer(request), stage)
                    calls, self.calls = self.calls, 0
                    request = None if answer.unchanged else stage.paginator.next(answer)
                    request = request or ahead.grown(partial(self.goes_on, stage, answer))
                    after = {"stage": number, "at": stage.position(request)} if request else None
                    position_after = after or {"stage": number + 1, "at": None}
                    page = Page(answer.records, position_after, answer.size, calls)
                    guard.check(page)
                    if request:
                        ahead.go_on(request, answer)
                    records = stage.paginator.take(answer)
                    if stage.complete and records:
                        records = await stage.complete(list(records))
                    if stage.adds:
                        records = [{**record, **stage.adds} for record in records]
                    yield replace(page, records=records)

    def goes_on(self, stage: Stage, last: Answer, beyond: Answer) -> bool:
        """Whether a page beyond the last has records, and not only those of the last once more."""
        try:
            records = self.with_records(beyond, stage).records
        except SourceError:  # there is no such page, says the service in its own way
            return False
        return bool(records) and records != last.records

    def read_keys(self, resource: Resource, window: Window) -> AsyncIterator[Page]:
        """Everything once more; of a read that was gone on with, only the lists it had come through.

        One page at a time: it decides what is deleted, and of pages that are asked for at once an early
        answer may be the end of a list that has become longer by the next.
        """
        stages, at = self.stages(resource, window), window.position
        stages = stages[: at["stage"] + (at["at"] is not None)] if at else stages
        return self.read_stages(stages, None, at_once=1)

    async def get_all(self, resource: Resource, window: Window | None = None) -> list[Any]:
        """Every record of a resource as a list, for use without an engine."""
        window = window or Window("full", datetime.now(UTC))
        return [record async for page in self.read(resource, window) for record in page.records]

    def with_records(self, answer: Answer, stage: Stage) -> Answer:
        """The answer with its list of records. Raises SourceError when the list is not where it should be."""
        if answer.unchanged:
            return answer
        found = lookup(answer.body, split_path(stage.items)) if stage.items else answer.body
        if stage.keyed_by and isinstance(found, dict):
            found = unfolded(found, stage.keyed_by)
        if isinstance(found, (list, Records)):
            return replace(answer, records=found)
        place = repr(stage.items) if stage.items else "the top level"
        known = f" one of {', '.join(answer.body)}" if isinstance(answer.body, dict) else ""
        raise SourceError(
            f"{stage.name}: no list of records at {place} but {type(found).__name__}",
            where=shown(f"{self.base_url}{answer.request.path}", answer.request.method),
            fix=f"name the list in Stage(…, items=…):{known}",
        )

    # One request.

    async def request(self, request: Request, decode: Decode = DECODER.decode) -> Answer:
        """Send a request until it is answered, or until patience ends; `decode` reads a body of JSON.

        Raises TransientError when it never was, else what `transport.problem` and `transport.decoded` raise.
        """
        again = partial(self.wait_before_retry, pace=self.paces[request.lane])
        async for attempt in self.patience.attempts_at(again):
            with attempt:
                return await self.send(request, decode)
        raise TransientError("was never tried", where=request.path)  # stamina tries at least once

    def wait_before_retry(self, error: Exception, pace: Pace) -> bool | float:
        """Whether to try again, and after how long where the service has said so."""
        if not isinstance(error, TransientError):
            return False
        if error.retry_after is not None and error.retry_after > self.patience.seconds:
            return False
        logs.logger.warning("%s: %s; tried again", error.where, error.what)
        if error.retry_after is None:
            return True
        pace.hold(error.retry_after)
        return error.retry_after

    async def send(self, request: Request, decode: Decode, *, renewed: bool = False) -> Answer:
        """One attempt. A 401 renews the credentials once."""
        url = guarded(self.base_url, request.path)
        where = shown(url, request.method)
        for _ in range(HOPS + 1):
            await self.paces[request.lane].wait()
            headers = await self.auth.headers(request.method, url, self.fetch_token)
            status, answered, body = await self.exchange(request, url, headers, where)
            if status not in REDIRECTS:
                break
            url = guarded(self.base_url, answered.get("Location", ""), where)
        if status == TOKEN_ENDED and not renewed and await self.auth.renew(self.fetch_token):
            return await self.send(request, decode, renewed=True)
        if status == UNCHANGED and request.conditional:
            return Answer(None, answered, len(body), request, unchanged=True)
        if not 200 <= status < 300:
            raise problem(status, answered, self.said(body), where, self.auth_fix)
        content = decoded(body, answered, where, decode) if request.accept == JSON else body
        return Answer(content, answered, len(body), request)

    async def exchange(
        self, request: Request, url: str, headers: Mapping[str, str], where: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send, and read the whole answer. Raises TransientError when the connection fails."""
        self.calls += 1
        headers = {"Accept": request.accept, **request.headers, **headers}
        params = {name: str(value) for name, value in request.params.items() if value is not None}
        try:
            async with self.session.request(
                request.method, url, params=params, json=request.json, headers=headers, allow_redirects=False
            ) as response:
                self.paces[request.lane].adapt(response.headers)
                return response.status, response.headers, await read_body(response, where)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise self.no_answer(error, where) from error

    def no_answer(self, error: Exception, where: str) -> TransientError:
        """The connection failed: refused, reset, timed out, no such host."""
        return TransientError(
            f"no answer ({type(error).__name__})",
            where=where,
            fix=f"check the network and {self.url_setting}; the next run goes on from here",
        )

    def said(self, body: bytes) -> str:
        """The service's own message in an error's body, shortened; nothing else of it is shown."""
        try:
            found = lookup(decoded(body, {}, ""), split_path(self.message))
        except (SourceError, TransientError):
            return ""
        return str(found)[:300] if isinstance(found, str) else ""

    async def fetch_token(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form to the token address and answer its JSON."""
        where = shown(url, "POST")
        checked_address(url, setting="token_url")
        try:
            async with self.session.post(url, data=dict(form), allow_redirects=False) as response:
                body = await read_body(response, where)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise TransientError(
                f"no answer ({type(error).__name__})", where=where, fix="check the network"
            ) from error
        if response.status != 200:
            raise problem(response.status, response.headers, self.said(body), where, self.auth_fix)
        answer: dict[str, Any] = decoded(body, response.headers, where)
        return answer

    async def test_connection(self) -> Any:
        """One cheap request that needs the credentials. Answers its body; raises what `request` raises."""
        if self.check is None:
            raise ConfigurationError(f"{type(self).__name__} declares no check", fix="name a cheap Request")
        return (await self.request(self.check)).body


def unfolded(lists: Mapping[str, Any], name: str) -> list[Any]:
    """`{"17": [{…}, {…}]}` as one list, the key in each record under `name`; what is no record stays."""
    return [
        {**record, name: key} if isinstance(record, dict) else record
        for key, records in lists.items()
        for record in (records if isinstance(records, list) else [records])
    ]
