"""Inbound records, in the ledger's table.

    pk = inbound#<transaction>   sk = known              the order under which the transaction is recorded
    pk = company#kind#number     sk = in#<transaction>   the record, as JSON; `version` counts its writes
                                 sk = message#<transaction>   the message, compressed (above 100 KB in the bucket)

The pointer (`known`) is written first, so that a transaction that arrives twice is recorded once, even after a crash.
Each of its ids has a pointer. It changes only when the message names another order after Orderful changed it. Open
records are in the index `by_open_state` as `CHANGE <state>`, together with the open revisions; ended records with an
unconfirmed delivery as `CHANGE UNTOLD`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.items import Item, expiry, time_text, to_item
from connector.adapters.aws.ledger import count_open, items_of, open_items
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, Parked
from connector.domain.order_change.record import FOR_A_PERSON, OPEN_CHANGES, Change, ChangeState, WaitsOn
from connector.domain.reasons import Reason
from connector.services.ports import Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LARGE = 100_000
_POINTER, _RECORD = "inbound#", "in#"
_UNACKNOWLEDGED = "CHANGE UNTOLD"

_encode = msgspec.json.Encoder(decimal_format="number").encode
_AWAITED_VISMA = "visma"
"""`waits_for` of a record that waited for Visma, as releases before 2026-11-29 wrote it."""

_decode_change = msgspec.json.Decoder(Change).decode
_decode_message = msgspec.json.Decoder(float_hook=Decimal).decode


class DynamoChanges(clients.OnDynamoDB):
    """The `Changes` port over the table of documents and the payload bucket."""

    def __init__(
        self,
        table: str,
        payloads: S3Payloads,
        client: DynamoDBClient | None = None,
        *,
        keep_messages: timedelta | None = None,
    ) -> None:
        """Use `table`; the client is created at first use.

        Args:
            table: The table of the ledger.
            payloads: The bucket.
            client: A client to use instead of the shared one.
            keep_messages: How long written messages are kept; None: for ever.
        """
        self._table = table
        self._payloads = payloads
        super().__init__(client)
        self._keep_messages = keep_messages

    def known(self, transaction_id: str) -> DocumentKey | None:
        """The order under which a transaction is recorded."""
        item = self._item(_pointer(transaction_id))
        return DocumentKey.parse(item["document"]["S"]) if item else None

    def know(self, transaction_id: str, key: DocumentKey) -> DocumentKey:
        """Store the order under which a transaction is recorded. The first writer wins."""
        try:
            self._put({**_pointer(transaction_id), "document": {"S": key.stored}}, "attribute_not_exists(pk)", {})
        except Conflict:
            return self.known(transaction_id) or key
        return key

    def recorded(self, transaction_ids: Sequence[str]) -> frozenset[str]:
        """Those of the transactions that are on record, by any of their ids.

        A pointer without its record is no record: a worker died between the two.
        """
        pointers = items_of(self._client, self._table, [_pointer(one) for one in dict.fromkeys(transaction_ids)])
        places = {item["pk"]["S"].removeprefix(_POINTER): DocumentKey.parse(item["document"]["S"]) for item in pointers}
        records = items_of(self._client, self._table, [_record(key, name) for name, key in places.items()])
        found = {item["sk"]["S"].removeprefix(_RECORD) for item in records}
        elsewhere = {places[name] for name in places.keys() - found}
        names = {name for key in elsewhere for change in self.of_order(key) for name in change.names}
        return frozenset(places) & (found | names)

    def get(self, key: DocumentKey, transaction_id: str) -> Change | None:
        """One record."""
        item = self._item(_record(key, transaction_id))
        return read_change(item) if item else None

    def of_order(self, key: DocumentKey) -> Sequence[Change]:
        """Everything recorded under an order, oldest first (strongly consistent)."""
        pages = clients.pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :in)",
            ExpressionAttributeValues={":pk": {"S": key.stored}, ":in": {"S": _RECORD}},
            ConsistentRead=True,
        )
        with translated("ledger"):
            found = [read_change(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda change: (change.created_at, change.transaction_id))

    def add(self, change: Change, *, message: Any) -> Change:
        """Write the message, then the record: a crash between the two leaves a message that is overwritten."""
        change = self._with_message(change, message)
        self._put(_item(change), "attribute_not_exists(pk)", {})
        return change

    def rewrite(self, change: Change, *, message: Any) -> Change:
        """Write another message, then the record, conditional on the version that was read; repeated after a crash."""
        return self.save(self._with_message(msgspec.structs.replace(change, message_at=None), message))

    def save(self, change: Change) -> Change:
        """Write a record, conditional on the version that was read; raises `Conflict` when somebody wrote meanwhile."""
        saved = msgspec.structs.replace(change, version=change.version + 1)
        self._put(_item(saved), "version = :seen", {":seen": {"N": str(change.version)}})
        return saved

    def move(self, here: Change, there: Change, *, message: Any = None) -> Change:
        """Record a change under another order: both records, its message and its pointers in one transaction.

        Another message is written first; after a crash between the two it is overwritten.
        """
        if message is not None:
            there = self._with_message(msgspec.structs.replace(there, message_at=None), message)
        saved = msgspec.structs.replace(here, version=here.version + 1)
        writes: list[Item] = [
            {
                "Item": _item(saved),
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(here.version)}},
            },
            {
                "Item": _item(there),
                # A record that was moved away from here can come back.
                "ConditionExpression": "attribute_not_exists(pk) OR change_state = :moved",
                "ExpressionAttributeValues": {":moved": {"S": ChangeState.RECORDED.value}},
            },
            *({"Item": {**_pointer(name), "document": {"S": there.key.stored}}} for name in there.names),
        ]
        if message is None and there.message_at is None:
            writes.append({"Item": {**self._message(here), "pk": {"S": there.key.stored}}})
        try:
            with translated("ledger"):
                self._client.transact_write_items(
                    TransactItems=[{"Put": {"TableName": self._table, **write}} for write in writes]  # type: ignore[typeddict-item]
                )
        except ConditionFailed:
            raise _overtaken(here.key.stored, here.transaction_id) from None
        return there

    def message_of(self, change: Change) -> Any:
        """The message; `Parked` when it is no longer kept."""
        if change.message_at is not None:
            return _decode_message(self._payloads.get(change.message_at))
        return _decode_message(zlib.decompress(self._message(change)["body"]["B"]))

    def in_state(self, state: ChangeState) -> Iterator[Change]:
        """All records in an open state, the one unchanged for longest first."""
        return (change for change in self._open(_open_state(state)) if change.state is state)

    def everything(self, states: Collection[ChangeState]) -> Iterator[Sequence[Change]]:
        """All records in one of the states, by reading the whole table, in no order.

        DynamoDB: a page is read from 1 MB of the table, and the read is billed by that.
        """
        names = {f":state{number}": {"S": state.value} for number, state in enumerate(states)}
        pages = clients.pages(
            self._client.scan,
            TableName=self._table,
            FilterExpression=f"begins_with(sk, :in) AND change_state IN ({', '.join(names)})",
            ExpressionAttributeValues={":in": {"S": _RECORD}, **names},
        )
        with translated("ledger"):
            for page in pages:
                yield [read_change(item) for item in page["Items"]]

    def unacknowledged(self) -> Iterator[Change]:
        """All decided records with a delivery that is not confirmed to Orderful."""
        yield from (change for change in self._open(_UNACKNOWLEDGED) if change.is_unconfirmed)
        for state in FOR_A_PERSON:
            yield from (change for change in self.in_state(state) if change.is_unconfirmed)

    def _with_message(self, change: Change, message: Any) -> Change:
        body = _encode(message)
        small = zlib.compress(body)
        name = f"message#{change.transaction_id}"
        if len(small) <= _LARGE:
            until = expiry(change.updated_at, self._keep_messages)
            item = to_item({"pk": change.key.stored, "sk": name, "body": small, "expires": until})
            with translated("ledger"):
                self._client.put_item(TableName=self._table, Item=item)
            return change
        # Without the order's number, because the partner's text may be no valid S3 key.
        place = self._payloads.put(f"inbound/{change.transaction_id}", body)
        return msgspec.structs.replace(change, message_at=place)

    def waiting(self, state: ChangeState) -> Waiting:
        """How many changes wait in a state, from the index alone."""
        return count_open(self._client, self._table, _open_state(state))

    def _open(self, open_state: str) -> Iterator[Change]:
        yield from map(read_change, open_items(self._client, self._table, open_state))

    def _message(self, change: Change) -> Item:
        item = self._item({"pk": {"S": change.key.stored}, "sk": {"S": f"message#{change.transaction_id}"}})
        if item is None or "body" not in item:
            raise Parked(
                f"The message of {change.transaction_id} is no longer kept.",
                document=str(change.key),
                next_step="Look it up at Orderful.",
                code=Reason.PAYLOAD_LOST,
            )
        return item

    def _item(self, key: Item) -> Item | None:
        with translated("ledger"):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _put(self, item: Item, condition: str, values: Item) -> None:
        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            with translated("ledger"):
                self._client.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **given)
        except ConditionFailed:
            raise _overtaken(item["pk"]["S"], item["sk"]["S"]) from None


def _overtaken(place: str, what: str) -> Conflict:
    """Somebody else wrote first.

    Args:
        place: The partition key: a document, or what is known of a transaction.
        what: The transaction, or the sort key of its record.
    """
    is_pointer = place.startswith(_POINTER)
    transaction_id = place.removeprefix(_POINTER) if is_pointer else what.removeprefix(_RECORD)
    return Conflict(
        f"{transaction_id} was changed meanwhile, by somebody else or by the stack; nothing of yours was written.",
        document=None if is_pointer else str(DocumentKey.parse(place)),
        next_step=f"Look at it again: connector changes show {transaction_id}",
    )


def _pointer(transaction_id: str) -> Item:
    return {"pk": {"S": f"{_POINTER}{transaction_id}"}, "sk": {"S": "known"}}


def _record(key: DocumentKey, transaction_id: str) -> Item:
    return {"pk": {"S": key.stored}, "sk": {"S": f"{_RECORD}{transaction_id}"}}


def _open_state(state: ChangeState) -> str:
    return f"CHANGE {state}"


def _item(change: Change) -> Item:
    item = {
        **_record(change.key, change.transaction_id),
        "version": {"N": str(change.version)},
        "change_state": {"S": change.state.value},
        "updated": {"S": time_text(change.updated_at)},
        "record": {"S": _encode(change).decode()},
    }
    if change.state in OPEN_CHANGES:
        item["open_state"] = {"S": _open_state(change.state)}
    elif change.is_unconfirmed:
        item["open_state"] = {"S": _UNACKNOWLEDGED}
    return item


def read_change(item: Item) -> Change:
    """The record in an item.

    Releases before 2026-11-29 did not write `parked_on`; it followed from `waits_for` and `behind`.
    """
    change = _decode_change(item["record"]["S"].encode())
    if change.state is not ChangeState.PARKED or change.parked_on is not WaitsOn.PERSON:
        return change
    if change.waits_for == _AWAITED_VISMA:
        return msgspec.structs.replace(change, parked_on=WaitsOn.VISMA, waits_for=None)
    if change.behind is not None:
        return msgspec.structs.replace(change, parked_on=WaitsOn.EARLIER)
    return change if change.waits_for is None else msgspec.structs.replace(change, parked_on=WaitsOn.ROUTING)
