"""The parties of a document with their roles, as a partner sees them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from connector.domain.documents import Address, BusinessDocument, Contact, Party, PurchaseOrder
from connector.domain.routing.route import Identity, Route

_GLN = re.compile(r"\d{13}", re.ASCII)


class Role(StrEnum):
    """The role of a party in a document."""

    BUYER = "buyer"
    BILL_TO = "bill_to"
    SHIP_TO = "ship_to"
    SELLER = "seller"
    REMIT_TO = "remit_to"


class PartyView(NamedTuple):
    """A party as it is sent.

    Attributes:
        number: Its number in Visma, which we assigned.
    """

    role: Role
    name: str | None
    gln: str | None
    number: str | None
    vat_number: str | None
    address: Address | None
    contact: Contact | None


class KnownParty(NamedTuple):
    """A party without a role, completed from routing."""

    name: str | None
    gln: str | None
    number: str | None
    vat_number: str | None
    address: Address | None
    contact: Contact | None

    def acting_as(self, role: Role) -> PartyView:
        """The party in a role."""
        return PartyView(role=role, **self._asdict())


def known_party(party: Party, identity: Identity) -> KnownParty:
    """Complete a party of a document from routing."""
    return KnownParty(
        name=((party.name or "").strip() or None) or identity.name,
        gln=party.gln or identity.gln,
        number=party.number or party.location,
        vat_number=party.vat_number or identity.vat_number,
        address=party.address or identity.address,
        contact=party.contact or identity.contact,
    )


def our_company(content: BusinessDocument, route: Route) -> KnownParty:
    """Our company, by its identity in routing and the branch of the document."""
    ours = route.company.identity_of(content.branch)
    return KnownParty(
        name=ours.name,
        gln=ours.gln,
        number=content.branch,
        vat_number=ours.vat_number,
        address=ours.address,
        contact=ours.contact,
    )


def order_parties(order: PurchaseOrder, route: Route) -> list[PartyView]:
    """The parties of a purchase order, as the partner sees them."""
    company = our_company(order, route)
    partner = known_party(order.supplier, route.partner_identity)
    if order.kind.facts.we_sell:
        return [company.acting_as(Role.SELLER), partner.acting_as(Role.BUYER), _delivered_to(order, route)]
    return [
        company.acting_as(Role.BUYER),
        company.acting_as(Role.BILL_TO),
        _delivered_to(order, route),
        partner.acting_as(Role.SELLER),
    ]


def _delivered_to(order: PurchaseOrder, route: Route) -> PartyView:
    """The ship-to party of an order.

    If its location is not the main one (routing: `main_locations`), it has the number of the location, because the
    account's number leads to its head office. It has the location's name too, unless the delivery contact has one. A
    place of ours has the GLN or the code in routing (`places`).
    """
    place = order.ship_to
    view = known_party(place, Identity()).acting_as(Role.SHIP_TO)
    names = {name.casefold() for name in (place.location, place.location_name) if name}
    if place.location_name and not names & route.main_locations:
        named = place.contact is not None and place.contact.name not in {None, place.account_name}
        view = view._replace(name=place.name if named else place.location_name, number=place.location or None)
    if not order.ships_to_us:
        return view
    numbers = (number for number in (place.location, place.number) if number)
    code = next((route.company.places[number] for number in numbers if number in route.company.places), None)
    if code is None:
        return view
    return view._replace(gln=code) if _GLN.fullmatch(code) else view._replace(number=code)
