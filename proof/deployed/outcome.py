"""The final state of a quiescent deployed stack: Orderful and Visma compared with the ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import msgspec

from connector.domain.documents import DocumentKey, Kind, VismaDocument
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.content_hash import revision_id
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from testkit.laptop.observed import SENT, Laptop

_RIGHT_ENDS: Final = SENT | {State.AGREED, State.SUPERSEDED}
_LISTS: Final = {
    Kind.PURCHASE_ORDER: "purchaseorder",
    Kind.SUPPLIER_INVOICE: "supplierInvoice",
    Kind.CUSTOMER_INVOICE: "customerinvoice",
}
_CREDIT_NOTES: Final = "customerCreditNote"
_TYPES: Final = {True: "850_PURCHASE_ORDER", False: "810_INVOICE"}
_PURPOSE_FIELDS: Final = frozenset({"purpose", "transactionSetPurposeCode"})


@dataclass(frozen=True, slots=True)
class Outbound:
    """A document that must reach its partner.

    Attributes:
        key: `company/kind/number`.
        most: The number of materially different states in Visma, which is the maximum of transactions: the connector
            may have polled only some of them, but always the last.
        least: The minimum of transactions.
    """

    key: str
    most: int = 1
    least: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a partner requested, within the limits of the routing.

    Attributes:
        transaction_id: Orderful's id of the 860.
        key: `company/purchase_order/number`.
        quantities: The requested quantities, by line.
    """

    transaction_id: str
    key: str
    quantities: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Edited:
    """The edits of users in a document.

    Attributes:
        key: `company/kind/number`.
        values: The values by field; a field of a line is `lines.1.orderQty`.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Harness:
    """The observable state of a quiescent stack, read once.

    Each check returns violations as sentences.
    """

    laptop: Laptop

    def documents(self, wanted: Iterable[Outbound]) -> list[str]:
        """Violations of documents: each state is at Orderful once, and the partner has the last one."""
        return [sentence for each in wanted if (sentence := self._document(each))]

    def changes(self, asked: Iterable[Asked]) -> list[str]:
        """Violations of changes: each is written once, and confirmed once as accepted.

        Several changes of one order are checked together: its line must have the values of the last change.
        """
        all_asked = list(asked)
        last = {
            (asked_for.key, line): quantity
            for asked_for in all_asked
            for line, quantity in asked_for.quantities.items()
        }
        found = [
            f"The change {asked_for.transaction_id} of {asked_for.key} {wrong}."
            for asked_for in all_asked
            for wrong in self._change(asked_for)
        ]
        for key, count in Counter(asked_for.key for asked_for in all_asked).items():
            if (written := self.written(key)) != count:
                found.append(f"{key}: {count} changes, and the order was written {written} times.")
        for (key, line), quantity in last.items():
            if (has := self._value(key, f"lines.{line}.orderQty")) != quantity:
                found.append(f"{key}: line {line} has {has} in Visma, the partner asked for {quantity}.")
        return found

    def lost(self, edits: Iterable[Edited]) -> list[str]:
        """Edits of users that are no longer in Visma."""
        return [
            f"{each.key}: a user wrote {value!r} into {path}, Visma has {has!r}."
            for each in edits
            for path, value in each.values.items()
            if (has := self._value(each.key, path)) != value
        ]

    def written(self, key: str, *, status: int = 204) -> int:
        """The number of PUTs of an order with a status in Visma, whether or not the answer was lost."""
        return self._puts[DocumentKey.parse(key).number, status]

    def transactions(self, key: str) -> list[dict[str, Any]]:
        """The transactions of a document, oldest first."""
        document = DocumentKey.parse(key)
        sender = self._routing.companies[document.company].isa_id.on(Stream.TEST)
        number = document.number.rpartition(":")[2]
        return self._held.get((sender, _TYPES[document.kind is Kind.PURCHASE_ORDER], number), [])

    # -- documents

    def _document(self, wanted: Outbound) -> str | None:
        """The violations of a document, with its revisions and transactions."""
        key = DocumentKey.parse(wanted.key)
        revisions = self.laptop.ledger.revisions(key, limit=100)
        at_orderful = self.transactions(wanted.key)
        if not revisions and not at_orderful:
            return f"{key}: neither the ledger nor Orderful has it."
        wrong = [
            f"revision {one.sequence} ended {one.state}, {one.reason}"
            for one in revisions
            if one.state not in _RIGHT_ENDS
        ]
        sent = [one for one in revisions if one.state in SENT]
        if Counter(one.transaction_id for one in sent) != Counter(str(one["id"]) for one in at_orderful):
            wrong.append("the ledger and Orderful do not agree about what was sent")
        if not wanted.least <= len(at_orderful) <= wanted.most:
            wrong.append(f"{len(at_orderful)} transactions were sent for {wanted.most} states in Visma")
        if _says_the_same(at_orderful):
            wrong.append("a transaction repeats the one before it")
        wrong += self._unknown(key, revisions, at_orderful)
        if not wrong:
            return None
        states = ", ".join(
            f"{one.sequence} {one.state} {one.transaction_id or ''}".strip() for one in reversed(revisions)
        )
        there = ", ".join(str(one["id"]) for one in at_orderful)
        return f"{key}: {'; '.join(wrong)} (ledger: {states}; Orderful: {there})."

    def _unknown(
        self, key: DocumentKey, revisions: Sequence[Revision], at_orderful: Sequence[dict[str, Any]]
    ) -> list[str]:
        """Differences between the partner and Visma, by the ledger and by Orderful."""
        known = next((one for one in revisions if one.state in KNOWN_TO_PARTNER), None)
        if known is None or not at_orderful:
            return ["the partner never got it"]
        read = self._read(key)
        if known.revision_id != revision_id(read.content):
            return [f"the partner knows revision {known.sequence}, which is not what Visma has now"]
        if known.state is State.AGREED:
            # The partner requested it and got the confirmation, without a transaction.
            return []
        route = self._routing.route(key.company, key.kind, read.counterparty)
        purpose = known.purpose or Purpose.ORIGINAL
        wanted = translate(read.content, route, stream=Stream.TEST, purpose=purpose).request.body
        same = json.loads(msgspec.json.encode(wanted)) == at_orderful[-1]["request"]
        return [] if same else ["the newest transaction differs from Visma"]

    def _read(self, key: DocumentKey) -> VismaDocument:
        """A document in Visma, as the connector reads it."""
        raw = json.dumps(self._in_visma[str(key)]).encode()
        return read_document(decode(raw), company=key.company, kind=key.kind)

    # -- changes

    def _change(self, asked_for: Asked) -> list[str]:
        change, delivery = self.laptop.change(asked_for.transaction_id), self._deliveries.get(asked_for.transaction_id)
        if change is None:
            return ["is not recorded"]
        found = []
        if change.state is not ChangeState.APPLIED or change.decided_by != "rules":
            found.append(f"ended {change.state} by {change.decided_by} ({change.reason})")
        if change.is_unconfirmed:
            found.append("is decided, and not confirmed")
        if delivery is None or (delivery["status"], delivery["confirmed"]) != ("DELIVERED", 1):
            found.append(f"is not one confirmed delivery at Orderful but {delivery}")
        return found

    def _value(self, key: str, path: str) -> Any:
        """A field of a document in Visma; numbers are `Decimal`, a missing field is None."""
        found: Any = self._in_visma.get(key)
        for step in path.split("."):
            if isinstance(found, list):
                found = next((one for one in found if str(one["lineNbr"]) == step), None)
            elif isinstance(found, dict):
                found = found.get(step)
        return Decimal(str(found)) if isinstance(found, float | int) and not isinstance(found, bool) else found

    # -- state of the stack

    @cached_property
    def _routing(self) -> Routing:
        return self.laptop.routing()

    @cached_property
    def _puts(self) -> Counter[tuple[str, int | None]]:
        """PUTs by order number and status in Visma: 204, 412, None without work."""
        rows = self.laptop.visma.control("GET", "requests?method=PUT")["requests"]
        return Counter((row["path"].rsplit("/", 1)[-1], row["work"]) for row in rows)

    @cached_property
    def _deliveries(self) -> dict[str, dict[str, Any]]:
        """The deliveries, by transaction id."""
        return {one["transactionId"]: one for one in self.laptop.orderful.control("GET", "deliveries")}

    @cached_property
    def _in_visma(self) -> dict[str, dict[str, Any]]:
        """Every document of the routed companies, by key."""
        found = {}
        for name, company in self._routing.companies.items():
            for kind, list_ in [*_LISTS.items(), (Kind.CUSTOMER_INVOICE, _CREDIT_NOTES)]:
                query = f"documents?kind={list_}&company={company.visma.company_id}"
                for document in self.laptop.visma.control("GET", query):
                    number = document.get("orderNbr") or document["referenceNumber"]
                    typed = f"CreditNote:{number}" if list_ == _CREDIT_NOTES else number
                    found[str(DocumentKey(name, kind, typed))] = document
        return found

    @cached_property
    def _held(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        """The outbound transactions by sender, type and number, oldest first."""
        found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for one in self.laptop.transactions():
            found.setdefault((one["sender"]["isaId"], one["type"]["name"], one["businessNumber"]), []).append(one)
        return found


def _says_the_same(at_orderful: Sequence[dict[str, Any]]) -> bool:
    """Whether a transaction has the same content as the one before it."""
    contents = [_without_purpose(one["request"]) for one in at_orderful]
    return any(older == newer for older, newer in pairwise(contents))


def _without_purpose(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_purpose(value) for name, value in content.items() if name not in _PURPOSE_FIELDS}
    if isinstance(content, list):
        return [_without_purpose(one) for one in content]
    return content
