"""JSONL: one JSON object per line, its numbers exact and none of its keys lost."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

import msgspec

from ingestion.base.exceptions import SourceError
from ingestion.base.numbers import exact
from ingestion.base.records import Record, Unreadable
from ingestion.base.shapes import DECODER as FAST
from ingestion.base.shapes import Shapes
from ingestion.base.text_lines import Lines

BLANK = " \t\r\n"


def json_records(lines: Lines, start: int, most: int, characters: int) -> Iterator[Sequence[Record]]:
    """The objects after line `start`, in groups of `most` lines or so many characters.

    A line that is not an object becomes Unreadable. Raises SourceError for an empty file, and for JSON that
    is laid out otherwise than one object a line.
    """
    refuse_other_layouts(lines)
    lines.skip_to(start)
    decoder = LineDecoder()
    while texts := lines.take(most, characters):
        yield decoder.decode(texts) or read_objects([text.strip(BLANK) for text in texts], lines)


class LineDecoder:
    """Decodes lines of which it can be told at a glance that no key is lost."""

    def __init__(self) -> None:
        self.shapes = Shapes()

    def decode(self, texts: list[str]) -> Sequence[Record]:
        """The objects, by column where they are of the shape that those before them have shown; else none.

        Of a shape is only what is, written again, the very text that was read.
        """
        if shape := self.shapes.learned():
            try:
                found = list(map(shape.decoder.decode, texts))
                if ENCODER.encode_lines(found) == "".join(texts).encode():
                    return shape.records(found)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                pass  # another shape, or no JSON: read as it is
        objects = all_at_once(texts)
        self.shapes.saw(objects)
        return objects


def all_at_once(texts: list[str]) -> list[Record]:
    """The objects of some lines where it can be told of all together that no key was lost; else none.

    It was not where the objects, written again, are the very text that was read, as they are in files without
    spaces between their tokens; nor where as many keys are left as stand in the text, see `decoded`.
    """
    try:
        found = list(map(FAST.decode, texts))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return []
    if set(map(type, found)) != {dict}:
        return []
    together = "".join(texts)
    if ENCODER.encode_lines(found) == together.encode():
        return found
    return found if not doubtful(together) and together.count('":') == keys_in(found) else []


def read_objects(texts: list[str], lines: Lines) -> list[Record]:
    """The objects of the lines that were read last; blank ones say nothing.

    Where one line must be looked at by itself, the others still need not be.
    """
    found = all_at_once([text for text in texts if text and not doubtful(text)])
    easy, first = iter(found), lines.number - len(texts) + 1
    return [
        next(easy) if found and not doubtful(text) else read_object(text, lines, number)
        for number, text in enumerate(texts, first)
        if text
    ]


def refuse_other_layouts(lines: Lines) -> None:
    """Look at the first line that says something."""
    first = next((text for line in lines if (text := line.strip(BLANK))), "")
    if not first:
        raise lines.error(
            "the file is empty, not even one object", fix="check the export, then run again", line=1
        )
    if first.startswith("["):
        raise wrong_layout(lines, "one JSON array", "jq -c '.[]'")
    if first[0] == "{" and first[-1] in "{[,":
        raise wrong_layout(lines, "JSON spread over several lines", "jq -c .")


def wrong_layout(lines: Lines, found: str, command: str) -> SourceError:
    """The error for a file that is JSON, but not JSONL."""
    return lines.error(f"this is {found}", fix=f"write one object per line, as `{command}` does")


def read_object(text: str, lines: Lines, number: int) -> Record:
    """The object of a line, or what is wrong with it."""
    try:
        found = decoded(text)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} (column {error.colno})"
    except RecursionError:
        message = "not JSON: nested too deeply"
    except ValueError as error:
        message = f"not JSON: {error}"
    else:
        if isinstance(found, dict):
            return found
        message = f"{type(found).__name__}, not an object"
    content = {"line": number, "raw": text}
    return Unreadable(content, source=f"{lines.path.name}:{number}", code="broken", message=message)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: of two, every reader keeps another one."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    raise ValueError(f"the key {twice!r} stands twice in one object")


def refuse(constant: str) -> NoReturn:
    """NaN and the infinities, which Python reads although they are not JSON."""
    raise ValueError(f"{constant} is not a JSON number")


def decoded(text: str) -> Any:
    """What a line says. Raises json.JSONDecodeError, ValueError, RecursionError.

    msgspec's decoder is three times faster than the standard library's, but drops the first of two equal
    keys without a word. Where no string holds an escape and none is followed by a space, each key brings one
    `":` and nothing takes one away: as many of them as there are keys left means that none was dropped.
    Whatever cannot be told like this is decoded by the exact one.
    """
    if not doubtful(text):
        try:
            found = FAST.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return DECODER.decode(text)
        if type(found) is dict and text.count('":') == keys_in([found]):
            return found
    return DECODER.decode(text)


def doubtful(text: str) -> bool:
    """Whether the keys of a line cannot be counted in its text."""
    return "\\" in text or '" ' in text or '"\t' in text


def keys_in(values: list[Any]) -> int:
    """How many keys there are in these objects and lists, at any depth."""
    count = 0
    while values:
        objects = [value for value in values if type(value) is dict]
        lists = [value for value in values if type(value) is list]
        count += sum(map(len, objects))
        inner = [*chain.from_iterable(map(dict.values, objects)), *chain.from_iterable(lists)]
        values = [] if NESTED.isdisjoint(map(type, inner)) else [v for v in inner if type(v) in NESTED]
    return count


NESTED = frozenset({dict, list})
ENCODER = msgspec.json.Encoder(decimal_format="number")
DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_float=exact, parse_constant=refuse)
