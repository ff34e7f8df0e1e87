"""`python -m benchmarks.run`: how fast contacts get into PostgreSQL, here and elsewhere.

All traffic is on loopback; the database is made for the run and dropped after it. Exits with 1 when a
contestant failed, or when what it wrote is wrong.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import report
from benchmarks.contestants.registry import CONTESTANTS, Contestant, chosen
from benchmarks.database import Database, fresh_database
from benchmarks.leads import run as leads
from benchmarks.processes import ProcessFailed, make_tables, peers_python, served
from benchmarks.scenarios import Bench, Result, rounds

MEMORY = (100_000, 1_000_000)


def arguments() -> argparse.Namespace:
    """The flags."""
    names = [name for each in CONTESTANTS for name in (each.name, each.group)]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description="Measure loads into PostgreSQL."
    )
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5, help="of each scenario; medians are shown (default 5)")
    parser.add_argument(
        "--page", type=int, nargs="+", default=[1000], help="records in an HTTP page: 1000, 100 or both"
    )
    parser.add_argument("--only", default="", help=f"some of {','.join(dict.fromkeys(names))}")
    parser.add_argument(
        "--memory", action="store_true", help="this product's peak at 100,000 and 1,000,000 records too"
    )
    parser.add_argument(
        "--memory-records", type=int, nargs=2, default=MEMORY, help="other numbers for --memory"
    )
    parser.add_argument("--database", action="store_true", help="leads from MariaDB instead of contacts")
    parser.add_argument("--leads", type=int, nargs="+", default=[100_000], help="how many, for --database")
    parser.add_argument("--tools", nargs="*", default=[], help="some of ours, ours-apart, dlt, sling, …")
    parser.add_argument("--limit", type=float, default=1800, help="seconds for one process (default 1800)")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    found = parser.parse_args()
    found.only = [name for name in found.only.split(",") if name]
    if unknown := set(found.only) - set(names):
        parser.error(f"--only: {', '.join(sorted(unknown))} does not take part")
    return found


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for the prepared files, which the database server can read."""
    with tempfile.TemporaryDirectory(prefix="ingestion-bench-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def show(result: Result) -> None:
    """One load, as soon as it is done."""
    print(
        f"{result.title}, {result.scenario}: {result.answer.seconds:.2f} s, process {result.whole:.2f} s, "
        f"peak {result.answer.peak:,.0f} MiB, wrote {tuple(result.written)}",
        flush=True,
    )


def compare(flags: argparse.Namespace, database: Database) -> tuple[list[Result], list[str]]:
    """All contestants in all scenarios; what they took, and what was wrong."""
    contestants, missing = chosen(flags.only), []
    if any(each.peer for each in contestants):
        try:
            peers_python()
        except ProcessFailed as error:
            contestants = [each for each in contestants if not each.peer]
            missing = [f"the peers' environment could not be made: {error}"]
    entries = [(each, page) for each in contestants for page in (flags.page if not each.file else [0])]
    results = []
    with workplace() as folder, served(folder) as url:
        bench = Bench(database, folder, url, flags.records, flags.limit)
        bench.prepare(contestants, flags.page)
        for result in rounds(bench, entries, flags.runs):
            show(result)
            results.append(result)
    return results, missing + bench.wrong


def memory(flags: argparse.Namespace, database: Database) -> tuple[dict[int, Result], list[str]]:
    """This product's first load over HTTP of few and of many records."""
    ours = [Contestant(**{**vars(CONTESTANTS[0]), "scenarios": ("first",)})]
    peaks, wrong = {}, []
    for records in flags.memory_records:
        with workplace() as folder, served(folder) as url:
            bench = Bench(database, folder, url, records, flags.limit)
            bench.prepare(ours, flags.page[:1])
            for result in rounds(bench, [(ours[0], flags.page[0])], 1):
                show(result)
                peaks[records] = result
            wrong += bench.wrong
    return peaks, wrong


def main() -> int:
    """Measure, print, and write what was asked for."""
    flags, busy = arguments(), os.getloadavg()[0]
    if flags.database:
        loads, wrong = leads.compare(flags.leads, flags.tools, flags.runs, flags.limit)
        print("\n".join(["", leads.figures(loads), *(f"\n**Wrong:** {what}" for what in wrong)]))
        return 1 if wrong else 0
    with fresh_database() as database:
        server = database.facts()
        print(", ".join(f"{name} {value}" for name, value in server.items()), flush=True)
        make_tables(database.name, flags.limit)
        results, wrong = compare(flags, database)
        peaks, more = memory(flags, database) if flags.memory else ({}, [])
    versions = {name: text for result in results for name, text in result.answer.versions.items()}
    body = report.figures(results, flags.records)
    body += f"\n\n{report.memory_figures(peaks)}" if len(peaks) > 1 else ""
    body += "".join(f"\n\n**Wrong:** {what}" for what in wrong + more)
    facts = report.machine(server, versions, busy)
    print(f"\n{facts}\n\n{body}")
    if flags.write:
        report.write(body, facts)
    return 1 if wrong or more else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the database is dropped then too
    try:
        sys.exit(main())
    except ProcessFailed as error:
        sys.exit(str(error))
