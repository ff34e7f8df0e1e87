"""CallRail's API v3: every list of every account that the key sees."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from ingestion.base.auth import HeaderPairs
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import NextUrl, PageNumber, Paginator, Request
from ingestion.base.plan import SyncPlan
from ingestion.base.window import Window
from ingestion.conf import setting
from ingestion.sync.callrail.messages import messages_of

MOST = 250
"""Records a page at most."""

SLICE = timedelta(days=366)
"""A long read goes on after the last stretch of this length that was complete; shorter ones cost requests."""

MILLISECOND = timedelta(milliseconds=1)


class CallRailClient(BaseAPIClient):
    """Everything that the key's user sees; what it does not see is absent without an error."""

    url_setting = "CALLRAIL_API_URL"
    default_url = "https://api.callrail.com/v3"
    credentials = ("CALLRAIL_API_KEY",)
    rate = RateLimit(1000, 3600)
    message = "error"
    auth_fix = "check CALLRAIL_API_KEY and what its user may see, then run `manage.py test_callrail`"
    paging = "unstable"
    resumable = True
    company_id: str | None = None
    accounts: tuple[Mapping[str, Any], ...] = ()
    needs_accounts = True

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client of `CALLRAIL_API_KEY`."""
        header = f'Token token="{cls.required("CALLRAIL_API_KEY")}"'
        address = setting(cls.url_setting, cls.default_url)
        return cls(address, HeaderPairs({"Authorization": header}), page_size=page_size)

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """The client of a run, for one company where `--company-id` says so."""
        client = super().from_plan(plan, resource)
        client.company_id = plan.options.get("company_id")
        client.needs_accounts = resource.name != "accounts"
        return client

    async def connect(self) -> None:
        """Learn which accounts there are, unless they are what is read."""
        if self.needs_accounts:
            everything = self.read(Resource("accounts"), Window("full", datetime.now(UTC)))
            self.accounts = tuple([record async for page in everything for record in page.records])

    async def test_connection(self) -> Any:
        """The accounts by name."""
        names = (f"{each['id']} ({each.get('name')})" for each in self.accounts)
        return {"accounts": ", ".join(names) or "none"}

    def parts(self, resource: Resource) -> tuple[str, ...]:
        """The accounts."""
        return () if resource.name == "accounts" else tuple(str(each["id"]) for each in self.accounts)

    def version(self) -> str:
        """A stored position counts the lists of these accounts."""
        return " ".join(str(each["id"]) for each in self.accounts)

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """Account by account; what has a date in stretches of it."""
        if resource.name == "accounts":
            return [Stage("accounts", Request("a.json"), self.pages(resource), "accounts")]
        return [
            self.stage(resource, account, dates)
            for account in self.parts(resource)
            for dates in (ranges(window.of(account)) if resource.cursor else [{}])
        ]

    def stage(self, resource: Resource, account: str, dates: dict[str, str]) -> Stage:
        """One list of one account."""
        options = resource.options
        fields = [*options.get("fields", ()), *self.added(resource)]
        params = {"fields": ",".join(fields) or None, "company_id": self.company_id, **dates}
        if options.get("relative"):
            params |= {"relative_pagination": "true", "per_page": str(self.size)}
        return Stage(
            f"{resource.name} of {account}",
            Request(f"a/{account}/{resource.name}.json", params),
            self.pages(resource),
            options.get("items", resource.name),
            messages_of if options.get("messages") else None,
            {"account_id": account},
        )

    def added(self, resource: Resource) -> list[str]:
        """Further fields, from a setting such as `CALLRAIL_CALLS_FIELDS`; they are kept in `extra`."""
        names = setting(f"CALLRAIL_{resource.name.upper()}_FIELDS").split(",")
        return [name.strip() for name in names if name.strip()]

    @property
    def size(self) -> int:
        """Records a page."""
        return min(self.page_size or MOST, MOST)

    def pages(self, resource: Resource) -> Paginator:
        """By the address of the next page, or by number: some lists say how many there are, some do not."""
        if resource.options.get("relative"):
            return NextUrl("next_page", more="has_next_page")
        return PageNumber(count=self.size, total="total_pages")


def ranges(window: Window) -> Iterator[dict[str, str]]:
    """Stretches of a window, oldest first: both ends belong to them, and the time zone is always said."""
    end = window.until or window.cap
    since = window.since or end - SLICE
    while since <= end:
        until = min(since + SLICE, end)
        yield {"start_date": text(since), "end_date": text(until)}
        since = until + MILLISECOND


def text(moment: datetime) -> str:
    """A moment with its offset: a bare date would be one of the company's time zone."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
