"""Compares what an 855 or 865 says of an order with the order that was sent.

An answer with codes that accept may still state another quantity, price, unit or day, or leave a line out. What it does
not state is no difference. X12 element 374 tells days of delivery from days of shipment; a day of shipment differs when
it is later than the wanted day. Orderful: Mosaic's 855 states values by line in `actions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.line_match import line_number, orderable_lines
from connector.domain.routing.route import ItemIds, Route
from connector.domain.totals import payable_amount, rounded
from connector.domain.wanted_days import wanted_day
from connector.edi.answers import ACCEPTING_LINES, LINES, STATUS, accepted_quantity, having, number_of, objects
from connector.edi.order_change.common import Questions, unit_price
from connector.edi.order_change.fields import Data, NotUnderstood, day, leaves, part, rows, text
from connector.edi.units import UNITS

_X12_UNITS = {unit.x12: unit.word for unit in UNITS.values()}
_MOSAIC_UNITS = {unit.mosaic: unit.word for unit in UNITS.values() if unit.mosaic}

# X12 element 374: delivery requested, estimated, current schedule, promised, required by, scheduled for.
_DELIVERIES = frozenset({"002", "017", "067", "069", "106", "070", "073", "074", "077", "063"})
# X12 element 374: requested ship, ship no later, current schedule, promised ship, shipped.
_SHIPMENTS = frozenset({"010", "038", "068", "079", "011"})
_MAX_DIFFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stated:
    """What an answer states of one line.

    Attributes:
        units: Unit codes as written, each with its meaning here; None for one that is not known.
    """

    line_id: str | None
    items: frozenset[str]
    quantities: tuple[Decimal, ...] = ()
    prices: tuple[Decimal, ...] = ()
    units: Mapping[str, str | None] = field(default_factory=dict)
    deliveries: tuple[date, ...] = ()
    shipments: tuple[date, ...] = ()


def order_differences(document: str, message: Data, order: PurchaseOrder, route: Route) -> tuple[str, ...]:
    """What an 855 or 865 states otherwise than the order, each a clause; empty when it agrees.

    Args:
        document: `855`, which restates the order, or `865`, which may name the changed lines only.
        message: Parsed JSON with numbers as `Decimal`: Mosaic, or an object with `transactionSets`.
        order: The order as it was sent.
        route: The route of its supplier.
    """
    trees = rows(message, "transactionSets")
    stated = list(_x12(trees, route) if trees else _mosaic(message))
    lines = orderable_lines(order)
    found, named = list(_header(trees, message, order, route)), set[int]()
    for place, one in enumerate(stated, 1):
        line = _line_of(one, lines, route)
        if line is None:
            found.append(f"line {one.line_id or f'at place {place}'} is not in the order")
            continue
        named.add(line.number)
        found += (f"line {line.number} {clause}" for clause in _differences(one, line, order, route))
    if stated and document == "855":
        found += (f"line {number} is missing" for number in sorted(lines.keys() - named))
    shown = tuple(dict.fromkeys(found))
    rest = len(shown) - _MAX_DIFFERENCES
    return shown if rest <= 0 else (*shown[:_MAX_DIFFERENCES], f"and {rest} more")


def _differences(stated: _Stated, line: OrderLine, order: PurchaseOrder, route: Route) -> Iterator[str]:
    for quantity in stated.quantities:
        if quantity != line.quantity:
            yield f"has the quantity {_text(quantity)}, ordered were {_text(line.quantity)}"
    for price in stated.prices:
        payable = payable_amount(line, order.currency)
        if price != line.unit_price and rounded(price * line.quantity, order.currency) != payable:
            yield f"has the price {_text(price)}, ordered at {_text(line.unit_price)}"
    ours = route.units.get(line.unit or "")
    for code, unit in stated.units.items():
        if ours is not None and unit != ours:
            yield f"is in the unit {code[:10]}, ordered in {line.unit}"
    wanted = wanted_day(line, order, route.line_date)
    for one in stated.deliveries:
        if one != wanted:
            yield f"is to come on {one}, wanted on {wanted or 'no day'}"
    for one in stated.shipments:
        if wanted is not None and one > wanted:
            yield f"is to be shipped on {one}, wanted on {wanted}"


def _header(trees: Sequence[Data], message: Data, order: PurchaseOrder, route: Route) -> Iterator[str]:
    """Days of the header that agree neither with the order's day nor with that of every line."""
    days = {wanted_day(line, order, route.line_date) for line in orderable_lines(order).values()}
    deliveries, shipments = list[date](), list[date]()
    for tree in trees:
        _put_days(rows(tree, "dateTimeReference"), deliveries, shipments)
    if not trees:
        _put_mosaic_days(part(message, "dates"), deliveries, shipments)
    latest = max((one for one in (*days, order.promised_on) if one is not None), default=None)
    for one in dict.fromkeys(deliveries):
        if one != order.promised_on and days != {one}:
            yield f"it is to come on {one}, wanted on {latest or 'no day'}"
    for one in dict.fromkeys(shipments):
        if latest is not None and one > latest:
            yield f"it is to be shipped on {one}, wanted on {latest}"


def _x12(trees: Sequence[Data], route: Route) -> Iterator[_Stated]:
    for loop in objects(trees):
        if not any(isinstance(loop.get(name), list | dict) for name in LINES):
            continue
        data = next((part(loop, name) for name in LINES if part(loop, name)), {})
        statuses = list(having(loop, STATUS))
        deliveries, shipments = list[date](), list[date]()
        for one in objects(loop):
            _put_days(rows(one, "dateTimeReference"), deliveries, shipments)
        for status in statuses:
            for end in ("", *map(str, range(1, 5))):
                stamp = {
                    "dateTimeQualifier": status.get(f"dateTimeQualifier{end}"),
                    "date": status.get(f"date{end}"),
                }
                _put_days([stamp], deliveries, shipments)
        accepted = accepted_quantity(statuses)
        accepts = all(text(one, STATUS) in ACCEPTING_LINES for one in statuses)
        figures = [number_of(data, "quantity"), accepted]
        price = unit_price(
            Questions(), data, price="unitPrice", basis="basisOfUnitPriceCode", bases=route.changes.price_bases
        )
        codes = {
            code
            for one in (data, part(data, "compositeUnitOfMeasure"), *statuses)
            if (code := text(one, "unitOrBasisForMeasurementCode"))
        }
        yield _Stated(
            line_id=text(data, "assignedIdentification"),
            items=_plain(
                value
                for name, value in leaves({k: v for k, v in data.items() if k.startswith("productServiceID")})
                if "Qualifier" not in name
            ),
            # Of a line that is not accepted, the quantity is a finding already.
            quantities=tuple(dict.fromkeys(one for one in figures if one is not None)) if accepts else (),
            prices=() if price.amount is None else (price.amount,),
            units={code: _X12_UNITS.get(code) for code in sorted(codes)},
            deliveries=tuple(dict.fromkeys(deliveries)),
            shipments=tuple(dict.fromkeys(shipments)),
        )


def _mosaic(message: Data) -> Iterator[_Stated]:
    for line in rows(message, "lineItems"):
        actions = rows(line, "actions")
        deliveries, shipments = list[date](), list[date]()
        for action in actions:
            _put_mosaic_days(action, deliveries, shipments)
        amounts = [part(action, "quantity") for action in actions]
        figures = [number_of(one, "value") for one in amounts]
        accepts = all(text(action, "status") in {None, "accepted"} for action in actions)
        whole = None not in figures and bool(figures) and accepts
        codes = {code for one in amounts if (code := text(one, "unitOfMeasure"))}
        yield _Stated(
            line_id=text(line, "purchaseOrderLineId"),
            items=_plain(value for _, value in leaves(part(line, "productIds"))),
            quantities=(sum((one for one in figures if one is not None), Decimal()),) if whole else (),
            prices=tuple(
                dict.fromkeys(one for action in actions if (one := number_of(action, "unitCostPrice")) is not None)
            ),
            units={code: _MOSAIC_UNITS.get(code) for code in sorted(codes)},
            deliveries=tuple(dict.fromkeys(deliveries)),
            shipments=tuple(dict.fromkeys(shipments)),
        )


def _put_days(stamps: Sequence[Data], deliveries: list[date], shipments: list[date]) -> None:
    for stamp in stamps:
        qualifier, found = text(stamp, "dateTimeQualifier"), _day(stamp, "date")
        if found is not None and qualifier in _DELIVERIES | {None}:
            deliveries.append(found)
        elif found is not None and qualifier in _SHIPMENTS:
            shipments.append(found)


def _put_mosaic_days(data: Data, deliveries: list[date], shipments: list[date]) -> None:
    for name, days in (("estimatedDeliveryDate", deliveries), ("scheduledShipDate", shipments)):
        if (found := _day(data, name)) is not None:
            days.append(found)


def _day(data: Data, name: str) -> date | None:
    with suppress(NotUnderstood):
        return day(data, name)
    return None


def _line_of(stated: _Stated, lines: Mapping[int, OrderLine], route: Route) -> OrderLine | None:
    """The line that is meant: by its number, else by an item that is on one line only."""
    number = line_number(stated.line_id)
    if number is not None and number in lines:
        return lines[number]
    alike = [line for line in lines.values() if _names(line, route) & stated.items]
    return alike[0] if len(alike) == 1 else None


def _names(line: OrderLine, route: Route) -> frozenset[str]:
    ids = route.items.get(line.item or "", ItemIds())
    return _plain(name for name in (line.item, line.supplier_item, ids.partner_item, ids.gtin) if name)


def _plain(names: Iterator[str]) -> frozenset[str]:
    return frozenset(name.strip().casefold().lstrip("0") for name in names if name.strip())


def _text(number: Decimal) -> str:
    return format(number.normalize() if number else Decimal(0), "f")
