"""HubSpot's CRM API: lists for a full read, search for a delta, archived records as tombstones."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

from ingestion.base.auth import Bearer
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.exceptions import SourceError
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import Cursor, KeysetWindow, Request, numbered
from ingestion.base.window import Window
from ingestion.conf import setting
from ingestion.sync.hubspot.search import epoch, search_within

LIST_PAGE, SEARCH_PAGE = 100, 200
ADDRESS = 6000
"""Characters of a property list that an address takes; HubSpot answers 414 from somewhere above 8,000."""

EARLIEST = "1970-01-02T00:00:00+00:00"
"""Where a search without a lower bound begins: the value 0 has made HubSpot answer 500."""


class HubSpotClient(BaseAPIClient):
    """One portal, in the version that `HUBSPOT_API_VERSION` names (`v3`, or a dated one: `2026-09`)."""

    url_setting = "HUBSPOT_API_URL"
    default_url = "https://api.hubapi.com"
    credentials = ("HUBSPOT_API_TOKEN",)
    rate = RateLimit(100, 10, remaining="X-HubSpot-RateLimit-Remaining")
    lanes = {"search": RateLimit(5, 1)}
    auth_fix = "check HUBSPOT_API_TOKEN and its scopes, then run `manage.py test_hubspot`"
    paging = "keyset"
    resumable = True
    portal = ""

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client of `HUBSPOT_API_TOKEN` (a private app's token or a service key)."""
        token = Bearer(cls.required("HUBSPOT_API_TOKEN"))
        return cls(setting(cls.url_setting, cls.default_url), token, page_size=page_size)

    async def connect(self) -> None:
        """Learn which portal this is: another token of the same portal is the same source."""
        self.portal = str((await self.test_connection())["portalId"])

    def identity(self) -> str:
        """The portal."""
        return f"portal {self.portal}"

    def path(self, name: str, api: str = "crm") -> str:
        """`crm/v3/objects/deals`, or in a dated version `crm/objects/2026-09/deals`."""
        version = setting("HUBSPOT_API_VERSION", "v3")
        first, slash, rest = name.partition("/")
        dated = f"{api}/{first}/{version}/{rest}" if slash or api == "crm" else f"{api}/{version}/{first}"
        return f"{api}/{version}/{name}" if version.startswith("v") else dated.rstrip("/")

    async def test_connection(self) -> Any:
        """The account behind the token."""
        return (await self.request(Request(self.path("details", "account-info")))).body

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """What is alive (by list, or by search within a window), then what is archived."""
        size = min(self.page_size or LIST_PAGE, LIST_PAGE)
        pages = Cursor("paging.next.after", "after", count=size, paging="keyset")
        if "properties" not in resource.options:  # owners: no properties, no search
            request = Request(self.path(resource.name))
            gone = request.with_params(archived="true")
            return [Stage(resource.name, each, pages, "results") for each in (request, gone)]
        few = Request(self.path(f"objects/{resource.name}"), {"properties": resource.options["cursor"]})
        names = properties(resource)
        if window.since or window.until:
            live = self.search(resource, window, names)
        elif len(",".join(names)) <= ADDRESS:
            live = Stage("list", few.with_params(properties=",".join(names)), pages, "results")
        else:
            live = Stage(
                "list", few, pages, "results", partial(self.batch_read, f"{few.path}/batch/read", names)
            )
        return [live, Stage("archived", few.with_params(archived="true"), pages, "results")]

    def search(self, resource: Resource, window: Window, names: list[str]) -> Stage:
        """What changed in a window, asked from the last moment seen: the cap of 10,000 is never met."""
        cursor = resource.options["cursor"]
        body = {"properties": names, "limit": min(self.page_size or SEARCH_PAGE, SEARCH_PAGE)}
        ask = partial(search_within, cursor=cursor, until=window.until)
        walk = KeysetWindow(f"properties.{cursor}", "id", "paging.next.after", ask, epoch, numbered)
        since = window.since.isoformat() if window.since else EARLIEST
        path = f"{self.path(f'objects/{resource.name}')}/search"
        first = Request(path, json=body, method="POST", lane="search", state={"since": since})
        return Stage("search", first, walk, "results")

    async def batch_read(self, path: str, names: list[str], records: list[Any]) -> list[Any]:
        """The same records with all properties, for a list too long for an address; the gone are left out."""
        inputs = [{"id": record["id"]} for record in records]
        body = {"inputs": inputs, "properties": names, "propertiesWithHistory": []}
        try:
            answer = (await self.request(Request(path, json=body, method="POST"))).body
        except SourceError as error:
            if error.status == 404:  # every one of them is gone
                return []
            raise
        if bad := [each for each in answer.get("errors", []) if each.get("category") != "OBJECT_NOT_FOUND"]:
            raise SourceError(
                str(bad[0].get("message")), where=path, fix="run again; the page was not complete"
            )
        found: list[Any] = answer["results"]
        return found


def properties(resource: Resource) -> list[str]:
    """What the mapping needs, and what `HUBSPOT_<OBJECT>_PROPERTIES` adds (kept in `extra`)."""
    added = setting(f"HUBSPOT_{resource.name.upper()}_PROPERTIES").split(",")
    return list(dict.fromkeys([*resource.options["properties"], *filter(None, map(str.strip, added))]))
