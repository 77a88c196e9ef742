"""What the codes of an 860 are called by a purchaser.

Names: X12 004010, elements 98, 128, 248, 331, 333, 336, 353, 374 and 1300. A code that is not here is quoted as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DATES: Mapping[str, str] = {
    "001": "cancel after {}",
    "002": "deliver on {}",
    "010": "ship on {}",
    "011": "shipped on {}",
    "012": "cash discount until {}",
    "013": "payment due on {}",
    "015": "promotion starts on {}",
    "016": "promotion ends on {}",
    "017": "delivery expected on {}",
    "018": "available on {}",
    "035": "delivered on {}",
    "036": "expires on {}",
    "037": "do not ship before {}",
    "038": "do not ship after {}",
    "039": "ship in the week of {}",
    "061": "cancel if not delivered by {}",
    "063": "do not deliver after {}",
    "064": "do not deliver before {}",
    "065": "first delivery on {}",
    "067": "delivery now planned for {}",
    "068": "shipment now planned for {}",
    "069": "delivery promised for {}",
    "070": "delivery planned for {} or later",
    "071": "deliver on {} or later",
    "073": "delivery planned for {} or earlier",
    "074": "deliver on {} or earlier",
    "077": "deliver in the week of {}",
    "079": "shipment promised for {}",
    "081": "ship on {} or later",
    "084": "ship on {} or earlier",
    "087": "ship in the week of {}",
    "106": "required by {}",
    "118": "pick up on {}",
    "152": "the change takes effect on {}",
    "175": "cancel if not shipped by {}",
    "177": "cancelled on {}",
}
"""Element 374: what a date asks for."""

PAST_DATES: Mapping[str, str] = {
    "003": "invoice date",
    "004": "order date",
    "006": "date of sale",
    "008": "order received on",
    "009": "processed on",
    "097": "message made on",
    "102": "issued on",
    "171": "revised on",
}
"""Element 374: dates that tell what was, or when the message was made, and ask for nothing."""

MOSAIC_DATES: Mapping[str, str] = {
    "cancelAfterDate": DATES["001"],
    "requestedDeliveryDate": DATES["002"],
    "requestedShipDate": DATES["010"],
    "promotionStartDate": DATES["015"],
    "earliestShipDate": DATES["037"],
    "latestShipDate": DATES["038"],
    "latestDeliveryDate": DATES["063"],
    "earliestDeliveryDate": DATES["064"],
    "pickupDate": DATES["118"],
}
"""Orderful's `Dates`."""

PARTIES: Mapping[str, str] = {
    "BS": "bill-and-ship-to",
    "BT": "bill-to",
    "BY": "buyer",
    "CA": "carrier",
    "FW": "freight forwarder",
    "MA": "final receiver of the goods",
    "OB": "ordering party",
    "PE": "payee",
    "PR": "payer",
    "RE": "remit-to",
    "RI": "remit-to",
    "SE": "seller",
    "SF": "ship-from",
    "SO": "sold-to",
    "ST": "ship-to",
    "SU": "supplier",
    "VN": "vendor",
    "WH": "warehouse",
    "Z7": "mark-for party",
}
"""Element 98."""

TERMS_TYPES: Mapping[str, str] = {
    "01": "basic",
    "02": "end of month",
    "03": "fixed date",
    "04": "deferred or instalments",
    "05": "no discount",
    "06": "mixed",
    "07": "extended",
    "08": "basic discount offered",
    "09": "proximo",
    "10": "instant",
    "11": "elective",
    "12": "10 days after end of month",
    "14": "as agreed",
}
"""Element 336; 01, 08 and their names in Mosaic are what ordinary terms are."""

TERMS_BASES: Mapping[str, str] = {
    "1": "ship date",
    "2": "delivery date",
    "3": "invoice date",
    "4": "specified date",
    "5": "receipt of the invoice",
    "15": "receipt of the goods",
}
"""Element 333."""

SIDES: Mapping[str, str] = {"A": "allowance", "C": "charge"}
"""Element 248; N is neither."""

CHARGES: Mapping[str, str] = {
    "C310": "discount",
    "D240": "freight",
    "D500": "handling",
    "F050": "other",
    "G830": "shipping and handling",
    "H850": "tax",
    "I170": "trade discount",
}
"""Element 1300."""

SETTLEMENTS: Mapping[str, str] = {"01": "bill back", "02": "off invoice", "06": "paid by the customer"}
"""Element 331."""

REFERENCES: Mapping[str, str] = {
    "BM": "bill of lading",
    "CO": "customer order",
    "CT": "contract",
    "DP": "department",
    "IA": "internal vendor number",
    "IV": "seller's invoice",
    "OI": "original invoice",
    "PK": "packing list",
    "PO": "purchase order",
    "VN": "vendor's order",
    "VR": "vendor id",
    "VX": "VAT number",
}
"""Element 128."""

PURPOSES: Mapping[str, str] = {
    "00": "original",
    "01": "cancellation",
    "03": "delete",
    "04": "change",
    "05": "replace",
    "06": "confirmation",
    "07": "duplicate",
    "22": "information copy",
}
"""Element 353."""

SCHEMES: Mapping[str, str] = {"1": "DUNS", "9": "DUNS+4", "91": "the seller's"}
"""Element 66: who assigned the code of a party, where it was not us. 92 is the buyer's, which is ours."""

MOSAIC_SCHEMES: Mapping[str, str] = {
    "duns": "DUNS",
    "dunsPlus4": "DUNS+4",
    "telephone": "telephone",
    "federalReserveRouting": "Federal Reserve",
    "standardAddressSAN": "SAN",
    "healthIndustryHIN": "HIN",
    "drugEnforcementAdmin": "DEA",
    "schoolId": "school",
    "stateLicenseId": "state licence",
}
"""Orderful's `identificationCodeType`, likewise. Whose number `sendersId` and `receiversId` are is not documented."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DIGITS = "0123456789"


def label_of(key: str) -> str:
    """A key of Orderful's in words: `compositeQuantity1` is `composite quantity`."""
    plain = key.rstrip(_DIGITS).replace("_loop", "").replace("_", " ")
    return _HUMP.sub(" ", plain).lower() if not plain.isupper() else plain


def dated(phrase: str | None, qualifier: str, day: str) -> str:
    """What a date asks for, in words: `cancel if not delivered by 2026-12-30`."""
    return phrase.format(day) if phrase else f"{qualifier} {day}"
