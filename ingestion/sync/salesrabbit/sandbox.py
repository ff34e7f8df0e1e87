"""A SalesRabbit account in memory that answers as the real service is known to.

What is known of it: changes are asked for by header, 304 has no body, answers are capped, `/users` ignores
paging, unknown parameters are ignored, histories are an object by lead, empty objects come as lists.
"""

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.sandbox.clock import Clock
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake, locked
from ingestion.sandbox.rates import RollingWindow

Record = dict[str, Any]

CAP = 2000
DEFAULT_PAGE = 100
FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "John")
LAST = ("Byron", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Allen", "Backus")
STATUSES = ("Not Home", "Go Back", "Appointment Set", "Not Interested", "Do Not Knock", "No Damage ")
FIRST_STATUS = 204
ONE = re.compile(r"/(leads|users)/(\d+)")
HEADERS = {"leads": ("dateModified", "statusModified"), "leadStatusHistories": ("leadModified", "")}
CONDITIONS = ("If-Modified-Since", "If-Status-Modified-Since")
USUAL = {401: "Unauthorized", 403: "Forbidden", 404: "Not found", 429: "Too many requests"}


class FakeSalesRabbit(Fake):
    """Leads, users and the log of statuses.

    Switches, which may be set at any time: `capped` shows the first page of leads again where one lies
    beyond the cap; `inclusive`, whether a change at the asked moment is shown; `sorts`, whether `sortBy` is
    heeded; `status_moves`, whether a change of status moves `dateModified`; `tokens`; `rate`.
    """

    name = "salesrabbit"
    sizes: ClassVar[Mapping[str, int]] = {"leads": 500, "users": 20}

    def __init__(self, *, seed: int = 1, rate_limited: bool = True, **sizes: int) -> None:
        super().__init__(seed=seed, rate_limited=rate_limited)
        if unknown := sorted(set(sizes) - set(self.sizes)):
            fix = hint(unknown[0], list(self.sizes), ", ".join(self.sizes))
            raise ConfigurationError(f"FakeSalesRabbit takes no {unknown[0]!r}", fix=fix)
        self.clock = Clock()
        self.random = random.Random(seed)  # noqa: S311 invented data, no secret
        self.tokens = {"sandbox-token"}
        self.capped, self.inclusive, self.sorts, self.status_moves = True, True, True, True
        self.rate = RollingWindow(50, 60.0)
        self.records: dict[str, dict[int, Record]] = {"leads": {}, "users": {}}
        self.log_of: dict[int, list[Record]] = {}
        for kind in ("users", "leads"):
            self.fill(kind, sizes.get(kind, 0))

    def settings(self) -> dict[str, str]:
        """Address and token."""
        return {"SALESRABBIT_API_URL": self.url, "SALESRABBIT_API_TOKEN": min(self.tokens)}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """The edits that a person may make."""
        edits = (self.add, self.edit, self.set_status, self.mark_deleted, self.remove, self.ids)
        return {edit.__name__: edit for edit in edits}

    def refusal(self, status: int) -> Answer:
        """The message alone."""
        headers = {"Retry-After": "1"} if status == 429 else {}
        return json_answer({"message": USUAL.get(status, f"error {status}")}, status, headers)

    # Edits.

    def now(self, ago: float = 0.0) -> str:
        """The time, in whole seconds with an offset of zero."""
        return (self.clock.now() - timedelta(seconds=ago)).isoformat(timespec="seconds")

    @locked
    def fill(self, kind: str, count: int) -> None:
        """So many invented records of the years before."""
        for _ in range(count):
            self.create(kind, {}, self.now(self.random.randrange(86_400, 50_000_000)))

    @locked
    def add(self, kind: str, count: int = 1, /, **properties: Any) -> list[int]:
        """So many records, made now, with these properties; their ids."""
        return [self.create(kind, properties, self.now()) for _ in range(count)]

    @locked
    def edit(self, kind: str, id: int, /, **properties: Any) -> None:
        """Change values now."""
        self.found(kind, id).update({"dateModified": self.now(), **properties})
        for entry in self.log_of.get(id, []):
            entry["leadModified"] = self.found(kind, id)["dateModified"]

    @locked
    def set_status(self, id: int, status: str) -> None:
        """Give a lead a status (by name), which its log remembers."""
        lead, now = self.found("leads", id), self.now()
        lead |= {"status": status, "statusModified": now}
        if self.status_moves:
            lead["dateModified"] = now
        self.note(lead)

    @locked
    def mark_deleted(self, id: int) -> None:
        """Delete a lead so that it is still shown, with the time."""
        self.edit("leads", id, deletedAt=self.now())

    @locked
    def remove(self, kind: str, id: int) -> None:
        """Delete for good."""
        self.found(kind, id)
        del self.records[kind][id]
        self.log_of.pop(id, None)

    @locked
    def ids(self, kind: str) -> list[int]:
        """The ids of what there is."""
        return sorted(self.records[kind])

    def found(self, kind: str, id: int) -> Record:
        """A record. Raises ConfigurationError where there is none."""
        if found := self.records.get(kind, {}).get(id):
            return found
        raise ConfigurationError(f"there is no {id} among the {kind}", fix="add it first")

    def create(self, kind: str, given: Mapping[str, Any], moment: str) -> int:
        """Put a new record in."""
        there = self.records[kind]
        number = max(there, default=13_687 if kind == "leads" else 911_700_000) + 1
        first, last = self.random.choice(FIRST), self.random.choice(LAST)
        record = {
            "id": number,
            "firstName": first,
            "lastName": last,
            "email": f"{first}.{last}.{number}@example.com".lower(),
            "dateCreated": moment,
            "dateModified": moment,
        }
        more = self.lead(moment) if kind == "leads" else self.user()
        there[number] = {**record, **more, **given}
        if kind == "leads":
            self.note(there[number])
        return number

    def lead(self, moment: str) -> Record:
        """What a lead has besides."""
        users = sorted(self.records["users"]) or [911_700_000]
        return {
            **{"businessName": "", "phonePrimary": f"555555{self.random.randrange(10_000):04}"},
            **{"phoneAlternate": "", "street1": f"{self.random.randrange(1, 999)} Main St", "street2": ""},
            **{"city": "Springfield", "state": "NJ", "zip": "07081", "country": "US"},
            **{"latitude": 40.7, "longitude": -74.3, "status": self.random.choice(STATUSES)},
            **{"notes": None, "appointment": None, "campaignId": None, "userName": "Rep One"},
            **{"userId": self.random.choice(users), "customFields": [], "integrationData": []},
            **{"statusModified": moment, "ownerModified": moment, "dateOfBirth": None, "deletedAt": None},
            **{"files": []},
        }

    def user(self) -> Record:
        """What a user has besides."""
        return {
            **{"phone": "5555550100", "active": True, "hireDate": "2024-02-29", "businessUnit": ""},
            **{"department": "Sales", "role": "Rep", "office": "North", "team": "A", "region": ""},
            **{"orgId": 77, "supervisorId": None, "recruiterId": None, "cmsId": None, "leadRepCmsId": None},
            **{"photo_url": "", "externalIds": []},
        }

    def note(self, lead: Record) -> None:
        """Write a lead's status into its log; every entry has the lead's times as they are now."""
        entries = self.log_of.setdefault(lead["id"], [])
        known = lead["status"] in STATUSES
        entry = {
            "id": FIRST_STATUS + (STATUSES.index(lead["status"]) if known else 99),
            "name": lead["status"],
            "abbreviation": lead["status"][:2].upper(),
            "active": True,
            "changedByUserId": str(lead.get("userId")),
            "statusUpdated": lead["statusModified"],
            "leadCreated": lead["dateCreated"],
        }
        entries.append(entry)
        for each in entries:
            each["leadModified"] = lead["dateModified"]

    # Answers.

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What SalesRabbit says."""
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self.refusal(401)
        if self.rate_limited and not self.rate.take():
            return self.refusal(429)
        lists = {"/leads": self.leads, "/leadStatusHistories": self.histories}
        if asked.path in lists and asked.method == "GET":
            return lists[asked.path](asked, headers)
        return self.small(asked.path) or self.refusal(404)

    def small(self, path: str) -> Answer | None:
        """What has no pages; `/users` answers whole, whatever page is asked for."""
        data: Any = None
        if one := ONE.fullmatch(path):
            data = self.records[one[1]].get(int(one[2]))
        elif path == "/users":
            data = list(self.records["users"].values())
        elif path == "/leadStatuses":
            data = [{"id": FIRST_STATUS + n, "name": name} for n, name in enumerate(STATUSES)]
        return None if data is None else json_answer({"data": data})

    def leads(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """Leads, those that were changed first come first."""
        found = self.changed("leads", list(self.records["leads"].values()), headers)
        if found is None:
            return Answer(304)
        order = asked.query.get("sortBy", "dateModified") if self.sorts else "id"
        falling = self.sorts and asked.query.get("order") == "desc"
        found.sort(key=lambda lead: (str(lead.get(order) or ""), str(lead["id"])), reverse=falling)
        page, more = self.page(asked, found, capped=self.capped)
        return json_answer({"data": page, "meta": {"morePages": more}})

    def histories(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """Whole logs of leads that were changed, by lead, roughly the newest lead first."""
        logs = [(lead, entries) for lead, entries in self.log_of.items() if entries]
        heads = [entries[0] | {"lead": lead} for lead, entries in logs]
        found = self.changed("leadStatusHistories", heads, headers)
        if found is None:
            return Answer(304)
        found.sort(key=lambda head: head["lead"] ^ 1, reverse=True)
        page, more = self.page(asked, found, capped=False)
        data = {str(head["lead"]): self.log_of[head["lead"]] for head in page}
        return json_answer({"data": data or [], "meta": {"morePages": more}})

    def changed(self, kind: str, records: list[Record], headers: Mapping[str, str]) -> list[Record] | None:
        """What the headers leave; None where that is nothing."""
        for header, field in zip(
            ("If-Modified-Since", "If-Status-Modified-Since"), HEADERS[kind], strict=True
        ):
            since = parsed(headers.get(header, "")) if field else None
            if since is not None:
                records = [each for each in records if self.is_after(str(each.get(field) or ""), since)]
                if not records:
                    return None
        return list(records)

    def is_after(self, text: str, since: datetime) -> bool:
        """Whether a change is shown to somebody who asks for what came since a moment."""
        moment = parsed(text)
        return moment is not None and (moment >= since if self.inclusive else moment > since)

    def page(self, asked: Asked, found: list[Any], *, capped: bool) -> tuple[list[Any], bool]:
        """One page; of 100 without a size that the service knows, up to the cap without any paging."""
        named = {name.lower() for name in asked.query}
        size = min(whole(asked.query.get("perPage"), DEFAULT_PAGE if "page" in named else CAP), CAP)
        number = whole(asked.query.get("page"), 1)
        if capped and number * size > CAP:
            number = 1
        return found[(number - 1) * size : number * size], number * size < len(found)


def whole(text: str | None, default: int) -> int:
    """A number of 1 or more; anything else is ignored, as the service does."""
    return int(text) if text and text.isdecimal() and int(text) else default


def parsed(text: str) -> datetime | None:
    """A moment as ISO text, or as the date of HTTP; None where it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


FAKE = FakeSalesRabbit
