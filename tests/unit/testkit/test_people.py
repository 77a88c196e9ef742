from __future__ import annotations

import pytest

from testkit.laptop.people import printed


@pytest.mark.parametrize(
    ("shown", "start", "command"),
    [
        (
            "Or run `connector documents replay a/b/1`.",
            "connector documents replay",
            "connector documents replay a/b/1",
        ),
        (
            "  -> connector backfill --since 2026-11-20\nmore",
            "connector backfill",
            "connector backfill --since 2026-11-20",
        ),
        ("missed: connector reconcile --company a.", "connector reconcile", "connector reconcile --company a"),
        ("connector secrets set orderful (secret x)", "connector secrets", "connector secrets set orderful"),
        ("connector holds list; connector holds lift", "connector holds lift", "connector holds lift"),
        ("config apply x.yaml, then\nconnector doctor", "connector doctor", "connector doctor"),
    ],
)
def test_a_command_ends_where_the_sentence_goes_on(shown, start, command):
    assert printed(shown, start) == command


def test_a_command_that_is_not_printed_fails_the_test():
    with pytest.raises(AssertionError, match="no 'connector resume' is printed"):
        printed("Nothing is to be done.", "connector resume")
