"""Why a document or an incoming transaction is where it is: one stable code for each reason.

The sentence of a reason is for a person and may change; its code does not. A code is written into records, answers of
`--json` and log lines, and people filter by it. It is never renamed or given another meaning once released; a new
reason gets a new code. `docs/reasons.md` is made from this declaration.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self


class Reason(StrEnum):
    """A reason; its value is the code.

    Attributes:
        label: What happened, in a few words.
        meaning: What it means, as one sentence or two.
        action: What a person does about it. The next step of a record says it for the one document.
    """

    label: str
    meaning: str
    action: str

    def __new__(cls, code: str, label: str, meaning: str, action: str) -> Self:
        """Make a member of which the code is the value."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label, member.meaning, member.action = label, meaning, action
        return member

    # Documents that are not sent, or not yet

    SEND_OFF = (
        "send-off",
        "Routing switches the kind off",
        "`send: false` for this kind, partner or company: the document is recorded and not sent.",
        (
            "Nothing, if that is meant. Otherwise set `send: true` and apply the file with `--skipped`, which offers "
            "what was kept back."
        ),
    )
    ORDER_TYPE_OFF = (
        "order-type-off",
        "Routing switches the order type off",
        "`order_types` says `do_not_send` for the type of the order.",
        "Nothing, if that is meant. Otherwise change `order_types` and apply the file with `--skipped`.",
    )
    PATTERN_ORDER = (
        "pattern-order",
        "Visma's pattern order",
        "An order of the type Standard (`StandardBlanket`) is a pattern from which orders are made.",
        "Nothing: it is never sent.",
    )
    TYPE_NEVER_SENT = (
        "type-never-sent",
        "A type that is never sent",
        "Documents of this type are paid when they are made, or are no invoices.",
        "Nothing: they are never sent.",
    )
    ON_HOLD = (
        "on-hold",
        "On hold in Visma",
        "The document is a draft: its hold flag is set.",
        "Release it in Visma; it is then sent by itself.",
    )
    STATUS_NOT_IN_SEND_WHEN = (
        "status-not-in-send-when",
        "Its status is not one of `send_when`",
        "Visma documents the status, and routing does not send documents in it.",
        "Wait for the next status. If documents in this status are to leave, add it to `send_when` and apply the file.",
    )
    UNKNOWN_STATUS = (
        "unknown-status",
        "A status that nobody knows",
        (
            "Visma gives a status that it does not document and that `send_when` does not name: nothing tells whether "
            "the document is finished."
        ),
        (
            "Look at the document in Visma. Add the word to `send_when` and apply the file, or release or close the "
            "document."
        ),
    )
    WITHDRAWN_UNSENT = (
        "withdrawn-unsent",
        "Withdrawn before it was sent",
        "The order is cancelled or the invoice is void, and the partner never had it.",
        "Nothing: the partner has nothing to forget.",
    )
    NOTHING_NEW = (
        "nothing-new",
        "Nothing new for the partner",
        "The document changed in Visma, and the partner would get what it has already.",
        "Nothing.",
    )
    REVISION_IGNORED = (
        "revision-ignored",
        "Routing ignores changes",
        "The document changed after it was sent, and `on_revision` is `ignore`.",
        "Nothing, if that is meant. Otherwise change `on_revision` and apply the file.",
    )
    BEFORE_GO_LIVE = (
        "before-go-live",
        "From before go-live",
        "The document is from before the go-live of its company or partner: it is recorded and not sent.",
        "Nothing, if the partner has it from elsewhere. Otherwise `connector documents release`.",
    )

    PAUSED = (
        "paused",
        "A person paused it",
        "`connector pause` keeps the documents of a company, a partner or a kind from being sent.",
        "`connector resume`, once they may leave: each then leaves once, as it stands in Visma by then.",
    )

    # Documents that need a decision

    CHANGED_SINCE_GO_LIVE = (
        "changed-since-go-live",
        "Changed, and from before go-live",
        "A document from before go-live changed in Visma, or may be sent only now.",
        "Release it as original or replacement, or close it.",
    )
    AGE_UNCLEAR = (
        "age-unclear",
        "Before or after go-live is unclear",
        "Visma does not say whether the document left before go-live.",
        "Release it as original or replacement, or close it.",
    )
    ENTERED_LATE = (
        "entered-late",
        "Entered after go-live, dated long before",
        (
            "The invoice was entered in Visma after go-live, and is dated before it and more than 31 days before its "
            "entry. It may be migrated: the partner has it from elsewhere then."
        ),
        "Close what was migrated, all at once by this code. Release as original what was only entered late.",
    )
    GO_LIVE_MOVED = (
        "go-live-moved",
        "Go-live was moved",
        "The document is on record as from before go-live, and is from after the go-live in force.",
        "Release it as original or replacement, or close it.",
    )
    KEPT_BACK_BEFORE = (
        "kept-back-before",
        "Routing kept it back before",
        "Routing switched the document off when it was ready: the partner may have it from elsewhere.",
        "Release it as original or replacement, or close it.",
    )
    NOT_RELEASED = (
        "not-released",
        "Not released with its routing entry",
        (
            "The routing entry that the document waited for is in force, and the document was not named when the file "
            "was applied."
        ),
        "Release it, or apply the file again with `--release all`.",
    )
    CHANGED_AFTER_CLOSE = (
        "changed-after-close",
        "Changed after a person closed it",
        "Only the person who closed the earlier revision knows what the partner has.",
        "Release it as original or replacement, or close it.",
    )
    CHANGED_AFTER_SENDING = (
        "changed-after-sending",
        "Changed after it was sent",
        "`on_revision` is `park`: a person decides about each change of a sent document.",
        "Tell the partner and close it, or release it as replacement.",
    )
    GOODS_RECEIVED = (
        "goods-received",
        "Goods were received before it was sent",
        (
            "An order would be sent for the first time, and goods of it are on a receipt in Visma, released or not: "
            "its supplier has it in another way. An original would order the whole quantity again."
        ),
        "Release it as replacement or as original if the partner is to have it, or close it.",
    )
    LINE_CLOSED_SHORT = (
        "line-closed-short",
        "Changed, and a line is closed short",
        (
            "A sent order changed in Visma, and a line of it is completed there with less received than ordered. A "
            "replacement would order the whole quantity again."
        ),
        "Set the quantity of the line to what was received, release it as replacement, or tell the partner and close.",
    )
    CHANGED_OUT_OF_STATUS = (
        "changed-out-of-status",
        "Changed, and its status is not sent",
        (
            "A sent document changed in Visma while its status is not one of `send_when`: the partner does not know "
            "of the change."
        ),
        "Release it as replacement, or tell the partner and close it.",
    )
    REFUSED_AFTER_SENDING = (
        "refused-after-sending",
        "Not approved after it was sent",
        "An order that the partner has got the status Voided in Visma (Rejected on the screen): it was not approved.",
        "Release it as replacement, which sends the cancellation; or tell the partner and close it; or approve it.",
    )
    REOPENED_AFTER_CANCELLATION = (
        "reopened-after-cancellation",
        "Open again after its cancellation",
        (
            "The partner was sent the cancellation, or told of it by a person who closed it, and the document is open "
            "again in Visma. `on_reopen` is `park`, because partners differ in what they take then."
        ),
        "Ask the partner, then release it as original or as replacement, or set `on_reopen` and apply.",
    )
    SENT_BY_OTHER_COMPANY = (
        "sent-by-other-company",
        "Sent as a document of another company",
        (
            "A partner has the document, or is to be sent it, from another company of the routing that is part of the "
            "same Visma company: its branch was changed. It may be Cancelled since, which the partner does not know."
        ),
        (
            "Release it as replacement where the partner knows both by one ISA id. Otherwise tell the partner that the "
            "former one is cancelled, then release it as original. Or correct the branch in Visma and close it."
        ),
    )
    NUMBER_USED_AGAIN = (
        "number-used-again",
        "Perhaps another document with the number of a sent one",
        (
            "The document has the number of one that was sent, and it was created at another time, or has another date "
            "and none of its items: the former one may have been deleted in Visma. A replacement would change what the "
            "partner is delivering."
        ),
        (
            "Release it as replacement if it is the same document. Otherwise tell the partner that the former one is "
            "cancelled, then release it as original with `--force`, or enter it in Visma under a new number and close "
            "it."
        ),
    )
    SENT_BY_VISMA = (
        "sent-by-visma",
        "Visma sends it as well",
        (
            "Visma itself sends the document to the partner, an invoice by AutoInvoice (Peppol, EHF): the partner "
            "would get it twice."
        ),
        (
            "Switch AutoInvoice off for the customer in Visma; or set `sent_by_visma: tell` and apply, where the "
            "partner takes only one of the two. Release it as original if it did not get this one, or close it."
        ),
    )
    PARTNER_NOT_TOLD = (
        "partner-not-told",
        "The partner is not told of a change",
        "A sent document changed or was withdrawn, and routing keeps the change from leaving.",
        "Tell the partner, then close it.",
    )
    WITHDRAWAL_BY_HAND = (
        "withdrawal-by-hand",
        "A former receiver has to be told",
        "The supplier or customer of a sent document changed, and the withdrawal cannot be sent.",
        "Tell the former receiver, then close the revision.",
    )
    NUMBER_SHARED = (
        "number-shared",
        "Two types of order with one number",
        "Orders of two types have the same number.",
        (
            "Release or close the document, or approve or reject the change. Give each type a number series of its "
            "own in Visma."
        ),
    )
    COUNTERPARTY_RENUMBERED = (
        "counterparty-renumbered",
        "Another number of the supplier or customer",
        "A sent document names a supplier or customer number that routing does not know.",
        "Add the number to the partner in the routing file and apply it, or tell the partner and close it.",
    )
    RENUMBERED_TO_OTHER_PARTNER = (
        "renumbered-to-other-partner",
        "The number is another partner's",
        (
            "Routing gives the new number of the supplier or customer to another partner than the one that has the "
            "document."
        ),
        "Correct the routing file and apply it, or release the document as original.",
    )

    # Routing

    UNMAPPED_PARTNER = (
        "unmapped-partner",
        "No partner for the supplier or customer",
        "Routing maps the number of the supplier or customer to no partner.",
        "Add the partner to the routing file and apply it. `unmapped_partner: skip` skips such documents.",
    )
    PARTNER_MAPPED_TWICE = (
        "partner-mapped-twice",
        "Two partners for one number",
        "Routing maps the number of the supplier or customer to several partners.",
        "Keep the number in one of them and apply the file.",
    )
    UNKNOWN_COMPANY = (
        "unknown-company",
        "The company is not in the routing",
        "The document is of a company that routing does not name.",
        "Add the company to the routing file and apply it.",
    )
    OTHER_BRANCH = (
        "other-branch",
        "Of another branch",
        "The document is of another branch than the one that routing gives the company.",
        "Give the branch a company of its own, or take `visma.branch` out, and apply the file.",
    )
    ORDER_TYPE_UNMAPPED = (
        "order-type-unmapped",
        "The order type is not mapped",
        "`order_types` does not name Visma's type of the order.",
        "Add it to `order_types` and apply the file.",
    )
    UNIT_UNMAPPED = (
        "unit-unmapped",
        "The unit is not mapped",
        "Routing translates the unit to none, or to several.",
        "Map the unit in the routing file and apply it.",
    )
    ITEM_NUMBER_MISSING = (
        "item-number-missing",
        "An item number that the partner needs",
        "The partner needs a number of the item that routing does not have, or one that is not valid.",
        "Add it below the item in the routing file and apply it.",
    )
    CURRENCY_MISSING = (
        "currency-missing",
        "No currency",
        "Neither Visma nor the routing names the currency.",
        "Set the partner's `currency` and apply the file.",
    )
    ISA_ID_INVALID = (
        "isa-id-invalid",
        "An ISA id that cannot be sent",
        "An ISA id has characters or a length that the envelope does not take.",
        "Correct the ISA id in the routing file and apply it.",
    )
    DIALECT_CANNOT_CARRY = (
        "dialect-cannot-carry",
        "Mosaic cannot carry it",
        "The document says something that Mosaic cannot carry, and routing asks for Mosaic alone.",
        "Set the partner's `dialect` to `auto` or `x12` and apply the file.",
    )
    SEGMENT_NEEDED = (
        "segment-needed",
        "A left-out segment is needed",
        "`x12.leave_out` names a segment that this document needs.",
        "Take the segment off the list and apply the file.",
    )

    # What the document says

    UNREADABLE_DOCUMENT = (
        "unreadable-document",
        "The document cannot be read",
        "What Visma gave is no such document, or not whole.",
        "Open the document in Visma; it is read again when it changes.",
    )
    UNKNOWN_DOCUMENT_TYPE = (
        "unknown-document-type",
        "A type that nobody knows",
        "Visma gives a type of invoice that the connector does not know.",
        "Send it by hand and close it; install a version that knows the type.",
    )
    FIELD_MISSING = (
        "field-missing",
        "A field is missing",
        "Visma leaves out something that cannot be done without.",
        "Complete the document in Visma.",
    )
    FIELD_INVALID = (
        "field-invalid",
        "A field cannot be read",
        "A field is not of the expected form.",
        "Correct it in Visma.",
    )
    UNEXPECTED_SHAPE = (
        "unexpected-shape",
        "A field of another shape than documented",
        "Visma's API gives something else than it documents: an object in the place of a text, a text for a number.",
        "Tell whoever maintains the connector, and Visma's support for the API. Until then, send the document by hand.",
    )
    NO_LINES = (
        "no-lines",
        "No lines",
        "The document has no lines to send.",
        "Add lines in Visma, or cancel the document there.",
    )
    TWO_LINE_LISTS = (
        "two-line-lists",
        "Two lists of lines",
        "Visma gives two lists of lines that differ.",
        "Look the document up in Visma; send it by hand and close it.",
    )
    NO_ITEM = (
        "no-item",
        "A line without an item",
        "A line names no item.",
        "Give the line an item in Visma, or set the routing key that the next step names.",
    )
    NO_UNIT = (
        "no-unit",
        "A line without a unit",
        "A line has no unit.",
        "Fill it in in Visma.",
    )
    QUANTITY_NOT_POSITIVE = (
        "quantity-not-positive",
        "A quantity of zero or less",
        "A line orders nothing, or less.",
        "Correct or cancel the line in Visma.",
    )
    FRACTION_OF_UNIT = (
        "fraction-of-unit",
        "A fraction of a unit that is counted",
        (
            "A line of an order has, or is to have, a fraction of a unit of which routing says that there are none "
            "(`whole_units`)."
        ),
        "Correct the quantity in Visma, take the unit off `whole_units`, or approve the change.",
    )
    PRICE_BELOW_ZERO = (
        "price-below-zero",
        "A price below zero",
        "A line of a purchase order has a price below zero.",
        "Correct the price in Visma, or enter what is taken off as a discount there.",
    )
    TOTAL_BELOW_ZERO = (
        "total-below-zero",
        "A total below zero",
        "The total of an order is below zero.",
        "Correct prices, discounts and charges of the order in Visma.",
    )
    SEVERAL_BLANKET_ORDERS = (
        "several-blanket-orders",
        "Several blanket orders",
        "The order calls off several blanket orders, and a purchase order names one.",
        "Make one order of each blanket order in Visma, or send it by hand.",
    )
    NO_DELIVERY_ADDRESS = (
        "no-delivery-address",
        "No address to deliver to",
        "A drop-ship order has no address.",
        "Fill in the shipping address in Visma.",
    )
    TOTALS_DO_NOT_CLOSE = (
        "totals-do-not-close",
        "The totals do not add up",
        "Lines, discounts, charges and VAT do not add up to what Visma states.",
        "Compare the figures in Visma and correct them there, or send it by hand and close it.",
    )
    LINE_AMOUNT_DIFFERS = (
        "line-amount-differs",
        "The amount of a line was entered",
        "Quantity, price and discount of a line do not come to its amount.",
        "Correct the line in Visma, or set the routing key that the next step names.",
    )
    TOO_MANY_DECIMALS = (
        "too-many-decimals",
        "More decimals than the currency has",
        "Visma states an amount with more decimals than its currency has.",
        "Correct the amount in Visma.",
    )
    AMOUNT_TOO_LARGE = (
        "amount-too-large",
        "An amount that is too large",
        "An amount cannot be worked out exactly.",
        "Correct it in Visma.",
    )
    CANCELLED_LINES_COUNTED = (
        "cancelled-lines-counted",
        "Cancelled lines are in the totals",
        "VAT or a discount covers cancelled lines too, and the rest cannot be told.",
        "Remove the cancelled lines in Visma.",
    )
    PRICES_INCLUDE_VAT = (
        "prices-include-vat",
        "Prices include VAT",
        "The transaction carries prices without VAT.",
        "Enter the prices without VAT in Visma.",
    )
    OTHER_CURRENCY_AMOUNTS = (
        "other-currency-amounts",
        "Amounts in the currency of the company",
        "Visma gives the amounts in the currency of the company only, and the document is in another.",
        "Send it by hand and close it.",
    )
    INSTALMENT = (
        "instalment",
        "It looks like an instalment",
        (
            "Visma makes a document of each instalment of an invoice whose payment terms have several; the invoice "
            "itself has the whole amount."
        ),
        "See that the invoice itself was sent, then close this one.",
    )
    ROUNDING_UNCLEAR = (
        "rounding-unclear",
        "The sign of the rounding is unclear",
        "Nothing tells whether the rounding raises or lowers the total.",
        "Look up in Visma what is payable; send it by hand and close it.",
    )
    VALUE_DOES_NOT_FIT = (
        "value-does-not-fit",
        "A value does not fit into X12",
        "A value is too long, or has characters that X12 does not take.",
        "Shorten or correct it where the next step says.",
    )
    AMOUNT_DOES_NOT_FIT = (
        "amount-does-not-fit",
        "An amount does not fit into X12",
        "X12 has no place for the amount in this currency.",
        "Correct quantity or price in Visma, or send it by hand and close it.",
    )
    TOO_MANY_SEGMENTS = (
        "too-many-segments",
        "More than X12 holds",
        "X12 holds fewer of a segment than the document needs.",
        "Send it by hand and close it.",
    )

    # Sending and tracking

    PAYLOAD_LOST = (
        "payload-lost",
        "A stored body cannot be read",
        "The stored document, request or message is missing, forbidden or damaged.",
        "Restore it, or look it up in Visma and at Orderful and close it.",
    )
    WRONG_STREAM = (
        "wrong-stream",
        "Of the other stream",
        "The transaction is addressed to another stream than this stack's.",
        "Deploy one stack per stream.",
    )
    EARLIER_SENT_BY_HAND = (
        "earlier-sent-by-hand",
        "An earlier transaction was sent by hand",
        (
            "Orderful refused an earlier transaction of the document, and somebody sent it by hand: the partner has "
            "it, so a second original would be delivered as well."
        ),
        "Release it as replacement, or close it.",
    )
    UNKNOWN_TRANSACTION = (
        "unknown-transaction",
        "Orderful has one that the ledger does not know",
        "Orderful has a transaction with this number and other content.",
        "Look at it in Orderful, then release or close the document.",
    )
    REQUEST_REFUSED = (
        "request-refused",
        "Orderful or Visma refused the request",
        "The answer to a request was a refusal.",
        "Correct what the answer names; a document is then sent again by itself, or with `connector documents replay`.",
    )
    NOT_ACCEPTED = (
        "not-accepted",
        "Orderful did not accept the document",
        "Orderful took the request and not the document.",
        "Correct the document in Visma; it is then sent by itself. Otherwise `connector documents replay`.",
    )
    INVALID_FOR_PARTNER = (
        "invalid-for-partner",
        "Not valid for the partner",
        "Orderful's check against the partner's guideline failed.",
        "Correct the document in Visma; it is then sent by itself. Otherwise `connector documents replay`.",
    )
    DELIVERY_FAILED = (
        "delivery-failed",
        "Orderful could not deliver it",
        "Orderful does not try again by itself.",
        "Settle the cause with Orderful or the partner, then `connector documents replay`.",
    )
    REJECTED_BY_PARTNER = (
        "rejected-by-partner",
        "The partner rejected it",
        "The functional acknowledgment (997) of the partner is a rejection.",
        "Correct the document in Visma; it is then sent by itself. Otherwise `connector documents replay`.",
    )
    BASE_REFUSED = (
        "base-refused",
        "What it rests on was refused",
        "The partner asked for this content on top of a revision that was refused.",
        "Correct the document in Visma, or `connector documents replay`.",
    )
    TRANSACTION_DELETED = (
        "transaction-deleted",
        "Orderful shows no such transaction",
        "Somebody may have deleted the transaction at Orderful.",
        "If that was not meant, `connector documents replay`; otherwise close it.",
    )
    VALIDATION_LATE = (
        "validation-late",
        "Orderful has not checked it",
        "Orderful has not said in time whether the transaction is valid.",
        "Open the transaction in Orderful; if it does not move, ask Orderful's support.",
    )
    WAITS_FOR_MANUAL_SEND = (
        "waits-for-manual-send",
        "It waits to be sent by hand",
        "The transaction is valid and Orderful has not sent it on: auto-send is off.",
        "Press send in Orderful, or switch auto-send on for this relationship.",
    )
    SENT_THOUGH_INVALID = (
        "sent-though-invalid",
        "Sent by hand although not valid",
        "Somebody sent a transaction that is not valid for the partner.",
        "Ask the partner whether it can use the document.",
    )
    SENT_AFTERWARDS = (
        "sent-afterwards",
        "Sent by hand after a newer revision took its place",
        "The document changed in Visma after Orderful refused a transaction, and then somebody sent that one by hand.",
        "Tell the partner which one counts, or send what Visma has now as replacement; then close the attention.",
    )
    NOT_DELIVERED = (
        "not-delivered",
        "Not delivered in time",
        "The partner's channel does not have the document in the expected time.",
        "Check the partner's channel in Orderful.",
    )
    ACKNOWLEDGMENT_OVERDUE = (
        "acknowledgment-overdue",
        "No functional acknowledgment in time",
        "The partner's 997 is overdue.",
        "Ask the partner. A partner that never acknowledges gets `acknowledgment: never`.",
    )
    ACCEPTED_WITH_ERRORS = (
        "accepted-with-errors",
        "Accepted with errors",
        "The partner accepted the document and names errors.",
        "Read the errors in Orderful's acknowledgment and settle them with the partner.",
    )
    DOUBLED_TRANSACTION = (
        "doubled-transaction",
        "Two transactions for one revision",
        "Orderful holds several transactions that may be of this revision.",
        "Agree with the partner which one counts, then close the attention.",
    )

    # Incoming transactions

    ANSWER_NOT_ACCEPTING = (
        "answer-not-accepting",
        "An answer that does not accept",
        "A partner's answer (855, 865, 824) does not accept what was sent.",
        "Settle it with the partner, then close it.",
    )
    ACCEPTED_AFTER_CANCELLATION = (
        "accepted-after-cancellation",
        "Accepted, and no longer wanted",
        "A partner accepts an order that was cancelled, withdrawn from it, or not approved: goods may be on their way.",
        "Call the partner, then close it.",
    )
    ANSWER_DIFFERS = (
        "answer-differs",
        "An answer that states something else",
        (
            "A partner's answer (855, 865) states something else than the order that it answers: other lines or items, "
            "another quantity, price, unit, day, currency, place or total, a charge, or what cannot be read."
        ),
        "Settle it with the partner, correct the order in Visma where need be, then close it.",
    )
    ANSWER_TO_UNKNOWN_ORDER = (
        "answer-to-unknown-order",
        "An answer to an order that was not sent",
        (
            "A partner's answer (855, 865) names an order of which nothing was sent from here, or none, and neither "
            "the ledger nor routing explains it: another number is meant, or another system sent the order."
        ),
        (
            "Ask the partner which order is meant, then close it. Where another system sends orders to it too, set "
            "`answers_to_unknown_orders: record`."
        ),
    )
    ANSWER_NOT_COMPARED = (
        "answer-not-compared",
        "An answer that could not be compared",
        (
            "A partner's answer (855, 865) could not be compared with its order: the content of the order has expired, "
            "or routing does not lead from it to the sender."
        ),
        "Read it in Orderful, compare it with the order in Visma, then close it.",
    )
    MESSAGE_TOO_LARGE = (
        "message-too-large",
        "The message is too large",
        "The message is larger than is read here.",
        "Open it in Orderful, do what it asks for, then close it.",
    )
    UNREADABLE_MESSAGE = (
        "unreadable-message",
        "The message is no 860 that can be read",
        "What came in cannot be read as a change of an order.",
        "Open the transaction in Orderful, then close it.",
    )
    INVALID_AT_ORDERFUL = (
        "invalid-at-orderful",
        "Orderful holds it as invalid",
        "Orderful has not let the transaction through.",
        "Correct it in Orderful or have the partner send it again, then approve it.",
    )
    PROCESSING_AT_ORDERFUL = (
        "processing-at-orderful",
        "Orderful still processes it",
        "Orderful has been processing the transaction for long.",
        "Look at it in Orderful, then approve it.",
    )
    RECEIVER_UNMAPPED = (
        "receiver-unmapped",
        "The receiver is no company's",
        "Routing gives the receiver's ISA id to no company, or to several.",
        "Give exactly one company the ISA id and apply the file.",
    )
    SENDER_UNMAPPED = (
        "sender-unmapped",
        "The sender is no partner",
        "Routing has no partner of the company with the sender's ISA id.",
        "Add the partner to the routing file and apply it.",
    )
    SENDER_IS_CUSTOMER = (
        "sender-is-customer",
        "The sender is a customer",
        "A customer's change is about a sales order, which is not written here.",
        "Enter it in Visma by hand, then close it.",
    )
    ORDER_OF_ANOTHER_PARTNER = (
        "order-of-another-partner",
        "The order is another partner's",
        "The order is not for the partner that sent the change.",
        (
            "Tell the partner, then close it; or name the order that is meant. While the order is still edited in "
            "Visma, its supplier may be corrected: retry it once that has ended."
        ),
    )
    OTHER_ORDER = (
        "other-order",
        "It names another order",
        "The change names another order than the one it is compared with.",
        "Tell the partner, then close it.",
    )
    ORDER_NOT_FOUND = (
        "order-not-found",
        "Visma has no such order",
        "Visma does not show an order with the number of the change.",
        "Name the order that is meant with `connector changes approve --order`, or close it.",
    )
    ORDER_TYPE_DIFFERS = (
        "order-type-differs",
        "Visma shows an order of another type",
        "The order with this number in Visma is of another type than the one that was sent.",
        "Enter the change in the right order by hand, then close it.",
    )
    RECORDED_ELSEWHERE = (
        "recorded-elsewhere",
        "Recorded under another order",
        "The transaction is about another order and is recorded there.",
        "Nothing: look at it under that order.",
    )
    DUPLICATE_CHANGE = (
        "duplicate-change",
        "A repetition",
        "The change repeats an applied one to the letter.",
        "Nothing: there is nothing left to write.",
    )
    MAYBE_REPEATED = (
        "maybe-repeated",
        "A repetition, or meant again",
        "The change repeats an applied one, and the order has changed since.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    REPEATED_DELTA = (
        "repeated-delta",
        "The same difference again",
        (
            "The partner's quantities are differences, and a change of the last seven days that was applied, or closed "
            "by hand, gave the same one for the same line: written again, it counts twice."
        ),
        "Ask the partner whether it is meant again; approve or reject it.",
    )
    EARLIER_CHANGE_WAITS = (
        "earlier-change-waits",
        "An earlier change waits",
        "An earlier change of the order still waits for a person.",
        "Decide about the earlier one first.",
    )
    SEQUENCE_NUMBER_USED = (
        "sequence-number-used",
        "Its number was used already",
        "Another change with the same number was applied.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    LATER_CHANGE_ENDED = (
        "later-change-ended",
        "A later change has ended already",
        "A later change of the order was applied, closed or recorded before this one.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    APPROVAL_OUTDATED = (
        "approval-outdated",
        "The approval was given on something else",
        "The order, the routing or what the partner says changed after the comparison that was approved.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    VISMA_REFUSED = (
        "visma-refused",
        "Visma refused the write",
        "Visma did not take the change of the order.",
        "Change the order in Visma by hand and approve this, or reject it.",
    )
    VISMA_UNAVAILABLE = (
        "visma-unavailable",
        "Visma gives no usable answer",
        "Visma gave no usable answer about this order, or to the write, too often.",
        "It is looked at again by itself; or `connector changes retry`.",
    )
    ORDER_KEEPS_CHANGING = (
        "order-keeps-changing",
        "The order keeps changing",
        "The order changed in Visma each time the change was to be written.",
        "It is looked at again by itself; or `connector changes retry`.",
    )
    STORE_UNAVAILABLE = (
        "store-unavailable",
        "What is stored could not be read",
        "The change could not be begun: a store or a system gave no usable answer too often.",
        "Enter it in Visma by hand, then close it; or `connector changes retry`.",
    )
    CONNECTOR_DEFECT = (
        "connector-defect",
        "A defect of the connector",
        "The connector did what it should not do.",
        "Do it by hand, close it, and report the defect.",
    )
    NOTHING_WRITTEN = (
        "nothing-written",
        "Nothing of it is written",
        "A person approved a change of which nothing can be written.",
        "Nothing: it is closed. Do by hand what is listed as unwritten.",
    )
    SETTLED_BY_PERSON = (
        "settled-by-person",
        "A person ended it",
        "A person rejected or closed the change; the reason is the person's.",
        "Nothing.",
    )

    # What speaks against a change of an order

    BASE_UNKNOWN = (
        "base-unknown",
        "What the partner last saw is unknown",
        "The ledger knows no version of the order that the partner has seen.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    CHANGED_IN_VISMA = (
        "changed-in-visma",
        "Changed in Visma meanwhile",
        "Somebody changed in Visma what the partner asks to change.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    CROSSES_REVISION = (
        "crosses-revision",
        "It may cross what was sent",
        (
            "A revision was sent shortly before the partner wrote the change, or a person told the partner of one and "
            "closed it, and the change comes to something else with it than without it."
        ),
        (
            "Ask the partner which state it had. Approve the change if it did not know of that revision; otherwise "
            "enter it in Visma by hand and close the change."
        ),
    )
    CANCELLED_FOR_PARTNER = (
        "cancelled-for-partner",
        "The partner has the cancellation",
        (
            "The last that the partner was sent, or told by a person, is the cancellation of the order, and the order "
            "is open again in Visma."
        ),
        (
            "Decide first whether the partner gets the order again. Then approve the change, or reject it and tell the "
            "partner."
        ),
    )
    CANCELS_ORDER = (
        "cancels-order",
        "It cancels the order",
        "Visma's API cannot cancel an order.",
        "Cancel the order in Visma, then approve the change; or reject it.",
    )
    CANCELLATION_UNCLEAR = (
        "cancellation-unclear",
        "How much is cancelled is unclear",
        "The message cancels the order and its lines say something else.",
        "Ask the partner; approve or reject it.",
    )
    ORDER_ENDED = (
        "order-ended",
        "The order has ended",
        "The message names an order that is cancelled or closed in Visma.",
        "Settle it with the partner, then approve or reject it.",
    )
    ORDER_STATUS = (
        "order-status",
        "The order takes no change",
        "`changes.statuses` does not name the status of the order.",
        "Settle it with the partner, then reject it; or add the status and apply the file.",
    )
    ORDER_EMPTIED = (
        "order-emptied",
        "Nothing would be left",
        "The change takes out the last line.",
        "Approve or reject it; an order is cancelled in Visma.",
    )
    NO_LINES_RESTATED = (
        "no-lines-restated",
        "The order is restated without lines",
        "The message restates the order without a line, which may be a cancellation.",
        "Correct the order in Visma, then approve the change; or reject it.",
    )
    CURRENCY_DIFFERS = (
        "currency-differs",
        "Another currency",
        "The message is in another currency than the order.",
        "Settle it with the partner, then reject it.",
    )
    DATE_BEYOND_LIMIT = (
        "date-beyond-limit",
        "A day moves further than allowed",
        "A day moves further than `changes.dates` from the one that was last sent or approved, or there was none.",
        "Approve or reject it; the limit is `changes.dates`.",
    )
    DATE_IN_PAST = (
        "date-in-past",
        "A day in the past",
        "A day was over when the message or the order was written.",
        "Ask the partner; approve or reject it.",
    )
    HEADER_DATE_UNUSED = (
        "header-date-unused",
        "The day of the header moves no line",
        "No line goes by the delivery date of the header.",
        "Change the days of the lines in Visma where need be; approve or reject it.",
    )
    TWO_DAYS = (
        "two-days",
        "Two days for one line",
        "A line is wanted and promised on two days, and has one day here (`line_date`).",
        "Settle it with the partner, then reject it; or change the order in Visma.",
    )
    ORDER_REFERENCE_DIFFERS = (
        "order-reference-differs",
        "It may be meant for another order",
        (
            "The message names the number of this order, and the date of an order that is further than "
            "`changes.order_date` from its date, or refers to another purchase order (REF*PO)."
        ),
        "Ask the partner which order is meant; approve or reject it.",
    )
    QUANTITY_BEYOND_LIMIT = (
        "quantity-beyond-limit",
        "A quantity changes more than allowed",
        "A quantity differs by more than `changes.quantity` from the one that was last sent or approved.",
        "Approve or reject it; the limit is `changes.quantity`.",
    )
    TOTAL_STATED_DIFFERS = (
        "total-stated-differs",
        "The stated total is another one",
        "The message states a total (AMT), and nothing that it asks for leads to it.",
        "Compare it with what the lines come to, ask the partner which is meant, then approve or reject it.",
    )
    QUANTITY_UNCLEAR = (
        "quantity-unclear",
        "The new quantity is unclear",
        "The figures of the line lead to no quantity, to several, or to one that contradicts them.",
        "Set `changes.quantities`, choose with `connector changes approve --reading`, or reject it.",
    )
    QUANTITY_BELOW_RECEIVED = (
        "quantity-below-received",
        "Less than was received",
        "The quantity would be lower than what was received.",
        "Correct the order in Visma, then approve the change; or reject it.",
    )
    PRICE_BEYOND_LIMIT = (
        "price-beyond-limit",
        "A price changes more than allowed",
        "A price differs by more than `changes.price` from the one that was last sent or approved.",
        "Approve or reject it; the limit is `changes.price`.",
    )
    PRICE_UNCLEAR = (
        "price-unclear",
        "The price needs a look",
        "A price is zero or below, or its basis or currency, or whether the discount is taken off, is not clear.",
        "Ask the partner; approve or reject it.",
    )
    LINE_NOT_FOUND = (
        "line-not-found",
        "The line is not in the order",
        "The order has no such line, or not one that is like it.",
        "Ask the partner which line is meant; correct the order in Visma, or reject it.",
    )
    LINE_NAMED_TWICE = (
        "line-named-twice",
        "One line, several requests",
        "The message says more than one thing of the same line.",
        "Ask the partner; correct the order in Visma, or reject it.",
    )
    LINE_UNSEEN = (
        "line-unseen",
        "A line that the partner never saw",
        "The line was added in Visma after the partner last saw the order.",
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    LINE_ALREADY_GONE = (
        "line-already-gone",
        "The line is gone already",
        "The message takes out a line that the order does not have.",
        "Ask the partner which line is meant; approve or reject it.",
    )
    LINE_CLOSED = (
        "line-closed",
        "The line is closed",
        "The line is closed in Visma.",
        "Correct the order in Visma, then approve the change; or reject it.",
    )
    LINE_RECEIVED = (
        "line-received",
        "The line was received",
        "Goods of the line were received already.",
        "Correct the order in Visma, or approve or reject it.",
    )
    LINE_TAKEN_OUT = (
        "line-taken-out",
        "A line is taken out",
        "`changes.lines` asks a person about lines that go.",
        "Approve or reject it; `changes.lines` decides.",
    )
    PART_OF_LINE = (
        "part-of-line",
        "Perhaps only a part is meant",
        "The message takes out a line and says something of a part of it.",
        "Ask the partner; approve or reject it.",
    )
    LINE_ADDED = (
        "line-added",
        "A line is added",
        "`changes.lines` asks a person about lines that are added.",
        "Approve or reject it; `changes.lines` decides.",
    )
    LIMIT_BASE_UNKNOWN = (
        "limit-base-unknown",
        "Nobody knows from where the limits count",
        (
            "The limits count from the last state of the order that we sent or that a person approved. Its content has "
            "expired (`PayloadRetentionDays`), or there is none."
        ),
        "Compare what it asks with the order, then approve or reject it. After an approval the limits count from it.",
    )
    LINE_RENEWED_BEYOND_LIMIT = (
        "line-renewed-beyond-limit",
        "An item comes back otherwise",
        (
            "An item that was taken out since the order was last sent or approved is added again, with a quantity or a "
            "price beyond the limit of the former line."
        ),
        "Compare what it asks with what Visma has, then approve or reject it.",
    )
    ADDED_LINES_BEYOND_LIMIT = (
        "added-lines-beyond-limit",
        "Added lines come to more than allowed",
        (
            "The lines that were added since the order was last sent or approved, and the quantities that were raised "
            "besides, come to more than `changes.quantity` of its amount then."
        ),
        "Approve or reject it; the limit is `changes.quantity`.",
    )
    REMOVED_LINES_BEYOND_LIMIT = (
        "removed-lines-beyond-limit",
        "Lines taken out come to more than allowed",
        (
            "`changes.lines` lets lines be taken out, and those taken out since the order was last sent or approved, "
            "and the quantities that were lowered besides, come to more than `changes.quantity` of its amount then."
        ),
        "Approve or reject it; the limit is `changes.quantity`.",
    )
    LINE_MAYBE_ADDED = (
        "line-maybe-added",
        "The line may be there already",
        "The order has a line like the added one.",
        "Compare it with the order; correct the order in Visma, or approve or reject it.",
    )
    ITEM_UNMAPPED = (
        "item-unmapped",
        "The item leads to none of ours",
        "The numbers of the item lead to no item of ours, or to several.",
        "Add the item to the routing file and apply it.",
    )
    ITEM_UNPROVEN = (
        "item-unproven",
        "The item cannot be compared",
        "The message calls the item something with which nothing here can be compared.",
        "Ask the partner; approve or reject it.",
    )
    UNIT_DIFFERS = (
        "unit-differs",
        "Another unit",
        "The line is in another unit than in Visma.",
        "Map the unit in the routing file, or settle it with the partner and reject the change.",
    )
    VALUE_MISSING = (
        "value-missing",
        "A value is missing",
        "The line lacks a quantity, a price or what its code changes.",
        "Ask the partner; correct the order in Visma, or reject it.",
    )
    VALUE_CONTRADICTS = (
        "value-contradicts",
        "A value contradicts the code",
        "The line gives another value where its code leaves the value alone.",
        "Ask the partner; approve or reject it.",
    )
    CONFIRMATION_DIFFERS = (
        "confirmation-differs",
        "It confirms what Visma has otherwise",
        "The message only confirms, and the order in Visma differs.",
        "Settle it with the partner; correct the order in Visma where need be.",
    )
    PARTY_DIFFERS = (
        "party-differs",
        "Another party",
        "The message names another party or place than the order.",
        "Approve it to take the party as the order's own, or reject it.",
    )
    TERMS_DIFFER = (
        "terms-differ",
        "Other terms or charges",
        "The message states terms or charges that the order does not have.",
        "Settle it with the partner; an approval does not write them.",
    )
    NOTE_TO_READ = (
        "note-to-read",
        "A note to read",
        "A note, a reference or the name of an item may be what the message is about.",
        "Read it, do in Visma what it asks for, then approve or reject it.",
    )
    NOT_WRITABLE = (
        "not-writable",
        "Something that is not written",
        "The message asks for something that an order in Visma cannot hold.",
        "Do by hand what has to be done, then approve or reject it.",
    )
    READING_TO_CONFIRM = (
        "reading-to-confirm",
        "A reading to confirm",
        "The message can be read in more than one way.",
        "Compare what it asks with what Visma has; an approval takes the reading over.",
    )
    PART_UNREADABLE = (
        "part-unreadable",
        "A part cannot be read",
        "Nobody can read a part of the message, and it would change something.",
        "Change the order in Visma by hand and close the change; or reject it.",
    )


class StatedReason(NamedTuple):
    """A reason with its sentence for a person.

    Attributes:
        code: Which reason it is.
        sentence: What happened to this document.
    """

    code: Reason
    sentence: str
