"""HubSpot's search bodies: one sort is all it takes, so a walk goes by time, and within one moment by id."""

from datetime import UTC, datetime, timedelta

from ingestion.base.pagination import Bound, Request

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def search_within(request: Request, bound: Bound, *, cursor: str, until: datetime | None) -> Request:
    """The search of a bound, with the properties and the page size that the request brings."""
    if bound.at is not None:
        filters = [condition(cursor, "EQ", bound.at)]
        filters += [condition("hs_object_id", "GT", bound.after, plain=True)] if bound.after else []
    else:
        filters = [condition(cursor, "GT" if bound.beyond else "GTE", bound.since)]
        filters += [condition(cursor, "LTE", until.isoformat())] if until else []
    sort = {"propertyName": "hs_object_id" if bound.at is not None else cursor, "direction": "ASCENDING"}
    body = {**request.json, "filterGroups": [{"filters": filters}], "sorts": [sort], "after": bound.offset}
    return Request(request.path, json=body, method="POST", lane="search")


def condition(name: str, operator: str, value: str, *, plain: bool = False) -> dict[str, str]:
    """One filter; moments are written in milliseconds."""
    return {"propertyName": name, "operator": operator, "value": value if plain else str(epoch(value))}


def epoch(text: str) -> int:
    """A timestamp in milliseconds, as HubSpot compares them."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)
