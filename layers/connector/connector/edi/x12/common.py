"""What X12's 850 and 810 share: parties, terms, item ids, allowances and charges, text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from connector.domain.documents import Address, BusinessDocument, Contact
from connector.domain.errors import Parked
from connector.domain.totals import rounded, smallest_unit
from connector.domain.transactions import Purpose
from connector.edi.numbers import decimal_text, implied_cents
from connector.edi.outline import Charge, ChargeKind, LineView, Outline, PartyView, Role, TermsView
from connector.edi.regions import region_code
from connector.edi.x12.charset import Wording
from connector.edi.x12.model import Loop

PURPOSES = {Purpose.ORIGINAL: "00", Purpose.REPLACE: "05", Purpose.CANCELLATION: "01"}

_ENTITIES = {Role.BUYER: "BY", Role.BILL_TO: "BT", Role.SHIP_TO: "ST", Role.SELLER: "SE"}
# F050 is "other": the description says what it is.
_CHARGES = dict.fromkeys(ChargeKind, "F050") | {ChargeKind.DISCOUNT: "C310", ChargeKind.FREIGHT: "D240"}
_GTIN_QUALIFIERS = {12: "UP", 13: "EN", 14: "UK"}
_REGION_LENGTH = 2
_SHORTEST_PARTY_ID = 2
_LONGEST_DAYS = 999
_MOST_CHARGES = 25
_CENT = Decimal("0.01")


def day(when: date) -> str:
    """X12 type DT."""
    return when.isoformat().replace("-", "")


def refuse_fractions(document: Outline, *, charged: bool) -> None:
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
            next_step="Send it by hand.",
            field="currency",
        )
    if unit > _CENT:
        for line in document.lines:
            product = line.quantity * line.price
            if product != rounded(product, currency):
                raise Parked(
                    f"Line {line.number} comes to {decimal_text(product)}, {currency} has no decimals, and X12 has no "
                    "place for the rounded amount of a line.",
                    next_step="Correct quantity or price in Visma, or send it by hand.",
                    field=line.source,
                )


def cents(amount: Decimal, content: BusinessDocument) -> str:
    """X12 type N2 of an amount in the document's currency."""
    return implied_cents(rounded(amount, content.currency))


def add_parties(tree: Loop, document: Outline, wording: Wording, *, with_vat: bool) -> None:
    """N1 loops. A GLN where one is known, else the number we gave: 92 when we buy, 91 when we sell."""
    ours = "91" if any(view.role is Role.REMIT_TO for view in document.parties) else "92"
    for view in document.parties:
        who = f"{view.role.value.replace('_', '-')} party"
        name = wording.text(view.name, 60, f"name of the {who}")
        qualifier, number = ("UL", view.gln) if view.gln else (ours, view.number) if view.number else ("", "")
        if number and len(number) < _SHORTEST_PARTY_ID:
            wording.notes.append(f"The number {number} of the {who} is too short for X12 and was left out.")
            qualifier = number = ""
        if not (name or number):
            continue
        entity = document.route.x12.remit_to_code if view.role is Role.REMIT_TO else _ENTITIES[view.role]
        loop = Loop("N1_loop")
        loop.add("N1", entity, name, qualifier, number, source=view.role.value)
        if view.address is not None:
            _add_address(loop, view, view.address, wording)
        if with_vat and view.vat_number and view.role in {Role.BUYER, Role.SELLER}:
            loop.add("REF", "VX", view.vat_number, source=view.role.value)
        if view.contact is not None:
            _add_contact(loop, view.contact, wording)
        tree.parts.append(loop)


def add_terms(
    tree: Loop, view: TermsView | None, wording: Wording, content: BusinessDocument, *, sign: int = 1
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
    return str(days) if days is not None and days <= _LONGEST_DAYS else ""


def item_ids(line: LineView) -> list[str]:
    """Qualifier and id in pairs: the buyer's number, the vendor's, the GTIN by its length."""
    pairs = []
    if line.buyer_item:
        pairs += ["BP", line.buyer_item]
    if line.vendor_item:
        pairs += ["VP", line.vendor_item]
    if line.gtin:
        pairs += [_GTIN_QUALIFIERS[len(line.gtin)], line.gtin]
    return pairs


def add_description(loop: Loop, line: LineView, wording: Wording) -> None:
    """PID with free text."""
    if text := wording.text(line.description, 80, f"description of line {line.number}"):
        described = Loop("PID_loop")
        described.add("PID", "F", "", "", "", text)
        loop.parts.append(described)


def add_charges(tree: Loop, charges: Sequence[Charge], sign: int, content: BusinessDocument, wording: Wording) -> None:
    """SAC for each charge of the document; `sign` is that of all amounts (1 or -1).

    When there are more than X12 has room for, those that say the same are added up: nothing is lost but their number.
    """
    if len(charges) > _MOST_CHARGES:
        sums: dict[tuple[ChargeKind, bool, str | None], Charge] = {}
        for charge in charges:
            same = (charge.kind, charge.amount < 0, charge.description)
            sums[same] = charge._replace(amount=charge.amount + (sums[same].amount if same in sums else 0))
        charges = list(sums.values())
    for charge in charges:
        _add_charge(tree, charge._replace(amount=sign * charge.amount), content, wording)


def _add_charge(tree: Loop, charge: Charge, content: BusinessDocument, wording: Wording) -> None:
    """SAC: C for what is added, A for what is taken off, always with a positive amount."""
    charged = Loop("SAC_loop")
    charged.add(
        "SAC",
        "A" if charge.amount < 0 else "C",
        _CHARGES[charge.kind],
        "",
        "",
        cents(abs(charge.amount), content),
        *[""] * 9,
        wording.text(charge.description, 80, f"description of the {charge.kind.value}") or charge.kind.value.upper(),
    )
    tree.parts.append(charged)


def add_texts(tree: Loop, texts: Iterable[str], wording: Wording, *, segment: str, longest: int, most: int) -> None:
    """N9 with the texts below it, in MSG or MTX."""
    lines = wording.lines(texts, longest, most, "notes")
    if not lines:
        return
    loop = Loop("N9_loop")
    loop.add("N9", "ZZ", "NOTES")
    for line in lines:
        if segment == "MTX":
            loop.add("MTX", "", line)
        else:
            loop.add("MSG", line)
    tree.parts.append(loop)


def line_notes(document: Outline) -> list[str]:
    """Notes of lines as header text, each telling its line: the 810 has no text on its lines."""
    return [f"Line {line.number}: {line.note}" for line in document.lines if line.note]


def reference(tree: Loop, qualifier: str, number: str | None, source: str, what: str = "") -> None:
    """REF, when there is a number. `what` explains a mutually agreed qualifier."""
    if number:
        tree.add("REF", qualifier, number, what, source=source)


def _add_address(loop: Loop, view: PartyView, address: Address, wording: Wording) -> None:
    what = f"address of the {view.role.value.replace('_', '-')} party"
    lines = [line for line in (wording.text(line, 55, what) for line in address.lines) if line]
    # N3 comes twice at most, two lines each.
    if len(lines) > 4:
        lines = [*lines[:3], wording.text(", ".join(lines[3:]), 55, what) or ""]
    for first in range(0, len(lines), 2):
        loop.add("N3", *lines[first : first + 2])
    region = region_code(address.country, address.region) or ""
    if len(region) != _REGION_LENGTH:
        region = ""
    if address.region and not region:
        wording.notes.append(f"'{address.region}' in the {what} is no X12 region code and was left out.")
    place = (
        wording.text(address.city, 30, what, shortest=2),
        region,
        wording.text(address.postal_code, 15, what, shortest=3),
        wording.text(address.country, 3, what, shortest=2),
    )
    if any(place):
        loop.add("N4", *place, source=view.role.value)


def _add_contact(loop: Loop, contact: Contact, wording: Wording) -> None:
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
