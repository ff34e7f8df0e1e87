"""The physical lines of a text file, exactly: how many were read, and nothing that its bytes do not say."""

import codecs
import itertools
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ingestion.base.exceptions import ConfigurationError, SourceError

LONGEST = 16 * 1024 * 1024
"""Characters in one line, and in one quoted cell: more is a file that is not what it says it is."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16, so it is asked about first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "a Parquet file",
}

UNDECODABLE = re.compile("[\ud800-\udfff]")


def mark(error: UnicodeError) -> tuple[str, int]:
    """Keeps an undecodable byte as a surrogate, which no decoder returns otherwise.

    A strict decoder fails a whole block of lines before it is known in which one the byte stands.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.end


codecs.register_error("ingestion.mark", mark)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Says in our words why a file cannot be read."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError("there is no such file", where=str(path), fix="correct the path") from None
    except IsADirectoryError:
        raise ConfigurationError("this is a directory", where=str(path), fix="name the file in it") from None
    except PermissionError:
        raise ConfigurationError(
            "this user may not read the file",
            where=str(path),
            fix="give the user who runs the sync the right to",
        ) from None
    except OSError as error:
        raise SourceError(
            f"could not be read: {error.strerror or error}",
            where=str(path),
            fix="check the disk or the network share, then run again",
        ) from error


def regular_file(path: Path) -> os.stat_result:
    """The size and time of a file. Raises ConfigurationError for anything that cannot be read twice."""
    with file_errors(path):
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(
            "this is a pipe or a device, which cannot be resumed",
            where=str(path),
            fix="write it to a file first",
        )
    return found


def open_text(path: Path, encoding: str | None) -> TextIO:
    """The file as text with its line ends kept; a byte order mark decides where no encoding is declared."""
    regular_file(path)
    with path.open("rb") as file:
        start = file.read(4)
    found = next((what for magic, what in NOT_TEXT.items() if start.startswith(magic)), None)
    if found:
        raise SourceError(
            f"this is {found}, not text", where=str(path), fix="unpack it, or save it as CSV in UTF-8"
        )
    marked = next((codec for bom, codec in BYTE_ORDER_MARKS if start.startswith(bom)), None)
    if encoding and marked and not same_family(encoding, marked):
        raise SourceError(
            f"is declared as {encoding}, but begins as {marked.removesuffix('-sig').upper()} does",
            where=str(path),
            fix="leave the encoding out",
        )
    return path.open(encoding=encoding or marked or "utf-8", errors="ingestion.mark", newline="")


def same_family(encoding: str, marked: str) -> bool:
    """Whether a declared encoding can be what the byte order mark says."""
    return codecs.lookup(encoding).name.startswith(marked.removesuffix("-sig"))


def known_encoding(name: str) -> str:
    """The name itself. Raises ConfigurationError where Python has no text encoding of that name."""
    try:
        "".encode(name)  # unlike codecs.lookup(), refuses what is not text: hex, zip, rot13
    except LookupError:
        raise ConfigurationError(
            f"there is no encoding {name!r}", fix="use one of utf-8, utf-16, cp1252, latin-1, or leave it out"
        ) from None
    return name


class Lines:
    """The lines of an open file with their ends, read once from front to back.

    `number` lines and `characters` were read so far; `row` has the lines of the current row,
    and its reader clears it. Raises SourceError, naming the line, for bytes that are not the file's
    encoding.
    """

    def __init__(self, file: TextIO, path: Path) -> None:
        self.file = file
        self.path = path
        self.number = 0
        self.characters = 0
        self.row: list[str] = []
        self.iterator = self.walk()

    def __iter__(self) -> Iterator[str]:
        return self.iterator

    def walk(self) -> Iterator[str]:
        """One line after the other."""
        readline, remember = self.file.readline, self.row.append
        while line := readline(LONGEST):
            self.number += 1
            self.characters += len(line)
            if not line.isascii() or len(line) == LONGEST or self.number == 1:
                line = self.checked(line)
            remember(line)
            yield line

    def take(self, most: int, characters: int) -> list[str]:
        """The next lines: `most` of them, or fewer where they have so many characters already.

        They are in no row, and looked at together: one by one costs a tenth of a file's whole load.
        """
        readline, left = self.file.readline, characters
        taken: list[str] = []
        while len(taken) < most and left > 0 and (line := readline(LONGEST)):
            taken.append(line)
            left -= len(line)
        self.characters += characters - left
        if self.number and usual(taken):
            self.number += len(taken)
            return taken
        for place, line in enumerate(taken):
            self.number += 1
            taken[place] = self.checked(line)
        return taken

    def checked(self, line: str) -> str:
        """A line that may hold what it should not."""
        if len(line) == LONGEST:
            raise self.error(
                f"a line of more than {LONGEST:,} characters",
                fix="check that this is CSV or JSONL, one record a line",
            )
        if bad := UNDECODABLE.search(line):
            encoding = self.file.encoding.removesuffix("-sig").upper()
            raise self.error(
                f"the byte 0x{ord(bad[0]) - 0xDC00:02X} is not {encoding}",
                fix='declare what it is (encoding="cp1252" for Excel on Windows), or save the file as UTF-8',
            )
        return line.lstrip("\ufeff") if self.number == 1 else line

    def skip_to(self, line: int) -> None:
        """Go on after this line, counted from the front. Raises SourceError where the file is shorter."""
        self.file.seek(0)
        self.row.clear()
        self.number = 0
        self.iterator = self.walk()
        for _ in itertools.islice(self.iterator, line):
            self.row.clear()
        self.characters = 0
        if self.number < line:
            raise self.error(
                f"the file ends here, but an earlier run had read {line} lines",
                fix="start over with --restart",
            )

    def error(self, what: str, *, fix: str, line: int | None = None) -> SourceError:
        """Something wrong at a line (the last one read) that makes the rest untrustworthy."""
        line = line or self.number
        return SourceError(what, where=f"{self.path}:{line}" if line else str(self.path), fix=fix)


def usual(lines: list[str]) -> bool:
    """Whether none of these lines holds what it should not."""
    try:
        "".join(lines).encode()  # a byte that is not the file's encoding is half of a surrogate pair here
    except UnicodeEncodeError:
        return False
    return LONGEST not in map(len, lines)
