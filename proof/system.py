"""The whole connector in one process, between fakes, in virtual time, with the people around it.

Every side effect of every function passes through one `Wire`, which can kill the worker that causes it; a `Judge` hears
of everything and says what should not have happened.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connector.domain.changes import Change
from connector.domain.documents import DocumentKey
from connector.domain.ledger import NEEDS_PERSON, Revision, State, standing
from connector.services.judge_change import approve, reject
from connector.services.release import message_for, release_waiting, release_waiting_changes
from connector.services.translate import REPLAY
from proof.model.clockwork import Clockwork, NeverRests
from proof.model.functions import COMPANY, Setting
from proof.model.judge import Judge
from tests.support.visma_samples import a_purchase_order, an_order_line


class System(Clockwork):
    """Everything: the functions in motion, users, operators and a partner."""

    def __init__(self, setting: Setting | None = None) -> None:
        """Begin with an empty Visma, and nothing at Orderful."""
        super().__init__(setting)
        self.judge = Judge(
            visma=self.visma,
            partner=self.partner,
            orderful=self.orderful,
            inbound=self.inbound,
            ledger=self.ledger,
            changes=self.changes,
            cursors=self.cursors,
            excuses=self.excuses,
        )
        self.judge.listen()

    def edit(self, number: str, **changes: Any) -> None:
        """A user edits an order in Visma."""
        before = self.visma.content_id(number)
        self.visma.edit(number, **changes)
        if "status" in changes:
            (self.judge.held.add if changes["status"] == "Hold" else self.judge.held.discard)(number)
        if self.visma.content_id(number) != before:
            self.partner.edited.add(number)

    def order(self, number: str, **changes: Any) -> None:
        """A user writes a new order: 800 pieces of item 1298 at 10.00 and 100 of item 1299 at 5.00."""
        lines = [
            an_order_line(1),
            an_order_line(
                2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"
            ),
        ]
        self.visma.put_in(a_purchase_order(**{"orderNbr": number, "lines": lines, **changes}))
        if changes.get("status") == "Hold":
            self.judge.held.add(number)

    def approve(self, number: str) -> None:
        """Kari approves a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                approve(change, self.changes, self.outbox(), self.clock, by="kari")

        self.person(command)

    def reject(self, number: str) -> None:
        """Kari rejects a parked change."""

        def command() -> None:
            change = self.change(number)
            if change is not None:
                reject(change, self.changes, self.clock, by="kari", reason="The truck is full.")

        self.person(command)

    def apply_routing(self, changes: dict[str, Any] | None = None) -> None:
        """An operator puts another routing file in force, which releases what waited for it."""
        self.routing.apply(self.setting.routing(changes))

        def command() -> None:
            release_waiting(self.ledger, self.outbox(), self.payloads, now=self.clock.now())
            release_waiting_changes(self.changes, self.outbox(), self.clock)

        self.person(command)

    def replay(self, number: str) -> None:
        """An operator has the standing revision of an order sent again (`connector documents replay`)."""

        def command() -> None:
            revision = self.standing(number)
            if revision is None or revision.state not in NEEDS_PERSON:
                return
            source, now = self.ledger.source_of(revision), self.clock.now()
            self.outbox().documents([message_for(revision, source, self.payloads, now=now, cause=REPLAY)])

        self.person(command)

    def redrive(self) -> None:
        """An operator moves dead letters back."""
        for queue in self.queues:
            queue.redrive()

    def calm(self) -> None:
        """Whatever trouble was still to come does not come."""
        self.wire.plan.clear()
        self.visma.on_put.clear()
        self.visma.lose = self.visma.silent = 0
        self.visma.erp.failures.clear()
        self.orderful.script.clear()
        self.orderful.list_lag = timedelta(0)
        self.redrive()

    def standing(self, number: str) -> Revision | None:
        """The revision of an order that counts."""
        return standing(self.ledger.revisions(order_key(number), limit=1000))

    def excuses(self, number: str) -> frozenset[State]:
        """States in which the newest revision of an order may rightly stay unsent; none when it must go."""
        order, routing = self.visma.orders[number], self.routing.load()
        refused = {State.REJECTED} if number in self.partner.refused else set()
        known = {name for _, _, role, name in routing.numbers() if role == "supplier"}
        if order["supplier"]["number"] not in known:
            # Routing may have changed after it was decided.
            return frozenset({State.PARKED, State.SKIPPED} | refused)
        never_had = order["status"] == "Cancelled" and number not in self.partner.has
        if order["status"] == "Hold" or never_had:
            return frozenset({State.SKIPPED} | refused)
        return frozenset(refused)

    def change(self, number: str) -> Change | None:
        """The record of an 860."""
        key = self.changes.known(number)
        return self.changes.get(key, number) if key else None


def order_key(number: str) -> DocumentKey:
    """The ledger's key of an order."""
    return DocumentKey.of_order(COMPANY, number)


__all__ = ["NeverRests", "Setting", "System", "order_key"]
