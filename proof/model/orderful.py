"""Orderful, outbound and inbound, with checks of every confirmation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from connector.adapters.held_calls import HeldCalls
from connector.domain.errors import ConnectorError, Rejected, Throttled, UnknownOutcome
from connector.domain.inbound import ApiVersion, Confirmation, Delivery, InboundTransaction, Validation
from connector.domain.order_change.record import DECIDED, ChangeState
from connector.domain.transactions import OrderfulRequest, Stream
from connector.services.ports import Calls, Created
from proof.model.asking import Request, RequestedLine
from proof.model.partner import Receivers, document_of
from testkit.memory.effects import EffectRecorder, ManualClock
from testkit.memory.orderful import SENDER, FakeInbound, FakeOrderful, LostAnswer
from testkit.memory.stores import InMemoryChanges, MemoryBreaker

ALL = "*"


class Orderful(FakeOrderful):
    """Outbound Orderful.

    Attributes:
        refuses: The error of every transaction to a receiver, by ISA id; `ALL` for all receivers.
        gate: The hold after a 429, checked before each create.
    """

    def __init__(
        self, effects: EffectRecorder, clock: ManualClock, receivers: Receivers, breaker: MemoryBreaker
    ) -> None:
        """Deliver accepted transactions to `receivers`."""
        super().__init__(clock)
        self.receivers = receivers
        self.refuses: dict[str, ConnectorError] = {}
        self.gate = HeldCalls(cast(Any, breaker), Calls.CREATE, clock, "Orderful")
        self.delivered: list[OrderfulRequest] = []
        self.on_delivered: list[Callable[[Mapping[str, Any]], None]] = []
        self._effects = effects

    def create(self, request: OrderfulRequest) -> Created:
        self.gate.enter()
        try:
            return self._create(request)
        except Throttled as error:
            if error.retry_after is not None:
                self.gate.hold(error.retry_after)
            raise

    def _create(self, request: OrderfulRequest) -> Created:
        create = super().create

        def post() -> Created:
            try:
                refusal = self.refuses.get(document_of(request.body)[0]) or self.refuses.get(ALL)
                if refusal is not None:
                    self.calls["create"] += 1
                    raise refusal
                created = create(request)
            except LostAnswer:
                self._deliver(request)
                raise
            except Rejected:
                self.receivers.refused.add(document_of(request.body))
                raise
            if created.accepted:
                self._deliver(request)
            else:
                self.receivers.refused.add(document_of(request.body))
            return created

        return self._effects("POST the transaction", post, lost=UnknownOutcome)

    def _deliver(self, request: OrderfulRequest) -> None:
        self.delivered.append(request)
        for receive in self.on_delivered:
            receive(request.body)
        self.receivers.receives(request.body, self.transactions[-1])


@dataclass(slots=True)
class _Confirmed:
    confirmation: Confirmation
    of: str
    times: int = 1


class Inbound(FakeInbound):
    """Inbound Orderful.

    A transaction has a number and a UUID; channels deliver only VALID transactions. The list has all transactions,
    newest page first; no two have the same time.

    Attributes:
        confirmations: The confirmation of each delivery, with its count.
        violations: Wrong confirmations.
        validation: The validation of each transaction, by number.
        by_inbox: Transactions that are delivered by inbox once they are VALID.
        uuids: The UUID of each transaction, by number.
        as_uuids: Whether inboxes have UUIDs instead of numbers.
        tells_both: Whether a fetched transaction has its number and its UUID.
    """

    def __init__(
        self, effects: EffectRecorder, clock: ManualClock, changes: InMemoryChanges, receivers: Receivers
    ) -> None:
        """Compare confirmations with the records in `changes`."""
        super().__init__(clock, list_page=1)
        self.confirmations: dict[str, _Confirmed] = {}
        self.violations: list[str] = []
        self.validation: dict[str, Validation] = {}
        self.by_inbox: set[str] = set()
        self.uuids: dict[str, str] = {}
        self.as_uuids = False
        self.tells_both = False
        self._effects = effects
        self._changes = changes
        self._receivers = receivers
        self._sendings = 0

    # -- partners and Orderful ----------------------------------------------------------------------------------------

    def ask(
        self,
        number: str,
        order: str,
        requested_lines: Sequence[RequestedLine],
        *,
        inbox: bool = True,
        sender_id: str = SENDER,
        validation: Validation = Validation.VALID,
        day: date | None = None,
        sequence: int | None = None,
        in_x12: bool = False,
    ) -> str:
        """A partner sends an 860; returns the transaction's number."""
        request = Request(sender_id, order, tuple(requested_lines), day=day, sequence=sequence, in_x12=in_x12)
        return self.file(number, request, inbox=inbox, validation=validation)

    def file(
        self, number: str, request: Request, *, inbox: bool = True, validation: Validation = Validation.VALID
    ) -> str:
        """Orderful receives an 860 with new control numbers; returns the transaction's number."""
        self.clock.forward(seconds=1)
        uuid = f"5f0c7a52-3c1e-4f6b-9a3d-{int(number):012d}"
        self.uuids[number], self._receivers.names[uuid] = uuid, number
        self._note(number, replace(request, filed_at=self.clock.now()))
        if inbox:
            self.by_inbox.add(number)
        self.says(number, validation)
        return number

    def says(self, number: str, validation: Validation, *, request: Request | None = None) -> None:
        """Set the validation of a transaction, perhaps with another message."""
        if request is not None:
            self._note(number, replace(request, filed_at=self.transactions[number].created_at))
        self.validation[number] = validation
        if validation is Validation.VALID and number in self.by_inbox:
            self.waiting.append(number)

    def hand_over_again(self, number: str) -> None:
        """Deliver a transaction again, in a new delivery."""
        self._sendings += 1
        delivery = Delivery(f"0d9c6f35-77aa-4d5c-9b1f-{self._sendings:012d}", ApiVersion.V4, "accept", "fail")
        self.transactions[number] = replace(self.transactions[number], delivery=delivery)
        if number in self.by_inbox and number not in self.waiting:
            self.waiting.append(number)

    def _note(self, number: str, request: Request) -> None:
        self._sendings += 1
        self._receivers.asks(number, request)
        before = self.transactions.get(number)
        message = request.message(self._sendings)
        if before is not None:
            self.transactions[number] = replace(before, message=message)
            return
        self.send(message, number=number, inbox=False, sender_id=request.sender, order_number=request.order)
        self.transactions[number] = replace(self.transactions[number], business_number=request.order)

    def callback(self, number: str, *, as_uuid: bool = False) -> bytes:
        """The body of a push for a transaction."""
        delivery = self.transactions[number].delivery
        named = {"id": delivery.delivery_id} if delivery else None
        return json.dumps({"id": self.uuids[number] if as_uuid else number, "delivery": named}).encode()

    # -- our functions ------------------------------------------------------------------------------------------------

    def inbox(self, inbox_id: str, limit: int = 100) -> Sequence[InboundTransaction | None]:
        """The items, newest first, without a creation time."""
        names = self.uuids if self.as_uuids else {}
        return [
            replace(one, transaction_id=names.get(one.transaction_id, one.transaction_id), created_at=None)
            for one in reversed([one for one in super().inbox(inbox_id, limit) if one is not None])
        ]

    def list_received(
        self, since: datetime, *, documents: Sequence[str], receiver_ids: Sequence[str], stream: Stream
    ) -> Iterator[InboundTransaction | None]:
        """All transactions, newest first, with any validation."""
        for one in super().list_received(since, documents=documents, receiver_ids=receiver_ids, stream=stream):
            yield None if one is None else self._as_it_is(one)

    def fetch(self, transaction_id: str) -> InboundTransaction | None:
        """A transaction with the requested id."""
        number = self._number(transaction_id)
        found = super().fetch(number)
        if found is None:
            return None
        others = {number, self.uuids[number]} - {transaction_id} if self.tells_both else ()
        return replace(self._as_it_is(found), transaction_id=transaction_id, aliases=tuple(others))

    def with_message(self, transaction: InboundTransaction) -> InboundTransaction:
        """The transaction with its current message."""
        if transaction.message is not None:
            return transaction
        return replace(transaction, message=self.transactions[self._number(transaction.transaction_id)].message)

    def confirm(self, delivery: Delivery, transaction_id: str, confirmation: Confirmation, note: str) -> bool:
        """Confirm a delivery; a second confirmation has no effect."""
        confirm, number = super().confirm, self._number(transaction_id)

        def tell() -> bool:
            before = self.confirmations.get(delivery.delivery_id)
            if before is not None:
                before.times += 1
                # Under two ids it is two records, and Orderful keeps what the first one said.
                if before.confirmation is not confirmation and before.of == transaction_id:
                    self.violations.append(f"{number} was {before.confirmation}, and then {confirmation}.")
                return True
            self._compare(transaction_id, confirmation)
            known = confirm(delivery, number, confirmation, note)
            if known:
                self.confirmations[delivery.delivery_id] = _Confirmed(confirmation, transaction_id)
            return known

        return self._effects("confirm the delivery", tell)

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        is_wrong = self.validation[self._number(transaction_id)] is Validation.INVALID
        return ("message.lineItems[0]: it is wrong",) if is_wrong else ()

    def _number(self, transaction_id: str) -> str:
        return self._receivers.names.get(transaction_id, transaction_id)

    def _as_it_is(self, transaction: InboundTransaction) -> InboundTransaction:
        return replace(transaction, validation=self.validation[transaction.transaction_id])

    def _compare(self, transaction_id: str, confirmation: Confirmation) -> None:
        key = self._changes.known(transaction_id)
        change = self._changes.get(key, transaction_id) if key else None
        state = change.state if change else None
        was_parked = change is not None and any(one.state is ChangeState.PARKED for one in change.history)
        failed = state in {ChangeState.REFUSED, ChangeState.REJECTED} and not was_parked
        if state not in DECIDED or (confirmation is Confirmation.FAILED) != failed:
            self.violations.append(f"{transaction_id} was {confirmation} while the ledger says {state}.")
