"""The environment of a proof on a deployed stack: a company of its own, so that nothing else is polled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.documents import DocumentKey
from connector.domain.errors import Misconfigured
from demo.catalogue import purchase_order
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import Laptop

COMPANIES = {
    "kills": "1009001",
    "permits": "1009002",
    "begins": "1009003",
    "twin": "1009004",
    "pauses": "1009005",
    "causes": "1009006",
    "compared": "1009007",
    "digest": "1009008",
}
"""Routing name and Visma number of the company of each proof."""

SUPPLIER = "50012"
OTHER_SUPPLIER = "50013"
_POINTER = {"pk": {"S": "current"}, "sk": {"S": "current"}}
_CONSUMERS = ("TranslateDocumentFunction", "DeliverTransactionFunction", "ApplyChangeFunction")
_ROUTED = (
    *("PollVismaFunction", "TranslateDocumentFunction", "PollOrderfulFunction", "ApplyChangeFunction"),
    *("ReconcileFunction", "SendDigestFunction"),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A company and two suppliers; quantity changes of the first one apply up to 50 %.

    Attributes:
        laptop: The stack.
        company: Routing name of the company.
    """

    laptop: Laptop
    company: str

    @property
    def company_id(self) -> str:
        """Its company number in Visma."""
        return COMPANIES[self.company]

    @property
    def tenant_id(self) -> str:
        """Its tenant id in Visma."""
        return _tenant_id(self.company_id)

    @property
    def ours(self) -> str:
        """The company's ISA id on the test stream."""
        return f"{self.company.upper()}T"

    @property
    def partner(self) -> str:
        """The partner's ISA id on the test stream."""
        return f"{self.company.upper()}SUPT"

    @property
    def other_partner(self) -> str:
        """The ISA id of a second supplier on the test stream."""
        return f"{self.company.upper()}ALTT"

    def key(self, number: str) -> str:
        """The key of an order."""
        return str(DocumentKey.of_order(self.company, number))

    def order(self, number: str, lines: Sequence[tuple[str, str]] = (("1310", "20"), ("1402", "5"))) -> dict[str, Any]:
        """Put an order to the partner into Visma."""
        document = purchase_order(number, SUPPLIER, lines)
        self.laptop.put(self.company_id, document)
        return document

    def asks(self, number: str, quantity: int, **given: Any) -> dict[str, Any]:
        """The partner requests another quantity of the first line; returns the ids of the transaction."""
        return self.laptop.partner_sends(
            change_of(number, quantity), sender=self.partner, **{"receiver": self.ours, **given}
        )


def change_of(number: str, quantity: int, *, note: str = "") -> dict[str, Any]:
    """A minimal 860 in Mosaic that requests another quantity of the first line of an order."""
    line = {
        "purchaseOrderLineId": "1",
        "changeReason": "quantityChange",
        "quantity": {"value": str(quantity), "unitOfMeasure": "each"},
    }
    return {
        "purpose": "change",
        "purchaseOrderNumber": number,
        "purchaseOrderChangeDate": "2026-11-21",
        "lineItems": [line],
        **({"notes": {"general": {"text": [note]}}} if note else {}),
    }


@contextlib.contextmanager
def prepared(laptop: Laptop, company: str) -> Iterator[Environment]:
    """The stack with a routing for one of `COMPANIES`; the former routing is restored afterwards.

    The companies stay in the sandboxes, since the logs refer to them.
    """
    environment = Environment(laptop, company)
    table = laptop.outputs["RoutingTable"]
    before = laptop.dynamodb.get_item(TableName=table, Key=_POINTER).get("Item")
    _introduce(environment)
    laptop.apply_unchecked(_routing(environment))
    try:
        yield environment
    finally:
        if before is not None:
            laptop.dynamodb.put_item(TableName=table, Item=before)
            for function in _ROUTED:
                laptop.reconfigure(function)


@contextlib.contextmanager
def held_up(laptop: Laptop, functions: Sequence[str] = _CONSUMERS) -> Iterator[None]:
    """Disable the consumers of the queues for the length of a `with` block."""
    for function in functions:
        laptop.switch(function, on=False)
    try:
        yield
    finally:
        for function in functions:
            laptop.switch(function, on=True)


def _introduce(environment: Environment) -> None:
    laptop = environment.laptop
    client = laptop_stack.VISMA_CLIENT
    laptop.visma.control("PUT", "clients", {client["client_id"]: client["client_secret"]})
    known: list[dict[str, str]] = []
    with contextlib.suppress(Misconfigured):  # a new stack has no routing yet
        known += [
            {"company_id": one.visma.company_id, "tenant_id": one.visma.tenant_id, "name": one.name}
            for one in laptop.routing().companies.values()
        ]
    known += [
        {"company_id": company_id, "tenant_id": _tenant_id(company_id), "name": name}
        for name, company_id in COMPANIES.items()
        if name not in {one["name"] for one in known}
    ]
    laptop.visma.control("PUT", "companies", known)
    name = environment.company.upper()
    laptop.orderful.control("POST", "accounts", {"live": name, "test": environment.ours, "name": environment.company})
    for live, test in ((f"{name}SUP", environment.partner), (f"{name}ALT", environment.other_partner)):
        partner = {"live": live, "test": test, "name": f"supplier of {environment.company}"}
        laptop.orderful.control("POST", "partners", partner)
    laptop.orderful.control("PUT", "pace", {"validation": 0, "delivery": 0, "acknowledgment": 0})


def _tenant_id(company_id: str) -> str:
    return f"8f0c{company_id[-4:]}-5b7a-4c39-9d26-3e1f0a4b5c6d"


def _routing(environment: Environment) -> dict[str, Any]:
    name = environment.company.upper()
    return {
        "companies": {
            environment.company: {
                "name": f"{environment.company} AS",
                "address": {"lines": ["Storgata 1"], "postal_code": "0155", "city": "Oslo", "country": "NO"},
                "visma": {
                    "company_id": environment.company_id,
                    "tenant_id": environment.tenant_id,
                    "time_zone": "Europe/Oslo",
                },
                "orderful": {"isa_id": {"live": name, "test": environment.ours}},
            }
        },
        "defaults": {
            "go_live": "2020-01-01",
            "settle": "0s",
            "on_revision": "replace",
            "on_reopen": "replace",
            "units": {"STK": "each", "KRT": "case", "KG": "kilogram", "L": "litre"},
            "terms": {"30": {"net_days": 30}},
        },
        "partners": {
            "supplier": {
                "company": environment.company,
                "visma": {"supplier": SUPPLIER},
                "orderful": {"isa_id": {"live": f"{name}SUP", "test": environment.partner}},
                "changes": {"quantity": "50%", "header_note": "tell", "order_date": "365d"},
            },
            "other": {
                "company": environment.company,
                "visma": {"supplier": OTHER_SUPPLIER},
                "orderful": {"isa_id": {"live": f"{name}ALT", "test": environment.other_partner}},
            },
        },
    }
