"""What X12's 850 and 810 share: parties, terms, item ids, allowances and charges, text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from connector.domain.advice import BY_HAND, correction
from connector.domain.documents import Address, BusinessDocument, Contact
from connector.domain.errors import Parked
from connector.domain.note_forms import ADDRESS_ALONE, NAMELESS, SHORT_NUMBER
from connector.domain.parties import PartyView, Role
from connector.domain.reasons import Reason
from connector.domain.routing.route import X12Options
from connector.domain.totals import rounded, smallest_unit
from connector.domain.transactions import Purpose
from connector.edi.canonical import CanonicalDocument, Charge, ChargeKind, LineView, TermsView
from connector.edi.numbers import decimal_text, implied_cents
from connector.edi.regions import region_code
from connector.edi.x12.charset import Wording
from connector.edi.x12.dictionary import SEGMENTS
from connector.edi.x12.model import Writing

PURPOSES = {Purpose.ORIGINAL: "00", Purpose.REPLACE: "05", Purpose.CANCELLATION: "01"}

_ENTITIES = {Role.BUYER: "BY", Role.BILL_TO: "BT", Role.SHIP_TO: "ST", Role.SELLER: "SE"}
# F050 is "other": the description says what it is.
_CHARGES = dict.fromkeys(ChargeKind, "F050") | {ChargeKind.DISCOUNT: "C310", ChargeKind.FREIGHT: "D240"}
_REGION_LENGTH = 2
_MIN_PARTY_ID_LENGTH = 2
_MAX_DAYS = 999
_MAX_CHARGES = 25
_UP_TO_TEXT = ("",) * 9
"""The elements of SAC between the amount and the text."""

_MAX_DESCRIPTION_LENGTH = 80
_MAX_DESCRIPTIONS = 1000
_CENT = Decimal("0.01")


class LineNames(NamedTuple):
    """Where a line of PO1 or IT1 has what it says, as `Segment.sources` names it.

    Attributes:
        first: Number, quantity, unit, price; nobody's basis of the price.
        item: Our number of the item.
    """

    first: tuple[str, str, str, str, str]
    item: str


# The lines of a document share a few dates.
@lru_cache(maxsize=1024)
def day(when: date) -> str:
    """X12 type DT."""
    return when.isoformat().replace("-", "")


def refuse_fractions(document: CanonicalDocument, *, charged: bool) -> None:
    """X12 counts money in hundredths, so currencies with three decimals or none have their limits.

    N2 always means two decimals: three have no place in it. Without decimals a partner cannot tell how a fraction of
    quantity x price was rounded.

    Args:
        document: The document.
        charged: Whether amounts of type N2 are written.

    Raises:
        Parked: the document has such amounts.
    """
    currency = document.content.currency
    unit = smallest_unit(currency)
    if unit < _CENT and charged:
        raise Parked(
            f"X12 writes totals, allowances and charges with two decimals, and {currency} has three.",
            next_step=BY_HAND,
            field="currency",
            code=Reason.AMOUNT_DOES_NOT_FIT,
        )
    if unit > _CENT:
        for line in document.lines:
            if line.product != rounded(line.product, currency):
                raise Parked(
                    f"Line {line.number} comes to {decimal_text(line.product)}, {currency} has no decimals, and X12 "
                    "has no place for the rounded amount of a line.",
                    next_step=correction(document.content.kind, "Correct quantity or price in Visma."),
                    field=line.source,
                    code=Reason.AMOUNT_DOES_NOT_FIT,
                )


def cents(amount: Decimal, content: BusinessDocument) -> str:
    """X12 type N2 of an amount in the document's currency."""
    return implied_cents(rounded(amount, content.currency))


def vat_rate(rate: Decimal | None, options: X12Options) -> str:
    """TXI03 of a rate in percent; empty without one.

    X12: a percentage expressed as a decimal, and since 005010 explicitly 0.0 through 1.0 for 0 % through 100 %. Public
    guides and samples state percent (Ariba: `TXI*VA*0.38*19.00`), so the partner decides.
    """
    if rate is None:
        return ""
    return decimal_text(rate / 100 if options.vat_rate == "fraction" else rate)


def add_parties(tree: Writing, document: CanonicalDocument, wording: Wording, *, with_vat: bool) -> None:
    """N1 loops. The parties of a document are those of documents before, so that they are written once."""
    content, options, company = document.content, document.route.x12, document.route.company.name
    sides = content.kind.facts.we_sell, content.ships_to_us, with_vat
    inputs = (document.parties, sides, options.overflow, options.remit_to_code, company)

    def write(tree: Writing) -> None:
        found = [_add_party(tree, view, document, wording, with_vat=with_vat) for view in document.parties]
        nameless = [who for who in found if who is not None]
        if nameless:
            wording.notes.append(NAMELESS.of(" and ".join(nameless), company))

    tree.once(inputs, write, wording)


def _add_party(
    tree: Writing, view: PartyView, document: CanonicalDocument, wording: Wording, *, with_vat: bool
) -> str | None:
    """The N1 loop of a party; gives what it is called if it has neither name nor number and is our own.

    A GLN where one is known, else the number we gave: 92 when we buy, 91 when we sell; the other one for a number that
    the other side gave.
    """
    whose = "91" if document.content.kind.facts.we_sell is not view.theirs else "92"
    role = view.role.value.replace("_", "-")
    who = f"{role} party"
    name = wording.text(view.name, 60, f"name of the {who}")
    qualifier, number = ("UL", view.gln) if view.gln else (whose, view.number) if view.number else ("", "")
    if view.role is Role.SHIP_TO and view.number and not view.gln and name and not wording.fits(number, 80):
        # A place may have any name as its number, and the name beside it tells it as well.
        wording.notes.append(f"The number '{number}' of the {who} cannot be written in X12 and was left out.")
        qualifier = number = ""
    if number and len(number) < _MIN_PARTY_ID_LENGTH:
        # Our own number says nothing beside our name, and nobody can act on it order after order.
        if not _is_ours(document, view.role) or (view.role is Role.SHIP_TO and not name):
            wording.notes.append(SHORT_NUMBER.of(number, role))
        qualifier = number = ""
    if not (name or number):
        if view.role is not Role.SHIP_TO and _is_ours(document, view.role):
            return who
        if view.address is not None:
            wording.notes.append(ADDRESS_ALONE.of(role))
        return None
    entity = document.route.x12.remit_to_code if view.role is Role.REMIT_TO else _ENTITIES[view.role]
    loop = tree.loop("N1_loop")
    loop.add("N1", entity, name, qualifier, number, source=_party_field(document, view.role))
    _add_further_names(loop, view, wording)
    if view.address is not None:
        _add_address(loop, view.role, view.address, _address_field(document, view), wording)
    if with_vat and view.vat_number and view.role in {Role.BUYER, Role.SELLER}:
        loop.add("REF", "VX", view.vat_number, source=_vat_number_key(document, view))
    if view.contact is not None:
        _add_contact(loop, view.contact, wording)
    return None


def add_terms(
    tree: Writing, view: TermsView | None, wording: Wording, content: BusinessDocument, *, sign: int = 1
) -> None:
    """ITD; days count from the invoice date (basis 3), as Visma's terms do. `sign` is that of all amounts (1 or -1)."""
    if view is None:
        return
    description = wording.text(view.description, 80, "payment terms")
    if not view.offers_discount and not _days(view.net_days) and view.due is None:
        if description:
            tree.add("ITD", "14", *[""] * 10, description)
        return
    tree.add(
        "ITD",
        "08" if view.offers_discount else "01",
        "3",
        decimal_text(Decimal(view.discount_percent)) if view.discount_percent else "",
        day(view.discount_due) if view.discount_due else "",
        _days(view.discount_days),
        day(view.due) if view.due else "",
        _days(view.net_days),
        cents(sign * view.discount_amount, content) if view.discount_amount else "",
        "",
        "",
        "",
        description,
        source="terms",
    )


def _days(days: int | None) -> str:
    """A number of days, where X12 has room for it (ITD05 and ITD07 hold three digits)."""
    return str(days) if days is not None and days <= _MAX_DAYS else ""


def line_sources(line: LineView, names: LineNames, *, ours_first: bool) -> list[str]:
    """Where the elements of PO1 and IT1 stand, as `Segment.sources` has them.

    `ours_first` says whether our number of the item is the buyer's.
    """
    theirs = line.their_item_source
    if not theirs.startswith("."):
        theirs = f"{theirs}.{line.buyer_item if ours_first else line.vendor_item}.partner_item"
    buyers, vendors = (names.item, theirs) if ours_first else (theirs, names.item)
    sources = [*names.first]
    if line.buyer_item:
        sources += ["", buyers]
    if line.vendor_item:
        sources += ["", vendors]
    return sources


def add_description(loop: Writing, line: LineView, wording: Wording) -> None:
    """PID with free text; a long one runs over into further PID, broken between words (X12: a line has 1000)."""
    if line.description:
        loop.described(line.description, line.number, _describe, wording)


def _describe(loop: Writing, description: str, number: str, wording: Wording) -> None:
    plain = wording.row(description)
    if plain and len(plain) <= _MAX_DESCRIPTION_LENGTH:
        loop.add_alone("PID_loop", "PID", "F", "", "", "", plain)
        return
    text = " ".join(description.split())
    if not text:
        return
    what = f"description of line {number}"
    # What has no letter at all is told, too.
    rows = wording.lines([text], _MAX_DESCRIPTION_LENGTH, _MAX_DESCRIPTIONS, what) or [wording.text(text, 1, what)]
    for row in filter(None, rows):
        loop.add_alone("PID_loop", "PID", "F", "", "", "", row)


def add_charges(
    tree: Writing, charges: Sequence[Charge], *, sign: int, content: BusinessDocument, wording: Wording
) -> None:
    """SAC for each charge of the document; `sign` is that of all amounts (1 or -1).

    When there are more than X12 has room for, those that say the same are added up: nothing is lost but their number.
    """
    if len(charges) > _MAX_CHARGES:
        sums: dict[tuple[ChargeKind, bool, str | None], Charge] = {}
        for charge in charges:
            same = (charge.kind, charge.amount < 0, charge.description)
            sums[same] = charge._replace(amount=charge.amount + (sums[same].amount if same in sums else 0))
        charges = list(sums.values())
    for charge in charges:
        _add_charge(tree, charge, sign, content, wording)


def _add_charge(tree: Writing, charge: Charge, sign: int, content: BusinessDocument, wording: Wording) -> None:
    """SAC: C for what is added, A for what is taken off, always with a positive amount."""
    kind, amount, description = charge
    text = wording.text(description, 80, f"description of the {kind.value}") if description else ""
    code, side = _CHARGES[kind], "A" if sign * amount < 0 else "C"
    figure = cents(abs(amount), content)
    tree.add_alone("SAC_loop", "SAC", side, code, "", "", figure, *_UP_TO_TEXT, text or kind.value.upper())


def add_texts(tree: Writing, texts: Iterable[str], wording: Wording, *, segment: str, longest: int, most: int) -> None:
    """N9 with the texts below it, in MSG or MTX."""
    lines = wording.lines(texts, longest, most, "notes")
    if not lines:
        return
    loop = tree.loop("N9_loop")
    loop.add("N9", "ZZ", "NOTES")
    for line in lines:
        if segment == "MTX":
            loop.add("MTX", "", line)
        else:
            loop.add("MSG", line)


def line_notes(document: CanonicalDocument) -> list[str]:
    """Notes of lines as header text, each telling its line: the 810 has no text on its lines."""
    return [f"{line.title}: {line.note}" for line in document.lines if line.note]


def reference(tree: Writing, qualifier: str, number: str | None, *, source: str, what: str = "") -> None:
    """REF, when there is a number. `what` explains a mutually agreed qualifier."""
    if number:
        tree.add("REF", qualifier, number, what, source=source)


def add_partners_references(tree: Writing, document: CanonicalDocument) -> None:
    """REF of routing (`x12.references`), in its order."""
    for qualifier, number in document.route.x12.references.items():
        reference(tree, qualifier, number, source=f"partners.{document.route.partner}.x12.references.{qualifier}")


def typed_reference(
    tree: Writing, qualifier: str, number: str | None, source: str, *, what: str, wording: Wording
) -> list[str]:
    """REF of what a person typed in Visma; where it is too long for one, the text that says it instead.

    It decides nothing that is payable, so it never keeps a document back.
    """
    if not number:
        return []
    if plain := wording.reference(number, longest_reference(wording), what):
        reference(tree, qualifier, plain, source=source)
        return []
    wording.notes.append(f"The {what} '{number}' does not fit into its element; it is sent as text.")
    return [f"{what[0].upper()}{what[1:]}: {number}"]


def longest_reference(wording: Wording) -> int:
    """How much REF02 holds in the release of this partner."""
    return SEGMENTS["REF"].elements[1].longest[wording.version]


def _party_field(document: CanonicalDocument, role: Role) -> str:
    """What Visma calls a party of the document."""
    names = document.content.kind.facts.names
    if role is Role.SHIP_TO and names.ship_to:
        return names.ship_to
    return names.branch if _is_ours(document, role) else names.party


def _is_ours(document: CanonicalDocument, role: Role) -> bool:
    """Whether a party is the company itself or a place of its own."""
    content = document.content
    if role is Role.SHIP_TO:
        return content.ships_to_us
    return (role in {Role.SELLER, Role.REMIT_TO}) is content.kind.facts.we_sell


def _vat_number_key(document: CanonicalDocument, view: PartyView) -> str:
    """Visma's documents have no VAT numbers: they come from the routing file."""
    route = document.route
    company, branch = route.company, document.content.branch or ""
    if branch in company.branches and view.vat_number == company.branches[branch].vat_number:
        return f"companies.{company.name}.branches.{branch}.vat_number"
    ours = view.vat_number == company.identity.vat_number
    return f"companies.{company.name}.vat_number" if ours else f"partners.{route.partner}.vat_number"


def _address_field(document: CanonicalDocument, view: PartyView) -> str:
    """Where the address of a party stands: in the routing file or in Visma."""
    route = document.route
    branch = document.content.branch or ""
    if branch in route.company.branches and view.address is route.company.branches[branch].address:
        return f"companies.{route.company.name}.branches.{branch}.address"
    if view.address is route.company.identity.address:
        return f"companies.{route.company.name}.address"
    if view.address is route.partner_identity.address:
        return f"partners.{route.partner}.address"
    return document.content.kind.facts.names.address


def _add_further_names(loop: Writing, view: PartyView, wording: Wording) -> None:
    names = [text for one in view.also if (text := wording.text(one, 60, "further name of the ship-to party"))]
    if names:
        loop.add("N2", *names, source="shippingLocation")


def _add_address(loop: Writing, role: Role, address: Address, field: str, wording: Wording) -> None:
    what = f"address of the {role.value.replace('_', '-')} party"
    # N3 comes twice at most, two lines each.
    lines = wording.address(address.lines, longest=55, most=4, what=what, field=field)
    for first in range(0, len(lines), 2):
        loop.add("N3", *lines[first : first + 2])
    region = region_code(address.country, address.region) or ""
    if len(region) != _REGION_LENGTH:
        region = ""
    if address.region and not region:
        wording.notes.append(f"'{address.region}' in the {what} is no X12 region code and was left out.")
    place = (
        wording.part_of_address(address.city, 30, what, field, shortest=2),
        region,
        wording.part_of_address(address.postal_code, 15, what, field, shortest=3),
        wording.part_of_address(address.country, 3, what, field, shortest=2),
    )
    if any(place):
        loop.add("N4", *place, source=field)


def _add_contact(loop: Writing, contact: Contact, wording: Wording) -> None:
    """PER. A number or an address for mail is written as it is or not at all."""
    longest = 80
    pairs: list[str] = []
    for qualifier, given in (("TE", contact.phone), ("EM", contact.email), ("FX", contact.fax)):
        number = given.strip() if given else ""
        if not number:
            continue
        if wording.fits(number, longest):
            pairs += [qualifier, number]
        else:
            wording.notes.append(f"'{number}' of a contact cannot be written in X12 and was left out.")
    name = wording.text(contact.attention or contact.name, 60, "name of a contact")
    if name or pairs:
        loop.add("PER", "IC", name, *pairs)
