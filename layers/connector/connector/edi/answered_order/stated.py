"""What an answer states of an order: the records that both dialects are read into, and what their days mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from connector.domain.order_change.request import PartyRequest, ProductRefs, Stated
from connector.edi.order_change.fields import Data, NotUnderstood, day, number, shown

_WITH_TIME = re.compile(r"\d{12}(?:\d\d)?", re.ASCII)

_WEEK = timedelta(days=7)
_SUNDAY = 7


class Timing(StrEnum):
    """What the day of an answer says.

    `DELIVERY` has to be the wanted day. `EARLIER` may be before it: a day of shipment, or one from which on the goods
    come. `UNKNOWN` says nothing that is known here.
    """

    DELIVERY = "delivery"
    EARLIER = "earlier"
    UNKNOWN = "unknown"


class StatedDay(NamedTuple):
    """A day of an answer, or a period.

    Attributes:
        timing: What it says.
        first: The day, or the first one of the period.
        last: The same day, or the last one of the period.
        code: The qualifier or the field as written, for people.
        is_week: Whether it is a week, on one day of which the goods come or leave.
    """

    timing: Timing
    first: date
    last: date
    code: str
    is_week: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """What an answer states of one line, or of a part of one.

    Attributes:
        line_ids: What may be our number of the line, the surest first.
        products: The item that it names.
        restated: The items that its acknowledgments name; a substitute stands there.
        ordered: The quantity that it repeats as ordered (PO102, POC03); None when it states none.
        accepted: The quantity that it accepts in all; None when it does not state it whole.
        scheduled: The quantities that it schedules in all, by what their days mean: each is the whole.
        accepts: Whether every status accepts. The quantity of a line that is not accepted is a finding already.
        is_deleted: Whether it says that nothing of the line is delivered.
        prices: Prices per unit.
        units: Unit codes as written, each with its meaning here; None for one that is not known.
        amounts: Totals of the line.
        days: Its days.
        parties: Its parties.
        stated: Its allowances and charges.
        unclear: What it states and cannot be read or compared, each a clause that begins with `it` or `its`.
    """

    line_ids: tuple[str, ...]
    products: ProductRefs
    restated: tuple[ProductRefs, ...] = ()
    ordered: Decimal | None = None
    accepted: Decimal | None = None
    scheduled: Mapping[str, Decimal] = field(default_factory=dict)
    accepts: bool = True
    is_deleted: bool = False
    prices: tuple[Decimal, ...] = ()
    units: Mapping[str, str | None] = field(default_factory=dict)
    amounts: tuple[Decimal, ...] = ()
    days: tuple[StatedDay, ...] = ()
    parties: tuple[PartyRequest, ...] = ()
    stated: tuple[Stated, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOrder:
    """What an answer states.

    Attributes:
        lines: Its lines.
        currencies: Currencies, ISO 4217.
        totals: Totals of the order.
        in_cents: Those of them that may be in cents.
        days: Days of the header.
        parties: Parties of the header.
        stated: Terms, allowances and charges of the header.
        unclear: What it states and cannot be read, or contradicts itself in, likewise.
        is_whole: Whether an 855 has to name every line; not where it names exceptions only.
    """

    lines: tuple[StatedLine, ...]
    currencies: tuple[str, ...] = ()
    totals: tuple[Decimal, ...] = ()
    in_cents: frozenset[Decimal] = frozenset()
    days: tuple[StatedDay, ...] = ()
    parties: tuple[PartyRequest, ...] = ()
    stated: tuple[Stated, ...] = ()
    unclear: tuple[str, ...] = ()
    is_whole: bool = True


def figure(data: Data, name: str, what: str, unclear: list[str]) -> Decimal | None:
    """A number; of one that cannot be read, a clause is added to `unclear`."""
    try:
        return number(data, name)
    except NotUnderstood as reason:
        unclear.append(f"its {what} cannot be read: {reason}")
        return None


class Days:
    """Gathers the days of a line or of the header.

    Attributes:
        found: The days.
        unclear: What stands in the place of a day and cannot be read, each a clause that begins with `its`.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.found: list[StatedDay] = []
        self.unclear: list[str] = []

    def put(self, data: Data, name: str, timing: Timing, code: str, *, is_week: bool = False) -> None:
        """Add the day of a field, if there is one, or the week that it stands for."""
        try:
            found = day(data, name)
        except NotUnderstood as reason:
            self.unclear.append(f"its day cannot be read: {reason}")
            return
        if found is not None:
            self._add(timing, found, found, code, is_week=is_week)

    def put_period(self, written: str, timing: Timing, code: str, *, is_week: bool = False) -> None:
        """Add a period (X12 element 1251): `CCYYMMDD`, or two of them with a hyphen, each with a time or without."""
        ends = written.split("-") if written.count("-") == 1 else [written]
        days = [one[:8] if _WITH_TIME.fullmatch(one) else one for one in ends]
        with suppress(NotUnderstood):
            first, last = day({"day": days[0]}, "day"), day({"day": days[-1]}, "day")
            if first is None and last is None:
                return
            if first is not None and last is not None and first <= last:
                self._add(timing, first, last, code, is_week=is_week)
                return
        self.unclear.append(f"its period cannot be read: {shown(written)}")

    def _add(self, timing: Timing, first: date, last: date, code: str, *, is_week: bool) -> None:
        if is_week and first == last:
            first, last = _week_of(first)
        is_week = is_week and last - first < _WEEK
        self.found.append(StatedDay(timing, first, last, code, is_week=is_week))


def _week_of(found: date) -> tuple[date, date]:
    """The first and the last day of the week that a day stands for.

    X12 does not say on which day a week begins: on Monday (ISO 8601) or on Sunday (United States). So Sunday begins
    one, and any other day is in one from Monday.
    """
    first = found if found.isoweekday() == _SUNDAY else found - timedelta(days=found.weekday())
    return first, first + _WEEK - timedelta(days=1)
