"""Decoding a line: the fast decoder answers what the exact one answers, or is not used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.base.json_lines import DECODER, FAST, decoded

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
