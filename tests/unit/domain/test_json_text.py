"""Incomplete characters are repaired, lists are split; whole characters, and everything else, stay to the byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.json_text import elements_of, repaired


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
    assert json.loads(repaired(damaged)) == text


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists), st.booleans())
def test_whole_text_stays_as_it_is(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", errors="ignore")
    assert repaired(body) == body


DEEP = b"[" * 50_000 + b"]" * 50_000


@given(st.lists(st.recursive(st.none() | st.text() | st.integers(), st.lists), min_size=1), st.booleans())
def test_a_list_is_taken_apart_into_the_bytes_of_its_elements(values, ascii_only):
    texts = [json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", errors="ignore") for value in values]
    assert [bytes(one).strip() for one in elements_of(b" [" + b" , ".join(texts) + b"]\n")] == texts


def test_an_element_that_is_nested_too_deeply_does_not_affect_others():
    assert [bytes(one) for one in elements_of(b'[{"a":"]"},{"b":' + DEEP + b'},"\\"]"]')] == [
        b'{"a":"]"}',
        b'{"b":' + DEEP + b"}",
        b'"\\"]"',
    ]


def test_an_object_that_is_no_json_does_not_affect_others():
    assert [bytes(one) for one in elements_of(b'[{"a": NaN}, {"b" 1, "c": "]"} ,3]')] == [
        b'{"a": NaN}',
        b'{"b" 1, "c": "]"}',
        b"3",
    ]


BROKEN = [b"", b"[1", b"1]", b"[1]]", b"[1][2]", b"[1,]", b"[{]", b"[}", b"[1 2]", b'{"a":[1]}', b'["a]', b"[" + DEEP]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: str(body[:9]))
def test_what_is_not_one_whole_list_is_refused_so_that_no_element_swallows_another(body):
    with pytest.raises(ValueError, match=r"list|JSON|truncated"):
        elements_of(body)
