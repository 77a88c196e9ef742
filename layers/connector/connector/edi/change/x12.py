"""X12-shaped 860, with the keys that Orderful gives segments and elements.

Orderful: keys follow a recent release whatever the partner's own is; a repeated element gets a number behind its name,
in the order of the segment's definition (BCH06 is `date`, BCH10 `date1`, BCH11 `date2`). Keys of SCH follow that rule
and were never seen in its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.domain.change_request import (
    Ask,
    ChangePurpose,
    ChangeRequest,
    LineRequest,
    PartyRequest,
    ProductRefs,
    Stated,
)
from connector.domain.words import clipped
from connector.edi.change.codes import WHOLE_ORDER, Reading, reading_of
from connector.edi.change.common import (
    Days,
    Questions,
    Remarks,
    ask_for_day,
    check_line,
    finished,
    gtin,
    name_unread,
    passing_day,
    purpose_of,
    sequence_of,
    unit_price,
)
from connector.edi.change.content import numbered, references, x12_content, x12_parties
from connector.edi.change.coverage import unread_x12
from connector.edi.change.fields import LONGEST_QUOTE, Data, NotUnderstood, day, filled, part, rows, text
from connector.edi.change.names import DATES, PAST_DATES, dated, words_of
from connector.edi.change.totals import check_totals
from connector.edi.units import UNITS

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

_UNITS = {unit.x12: unit.word for unit in UNITS.values()}

DAYS = {"002": "requested", "106": "requested"}
"""Element 374: header dates that a Visma order has a place for; `names.py` has the rest."""

LINE_DAYS = DAYS | {"069": "promised", "017": "promised", "035": "promised"}
"""The same of a line."""

_ORDERED = "004"
_PERIOD = "dateTimePeriod"

# X12 element 235. SK is whoever's, so it is compared with the vendor's numbers. MG, a manufacturer's, nobody has.
_BUYER = {"BP", "IN", "CB"}
_VENDOR = {"VP", "VN", "VA", "SK"}
_GTIN = {"UP", "EN", "UK", "UI"}
_MOST_IDS = 10

_TEXTS = ("N9_loop", "messageText")
# Some partners restate the lines of an order in an 860, beside its POC segments or in their place.
_LINES_OF_AN_ORDER = frozenset({"PO1_loop", "baselineItemData"})
_QUOTED = {
    "administrativeCommunicationsContact": "Contact",
    "AMT_loop": "Totals",
    "monetaryAmountInformation": "Totals",
}
_BEYOND_A_LINE = {
    "destinationQuantity": "it divides the quantity among places (SDQ), which a Visma order line cannot hold.",
    "SLN_loop": "it has sublines (SLN), which a Visma order line cannot hold.",
}


def read_x12(sets: Sequence[Data], tree: Data, order_number: str, codes: Mapping[str, str]) -> ChangeRequest:
    """Read an 860 that changes this order.

    Args:
        sets: Everything in the message.
        tree: The transaction set that is the 860.
        order_number: BCH03.
        codes: The partner's own readings of POC02.
    """
    questions, remarks = Questions(), Remarks()
    if len(sets) > 1:
        questions.refuse(f"the message holds {len(sets)} transaction sets, of which one was read.")
    header, loops = part(tree, BCH), rows(tree, "POC_loop")
    if isinstance(tree.get("POC_loop"), list) and len(loops) < len(tree["POC_loop"]):
        questions.refuse("one of its lines is no object and cannot be read.")
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
    confirms = purpose is ChangePurpose.CONFIRMATION
    lines = tuple(
        _line(loop, f"POC_loop[{index}]", codes, remarks, cancels=cancels, confirms=confirms)
        for index, loop in enumerate(loops)
    )
    check_totals(tree, loops, questions, remarks)
    days = Days(questions)
    for stamp in rows(tree, "dateTimeReference"):
        _header_date(stamp, days, questions, remarks)
    _quote(tree, remarks)
    name_unread(questions, remarks, unread_x12(tree), changes=purpose is not ChangePurpose.CANCELLATION)
    request = ChangeRequest(
        purpose=purpose,
        order_number=order_number,
        sequence=sequence_of(remarks, header, "changeOrderSequenceNumber"),
        ordered_on=passing_day(remarks, header, "date", "order date"),
        changed_on=passing_day(remarks, header, "date2", "change date"),
        currency=text(part(tree, "currency"), "currencyCode"),
        requested_on=days.requested,
        parties=x12_parties(tree, questions, remarks, "order"),
        stated=(*numbered(header), *x12_content(tree)),
        lines=lines,
    )
    return finished(request, questions, remarks)


def _line(
    loop: Data, source: str, codes: Mapping[str, str], remarks: Remarks, *, cancels: bool, confirms: bool
) -> LineRequest:
    questions = Questions()
    change = part(loop, "lineItemChange")
    code = text(change, "changeOrResponseTypeCode")
    reading = Reading("cancel the whole order", Ask.DELETE)
    if not cancels:
        reading = reading_of(code, codes, confirms=confirms)
    quantity = questions.quantity(change, "quantity", "quantity (POC03)")
    unit_code = _unit(change) or _scheduled_unit(loop)
    days = Days(questions)
    parties: tuple[PartyRequest, ...] = ()
    stated: tuple[Stated, ...] = ()
    if reading.ask is not Ask.DELETE:
        parties, stated = x12_parties(loop, questions, remarks, "order line"), x12_content(loop)
        _line_dates(loop, days, questions, remarks)
        _schedule(loop, change, days, questions, remarks)
        for name, sentence in _BEYOND_A_LINE.items():
            if loop.get(name):
                questions.ask(sentence)
        name_unread(questions, remarks, unread_x12(loop, "POC_loop"), changes=True)
    line = LineRequest(
        source=source,
        line_id=text(change, "assignedIdentification"),
        code=code or "",
        meaning=reading.meaning,
        ask=reading.ask,
        touches=reading.touches,
        direction=reading.direction,
        quantity=quantity,
        second_quantity=questions.quantity(change, "quantity1", "second quantity (POC04)"),
        unit=_UNITS.get(unit_code) if unit_code else None,
        unit_code=unit_code,
        price=unit_price(questions, change, "unitPrice", "basisOfUnitPriceCode"),
        requested=days.requested,
        promised=days.promised,
        products=_products(change),
        description=_description(loop),
        parties=parties,
        stated=stated,
    )
    for name in _TEXTS:
        remarks.tell(f"Note on line {line.line_id or source}", loop.get(name), names=False)
    for said in references(rows(loop, "referenceInformation")):
        remarks.tell(f"Reference on line {line.line_id or source}", said)
    return check_line(questions, reading, line)


def _header_date(stamp: Data, days: Days, questions: Questions, remarks: Remarks) -> None:
    qualifier = text(stamp, "dateTimeQualifier") or ""
    if qualifier not in PAST_DATES and filled(stamp) & {_PERIOD}:
        _beyond(stamp, qualifier, questions, "order")
    elif qualifier in DAYS:
        days.put(DAYS[qualifier], questions.day(stamp, "date", f"{DAYS[qualifier]} delivery date"))
    elif qualifier in PAST_DATES:
        if qualifier != _ORDERED:
            remarks.tell(PAST_DATES[qualifier].capitalize(), stamp.get("date"))
    elif qualifier or filled(stamp) & {"date"}:
        _beyond(stamp, qualifier, questions, "order")


def _line_dates(loop: Data, days: Days, questions: Questions, remarks: Remarks) -> None:
    stamps = rows(loop, "dateTimeReference")
    for schedule in rows(loop, "SCH_loop"):
        stamps += rows(schedule, "dateTimeReference")
    for stamp in stamps:
        _line_date(stamp, days, questions, remarks)


def _line_date(stamp: Data, days: Days, questions: Questions, remarks: Remarks) -> None:
    qualifier = text(stamp, "dateTimeQualifier") or ""
    if qualifier in PAST_DATES:
        remarks.tell(f"{PAST_DATES[qualifier].capitalize()}, of a line", stamp.get("date"))
    elif filled(stamp) & {_PERIOD}:
        _beyond(stamp, qualifier, questions, "order line")
    elif qualifier in LINE_DAYS:
        days.put(LINE_DAYS[qualifier], questions.day(stamp, "date", f"{LINE_DAYS[qualifier]} delivery date"))
    elif qualifier or filled(stamp) & {"date"}:
        _beyond(stamp, qualifier, questions, "order line")


def _beyond(stamp: Data, qualifier: str, questions: Questions, whose: str) -> None:
    try:
        told = str(day(stamp, "date") or "")
    except NotUnderstood:
        told = text(stamp, "date") or ""
    told = clipped(told or text(stamp, _PERIOD) or "", LONGEST_QUOTE)
    code = f"date {qualifier[:40]}" if qualifier else "a date without a qualifier"
    ask_for_day(questions, dated(DATES.get(qualifier), code, told), whose)


def _schedule(loop: Data, change: Data, days: Days, questions: Questions, remarks: Remarks) -> None:
    """SCH: a quantity for a day. One is a date like any other; several divide the line."""
    schedules = _schedules(loop)
    if len(schedules) > 1:
        questions.ask(f"it is divided into {len(schedules)} deliveries (SCH), which a Visma order line cannot hold.")
        return
    for schedule in schedules:
        share = questions.quantity(schedule, "quantity", "scheduled quantity (SCH01)")
        if share is not None and share != questions.quantity(change, "quantity", "quantity (POC03)"):
            questions.ask(f"it schedules {share} (SCH01), another quantity than the line has.")
        unit, ours = text(schedule, "unitOrBasisForMeasurementCode"), _unit(change)
        if unit and ours and _UNITS.get(unit, unit) != _UNITS.get(ours, ours):
            questions.ask(f"it schedules in {unit[:40]} (SCH02), another unit than its quantity has ({ours[:40]}).")
        _line_date(schedule, days, questions, remarks)


def _unit(change: Data) -> str | None:
    """POC05."""
    return text(part(change, "compositeUnitOfMeasure") or change, "unitOrBasisForMeasurementCode")


def _scheduled_unit(loop: Data) -> str | None:
    """SCH02 of a line that has no POC05; several schedules are asked about anyhow."""
    return next(filter(None, (text(one, "unitOrBasisForMeasurementCode") for one in _schedules(loop))), None)


def _schedules(loop: Data) -> list[Data]:
    return [
        *rows(loop, "lineItemSchedule"),
        *(one for inner in rows(loop, "SCH_loop") for one in rows(inner, "lineItemSchedule")),
    ]


def _products(change: Data) -> ProductRefs:
    buyer, vendor, gtins = [], [], []
    for place in ("", *map(str, range(1, _MOST_IDS))):
        kind, value = text(change, f"productServiceIDQualifier{place}"), text(change, f"productServiceID{place}")
        if kind is None or value is None:
            continue
        if kind in _BUYER:
            buyer.append(value)
        elif kind in _VENDOR:
            vendor.append(value)
        elif kind in _GTIN:
            gtins.append(gtin(kind, value))
    return ProductRefs(*(tuple(dict.fromkeys(ids)) for ids in (buyer, vendor, gtins)))


def _description(loop: Data) -> str | None:
    segments = rows(loop, "productItemDescription")
    for one in rows(loop, "PID_loop"):
        segments += rows(one, "productItemDescription")
    return next(filter(None, (text(segment, "description") for segment in segments)), None)


def _quote(tree: Data, remarks: Remarks) -> None:
    header = part(tree, BCH)
    for name in ("requestReferenceNumber", "referenceIdentification", "date1"):
        remarks.tell(words_of(name).capitalize(), header.get(name))
    for said in references(rows(tree, "referenceInformation")):
        remarks.tell("Reference", said)
    for name, label in _QUOTED.items():
        remarks.tell(label, tree.get(name), names=False)
    for name in _TEXTS:
        remarks.tell("Note", tree.get(name), names=False)
