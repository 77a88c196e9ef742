"""The reasons: each has one code, each is used, and nothing that needs a reason is made without one."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest

from connector.domain.errors import Parked, PayloadLost, Rejected, UnmappedPartner
from connector.domain.order_change.findings import Findings, Objection
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.arrival import STEPS, Concern
from connector.services.inbound.write_order import WriteResult
from testkit.memory.stores import a_change

PACKAGE = Path(__file__).parents[3] / "layers/connector/connector"
DECLARATION = PACKAGE / "domain/reasons.py"
ERASURE = PACKAGE / "adapters/aws/erasure.py"
"""It takes sentences out of records and leaves the codes."""

MOVES = {"move", "own", "moved", "replace"}
"""Calls that write a reason into a record."""


@cache
def nodes() -> Sequence[tuple[str, ast.AST]]:
    return [
        (f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path not in {DECLARATION, ERASURE}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_a_code_is_kebab_case_and_stands_once():
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in Reason)
    assert len(Reason.__members__) == len(list(Reason)), "two reasons with one code are one"
    assert all(name == code.value.upper().replace("-", "_") for name, code in Reason.__members__.items())
    assert all(text.endswith(".") for one in Reason for text in (one.meaning, one.action))


def test_each_reason_is_used():
    used = {
        node.attr
        for _, node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"
    }
    assert used == set(Reason.__members__)


@pytest.mark.parametrize(
    "made",
    [
        lambda: Parked("It waits."),
        lambda: Rejected("No."),
        lambda: Objection("order", "It differs.", False),
        lambda: Findings(rules=None, start=None).add_objection("It differs."),
        lambda: Findings(rules=None, start=None).add_unwritten("It is not written."),
        lambda: Findings(rules=None, start=None).ask_to_confirm("It is read so."),
        lambda: WriteResult(ChangeState.PARKED, reason="It waits."),
        lambda: StatedReason(sentence="It waits."),
    ],
)
def test_nothing_that_needs_a_reason_is_made_without_its_code(made):
    with pytest.raises(TypeError, match="code"):
        made()


def test_the_errors_of_one_reason_bring_it():
    assert UnmappedPartner("Nobody.").code is Reason.UNMAPPED_PARTNER
    assert PayloadLost("Gone.").code is Reason.PAYLOAD_LOST


def test_who_writes_a_reason_into_a_record_writes_its_code():
    without = []
    for place, node in nodes():
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            keys = {word.arg for word in node.keywords} if name in MOVES else set()
        elif isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            keys = keys if "next_step" in keys else set()
        else:
            continue
        if "reason" in keys and not keys & {"reason_code", "reason_codes", "codes"}:
            without.append(place)
    assert without == []


def test_a_concern_keeps_its_stored_value():
    assert Concern("OVERDUE") is Concern.OVERDUE
    assert (Concern.OVERDUE.value, Concern.OVERDUE.code) == ("OVERDUE", Reason.ACKNOWLEDGMENT_OVERDUE)
    assert len({one.code for one in Concern}) == len(Concern)


@pytest.mark.parametrize(
    ("stored", "codes"),
    [
        ({}, ()),
        ({"reason_codes": ["price-beyond-limit", "of-a-later-release"]}, ("price-beyond-limit", "of-a-later-release")),
    ],
)
def test_a_record_without_codes_or_with_unknown_ones_is_read(stored, codes):
    record = msgspec.to_builtins(a_change())
    assert msgspec.convert({**record, **stored}, Change).reason_codes == codes


def test_a_step_that_is_the_action_of_its_reason_stands_there_alone():
    """One that is said in general and for a document in the same words would be changed in one of the two places."""
    actions = {one.action: name for name, one in Reason.__members__.items()}
    repeated = []
    for where, node in nodes():
        if isinstance(node, ast.Call):
            given = {one.arg: one.value for one in node.keywords}
            step, code = given.get("next_step"), given.get("code")
            if isinstance(step, ast.Constant) and isinstance(code, ast.Attribute):
                repeated += [f"{where} Reason.{code.attr}"] if actions.get(step.value) else []
    assert repeated == []


def test_a_concern_has_no_step_of_its_own_that_its_reason_has():
    assert [one for one, step in STEPS.items() if step == one.code.action] == []
