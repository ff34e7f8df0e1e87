"""CSV: what is a record, what is a broken row, and what makes the rest of a file untrustworthy.

A file that is well-formed (RFC 4180; any line end, quoted newlines, doubled quotes) is read exactly, its
values untouched. Beyond that:

* Blank lines, and rows whose cells are all empty, are no records. Empty cells beyond the header's are
  Excel's.
* A row with too few or too many cells, or a value in a column without a name, is Unreadable (`ragged`).
* A row with text after a closing quote is Unreadable (`broken`): its cells cannot be told apart. It ends
  where a lenient reader ends it, so that no part of its quoted text is taken for a row.
* A quote that is never closed, and one whose row is ragged or broken after it ran over lines that are
  rows by themselves, raises SourceError: a lenient reader would merge those rows into one value.
* A header that is missing, ambiguous or not CSV raises SourceError.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from ingestion.base.exceptions import SourceError
from ingestion.base.records import Record, Unreadable
from ingestion.base.text_lines import LONGEST, Lines

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
NOTHING = " \t\r\n\"'" + "".join(DELIMITERS)
EXCEL_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
QUOTED_CELL = re.compile(r'(^|[,;\t|])"(?:[^"]|"")*(?:"|$)')
DOUBLE_IT = 'write a quote inside a quoted value twice ("")'


@dataclass(frozen=True)
class Header:
    """The names of a file's columns (empty: the column has none), and the last line they stand on."""

    names: tuple[str, ...]
    delimiter: str
    line: int

    @cached_property
    def nameless(self) -> tuple[int, ...]:
        """The columns without a name."""
        return tuple(column for column, name in enumerate(self.names) if not name)

    def record(self, row: list[str]) -> dict[str, str]:
        """A row by its names. Raises ValueError, saying why, where the two do not fit."""
        names, width = self.names, len(self.names)
        if len(row) == width and not self.nameless:
            return dict(zip(names, row, strict=True))
        if len(row) < width or any(row[width:]):
            raise ValueError(f"{counted(len(row))}, the header has {width}")
        unnamed = next((column for column in self.nameless if row[column]), None)
        if unnamed is not None:
            raise ValueError(f"a value in column {unnamed + 1}, which has no name in the header")
        return {name: cell for name, cell in zip(names, row, strict=False) if name}


def csv_records(
    lines: Lines, start: int, *, delimiter: str | None = None, rename: Callable[[str], str] | None = None
) -> Iterator[Record]:
    """The records after line `start` and the header, with Unreadable for rows that are none.

    Raises SourceError, naming the line, for what the module says.
    """
    csv.field_size_limit(max(LONGEST, csv.field_size_limit()))
    header = read_header(lines, delimiter, rename)
    lines.skip_to(max(start, header.line))
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield broken(lines, header)
        else:
            if any(row) and not (len(row) == 1 and blank(lines.row)):
                yield record_of(row, lines, header)
        lines.row.clear()


def blank(row: list[str]) -> bool:
    """Whether a row is one line of white space: nothing was meant by it, not even in a single column."""
    return not "".join(row).strip(" \t\r\n")


def record_of(row: list[str], lines: Lines, header: Header) -> Record:
    """A row as a record, or what is wrong with it."""
    try:
        return header.record(row)
    except ValueError as error:
        return unreadable(lines, header, "ragged", str(error))


def broken(lines: Lines, header: Header) -> Unreadable:
    """A row that is not CSV, read on to where it ends. Raises SourceError where it does not end."""
    end = ""  # pulled by the reader only when the file has ended inside quotes
    lenient = csv.reader(chain(list(lines.row), lines, [end]), delimiter=header.delimiter)
    try:
        next(lenient)
        closed = lenient.line_num <= len(lines.row)
    except csv.Error:  # longer than the field limit
        closed = False
    if not closed:
        raise open_quote_error("the quote opened here is never closed", lines, header)
    return unreadable(lines, header, "broken", f"text after a closing quote; {DOUBLE_IT}")


def unreadable(lines: Lines, header: Header, code: str, message: str) -> Unreadable:
    """The row just read, set aside. Raises SourceError where it swallowed others."""
    if any(cells_of(line, header) == len(header.names) for line in lines.row[1:]):
        raise open_quote_error(
            "the quote opened here makes the rows after it a part of a value", lines, header
        )
    first = lines.number - len(lines.row) + 1
    content = {"line": first, "raw": "".join(lines.row).rstrip("\r\n")}
    return Unreadable(content, source=f"{lines.path.name}:{first}", code=code, message=message)


def cells_of(line: str, header: Header) -> int:
    """How many cells a line has if it is a row by itself; 0 if it cannot be one."""
    try:
        return len(next(csv.reader([line], delimiter=header.delimiter, strict=True)))
    except csv.Error:
        return 0


def open_quote_error(what: str, lines: Lines, header: Header) -> SourceError:
    """The error for the last quote in the row that was open at the end of a line."""
    opened, inside = 0, ""
    for index, line in enumerate(lines.row):
        reader = csv.reader([inside + line, ""], delimiter=header.delimiter)
        cells = len(next(reader, []))
        still_open = reader.line_num == 2
        if still_open and (not inside or cells > 1):
            opened = index
        inside = '"…' if still_open else ""
    line_number = lines.number - len(lines.row) + 1 + opened
    return lines.error(what, fix=f"close it, or {DOUBLE_IT}", line=line_number)


def read_header(lines: Lines, delimiter: str | None, rename: Callable[[str], str] | None) -> Header:
    """The first row that says something, after the `sep=` line that Excel writes."""
    first = next(lines.iterator, "")
    if match := EXCEL_SEPARATOR.fullmatch(first.rstrip("\r\n")):
        delimiter = delimiter or match[1]
        first = next(lines.iterator, "")
    while first and not first.strip(NOTHING):
        first = next(lines.iterator, "")
    if not first:
        raise lines.error("the file is empty, not even a header", fix="check the export, then run again")
    before = lines.number - 1
    occurring = outside_quotes(first, lines)
    delimiter = delimiter or find_delimiter(occurring, lines)
    lines.skip_to(before)
    cells = header_cells(lines, delimiter)
    others = [name for sign, name in DELIMITERS.items() if sign != delimiter and occurring[sign]]
    if len(cells) == 1 and others:
        raise lines.error(
            f"the whole header is one column: there is no {delimiter!r} in it, but {others[0]}",
            fix="declare the right delimiter, or none: it is found in the header",
        )
    return Header(named(cells, rename, lines), delimiter, lines.number)


def header_cells(lines: Lines, delimiter: str) -> list[str]:
    """The header's cells without what cannot be seen. Raises SourceError where it is not CSV."""
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise lines.error(f"the header is not CSV: {error}", fix=f"correct its quotes; {DOUBLE_IT}") from None
    if any("\0" in cell for cell in cells):
        raise lines.error(
            "the header contains NUL characters, as UTF-16 without a byte order mark does",
            fix='declare encoding="utf-16-le", or save the file as UTF-8',
        )
    return [cell.translate(INVISIBLE).strip() for cell in cells]


def outside_quotes(first: str, lines: Lines) -> dict[str, int]:
    """How often each delimiter stands outside quotes in the header that begins with this line."""
    text, more = first, 0
    while text.count('"') % 2 and more < 50 and (line := next(lines.iterator, "")):
        text += line
        more += 1
    # What is left of the header is one line: the newlines within it were quoted.
    header = re.split(r"[\r\n]", QUOTED_CELL.sub(r"\1", text), maxsplit=1)[0]
    return {sign: header.count(sign) for sign in DELIMITERS}


def find_delimiter(occurring: dict[str, int], lines: Lines) -> str:
    """The delimiter that occurs most often; a comma in a single column, where there is none."""
    most = max(occurring.values())
    found = [sign for sign, count in occurring.items() if count == most]
    if not most:
        return ","
    if len(found) > 1:
        names = " or ".join(DELIMITERS[sign] for sign in found)
        raise lines.error(f"the header may be separated by {names}", fix="declare the delimiter")
    return found[0]


def named(cells: list[str], rename: Callable[[str], str] | None, lines: Lines) -> tuple[str, ...]:
    """The columns' names, each only once; nameless columns at the end are left off."""
    names = [rename(cell) if rename and cell else cell for cell in cells]
    seen: dict[str, int] = {}
    for column, name in enumerate(names):
        first = seen.setdefault(name, column)
        if name and first != column:
            raise lines.error(
                f"the header names {name!r} twice, "
                f"in column {first + 1} ({cells[first]!r}) and column {column + 1} ({cells[column]!r})",
                fix="rename one of the two in the file",
            )
    while names and not names[-1]:
        names.pop()
    if not names:
        raise lines.error("not even a header: no column has a name", fix="write the names into the first row")
    return tuple(names)


def counted(cells: int) -> str:
    """`1 cell`, `2 cells`."""
    return "1 cell" if cells == 1 else f"{cells} cells"
