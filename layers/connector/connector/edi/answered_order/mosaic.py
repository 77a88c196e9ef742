"""Reads what a Mosaic 855 states. Orderful: it states values by line in `actions`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from connector.edi.answered_order.stated import Days, StatedLine, StatedOrder, Timing, figure
from connector.edi.mosaic.read.order_change import as_object, products_of
from connector.edi.order_change.common import Questions, Remarks, unit_price
from connector.edi.order_change.content import mosaic_content, mosaic_parties
from connector.edi.order_change.fields import Data, leaves, part, rows, text
from connector.edi.units import UNITS

_UNITS = {unit.mosaic: unit.word for unit in UNITS.values() if unit.mosaic}

# Orderful: `estimatedDeliveryDate`, `requestedPickupDate` and `scheduledShipDate` of an 855, and the `dates` of an 850.
# What other partners write instead (`scheduledDeliveryDate`) is told by its last word. A name that has none of these
# asks for nothing, or is asked about.
_NAMES_OF_DAYS = (
    ("earliestdeliverydate", Timing.EARLIER),
    ("deliverydate", Timing.DELIVERY),
    ("shipdate", Timing.EARLIER),
    ("pickupdate", Timing.EARLIER),
)
_DAY_NAME = "Date"
_NO_WANTED_DAYS = frozenset(
    {"purchaseOrderDate", "salesOrderDate", "customerOrderDate", "cancelAfterDate", "promotionStartDate"}
)
_TOTALS = ("net", "gross")
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)


def read_mosaic(message: Data, price_bases: Mapping[str, int]) -> StatedOrder:
    """Read the `message` of a Mosaic 855.

    Args:
        message: The message.
        price_bases: The partner's own readings of `unitPriceBasis` (routing, `changes.price_bases`).
    """
    unclear: list[str] = []
    days = Days()
    _put_days(days, part(message, "dates"))
    amounts = part(message, "monetaryAmounts")
    totals = [figure(amounts, name, f"total ({name})", unclear) for name in _TOTALS]
    currencies = (
        word.upper()
        for key, value in message.items()
        if "currency" in key.casefold()
        for _, word in leaves({key: value})
        if _CURRENCY.fullmatch(word)
    )
    return StatedOrder(
        lines=tuple(_line(one, price_bases) for one in rows(message, "lineItems")),
        currencies=tuple(dict.fromkeys(currencies)),
        totals=tuple(filter(None, totals)),
        days=tuple(days.found),
        parties=mosaic_parties(message, Questions(), Remarks(), "order"),
        stated=mosaic_content(message),
        unclear=(*days.unclear, *unclear),
    )


def _line(item: Data, price_bases: Mapping[str, int]) -> StatedLine:
    """One line. Its values stand in `actions`; partners repeat those of the order beside them, in the line itself."""
    questions, days = Questions(), Days()
    actions = rows(item, "actions")
    _put_days(days, part(item, "dates"))
    for one in (item, *actions):
        _put_days(days, {name: value for name, value in one.items() if name.endswith(_DAY_NAME)})
    amounts = [as_object(action, "quantity") for action in actions]
    figures = [questions.quantity(one, "value", "quantity") for one in amounts]
    ordered = as_object(item, "quantity")
    prices = [
        unit_price(questions, one, price="unitCostPrice", basis="unitPriceBasis", bases=price_bases).amount
        for one in (item, *actions)
    ]
    whole = None not in figures and bool(figures)
    number_given = text(item, "purchaseOrderLineId")
    return StatedLine(
        line_ids=() if number_given is None else (number_given,),
        products=products_of(part(item, "productIds"), Questions(), Remarks()),
        ordered=questions.quantity(ordered, "value", "quantity"),
        accepted=sum((one for one in figures if one is not None), Decimal()) if whole else None,
        accepts=all(text(action, "status") in {None, "accepted"} for action in actions),
        prices=tuple(dict.fromkeys(one for one in prices if one is not None)),
        units={code: _UNITS.get(code) for one in (ordered, *amounts) if (code := text(one, "unitOfMeasure"))},
        days=tuple(days.found),
        parties=mosaic_parties(item, Questions(), Remarks(), "order line"),
        stated=mosaic_content(item),
        unclear=tuple(dict.fromkeys((*(one.rstrip(".") for one in questions.all()), *days.unclear))),
    )


def _put_days(days: Days, dates: Data) -> None:
    for name in dates:
        if name not in _NO_WANTED_DAYS:
            days.put(dates, name, _timing(name), name)


def _timing(name: str) -> Timing:
    return next((found for end, found in _NAMES_OF_DAYS if name.casefold().endswith(end)), Timing.UNKNOWN)
