from __future__ import annotations

from dataclasses import replace

import pytest

from connector.cli.documents.diff import differences
from connector.domain.pause import Pause, Scope
from connector.domain.revision.record import NOTHING_NEW, State
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.documents.conftest import NOW, ORDER, PARKED, SENT


def test_lines_are_told_by_their_numbers():
    before = {"lines": [{"number": 1, "quantity": 5}, {"number": 2, "quantity": 7}], "note": None, "gone": {"a": 1}}
    after = {"lines": [{"number": 2, "quantity": 8}, {"number": 3, "unit": "KG"}], "note": "x", "tags": ["a", "b"]}
    assert [tuple(one) for one in differences(before, after)] == [
        ("lines[number 2].quantity", "7", "8"),
        ("lines[number 3].number", None, "3"),
        ("lines[number 3].unit", None, "KG"),
        ("note", None, "x"),
        ("tags[1]", None, "a"),
        ("tags[2]", None, "b"),
        ("lines[number 1].number", "1", None),
        ("lines[number 1].quantity", "5", None),
        ("gone.a", "1", None),
    ]


def test_two_revisions_are_compared_by_what_a_partner_could_see(connector, sent):
    result = connector("documents", "diff", "500123", "--from", "1", "--to", "2", "--json").data
    assert (result["before"], result["after"]) == ("revision 1", "revision 2")
    changed = {one["where"]: (one["before"], one["after"]) for one in result["differences"]}
    assert changed["lines[number 1].quantity"] == ("800", "9")
    out = connector("documents", "diff", "500123", "--from", "1").out
    assert "lines[number 1].quantity" in out


def test_what_was_sent_is_compared_with_what_would_be_sent_now(connector, sent):
    result = connector("documents", "diff", "500123", "--json").data
    assert (result["before"], result["after"]) == ("sent as revision 1 (x12)", "would be sent now (x12)")
    assert any(one["before"] == "800" and one["after"] == "9" for one in result["differences"])


def test_nothing_new_is_said(connector, sent):
    sent.kept = [SENT]
    assert connector("documents", "diff", "500123").out == (
        f"{ORDER}: sent as revision 1 (x12) and would be sent now (x12) say the same.\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "output"),
    [
        (("--to", "2"), 2, "--to takes --from."),
        (("--from", "9"), 1, "has no revision 9."),
        (("--from", "1", "--to", "9"), 1, "has no revision 9."),
    ],
)
def test_what_cannot_be_compared_is_said(connector, sent, options, code, output):
    result = connector("documents", "diff", "500123", *options)
    assert (result.code, output in result.err) == (code, True)


def test_what_was_never_sent_has_nothing_to_compare_with(connector, sent):
    sent.kept = [PARKED]
    assert connector("documents", "diff", "500123").err == f"No revision of {ORDER} was sent.\n"


def test_a_document_that_cannot_leave_now_says_why(connector, stack, sent):
    del stack.routing.data["defaults"]["units"]["KRT"]
    result = connector("documents", "diff", "500123")
    assert result.code == 1
    assert "Visma's unit KRT cannot be translated" in result.err


def test_a_document_that_cannot_be_read_is_one_sentence(connector, sent):
    sent.bodies[ORDER, 2, PARKED.revision_id] = (b"<html>", None)
    result = connector("documents", "diff", "500123", "--from", "1")
    assert result.code == 1
    assert result.err.startswith(f"Revision 2 of {ORDER}: ")


def test_a_withdrawal_is_not_what_the_document_says(connector, sent):
    sent.kept = [SENT, replace(PARKED, withdraws=1)]
    assert "say the same" in connector("documents", "diff", "500123").out


def test_another_receiver_is_a_difference(connector, stack, sent):
    sent.kept = [SENT]
    stack.routing.data["partners"]["acme"]["orderful"]["isa_id"] = {"live": "OTHER", "test": "OTHERT"}
    (one,) = connector("documents", "diff", "500123", "--json").data["differences"]
    assert (one["where"], one["after"]) == ("receiver.isaId", "OTHERT")


def test_a_document_that_routing_keeps_back_is_not_said_to_leave(connector, stack, sent):
    stack.routing.data["partners"]["acme"]["kinds"] = {"purchase_order": {"send": False}}
    out = connector("documents", "diff", "500123").out
    assert "would be sent now" not in out
    output = "Routing says not to send purchase_order to partner acme (send: false)."
    assert out.endswith(f"\nIt would not be sent now: {output}\n")
    found = connector("documents", "diff", "500123", "--json").data
    assert (found["after"], found["kept_back"]) == ("written now (x12)", output)


def test_neither_is_one_that_is_paused(connector, stack, sent):
    stack.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller="arn", reason="they move"))
    assert "It would not be sent now: Partner acme is paused since" in connector("documents", "diff", "500123").out


def test_a_cancelled_order_is_compared_as_what_would_be_sent(connector, sent):
    cancelled = as_json(a_purchase_order(status="Cancelled"))
    sent.bodies[ORDER, 2, PARKED.revision_id] = (cancelled, None)
    found = connector("documents", "diff", "500123", "--json").data
    assert found["kept_back"] is None
    assert any("urpose" in one["where"] for one in found["differences"])


@pytest.mark.parametrize(
    ("changes", "output"),
    [
        ({"state": State.AGREED, "change_id": "802219999"}, "acme asked for this content (change 802219999) and knows"),
        ({"state": State.SKIPPED, "reason": NOTHING_NEW}, NOTHING_NEW),
        ({"state": State.CLOSED, "reason": None}, "Revision 2 is CLOSED."),
    ],
)
def test_what_the_partner_knows_or_a_person_settled_is_not_said_to_leave(connector, sent, changes, output):
    sent.kept = [SENT, replace(PARKED, partner="acme", **changes)]
    out = connector("documents", "diff", "500123").out
    assert "would be sent now" not in out
    assert f"It would not be sent now: {output}" in out


def test_what_only_routing_writes_otherwise_leaves_by_a_resend(connector, stack, sent):
    sent.kept = [SENT]
    stack.routing.data["partners"]["acme"]["orderful"]["isa_id"] = {"live": "OTHER", "test": "OTHERT"}
    out = connector("documents", "diff", "500123").out
    assert "It would not be sent now: Nothing changed in Visma since it was sent." in out
    assert f"connector documents resend {ORDER} --as replacement" in out
