"""The workload of the vendor faults: documents, changes of partners, edits of users.

It is drawn from a seed, with the expected results. None of it may be parked or rejected.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from demo.catalogue import RANGE, credit_note, customer_invoice, purchase_order, supplier_invoice
from demo.change_requests import mosaic, x12
from demo.scenario import COMPANY_IDS

NORWAY, SWEDEN, DENMARK = COMPANY_IDS
LISTS = {
    "purchase_order": "purchaseorder",
    "supplier_invoice": "supplierInvoice",
    "customer_invoice": "customerinvoice",
    "credit_note": "customerCreditNote",
}
RECEIVER = "FJORDMATNOT"

# Company, kind, supplier or customer, its items, its share of twenty.
_DOCUMENT_MIX = (
    (NORWAY, "purchase_order", "50012", ("1298", "1301", "1402", "1611"), 6),
    (NORWAY, "purchase_order", "50020", ("1402", "1407", "1708"), 2),
    (NORWAY, "purchase_order", "50031", ("1811", "1803", "1950"), 1),
    (NORWAY, "purchase_order", "50044", ("1902",), 1),
    (SWEDEN, "purchase_order", "50050", ("1520", "1604", "1708"), 3),
    (NORWAY, "customer_invoice", "10045", ("1298", "1310", "1902"), 2),
    (SWEDEN, "customer_invoice", "20007", ("1520", "1407", "1611"), 1),
    (DENMARK, "customer_invoice", "30003", ("1415", "1708"), 1),
    (NORWAY, "supplier_invoice", "50012", ("1298", "1301", "1402"), 1),
    (NORWAY, "credit_note", "10045", ("1310", "1902"), 2),
)
_FIRST = {"purchase_order": 580_000, "supplier_invoice": 980_000, "customer_invoice": 180_000, "credit_note": 1_000}
_CHANGED_FROM = 570_000
_SENDERS = {"50012": "LOFOTENSJOT", "50020": "NORRLMEJT"}


@dataclass(slots=True)
class WorkItem:
    """A document and its edits.

    Attributes:
        company: Routing name.
        list: The Visma list it belongs to.
        number: The number in Visma.
        document: The initial document.
        edits: The material edits of users, in order.
        seen: Field of the document -> its final value by an edit.
    """

    company: str
    kind: str
    number: str
    document: dict[str, Any]
    edits: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def list(self) -> str:
        """The Visma list it belongs to."""
        return LISTS[self.kind]

    @property
    def key(self) -> str:
        """The document key: `company/kind/number`."""
        if self.kind == "credit_note":
            return f"{self.company}/customer_invoice/CreditNote:{self.number}"
        return f"{self.company}/{self.kind}/{self.number}"

    @property
    def is_order(self) -> bool:
        """Whether it is a purchase order."""
        return self.kind == "purchase_order"


@dataclass(slots=True)
class ChangeRequest:
    """A change that a partner requests.

    Attributes:
        item: The order.
        sender: The partner's ISA id.
        message: The 860.
        channels: The channels of its delivery.
        quantities: The final quantities, by line number.
        note: Its note, which no log may have.
        meanwhile: The edits of a user immediately before the write, one for each try.
        seen: Field of the order -> its final value by an edit.
        material: Whether the edits are material.
    """

    item: WorkItem
    sender: str
    message: dict[str, Any]
    channels: tuple[str, ...]
    quantities: dict[int, Decimal]
    note: str
    meanwhile: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)
    material: bool = False


def work_items(count: int, seed: int, *, edited: int) -> list[WorkItem]:
    """Documents of every kind; `edited` of them have edits, some two."""
    draw = random.Random(f"documents {seed}")  # noqa: S311 - it draws cases, not secrets
    kinds = [row[:4] for row in _DOCUMENT_MIX for _ in range(row[4])]
    made = []
    for position in range(count):
        company, kind, party, products = kinds[position % len(kinds)]
        made.append(_item(company, kind, party, str(_FIRST[kind] + position), _lines(products, draw)))
    draw.shuffle(made)
    for item in draw.sample(made, edited):
        for _ in range(draw.choice((1, 1, 2))):
            _edit(item, draw)
    return made


def change_requests(count: int, seed: int) -> list[ChangeRequest]:
    """Changes of orders, which must be sent before; every tenth order has two changes."""
    draw = random.Random(f"wishes {seed}")  # noqa: S311 - it draws cases, not secrets
    made: list[ChangeRequest] = []
    position = 0
    while len(made) < count:
        supplier, products = draw.choice((("50012", ("1298", "1402", "1611")), ("50020", ("1402", "1708", "1407"))))
        number = str(_CHANGED_FROM + position)
        lines = [(products[0], str(draw.randrange(8, 30))), (products[1], str(draw.randrange(8, 30)))]
        item = _item(NORWAY, "purchase_order", supplier, number, lines)
        is_changed_twice = position % 10 == 9 and count - len(made) > 1
        sequences = (1, 2) if is_changed_twice else (1,)
        made += [
            _change_request(item, _SENDERS[supplier], sequence, draw, only_inbox=is_changed_twice)
            for sequence in sequences
        ]
        _meanwhile(made[-1], position, draw)
        if is_changed_twice:
            made[-2].quantities = made[-1].quantities
        position += 1
    return made


def _item(company: str, kind: str, party: str, number: str, lines: list[tuple[str, str]]) -> WorkItem:
    if kind == "purchase_order":
        document = purchase_order(number, party, lines, description=f"Bestilling {number} etter avtale med innkjøp")
    elif kind == "supplier_invoice":
        document = supplier_invoice(number, party, lines, order=f"7{number}")
    elif kind == "customer_invoice":
        document = customer_invoice(number, party, lines)
    else:
        number = f"CN8{number}"
        document = credit_note(number, party, lines)
    return WorkItem(company, kind, number, document)


def _lines(products: tuple[str, ...], draw: random.Random) -> list[tuple[str, str]]:
    chosen = draw.sample(products, draw.randint(1, len(products)))
    return [(item, f"{draw.randrange(6, 40)}{'.5' if RANGE[item].unit in {'KG', 'L'} else ''}") for item in chosen]


def _edit(item: WorkItem, draw: random.Random) -> None:
    """Add a material edit with a new value."""
    if item.is_order:
        quantity = item.document["lines"][0]["orderQty"] + 1 + len(item.edits) * 5 + draw.randrange(4)
        item.edits.append(_order_line(1, quantity))
        item.seen["lines.1.orderQty"] = quantity
    else:
        name = "supplierReference" if item.kind == "supplier_invoice" else "customerRefNumber"
        item.edits.append({name: f"REF-{item.number}-{len(item.edits) + 2}"})
        item.seen.update(item.edits[-1])


def _order_line(number: int, quantity: float) -> dict[str, Any]:
    line = {"operation": "Update", "lineNumber": {"value": number}, "orderQty": {"value": quantity}}
    return {"lines": [line]}


def _change_request(
    item: WorkItem, sender: str, sequence: int, draw: random.Random, *, only_inbox: bool
) -> ChangeRequest:
    """A change that increases the quantity of the first line by one."""
    line, *others = item.document["lines"]
    quantity = line["orderQty"] + sequence
    order = {**item.document, "lines": [{**line, "orderQty": quantity - 1}, *others]}
    note = f"Kranbil må bestilles særskilt for {item.number}, endring {sequence}"
    shape = x12 if draw.random() < 0.3 else mosaic
    # The second change of an order must not arrive before the first: it would wait for ten minutes.
    ways: tuple[tuple[str, ...], ...] = (("inbox",), ("webhook",), ("inbox", "webhook"))
    channels = ("inbox",) if only_inbox else draw.choice(ways)
    message = shape(order, {1: quantity}, note=note, sequence=sequence)
    return ChangeRequest(item, sender, message, channels, {1: Decimal(str(quantity))}, note)


def _meanwhile(request: ChangeRequest, position: int, draw: random.Random) -> None:
    """Add the concurrent edits of a user: none, one, or several."""
    marks = [{"customStr1": {"value": f"bruker {number}"}} for number in range(1, 7)]
    other = request.item.document["lines"][1]["orderQty"]
    storm = (0, 1, 0, 3, 1, 0, 6, 1, 3, 0)[position % 10]
    if not storm:
        return
    request.meanwhile = list(marks[:storm])
    request.seen["customStr1"] = f"bruker {storm}"
    if position % 3 == 1:
        quantity = other + 2 + draw.randrange(9)
        request.meanwhile[-1] = {**request.meanwhile[-1], **_order_line(2, quantity)}
        request.seen["lines.2.orderQty"], request.material = quantity, True
