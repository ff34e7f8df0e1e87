"""Arrivy's API: lists by page number, without a change filter; tasks without a time are lists apart."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Self

from ingestion.base.auth import Auth, HeaderPairs
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SyncError
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import Answer, Request, SinglePage
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window
from ingestion.conf import setting
from ingestion.sync.arrivy.pages import ArrivyPages, written
from ingestion.sync.arrivy.validators import moment, wanted

PAGE = 500
"""Records a page: Arrivy's own default for tasks, and the most that is known to be honoured."""

TASK_LISTS = ({"unscheduled": "false"}, {"unscheduled": "true"}, {"tasks_with_no_datetime": "true"})
"""Tasks with a time, those that wait for one, and those that have none: each list leaves the others out."""


class ArrivyClient(BaseAPIClient):
    """One company's account. Usable alone too, even without `async with`: `await client.get_customers()`."""

    url_setting = "ARRIVY_API_URL"
    default_url = "https://app.arrivy.com/api"
    credentials = ("ARRIVY_API_KEY", "ARRIVY_AUTH_KEY")
    rate = RateLimit(120, 60)
    check = Request("customers", {"page": 1, "items_per_page": 1})
    auth_fix = "check ARRIVY_API_KEY and ARRIVY_AUTH_KEY in .env, then run `manage.py test_arrivy`"
    paging = "unstable"
    resumable = True
    pages = 0
    changed_since: datetime | None = None
    status = ""

    def __init__(self, base_url: str = "", auth: Auth | None = None, *, page_size: int = 0) -> None:
        names = {"X-Auth-Key": "ARRIVY_AUTH_KEY", "X-Auth-Token": "ARRIVY_API_KEY"}
        auth = auth or HeaderPairs({header: self.required(name) for header, name in names.items()})
        super().__init__(base_url or setting(self.url_setting, self.default_url), auth, page_size=page_size)

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client of `ARRIVY_API_KEY` and `ARRIVY_AUTH_KEY`."""
        return cls(page_size=page_size)

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """The client of a run, with what its flags leave out."""
        client = super().from_plan(plan, resource)
        client.pages = plan.options.get("pages") or 0
        client.changed_since = plan.options.get("lastmodifieddate")
        client.status = plan.options.get("task_status") or plan.options.get("booking_status") or ""
        return client

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """One list; of tasks three, or only the one with times where days were asked for."""
        request = Request(resource.name, self.bounds(resource, window))
        paginator = ArrivyPages(count=min(self.page_size or PAGE, PAGE), last=self.pages)
        lists = TASK_LISTS[: 1 if window.strategy == "from" else 3] if resource.name == "tasks" else ({},)
        keep = partial(self.chosen, cursor=resource.cursor or "updated")
        narrow = keep if self.status or self.changed_since else None
        return [
            Stage(
                " ".join([resource.name, *params]),
                request.with_params(**params),
                paginator if resource.options.get("pages", True) else SinglePage(),
                complete=narrow,
            )
            for params in lists
        ]

    def bounds(self, resource: Resource, window: Window) -> dict[str, str]:
        """A window as parameters: days of work, or of bookings the time since which they were changed."""
        if window.strategy == "from" and resource.business_date:
            names = ("from", "to") if resource.name == "tasks" else ("start_date", "end_date")
            given = zip(names, (window.since, window.until), strict=True)
            return {name: written(bound) for name, bound in given if bound}
        since = max(filter(None, (window.since, self.changed_since)), default=None)
        return {"updated_after": written(since)} if resource.cursor and since else {}

    async def chosen(self, records: list[Any], cursor: str) -> list[Any]:
        """The records that the flags ask for; one that does not tell when it was changed is among them."""
        return [record for record in records if isinstance(record, dict) and self.is_chosen(record, cursor)]

    def is_chosen(self, record: dict[str, Any], cursor: str) -> bool:
        """Whether the flags ask for this record."""
        changed = moment(record.get(cursor)) if self.changed_since else None
        late = not isinstance(changed, datetime) or changed >= (self.changed_since or changed)
        return late and (not self.status or wanted(self.status, record.get("status")))

    def with_records(self, answer: Answer, stage: Stage) -> Answer:
        """A bare list, or one in an envelope, as accounts have been seen to answer."""
        enveloped = isinstance(answer.body, dict) and "results" in answer.body
        return super().with_records(answer, replace(stage, items="results") if enveloped else stage)

    # Alone, without an engine.

    async def test_connection(self) -> tuple[bool, str]:
        """Whether the address and the credentials are right, and what to do where they are not."""
        try:
            await self.page_of("customers", 1, 1)
        except SyncError as error:
            return False, str(error)
        return True, f"connected to {self.base_url.rstrip('/')}"

    async def get_customers(self, page_size: int = PAGE, page: int = 1) -> dict[str, Any]:
        """One page of customers; raises what `request` raises, as the others do."""
        return await self.page_of("customers", page_size, page)

    async def get_team_members(self, page_size: int = PAGE, page: int = 1) -> dict[str, Any]:
        """One page of entities."""
        return await self.page_of("entities", page_size, page)

    async def get_bookings(
        self,
        page_size: int = PAGE,
        page: int = 1,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> dict[str, Any]:
        """One page of bookings that begin between two moments (naive ones are UTC)."""
        given = {"start_date": start_date, "end_date": end_date}
        return await self.page_of(
            "bookings", page_size, page, **{k: written(v) for k, v in given.items() if v}
        )

    async def page_of(self, name: str, page_size: int, page: int, **params: str) -> dict[str, Any]:
        """One page of a list: `results`, `has_next`, `next_page`, `current_page`, `page_size`."""
        if not hasattr(self, "session") or self.session.closed:
            async with self:
                return await self.page_of(name, page_size, page, **params)
        pages = ArrivyPages(count=page_size)
        asked = pages.first(Request(name, params), page)
        answer = self.with_records(await self.request(asked), Stage(name, asked))
        further = pages.next(answer)
        return {
            "results": answer.records,
            "has_next": further is not None,
            "next_page": further and further.params["page"],
            "current_page": page,
            "page_size": page_size,
        }
