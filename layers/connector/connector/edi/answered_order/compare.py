"""Compares what an 855 or 865 says of an order with the order that was sent.

An answer with codes that accept may still state other values, or leave a line out. What it does not state is no
difference, and neither is another spelling: trailing zeros, another numbering of lines that name their items, an item
number that is not known here beside one that is, a total that differs by rounding. What it states and nobody can read
is a difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.line_match import line_number, orderable_lines
from connector.domain.order_change.parties_and_terms import (
    is_another_place,
    party_text,
    unknown_terms,
)
from connector.domain.order_change.request import Stated
from connector.domain.order_change.stated_charges import stated_charges
from connector.domain.order_change.stated_total import is_amount_of, is_total_of
from connector.domain.parties import Role
from connector.domain.routing.route import Route
from connector.domain.totals import ZERO, explained_by_price, payable_amount, rounded
from connector.domain.wanted_days import wanted_day
from connector.edi.answered_order.items import AnsweredItems, every_number
from connector.edi.answered_order.mosaic import read_mosaic
from connector.edi.answered_order.stated import StatedDay, StatedLine, StatedOrder, Timing
from connector.edi.answered_order.x12 import read_x12
from connector.edi.order_change.fields import Data, rows

_MAX_DIFFERENCES = 20
_CENT = Decimal("0.01")
_PROMISED = "069"
"""X12 element 374: the promised day, which an order states beside the wanted one (`line_date: requested`)."""


def order_differences(document: str, message: Data, order: PurchaseOrder, route: Route) -> tuple[str, ...]:
    """What an 855 or 865 states otherwise than the order, each a clause; empty when it agrees.

    Args:
        document: `855`, which restates the order, or `865`, which may name the changed lines only.
        message: Parsed JSON with numbers as `Decimal`: Mosaic, or an object with `transactionSets`.
        order: The order as it was sent.
        route: The route of its supplier.

    Raises:
        Parked: the amount of a line of the order cannot be calculated.
    """
    stated = _stated(message, route)
    found = list(_Comparison(order, route).differences(stated, is_whole=document == "855" and stated.is_whole))
    shown = tuple(dict.fromkeys(found))
    rest = len(shown) - _MAX_DIFFERENCES
    return shown if rest <= 0 else (*shown[:_MAX_DIFFERENCES], f"and {rest} more")


def lines_gone(message: Data, order: PurchaseOrder, route: Route) -> frozenset[int]:
    """The places, from 1, of the lines of an 855 or 865 that are deleted in it, and that the order does not have.

    Args:
        message: As for `order_differences`.
        order: The order as it was sent: a line that a replacement took out is not in it.
        route: The route of its supplier.
    """
    return frozenset(_Comparison(order, route).gone(_stated(message, route)))


def _stated(message: Data, route: Route) -> StatedOrder:
    trees, bases = rows(message, "transactionSets"), route.changes.price_bases
    return read_x12(trees, bases) if trees else read_mosaic(message, bases)


class _Comparison:
    def __init__(self, order: PurchaseOrder, route: Route) -> None:
        self.order = order
        self.route = route
        self.lines = orderable_lines(order)
        self.items = AnsweredItems(tuple(self.lines.values()), route)
        self.beside = ZERO
        self.wanted = {number: wanted_day(line, order, route.line_date) for number, line in self.lines.items()}

    def differences(self, stated: StatedOrder, *, is_whole: bool) -> Iterator[str]:
        # The charges of the lines are in the total of the header.
        of_lines = list(self._lines(stated, is_whole=is_whole))
        yield from self._header(stated)
        yield from of_lines

    def _lines(self, stated: StatedOrder, *, is_whole: bool) -> Iterator[str]:
        parts: dict[int, list[StatedLine]] = {}
        for place, one in enumerate(stated.lines, 1):
            line = self._line_of(one, parts.keys())
            if line is None:
                if not (one.is_deleted or self._is_usual(one)):
                    named = next((f" ({number[:40]})" for number in every_number(one.products)), "")
                    yield f"line {one.line_ids[0] if one.line_ids else f'at place {place}'}{named} is not in the order"
            else:
                parts.setdefault(line.number, []).append(one)
        for number, found in parts.items():
            line = self.lines[number]
            clauses = (*self._quantities(found, line), *(clause for one in found for clause in self._line(one, line)))
            yield from (f"line {number}{': ' if clause.startswith('it') else ' '}{clause}" for clause in clauses)
        if stated.lines and is_whole:
            yield from (f"line {number} is missing" for number in sorted(self.lines.keys() - parts.keys()))

    def gone(self, stated: StatedOrder) -> Iterator[int]:
        """The places of deleted lines that are not in the order."""
        return (place for place, one in enumerate(stated.lines, 1) if one.is_deleted and self._line_of(one) is None)

    def _header(self, stated: StatedOrder) -> Iterator[str]:
        order = self.order
        for currency in stated.currencies:
            if order.currency and currency.casefold() != order.currency.casefold():
                yield f"it is in {currency[:10]}, ordered in {order.currency}"
        for one in stated.parties:
            if one.role is Role.SHIP_TO and is_another_place(one, order, self.route):
                yield f"it is to be delivered to {party_text(one.party, one.scheme)}"
        unknown = self._charges(stated.stated)
        for total in stated.totals:
            in_cents = total in stated.in_cents and self._is_total(total * _CENT)
            if not (in_cents or self._is_total(total)):
                yield f"it comes to {_text(total)}, which the order does not"
        yield from (f"it states {text}" for text in unknown)
        yield from (f"it is payable {text}" for text in unknown_terms(stated.stated, order, self.route))
        yield from self._header_days(stated)
        yield from stated.unclear

    def _is_total(self, total: Decimal) -> bool:
        return is_total_of(self.order, total, self.route.rounding_limit, beside=self.beside)

    def _charges(self, stated: Sequence[Stated], line: OrderLine | None = None) -> tuple[str, ...]:
        """The charges that the order does not have; what the others add to its total is kept."""
        found = stated_charges(stated, self.order, self.route, line)
        self.beside += found.beside
        return found.unknown

    def _is_usual(self, stated: StatedLine) -> bool:
        """Whether a line that the order does not have is a charge that the partner always states, as an item."""
        limits = self.route.charges_in_answers
        limit = max((limits.get(number.casefold(), ZERO) for number in every_number(stated.products)), default=ZERO)
        quantity = stated.accepted if stated.ordered is None else stated.ordered
        if quantity is None or len(stated.prices) != 1:
            return False
        amount = rounded(quantity * stated.prices[0], self.order.currency)
        is_usual = ZERO < amount <= limit
        self.beside += amount if is_usual else ZERO
        return is_usual

    def _header_days(self, stated: StatedOrder) -> Iterator[str]:
        """Days that agree neither with the order's day nor with that of every line.

        Where each line states its own days, the header may have the latest one; else it would move the other lines.
        """
        days = set(self.wanted.values())
        known = {one for one in (*days, self.order.promised_on) if one is not None}
        earliest, latest = min(known, default=None), max(known, default=None)
        wanted = (
            latest
            if stated.lines and all(line.days for line in stated.lines)
            else min((one for one in days if one is not None), default=None)
        )
        for one in stated.days:
            is_ours = one.first == one.last and (one.first == self.order.promised_on or days == {one.first})
            is_span = (one.first, one.last) == (earliest, latest)
            clause = (
                None if is_ours or is_span or (days and _is_week_of(one, days)) else _day_clause(one, wanted, known)
            )
            if clause is not None:
                yield f"it {clause}"

    def _quantities(self, parts: Sequence[StatedLine], line: OrderLine) -> Iterator[str]:
        """The quantities of a line, which may be stated in parts."""
        if not all(one.accepts for one in parts):
            return
        taken = [one.ordered if one.accepted is None else one.accepted for one in parts]
        stated = [one for one in taken if one is not None]
        sums = [sum(stated, Decimal())] if stated else []
        ordered = [one.ordered for one in parts if one.ordered is not None]
        if ordered and any(one != line.quantity for one in ordered):
            sums.append(sum(ordered, Decimal()))
        for quantity in dict.fromkeys(sums):
            if quantity != line.quantity:
                yield f"has the quantity {_text(quantity)}, ordered were {_text(line.quantity)}"
        for part, taken_of_it in zip(parts, taken, strict=True):
            whole = line.quantity if taken_of_it is None else taken_of_it
            for scheduled in part.scheduled.values():
                if scheduled != whole:
                    yield f"is scheduled with {_text(scheduled)} of {_text(whole)}"

    def _line(self, stated: StatedLine, line: OrderLine) -> Iterator[str]:
        order = self.order
        if (other := self.items.another(stated.products, line)) is not None:
            yield f"is item {other[:40]}, ordered was {line.item or 'no item'}"
        for one in stated.restated:
            if (other := self.items.substitute(one, stated.products, line)) is not None:
                yield f"is acknowledged as item {other[:40]}, ordered was {line.item or 'no item'}"
        for price in stated.prices:
            if not self._is_price(price, line):
                yield f"has the price {_text(price)}, ordered at {_text(line.unit_price)}"
        for amount in stated.amounts:
            if not is_amount_of(line, order, amount, self.route.rounding_limit):
                yield f"comes to {_text(amount)}, which the ordered line does not"
        yield from self._units(stated, line)
        yield from self._line_terms(stated, line)
        yield from stated.unclear

    def _units(self, stated: StatedLine, line: OrderLine) -> Iterator[str]:
        """The units that are not that of the line. One that is not known here says nothing beside it.

        Published acknowledgments have PO103 CA and ACK03 CS, which is no case in X12.
        """
        if (line.unit or "") not in self.route.units:
            return
        others = {code: unit for code, unit in stated.units.items() if not self.route.is_unit(line.unit, unit)}
        is_named = len(others) < len(stated.units)
        for code, unit in others.items():
            if not (is_named and unit is None):
                yield f"is in the unit {code[:10]}, ordered in {line.unit}"

    def _is_price(self, price: Decimal, line: OrderLine) -> bool:
        """Whether a price is that of the line, or comes to the same, or is it with fewer decimals."""
        if price == line.unit_price:
            return True
        currency = self.order.currency
        difference = payable_amount(line, currency) - rounded(price * line.quantity, currency)
        limit = self.route.rounding_limit
        return not difference or explained_by_price(difference, line.quantity, price, currency, limit=limit)

    def _line_terms(self, stated: StatedLine, line: OrderLine) -> Iterator[str]:
        """What differs in the places, charges and days of a line."""
        order, route = self.order, self.route
        for party in stated.parties:
            if party.role is Role.SHIP_TO and is_another_place(party, order, route, line):
                yield f"is to be delivered to {party_text(party.party, party.scheme)}"
        yield from (f"states {text}" for text in self._charges(stated.stated, line))
        wanted = self.wanted[line.number]
        known = {one for one in (wanted, line.requested, line.promised, order.promised_on) if one is not None}
        for day in stated.days:
            if day.code == _PROMISED and day.first == day.last == line.promised:
                continue
            if (clause := _day_clause(day, wanted, known)) is not None:
                yield clause

    def _line_of(self, stated: StatedLine, taken: Collection[int] = ()) -> OrderLine | None:
        """The line that is meant: by its number, unless the item is that of one other line; else by its item.

        Args:
            stated: The line of the answer.
            taken: The numbers of the lines that earlier lines of the answer mean.
        """
        numbers = (line_number(one) for one in stated.line_ids)
        numbered = next((self.lines[one] for one in numbers if one in self.lines), None)
        if numbered is not None and self.items.another(stated.products, numbered) is None:
            return numbered
        alike = [line for line in self.lines.values() if self.items.is_named(stated.products, line)]
        if len(alike) > 1:
            alike = self._told_apart(stated, alike, taken)
        return alike[0] if len(alike) == 1 else None if stated.is_deleted else numbered

    def _told_apart(self, stated: StatedLine, alike: Sequence[OrderLine], taken: Collection[int]) -> list[OrderLine]:
        """Of several lines with the item of a stated one, those with its quantity and, if need be, its day.

        Of lines that are equal, the first that no other line means.
        """
        quantity = stated.accepted if stated.ordered is None else stated.ordered
        found = [line for line in alike if line.quantity == quantity]
        if len(found) > 1:
            days = {one.first for one in stated.days if one.timing is Timing.DELIVERY}
            found = [line for line in found if self.wanted[line.number] in days] or found
        if len({(self.wanted[line.number], line.unit_price) for line in found}) == 1:
            return [line for line in found if line.number not in taken][:1]
        return found


def _day_clause(stated: StatedDay, wanted: date | None, known: set[date]) -> str | None:
    """What a day says otherwise than the order; None when it agrees.

    Args:
        stated: The day.
        wanted: The wanted day of the line, or of the order.
        known: Days of the order under which a day without a known meaning is no news.
    """
    is_day = stated.first == stated.last
    is_wanted = is_day and stated.first == wanted
    if stated.timing is Timing.DELIVERY and not (is_wanted or _is_week_of(stated, {wanted})):
        return f"is to come {_when(stated)}, wanted on {wanted or 'no day'}"
    latest = stated.first if stated.is_week else stated.last
    if stated.timing is Timing.EARLIER and wanted is not None and latest > wanted:
        return f"is to be shipped {_when(stated)}, wanted on {wanted}"
    if stated.timing is Timing.UNKNOWN and not (is_day and stated.first in known):
        return f"names a day {_when(stated)} ({stated.code[:40]}), which is not understood"
    return None


def _is_week_of(stated: StatedDay, wanted: Collection[date | None]) -> bool:
    return stated.is_week and all(one is not None and stated.first <= one <= stated.last for one in wanted)


def _when(stated: StatedDay) -> str:
    if stated.is_week:
        return f"in the week of {stated.first}"
    return f"on {stated.first}" if stated.first == stated.last else f"from {stated.first} to {stated.last}"


def _text(number: Decimal) -> str:
    return format(number.normalize() if number else Decimal(0), "f")
