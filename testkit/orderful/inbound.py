"""What partners send us through the sandbox Orderful: where it waits, how it is handed over, who confirmed it.

A document lies in an inbox (v4) or a polling bucket (v3) until it is accepted or failed, however often it is read, or
it is pushed to our webhook. The real Orderful gives a relationship one channel; here several can carry one document.

An inbox or a bucket serves everybody who knows its id, since the default channel is one for each stream: who accepts a
document takes it away from the others. `deliveries` says who confirmed what.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from testkit.orderful.channels import Channels
from testkit.orderful.inbound_shapes import pushed_body
from testkit.orderful.incoming import DeliveryConfirmation, Incoming, Sent
from testkit.orderful.network import Network, stamp
from testkit.orderful.published import WORDS
from testkit.orderful.push import Pushes, PushResult
from testkit.orderful.store import Transactions
from testkit.sandbox.clock import SandboxClock

CHANGE: Final = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"


class Inbound:
    """Everything partners sent, and the channels it takes. Steer it in process; the control routes do the same."""

    def __init__(
        self,
        *,
        network: Network,
        transactions: Transactions,
        clock: SandboxClock,
        lock: threading.RLock,
        pushes: Pushes,
        base: Callable[[], str],
    ) -> None:
        """Hold nothing, with no channel at all; `base` gives the host of the links in a push."""
        self.channels = Channels()
        self.pushes = pushes
        self._network = network
        self._transactions = transactions
        self._clock = clock
        self._lock = lock
        self._base = base
        self._all: list[Incoming] = []

    def set_channels(self, body: Mapping[str, Any]) -> None:
        """Replace the channels; see `Channels.parse`. What came in before stays where it is.

        Raises:
            ValueError: something is unknown or wrong.
        """
        channels = Channels.parse(body)
        with self._lock:
            self.channels = channels

    def receive(
        self,
        *,
        sender: str,
        receiver: str,
        message: Mapping[str, Any],
        transaction_type: str = CHANGE,
        stream: str = "TEST",
        created_at: datetime | None = None,
        channels: Collection[str] | None = None,
        inbox: int | str | None = None,
        bucket: int | str | None = None,
    ) -> Incoming:
        """Let a partner send a document. No relationship is asked for, and it is valid.

        Args:
            sender: ISA id, of an account or of nobody.
            receiver: The same.
            message: Mosaic, or OrderfulJSON (`{"transactionSets": [...]}`).
            transaction_type: As relationships name it.
            stream: `TEST` or `LIVE`.
            created_at: When Orderful got it (aware); default now.
            channels: Which of `inbox`, `bucket`, `webhook` carry it; default all there are. When empty, it can only be
                found in the list of transactions.
            inbox: The one inbox it goes to; default all.
            bucket: The one polling bucket it goes to; default all.

        Raises:
            ValueError: the stream, the time or a channel is none.
        """
        if stream not in WORDS["stream"]:
            raise ValueError(f"A transaction's stream is TEST or LIVE, not '{stream}'.")
        if created_at is not None and created_at.tzinfo is None:
            raise ValueError("The time a document came in needs a zone, such as 2026-09-01T06:00:00+00:00.")
        with self._lock:
            places = self.channels.places(channels, inbox, bucket)
            sent = Sent(
                sender=sender,
                receiver=receiver,
                message=copy.deepcopy(dict(message)),
                transaction_type=transaction_type,
                stream=stream,
                created_at=(created_at or self._clock.now()).astimezone(UTC),
            )
            one = sent.filed(*self._transactions.next_number(), self._network, places)
            self._transactions.add(one.transaction)
            self._all.append(one)
            if channels is None or "webhook" in channels:
                self._push(one)
        return one

    def waiting(self, place: str, number: str, limit: int) -> list[Incoming] | None:
        """What lies in an inbox or a bucket, oldest first; None when there is no such place."""
        if number not in (self.channels.inboxes if place == "inbox" else self.channels.buckets):
            return None
        found = [one for one in self._all if (place, number) in one.places and one.waits]
        return sorted(found, key=lambda one: one.created_at)[:limit]

    def delivery(self, delivery_id: str, transaction: str | None = None) -> Incoming | None:
        """A document by its delivery, if that belongs to the transaction with this number or UUID."""
        found = next((one for one in self._all if one.delivery_id == delivery_id), None)
        if found is None or transaction not in {None, found.transaction.id, found.uuid}:
            return None
        return found

    def confirm(self, one: Incoming, confirmation: DeliveryConfirmation, note: str | None, *, caller: str = "") -> bool:
        """Confirm a delivery as a caller asks; False when the opposite was confirmed before."""
        with self._lock:
            one.asked += 1
            one.callers.append(caller)
            heeded = one.confirm(confirmation, self._clock.now())
            if heeded and note:
                one.notes.append(note)
            return heeded

    def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery, oldest first, how often it was confirmed, and by whom."""
        with self._lock:
            return [
                {
                    "transactionId": one.transaction.id,
                    "deliveryId": one.delivery_id,
                    "type": one.transaction.transaction_type,
                    "businessNumber": one.transaction.business_number,
                    "createdAt": stamp(one.created_at),
                    "status": one.status,
                    "confirmed": one.confirmed,
                    "asked": one.asked,
                    "notes": list(one.notes),
                    "callers": list(one.callers),
                }
                for one in self._all
            ]

    def _push(self, one: Incoming) -> None:
        webhook = self.channels.webhook
        if webhook is None:
            return

        def settle(result: PushResult) -> None:
            with self._lock:
                one.settle(result, self._clock.now())

        channels = self.channels
        as_href, types = channels.message_as_href, channels.types_in_inbox
        body = pushed_body(webhook.format, one, self._base(), as_href=as_href, types=types)
        self.pushes.start(
            webhook,
            body,
            retry_seconds=self.channels.retry_seconds,
            wanted=lambda: one.waits,
            settle=settle,
        )
