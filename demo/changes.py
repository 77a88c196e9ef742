"""The last act of the demo: partners change orders (860), and one who is no partner tries to.

Every change says beforehand how it must end, how often its order may be written, and what the order must say then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.change_requests import line_of, mosaic, x12
from demo.scenario import Expected

LOFOTEN, NORRLANDSKA, OURS = "LOFOTENSJOT", "NORRLMEJT", "FJORDMATNOT"
COMPANY = "fjordmat-no"
NOTE = "Porten på baksiden er stengt denne uken"
"""What partners tell besides; a person may read it, a log must not hold it."""

FORGED_ID = "999999999"
"""A transaction that Orderful never heard of."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """An 860 of the scenario.

    Attributes:
        name: For the table.
        order: The order it changes.
        sender: The partner's ISA id on the test stream.
        message: The document.
        ends: State in which the change must end.
        writes: How often Visma must have taken a PUT of the order.
        quantities: What the lines of the order must say in the end, by line number; None for a line that is gone.
        channels: How Orderful hands it over.
        types: Its type, when it is no 860.
    """

    name: str
    order: str
    sender: str
    message: dict[str, Any]
    ends: str
    writes: int
    quantities: dict[int, float | None]
    channels: tuple[str, ...] = ("inbox",)
    types: dict[str, str] = field(default_factory=dict)


def requests(documents: Sequence[Expected]) -> list[ChangeRequest]:
    """The changes of the scenario; sets what the documents must then have come to."""
    by_number = {document.number: document for document in documents if document.company == COMPANY}

    def order(number: str) -> Expected:
        return by_number[number]

    plain, far, edited, twice, shaped = (order(number) for number in ("500104", "500106", "500107", "500108", "500123"))
    for document in (plain, edited, twice, shaped):
        document.ends, document.why = "AGREED", "changed by the partner (860): nothing is sent back"
    return [
        ChangeRequest(
            "inside the limits, by inbox",
            plain.number,
            LOFOTEN,
            mosaic(plain.document, {1: _more(plain, 1)}, note=NOTE),
            "APPLIED",
            1,
            {1: _more(plain, 1)},
        ),
        ChangeRequest(
            "three times the quantity",
            far.number,
            LOFOTEN,
            mosaic(far.document, {1: 3 * _quantity(far, 1)}, note=NOTE),
            "PARKED",
            0,
            {1: _quantity(far, 1)},
        ),
        ChangeRequest(
            "while a user edits the order",
            edited.number,
            LOFOTEN,
            mosaic(edited.document, {1: _more(edited, 1)}, note=NOTE),
            "APPLIED",
            1,
            {1: _more(edited, 1)},
        ),
        ChangeRequest(
            "twice by callback, and by inbox",
            twice.number,
            LOFOTEN,
            mosaic(twice.document, {1: _more(twice, 1)}, note=NOTE),
            "APPLIED",
            1,
            {1: _more(twice, 1)},
            channels=("inbox", "webhook"),
        ),
        ChangeRequest(
            "X12-shaped, a line taken out",
            shaped.number,
            NORRLANDSKA,
            x12(shaped.document, {1: _more(shaped, 1), 3: None}),
            "APPLIED",
            1,
            {1: _more(shaped, 1), 3: None},
        ),
    ]


def acknowledgment(documents: Sequence[Expected]) -> ChangeRequest:
    """An 855 that accepts an order: recorded, and nothing else."""
    document = next(one for one in documents if one.number == "500105")
    return ChangeRequest(
        "an acknowledgment (855)",
        document.number,
        LOFOTEN,
        {"purchaseOrderNumber": document.number, "status": "accepted", "lineItems": []},
        "RECORDED",
        0,
        {},
        types={"type": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"},
    )


def forged(documents: Sequence[Expected]) -> dict[str, Any]:
    """A callback that nobody at Orderful sent, with a change that would ruin somebody."""
    document = next(one for one in documents if one.number == "500104")
    return {
        "id": FORGED_ID,
        "type": {"name": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"},
        "stream": "TEST",
        "sender": {"isaId": LOFOTEN},
        "receiver": {"isaId": OURS},
        "message": mosaic(document.document, {1: 9999.0}, note=NOTE),
    }


def _quantity(document: Expected, number: int) -> float:
    return float(line_of(document.document, number)["orderQty"])


def _more(document: Expected, number: int) -> float:
    """A little more, inside the limits of the routing."""
    return _quantity(document, number) + 1
