"""The 860s that partners write: another quantity for lines of an order, as Mosaic or as OrderfulJSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_X12_UNITS = {"KRT": "CA", "KG": "KG", "STK": "EA"}
_MOSAIC_UNITS = {"KRT": "case", "STK": "each"}


def mosaic(
    order: Mapping[str, Any], quantities: Mapping[int, float | None], *, note: str = "", sequence: int = 1
) -> dict[str, Any]:
    """An 860 in Mosaic.

    Args:
        order: The order as Visma shows it.
        quantities: What is wanted, by line number; Mosaic takes no line out.
        note: What it tells besides.
        sequence: BCH05, which change of the order it is.
    """
    lines = []
    for number, quantity in quantities.items():
        if quantity is None:
            raise ValueError(f"Mosaic cannot say that line {number} is taken out.")
        line = line_of(order, number)
        unit = _MOSAIC_UNITS[line["uom"]]
        lines.append(
            {
                "purchaseOrderLineId": str(number),
                "changeReason": "quantityChange",
                "originalQuantity": {"value": _text(line["orderQty"]), "unitOfMeasure": unit},
                "quantity": {"value": _text(quantity), "unitOfMeasure": unit},
                "productIds": {"buyerItemNumber": line["inventory"]["number"]},
            }
        )
    return {
        "purpose": "change",
        "purchaseOrderNumber": order["orderNbr"],
        "purchaseOrderDate": order["date"][:10],
        "purchaseOrderChangeDate": order["date"][:10],
        "changeSequenceNumber": f"{sequence:03}",
        **({"notes": {"general": {"text": [note]}}} if note else {}),
        "lineItems": lines,
    }


def x12(
    order: Mapping[str, Any], quantities: Mapping[int, float | None], *, note: str = "", sequence: int = 1
) -> dict[str, Any]:
    """The same as OrderfulJSON, the X12 segments by name; a line without a quantity is taken out."""
    day = order["date"][:10].replace("-", "")
    loops = []
    for number, quantity in quantities.items():
        line = line_of(order, number)
        change: dict[str, Any] = {
            "assignedIdentification": str(number),
            "changeOrResponseTypeCode": "DI" if quantity is None else "QI",
            "compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": _X12_UNITS[line["uom"]]}],
            "productServiceIDQualifier": "BP",
            "productServiceID": line["inventory"]["number"],
        }
        if quantity is not None:
            change["quantity"] = _text(quantity)
        loops.append({"lineItemChange": [change]})
    header = {
        "transactionSetPurposeCode": "04",
        "purchaseOrderTypeCode": "SA",
        "purchaseOrderNumber": order["orderNbr"],
        "changeOrderSequenceNumber": str(sequence),
        "date": day,
        "date2": day,
    }
    return {
        "transactionSets": [
            {
                "transactionSetHeader": [
                    {"transactionSetIdentifierCode": "860", "transactionSetControlNumber": "0001"}
                ],
                "beginningSegmentForPurchaseOrderChange": [header],
                **({"N9_loop": [{"messageText": [{"freeFormMessageText": note}]}]} if note else {}),
                "POC_loop": loops,
            }
        ]
    }


def line_of(order: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A line of an order in Visma.

    Raises:
        StopIteration: the order has no such line.
    """
    found: dict[str, Any] = next(line for line in order["lines"] if line["lineNbr"] == number)
    return found


def _text(quantity: float) -> str:
    return format(Decimal(str(quantity)).normalize(), "f")
