"""Documents of partners: 855 and 824 in answer to ours, and an order of another buyer.

Source: the segments and elements of the 855 are those of public code that writes them for Orderful. The names of the
824 follow Orderful's rule for OrderfulJSON (the X12 names in camelCase).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from testkit.orderful.store import Transaction

Message = dict[str, Any]

TYPES: Final[Mapping[str, str]] = {
    "824": "824_APPLICATION_ADVICE",
    "850": "850_PURCHASE_ORDER",
    "855": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
}
"""X12 number -> type as Orderful names it."""

_DAY: Final = "2026-11-28"
_CODES: Final = {
    "855": {"accepted": ("AD", "IA"), "rejected": ("RD", "IR")},
    "824": {"accepted": ("TA", ""), "rejected": ("TR", "")},
}
"""Kind -> status -> BAK02 and ACK01, or OTI01."""


def answer_to(ours: Transaction, kind: str, *, status: str = "accepted") -> dict[str, Any]:
    """The answer of the receiver of one of our documents, as the arguments of `Inbound.receive`.

    Args:
        ours: What is answered: an order (855), or anything (824).
        kind: `855` or `824`.
        status: `accepted` or `rejected`, of the whole and of every line.

    Raises:
        ValueError: there is no such answer or status.
    """
    if status not in _CODES.get(kind, {}):
        raise ValueError(f"A partner accepts or rejects with an 855 or an 824, not {kind} {status}.")
    codes = _CODES[kind][status]
    body = _acknowledgment(ours, *codes) if kind == "855" else _advice(ours, codes[0])
    header = [{"transactionSetIdentifierCode": kind, "transactionSetControlNumber": "0001"}]
    message = {"transactionSets": [{"transactionSetHeader": header, **body}]}
    parties = {"sender": ours.receiver, "receiver": ours.sender, "stream": ours.stream}
    return {**parties, "transaction_type": TYPES[kind], "message": message}


def foreign_document(kind: str, number: str) -> Message:
    """An order (`850`) of another buyer, in Mosaic.

    Raises:
        ValueError: there is no such document.
    """
    if kind != "850":
        raise ValueError(f"A foreign document is an 850, not {kind}.")
    line = {"purchaseOrderLineId": "1", "quantity": {"value": "3", "unitOfMeasure": "each"}}
    return {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": number,
        "purchaseOrderDate": _DAY,
        "lineItems": [{**line, "unitCostPrice": "10.00", "productIds": {"buyerItemNumber": "77"}}],
    }


def _acknowledgment(ours: Transaction, code: str, line_code: str) -> Message:
    """855: every line of the order with its status."""
    purpose = {"transactionSetPurposeCode": "00", "acknowledgmentTypeCode": code}
    beginning = {**purpose, "purchaseOrderNumber": ours.business_number, "date": _DAY.replace("-", "")}
    items = [line["baselineItemData"][0] for line in ours.transaction_sets[0].get("PO1_loop", ())]
    loops = [
        {
            "baselineItemData": [item],
            "ACK_loop": [{"lineItemAcknowledgment": [{"lineItemStatusCode": line_code, "quantity": item["quantity"]}]}],
        }
        for item in items
    ]
    return {"beginningSegmentForPurchaseOrderAcknowledgment": [beginning], "PO1_loop": loops}


def _advice(ours: Transaction, code: str) -> Message:
    """824: the result of a document in the partner's application; OTI has the number of the document."""
    kind = ours.transaction_type[:3]
    named = {
        "applicationAcknowledgmentCode": code,
        "referenceIdentificationQualifier": "IV" if kind == "810" else "PO",
        "referenceIdentification": ours.business_number,
        "transactionSetIdentifierCode": kind,
    }
    loop: Message = {"originalTransactionIdentification": [named]}
    if code == "TR":
        error = {"applicationErrorConditionCode": "024", "freeFormMessage": "Other Unlisted Reason"}
        loop["TED_loop"] = [{"technicalErrorDescription": [error]}]
    beginning = {"transactionSetPurposeCode": "11", "referenceIdentification": f"A{ours.id}"}
    return {"beginningSegment": [{**beginning, "date": _DAY.replace("-", "")}], "OTI_loop": [loop]}
