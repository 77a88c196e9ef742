"""X12-shaped 860, with the keys that Orderful gives segments and elements.

Orderful: keys follow a recent release whatever the partner's own is; a repeated element gets a number behind its name,
in the order of the segment's definition (BCH06 is `date`, BCH10 `date1`, BCH11 `date2`). Keys of SCH follow that rule
and were never seen in its documentation.
"""

from __future__ import annotations

from decimal import Decimal

from connector.domain.order_change.request import (
    Aside,
    Ask,
    ChangePurpose,
    ChangeRequest,
    Field,
    LineRequest,
    ProductRefs,
)
from connector.domain.text import truncated
from connector.edi.order_change.codes import WHOLE_ORDER, Reading, reading_of
from connector.edi.order_change.common import (
    Days,
    OwnReadings,
    Questions,
    Remarks,
    asides,
    ask_for_day,
    check_line,
    finished,
    gtin,
    lines_of,
    name_going_unread,
    name_unread,
    order_day,
    passing_day,
    purpose_of,
    sequence_of,
    unit_price,
    units_differ,
)
from connector.edi.order_change.content import numbered, references, x12_content, x12_parties
from connector.edi.order_change.coverage import unread_beside, unread_x12
from connector.edi.order_change.fields import (
    MAX_QUOTE_LENGTH,
    Data,
    NotUnderstood,
    day,
    filled,
    part,
    rows,
    suffixes,
    text,
)
from connector.edi.order_change.names import DATES, PAST_DATES, dated, label_of
from connector.edi.units import word_of_x12
from connector.edi.x12.read.totals import check_totals, stated_totals

BCH = "beginningSegmentForPurchaseOrderChange"
"""Orderful's key for BCH."""

# 00 is no purpose of a change, yet published samples have it on one (`purpose_of`).
# 03 is Delete; some ERPs cancel an order with it, restating its lines or not.
PURPOSES = {
    "01": ChangePurpose.CANCELLATION,
    "03": ChangePurpose.CANCELLATION,
    "04": ChangePurpose.CHANGE,
    "05": ChangePurpose.REPLACE,
    "06": ChangePurpose.CONFIRMATION,
}
"""Element 353."""


DAYS = {"002": "requested", "106": "requested"}
"""Element 374: header dates that a Visma order has a place for; `names.py` has the rest."""

LINE_DAYS = DAYS | {"069": "promised", "017": "promised"}
"""The same of a line. 035 is what was delivered, not what is wanted (X12: Delivered), and is asked about."""

_ORDERED = "004"
_CANCELLED = "177"
"""Of a line that goes, this is the day on which it went and no part of it."""
_PERIOD = "dateTimePeriod"
# X12 element 623: the day is that of Greenwich. Every other code names the time of a place, whose day is as written.
_ZONES = frozenset({"UT", "GM"})

# X12 element 235. SK is whoever's, so it is compared with the vendor's numbers. MG, a manufacturer's, nobody has.
_BUYER = {"BP", "IN", "CB"}
_VENDOR = {"VP", "VN", "VA", "SK"}
_GTIN = {"UP", "EN", "UK", "UI"}

OUR_LINE = "PL"
"""X12 element 235: Purchaser's Order Line Number, which is no item."""

_TEXTS = ("N9_loop", "messageText")
# Some partners restate the lines of an order in an 860, beside its POC segments or in their place.
_LINES_OF_AN_ORDER = frozenset({"PO1_loop", "baselineItemData"})
_QUOTED = {
    "administrativeCommunicationsContact": "Contact",
    "AMT_loop": "Totals",
    "monetaryAmountInformation": "Totals",
}
BEYOND_A_LINE = {
    "destinationQuantity": "it divides the quantity among places (SDQ), which a Visma order line cannot hold.",
    "SLN_loop": "it has sublines (SLN), which a Visma order line cannot hold.",
}
"""What divides a line in a way that a Visma order line has no place for, with a sentence each."""


def read_x12(message: Data, tree: Data, order_number: str, own: OwnReadings) -> ChangeRequest:
    """Read an 860 that changes this order.

    Args:
        message: Everything in the message.
        tree: The transaction set that is the 860.
        order_number: BCH03.
        own: The partner's own readings of POC02 and POC07.
    """
    questions, remarks = Questions(), Remarks()
    sets, codes = message["transactionSets"], own.codes
    if isinstance(sets, list) and len(sets) > 1:
        questions.refuse(f"the message holds {len(sets)} transaction sets, of which one was read.")
    header, loops = part(tree, BCH), lines_of(questions, tree, "POC_loop")
    purpose = purpose_of(questions, text(header, "transactionSetPurposeCode"), PURPOSES, original="00", lines=loops)
    written = {text(part(loop, "lineItemChange"), "changeOrResponseTypeCode") for loop in loops}
    cancels = written == {WHOLE_ORDER} and WHOLE_ORDER not in codes
    if cancels and purpose is not ChangePurpose.CONFIRMATION:
        purpose = ChangePurpose.CANCELLATION
    if filled(tree) & _LINES_OF_AN_ORDER and purpose is not ChangePurpose.CANCELLATION:
        questions.refuse(
            "it has lines in PO1 segments, which an 860 does not have: whether they are added, or are the lines of the "
            "order as they are to be, is not said."
        )
    lines = tuple(
        _line(loop, f"POC_loop[{index}]", own, remarks, purpose, cancels=cancels) for index, loop in enumerate(loops)
    )
    check_totals(tree, loops, questions, remarks)
    days = Days(questions)
    for stamp in rows(tree, "dateTimeReference"):
        _date(stamp, days, questions, remarks, is_header=True)
    _quote(tree, remarks)
    changes = purpose is not ChangePurpose.CANCELLATION
    name_unread(questions, remarks, unread_beside(message) + unread_x12(tree), changes=changes)
    request = ChangeRequest(
        purpose=purpose,
        order_number=order_number,
        sequence=sequence_of(remarks, header, "changeOrderSequenceNumber"),
        ordered_on=order_day(questions, header, "date"),
        changed_on=passing_day(remarks, header, "date2", "change date"),
        currency=text(part(tree, "currency"), "currencyCode"),
        requested_on=days.requested,
        parties=x12_parties(tree, questions, remarks, "order"),
        stated=(*numbered(header), *x12_content(tree)),
        totals=stated_totals(tree),
        asides=_asides(tree),
        order_references=_order_references(tree),
        lines=lines,
    )
    return finished(request, questions, remarks)


def _line(
    loop: Data, source: str, own: OwnReadings, remarks: Remarks, purpose: ChangePurpose, *, cancels: bool
) -> LineRequest:
    questions = Questions()
    change = part(loop, "lineItemChange")
    code = text(change, "changeOrResponseTypeCode")
    reading = Reading("cancel the whole order", Ask.DELETE)
    if not cancels:
        reading = reading_of(code, own.codes, confirms=purpose is ChangePurpose.CONFIRMATION)
    goes = reading.ask is Ask.DELETE or purpose is ChangePurpose.CANCELLATION
    # Of a line that goes, whatever it names beside itself may be the part that is meant.
    beside = Questions() if goes else questions
    quantity = questions.quantity(change, "quantity", "quantity (POC03)")
    units = _units(change)
    unit_code = next(iter(units), None) or _scheduled_unit(loop)
    units_differ(questions, units)
    price = unit_price(questions, change, price="unitPrice", basis="basisOfUnitPriceCode", bases=own.price_bases)
    days = Days(beside)
    _line_dates(loop, days, beside, remarks, goes=goes)
    restates = goes or Field.QUANTITY not in reading.touches
    scheduled = _schedule(loop, change, days, beside, remarks, goes=goes, restates=restates)
    if (goes and not quantity) or (restates and quantity is None):
        quantity = scheduled or quantity
    for name, sentence in BEYOND_A_LINE.items():
        if loop.get(name):
            beside.ask(sentence)
    unread = unread_x12(loop, "POC_loop")
    if goes:
        unread = name_going_unread(beside, remarks, unread)
    name_unread(questions, remarks, unread, changes=reading.ask is not Ask.DELETE)
    line = LineRequest(
        source=source,
        line_id=_line_id(change, questions),
        code=code or "",
        meaning=reading.meaning,
        is_clear=reading.question is None,
        ask=reading.ask,
        touches=reading.touches,
        direction=reading.direction,
        quantity=quantity,
        second_quantity=questions.quantity(change, "quantity1", "second quantity (POC04)"),
        unit=word_of_x12(unit_code),
        unit_code=unit_code,
        price=price.amount,
        price_doubt=price.doubt,
        requested=days.requested,
        promised=days.promised,
        products=products_of(change, remarks),
        descriptions=_descriptions(loop),
        parties=x12_parties(loop, beside, remarks, "order line"),
        stated=x12_content(loop),
        asides=_asides(loop),
        order_references=_order_references(loop),
        partial=beside.all() if goes else (),
    )
    for name in _TEXTS:
        remarks.tell(f"Note on line {line.line_id or source}", loop.get(name), names=False)
    for said in references(rows(loop, "referenceInformation")):
        remarks.tell(f"Reference on line {line.line_id or source}", said)
    return check_line(questions, reading, line)


def _line_dates(loop: Data, days: Days, questions: Questions, remarks: Remarks, *, goes: bool) -> None:
    stamps = rows(loop, "dateTimeReference")
    for schedule in rows(loop, "SCH_loop"):
        stamps += rows(schedule, "dateTimeReference")
    for stamp in stamps:
        if goes and text(stamp, "dateTimeQualifier") == _CANCELLED:
            remarks.tell("Cancelled on, of a line", [stamp.get("date"), stamp.get(_PERIOD)])
        else:
            _date(stamp, days, questions, remarks)


def _date(stamp: Data, days: Days, questions: Questions, remarks: Remarks, *, is_header: bool = False) -> None:
    known, whose = (DAYS, "order") if is_header else (LINE_DAYS, "order line")
    qualifier = text(stamp, "dateTimeQualifier") or ""
    dates = {"date", _PERIOD} & filled(stamp)
    if qualifier in PAST_DATES:
        if qualifier != _ORDERED:
            of = "" if is_header else ", of a line"
            remarks.tell(f"{PAST_DATES[qualifier].capitalize()}{of}", [stamp.get("date"), stamp.get(_PERIOD)])
    elif qualifier and not dates:
        questions.ask(f"it has a date {qualifier[:40]} without a day.")
    elif qualifier not in known or _PERIOD in dates:
        if dates:
            _beyond(stamp, qualifier, questions, whose)
    else:
        what = f"{known[qualifier]} delivery date"
        found = questions.day(stamp, "date", what)
        zone = (text(stamp, "timeCode") or "").upper()
        if found is not None and zone in _ZONES and (text(stamp, "time") or "").strip("0"):
            questions.doubt(
                f"its {what} is a moment of {zone}, which is another day elsewhere; {found} is read.", Field.DATES
            )
        days.put(known[qualifier], found)


def _beyond(stamp: Data, qualifier: str, questions: Questions, whose: str) -> None:
    try:
        written_day = str(day(stamp, "date") or "")
    except NotUnderstood as reason:
        written_day = text(stamp, "date") or str(reason)
    said = truncated(", ".join(filter(None, (written_day, text(stamp, _PERIOD)))), MAX_QUOTE_LENGTH)
    code = f"date {qualifier[:40]}" if qualifier else "a date without a qualifier"
    ask_for_day(questions, dated(DATES.get(qualifier), code, said), whose)


def _schedule(
    loop: Data, change: Data, days: Days, questions: Questions, remarks: Remarks, *, goes: bool, restates: bool
) -> Decimal | None:
    """SCH: a quantity for a day, which is returned. One is a date like any other; several divide the line.

    `restates`: without POC03, SCH01 restates the quantity of the line, because it goes or its code changes no quantity.
    """
    schedules = _schedules(loop)
    if len(schedules) > 1:
        questions.ask(f"it is divided into {len(schedules)} deliveries (SCH), which a Visma order line cannot hold.")
        return None
    share = None
    for schedule in schedules:
        share = questions.quantity(schedule, "quantity", "scheduled quantity (SCH01)")
        stated = questions.quantity(change, "quantity", "quantity (POC03)")
        if share is not None and stated is None and not restates:
            questions.ask(f"it schedules {share} (SCH01), and states no quantity of the line (POC03).")
        elif share is not None and stated is not None and share != stated and (stated or not goes):
            questions.ask(f"it schedules {share} (SCH01), another quantity than the line has.")
        unit, ours = text(schedule, "unitOrBasisForMeasurementCode"), next(iter(_units(change)), None)
        if unit and ours and (word_of_x12(unit) or unit) != (word_of_x12(ours) or ours):
            questions.ask(f"it schedules in {unit[:40]} (SCH02), another unit than its quantity has ({ours[:40]}).")
        _date(schedule, days, questions, remarks)
    return share


def _units(change: Data) -> list[str]:
    """POC05, which stands in a composite, or beside it."""
    places = (part(change, "compositeUnitOfMeasure"), change)
    return list(filter(None, (text(one, "unitOrBasisForMeasurementCode") for one in places)))


def _scheduled_unit(loop: Data) -> str | None:
    """SCH02 of a line that has no POC05; several schedules are asked about anyhow."""
    return next(filter(None, (text(one, "unitOrBasisForMeasurementCode") for one in _schedules(loop))), None)


def _schedules(loop: Data) -> list[Data]:
    return [
        *rows(loop, "lineItemSchedule"),
        *(one for inner in rows(loop, "SCH_loop") for one in rows(inner, "lineItemSchedule")),
    ]


def products_of(change: Data, remarks: Remarks) -> ProductRefs:
    """The item numbers of a POC, PO1 or ACK segment; what names no item becomes a remark."""
    buyer, vendor, gtins, others = [], [], [], []
    for place in suffixes(change, "productServiceID"):
        kind, value = text(change, f"productServiceIDQualifier{place}"), text(change, f"productServiceID{place}")
        if value is None or kind == OUR_LINE:
            continue
        if kind in _BUYER:
            buyer.append(value)
        elif kind in _VENDOR:
            vendor.append(value)
        elif kind in _GTIN:
            gtins.append(gtin(kind, value))
        else:
            others.append(value)
            remarks.tell("Item number that names no item here", [kind, value], names=False)
    return ProductRefs(*(tuple(dict.fromkeys(ids)) for ids in (buyer, vendor, gtins, others)))


def _line_id(change: Data, questions: Questions) -> str | None:
    """POC01, or our own number of the line among the item numbers (PL)."""
    given = text(change, "assignedIdentification")
    ours = [
        value
        for place in suffixes(change, "productServiceID")
        if text(change, f"productServiceIDQualifier{place}") == OUR_LINE
        and (value := text(change, f"productServiceID{place}"))
    ]
    for one in ours:
        if given is not None and one.lstrip("0") != given.lstrip("0"):
            questions.doubt(
                f"it is line {given[:40]} (POC01) and the purchaser's line {one[:40]} (PL): which of them is meant? "
                f"It is read as line {given[:40]}."
            )
    return given or next(iter(ours), None)


def _descriptions(loop: Data) -> tuple[str, ...]:
    segments = rows(loop, "productItemDescription")
    for one in rows(loop, "PID_loop"):
        segments += rows(one, "productItemDescription")
    found = (text(segment, "description") for segment in segments)
    return tuple(dict.fromkeys(one for one in found if one))


def _asides(tree: Data) -> tuple[Aside, ...]:
    """The notes and references of a header or a line."""
    segments = rows(tree, "referenceInformation")
    named = zip(segments, map(asides, segments), strict=True)
    return (
        *asides(tree.get("N9_loop")),
        *asides([tree.get("messageText")]),
        *(
            Aside(reference, one.parts, is_note=False)
            for segment, found in named
            for one in found
            for reference in references([segment])
        ),
    )


def _order_references(tree: Data) -> tuple[str, ...]:
    """The purchase orders to which a header or a line refers (X12 element 128: PO is Purchase Order Number)."""
    segments = rows(tree, "referenceInformation")
    found = (
        text(segment, "referenceIdentification")
        for segment in segments
        if text(segment, "referenceIdentificationQualifier") == "PO"
    )
    return tuple(dict.fromkeys(one for one in found if one))


def _quote(tree: Data, remarks: Remarks) -> None:
    header = part(tree, BCH)
    for name in ("requestReferenceNumber", "referenceIdentification", "date1"):
        remarks.tell(label_of(name).capitalize(), header.get(name))
    for said in references(rows(tree, "referenceInformation")):
        remarks.tell("Reference", said)
    for name, label in _QUOTED.items():
        remarks.tell(label, tree.get(name), names=False)
    for name in _TEXTS:
        remarks.tell("Note", tree.get(name), names=False)
