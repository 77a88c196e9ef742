"""A number that the ledger does not know: why that may be, and what Visma says when it is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.errors import Misconfigured
from connector.services.list_health import ListHealth, PollRecord
from connector.services.ports import CursorView, Resource
from tests.unit.cli.documents.conftest import NOW

MINUTE = timedelta(minutes=1)
NEVER = "never read to its end so far"
SETTLING = "wait until they have settled"
OLD = (
    "what has not changed since reading began, at go-live or 14 days before the first poll, was never read. "
    "`connector baseline` records what is open."
)


def a_view(resource: Resource = Resource.PURCHASE_ORDERS, **changes: Any) -> CursorView:
    values = {"watermark": NOW, "caught_up_at": NOW - 4 * MINUTE, "locked_until": None, "unfinished": False}
    values |= {"remembered": 0, "waiting": 0, **changes}
    return CursorView(company="nordic", resource=resource.value, **values)


class Visma:
    """Visma for one company: what it has by list, number and type; an error is raised."""

    def __init__(self) -> None:
        self.has: dict[tuple[Resource, str, str], Any] = {}
        self.asked: list[tuple[str, Resource, str, str]] = []

    def __call__(self, company: Any) -> Any:
        self.company = company
        return self

    def find_document(self, resource: Resource, number: str, document_type: str = "") -> Any:
        self.asked.append((self.company.name, resource, number, document_type))
        found = self.has.get((resource, number, document_type))
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def visma(stack, ledger):
    stack.visma = Visma()
    stack.cursors.all_cursors = lambda: [a_view()]
    return stack.visma


def test_what_may_keep_it_out_is_said(connector, stack, visma):
    stack.routing.data["companies"]["nordic"] |= {"go_live": "2026-08-01"}
    stack.routing.data["companies"]["nordic"]["visma"]["branch"] = "2"
    stack.cursors.all_cursors = lambda: [a_view(), a_view(Resource.SUPPLIER_INVOICES, caught_up_at=None, waiting=3)]
    failing = ListHealth(
        company="nordic",
        resource=Resource.CUSTOMER_INVOICES,
        configured_at=NOW,
        failing_since=NOW - 9 * MINUTE,
        problem="Visma answers 502.",
    )
    stack.health.record = PollRecord(lists=(failing,))
    result = connector("documents", "show", "999")
    assert (result.code, result.out, visma.asked) == (1, "", [])
    lines = result.err.splitlines()
    assert lines[0] == (
        "The ledger knows no document 999 under the companies in force (of another one: give company/kind/number), "
        "and no such transaction."
    )
    assert lines[1:] == [
        "Ask Visma for it: connector documents show 999 --ask-visma",
        "What may be:",
        f"  Not read yet: of 5 lists the furthest behind, nordic v1/supplierInvoice is {NEVER}, and 3 {SETTLING}.",
        f"  Not read yet: nordic v1/customerinvoice is {NEVER}; it fails since 2026-09-01 05:51Z: Visma answers 502.",
        "  Changed just now: nordic takes what was unchanged for 2m, after 30m at the latest.",
        "  Of another branch: nordic reads branch 2 alone.",
        f"  Older than the beginning: nordic went live 2026-08-01; {OLD}",
        "  Of another company: the routing in force has nordic.",
    ]


def test_companies_that_are_alike_are_told_together(connector, stack, visma):
    nordic = stack.routing.data["companies"]["nordic"]
    stack.routing.data["companies"]["baltic"] = nordic | {"visma": nordic["visma"] | {"company_id": "1"}}
    lines = connector("documents", "trace", "999").err.splitlines()
    assert len(lines) == 7
    assert "  Changed just now: each of nordic, baltic takes what was unchanged" in lines[4]


def test_of_a_key_only_its_list_is_told(connector, visma):
    err = connector("documents", "trace", "nordic/purchase_order/999").err
    assert err.startswith("The ledger knows no document nordic/purchase_order/999.\n")
    assert "v1/purchaseorder" in err
    assert "v1/customerinvoice" not in err
    assert "Of another company" not in err


def test_a_company_that_is_not_read_is_named(connector, visma):
    err = connector("documents", "show", "norwic/purchase_order/999").err
    assert "Company 'norwic' is not in the routing in force, so nothing of it is read. There are nordic." in err


@pytest.mark.parametrize(
    ("changed", "output"),
    [
        ("2026-09-01T07:59:00", "The list was read up to 2026-09-01 05:56Z: it comes with one of the next polls."),
        ("2026-08-30T10:00:00", "connector reconcile --since 2026-08-30 --company nordic."),
        ("", "The list was not read to its end yet: it comes with it."),
    ],
)
def test_visma_is_asked_when_a_person_wants_that(connector, visma, changed, output):
    visma.has[Resource.PURCHASE_ORDERS, "999", ""] = {"status": "Open", "lastModifiedDateTime": changed}
    result = connector("documents", "show", "999", "--ask-visma")
    assert result.code == 1
    assert "Visma has this purchase order in nordic: Open" in result.err
    assert output in result.err
    assert [resource for _, resource, _, _ in visma.asked] == list(Resource)


def test_a_document_of_another_branch_is_told_apart(connector, stack, visma):
    stack.routing.data["companies"]["nordic"]["visma"]["branch"] = "2"
    visma.has[Resource.CUSTOMER_INVOICES, "999", ""] = {"status": "Open", "branchNumber": {"number": "1"}}
    assert "It is of branch 1; only branch 2 is read." in connector("documents", "show", "999", "--ask-visma").err


def test_the_type_before_a_number_leads_to_the_supplier_invoice(connector, visma):
    connector("documents", "show", "nordic/supplier_invoice/DebitAdj:999", "--ask-visma")
    assert visma.asked == [("nordic", Resource.SUPPLIER_INVOICES, "999", "DebitAdj")]


def test_what_visma_has_not_and_what_it_does_not_answer_are_said(connector, visma):
    err = connector("documents", "show", "999", "--ask-visma").err
    assert err.endswith("Visma has it in none of the 5 lists that were asked.\n")
    visma.has[Resource.CUSTOMER_DEBIT_NOTES, "999", ""] = Misconfigured("Visma refuses the credentials.")
    err = connector("documents", "show", "999", "--ask-visma").err
    assert err.endswith("\nnordic v1/customerDebitNote: Visma refuses the credentials.\n")


@pytest.mark.parametrize("options", [(), ("--ask-visma",)])
@pytest.mark.parametrize("command", ["show", "trace"])
def test_a_number_that_is_too_long_is_never_said_to_come(connector, visma, command, options):
    number = "7" * 300
    visma.has[Resource.PURCHASE_ORDERS, number, ""] = {"status": "Open", "lastModifiedDateTime": "2026-09-01T07:58:00"}
    result = connector("documents", command, number, *options)
    assert result.code == 1
    assert "Its number has 300 characters: at most 100 are read, and X12 takes 22." in result.err
    assert "Enter the document in Visma under a shorter number." in result.err
    assert "it comes with" not in result.err
    assert visma.asked == []
