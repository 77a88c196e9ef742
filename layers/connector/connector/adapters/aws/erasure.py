"""Erases the content of one partner's documents from the ledger, but not the record that each was sent.

A revision keeps its key, hash, number, ids, parties, times and states, so that nothing is sent twice. The Visma
document, the request, and every sentence (which may quote the document) are erased. The same holds for an inbound
transaction. An erased body leaves an item without content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from connector.adapters.aws import clients
from connector.adapters.aws.errors import ConditionFailed, translated
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.items import Item, time_text, to_item
from connector.adapters.aws.ledger import body_name, read_revision, revision_item
from connector.adapters.aws.payloads import S3Payloads
from connector.domain.documents import DocumentKey
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


class DynamoErasure:
    """Finds and erases content in the table of the ledger and the payload bucket."""

    def __init__(self, table: str, payloads: S3Payloads, client: DynamoDBClient | None = None) -> None:
        """Use `table`; the client is created at first use."""
        self._table = table
        self._payloads = payloads
        self._given = client
        self._changes = DynamoChanges(table, payloads, client)

    def of_partner(self, partner: str, company: str | None) -> Sequence[Entry]:
        """Every entry of a partner that still has content; reads the whole table.

        Args:
            partner: Its name in the routing file when the document was handled.
            company: Only documents of this company.
        """
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="(begins_with(sk, :revision) AND partner = :partner) OR begins_with(sk, :inbound)",
            ExpressionAttributeValues=to_item({":revision": "rev#", ":inbound": "in#", ":partner": partner}),
            ConsistentRead=True,
        )
        with translated("ledger"):
            found = [_entry(item) for page in pages for item in page["Items"] if _is_of(item, partner, company)]
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

    @property
    def _client(self) -> DynamoDBClient:
        return self._given or clients.dynamodb()


def _is_of(item: Item, partner: str, company: str | None) -> bool:
    if company is not None and DocumentKey.parse(item["pk"]["S"]).company != company:
        return False
    return "record" not in item or msgspec.json.decode(item["record"]["S"]).get("partner") == partner


def _entry(item: Item) -> Entry | None:
    """The entry, or None when it has no content any more."""
    if "record" in item:
        change = msgspec.json.decode(item["record"]["S"].encode(), type=Change)
        if change == _without_content(change):
            return None
        is_open = change.state in OPEN_CHANGES or change.is_unconfirmed
        return Entry(f"{change.key} inbound {change.transaction_id}", change.state.value, is_open, change)
    revision = read_revision(item)
    if revision == _bare(revision):
        return None
    name = f"{revision.key} revision {revision.sequence}"
    return Entry(name, revision.state.value, revision.state in NEEDS_CONTENT, revision)


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
