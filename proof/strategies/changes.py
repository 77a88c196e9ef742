"""860s in both dialects and in each envelope, damaged or generated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from proof.strategies.damage import BYTES, MANY_LINES, Path, damaged, with_duplicate_key, with_oversized_values, written
from proof.strategies.filled import filled
from proof.strategies.structures import structure

BASE_URL = "https://orderful.invalid"
SENDER, RECEIVER = "ACMEPRODUCET", "NORDICFOODT"
TYPE = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"
_NAMES = """
    purpose purchaseOrderNumber purchaseOrderDate purchaseOrderChangeDate changeSequenceNumber lineItems
    purchaseOrderLineId changeReason quantity value unitOfMeasure originalQuantity changeInQuantity unitCostPrice
    unitPriceBasis productIds buyerItemNumber dates requestedDeliveryDate transactionSets POC_loop lineItemChange
    beginningSegmentForPurchaseOrderChange transactionSetPurposeCode changeOrderSequenceNumber date date2 quantity1
    assignedIdentification changeOrResponseTypeCode compositeUnitOfMeasure unitOrBasisForMeasurementCode unitPrice
    dateTimeReference dateTimeQualifier id transactionId message stream sender receiver isaId senderId receiverId
    delivery deliveryId type name ediTransactionType createdAt href approve fail businessNumber
"""
READ = frozenset(_NAMES.split())
"""Names of fields that the connector reads."""


@dataclass(frozen=True, slots=True)
class ChangeCase:
    """One transaction as Orderful gives it.

    Attributes:
        item: Its bytes in a list or in an answer.
        by_hint: Whether it is received by callback; otherwise by inbox.
        order: Visma's bytes of its order; None for a valid order.
        damage: Names of the damage.
        on_aws: Whether the AWS adapters store the result.
    """

    item: bytes
    by_hint: bool
    order: bytes | None
    damage: tuple[str, ...]
    on_aws: bool

    def __repr__(self) -> str:
        """The damage, and the start of the bytes."""
        way = "hint" if self.by_hint else "inbox"
        order = "" if self.order is None else f" order {self.order[:100]!r}"
        return f"{way} {self.damage} {self.item[:200]!r} ({len(self.item):,} bytes){order}"


def delivery_of(number: int) -> str:
    """The delivery of a transaction."""
    return f"b646771e-a068-4e32-832f-{number:012d}"


def mosaic(order: str, quantity: int) -> dict[str, Any]:
    """An 860 in Mosaic that sets the quantity of line 1."""
    return {
        "purpose": "change",
        "purchaseOrderNumber": order,
        "purchaseOrderDate": "2026-09-15",
        "purchaseOrderChangeDate": "2026-11-02",
        "changeSequenceNumber": "001",
        "buyersCurrency": {"currencyCode": "NOK"},
        "parties": {"buyer": {"identificationCode": "1"}},
        "dates": {"requestedDeliveryDate": "2026-10-02"},
        "notes": {"general": {"text": ["More, please"]}},
        "lineItems": [
            {
                "purchaseOrderLineId": "1",
                "changeReason": "quantityChange",
                "originalQuantity": {"value": "800", "unitOfMeasure": "each"},
                "changeInQuantity": {"value": str(abs(quantity - 800)), "unitOfMeasure": "each"},
                "quantity": {"value": str(quantity), "unitOfMeasure": "each"},
                "unitCostPrice": "10.00",
                "unitPriceBasis": "perEach",
                "productIds": {"buyerItemNumber": "1298"},
                "productAttributes": {"description": "Coffee"},
            }
        ],
    }


def x12(order: str, quantity: int) -> dict[str, Any]:
    """An 860 in OrderfulJSON that sets the quantity of line 1."""
    change = {
        "assignedIdentification": "1",
        "changeOrResponseTypeCode": "QI" if quantity > 800 else "QD",
        "quantity": str(quantity),
        "compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": "EA"}],
        "unitPrice": "10.00",
        "basisOfUnitPriceCode": "PE",
        "productServiceIDQualifier": "BP",
        "productServiceID": "1298",
    }
    header = {
        "transactionSetPurposeCode": "04",
        "purchaseOrderTypeCode": "SA",
        "purchaseOrderNumber": order,
        "changeOrderSequenceNumber": "1",
        "date": "20260915",
        "date2": "20261102",
    }
    return {
        "transactionSets": [
            {
                "transactionSetHeader": [{"transactionSetIdentifierCode": "860"}],
                "beginningSegmentForPurchaseOrderChange": [header],
                "currency": [{"entityIdentifierCode": "BY", "currencyCode": "NOK"}],
                "dateTimeReference": [{"dateTimeQualifier": "002", "date": "20261002"}],
                "N1_loop": [
                    {
                        "partyIdentification": [
                            {
                                "entityIdentifierCode": "BY",
                                "identificationCodeQualifier": "92",
                                "identificationCode": "1",
                            }
                        ]
                    }
                ],
                "POC_loop": [{"lineItemChange": [change], "PID_loop": []}],
                "CTT_loop": [{"transactionTotals": [{"numberOfLineItems": "1"}]}],
            }
        ]
    }


def _links(number: int) -> dict[str, Any]:
    path = f"{BASE_URL}/transactions/{number}/deliveries/{delivery_of(number)}"
    return {"approve": {"href": f"{path}/accept"}, "fail": {"href": f"{path}/fail"}}


def v3(number: int, message: Any) -> dict[str, Any]:
    """A transaction of v3."""
    return {
        "id": str(number),
        "version": "v3",
        "type": {"name": TYPE},
        "stream": "TEST",
        "sender": {"isaId": SENDER},
        "receiver": {"isaId": RECEIVER},
        "businessNumber": "500123",
        "message": message,
        "createdAt": "2026-11-02T08:00:00.000Z",
        "delivery": {"id": delivery_of(number), **_links(number)},
    }


def inbox_item(number: int, message: Any) -> dict[str, Any]:
    """An item of a v4 inbox."""
    return {
        "id": f"019be412-5a85-714c-8ba6-{number:012d}",
        "transactionId": number,
        "ediTransactionType": TYPE,
        "senderId": SENDER,
        "receiverId": RECEIVER,
        "stream": "test",
        "message": message,
        "delivery": {"deliveryId": delivery_of(number), "transactionId": number, **_links(number)},
    }


def _old_push(number: int, message: Any) -> dict[str, Any]:
    return v3(number, {"content": message, "href": f"{BASE_URL}/v3/transactions/{number}/message"})


def _link_only(number: int, _message: Any) -> dict[str, Any]:
    return v3(number, {"href": f"{BASE_URL}/v3/transactions/{number}/message"})


ENVELOPES: Mapping[str, Callable[[int, Any], dict[str, Any]]] = {
    "v3": v3,
    "inbox": inbox_item,
    "content": _old_push,
    "link": _link_only,
}
ORDER, NUMBER = "500123", 802210972
"""The order of a drawn change, and its transaction."""


def oversized_changes() -> Iterator[ChangeCase]:
    """860s in both dialects and in each envelope, with each field oversized in turn."""
    for shape in (mosaic, x12):
        for path, message in with_oversized_values(shape(ORDER, 900)):
            yield _oversized(inbox_item(NUMBER, message), path)
    for envelope in ENVELOPES.values():
        whole = envelope(NUMBER, mosaic(ORDER, 900))
        for path, item in with_oversized_values(whole):
            if path[:-1] == () or path[0] != "message":
                yield _oversized(item, path)


def _oversized(item: dict[str, Any], path: Path) -> ChangeCase:
    damage = (f"{'.'.join(map(str, path))} is a book",)
    return ChangeCase(written(item), by_hint=False, order=None, damage=damage, on_aws=False)


@st.composite
def change_cases(draw: st.DrawFn, orders: st.SearchStrategy[bytes]) -> ChangeCase:
    """A damaged 860, or a valid one for a damaged order."""
    message: Any = draw(st.sampled_from([mosaic, x12]))(ORDER, draw(st.sampled_from([900, 700, 801])))
    names: list[str] = []
    how = draw(st.sampled_from(["message"] * 8 + ["envelope", "filled", "filled", "filled", "bytes", "lines", "order"]))
    if how == "filled":
        message = {**mosaic(ORDER, 900), **draw(filled(structure("orderful.json", "860_PURCHASE_ORDER_CHANGE")))}
        message["purchaseOrderNumber"] = draw(st.sampled_from([ORDER, message["purchaseOrderNumber"]]))
        names = ["filled in"]
    if how == "lines":
        message, names = _with_many_lines(draw, message)
    if how in {"message", "filled"}:
        message, more = damaged(draw, message, read=READ, times=draw(st.sampled_from([1, 1, 1, 2, 4, 8])))
        names = [*names, *more]
    envelope = draw(st.sampled_from(["inbox", "inbox", "v3", "v3", "content", "link"]))
    item: Any = ENVELOPES[envelope](NUMBER, message)
    if how == "envelope":
        item, more = damaged(draw, item, read=READ, times=draw(st.sampled_from([1, 1, 2, 4])))
        names = [*names, *more]
        if draw(st.booleans()):
            name = draw(st.sampled_from(["id", "transactionId", "message", "delivery", "stream"]))
            item = with_duplicate_key(item, name, draw(st.sampled_from([None, "twice", NUMBER, {}, []])))
            names.append(f"{name} twice")
    body = written(item)
    if how == "bytes":
        name = draw(st.sampled_from(list(BYTES)))
        body, names = BYTES[name](draw, body), [*names, name]
    return ChangeCase(
        item=body,
        by_hint=draw(st.booleans()),
        order=draw(orders) if how == "order" else None,
        damage=(envelope, *names),
        on_aws=draw(st.sampled_from([False] * 11 + [True])),
    )


def _with_many_lines(draw: st.DrawFn, message: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    times = draw(st.sampled_from([2] * 12 + [300] * 4 + [MANY_LINES]))
    alike = draw(st.booleans())
    if "lineItems" in message:
        (line,) = message["lineItems"]
        numbers = ["1" if alike else str(count + 1) for count in range(times)]
        return {**message, "lineItems": [{**line, "purchaseOrderLineId": number} for number in numbers]}, [
            f"{times} lines"
        ]
    (tree,) = message["transactionSets"]
    (loop,) = tree["POC_loop"]
    (change,) = loop["lineItemChange"]
    loops = [
        {**loop, "lineItemChange": [{**change, "assignedIdentification": 1 if alike else count + 1}]}
        for count in range(times)
    ]
    return {"transactionSets": [{**tree, "POC_loop": loops}]}, [f"{times} lines"]
