"""Parses create requests of the sandbox Orderful: v3 (OrderfulJSON) and v4 (Mosaic)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from testkit.orderful import conversion, mosaic, x12
from testkit.orderful.mosaic import Problem
from testkit.orderful.store import ArgumentError

V4_TYPES: Final[Mapping[str, str]] = {
    "850_PURCHASE_ORDER": "850_PURCHASE_ORDER",
    "855_PURCHASE_ORDER_ACKNOWLEDGMENT": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    "856_SHIP_NOTICE_MANIFEST": "856_SHIP_NOTICE_MANIFEST",
    "810_INVOICE": "810_INVOICE",
    "846_INVENTORY_ADVICE": "846_INVENTORY_INQUIRY_ADVICE",
    "860_PURCHASE_ORDER_CHANGE": "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
}
"""Transaction type in v4 create requests -> in relationships and lists."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A valid create request.

    Attributes:
        version: `v3` or `v4`.
        transaction_type: The type in relationships.
        stream: `TEST` or `LIVE`.
        sender: ISA id.
        receiver: ISA id.
        business_number: Derived from the document.
        problems: The validation errors of the document.
        transaction_sets: The document as OrderfulJSON; a Mosaic document is converted.
        request: The body.
    """

    version: str
    transaction_type: str
    stream: str
    sender: str
    receiver: str
    business_number: str
    problems: list[Problem]
    transaction_sets: list[Any]
    request: dict[str, Any]


def read_v4(body: Any) -> Posted:
    """Read the body of `POST /transactions`.

    Raises:
        ArgumentError: the request is no create request; an invalid message is accepted.
    """
    fields = _fields(body, {"type", "stream", "senderId", "receiverId", "message"})
    kind, stream = fields["type"], fields["stream"]
    if kind not in V4_TYPES:
        raise ArgumentError(("type", f"type must be one of {', '.join(sorted(V4_TYPES))}"))
    if stream not in {"test", "live"}:
        raise ArgumentError(("stream", "stream must be one of test, live"))
    for name in ("senderId", "receiverId"):
        _check_isa_id(name, fields[name])
    message = fields["message"]
    return Posted(
        "v4",
        V4_TYPES[kind],
        stream.upper(),
        fields["senderId"],
        fields["receiverId"],
        mosaic.business_number(kind, message),
        mosaic.problems(kind, message),
        conversion.transaction_sets(kind, message),
        fields,
    )


def read_v3(body: Any) -> Posted:
    """Read the body of `POST /v3/transactions`.

    Raises:
        ArgumentError: the request is no create request; an invalid document is accepted.
    """
    fields = _fields(body, {"type", "stream", "sender", "receiver", "message"})
    kind = _fields(fields["type"], {"name"})["name"]
    sender, receiver = (_fields(fields[name], {"isaId"})["isaId"] for name in ("sender", "receiver"))
    if fields["stream"] not in {"TEST", "LIVE"}:
        raise ArgumentError(("stream", "stream must be one of TEST, LIVE"))
    for name, isa_id in (("sender.isaId", sender), ("receiver.isaId", receiver)):
        _check_isa_id(name, isa_id)
    if not isinstance(kind, str):
        raise ArgumentError(("type.name", "type.name must be a string"))
    sets = _fields(fields["message"], {"transactionSets"})["transactionSets"]
    if not isinstance(sets, list) or not sets:
        raise ArgumentError(("message", "message.transactionSets must be an array with at least one element"))
    return Posted(
        "v3",
        kind,
        fields["stream"],
        sender,
        receiver,
        x12.business_number(kind, sets),
        x12.problems(kind, sets),
        sets,
        fields,
    )


def _fields(body: Any, names: set[str]) -> dict[str, Any]:
    """The body, if it has exactly these fields."""
    if not isinstance(body, dict):
        raise ArgumentError(("body", "must be a JSON object"))
    wrong = [(name, f"property {name} should not exist") for name in body if name not in names]
    wrong += [(name, f"{name} should not be empty") for name in sorted(names) if name not in body]
    if wrong:
        raise ArgumentError(*wrong)
    return body


def _check_isa_id(name: str, isa_id: Any) -> None:
    if not isinstance(isa_id, str) or not 1 <= len(isa_id) <= 35:
        raise ArgumentError(
            (name, f"{name} must be longer than or equal to 1 and shorter than or equal to 35 characters")
        )
