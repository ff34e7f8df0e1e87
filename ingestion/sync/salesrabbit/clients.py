"""SalesRabbit's API: pages that may be capped or repeat, and changes asked for by header."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self

from ingestion.base.auth import Bearer
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import Request
from ingestion.base.walks import RisingWindow
from ingestion.base.window import Window
from ingestion.conf import setting

PAGE = 2000
"""Records of an answer at most."""

MODIFIED = "If-Modified-Since"
STATUS_MODIFIED = "If-Status-Modified-Since"
"""The two questions for changes. A change of status alone may leave the first one's time as it is."""


def page_of(header: str, request: Request, since: datetime | None, number: int) -> Request:
    """A page of what has changed; the moment is an ISO text in UTC, not the date of HTTP."""
    request = request.with_params(page=number)
    return request.with_headers({header: since.isoformat(timespec="seconds")}) if since else request


class SalesRabbitClient(BaseAPIClient):
    """One account.

    The service documents no limit; 50 requests in a minute are said to be one. Leads are walked by time, so
    their pages are never counted on; where pages are (users, histories), the list is `unstable`.
    """

    url_setting = "SALESRABBIT_API_URL"
    default_url = "https://api.salesrabbit.com"
    credentials = ("SALESRABBIT_API_TOKEN",)
    rate = RateLimit(5, 6)
    auth_fix = "check SALESRABBIT_API_TOKEN, then run `manage.py test_salesrabbit`"
    paging = "unstable"
    resumable = True

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client of `SALESRABBIT_API_TOKEN`, which the dashboard gives under Integrations."""
        token = Bearer(cls.required("SALESRABBIT_API_TOKEN"))
        return cls(setting(cls.url_setting, cls.default_url), token, page_size=page_size)

    async def test_connection(self) -> Any:
        """How many statuses a lead can have."""
        answer = (await self.request(Request("leadStatuses"))).body
        return {"statuses": len(answer.get("data", []))}

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """The whole list, or what each of the resource's headers brings of a window."""
        changes = resource.options.get("changes", {MODIFIED: ""})
        if not window.since:
            changes = dict(list(changes.items())[:1])
        return [self.stage(resource, window, header, cursor) for header, cursor in changes.items()]

    def stage(self, resource: Resource, window: Window, header: str, cursor: str) -> Stage:
        """One list: sorted by `cursor` where it has one."""
        size = min(self.page_size or PAGE, PAGE)
        ask, until = partial(page_of, header), window.until if cursor else None
        keyed_by = resource.options.get("keyed_by", "")
        key = keyed_by or "id"
        walk = RisingWindow(ask, size, key=key, cursor=cursor, more="meta.morePages", until=until)
        order = {"sortBy": cursor, "order": "asc"} if cursor else {}
        since = window.since.isoformat(timespec="seconds") if window.since else None
        request = Request(resource.name, {"perPage": size, **order}, state={"since": since})
        return Stage(f"{resource.name} by {header}", request, walk, "data", keyed_by=keyed_by)

    async def exists(self, resource: Resource, key: tuple[Any, ...]) -> bool | None:
        """Whether a lead or a user is still there; a history cannot be asked for."""
        if resource.options.get("keyed_by"):
            return None
        try:
            answer = (await self.request(Request(f"{resource.name}/{key[0]}"))).body
        except SourceError as error:
            if error.status == 404:
                return False
            raise
        record = answer.get("data") if isinstance(answer, dict) else None
        return not (isinstance(record, dict) and record.get("deletedAt"))
