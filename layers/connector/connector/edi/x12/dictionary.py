"""The one table of X12 segments: element order, JSON keys, types, lengths in 004010 and 005010, codes, syntax notes.

A row reads `key requirement type min/max [max in 005010] [=list]`. A `?` behind a key marks one that follows Orderful's
naming rule but was never seen in its documentation or in running code. Requirement is M or C, types are those of X12:
AN text, ID code, DT date (CCYYMMDD), R decimal, N2 two implied decimals. Rows end where the connector stops writing.

Lengths and requirements: bots-grammars and vscode-edi-support agree on every one of them. Code lists hold only what the
connector writes, each code checked against a published 004010 list. How often segments and loops may be used:
bots-grammars, where the two releases differ in a few places.
"""

from __future__ import annotations

from typing import NamedTuple

from connector.edi.units import UNITS

VERSIONS = ("004010", "005010")


class Element(NamedTuple):
    """One element at one place of a segment.

    Attributes:
        key: Its name in Orderful's JSON.
        proven: Whether that name was seen in use.
        mandatory: Requirement M.
        kind: X12 data type.
        shortest: Minimum length.
        longest: Maximum length by version.
        codes: What may stand here, None for anything.
    """

    key: str
    proven: bool
    mandatory: bool
    kind: str
    shortest: int
    longest: dict[str, int]
    codes: frozenset[str] | None


class SegmentRule(NamedTuple):
    """One segment.

    Attributes:
        key: Its name in Orderful's JSON.
        proven: Whether that name was seen in use.
        elements: In order, the first is element 01.
        syntax: X12 syntax notes (`R0203`: 02 or 03, `P0304`: both or none, `C0504`: 05 needs 04, `L030405`: 03 needs
            04 or 05).
    """

    key: str
    proven: bool
    elements: tuple[Element, ...]
    syntax: tuple[str, ...]


CODES: dict[str, frozenset[str]] = {
    "set": frozenset({"850", "810", "855"}),
    "purpose": frozenset({"00", "01", "05"}),
    "order_type": frozenset({"SA", "DS", "BK", "BE", "RL", "RO"}),
    "invoice_type": frozenset({"DI", "CR", "CN", "DR"}),
    "entity": frozenset({"BY", "BT", "ST", "SE", "RI", "RE"}),
    "party_id": frozenset({"UL", "91", "92"}),
    "reference": frozenset({"VN", "PO", "SI", "CO", "IV", "OI", "CT", "CR", "VX", "ZZ", "IA", "VR", "DP", "MR"}),
    "contact": frozenset({"IC"}),
    "channel": frozenset({"TE", "EM", "FX"}),
    "terms": frozenset({"01", "08", "14"}),
    "basis": frozenset({"3"}),
    "date": frozenset({"002", "068", "069"}),
    "acknowledgment": frozenset({"AC", "AD", "RD"}),
    "line_status": frozenset({"IA", "IR"}),
    "item_id": frozenset({"BP", "VP", "UP", "EN", "UK"}),
    "unit": frozenset(unit.x12 for unit in UNITS.values()),
    "description": frozenset({"F"}),
    "side": frozenset({"A", "C"}),
    "charge": frozenset({"C310", "D240", "F050"}),
    "tax": frozenset({"VA"}),
    "amount": frozenset({"TT"}),
}


def _element(row: str) -> Element:
    fields = row.split()
    key, requirement, kind, lengths = fields[:4]
    shortest, longest = (int(length) for length in lengths.split("/"))
    later = next((int(field) for field in fields[4:] if not field.startswith("=")), longest)
    codes = next((CODES[field[1:]] for field in fields[4:] if field.startswith("=")), None)
    return Element(
        key=key.rstrip("?"),
        proven=not key.endswith("?"),
        mandatory=requirement == "M",
        kind=kind,
        shortest=shortest,
        longest=dict(zip(VERSIONS, (longest, later), strict=True)),
        codes=codes,
    )


def _segment(key: str, *rows: str, syntax: str = "") -> SegmentRule:
    return SegmentRule(
        key.rstrip("?"), not key.endswith("?"), tuple(_element(row) for row in rows), tuple(syntax.split())
    )


_ITEM_IDS = (
    "productServiceIDQualifier C ID 2/2 =item_id",
    "productServiceID C AN 1/48",
    "productServiceIDQualifier1 C ID 2/2 =item_id",
    "productServiceID1 C AN 1/48",
    "productServiceIDQualifier2 C ID 2/2 =item_id",
    "productServiceID2 C AN 1/48",
)

SEGMENTS: dict[str, SegmentRule] = {
    "ST": _segment(
        "transactionSetHeader",
        "transactionSetIdentifierCode M ID 3/3 =set",
        "transactionSetControlNumber M AN 4/9",
    ),
    "BEG": _segment(
        "beginningSegmentForPurchaseOrder",
        "transactionSetPurposeCode M ID 2/2 =purpose",
        "purchaseOrderTypeCode M ID 2/2 =order_type",
        "purchaseOrderNumber M AN 1/22",
        "releaseNumber C AN 1/30",
        "date M DT 8/8",
    ),
    # Not in the list of elements: as public guides of the 855 and mock-edi have it.
    "BAK": _segment(
        "beginningSegmentForPurchaseOrderAcknowledgment",
        "transactionSetPurposeCode M ID 2/2 =purpose",
        "acknowledgmentType M ID 2/2 =acknowledgment",
        "purchaseOrderNumber M AN 1/22",
        "date M DT 8/8",
        "releaseNumber? C AN 1/30",
        "requestReferenceNumber? C AN 1/45",
        "contractNumber? C AN 1/30",
        "referenceIdentification? C AN 1/30 50",
    ),
    "BIG": _segment(
        "beginningSegmentForInvoice",
        "date M DT 8/8",
        "invoiceNumber M AN 1/22",
        "date1 C DT 8/8",
        "purchaseOrderNumber C AN 1/22",
        "releaseNumber C AN 1/30",
        "changeOrderSequenceNumber C AN 1/8",
        "transactionTypeCode C ID 2/2 =invoice_type",
        "transactionSetPurposeCode C ID 2/2 =purpose",
    ),
    "CUR": _segment(
        "currency",
        "entityIdentifierCode M ID 2/3 =entity",
        "currencyCode M ID 3/3",
    ),
    "REF": _segment(
        "referenceInformation",
        "referenceIdentificationQualifier M ID 2/3 =reference",
        "referenceIdentification C AN 1/30 50",
        "description? C AN 1/80",
        syntax="R0203",
    ),
    "PER": _segment(
        "administrativeCommunicationsContact?",
        "contactFunctionCode? M ID 2/2 =contact",
        "name? C AN 1/60",
        "communicationNumberQualifier? C ID 2/2 =channel",
        "communicationNumber? C AN 1/80 256",
        "communicationNumberQualifier1? C ID 2/2 =channel",
        "communicationNumber1? C AN 1/80 256",
        "communicationNumberQualifier2? C ID 2/2 =channel",
        "communicationNumber2? C AN 1/80 256",
        syntax="P0304 P0506 P0708",
    ),
    "SAC": _segment(
        "servicePromotionAllowanceOrChargeInformation",
        "allowanceOrChargeIndicatorCode M ID 1/1 =side",
        "servicePromotionAllowanceOrChargeCode C ID 4/4 =charge",
        "agencyQualifierCode? C ID 2/2",
        "agencyServicePromotionAllowanceOrChargeCode? C AN 1/10",
        "amount C N2 1/15",
        "allowanceChargePercentQualifier? C ID 1/1",
        "percentDecimalFormat? C R 1/6",
        "rate? C R 1/9",
        "unitOrBasisForMeasurementCode? C ID 2/2 =unit",
        "quantity? C R 1/15",
        "quantity1? C R 1/15",
        "allowanceOrChargeMethodOfHandlingCode? C ID 2/2",
        "referenceIdentification? C AN 1/30 50",
        "optionNumber? C AN 1/20",
        "description C AN 1/80",
        # Beyond the notes of the standard, SAC01 A or C asks for an amount, a percentage or a rate.
        syntax="R0203 P0304 P0607 P0910 C1110 L130204 C1413 R050708",
    ),
    "ITD": _segment(
        "termsOfSaleDeferredTermsOfSale",
        "termsTypeCode C ID 2/2 =terms",
        "termsBasisDateCode C ID 1/2 =basis",
        "termsDiscountPercent C R 1/6",
        "termsDiscountDueDate? C DT 8/8",
        "termsDiscountDaysDue C R 1/3",
        "termsNetDueDate C DT 8/8",
        "termsNetDays C R 1/3",
        "termsDiscountAmount? C N2 1/10",
        "termsDeferredDueDate? C DT 8/8",
        "deferredAmountDue? C N2 1/10",
        "percentOfInvoicePayable? C R 1/5",
        "description? C AN 1/80",
        syntax="L030405 L080405 L091011",
    ),
    "DTM": _segment(
        "dateTimeReference",
        "dateTimeQualifier M ID 3/3 =date",
        "date C DT 8/8",
        syntax="R020305",
    ),
    "TD5": _segment(
        "carrierDetailsRoutingSequenceTransitTime?",
        "routingSequenceCode? C ID 1/2",
        "identificationCodeQualifier? C ID 1/2 =party_id",
        "identificationCode? C AN 2/80",
        "transportationMethodTypeCode? C ID 1/2",
        "routing? C AN 1/35",
        syntax="R0204050612 C0203",
    ),
    "TXI": _segment(
        "taxInformation",
        "taxTypeCode M ID 2/2 =tax",
        "monetaryAmount C R 1/18",
        "percentageAsDecimal C R 1/10",
        syntax="R020306",
    ),
    "N9": _segment(
        "extendedReferenceInformation",
        "referenceIdentificationQualifier M ID 2/3 =reference",
        "referenceIdentification C AN 1/30 50",
        "freeFormDescription? C AN 1/45",
        syntax="R0203",
    ),
    "MSG": _segment("messageText", "textualData M AN 1/264"),
    # Orderful's JSON knows one segment for text, whatever it is called in the partner's release.
    "MTX": _segment("messageText", "noteReferenceCode? C ID 3/3", "textualData C AN 1/4096"),
    "N1": _segment(
        "partyIdentification",
        "entityIdentifierCode M ID 2/3 =entity",
        "name C AN 1/60",
        "identificationCodeQualifier C ID 1/2 =party_id",
        "identificationCode C AN 2/80",
        syntax="R0203 P0304",
    ),
    # Not in the list of elements: as public guides of the 850 have it.
    "N2": _segment("additionalNameInformation", "name M AN 1/60", "name1? C AN 1/60"),
    "N3": _segment("partyLocation", "addressInformation M AN 1/55", "addressInformation1 C AN 1/55"),
    "N4": _segment(
        "geographicLocation",
        "cityName C AN 2/30",
        "stateOrProvinceCode C ID 2/2",
        "postalCode C AN 3/15",
        "countryCode C ID 2/3",
    ),
    "PO1": _segment(
        "baselineItemData",
        "assignedIdentification C AN 1/20",
        "quantity C R 1/15",
        "unitOrBasisForMeasurementCode C ID 2/2 =unit",
        "unitPrice C R 1/17",
        "basisOfUnitPriceCode C ID 2/2",
        *_ITEM_IDS,
        syntax="C0302 C0504 P0607 P0809 P1011",
    ),
    # As BAK.
    "ACK": _segment(
        "lineItemAcknowledgment?",
        "lineItemStatusCode M ID 2/2 =line_status",
        "quantity C R 1/15",
        "unitOrBasisForMeasurementCode C ID 2/2 =unit",
        "dateTimeQualifier? C ID 3/3 =date",
        "date? C DT 8/8",
        syntax="P0203 C0405",
    ),
    "IT1": _segment(
        "baselineItemDataInvoice",
        "assignedIdentification C AN 1/20",
        "quantityInvoiced C R 1/10 15",
        "unitOrBasisForMeasurementCode C ID 2/2 =unit",
        "unitPrice C R 1/17",
        "basisOfUnitPriceCode C ID 2/2",
        *_ITEM_IDS,
        syntax="P020304 P0607 P0809 P1011",
    ),
    "PID": _segment(
        "productItemDescription",
        "itemDescriptionTypeCode M ID 1/1 =description",
        "productProcessCharacteristicCode C ID 2/3",
        "agencyQualifierCode? C ID 2/2",
        "productDescriptionCode? C AN 1/12",
        "description C AN 1/80",
    ),
    "TDS": _segment("totalMonetaryValueSummary", "amount M N2 1/15"),
    "CTT": _segment("transactionTotals", "numberOfLineItems M R 1/6"),
    "AMT": _segment("monetaryAmountInformation?", "amountQualifierCode? M ID 1/3 =amount", "monetaryAmount? M R 1/18"),
}


INDISPENSABLE = frozenset({"ST", "BEG", "BAK", "BIG", "PO1", "ACK", "IT1", "TDS", "SE"})
"""What a set cannot do without (X12 3.3), so that no partner setting may take it out. IT1 is optional in the standard,
but without the lines nothing adds up; without ACK an 855 accepts nothing."""

WRITTEN = frozenset(SEGMENTS) | {"SE"}
"""Every segment that the connector or Orderful writes inside a set."""

Uses = dict[str, int | dict[str, int]]
"""Segment id or loop name -> how often it may be used, by version where the two differ; what is missing: no limit."""

_ORDER: Uses = {
    "CUR": 1,
    "SAC_loop": 25,
    "DTM": 10,
    "TD5": {"004010": 12},
    "N9_loop": 1000,
    "N1_loop": 200,
    "PO1_loop": 100_000,
}
_INVOICE: Uses = {
    "CUR": 1,
    "REF": 12,
    "N1_loop": 200,
    "DTM": 10,
    "N9_loop": 1,
    "IT1_loop": 200_000,
    "TDS": 1,
    "TXI": {"004010": 10},
    "SAC_loop": {"004010": 25},
}
MAX_USES: dict[str, dict[str, Uses]] = {
    "850": {
        "": _ORDER,
        "N9_loop": {"MSG": 1000},
        "N1_loop": {"N2": 2, "N3": 2, "REF": 12},
        "PO1_loop": {"PID_loop": 1000, "SAC_loop": 25, "DTM": 10, "N9_loop": 1000},
    },
    "855": {
        "": {"CUR": 1, "SAC_loop": 25, "N9_loop": 1000, "N1_loop": 200, "PO1_loop": 100_000},
        "N9_loop": {"MSG": 1000},
        "N1_loop": {"N3": 2},
        "PO1_loop": {"PID_loop": 1000, "SAC_loop": 25, "ACK_loop": 104},
    },
    "810": {
        "": _INVOICE,
        "N9_loop": {"MSG": 10},
        "N1_loop": {"N3": 2, "N4": 1, "REF": 12, "PER": 3},
        "IT1_loop": {"TXI": {"004010": 10}, "PID_loop": 1000, "DTM": 10, "SAC_loop": {"004010": 25}},
    },
}
"""By transaction set and loop ("" is the set itself): how often its parts may be used."""
