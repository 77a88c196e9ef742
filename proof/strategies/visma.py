"""Visma documents, damaged or generated from the published structures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from connector.domain.documents import Kind
from connector.edi.visma.read import FIELDS
from connector.services.ports import Resource
from proof.strategies.damage import BYTES, MANY_LINES, damaged, with_duplicate_key, with_oversized_values, written
from proof.strategies.filled import filled
from proof.strategies.structures import structure
from testkit.samples.visma_samples import a_credit_note, a_customer_invoice, a_purchase_order, a_supplier_invoice

STAMP = "2026-11-02T08:55:00"
"""The modification time of every document: five minutes before the clock of the fakes, in Visma's zone."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A list of Visma, with a valid row."""

    kind: Kind
    number_field: str
    lines: str
    sound: Callable[..., dict[str, Any]]
    published: str


ORIGINS: Mapping[Resource, Origin] = {
    Resource.PURCHASE_ORDERS: Origin(Kind.PURCHASE_ORDER, "orderNbr", "lines", a_purchase_order, "PurchaseOrderDto"),
    Resource.SUPPLIER_INVOICES: Origin(
        Kind.SUPPLIER_INVOICE, "referenceNumber", "invoiceLines", a_supplier_invoice, "SupplierInvoiceDto"
    ),
    Resource.CUSTOMER_INVOICES: Origin(
        Kind.CUSTOMER_INVOICE, "referenceNumber", "invoiceLines", a_customer_invoice, "CustomerInvoiceDto"
    ),
    Resource.CUSTOMER_CREDIT_NOTES: Origin(
        Kind.CUSTOMER_INVOICE, "referenceNumber", "lines", a_credit_note, "CustomerInvoiceDto"
    ),
    Resource.CUSTOMER_DEBIT_NOTES: Origin(
        Kind.CUSTOMER_INVOICE,
        "referenceNumber",
        "lines",
        partial(a_credit_note, documentType="DebitNote"),
        "CustomerInvoiceDto",
    ),
}
_NAMES = """
    lineNbr lineNumber orderQty quantity uom unitCost unitPrice amount inventory inventoryNumber number id name
    requested promised discountAmount discountPercent lastModifiedDateTime totalCount country vatAmount
"""
READ = FIELDS | frozenset(_NAMES.split())
"""Names of fields that the connector reads."""


@dataclass(frozen=True, slots=True)
class VismaCase:
    """A document of Visma.

    Attributes:
        damage: Names of the damage.
        on_aws: Whether the AWS adapters store the result.
    """

    resource: Resource
    body: bytes
    damage: tuple[str, ...]
    on_aws: bool

    def __repr__(self) -> str:
        """The damage, and the start of the bytes."""
        return f"{self.resource.name} {self.damage} {self.body[:200]!r} ({len(self.body):,} bytes)"


def sound(resource: Resource, number: str) -> bytes:
    """A valid document."""
    origin = ORIGINS[resource]
    return written(origin.sound(**{origin.number_field: number, "lastModifiedDateTime": STAMP}))


@st.composite
def visma_cases(draw: st.DrawFn) -> VismaCase:
    """A damaged or generated document."""
    resource = draw(st.sampled_from(list(ORIGINS)))
    origin = ORIGINS[resource]
    # One in twelve is stored by the AWS adapters, which is slower.
    on_aws = draw(st.sampled_from([False] * 11 + [True]))
    how = draw(st.sampled_from(["values"] * 9 + ["filled"] * 4 + ["lines", "lines", "bytes", "bytes", "twice"]))
    tree = origin.sound(lastModifiedDateTime=STAMP)
    names: list[str] = []
    if how == "filled":
        tree, names = {**tree, **draw(filled(structure("visma.json", origin.published)))}, ["filled in"]
        tree["lastModifiedDateTime"] = draw(st.sampled_from([STAMP, tree["lastModifiedDateTime"]]))
    if how == "lines":
        tree, names = _with_unusual_lines(draw, tree, origin.lines)
    if how in {"values", "twice"} or draw(st.booleans()):
        tree, more = damaged(draw, tree, read=READ, times=draw(st.sampled_from([1, 1, 1, 2, 4, 8])))
        names = [*names, *more]
    body = written(tree)
    if how == "twice":
        name = draw(st.sampled_from(sorted(READ & tree.keys()) or [origin.number_field]))
        body = written(with_duplicate_key(tree, name, draw(st.sampled_from([None, "twice", 7, [], {}]))))
        names.append(f"{name} twice")
    if how == "bytes":
        name = draw(st.sampled_from(list(BYTES)))
        body, names = BYTES[name](draw, body), [*names, name]
    return VismaCase(resource, body, tuple(names), on_aws)


def oversized_documents() -> Iterator[VismaCase]:
    """Documents of each kind, with each field oversized in turn."""
    for resource, origin in ORIGINS.items():
        for path, tree in with_oversized_values(origin.sound(lastModifiedDateTime=STAMP)):
            yield VismaCase(resource, written(tree), (f"{'.'.join(map(str, path))} is a book",), on_aws=False)


def _with_unusual_lines(draw: st.DrawFn, tree: dict[str, Any], field: str) -> tuple[dict[str, Any], list[str]]:
    lines, number = tree[field], "lineNbr" if "lineNbr" in tree[field][0] else "lineNumber"
    name = draw(
        st.sampled_from(
            ["same number"] * 8 + ["no number"] * 8 + ["none"] * 4 + ["many", "many and the same", "many and long"]
        )
    )
    if name == "same number":
        lines = [{**line, number: draw(st.sampled_from([1, 1, "1", 2]))} for line in lines * 2]
    elif name == "no number":
        lines = [{**line, number: draw(st.sampled_from([None, "", 0, -1, "x"]))} for line in lines]
    elif name == "none":
        lines = []
    elif name == "many":
        lines = [{**lines[0], number: count + 1} for count in range(MANY_LINES)]
    elif name == "many and long":
        # With kilograms and a text that X12 has no room for in each of them.
        text = dict.fromkeys(("lineDescription", "description", "transactionDescription"), "Lang tekst " * 20)
        lines = [{**lines[0], **text, "uom": "KG", number: count + 1} for count in range(MANY_LINES)]
    else:
        lines = lines[:1] * MANY_LINES
    return {**tree, field: lines}, [f"lines: {name}"]
