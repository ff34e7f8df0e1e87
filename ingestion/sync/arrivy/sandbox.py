"""FakeArrivy: an account behind Arrivy's API, with what is known of its habits.

Lists are bare, in the order of creation, and say nothing of their length. Ids have 16 digits and are greater
than 2^53, so that a program that takes them for floating-point numbers is found out. Times come in UTC
without an offset.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.sandbox.clock import Clock
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake, locked
from ingestion.sandbox.rates import RollingWindow

FIRST_ID = 9_007_199_254_740_993
"""2^53 + 1: the first whole number that a floating-point one cannot hold."""

KINDS = ("customers", "entities", "groups", "tasks", "bookings", "statuses")
USUAL_PAGE = {"groups": 100}
STATUSES = ("NOTSTARTED", "CONFIRMED", "ENROUTE", "STARTED", "COMPLETE", "EXCEPTION", "CANCELLED")
TASK_NAMES = ("customer_exact_location", "duration")
SAID = {
    400: ("INVALID_INPUT", "The input is not valid."),
    401: ("UNAUTHORIZED", "The auth key or the auth token is not valid."),
    403: ("PERMISSION_DENIED", "This key may not read that."),
    404: ("NOT_FOUND", "There is no such thing."),
    429: ("TOO_MANY_REQUESTS", "Too many requests."),
}
FIRST = ("Ada", "Grace", "Alan", "Edith", "Linus", "Mary", "Barbara", "Donald")
LAST = ("Byron", "Hopper", "Turing", "Clarke", "Lamarr", "Jackson", "Liskov", "Knuth")


class Refused(Exception):
    """Raised where a request turns out to be wrong; carries the answer."""

    def __init__(self, status: int, description: str = "") -> None:
        message, usual = SAID.get(status, ("ERROR", f"Error {status}."))
        self.answer = json_answer({"message": message, "description": description or usual}, status)
        super().__init__(status)


class FakeArrivy(Fake):
    """Customers, entities, groups, tasks, bookings and statuses of one company.

    Switches, which may be set at any time: `rate_limited` and `rate`, a rolling window; `most`, the records
    that a page has at most, whatever was asked for; `unpaged`, the lists that come whole under every page
    number; `keys`, the pairs of auth key and token that are let in.
    """

    name = "arrivy"
    sizes: ClassVar[Mapping[str, int]] = {
        "customers": 300,
        "entities": 40,
        "groups": 5,
        "tasks": 1200,
        "bookings": 200,
        "statuses": 8,
    }

    def __init__(self, *, seed: int = 1, rate_limited: bool = True, **sizes: int) -> None:
        super().__init__(seed=seed, rate_limited=rate_limited)
        for name in sizes:
            if name not in self.sizes:
                raise ConfigurationError(
                    f"FakeArrivy takes no {name!r}", fix=hint(name, list(self.sizes), ", ".join(self.sizes))
                )
        self.keys = {("sandbox-key", "sandbox-token")}
        self.clock = Clock()
        self.rate = RollingWindow(120, 60.0)
        self.most = 500
        self.unpaged: set[str] = set()
        self.random = Random(seed)  # noqa: S311 it invents names, no secrets
        self.next_id = FIRST_ID
        self.kept: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        for kind in KINDS:
            self.fill(kind, sizes.get(kind, 0))

    def settings(self) -> dict[str, str]:
        """Address and keys."""
        key, token = min(self.keys)
        return {"ARRIVY_API_URL": self.url, "ARRIVY_AUTH_KEY": key, "ARRIVY_API_KEY": token}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """The edits that a person may make."""
        edits = (self.add, self.fill, self.edit, self.delete, self.record, self.ids)
        return {edit.__name__: edit for edit in edits}

    def refusal(self, status: int) -> Answer:
        """Arrivy's own words."""
        return Refused(status).answer

    # What is in the account.

    @locked
    def fill(self, type: str, count: int, /) -> list[str]:
        """So many invented things; of ten tasks one waits for its time, and one has none."""
        return [self.add(type, **self.invented(type, number)) for number in range(count)]

    @locked
    def add(self, type: str, /, **members: Any) -> str:
        """A new thing, created now; its id is given back."""
        number, now = self.next_id, self.now()
        self.next_id += 2
        usual = {"id": number, "owner": 5_629_499_534_213_120, "created": now, "updated": now}
        self.kind(type)[number] = {**usual, **members}
        return str(number)

    @locked
    def edit(self, type: str, id: str, /, **members: Any) -> None:
        """Change members now; this moves `updated`, unless that is given too."""
        self.existing(type, id).update({"updated": self.now(), **members})

    @locked
    def delete(self, type: str, id: str, /) -> None:
        """Delete as Arrivy does: for good, and without a trace."""
        del self.kind(type)[self.existing(type, id)["id"]]

    @locked
    def record(self, type: str, id: str, /) -> dict[str, Any]:
        """A whole thing."""
        return dict(self.existing(type, id))

    @locked
    def ids(self, type: str, /) -> list[str]:
        """The ids of all things of a type, in order."""
        return list(map(str, self.kind(type)))

    def kind(self, type: str) -> dict[int, dict[str, Any]]:
        """The things of a type."""
        if type not in self.kept:
            raise ConfigurationError(
                f"the account has no {type!r}", fix=hint(type, list(KINDS), f"one of {', '.join(KINDS)}")
            )
        return self.kept[type]

    def existing(self, type: str, id: str) -> dict[str, Any]:
        """One thing."""
        if found := self.kind(type).get(int(id) if str(id).isdecimal() else -1):
            return found
        raise ConfigurationError(f"there is no {id!r} among the {type}", fix="ask for the ids first")

    def now(self) -> str:
        """The time as Arrivy writes it."""
        return self.clock.now().replace(tzinfo=None).isoformat(timespec="milliseconds")

    def invented(self, type: str, number: int) -> dict[str, Any]:
        """The members of an invented thing."""
        first, last = self.random.choice(FIRST), self.random.choice(LAST)
        person = {"email": f"{first}.{last}.{number}@example.com".lower(), "mobile_number": "+1 555 555 0100"}
        named = {"first_name": first, "last_name": last, "external_id": f"EXT-{number}"}
        if type == "customers":
            return {**person, **named, "city": "Seattle", "extra_fields": None}
        if type == "entities":
            email, phone = person["email"], 15_555_550_145
            return {"email": email, "name": f"{first} {last}", "type": "Crew", "phone": phone}
        if type == "groups":
            return {"name": f"{last} Division", "phone": None, "address_line_2": ""}
        if type == "statuses":
            return {"title": STATUSES[number % 7].title(), "type": STATUSES[number % 7], "order": number}
        place, lasts = ("exact_location", "duration_estimate") if type == "bookings" else TASK_NAMES
        usual = {place: {"lat": 47.7467686, "lng": -122.1828382}, lasts: 60}
        return {**self.invented_work(number, f"{first} {last}"), **usual}

    def invented_work(self, number: int, customer: str) -> dict[str, Any]:
        """A task or a booking."""
        begin = (self.clock.now() + timedelta(days=number % 60 - 30)).replace(microsecond=0, tzinfo=None)
        local = (begin - timedelta(hours=8)).isoformat() + "-08:00"
        people, work = list(self.kept["customers"]), list(self.kept["entities"])
        members = {
            "title": f"Measure visit {number}",
            "status": STATUSES[number % 7],
            "external_id": f"JOB-{number}",
            "customer_id": self.random.choice(people) if people else None,
            "customer_name": customer,
            "entity_ids": [self.random.choice(work)] if work else [],
            "extra_fields": {"lead_source": "web"},
        }
        if number % 10 == 8:
            return {**members, "unscheduled": True, "start_datetime": None, "end_datetime": None}
        if number % 10 == 9:
            return {**members, "unscheduled": False, "start_datetime": None, "end_datetime": None}
        times = {"start_datetime": begin.isoformat(), "start_datetime_original_iso_str": local}
        return {**members, **times, "end_datetime": None, "unscheduled": False}

    # What it answers.

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What Arrivy says."""
        if (headers.get("X-Auth-Key", ""), headers.get("X-Auth-Token", "")) not in self.keys:
            return self.refusal(401)
        if self.rate_limited and not self.rate.take():
            return self.too_many()
        try:
            return json_answer(self.found(asked))
        except Refused as refused:
            return refused.answer

    def too_many(self) -> Answer:
        """429, with the wait that is left of the window."""
        usual = self.refusal(429)
        return Answer(429, usual.body, {"Retry-After": f"{self.rate.seconds:.0f}"}, usual.content_type)

    def found(self, asked: Asked) -> Any:
        """A list, or one thing. Raises Refused."""
        kind, _, rest = asked.path.strip("/").partition("/")
        if kind not in self.kept or asked.method != "GET":
            raise Refused(404)
        if rest:
            if found := self.kept[kind].get(int(rest) if rest.isdecimal() else -1):
                return found
            raise Refused(404)
        records = [record for record in self.kept[kind].values() if selected(kind, record, asked.query)]
        if kind in self.unpaged or kind == "statuses":
            return records
        page = numbered(asked.query, "page", 1)
        size = min(numbered(asked.query, "items_per_page", USUAL_PAGE.get(kind, 500)), self.most)
        return records[(page - 1) * size : page * size]


def selected(kind: str, record: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Whether a list shows a record. Raises Refused."""
    begin = as_moment(record.get("start_datetime"))
    if kind == "tasks":
        waits, timeless = record.get("unscheduled"), begin is None
        if query.get("unscheduled") == "true":
            return bool(waits)
        if query.get("tasks_with_no_datetime") == "true":
            return timeless and not waits
        return not waits and not timeless and between(begin, query, "from", "to")
    if kind == "bookings":
        changed = as_moment(record.get("updated"))
        recent = "updated_after" not in query or between(changed, query, "updated_after", "")
        return recent and between(begin, query, "start_date", "end_date")
    return True


def between(moment: datetime | None, query: Mapping[str, str], since: str, until: str) -> bool:
    """Whether a moment lies within what was asked, both ends included. Raises Refused."""
    low, high = as_moment(query.get(since)), as_moment(query.get(until))
    if low is None and high is None:
        return True
    return moment is not None and (low is None or moment >= low) and (high is None or moment <= high)


def as_moment(text: str | None) -> datetime | None:
    """A time with or without an offset. Raises Refused for anything else: an offset whose + was lost."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, f"{text} is not a time") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def numbered(query: Mapping[str, str], name: str, usual: int) -> int:
    """A parameter of 1 or more. Raises Refused."""
    text = query.get(name, str(usual))
    if not text.isdecimal() or not int(text):
        raise Refused(400, f"{name} must be 1 or more")
    return int(text)


FAKE = FakeArrivy
