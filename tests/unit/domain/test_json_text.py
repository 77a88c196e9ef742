"""Half characters are mended; whole ones, and everything else, stay to the byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.json_text import mended


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00b"', "\ufffdb"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud83d"', "\\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (b'"caf\xc3"', "caf\ufffd"),
    ],
)
def test_half_characters_become_the_replacement_character(damaged, text):
    assert json.loads(mended(damaged)) == text


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists), st.booleans())
def test_whole_text_stays_as_it_is(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", errors="ignore")
    assert mended(body) == body
