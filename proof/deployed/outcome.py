"""What must be so when a deployed stack has come to rest: every document and every change exactly once, nothing stuck.

Orderful and Visma say what they have; the ledger is compared with that. Each function gives sentences, none when all is
well. `documents` and `changes` are for a stack at rest, which it is as soon as `stuck` gives nothing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from connector.domain.changes import Change, ChangeState
from connector.domain.documents import DocumentKey, Kind
from connector.domain.ledger import KNOWN_TO_PARTNER, Revision, State
from connector.domain.revisions import revision_id
from connector.edi.visma.read import decode, read_document
from tests.support.laptop import SENT, Laptop

QUEUES = ("DocumentsQueueUrl", "DeliveriesQueueUrl", "ChangesQueueUrl")
DEAD_LETTERS = ("DocumentsDeadLettersUrl", "DeliveriesDeadLettersUrl", "ChangesDeadLettersUrl")
ON_THEIR_WAY = (State.CAPTURED, State.TRANSLATED, State.SENDING, State.UNCONFIRMED, State.CHANGING)
"""States in which no revision may stay."""

_LISTS = {
    Kind.PURCHASE_ORDER: ("purchaseorder",),
    Kind.SUPPLIER_INVOICE: ("supplierInvoice",),
    Kind.CUSTOMER_INVOICE: ("customerinvoice", "customerCreditNote"),
}
_TYPES = {"customerCreditNote": "CreditNote"}
# After these the sandbox has done the work, whatever it answered.
_WORKED = frozenset({"lost_response", "stored_502", "stored_html_200"})


@dataclass(frozen=True, slots=True)
class Outbound:
    """A document that has to reach its partner.

    Attributes:
        key: `company/kind/number`.
        states: How many materially different states Visma has shown of it. The connector may have seen only some of
            them, but always the last; so that many transactions at most, and exactly one when there was one.
    """

    key: str
    states: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a partner asked for, within the limits of the routing.

    Attributes:
        transaction_id: Orderful's id of the 860.
        key: `company/purchase_order/number`.
        quantities: What it asked for, by line.
        edits: What users wrote into the order meanwhile, by field of its head.
    """

    transaction_id: str
    key: str
    quantities: Mapping[int, Decimal]
    edits: Mapping[str, Any] = field(default_factory=dict)


def documents(laptop: Laptop, wanted: Iterable[Outbound]) -> list[str]:
    """What is wrong with these documents: each state at Orderful once, and the partner knows the last one."""
    asked = list(wanted)
    contents = _contents(laptop, {DocumentKey.parse(each.key) for each in asked})
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for transaction in laptop.held():
        held[transaction["sender"]["isaId"], transaction["businessNumber"]].append(str(transaction["id"]))
    return [sentence for each in asked for sentence in _document(laptop, each, contents, held)]


def changes(laptop: Laptop, asked: Iterable[Asked]) -> list[str]:
    """What is wrong with these changes: each written once, confirmed once as accepted, and no user's edit lost.

    Several changes of one order are judged together: its line has to have what the last of them asked for.
    """
    wishes = list(asked)
    deliveries = {one["transactionId"]: one for one in laptop.orderful.control("GET", "deliveries")}
    orders = _orders(laptop, {DocumentKey.parse(wish.key) for wish in wishes})
    found = [
        sentence
        for wish in wishes
        for sentence in _change(wish, laptop.change(wish.transaction_id), deliveries.get(wish.transaction_id))
    ]
    found += _writes(laptop, wishes)
    last = {(wish.key, line): quantity for wish in wishes for line, quantity in wish.quantities.items()}
    for (key, line), quantity in last.items():
        has = {one["lineNbr"]: Decimal(str(one["orderQty"])) for one in orders.get(key, {}).get("lines", [])}
        if has.get(line) != quantity:
            found.append(f"{key}: line {line} has {has.get(line)} in Visma, the partner asked for {quantity}.")
    for wish in wishes:
        order = orders.get(wish.key, {})
        for name, value in wish.edits.items():
            if order.get(name) != value:
                found.append(f"{wish.key}: a user wrote {value!r} into {name}, Visma has {order.get(name)!r}.")
    return found


def stuck(laptop: Laptop, companies: Iterable[str]) -> list[str]:
    """What is still on its way or waits for nothing: messages, revisions, changes, locks.

    Args:
        laptop: The stack.
        companies: Routing names of the companies whose documents, changes and cursors are looked at.
    """
    ours = set(companies)
    found = [f"{count} messages are in {queue}." for queue in QUEUES + DEAD_LETTERS if (count := laptop.waiting(queue))]
    for state in ON_THEIR_WAY:
        found += [
            f"{revision.key} revision {revision.sequence} is {state} since {revision.updated_at:%H:%M:%S} UTC."
            for revision in laptop.ledger.in_state(state)
            if revision.key.company in ours
        ]
    for change_state in (ChangeState.RECEIVED, ChangeState.APPLYING):
        found += [
            f"The change {change.transaction_id} of {change.key} is {change_state}."
            for change in laptop.changes.in_state(change_state)
            if change.company in ours
        ]
    now = datetime.now(UTC)
    for (company, resource), cursor in laptop.cursors().items():
        if (company in ours or company.startswith("(")) and cursor.locked_until and cursor.locked_until > now:
            found.append(f"The cursor of {company} {resource} is locked until {cursor.locked_until:%H:%M:%S} UTC.")
        if company in ours and cursor.unfinished:
            found.append(f"The scan of {company} {resource} was never finished.")
    return found


# -- documents --------------------------------------------------------------------------------------------------------


def _document(
    laptop: Laptop, wanted: Outbound, contents: Mapping[str, str], held: Mapping[tuple[str, str], Sequence[str]]
) -> list[str]:
    key = DocumentKey.parse(wanted.key)
    revisions = laptop.ledger.revisions(key, limit=100)
    if not revisions:
        return [f"{key}: the ledger knows nothing of it."]
    sent = [revision for revision in revisions if revision.state in SENT]
    found = [
        f"{key}: revision {revision.sequence} ended {revision.state} ({revision.reason})."
        for revision in revisions
        if revision.state in {State.PARKED, State.REJECTED, State.SKIPPED, *ON_THEIR_WAY}
    ]
    places = {(revision.sender_id or "", revision.business_number or key.number) for revision in sent}
    at_orderful = Counter(one for place in places for one in held.get(place, ()))
    in_ledger = Counter(revision.transaction_id for revision in sent)
    if at_orderful != in_ledger or max(in_ledger.values(), default=1) > 1:
        found.append(f"{key}: Orderful holds {sorted(at_orderful)}, the ledger has sent {sorted(map(str, in_ledger))}.")
    if not 1 <= len(sent) <= wanted.states:
        found.append(f"{key}: {len(sent)} transactions were sent for {wanted.states} states in Visma.")
    found += _repeated(key, revisions)
    known = next((revision for revision in revisions if revision.state in KNOWN_TO_PARTNER), None)
    if known is not None and known.revision_id != contents.get(str(key)):
        found.append(f"{key}: the partner knows revision {known.sequence}, which is not what Visma has now.")
    return found


def _repeated(key: DocumentKey, revisions: Sequence[Revision]) -> list[str]:
    """Content that the partner had already when it was sent."""
    known = [revision for revision in revisions if revision.state in KNOWN_TO_PARTNER]
    return [
        f"{key}: revision {newer.sequence} says what revision {older.sequence} had said."
        for newer, older in pairwise(known)
        if newer.revision_id == older.revision_id
    ]


def _contents(laptop: Laptop, keys: set[DocumentKey]) -> dict[str, str]:
    """The hash of what Visma has, by document."""
    return {
        str(key): revision_id(read_document(decode(json.dumps(data).encode()), company=key.company).content)
        for key, data in _in_visma(laptop, keys).items()
    }


def _in_visma(laptop: Laptop, keys: set[DocumentKey]) -> dict[DocumentKey, dict[str, Any]]:
    company_ids = {name: company.visma.company_id for name, company in laptop.routing().companies.items()}
    found: dict[DocumentKey, dict[str, Any]] = {}
    for company, kind in {(key.company, key.kind) for key in keys}:
        for name in _LISTS[kind]:
            query = f"documents?kind={name}&company={company_ids[company]}"
            for data in laptop.visma.control("GET", query):
                typed = {"documentType": _TYPES[name], **data} if name in _TYPES else data
                found[_key(typed, company, kind)] = typed
    return {key: data for key, data in found.items() if key in keys}


def _key(data: Mapping[str, Any], company: str, kind: Kind) -> DocumentKey:
    if kind is Kind.PURCHASE_ORDER:
        return DocumentKey(company, kind, str(data["orderNbr"]))
    return read_document(decode(json.dumps(data).encode()), company=company, kind=kind).key


# -- changes ----------------------------------------------------------------------------------------------------------


def _change(wish: Asked, change: Change | None, delivery: Mapping[str, Any] | None) -> list[str]:
    name = f"The change {wish.transaction_id} of {wish.key}"
    if change is None:
        return [f"{name} is not recorded."]
    found = []
    if change.state is not ChangeState.APPLIED:
        found.append(f"{name} ended {change.state} ({change.reason}).")
    if change.is_unconfirmed:
        found.append(f"{name} is decided and Orderful was not told.")
    if delivery is None or (delivery["status"], delivery["confirmed"]) != ("DELIVERED", 1):
        found.append(f"{name}: Orderful shows the delivery as {delivery}.")
    return found


def _writes(laptop: Laptop, wishes: Sequence[Asked]) -> list[str]:
    """Orders that were written another number of times than there were changes of them."""
    rows = laptop.visma.control("GET", "requests?method=PUT")["requests"]
    certain = Counter(row["path"].rsplit("/", 1)[-1] for row in rows if row["status"] == 204)
    # What the answer would have been was lost with it: such a PUT may have been refused with 412 as well.
    possible = Counter(row["path"].rsplit("/", 1)[-1] for row in rows if row["fault"] in _WORKED)
    found = []
    for key, count in Counter(wish.key for wish in wishes).items():
        number = DocumentKey.parse(key).number
        if not certain[number] <= count <= certain[number] + possible[number]:
            lost = f", and {possible[number]} times perhaps" if possible[number] else ""
            found.append(f"{key}: {count} changes, and the order was written {certain[number]} times{lost}.")
    return found


def _orders(laptop: Laptop, keys: set[DocumentKey]) -> dict[str, dict[str, Any]]:
    return {str(key): data for key, data in _in_visma(laptop, keys).items()}
