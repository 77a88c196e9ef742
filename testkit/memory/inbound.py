"""The ports of the way back in memory, under the conditions of the real adapters, and records to begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, Parked
from connector.domain.order_change.record import CHANGE, OPEN_CHANGES, Change, ChangeEvent, ChangeState
from connector.domain.reasons import Reason
from connector.domain.transactions import Stream
from connector.services.ports import Waiting
from testkit.memory.outbound import START

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode_change = msgspec.json.Decoder(Change).decode
_decode_message = msgspec.json.Decoder(float_hook=Decimal).decode


CALLER = "arn:aws:sts::123456789012:assumed-role/Operator/kari"
"""Who AWS says that the person at the terminal is."""


class HintCalls:
    """The `HintBudget` port: so many calls of each kind, and no more."""

    def __init__(self, unknown: int = 1_000, recorded: int = 1_000) -> None:
        self.left = {False: unknown, True: recorded}

    def take(self, now: datetime, *, recorded: bool) -> timedelta | None:
        self.left[recorded] -= 1
        return None if self.left[recorded] >= 0 else timedelta(minutes=1)


class InMemoryChanges:
    """The `Changes` port; records and messages are kept as text, as the table keeps them."""

    def __init__(self) -> None:
        self.places: dict[str, DocumentKey] = {}
        self.records: dict[tuple[DocumentKey, str], bytes] = {}
        self.messages: dict[tuple[DocumentKey, str], bytes] = {}
        self.writes = 0

    def known(self, transaction_id: str) -> DocumentKey | None:
        return self.places.get(transaction_id)

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        return self.places.setdefault(transaction_id, key)

    def get(self, key: DocumentKey, transaction_id: str) -> Change | None:
        record = self.records.get((key, transaction_id))
        return None if record is None else _decode_change(record)

    def of_order(self, key: DocumentKey) -> Sequence[Change]:
        found = [_decode_change(record) for (of, _), record in self.records.items() if of == key]
        return sorted(found, key=lambda change: (change.created_at, change.transaction_id))

    def add(self, change: Change, *, message: Any) -> Change:
        name = (change.key, change.transaction_id)
        self.messages[name] = _encode(message)
        if name in self.records:
            raise _overtaken(change)
        self._put(change)
        return change

    def save(self, change: Change) -> Change:
        stored = self.get(change.key, change.transaction_id)
        if stored is None or stored.version != change.version:
            raise _overtaken(change)
        saved = msgspec.structs.replace(change, version=change.version + 1)
        self._put(saved)
        return saved

    def rewrite(self, change: Change, *, message: Any) -> Change:
        self.messages[(change.key, change.transaction_id)] = _encode(message)
        return self.save(change)

    def move(self, here: Change, there: Change, *, message: Any = None) -> Change:
        stored, taken = self.get(here.key, here.transaction_id), self.get(there.key, there.transaction_id)
        is_free = taken is None or taken.state is ChangeState.RECORDED
        if stored is None or stored.version != here.version or not is_free:
            raise _overtaken(here)
        body = self.messages[here.key, here.transaction_id] if message is None else _encode(message)
        self.messages[there.key, there.transaction_id] = body
        self._put(msgspec.structs.replace(here, version=here.version + 1))
        self._put(there)
        self.places.update(dict.fromkeys(there.names, there.key))
        return there

    def message_of(self, change: Change) -> Any:
        message = self.messages.get((change.key, change.transaction_id))
        if message is None:
            raise Parked(
                f"The message of {change.transaction_id} is no longer kept.",
                document=str(change.key),
                code=Reason.PAYLOAD_LOST,
            )
        return _decode_message(message)

    def in_state(self, state: ChangeState) -> Iterator[Change]:
        found = [change for change in self.all() if change.state is state and state in OPEN_CHANGES]
        return iter(sorted(found, key=lambda change: change.updated_at))

    def waiting(self, state: ChangeState) -> Waiting:
        found = list(self.in_state(state))
        return Waiting(len(found), found[0].updated_at if found else None)

    def untold(self) -> Iterator[Change]:
        return (change for change in self.all() if change.is_unconfirmed)

    def all(self) -> list[Change]:
        """Every record, in the order in which they were first written."""
        return [_decode_change(record) for record in self.records.values()]

    def put(self, change: Change, *, message: Any = None) -> Change:
        """Have a record lie there, known by its transaction, whatever its state."""
        self.know(change.transaction_id, change.key)
        return self.add(change, message=message)

    def _put(self, change: Change) -> None:
        self.writes += 1
        self.records[(change.key, change.transaction_id)] = _encode(change)


def a_change(**changes: Any) -> Change:
    """A change of acme's that has just arrived for order 500123 of nordic."""
    change = Change(
        company="nordic",
        number="500123",
        transaction_id="802210971",
        state=ChangeState.RECEIVED,
        created_at=START,
        updated_at=START,
        document=CHANGE,
        transaction_type="860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",
        stream=Stream.TEST,
        sender_id="ACMEPRODUCET",
        receiver_id="NORDICFOODT",
        partner="acme",
        change_sequence=1,
        content_id="c1",
        history=(ChangeEvent(START, ChangeState.RECEIVED, "received"),),
    )
    return msgspec.structs.replace(change, **changes)


def _overtaken(change: Change) -> Conflict:
    return Conflict(f"in#{change.transaction_id} was written by another worker.", document=change.key.stored)
