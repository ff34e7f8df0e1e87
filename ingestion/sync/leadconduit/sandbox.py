"""A LeadConduit account in memory that answers as the real service does.

Its traps: without `sort` the newest events come first, at most 100 of them; `after_id` and `before_id` are
exclusive, `start` and `end` inclusive; a source event is written after those of its steps; a step's key is a
member of the event; fields of a lead come bare or as objects; without `Accept: application/json` it is 403.
"""

import base64
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.sandbox.clock import EPOCH, MILLISECOND, Clock
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake, locked
from ingestion.sandbox.rates import RollingWindow

Record = dict[str, Any]

MOST, USUAL_PAGE = 1000, 100
KEPT = timedelta(days=90)
NAMES = (("Ada", "Byron"), ("Grace", "Hopper"), ("Alan", "Turing"), ("Barbara", "Liskov"))
CSRF = "misconfigured csrf: check Accept header is set properly"
USUAL = {401: "authentication failed", 403: "forbidden", 404: "not found", 429: "too many requests"}


class Refused(Exception):
    """A request is wrong; says how."""


class FakeLeadConduit(Fake):
    """Events of leads that came in.

    Switches, which may be set at any time: `keys`; `free`, a plan that may not read; `heeds_sort`, whether
    `sort` is heeded; `rate`, a rolling window; `remaining`, whether its headers are sent.
    """

    name = "leadconduit"
    sizes: ClassVar[Mapping[str, int]] = {"submissions": 300}

    def __init__(self, *, seed: int = 1, rate_limited: bool = True, **sizes: int) -> None:
        super().__init__(seed=seed, rate_limited=rate_limited)
        if unknown := sorted(set(sizes) - set(self.sizes)):
            fix = hint(unknown[0], list(self.sizes), ", ".join(self.sizes))
            raise ConfigurationError(f"FakeLeadConduit takes no {unknown[0]!r}", fix=fix)
        self.clock = Clock()
        self.random = random.Random(seed)  # noqa: S311 invented data, no secret
        self.keys = {"sandbox-key"}
        self.free, self.heeds_sort = False, True
        self.rate = RollingWindow(60, 60.0)
        self.events: list[Record] = []
        self.made = 0
        count = sizes.get("submissions", 0)
        now = self.clock.now()
        for number in range(count):
            self.submission(now - KEPT * ((count - number) / (count + 1)), {})

    def settings(self) -> dict[str, str]:
        """Address and key."""
        return {"LEADCONDUIT_API_URL": self.url, "LEADCONDUIT_API_KEY": min(self.keys)}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """The edits that a person may make."""
        return {each.__name__: each for each in (self.submit, self.resubmit, self.add, self.expire, self.ids)}

    def refusal(self, status: int) -> Answer:
        """The error alone."""
        headers = {"Retry-After": "60", "X-RateLimit-Remaining": "0"} if status == 429 else {}
        return json_answer({"error": USUAL.get(status, f"error {status}")}, status, headers)

    # Edits.

    @locked
    def submit(self, count: int = 1, /, **fields: Any) -> list[str]:
        """So many leads come in now, with these fields; the ids of the leads."""
        return [self.submission(self.clock.now(), fields) for _ in range(count)]

    @locked
    def resubmit(self, lead: str, /, **fields: Any) -> None:
        """The same lead comes in again."""
        self.submission(self.clock.now(), {**fields, "id": lead})

    @locked
    def add(self, count: int = 1, /, **properties: Any) -> list[str]:
        """So many events of filters, or with these properties; their ids."""
        moment = self.clock.now()
        return [self.event("filter", moment, {"id": self.new_id(moment)}, properties) for _ in range(count)]

    @locked
    def expire(self, id: str) -> None:
        """Forget an event: its time is over."""
        self.events = [each for each in self.events if each["id"] != id]

    @locked
    def ids(self, type: str = "") -> list[str]:
        """The ids of the events there are, or of those of one type."""
        return [each["id"] for each in self.events if not type or each["type"] == type]

    def new_id(self, moment: datetime) -> str:
        """An id as MongoDB makes it: the seconds, then what only tells apart."""
        self.made += 1
        return f"{int(moment.timestamp()):08x}{self.made:016x}"

    def submission(self, moment: datetime, fields: Mapping[str, Any]) -> str:
        """A lead comes in: a filter, a recipient, and then the source event. Gives the lead's id."""
        first, last = self.random.choice(NAMES)
        number = f"{self.random.randrange(10_000):04}"
        lead = {
            "id": self.new_id(moment),
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}.{number}@example.com".lower(),
            "phone_1": {"raw": f"555-555-{number}", "normal": f"555555{number}", "valid": True},
            "postal_code": {"raw": "07081", "zip": "07081", "valid": True},
            "state": "NJ",
            **fields,
        }
        if self.made % 3 == 0:
            lead["email"] = {
                "raw": lead["email"],
                "normal": lead["email"],
                "valid": True,
                "domain": "example",
            }
        step = {"key": "trustedform", "trustedform": {"outcome": "success"}, "step_id": "5fd4371e94"}
        self.event("filter", moment, lead, step)
        self.event("recipient", moment, lead, {"credential": {"token": "hidden"}, "revenue": 12.5})
        self.event("source", moment, lead, {"cost": 3.25, "step_count": 2})
        return str(lead["id"])

    def event(self, kind: str, moment: datetime, lead: Mapping[str, Any], more: Mapping[str, Any]) -> str:
        """Write an event."""
        start = (moment - EPOCH) // MILLISECOND
        event = {
            "id": self.new_id(moment),
            **{"type": kind, "outcome": "success", "reason": None, "host": "handler-1", "version": "2.30.1"},
            **{"start_timestamp": start, "end_timestamp": start + 170, "ms": 170, "cap_reached": False},
            "expires_at": (moment + KEPT).isoformat().replace("+00:00", "Z"),
            "vars": {
                "lead": dict(lead),
                "flow": {"id": "5fd43700aa", "name": "Home services"},
                "source": {"id": "5fd43700bb", "name": "Web form"},
            },
            **more,
        }
        self.events.append(event)
        return str(event["id"])

    # Answers.

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What LeadConduit says."""
        if "application/json" not in headers.get("Accept", ""):
            return json_answer({"error": CSRF}, 403)
        if self.free or not self.knows(headers.get("Authorization", "")):
            return self.refusal(401)
        if self.rate_limited and not self.rate.take():
            return self.refusal(429)
        quota = {"X-RateLimit-Remaining": str(self.rate.remaining)} if self.rate_limited else {}
        try:
            found = self.list_at(asked)
        except Refused as error:
            return json_answer({"error": str(error)}, 400)
        return self.refusal(404) if found is None else json_answer(found, 200, quota)

    def list_at(self, asked: Asked) -> list[Record] | None:
        """What lies at a path."""
        if asked.path == "/flows":
            return [{"id": "5fd43700aa", "name": "Home services", "enabled": True}]
        return self.listed(asked.query) if asked.path == "/events" else None

    def knows(self, header: str) -> bool:
        """Whether these are credentials; any name goes with a key."""
        try:
            _, _, key = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return False
        return key in self.keys

    def listed(self, query: Mapping[str, str]) -> list[Record]:
        """Events between the bounds."""
        limit = query.get("limit", str(USUAL_PAGE))
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
            raise Refused(f"limit must be between 1 and {MOST}")
        after, before = query.get("after_id", ""), query.get("before_id", "")
        start, end = bound(query.get("start")), bound(query.get("end"))
        found = [
            each
            for each in self.events
            if each["id"] > after
            and (not before or each["id"] < before)
            and (start is None or each["start_timestamp"] >= start)
            and (end is None or each["start_timestamp"] <= end)
        ]
        ascending = self.heeds_sort and query.get("sort", "desc") == "asc"
        found.sort(key=lambda each: str(each["id"]), reverse=not ascending)
        return found[: int(limit)]


def bound(text: str | None) -> int | None:
    """A moment in milliseconds. Raises Refused for what is none."""
    if not text:
        return None
    try:
        return (datetime.fromisoformat(text) - EPOCH) // MILLISECOND
    except (ValueError, TypeError):
        raise Refused(f"{text} is not a date") from None


FAKE = FakeLeadConduit
