"""What partners answer to what we sent, and what they send to others: 855, 865, 824, 997 and foreign documents.

Confidence: the segments and elements of the 855 are those of public code that writes them for Orderful, the Mosaic 855
is Orderful's published structure. The names of 865, 824 and 997 follow Orderful's rule for OrderfulJSON (the X12 names
in camelCase), and no published structure has them in Mosaic. That a 997 comes as a transaction of its own is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from testkit.orderful.conversion import UNITS
from testkit.orderful.filed import lines_of
from testkit.orderful.store import Transaction
from testkit.orderful.words import LEVELS

Message = dict[str, Any]

TYPES: Final[Mapping[str, str]] = {
    "810": "810_INVOICE",
    "824": "824_APPLICATION_ADVICE",
    "850": "850_PURCHASE_ORDER",
    "855": "855_PURCHASE_ORDER_ACKNOWLEDGMENT",
    "856": "856_SHIP_NOTICE_MANIFEST",
    "865": "865_PURCHASE_ORDER_CHANGE_ACKNOWLEDGMENT_REQUEST_SELLER_INITIATED",
    "997": "997_FUNCTIONAL_ACKNOWLEDGMENT",
}
"""X12 number -> type as Orderful names it."""

VERDICTS: Final = ("accepted", "changed", "rejected")
_DAY: Final = "2026-11-28"
_LINE_CODES: Final = {"accepted": "IA", "changed": "IQ", "rejected": "IR"}
_HEADER_CODES: Final = {"accepted": "AD", "changed": "AC", "rejected": "RD"}
_ADVICE_CODES: Final = {"accepted": "TA", "changed": "TC", "rejected": "TR"}
_SYNTAX_CODES: Final = {"accepted": "A", "changed": "E", "rejected": "R"}
_UNIT_WORDS: Final = {code: word for word, code in UNITS.items()}


def answer_to(
    ours: Transaction,
    kind: str,
    *,
    form: str = "x12",
    verdict: str = "accepted",
    lines: Mapping[str, str] | None = None,
    code: str | None = None,
    qualifier: str | None = None,
) -> dict[str, Any]:
    """The answer of the receiver of one of our documents, as the arguments of `Inbound.receive`.

    Args:
        ours: What is answered: an order or a change (855, 865), or anything (824, 997).
        kind: `855`, `865`, `824` or `997`.
        form: `x12`, or for an 855 `mosaic`.
        verdict: Of the whole: one of `VERDICTS`. An 824 that is `changed` accepts with changes, a 997 with errors.
        lines: Line of ours -> verdict, for 855 and 865; others have the verdict of the whole. Of a changed line one
            less is confirmed.
        code: BAK02, BCA02, OTI01 or AK501 where another one than that of the verdict is meant.
        qualifier: OTI02; default PO for orders and IV for invoices.

    Raises:
        ValueError: there is no such answer, form, verdict or line.
    """
    wanted = {str(line): str(word) for line, word in (lines or {}).items()}
    rows = lines_of(ours.transaction_sets)
    if kind not in {"855", "865", "824", "997"} or form not in ({"x12", "mosaic"} if kind == "855" else {"x12"}):
        raise ValueError(
            f"A partner answers with an 855 in x12 or mosaic, an 865, 824 or 997 in x12, not {kind} {form}."
        )
    if {verdict, *wanted.values()} - set(VERDICTS):
        raise ValueError(f"A verdict is {', '.join(VERDICTS)}.")
    if wanted.keys() - {str(row["line"]) for row in rows}:
        raise ValueError(f"Transaction {ours.id} has no line {', '.join(sorted(wanted))}.")
    judged = [(row, wanted.get(str(row["line"]), verdict)) for row in rows]
    if kind == "855" and form == "mosaic":
        message = _mosaic_855(ours, verdict, judged)
    elif kind in {"855", "865"}:
        message = _sets(kind, _order_answer(ours, kind, code or _HEADER_CODES[verdict], judged))
    elif kind == "824":
        message = _sets(kind, _advice(ours, code or _ADVICE_CODES[verdict], qualifier))
    else:
        message = _sets(kind, _syntax(ours, code or _SYNTAX_CODES[verdict]))
    parties = {"sender": ours.receiver, "receiver": ours.sender, "stream": ours.stream}
    return {**parties, "transaction_type": TYPES[kind], "message": message}


def foreign_document(kind: str, number: str, *, form: str = "mosaic") -> Message:
    """A business document of somebody else: an `850`, `810` or `856` in `mosaic` or `x12`.

    Raises:
        ValueError: there is no such document.
    """
    found = _FOREIGN.get((kind, form))
    if found is None:
        raise ValueError(f"A foreign document is an 850, 810 or 856 in mosaic or x12, not {kind} {form}.")
    return found(number)


def _sets(kind: str, body: Message) -> Message:
    header = [{"transactionSetIdentifierCode": kind, "transactionSetControlNumber": "0001"}]
    return {"transactionSets": [{"transactionSetHeader": header, **body}]}


def _confirmed(row: Mapping[str, Any], verdict: str) -> str:
    quantity = Decimal(row["quantity"] or 0)
    return str(quantity - 1 if verdict == "changed" else quantity)


def _order_answer(ours: Transaction, kind: str, code: str, judged: list[tuple[Message, str]]) -> Message:
    purpose = {"transactionSetPurposeCode": "00" if kind == "855" else "04", "acknowledgmentTypeCode": code}
    beginning = {**purpose, "purchaseOrderNumber": ours.business_number, "date": _DAY.replace("-", "")}
    segment = "" if kind == "855" else "Change"
    loops = []
    for row, verdict in judged:
        unit = {"unitOrBasisForMeasurementCode": row["unit"]} if row["unit"] else {}
        item = {"assignedIdentification": row["line"], "quantity": row["quantity"], **unit}
        if row["price"]:
            item["unitPrice"] = row["price"]
        for position, (name, value) in enumerate(row["ids"].items()):
            suffix = str(position or "")
            item |= {f"productServiceIDQualifier{suffix}": name, f"productServiceID{suffix}": value}
        if kind == "865":
            item["changeOrResponseTypeCode"] = {"accepted": "NC", "changed": "QD", "rejected": "DI"}[verdict]
        acknowledged = {"lineItemStatusCode": _LINE_CODES[verdict], "quantity": _confirmed(row, verdict), **unit}
        name = "baselineItemData" if kind == "855" else "lineItemChange"
        loops.append({name: [item], "ACK_loop": [{"lineItemAcknowledgment": [acknowledged]}]})
    return {
        f"beginningSegmentForPurchaseOrder{segment}Acknowledgment": [beginning],
        "PO1_loop" if kind == "855" else "POC_loop": loops,
        "CTT_loop": [{"transactionTotals": [{"numberOfLineItems": str(len(loops))}]}],
    }


def _mosaic_855(ours: Transaction, verdict: str, judged: list[tuple[Message, str]]) -> Message:
    items = []
    for row, word in judged:
        unit = _UNIT_WORDS.get(row["unit"] or "")
        quantity = {"value": _confirmed(row, word), **({"unitOfMeasure": unit} if unit else {})}
        action: Message = {"status": "rejected" if word == "rejected" else "accepted", "quantity": quantity}
        if word == "rejected":
            action["statusReasonCode"] = "outOfStock"
        items.append({"purchaseOrderLineId": row["line"], "actions": [action]})
    status = "rejected" if verdict == "rejected" else "accepted"
    return {"purchaseOrderNumber": ours.business_number, "status": status, "lineItems": items}


def _advice(ours: Transaction, code: str, qualifier: str | None) -> Message:
    """824: what the partner's application makes of a document, which OTI names by its number."""
    kind = ours.transaction_type[:3]
    named = {
        "applicationAcknowledgmentCode": code,
        "referenceIdentificationQualifier": qualifier or ("IV" if kind == "810" else "PO"),
        "referenceIdentification": ours.business_number,
        "transactionSetIdentifierCode": kind,
    }
    loop: Message = {"originalTransactionIdentification": [named]}
    if code[-1] in "RE":
        error = {"applicationErrorConditionCode": "024", "freeFormMessage": "Other Unlisted Reason"}
        loop["TED_loop"] = [{"technicalErrorDescription": [error]}]
    beginning = {"transactionSetPurposeCode": "11", "referenceIdentification": f"A{ours.id}"}
    return {"beginningSegment": [{**beginning, "date": _DAY.replace("-", "")}], "OTI_loop": [loop]}


def _syntax(ours: Transaction, code: str) -> Message:
    """997: it names what it answers by the control numbers alone."""
    kind = ours.transaction_type[:3]
    numbers = {one["type"]: one["value"] for one in ours.reference_identifiers()}
    group, transaction = (numbers[level.upper()] for level in LEVELS[1:])
    answered = {"transactionSetIdentifierCode": kind, "transactionSetControlNumber": transaction}
    taken = "1" if code in {"A", "E"} else "0"
    return {
        "functionalGroupResponseHeader": [
            {"functionalIdentifierCode": {"810": "IN", "850": "PO"}.get(kind, "PC"), "groupControlNumber": group}
        ],
        "AK2_loop": [
            {
                "transactionSetResponseHeader": [answered],
                "transactionSetResponseTrailer": [{"transactionSetAcknowledgmentCode": code}],
            }
        ],
        "functionalGroupResponseTrailer": [
            {
                "functionalGroupAcknowledgeCode": code,
                "numberOfTransactionSetsIncluded": "1",
                "numberOfReceivedTransactionSets": "1",
                "numberOfAcceptedTransactionSets": taken,
            }
        ],
    }


def _foreign_850(number: str) -> Message:
    line = {"purchaseOrderLineId": "1", "quantity": {"value": "3", "unitOfMeasure": "each"}}
    return {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": number,
        "purchaseOrderDate": _DAY,
        "lineItems": [{**line, "unitCostPrice": "10.00", "productIds": {"buyerItemNumber": "77"}}],
    }


def _foreign_810(number: str) -> Message:
    line = {"purchaseOrderLineId": "1", "quantityInvoiced": {"value": "3", "unitOfMeasure": "each"}}
    item = {**line, "unitPrice": "10.00", "productIds": {"vendorItemNumber": "77"}}
    return {"invoiceNumber": number, "invoiceDate": _DAY, "lineItems": [item], "invoiceTotal": "30.00"}


def _foreign_856(number: str) -> Message:
    item = {"purchaseOrderLineId": "1", "quantityShipped": {"value": "3", "unitOfMeasure": "each"}}
    order = {"purchaseOrderNumber": number, "items": [item]}
    return {"purpose": "original", "shipmentId": f"S{number}", "dates": {"shipDate": _DAY}, "orders": [order]}


def _x12_850(number: str) -> Message:
    kind = {"transactionSetPurposeCode": "00", "purchaseOrderTypeCode": "SA"}
    beginning = {**kind, "purchaseOrderNumber": number, "date": _DAY.replace("-", "")}
    line = {"assignedIdentification": "1", "quantity": "3", "unitOrBasisForMeasurementCode": "EA", "unitPrice": "10"}
    item = {"baselineItemData": [{**line, "productServiceIDQualifier": "BP", "productServiceID": "77"}]}
    return _sets("850", {"beginningSegmentForPurchaseOrder": [beginning], "PO1_loop": [item]})


def _x12_810(number: str) -> Message:
    beginning = {"date": _DAY.replace("-", ""), "invoiceNumber": number, "transactionTypeCode": "DI"}
    line = {"assignedIdentification": "1", "quantityInvoiced": "3", "unitOrBasisForMeasurementCode": "EA"}
    item = {"baselineItemDataInvoice": [{**line, "unitPrice": "10"}]}
    totals = {"totalMonetaryValueSummary": [{"amount": "3000"}]}
    return _sets("810", {"beginningSegmentForInvoice": [beginning], "IT1_loop": [item], **totals})


def _x12_856(number: str) -> Message:
    kind = {"transactionSetPurposeCode": "00", "shipmentIdentification": f"S{number}"}
    levels: list[Message] = [
        {"hierarchicalLevel": [{"hierarchicalIDNumber": "1", "hierarchicalLevelCode": "S"}]},
        {
            "hierarchicalLevel": [{"hierarchicalIDNumber": "2", "hierarchicalLevelCode": "O"}],
            "purchaseOrderReference": [{"purchaseOrderNumber": number}],
        },
    ]
    beginning = {**kind, "date": _DAY.replace("-", ""), "time": "0800"}
    return _sets("856", {"beginningSegmentForShipNotice": [beginning], "HL_loop": levels})


_FOREIGN: Final = {
    ("850", "mosaic"): _foreign_850,
    ("810", "mosaic"): _foreign_810,
    ("856", "mosaic"): _foreign_856,
    ("850", "x12"): _x12_850,
    ("810", "x12"): _x12_810,
    ("856", "x12"): _x12_856,
}
