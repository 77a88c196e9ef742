"""Erases the content of one partner's documents from the ledger, but not the record that each was sent.

A revision keeps its key, hash, number, ids, parties, times and states, so that nothing is sent twice. The Visma
document, the request, and every sentence (which may quote the document) are erased. The same holds for an inbound
transaction. An erased body leaves an item without content.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.inbound_records import DynamoChanges, read_change
from connector.adapters.aws.items import Item, time_text, to_item
from connector.adapters.aws.ledger import body_name, read_revision, revision_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.errors import Conflict
from connector.domain.order_change.record import OPEN_CHANGES, Change
from connector.domain.revision.record import Revision, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NEEDS_CONTENT = frozenset(
    {
        *(State.TRANSLATED, State.SENDING, State.UNCONFIRMED),
        *(State.PARKED, State.REJECTED, State.CHANGING),
    }
)
"""States of revisions that may still be sent: their content stays until a person ends them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision or inbound transaction that still has content.

    Attributes:
        name: Its name for people.
        state: Its state.
        is_open: Something remains to be done with it, so its content stays.
        content: The revision or the inbound transaction.
    """

    name: str
    state: str
    is_open: bool
    content: Revision | Change

    @property
    def is_inbound(self) -> bool:
        """Whether it came from the partner."""
        return isinstance(self.content, Change)


class DynamoErasure(clients.OnDynamoDB):
    """Finds and erases content in the table of the ledger and the payload bucket."""

    def __init__(self, table: str, payloads: S3Payloads, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._payloads = payloads
        super().__init__(client)
        self._changes = DynamoChanges(table, payloads, client)

    def entries(self, is_wanted: Callable[[Revision | Change], bool]) -> Sequence[Entry]:
        """Every entry that has a partner, is wanted, and still has content; reads the whole table."""
        pages = clients.pages(
            self._client.scan,
            TableName=self._table,
            FilterExpression="(begins_with(sk, :revision) AND attribute_exists(partner)) OR begins_with(sk, :inbound)",
            ExpressionAttributeValues=to_item({":revision": "rev#", ":inbound": "in#"}),
            ConsistentRead=True,
        )
        with translated("ledger"):
            read = [_read(item) for page in pages for item in page["Items"]]
        found = [_entry(one) for one in read if is_wanted(one)]
        return sorted(filter(None, found), key=lambda entry: entry.name)

    def erase(self, entry: Entry) -> None:
        """Erase the content of an entry: bodies first, so that the entry is found again after a crash.

        Raises:
            Conflict: it was changed meanwhile.
        """
        if isinstance(entry.content, Change):
            self._erase_change(entry.content)
            return
        revision = entry.content
        for place in filter(None, (revision.source_at, revision.request_at)):
            self._payloads.delete(place)
        self._empty(revision.key.stored, body_name(revision))
        seen = {":state": revision.state.value, ":seen": time_text(revision.updated_at)}
        self._put(
            revision_item(_bare(revision)),
            "#state = :state AND updated_at = :seen",
            {"#state": "state"},
            to_item(seen),
        )

    def _erase_change(self, change: Change) -> None:
        if change.message_at is not None:
            self._payloads.delete(change.message_at)
        self._empty(change.key.stored, f"message#{change.transaction_id}")
        self._changes.save(_without_content(change))

    def _empty(self, pk: str, sk: str) -> None:
        """Erase the content of a body, if the body exists."""
        try:
            self._put(to_item({"pk": pk, "sk": sk}), "attribute_exists(pk)", {}, {})
        except Conflict:
            return

    def _put(self, item: Item, condition: str, names: dict[str, str], values: Item) -> None:
        given: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        if values:
            given["ExpressionAttributeValues"] = values
        try:
            with translated("ledger"):
                self._client.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **given)
        except ConditionFailed:
            raise Conflict("It was changed meanwhile.", document=item["pk"]["S"]) from None


def _read(item: Item) -> Revision | Change:
    if "record" in item:
        return read_change(item)
    return read_revision(item)


def _entry(one: Revision | Change) -> Entry | None:
    """The entry, or None when it has no content any more."""
    if isinstance(one, Change):
        if one == _without_content(one):
            return None
        is_open = one.state in OPEN_CHANGES or one.is_unconfirmed
        return Entry(f"{one.key} inbound {one.transaction_id}", one.state.value, is_open, one)
    if one == _bare(one):
        return None
    return Entry(f"{one.key} revision {one.sequence}", one.state.value, one.state in NEEDS_CONTENT, one)


def _bare(revision: Revision) -> Revision:
    """A revision without content."""
    return replace(
        revision,
        reason=None,
        field=None,
        next_step=None,
        waits_for=None,
        attention=None,
        source_at=None,
        request_at=None,
        history=tuple(replace(event, note="") for event in revision.history),
    )


def _without_content(change: Change) -> Change:
    return msgspec.structs.replace(
        change,
        reason=None,
        next_step=None,
        waits_for=None,
        differences=(),
        remarks=(),
        reasons=(),
        places=(),
        unwritten=(),
        says=None,
        later=(),
        added=(),
        message_at=None,
        history=tuple(msgspec.structs.replace(event, note="") for event in change.history),
    )
