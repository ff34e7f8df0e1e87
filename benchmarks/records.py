"""Contacts in the shape that HubSpot sends them, the same ones every time, as pages, JSONL and COPY files.

There are two sets: `first`, and `changed`, in which every tenth contact has been edited since.
"""

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.columns import TYPES

EDITED = 10
"""Every so many contacts is another one in the set `changed`."""

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
FIRST = ("Ada", "Grace", "José", "Zoë", "Linus", "Margaret", "Søren", "Edsger", "Barbara", "Kurt", "Hedy")
LAST = (
    "Lovelace",
    "Hopper",
    "Núñez",
    "Kuhn",
    "Torvalds",
    "Hamilton",
    "Dijkstra",
    "Liskov",
    "Gödel",
    "Noether",
)
CITIES = (
    ("Austin", "TX"),
    ("Denver", "CO"),
    ("Zürich", "ZH"),
    ("Portland", "OR"),
    ("Columbus", "OH"),
    ("Köln", "NW"),
)
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "opportunity", "customer")
SOURCES = ("ORGANIC_SEARCH", "PAID_SEARCH", "DIRECT_TRAFFIC", "OFFLINE", "EMAIL_MARKETING")
JOBS = ("Owner", "Head of Purchasing", None, "Engineer", "Office Manager", None, "CTO")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: %d\r\n\r\n"


def edited(records: int) -> int:
    """How many of so many contacts are another one in the set `changed`."""
    return -(-records // EDITED)


def stamp(moment: datetime) -> str:
    """A moment as HubSpot writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def contact(number: int, *, changed: bool) -> dict[str, Any]:
    """One record. Every property is a text or null, as HubSpot has them."""
    first, last = FIRST[number % 11], LAST[number // 11 % 10]
    city, state = CITIES[(number + changed) % 6]
    created = BEGIN + timedelta(seconds=number * 37, milliseconds=number % 1000)
    modified = created + timedelta(hours=number % 2000, days=30 * changed)
    properties = {
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "firstname": first,
        "lastname": last,
        "phone": None if number % 7 == 0 else f"+1 512 555 {number % 10_000:04d}",
        "address": f"{number % 9_000 + 1} Congress Avenue",
        "city": city,
        "state": state,
        "zip": f"{number * 13 % 100_000:05d}",
        "country": "United States",
        "company": f"{last} & Sons {number % 5_000} LLC",
        "jobtitle": JOBS[number % 7],
        "lifecyclestage": STAGES[number % 5],
        "hs_analytics_source": SOURCES[number // 5 % 5],
        "hubspot_owner_id": str(70_000_000 + number % 40),
        "num_notes": None if number % 3 == 0 else str(number % 50 + changed),
        "hs_analytics_revenue": None if number % 4 else f"{number % 90_000}.{number % 100:02d}",
        "createdate": stamp(created),
        "lastmodifieddate": stamp(modified),
    }
    return {"id": str(10_000_000_000 + number), "properties": properties, "archived": False}


def contacts(records: int, name: str) -> Iterator[dict[str, Any]]:
    """All records of a set, in the order of their ids."""
    edits = name == "changed"
    return (contact(number, changed=edits and number % EDITED == 0) for number in range(records))


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record as one row: column → value."""
    return {"id": record["id"], "archived": record["archived"], **record["properties"]}


def write_pages(folder: Path, name: str, records: int, page: int) -> None:
    """Whole HTTP answers one after the other in `<name>-<page>.pages`, where each begins in `….offsets`."""
    offsets = array("Q", [0])
    source = contacts(records, name)
    with (folder / f"{name}-{page}.pages").open("wb") as file:
        for number in range(-(-records // page)):
            body: dict[str, Any] = {"results": list(islice(source, page))}
            if (number + 1) * page < records:
                body["paging"] = {"next": {"after": str(number + 1)}}
            content = msgspec.json.encode(body)
            file.write(HEAD % len(content) + content)
            offsets.append(file.tell())
    (folder / f"{name}-{page}.offsets").write_bytes(offsets.tobytes())


def write_lines(folder: Path, name: str, records: int) -> None:
    """The same records as `<name>.jsonl`."""
    with (folder / f"{name}.jsonl").open("wb") as file:
        for record in contacts(records, name):
            file.write(msgspec.json.encode(record) + b"\n")


def write_copy(folder: Path, records: int) -> None:
    """The set `first` as `plain.copy` (the columns) and `full.copy` (with those of every synced table)."""
    now = datetime.now(UTC).isoformat()
    with (folder / "plain.copy").open("w") as plain, (folder / "full.copy").open("w") as full:
        for record in contacts(records, "first"):
            row = flat(record)
            line = "\t".join("\\N" if row[name] is None else str(row[name]) for name in TYPES)
            plain.write(f"{line}\n")
            full.write(f"{line}\t{now}\t{now}\t\\N\t{{}}\n")
