from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.routing.route import DialectChoice, LineDate
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from testkit.samples.business_documents import a_line, a_route, an_order

ORDERED, HEADER, OTHER = date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 8)
DAYS = st.sampled_from([None, ORDERED, HEADER, OTHER])


def days_sent(order, line_date):
    """The wanted day of the header and of each line, as both dialects tell them."""
    dialects = []
    for dialect in (DialectChoice.MOSAIC, DialectChoice.X12):
        route = a_route(order, line_date=line_date, dialect=dialect)
        body = translate(order, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
        if dialect is DialectChoice.MOSAIC:
            parts = [body["message"], *body["message"]["lineItems"]]
            dialects.append([part.get("dates", {}).get("requestedDeliveryDate") for part in parts])
        else:
            (tree,) = body["message"]["transactionSets"]
            parts = [tree, *tree["PO1_loop"]]
            dates = [
                {row["dateTimeQualifier"]: row["date"] for row in part.get("dateTimeReference", ())} for part in parts
            ]
            dialects.append([f"{day[:4]}-{day[4:6]}-{day[6:]}" if (day := one.get("002")) else None for one in dates])
    assert dialects[0] == dialects[1]
    header, *lines = [date.fromisoformat(day) if day else None for day in dialects[0]]
    return header, lines


def an_order_of(*lines, header=HEADER):
    given = [a_line(at, requested=requested, promised=promised) for at, (requested, promised) in enumerate(lines, 1)]
    return an_order(*given, ordered_on=ORDERED, promised_on=header)


@pytest.mark.parametrize(
    ("line", "header", "promised", "requested"),
    [
        # Visma's defaults: the requested day is the order date, the promised one that of the header.
        ((ORDERED, HEADER), HEADER, (HEADER, HEADER), (None, ORDERED)),
        ((ORDERED, None), HEADER, (HEADER, HEADER), (None, ORDERED)),
        ((None, None), HEADER, (HEADER, HEADER), (HEADER, HEADER)),
        ((OTHER, None), None, (None, OTHER), (None, OTHER)),
        ((ORDERED, None), None, (None, None), (None, ORDERED)),
        # All lines were moved, and the header was not.
        ((ORDERED, OTHER), HEADER, (None, OTHER), (None, ORDERED)),
    ],
)
def test_the_wanted_day_of_header_and_line(line, header, promised, requested):
    order = an_order_of(line, header=header)
    assert days_sent(order, LineDate.PROMISED) == (promised[0], [promised[1]])
    assert days_sent(order, LineDate.REQUESTED) == (requested[0], [requested[1]])


def test_one_line_that_is_promised_for_another_day_is_an_exception_to_the_header():
    order = an_order_of((ORDERED, HEADER), (ORDERED, OTHER))
    assert days_sent(order, LineDate.PROMISED) == (HEADER, [HEADER, OTHER])


def test_one_line_that_is_requested_for_another_day_takes_the_header_away():
    order = an_order_of((HEADER, HEADER), (OTHER, HEADER))
    assert days_sent(order, LineDate.REQUESTED) == (None, [HEADER, OTHER])


def test_cancelled_lines_say_nothing_about_the_days():
    order = an_order_of((ORDERED, OTHER), (ORDERED, HEADER))
    kept, cancelled = order.lines
    order = an_order(kept, a_line(2, promised=HEADER, cancelled=True), ordered_on=ORDERED, promised_on=HEADER)
    assert cancelled.promised == HEADER
    assert days_sent(order, LineDate.PROMISED) == (None, [OTHER])


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=4), st.sampled_from([None, HEADER]))
def test_no_line_contradicts_its_header(lines, header):
    order = an_order_of(*lines, header=header)
    header_day, days = days_sent(order, LineDate.PROMISED)
    for (_, promised), day in zip(lines, days, strict=True):
        # A day that differs from the header's was promised for just this line.
        assert header_day is None or day in {header_day, promised}
        # The order date, Visma's default, is never a wanted day by itself.
        assert day != ORDERED or promised == ORDERED
    header_day, days = days_sent(order, LineDate.REQUESTED)
    assert header_day is None or set(days) == {header_day}
