"""Checks the sender of a change, for the functions and for the offline command.

The ids of the envelope, the partners in routing and the supplier of the order have to agree before a change is decided.
"""

from __future__ import annotations

from connector.domain.documents import DocumentKey
from connector.domain.errors import Parked, Rejected
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.record import Change
from connector.domain.reasons import Reason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company, Route
from connector.domain.transactions import Stream


def other_stream(ours: Stream) -> str:
    """Why a transaction of the other stream is refused."""
    return f"This system takes the {ours} stream only."


def company_of(routing: Routing, *, receiver_id: str, sender_id: str, stream: Stream) -> Company:
    """The company that a change is addressed to, if the sender is one of its suppliers.

    Raises:
        Parked: receiver or sender are not mapped, or the sender is a customer.
    """
    names = routing.receivers(receiver_id, sender_id, stream)
    if len(names) != 1:
        known = f"is that of {' and '.join(names)}" if names else "is no company's"
        raise Parked(
            f"The receiver {receiver_id} {known} in the routing.",
            next_step="Give exactly one company this ISA id, apply the routing file, then approve it.",
            waits_for=f"companies.<name>.orderful.isa_id.{stream}: {receiver_id}",
            code=Reason.RECEIVER_UNMAPPED,
        )
    partners = [partner for company, partner in routing.senders(sender_id, stream) if company == names[0]]
    if not partners:
        raise Parked(
            f"The sender {sender_id} is no partner of company {names[0]} in the routing.",
            next_step=Reason.SENDER_UNMAPPED.action,
            waits_for=f"partners.<name>.orderful.isa_id.{stream}: {sender_id}",
            code=Reason.SENDER_UNMAPPED,
        )
    if not any(map(routing.supplies, partners)):
        raise Parked(
            f"Partner {partners[0]} is a customer: its change is about a sales order, which is not written here.",
            next_step=Reason.SENDER_IS_CUSTOMER.action,
            code=Reason.SENDER_IS_CUSTOMER,
        )
    return routing.companies[names[0]]


def owner_of(routing: Routing, change: Change, stream: Stream) -> Company | None:
    """The company of a recorded change, by the routing in force; None when the receiver is still no company's.

    A change that was recorded without a company keeps that key.
    """
    names = routing.receivers(change.receiver_id or "", change.sender_id or "", stream)
    return routing.companies.get(names[0] if len(names) == 1 else change.company)


def route_of(routing: Routing, company: str, has: OrderSnapshot, *, sender_id: str, stream: Stream) -> Route:
    """The route of the order's supplier, who has to be the sender of the change or answer.

    Raises:
        Parked: the supplier is mapped to no partner.
        Rejected: the order is another partner's.
        Misconfigured: a setting of the partner has an invalid value.
    """
    number, supplier = has.content.number, has.content.supplier.number or ""
    route = routing.route(company, has.content.kind, supplier)
    if route.partner_isa_id.on(stream) != sender_id:
        raise Rejected(
            f"Order {number} is for partner {route.partner} (supplier {supplier}); this comes from {sender_id}.",
            document=str(DocumentKey.of_order(company, number)),
            code=Reason.ORDER_OF_ANOTHER_PARTNER,
        )
    return route
