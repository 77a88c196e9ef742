"""Reads what an X12-shaped 855 or 865 states.

The segments of an 865 were never seen in Orderful's documentation, so most are looked for by the name of an element, at
any depth.

X12, 004010: ACK07 to ACK28 name the item of an acknowledgment, which a seller repeats or replaces. SCH01 is a quantity
for the days of SCH05 and SCH08. AMT is the total of the line in a line, and of the transaction behind CTT. CTT01 counts
the lines, CTT02 sums PO102 or POC03. Element 374 tells days of delivery from days of shipment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from connector.domain.order_change.request import PartyRequest, Stated
from connector.edi.answered_order.stated import Days, StatedLine, StatedOrder, Timing, figure
from connector.edi.answers import (
    ACCEPTING_LINES,
    LINES,
    STATUS,
    accepted_quantity,
    code_of,
    having,
    is_deleted,
    names_exceptions_only,
    number_of,
    objects,
)
from connector.edi.order_change.common import Questions, Remarks, unit_price
from connector.edi.order_change.content import x12_content, x12_parties
from connector.edi.order_change.fields import Data, part, rows, suffixes, text
from connector.edi.order_change.names import PAST_DATES
from connector.edi.units import word_of_x12
from connector.edi.x12.read.order_change import BEYOND_A_LINE, OUR_LINE, products_of
from connector.edi.x12.read.totals import amount_segments, closes, totals_segments

# X12 element 374, what is to be the wanted day: delivery requested, estimated, not after, current schedule, promised,
# scheduled for, promised up to it, required by, and estimated arrival.
_DELIVERIES = frozenset({"002", "017", "063", "067", "069", "070", "073", "074", "075", "106", "371"})
# What may be earlier: requested ship, shipped, available, ship not before and no later, delivery not before, current
# schedule and promised ship, delivery and shipment from the day on or up to it, pick-up.
_EARLIER = frozenset(
    {
        "010",
        "011",
        "018",
        "037",
        "038",
        "064",
        "068",
        "071",
        "072",
        "079",
        "080",
        "081",
        "082",
        "083",
        "084",
        "085",
        "118",
    }
)
# Weeks: of delivery, as scheduled, requested and promised; of shipment, also in general.
_WEEKS = {
    **dict.fromkeys(("076", "077", "078"), Timing.DELIVERY),
    **dict.fromkeys(("039", "086", "087", "088"), Timing.EARLIER),
}
# What limits the order, its payment or its promotion, and names no day of the goods.
_NO_WANTED_DAYS = frozenset({*PAST_DATES, "001", "012", "013", "015", "016", "036", "061", "152", "175"})
_PERIOD = "dateTimePeriod"
_SCHEDULE = "lineItemSchedule"
_QUALIFIERS = ("", *map(str, range(1, 5)))
"""What the repetitions of a date in one segment have behind their names (ACK, SCH)."""
_LINE_TOTAL = "1"
# X12 element 522: TT is what X12 puts behind CTT; GV stands there, in cents, in acknowledgments that public code
# writes. TDS01 has two decimals and no point.
_NOT_IN_CENTS = frozenset({"TT"})
_TOTALS = _NOT_IN_CENTS | {"GV"}
# X12 element 236, prices that nobody is to pay: catalogue, list, suggested retail, resale, retail.
_NOT_PAID = frozenset({"CAT", "LPR", "MSR", "RES", "RTL", "SRP"})
_PRICING = "pricingInformation"
_NO_CHARGE = "NC"
"""X12 element 639."""


def read_x12(trees: Sequence[Data], price_bases: Mapping[str, int]) -> StatedOrder:
    """Read the transaction sets of an 855 or 865.

    Args:
        trees: Its transaction sets.
        price_bases: The partner's own readings of PO105 (routing, `changes.price_bases`).
    """
    loops = [one for one in objects(trees) if any(isinstance(one.get(name), list | dict) for name in LINES)]
    unclear: list[str] = []
    days, totals, in_cents = Days(), list[Decimal](), list[Decimal]()
    parties, stated = list[PartyRequest](), list[Stated]()
    for tree in trees:
        for stamp in rows(tree, "dateTimeReference"):
            _put_days(days, stamp)
        parties += x12_parties(tree, Questions(), Remarks(), "order")
        stated += x12_content(tree)
        written = [(one, "monetaryAmount", "AMT") for one in amount_segments(tree, _TOTALS)]
        written += [(one, "amount", "TDS") for one in rows(tree, "totalMonetaryValueSummary")]
        for segment, name, of in written:
            total = figure(segment, name, f"total ({of})", unclear)
            totals += filter(None, (total,))
            if total and not _has_point(total) and text(segment, "amountQualifierCode") not in _NOT_IN_CENTS:
                in_cents.append(total)
        unclear += _open_totals(tree, loops)
    return StatedOrder(
        lines=tuple(_line(loop, price_bases) for loop in loops),
        currencies=tuple(dict.fromkeys(text(one, "currencyCode") or "" for one in having(trees, "currencyCode"))),
        totals=tuple(dict.fromkeys(totals)),
        in_cents=frozenset(in_cents),
        days=tuple(days.found),
        parties=tuple(parties),
        stated=tuple(stated),
        unclear=(*days.unclear, *unclear),
        is_whole=not names_exceptions_only(trees),
    )


def _line(loop: Data, price_bases: Mapping[str, int]) -> StatedLine:
    questions, days = Questions(), Days()
    data = _data(loop)
    statuses = list(having(loop, STATUS))
    schedules = [one for inner in objects(loop) for one in rows(inner, _SCHEDULE)]
    for segment, name in (
        (data, "PO102"),
        *((one, "ACK02") for one in statuses),
        *((one, "SCH01") for one in schedules),
    ):
        questions.quantity(segment, "quantity", f"quantity ({name})")
    priced = [_with_price(one) for one in (data, *_prices(loop))]
    prices = [
        unit_price(questions, one, price="unitPrice", basis="basisOfUnitPriceCode", bases=price_bases).amount
        for one in priced
    ]
    unclear: list[str] = []
    amounts = [
        figure(one, "monetaryAmount", "amount (AMT)", unclear)
        for inner in (loop, *rows(loop, "AMT_loop"))
        for one in rows(inner, "monetaryAmountInformation")
        if text(one, "amountQualifierCode") == _LINE_TOTAL
    ]
    divided = [sentence.partition(",")[0] for name, sentence in BEYOND_A_LINE.items() if loop.get(name)]
    stamps = [one for inner in objects(loop) for one in rows(inner, "dateTimeReference")]
    for stamp in (*stamps, *statuses, *schedules):
        _put_days(days, stamp)
    return StatedLine(
        line_ids=_line_ids(data),
        products=products_of(data, Remarks()),
        restated=tuple(products_of(one, Remarks()) for one in statuses),
        ordered=number_of(data, "quantity"),
        accepted=accepted_quantity(statuses),
        scheduled=_scheduled(schedules),
        accepts=all(code_of(one, STATUS) in ACCEPTING_LINES for one in statuses),
        is_deleted=is_deleted(data, statuses),
        prices=tuple(dict.fromkeys(one for one in prices if one is not None)),
        units=_units(data, *statuses, *schedules),
        amounts=tuple(one for one in amounts if one is not None),
        days=tuple(days.found),
        parties=x12_parties(loop, Questions(), Remarks(), "order line"),
        stated=x12_content(loop),
        unclear=(*(one.rstrip(".") for one in questions.all()), *unclear, *divided, *days.unclear),
    )


def _prices(loop: Data) -> list[Data]:
    """The CTP segments of a line, in a loop of their own or without, but those with prices that nobody is to pay."""
    segments = [one for inner in objects(loop) for one in rows(inner, _PRICING)]
    return [one for one in segments if code_of(one, "priceIdentifierCode") not in _NOT_PAID]


def _with_price(segment: Data) -> Data:
    """A segment with the price that its basis says where it names none."""
    is_free = code_of(segment, "basisOfUnitPriceCode") == _NO_CHARGE and text(segment, "unitPrice") is None
    return {**segment, "unitPrice": "0"} if is_free else segment


def _has_point(number_: Decimal) -> bool:
    exponent = number_.as_tuple().exponent
    return isinstance(exponent, int) and exponent < 0


def _data(loop: Data) -> Data:
    return next((part(loop, name) for name in LINES if part(loop, name)), {})


def _line_ids(data: Data) -> tuple[str, ...]:
    """Our number of the line among the item numbers (PL), and PO101."""
    ours = (
        text(data, f"productServiceID{place}")
        for place in suffixes(data, "productServiceID")
        if text(data, f"productServiceIDQualifier{place}") == OUR_LINE
    )
    return tuple(one for one in (*ours, text(data, "assignedIdentification")) if one)


def _units(*segments: Data) -> dict[str, str | None]:
    places = (one for segment in segments for one in (segment, part(segment, "compositeUnitOfMeasure")))
    codes = {code for one in places if (code := text(one, "unitOrBasisForMeasurementCode"))}
    return {code: word_of_x12(code) for code in sorted(codes)}


def _scheduled(schedules: Sequence[Data]) -> Mapping[str, Decimal]:
    """What is scheduled in all, by the qualifier of the day: the same quantity may be shipped and delivered."""
    found: dict[str, Decimal] = {}
    for one in schedules:
        kind, share = text(one, "dateTimeQualifier") or "", number_of(one, "quantity")
        if share is not None:
            found[kind] = found.get(kind, Decimal()) + share
    return found


def _put_days(days: Days, stamp: Data) -> None:
    """Add the days of a DTM, ACK or SCH. One without a qualifier is a day of delivery."""
    for place in _QUALIFIERS:
        qualifier = text(stamp, f"dateTimeQualifier{place}")
        if qualifier in _NO_WANTED_DAYS:
            continue
        timing = Timing.DELIVERY if qualifier in _DELIVERIES | {None} else Timing.UNKNOWN
        timing = _WEEKS.get(qualifier or "", Timing.EARLIER if qualifier in _EARLIER else timing)
        is_week, code = qualifier in _WEEKS, qualifier or "no qualifier"
        days.put(stamp, f"date{place}", timing, code, is_week=is_week)
        if (written := text(stamp, f"{_PERIOD}{place}")) is not None:
            days.put_period(written, timing, code, is_week=is_week)


def _open_totals(tree: Data, loops: Sequence[Data]) -> Iterator[str]:
    """What CTT counts or sums otherwise than the lines that arrived. A message without lines has nothing to count.

    Senders also count a line that is stated in parts once, and sum ACK02 beside PO102 or in its place.
    """
    if not loops:
        return
    data = [_data(loop) for loop in loops]
    statuses = list(having(loops, STATUS))
    ids = {(text(one, "assignedIdentification") or str(place)).lstrip("0") for place, one in enumerate(data)}
    for totals in totals_segments(tree):
        unclear: list[str] = []
        count = figure(totals, "numberOfLineItems", "number of lines (CTT01)", unclear)
        stated = figure(totals, "hashTotal", "hash total (CTT02)", unclear)
        if count is not None and count not in {len(loops), len(ids)}:
            yield f"it says that it has {count:f} lines (CTT01), and {len(loops)} arrived"
        if stated and not any(closes(stated, one) for one in (data, statuses, [*data, *statuses])):
            yield f"its hash total (CTT02) is {stated:f}, and its quantities do not come to that"
        yield from unclear
