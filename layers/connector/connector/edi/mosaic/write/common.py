"""What Mosaic's 850 and 810 share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from connector.domain.documents import Contact
from connector.domain.parties import PartyView, Role
from connector.edi.canonical import CanonicalDocument, Charge, LineView, TermsView
from connector.edi.dialect import Gap
from connector.edi.numbers import money_text
from connector.edi.regions import region_code

# Mosaic's Party has four address lines.
_ADDRESS_LINES = ("addressLine1", "addressLine2", "addressLine3", "addressLine4")


def _foreign_unit(document: CanonicalDocument) -> str | bool:
    return next((f"{line.source}.uom" for line in document.lines if line.unit.mosaic is None), False)


def _without_item(document: CanonicalDocument) -> str | bool:
    nameless = (line for line in document.lines if not (line.buyer_item or line.vendor_item or line.gtin))
    return next((f"{line.source}.inventory" for line in nameless), False)


CURRENCY = Gap(
    "currency",
    "Mosaic's purchase order and invoice have no currency, and none is agreed with this partner",
    lambda document: (document.content.currency or document.route.currency) != document.route.currency,
)
VAT = Gap(
    "taxDetails",
    "Mosaic knows North American taxes only and has no place for VAT",
    lambda document: any(amount for _, amount in document.taxes),
)
UNIT = Gap(
    "lines[].uom",
    "Mosaic has no word for the unit (kilogram, litre, hour, square metre and others are missing)",
    _foreign_unit,
)
ITEM = Gap("lines[].inventory", "Mosaic needs the number of an item on every line", _without_item)


REFERENCES = Gap(
    "x12.references",
    "The references of x12.references are written in X12 only",
    lambda document: bool(document.route.x12.references),
)


def filled(pairs: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: Orderful refuses empty strings and arrays, and a null says nothing."""
    return {key: value for key, value in pairs.items() if value or value == 0}


def parties_called(names: Mapping[Role, str]) -> Callable[[CanonicalDocument], dict[str, Any]]:
    """Writes the parties that Mosaic has a name for in a kind of document."""

    # The parties of a document are those of documents before. Nobody changes what is written.
    @lru_cache(maxsize=1024)
    def written(views: tuple[PartyView, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
        known = [view for view in views if view.role in names]
        regions = [(view.role, view.address) for view in known if view.address is not None and view.address.region]
        return filled({names[view.role]: _party(view) for view in known}), tuple(
            f"'{address.region}' in the address of the {role} is no region code and was left out."
            for role, address in regions
            if not region_code(address.country, address.region)
        )

    def parties(document: CanonicalDocument) -> dict[str, Any]:
        found, notes = written(document.parties)
        document.notes.extend(notes)
        return found

    return parties


def _party(view: PartyView) -> dict[str, Any]:
    """Mosaic `Party`. A number is ours, so its type is `sendersId`, unless the other side assigned it."""
    address = view.address
    whose = "receiversId" if view.theirs else "sendersId"
    written: dict[str, Any] = {
        "name": clean(view.name),
        **{f"additionalName{place}": clean(name) for place, name in enumerate(view.also, 1)},
        "identificationCode": view.gln or view.number,
        "identificationCodeType": "globalLocationId" if view.gln else whose if view.number else None,
    }
    if address is not None:
        written |= zip(_ADDRESS_LINES, _four([line for line in map(clean, address.lines) if line]), strict=False)
        written |= {
            "city": clean(address.city),
            "stateOrProvinceCode": region_code(address.country, address.region),
            "postalCode": clean(address.postal_code),
            "countryCode": clean(address.country),
        }
    if view.contact is not None:
        written["contacts"] = [contact] if (contact := _contact(view.contact)) else None
    return filled(written)


def terms(view: TermsView | None) -> dict[str, Any]:
    """Mosaic `TermsOfSale`; days count from the invoice date, as Visma's terms do."""
    if view is None:
        return {}
    known = view.offers_discount or view.net_days is not None or view.due is not None
    return filled(
        {
            "type": ("basicDiscountOffered" if view.offers_discount else "basic") if known else None,
            "basisDate": "invoiceDate" if known else None,
            "discountPercent": view.discount_percent,
            "discountDaysDue": view.discount_days,
            "discountDueDate": view.discount_due.isoformat() if view.discount_due else None,
            "netDaysDue": view.net_days,
            "netDueDate": view.due.isoformat() if view.due else None,
            "discountAmount": money_text(view.discount_amount) if view.discount_amount else None,
            "description": clean(view.description),
        }
    )


def quantity(line: LineView) -> dict[str, str]:
    """Mosaic `Quantity`."""
    assert line.unit.mosaic is not None  # noqa: S101 - `first_gap` has seen to it
    return {"value": line.quantity_text, "unitOfMeasure": line.unit.mosaic}


# The items of a document are mostly those of documents before. Nobody changes what is written.
@lru_cache(maxsize=4096)
def item(
    buyer_item: str | None, vendor_item: str | None, gtin: str | None, description: str | None
) -> dict[str, dict[str, str]]:
    """Mosaic `ProductIds`, the GTIN under the key of its length, and `ProductAttributes`, as fields of a line."""
    ids = {}
    if buyer_item:
        ids["buyerItemNumber"] = buyer_item
    if vendor_item:
        ids["vendorItemNumber"] = vendor_item
    if gtin:
        ids[f"gtin{len(gtin)}"] = gtin
    said = clean(description)
    return {"productIds": ids, **({"productAttributes": {"description": said}} if said else {})}


def allowances_and_charges(charges: Iterable[Charge]) -> dict[str, list[dict[str, str]]]:
    """Both lists, each amount positive in the list that its sign asks for."""
    lists: dict[str, list[dict[str, str]]] = {"allowances": [], "charges": []}
    for charge in charges:
        side = "allowances" if charge.amount < 0 else "charges"
        amount = money_text(abs(charge.amount))
        lists[side].append(
            filled({"type": charge.kind.value, "amount": amount, "description": clean(charge.description)})
        )
    return lists


def note(texts: Iterable[str | None]) -> dict[str, Any]:
    """Mosaic `Notes` with one general note, a line of text an entry."""
    lines = [line for text in texts if text for line in map(clean, text.splitlines()) if line]
    return {"general": {"text": lines}} if lines else {}


def clean(text: str | None) -> str | None:
    """One line of text without control characters, None when nothing is left."""
    if not text:
        return None
    if text.isprintable():
        return text.strip() or None
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) or None


def _four(lines: list[str]) -> list[str]:
    """No address line is lost: what exceeds the four is joined into the last."""
    return lines if len(lines) <= len(_ADDRESS_LINES) else [*lines[:3], ", ".join(lines[3:])]


def _contact(contact: Contact) -> dict[str, Any]:
    reachable = filled(
        {
            "name": clean(contact.attention) or clean(contact.name),
            "phoneNumber": clean(contact.phone),
            "faxNumber": clean(contact.fax),
            "email": clean(contact.email),
        }
    )
    return {"type": "primary", **reachable} if reachable else {}
