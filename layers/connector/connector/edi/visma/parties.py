"""Addresses, contacts, terms and taxes: the objects that orders and invoices share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connector.domain.documents import Address, Contact, Tax, Terms
from connector.domain.totals import ZERO
from connector.edi.regions import region_code
from connector.edi.visma import shape
from connector.edi.visma.fields import said
from connector.edi.visma.shape import NOTHING


def address_of(raw: shape.Address | None) -> Address | None:
    """An address, or None when nothing of it is filled in."""
    if raw is None:
        return None
    lines = said(raw.address_line1), said(raw.address_line2), said(raw.address_line3)
    county = raw.county or NOTHING
    country = said((raw.country or NOTHING).id)
    country = country.upper() if country else None
    county_id, county_name = said(county.id), said(county.name)
    address = Address(
        lines=tuple(line for line in lines if line),
        postal_code=said(raw.postal_code),
        city=said(raw.city),
        region=region_code(country, county_id, county_name) or county_name or county_id,
        country=country,
    )
    return None if address == Address() else address


def contact_of(raw: shape.Contact | None) -> Contact | None:
    """A contact, or None when nothing of it is filled in."""
    if raw is None:
        return None
    contact = Contact(
        name=said(raw.name) or said(raw.business_name),
        attention=said(raw.attention),
        email=said(raw.email),
        phone=said(raw.phone1) or said(raw.phone2),
        fax=said(raw.fax),
    )
    return None if contact == Contact() else contact


class _Party(Protocol):
    """A party that has Visma's internal id."""

    @property
    def internal_id(self) -> shape.Id: ...


def internal_id_of(party: _Party) -> str | None:
    """Visma's internal id of a supplier or customer, or None.

    Visma: `internalId` is the key behind the number, and stays when the number is changed (release note of 2024-07-09).
    Zero is the value of an integer field that holds nothing.
    """
    found = said(party.internal_id)
    return None if found == "0" else found


def terms_of(raw: shape.Reference | None) -> Terms | None:
    """Payment terms, or None."""
    if raw is None:
        return None
    terms = Terms(said(raw.id), said(raw.description))
    return None if terms == Terms() else terms


def taxes_of(rows: Sequence[shape.VatRow] | None) -> tuple[Tax, ...]:
    """The VAT rates of a document. Whether a row takes VAT off is the sign of its amount, not of its rate."""
    return tuple(
        Tax(
            code=said((raw.vat_id or NOTHING).number) or said(raw.tax_id),
            rate=None if raw.vat_rate is None else raw.vat_rate.copy_abs(),
            taxable=raw.taxable_amount,
            amount=raw.vat_amount or ZERO,
        )
        for raw in rows or ()
    )
