"""Who takes part: what each is called, how it is started, what it reads and which table it fills."""

from dataclasses import dataclass
from typing import Literal

Scenario = Literal["first", "unchanged", "changed"]
SCENARIOS: tuple[Scenario, ...] = ("first", "unchanged", "changed")
TITLES = {
    "first": "First load",
    "unchanged": "Unchanged re-read",
    "changed": "Re-read with 10 % changed",
}


@dataclass(frozen=True)
class Contestant:
    """One of them. `file` is the prepared file it loads; without one it reads pages over HTTP."""

    name: str
    title: str
    module: str
    table: tuple[str, str]
    file: str = ""
    django: bool = True
    peer: bool = False
    scenarios: tuple[Scenario, ...] = SCENARIOS

    @property
    def group(self) -> str:
        """By what `--only` knows it: `ours-file` belongs to `ours`, `limit-full` to `limit`."""
        return self.name.partition("-")[0]


OURS = "benchmarks.contestants.ours"
COPY = "benchmarks.contestants.copy_file"
SYNCED, PLAIN = ("public", "bench_contact"), ("public", "bench_plain")

CONTESTANTS = (
    Contestant("ours", "this product, over HTTP", OURS, SYNCED),
    Contestant(
        "ours-apart",
        "this product, --high-performance, over HTTP",
        "benchmarks.contestants.ours_apart",
        SYNCED,
    ),
    Contestant("ours-file", "this product, from JSONL", OURS, SYNCED, file="{set}.jsonl"),
    Contestant("django", "Django bulk_create, over HTTP", "benchmarks.contestants.django_bulk", PLAIN),
    Contestant(
        "dlt",
        "dlt merge, over HTTP",
        "benchmarks.contestants.dlt_merge",
        ("bench_dlt", "contacts"),
        django=False,
        peer=True,
    ),
    Contestant(
        "limit", "COPY, 20 columns", COPY, PLAIN, file="plain.copy", django=False, scenarios=("first",)
    ),
    Contestant(
        "limit-full",
        "COPY, this product's table",
        COPY,
        SYNCED,
        file="full.copy",
        django=False,
        scenarios=("first",),
    ),
)


def chosen(only: list[str]) -> list[Contestant]:
    """Those that were asked for, by name or by group; all when nobody was."""
    return [each for each in CONTESTANTS if not only or each.name in only or each.group in only]
