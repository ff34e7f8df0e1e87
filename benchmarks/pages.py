"""How the other contestants read the pages: one connection kept open, the same decoder as this product's."""

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

DECODER = msgspec.json.Decoder()


def read_pages(url: str, page: int) -> Iterator[list[dict[str, Any]]]:
    """The records of each page. Raises RuntimeError for any status but 200."""
    address = urlsplit(url)
    connection = HTTPConnection(address.netloc)
    after: str | None = ""
    while after is not None:
        connection.request("GET", f"{address.path}contacts?limit={page}" + (after and f"&after={after}"))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")
        body = DECODER.decode(answer.read())
        yield body["results"]
        after = body.get("paging", {}).get("next", {}).get("after")
    connection.close()
