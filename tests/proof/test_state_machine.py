"""The state machine, with fixed draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from connector.domain.revision.cause import Cause
from proof.model.machine.partners import Validation
from proof.state_machine import FAST_RUNS, Connector, prove
from proof.tally import Size, Tally

pytestmark = pytest.mark.xdist_group("state machine")


@pytest.fixture(scope="module")
def tally() -> Tally:
    (found,) = prove(Size.FAST)
    return found


def test_whatever_comes_in_whatever_order_all_comes_right(tally):
    assert tally.violations == ()
    assert tally.cases >= FAST_RUNS


def test_every_kind_of_fault_was_injected(tally):
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
        "migrated invoice",
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


@dataclass(frozen=True, slots=True)
class _Harness:
    """Draws one configuration by name, instead of hypothesis."""

    name: str

    def draw(self, _strategy: object, label: str) -> str:
        return self.name


Step = tuple[str, dict[str, Any]]

INVALID = Validation.INVALID

OTHER_ISA_ID: Step = ("a_partner_gets_another_isa_id", {"other": True})
FIRST_ISA_ID: Step = ("a_partner_gets_another_isa_id", {"other": False})
QUIESCENCE: Step = ("everything_becomes_quiescent", {})
REFUSED: Step = ("orderful_fails", {"how": "refused"})
FASTER: Step = ("a_user_is_faster", {"draw": 0, "line": 0, "quantity": 80, "times": 5})
ASKED: Step = ("another_860", {"draw": 0, "line": 0, "way": "inbox", "what": "price", "far": False})
EDITED: Step = ("an_edit", {"draw": 0, "line": 0, "quantity": 700, "late": 0})
CANCELLED: Step = ("a_cancellation", {"draw": 0})
ORDERED: Step = ("a_new_order", {"held": False, "old": False, "supplier": "50012"})
POLL: Step = ("a_poll", {"pages": None})
COLLECTED: Step = ("a_collection", {})
ASKED_FOR_90: Step = ("an_860", {"draw": 0, "line": 0, "quantity": 90, "sent": ("inbox", None), "with_original": False})
ASKED_TWICE: Step = (
    "two_860s",
    {"draw": 0, "quantities": (90, 120), "counted": (None, None), "apart": 2, "ways": "inbox"},
)
ASKED_TWICE_FOR_MORE: Step = (
    "two_860s",
    {"draw": 0, "quantities": (90, 700), "counted": (None, None), "apart": 2, "ways": "inbox"},
)
ASKED_TWICE_ALIKE: Step = (
    "two_860s",
    {"draw": 0, "quantities": (90, 90), "counted": (None, None), "apart": 2, "ways": "inbox"},
)
PUSHED_AS_UUID: Step = ("a_push_comes_again", {"draw": 0, "as_uuid": True, "anew": False})
EDITED_TO_80: Step = ("a_user_edits_meanwhile", {"draw": 0, "line": 0, "quantity": 80, "steps": 1})
EDITED_TO_90: Step = ("a_user_edits_meanwhile", {"draw": 0, "line": 0, "quantity": 90, "steps": 1})
OLD_ONE_CANCELLED: Step = ("a_cancellation", {"draw": 1})
AS_REPLACEMENT: Step = ("a_person_answers", {"draw": 0, "answer": Cause.AS_REPLACEMENT})
AS_ORIGINAL: Step = ("a_person_answers", {"draw": 0, "answer": Cause.AS_ORIGINAL})
TIED: Step = ("edits_with_one_stamp", {"draws": [0, 0], "quantity": 80})


@pytest.mark.parametrize(
    ("harness", "steps"),
    [
        ("by number", [ASKED, FASTER, ("things_take_their_course", {"steps": 1}), OTHER_ISA_ID]),
        ("by number", [CANCELLED, OTHER_ISA_ID, REFUSED, QUIESCENCE, FIRST_ISA_ID]),
        ("by number", [EDITED, OTHER_ISA_ID, REFUSED, QUIESCENCE, FIRST_ISA_ID, QUIESCENCE]),
        ("ties, no overlap", [ORDERED, QUIESCENCE, TIED]),
        ("differences", [ASKED_FOR_90, ("things_take_their_course", {"steps": 1}), EDITED_TO_80, PUSHED_AS_UUID]),
        ("differences", [POLL, ASKED_FOR_90, PUSHED_AS_UUID, ASKED_TWICE, COLLECTED]),
        (
            "ties, no overlap",
            [
                *(POLL, *[QUIESCENCE] * 3, ASKED_FOR_90, *[QUIESCENCE] * 5, EDITED_TO_90, *[QUIESCENCE] * 4),
                *(PUSHED_AS_UUID, EDITED_TO_80, QUIESCENCE),
            ],
        ),
        (
            "differences",
            [
                (
                    "an_860_that_orderful_holds",
                    {"draw": 0, "line": 0, "quantity": 90, "validation": INVALID, "way": "inbox"},
                ),
                *(COLLECTED, ("edits_with_one_stamp", {"draws": [0, 0], "quantity": 80})),
                ("an_860", {"draw": 0, "line": 1, "quantity": 700, "sent": ("callback", None), "with_original": False}),
            ],
        ),
        (
            "by number",
            [
                *(*[QUIESCENCE] * 8, EDITED_TO_80, *[QUIESCENCE] * 2, ASKED_TWICE_FOR_MORE, ASKED_TWICE_ALIKE),
                *(("a_remote_call_fails", {"lost": False, "steps": 1}), QUIESCENCE, EDITED_TO_80, QUIESCENCE),
            ],
        ),
        ("live since the first poll", [OLD_ONE_CANCELLED, QUIESCENCE, AS_REPLACEMENT, AS_ORIGINAL]),
    ],
    ids=[
        "the sender leaves while its change is being written",
        "an ISA id comes back after a withdrawal was refused: cancelled",
        "an ISA id comes back after a withdrawal was refused: changed",
        "edits of one moment, long after the last poll",
        "a difference comes again by its other name, and the order was edited",
        "a difference comes again by its other name, behind a repetition",
        "an approved change comes again by its other name, and the order was edited",
        "a person approves a difference that takes a line out",
        "a repetition of what the partner had already, and the order was edited",
        "a cancelled order is released twice before it is translated",
    ],
)
def test_what_long_runs_have_found_comes_right(harness: str, steps: list[Step]) -> None:
    machine = Connector()
    machine.begin(name=_Harness(harness))
    for name, given in steps:
        getattr(machine, name)(**given)
        machine.nothing_wrong_has_happened()
    machine.teardown()
