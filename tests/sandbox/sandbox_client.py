"""Plain HTTP: follows nothing, unpacks nothing, tries nothing again."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

CONTACTS = "/crm/v3/objects/contacts"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.json["results"]]

    @property
    def after(self) -> str | None:
        return self.json.get("paging", {}).get("next", {}).get("after")


def ask(fake, path, body=None, token="sandbox-token", method=None, timeout=10, **query) -> Reply:
    """One request on a connection of its own; a body makes it a POST."""
    address = urlsplit(fake.url)
    connection = HTTPConnection(address.hostname, address.port, timeout=timeout)
    target = address.path + path + ("?" + urlencode(query) if query else "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = None if body is None else json.dumps(body)
    try:
        connection.request(method or ("GET" if body is None else "POST"), target, text, headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def search(fake, *filters, kind="contacts", **body) -> Reply:
    """A search; filters are (property, operator, value or values) and belong to one group."""
    return ask(
        fake,
        f"/crm/v3/objects/{kind}/search",
        {"filterGroups": [{"filters": [*map(condition, filters)]}], **body},
    )


def condition(given) -> dict[str, Any]:
    name, operator, *values = given
    parts = {"propertyName": name, "operator": operator}
    if operator in ("IN", "NOT_IN"):
        return {**parts, "values": values}
    return {**parts, **dict(zip(("value", "highValue"), values, strict=False))}


def pages(ask_page):
    """Every page until there is no cursor."""
    after = {}
    while True:
        reply = ask_page(**after)
        yield reply
        if reply.after is None:
            return
        after = {"after": reply.after}
