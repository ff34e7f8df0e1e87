"""Several pages at once: the next ones are asked for before it is their turn, and answered in order.

From each answer the paging style decides which page comes next (`next`); which ones will follow that is only
guessed (`following`). A guess that turns out wrong, because the list has ended, is dropped, unless it shows
that the list has grown meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Self

from ingestion.base.pagination import Answer, Paginator, Request

Ask = Callable[[Request], Awaitable[Answer]]


class PagesAhead:
    """At most `most` requests of one list under way; with 1 nothing is asked for ahead.

    Entered with `async with`; leaving it stops what is under way.
    """

    def __init__(self, ask: Ask, paginator: Paginator, most: int) -> None:
        self.ask = ask
        self.paginator = paginator
        self.most = most
        self.under_way: deque[tuple[Request, asyncio.Future[Answer]]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.drop()

    async def answer(self, request: Request) -> Answer:
        """The answer to a request, whether it is under way or not. Raises what `ask` raises."""
        if self.under_way and self.under_way[0][0] == request:
            return await self.under_way.popleft()[1]
        await self.drop()
        return await self.ask(request)

    def go_on(self, request: Request, answer: Answer) -> None:
        """Ask for `request`, which comes next after `answer`, and for those that will follow it."""
        last: Request | None = self.under_way[-1][0] if self.under_way else None
        while self.most > 1 and len(self.under_way) < self.most:
            last = self.paginator.following(last, answer) if last else request
            if last is None:
                return
            self.under_way.append((last, asyncio.ensure_future(self.ask(last))))

    def grown(self, shows_more: Callable[[Answer], bool]) -> Request | None:
        """The next page under way, where one of these has come already and shows that the list goes on.

        An answer that ended the list may be older than it: what is in hand is never taken for absent.
        """
        come = [task for _, task in self.under_way if task.done() and not task.exception()]
        more = any(shows_more(task.result()) for task in come)
        return self.under_way[0][0] if more else None

    async def drop(self) -> None:
        """Stop what is under way; what became of it does not matter."""
        tasks = [task for _, task in self.under_way]
        self.under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
