"""The holds: calls that wait because a vendor throttled us (429) or refused our credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from connector.domain.errors import ConnectorError
from connector.services.outbound.poll import MAX_HOLD
from connector.services.ports import Cursors, CursorView

EVERY_CALL = "sending: every call was refused"
_WHAT = {
    "all": EVERY_CALL,
    "create": "sending: new transactions",
    "read": "reading lists and messages",
    "confirm": "accepting deliveries",
    "visma": "every call for this company",
}


class Held(Protocol):
    """The holds of one system."""

    def holds(self, *, now: datetime) -> Mapping[str, timedelta]:
        """The remaining time of each hold, by the kind of calls, or `all`."""

    def lift(self) -> None:
        """End all holds."""


class Hold(NamedTuple):
    """A hold of one kind of calls.

    Attributes:
        system: Orderful, or Visma and the company.
        what: The calls that are held.
        left: How long; never more than an hour at a time.
        lift: Ends it.
    """

    system: str
    what: str
    left: timedelta
    lift: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Holds:
    """All holds; `unknown` has a sentence for each system whose holds could not be read."""

    held: Sequence[Hold]
    unknown: Sequence[str]


def holds_of(
    orderful: Held, visma: Iterable[tuple[str, Held]], cursors: Cursors, views: Iterable[CursorView], *, now: datetime
) -> Holds:
    """The holds in force.

    Args:
        orderful: The holds of Orderful.
        visma: Those of each company at Visma, by its name.
        cursors: Of the lists.
        views: How far each list was read.
        now: The time it is.
    """
    held: list[Hold] = []
    unknown: list[str] = []
    for system, breaker in (("Orderful", orderful), *((f"Visma {name}", one) for name, one in visma)):
        try:
            left = breaker.holds(now=now)
        except ConnectorError as error:
            unknown.append(f"{system}: it is not known what is held. {error}")
            continue
        held += [Hold(system, _WHAT[name], wait, breaker.lift) for name, wait in left.items()]
    for view in views:
        wait = view.not_before - now if view.not_before else timedelta(0)
        if timedelta(0) < wait <= MAX_HOLD:
            lift = partial(cursors.lift, view.company, view.resource)
            held.append(Hold(f"Visma {view.company}", f"the list {view.resource}", wait, lift))
    return Holds(held, unknown)
