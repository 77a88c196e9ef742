"""The final state of a quiescent deployed stack: what Orderful holds and what Visma has, against the ledger."""

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
    """A document that has to reach its partner.

    Attributes:
        key: `company/kind/number`.
        most: How many materially different states Visma has shown of it. The connector may have seen only some of them,
            but always the last; so that many transactions at most.
        least: How many it must have sent at least.
    """

    key: str
    most: int = 1
    least: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a partner asked for, within the limits of the routing.

    Attributes:
        transaction_id: Orderful's id of the 860.
        key: `company/purchase_order/number`.
        quantities: What it asked for, by line.
    """

    transaction_id: str
    key: str
    quantities: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Edited:
    """What users wrote into a document.

    Attributes:
        key: `company/kind/number`.
        values: By field; a line's is `lines.1.orderQty`.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """What can be seen from outside once the stack is quiescent; read once.

    Each judgement gives sentences, none when all is well.
    """

    laptop: Laptop

    def documents(self, wanted: Iterable[Outbound]) -> list[str]:
        """What is wrong with these documents: each state at Orderful once, and the partner knows the last one."""
        return [sentence for each in wanted if (sentence := self._document(each))]

    def changes(self, asked: Iterable[Asked]) -> list[str]:
        """What is wrong with these changes: each written once, and confirmed once as accepted.

        Several changes of one order are judged together: its line has to have what the last of them asked for.
        """
        wishes = list(asked)
        last = {(wish.key, line): quantity for wish in wishes for line, quantity in wish.quantities.items()}
        found = [
            f"The change {wish.transaction_id} of {wish.key} {wrong}."
            for wish in wishes
            for wrong in self._change(wish)
        ]
        for key, count in Counter(wish.key for wish in wishes).items():
            if (written := self.written(key)) != count:
                found.append(f"{key}: {count} changes, and the order was written {written} times.")
        for (key, line), quantity in last.items():
            if (has := self._value(key, f"lines.{line}.orderQty")) != quantity:
                found.append(f"{key}: line {line} has {has} in Visma, the partner asked for {quantity}.")
        return found

    def lost(self, edits: Iterable[Edited]) -> list[str]:
        """What users wrote that is not in Visma any more."""
        return [
            f"{each.key}: a user wrote {value!r} into {path}, Visma has {has!r}."
            for each in edits
            for path, value in each.values.items()
            if (has := self._value(each.key, path)) != value
        ]

    def written(self, key: str, *, status: int = 204) -> int:
        """How often a PUT of an order came to a status in Visma, whatever became of the answer."""
        return self._puts[DocumentKey.parse(key).number, status]

    def transactions(self, key: str) -> list[dict[str, Any]]:
        """What Orderful holds of a document, oldest first."""
        document = DocumentKey.parse(key)
        sender = self._routing.companies[document.company].isa_id.on(Stream.TEST)
        number = document.number.rpartition(":")[2]
        return self._held.get((sender, _TYPES[document.kind is Kind.PURCHASE_ORDER], number), [])

    # -- documents

    def _document(self, wanted: Outbound) -> str | None:
        """What is wrong with one document, with what was seen of it."""
        key = DocumentKey.parse(wanted.key)
        revisions = self.laptop.ledger.revisions(key, limit=100)
        held = self.transactions(wanted.key)
        if not revisions and not held:
            return f"{key}: neither the ledger nor Orderful knows it."
        wrong = [
            f"revision {one.sequence} ended {one.state}, {one.reason}"
            for one in revisions
            if one.state not in _RIGHT_ENDS
        ]
        sent = [one for one in revisions if one.state in SENT]
        if Counter(one.transaction_id for one in sent) != Counter(str(one["id"]) for one in held):
            wrong.append("the ledger and Orderful do not agree about what was sent")
        if not wanted.least <= len(held) <= wanted.most:
            wrong.append(f"{len(held)} transactions were sent for {wanted.most} states in Visma")
        if _says_the_same(held):
            wrong.append("a transaction says what the one before it had said")
        wrong += self._unknown(key, revisions, held)
        if not wrong:
            return None
        states = ", ".join(
            f"{one.sequence} {one.state} {one.transaction_id or ''}".strip() for one in reversed(revisions)
        )
        return f"{key}: {'; '.join(wrong)} (ledger: {states}; Orderful: {', '.join(str(one['id']) for one in held)})."

    def _unknown(self, key: DocumentKey, revisions: Sequence[Revision], held: Sequence[dict[str, Any]]) -> list[str]:
        """Whether the partner has something else than Visma, by the ledger or by what Orderful holds."""
        known = next((one for one in revisions if one.state in KNOWN_TO_PARTNER), None)
        if known is None or not held:
            return ["the partner never got it"]
        read = self._read(key)
        if known.revision_id != revision_id(read.content):
            return [f"the partner knows revision {known.sequence}, which is not what Visma has now"]
        if known.state is State.AGREED:
            # The partner asked for it and was told by the confirmation; no transaction says it.
            return []
        route = self._routing.route(key.company, key.kind, read.counterparty)
        purpose = known.purpose or Purpose.ORIGINAL
        wanted = translate(read.content, route, stream=Stream.TEST, purpose=purpose).request.body
        same = json.loads(msgspec.json.encode(wanted)) == held[-1]["request"]
        return [] if same else ["the newest transaction does not say what Visma has"]

    def _read(self, key: DocumentKey) -> VismaDocument:
        """A document as it stands in Visma, as the connector reads it."""
        raw = json.dumps(self._in_visma[str(key)]).encode()
        return read_document(decode(raw), company=key.company, kind=key.kind)

    # -- changes

    def _change(self, wish: Asked) -> list[str]:
        change, delivery = self.laptop.change(wish.transaction_id), self._deliveries.get(wish.transaction_id)
        if change is None:
            return ["is not recorded"]
        found = []
        if change.state is not ChangeState.APPLIED or change.decided_by != "rules":
            found.append(f"ended {change.state} by {change.decided_by} ({change.reason})")
        if change.is_unconfirmed:
            found.append("is decided, and Orderful was not told")
        if delivery is None or (delivery["status"], delivery["confirmed"]) != ("DELIVERED", 1):
            found.append(f"is not one confirmed delivery at Orderful but {delivery}")
        return found

    def _value(self, key: str, path: str) -> Any:
        """A field of a document in Visma; numbers are exact, and what is not there is None."""
        found: Any = self._in_visma.get(key)
        for step in path.split("."):
            if isinstance(found, list):
                found = next((one for one in found if str(one["lineNbr"]) == step), None)
            elif isinstance(found, dict):
                found = found.get(step)
        return Decimal(str(found)) if isinstance(found, float | int) and not isinstance(found, bool) else found

    # -- what is there

    @cached_property
    def _routing(self) -> Routing:
        return self.laptop.routing()

    @cached_property
    def _puts(self) -> Counter[tuple[str, int | None]]:
        """By order number and what came of it in Visma: 204, 412, None for not begun."""
        rows = self.laptop.visma.control("GET", "requests?method=PUT")["requests"]
        return Counter((row["path"].rsplit("/", 1)[-1], row["work"]) for row in rows)

    @cached_property
    def _deliveries(self) -> dict[str, dict[str, Any]]:
        """What partners sent, by Orderful's number, and how it was confirmed."""
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
        """What we sent, by sender, type and number, oldest first."""
        found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for one in self.laptop.held():
            found.setdefault((one["sender"]["isaId"], one["type"]["name"], one["businessNumber"]), []).append(one)
        return found


def _says_the_same(held: Sequence[dict[str, Any]]) -> bool:
    """Whether a transaction says nothing else than the one before it."""
    contents = [_without_purpose(one["request"]) for one in held]
    return any(older == newer for older, newer in pairwise(contents))


def _without_purpose(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without_purpose(value) for name, value in content.items() if name not in _PURPOSE_FIELDS}
    if isinstance(content, list):
        return [_without_purpose(one) for one in content]
    return content
