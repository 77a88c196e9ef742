"""Orderful in both directions, with the partners behind it, looking over the shoulder of whoever tells it something."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.changes import DECIDED, ChangeState
from connector.domain.errors import Rejected, UnknownOutcome
from connector.domain.inbound import Confirmation, Delivery
from connector.domain.transactions import OrderfulRequest
from connector.services.ports import Created
from proof.model.effects import Wire
from proof.model.partner import Receivers, Request, Wish, held_in
from tests.support.change_fakes import InMemoryChanges
from tests.support.change_world import SENDER, FakeInbound, an_860
from tests.support.fakes import FakeOrderful, LostAnswer, ManualClock


class Orderful(FakeOrderful):
    """Orderful as the one who takes our transactions."""

    def __init__(self, wire: Wire, clock: ManualClock, receivers: Receivers) -> None:
        """Hand everything that is accepted to `receivers`."""
        super().__init__(clock)
        self.receivers = receivers
        self.delivered: list[OrderfulRequest] = []
        self.on_delivered: list[Callable[[Mapping[str, Any]], None]] = []
        self._wire = wire

    def create(self, request: OrderfulRequest) -> Created:
        """Take a transaction."""
        create = super().create

        def post() -> Created:
            try:
                created = create(request)
            except LostAnswer:
                self._deliver(request)
                raise
            except Rejected:
                self.receivers.refused.add(held_in(request.body))
                raise
            if created.accepted:
                self._deliver(request)
            else:
                self.receivers.refused.add(held_in(request.body))
            return created

        return self._wire("POST the transaction", post, lost=UnknownOutcome)

    def _deliver(self, request: OrderfulRequest) -> None:
        self.delivered.append(request)
        for told in self.on_delivered:
            told(request.body)
        self.receivers.receives(request.body)


@dataclass(slots=True)
class _Told:
    confirmation: Confirmation
    times: int = 1


class Inbound(FakeInbound):
    """Orderful as the one who brings 860s.

    Attributes:
        told: What each delivery was told, and how often.
        complaints: What it should not have been told.
    """

    def __init__(self, wire: Wire, clock: ManualClock, changes: InMemoryChanges, receivers: Receivers) -> None:
        """Compare what it is told with what is recorded in `changes`."""
        super().__init__(clock)
        self.told: dict[str, _Told] = {}
        self.complaints: list[str] = []
        self._wire = wire
        self._changes = changes
        self._receivers = receivers

    def ask(
        self,
        number: str,
        order: str,
        wishes: Sequence[Wish],
        *,
        inbox: bool = True,
        sender_id: str = SENDER,
        **header: Any,
    ) -> str:
        """A partner asks for a change of an order; gives the transaction's number."""
        self._receivers.requests[number] = Request(sender_id, order, tuple(wishes))
        message = an_860(*(wish.message for wish in wishes), purchaseOrderNumber=order, **header)
        return self.send(message, number=number, inbox=inbox, sender_id=sender_id)

    def callback(self, number: str) -> bytes:
        """The body that Orderful pushes for a transaction."""
        delivery = self.held[number].delivery
        named = {"id": delivery.delivery_id} if delivery else None
        return json.dumps({"id": number, "delivery": named}).encode()

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Take the word; a second one for the same delivery changes nothing."""
        confirm = super().confirm

        def tell() -> bool:
            before = self.told.get(delivery.delivery_id)
            if before is not None:
                before.times += 1
                if before.confirmation is not confirmation:
                    self.complaints.append(f"{transaction_id} was {before.confirmation}, and then {confirmation}.")
                return True
            self._compare(transaction_id, confirmation)
            known = confirm(delivery, transaction_id, confirmation, note)
            if known:
                self.told[delivery.delivery_id] = _Told(confirmation)
            return known

        return self._wire("confirm the delivery", tell)

    def _compare(self, transaction_id: str, confirmation: Confirmation) -> None:
        key = self._changes.known(transaction_id)
        change = self._changes.get(key, transaction_id) if key else None
        state = change.state if change else None
        was_parked = change is not None and any(one.state is ChangeState.PARKED for one in change.history)
        failed = state is ChangeState.REJECTED and not was_parked
        if state not in DECIDED or (confirmation is Confirmation.FAILED) != failed:
            self.complaints.append(f"{transaction_id} was {confirmation} while the ledger says {state}.")
