"""Inbound documents of the sandbox Orderful: channels, deliveries, confirmations.

A document stays in an inbox (v4) or a polling bucket (v3) until it is accepted or failed, or it is pushed to a webhook.
Orderful gives a relationship one channel; the sandbox allows several for one document.

An inbox or bucket is shared by all its readers, since the default channel is one per stream: a document that one reader
accepts is gone for the others. `deliveries` has the callers of each confirmation.
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
from testkit.orderful.published import VALUES
from testkit.orderful.push import Pushes, PushResult
from testkit.orderful.store import Transactions
from testkit.sandbox.clock import SandboxClock

CHANGE: Final = "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED"


class Inbound:
    """The inbound documents and their channels; the control routes call the same methods."""

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
        """Start without documents and channels; `base` returns the host of the links in a push."""
        self.channels = Channels()
        self.pushes = pushes
        self._network = network
        self._transactions = transactions
        self._clock = clock
        self._lock = lock
        self._base = base
        self._all: list[Incoming] = []

    def set_channels(self, body: Mapping[str, Any]) -> None:
        """Replace the channels; see `Channels.parse`. Earlier documents stay in their places.

        Raises:
            ValueError: a key is unknown or a value is wrong.
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
        """Let a partner send a document. It needs no relationship, and it is valid.

        Args:
            sender: Any ISA id.
            receiver: Any ISA id.
            message: Mosaic, or OrderfulJSON (`{"transactionSets": [...]}`).
            transaction_type: The type in relationships.
            stream: `TEST` or `LIVE`.
            created_at: When Orderful received it (aware); default now.
            channels: Which of `inbox`, `bucket`, `webhook` to use; default all. Without any it is in the list of
                transactions only.
            inbox: The inbox; default all.
            bucket: The polling bucket; default all.

        Raises:
            ValueError: the stream, the time or a channel is invalid.
        """
        if stream not in VALUES["stream"]:
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
        """The documents in an inbox or bucket, oldest first; None when there is no such place."""
        if number not in (self.channels.inboxes if place == "inbox" else self.channels.buckets):
            return None
        found = [one for one in self._all if (place, number) in one.places and one.waits]
        return sorted(found, key=lambda one: one.created_at)[:limit]

    def delivery(self, delivery_id: str, transaction: str | None = None) -> Incoming | None:
        """A document by its delivery, if it belongs to the transaction with this number or UUID."""
        found = next((one for one in self._all if one.delivery_id == delivery_id), None)
        if found is None or transaction not in {None, found.transaction.id, found.uuid}:
            return None
        return found

    def confirm(self, one: Incoming, confirmation: DeliveryConfirmation, note: str | None, *, caller: str = "") -> bool:
        """Confirm a delivery; False when the opposite was confirmed before."""
        with self._lock:
            one.asked += 1
            one.callers.append(caller)
            is_effective = one.confirm(confirmation, self._clock.now())
            if is_effective and note:
                one.notes.append(note)
            return is_effective

    def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery, oldest first, with its confirmations and callers."""
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

        def on_result(result: PushResult) -> None:
            with self._lock:
                one.record_push(result, self._clock.now())

        channels = self.channels
        as_href, types = channels.message_as_href, channels.types_in_inbox
        body = pushed_body(webhook.format, one, self._base(), as_href=as_href, types=types)
        self.pushes.start(
            webhook,
            body,
            retry_seconds=self.channels.retry_seconds,
            is_pending=lambda: one.waits,
            on_result=on_result,
        )
