"""Which order an answer names, and what becomes of one that cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import Change, ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from testkit.memory.change_harness import ORDER, Harness
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line

DIFFERS = (ChangeState.ATTENTION, (Reason.ANSWER_DIFFERS,))
REFUSED = (ChangeState.ATTENTION, (Reason.ANSWER_NOT_ACCEPTING,))
ACCEPTS = {"purchaseOrderNumber": "500123", "status": "accepted"}
ANSWER: dict[str, Any] = {
    "document": "855",
    "transaction_type": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    "order_number": None,
    "business_number": None,
}
QUIET = (ChangeState.RECORDED, ())
ASKED = (ChangeState.ATTENTION, (Reason.ANSWER_TO_UNKNOWN_ORDER,))


def answered(
    harness: Harness,
    number: str | None = "500999",
    *,
    document: str = "855",
    sender_id: str = "ACMEPRODUCET",
    **message: Any,
) -> Change:
    """The record of an accepting answer to an order."""
    harness.clock.forward(minutes=1)
    said = {**ACCEPTS, "purchaseOrderNumber": number, **message}
    harness.inbound.send(
        {name: value for name, value in said.items() if value is not None},
        number="802300001",
        document=document,
        transaction_type=f"{document}_PURCHASE_ORDER_ACKNOWLEDGMENT",
        sender_id=sender_id,
        order_number=None,
        business_number=None,
    )
    harness.collect()
    return harness.change("802300001")


def outcome(change: Change) -> tuple[ChangeState, tuple[str, ...]]:
    return change.state, change.reason_codes


def routed(changes: dict[str, Any]) -> Harness:
    """The harness with another routing; order 500123 was sent before."""
    harness = Harness()
    harness.routing = FixedRouting(routing_data(changes))
    return harness


# -- which order ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["500123", " 500123 ", "0500123", "0000500123"])
def test_an_order_is_found_whatever_its_leading_zeros(number):
    change = answered(Harness(), number, lineItems=[{"purchaseOrderLineId": "9", "actions": []}])
    assert (change.key, change.reason_codes) == (ORDER, (Reason.ANSWER_DIFFERS,))


def test_the_record_hangs_on_the_number_as_written_where_no_order_is_found():
    change = answered(Harness(), "00500999")
    assert change.key == DocumentKey.of_order("nordic", "00500999")


SHARED = {
    "companies.baltic.visma": {"company_id": "7654321", "tenant_id": "1a2b3c4d"},
    "companies.baltic.orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}},
    "partners.acme-baltic": a_partner("baltic", isa_id="ACMEPRODUCE", supplier="50012"),
}


def test_of_two_companies_with_one_isa_id_the_one_that_sent_the_order_has_the_answer():
    harness = routed(SHARED)
    assert outcome(change := answered(harness, "500123")) == QUIET
    assert change.key == ORDER


def test_an_answer_that_neither_of_two_companies_has_sent_is_asked_about():
    assert outcome(answered(routed(SHARED))) == ASKED


# -- orders that were not sent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", ["855", "865"])
def test_an_answer_to_an_order_that_was_not_sent_is_asked_about(document):
    change = answered(Harness(), document=document)
    assert outcome(change) == ASKED
    assert change.reason == (
        f"The {document} of acme answers purchase order 500999, of which nothing was sent from here."
    )
    assert "connector changes close 802300001" in (change.next_step or "")
    assert "answers_to_unknown_orders" in (change.next_step or "")


def test_an_answer_that_names_no_order_is_asked_about():
    change = answered(Harness(), None, lineItems=[{"actions": [{"status": "accepted"}]}])
    assert outcome(change) == ASKED
    assert "names no order" in (change.reason or "")


def test_an_order_with_a_suffix_is_proposed_and_not_taken_for_ours():
    change = answered(Harness(), "500123-1")
    assert outcome(change) == ASKED
    assert (change.reason or "").endswith("The ledger has purchase order 500123.")


@pytest.mark.parametrize(
    "changes",
    [
        {"partners.acme.answers_to_unknown_orders": "record"},
        {"defaults.answers_to_unknown_orders": "record"},
        {"partners.acme.kinds": {"purchase_order": {"send": False}}},
        {"partners.acme": a_partner(supplier="50012", isa_id="SOMEBODYELSE")},
    ],
    ids=["of the partner", "of all", "not sent to it", "no partner"],
)
def test_routing_explains_answers_to_orders_of_another_system(changes):
    change = answered(routed(changes))
    assert outcome(change) == QUIET
    assert "not compared" in change.history[-1].note


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"dates": {"purchaseOrderDate": "2026-10-31"}}, QUIET),
        ({"dates": {"purchaseOrderDate": "2026-11-01"}}, ASKED),
        ({}, ASKED),
    ],
)
def test_an_order_from_before_go_live_needs_nobody(message, found):
    assert outcome(answered(routed({"companies.nordic.go_live": "2026-11-01"}), **message)) == found


def test_an_answer_from_before_go_live_needs_nobody():
    assert outcome(answered(routed({"companies.nordic.go_live": "2027-01-01"}))) == QUIET


@pytest.mark.parametrize(
    ("state", "code", "found"),
    [
        (State.BASELINE, None, QUIET),
        (State.CLOSED, None, QUIET),
        (State.SKIPPED, Reason.SEND_OFF, QUIET),
        (State.SKIPPED, Reason.ON_HOLD, ASKED),
        (State.PARKED, Reason.ITEM_UNMAPPED, ASKED),
        (State.REJECTED, Reason.REJECTED_BY_PARTNER, ASKED),
    ],
)
def test_the_ledger_knows_which_orders_the_partner_has_from_elsewhere(state, code, found):
    harness = Harness()
    for place, revision in harness.ledger.rows.items():
        harness.ledger.rows[place] = replace(revision, state=state, reason_code=code)
    change = answered(harness, "500123")
    assert outcome(change) == found
    assert found == QUIET or f"it is {state} here" in (change.reason or "")


# -- orders that cannot be compared -----------------------------------------------------------------------------------


def test_an_order_whose_content_has_expired_is_asked_about():
    harness = Harness()
    harness.ledger.bodies.clear()
    change = answered(harness, "500123")
    assert outcome(change) == (ChangeState.ATTENTION, (Reason.ANSWER_NOT_COMPARED,))
    assert (change.reason or "").startswith("The 855 of acme could not be compared with purchase order 500123: ")
    assert "connector changes close 802300001" in (change.next_step or "")


def test_an_answer_of_another_partner_is_asked_about():
    harness = routed({"partners.other": a_partner(supplier="50013")})
    change = answered(harness, "500123", sender_id="OTHERT")
    assert outcome(change) == (ChangeState.ATTENTION, (Reason.ANSWER_NOT_COMPARED,))
    assert "Order 500123 is for partner acme" in (change.reason or "")


def test_what_does_not_accept_says_as_well_that_it_could_not_be_compared():
    change = answered(Harness(), status="rejected")
    assert outcome(change) == (
        ChangeState.ATTENTION,
        (Reason.ANSWER_NOT_ACCEPTING, Reason.ANSWER_TO_UNKNOWN_ORDER),
    )


# -- which state of the order -----------------------------------------------------------------------------------------


def edited(harness: Harness, **changes: Any) -> None:
    """The order is changed in Visma, and read."""
    harness.orders.edit(**changes)
    harness.poll()
    harness.quiesce()


def with_quantity(harness: Harness, quantity: int, *, filed_at: datetime | None = None) -> Change:
    """The record of an answer that accepts line 1 with a quantity."""
    harness.clock.forward(minutes=1)
    action = {"status": "accepted", "quantity": {"value": str(quantity), "unitOfMeasure": "each"}}
    lines = [{"purchaseOrderLineId": "1", "actions": [action]}, {"purchaseOrderLineId": "2", "actions": []}]
    times = {} if filed_at is None else {"created_at": filed_at}
    harness.inbound.send({**ACCEPTS, "lineItems": lines}, number="802300001", **ANSWER, **times)
    harness.inbound.items_have_dates = True
    harness.collect()
    return harness.change("802300001")


def closed() -> Harness:
    """Line 1 was changed from 800 to 900, which is not sent; a person told the partner and closed it."""
    harness = Harness()
    harness.routing = FixedRouting(routing_data({"defaults.on_revision": "park"}))
    edited(harness, line_1={"orderQty": 900})
    newest = harness.ledger.revisions(ORDER)[0]
    harness.clock.forward(minutes=1)
    harness.ledger.rows[(ORDER, newest.sequence)] = replace(
        newest, state=State.CLOSED, updated_at=harness.clock.now(), reason=None, reason_code=None
    )
    return harness


def test_a_revision_that_a_person_closed_is_what_the_partner_has():
    assert outcome(with_quantity(closed(), 900)) == QUIET
    change = with_quantity(closed(), 800)
    assert outcome(change) == DIFFERS
    assert "otherwise than revision 2 has it, which a person closed: line 1 has the quantity 800" in (
        change.reason or ""
    )


def test_an_answer_from_before_a_revision_was_closed_is_compared_with_what_was_sent():
    harness = closed()
    before = harness.clock.now() - timedelta(minutes=2)
    assert outcome(with_quantity(harness, 800, filed_at=before)) == QUIET
    harness = closed()
    assert outcome(with_quantity(harness, 900, filed_at=harness.clock.now() - timedelta(minutes=2))) == DIFFERS


@pytest.mark.parametrize(("quantity", "found"), [(800, QUIET), (900, DIFFERS)])
def test_a_revision_counts_from_when_it_was_sent_not_from_when_it_was_made(quantity, found):
    harness = Harness()
    edited(harness, line_1={"orderQty": 900})
    newest = harness.ledger.revisions(ORDER)[0]
    harness.ledger.rows[(ORDER, newest.sequence)] = replace(newest, created_at=newest.created_at - timedelta(hours=3))
    filed = newest.created_at - timedelta(minutes=2)
    harness.clock.forward(minutes=1)
    assert outcome(with_quantity(harness, quantity, filed_at=filed)) == found


@pytest.mark.parametrize(("quantity", "found"), [(800, QUIET), (700, QUIET), (600, DIFFERS)])
def test_where_changes_are_ignored_the_state_in_visma_is_as_good_as_the_one_that_was_sent(quantity, found):
    harness = Harness()
    harness.routing = FixedRouting(routing_data({"defaults.on_revision": "ignore"}))
    edited(harness, line_1={"orderQty": 700})
    assert outcome(with_quantity(harness, quantity)) == found


# -- an order that was cancelled, and lines that were taken out --------------------------------------------------------


def in_x12(*lines: tuple[dict[str, str], str], **header: str) -> dict[str, Any]:
    """An 855 or 865: lines with their status, and elements of the header."""
    loops = [
        {"baselineItemData": [data], "ACK_loop": [{"lineItemAcknowledgment": [{"lineItemStatusCode": status}]}]}
        for data, status in lines
    ]
    return {"transactionSets": [{"bak": [{"purchaseOrderNumber": "500123", **header}], "PO1_loop": loops}]}


def said(harness: Harness, message: dict[str, Any]) -> Change:
    """The record of an answer in X12."""
    harness.clock.forward(minutes=1)
    harness.inbound.send(message, number="802300001", **ANSWER)
    harness.collect()
    return harness.change("802300001")


LINES = ({"assignedIdentification": "1", "quantity": "800"}, {"assignedIdentification": "2", "quantity": "100"})

DECLINES = [
    in_x12(acknowledgmentType="AD", transactionSetPurposeCode="01"),
    in_x12(acknowledgmentType="RD", transactionSetPurposeCode="00"),
    in_x12(*((one, "ID") for one in LINES), acknowledgmentType="AC"),
    {**ACCEPTS, "status": "rejected"},
]


@pytest.mark.parametrize("message", DECLINES)
def test_the_partner_confirms_that_the_order_was_cancelled(message):
    harness = Harness()
    edited(harness, status="Cancelled")
    change = said(harness, message)
    assert outcome(change) == QUIET
    assert (change.reason, change.next_step) == (None, None)
    assert "was cancelled for it (revision 2)" in change.history[-1].note


@pytest.mark.parametrize("message", DECLINES)
def test_the_partner_declines_an_order_that_stands(message):
    assert said(Harness(), message).state is ChangeState.ATTENTION


@pytest.mark.parametrize(
    "message",
    [
        in_x12(acknowledgmentType="RD", transactionSetPurposeCode="01"),
        in_x12((LINES[0], "ID"), (LINES[1], "IA"), acknowledgmentType="AC"),
        in_x12(acknowledgmentType="AD", transactionSetPurposeCode="00"),
    ],
    ids=["refuses the cancellation", "delivers a line", "accepts the order"],
)
def test_what_does_not_confirm_a_cancellation_is_asked_about(message):
    harness = Harness()
    edited(harness, status="Cancelled")
    assert said(harness, message).state is ChangeState.ATTENTION


@pytest.mark.parametrize("status", ["ID", "IA"])
def test_a_line_that_a_replacement_took_out_may_be_named_as_deleted(status):
    harness = Harness()
    harness.orders.put_in(a_purchase_order(lines=[an_order_line(1)]))
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2
    gone = {"assignedIdentification": "2", "quantity": "0" if status == "IA" else "100"}
    assert outcome(said(harness, in_x12((LINES[0], "IA"), (gone, status), acknowledgmentType="AD"))) == QUIET


def test_a_line_that_the_order_has_is_not_to_be_named_as_deleted():
    assert outcome(said(Harness(), in_x12((LINES[0], "IA"), (LINES[1], "ID"), acknowledgmentType="AD"))) == REFUSED
    zero = {**LINES[1], "quantity": "0"}
    assert outcome(said(Harness(), in_x12((LINES[0], "IA"), (zero, "IA"), acknowledgmentType="AD"))) == DIFFERS


# -- types that leave it to the lines ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "lines", "found"),
    [
        ("AC", [(LINES[0], "IA"), (LINES[1], "IA")], QUIET),
        ("AE", [(LINES[1], "IA")], QUIET),
        ("AC", [(LINES[1], "IA")], (ChangeState.ATTENTION, (Reason.ANSWER_NOT_ACCEPTING, Reason.ANSWER_DIFFERS))),
        ("AC", [], REFUSED),
        ("AE", [(LINES[1], "IB")], REFUSED),
    ],
)
def test_an_answer_with_changes_whose_lines_are_all_accepted_as_sent_needs_nobody(code, lines, found):
    assert outcome(said(Harness(), in_x12(*lines, acknowledgmentType=code))) == found
