"""FakeHubSpot: which request is answered by what, to whom, and how often."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.sandbox.exchange import Answer, Asked, json_answer
from ingestion.sandbox.fake import Fake
from ingestion.sandbox.rates import RollingWindow
from ingestion.sync.hubspot.sandbox import answers, search
from ingestion.sync.hubspot.sandbox.answers import Refused
from ingestion.sync.hubspot.sandbox.moments import iso
from ingestion.sync.hubspot.sandbox.portal import Portal, number
from ingestion.sync.hubspot.sandbox.store import Store, Version

HOME = "https://api.hubapi.com"
LONGEST_URL = 15_000
VERSION = r"20\d\d-(?:03|09)"
OBJECTS = re.compile(rf"/crm/(?:v3/objects|objects/(?:v3|{VERSION}))/([^/]+)/?(.*)")
OWNERS = re.compile(rf"/crm/(?:v3/owners|owners/{VERSION})/?")
ACCOUNT = re.compile(rf"/account-info/(?:v3|{VERSION})/details/?")
MOST_INPUTS = 100
MOST_OWNERS = 500


class Call:
    """A request with what its path has told."""

    def __init__(self, asked: Asked, store: Store, rest: str = "") -> None:
        self.asked = asked
        self.store = store
        self.rest = rest
        self.archived = asked.query.get("archived", "false").lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A parameter between 1 and its maximum. Raises Refused."""
        text = self.asked.query.get(name, str(default))
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise answers.invalid(f"{name} must be a number from 1 to {most}, but was {text!r}")
        return int(text)

    @property
    def after(self) -> int:
        """The cursor: opaque to those who are given it."""
        text = self.asked.query.get("after") or "0"
        if not text.isdecimal():
            raise answers.invalid(f"after is not a cursor: {text!r}")
        return int(text)

    @property
    def names(self) -> tuple[str, ...]:
        """The properties to show; names are given as a list or one by one."""
        given = ",".join(self.asked.query.getall("properties", []))
        return self.store.kind.asked([name.strip() for name in given.split(",") if name.strip()])


class FakeHubSpot(Fake, Portal):
    """A portal behind HubSpot's API: contacts, companies, deals, custom types, owners.

    Switches, which may be set at any time: `rate_limited`; `rate` and `search_rate`, rolling windows, and
    `daily`, a number; `search_lag`, the seconds after which search sees a change; `ids_sort_as_text`, whether
    search compares ids as texts; `tokens`, each with its scopes (None: all), and `expired` ones.
    """

    name = "hubspot"
    sizes: ClassVar[Mapping[str, int]] = {"contacts": 1000, "companies": 100, "deals": 200, "owners": 5}

    def __init__(
        self,
        *,
        seed: int = 1,
        rate_limited: bool = True,
        search_lag: float = 0.0,
        portal_id: int = 26_071_815,
        **sizes: int,
    ) -> None:
        super().__init__(seed=seed, rate_limited=rate_limited)
        for name in sizes:
            if name not in self.sizes:
                raise ConfigurationError(
                    f"FakeHubSpot takes no {name!r}", fix=hint(name, list(self.sizes), ", ".join(self.sizes))
                )
        self.token = "sandbox-token"  # noqa: S105 it opens nothing but this
        self.tokens: dict[str, set[str] | None] = {self.token: None}
        self.expired: set[str] = set()
        self.search_lag = search_lag
        self.ids_sort_as_text = False
        self.rate, self.search_rate, self.daily = RollingWindow(100, 10.0), RollingWindow(5, 1.0), 250_000
        self.today = 0
        self.open(seed, portal_id)
        for name in ("owners", "companies", "contacts", "deals"):
            self.fill(name, sizes.get(name, 0))

    def settings(self) -> dict[str, str]:
        """Address and token."""
        return {"HUBSPOT_API_URL": self.url, "HUBSPOT_API_TOKEN": self.token}

    def actions(self) -> Mapping[str, Callable[..., Any]]:
        """The edits that a person may make."""
        edits = (self.edit, self.recalculate, self.archive, self.restore, self.gdpr_delete, self.merge)
        return {
            "add": self.add,
            **{edit.__name__: edit for edit in edits},
            "record": self.record,
            "ids": self.ids,
        }

    def refusal(self, status: int) -> Answer:
        """HubSpot's own words."""
        return answers.usual(status)

    def answer(self, asked: Asked, headers: Mapping[str, str]) -> Answer:
        """What HubSpot says."""
        if len(HOME) + len(asked.target) > LONGEST_URL:
            return answers.TOO_LONG
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or token in self.expired:
            return answers.unauthorized(expired=token in self.expired)
        searching = asked.path.rstrip("/").endswith("/search")
        if self.rate_limited and (policy := self.exceeded(searching=searching)):
            return answers.rate_limited(policy, {} if searching else self.quota())
        try:
            answer = self.routed(asked, self.tokens[token])
        except Refused as refused:
            answer = refused.answer
        if searching:
            return answer
        return Answer(answer.status, answer.body, {**answer.headers, **self.quota()}, answer.content_type)

    def exceeded(self, *, searching: bool) -> str | None:
        """The policy that forbids one more request; a request that passes is counted."""
        if self.today >= self.daily:
            return "DAILY"
        if not (self.search_rate if searching else self.rate).take():
            return "SECONDLY" if searching else "TEN_SECONDLY_ROLLING"
        self.today += 1
        return None

    def quota(self) -> dict[str, str]:
        """The headers that tell what is left; search has none."""
        return {
            "X-HubSpot-RateLimit-Max": str(self.rate.calls),
            "X-HubSpot-RateLimit-Remaining": str(self.rate.remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": f"{self.rate.seconds * 1000:.0f}",
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self.daily - self.today),
        }

    def routed(self, asked: Asked, scopes: set[str] | None) -> Answer:
        """By path and method."""
        if ACCOUNT.fullmatch(asked.path) and asked.method == "GET":
            return self.account()
        if OWNERS.fullmatch(asked.path) and asked.method == "GET":
            call = Call(asked, self.stores["owners"])
            handle: Callable[[Call], Answer] = self.owners
        elif found := OBJECTS.fullmatch(asked.path):
            call, handle = self.objects(asked, *found.groups())
        else:
            return answers.not_found()
        if scopes is not None and call.store.kind.scope not in scopes:
            return answers.missing_scope(call.store.kind.scope)
        for name in ("associations", "propertiesWithHistory", "idProperty"):
            if asked.query.get(name):
                raise answers.not_faked(name)
        return handle(call)

    def objects(self, asked: Asked, name: str, rest: str) -> tuple[Call, Callable[[Call], Answer]]:
        """A request below an object type."""
        if name not in self.stores or name == "owners":
            raise Refused(answers.not_found(f"Unable to infer object type from: {name}"))
        call = Call(asked, self.stores[name], rest)
        match asked.method, rest.rstrip("/"):
            case "GET", "":
                return call, self.listed
            case "POST", "search":
                return call, self.searched
            case "POST", "batch/read":
                return call, self.read
            case "GET", one if "/" not in one:
                return call, self.one
        raise answers.not_faked(f"{asked.method} {asked.path}")

    def listed(self, call: Call) -> Answer:
        """Live or archived records in order of ids, without any filter."""
        return self.page(call, call.number("limit", 10, 100), call.names)

    def owners(self, call: Call) -> Answer:
        """The people, 100 at a time unless asked otherwise."""
        limit = call.number("limit", 100, MOST_OWNERS)
        email = call.asked.query.get("email")
        if email is None:
            return self.page(call, limit, ())
        versions, _ = call.store.page(0, MOST_OWNERS, archived=call.archived)
        found = [each for each in versions if each.properties.get("email") == email]
        return listing(call.store.encode(found, ()))

    def page(self, call: Call, limit: int, names: tuple[str, ...]) -> Answer:
        """One page behind the cursor."""
        if call.archived:
            call.store.purge(self.clock.ms())
        versions, more = call.store.page(call.after, limit, archived=call.archived)
        after = str(versions[-1].id) if more else None
        return listing(call.store.encode(versions, names), after, self.link(call.asked, after))

    def link(self, asked: Asked, after: str | None) -> str:
        """The next page's whole address."""
        rest = [part for part in asked.target.partition("?")[2].split("&") if part[:6] != "after="]
        return f"{self.url}{asked.path}?{'&'.join([*filter(None, rest), f'after={after}'])}"

    def searched(self, call: Call) -> Answer:
        """What the index has; records that have gone since leave a page short."""
        index = call.store.index
        index.settle(self.clock.ms() - int(self.search_lag * 1000))
        wanted = search.decoded(call.asked.body)
        found = search.Run(wanted, index, ids_as_text=self.ids_sort_as_text).found()
        versions = [index.docs[each] for each in found.ids if call.store.find(each)]
        end = search.offset(wanted) + wanted.limit
        after = str(end) if end < found.total else None
        items = call.store.encode(versions, call.store.kind.asked(wanted.properties))
        return listing(items, after, self.link(call.asked, after), total=found.total)

    def read(self, call: Call) -> Answer:
        """Records by id: 200 when all are there, 207 when some are, 404 when none is."""
        body = call.asked.json
        inputs = body.get("inputs") if isinstance(body, dict) else None
        if not isinstance(inputs, list) or not all(
            isinstance(each, dict) and "id" in each for each in inputs
        ):
            raise answers.invalid("Invalid input JSON: inputs must be a list of {id}")
        if not 1 <= len(inputs) <= MOST_INPUTS:
            raise answers.invalid(f"inputs must have 1 to {MOST_INPUTS} elements, but has {len(inputs)}")
        if body.get("propertiesWithHistory") or body.get("idProperty"):
            raise answers.not_faked("propertiesWithHistory or idProperty")
        ids = {str(each["id"]) for each in inputs}
        found = {each: call.store.find(number(each), archived=call.archived) for each in ids}
        versions = sorted(filter(None, found.values()), key=lambda version: version.id)
        missing = sorted(each for each, version in found.items() if version is None)
        if not versions:
            return json_answer(answers.missing_inputs(missing), 404)
        names = call.store.kind.asked(list(body.get("properties") or []))
        return self.batch(call.store, versions, names, missing)

    def batch(
        self, store: Store, versions: list[Version], names: tuple[str, ...], missing: list[str]
    ) -> Answer:
        """What was found, and what was not."""
        now = iso(self.clock.ms())
        value: dict[str, Any] = {"status": "COMPLETE", "startedAt": now, "completedAt": now}
        value["results"] = msgspec.Raw(b"[" + store.encode(versions, names) + b"]")
        if missing:
            value |= {"numErrors": 1, "errors": [answers.missing_inputs(missing)]}
        return json_answer(value, 207 if missing else 200)

    def one(self, call: Call) -> Answer:
        """A record by its id, or by an id that was merged into it."""
        version = call.store.find(number(call.rest.rstrip("/")), archived=call.archived, follow=True)
        return Answer(200, call.store.encode([version], call.names)) if version else answers.not_found()

    def account(self) -> Answer:
        """The portal."""
        return json_answer(
            {
                "portalId": self.portal_id,
                "accountType": "STANDARD",
                "timeZone": "US/Eastern",
                "companyCurrency": "USD",
                "additionalCurrencies": [],
                "utcOffset": "-04:00",
                "utcOffsetMilliseconds": -14_400_000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    def stuck(self, asked: Asked, answer: Answer) -> Answer:
        """The cursor that was asked with, once more."""
        body = msgspec.json.decode(answer.body)
        given = asked.json.get("after") if isinstance(asked.json, dict) else asked.query.get("after")
        body["paging"] = {"next": {"after": str(given or 0), "link": self.link(asked, str(given or 0))}}
        return json_answer(body, answer.status, answer.headers)


def listing(items: bytes, after: str | None = None, link: str = "", total: int | None = None) -> Answer:
    """A page of records that are encoded already."""
    start = b"{" if total is None else b'{"total":%d,' % total
    paging = msgspec.json.encode({"next": {"after": after, "link": link}}) if after else None
    end = b',"paging":' + paging + b"}" if paging else b"}"
    return Answer(200, start + b'"results":[' + items + b"]" + end)
