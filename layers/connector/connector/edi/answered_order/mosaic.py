"""Reads what a Mosaic 855 states. Orderful: it states values by line in `actions`."""

from __future__ import annotations

import re
from decimal import Decimal

from connector.edi.answered_order.stated import Days, StatedLine, StatedOrder, Timing, figure
from connector.edi.mosaic.read.order_change import products_of
from connector.edi.order_change.common import Questions, Remarks
from connector.edi.order_change.content import mosaic_content, mosaic_parties
from connector.edi.order_change.fields import Data, leaves, part, rows, text
from connector.edi.units import UNITS

_UNITS = {unit.mosaic: unit.word for unit in UNITS.values() if unit.mosaic}

# Orderful: `dates` of an 850 and an 855, and those of an action. What is not here asks for nothing, or is asked about.
_TIMINGS = {
    "estimatedDeliveryDate": Timing.DELIVERY,
    "requestedDeliveryDate": Timing.DELIVERY,
    "latestDeliveryDate": Timing.DELIVERY,
    "earliestDeliveryDate": Timing.EARLIER,
    "scheduledShipDate": Timing.EARLIER,
    "requestedShipDate": Timing.EARLIER,
    "requestedPickupDate": Timing.EARLIER,
    "pickupDate": Timing.EARLIER,
    "earliestShipDate": Timing.EARLIER,
    "latestShipDate": Timing.EARLIER,
}
_NO_WANTED_DAYS = frozenset(
    {"purchaseOrderDate", "salesOrderDate", "customerOrderDate", "cancelAfterDate", "promotionStartDate"}
)
_TOTALS = ("net", "gross")
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)


def read_mosaic(message: Data) -> StatedOrder:
    """Read the `message` of a Mosaic 855."""
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
        lines=tuple(map(_line, rows(message, "lineItems"))),
        currencies=tuple(dict.fromkeys(currencies)),
        totals=tuple(filter(None, totals)),
        days=tuple(days.found),
        parties=mosaic_parties(message, Questions(), Remarks(), "order"),
        stated=mosaic_content(message),
        unclear=(*days.unclear, *unclear),
    )


def _line(item: Data) -> StatedLine:
    unclear: list[str] = []
    days = Days()
    actions = rows(item, "actions")
    _put_days(days, part(item, "dates"))
    for action in actions:
        _put_days(days, {name: action.get(name) for name in _TIMINGS})
    amounts = [part(action, "quantity") for action in actions]
    figures = [figure(one, "value", "quantity", unclear) for one in amounts]
    prices = [figure(action, "unitCostPrice", "price", unclear) for action in actions]
    whole = None not in figures and bool(figures)
    number_given = text(item, "purchaseOrderLineId")
    return StatedLine(
        line_ids=() if number_given is None else (number_given,),
        products=products_of(part(item, "productIds"), Questions(), Remarks()),
        accepted=sum((one for one in figures if one is not None), Decimal()) if whole else None,
        accepts=all(text(action, "status") in {None, "accepted"} for action in actions),
        prices=tuple(dict.fromkeys(one for one in prices if one is not None)),
        units={code: _UNITS.get(code) for one in amounts if (code := text(one, "unitOfMeasure"))},
        days=tuple(days.found),
        parties=mosaic_parties(item, Questions(), Remarks(), "order line"),
        stated=mosaic_content(item),
        unclear=tuple(dict.fromkeys((*unclear, *days.unclear))),
    )


def _put_days(days: Days, dates: Data) -> None:
    for name in dates:
        if name not in _NO_WANTED_DAYS:
            days.put(dates, name, _TIMINGS.get(name, Timing.UNKNOWN), name)
