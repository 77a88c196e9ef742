"""Addresses, contacts, terms and taxes: the objects that orders and invoices share."""

from __future__ import annotations

from connector.domain.documents import Address, Contact, Tax, Terms
from connector.domain.totals import ZERO
from connector.edi.regions import region_code
from connector.edi.visma.fields import Data, number, part, rows, text


def address_of(data: Data, name: str) -> Address | None:
    """An address, or None when nothing of it is filled in."""
    raw = part(data, name)
    if not raw:
        return None
    lines = (text(raw, "addressLine1"), text(raw, "addressLine2"), text(raw, "addressLine3"))
    county = part(raw, "county")
    country = text(part(raw, "country"), "id")
    country = country.upper() if country else None
    county_id, county_name = text(county, "id"), text(county, "name")
    address = Address(
        lines=tuple(line for line in lines if line),
        postal_code=text(raw, "postalCode"),
        city=text(raw, "city"),
        region=region_code(country, county_id, county_name) or county_name or county_id,
        country=country,
    )
    return None if address == Address() else address


def contact_of(data: Data, name: str) -> Contact | None:
    """A contact, or None when nothing of it is filled in. Invoices call the name `businessName`."""
    raw = part(data, name)
    if not raw:
        return None
    contact = Contact(
        name=text(raw, "name") or text(raw, "businessName"),
        attention=text(raw, "attention"),
        email=text(raw, "email"),
        phone=text(raw, "phone1") or text(raw, "phone2"),
        fax=text(raw, "fax"),
    )
    return None if contact == Contact() else contact


def internal_id_of(party: Data) -> str | None:
    """Visma's internal id of a supplier or customer, or None.

    Visma: `internalId` is the key behind the number, and stays when the number is changed (release note of 2024-07-09).
    Zero is the value of an integer field that holds nothing.
    """
    found = text(party, "internalId")
    return None if found == "0" else found


def terms_of(data: Data, name: str) -> Terms | None:
    """Payment terms, or None."""
    raw = part(data, name)
    terms = Terms(text(raw, "id"), text(raw, "description"))
    return None if terms == Terms() else terms


def taxes_of(data: Data, name: str) -> tuple[Tax, ...]:
    """The VAT rates of a document."""
    return tuple(
        Tax(
            code=text(part(raw, "vatId"), "number") or text(raw, "taxId"),
            rate=number(raw, "vatRate", f"{name}[{index}]"),
            taxable=number(raw, "taxableAmount", f"{name}[{index}]"),
            amount=number(raw, "vatAmount", f"{name}[{index}]") or ZERO,
        )
        for index, raw in enumerate(rows(data, name))
    )
