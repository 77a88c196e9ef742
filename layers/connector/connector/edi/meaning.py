"""What a value of a written document means, and the rule that shapes it: words for people, declared once a dialect.

Which Visma field or setting a value comes from is not declared: `explain/trace.py` finds it.
"""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """What one element or field says.

    Attributes:
        what: What it is, in a few words.
        rule: How its value is made, in one sentence.
        is_fixed: It may come from no field of Visma and no setting: the standard, the kind or a count gives it.
    """

    what: str
    rule: str
    is_fixed: bool = False


class Explained(NamedTuple):
    """A value of a written document as people call it.

    Attributes:
        name: The element (`PO1-02`) or the path (`lineItems[0].quantity.value`).
        section: The part of the document that it stands in: `line 1`, `party SE`; "" for the document itself.
        key: Its meaning in the table of the dialect, for documentation.
        meaning: What it means; None when the table has nothing.
    """

    name: str
    section: str
    key: str
    meaning: Meaning | None


QUALIFIER = "Says what the element beside it is."

TERMS_TYPE = "Whether a discount is offered for paying early."
TERMS_BASIS = "Days count from the date of the invoice, as Visma's terms do."
DISCOUNT_PERCENT = "The percentage that `terms` in routing gives to Visma's terms, where it leads to Visma's amount."
DISCOUNT_DAYS = "From the invoice date to the last day of the discount; of an order, by `terms` in routing."
DISCOUNT_UNTIL = "The last day of the cash discount of an invoice."
NET_DAYS = "From the invoice date to the due date; of an order, by `terms` in routing."
NET_UNTIL = "The due date of an invoice."
DISCOUNT_AMOUNT = "The cash discount that Visma grants on the invoice, without its sign."
TERMS_TEXT = "Visma's description of the terms, or its id where there is none."

PARTY_NAME = "As the document has it, else the partner's in routing; our company's is that of routing."
FURTHER_NAME = "Of a customer that a supplier delivers to: its location, if that is not the main one, and the contact."
PARTY_ID = (
    "The GLN where Visma or routing has one, else the number that we gave: supplier or customer, location, branch. "
    "Of a place of ours, what `places` says; of one of a customer in an invoice, what `locations` says. None with an "
    "address that was entered on the order (`overrideAddress`)."
)
ADDRESS = "As the document has it, else the partner's in routing; our company's is that of routing."
REGION = "The code of Visma's county in its country; what has no such code is left out, and noted."
CONTACT = "As the document has it, else as routing does; the attention goes before the name."

WANTED_REFERENCE = "What `x12.references` in routing says."

UNIT = "The unit that `units` in routing gives to Visma's word, as the dialect calls it; without a word it is `unit`."
PRICE = "The price for one unit before discount, without VAT, as Visma has it."
QUANTITY = "The quantity in Visma's unit."
BUYER_ITEM = (
    "The number of the item at the buyer: ours where we buy, else the one on the line, else `items.partner_item`."
)
VENDOR_ITEM = (
    "The number of the item at the seller: ours where we sell, else the one on the line, else `items.partner_item`."
)
GTIN = (
    "`items.gtins` of the item and its unit in routing, else `items.gtin`, which is that of a piece where `gtins` has "
    "others; 8 digits are filled up to 14."
)
LINE_TEXT = "The description of the line, else that of the item."
CHARGE_SIDE = "An amount below zero is an allowance, one above zero a charge; it is written without its sign."
CHARGE_KIND = (
    "Discount, freight, or another: surcharge, adjustment of an entered amount, rounding, a line without item."
)
CHARGE_AMOUNT = (
    "A line's discount, or what is left between its amount and quantity x price; of the document: its discounts, "
    "freight, lines without an item, and what is left of rounding."
)
CHARGE_TEXT = "The description in Visma, else the kind of the allowance or charge."
WANTED = "The promised or the requested day, as `line_date` says; where it is empty, the promised day of the order."
ORDER_WANTED = "The promised day of the order, while at least one line (with `line_date: requested`: each) keeps to it."
TEXTS = (
    "One text each: the description (`description`), notes (`notes`), lines of text only, and what has no place of its "
    "own. X12: MSG, in a 850 or 855 of 005010 MTX."
)
TOTAL = "What is payable: the total that Visma states, which lines, charges, discounts and VAT add up to."
STREAM = "The stream of Orderful: that of the stack, or `--stream`."
SENDER = "Our ISA id on the stream: `orderful.isa_id` of the company."
RECEIVER = "The partner's ISA id on the stream: `orderful.isa_id` of the partner."
TYPE = "The transaction that Orderful has for the kind of document."
PURPOSE = "An original, or a replacement or cancellation of what the partner has."
