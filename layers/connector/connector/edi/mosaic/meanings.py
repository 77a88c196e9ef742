"""What each field of the written Mosaic means (`edi/meaning.py`). A test has every field that is written in here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.edi import meaning as words
from connector.edi.meaning import Explained, Meaning

_TERMS = {
    "type": Meaning("type of the terms", words.TERMS_TYPE, is_fixed=True),
    "basisDate": Meaning("from when days count", words.TERMS_BASIS, is_fixed=True),
    "discountPercent": Meaning("discount in percent", words.DISCOUNT_PERCENT),
    "discountDaysDue": Meaning("days of the discount", words.DISCOUNT_DAYS),
    "discountDueDate": Meaning("last day of the discount", words.DISCOUNT_UNTIL),
    "netDaysDue": Meaning("days until it is due", words.NET_DAYS),
    "netDueDate": Meaning("due date", words.NET_UNTIL),
    "discountAmount": Meaning("amount of the discount", words.DISCOUNT_AMOUNT),
    "description": Meaning("description of the terms", words.TERMS_TEXT),
}
_PARTY = {
    "name": Meaning("name of the party", words.PARTY_NAME),
    "identificationCode": Meaning("number of the party", words.PARTY_ID),
    "identificationCodeType": Meaning(
        "kind of the number", "A GLN, a number of ours (sendersId), or one of `locations` (receiversId).", is_fixed=True
    ),
    **{f"addressLine{line}": Meaning("line of the address", words.ADDRESS) for line in (1, 2, 3, 4)},
    "city": Meaning("city", words.ADDRESS),
    "stateOrProvinceCode": Meaning("region", words.REGION),
    "postalCode": Meaning("postal code", words.ADDRESS),
    "countryCode": Meaning("country", words.ADDRESS),
    "contacts[].type": Meaning("kind of the contact", "Always primary.", is_fixed=True),
    "contacts[].name": Meaning("name of the contact", words.CONTACT),
    "contacts[].phoneNumber": Meaning("telephone of the contact", words.CONTACT),
    "contacts[].faxNumber": Meaning("fax of the contact", words.CONTACT),
    "contacts[].email": Meaning("mail of the contact", words.CONTACT),
}
_CHARGES = {
    f"{side}[].{field}": meaning
    for side in ("allowances", "charges")
    for field, meaning in {
        "type": Meaning("kind of allowance or charge", words.CHARGE_KIND, is_fixed=True),
        "amount": Meaning("amount of the allowance or charge", words.CHARGE_AMOUNT),
    }.items()
}
_CHARGE_TEXT = Meaning("text of the allowance or charge", "The description in Visma.", is_fixed=True)
_CHARGE_TEXTS = {f"{side}[].description": _CHARGE_TEXT for side in ("allowances", "charges")}
_ITEM = {
    "productIds.buyerItemNumber": Meaning("number of the item at the buyer", words.BUYER_ITEM),
    "productIds.vendorItemNumber": Meaning("number of the item at the seller", words.VENDOR_ITEM),
    **{f"productIds.gtin{length}": Meaning("GTIN of the item", words.GTIN) for length in (12, 13, 14)},
    "productAttributes.description": Meaning("description", words.LINE_TEXT),
}


def _below(key: str, fields: Mapping[str, Meaning]) -> dict[str, Meaning]:
    return {f"{key}.{field}": meaning for field, meaning in fields.items()}


_COMMON = {
    "type": Meaning("type of the transaction", words.TYPE, is_fixed=True),
    "stream": Meaning("stream", words.STREAM),
    "senderId": Meaning("sender", words.SENDER),
    "receiverId": Meaning("receiver", words.RECEIVER),
    **_below("parties.*", _PARTY),
    **_below("termsOfSale", _TERMS),
    **_below("lineItems[]", _ITEM),
}
_NOTES = "notes.general.text[]"

MEANINGS: Mapping[str, Mapping[str, Meaning]] = {
    "850": {
        **_COMMON,
        "parties.*.additionalName1": Meaning("further name of the party", words.FURTHER_NAME),
        "parties.*.additionalName2": Meaning("further name of the party", words.FURTHER_NAME),
        **_below("lineItems[]", _CHARGES),
        "purpose": Meaning("purpose", words.PURPOSE),
        "purchaseOrderType": Meaning(
            "type of the order", "`order_types` of Visma's order type; a call-off of a blanket order is a release."
        ),
        "purchaseOrderNumber": Meaning("number of the order", "Visma's number of the order."),
        "purchaseOrderDate": Meaning("date of the order", "The date of the order in Visma."),
        "releaseNumber": Meaning("number of the blanket order", "The blanket order that lines are called off from."),
        "dates.requestedDeliveryDate": Meaning("wanted day of the order", words.ORDER_WANTED),
        "carrierDetails.routing[].description": Meaning("way of shipping", "Visma's carrier."),
        "carrierDetails.freeOnBoard[].description": Meaning("terms of delivery", "As Visma has them."),
        "carrierDetails.freeOnBoard[].locationDescription": Meaning("FOB point", "As Visma has it."),
        _NOTES: Meaning("text", words.TEXTS),
        "monetaryAmounts.net": Meaning("total of the order", words.TOTAL),
        "monetaryAmounts.discount": Meaning("discounts of the order", "The sum of the document's discounts."),
        "monetaryAmounts.freight": Meaning("freight of the order", "The sum of the freight lines."),
        "lineItems[].purchaseOrderLineId": Meaning(
            "number of the line", "Visma's number of the line, by which an 860 names it."
        ),
        "lineItems[].quantity.value": Meaning("quantity", words.QUANTITY),
        "lineItems[].quantity.unitOfMeasure": Meaning("unit", words.UNIT),
        "lineItems[].unitCostPrice": Meaning("price", words.PRICE),
        "lineItems[].dates.requestedDeliveryDate": Meaning("wanted day of the line", words.WANTED),
        "lineItems[].references.warehouseStorageLocation.value": Meaning(
            "warehouse of the line", "Where the lines of the order have different ones."
        ),
        f"lineItems[].{_NOTES}": Meaning(
            "text of the line", "Its note (`notes`), and the promised day where another one is wanted."
        ),
    },
    "810": {
        **_COMMON,
        **_CHARGES,
        **_CHARGE_TEXTS,
        **_below("lineItems[]", _CHARGES),
        "invoiceNumber": Meaning("number of the invoice", "Visma's number of the invoice."),
        "invoiceDate": Meaning("date of the invoice", "The date of the invoice in Visma."),
        "invoiceType": Meaning(
            "type of the invoice", "Invoice, credit note or debit note; with a total below zero it is a credit note."
        ),
        "purchaseOrderNumber": Meaning(
            "number of the buyer's order",
            "Of a supplier's invoice the order of all lines; of ours the customer's number.",
        ),
        "shipmentIdentification": Meaning("our shipment", "Where all goods are of one."),
        "originalInvoiceNumber": Meaning("invoice that is credited", "The invoice that the credit note is applied to."),
        "dates.termsNetDueDate": Meaning("due date", words.NET_UNTIL),
        "dates.termsDiscountDueDate": Meaning("last day of the discount", words.DISCOUNT_UNTIL),
        "references.invoiceNumber.value": Meaning(
            "number of the supplier's invoice", "The supplier's reference in Visma."
        ),
        "lineItems[].purchaseOrderLineId": Meaning("line of the buyer's order", "On a supplier's invoice."),
        "lineItems[].quantityInvoiced.value": Meaning("quantity", words.QUANTITY),
        "lineItems[].quantityInvoiced.unitOfMeasure": Meaning("unit", words.UNIT),
        "lineItems[].unitPrice": Meaning("price", words.PRICE),
        "lineItems[].extendedPrice": Meaning("quantity x price", "Worked out, in the cents of the currency."),
        f"lineItems[].{_NOTES}": Meaning(
            "text",
            "On the first line what is said of the whole invoice; then the note, order and shipment of the line.",
        ),
        "invoiceTotal": Meaning("total", words.TOTAL),
    },
    "855": {
        **_COMMON,
        "purchaseOrderNumber": Meaning("number of the customer's order", "The customer's order number in Visma."),
        "status": Meaning("answer", "The order is accepted as it stands.", is_fixed=True),
        "statusNote.text[]": Meaning("text", words.TEXTS),
        "lineItems[].actions[].status": Meaning("what becomes of the line", "It is accepted.", is_fixed=True),
        "lineItems[].actions[].statusNote.text[]": Meaning("text of the line", "Its note (`notes`)."),
        "lineItems[].actions[].quantity.value": Meaning("quantity", words.QUANTITY),
        "lineItems[].actions[].quantity.unitOfMeasure": Meaning("unit", words.UNIT),
        "lineItems[].actions[].unitCostPrice": Meaning("price", words.PRICE),
        "lineItems[].actions[].scheduledShipDate": Meaning(
            "day on which it ships", "Visma's day of shipment of the line."
        ),
    },
}
"""By transaction: field, without the numbers of lists and the part of a party -> its meaning."""

_PART_OF_PARTY = re.compile(r"^parties\.[^.]+")


def explained(transaction: str, place: tuple[str | int, ...], _: Mapping[tuple[str | int, ...], str]) -> Explained:
    """What people call the field at a place, and what it means."""
    inside = place[1:] if place[0] == "message" else place
    name = ""
    for step in inside:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    key = _PART_OF_PARTY.sub("parties.*", re.sub(r"\[\d+\]", "[]", name))
    section = ""
    if inside[0] == "lineItems":
        section = f"line {int(inside[1]) + 1}"
    elif inside[0] == "parties":
        section = f"party {inside[1]}"
    return Explained(name, section, key, MEANINGS[transaction].get(key))
