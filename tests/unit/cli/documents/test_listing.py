from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.revision.record import State
from tests.unit.cli.documents.conftest import LATE, ORDER, PARKED, RESERVED, SENT


def test_list_puts_what_needs_a_person_first(connector, ledger):
    result = connector("documents", "list", "--json")
    assert [(row["revision"], row["state"]) for row in result.data] == [(2, "PARKED"), (1, "DELIVERED")]
    assert result.data[0]["waits_for"] == "defaults.units.KRT"
    lines = connector("documents", "list").out.splitlines()
    assert lines[1].startswith("nordic/purchase_order/500123")
    assert lines[1].endswith("lines[2].uom  unit-unmapped  Unit KRT is not mapped.")
    assert lines[2] == "      -> Add defaults.units.KRT."
    assert lines[3].startswith("nordic/purchase_order/500123")
    assert len(lines) == 4, "what needs no person has no next step"


@pytest.mark.parametrize(
    ("options", "revisions"),
    [
        (("--state", "PARKED"), [2]),
        (("--state", "delivered"), [1]),
        (("--partner", "acme"), [1]),
        (("--reason", "unit-unmapped"), [2]),
        (("--reason", "send-off"), []),
        (("--company", "svensk"), []),
        (("--company", "nordic", "--limit", "1"), [2]),
    ],
)
def test_list_can_be_narrowed(connector, ledger, options, revisions):
    result = connector("documents", "list", *options, "--json")
    assert [row["revision"] for row in result.data] == revisions


def test_list_finds_what_is_skipped_by_its_reason(connector, ledger):
    """What is not sent is not lost: it is listed by why."""
    off = replace(PARKED, state=State.SKIPPED, reason_code="send-off", partner="acme")
    draft = replace(off, key=replace(ORDER, number="500124"), reason_code="on-hold")
    ledger.kept = [off, draft]
    assert connector("documents", "list", "--reason", "send-off", "--json").data == []
    options = ("--state", "SKIPPED", "--reason", "send-off", "--partner", "acme", "--json")
    (row,) = connector("documents", "list", *options).data
    assert (row["document"], row["reason_codes"]) == ("nordic/purchase_order/500123", ["send-off"])


def test_list_finds_what_needs_attention_by_its_reason(connector, ledger):
    ledger.kept = [replace(SENT, attention="its 997 is overdue", concern="OVERDUE"), PARKED]
    (row,) = connector("documents", "list", "--reason", "acknowledgment-overdue", "--json").data
    assert (row["revision"], row["reason_codes"]) == (1, ["acknowledgment-overdue"])
    assert (
        "acknowledgment-overdue (No functional acknowledgment in time)" in connector("documents", "show", "500123").out
    )


def test_a_reason_that_nobody_knows_is_refused(connector, ledger):
    result = connector("documents", "list", "--reason", "send-of")
    assert (result.code, result.out) == (2, "")
    assert "No reason has the code 'send-of'; docs/reasons.md lists them." in result.err


def test_list_finds_what_is_from_before_go_live(connector, ledger):
    ledger.kept = [replace(PARKED, state=State.BASELINE, reason="It is from before go-live.")]
    assert connector("documents", "list", "--json").data == []
    (row,) = connector("documents", "list", "--state", "baseline", "--json").data
    assert (row["state"], row["reason"]) == ("BASELINE", "It is from before go-live.")


def test_an_empty_list_says_so(connector, ledger):
    assert connector("documents", "list", "--company", "svensk").out == "No such document is open.\n"


def test_an_order_that_is_being_changed_is_listed_and_one_that_is_agreed_is_not(connector, ledger):
    ledger.kept = [RESERVED]
    assert [row["state"] for row in connector("documents", "list", "--json").data] == ["CHANGING"]
    assert "change 802219999" in connector("documents", "list", "--state", "changing").out
    ledger.kept = [replace(RESERVED, state=State.AGREED)]
    assert connector("documents", "list", "--json").data == []
    assert len(connector("documents", "list", "--state", "AGREED", "--json").data) == 1


def test_what_needs_attention_is_listed_once_after_what_waits_with_its_next_step(connector, ledger):
    ledger.kept = [LATE, replace(SENT, sequence=3), PARKED]
    listed = connector("documents", "list", "--json").data
    assert [(one["revision"], one["attention"] is not None) for one in listed] == [(2, False), (1, True), (3, False)]
    only = connector("documents", "list", "--attention").out
    assert "997" in only
    assert "Ask the partner" in only
    assert "KRT" not in only


def test_a_state_and_attention_cannot_both_be_asked_for(connector):
    assert connector("documents", "list", "--attention", "--state", "SENT").code == 2
