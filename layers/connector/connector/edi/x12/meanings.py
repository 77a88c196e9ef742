"""What each element of the written X12 means (`edi/meaning.py`). A test has every element that is written in here."""

from __future__ import annotations

from collections.abc import Mapping

from connector.edi import meaning as words
from connector.edi.meaning import Explained, Meaning

_IDS = ("BP", "VP", "UP", "EN", "UK")

_CHARGES = {
    "SAC-01": Meaning("allowance (A) or charge (C)", words.CHARGE_SIDE, is_fixed=True),
    "SAC-02": Meaning("kind of allowance or charge", f"{words.CHARGE_KIND} C310, D240, F050.", is_fixed=True),
    "SAC-05": Meaning("amount of the allowance or charge, in cents", words.CHARGE_AMOUNT),
    "SAC-15": Meaning("text of the allowance or charge", words.CHARGE_TEXT, is_fixed=True),
}

_COMMON = {
    "type.name": Meaning("type of the transaction", words.TYPE, is_fixed=True),
    "stream": Meaning("stream", words.STREAM),
    "sender.isaId": Meaning("sender", words.SENDER),
    "receiver.isaId": Meaning("receiver", words.RECEIVER),
    "ST-01": Meaning("transaction set", words.TYPE, is_fixed=True),
    "ST-02": Meaning("control number of the set", "There is one set in a transaction.", is_fixed=True),
    "CUR-01": Meaning(
        "whose currency it is", "The buyer's (BY) in an order, the seller's (SE) otherwise.", is_fixed=True
    ),
    "CUR-02": Meaning("currency of all amounts", "The currency of the document in Visma."),
    "REF-01": Meaning("kind of the reference", words.QUALIFIER, is_fixed=True),
    "ITD-01": Meaning("type of the terms", f"{words.TERMS_TYPE} 14: nothing but a text is known.", is_fixed=True),
    "ITD-02": Meaning("from when days count", words.TERMS_BASIS, is_fixed=True),
    "ITD-03": Meaning("discount in percent", words.DISCOUNT_PERCENT),
    "ITD-04": Meaning("last day of the discount", words.DISCOUNT_UNTIL),
    "ITD-05": Meaning("days of the discount", words.DISCOUNT_DAYS),
    "ITD-06": Meaning("due date", words.NET_UNTIL),
    "ITD-07": Meaning("days until it is due", words.NET_DAYS),
    "ITD-08": Meaning("amount of the discount, in cents", words.DISCOUNT_AMOUNT),
    "ITD-12": Meaning("description of the terms", words.TERMS_TEXT),
    "DTM-01": Meaning("kind of the day", words.QUALIFIER, is_fixed=True),
    "TXI-01": Meaning("kind of the tax", "Value added tax (VA).", is_fixed=True),
    "TXI-02": Meaning(
        "VAT", "The VAT of one rate; what Visma states of all VAT, where the rates do not come to what is payable."
    ),
    "TXI-03": Meaning(
        "rate of the VAT",
        "The rate in Visma; none where the rates do not tell. 0.25 for 25 % with `x12.vat_rate: fraction`.",
    ),
    "N9-01": Meaning("kind of the reference", "Agreed between both sides (ZZ): texts follow.", is_fixed=True),
    "N9-02": Meaning("what follows", "Texts follow.", is_fixed=True),
    "MSG-01": Meaning("text", words.TEXTS),
    "MTX-02": Meaning("text", words.TEXTS),
    "N1-01": Meaning(
        "part of the party", "BY, BT, ST, SE by the document; who is to be paid by `x12.remit_to_code`.", is_fixed=True
    ),
    "N1-02": Meaning("name of the party", words.PARTY_NAME),
    "N1-03": Meaning(
        "kind of the number",
        "A GLN (UL), or a number of ours: 92 where we buy, 91 where we sell; 92 for a code of `locations`.",
        is_fixed=True,
    ),
    "N1-04": Meaning("number of the party", words.PARTY_ID),
    "N3-01": Meaning("line of the address", words.ADDRESS),
    "N3-02": Meaning("line of the address", words.ADDRESS),
    "N4-01": Meaning("city", words.ADDRESS),
    "N4-02": Meaning("region", words.REGION),
    "N4-03": Meaning("postal code", words.ADDRESS),
    "N4-04": Meaning("country", words.ADDRESS),
    "PER-01": Meaning("kind of the contact", "An information contact (IC).", is_fixed=True),
    "PER-02": Meaning("name of the contact", words.CONTACT),
    **{f"PER-{at:02}": Meaning("kind of the number", words.QUALIFIER, is_fixed=True) for at in (3, 5, 7)},
    **{f"PER-{at:02}": Meaning("telephone, mail or fax", words.CONTACT) for at in (4, 6, 8)},
    "ID": Meaning("kind of the item number", words.QUALIFIER, is_fixed=True),
    "ID BP": Meaning("number of the item at the buyer", words.BUYER_ITEM),
    "ID VP": Meaning("number of the item at the seller", words.VENDOR_ITEM),
    "ID GTIN": Meaning("GTIN of the item", words.GTIN),
    "PID-01": Meaning("kind of the description", "Free text (F).", is_fixed=True),
    "PID-05": Meaning("description", f"{words.LINE_TEXT} A long one runs over into further PID."),
    "CTT-01": Meaning("number of lines", "Counted. Orderful makes it from the lines of the request.", is_fixed=True),
    **_CHARGES,
}

_LINE = {
    "PO1-02": Meaning("quantity", words.QUANTITY),
    "PO1-03": Meaning("unit", words.UNIT),
    "PO1-04": Meaning("price", words.PRICE),
}

_WANTED = {
    "REF-02 IA": Meaning("our number at the partner", words.WANTED_REFERENCE),
    "REF-02 VR": Meaning("our number at the partner", words.WANTED_REFERENCE),
    "REF-02 DP": Meaning("department of the partner", words.WANTED_REFERENCE),
    "REF-02 MR": Meaning("type of the goods", words.WANTED_REFERENCE),
}

MEANINGS: Mapping[str, Mapping[str, Meaning]] = {
    "850": {
        **_COMMON,
        **_WANTED,
        **_LINE,
        "BEG-01": Meaning("purpose", words.PURPOSE),
        "BEG-02": Meaning(
            "type of the order", "`order_types` of Visma's order type; a call-off of a blanket order is a release (RL)."
        ),
        "BEG-03": Meaning("number of the order", "Visma's number of the order."),
        "BEG-04": Meaning("number of the blanket order", "The blanket order that lines are called off from."),
        "BEG-05": Meaning("date of the order", "The date of the order in Visma."),
        "N2-01": Meaning("further name of the party", words.FURTHER_NAME),
        "N2-02": Meaning("further name of the party", words.FURTHER_NAME),
        "REF-02 VN": Meaning("reference of the supplier", "As Visma has it; a text where it is too long."),
        "DTM-02 002": Meaning("wanted day of the order", words.ORDER_WANTED),
        "TD5-05": Meaning("way of shipping", "Visma's carrier."),
        "PO1-01": Meaning("number of the line", "Visma's number of the line, by which an 860 names it."),
        "line REF-02 ZZ": Meaning("warehouse of the line", "Where the lines of the order have different ones."),
        "line REF-03 ZZ": Meaning("what the reference is", "WAREHOUSE.", is_fixed=True),
        "line DTM-02 002": Meaning("wanted day of the line", words.WANTED),
        "line DTM-02 069": Meaning("promised day of the line", "Visma's promised day, where another one is wanted."),
        "AMT-01": Meaning("kind of the amount", "The total (TT).", is_fixed=True),
        "AMT-02": Meaning("total of the order", words.TOTAL),
    },
    "810": {
        **_COMMON,
        **_WANTED,
        "BIG-01": Meaning("date of the invoice", "The date of the invoice in Visma."),
        "BIG-02": Meaning("number of the invoice", "Visma's number of the invoice."),
        "BIG-04": Meaning(
            "number of the buyer's order",
            "Of a supplier's invoice the order of all lines; of ours the customer's number.",
        ),
        "BIG-07": Meaning(
            "type of the invoice",
            "DI invoice, DR debit note, CR credit note, or CN with `x12.credit_code: CN`; with a total below zero it "
            "is a credit note.",
        ),
        "BIG-08": Meaning("purpose", words.PURPOSE),
        "REF-02 IV": Meaning("number of the supplier's invoice", "The supplier's reference in Visma."),
        "REF-02 PO": Meaning("number of the buyer's order", "Where it is too long for BIG-04."),
        "REF-02 VN": Meaning("our sales order", "Where all goods are of one."),
        "REF-02 SI": Meaning("our shipment", "Where all goods are of one."),
        "REF-02 CT": Meaning("number of the contract", "The contract that Visma has with the invoice."),
        "REF-02 CR": Meaning("reference of the buyer", "What the customer books the invoice by."),
        "REF-02 ZZ": Meaning("payment reference", "KID or OCR number."),
        "REF-03 ZZ": Meaning("what the reference is", "PAYMENT REFERENCE.", is_fixed=True),
        "REF-02 OI": Meaning("invoice that is credited", "The invoices that the credit note is applied to."),
        "REF-02 VX": Meaning(
            "VAT number of the party", "`vat_number` in routing: of the branch, the company or the partner."
        ),
        "IT1-01": Meaning(
            "number of the line",
            "That of the order line, where the lines have different ones; else Visma's, or its place.",
        ),
        "IT1-02": Meaning(
            "quantity", f"{words.QUANTITY} Of a credit note below zero with `x12.credit_sign: negative`."
        ),
        "IT1-03": Meaning("unit", words.UNIT),
        "IT1-04": Meaning("price", words.PRICE),
        "line TXI-03": Meaning(
            "rate of the line's VAT",
            "Where the document has several rates, that of the line's code; none where its VAT is not payable. Written "
            "as the other TXI-03.",
        ),
        "line REF-02 PO": Meaning("number of the buyer's order", "Where it is not that of the whole invoice."),
        "line REF-03 PO": Meaning("line of the buyer's order", "Where IT1-01 is another number."),
        "line REF-02 VN": Meaning("our sales order", "Where it is not that of the whole invoice."),
        "line REF-02 SI": Meaning("our shipment", "Where it is not that of the whole invoice."),
        "TDS-01": Meaning(
            "total in cents", f"{words.TOTAL} Of a credit note below zero with `x12.credit_sign: negative`."
        ),
    },
    "855": {
        **_COMMON,
        **_LINE,
        "BAK-01": Meaning("purpose", words.PURPOSE),
        "BAK-02": Meaning("type of the answer", "AD: accepted as it stands, AC: changed since, RD: cancelled."),
        "BAK-03": Meaning("number of the customer's order", "The customer's order number in Visma."),
        "BAK-04": Meaning("date of our order", "The date of our sales order; Visma does not have the customer's."),
        "BAK-08": Meaning("number of our order", "Visma's number of the sales order."),
        "ACK-01": Meaning("what becomes of the line", "IA accepted; IR where the order is cancelled.", is_fixed=True),
        "ACK-02": Meaning("quantity", words.QUANTITY),
        "ACK-03": Meaning("unit", words.UNIT),
        "ACK-04": Meaning("kind of the day", "The day on which it ships (068).", is_fixed=True),
        "ACK-05": Meaning("day on which it ships", "Visma's day of shipment of the line."),
    },
}
"""By transaction set: element, with its qualifier where that decides, `line` before it inside a line -> its meaning."""

_LINES = frozenset({"PO1_loop", "IT1_loop"})
_BY_QUALIFIER = frozenset({"REF", "DTM"})
_FIRST_ID = 6
"""The element of PO1 and IT1 from which on item numbers stand, each behind its qualifier."""


def explained(transaction: str, place: tuple[str | int, ...], values: Mapping[tuple[str | int, ...], str]) -> Explained:
    """What people call the element at a place, and what it means.

    Args:
        transaction: Number of the transaction set.
        place: Where it stands.
        values: Every value of the document by its place.
    """
    last = str(place[-1])
    if not last.isdigit():
        name = ".".join(map(str, place))
        return Explained(name, "", name, MEANINGS[transaction].get(name))
    segment, name = str(place[-3]), f"{place[-3]}-{last}"
    section = _section(place, values)
    key = name
    if segment in {"PO1", "IT1"} and int(last) >= _FIRST_ID:
        code = values.get((*place[:-1], f"{int(last) - 1:02}"), "")
        key = "ID" if int(last) % 2 == 0 else f"ID {'GTIN' if code not in {'BP', 'VP'} else code}"
    elif segment in _BY_QUALIFIER and last != "01":
        key = f"{name} {values.get((*place[:-1], '01'), '')}"
    if place[0] in _LINES and f"line {key}" in MEANINGS[transaction]:
        key = f"line {key}"
    return Explained(name, section, key, MEANINGS[transaction].get(key))


def _section(place: tuple[str | int, ...], values: Mapping[tuple[str | int, ...], str]) -> str:
    if place[0] in _LINES:
        return f"line {int(place[1]) + 1}"
    if place[0] == "N1_loop":
        return f"party {values.get((*place[:2], 'N1', 0, '01'), '')}"
    return ""
