"""Visma's row versions: 8 bytes in base64, compared as numbers."""

from __future__ import annotations

import pytest

from connector.domain.revision.row_version import is_older, row_version, version_in

FIRST, SECOND, LATE = "AAAAAAAAAAE=", "AAAAAAAAAAI=", "AAAAAAAAAQA="


@pytest.mark.parametrize("etag", [f'"{FIRST}"', f'W/"{FIRST}"', f"  {FIRST} "])
def test_the_version_is_what_stands_in_the_quotes(etag):
    assert version_in(etag) == FIRST


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [
        (FIRST, SECOND, True),
        (SECOND, LATE, True),
        (SECOND, FIRST, False),
        (FIRST, FIRST, False),
        (None, FIRST, False),
        (FIRST, "AAE=", False),
        ("no version", SECOND, False),
    ],
)
def test_only_a_smaller_counter_is_surely_older(version, other, older):
    assert is_older(version, other) is older


@pytest.mark.parametrize(("text", "found"), [(FIRST, FIRST), ("AAE=", None), ("?", None), ("", None), (None, None)])
def test_what_is_no_row_version_is_none(text, found):
    assert row_version(text) == found
