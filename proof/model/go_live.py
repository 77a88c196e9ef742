"""Invariants of documents from before go-live: which may be sent, and when a person must decide.

A document is from before go-live by its date: the order date, or the creation of an invoice. The connector records its
first polled state as baseline. The model knows the baseline as one of the states before the system was first quiescent.
An invoice that is entered after go-live, and is dated before it and more than 31 days before its entry, may be
migrated: it has no baseline, and a person decides about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connector.domain.revision.record import State
from proof.model.asking import View
from proof.model.directory import Counterparty
from proof.model.partner import CANCELLED, name_of


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a document in Visma for go-live.

    Attributes:
        ready: Whether it is sent in its status.
    """

    view: View
    counterparty: Counterparty
    ready: bool

    def asks_after(self, before: Condition) -> bool:
        """Whether it is a change of `before` that is sent or needs a person."""
        if not self.ready and not (self.view == CANCELLED and before.ready):
            return False  # a person decides when it is ready
        return (self.view, self.counterparty) != (before.view, before.counterparty) or not before.ready


@dataclass(slots=True)
class BeforeGoLive:
    """The documents from before go-live.

    Attributes:
        day: Go-live.
        policy: The setting `before_go_live`: `park`, `ignore` or `send`.
        chosen: Documents that a person released, which are treated like all others.
        violations: Documents that were sent wrongly.
    """

    day: date
    policy: str
    chosen: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    _first: dict[str, list[Condition]] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)
    _migrated: set[str] = field(default_factory=set)

    def is_old(self, name: str) -> bool:
        """Whether a document is from before go-live, or may be."""
        return name in self._first

    def written(self, name: str, dated: date, condition: Condition, *, entered: date | None = None) -> None:
        """Record a new document; `entered` is the creation of an invoice."""
        if (entered or dated) < self.day:
            self._first[name] = [condition]
        elif entered is not None and dated < self.day and entered - dated > timedelta(days=31):
            self._first[name] = [condition]
            self._migrated.add(name)

    def edited(self, name: str, condition: Condition) -> None:
        """Record a change of a document, material or not."""
        if not self.is_old(name) or condition == self._first[name][-1]:
            return
        self._changed.add(name)
        if name not in self._settled:
            self._first[name].append(condition)

    def rests(self, today: date) -> None:
        """Record quiescence: the ledger has a baseline of every document.

        Before go-live, every change moves the baseline.
        """
        if today >= self.day:
            self._settled.update(self._first)
            return
        for name in self._first.keys() - self._settled:
            del self._first[name][:-1]

    def closed(self, name: str, condition: Condition) -> None:
        """Record that a person closed a document: the next change is one of this state.

        Only that person knows what the partner has, so later changes need a person, whatever the policy.
        """
        self._first[name] = [condition]
        self._settled.add(name)
        self._closed.add(name)

    def leaves(self, body: Mapping[str, Any]) -> None:
        """Record a transaction, and report it if it must not be sent."""
        name = name_of(body)
        is_sent = self.policy == "send" and name in self._changed and name not in self._closed | self._migrated
        may_leave = name in self.chosen or is_sent
        if self.is_old(name) and not may_leave:
            self.violations.append(f"{name} is from before go-live and was sent although nobody chose it.")

    def may_stay(self, name: str, now: Condition, *, mapped: bool) -> frozenset[State]:
        """The allowed states of a document that no partner has."""
        if name in self._migrated - self._closed - self.chosen:
            unsent = frozenset({State.PARKED, State.SKIPPED})
            return unsent if not mapped and not now.ready else frozenset({State.PARKED})
        asks = [now.asks_after(first) for first in self._first[name]]
        # SKIPPED: a change that was undone before a person decided.
        rests = frozenset({State.BASELINE, State.CLOSED, State.SKIPPED})
        if not mapped or not now.ready:
            return rests | {State.PARKED}
        is_closed = name in self._closed
        if (self.policy == "ignore" and not is_closed) or not any(asks):
            return rests
        of_another = any(first.counterparty != now.counterparty for first in self._first[name])
        asked = frozenset({State.PARKED}) if self.policy == "park" or is_closed or of_another else frozenset()
        return asked if all(asks) else asked | rests
