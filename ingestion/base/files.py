"""FileDataSource: CSV and JSONL files, read in pages, resumable at every record, in flat memory."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self, TextIO

from ingestion.base.csv_rows import csv_records
from ingestion.base.datasource import DataSource, Resource
from ingestion.base.exceptions import ConfigurationError, SourceError
from ingestion.base.fields import lookup, split_path
from ingestion.base.json_lines import json_records
from ingestion.base.plan import Option, SyncPlan
from ingestion.base.records import Page, Position, Record, Unreadable
from ingestion.base.text_lines import Lines, file_errors, known_encoding, open_text, regular_file
from ingestion.base.validators import DateTimeValidator, InvalidValue
from ingestion.base.window import Window, earliest_wall_time

Format = Literal["csv", "jsonl"]

FILE = Option("--file", type=Path, required=True, help="the CSV or JSONL file to read")

ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
OPTIONS = ("format", "encoding", "delimiter", "header", "time_zone")

PAGE_SIZE = 1000
PAGE_CHARACTERS = 4 * 2**20
LOOKED_AT = 5000  # records outside the window before an empty page says that the read is alive
COUNTED = 200 * 2**20


class FileDataSource(DataSource):
    """One CSV or JSONL file.

    `format` is told by the file's ending, `encoding` by a byte order mark (else it is UTF-8) and
    `delimiter` by the header, where they are not given. `header` is applied to each name of a CSV header
    (`str.lower`). `time_zone` is that of the cursor's values without an offset. A record of CSV is name →
    text, untouched; a position is the number of lines read.

    Raises ConfigurationError for options that contradict each other or that no file can have.
    """

    kind = "file"
    paging = "snapshot"
    resumable = True

    def __init__(  # every option by its name, as a configuration file has them
        self,
        path: Path | str,
        *,
        format: Format | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        header: Callable[[str], str] | None = None,
        page_size: int = PAGE_SIZE,
        time_zone: tzinfo = UTC,
    ) -> None:
        self.path = Path(path).absolute()
        self.format = known_format(format, self.path)
        self.encoding = known_encoding(encoding) if encoding else None
        self.delimiter = known_delimiter(delimiter)
        self.header = header
        self.page_size = page_size
        self.time_zone = time_zone
        if page_size < 1:
            raise ConfigurationError(
                f"page_size is {page_size}", where="FileDataSource", fix="read 1 record or more"
            )
        if self.format == "jsonl" and (header or delimiter):
            raise ConfigurationError(
                "JSONL has no header and no delimiter",
                where=str(self.path),
                fix="leave these two options out",
            )

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """The file that `--file` names, read as the resource's options say."""
        path = plan.options.get("file")
        if path is None:
            raise ConfigurationError("no file to read", where=resource.name, fix="name it with --file")
        unknown = next((name for name in resource.options if name not in OPTIONS), None)
        if unknown is not None:
            raise ConfigurationError(
                f"a file has no option {unknown!r}",
                where=resource.name,
                fix=f"use one of {', '.join(OPTIONS)}",
            )
        return cls(path, page_size=plan.batch_size or PAGE_SIZE, **resource.options)

    def version(self) -> str:
        """The file as it is now, and the options that decide which line is which.

        Raises ConfigurationError where there is no such file.
        """
        found = regular_file(self.path)
        options = f"{self.format}:{self.encoding or ''}:{self.delimiter or ''}"
        return f"{self.path.resolve()}:{found.st_size}:{found.st_mtime_ns}:{options}"

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncGenerator[Page, None]:
        """The file's records whose cursor lies in the window, or says nothing that can be compared.

        Raises SourceError for what must not be taken for records, and when the file changes meanwhile.
        """
        start = position["line"] if position else 0
        bounded = resource.cursor and (window.since or window.until)
        wanted = InWindow(resource.cursor or "", window, self.time_zone) if bounded else None
        with closing(self.pages(wanted, start)) as pages:
            for page in pages:
                yield page
                await asyncio.sleep(0)

    def pages(self, wanted: "InWindow | None", start: int) -> Generator[Page, None, None]:
        """The pages after line `start`; none of them is of a file that has changed."""
        with file_errors(self.path), open_text(self.path, self.encoding) as file:
            before = stamp(file)
            lines = Lines(file, self.path)
            for records in self.gathered(lines, start, wanted):
                self.check_unchanged(file, before)
                yield Page(records, {"line": lines.number}, size=lines.characters)
                lines.characters = 0
            self.check_unchanged(file, before)

    def gathered(self, lines: Lines, start: int, wanted: "InWindow | None") -> Iterator[Sequence[Record]]:
        """Records by the page. A page is never long in coming, even if nothing in it is wanted."""
        if self.format == "jsonl":
            for records in json_records(lines, start, self.page_size, PAGE_CHARACTERS):
                yield records if wanted is None else list(filter(wanted, records))
            return
        page: list[Record] = []
        rows = csv_records(lines, start, delimiter=self.delimiter, rename=self.header)
        for looked_at, record in enumerate(rows, 1):
            if wanted is None or wanted(record):
                page.append(record)
            full = len(page) >= self.page_size or lines.characters >= PAGE_CHARACTERS
            if full or looked_at % LOOKED_AT == 0:
                yield page
                page = []
        if page:
            yield page

    def check_unchanged(self, file: TextIO, before: tuple[int, int]) -> None:
        """Raises SourceError if the open file was written to; one that was put in its place is no matter."""
        if stamp(file) != before:
            raise SourceError(
                "the file changed while it was being read",
                where=str(self.path),
                fix="have its writer use a temporary name and rename the file at the end, then run again",
            )

    async def count_records(self, resource: Resource, window: Window) -> int | None:
        """The number of lines besides the header: about that of the records, before the window's filter."""
        del resource, window
        if regular_file(self.path).st_size > COUNTED:
            return None
        feeds = returns = 0
        last = b"\n"
        with file_errors(self.path), self.path.open("rb") as file:
            while chunk := file.read(2**20):
                feeds, returns, last = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r"), chunk[-1:]
        lines = (feeds or returns) + (last not in b"\r\n\0")
        return max(0, lines - (self.format == "csv"))


class InWindow:
    """Whether a record belongs to a window, by the time of its last change; both ends belong to it.

    What cannot be compared is handed over: null, absent or unreadable times, and what is not a record. A
    time without an offset that the zone's clocks show twice belongs to it if one of the two does.
    """

    def __init__(self, cursor: str, window: Window, zone: tzinfo) -> None:
        self.path = split_path(cursor)
        self.read = DateTimeValidator(time_zone=zone).read
        self.zone = zone
        self.since = window.since
        self.until = window.until
        self.earliest = earliest_wall_time(window.since, zone) if window.since else None

    def __call__(self, record: Record) -> bool:
        """Whether a record, or what could not be read as one, is handed over."""
        if isinstance(record, Unreadable):
            return True
        try:
            moment = self.read(lookup(record, self.path))
        except InvalidValue:
            return True
        return self.after_since(moment) and self.before_until(moment)

    def after_since(self, moment: datetime) -> bool:
        """Whether it is late enough."""
        if self.since is None or self.earliest is None:
            return True
        return moment >= (self.since if moment.tzinfo else self.earliest)

    def before_until(self, moment: datetime) -> bool:
        """Whether it is early enough; without an offset it is the first of the two moments it may be."""
        if self.until is None:
            return True
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)) <= self.until


def stamp(file: TextIO) -> tuple[int, int]:
    """What changes when an open file is written to."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def known_format(given: str | None, path: Path) -> Format:
    """The format that is declared, or that the file's ending tells. Raises ConfigurationError."""
    names: dict[str, Format] = {"csv": "csv", "jsonl": "jsonl"}
    found = names.get(given) if given else ENDINGS.get(path.suffix.lower())
    if found:
        return found
    if not given:
        what = f"the ending {path.suffix!r} does not tell the format"
        raise ConfigurationError(what, where=str(path), fix='declare format="csv" or format="jsonl"')
    close = get_close_matches(given, names, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(f"unknown format {given!r}", where=str(path), fix=f"{meant}use csv or jsonl")


def known_delimiter(given: str | None) -> str | None:
    """The delimiter itself. Raises ConfigurationError for what cannot separate cells."""
    if given is not None and (len(given) != 1 or given in '"\r\n\0'):
        raise ConfigurationError(
            f"{given!r} cannot be a delimiter",
            where="FileDataSource",
            fix='declare one character, such as ";" or "\\t" (a tab)',
        )
    return given
