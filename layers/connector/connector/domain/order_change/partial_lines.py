"""Finds values in a deletion that differ from the line: then perhaps only a part of the line is meant."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.order_change.dates import Dates
from connector.domain.order_change.findings import text_of
from connector.domain.order_change.line_match import Found
from connector.domain.order_change.request import LineRequest


def partial_texts(theirs: LineRequest, found: Found, dates: Dates) -> Iterator[str]:
    """Ends of sentences that ask whether only a part of the line is meant.

    An ordinary deletion states no quantity, 0, or the quantity of the line (seen with partners); likewise its day and
    its price.
    """
    lines = [line for line in (found.base, found.ours) if line is not None]
    base = found.base or found.ours
    if base is None:
        return
    figures = theirs.quantity, theirs.second_quantity, theirs.original_quantity, theirs.delta
    others = [one for one in dict.fromkeys(figures) if one and abs(one) != base.quantity]
    if others:
        given = " and ".join(map(text_of, others))
        yield (
            f"and the message gives a quantity of {given} where the partner had {text_of(base.quantity)}: is only a "
            "part meant?"
        )
    known = {dates.header, *(line.promised for line in lines)}
    if found.base is not None:
        known.add(dates.base_day(found.base))
    if found.ours is not None:
        known.add(dates.our_day(found.ours))
    for day in dict.fromkeys((theirs.requested, theirs.promised)):
        if day is not None and day not in known:
            yield (
                f"and the message gives the day {day} where the partner had {text_of(dates.base_day(base))}: is only a "
                "part meant?"
            )
    if theirs.price and theirs.price not in {line.unit_price for line in lines}:
        yield (
            f"and the message gives a price of {text_of(theirs.price)} where the partner had "
            f"{text_of(base.unit_price)}: is this line meant?"
        )
    for sentence in theirs.partial:
        yield f"yet {sentence} Is only a part meant?"
