"""One request over HTTP: sent politely, guarded, read within bounds, and its answer judged.

A failed read is never an empty success: whatever is not what was asked for is an error that says what,
where and how to fix it.
"""

import ipaddress
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from ingestion.base.exceptions import (
    AuthenticationError,
    ConfigurationError,
    SourceError,
    SyncError,
    TransientError,
)
from ingestion.base.limits import retry_after
from ingestion.base.shapes import DECODER

MOST_BYTES = 64 * 2**20
"""Of one answer, as it is sent and decompressed: a small body must not fill the memory."""

TRANSIENT = frozenset({408, 423, 425, 429, 477, 500, 502, 503, 504, *range(520, 528)})
"""Statuses that may be another the next time; 477 is HubSpot's for an account that is being moved."""

TOKEN_ENDED = 401
UNCHANGED = 304
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}


def checked_address(url: str, *, setting: str, allow_http: bool = False) -> str:
    """A source's base address with one slash at its end.

    Raises ConfigurationError for what is no address, and for plain http to anything but this machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"{url!r} is not an address", where=setting, fix="write it as https://api.example.com"
        )
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname)):
        raise ConfigurationError(
            f"{parts.hostname} is addressed over plain http: credentials would travel in the open",
            where=setting,
            fix=f"use https, or allow it with {setting}_ALLOW_HTTP=true",
        )
    return url.rstrip("/") + "/"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def guarded(base: str, path: str, where: str = "") -> str:
    """The full address of a path, or of a link that came with data.

    Raises SourceError when it leaves the configured host: credentials go nowhere else.
    """
    url = urljoin(base, path)
    mine, theirs = urlsplit(base), urlsplit(url)
    if (mine.scheme, mine.netloc) != (theirs.scheme, theirs.netloc):
        raise SourceError(
            f"a link leads to another host, {theirs.scheme}://{theirs.netloc}",
            where=where or shown(base),
            fix="nothing was sent there; check the configured address, or the proxy before it",
        )
    return url


def shown(url: str, method: str = "") -> str:
    """An address for messages: without its query, which may hold a credential or personal data."""
    parts = urlsplit(url)
    return f"{method} {parts.scheme}://{parts.netloc}{parts.path}".strip()


async def read_body(response: aiohttp.ClientResponse, where: str) -> bytes:
    """The body, decompressed, within the limits.

    Raises TransientError when it breaks off, SourceError when it is too large.
    """
    data = bytearray()
    try:
        async for chunk in response.content.iter_chunked(2**16):
            data += chunk
            if len(data) > MOST_BYTES:
                raise too_large(where)
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise broken_off(where, type(error).__name__) from error
    return decompressed(bytes(data), response.headers.get("Content-Encoding", ""), where)


def decompressed(data: bytes, encoding: str, where: str) -> bytes:
    """The body without its content encoding. Raises TransientError when it is cut short or damaged."""
    name = encoding.strip().lower()
    if name in ("", "identity") or not data:
        return data
    if name not in ENCODINGS:
        raise SourceError(
            f"the body is in an encoding nobody asked for, {name}", where=where, fix="check the proxy"
        )
    inflate = zlib.decompressobj(ENCODINGS[name])
    try:
        plain = inflate.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise broken_off(where, f"damaged {name}") from error
    if inflate.unconsumed_tail:
        raise too_large(where)
    if not inflate.eof:
        raise broken_off(where, f"truncated {name}")
    return plain


def too_large(where: str) -> SourceError:
    """An answer that is not a page any more."""
    return SourceError(
        f"the body is larger than {MOST_BYTES // 2**20} MiB",
        where=where,
        fix="ask for smaller pages: --batch-size",
    )


def broken_off(where: str, how: str) -> TransientError:
    """An answer that did not come through."""
    return TransientError(
        f"the answer broke off ({how})", where=where, fix="run again; if it stays, check the network"
    )


def decoded(
    body: bytes, headers: Mapping[str, str], where: str, decode: Callable[[bytes], Any] = DECODER.decode
) -> Any:
    """The body as JSON, which `decode` reads as msgspec does.

    Raises SourceError for an empty body, HTML or bytes that are no text; TransientError for JSON that is
    cut short.
    """
    if not body.strip():
        raise SourceError(
            "answered with an empty body", where=where, fix="an empty list would be an answer; run again"
        )
    if "html" in headers.get("Content-Type", "").lower() or body.lstrip()[:1] == b"<":
        raise SourceError(
            "answered with a page for people (HTML) instead of data",
            where=where,
            fix="check the address; a login or maintenance page answers like this",
        )
    try:
        return decode(body)
    except UnicodeDecodeError as error:
        raise not_text(where) from error
    except msgspec.DecodeError as error:
        if "utf-8" in str(error).lower():
            raise not_text(where) from error
        if "truncated" in str(error):
            raise broken_off(where, "truncated JSON") from error
        raise SourceError(
            f"answered with broken JSON ({error})", where=where, fix="run again; tell the vendor"
        ) from error


def not_text(where: str) -> SourceError:
    """Bytes that are no UTF-8."""
    return SourceError(
        "answered with bytes that are not UTF-8", where=where, fix="check the address and the proxy"
    )


def problem(status: int, headers: Mapping[str, str], said: str, where: str, fix: str) -> SyncError:
    """What a status other than success means for the run; `said` is the service's own message."""
    what = f"answered {status}" + (f": {said}" if said else "")
    if status == TOKEN_ENDED:
        return AuthenticationError(what, where=where, fix=fix)
    if status == 403:
        return AuthenticationError(
            what, where=where, fix=f"the credentials lack a right that is needed here; {fix}"
        )
    if status in TRANSIENT:
        wait = retry_after(headers)
        hint = f"the service asks to wait {wait:,.0f} s" if wait else "run again later"
        return TransientError(what, where=where, fix=hint, retry_after=wait)
    hints = {404: "check the address and the object's name", 414: "ask for fewer fields"}
    return SourceError(
        what, where=where, fix=hints.get(status, "the request is not what the service expects"), status=status
    )
