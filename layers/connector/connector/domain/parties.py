"""Who is who in a document: the parts that parties play, and each as a partner is shown it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from connector.domain.documents import Address, BusinessDocument, Contact, Party, PurchaseOrder
from connector.domain.routes import Identity, Route


class Role(StrEnum):
    """The part a party plays in a document."""

    BUYER = "buyer"
    BILL_TO = "bill_to"
    SHIP_TO = "ship_to"
    SELLER = "seller"
    REMIT_TO = "remit_to"


class PartyView(NamedTuple):
    """A party as it is written.

    Attributes:
        number: What we call it in Visma; always a number that we assigned.
    """

    role: Role
    name: str | None
    gln: str | None
    number: str | None
    vat_number: str | None
    address: Address | None
    contact: Contact | None


class KnownParty(NamedTuple):
    """A party with the gaps of the document filled from routing, before it is given a part to play."""

    name: str | None
    gln: str | None
    number: str | None
    vat_number: str | None
    address: Address | None
    contact: Contact | None

    def acting_as(self, role: Role) -> PartyView:
        """The party in a part."""
        return PartyView(role, *self)


def known_party(party: Party, identity: Identity) -> KnownParty:
    """A party with the gaps of the document filled from routing."""
    return KnownParty(
        ((party.name or "").strip() or None) or identity.name,
        party.gln or identity.gln,
        party.number or party.location,
        party.vat_number or identity.vat_number,
        party.address or identity.address,
        party.contact or identity.contact,
    )


def our_company(content: BusinessDocument, route: Route) -> KnownParty:
    """Our company, by its identity in routing and the branch of the document."""
    ours = route.company.identity
    return KnownParty(ours.name, ours.gln, content.branch, ours.vat_number, ours.address, ours.contact)


def order_parties(order: PurchaseOrder, route: Route) -> list[PartyView]:
    """The parties of a purchase order, as its supplier is shown them."""
    company = our_company(order, route)
    return [
        company.acting_as(Role.BUYER),
        company.acting_as(Role.BILL_TO),
        known_party(order.ship_to, Identity()).acting_as(Role.SHIP_TO),
        known_party(order.supplier, route.partner_identity).acting_as(Role.SELLER),
    ]
