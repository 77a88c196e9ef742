from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.ledger import Event, Revision, State
from connector.domain.transactions import Dialect, Purpose, Stream, TransactionType
from tests.support.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
ORDER = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")
INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")

PARKED = Revision(
    key=ORDER,
    sequence=2,
    revision_id="bbb",
    state=State.PARKED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=5),
    reason="Unit KRT is not mapped.",
    field="lines[2].uom",
    next_step="Add defaults.units.KRT.",
    waits_for="defaults.units.KRT",
    history=(
        Event(NOW + timedelta(minutes=4), State.CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=5), State.PARKED, "Unit KRT is not mapped."),
    ),
)
SENT = Revision(
    key=ORDER,
    sequence=1,
    revision_id="aaa",
    state=State.DELIVERED,
    created_at=NOW,
    updated_at=NOW + timedelta(minutes=6),
    partner="acme",
    transaction_type=TransactionType.PURCHASE_ORDER,
    dialect=Dialect.X12,
    purpose=Purpose.ORIGINAL,
    stream=Stream.TEST,
    business_number="500123",
    attempts=1,
    transaction_id="802210971",
    validation_status="VALID",
    delivery_status="DELIVERED",
    history=(
        Event(NOW, State.CAPTURED, "seen changed in Visma"),
        Event(NOW + timedelta(minutes=6), State.DELIVERED, "delivered"),
    ),
)


@pytest.fixture
def ledger(stack):
    stack.routing.data = routing_data()
    stack.ledger.kept = [SENT, PARKED]
    return stack.ledger


def test_list_puts_what_needs_a_person_first(connector, ledger):
    result = connector("documents", "list", "--json")
    assert [(row["revision"], row["state"]) for row in result.data] == [(2, "PARKED"), (1, "DELIVERED")]
    assert result.data[0]["waits_for"] == "defaults.units.KRT"
    lines = connector("documents", "list").out.splitlines()
    assert lines[1].startswith("nordic/purchase_order/500123")
    assert "Unit KRT is not mapped." in lines[1]


@pytest.mark.parametrize(
    ("options", "revisions"),
    [
        (("--state", "PARKED"), [2]),
        (("--state", "delivered"), [1]),
        (("--partner", "acme"), [1]),
        (("--company", "svensk"), []),
        (("--company", "nordic", "--limit", "1"), [2]),
    ],
)
def test_list_can_be_narrowed(connector, ledger, options, revisions):
    result = connector("documents", "list", *options, "--json")
    assert [row["revision"] for row in result.data] == revisions


def test_list_refuses_a_state_that_the_ledger_keeps_no_list_of(connector, ledger):
    result = connector("documents", "list", "--state", "ACKNOWLEDGED")
    assert (result.code, result.out) == (2, "")


def test_an_empty_list_says_so(connector, ledger):
    assert connector("documents", "list", "--company", "svensk").out == "No such document is open.\n"


@pytest.mark.parametrize("key", ["nordic/purchase_order/500123", "nordic#purchase_order#500123", "500123"])
def test_show_gives_all_revisions_newest_first(connector, ledger, key):
    result = connector("documents", "show", key, "--json")
    assert result.data["document"] == "nordic/purchase_order/500123"
    parked, sent = result.data["revisions"]
    assert (parked["state"], parked["field"], parked["next_step"]) == (
        "PARKED",
        "lines[2].uom",
        "Add defaults.units.KRT.",
    )
    assert (sent["transaction_id"], sent["validation_status"], sent["dialect"]) == ("802210971", "VALID", "x12")
    assert sent["history"][0] == {"at": "2026-09-01T06:00:00Z", "state": "CAPTURED", "note": "seen changed in Visma"}


def test_show_tells_a_person_state_reason_next_step_and_remote_id(connector, ledger):
    out = connector("documents", "show", "500123").out
    for told in (
        "revision 2: PARKED",
        "Unit KRT is not mapped.",
        "Add defaults.units.KRT.",
        "802210971",
        "VALID / DEL",
    ):
        assert told in out


def test_trace_is_one_timeline_over_all_revisions_with_remote_ids(connector, ledger):
    result = connector("documents", "trace", "500123", "--json")
    told = [(event["revision"], event["state"], event["transaction_id"]) for event in result.data["timeline"]]
    assert told == [
        (1, "CAPTURED", "802210971"),
        (2, "CAPTURED", None),
        (2, "PARKED", None),
        (1, "DELIVERED", "802210971"),
    ]
    assert "802210971" in connector("documents", "trace", "500123").out


def test_a_number_that_several_documents_have_must_be_named_in_full(connector, ledger):
    ledger.kept = [SENT, replace(SENT, key=DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "500123"))]
    result = connector("documents", "show", "500123")
    assert (result.code, result.out) == (2, "")
    assert "nordic/purchase_order/500123, nordic/supplier_invoice/500123" in result.err


def test_a_document_that_the_ledger_does_not_know_is_one_sentence(connector, ledger):
    result = connector("documents", "show", "999")
    assert (result.code, result.err) == (1, "The ledger knows no document 999.\n")


@pytest.mark.parametrize("key", ["nordic/order/1", "nordic/purchase_order", "//"])
def test_what_is_no_key_is_wrong_input(connector, ledger, key):
    result = connector("documents", "trace", key)
    assert (result.code, result.out) == (2, "")
    assert "company/kind/number" in result.err


@pytest.mark.parametrize("number", ["900145", "CreditNote:900145"])
def test_a_credit_note_is_found_by_its_number_alone(connector, ledger, number):
    ledger.kept = [replace(SENT, key=DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "CreditNote:900145"))]
    assert connector("documents", "show", number, "--json").data["document"].endswith("/CreditNote:900145")


def test_replay_queues_a_document_that_waits_for_a_person(connector, stack, ledger):
    result = connector("documents", "replay", "500123", "--yes")
    assert result.code == 0
    (message,) = stack.outbox.queued
    assert (message.number, message.cause.split()[0]) == ("500123", "replay")


def test_replay_refuses_what_the_partner_has(connector, stack, ledger):
    ledger.kept = [SENT]
    result = connector("documents", "replay", "500123", "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "only a rejected or parked revision" in result.err


def test_replay_changes_nothing_without_a_yes(connector, stack, ledger):
    assert connector("documents", "replay", "500123").code != 0
    assert stack.outbox.queued == []
