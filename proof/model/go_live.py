"""Documents from before go-live: what may leave, when a person has to be asked, and what was answered.

A document is from before go-live when it is dated before that day: an order by its date, an invoice by its creation.
The connector records its first sight of one as its baseline. Which state that was is known here only as far as it must
have been one of those until the system was first quiescent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connector.domain.revision.record import State
from proof.model.asking import View
from proof.model.directory import Counterparty
from proof.model.partner import CANCELLED, name_of


@dataclass(frozen=True, slots=True)
class Condition:
    """A document in Visma, as far as go-live asks.

    Attributes:
        ready: Its status is one in which it is sent.
    """

    view: View
    counterparty: Counterparty
    ready: bool

    def asks_after(self, before: Condition) -> bool:
        """Whether it is a change of `before` that somebody has to be asked about, or that is to leave."""
        if not self.ready and not (self.view == CANCELLED and before.ready):
            return False  # it is asked about when it may be sent
        return (self.view, self.counterparty) != (before.view, before.counterparty) or not before.ready


@dataclass(slots=True)
class BeforeGoLive:
    """The documents from before go-live.

    Attributes:
        day: Go-live.
        policy: What becomes of their changes: `park`, `ignore` or `send`.
        chosen: Those that a person let go: from then on they are like any other.
        complaints: What left and should not have.
    """

    day: date
    policy: str
    chosen: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    _first: dict[str, list[Condition]] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)

    def is_old(self, name: str) -> bool:
        """Whether a document is from before go-live."""
        return name in self._first

    def written(self, name: str, dated: date, condition: Condition) -> None:
        """A user wrote a new document."""
        if dated < self.day:
            self._first[name] = [condition]

    def edited(self, name: str, condition: Condition) -> None:
        """A user changed a document, perhaps in nothing that counts."""
        if not self.is_old(name) or condition == self._first[name][-1]:
            return
        self._changed.add(name)
        if name not in self._settled:
            self._first[name].append(condition)

    def rests(self, today: date) -> None:
        """The system is quiescent: the ledger has a baseline of every document.

        A go-live that is to come moves it along with every change until then.
        """
        if today >= self.day:
            self._settled.update(self._first)
            return
        for name in self._first.keys() - self._settled:
            del self._first[name][:-1]

    def closed(self, name: str, condition: Condition) -> None:
        """A person was asked and says that nothing is to be sent: the next change is one of this state.

        Only that person knows what its partner has, so it is asked about whatever the policy says.
        """
        self._first[name] = [condition]
        self._settled.add(name)
        self._closed.add(name)

    def leaves(self, body: Mapping[str, Any]) -> None:
        """A transaction is taken by Orderful."""
        name = name_of(body)
        is_sent = self.policy == "send" and name in self._changed and name not in self._closed
        may_leave = name in self.chosen or is_sent
        if self.is_old(name) and not may_leave:
            self.complaints.append(f"{name} is from before go-live and was sent although nobody chose it.")

    def may_stay(self, name: str, now: Condition, *, mapped: bool) -> frozenset[State]:
        """States in which one that no partner has may rightly be."""
        asks = [now.asks_after(first) for first in self._first[name]]
        # SKIPPED: it was asked about, and was changed back.
        rests = frozenset({State.BASELINE, State.CLOSED, State.SKIPPED})
        if not mapped or not now.ready:
            return rests | {State.PARKED}
        is_closed = name in self._closed
        if (self.policy == "ignore" and not is_closed) or not any(asks):
            return rests
        of_another = any(first.counterparty != now.counterparty for first in self._first[name])
        asked = frozenset({State.PARKED}) if self.policy == "park" or is_closed or of_another else frozenset()
        return asked if all(asks) else asked | rests
