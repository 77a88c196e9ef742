"""Decisions about changes of one order under wide limits, for tests."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connector.domain.documents import PurchaseOrder
from connector.domain.order_change.decide import ChangeAction, ChangeDecision, decide
from connector.domain.order_change.limits import LimitBase
from connector.domain.routing.route import OnLines, QuantityReading
from testkit.samples.business_documents import a_route, an_order
from testkit.samples.change_requests import a_request, snapshot

ORDER = an_order()
GENEROUS: dict[str, Any] = {
    "quantity": Decimal("0.2"),
    "price": Decimal("0.1"),
    "dates": timedelta(days=7),
    "lines": OnLines.APPLY,
}
REMOVING: dict[str, Any] = {**GENEROUS, "quantity": Decimal(1)}
"""Limits under which every line may go; each of the two lines of `ORDER` is half of its amount."""


def decided(
    *lines: Any,
    base: PurchaseOrder | None = ORDER,
    ours: PurchaseOrder | None = None,
    rules: dict[str, Any] = GENEROUS,
    approved: bool = False,
    reading: QuantityReading | None = None,
    facts: Any = None,
    status: str = "Open",
    route: dict[str, Any] | None = None,
    taken_on: date | None = None,
    limit_base: LimitBase | None = None,
    **theirs: Any,
) -> ChangeDecision:
    """The decision about lines of a message; `ours` is the order in Visma, by default equal to `base`."""
    content = ours or base or ORDER
    return decide(
        a_request(*lines, **theirs),
        base=base,
        ours=snapshot(content, facts, status),
        route=a_route(changes=rules, **(route or {})),
        limit_base=limit_base,
        approved=approved,
        reading=reading,
        taken_on=taken_on,
    )


def applied(*lines: Any, **how: Any) -> ChangeDecision:
    decision = decided(*lines, **how)
    assert (decision.action, decision.reason) == (ChangeAction.APPLY, None)
    return decision


def parked(*lines: Any, **how: Any) -> ChangeDecision:
    decision = decided(*lines, **how)
    assert decision.action is ChangeAction.PARK
    assert decision.reason
    assert decision.next_step
    return decision


def soft(*lines: Any, **how: Any) -> str:
    """The reason of the park, which an approval overrides."""
    applied(*lines, **how, approved=True)
    return str(parked(*lines, **how).reason)


def hard(*lines: Any, **how: Any) -> str:
    """The reason of the park, which no approval overrides."""
    parked(*lines, **how, approved=True)
    return str(parked(*lines, **how).reason)
