"""Mosaic, Orderful's v4: the request, and whether Mosaic carries a document. What it lacks stands with the kinds."""

from __future__ import annotations

from typing import Any

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.transactions import Dialect, Stream
from connector.edi.canonical import CanonicalDocument
from connector.edi.dialect import Gap, WrittenDialect
from connector.edi.kinds import KINDS

_MAX_LENGTH_AT_ORDERFUL = 35


def first_gap(document: CanonicalDocument) -> Gap | None:
    """The first thing Mosaic cannot carry, with the very field, or None when Mosaic carries everything."""
    for gap in KINDS[document.content.kind].mosaic_gaps:
        found = gap.found(document)
        if found:
            return gap._replace(field=found) if isinstance(found, str) else gap
    return None


def body(document: CanonicalDocument, stream: Stream) -> dict[str, Any]:
    """The body of the create request.

    Raises:
        Parked: an ISA id is none that Orderful takes, or the order type is not mapped.
    """
    content, route = document.content, document.route
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    for isa_id in (sender, receiver):
        if not 1 <= len(isa_id) <= _MAX_LENGTH_AT_ORDERFUL:
            raise Parked(
                f"'{isa_id}' is no ISA id: Orderful takes 1 to {_MAX_LENGTH_AT_ORDERFUL} characters.",
                next_step="Correct orderful.isa_id in the routing file and apply it.",
                field="orderful.isa_id",
                code=Reason.ISA_ID_INVALID,
            )
    return {
        "type": route.transaction_type.value,
        "stream": stream.value,
        "senderId": sender,
        "receiverId": receiver,
        "message": KINDS[content.kind].mosaic(document, content),
    }


MOSAIC = WrittenDialect(name=Dialect.MOSAIC, body=body, first_gap=first_gap)
