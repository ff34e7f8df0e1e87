"""JSONL: one JSON object per line, its numbers exact and none of its keys lost."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from ingestion.base.exceptions import SourceError
from ingestion.base.numbers import exact
from ingestion.base.records import Record, Unreadable
from ingestion.base.text_lines import Lines

BLANK = " \t\r\n"


def json_records(lines: Lines, start: int) -> Iterator[Record]:
    """The objects after line `start`; a line that is not one becomes Unreadable.

    Raises SourceError for an empty file, and for JSON that is laid out otherwise than one object a line.
    """
    refuse_other_layouts(lines)
    lines.skip_to(start)
    for line in lines:
        text = line.strip(BLANK)
        if text:
            yield read_object(text, lines)
        lines.row.clear()


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


def read_object(text: str, lines: Lines) -> Record:
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
    content = {"line": lines.number, "raw": text}
    return Unreadable(content, source=f"{lines.path.name}:{lines.number}", code="broken", message=message)


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
    if not ("\\" in text or '" ' in text or '"\t' in text):
        try:
            found = FAST.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return DECODER.decode(text)
        if type(found) is dict and text.count('":') == keys_in(found):
            return found
    return DECODER.decode(text)


def keys_in(value: Any) -> int:
    """How many keys there are in a value, at any depth."""
    inner = value.values() if isinstance(value, dict) else value
    count = len(value) if isinstance(value, dict) else 0
    if NESTED.isdisjoint(map(type, inner)):
        return count
    return count + sum(keys_in(each) for each in inner if type(each) in NESTED)


NESTED = frozenset({dict, list})
FAST = msgspec.json.Decoder(float_hook=exact)
DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_float=exact, parse_constant=refuse)
