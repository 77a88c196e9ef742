"""The sandbox Visma against Visma's published structure: paths, parameters, answers, update fields."""

from __future__ import annotations

from typing import Any

import pytest

from testkit.openapi import Contract
from testkit.samples.visma_samples import a_credit_note, a_customer_invoice, a_purchase_order, a_supplier_invoice
from testkit.sandboxes import SCOPES, Recipe, VismaSandbox, bearer
from testkit.visma import orders
from testkit.visma.resources import RESOURCES, Resource

KEYS = {
    "purchaseorder": "purchaseOrderNumber",
    "supplierInvoice": "invoiceNumber",
    "customerinvoice": "invoiceNumber",
    "customerCreditNote": "creditNoteNumber",
    "customerDebitNote": "debitNoteNumber",
    "supplier": "supplierCd",
    "customer": "customerCd",
    "branch": "branchNumber",
    "organization": "organizationNumber",
}
DOCUMENTS = ("purchaseorder", "supplierInvoice", "customerinvoice", "customerCreditNote", "customerDebitNote")
INVOICES = (
    a_supplier_invoice(),
    a_customer_invoice(),
    a_credit_note(),
    a_credit_note(documentType="DebitNote"),
)
EACH_RESOURCE = [pytest.param(resource, id=resource.name) for resource in RESOURCES.values()]
PAGING = {"pageNumber", "pageSize", "greaterThanValue"}
REPLACED_BY_PAGES = {"numberToRead", "skipRecords"}
USED_BY_THE_CONNECTOR = {"lastModifiedDateTime", "lastModifiedDateTimeCondition", "pageNumber", "pageSize", "branch"}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load("visma.json", all_nullable=True)


@pytest.fixture
def sandbox() -> VismaSandbox:
    sandbox = VismaSandbox()
    sandbox.generate("purchaseorder", Recipe(count=2))
    for kind, document in zip(DOCUMENTS[1:], INVOICES, strict=True):
        sandbox.put_document(kind, document)
    sandbox.put_document("supplier", {"number": "50012", "name": "Example Supplier", "status": "Active"})
    sandbox.put_document("customer", {"number": "10045", "name": "Example Customer", "status": "Active"})
    return sandbox


@pytest.fixture
def headers(sandbox: VismaSandbox) -> dict[str, str]:
    return bearer(sandbox)


def parameters_of(resource: Resource) -> set[str]:
    """Every query parameter the sandbox plays or refuses by name."""
    conditions = {f"{name}Condition" for name in resource.dates}
    return {*resource.equals, *resource.dates, *conditions, *resource.expansions, *resource.unsupported}


@pytest.mark.parametrize("resource", EACH_RESOURCE)
def test_every_list_and_single_path_is_published(contract: Contract, resource: Resource) -> None:
    assert "get" in contract.paths[f"/v1/{resource.name}"]
    assert "get" in contract.paths[f"/v1/{resource.name}/{{{KEYS[resource.name]}}}"]


@pytest.mark.parametrize("resource", EACH_RESOURCE)
def test_the_single_path_takes_the_expand_parameters_that_the_sandbox_reads_there(
    contract: Contract, resource: Resource
) -> None:
    published = contract.query_parameters("GET", f"/v1/{resource.name}/{{{KEYS[resource.name]}}}").keys()
    assert published & resource.expansions.keys() == resource.single_parameters


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_only_documents_that_publish_a_creation_time_show_one(contract: Contract, kind: str) -> None:
    rows = contract.operation("GET", f"/v1/{kind}")["responses"]["200"]["content"]["application/json"]["schema"]
    document = contract.schemas[rows["items"]["$ref"].rsplit("/", 1)[-1]]
    assert ("createdDateTime" in document["properties"]) == RESOURCES[kind.lower()].shows_creation


def test_the_typed_invoice_and_the_order_update_are_published(contract: Contract) -> None:
    assert contract.operation("GET", "/v1/supplierInvoice/{documentType}/{invoiceNumber}")
    assert contract.operation("PUT", "/v1/purchaseorder/{purchaseOrderNumber}")


@pytest.mark.parametrize("resource", EACH_RESOURCE)
def test_every_parameter_the_sandbox_plays_is_published_for_that_list(contract: Contract, resource: Resource) -> None:
    assert parameters_of(resource) <= contract.query_parameters("GET", f"/v1/{resource.name}").keys()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_published_filter_is_played_or_refused_by_name(contract: Contract, kind: str) -> None:
    published = contract.query_parameters("GET", f"/v1/{kind}").keys() - REPLACED_BY_PAGES
    dropped = {name for name in published if name.endswith("Condition")}
    assert published - dropped - PAGING - parameters_of(RESOURCES[kind.lower()]) == set()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_parameters_the_connector_uses_are_published(contract: Contract, kind: str) -> None:
    assert contract.query_parameters("GET", f"/v1/{kind}").keys() >= USED_BY_THE_CONNECTOR


@pytest.mark.parametrize("resource", EACH_RESOURCE)
def test_the_words_of_a_filter_are_the_published_ones(contract: Contract, resource: Resource) -> None:
    published = contract.query_parameters("GET", f"/v1/{resource.name}")
    for parameter, words in resource.values.items():
        assert words == set(published[parameter].get("enum", words)), parameter


@pytest.mark.parametrize("resource", EACH_RESOURCE)
def test_lists_and_single_documents_have_the_published_shape_and_nothing_more(
    contract: Contract, sandbox: VismaSandbox, headers: dict[str, str], resource: Resource
) -> None:
    client, path = sandbox.app.test_client(), f"/v1/{resource.name}"
    listed = client.get(path, headers=headers, query_string=dict.fromkeys(resource.expansions, "true"))
    assert listed.get_json(), "an empty list proves nothing"
    assert contract.problems("GET", path, 200, listed.get_json()) == []

    number = listed.get_json()[0][resource.number]
    single = client.get(f"{path}/{number}", headers=headers)
    assert contract.problems("GET", f"{path}/{{{KEYS[resource.name]}}}", 200, single.get_json()) == []


def test_a_typed_invoice_has_the_published_shape(
    contract: Contract, sandbox: VismaSandbox, headers: dict[str, str]
) -> None:
    answer = sandbox.app.test_client().get("/v1/supplierInvoice/Invoice/900145", headers=headers)
    path = "/v1/supplierInvoice/{documentType}/{invoiceNumber}"
    assert contract.problems("GET", path, answer.status_code, answer.get_json()) == []


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("purchaseorder", a_purchase_order()),
        ("supplierInvoice", a_supplier_invoice()),
        ("customerinvoice", a_customer_invoice()),
        ("customerCreditNote", a_credit_note()),
    ],
    ids=DOCUMENTS[:4],
)
def test_the_sample_documents_of_the_tests_have_the_published_shape(
    contract: Contract, sandbox: VismaSandbox, headers: dict[str, str], kind: str, document: dict[str, Any]
) -> None:
    sandbox.put_document(kind, document)
    number = document[RESOURCES[kind.lower()].number]
    single = sandbox.app.test_client().get(f"/v1/{kind}/{number}", headers=headers)
    assert contract.problems("GET", f"/v1/{kind}/{{{KEYS[kind]}}}", 200, single.get_json()) == []


def test_an_updated_order_has_the_published_shape_and_status(
    contract: Contract, sandbox: VismaSandbox, headers: dict[str, str]
) -> None:
    body = {
        "shippingAddress": {"value": {"city": {"value": "Bergen"}, "countryId": {"value": "NO"}}},
        "lines": [{"operation": "Insert", "inventory": {"value": "1298"}, "orderQty": {"value": 2}}],
    }
    client = sandbox.app.test_client()
    answer = client.put("/v1/purchaseorder/500001", json=body, headers=headers)
    path = "/v1/purchaseorder/{purchaseOrderNumber}"
    assert str(answer.status_code) in contract.operation("PUT", path)["responses"]
    order = client.get("/v1/purchaseorder/500001", headers=headers).get_json()
    assert order["lines"][-1]["lineNbr"] == 4
    assert contract.problems("GET", path, 200, order) == []


def test_a_stale_update_is_answered_with_a_published_status(
    contract: Contract, sandbox: VismaSandbox, headers: dict[str, str]
) -> None:
    answer = sandbox.app.test_client().put("/v1/purchaseorder/500001", json={}, headers={**headers, "If-Match": '"x"'})
    assert str(answer.status_code) in contract.operation("PUT", "/v1/purchaseorder/{purchaseOrderNumber}")["responses"]


def test_every_field_an_update_may_carry_is_published_in_both_directions(contract: Contract) -> None:
    for schema, dto, fields in (
        ("PurchaseOrderUpdateDto", "PurchaseOrderDto", orders.HEADER),
        ("PurchaseOrderLineUpdateDto", "PurchaseOrderLineDto", orders.LINE),
    ):
        assert fields.keys() <= contract.schemas[schema]["properties"].keys()
        assert {target for target, _ in fields.values()} <= contract.schemas[dto]["properties"].keys()


def test_the_token_scopes_are_the_published_ones(contract: Contract) -> None:
    assert set(SCOPES) == set(contract.access["scopes"])
