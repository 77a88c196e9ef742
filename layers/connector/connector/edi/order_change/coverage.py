"""What of an 860 is applied, asked about, blocked or told: one table, by which the readers also find what is not read.

`docs/changes-860.md` is made of it (`python -m connector.cli.reference.changes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from connector.domain.text import truncated
from connector.edi.order_change.fields import MAX_QUOTE_LENGTH, Data, filled, plain, quoted
from connector.edi.order_change.names import label_of


class Treatment(StrEnum):
    """What becomes of an element."""

    APPLIED = "applied"
    ASKED = "asked"
    COMPARED = "asked when it differs"
    BLOCKED = "blocked"
    REMARK = "remark"
    NAMES = "names the order or the line"
    UNUSED = "not used"


class Row(NamedTuple):
    """One element.

    Attributes:
        element: Its name in X12; empty where only Mosaic has it.
        what: What it is, for a purchaser.
        x12: The keys that lead to it in Orderful's JSON, from the transaction set on; everything below is read with it.
            A `#` at the end stands for the number that a repetition gets.
        mosaic: The same in Mosaic, from the message on.
        treatment: What becomes of it.
        limit: Up to where, or under which condition.
    """

    element: str
    what: str
    x12: tuple[str, ...]
    mosaic: tuple[str, ...]
    treatment: Treatment
    limit: str = ""


_BCH = "beginningSegmentForPurchaseOrderChange"
_LINE = "lineItemChange"
_POC = f"POC_loop.{_LINE}"
_N1 = ("N1_loop", "POC_loop.N1_loop")
_CHARGE = "servicePromotionAllowanceOrChargeInformation"
_PARTY = ("name", "identificationCode", "identificationCodeType")
_TOWN = ("cityName", "stateOrProvinceCode", "postalCode", "countryCode")
_PLACE = ("addressLine#", "city", "stateOrProvinceCode", "postalCode", "countryCode")
_PARTIES = ("parties.*", "lineItems.parties.*")
_DTM = ("dateTimeReference", "POC_loop.dateTimeReference", "POC_loop.SCH_loop.dateTimeReference")
_SCH = ("POC_loop.SCH_loop.lineItemSchedule", "POC_loop.lineItemSchedule")
_CTT = ("CTT_loop.transactionTotals", "transactionTotals")
_QUANTITY = ("value", "unitOfMeasure")
# Quantities of Mosaic that may be a bare value instead of an object.
_BARE = frozenset({"quantity", "originalQuantity", "changeInQuantity"})


def _below(above: tuple[str, ...], *names: str) -> tuple[str, ...]:
    return tuple(f"{one}.{name}" for one in above for name in names)


def _and_of_lines(*names: str) -> tuple[str, ...]:
    return (*names, *_below(("POC_loop",), *names))


BEHIND_TOTALS = ("AMT_loop", "monetaryAmountInformation")
"""Keys of AMT behind CTT."""

APPLIED, ASKED, COMPARED, BLOCKED = Treatment.APPLIED, Treatment.ASKED, Treatment.COMPARED, Treatment.BLOCKED
REMARK, NAMES, UNUSED = Treatment.REMARK, Treatment.NAMES, Treatment.UNUSED

_OTHER_ORDER = "another purchase order (REF*PO, `associatedPurchaseOrderNumber`) is asked about"
_ALONE = "asked about where the message wants nothing else and the partner was not sent it"
_TOTALS = "a total (TT, `net`) that nothing in the change leads to is asked about"
_OF_LINES = f"asked about on a line that changes, is added or goes; else {_ALONE}"

TABLE: tuple[Row, ...] = (
    # The header.
    Row("ST, SE", "envelope", ("transactionSetHeader", "transactionSetTrailer"), (), UNUSED),
    Row("BCH01", "purpose", (f"{_BCH}.transactionSetPurposeCode",), ("purpose",), APPLIED, "see the purposes below"),
    Row("BCH02", "order type", (f"{_BCH}.purchaseOrderTypeCode",), ("purchaseOrderType",), UNUSED),
    Row("", "type of the change", (), ("purchaseOrderChangeType",), ASKED, "when it is not one of Orderful's"),
    Row("BCH03", "order number", (f"{_BCH}.purchaseOrderNumber",), ("purchaseOrderNumber",), NAMES),
    Row("BCH04", "release number", (f"{_BCH}.releaseNumber",), ("releaseNumber",), COMPARED),
    Row(
        "BCH05",
        "number of the change",
        (f"{_BCH}.changeOrderSequenceNumber",),
        ("changeSequenceNumber",),
        APPLIED,
        "puts the changes of an order in order",
    ),
    Row(
        "BCH06",
        "order date",
        (f"{_BCH}.date",),
        ("purchaseOrderDate",),
        REMARK,
        "when it is not that of the order; asked about beyond changes.order_date, and where it cannot be read",
    ),
    Row(
        "BCH07, BCH09",
        "references",
        (f"{_BCH}.requestReferenceNumber", f"{_BCH}.referenceIdentification"),
        (),
        REMARK,
    ),
    Row("BCH08", "contract number", (f"{_BCH}.contractNumber",), ("contractNumber",), COMPARED),
    Row("BCH10", "further date", (f"{_BCH}.date1",), (), REMARK),
    Row("BCH11", "date of the change", (f"{_BCH}.date2",), ("purchaseOrderChangeDate",), APPLIED, "like BCH05"),
    Row("BCH14", "acknowledgment type", (f"{_BCH}.acknowledgmentType",), ("acknowledgmentType",), UNUSED),
    Row("CUR01", "whose currency", ("currency.entityIdentifierCode",), (), UNUSED),
    Row(
        "CUR02",
        "currency",
        ("currency.currencyCode",),
        ("buyersCurrency.currencyCode",),
        BLOCKED,
        "when it is not that of the order",
    ),
    Row("REF", "references", ("referenceInformation",), ("references",), REMARK, f"{_OTHER_ORDER}; {_ALONE}"),
    Row("PER", "contacts", ("administrativeCommunicationsContact",), (), REMARK),
    Row(
        "TAX, TXI",
        "VAT",
        _below(
            _and_of_lines("taxInformation", "TXI_loop.taxInformation"),
            *("taxTypeCode", "monetaryAmount", "percentageAsDecimal", "percent"),
        ),
        (),
        COMPARED,
        "the rate; amounts follow from the lines",
    ),
    Row("FOB", "terms of delivery", _and_of_lines("fOBRelatedInstructions", "FOBRelatedInstructions"), (), COMPARED),
    Row("FOB", "terms of delivery", (), ("carrierDetails.freeOnBoard",), COMPARED),
    Row(
        "CTB",
        "conditions",
        _and_of_lines("restrictionsConditions"),
        ("conditionsAndRestrictions", "lineItems.conditionsAndRestrictions"),
        COMPARED,
    ),
    Row("CSH", "sales requirements", _and_of_lines("salesRequirements"), (), COMPARED),
    Row(
        "SAC",
        "allowances and charges",
        (f"SAC_loop.{_CHARGE}", _CHARGE),
        ("allowances", "charges"),
        COMPARED,
    ),
    Row("PO1", "lines of an order", ("PO1_loop", "baselineItemData"), (), BLOCKED, "in a change or replacement"),
    Row("AMT", "totals", ("AMT_loop", "monetaryAmountInformation"), ("monetaryAmounts",), REMARK, _TOTALS),
    Row(
        "ITD",
        "terms of payment",
        _and_of_lines("termsOfSaleDeferredTermsOfSale"),
        ("termsOfSale", "lineItems.termsOfSale"),
        COMPARED,
    ),
    Row(
        "DTM01, DTM02",
        "dates",
        _below(_DTM, "dateTimeQualifier", "date"),
        ("dates", "lineItems.dates"),
        APPLIED,
        "up to changes.dates and not before the message or the order; see the dates below",
    ),
    Row("DTM03, DTM04", "time of day", _below((*_DTM, *_SCH), "time", "timeCode"), (), UNUSED),
    Row("DTM05, DTM06", "period", _below(_DTM, "dateTimePeriodFormatQualifier", "dateTimePeriod"), (), ASKED),
    Row(
        "TD5",
        "carrier",
        _and_of_lines("carrierDetailsRoutingSequenceTransitTime"),
        ("carrierDetails", "lineItems.carrierDetails"),
        COMPARED,
    ),
    Row(
        "N9, MSG",
        "notes",
        ("N9_loop", "messageText"),
        ("notes",),
        ASKED,
        "unless the partner was sent it, or with changes.header_note: tell",
    ),
    Row(
        "CTT01, CTT02",
        "number of lines and hash total",
        _below(_CTT, "numberOfLineItems", "hashTotal"),
        (),
        ASKED,
        "when the lines that arrived do not come to it",
    ),
    Row(
        "CTT03-CTT07",
        "total weight and volume",
        _below(_CTT, "weight", "volume", "description", "unitOrBasisForMeasurementCode#"),
        (),
        REMARK,
    ),
    Row("AMT", "totals behind CTT", _below(("CTT_loop",), *BEHIND_TOTALS), (), REMARK, _TOTALS),
    # Parties, of the header and of a line.
    Row(
        "N101",
        "the part of a party",
        _below(_N1, "partyIdentification.entityIdentifierCode"),
        (),
        NAMES,
    ),
    Row(
        "N102-N104",
        "name and number of a party",
        _below(
            _N1, *(f"partyIdentification.{n}" for n in ("name", "identificationCodeQualifier", "identificationCode"))
        ),
        _below(_PARTIES, *_PARTY),
        COMPARED,
        "unless sent, in changes.places, or once confirmed",
    ),
    Row(
        "N3, N4",
        "address of a party",
        _below(_N1, "partyLocation.addressInformation#", *(f"geographicLocation.{n}" for n in _TOWN)),
        _below(_PARTIES, *_PLACE),
        COMPARED,
        "like its name and number",
    ),
    Row(
        "N2, PER, REF",
        "further names, contacts and references of a party",
        _below(_N1, "additionalNameInformation", "administrativeCommunicationsContact", "referenceInformation"),
        _below(_PARTIES, "additionalName#", "contacts", "zoneType"),
        REMARK,
    ),
    # Lines.
    Row("POC01", "line number", (f"{_POC}.assignedIdentification",), ("lineItems.purchaseOrderLineId",), NAMES),
    Row(
        "POC02",
        "what to change",
        (f"{_POC}.changeOrResponseTypeCode",),
        ("lineItems.changeReason",),
        APPLIED,
        "changes.codes; see the codes below",
    ),
    Row(
        "POC03",
        "quantity",
        (f"{_POC}.quantity",),
        _below(("lineItems.quantity",), *_QUANTITY),
        APPLIED,
        "up to changes.quantity; never below what was received",
    ),
    Row(
        "POC04",
        "second quantity",
        (f"{_POC}.quantity1",),
        _below(("lineItems.originalQuantity", "lineItems.changeInQuantity"), *_QUANTITY),
        APPLIED,
        "as changes.quantities reads it; a contradiction is asked about",
    ),
    Row(
        "POC05",
        "unit",
        (f"{_POC}.compositeUnitOfMeasure.unitOrBasisForMeasurementCode", f"{_POC}.unitOrBasisForMeasurementCode"),
        (),
        BLOCKED,
        "when it is not that of the line",
    ),
    Row(
        "POC06, POC07",
        "price and its basis",
        (f"{_POC}.unitPrice", f"{_POC}.basisOfUnitPriceCode"),
        ("lineItems.unitCostPrice", "lineItems.unitPriceBasis"),
        APPLIED,
        "up to changes.price; asked about once a part was received; see the price bases below",
    ),
    Row(
        "POC08-POC27",
        "item numbers",
        (f"{_POC}.productServiceIDQualifier#", f"{_POC}.productServiceID#"),
        ("lineItems.productIds",),
        NAMES,
        "PL is our number of the line; what nothing here can be compared with is told, and asked about where a line "
        "goes by its number alone or nothing else changes",
    ),
    Row(
        "PID",
        "description of the item",
        ("POC_loop.PID_loop", "POC_loop.productItemDescription"),
        ("lineItems.productAttributes",),
        REMARK,
        "when it is not the order's; asked about where nothing else changes",
    ),
    Row(
        "SCH01, SCH02, SCH05, SCH06",
        "delivery schedule",
        _below(_SCH, "quantity", "unitOrBasisForMeasurementCode", "dateTimeQualifier", "date"),
        (),
        APPLIED,
        "one delivery is a date like any other; several, and another unit or quantity, are asked about",
    ),
    Row(
        "SAC",
        "allowances and charges of a line",
        (f"POC_loop.SAC_loop.{_CHARGE}", f"POC_loop.{_CHARGE}"),
        ("lineItems.allowances", "lineItems.charges"),
        COMPARED,
    ),
    Row("SDQ", "quantities by place", ("POC_loop.destinationQuantity",), ("lineItems.destinationQuantities",), ASKED),
    Row("SLN", "sublines", ("POC_loop.SLN_loop",), ("lineItems.sublineItems",), ASKED),
    Row(
        "REF",
        "references of a line",
        ("POC_loop.referenceInformation",),
        ("lineItems.references",),
        REMARK,
        f"{_OTHER_ORDER}; {_ALONE}",
    ),
    Row(
        "N9, MSG",
        "notes of a line",
        ("POC_loop.N9_loop", "POC_loop.messageText"),
        ("lineItems.notes",),
        REMARK,
        _OF_LINES,
    ),
)
"""What is read. Everything else of header and lines is named in a question."""

# Objects that may stand several times, because all of them are read. Every other object of the table stands once by the
# standard and is read once: a second one that says something else is named.
_REPEATED = frozenset(
    {
        *("POC_loop", "N1_loop", "SAC_loop", "TXI_loop", "SCH_loop", "PO1_loop", "AMT_loop", "N9_loop", "PID_loop"),
        *("SLN_loop", "referenceInformation", "administrativeCommunicationsContact", "taxInformation", _CHARGE),
        *("fOBRelatedInstructions", "FOBRelatedInstructions", "restrictionsConditions", "salesRequirements"),
        *("baselineItemData", "monetaryAmountInformation", "termsOfSaleDeferredTermsOfSale", "dateTimeReference"),
        *("carrierDetailsRoutingSequenceTransitTime", "messageText", "partyLocation", "additionalNameInformation"),
        *("productItemDescription", "lineItemSchedule", "destinationQuantity"),
        *("lineItems", "references", "carrierDetails", "conditionsAndRestrictions", "allowances", "charges"),
        *("monetaryAmounts", "termsOfSale", "notes", "contacts", "destinationQuantities", "sublineItems"),
    }
)
_ONCE = frozenset(
    {
        *("transactionSetHeader", "transactionSetTrailer", "CTT_loop", "transactionTotals", "dates", "productIds"),
        "productAttributes",
    }
)
"""Objects that are read as a whole, and once."""

_NOTED = frozenset(
    {
        *("administrativeCommunicationsContact", "additionalNameInformation", "messageText", "N9_loop", "AMT_loop"),
        *("monetaryAmountInformation", "PO1_loop", "baselineItemData", "destinationQuantity", "SLN_loop", "references"),
        *("monetaryAmounts", "notes", "contacts", "destinationQuantities", "sublineItems", "additionalName"),
    }
)
"""Fields of which every text and number is shown, or that are asked about as soon as they are there, of any shape."""

# ISA and GS and their trailers, and Orderful's links.
_ENVELOPES = ("interchangeControl", "functionalGroup", "groupControl", "href")
_READ_ALOUD = frozenset({"quantity", "unitPrice", "unitCostPrice", "value", "date"})
"""Elements whose readers say themselves that they cannot be read."""

_MAX_THING_LENGTH = 180
_MAX_THINGS = 20
_DIGITS = "0123456789"


class _Node(NamedTuple):
    """A field that is read: as a whole, or only what is below."""

    below: Mapping[str, _Node]
    whole: bool = False


class Unread(NamedTuple):
    """Something in a message that nothing reads.

    Attributes:
        text: What it is and says.
        is_extra: It is a further one of what stands once, or of another shape than what is read: the field itself is
            one that is read, so it may say anything.
    """

    text: str
    is_extra: bool = False


def unread_x12(tree: Data, at: str = "") -> tuple[Unread, ...]:
    """The filled fields of a transaction set, or of what `at` names in it, that nothing reads."""
    return tuple(_unread(tree, _at(_tree_of("x12"), at), skipped={"POC_loop"} if not at else set()))


def unread_mosaic(message: Data, at: str = "") -> tuple[Unread, ...]:
    """The same of a Mosaic message."""
    return tuple(_unread(message, _at(_tree_of("mosaic"), at), skipped={"lineItems"} if not at else set()))


def unread_beside(message: Data) -> tuple[Unread, ...]:
    """What stands beside the transaction sets and is no envelope."""
    others = sorted(filled(message) - {"transactionSets"})
    return tuple(Unread(_thing(name, message[name])) for name in others if not name.startswith(_ENVELOPES))


def in_sentences(found: Sequence[Unread]) -> Iterator[str]:
    """What nothing reads, in parts that a sentence can hold; a flood is cut, and says so."""
    kept = [one.text for one in found[:_MAX_THINGS]]
    if more := len(found) - len(kept):
        kept.append(f"{more} more")
    part: list[str] = []
    for text in kept:
        if part and len(", ".join((*part, text))) > MAX_QUOTE_LENGTH:
            yield ", ".join(part)
            part = []
        part.append(text)
    if part:
        yield ", ".join(part)


def _unread(data: Data, node: _Node, *, skipped: set[str]) -> Iterator[Unread]:
    """Only as deep as the table goes."""
    for name in sorted(filled(data) - skipped):
        plain_name = name.rstrip(_DIGITS)
        read = node.below.get(name) or node.below.get(f"{plain_name}#") or node.below.get("*")
        if read is None:
            yield Unread(_thing(name, data[name]))
        elif plain_name in _NOTED and read.whole:
            continue
        elif read.whole and plain_name not in _REPEATED | _ONCE:
            if plain_name not in _READ_ALOUD and plain(data[name]) is None and not isinstance(data[name], str):
                yield Unread(_thing(name, data[name]), is_extra=True)
        else:
            yield from _unread_objects(name, data[name], read)


def _unread_objects(name: str, value: Any, read: _Node) -> Iterator[Unread]:
    listed = value if isinstance(value, list) else [value]
    bare = name in _BARE and not isinstance(value, list) and plain(value) is not None
    objects = [one for one in listed if isinstance(one, dict)]
    if not bare:
        for one in listed:
            if not isinstance(one, dict) and one not in (None, "", []):
                yield Unread(_thing(name, one), is_extra=True)
    if name not in _REPEATED:
        first = next(iter(objects), {})
        for other in objects[1:]:
            differs = {key: one for key, one in other.items() if first.get(key) != one}
            # A repetition says nothing more, except of a line: it may be a second difference.
            if filled(differs) or (name == _LINE and filled(other)):
                yield Unread(f"another {_thing(name, other if name == _LINE else differs)}", is_extra=True)
        objects = objects[:1]
    if not read.whole:
        for inner in objects:
            yield from _unread(inner, read, skipped=set())


def _thing(name: str, value: Any) -> str:
    says, called = quoted(value, named=label_of), label_of(plain(name) or "")
    return truncated(f"{called} ({says})" if says else called, _MAX_THING_LENGTH)


def _at(node: _Node, path: str) -> _Node:
    for name in filter(None, path.split(".")):
        node = node.below[name]
    return node


@cache
def _tree_of(dialect: str) -> _Node:
    paths = [path.split(".") for row in TABLE for path in getattr(row, dialect)]
    return _grown(paths)


def _grown(paths: list[list[str]]) -> _Node:
    below: dict[str, list[list[str]]] = {}
    for first, *rest in paths:
        below.setdefault(first, []).append(rest)
    return _Node({name: _Node({}, whole=True) if [] in rest else _grown(rest) for name, rest in below.items()})
