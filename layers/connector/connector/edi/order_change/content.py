"""Reads what an 860 states beside lines and dates: parties, terms, carrier, charges and the like, from either dialect.

Nothing of it is judged here; the decision compares it with the order (`change_content.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from connector.domain.documents import Party
from connector.domain.order_change.request import PartyRequest, Stated, Topic
from connector.domain.parties import Role
from connector.domain.text import truncated
from connector.edi.order_change.common import Questions, Remarks, party
from connector.edi.order_change.fields import (
    MAX_QUOTE_LENGTH,
    Data,
    NotUnderstood,
    filled,
    leaves,
    number,
    part,
    plain,
    rows,
    suffixes,
    text,
)
from connector.edi.order_change.names import (
    CHARGES,
    MOSAIC_SCHEMES,
    PARTIES,
    REFERENCES,
    SCHEMES,
    SETTLEMENTS,
    SIDES,
    TERMS_BASES,
    TERMS_TYPES,
    label_of,
)

_MAX_TITLE_LENGTH = 40
_GLN = "UL"
_GLN_IN_MOSAIC = "globalLocationId"
_ROLES = {
    "ST": Role.SHIP_TO,
    "BS": Role.SHIP_TO,
    "BT": Role.BILL_TO,
    "BY": Role.BUYER,
    "OB": Role.BUYER,
    "SO": Role.BUYER,
    "SE": Role.SELLER,
    "SU": Role.SELLER,
    "VN": Role.SELLER,
    # Nobody but the seller is paid for an order.
    "RI": Role.SELLER,
    "RE": Role.SELLER,
}
_MOSAIC_ROLES = {
    "shipTo": (Role.SHIP_TO, "ship-to"),
    "billTo": (Role.BILL_TO, "bill-to"),
    "buyer": (Role.BUYER, "buyer"),
    "soldTo": (Role.BUYER, "sold-to"),
    "supplier": (Role.SELLER, "supplier"),
    "shipFrom": (None, "ship-from"),
}

_TERMS = {
    "termsTypeCode": "kind",
    "termsBasisDateCode": "counted from",
    "termsDiscountPercent": "discount percent",
    "termsDiscountDaysDue": "discount days",
    "termsNetDays": "net days",
    "description": "text",
}
_MOSAIC_TERMS = {
    "type": "kind",
    "basisDate": "counted from",
    "discountPercent": "discount percent",
    "discountDaysDue": "discount days",
    "netDaysDue": "net days",
    "description": "text",
}
_CODES: Mapping[str, Mapping[str, str]] = {"kind": TERMS_TYPES, "counted from": TERMS_BASES}
_FACT_TEXTS = {
    "net days": "net {} days",
    "discount percent": "{} % cash discount",
    "discount days": "discount within {} days",
    "counted from": "counted from the {}",
    "kind": "'{}'",
    "text": "'{}'",
}
_ORDINARY = [("kind", "basic"), ("kind", "basic discount offered")]
_ORDER = list(_FACT_TEXTS)
_CHARGE = "servicePromotionAllowanceOrChargeInformation"
_WITHOUT = "N"
# X12: element 248 is called an indicator in 004010 and an indicator code in later releases.
_SIDE_NAMES = ("allowanceOrChargeIndicatorCode", "allowanceOrChargeIndicator")
_KIND_OF = re.compile(r"qualifier|routingSequence|sequenceType|identificationCodeType", re.IGNORECASE)
_FIGURE = re.compile(r"percent|rate|amount", re.IGNORECASE)
_WHOLE_TOPICS = {
    "fOBRelatedInstructions": Topic.DELIVERY,
    "FOBRelatedInstructions": Topic.DELIVERY,
    "carrierDetailsRoutingSequenceTransitTime": Topic.CARRIER,
    "salesRequirements": Topic.CONDITIONS,
    "restrictionsConditions": Topic.CONDITIONS,
}
_RATES = ("percentageAsDecimal", "percent")
# X12: SAC07 and SAC08 as the releases call them; Orderful: `percent`.
_FIGURES = {
    "percentDecimalFormat": "percent",
    "percent": "percent",
    "allowanceOrChargePercent": "percent",
    "rate": "rate",
    "allowanceOrChargeRate": "rate",
}


def x12_content(tree: Data) -> tuple[Stated, ...]:
    """What the header or a line of an X12-shaped 860 states."""
    found = [_terms(segment, _TERMS) for segment in rows(tree, "termsOfSaleDeferredTermsOfSale")]
    for name, topic in _WHOLE_TOPICS.items():
        found += [_whole(topic, segment) for segment in rows(tree, name)]
    found += [_x12_charge(charge) for charge in _below(tree, "SAC_loop", _CHARGE)]
    found += [_vat(segment) for segment in _below(tree, "TXI_loop", "taxInformation")]
    return tuple(one for one in found if one is not None)


def mosaic_content(message: Data) -> tuple[Stated, ...]:
    """What the header or a line of a Mosaic 860 states."""
    found = [_terms(terms, _MOSAIC_TERMS) for terms in rows(message, "termsOfSale")]
    for carrier in rows(message, "carrierDetails"):
        delivery = {"freeOnBoard": carrier["freeOnBoard"]} if "freeOnBoard" in carrier else {}
        found.append(_whole(Topic.DELIVERY, delivery))
        found.append(_whole(Topic.CARRIER, {name: one for name, one in carrier.items() if name != "freeOnBoard"}))
    for side, name in (("allowance", "allowances"), ("charge", "charges")):
        found += [_mosaic_charge(side, charge) for charge in rows(message, name)]
    found += [_whole(Topic.CONDITIONS, one) for one in rows(message, "conditionsAndRestrictions")]
    return tuple(one for one in found if one is not None)


def numbered(header: Data) -> tuple[Stated, ...]:
    """The release and the contract that a message names; the keys are the same in both dialects."""
    names = {"releaseNumber": Topic.RELEASE, "contractNumber": Topic.CONTRACT}
    found = ((topic, text(header, name)) for name, topic in names.items())
    return tuple(_stated(topic, value, (("number", value),)) for topic, value in found if value)


def x12_parties(tree: Data, questions: Questions, remarks: Remarks, whose: str) -> tuple[PartyRequest, ...]:
    """The parties of the N1 loops of a header or a line."""
    found = []
    for loop in rows(tree, "N1_loop"):
        named, place = part(loop, "partyIdentification"), part(loop, "geographicLocation")
        code, qualifier = text(named, "entityIdentifierCode"), text(named, "identificationCodeQualifier")
        title = PARTIES.get(code or "", f"party '{(code or 'without a part')[:_MAX_TITLE_LENGTH]}'")
        for name in ("additionalNameInformation", "administrativeCommunicationsContact", "referenceInformation"):
            remarks.tell(f"{title.capitalize()} of the {whose}", loop.get(name), names=False)
        read = party(
            code=text(named, "identificationCode"),
            is_gln=qualifier == _GLN,
            name=text(named, "name"),
            lines=(
                text(segment, f"addressInformation{place}")
                for segment in rows(loop, "partyLocation")
                for place in suffixes(segment, "addressInformation")
            ),
            postal_code=text(place, "postalCode"),
            city=text(place, "cityName"),
            region=text(place, "stateOrProvinceCode"),
            country=text(place, "countryCode"),
        )
        found.append(_named(_ROLES.get(code or ""), title, read, SCHEMES.get(qualifier or "")))
    return _checked(found, questions, whose)


def mosaic_parties(message: Data, questions: Questions, remarks: Remarks, whose: str) -> tuple[PartyRequest, ...]:
    """The parties of Mosaic's `parties`."""
    found = []
    parties = part(message, "parties")
    for key in sorted(filled(parties)):
        data = part(parties, key)
        role, title = _MOSAIC_ROLES.get(key, (None, label_of(plain(key) or "")[:_MAX_TITLE_LENGTH]))
        others = [data[name] for name in sorted(data) if name.startswith("additionalName") or name == "contacts"]
        remarks.tell(f"{title.capitalize()} of the {whose}", others, names=False)
        scheme = text(data, "identificationCodeType")
        read = party(
            code=text(data, "identificationCode"),
            is_gln=scheme == _GLN_IN_MOSAIC,
            name=text(data, "name"),
            lines=(text(data, f"addressLine{place}") for place in suffixes(data, "addressLine")),
            postal_code=text(data, "postalCode"),
            city=text(data, "city"),
            region=text(data, "stateOrProvinceCode"),
            country=text(data, "countryCode"),
        )
        found.append(_named(role, title, read, MOSAIC_SCHEMES.get(scheme or "")))
    return _checked(found, questions, whose)


def _named(role: Role | None, title: str, read: Party | None, scheme: str | None) -> PartyRequest | None:
    if read is None:
        return None
    return PartyRequest(role, title, read, scheme if read.number else None)


def _checked(found: Sequence[PartyRequest | None], questions: Questions, whose: str) -> tuple[PartyRequest, ...]:
    parties = tuple(dict.fromkeys(one for one in found if one is not None))
    places = [one for one in parties if one.role is Role.SHIP_TO]
    if len(places) > 1:
        questions.ask(f"it names {len(places)} places of delivery, and a Visma {whose} has one.")
    return parties


def _stated(topic: Topic, text: str, facts: tuple[tuple[str, str], ...]) -> Stated:
    return Stated(topic, truncated(text, MAX_QUOTE_LENGTH), facts)


def _below(tree: Data, loop: str, segment: str) -> list[Data]:
    """The segments of a kind, in their loops or beside them."""
    return [*rows(tree, segment), *(one for each in rows(tree, loop) for one in rows(each, segment))]


def _terms(segment: Data, names: Mapping[str, str]) -> Stated | None:
    facts = [(names.get(key, label_of(key)), value) for key, value in leaves(segment)]
    facts = [(name, _CODES.get(name, {}).get(value, _plain(value))) for name, value in facts]
    # That terms are ordinary ones says nothing beside what they are.
    shown = [fact for fact in facts if fact not in _ORDINARY] or facts
    shown.sort(key=lambda fact: _ORDER.index(fact[0]) if fact[0] in _ORDER else len(_ORDER))
    texts = (_FACT_TEXTS[name].format(value) if name in _FACT_TEXTS else f"{name} {value}" for name, value in shown)
    return _stated(Topic.TERMS, ", ".join(texts), tuple(facts)) if facts else None


def _plain(value: str) -> str:
    """A word of Mosaic's in plain words; numbers and texts of more than one word stay."""
    return label_of(value) if value.isidentifier() else value


def _whole(topic: Topic, data: Data) -> Stated | None:
    values = [(key, label_of(key), value) for key, value in leaves(data)]
    # What kind of name the next one is, or whose turn it is, is no value of its own.
    facts = [(name, value) for key, name, value in values if not _KIND_OF.search(key)]
    facts = facts or [(name, value) for _, name, value in values]
    return _stated(topic, ", ".join(f"{name} {value}" for _, name, value in values), tuple(facts)) if values else None


def _x12_charge(charge: Data) -> Stated | None:
    side = next(filter(None, (text(charge, name) for name in _SIDE_NAMES)), None)
    code = text(charge, "servicePromotionAllowanceOrChargeCode")
    amount, written = _amount(charge), text(charge, "amount")
    if amount is not None and written and not {".", ","} & set(written):
        amount = amount.scaleb(-2)
    if not filled(charge) or (side == _WITHOUT and not amount and not _worth(charge)):
        return None
    settled = text(charge, "allowanceOrChargeMethodOfHandlingCode")
    extra = [
        (key, f"{label_of(key)} {SETTLEMENTS.get(value, value) if value == settled else value}")
        for key, value in leaves(charge)
        if key not in {*_SIDE_NAMES, "servicePromotionAllowanceOrChargeCode", "description"}
    ]
    named = SIDES.get(side or "", f"allowance or charge '{side}'" if side else "allowance or charge")
    return _charged(named, charge, amount, CHARGES.get(code or "", code), extra)


def _mosaic_charge(side: str, charge: Data) -> Stated | None:
    if not filled(charge):
        return None
    kind = text(charge, "type")
    extra = [(key, f"{label_of(key)} {value}") for key, value in leaves(charge) if key not in {"type", "description"}]
    return _charged(side, charge, _amount(charge), label_of(kind) if kind else None, extra)


def _amount(charge: Data) -> Decimal | None:
    try:
        return number(charge, "amount")
    except NotUnderstood:
        return None


def _worth(charge: Data) -> bool:
    """Whether a charge has a percentage, rate or amount other than the first, and it is not 0."""
    return any(_FIGURE.search(key) and value.strip("0., ") for key, value in leaves(charge) if key != "amount")


def _charged(
    side: str, charge: Data, amount: Decimal | None, kind: str | None, extra: Sequence[tuple[str, str]]
) -> Stated:
    """A charge; its description is told and decides nothing, because partners word it as they like.

    One that comes to 0 is one that the order does not have, of whatever kind.
    """
    description = text(charge, "description")
    others = [text for key, text in extra if key != "amount" or amount is None]
    facts = [(side, str(amount) if amount is not None else "without an amount")]
    if amount != 0 or _worth(charge):
        facts += [("kind", kind)] if kind else []
        facts += [_figure(charge, key) or ("besides", one) for key, one in extra if one in others]
    about = ", ".join(filter(None, (kind, f"'{description}'" if description else None, *others)))
    article = "an" if side.startswith("a") else "a"
    worth = f"{article} {side}" + (f" of {amount:f}" if amount is not None else "")
    return _stated(Topic.CHARGES, f"{worth} ({about})" if about else worth, tuple(facts))


def _figure(charge: Data, key: str) -> tuple[str, str] | None:
    """The percentage or the rate of a charge as a fact; None for another field, and for one that is no number."""
    with suppress(NotUnderstood):
        if key in _FIGURES and (found := number(charge, key)) is not None:
            return _FIGURES[key], f"{found:f}"
    return None


def _vat(segment: Data) -> Stated | None:
    rates = tuple(("rate", rate) for name in _RATES if (rate := text(segment, name)))
    return _stated(Topic.VAT, ", ".join(f"{rate} %" for _, rate in rates), rates) if rates else None


def references(segments: Sequence[Data]) -> Iterator[str]:
    """References, each by what its qualifier is called."""
    for segment in segments:
        qualifier = text(segment, "referenceIdentificationQualifier")
        said = [value for key, value in leaves(segment) if key != "referenceIdentificationQualifier"]
        if said:
            yield f"{REFERENCES.get(qualifier or '', qualifier or 'without a qualifier')} {', '.join(said)}"
