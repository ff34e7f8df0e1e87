"""Reading ahead, bounded: small pages become load batches while the last batch is being saved."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from ingestion.base import columnar
from ingestion.base.datasource import LoopGuard
from ingestion.base.exceptions import ConfigurationError
from ingestion.base.records import Page
from ingestion.conf import setting

BATCH_ROWS = 5000
"""Records at least: a batch of 2,000 took a fifth longer for each, as its statements cost the same."""

BATCH_BYTES = 8 * 2**20
BATCH_SECONDS = 5.0

AHEAD = 4
"""Pages that wait to be gathered at most; more would only be memory."""


class ReadAhead:
    """Reads pages in a task of its own, at most AHEAD of them before somebody takes one.

    Entered with `async with`; leaving it stops the reading.
    """

    def __init__(self, pages: AsyncIterator[Page], guard: LoopGuard) -> None:
        self.pages = pages
        self.guard = guard
        self.queue: asyncio.Queue[Page | None] = asyncio.Queue()
        self.free = asyncio.Semaphore(AHEAD)

    async def __aenter__(self) -> "ReadAhead":
        self.task = asyncio.create_task(self.read())
        self.task.add_done_callback(lambda _: self.queue.put_nowait(None))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if isinstance(self.pages, AsyncGenerator):
            await self.pages.aclose()

    async def read(self) -> None:
        """Read to the end of the source."""
        async for page in self.pages:
            self.guard.check(page)
            await self.free.acquire()
            self.queue.put_nowait(page)

    async def next(self) -> Page | None:
        """The next page; None when the reading has come to its end, or to an error."""
        page = await self.queue.get()
        self.free.release()
        return page


async def load_batches(
    pages: AsyncIterator[Page], *, where: str, beat: Callable[[], Awaitable[None]], every: float
) -> AsyncGenerator[Page, None]:
    """Pages gathered into load batches of 5,000 records, 8 MiB or 5 seconds, whichever is first.

    While the source is silent, `beat` is awaited every `every` seconds. Raises what `pages` raises, after
    everything that came before it was handed over; SourceError when two pages are the same;
    ConfigurationError when INGESTION_BATCH_ROWS is not a number of records.
    """
    most = batch_rows()
    clock = asyncio.get_running_loop().time
    async with ReadAhead(pages, LoopGuard(where)) as source:
        gathered: list[Page] = []
        deadline = clock() + BATCH_SECONDS
        more = True
        while more:
            try:
                # not wait_for: on Python 3.11 it loses a cancellation that comes together with a page
                async with asyncio.timeout(deadline - clock() if gathered else every):
                    page = await source.next()
            except TimeoutError:
                if not gathered:
                    await beat()
                    continue
            else:
                more = page is not None
                if page is not None:
                    deadline = deadline if gathered else clock() + BATCH_SECONDS
                    gathered.append(page)
            if gathered and (not more or is_full(gathered, most) or clock() >= deadline):
                yield joined(gathered)
                gathered = []
        await source.task  # raises what ended the reading


def batch_rows() -> int:
    """The records of a load batch: BATCH_ROWS, or what INGESTION_BATCH_ROWS says."""
    text = setting("INGESTION_BATCH_ROWS", str(BATCH_ROWS)).strip()
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ConfigurationError(
            f"{text!r} is not a number of records", where="INGESTION_BATCH_ROWS", fix="write 1 or more"
        )
    return int(text)


def is_full(pages: list[Page], most: int) -> bool:
    """Whether these pages are a load batch."""
    records = sum(len(page.records) for page in pages)
    return records >= most or sum(page.size for page in pages) >= BATCH_BYTES


def joined(pages: list[Page]) -> Page:
    """Several pages as one; its position is the last one's."""
    if len(pages) == 1:
        return pages[0]
    records = columnar.joined([page.records for page in pages])
    return Page(records, pages[-1].position, sum(p.size for p in pages), sum(p.calls for p in pages))
