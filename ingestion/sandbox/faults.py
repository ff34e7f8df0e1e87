"""What can go wrong on the wire, as values: each does to a real answer, or instead of it, what it says."""

import asyncio
import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from ingestion.sandbox.exchange import Answer, Asked

if TYPE_CHECKING:
    from ingestion.sandbox.fake import Fake

KIB = 1024
MIB = 1024 * KIB
HTML = "<!DOCTYPE html>\n<html><title>One moment</title><body>Checking your browser</body></html>"


@dataclass(slots=True)
class Exchange:
    """One request on its way through a fake."""

    fake: "Fake"
    asked: Asked
    headers: Mapping[str, str]
    request: web.Request

    def answer(self) -> Answer:
        """What the service would say."""
        return self.fake.respond(self.asked, self.headers)

    def send(self, answer: Answer) -> web.Response:
        """An answer as it should be on the wire."""
        self.asked.status = answer.status
        headers = {"Content-Type": answer.content_type, **answer.headers}
        return web.Response(status=answer.status, body=answer.body, headers=headers)


class Fault(Protocol):
    """Something that goes wrong; a source may add its own."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer the request badly."""


@dataclass(frozen=True)
class Status:
    """Another status instead of the answer, with the service's own body unless one is given.

    `retry_after` is written as seconds, or as an HTTP date when it is an aware datetime.
    """

    status: int
    body: bytes | str | dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | datetime | None = None

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """The refusal; the request has no effect."""
        usual = exchange.fake.refusal(self.status)
        body = usual.body if self.body is None else encoded(self.body)
        headers = {**usual.headers, **self.headers}
        if isinstance(self.retry_after, datetime):
            headers["Retry-After"] = format_datetime(self.retry_after, usegmt=True)
        elif self.retry_after is not None:
            headers["Retry-After"] = f"{self.retry_after:g}"
        return exchange.send(Answer(self.status, body, headers, usual.content_type))


@dataclass(frozen=True)
class Hold:
    """The right answer, so many seconds late."""

    seconds: float

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        return exchange.send(exchange.answer())


@dataclass(frozen=True)
class Cut:
    """The connection ends before the answer, or after a share (0 to 1) of its body.

    With `reset` the other end sees ECONNRESET, without it an ordinary end of the stream.
    """

    share: float = 0.0
    reset: bool = True

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer in part; the request had its effect."""
        answer = exchange.answer()
        if not self.share:
            return Wire(exchange, b"", reset=self.reset)
        exchange.asked.status = answer.status
        body = answer.body[: int(len(answer.body) * self.share)]
        return Wire(exchange, head(answer, len(answer.body)) + body, reset=self.reset)


@dataclass(frozen=True)
class WrongLength:
    """Content-Length is off `by` so many bytes; then the connection ends."""

    by: int = 100

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer under a false length."""
        answer = exchange.answer()
        exchange.asked.status = answer.status
        length = max(0, len(answer.body) + self.by)
        return Wire(exchange, head(answer, length) + answer.body, reset=False)


@dataclass(frozen=True)
class Changed:
    """The answer with another body, under a right length; base of the faults that do no more."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Answer with the changed body."""
        return exchange.send(self.change(exchange.answer()))

    def change(self, answer: Answer) -> Answer:
        """What is sent in place of the answer."""
        return answer


@dataclass(frozen=True)
class Truncated(Changed):
    """The first share of the JSON, as if it were all."""

    share: float = 0.5

    def change(self, answer: Answer) -> Answer:
        """The first part."""
        body = answer.body[: int(len(answer.body) * self.share)]
        return Answer(answer.status, body, answer.headers, answer.content_type)


@dataclass(frozen=True)
class TruncatedGzip(Changed):
    """The first share of the compressed answer."""

    share: float = 0.5

    def change(self, answer: Answer) -> Answer:
        """The first part of the gzip stream."""
        whole = gzip.compress(answer.body)
        headers = {**answer.headers, "Content-Encoding": "gzip"}
        return Answer(answer.status, whole[: int(len(whole) * self.share)], headers, answer.content_type)


@dataclass(frozen=True)
class BadUtf8(Changed):
    """A byte in the last text of the body that is no UTF-8."""

    def change(self, answer: Answer) -> Answer:
        """The body with the byte in it."""
        place = answer.body.rfind(b':"') + 2 if b':"' in answer.body else answer.body.find(b'"') + 1
        body = answer.body[:place] + b"\xff" + answer.body[place:]
        return Answer(answer.status, body, answer.headers, answer.content_type)


@dataclass(frozen=True)
class Html(Changed):
    """Status 200 and a web page."""

    def change(self, answer: Answer) -> Answer:
        """The page."""
        return Answer(200, HTML.encode(), answer.headers, "text/html; charset=utf-8")


@dataclass(frozen=True)
class Empty(Changed):
    """Status 200 and nothing."""

    def change(self, answer: Answer) -> Answer:
        """Nothing."""
        return Answer(200, b"", answer.headers, answer.content_type)


@dataclass(frozen=True)
class Repeated:
    """The last good answer of the same method and path once more."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """The old answer, or the right one where there is none yet."""
        last = exchange.fake.last.get((exchange.asked.method, exchange.asked.path))
        return exchange.send(last or exchange.answer())


@dataclass(frozen=True)
class StuckCursor:
    """The right page, but its cursor leads to the same page again."""

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """The answer as the fake rewrites it."""
        return exchange.send(exchange.fake.stuck(exchange.asked, exchange.answer()))


@dataclass(frozen=True)
class Redirect:
    """302 to another address."""

    to: str = "http://elsewhere.invalid/"

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """The redirect."""
        return exchange.send(Answer(302, headers={"Location": self.to}))


@dataclass(frozen=True)
class Endless:
    """A body that begins as the answer does and never ends, or ends after `limit` bytes."""

    limit: int | None = None

    async def send(self, exchange: Exchange) -> web.StreamResponse:
        """Stream until the other end has had enough."""
        exchange.asked.status = 200
        response = web.StreamResponse(headers={"Content-Type": "application/json;charset=utf-8"})
        await response.prepare(exchange.request)
        sent = 0
        chunk = b'{"results":['
        while self.limit is None or sent < self.limit:
            try:
                await response.write(chunk)
            except ConnectionError:
                break
            sent += len(chunk)
            chunk = b'{"id":"0"},' * 6000
        return response


@dataclass(frozen=True)
class GzipBomb(Changed):
    """A few kilobytes that become `size` bytes of valid JSON when unpacked."""

    size: int = 256 * MIB

    def change(self, answer: Answer) -> Answer:
        """The bomb."""
        headers = {**answer.headers, "Content-Encoding": "gzip"}
        return Answer(200, bomb(self.size), headers, answer.content_type)


class Wire(web.StreamResponse):
    """Bytes put on the connection as they are, and the end of the connection."""

    def __init__(self, exchange: Exchange, content: bytes, *, reset: bool) -> None:
        super().__init__(status=exchange.asked.status or 200)
        self.content = content
        self.reset = reset
        self.force_close()

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write, and end the connection."""
        transport = request.transport
        if transport is None:
            return None
        transport.write(self.content)
        await asyncio.sleep(0.05 if self.content else 0)  # a reset must not overtake what was sent
        if self.reset:
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing follows."""


def head(answer: Answer, length: int) -> bytes:
    """Status line and headers."""
    lines = {"Content-Type": answer.content_type, "Content-Length": str(length), **answer.headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{text}\r\n".encode()


def encoded(body: bytes | str | dict[str, Any]) -> bytes:
    """A body as bytes."""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else msgspec.json.encode(body)


@cache
def bomb(size: int) -> bytes:
    """So many bytes of JSON, compressed without ever being held at once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b'{"results":[')]
    parts += [packer.compress(b" " * MIB) for _ in range(size // MIB)]
    parts += [packer.compress(b" " * (size % MIB) + b"]}"), packer.flush()]
    return b"".join(parts)


NAMED: dict[str, Callable[..., Fault]] = {
    each.__name__: each
    for each in (
        *(Status, Hold, Cut, WrongLength, Truncated, TruncatedGzip, BadUtf8, Html, Empty),
        *(Repeated, StuckCursor, Redirect, Endless, GzipBomb),
    )
}
"""Every fault that suits any source, as the editing page takes them."""
