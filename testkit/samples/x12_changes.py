"""860s in OrderfulJSON, built from segments."""

from __future__ import annotations

from typing import Any

from connector.domain.order_change.request import ChangeRequest, LineRequest
from connector.edi.order_change.read import read_change


def a_loop(code: str = "QI", *, change: dict[str, Any] | None = None, **segments: Any) -> dict[str, Any]:
    """A `POC_loop`: line 1, with 150 pieces at 12.50; a value of None is left out."""
    written = {
        "assignedIdentification": "1",
        "changeOrResponseTypeCode": code,
        "quantity": "150",
        "compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": "EA"}],
        "unitPrice": "12.50",
        **(change or {}),
    }
    return {"lineItemChange": [{name: value for name, value in written.items() if value is not None}], **segments}


def a_set(*loops: Any, header: dict[str, Any] | None = None, **segments: Any) -> dict[str, Any]:
    """The transaction set of an 860 for order 500123."""
    written = {
        "transactionSetPurposeCode": "04",
        "purchaseOrderTypeCode": "SA",
        "purchaseOrderNumber": "500123",
        "changeOrderSequenceNumber": "2",
        "date": "20260910",
        "date2": "20260912",
        **(header or {}),
    }
    return {
        "transactionSetHeader": [{"transactionSetIdentifierCode": "860"}],
        "beginningSegmentForPurchaseOrderChange": [
            {name: value for name, value in written.items() if value is not None}
        ],
        **({"POC_loop": list(loops)} if loops else {}),
        **segments,
    }


def read(*loops: Any, codes: dict[str, str] | None = None, **segments: Any) -> ChangeRequest:
    """The change request of an 860."""
    return read_change({"transactionSets": [a_set(*loops, **segments)]}, codes=codes or {})


def line(code: str = "QI", *, codes: dict[str, str] | None = None, **segments: Any) -> LineRequest:
    """The line request of an 860 with one line."""
    (one,) = read(a_loop(code, **segments), codes=codes).lines
    return one


def dtm(qualifier: str, day: str = "20261005") -> dict[str, str]:
    """A DTM segment."""
    return {"dateTimeQualifier": qualifier, "date": day}
