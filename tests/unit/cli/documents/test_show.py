from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.cli.documents.content import figure
from connector.cli.sums import money
from connector.domain.documents import DocumentKey, Kind
from connector.domain.order_change.record import ChangeEvent, ChangeState
from connector.domain.revision.record import State
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    as_json,
)
from tests.unit.cli.documents.conftest import CHANGE, INVOICE, NOW, PARKED, RESERVED, SENT


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
    for output in (
        "revision 2: PARKED",
        "Unit KRT is not mapped.",
        "Add defaults.units.KRT.",
        "802210971",
        "delivery        DELIVERED: the partner's channel has it",
    ):
        assert output in out


@pytest.mark.parametrize("state", [State.CLOSED, State.SUPERSEDED])
def test_what_is_over_has_no_next_step(connector, ledger, state):
    ledger.kept = [replace(PARKED, state=state)]
    assert "next step" not in connector("documents", "show", "500123").out
    assert connector("documents", "show", "500123", "--json").data["revisions"][0]["next_step"] is None


def test_show_tells_the_changes_recorded_under_an_order(connector, stack, ledger):
    stack.changes.put(CHANGE)
    (change,) = connector("documents", "show", "500123", "--json").data["changes"]
    assert (change["transaction_id"], change["state"], change["sequence"]) == ("802210971", "PARKED", 2)
    lines = connector("documents", "show", "500123").out.splitlines()
    at = lines.index("changes")
    assert lines[at + 2].split()[:4] == ["802210971", "860", "2", "PARKED"]
    assert "more than 20 %" in lines[at + 2]


def test_without_changes_there_is_no_section_for_them(connector, ledger):
    assert connector("documents", "show", "500123", "--json").data["changes"] == []
    assert "changes" not in connector("documents", "show", "500123").out.splitlines()


def test_an_answer_about_an_invoice_is_shown_with_it_and_in_its_timeline(connector, stack, ledger):
    ledger.kept = [replace(SENT, key=INVOICE)]
    reason = "The 824 of acme does not accept it as sent."
    stack.changes.put(
        a_change(
            number=INVOICE.number,
            kind=INVOICE.kind,
            document="824",
            state=ChangeState.ATTENTION,
            reason=reason,
            history=(ChangeEvent(NOW, ChangeState.ATTENTION, "received: 824_APPLICATION_ADVICE"),),
        )
    )
    assert reason in connector("documents", "show", str(INVOICE)).out
    timeline = connector("documents", "trace", str(INVOICE), "--json").data["timeline"]
    assert ("824", "ATTENTION") in [(event["document"], event["state"]) for event in timeline]


@pytest.mark.parametrize("state", [State.CHANGING, State.AGREED, State.SUPERSEDED])
def test_a_revision_that_the_partner_asked_for_names_the_change(connector, ledger, state):
    ledger.kept = [SENT, replace(RESERVED, state=state)]
    newest, sent = connector("documents", "show", "500123", "--json").data["revisions"]
    assert (newest["state"], newest["asked_by"], sent["asked_by"]) == (state, "802219999", None)
    out = connector("documents", "show", "500123").out
    assert "asked by        change 802219999" in out
    assert "orderful        802219999" not in out


def test_show_has_parties_lines_and_sums_of_the_newest_revision(connector, ledger):
    order = a_purchase_order()
    ledger.sources["500123"] = as_json(order)
    content = connector("documents", "show", "500123", "--json").data["content"]
    assert (content["revision"], content["number"], content["status"]) == (2, order["orderNbr"], order["status"])
    assert [party["role"] for party in content["parties"]] == ["supplier", "ship to"]
    assert [line["item"] for line in content["lines"]] == [line["inventory"]["number"] for line in order["lines"]]
    assert content["sums"]["total"] == str(order["orderTotal"])
    out = connector("documents", "show", "500123", "--revision", "1").out
    assert out.splitlines()[2] == "revision 1 says"
    assert f"{order['lines'][0]['inventory']['number']}  800" in out
    assert f"total {order['orderTotal']} NOK" in out


def test_sums_that_do_not_add_up_are_said_to_be_wrong(connector, ledger):
    ledger.sources["500123"] = as_json(a_purchase_order(orderTotal=1))
    sums = connector("documents", "show", "500123", "--json").data["content"]["sums"]
    assert sums["total"] == "1"
    assert sums["problem"] in connector("documents", "show", "500123").out


@pytest.mark.parametrize(
    ("make", "kind", "role"),
    [
        (a_customer_invoice, Kind.CUSTOMER_INVOICE, "customer"),
        (a_credit_note, Kind.CUSTOMER_INVOICE, "customer"),
        (a_supplier_invoice, Kind.SUPPLIER_INVOICE, "supplier"),
    ],
)
def test_show_has_the_content_of_every_kind(connector, ledger, make, kind, role):
    key = DocumentKey("nordic", kind, "100231")
    ledger.kept = [replace(SENT, key=key)]
    ledger.sources[key.number] = as_json(make())
    content = connector("documents", "show", str(key), "--json").data["content"]
    assert [party["role"] for party in content["parties"]] == [role]
    assert "problem" not in content["sums"]
    total, payable = (Decimal(content["sums"][name]) for name in ("total", "payable"))
    (row,) = connector("documents", "list", "--columns", "amount", "--json").data
    assert Decimal(row["amount"]) == payable, "the same figure in a list"
    output = f"total {money(total)}" + (f"  payable {money(payable)}" if payable != total else "")
    assert f"{output} {content['currency']}" in (connector("documents", "show", str(key)).out)


def test_content_that_cannot_be_read_leaves_the_rest(connector, ledger):
    ledger.kept = [replace(RESERVED, sequence=4), SENT]
    ledger.bodies[RESERVED.key, 4, "x"] = (b"", None)
    shown = connector("documents", "show", "500123", "--json").data
    assert shown["content"] == {"revision": 4, "problem": "The source of revision 4 is still to come."}
    assert len(shown["revisions"]) == 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [("800", "800"), ("10.0", "10"), ("33.5", "33.5"), ("4.2150", "4.215"), ("-0.10", "-0.1"), ("1E+3", "1000")],
)
def test_a_figure_keeps_its_value(value, shown):
    assert figure(Decimal(value)) == shown
    assert Decimal(shown) == Decimal(value)


@pytest.mark.parametrize(
    ("fields", "changes", "order", "others"),
    [
        ({"customerRefNumber": "PO-1"}, {}, "PO-1", None),
        ({"customerRefNumber": None, "externalReference": "T-9"}, {}, None, "Your reference: T-9"),
        (
            {"customerRefNumber": None, "externalReference": "T-9"},
            {"partners.matsenteret.external_reference": "order_number"},
            "T-9",
            None,
        ),
        ({"customerRefNumber": None, "originatorDocRef": "S-3"}, {}, None, "Originator reference: S-3"),
    ],
)
def test_show_calls_an_order_number_what_leaves_as_one(connector, stack, ledger, *, fields, changes, order, others):
    stack.routing.data = routing_data(changes)
    ledger.kept = [replace(SENT, key=INVOICE)]
    ledger.sources[INVOICE.number] = as_json(a_customer_invoice(**{"externalReference": None, **fields}))
    content = connector("documents", "show", str(INVOICE), "--json").data["content"]
    assert (content["order_number"], content["other_references"]) == (order, [others] if others else [])
    out = connector("documents", "show", str(INVOICE)).out
    assert (f"order number    {order}" in out) is (order is not None)
    assert others is None or f"references      {others}" in out
