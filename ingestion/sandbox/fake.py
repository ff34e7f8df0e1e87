"""Fake: what all fakes of services have in common. A source's `sandbox` module has its own, named `FAKE`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import update_wrapper
from threading import RLock
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeVar

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.faults import Fault

P = ParamSpec("P")
T = TypeVar("T")


class Lockable(Protocol):
    """Something that is read by the server's thread and edited by another."""

    lock: RLock


L = TypeVar("L", bound=Lockable)


def locked(method: Callable[Concatenate[L, P], T]) -> Callable[Concatenate[L, P], T]:
    """A method that no answer overlaps with."""

    def alone(self: L, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.lock:
            return method(self, *args, **kwargs)

    update_wrapper(alone, method)
    return alone


@dataclass
class Rule:
    """Faults that wait for their requests: each is used `times` times, then comes the next."""

    faults: tuple[Fault, ...]
    path: str
    method: str | None
    times: int | None
    passing: int
    used: int = 0

    def matches(self, asked: Asked) -> bool:
        """Whether a request is meant."""
        return self.method in (None, asked.method) and fnmatchcase(asked.path, self.path)

    def next(self) -> Fault | None:
        """The fault for a request that is meant; None lets it pass."""
        if self.passing:
            self.passing -= 1
            return None
        self.used += 1
        return self.faults[0 if self.times is None else (self.used - 1) // self.times]

    @property
    def over(self) -> bool:
        """Whether nothing is left of it."""
        return self.times is not None and self.used >= self.times * len(self.faults)


class Fake(ABC):
    """A service in memory. A subclass answers requests; log, faults and hooks are here.

    `name` is the source's, and the first part of the address it is served at; `sizes` says how many things
    `manage.py sandbox` makes of each kind, and becomes its flags. `url` is known once it is served.
    A fake is made by `Fake(seed=…, rate_limited=…, **sizes)`. One that is `on_demand` is made only where it
    is named.
    """

    name: ClassVar[str]
    on_demand: ClassVar[bool] = False
    sizes: ClassVar[Mapping[str, int]] = {}

    def __init__(self, *, seed: int = 1, rate_limited: bool = True, **sizes: int) -> None:
        del seed, sizes
        self.url = ""
        self.lock = RLock()
        self.rate_limited = rate_limited
        self.requests: list[Asked] = []
        self.keep: int | None = None
        self.count = 0
        self.last: dict[tuple[str, str], Answer] = {}
        self.rules: list[Rule] = []
        self.before_answer: Callable[[int, Asked], None] | None = None

    @abstractmethod
    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What the service says; `headers` has the credentials, which the log has not."""

    def refusal(self, status: int) -> Answer:
        """What the service says with a status that a fault asks for."""
        return json_answer({"status": status}, status)

    def stuck(self, asked: Asked, answer: Answer) -> Answer:
        """The answer with a cursor that leads to the same page; for sources that page by cursor."""
        del asked, answer
        raise ConfigurationError(
            f"the fake of {self.name} has no cursor that could be stuck", fix="use faults.Repeated()"
        )

    def settings(self) -> dict[str, str]:
        """The environment variables that point the source at this fake."""
        return {}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """Edits by name, as a person may ask for them under `/_sandbox/<name>/`."""
        return {}

    def fail(
        self,
        *faults: Fault,
        path: str = "*",
        method: str | None = None,
        times: int | None = 1,
        after: int = 0,
    ) -> None:
        """Let the next requests go wrong: each fault in turn, `times` times (None: until `heal`).

        `path` is a pattern (`*/search`) below the fake's address; `after` lets so many such requests pass.
        """
        with self.lock:
            self.rules.append(Rule(faults, path, method, times, after))

    @locked
    def heal(self) -> None:
        """Forget every fault."""
        self.rules.clear()

    @locked
    def fault(self, asked: Asked) -> Fault | None:
        """The fault that this request gets."""
        self.rules = [rule for rule in self.rules if not rule.over]
        for rule in self.rules:
            if rule.matches(asked) and (fault := rule.next()):
                return fault
        return None

    @locked
    def log(self, asked: Asked) -> None:
        """Number a request and remember it; with `keep` set, only the newest."""
        self.count += 1
        asked.number = self.count
        self.requests.append(asked)
        if self.keep is not None and len(self.requests) > 2 * self.keep:
            del self.requests[: -self.keep]

    @locked
    def respond(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """The answer, remembered for `Repeated`."""
        answer = self.answer(asked, headers)
        if answer.status == 200:
            self.last[asked.method, asked.path] = answer
        return answer
