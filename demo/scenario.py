"""What happens in the demo, and what must have come of it in the end.

Every document of the scenario says beforehand which transactions Orderful must hold for it, no more and no fewer, and
in which state its newest revision must end. The demo fails when one of them does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from demo.catalogue import RANGE, credit_note, customer_invoice, purchase_order, supplier_invoice

COMPANY_IDS = {"fjordmat-no": "1001", "fjordmat-se": "1002", "fjordmat-dk": "1003"}
TENANT_IDS = {
    "fjordmat-no": "8f0c0001-0000-4000-8000-000000000001",
    "fjordmat-se": "8f0c0002-0000-4000-8000-000000000002",
    "fjordmat-dk": "8f0c0003-0000-4000-8000-000000000003",
}
LATE_PARTNER: dict[str, Any] = {
    "company": "fjordmat-no",
    "visma": {"supplier": "50099"},
    "orderful": {"isa_id": {"live": "NYLEVER", "test": "NYLEVERT"}},
}
"""The partner that is missing from the routing until the operator adds it."""

CLOSED = "500194"
"""The parked order that the operator closes at the end of a day."""

WITHOUT_RELATIONSHIP = "VESTERBROT"
"""The partner whose relationship nobody set up at Orderful."""

_LISTS = {
    "purchase_order": "purchaseorder",
    "supplier_invoice": "supplierInvoice",
    "customer_invoice": "customerinvoice",
}


@dataclass(slots=True)
class Expected:
    """A document of the scenario.

    Attributes:
        company: Routing name.
        kind: Kind of the connector.
        number: The number in the connector's key.
        resource: The Visma list it belongs to.
        document: As Visma holds it.
        sent: Purposes of the transactions that Orderful must hold, in order.
        ends: State of the newest revision.
        why: The reason, for the table.
    """

    company: str
    kind: str
    number: str
    resource: str
    document: dict[str, Any]
    sent: list[str] = field(default_factory=lambda: ["original"])
    ends: str = "SENT"
    why: str = ""

    @property
    def key(self) -> str:
        """`company/kind/number`."""
        return f"{self.company}/{self.kind}/{self.number}"

    @property
    def business_number(self) -> str:
        """The number that Orderful files it under."""
        return str(self.document.get("orderNbr") or self.document["referenceNumber"])


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a document in Visma."""

    key: str
    changes: dict[str, Any]


def morning() -> list[Expected]:
    """The documents of the first wave."""
    return [*_orders(), *_invoices(), *_special_cases()]


def edits(documents: Sequence[Expected]) -> list[Edit]:
    """The second wave: what people do to documents afterwards. Sets what each document must then have come to."""
    by_key = {document.key: document for document in documents}

    def order(number: str) -> Expected:
        return by_key[f"fjordmat-no/purchase_order/{number}"]

    more, touched, withdrawn, unit, hold = (order(n) for n in ("500101", "500102", "500103", "500190", "500192"))
    more.sent, more.why = ["original", "replace"], "quantity raised after sending: replaced"
    touched.why = "touched in Visma, nothing a partner would see: sent once"
    withdrawn.sent, withdrawn.why = ["original", "cancellation"], "cancelled after sending: cancellation sent"
    unit.sent, unit.ends, unit.why = ["original"], "SENT", "unit corrected in Visma: parked revision superseded"
    hold.sent, hold.ends, hold.why = ["original"], "SENT", "released from hold: sent"
    hotel = by_key["fjordmat-no/customer_invoice/100301"]
    hotel.ends, hotel.why = "PARKED", "changed after sending: on_revision is park"

    raised = purchase_order("500101", "50012", [("1298", "16"), ("1301", "45.5")])
    corrected = purchase_order("500190", "50012", [("1298", "4")])
    return [
        Edit(more.key, {name: raised[name] for name in ("lines", "lineTotal", "taxTotal", "orderTotal", "taxDetails")}),
        Edit(touched.key, {"openBalance": 17.0, "emailed": True}),
        Edit(withdrawn.key, {"status": "Cancelled"}),
        Edit(unit.key, {"lines": corrected["lines"]}),
        Edit(hold.key, {"hold": False, "status": "Open"}),
        Edit(hotel.key, {"customerRefNumber": "ROM-2026-118"}),
    ]


def routing_added(documents: Sequence[Expected]) -> None:
    """What must have come of it once the operator has added the missing partner."""
    late = next(document for document in documents if document.number == "500191")
    late.sent, late.ends, late.why = ["original"], "SENT", "partner added to the routing: released and sent"


def before_go_live() -> Expected:
    """An order that is older than the go-live of its company: it is known, and never sent by itself."""
    old = purchase_order("500011", "50012", [("1298", "4")])
    old |= {"date": "2019-11-04T00:00:00", "promisedOn": "2019-11-11T00:00:00"}
    return _expected("fjordmat-no", "purchase_order", "500011", old)


def _orders() -> list[Expected]:
    plan: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = (
        ("fjordmat-no", "50012", 500101, 8, ("1298", "1301", "1402", "1611")),
        ("fjordmat-no", "50020", 500121, 5, ("1402", "1407", "1708")),
        ("fjordmat-no", "50031", 500131, 4, ("1811", "1803", "1950")),
        ("fjordmat-no", "50044", 500141, 4, ("1902",)),
        ("fjordmat-se", "50050", 510151, 5, ("1520", "1604", "1708")),
    )
    documents = []
    for company, supplier, first, count, items in plan:
        for position in range(count):
            lines = _lines(items, position)
            number = str(first + position)
            documents.append(_expected(company, "purchase_order", number, purchase_order(number, supplier, lines)))
    documents[0].document |= purchase_order("500101", "50012", [("1298", "12"), ("1301", "45.5")])
    return documents


def _invoices() -> list[Expected]:
    plan: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = (
        ("fjordmat-no", "10045", 100231, 6, ("1298", "1310", "1902")),
        ("fjordmat-no", "10052", 100301, 3, ("1402", "1811")),
        ("fjordmat-se", "20007", 110401, 5, ("1520", "1407", "1611")),
        ("fjordmat-dk", "30003", 120501, 3, ("1415", "1708")),
    )
    documents = []
    for company, customer, first, count, items in plan:
        for position in range(count):
            number = str(first + position)
            invoice = customer_invoice(number, customer, _lines(items, position))
            documents.append(_expected(company, "customer_invoice", number, invoice))
    for number, supplier, order, items in (
        ("900145", "50012", "500101", ("1298",)),
        ("900146", "50012", "500102", ("1301", "1402")),
        ("900147", "50012", "500104", ("1611",)),
        ("900151", "50031", "500131", ("1811",)),
        ("900152", "50031", "500132", ("1803", "1950")),
    ):
        invoice = supplier_invoice(number, supplier, _lines(items, 1), order=order)
        documents.append(_expected("fjordmat-no", "supplier_invoice", number, invoice, why="self-billing copy"))
    for company, number, customer, item in (
        ("fjordmat-no", "CN0017", "10045", "1310"),
        ("fjordmat-se", "CN0021", "20007", "1407"),
    ):
        document = credit_note(number, customer, [(item, "2")])
        documents.append(
            Expected(
                company,
                "customer_invoice",
                f"CreditNote:{number}",
                "customerCreditNote",
                document,
                why="credit memo",
            )
        )
    return documents


def _special_cases() -> list[Expected]:
    spann = purchase_order("500190", "50012", [("1298", "4")])
    spann["lines"][0]["uom"] = "SPANN"
    wrong = purchase_order("500194", "50012", [("1298", "3"), ("1402", "2")])
    wrong["lineTotal"] = wrong["lineTotal"] + 1.0
    no = "fjordmat-no"
    on_hold = purchase_order("500192", "50012", [("1301", "20")], hold=True, status="Hold")
    not_ordered = purchase_order("500193", "50012", [("1402", "2")], status="Cancelled")
    not_wanted = [
        _expected("fjordmat-se", "customer_invoice", number, customer_invoice(number, "20011", [("1407", "3")]))
        for number in ("110451", "110452")
    ]
    refused = customer_invoice("120551", "30009", [("1415", "1")])
    cases = [
        (_expected(no, "purchase_order", "500190", spann), "PARKED", "unit SPANN is not mapped"),
        (
            _expected(no, "purchase_order", "500191", purchase_order("500191", "50099", [("1402", "5")])),
            "PARKED",
            "supplier 50099 is not mapped",
        ),
        (
            _expected(no, "purchase_order", "500192", on_hold),
            "SKIPPED",
            "on hold in Visma",
        ),
        (_expected(no, "purchase_order", "500193", not_ordered), "SKIPPED", "cancelled before it was sent"),
        (_expected(no, "purchase_order", "500194", wrong), "PARKED", "the lines do not add up to Visma's total"),
        *((document, "SKIPPED", "the partner takes no invoices (send: false)") for document in not_wanted),
        (
            _expected("fjordmat-dk", "customer_invoice", "120551", refused),
            "REJECTED",
            "Orderful knows no relationship with this partner",
        ),
    ]
    for document, ends, why in cases:
        document.sent, document.ends, document.why = [], ends, why
    return [document for document, _, _ in cases]


def _lines(items: Sequence[str], position: int) -> list[tuple[str, str]]:
    """Believable quantities: whole cartons, kilograms with a decimal."""
    wanted = cycle(("6", "12", "8", "24", "10"))
    lines = []
    for offset, item in enumerate(items[: 1 + position % len(items)]):
        quantity = next(wanted)
        weighed = RANGE[item].unit in {"KG", "L"}
        lines.append((item, f"{int(quantity) + position + offset}{'.5' if weighed else ''}"))
    return lines


def _expected(company: str, kind: str, number: str, document: dict[str, Any], *, why: str = "") -> Expected:
    return Expected(company, kind, number, _LISTS[kind], document, why=why)
