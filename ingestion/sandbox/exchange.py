"""What is asked and what is answered, as plain values: a fake knows nothing of sockets."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from multidict import MultiMapping

SECRET = ("authorization", "cookie", "key", "token", "secret", "password", "signature")
JSON = "application/json;charset=utf-8"


@dataclass(slots=True)
class Asked:
    """A request as it arrived, and what became of it.

    `path` is below the fake's address, `target` the same with the query as it was written. `headers` has
    secrets masked. `time` is `time.monotonic()` at arrival. `status` is None while the request waits, and
    when the connection was cut before a status went out; `fault` names what was made to go wrong.
    `peer` is the port at the other end: requests with the same one shared a connection.
    """

    number: int
    method: str
    path: str
    target: str
    query: MultiMapping[str]
    headers: Mapping[str, str]
    body: bytes
    peer: int = 0
    time: float = field(default_factory=time.monotonic)
    status: int | None = None
    fault: str | None = None

    @property
    def json(self) -> Any:
        """The decoded body; None where it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    def as_dict(self) -> dict[str, Any]:
        """The form in which the log is served."""
        return {
            "number": self.number,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "json": self.json,
            "headers": dict(self.headers),
            "time": self.time,
            "status": self.status,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a service."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, msgspec.json.encode(value), headers or {})


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without what could be a secret."""
    return {
        name: "***" if any(word in name.lower() for word in SECRET) else value
        for name, value in headers.items()
    }
