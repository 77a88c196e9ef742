"""How the lists of the sandbox Visma page, filter and stamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.sandboxes import Recipe, SandboxCompany, VismaOptions, VismaSandbox, bearer

NOON = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
"""Noon in Oslo."""


def a_sandbox(*companies: SandboxCompany, **options: Any) -> VismaSandbox:
    sandbox = VismaSandbox(*companies, options=VismaOptions(**options))
    sandbox.clock.freeze(NOON)
    return sandbox


def listed(sandbox: VismaSandbox, path: str = "purchaseorder", **query: Any) -> list[dict[str, Any]]:
    answer = sandbox.app.test_client().get(f"/v1/{path}", query_string=query, headers=bearer(sandbox))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["orderNbr"] for row in rows]


def order(number: str, **fields: Any) -> dict[str, Any]:
    return {"orderNbr": number, "orderType": "RegularOrder", "status": "Open", **fields}


def test_a_page_is_a_bare_array_with_the_metadata_in_every_element() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=5))
    rows = listed(sandbox, pageNumber=2, pageSize=2)
    assert numbers(rows) == ["500003", "500004"]
    assert [row["metadata"] for row in rows] == [{"totalCount": 5, "maxPageSize": 1000}] * 2


def test_a_page_size_above_the_maximum_is_cut_in_silence() -> None:
    sandbox = a_sandbox(max_page_size=3)
    sandbox.generate("purchaseorder", Recipe(count=5))
    assert len(listed(sandbox, pageNumber=1, pageSize=500)) == 3


def test_a_page_behind_the_last_is_empty_and_has_no_metadata() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=2))
    assert listed(sandbox, pageNumber=3, pageSize=1) == []


def test_an_unknown_parameter_is_ignored_and_everything_comes() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=2))
    assert len(listed(sandbox, skip=1, status="Closed")) == 2


def test_the_filters_on_status_supplier_branch_and_number_take_effect_together() -> None:
    sandbox = a_sandbox()
    sandbox.put_document("purchaseorder", order("1", supplier={"number": "50012"}, branch={"number": "1"}))
    sandbox.put_document("purchaseorder", order("2", supplier={"number": "50012"}, branch={"number": "2"}))
    sandbox.put_document("purchaseorder", order("3", supplier=None, branch={"number": "1"}))
    assert numbers(listed(sandbox, supplier="50012", branch="1", orderStatus="Open")) == ["1"]
    assert numbers(listed(sandbox, greaterThanValue="1")) == ["2", "3"]


def test_a_status_that_does_not_exist_is_refused() -> None:
    sandbox = a_sandbox()
    answer = sandbox.app.test_client().get("/v1/purchaseorder?orderStatus=Opened", headers=bearer(sandbox))
    assert answer.status_code == 400
    assert "Opened" in answer.get_json()["message"]


def test_a_change_time_without_its_condition_is_ignored() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=2))
    assert len(listed(sandbox, lastModifiedDateTime="2030-01-01")) == 2


@pytest.mark.parametrize(
    ("condition", "expected"), [(">", ["3"]), (">=", ["2", "3"]), ("<", ["1"]), ("<=", ["1", "2"])]
)
def test_change_times_compare_in_the_wall_time_of_the_server(condition: str, expected: list[str]) -> None:
    sandbox = a_sandbox(zone="Europe/Oslo")
    for number in ("1", "2", "3"):
        sandbox.put_document("purchaseorder", order(number))
        sandbox.clock.advance(timedelta(minutes=1))
    query = {"lastModifiedDateTime": "2026-09-01T12:01:00", "lastModifiedDateTimeCondition": condition}
    assert numbers(listed(sandbox, **query)) == expected


@pytest.mark.parametrize("fraction", ["", ".0", ".000"])
@pytest.mark.parametrize("between", ["T", " "])
def test_every_documented_format_of_a_time_is_taken(between: str, fraction: str) -> None:
    sandbox = a_sandbox()
    sandbox.put_document("purchaseorder", order("1"))
    text = f"2026-09-01{between}12:00:00{fraction}"
    assert numbers(listed(sandbox, lastModifiedDateTime=text, lastModifiedDateTimeCondition=">=")) == ["1"]
    assert numbers(listed(sandbox, lastModifiedDateTime=text[:10], lastModifiedDateTimeCondition=">=")) == ["1"]


@pytest.mark.parametrize(
    "text", ["2026-09-01T12:00:00Z", "2026-09-01T12:00:00+02:00", "2026-09-01T12:00:00.0001", "2026-02-30", "now", ""]
)
def test_a_time_with_a_zone_or_finer_than_milliseconds_is_refused(text: str) -> None:
    sandbox = a_sandbox()
    query = {"lastModifiedDateTime": text, "lastModifiedDateTimeCondition": ">="}
    answer = sandbox.app.test_client().get("/v1/purchaseorder", query_string=query, headers=bearer(sandbox))
    assert answer.status_code == 400


def test_change_times_have_no_zone_and_no_trailing_zeros() -> None:
    sandbox = a_sandbox(zone="UTC")
    sandbox.clock.advance(timedelta(milliseconds=470))
    assert sandbox.put_document("purchaseorder", order("1"))["lastModifiedDateTime"] == "2026-09-01T10:00:00.47"


def test_the_autumn_hour_repeats_in_the_wall_time_of_oslo() -> None:
    sandbox = a_sandbox(zone="Europe/Oslo")
    sandbox.clock.freeze(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    first = sandbox.put_document("purchaseorder", order("1"))
    sandbox.clock.advance(timedelta(hours=1))
    second = sandbox.put_document("purchaseorder", order("2"))
    assert first["lastModifiedDateTime"] == second["lastModifiedDateTime"] == "2026-10-25T02:30:00"


def test_an_edit_between_two_pages_shifts_a_row_out_of_sight() -> None:
    sandbox = a_sandbox(order_by="modified")
    for number in ("1", "2", "3", "4"):
        sandbox.put_document("purchaseorder", order(number))
        sandbox.clock.advance(timedelta(seconds=1))
    first = numbers(listed(sandbox, pageNumber=1, pageSize=2))
    sandbox.edit_document("purchaseorder", "1")
    second = numbers(listed(sandbox, pageNumber=2, pageSize=2))
    assert (first, second) == (["1", "2"], ["4", "1"])


@pytest.mark.parametrize(
    ("kind", "fields", "flag"),
    [
        ("purchaseorder", {"customStr1": "A"}, "includeCustomFreeFields"),
        ("purchaseorder", {"lines": [{"customDec1": 1.5}]}, "includeCustomFreeFields"),
        ("supplierInvoice", {"note": "internal"}, "expandNote"),
        ("supplierInvoice", {"landedCosts": []}, "expandLandedCosts"),
        ("supplierInvoice", {"approvalStatus": "New"}, "expandApproval"),
        ("supplierInvoice", {"attachments": []}, "expandAttachment"),
        ("supplierInvoice", {"invoiceLines": [{"prebookAccount": {"number": "1"}}]}, "expandLinePrebookAccounts"),
        ("customerinvoice", {"invoiceAddress": {"city": "Oslo"}}, "expandInvoiceAddress"),
        ("customerinvoice", {"dunningLetterLevel": 1}, "expandDunningInformation"),
        ("customerinvoice", {"attachments": []}, "expandAttachments"),
        ("customerCreditNote", {"applications": [{"refNbr": "100231"}]}, "expandApplications"),
        ("customerDebitNote", {"applications": [{"refNbr": "100231"}]}, "expandApplications"),
        ("customerDebitNote", {"taxDetails": []}, "expandTaxDetails"),
    ],
)
def test_a_field_of_a_list_comes_only_with_its_flag(kind: str, fields: dict[str, Any], flag: str) -> None:
    sandbox = a_sandbox()
    name = "orderNbr" if kind == "purchaseorder" else "referenceNumber"
    sandbox.put_document(kind, {name: "1", **fields})

    def shown(**query: str) -> dict[str, Any]:
        (row,) = listed(sandbox, kind, **query)
        return {field: row[field] for field in fields if field in row}

    assert shown(**{flag: "true"}) == fields
    assert shown() in ({}, {"lines": [{}]}, {"invoiceLines": [{}]})


def test_invoices_and_notes_say_when_they_were_created_and_orders_do_not() -> None:
    sandbox = a_sandbox()
    kinds = ("supplierInvoice", "customerinvoice", "customerCreditNote", "customerDebitNote")
    for kind in kinds:
        sandbox.put_document(kind, {"referenceNumber": "1"})
    sandbox.put_document("purchaseorder", order("1"))
    sandbox.clock.advance(timedelta(days=400))
    for kind in kinds:
        changed = sandbox.edit_document(kind, "1")
        assert (changed["createdDateTime"], changed["lastModifiedDateTime"][:4]) == ("2026-09-01T12:00:00", "2027")
        assert "createdDateTime" in sandbox.put_document(kind, {"referenceNumber": "1"})
        assert listed(sandbox, kind, createdDateTime="2026-09-02", createdDateTimeCondition=">=") == []
    assert "createdDateTime" not in listed(sandbox)[0]


def test_lists_have_no_etag() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=1))
    answer = sandbox.app.test_client().get("/v1/purchaseorder", headers=bearer(sandbox))
    assert "ETag" not in answer.headers


def test_routes_ignore_the_case_of_the_resource() -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=1))
    assert numbers(listed(sandbox, "PurchaseOrder")) == ["500001"]


@pytest.mark.parametrize("company_header", [{}, {"ipp-company-id": "7654321"}])
def test_a_wrong_or_missing_company_is_an_empty_list_with_status_200(company_header: dict[str, str]) -> None:
    sandbox = a_sandbox()
    sandbox.generate("purchaseorder", Recipe(count=1))
    headers = {"Authorization": bearer(sandbox)["Authorization"], **company_header}
    answer = sandbox.app.test_client().get("/v1/purchaseorder", headers=headers)
    assert (answer.status_code, answer.get_json()) == (200, [])


def test_companies_do_not_see_each_other() -> None:
    north, south = SandboxCompany("1", "tenant-1", "North"), SandboxCompany("2", "tenant-2", "South", ("10", "20"))
    sandbox = a_sandbox(north, south)
    sandbox.generate("purchaseorder", Recipe(count=1), company="2")
    client = sandbox.app.test_client()
    assert client.get("/v1/purchaseorder", headers=bearer(sandbox, north)).get_json() == []
    assert len(client.get("/v1/purchaseorder", headers=bearer(sandbox, south)).get_json()) == 1
    branches = client.get("/v1/branch", headers=bearer(sandbox, south)).get_json()
    assert [branch["number"] for branch in branches] == ["10", "20"]
