"""Decoding a line: the fast decoder answers what the exact one answers, or is not used."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.base.json_lines import BLANK, DECODER, FAST, decoded, json_records, read_object
from ingestion.base.records import Unreadable
from ingestion.base.text_lines import Lines

VALUE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def outcome(decode, text):
    """What a decoder makes of a text, with the types of its numbers; an error is one too."""
    try:
        return repr(decode(text))
    except ValueError:
        return "an error"


@given(VALUE, st.booleans())
def test_any_json_is_decoded_as_the_exact_decoder_does(value, plain):
    text = json.dumps(value, ensure_ascii=not plain)

    assert outcome(decoded, text) == outcome(DECODER.decode, text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a" :1,"a":2}',
        '{"a"\t:1,"a":2}',
        '{"a":":","a":2}',
        '{"a" :":b","a":2}',
        '{"a":[{"b":1,"b":2}]}',
        '{"a":{"b":{"c":1,"c":1}}}',
        '{"a":1,"\\u0061":2}',
        '{"a": NaN}',
        '{"a": 1',
        "[" * 100_000,
    ],
)
def test_doubtful_line_is_left_to_the_exact_decoder(text):
    with pytest.raises((ValueError, RecursionError)):
        decoded(text)


@pytest.mark.parametrize(
    "text", ['{"a":"x:y","b":{"c":":"}}', '{"a": [1, {"b": 2}], "c": 12345678901234567890123}']
)
def test_ordinary_line_is_decoded_whatever_colons_it_has(text):
    assert decoded(text) == FAST.decode(text) == DECODER.decode(text)


LINE = st.one_of(
    st.dictionaries(st.sampled_from("abc"), VALUE, max_size=3).map(json.dumps),
    st.sampled_from(
        [
            "",
            " ",
            '{"a":1,"a":2}',
            '{"a":1}{"b":2}',
            '{"a":1},{"b":2}',
            '{"a":1}],[{"b":2}',
            '{"a":',
            '{"x":[{"q":1}',
            '{"x":[[1',
            "1}",
            "2]]}",
            '{"r":2}]}',
            "[1]",
            "7",
            '{"a" :1}',
            '{"a":"\\u0061"}',
            '{"a":":"}',
        ]
    ),
)


def told(record):
    """A record, or what is said of a line that is none."""
    return (dict(record), record.error) if isinstance(record, Unreadable) else record


@given(st.lists(LINE, max_size=12), st.integers(1, 12))
def test_lines_together_are_what_each_is_by_itself(texts, most):
    file = io.StringIO("".join(f"{text}\n" for text in ['{"first":1}', *texts]))
    lines = Lines(file, Path("n.jsonl"))
    groups = list(json_records(lines, 0, most, 2**20))

    alone = [read_object(text, lines, n) for n, text in enumerate(texts, 2) if text.strip(BLANK)]
    assert [repr(told(r)) for group in groups for r in group] == list(
        map(repr, map(told, [{"first": 1}, *alone]))
    )
    assert lines.number == len(texts) + 1


def test_long_lines_make_a_group_before_there_are_many():
    file = io.StringIO('{"a":"xxxxxxxxxxxxxxxxxxxx"}\n' * 10)

    groups = list(json_records(Lines(file, Path("n.jsonl")), 0, 1000, 100))

    assert [len(group) for group in groups] == [4, 4, 2]
