"""Ways to say who we are, as values: declared once on a client, shared by its requests.

A secret is in none of their texts: `repr` shows the kind alone.
"""

import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion.base.exceptions import AuthenticationError

Headers = dict[str, str]
Fetch = Callable[[str, Mapping[str, str]], Awaitable[dict[str, Any]]]
"""Posts a form to an address and answers its JSON."""

EARLY = 60.0
"""Seconds before its end at which a token is renewed: a request on its way must not meet the end."""


@dataclass(frozen=True, repr=False)
class Auth:
    """No credentials; the base of the others."""

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """What a request carries."""
        del method, url, fetch
        return {}

    async def renew(self, fetch: Fetch) -> bool:
        """After a 401: whether new credentials were to be had, so that asking again makes sense."""
        del fetch
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@dataclass(frozen=True, repr=False)
class Bearer(Auth):
    """`Authorization: Bearer …`, or another word than Bearer."""

    token: str
    word: str = "Bearer"

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """The one header."""
        del method, url, fetch
        return {"Authorization": f"{self.word} {self.token}"}


@dataclass(frozen=True, repr=False)
class HeaderPairs(Auth):
    """Fixed headers, such as `X-Auth-Key` and `X-Auth-Token`."""

    pairs: Mapping[str, str]

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """The declared headers."""
        del method, url, fetch
        return dict(self.pairs)


@dataclass(frozen=True, repr=False)
class Basic(Auth):
    """HTTP basic authentication (RFC 7617), in UTF-8."""

    username: str
    password: str

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """The one header."""
        del method, url, fetch
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


@dataclass(frozen=True, repr=False)
class Signed(Auth):
    """A signature over each request, such as an HMAC: `sign(method, url)` answers the headers."""

    sign: Callable[[str, str], Headers]

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """What the signing function says of this request."""
        del fetch
        return self.sign(method, url)


@dataclass
class Token:
    """An access token and the monotonic time of its end."""

    value: str = ""
    until: float = 0.0


@dataclass(frozen=True, repr=False)
class OAuth(Auth):
    """OAuth 2 access tokens, renewed before their end and once after a 401.

    `form` is what the token address is sent (grant_type, client_id, client_secret, refresh_token …).
    """

    token_url: str
    form: Mapping[str, str]
    token: Token = field(default_factory=Token, compare=False)

    async def headers(self, method: str, url: str, fetch: Fetch) -> Headers:
        """The bearer header with a token that still lives."""
        del method, url
        if time.monotonic() >= self.token.until - EARLY:
            await self.renew(fetch)
        return {"Authorization": f"Bearer {self.token.value}"}

    async def renew(self, fetch: Fetch) -> bool:
        """Get a new token. Raises AuthenticationError when the answer has none."""
        answer = await fetch(self.token_url, self.form)
        if not answer.get("access_token"):
            raise AuthenticationError(
                "the token address answered without an access_token",
                where=self.token_url,
                fix="check the client id, the client secret and the refresh token",
            )
        self.token.value = str(answer["access_token"])
        self.token.until = time.monotonic() + float(answer.get("expires_in") or 3600)
        return True
