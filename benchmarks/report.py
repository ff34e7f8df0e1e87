"""The tables: for the terminal and for RESULTS.md, which are the same."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from benchmarks.contestants.registry import SCENARIOS, TITLES
from benchmarks.scenarios import Result

RESULTS = Path(__file__).parent / "RESULTS.md"
OWN_WORDS = "## What holds it now"
HEADER = (
    "",
    "load s",
    "min – max",
    "rows/s",
    "÷ Django",
    "÷ COPY",
    "process s",
    "CPU s",
    "peak MiB",
    "ins / upd / del",
)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that can be read as it is."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    lines.insert(1, ["-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths)])
    aligned = (
        [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in aligned)


def seconds(results: Iterable[Result]) -> float:
    """The median of some loads."""
    return median(result.answer.seconds for result in results)


def rate_of(results: list[Result], name: str, scenario: str, records: int) -> float | None:
    """A contestant's median rate, with the first page size measured; None where it did not take part."""
    own = [each for each in results if (each.contestant.name, each.scenario) == (name, scenario)]
    return records / seconds(each for each in own if each.page == own[0].page) if own else None


def ratio(rate: float, of: float | None) -> str:
    """One rate as so many times another one."""
    return f"{rate / of:.2f}" if of else "–"


def scenario_table(results: list[Result], scenario: str, records: int) -> str:
    """One scenario, a row for each contestant in its order."""
    of_django = rate_of(results, "django", scenario, records)
    of_copy = rate_of(results, "limit", "first", records)
    rows = []
    for title in dict.fromkeys(result.title for result in results):
        if own := [each for each in results if (each.title, each.scenario) == (title, scenario)]:
            rate = records / seconds(own)
            rows.append(
                (title, *times(own, rate), ratio(rate, of_django), ratio(rate, of_copy), *resources(own))
            )
    return table(HEADER, rows)


def times(own: list[Result], rate: float) -> tuple[str, ...]:
    """The seconds of a contestant's loads, and its rate."""
    loads = [each.answer.seconds for each in own]
    return f"{median(loads):.2f}", f"{min(loads):.2f} – {max(loads):.2f}", f"{rate:,.0f}"


def resources(own: list[Result]) -> tuple[str, ...]:
    """What a contestant's processes took, and what the last of them wrote."""
    return (
        f"{median(each.whole for each in own):.2f}",
        f"{median(each.answer.cpu for each in own):.2f}",
        f"{median(each.answer.peak for each in own):,.0f}",
        " / ".join(f"{count:,}" for count in own[-1].written),
    )


def figures(results: list[Result], records: int) -> str:
    """All scenarios."""
    parts = [
        f"### {TITLES[scenario]} ({records:,} records)\n\n{scenario_table(results, scenario, records)}"
        for scenario in SCENARIOS
        if any(result.scenario == scenario for result in results)
    ]
    return "\n\n".join(parts)


def memory_figures(peaks: dict[int, Result]) -> str:
    """The peak by the number of records, and how much the last is above the first."""
    rows = [
        (f"{records:,} records", f"{each.answer.peak:,.1f}", f"{each.answer.seconds:.1f}")
        for records, each in peaks.items()
    ]
    first, *_, last = (each.answer.peak for each in peaks.values())
    grown = f"{(last / first - 1) * 100:+.1f} %"
    listed = table(("", "peak MiB", "load s"), rows)
    return f"### Memory of a first load\n\n{listed}\n\nThe last against the first: {grown}."


def processor() -> str:
    """The processor's model."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )


def machine(server: dict[str, str], versions: dict[str, str], busy: float) -> str:
    """Where and with what it was measured; `busy` is the load average before it began."""
    rows = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Processor": f"{os.cpu_count()} cores, {processor()}",
        "Memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Load average before": f"{busy:.2f}",
        "Python": platform.python_version(),
        **server,
        **dict(sorted(versions.items())),
    }
    return table(("", "as it is"), rows.items())


def own_words() -> str:
    """What a person has written into RESULTS.md, which a new run leaves as it was."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    return text.partition(OWN_WORDS)[2].strip() or "(to be written)"


def write(body: str, facts: str) -> None:
    """RESULTS.md, with the command that repeats it."""
    command = " ".join(["python -m benchmarks.run", *sys.argv[1:]])
    text = f"""# Results

Contacts of 20 columns as HubSpot sends them, into PostgreSQL on the same machine. Figures are medians; every
load has a process of its own, `VACUUM ANALYZE` and `CHECKPOINT` go before it, and every other round takes the
contestants in the opposite order.

- "load s" is the load itself; "process s" has the interpreter's start and the imports too; "CPU s" is that of
  this process, without the database and the server of pages.
- "÷ Django" and "÷ COPY" compare rates: with bulk_create's in the same scenario, and with that of the
  server's own COPY of a prepared file into 20 columns with a primary key.
- "ins / upd / del" are the target table's rows as PostgreSQL counts them.
- This product's table has the four columns and two indexes more that every synced table has. A contestant
  whose 20 columns end otherwise than the others' is reported as wrong.

Repeat it with `make bench`; this was `{command}`.

{body}

## The machine

{facts}

{OWN_WORDS}

{own_words()}
"""
    RESULTS.write_text(text, encoding="utf-8")
