"""X12-shaped 860, with the keys that Orderful gives segments and elements.

Orderful: keys follow a recent release whatever the partner's own is; a repeated element gets a number behind its name,
in the order of the segment's definition (BCH06 is `date`, BCH10 `date1`, BCH11 `date2`). Keys of SCH follow that rule
and were never seen in its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.domain.change_request import Ask, ChangePurpose, ChangeRequest, LineRequest, ProductRefs
from connector.domain.documents import Party
from connector.edi.change.codes import WHOLE_ORDER, Reading, reading_of
from connector.edi.change.common import (
    Days,
    Questions,
    Remarks,
    check_line,
    finished,
    gtin,
    party,
    passing_day,
    purpose_of,
    sequence_of,
    unit_price,
)
from connector.edi.change.fields import Data, filled, part, rows, text
from connector.edi.units import UNITS

BCH = "beginningSegmentForPurchaseOrderChange"
"""Orderful's key for BCH."""

# X12 element 353. 00 is no purpose of a change, yet published samples have it on one (`purpose_of`).
# 03 is Delete; some ERPs cancel an order with it, restating its lines or not.
_PURPOSES = {
    "01": ChangePurpose.CANCELLATION,
    "03": ChangePurpose.CANCELLATION,
    "04": ChangePurpose.CHANGE,
    "05": ChangePurpose.REPLACE,
    "06": ChangePurpose.CONFIRMATION,
}
_UNITS = {unit.x12: unit.word for unit in UNITS.values()}

# X12 element 374. What a Visma order has a place for, and the names of the rest.
_DAYS = {"002": "requested", "106": "requested"}
_LINE_DAYS = _DAYS | {"069": "promised", "017": "promised", "035": "promised"}
_ORDERED = "004"
_NAMES = {
    "001": "cancel after",
    "010": "requested ship",
    "011": "shipped",
    "017": "estimated delivery",
    "035": "delivered",
    "037": "ship not before",
    "038": "ship no later",
    "063": "do not deliver after",
    "064": "do not deliver before",
    "069": "promised for delivery",
}

# X12 element 235. SK is whoever's, so it is compared with the vendor's numbers. MG, a manufacturer's, nobody has.
_BUYER = {"BP", "IN", "CB"}
_VENDOR = {"VP", "VN", "VA", "SK"}
_GTIN = {"UP", "EN", "UK", "UI"}
_MOST_IDS = 10

# X12 element 66.
_GLN = "UL"
_SHIP_TO = "ST"

_QUOTED = {
    "referenceInformation": "Reference",
    "termsOfSaleDeferredTermsOfSale": "Terms of sale",
    "fOBRelatedInstructions": "Terms of delivery",
    "FOBRelatedInstructions": "Terms of delivery",
    "carrierDetailsRoutingSequenceTransitTime": "Carrier",
    "SAC_loop": "Allowance or charge, as written",
    "servicePromotionAllowanceOrChargeInformation": "Allowance or charge, as written",
}
_TEXTS = ("N9_loop", "messageText")
# Some partners restate the lines of an order in an 860, beside its POC segments or in their place.
_LINES_OF_AN_ORDER = frozenset({"PO1_loop", "baselineItemData"})
_READ = {
    *_QUOTED,
    *_TEXTS,
    *("transactionSetHeader", "transactionSetTrailer", "CTT_loop", "transactionTotals"),
    *_LINES_OF_AN_ORDER,
    *(BCH, "currency", "dateTimeReference", "N1_loop", "POC_loop", "administrativeCommunicationsContact"),
}
_CHARGED = "it carries an allowance or charge (SAC), which is not applied here."
_BEYOND_A_LINE = {
    "SAC_loop": _CHARGED,
    "servicePromotionAllowanceOrChargeInformation": _CHARGED,
    "destinationQuantity": "it divides the quantity among places (SDQ), which a Visma order line cannot hold.",
    "SLN_loop": "it has sublines (SLN), which a Visma order line cannot hold.",
    "N1_loop": "it names a party of its own (N1), which a Visma order line cannot hold.",
}
_READ_OF_LINE = {
    *_BEYOND_A_LINE,
    *_TEXTS,
    *("lineItemChange", "PID_loop", "productItemDescription", "dateTimeReference", "SCH_loop", "lineItemSchedule"),
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
    purpose = purpose_of(questions, text(header, "transactionSetPurposeCode"), _PURPOSES, original="00", lines=loops)
    written = {text(part(loop, "lineItemChange"), "changeOrResponseTypeCode") for loop in loops}
    cancels = written == {WHOLE_ORDER} and WHOLE_ORDER not in codes
    if cancels and purpose is not ChangePurpose.CONFIRMATION:
        purpose = ChangePurpose.CANCELLATION
    if filled(tree) & _LINES_OF_AN_ORDER and purpose in {ChangePurpose.CHANGE, ChangePurpose.REPLACE}:
        questions.refuse(
            "it has lines in PO1 segments, which an 860 does not have: whether they are added, or are the lines of the "
            "order as they are to be, is not said."
        )
    lines = tuple(
        _line(loop, f"POC_loop[{index}]", codes, remarks, cancels=cancels) for index, loop in enumerate(loops)
    )
    days = Days(questions)
    for stamp in rows(tree, "dateTimeReference"):
        _header_date(stamp, days, questions, remarks)
    _quote(tree, remarks)
    remarks.unread(filled(tree) - _READ | {name for loop in loops for name in filled(loop) - _READ_OF_LINE})
    request = ChangeRequest(
        purpose=purpose,
        order_number=order_number,
        sequence=sequence_of(remarks, header, "changeOrderSequenceNumber"),
        ordered_on=passing_day(remarks, header, "date", "order date"),
        changed_on=passing_day(remarks, header, "date2", "change date"),
        currency=text(part(tree, "currency"), "currencyCode"),
        requested_on=days.requested,
        ship_to=_ship_to(tree, questions),
        lines=lines,
    )
    return finished(request, questions, remarks)


def _line(loop: Data, source: str, codes: Mapping[str, str], remarks: Remarks, *, cancels: bool) -> LineRequest:
    questions = Questions()
    change = part(loop, "lineItemChange")
    code = text(change, "changeOrResponseTypeCode")
    reading = Reading("cancel the whole order", Ask.DELETE) if cancels else reading_of(code, codes)
    quantity = questions.quantity(change, "quantity", "quantity (POC03)")
    unit_code = text(part(change, "compositeUnitOfMeasure") or change, "unitOrBasisForMeasurementCode")
    days = Days(questions)
    if reading.ask is not Ask.DELETE:
        _line_dates(loop, days, questions)
        _schedule(loop, change, days, questions)
        for name, sentence in _BEYOND_A_LINE.items():
            if loop.get(name):
                questions.ask(sentence)
    line = LineRequest(
        source=source,
        line_id=text(change, "assignedIdentification"),
        code=code or "",
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
    )
    for name in _TEXTS:
        remarks.tell(f"Note on line {line.line_id or source}", loop.get(name), names=False)
    return check_line(questions, reading, line)


def _header_date(stamp: Data, days: Days, questions: Questions, remarks: Remarks) -> None:
    qualifier = text(stamp, "dateTimeQualifier")
    if qualifier in _DAYS:
        days.put(_DAYS[qualifier], questions.day(stamp, "date", f"date {qualifier}"))
    elif qualifier in _NAMES:
        _beyond(stamp, qualifier, questions, "order")
    elif qualifier != _ORDERED:
        remarks.tell("Date", stamp)


def _line_dates(loop: Data, days: Days, questions: Questions) -> None:
    stamps = rows(loop, "dateTimeReference")
    for schedule in rows(loop, "SCH_loop"):
        stamps += rows(schedule, "dateTimeReference")
    for stamp in stamps:
        _line_date(stamp, days, questions)


def _line_date(stamp: Data, days: Days, questions: Questions) -> None:
    qualifier = text(stamp, "dateTimeQualifier")
    if qualifier in _LINE_DAYS:
        days.put(_LINE_DAYS[qualifier], questions.day(stamp, "date", f"date {qualifier}"))
    elif qualifier or filled(stamp) & {"date"}:
        _beyond(stamp, qualifier, questions, "order line")


def _beyond(stamp: Data, qualifier: str | None, questions: Questions, whose: str) -> None:
    code = (qualifier or "without a qualifier")[:40]
    words = ("the date", code, f"({_NAMES[code]})" if code in _NAMES else None, text(stamp, "date"))
    questions.ask(f"it asks for {' '.join(filter(None, words))}, which a Visma {whose} cannot hold.")


def _schedule(loop: Data, change: Data, days: Days, questions: Questions) -> None:
    """SCH: a quantity for a day. One is a date like any other; several divide the line."""
    schedules = rows(loop, "lineItemSchedule")
    for one in rows(loop, "SCH_loop"):
        schedules += rows(one, "lineItemSchedule")
    if len(schedules) > 1:
        questions.ask(f"it is divided into {len(schedules)} deliveries (SCH), which a Visma order line cannot hold.")
        return
    for schedule in schedules:
        share = questions.quantity(schedule, "quantity", "scheduled quantity (SCH01)")
        if share is not None and share != questions.quantity(change, "quantity", "quantity (POC03)"):
            questions.ask(f"it schedules {share} (SCH01), another quantity than the line has.")
        _line_date(schedule, days, questions)


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


def _ship_to(tree: Data, questions: Questions) -> Party | None:
    loops = [
        loop
        for loop in rows(tree, "N1_loop")
        if text(part(loop, "partyIdentification"), "entityIdentifierCode") == _SHIP_TO
    ]
    parties = list(dict.fromkeys(party for loop in loops if (party := _party(loop))))
    if len(parties) > 1:
        questions.ask(f"it names {len(parties)} places of delivery, and a Visma order has one.")
    return parties[0] if parties else None


def _party(loop: Data) -> Party | None:
    named, place = part(loop, "partyIdentification"), part(loop, "geographicLocation")
    return party(
        code=text(named, "identificationCode"),
        is_gln=text(named, "identificationCodeQualifier") == _GLN,
        name=text(named, "name"),
        lines=(
            text(segment, name)
            for segment in rows(loop, "partyLocation")
            for name in ("addressInformation", "addressInformation1")
        ),
        postal_code=text(place, "postalCode"),
        city=text(place, "cityName"),
        region=text(place, "stateOrProvinceCode"),
        country=text(place, "countryCode"),
    )


def _quote(tree: Data, remarks: Remarks) -> None:
    header = part(tree, BCH)
    remarks.tell("Release number", header.get("releaseNumber"))
    remarks.tell("Contract number", header.get("contractNumber"))
    for name, label in _QUOTED.items():
        for segment in rows(tree, name):
            remarks.tell(label, segment)
    for name in _TEXTS:
        remarks.tell("Note", tree.get(name), names=False)
