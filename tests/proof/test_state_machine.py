"""The state machine, with fixed lots."""

from __future__ import annotations

import pytest

from proof.state_machine import FAST_RUNS, prove
from proof.tally import Size, Tally

pytestmark = pytest.mark.xdist_group("state machine")


@pytest.fixture(scope="module")
def tally() -> Tally:
    (found,) = prove(Size.FAST)
    return found


def test_whatever_comes_in_whatever_order_all_comes_right(tally):
    assert tally.violations == ()
    assert tally.cases >= FAST_RUNS


def test_every_kind_of_trouble_was_among_it(tally):
    for step in (
        "412",
        "answer: close",
        "answer: send as original",
        "answer: send as replacement",
        "ask",
        "ask for more: day",
        "ask for more: day of the order",
        "ask twice",
        "checked",
        "drift",
        "invoice: correct",
        "invoice: void",
        "isa id",
        "kill",
        "meanwhile",
        "old invoice",
        "old order",
        "orderful: lost",
        "push again: UUID",
        "quiet: catalogue",
        "quiet: note",
        "refuse",
        "say again",
        "stranger",
        "supplier",
        "supplier meanwhile",
        "ties",
        "twice",
        "unchecked: INVALID",
        "unchecked: PROCESSING",
        "visma: lost",
    ):
        assert f"{step} " in tally.figures
