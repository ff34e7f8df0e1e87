"""LeadConduit's API: one list of events, walked by their ids."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from ingestion.base.auth import Basic
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import Request
from ingestion.base.walks import LastKey
from ingestion.base.window import Window
from ingestion.conf import setting

PAGE = 1000

OBJECTS = frozenset(
    (
        *("acceptance_criteria", "appended", "caps", "credential", "feedback", "firehose", "mappings"),
        *(
            "flow_acceptance_criteria",
            "flow_caps",
            "flow_ping_limits",
            "flow_pricing",
            "flow_pricing_service",
        ),
        *("pricing", "pricing_service", "request", "response", "rule_set", "source_caps"),
        *("source_ping_limits", "transactions", "vars"),
    )
)
"""An event's own objects and lists; any other is what a step of the flow appended, under the step's key."""


class LeadConduitClient(BaseAPIClient):
    """One account. The service documents no limit; 60 requests in a minute are said to be one."""

    url_setting = "LEADCONDUIT_API_URL"
    default_url = "https://app.leadconduit.com"
    credentials = ("LEADCONDUIT_API_KEY",)
    rate = RateLimit(1, 1, remaining="X-RateLimit-Remaining")
    message = "error"
    auth_fix = (
        "check LEADCONDUIT_API_KEY, then run `manage.py test_leadconduit`; free accounts may not read events"
    )
    paging = "keyset"
    resumable = True

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """The client of `LEADCONDUIT_API_KEY`; the user's name is always `API`."""
        auth = Basic(setting("LEADCONDUIT_USERNAME", "API"), cls.required("LEADCONDUIT_API_KEY"))
        return cls(setting(cls.url_setting, cls.default_url), auth, page_size=page_size)

    async def test_connection(self) -> Any:
        """How many flows the account has."""
        return {"flows": len((await self.request(Request("flows"))).body)}

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """The events of a window, or all that LeadConduit still has, in ascending order of their ids.

        Both bounds belong to the window there too. Without `sort` the newest come first, and `after_id` would
        hide what is older.
        """
        walk = LastKey("id", "after_id", count=min(self.page_size or PAGE, PAGE))
        bounds = {"start": milliseconds(window.since), "end": milliseconds(window.until)}
        request = Request("events", {"sort": "asc", **bounds})
        wanted = partial(events, resource.options.get("type"))
        return [Stage(resource.name, request, walk, complete=wanted)]


async def events(kind: str | None, records: list[Any]) -> list[Any]:
    """The events of one type (None: all), with what steps appended in one place."""
    found = [each for each in records if not isinstance(each, dict) or kind in (None, each.get("type"))]
    return [with_steps(each) if isinstance(each, dict) else each for each in found]


def with_steps(event: dict[str, Any]) -> dict[str, Any]:
    """An event in which `steps` has what stood under the keys of steps."""
    nested = (name for name, value in event.items() if isinstance(value, (dict, list)))
    steps = {name: event[name] for name in nested if name not in OBJECTS}
    return {**{name: value for name, value in event.items() if name not in steps}, "steps": steps or None}


def milliseconds(moment: datetime | None) -> str | None:
    """A moment as LeadConduit writes it; events have whole milliseconds, so nothing is lost by the cut."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
