"""X12 as Orderful's v3 takes it: the parties and the type as objects. What X12 cannot hold is told while writing."""

from __future__ import annotations

from typing import Any

from connector.domain.transactions import Dialect, Stream
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialect import WrittenDialect
from connector.edi.x12.check import isa_ids
from connector.edi.x12.orderful_json import transaction_set
from connector.edi.x12.write.transaction import transaction


def body(document: CanonicalDocument, stream: Stream) -> dict[str, Any]:
    """The body of the create request.

    Raises:
        Parked: X12 cannot hold the document.
    """
    sender, receiver = isa_ids(document.route, stream)
    return {
        "type": {"name": document.route.transaction_type.value},
        "stream": stream.value.upper(),
        "sender": {"isaId": sender},
        "receiver": {"isaId": receiver},
        "message": {"transactionSets": [transaction_set(transaction(document))]},
    }


X12 = WrittenDialect(name=Dialect.X12, body=body)
