"""The page of states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.cli.changes import meanings as change_meanings
from connector.cli.documents import meanings
from connector.cli.reference.states import document
from connector.domain.order_change.record import ChangeState, WaitsOn
from connector.domain.revision.record import State

PAGE = Path(__file__).parents[4] / "docs/states.md"
STORED = PAGE.read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading, by their first cell."""
    part = STORED.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| **")]
    return {one[0].strip("*"): one for one in cells}


OUTBOUND, INBOUND = rows("Outbound"), rows("Inbound")


def test_the_page_is_what_the_code_says():
    assert document() == STORED, "write it again: python -m connector.cli.reference.states > docs/states.md"


def test_every_state_is_there_with_the_label_of_the_commands():
    assert {name: row[1] for name, row in OUTBOUND.items()} == {one: meanings.meaning(one) for one in State}
    assert {name: row[1] for name, row in INBOUND.items()} == {one: change_meanings.meaning(one) for one in ChangeState}
    assert all(f"\n| `{one}` | " in STORED for one in WaitsOn)
    assert all(
        f" | {word} | {means} |" in STORED for words in meanings.STATUSES.values() for word, means in words.items()
    )


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("TRANSLATED", "the connector"),
        ("UNCONFIRMED", "the connector"),
        ("SENT", "Orderful, the partner"),
        ("PARKED", "a person"),
        ("REJECTED", "a person"),
        ("SKIPPED", "nobody"),
        ("ACKNOWLEDGED", "nobody"),
    ],
)
def test_it_says_who_acts(state, acts):
    assert OUTBOUND[state][3] == acts
    assert OUTBOUND[state][2] == ("no" if acts == "nobody" else "yes")


def test_it_says_who_acts_on_what_came_in():
    assert {name for name, row in INBOUND.items() if "a person" in row[4]} == {"PARKED", "REFUSED", "ATTENTION"}
    assert {name for name, row in INBOUND.items() if row[3] == "no"} == {"RECEIVED", "APPLYING"}


def test_the_states_that_may_follow_are_those_of_the_ledger():
    assert OUTBOUND["CHANGING"][5] == "SUPERSEDED, AGREED"
    assert OUTBOUND["SUPERSEDED"][5] == "VALID, DELIVERED, ACKNOWLEDGED"
    assert "REJECTED" in re.split(", ", OUTBOUND["ACKNOWLEDGED"][5])
