"""CSV and JSONL files: what is read exactly, what is set aside, and what stops the run."""

import asyncio
import csv
import io
import json
import math
import os
import tempfile
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.base import files, text_lines
from ingestion.base.datasource import DataSource, Resource
from ingestion.base.exceptions import ConfigurationError, SourceError
from ingestion.base.factory import DataSourceFactory
from ingestion.base.files import FILE, FileDataSource
from ingestion.base.plan import SyncPlan
from ingestion.base.records import Page, Position, Unreadable
from ingestion.base.window import Window

LONDON = ZoneInfo("Europe/London")
ZIP_CODES = (Path(__file__).parents[2] / "../shared/data/us_zipcodes.csv").resolve()


class Bad:
    """A record that was set aside: its code, its line, and words that its message must have."""

    def __init__(self, code, line, words="", raw=None):
        self.code, self.line, self.words, self.raw = code, line, words, raw

    __hash__ = None

    def __repr__(self):
        return f"Bad({self.code!r}, {self.line}, {self.words!r})"

    def __eq__(self, other):
        return (
            isinstance(other, Unreadable)
            and other.error.code == self.code
            and other["line"] == self.line
            and other.error.source.endswith(f":{self.line}")
            and self.words in other.error.message
            and (self.raw is None or other["raw"] == self.raw)
        )


def whole(since=None, until=None):
    return Window("full", cap=datetime(2100, 1, 1, tzinfo=UTC), since=since, until=until)


def read(path, position: Position | None = None, *, cursor=None, window=None, **options) -> list[Page]:
    async def pages():
        source = FileDataSource(path, **options)
        resource = Resource("contacts", cursor=cursor)
        return [page async for page in source.read(resource, window or whole(), position)]

    return asyncio.run(pages())


def records(path, position=None, **options):
    return [record for page in read(path, position, **options) for record in page.records]


def shaped(records):
    """Unreadable as comparable as a dict is."""
    return [
        (dict(r), r.error.code, r.error.source, r.error.message) if isinstance(r, Unreadable) else r
        for r in records
    ]


@pytest.fixture
def write(tmp_path):
    def write(content, name="contacts.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


AB = [{"a": "1", "b": "2"}]
TWO = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]

CSV_THAT_IS_READ = [
    # line ends
    ("LF", b"a,b\n1,2\n3,4\n", {}, TWO),
    ("CRLF", b"a,b\r\n1,2\r\n3,4\r\n", {}, TWO),
    ("CR, as old Macs write it", b"a,b\r1,2\r3,4\r", {}, TWO),
    ("mixed line ends", b"a,b\r\n1,2\r3,4\n", {}, TWO),
    ("no newline at the end", b"a,b\n1,2\n3,4", {}, TWO),
    ("a CR that tears a row apart", b"a,b\n1\r,2\n", {}, [Bad("ragged", 2, "1 cell,"), {"a": "", "b": "2"}]),
    (
        "a line separator that is none",
        "a,b\n1\u20282,\x0b\x0c\x1c\x85\n".encode(),
        {},
        [{"a": "1\u20282", "b": "\x0b\x0c\x1c\x85"}],
    ),
    # encodings
    ("UTF-8", "a,b\né,中\n".encode(), {}, [{"a": "é", "b": "中"}]),
    ("UTF-8 with a byte order mark", b"\xef\xbb\xbfa,b\n1,2\n", {}, AB),
    ("a byte order mark before a quoted name", b'\xef\xbb\xbf"a",b\n1,2\n', {}, AB),
    ("a byte order mark and the encoding declared", b'\xef\xbb\xbf"a",b\n1,2\n', {"encoding": "utf-8"}, AB),
    ("two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n", {}, AB),
    ("UTF-16, little end first", "\ufeffa,b\né,😀\n".encode("utf-16-le"), {}, [{"a": "é", "b": "😀"}]),
    ("UTF-16, big end first", "\ufeffa,b\r\né,😀\r\n".encode("utf-16-be"), {}, [{"a": "é", "b": "😀"}]),
    ("UTF-32", "\ufeffa,b\né,😀\n".encode("utf-32-le"), {}, [{"a": "é", "b": "😀"}]),
    ("UTF-16 without a mark, declared", "a,b\n1,2\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, AB),
    ("Windows' encoding, declared", b"a,b\n\x80,\xe9\n", {"encoding": "cp1252"}, [{"a": "€", "b": "é"}]),
    ("a character of four bytes", "a,b\n😀,2\n".encode(), {}, [{"a": "😀", "b": "2"}]),
    # quotes
    ("a quoted newline", b'a,b\n"1\n2",3\n4,5\n', {}, [{"a": "1\n2", "b": "3"}, {"a": "4", "b": "5"}]),
    ("quoted line ends of all kinds", b'a,b\n"1\r\n2\r3",4\n', {}, [{"a": "1\r\n2\r3", "b": "4"}]),
    ("a quoted blank line", b'a,b\n"1\n\n2",3\n', {}, [{"a": "1\n\n2", "b": "3"}]),
    ("doubled quotes", b'a,b\n"say ""hi""","""x"""\n', {}, [{"a": 'say "hi"', "b": '"x"'}]),
    ("quoted delimiters", b'a,b\n"1,2","3;4"\n', {}, [{"a": "1,2", "b": "3;4"}]),
    ("quoted rows that look like rows", b'a,b\n1,"x\n3,4\n5,6"\n', {}, [{"a": "1", "b": "x\n3,4\n5,6"}]),
    ("a quote within an unquoted value", b'a,b\n6" pipe,it"s\n', {}, [{"a": '6" pipe', "b": 'it"s'}]),
    ("a quote after a space", b'a,b\n "1",2\n', {}, [{"a": ' "1"', "b": "2"}]),
    ("quoted names", b'"a","b"\n1,2\n', {}, AB),
    ("a quoted newline in a name", b'"a\nx",b\n1,2\n', {}, [{"a\nx": "1", "b": "2"}]),
    ("a quoted delimiter in a name", b'"a;x,y;z",b\n1,2\n', {}, [{"a;x,y;z": "1", "b": "2"}]),
    ("an inch in a name", b'a"|b\n1|2\n', {}, [{'a"': "1", "b": "2"}]),
    # values
    ("leading zeros, spaces, plus and E", b"a,b\n00501, +1e3 \n", {}, [{"a": "00501", "b": " +1e3 "}]),
    (
        "empty cells",
        b'a,b\n,2\n1,\n"",2\n',
        {},
        [{"a": "", "b": "2"}, {"a": "1", "b": ""}, {"a": "", "b": "2"}],
    ),
    ("NUL", b"a,b\n\x001,2\n", {}, [{"a": "\x001", "b": "2"}]),
    ("words for nothing", b"a,b\nNULL,N/A\n", {}, [{"a": "NULL", "b": "N/A"}]),
    (
        "200,000 characters in a cell",
        b"a,b\n" + b"x" * 200_000 + b",2\n",
        {},
        [{"a": "x" * 200_000, "b": "2"}],
    ),
    ("a backslash before a quote", b'a,b\n"1\\",2\n', {}, [{"a": "1\\", "b": "2"}]),
    ("an invisible mark in a value", "a,b\n\ufeff1,2\n".encode(), {}, [{"a": "\ufeff1", "b": "2"}]),
    # rows that are none
    ("blank lines", b"a,b\n\n1,2\n\r\n\n3,4\n\n\n", {}, TWO),
    ("lines of spaces", b"a,b\n   \n1,2\n \t \n3,4\n  ", {}, TWO),
    ("rows of empty cells", b'a,b\n,\n1,2\n,,,,\n"",""\n3,4\n', {}, TWO),
    ("blank lines before the header", b"\n  \n,,,\na,b\n1,2\n", {}, AB),
    ("a header and nothing else", b"a,b\n", {}, []),
    ("a header without a newline", b"a,b", {}, []),
    # ragged rows
    (
        "too few cells",
        b"a,b,c\n1,2\n1,2,3\n",
        {},
        [Bad("ragged", 2, "2 cells, the header has 3", "1,2"), {"a": "1", "b": "2", "c": "3"}],
    ),
    ("too many cells", b"a,b\n1,2,3\n1,2\n", {}, [Bad("ragged", 2, "3 cells, the header has 2"), *AB]),
    ("empty cells too many, as Excel has them", b"a,b\n1,2,,,\n", {}, AB),
    ("a value among empty cells too many", b"a,b\n1,2,,x\n", {}, [Bad("ragged", 2, "4 cells")]),
    ("one cell", b"a,b,c\nx\n", {}, [Bad("ragged", 2, "1 cell, the header has 3")]),
    (
        "a ragged row over two lines",
        b'a,b,c\n1,"x\ny"\n1,2,3\n',
        {},
        [Bad("ragged", 2, "2 cells", '1,"x\ny"'), {"a": "1", "b": "2", "c": "3"}],
    ),
    ("the end of a DOS file", b"a,b\n1,2\n\x1a", {}, [*AB, Bad("ragged", 3, "1 cell")]),
    # broken rows
    (
        "text after a closing quote",
        b'a,b\n"Big" Joe,2\n1,2\n',
        {},
        [Bad("broken", 2, "text after a closing quote", '"Big" Joe,2'), *AB],
    ),
    ("a space after a closing quote", b'a,b\n"1" ,2\n', {}, [Bad("broken", 2)]),
    (
        "broken, and then over two lines",
        b'a,b\n"6" pipe","no\nte"\n1,2\n',
        {},
        [Bad("broken", 2, raw='"6" pipe","no\nte"'), *AB],
    ),
    (
        "over two lines, and then broken",
        b'a,b,c\n1,"x\ny"z,3\n1,2,3\n',
        {},
        [Bad("broken", 2, raw='1,"x\ny"z,3'), {"a": "1", "b": "2", "c": "3"}],
    ),
    ("broken in the last line", b'a,b\n1,2\n"x"y,2', {}, [*AB, Bad("broken", 3)]),
    ("two broken rows", b'a,b\n"x"y,2\n"x"y,2\n1,2\n', {}, [Bad("broken", 2), Bad("broken", 3), *AB]),
    # names
    ("spaces around names", b" a ,\tb\n1,2\n", {"delimiter": ","}, AB),
    ("invisible characters in names", "a\u200b,\u2060b\u00a0\n1,2\n".encode(), {}, AB),
    ("names in lower case", b"A,B\n1,2\n", {"header": str.lower}, AB),
    ("names that differ by their case", b"a,A\n1,2\n", {}, [{"a": "1", "A": "2"}]),
    (
        "a nameless column in the middle",
        b"a,,b\n1,,2\n1,x,2\n",
        {},
        [*AB, Bad("ragged", 3, "column 2, which has no name")],
    ),
    (
        "nameless columns at the end",
        b"a,b,,\n1,2,,\n1,2\n1,2,3\n",
        {},
        [*AB, *AB, Bad("ragged", 4, "3 cells, the header has 2")],
    ),
    (
        "a thousand columns",
        b",".join(b"c%d" % i for i in range(1000)) + b"\n" + b",".join([b"x"] * 1000),
        {},
        [{f"c{i}": "x" for i in range(1000)}],
    ),
    ("a name of 20,000 characters", b"a" * 20_000 + b",b\n1,2\n", {}, [{"a" * 20_000: "1", "b": "2"}]),
    ("dots and quotes in names", b'a.b,"say ""c"""\n1,2\n', {}, [{"a.b": "1", 'say "c"': "2"}]),
    # delimiters
    ("semicolons", b"a;b\n1;2\n", {}, AB),
    ("semicolons with commas in the values", b"a;b\n1,5;2,5\n", {}, [{"a": "1,5", "b": "2,5"}]),
    ("tabs", b"a\tb\n1\t2\n", {}, AB),
    ("an empty first cell before a tab", b"a\tb\n\t2\n", {}, [{"a": "", "b": "2"}]),
    ("bars", b"a|b\n1|2\n", {}, AB),
    ("a delimiter of your own", b"a^b\n1^2\n", {"delimiter": "^"}, AB),
    ("the most frequent one", b"a (x;y),b,c\n1,2,3\n", {}, [{"a (x;y)": "1", "b": "2", "c": "3"}]),
    ("Excel's line", b"sep=;\r\na;b\r\n1;2\r\n", {}, AB),
    ("Excel's line with a tab", b"sep=\t\na\tb\n1\t2\n", {}, AB),
    ("Excel's line, quoted, after a mark", b'\xef\xbb\xbf"sep=|"\na|b\n1|2\n', {}, AB),
    ("Excel's line names what the header hides", b"sep=;\na,x;b\n1;2\n", {}, [{"a,x": "1", "b": "2"}]),
    ("a single column", b"a\n1\n\n2\n", {}, [{"a": "1"}, {"a": "2"}]),
    ("a single column with commas in it", b"a\n1,2\n", {}, [Bad("ragged", 2, "2 cells, the header has 1")]),
    ("a single column, quoted", b'a\n"1,2"\n"   "\n', {}, [{"a": "1,2"}, {"a": "   "}]),
]

CSV_THAT_IS_REFUSED = [
    ("no bytes", b"", {}, "empty, not even a header", "check the export"),
    ("only a byte order mark", b"\xef\xbb\xbf", {}, "not even a header", "check the export"),
    ("only blank lines", b"\n\r\n   \n", {}, "not even a header", "check the export"),
    ("only empty cells", b",,,\n,,,\n", {}, "not even a header", "check the export"),
    ("only Excel's line", b"sep=;\n", {}, "not even a header", "check the export"),
    ("a header of nothing", b"^^^\n1^2^3\n", {"delimiter": "^"}, "no column has a name", "first row"),
    ("a name twice", b"a,b,a\n1,2,3\n", {}, "'a' twice, in column 1 ('a') and column 3 ('a')", "rename"),
    ("a name twice after trimming", b"a,a \n1,2\n", {}, "'a' twice", "rename"),
    (
        "a name twice in lower case",
        b"Id,x,ID\n",
        {"header": str.lower},
        "'id' twice, in column 1 ('Id') and column 3 ('ID')",
        "rename",
    ),
    (
        "a byte that is not UTF-8",
        b"a,b\n1,2\n\xe9,2\n",
        {},
        ":3: the byte 0xE9 is not UTF-8",
        'encoding="cp1252"',
    ),
    ("such a byte in the header", b"a,\xe9\n1,2\n", {}, ":1: the byte 0xE9", "save the file as UTF-8"),
    ("a character cut off at the end", b"a,b\n1,\xe2\x82", {}, ":2: the byte 0xE2", "UTF-8"),
    ("a surrogate spelled in UTF-8", b"a,b\n1,\xed\xa0\x80\n", {}, ":2: the byte 0xED", "UTF-8"),
    (
        "half a character of UTF-16",
        "\ufeffa,b\n1,2\n".encode("utf-16-le") + b"3",
        {},
        "is not UTF-16",
        "declare",
    ),
    (
        "a byte that Windows does not know",
        b"a,b\n1,\x81\n",
        {"encoding": "cp1252"},
        ":2: the byte 0x81 is not CP1252",
        "declare",
    ),
    ("UTF-16 without a mark", "a,b\n1,2\n".encode("utf-16-le"), {}, "NUL characters", 'encoding="utf-16-le"'),
    (
        "a mark that contradicts the encoding",
        b"\xef\xbb\xbfa,b\n",
        {"encoding": "cp1252"},
        "declared as cp1252, but begins as UTF-8",
        "leave",
    ),
    ("an Excel workbook", b"PK\x03\x04rest", {}, "an Excel workbook", "save it as CSV"),
    ("gzip", b"\x1f\x8b\x08rest", {}, "gzip", "unpack"),
    ("Parquet", b"PAR1rest", {}, "Parquet", "save it as CSV"),
    (
        "a quote never closed",
        b'a,b\n1,2\n3,"x\n5,6\n7,8\n',
        {},
        ":3: the quote opened here is never closed",
        "close it",
    ),
    (
        "a quote never closed in the last line",
        b'a,b\n1,2\n3,"x',
        {},
        ":3: the quote opened here is never closed",
        "close it",
    ),
    (
        "a quote opened in a row's second line",
        b'a,b,c\n1,"x\ny","z\n1,2,3\n',
        {},
        ":3: the quote opened here",
        "close it",
    ),
    (
        "a quote that runs into a ragged row",
        b'a,b,c\n1,"x,2\n3,4,5\n6,7,"\n',
        {},
        ":2: the quote opened here makes the rows",
        "twice",
    ),
    (
        "a quote that runs into a broken row",
        b'a,b\n1,"x\n3,4\n5,"q"\n',
        {},
        ":2: the quote opened here makes the rows",
        "twice",
    ),
    (
        "a broken row that swallows others",
        b'a,b\n"6" pipe,"x\n3,4\n5,"q"\n',
        {},
        ":2: the quote opened here",
        "twice",
    ),
    (
        "a broken row whose end looks like a row",
        b'a,b\n"6" pipe","no\nte, x"\n1,2\n',
        {},
        ":2: the quote opened",
        "twice",
    ),
    ("a quote never closed in the header", b'a,"b\n1,2\n', {}, "the header is not CSV", "quotes"),
    ("text after a quote in the header", b'a,"b"c\n1,2\n', {}, "the header is not CSV", "quotes"),
    (
        "the wrong delimiter",
        b"a;b\n1;2\n",
        {"delimiter": ","},
        "there is no ',' in it, but a semicolon",
        "declare the right delimiter",
    ),
    (
        "the wrong delimiter in Excel's line",
        b"sep=;\na,b\n1,2\n",
        {},
        "there is no ';' in it, but a comma",
        "delimiter",
    ),
    ("two delimiters as often", b"a,b;c\n", {}, "by a comma or a semicolon", "declare the delimiter"),
]

JSONL_THAT_IS_READ = [
    ("objects", b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
    ("no newline at the end", b'{"a": 1}', [{"a": 1}]),
    ("CRLF", b'{"a": 1}\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
    ("a byte order mark", b'\xef\xbb\xbf{"a": 1}\n', [{"a": 1}]),
    ("UTF-16", '\ufeff{"a": "é"}\n'.encode("utf-16-be"), [{"a": "é"}]),
    ("blank lines", b'\n{"a": 1}\n\n  \t\n{"a": 2}\n\n', [{"a": 1}, {"a": 2}]),
    ("spaces around an object", b'  {"a": 1}  \n', [{"a": 1}]),
    ("an empty object", b"{}\n", [{}]),
    ("nested objects and lists", b'{"a": {"b": [1, {"c": null}]}}\n', [{"a": {"b": [1, {"c": None}]}}]),
    ("a newline in a text", b'{"a": "1\\n2"}\n', [{"a": "1\n2"}]),
    ("line separators in a text", '{"a": "\u2028\x85"}\n'.encode(), [{"a": "\u2028\x85"}]),
    ("NUL and half a surrogate pair, escaped", b'{"a": "\\u0000\\ud800"}\n', [{"a": "\0\ud800"}]),
    ("a pair of surrogates, escaped", b'{"a": "\\ud83d\\ude00"}\n', [{"a": "😀"}]),
    (
        "an int of 30 digits",
        b'{"a": 123456789012345678901234567890}\n',
        [{"a": 123456789012345678901234567890}],
    ),
    (
        "ints around 64 bits",
        b'{"a": [18446744073709551616, -9223372036854775809]}\n',
        [{"a": [2**64, -(2**63) - 1]}],
    ),
    (
        "equal keys in different objects",
        b'{"a": {"a": 1}, "b": {"a": 2}}\n',
        [{"a": {"a": 1}, "b": {"a": 2}}],
    ),
    ("a list", b'{"a": 1}\n[1, 2]\n', [{"a": 1}, Bad("broken", 2, "list, not an object", "[1, 2]")]),
    (
        "a text, a number, null",
        b'{"a": 1}\n"x"\n7\nnull\n',
        [{"a": 1}, Bad("broken", 2, "str"), Bad("broken", 3, "int"), Bad("broken", 4)],
    ),
    (
        "not JSON",
        b'{"a": 1}\n{a: 1}\n{"a": 2}\n',
        [{"a": 1}, Bad("broken", 2, "not JSON: ", "{a: 1}"), {"a": 2}],
    ),
    ("a trailing comma", b'{"a": 1,}\n', [Bad("broken", 1, "not JSON")]),
    ("two objects on one line", b'{"a": 1}{"a": 2}\n', [Bad("broken", 1, "Extra data (column 9)")]),
    (
        "the last line cut off",
        b'{"a": 1}\n{"a": 2, "b"',
        [{"a": 1}, Bad("broken", 2, "not JSON", '{"a": 2, "b"')],
    ),
    (
        "NaN and the infinities",
        b'{"a": NaN}\n{"a": [-Infinity]}\n',
        [Bad("broken", 1, "NaN is not"), Bad("broken", 2, "-Infinity")],
    ),
    ("a key twice", b'{"a": 1, "b": 2, "a": 3}\n', [Bad("broken", 1, "the key 'a' stands twice")]),
    (
        "a key twice further in",
        b'{"a": [{"b": 1, "b": 1}]}\n',
        [Bad("broken", 1, "the key 'b' stands twice")],
    ),
    ("a key twice, once escaped", b'{"a": 1, "\\u0061": 3}\n', [Bad("broken", 1, "the key 'a'")]),
    ("a raw control character", b'{"a": "1\x012"}\n', [Bad("broken", 1, "control character")]),
    ("100,000 brackets", b'{"a": ' + b"[" * 100_000 + b"1\n", [Bad("broken", 1, "nested too deeply")]),
    ("an int of 5,000 digits", b'{"a": ' + b"9" * 5000 + b"}\n", [Bad("broken", 1, "limit")]),
    ("an exponent out of range", b'{"a": 1e9999999999999999999}\n', [Bad("broken", 1, "exponent")]),
]

JSONL_THAT_IS_REFUSED = [
    ("no bytes", b"", "empty, not even one object", "check the export"),
    ("only blank lines", b"\n \n", "empty", "check the export"),
    ("one array", b'[{"a": 1}, {"a": 2}]', "one JSON array", "one object per line"),
    (
        "one array on several lines",
        b'[\n  {"a": 1},\n  {"a": 2}\n]\n',
        "one JSON array",
        "one object per line",
    ),
    ("a pretty-printed object", b'{\n  "a": 1\n}\n', "spread over several lines", "one object per line"),
    (
        "an object that begins on the first line",
        b'{"a": 1,\n"b": 2}\n',
        "spread over several lines",
        "jq -c .",
    ),
    ("a byte that is not UTF-8", b'{"a": 1}\n{"a": "\xe9"}\n', ":2: the byte 0xE9", 'encoding="cp1252"'),
]


def by_name(cases):
    return [pytest.param(*rest, id=name) for name, *rest in cases]


@pytest.mark.parametrize(("content", "options", "expected"), by_name(CSV_THAT_IS_READ))
def test_csv_is_read_exactly_or_set_aside_by_line(write, content, options, expected):
    assert records(write(content), **options) == expected


@pytest.mark.parametrize(("content", "options", "what", "fix"), by_name(CSV_THAT_IS_REFUSED))
def test_csv_that_must_not_be_trusted_is_refused_with_its_place_and_a_fix(write, content, options, what, fix):
    path = write(content)
    with pytest.raises(SourceError) as caught:
        records(path, **options)

    assert what in f"{caught.value.where}: {caught.value.what}"
    assert str(path) in caught.value.where
    assert fix in caught.value.fix


@pytest.mark.parametrize(("content", "expected"), by_name(JSONL_THAT_IS_READ))
def test_jsonl_is_read_exactly_or_set_aside_by_line(write, content, expected):
    assert records(write(content, "contacts.jsonl")) == expected


@pytest.mark.parametrize(("content", "what", "fix"), by_name(JSONL_THAT_IS_REFUSED))
def test_jsonl_that_must_not_be_trusted_is_refused_with_its_place_and_a_fix(write, content, what, fix):
    with pytest.raises(SourceError) as caught:
        records(write(content, "contacts.jsonl"))

    assert what in f"{caught.value.where}: {caught.value.what}"
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("1.10", 1.1),
        ("-0.0", -0.0),
        ("1E5", 100000.0),
        ("0.1", 0.1),
        ("0.12345678901234567890", Decimal("0.12345678901234567890")),
        ("9007199254740993.0", Decimal("9007199254740993.0")),
        ("1e400", Decimal("1e400")),
        ("1e-400", Decimal("1e-400")),
    ],
)
def test_a_json_number_is_a_float_only_where_that_prints_as_the_same_number(write, text, value):
    (record,) = records(write(f'{{"n": {text}}}\n', "n.jsonl"))

    assert (type(record["n"]), record["n"]) == (type(value), value)
    assert math.copysign(1, record["n"]) == math.copysign(1, value)


# Reading on


NASTY = (
    b'\xef\xbb\xbfsep=;\r\n\r\n"id";"no\r\nte";x\r\n1;"a\nb\r\nc";\r\n\r\n;;\r\n2;"say ""hi""";y\r'
    b'"bro"ken;1;2\r\n3;short\n4;"d\n\ne";z;;;\n"6" p";"two\nlines";z\n5;\xc3\xa9;\r\n   \n6;last;row'
)
NASTY_LINES = b'\xef\xbb\xbf\n{"a": 1}\r\n\n{"a": \n[1]\n{"a": "\xc3\xa9"}\n\n{"a": 2'


@pytest.mark.parametrize(("content", "name"), [(NASTY, "n.csv"), (NASTY_LINES, "n.jsonl")])
@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_reading_on_after_any_page_gives_exactly_the_rest(write, content, name, page_size):
    path = write(content, name)
    pages = read(path, page_size=page_size)
    everything = shaped(record for page in pages for record in page.records)

    assert len(everything) == {"n.csv": 8, "n.jsonl": 5}[name]
    handed_over = 0
    for page in pages:
        handed_over += len(page.records)
        rest = shaped(records(path, json.loads(json.dumps(page.position))))
        assert rest == everything[handed_over:]


def test_a_position_is_the_number_of_lines_read(write):
    pages = read(write(b'a,b\r\n"1\r\n2",3\r\n\r\n4,5\r\n'), page_size=1)

    assert [page.position for page in pages] == [{"line": 3}, {"line": 5}]


def test_a_file_that_has_become_shorter_than_the_position_is_refused(write):
    with pytest.raises(SourceError, match="had read 10 lines") as caught:
        read(write(b"a,b\n1,2\n"), {"line": 10})

    assert "--restart" in caught.value.fix


VALUES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",;\t|\r\n \0x0'), max_size=8)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width).filter(any), max_size=12)
)


@settings(deadline=None, database=None)
@given(
    rows=TABLES,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    page_size=st.integers(1, 4),
)
def test_whatever_a_csv_writer_writes_is_read_back_equal_and_from_every_page_on(
    rows, delimiter, quoting, encoding, page_size
):
    names = [f"column {i}" for i in range(len(rows[0]) if rows else 2)]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([names, *rows])
    expected = [dict(zip(names, row, strict=True)) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written.csv"
        path.write_bytes(text.getvalue().encode(encoding))
        pages = read(path, page_size=page_size)

        assert [record for page in pages for record in page.records] == expected
        for number, page in enumerate(pages, 1):
            assert records(path, page.position) == expected[number * page_size :]


@settings(deadline=None, database=None)
@given(st.binary(max_size=60) | st.text('ab1,;\n\r"', max_size=60).map(str.encode))
def test_any_bytes_are_records_or_a_named_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(content)
        try:
            found = records(path)
        except SourceError as error:
            found = [{"fix": error.fix}]

    assert all(isinstance(record, dict) and record for record in found)


@settings(deadline=None, database=None)
@given(st.lists(st.text('a1,\n"', max_size=12).map(lambda row: row + "\n"), max_size=8))
def test_no_text_of_a_file_is_lost(rows):
    """Every `1` of the file is in a record, or in something set aside, unless the file is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_text("x,y\n" + "".join(rows))
        try:
            found = records(path)
        except SourceError:
            return
    kept = "".join(
        record["raw"] if isinstance(record, Unreadable) else "".join(record.values()) for record in found
    )

    assert kept.count("1") == "".join(rows).count("1")


@settings(deadline=None, database=None)
@given(st.lists(st.text('a1,\n"', max_size=12).map(lambda row: row + "\n"), max_size=8))
def test_reading_on_in_a_broken_file_ends_as_the_first_reading_would_have(rows):
    def outcome(position):
        try:
            return shaped(records(path, position))
        except SourceError as error:
            return str(error)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_text("x,y\n" + "".join(rows))
        everything = outcome(None)
        pages = [] if isinstance(everything, str) else read(path, page_size=1)

        for number, page in enumerate(pages, 1):
            assert outcome(page.position) == everything[number:]


# Pages


def test_pages_have_their_size_in_records_and_in_characters(write):
    pages = read(write(b"a,b\n1,2\n\n3,4\n5,6\n"), page_size=2)

    assert [len(page.records) for page in pages] == [2, 1]
    assert [page.size for page in pages] == [9, 4]


def test_pages_before_an_undecodable_byte_are_handed_over(write):
    path = write(b"a,b\n1,2\n3,4\n\xe9,6\n")
    seen = []

    async def go():
        async for page in FileDataSource(path, page_size=1).read(Resource("contacts"), whole()):
            seen.extend(page.records)

    with pytest.raises(SourceError, match=":4: the byte 0xE9"):
        asyncio.run(go())
    assert seen == TWO


def test_a_page_is_cut_when_its_cells_are_large(write, monkeypatch):
    monkeypatch.setattr(files, "PAGE_CHARACTERS", 100)
    pages = read(write(b"a,b\n" + b"x" * 60 + b",1\n" + b"x" * 60 + b",2\nx,3\n"))

    assert [len(page.records) for page in pages] == [2, 1]


def test_a_long_stretch_outside_the_window_still_says_how_far_it_is(write, monkeypatch):
    monkeypatch.setattr(files, "LOOKED_AT", 2)
    window = whole(since=datetime(2025, 1, 1, tzinfo=UTC))
    content = b"id,t\n" + b"1,2024-01-01\n" * 5 + b"2,2025-06-01\n"
    pages = read(write(content), cursor="t", window=window)

    assert [(len(page.records), page.position["line"]) for page in pages] == [(0, 3), (0, 5), (1, 7)]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(write, monkeypatch):
    monkeypatch.setattr(text_lines, "LONGEST", 1000)
    with pytest.raises(SourceError, match=":2: a line of more than 1,000 characters"):
        records(write(b"a,b\n" + b"x" * 5000))


def test_a_quote_never_closed_is_refused_before_it_fills_the_memory(write):
    swallowed = b"3," + b"x" * 1_000_000 + b"\n"
    with pytest.raises(SourceError, match=":3: the quote opened here is never closed"):
        records(write(b'a,b\n1,2\n3,"x\n' + swallowed * 17))


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(rows):
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as file:
            file.write("id,name,note\n")
            file.writelines(f'{i},"name {i}","a note\nof two lines"\n' for i in range(rows))

        async def go():
            async for page in FileDataSource(path, page_size=500).read(Resource("contacts"), whole()):
                assert page.records

        tracemalloc.start()
        asyncio.run(go())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1000)  # whatever is imported and cached once

    assert peak(30_000) < peak(3_000) * 2  # ten times where it grew with the file


def test_the_file_is_closed_when_the_reader_stops_early(write):
    path = write(b"a,b\n1,2\n3,4\n")

    async def first():
        pages = FileDataSource(path, page_size=1).read(Resource("contacts"), whole())
        page = await anext(pages)
        await pages.aclose()
        return page

    assert asyncio.run(first()).records == AB  # an open file would be a ResourceWarning, which is an error


# Changed while it was read


@pytest.mark.parametrize("after", [1, 2], ids=["in the middle", "after the last page"])
def test_a_file_that_is_written_to_while_it_is_read_stops_the_run(write, after):
    path = write(b"a,b\n1,2\n3,4\n")
    seen = []

    async def go():
        async for page in FileDataSource(path, page_size=1).read(Resource("contacts"), whole()):
            seen.extend(page.records)
            if len(seen) == after:
                with path.open("ab") as file:
                    file.write(b"5,6\n")

    with pytest.raises(SourceError, match="changed while it was being read") as caught:
        asyncio.run(go())
    assert "rename" in caught.value.fix
    assert caught.value.where == str(path)
    assert seen == TWO[:after]


def test_a_file_touched_in_place_without_growing_stops_the_run(write):
    path = write(b"a,b\n1,2\n3,4\n")

    async def go():
        async for _ in FileDataSource(path, page_size=1).read(Resource("contacts"), whole()):
            os.utime(path, ns=(1, 1))

    with pytest.raises(SourceError, match="changed"):
        asyncio.run(go())


def test_a_file_replaced_by_another_is_read_to_its_own_end(write, tmp_path):
    path = write(b"a,b\n1,2\n3,4\n")
    seen = []

    async def go():
        async for page in FileDataSource(path, page_size=1).read(Resource("contacts"), whole()):
            seen.extend(page.records)
            write(b"a,b\n9,9\n", "next").replace(path)

    asyncio.run(go())

    assert seen == TWO


# The window

CHANGED = "id,changed\n" + "".join(
    f"{i},{value}\n"
    for i, value in enumerate(
        [
            "2024-05-01T00:00:00Z",
            "2024-05-02T00:00:00Z",
            "2024-05-02T02:00:00+02:00",
            "2024-05-03 00:00:00",
            "2024-05-04T00:00:00Z",
            "2024-05-04T00:00:00.000001Z",
            "",
            "yesterday",
            "1714608000",
        ]
    )
)


@pytest.mark.parametrize(
    ("since", "until", "ids"),
    [
        (None, None, "012345678"),
        (datetime(2024, 5, 2, tzinfo=UTC), None, "12345678"),
        (datetime(2024, 5, 2, 0, 0, 0, 1, tzinfo=UTC), None, "34567"),
        (None, datetime(2024, 5, 4, tzinfo=UTC), "01234678"),
        (datetime(2024, 5, 3, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC), "367"),
    ],
)
def test_both_ends_belong_to_the_window_and_what_cannot_be_compared_is_handed_over(write, since, until, ids):
    found = records(write(CHANGED), cursor="changed", window=whole(since, until))

    assert "".join(record["id"] for record in found) == ids


def test_a_cursor_lies_below_a_path_and_may_be_null_or_absent(write):
    lines = [{"m": {"t": "2024-01-01"}}, {"m": {"t": "2025-01-01"}}, {"m": {"t": None}}, {"m": None}, {}]
    path = write("".join(json.dumps(line) + "\n" for line in lines), "x.jsonl")
    found = records(path, cursor="m.t", window=whole(since=datetime(2024, 6, 1, tzinfo=UTC)))

    assert found == lines[1:]


def test_rows_set_aside_are_in_every_window(write):
    window = whole(since=datetime(2024, 6, 1, tzinfo=UTC))

    assert records(write(b"id,t\n1\n2,2024-01-01\n"), cursor="t", window=window) == [Bad("ragged", 2)]


def test_without_a_cursor_everything_is_in_the_window(write):
    window = whole(since=datetime(2090, 1, 1, tzinfo=UTC))

    assert records(write(b"a,b\n1,2\n"), window=window) == AB


# On 27 October 2024 at 01:00 UTC London's clocks went back by an hour: 01:30 was 00:30 UTC and 01:30 UTC.
@pytest.mark.parametrize(
    ("wall", "since", "until", "kept"),
    [
        ("00:59", "00:30", None, False),
        ("01:00", "00:30", None, True),  # the second one, at 01:00 UTC
        ("01:10", "00:40", None, True),
        ("01:10", "01:10", None, True),
        ("01:09", "01:10", None, False),
        ("01:59", "01:10", None, True),
        ("02:00", "01:10", None, True),
        ("01:30", None, "00:30", True),
        ("01:31", None, "00:30", False),
        ("01:59", None, "01:10", True),  # the first one, at 00:59 UTC
        ("02:00", None, "01:10", False),
        ("02:00", None, "02:00", True),
        ("02:01", None, "02:00", False),
    ],
)
def test_an_hour_that_comes_twice_loses_nothing_on_either_side(write, wall, since, until, kept):
    def moment(text):
        return text and datetime.fromisoformat(f"2024-10-27T{text}Z")

    path = write(f"id,t\n1,2024-10-27 {wall}\n")
    window = whole(moment(since), moment(until))

    assert bool(records(path, cursor="t", window=window, time_zone=LONDON)) == kept


def test_a_time_with_an_offset_is_compared_as_a_moment_in_any_zone(write):
    path = write("id,t\n1,2024-10-27T01:30:00+01:00\n2,2024-10-27T01:30:00+00:00\n")
    window = whole(since=datetime(2024, 10, 27, 1, 0, tzinfo=UTC))

    assert [r["id"] for r in records(path, cursor="t", window=window, time_zone=LONDON)] == ["2"]


# Options and places


@pytest.mark.parametrize(
    ("make", "what", "fix"),
    [
        (lambda folder: folder / "none.csv", "no such file", "path"),
        (lambda folder: folder / "none" / "none.csv", "no such file", "path"),
        (lambda folder: (folder / "d.csv", (folder / "d.csv").mkdir())[0], "a directory", "name the file"),
        (lambda folder: (folder / "p.csv", os.mkfifo(folder / "p.csv"))[0], "a pipe", "to a file first"),
    ],
    ids=["missing", "missing with its folder", "a directory", "a pipe"],
)
def test_a_path_that_cannot_be_read_is_a_mistake_in_the_configuration(tmp_path, make, what, fix):
    path = make(tmp_path)
    source = FileDataSource(path)
    for attempt in (
        source.version,
        lambda: read(path),
        lambda: asyncio.run(source.count_records(None, None)),
    ):
        with pytest.raises(ConfigurationError) as caught:
            attempt()

        assert what in caught.value.what
        assert fix in caught.value.fix
        assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("error", "raised", "what"),
    [
        (PermissionError(13, "Permission denied"), ConfigurationError, "may not read"),
        (OSError(5, "Input/output error"), SourceError, "could not be read: Input/output error"),
    ],
)
def test_what_the_system_says_of_a_file_is_said_in_our_words(error, raised, what):
    with pytest.raises(raised, match=what) as caught, text_lines.file_errors(Path("x.csv")):
        raise error

    assert caught.value.fix


@pytest.mark.parametrize(
    ("options", "what", "fix"),
    [
        ({"encoding": "utf-9"}, "no encoding 'utf-9'", "utf-8"),
        ({"encoding": "hex"}, "no encoding 'hex'", "utf-8"),
        ({"delimiter": "::"}, "'::' cannot be a delimiter", "one character"),
        ({"delimiter": ""}, "'' cannot be a delimiter", "one character"),
        ({"delimiter": '"'}, "cannot be a delimiter", "one character"),
        ({"format": "cvs"}, "unknown format 'cvs'", "did you mean 'csv'"),
        ({"format": "xml"}, "unknown format 'xml'", "use csv or jsonl"),
        ({"page_size": 0}, "page_size is 0", "1 record"),
        ({"format": "jsonl", "delimiter": ";"}, "JSONL has no header and no delimiter", "leave"),
        ({"format": "jsonl", "header": str.lower}, "JSONL has no header", "leave"),
    ],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_read(options, what, fix):
    with pytest.raises(ConfigurationError) as caught:
        FileDataSource("contacts.csv", **options)

    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("x.csv", "csv"),
        ("X.CSV", "csv"),
        ("x.tsv", "csv"),
        ("x.txt", "csv"),
        ("x.jsonl", "jsonl"),
        ("x.ndjson", "jsonl"),
    ],
)
def test_the_ending_tells_the_format(name, found):
    assert FileDataSource(name).format == found


@pytest.mark.parametrize("name", ["contacts", "contacts.json", "contacts.xlsx"])
def test_an_ending_that_tells_nothing_asks_for_the_format(name):
    with pytest.raises(ConfigurationError, match="does not tell the format") as caught:
        FileDataSource(name)

    assert 'format="jsonl"' in caught.value.fix
    assert FileDataSource(name, format="jsonl").format == "jsonl"


def test_a_version_is_that_of_the_bytes_and_of_the_options_that_count_lines(write):
    path = write(b"a,b\n1,2\n")
    source = FileDataSource(path)
    first = source.version()
    stamp = path.stat().st_mtime_ns

    assert first.startswith(f"{path.resolve()}:8:{stamp}")
    assert first == FileDataSource(path, page_size=7, header=str.lower).version()
    assert first != FileDataSource(path, delimiter=";").version()
    assert first != FileDataSource(path, encoding="cp1252").version()
    os.utime(path, ns=(stamp, stamp + 1))
    assert first != source.version()
    assert source.identity() == ""


def test_a_plan_and_a_resource_make_the_client(write):
    path = write(b"A;B\n1;2\n")
    resource = Resource("contacts", options={"delimiter": ";", "header": str.lower, "time_zone": LONDON})
    source = FileDataSource.from_plan(SyncPlan(options={"file": path}, batch_size=5), resource)

    assert (source.page_size, source.time_zone) == (5, LONDON)
    assert FileDataSource.from_plan(SyncPlan(options={"file": path}), Resource("contacts")).page_size == 1000
    assert records(path, **resource.options) == AB


@pytest.mark.parametrize(
    ("plan", "options", "what"),
    [
        (SyncPlan(), {}, "no file to read"),
        (SyncPlan(options={"file": Path("x.csv")}), {"delimeter": ";"}, "no option 'delimeter'"),
    ],
)
def test_a_plan_without_a_file_and_an_unknown_option_are_refused(plan, options, what):
    with pytest.raises(ConfigurationError, match=what) as caught:
        FileDataSource.from_plan(plan, Resource("contacts", options=options))

    assert caught.value.where == "contacts"


def test_the_flag_is_required_and_gives_a_path():
    assert (FILE.name, FILE.required, FILE.type("x.csv"), FILE.narrows) == (
        "file",
        True,
        Path("x.csv"),
        False,
    )


@pytest.mark.parametrize(
    ("content", "name", "count"),
    [
        (b"a,b\n1,2\n3,4\n", "x.csv", 2),
        (b"a,b\r\n1,2\r\n3,4", "x.csv", 2),
        (b"a,b\r1,2\r", "x.csv", 1),
        (b"a,b", "x.csv", 0),
        (b"", "x.csv", 0),
        ("\ufeffa,b\n1,2\n".encode("utf-16-le"), "x.csv", 1),
        (b'{"a": 1}\n{"a": 2}', "x.jsonl", 2),
    ],
)
def test_records_are_counted_by_their_lines(write, content, name, count):
    assert asyncio.run(FileDataSource(write(content, name)).count_records(Resource("x"), whole())) == count


def test_a_very_large_file_is_not_counted(write, monkeypatch):
    monkeypatch.setattr(files, "COUNTED", 5)

    assert asyncio.run(FileDataSource(write(b"a,b\n1,2\n")).count_records(Resource("x"), whole())) is None


@pytest.mark.skipif(not ZIP_CODES.exists(), reason=f"{ZIP_CODES} is not there")
def test_a_real_file_keeps_its_leading_zeros():
    source = FileDataSource(ZIP_CODES)
    found = records(ZIP_CODES)

    assert len(found) == asyncio.run(source.count_records(Resource("zipcodes"), whole())) == 42_366
    assert not any(isinstance(record, Unreadable) for record in found)
    assert found[0]["code"] == "00501"
    assert {len(record["code"]) for record in found} == {5}


# The factory


def test_the_factory_makes_a_file_source_from_a_configuration(write):
    source = DataSourceFactory.create_source("file", {"path": str(write(b"a,b\n1,2\n")), "page_size": 3})

    assert isinstance(source, FileDataSource)
    assert source.page_size == 3


@pytest.mark.parametrize(
    ("kind", "config", "what", "fix"),
    [
        ("fil", {"path": "x.csv"}, "no kind of source 'fil'", "did you mean 'file'? known kinds: "),
        ("soap", {}, "no kind of source 'soap'", "known kinds: "),
        ("file", {"path": "x.csv", "delimeter": ";"}, "unknown key 'delimeter'", "did you mean 'delimiter'?"),
        (
            "file",
            {"path": "x.csv", "zzz": 1},
            "unknown key 'zzz'",
            "accepted keys: delimiter, encoding, format, header",
        ),
        ("file", {}, "'path' is missing", "set 'path'"),
    ],
)
def test_the_factory_names_what_is_wrong_and_what_was_meant(kind, config, what, fix):
    with pytest.raises(ConfigurationError) as caught:
        DataSourceFactory.create_source(kind, config)

    assert what in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where


def test_a_kind_of_your_own_joins_and_cannot_take_a_name_that_is_taken(monkeypatch):
    class Queue(DataSource):
        kind = "queue"

        def __init__(self, topic, **more):
            self.topic, self.more = topic, more

        def read(self, resource, window, position=None):
            raise AssertionError("nothing reads it")

    monkeypatch.setattr(DataSourceFactory, "kinds", dict(DataSourceFactory.kinds))
    DataSourceFactory.register("queue", Queue)
    DataSourceFactory.register("queue", Queue)
    source = DataSourceFactory.create_source("queue", {"topic": "t", "other": 1})

    assert (source.topic, source.more) == ("t", {"other": 1})
    with pytest.raises(ConfigurationError, match="taken by FileDataSource"):
        DataSourceFactory.register("file", Queue)
