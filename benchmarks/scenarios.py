"""The measuring itself: who loads what, in which order, and whether what it wrote is right."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree

from benchmarks import records
from benchmarks.contestants.registry import Contestant
from benchmarks.database import Database, Written
from benchmarks.processes import ProcessFailed, measured
from benchmarks.task import Answer, Task


@dataclass(frozen=True)
class Result:
    """One load."""

    contestant: Contestant
    page: int
    scenario: str
    answer: Answer
    whole: float
    written: Written

    @property
    def title(self) -> str:
        """The contestant, and its pages where it reads some."""
        return f"{self.contestant.title}, pages of {self.page:,}" if self.page else self.contestant.title


@dataclass
class Bench:
    """Everything that stays the same while measuring.

    `wrong` collects what should not have been, `expected` is the content of the table after each set, as
    the first contestant left it.
    """

    database: Database
    folder: Path
    url: str
    records: int
    limit: float
    wrong: list[str] = field(default_factory=list)
    expected: dict[str, tuple[int, int]] = field(default_factory=dict)

    def prepare(self, contestants: Iterable[Contestant], pages: list[int]) -> None:
        """The pages and files that these contestants read."""
        needed = {each.file.partition(".")[2] for each in contestants}
        for name in ("first", "changed"):
            for page in pages if "" in needed else []:
                records.write_pages(self.folder, name, self.records, page)
            if "jsonl" in needed:
                records.write_lines(self.folder, name, self.records)
        if "copy" in needed:
            records.write_copy(self.folder, self.records)

    def task(self, contestant: Contestant, page: int, scenario: str) -> Task:
        """What the process is told."""
        name = "changed" if scenario == "changed" else "first"
        task = Task(self.database.name, scenario, self.records, folder=str(self.folder))
        if contestant.file:
            return replace(task, file=str(self.folder / contestant.file.format(set=name)))
        return replace(task, url=f"{self.url}/{name}-{page}/", page=page)

    def all_scenarios(self, contestant: Contestant, page: int) -> Iterator[Result]:
        """One contestant from an empty database to the changed re-read."""
        self.database.empty()
        rmtree(self.folder / "dlt", ignore_errors=True)
        for scenario in contestant.scenarios:
            self.database.settle()
            before = self.database.written(contestant.table)
            answer, whole = measured(contestant, self.task(contestant, page, scenario), self.limit)
            written = self.database.written(contestant.table).since(before)
            result = Result(contestant, page, scenario, answer, whole, written)
            self.check(result)
            yield result

    def check(self, result: Result) -> None:
        """Every contestant must end with the same table; this product may write what changed and no more."""
        name = "changed" if result.scenario == "changed" else "first"
        content = self.database.content(result.contestant.table)
        if content != self.expected.setdefault(name, content) or content[0] != self.records:
            self.wrong.append(f"{result.title}, {result.scenario}: the table is another one than the others'")
        due = {
            "first": Written(inserted=self.records),
            "unchanged": Written(),
            "changed": Written(updated=records.edited(self.records)),
        }[result.scenario]
        if result.contestant.group == "ours" and result.written != due:
            self.wrong.append(f"{result.title}, {result.scenario}: wrote {result.written}, due was {due}")


def rounds(bench: Bench, entries: list[tuple[Contestant, int]], runs: int) -> Iterator[Result]:
    """Every contestant so many times; every other round in the opposite order. Who fails does not stop it."""
    for number in range(runs):
        for contestant, page in entries if number % 2 == 0 else reversed(entries):
            try:
                yield from bench.all_scenarios(contestant, page)
            except ProcessFailed as error:
                bench.wrong.append(f"{contestant.title}: {error}")
