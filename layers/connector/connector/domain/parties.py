"""The parties of a document with their roles, as a partner sees them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from msgspec.structs import replace

from connector.domain.documents import Address, BusinessDocument, Contact, Party, PurchaseOrder
from connector.domain.routing.route import Identity, Route

_GLN = re.compile(r"\d{13}", re.ASCII)
_UNKNOWN = Identity()


PLACE_WORDS = ("location", "warehouse", "branch")
"""What may stand before the number in a key of `places` (`warehouse/3`): Visma numbers each of them by itself."""


class Role(StrEnum):
    """The role of a party in a document."""

    BUYER = "buyer"
    BILL_TO = "bill_to"
    SHIP_TO = "ship_to"
    SELLER = "seller"
    REMIT_TO = "remit_to"

    # That of an enumeration is a function in Python, and roles are part of what documents are remembered by.
    __hash__ = str.__hash__


class PartyView(NamedTuple):
    """A party as it is sent.

    Attributes:
        number: Its number in Visma, which we assigned, unless it is `theirs`.
        also: Further names, two at most: of the customer's location and of the contact there.
        theirs: The other side assigned the number.
    """

    role: Role
    name: str | None
    gln: str | None
    number: str | None
    vat_number: str | None
    address: Address | None
    contact: Contact | None
    also: tuple[str, ...] = ()
    theirs: bool = False


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
        return PartyView(role, *self)


def known_party(party: Party, identity: Identity) -> KnownParty:
    """Complete a party of a document from routing."""
    return KnownParty(
        name=(party.name or "").strip() or identity.name,
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


def at_location(view: PartyView, location: str | None, route: Route) -> PartyView:
    """The ship-to party of a customer, with the GLN or the code that routing (`locations`) gives to its location."""
    code = route.locations.get(location or "")
    if code is None:
        return view
    is_gln = _GLN.fullmatch(code) is not None
    return view._replace(gln=code) if is_gln else view._replace(gln=None, number=code, theirs=True)


def _delivered_to(order: PurchaseOrder, route: Route) -> PartyView:
    """The ship-to party of an order.

    If its location is not the main one (routing: `main_locations`), it has the number of the location, because the
    account's number leads to its head office. A customer is named itself, with its location and contact as further
    names. A place of ours has the name of its contact, else of its location, and the GLN or the code in routing
    (`places`): that of the location or warehouse, or that of the branch for its main location.

    With an address that was entered on the order it has no number: those of the account, the location and the warehouse
    lead to their own address, and so would the name of the location.
    """
    place = order.ship_to
    if place.is_elsewhere:
        return _entered_place(order, route)
    name, gln, number, vat_number, address, contact = known_party(place, _UNKNOWN)
    names = {name.casefold() for name in (place.location, place.location_name) if name}
    is_side = bool(place.location_name) and not names & route.main_locations
    if is_side:
        named = contact is not None and contact.name not in {None, place.account_name}
        name, number = place.name if named else place.location_name, place.location or None
    if order.ships_to_us and route.company.places:
        code = _code_of(place, route, is_side=is_side)
        if code is not None:
            gln, number = (code, number) if _GLN.fullmatch(code) else (gln, code)
    view = KnownParty(
        name=name, gln=gln, number=number, vat_number=vat_number, address=address, contact=contact
    ).acting_as(Role.SHIP_TO)
    return view if order.ships_to_us else _of_account(view, place, place.location_name if is_side else None)


def _code_of(place: Party, route: Route, *, is_side: bool) -> str | None:
    """The GLN or the code that routing gives to a place of ours; None where it has none.

    A place that `is_side` is not the main location of its branch.
    """
    kind = "warehouse" if place.is_warehouse else "location"
    # A location or warehouse of its own is not where the branch is: what routing says of the branch leads elsewhere.
    numbers = ((kind, place.location), ("branch", None if is_side else place.number))
    keys = [key for word, number in numbers if number for key in (f"{word}/{number}", number)]
    return next((route.company.places[key] for key in keys if key in route.company.places), None)


def _entered_place(order: PurchaseOrder, route: Route) -> PartyView:
    """The ship-to party whose address was entered on the order: its contact, else whose place it is, and no number."""
    place = order.ship_to
    contact = place.contact.name if place.contact else None
    ours = our_company(order, route).name if order.ships_to_us else None
    name = contact or place.account_name or ours
    known = known_party(replace(place, name=name or place.name, number=None, location=None), _UNKNOWN)
    view = known.acting_as(Role.SHIP_TO)
    return view if order.ships_to_us else _of_account(view, place, None)


def _of_account(view: PartyView, place: Party, location: str | None) -> PartyView:
    """The ship-to party by the name of the account, with the names of its location and contact beside it."""
    account, contact = place.account_name, place.contact.name if place.contact else None
    if not account:
        return view
    further = {name.casefold(): name for name in (location, contact) if name and name.casefold() != account.casefold()}
    return view._replace(name=account, also=tuple(further.values()))
