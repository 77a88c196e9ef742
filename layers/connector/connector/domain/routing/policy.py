"""Which documents are sent: the routing policy for status, type and hold."""

from __future__ import annotations

from connector.domain.advice import BY_HAND
from connector.domain.documents import Invoice, VismaDocument
from connector.domain.errors import Parked
from connector.domain.invoice_types import is_invoice_type, why_never_sent
from connector.domain.reasons import Reason, StatedReason
from connector.domain.routing.route import DO_NOT_SEND, HOLD, UNFINISHED, Route, is_known_status

PATTERN = "StandardBlanket"
"""Visma's "Standard" order: it stays Open, and nothing is received or billed on it (Visma's help on order types)."""

ON_HOLD_IN_VISMA = StatedReason(Reason.ON_HOLD, "It is on hold in Visma; it is sent once it is released.")
"""Why a draft is not sent."""


def is_withdrawn(document: VismaDocument) -> bool:
    """Whether Visma cancelled the order or voided the invoice."""
    return document.content.is_withdrawn


def is_unfinished(document: VismaDocument) -> bool:
    """Whether it is a draft or waits for an approval: it is decided again when that ends."""
    return (document.on_hold or document.status in UNFINISHED) and not is_withdrawn(document)


def is_refused(document: VismaDocument, route: Route) -> bool:
    """Whether the order was not approved in Visma and routing does not send such orders: nobody expects its goods."""
    return document.content.refused and document.status not in route.send_when


def refuse_unknown_type(document: VismaDocument) -> None:
    """Park an invoice of an unknown type; one without a type is an ordinary invoice (Visma: fields may be missing).

    Raises:
        Parked: its type is unknown.
    """
    word = document.document_type
    if isinstance(document.content, Invoice) and word and is_invoice_type(word) is None:
        raise Parked(
            f"The connector does not know its type {word}.",
            document=str(document.key),
            field="documentType",
            next_step=f"{BY_HAND} Install a version of the connector that knows the type.",
            code=Reason.UNKNOWN_DOCUMENT_TYPE,
        )


def hold_reason(document: VismaDocument, route: Route, *, partner_has_it: bool = False) -> StatedReason | None:
    """Why the document is not sent; None when it is.

    The status does not keep back a withdrawn document that the partner has: the partner has to know of it.

    Args:
        document: The document in Visma now.
        route: Its route.
        partner_has_it: An earlier revision reached Orderful.
    """
    if (reason := unsent_reason(document, route)) is not None:
        return reason
    if is_withdrawn(document):
        return None if partner_has_it else _withdrawn_unsent(document)
    # Visma: the hold flag marks a draft, whatever the status is; which other statuses it goes with is not documented.
    is_draft = document.on_hold and document.status != HOLD
    if document.status in route.send_when and not is_draft:
        return None
    if document.on_hold:
        return ON_HOLD_IN_VISMA
    allowed = ", ".join(sorted(route.send_when)) or "no status at all"
    sentence = f"Its status {document.status or '(none)'} is not one of send_when ({allowed})."
    is_known = not document.status or is_known_status(document.key.kind, document.status)
    return StatedReason(Reason.STATUS_NOT_IN_SEND_WHEN if is_known else Reason.UNKNOWN_STATUS, sentence)


def order_types_kept(route: Route) -> tuple[str, ...]:
    """The types of orders that routing keeps from being sent (`order_types`); none for other kinds."""
    types = (one for one in route.kind.facts.types if one != PATTERN)
    return tuple(one for one in types if route.order_types.get(one) == DO_NOT_SEND)


def is_ever_sent(route: Route) -> bool:
    """Whether a document of this kind may be sent to the partner: of some type, in some status."""
    sendable = set(route.kind.facts.types) - {PATTERN}
    return route.send and bool(route.send_when) and not sendable <= set(order_types_kept(route))


def unsent_reason(document: VismaDocument, route: Route) -> StatedReason | None:
    """Why documents of this kind and type are never sent to the partner; None when they may be."""
    content = document.content
    if not route.send:
        sentence = f"Routing says not to send {route.kind} to partner {route.partner} (send: false)."
        return StatedReason(Reason.SEND_OFF, sentence)
    if (reason := never_sent_reason(document)) is not None:
        return reason
    if not isinstance(content, Invoice) and route.order_types.get(content.order_type) == DO_NOT_SEND:
        sentence = f"Routing says not to send orders of the type {content.order_type} (order_types: {DO_NOT_SEND})."
        return StatedReason(Reason.ORDER_TYPE_OFF, sentence)
    return None


def never_sent_reason(document: VismaDocument) -> StatedReason | None:
    """Why no routing sends documents of this type to anybody; None when one may."""
    content = document.content
    if isinstance(content, Invoice):
        return why_never_sent(document.document_type)
    facts = content.kind.facts
    if facts.sends_its_types_only and content.order_type not in facts.types:
        sentence = f"A {facts.noun} of the type {content.order_type} is none that is sent to anybody."
        return StatedReason(Reason.TYPE_NEVER_SENT, sentence)
    if content.order_type == PATTERN:
        sentence = f"A {PATTERN} order is a pattern from which orders are made in Visma; it is never sent."
        return StatedReason(Reason.PATTERN_ORDER, sentence)
    return None


def unrouted_reason(document: VismaDocument, *, partner_has_it: bool = False) -> StatedReason | None:
    """Why a document without a route would not be sent with one either, whatever it says; None when it may be.

    Args:
        document: The document in Visma now, which was never sent from here.
        partner_has_it: A person said that the partner has it from elsewhere.
    """
    if (reason := never_sent_reason(document)) is not None:
        return reason
    if is_withdrawn(document) and not partner_has_it:
        return _withdrawn_unsent(document)
    return ON_HOLD_IN_VISMA if document.on_hold else None


def _withdrawn_unsent(document: VismaDocument) -> StatedReason:
    sentence = f"It is {document.status} in Visma and the partner never had it."
    return StatedReason(Reason.WITHDRAWN_UNSENT, sentence)
