"""The source of a world: a service with writers of its own, that answers over a session without a network.

It speaks as HubSpot does: a search in the order of a timestamp over an index that lags behind, lists by
key, by snapshot or by offset, and a list of what is archived. `Session` stands where aiohttp's would.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp

from tests.simulation.edges import WORKER

CANARY = "canary-7f3a-secret"
TRANSIENT = ("503", "429", "reset", "timeout", "cut short")
FATAL = ("html", "empty body", "no list", "401", "stuck cursor")
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Niklaus", "Frances", "Ken")


@dataclass
class Version:
    """What an entry is from one moment on. `at` is its timestamp, `shown` when the index has it."""

    at: datetime
    shown: datetime
    real: datetime
    values: dict = field(default_factory=dict)
    state: str = "alive"
    bad: bool = False


class Entry:
    """One thing at the source, in all its versions."""

    def __init__(self, key):
        self.key = key
        self.versions = []

    @property
    def now(self):
        return self.versions[-1]

    def had(self, moment):
        """Whether a version before this one had that timestamp: a clock that was wrong has made it."""
        return any(version.at == moment for version in self.versions[:-1])

    def indexed(self, moment):
        """The version that a search finds."""
        return next((v for v in reversed(self.versions) if v.shown <= moment), None)

    def states_since(self, moment):
        """What it has been since a moment."""
        past = [v for v in self.versions if v.real <= moment][-1:]
        return {v.state for v in [*past, *(v for v in self.versions if v.real > moment)]}


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Service:
    """The entries, their writers and what goes wrong; `seed` configuration comes from the world."""

    def __init__(self, world):
        self.world, self.rng, self.clock = world, world.rng, world.clock
        self.config = world.config
        self.entries = {}
        self.hides_city = False
        self.quiet = False
        self.down_until = 0.0
        self.lists = {}
        self.walks, self.pages = {}, {}

    # Writers.

    def stir(self, most=4):
        """Some of what people do to a source meanwhile."""
        if not self.quiet:
            for _ in range(self.rng.randrange(most)):
                self.write()

    def write(self):
        kinds = self.config.writers
        kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
        getattr(self, kind)()

    def pick(self, *states):
        return [e for e in self.entries.values() if e.now.state in states]

    def some(self, *states):
        found = self.pick(*states)
        return self.rng.choice(found) if found else None

    def put(self, entry, state="alive", values=None, *, at=None, shown=None, bad=False):
        now = self.clock.now()
        grain = self.config.grain
        moment = at or (now - timedelta(milliseconds=now.timestamp() * 1000 % (grain * 1000)))
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        if entry.versions and at is None:
            moment = max(moment, entry.now.at) if entry.now.at <= now else moment
        if shown is None:
            shown = now + timedelta(seconds=self.rng.uniform(0, self.config.index_lag))
        if entry.versions:
            shown = max(shown, entry.now.shown)
        values = dict(entry.now.values) if values is None else values
        entry.versions.append(Version(moment, shown, now, values, state, bad))
        self.world.trace(lambda: f"source: {entry.key} {state}{' bad' * bad} at {stamp(moment)} {values}")

    def values(self, entry):
        rng = self.rng
        values = {
            "name": f"{rng.choice(NAMES)} {rng.randrange(100)}",
            "email": rng.choice([None, f"a{rng.randrange(9)}@example.com"]),
            "city": entry.now.values["city"] if entry.versions else None,
            "visits": rng.randrange(5),
            "vip": rng.random() < 0.5,
            "balance": rng.choice([None, "12.50", "0.07"]),
            "tags": rng.choice([None, [1, "a"], {"b": True}]),
            "password": CANARY,
        }
        if not self.hides_city:
            values["city"] = rng.choice([None, "Ulm", "Köln"])
        if rng.random() < 0.2:
            values["fax"] = str(rng.randrange(9))
        return values

    def create(self, **how):
        if len(self.entries) < self.config.most_entries:
            key = str(self.rng.randrange(100, 999))
            entry = self.entries.setdefault(key, Entry(key))
            if not entry.versions:
                self.put(entry, values=self.values(entry), **how)

    def keep_one(self):
        """A record where none is left: an empty read deletes nothing, and says so for good."""
        if all(entry.now.state != "alive" for entry in self.entries.values()):
            entry = self.entries.setdefault("100", Entry("100"))
            self.put(entry, values=self.values(entry))

    def edit(self, **how):
        if entry := self.some("alive"):
            self.put(entry, values=self.values(entry), **how)

    def edit_many(self):
        """An import: many records with one timestamp."""
        now = self.clock.now()
        for entry in self.rng.sample(self.pick("alive"), min(len(self.pick("alive")), 8)):
            if entry.now.at <= now:
                self.put(entry, values=self.values(entry))

    def create_many(self):
        for _ in range(6):
            self.create()

    def archive(self):
        if entry := self.some("alive"):
            self.put(entry, "archived")

    def restore(self):
        if entry := self.some("archived", "gone"):
            self.put(entry, values=self.values(entry))

    def remove(self):
        if entry := self.some("alive"):
            self.put(entry, "gone")

    def spoil(self):
        if entry := self.some("alive"):
            wrong = self.rng.choice([{"name": "x" * 31}, {"name": None}])
            self.put(entry, values=self.values(entry) | wrong, bad=True)

    def late(self):
        """Something that was under way for longer than the source admits."""
        at = self.clock.now() - timedelta(seconds=self.rng.uniform(60, 7200))
        self.create(at=at, shown=self.clock.now())

    def future(self):
        """A clock that is wrong."""
        at = self.clock.now() + timedelta(seconds=self.rng.uniform(60, 200_000))
        self.create(at=at, shown=self.clock.now())

    def hide_city(self, rows):
        """Show a member no more, or again; meanwhile it is what it was when it was read last."""
        self.hides_city = not self.hides_city
        if self.hides_city:
            for entry in self.entries.values():
                entry.now.values["city"] = rows[entry.key]["city"] if entry.key in rows else None

    def absent_twice(self, key, worker):
        """Whether a list that shifts has hidden a record in both reads of a worker."""
        walks = self.walks.get(worker.pid, ())
        return len(walks) > 1 and not any(key in walk for walk in walks[-2:])

    def was_read(self, page, answer):
        """Remember what a read by offsets has shown, by the worker that read.

        As many new ones as a page has bring the page before once more: nothing tells that from a service that
        is stuck.
        """
        worker, number = WORKER.get(), int(page)
        walks, pages = self.walks.setdefault(worker.pid, []), self.pages.setdefault(worker.pid, {})
        if number == 1:
            walks.append(set())
            pages.clear()
        pages[number] = keys = [record["id"] for record in answer["results"]]
        walks[-1].update(keys)
        if keys and keys in (pages.get(number - 1), pages.get(number + 1)):
            worker.fatal.append("stuck cursor")

    # Answers.

    def record(self, key, version):
        values = {"id": key, **version.values, "updated_at": stamp(version.at)}
        if self.hides_city:
            values.pop("city", None)
        if version.state == "archived":
            values["deleted"] = True
        return values

    def answer(self, path, params, body):
        """(status, headers, what is said)."""
        if path.endswith("/details"):
            return {"account": self.world.config.account}
        if path.endswith("/search"):
            return self.search(body)
        if "/one/" in path:
            return self.one(path.rpartition("/")[2])
        return self.list(params)

    def one(self, key):
        entry = self.entries.get(key)
        return self.record(key, entry.now) if entry and entry.now.state == "alive" else 404

    def list(self, params):
        archived = params.get("archived") == "true"
        state = "archived" if archived else "alive"
        size = int(params.get("limit", params.get("per_page", 100)))
        if "page" in params:
            return self.by_offset(int(params["page"]), size)
        after = params.get("after")
        if self.config.paging == "snapshot" and not archived:
            return self.by_snapshot(after, size)
        found = sorted((e.key, e.now) for e in self.entries.values() if e.now.state == state)
        rest = [pair for pair in found if after is None or pair[0] > after]
        page = [self.record(*pair) for pair in rest[:size]]
        more = {"next": {"after": page[-1]["id"]}} if len(rest) > size else {}
        return {"results": page, "paging": more}

    def by_offset(self, page, size):
        """The newest first, as offsets are wont: every edit shifts the list."""
        alive = [e for e in self.entries.values() if e.now.state == "alive"]
        alive.sort(key=lambda e: (e.now.real, e.key), reverse=True)
        return {"results": [self.record(e.key, e.now) for e in alive[(page - 1) * size : page * size]]}

    def by_snapshot(self, after, size):
        if after is None:
            name, place = str(len(self.lists)), 0
            self.lists[name] = [self.record(e.key, e.now) for e in self.pick("alive")]
        else:
            name, _, text = after.partition(":")
            place = int(text)
        page = self.lists[name][place : place + size]
        more = place + size < len(self.lists[name])
        return {"results": page, "paging": {"next": {"after": f"{name}:{place + size}"}} if more else {}}

    def search(self, body):
        moment, found = self.clock.now(), []
        filters = body["filterGroups"][0]["filters"]
        for entry in self.entries.values():
            version = entry.indexed(moment)
            if version and version.state == "alive" and all(self.fits(entry, version, f) for f in filters):
                found.append((entry.key, version))
        by_key = body["sorts"][0]["propertyName"] == "hs_object_id"
        found.sort(key=lambda pair: pair[0] if by_key else (pair[1].at, self.shuffled(pair[0])))
        start = int(body.get("after") or 0)
        if start >= self.config.cap:
            return 400
        page = [self.record(*pair) for pair in found[start : start + body["limit"]]]
        end = start + body["limit"]
        more = {"next": {"after": str(end)}} if len(found) > end else {}
        return {"total": len(found), "results": page, "paging": more}

    def shuffled(self, key):
        """Within one timestamp the order is nobody's promise."""
        return hash((int(key) * 7919) % 1009)

    def fits(self, entry, version, condition):
        operator, value = condition["operator"], condition["value"]
        if condition["propertyName"] == "hs_object_id":
            return int(entry.key) > int(value)
        mine = int(version.at.timestamp() * 1000 + 0.5)
        other = int(value)
        return {"GTE": mine >= other, "GT": mine > other, "LTE": mine <= other, "EQ": mine == other}[operator]


class Session:
    """In aiohttp's place, for one worker's client."""

    def __init__(self, world):
        self.world = world

    def request(self, method, url, *, params, json, headers, allow_redirects):
        return Exchange(self.world, url.partition("://")[2].partition("/")[2], params, json, headers)

    async def close(self):
        return None


class Exchange:
    """One request and its answer, with whatever the world has in store for it."""

    def __init__(self, world, path, params, body, headers):
        self.world, self.path, self.params, self.sent, self.given = world, path, params, body, headers
        self.status, self.headers, self.content = 200, {"Content-Type": "application/json"}, self

    async def __aenter__(self):
        world, worker = self.world, WORKER.get()
        assert self.given["Authorization"] == f"Bearer {CANARY}"
        await world.wait(world.latency())
        worker.point(f"request {self.path}")
        world.requests += 1
        assert world.requests < 5000, "a read that never ends"
        service = world.service
        service.stir(world.config.busy)
        fault = world.source_fault(self.path)
        self.told(worker, fault)
        if fault == "reset":
            raise aiohttp.ClientConnectionResetError
        if fault == "timeout":
            await world.wait(60)
            raise TimeoutError
        said = service.answer("/" + self.path, self.params, self.sent)
        world.trace(lambda: f"request {worker.pid} {self.path} {self.params} {self.sent} -> {said}")
        self.body = self.spoiled(fault, said)
        if fault in (None, "stuck cursor") and "page" in self.params:  # an offset has no cursor
            service.was_read(self.params["page"], said)
        if fault is None and isinstance(said, dict) and not worker.reads_keys:
            worker.shown |= {record["id"]: record for record in said.get("results", ())}
        return self

    def told(self, worker, fault):
        """Have the worker remember what happens to this request."""
        request = (self.path, *sorted(self.params.items()), json.dumps(self.sent))
        if fault in TRANSIENT:
            worker.fault(f"source: {fault}", request)
            return
        worker.well(request)
        if fault:
            worker.tell_fault(f"source: {fault}")

    def spoiled(self, fault, said):
        if fault == "401" or (fault in FATAL and not isinstance(said, int) and "results" in said):
            WORKER.get().fatal.append(fault)
        if isinstance(said, int) or (fault or "").isdigit():
            self.status = said if isinstance(said, int) else int(fault)
            if self.status == 429:
                self.headers["Retry-After"] = str(self.world.rng.randrange(1, 20))
            return b'{"message": "no"}'
        if "results" not in said:
            return json.dumps(said).encode()
        if fault == "html":
            self.headers["Content-Type"] = "text/html"
            return b"<html>login</html>"
        if fault == "empty body":
            return b""
        if fault == "no list":
            return b'{"error": "later"}'
        last, self.world.last = (
            self.world.last,
            (WORKER.get().pid, self.path, self.params.get("archived"), self.question(), said),
        )
        if fault == "stuck cursor" and last and last[:4] == self.world.last[:4] and last[4].get("paging"):
            said = last[4]
            self.world.last = last
        body = json.dumps(said).encode()
        return body[: len(body) // 2] if fault == "cut short" else body

    def question(self):
        """What a search asks for, whatever the bounds: no cursor is stuck from one question to another."""
        return [each["operator"] for each in self.sent["filterGroups"][0]["filters"]] if self.sent else None

    async def __aexit__(self, *exc_info):
        return None

    async def iter_chunked(self, size):
        yield self.body


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)
