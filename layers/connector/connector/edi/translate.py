"""From a document to the request that creates it at Orderful."""

from __future__ import annotations

from typing import Any

from connector.domain.advice import advised, correction
from connector.domain.documents import BusinessDocument
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.route import Route
from connector.domain.totals import reconcile
from connector.domain.transactions import OrderfulRequest, Purpose, Stream, Translation
from connector.edi.canonical import CanonicalDocument, canonical
from connector.edi.dialect import Gap, WrittenDialect
from connector.edi.dialects import DIALECTS
from connector.edi.kinds import KINDS


def translate(content: BusinessDocument, route: Route, *, stream: Stream, purpose: Purpose) -> Translation:
    """Write a document for its partner, in a dialect that carries all of it.

    Dialect `auto` is the first that carries everything: Mosaic, else X12. A dialect that routing pins is never left:
    what it cannot carry parks the document.

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
    dialect = _chosen(document)
    return Translation(
        request=OrderfulRequest.create(dialect.name, _body(dialect, document, stream)),
        dialect=dialect.name,
        transaction_type=route.transaction_type,
        purpose=purpose,
        business_number=KINDS[content.kind].business_number(content),
        partner=route.partner,
        sender_id=route.company.isa_id.on(stream),
        receiver_id=route.partner_isa_id.on(stream),
        stream=stream,
        notes=tuple(document.notes),
    )


def _chosen(document: CanonicalDocument) -> WrittenDialect:
    """The dialect that routing pins, else the first that carries everything.

    Raises:
        Parked: the pinned one cannot carry the document.
    """
    pinned = document.route.dialect.pinned
    if pinned is not None and (gap := _gap(DIALECTS[pinned], document)) is None:
        return DIALECTS[pinned]
    able = next(one for one in DIALECTS.values() if _gap(one, document) is None)
    if pinned is None:
        return able
    assert gap is not None  # noqa: S101
    key = f"partners.{document.route.partner}.dialect"
    raise Parked(
        f"{gap.sentence}; the dialect asked for is {pinned.label} alone.",
        next_step=f"{able.name.label} can carry it: set {key} to auto or {able.name} and apply the file.",
        field=gap.field,
        waits_for=key,
        code=Reason.DIALECT_CANNOT_CARRY,
    )


def _gap(dialect: WrittenDialect, document: CanonicalDocument) -> Gap | None:
    return dialect.first_gap(document) if dialect.first_gap else None


def _body(dialect: WrittenDialect, document: CanonicalDocument, stream: Stream) -> dict[str, Any]:
    try:
        return dialect.body(document, stream)
    except Parked as parked:
        if dialect.first_gap is None:
            _tell_alternative(parked, dialect, document)
        raise


def _tell_alternative(parked: Parked, dialect: WrittenDialect, document: CanonicalDocument) -> None:
    """Tell what another dialect could do, so that nobody tries it in vain."""
    partner = f"partners.{document.route.partner}"
    if parked.waits_for is not None and not parked.waits_for.startswith(f"{partner}.x12."):
        return
    for other in (one for one in DIALECTS.values() if one is not dialect):
        if (gap := _gap(other, document)) is not None:
            parked.sentence = f"{parked.sentence} {other.name.label} is no way out: {gap.sentence}."
            continue
        step = f"Or set {partner}.dialect to auto and apply the file: {other.name.label} can carry this document."
        parked.next_step = f"{parked.next_step or correction(document.content.kind)} {step}"
        parked.waits_for = parked.waits_for or f"{partner}.dialect"
