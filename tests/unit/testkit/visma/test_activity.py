"""What people and nightly jobs do in the sandbox Visma, by its control routes: touches, renames, deletions, masses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from testkit.sandboxes import Recipe, SandboxCompany, VismaOptions, VismaSandbox, bearer

NOON = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
STAMPS = ("lastModifiedDateTime", "timeStamp")
PARTY = {"internalId": 1, "number": "50012", "name": "Wrong AS"}


@pytest.fixture
def sandbox() -> VismaSandbox:
    sandbox = VismaSandbox(options=VismaOptions(zone="UTC"))
    sandbox.clock.freeze(NOON)
    return sandbox


def control(sandbox: VismaSandbox, path: str, body: Any, *, method: str = "POST", status: int = 200) -> Any:
    answer = sandbox.app.test_client().open(f"/_sandbox/{path}", method=method, json=body)
    assert answer.status_code == status, answer.text
    return answer.get_json()


def refusal(sandbox: VismaSandbox, path: str, body: Any) -> str:
    return control(sandbox, path, body, status=400)["message"]


def a_line(number: int = 1, **fields: Any) -> dict[str, Any]:
    usual = {"lineNbr": number, "inventory": {"number": "1298", "description": "Carrots"}, "lineDescription": "Carrots"}
    usual |= {"orderQty": 10.0, "qtyOnReceipts": 0.0, "unitCost": 5.0, "amount": 50.0}
    return {**usual, "completed": False, "canceled": False, **fields}


def an_order(number: str = "1", **fields: Any) -> dict[str, Any]:
    usual = {"orderNbr": number, "orderType": "RegularOrder", "status": "Open", "date": "2026-09-01T00:00:00"}
    return {**usual, "orderTotal": 99.0, "supplier": PARTY, "lines": [a_line(1), a_line(2)], **fields}


def business(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in STAMPS}


@pytest.mark.parametrize("cause", ["touch", "upgrade"])
def test_a_touch_moves_both_stamps_and_nothing_else(sandbox: VismaSandbox, cause: str) -> None:
    before = sandbox.put_document("purchaseorder", an_order())
    sandbox.clock.advance(timedelta(days=1000))
    control(sandbox, "touches", {"kind": "purchaseorder", "numbers": ["1"], "cause": cause})
    after = sandbox.document("purchaseorder", "1")
    assert business(after) == business(before)
    assert after["lastModifiedDateTime"] == "2029-05-28T10:00:00"
    assert after["timeStamp"] > before["timeStamp"]


@pytest.mark.parametrize(
    ("kind", "cause", "document", "changed"),
    [
        ("purchaseorder", "print", {"status": "PendingPrint"}, {"status": "Open", "printed": True}),
        ("purchaseorder", "email", {"status": "Open"}, {"status": "Open", "emailed": True}),
        ("customerinvoice", "print", {"status": "PendingPrint"}, {"status": "Open"}),
        ("customerinvoice", "payment", {"status": "Open"}, {"status": "Closed"}),
        ("supplierInvoice", "payment", {"status": "Closed"}, {"status": "Closed"}),
    ],
)
def test_a_print_or_payment_changes_the_state_and_no_amount(
    sandbox: VismaSandbox, kind: str, cause: str, document: dict[str, Any], changed: dict[str, Any]
) -> None:
    key = "orderNbr" if kind == "purchaseorder" else "referenceNumber"
    before = sandbox.put_document(kind, {key: "1", "amount": 5.0, **document})
    control(sandbox, "touches", {"kind": kind, "numbers": ["1"], "cause": cause})
    settled = {"balance": 0.0, "balanceInCurrency": 0.0} if cause == "payment" else {}
    assert business(sandbox.document(kind, "1")) == business(before) | changed | settled


def test_receipts_arrive_in_parts_until_the_order_is_closed_and_its_total_stays(sandbox: VismaSandbox) -> None:
    sandbox.put_document("purchaseorder", an_order())
    receipt = {"kind": "purchaseorder", "numbers": ["1"], "cause": "receipt"}
    control(sandbox, "touches", receipt | {"quantities": {"1": 4}})
    order = sandbox.document("purchaseorder", "1")
    assert [line["qtyOnReceipts"] for line in order["lines"]] == [4.0, 0.0]
    assert (order["openQuantity"], order["openBalance"], order["status"]) == (16.0, 80.0, "Open")
    control(sandbox, "touches", receipt)
    order = sandbox.document("purchaseorder", "1")
    assert [(line["qtyOnReceipts"], line["completed"]) for line in order["lines"]] == [(10.0, True)] * 2
    assert (order["openQuantity"], order["status"], order["orderTotal"]) == (0.0, "Closed", 99.0)
    assert [one["totalQty"] for one in order["purchaseReceipts"]] == [4.0, 16.0]


@pytest.mark.parametrize(
    ("kind", "fields", "body", "words"),
    [
        ("purchaseorder", {"orderType": "StandardBlanket"}, {"cause": "receipt"}, "is a pattern"),
        ("purchaseorder", {"orderType": "Blanket"}, {"cause": "receipt"}, "call-offs are received"),
        ("purchaseorder", {}, {"cause": "receipt", "quantities": {"7": 1}}, "has no line 7"),
        ("purchaseorder", {}, {"cause": "payment"}, "cannot be paid"),
        ("supplierInvoice", {}, {"cause": "receipt"}, "Only purchase orders"),
        ("purchaseorder", {}, {"cause": "boredom"}, "knows no cause 'boredom'"),
        ("purchaseorder", {}, {"where": {"colour": "red"}}, "has no filter colour"),
        ("purchaseorder", {}, {"where": {"orderStatus": "Opened"}}, "not valid for orderStatus"),
        ("purchaseorder", {}, {"numbers": ["404"]}, "has no purchaseorder 404"),
    ],
)
def test_what_cannot_happen_is_refused_in_words(
    sandbox: VismaSandbox, kind: str, fields: dict[str, Any], body: dict[str, Any], words: str
) -> None:
    document = an_order() if kind == "purchaseorder" else {"referenceNumber": "1"}
    before = sandbox.put_document(kind, document | fields)
    assert words in refusal(sandbox, "touches", {"kind": kind} | body)
    assert sandbox.documents(kind) == [before]


@pytest.mark.parametrize(
    ("body", "times"), [({"one_stamp": True}, 1), ({"cause": "upgrade"}, 1), ({"cause": "touch"}, 5)]
)
def test_a_mass_update_gives_all_rows_one_time_and_each_its_own_row_version(
    sandbox: VismaSandbox, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], times: int
) -> None:
    sandbox.generate("purchaseorder", Recipe(count=5))
    seconds = count(1)
    monkeypatch.setattr(sandbox.clock, "now", lambda: NOON + timedelta(seconds=next(seconds)))
    control(sandbox, "touches", {"kind": "purchaseorder"} | body)
    rows = sandbox.documents("purchaseorder")
    assert (len({row["lastModifiedDateTime"] for row in rows}), len({row["timeStamp"] for row in rows})) == (times, 5)


def test_a_selection_counts_in_the_order_of_numbers_whatever_the_order_of_the_list(sandbox: VismaSandbox) -> None:
    sandbox.set_options(order_by="scrambled")
    sandbox.generate("purchaseorder", Recipe(count=9))
    selection = {"kind": "purchaseorder", "count": 3, "skip": 2}
    assert control(sandbox, "touches", selection)["numbers"] == ["500003", "500004", "500005"]


def test_two_thousand_documents_of_before_are_loaded_and_some_are_touched_and_fewer_changed(
    sandbox: VismaSandbox,
) -> None:
    recipe = {"count": 2000, "lines": 2, "first_day": "2025-01-01", "days": 300, "parties": ["50012", "50013"]}
    recipe |= {"kind": "purchaseorder", "written_at": "2025-11-01T06:00:00+00:00", "written_every_seconds": 30}
    assert control(sandbox, "generate", recipe, status=201)["last"] == ["502000"]
    before = {row["orderNbr"]: row for row in sandbox.documents("purchaseorder")}

    touched = control(sandbox, "touches", {"kind": "purchaseorder", "count": 500, "skip": 100})["numbers"]
    change = {"lines": [{"operation": "Update", "lineNumber": {"value": 1}, "orderQty": {"value": 99}}]}
    changed = control(sandbox, "edits", {"count": 20, "where": {"supplier": "50013"}, "update": change})["numbers"]

    since = {"lastModifiedDateTime": "2026-01-01", "lastModifiedDateTimeCondition": ">=", "pageSize": 1000}
    client, headers = sandbox.app.test_client(), bearer(sandbox)
    moved = client.get("/v1/purchaseorder", query_string=since, headers=headers).get_json()
    after = {row["orderNbr"]: row for row in sandbox.documents("purchaseorder")}
    other = {number for number, row in after.items() if business(row) != business(before[number])}
    assert {row["orderNbr"] for row in moved} == {*touched, *changed}
    assert (len(touched), touched[0], other) == (500, "500101", set(changed))
    assert {after[number]["supplier"]["number"] for number in changed} == {"50013"}


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "purchaseorder", "changes": {"description": "urgent"}},
        {"update": {"description": {"value": "urgent"}}},
    ],
)
def test_an_edit_can_leave_the_stamps_where_they_are(sandbox: VismaSandbox, edit: Any, stamped: bool) -> None:
    before = sandbox.put_document("purchaseorder", an_order())
    sandbox.clock.advance(timedelta(minutes=1))
    control(sandbox, "edits", edit | {"numbers": ["1"], "stamped": stamped})
    after = sandbox.document("purchaseorder", "1")
    assert after["description"] == "urgent"
    assert [after[name] != before[name] for name in STAMPS] == [stamped, stamped]


def test_a_header_field_of_many_documents_is_replaced(sandbox: VismaSandbox) -> None:
    sandbox.generate("customerinvoice", Recipe(count=3))
    control(sandbox, "edits", {"kind": "customerinvoice", "numbers": ["500002"], "changes": {"customerRefNumber": "X"}})
    assert [row["customerRefNumber"] for row in sandbox.documents("customerinvoice")] == ["PO-500001", "X", "PO-500003"]


def test_an_item_is_renamed_on_all_open_orders_at_one_moment(sandbox: VismaSandbox) -> None:
    other = a_line(2, inventory={"number": "77", "description": "Beets"})
    sandbox.put_document("purchaseorder", an_order("1", lines=[a_line(1), other]))
    sandbox.put_document("purchaseorder", an_order("2", status="Closed"))
    sandbox.put_document("purchaseorder", an_order("3", lines=[other]))
    sandbox.clock.advance(timedelta(hours=1))
    renaming = {"kind": "purchaseorder", "field": "inventory", "id": "1298", "text": "Carrots, washed"}

    assert control(sandbox, "renames", renaming)["numbers"] == ["1"]

    first, *rest = sandbox.documents("purchaseorder")
    assert [line["inventory"]["description"] for line in first["lines"]] == ["Carrots, washed", "Beets"]
    assert [line["lineDescription"] for line in first["lines"]] == ["Carrots", "Carrots"]
    assert first["lastModifiedDateTime"] == "2026-09-01T11:00:00"
    assert {row["lastModifiedDateTime"] for row in rest} == {"2026-09-01T10:00:00"}
    manner = {"open_only": False, "stamped": False, "line_texts": True}
    assert control(sandbox, "renames", renaming | {"text": "Roots"} | manner)["numbers"] == ["1", "2"]
    silent = sandbox.document("purchaseorder", "1")
    assert [silent[name] for name in STAMPS] == [first[name] for name in STAMPS]
    assert (silent["lines"][0]["inventory"]["description"], silent["lines"][0]["lineDescription"]) == ("Roots", "Roots")


@pytest.mark.parametrize(
    ("kind", "holder", "renaming", "result"),
    [
        ("purchaseorder", None, {"field": "terms", "id": "30", "new_id": "45"}, {"id": "45", "description": "30 days"}),
        ("purchaseorder", None, {"field": "location", "id": "7", "new_id": "8", "text": "B"}, {"id": 8, "name": "B"}),
        (
            "purchaseorder",
            "lines",
            {"field": "taxCategory", "id": "1", "text": "0 %"},
            {"number": "1", "description": "0 %"},
        ),
        (
            "customerinvoice",
            "invoiceLines",
            {"field": "vatCode", "id": "3", "new_id": "5"},
            {"id": "5", "description": "25 %"},
        ),
        ("supplierInvoice", None, {"field": "location", "id": "MAIN", "text": "Oslo"}, {"id": "MAIN", "name": "Oslo"}),
    ],
)
def test_every_entry_that_documents_look_up_can_change_its_id_and_text(
    sandbox: VismaSandbox, kind: str, holder: str | None, renaming: dict[str, Any], result: dict[str, Any]
) -> None:
    entries = {
        "terms": {"id": "30", "description": "30 days"},
        "location": {"id": 7, "name": "Main"} if kind == "purchaseorder" else {"id": "MAIN", "name": "Main"},
        "taxCategory": {"number": "1", "description": "25 %"},
        "vatCode": {"id": "3", "description": "25 %"},
    }
    named = {renaming["field"]: entries[renaming["field"]]}
    key = "orderNbr" if kind == "purchaseorder" else "referenceNumber"
    sandbox.put_document(kind, {key: "1", "status": "Open", **({holder: [named]} if holder else named)})
    control(sandbox, "renames", {"kind": kind} | renaming)
    document = sandbox.documents(kind)[0]
    assert (document[holder][0] if holder else document)[renaming["field"]] == result


def test_the_supplier_of_an_order_is_corrected_and_its_number_stays(sandbox: VismaSandbox) -> None:
    before = sandbox.put_document("purchaseorder", an_order())
    right = {"internalId": 2, "number": "50013", "name": "Right AS"}
    control(sandbox, "orders/1/supplier", right, method="PUT")
    assert business(sandbox.document("purchaseorder", "1")) == business(before) | {"supplier": right}


def test_an_update_that_names_a_known_supplier_brings_its_name(sandbox: VismaSandbox) -> None:
    sandbox.put_document("purchaseorder", an_order())
    sandbox.put_document("supplier", {"internalId": 2, "number": "50013", "name": "Right AS", "status": "Active"})
    sandbox.edit_order("1", {"supplier": {"value": "50013"}})
    assert sandbox.document("purchaseorder", "1")["supplier"] == {
        "internalId": 2,
        "number": "50013",
        "name": "Right AS",
    }
    sandbox.edit_order("1", {"supplier": {"value": "50099"}})
    assert sandbox.document("purchaseorder", "1")["supplier"] == {"number": "50099"}


def test_a_call_off_is_a_normal_order_whose_lines_name_the_blanket(sandbox: VismaSandbox) -> None:
    blanket = an_order("400001", orderType="Blanket", promisedOn="2026-12-31T00:00:00")
    sandbox.put_document("purchaseorder", blanket)
    header = {"date": "2026-11-20T00:00:00", "promisedOn": "2026-12-01T00:00:00"}
    body = {"number": "500200", "quantities": {"2": 4}, "header": header}
    control(sandbox, "orders/400001/call-offs", body, status=201)
    order = sandbox.document("purchaseorder", "500200")
    (line,) = order["lines"]
    assert (order["orderType"], line["orderType"], line["orderNumber"]) == ("RegularOrder", "Blanket", "400001")
    assert (line["lineNbr"], line["orderQty"], line["amount"], order["orderTotal"]) == (1, 4.0, 20.0, 20.0)
    assert (line["requested"], line["promised"]) == (header["date"], header["promisedOn"])
    assert "no line 7" in refusal(sandbox, "orders/400001/call-offs", body | {"quantities": {"7": 1}})
    assert "only Blanket" in refusal(sandbox, "orders/500200/call-offs", body)


def test_users_delete_documents_on_hold_and_no_others(sandbox: VismaSandbox) -> None:
    for number, status in (("1", "Hold"), ("2", "Open"), ("3", "Hold")):
        sandbox.put_document("purchaseorder", an_order(number, status=status))
    sandbox.put_document("supplierInvoice", {"referenceNumber": "9", "documentType": "CreditAdj", "status": "Hold"})
    assert "not on hold" in refusal(sandbox, "deletions", {"kind": "purchaseorder"})
    assert len(sandbox.documents("purchaseorder")) == 3
    control(sandbox, "deletions", {"kind": "purchaseorder", "where": {"orderStatus": "Hold"}})
    control(sandbox, "deletions", {"kind": "supplierInvoice"})
    assert [row["orderNbr"] for row in sandbox.documents("purchaseorder")] == ["2"]
    assert sandbox.documents("supplierInvoice") == []


def test_a_selection_reaches_one_company_and_one_document_type() -> None:
    sandbox = VismaSandbox(SandboxCompany("1", "tenant-1"), SandboxCompany("2", "tenant-2"))
    for company in ("1", "2"):
        for document_type in ("Invoice", "CreditAdj"):
            document = {"referenceNumber": "9", "documentType": document_type, "status": "Open"}
            sandbox.put_document("supplierInvoice", document, company=company)
    selection = {"kind": "supplierInvoice", "numbers": ["9"], "company": "2", "document_type": "CreditAdj"}
    control(sandbox, "touches", selection | {"cause": "payment"})
    found = {
        (company, row["documentType"]): row["status"]
        for company in ("1", "2")
        for row in sandbox.documents("supplierInvoice", company=company)
    }
    assert {key for key, status in found.items() if status == "Closed"} == {("2", "CreditAdj")}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("touches", {"count": 1}, "needs a 'kind'"),
        ("touches", {"kind": "purchaseorder", "counts": 1}, "knows no 'counts'"),
        ("edits", {"kind": "purchaseorder", "changes": {}, "number": "1"}, "knows no 'number'"),
        ("edits", {"kind": "purchaseorder"}, "needs 'changes'"),
        ("edits", {"update": {}, "number": "1"}, "knows no 'number'"),
        ("deletions", {"kind": "purchaseorder", "number": "1"}, "knows no 'number'"),
        ("situations", {"name": "order_use_tax"}, "knows no 'name'"),
        ("orders/1/call-offs", {"number": "2", "lines": {"1": 1}}, "knows no 'lines'"),
        ("renames", {"kind": "purchaseorder", "field": "terms"}, "is no renaming"),
        ("edits", {"numbers": ["1"], "update": {"colour": {"value": "red"}}}, "'colour' cannot be changed"),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused_in_words(
    sandbox: VismaSandbox, path: str, body: Any, words: str
) -> None:
    sandbox.put_document("purchaseorder", an_order())
    assert words in refusal(sandbox, path, body)
