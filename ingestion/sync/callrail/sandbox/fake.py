"""FakeCallRail: lists of several accounts, with the quirks that the real service has."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.base.window import months_before
from ingestion.sandbox.clock import Clock
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake, locked
from ingestion.sandbox.rates import RollingWindow
from ingestion.sync.callrail.sandbox.invented import OPTIONAL, ZONE, Inventor, local

LISTS = {
    **{"companies": "companies", "calls": "calls", "trackers": "trackers", "tags": "tags", "users": "users"},
    **{"form_submissions": "form_submissions", "text-messages": "conversations"},
}
"""Path → the envelope's member, which is the kind of what it has."""
DATED = {"calls": "start_time", "form_submissions": "submitted_at", "conversations": "last_message_at"}
WITHOUT_TOTALS = ("trackers", "tags", "users")
ALWAYS = {"form_submissions": {"person_id", "landing_page_url", "referring_url", "source", "keywords"}}
WORDS = {
    **{400: "Bad request", 401: "HTTP Token: Access denied.", 403: "Forbidden", 404: "Not found"},
    **{429: "Rate limit exceeded", 500: "Internal server error", 503: "Service unavailable"},
}
PATH = re.compile(r"/a/([^/]+)/([\w-]+)\.json")
MOST = 250


class FakeCallRail(Fake):
    """Accounts behind CallRail's API. `keys` are those that open it; `hidden` accounts are not shown."""

    name = "callrail"
    sizes: ClassVar[Mapping[str, int]] = {
        **{"accounts": 2, "calls": 200, "trackers": 5, "form_submissions": 20},
        **{"conversations": 10, "tags": 6, "users": 4},
    }

    def __init__(self, *, seed: int = 1, rate_limited: bool = True, **sizes: int) -> None:
        super().__init__(seed=seed, rate_limited=rate_limited)
        for name in sizes:
            if name not in self.sizes:
                raise ConfigurationError(
                    f"FakeCallRail takes no {name!r}", fix=hint(name, list(self.sizes), ", ".join(self.sizes))
                )
        self.keys = {"sandbox-key"}
        self.hidden: set[str] = set()
        self.clock = Clock()
        self.rate = RollingWindow(1000, 3600.0)
        self.inventor = Inventor(seed)
        self.accounts: dict[str, dict[str, Any]] = {}
        self.lists: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        for _ in range(sizes.get("accounts", 1)):
            account = self.add_account()
            self.add(account, "companies", 2, days=300)
            for kind in LISTS.values():
                self.add(account, kind, sizes.get(kind, 0), days=300)

    # What people do.

    @locked
    def add_account(self) -> str:
        """One more account that the key sees; gives its id."""
        account = self.inventor.account(self.clock.now())
        self.accounts[account["id"]] = account
        self.lists |= {(account["id"], kind): {} for kind in LISTS.values()}
        return str(account["id"])

    @locked
    def add(self, account: str, kind: str, count: int = 1, /, *, days: float = 0, **values: Any) -> list[str]:
        """So many records of a kind, spread over the last `days`; gives their ids."""
        ids = []
        for number in range(count):
            moment = self.clock.now() - timedelta(days=days * (number + 1) / count)
            record = getattr(self.inventor, kind)(moment)
            companies = list(self.lists[account, "companies"]) or ["COM0"]
            if kind == "trackers":
                record["company"] = {"id": companies[0], "name": "Roofs & Sons"}
            elif kind not in ("companies", "users"):
                record["company_id"] = companies[number % len(companies)]
            record |= values
            self.lists[account, kind][str(record["id"])] = record
            ids.append(str(record["id"]))
        return ids

    @locked
    def edit(self, kind: str, id: str, /, **values: Any) -> None:
        """Change values, as tags, notes, lead status or a late recording do: no time tells of it."""
        self.found(kind, id)[id] |= values

    @locked
    def tag(self, id: str, name: str) -> None:
        """Tag a call."""
        call = self.found("calls", id)[id]
        call["tags"] = [*call["tags"], {"id": 900 + len(call["tags"]), "name": name, "tag_level": "account"}]

    @locked
    def remove(self, kind: str, id: str) -> None:
        """A deleted user, or a call marked as spam: gone from every list. Companies and trackers stay."""
        if kind in ("companies", "trackers"):
            self.edit(kind, id, status="disabled", disabled_at=local(self.clock.now()))
        else:
            del self.found(kind, id)[id]

    @locked
    def ids(self, kind: str) -> list[str]:
        """The ids of a kind in all accounts."""
        return [id for (_, each), records in self.lists.items() if each == kind for id in records]

    def found(self, kind: str, id: str) -> dict[str, dict[str, Any]]:
        """The list that has a record."""
        for (_, each), records in self.lists.items():
            if each == kind and id in records:
                return records
        raise ConfigurationError(f"there is no {id!r} among the {kind}", fix="see the edit `ids`")

    def settings(self) -> dict[str, str]:
        """Address and key."""
        return {"CALLRAIL_API_URL": self.url, "CALLRAIL_API_KEY": min(self.keys)}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """The edits that a person may make."""
        edits = (self.add_account, self.add, self.edit, self.tag, self.remove, self.ids)
        return {each.__name__: each for each in edits}

    # What the service says.

    def refusal(self, status: int) -> Answer:
        """An error as CallRail words it; a 429 names no time to wait."""
        return json_answer({"error": WORDS.get(status, f"Error {status}")}, status)

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """By path: the accounts, or one list of one account."""
        given = headers.get("Authorization", "").removeprefix("Token token=").strip('"')
        if given not in self.keys:
            return self.refusal(401)
        if self.rate_limited and not self.rate.take():
            return self.refusal(429)
        if asked.path == "/a.json":
            accounts = [each for id, each in self.accounts.items() if id not in self.hidden]
            return self.page(asked, "accounts", accounts)
        match = PATH.fullmatch(asked.path)
        if not match or match[1] not in self.accounts or match[1] in self.hidden or match[2] not in LISTS:
            return self.refusal(404)
        kind = LISTS[match[2]]
        records = self.chosen(asked, kind, list(self.lists[match[1], kind].values()))
        return records if isinstance(records, Answer) else self.page(asked, kind, records)

    def chosen(self, asked: Asked, kind: str, records: list[dict[str, Any]]) -> list[dict[str, Any]] | Answer:
        """What the filters leave, newest first, with the fields that were asked for."""
        if company := asked.query.get("company_id"):
            mine = {company, None}
            records = [r for r in records if r.get("company_id", (r.get("company") or {}).get("id")) in mine]
        if column := DATED.get(kind):
            start, end = (bound(asked.query.get(f"{name}_date"), name) for name in ("start", "end"))
            oldest = months_before(self.clock.now(), 25) - timedelta(days=1)
            if start and start < oldest:
                return json_answer({"error": "Please revise your date range: data is kept 25 months."}, 400)
            low, high = max(start or oldest, oldest), end or datetime.max.replace(tzinfo=UTC)
            records = [r for r in records if low <= datetime.fromisoformat(r[column]) <= high]
            records.sort(key=lambda r: datetime.fromisoformat(r[column]), reverse=True)
        if kind not in ("calls", "form_submissions"):
            return records
        shown = {*asked.query.get("fields", "").split(","), *ALWAYS.get(kind, set())}
        late = {*OPTIONAL, "company_name", "company_time_zone", "tracker_id"} - shown
        late |= {"company_id"} - shown if kind == "calls" else set()
        return [{name: value for name, value in r.items() if name not in late} for r in records]

    def page(self, asked: Asked, kind: str, records: list[dict[str, Any]]) -> Answer:
        """One page: by number, or (calls) with the address of the next one and without totals."""
        size = asked.query.get("per_page", "100")
        relative = kind == "calls" and asked.query.get("relative_pagination") == "true"
        place = asked.query.get("offset", "0") if relative else asked.query.get("page", "1")
        if not (size.isdecimal() and 1 <= int(size) <= MOST and place.isdecimal()):
            return self.refusal(400)
        begin = (int(place) if relative else int(place) - 1) * int(size)
        body: dict[str, Any] = {kind: records[begin : begin + int(size)]}
        if relative:
            more = begin + int(size) < len(records)
            query = urlencode({**asked.query, "offset": int(place) + 1})
            return json_answer(
                {"next_page": f"{self.url}{asked.path}?{query}" if more else None, "has_next_page": more}
                | body
            )
        totals = {"total_pages": math.ceil(len(records) / int(size)), "total_records": len(records)}
        head = {"page": int(place), "per_page": int(size)}
        return json_answer({**head, **({} if kind in WITHOUT_TOTALS else totals), **body})


def bound(text: str | None, name: str) -> datetime | None:
    """A filter's moment; a bare date is one of the company's time zone, both days belong to the range."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(ZONE))
    return datetime.combine(moment, time.max, moment.tzinfo) if len(text) == 10 and name == "end" else moment
