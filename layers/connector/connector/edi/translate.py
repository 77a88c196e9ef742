"""From a document to the request that creates it at Orderful."""

from __future__ import annotations

from typing import Any

from connector.domain.advice import advised, correction
from connector.domain.documents import BusinessDocument, PurchaseOrder
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.route import Route
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, OrderfulRequest, Purpose, Stream, Translation
from connector.edi.canonical import CanonicalDocument, canonical
from connector.edi.mosaic.write.common import Gap, first_gap
from connector.edi.mosaic.write.invoice import invoice
from connector.edi.mosaic.write.purchase_order import purchase_order
from connector.edi.x12.check import isa_ids
from connector.edi.x12.orderful_json import transaction_set
from connector.edi.x12.write.transaction import transaction

_LONGEST_AT_ORDERFUL = 35


def translate(content: BusinessDocument, route: Route, *, stream: Stream, purpose: Purpose) -> Translation:
    """Write a document for its partner, in a dialect that carries all of it.

    Dialect `auto` is Mosaic where Mosaic carries everything, else X12. A dialect that routing pins is never left: what
    it cannot carry parks the document.

    Raises:
        Parked: the sums do not add up, something is not mapped, or the dialect cannot carry it; names the field and,
            where routing can help, the key to add.

    Example:
        >>> from testkit.samples.business_documents import a_route, an_order
        >>> order = an_order()
        >>> sent = translate(order, a_route(order), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
        >>> sent.dialect.value, sent.business_number, sent.request.path
        ('mosaic', '500123', '/transactions')
        >>> line = sent.request.body["message"]["lineItems"][0]
        >>> line["quantity"], line["unitCostPrice"]
        ({'value': '10', 'unitOfMeasure': 'each'}, '12.5')

        A unit that routing does not map parks the document and names the key to add:

        >>> translate(order, a_route(order, units={}), stream=Stream.TEST, purpose=Purpose.ORIGINAL)
        Traceback (most recent call last):
        connector.domain.errors.Parked: Visma's unit STK cannot be translated: it is not mapped. Add defaults.units...
    """
    with advised(content.kind):
        return _translation(content, route, stream=stream, purpose=purpose)


def _translation(content: BusinessDocument, route: Route, *, stream: Stream, purpose: Purpose) -> Translation:
    totals = reconcile(content, route)
    document = canonical(content, route, totals, purpose)
    pinned = route.dialect.pinned
    gap = None if pinned is Dialect.X12 else first_gap(document)
    if pinned is Dialect.MOSAIC and gap is not None:
        raise Parked(
            f"{gap.sentence}; the dialect asked for is Mosaic alone.",
            next_step=f"X12 can carry it: set partners.{route.partner}.dialect to auto or x12 and apply the file.",
            field=gap.field,
            waits_for=f"partners.{route.partner}.dialect",
            code=Reason.DIALECT_CANNOT_CARRY,
        )
    if pinned is Dialect.X12 or gap is not None:
        request = _x12(document, gap, stream)
        dialect = Dialect.X12
    else:
        request = _mosaic(document, stream)
        dialect = Dialect.MOSAIC
    return Translation(
        request=request,
        dialect=dialect,
        transaction_type=route.transaction_type,
        purpose=purpose,
        business_number=content.number,
        partner=route.partner,
        sender_id=route.company.isa_id.on(stream),
        receiver_id=route.partner_isa_id.on(stream),
        stream=stream,
        notes=tuple(document.notes),
    )


def _mosaic(document: CanonicalDocument, stream: Stream) -> OrderfulRequest:
    """Orderful v4: an unversioned path, the version in a header."""
    content, route = document.content, document.route
    sender, receiver = route.company.isa_id.on(stream), route.partner_isa_id.on(stream)
    for isa_id in (sender, receiver):
        if not 1 <= len(isa_id) <= _LONGEST_AT_ORDERFUL:
            raise Parked(
                f"'{isa_id}' is no ISA id: Orderful takes 1 to {_LONGEST_AT_ORDERFUL} characters.",
                next_step="Correct orderful.isa_id in the routing file and apply it.",
                field="orderful.isa_id",
                code=Reason.ISA_ID_INVALID,
            )
    message = purchase_order(document, content) if isinstance(content, PurchaseOrder) else invoice(document, content)
    return OrderfulRequest(
        "POST",
        "/transactions",
        {"Content-Type": "application/json", "orderful-api-version": "v4"},
        {
            "type": route.transaction_type.value,
            "stream": stream.value,
            "senderId": sender,
            "receiverId": receiver,
            "message": message,
        },
    )


def _x12(document: CanonicalDocument, gap: Gap | None, stream: Stream) -> OrderfulRequest:
    """Orderful v3: the version in the path, the type and the parties as objects."""
    route = document.route
    try:
        sender, receiver = isa_ids(route, stream)
        tree = transaction(document)
    except Parked as parked:
        raise _with_alternative(parked, document, gap) from None
    body: dict[str, Any] = {
        "type": {"name": route.transaction_type.value},
        "stream": stream.value.upper(),
        "sender": {"isaId": sender},
        "receiver": {"isaId": receiver},
        "message": {"transactionSets": [transaction_set(tree)]},
    }
    return OrderfulRequest("POST", "/v3/transactions", {"Content-Type": "application/json"}, body)


def _with_alternative(parked: Parked, document: CanonicalDocument, gap: Gap | None) -> Parked:
    """Tell what the other dialect could do, so that nobody tries it in vain."""
    partner = f"partners.{document.route.partner}"
    if parked.waits_for is not None and not parked.waits_for.startswith(f"{partner}.x12."):
        return parked
    gap = gap or first_gap(document)
    if gap is not None:
        parked.sentence = f"{parked.sentence} Mosaic is no way out: {gap.sentence}."
    else:
        step = f"Or set {partner}.dialect to auto and apply the file: Mosaic can carry this document."
        parked.next_step = f"{parked.next_step or correction(document.content.kind)} {step}"
        parked.waits_for = parked.waits_for or f"{partner}.dialect"
    return parked
