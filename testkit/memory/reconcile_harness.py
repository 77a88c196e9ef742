"""A stack in memory with documents of some days, and its reconciliation."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reconcile.finding import Finding
from connector.domain.revision.record import Owner, Posted, Revision, current_revision
from connector.domain.transactions import Stream
from connector.services.ports import Resource
from connector.services.reconcile.ports import Progress
from connector.services.reconcile.run import Reconciler
from testkit.memory.connector import Connector
from testkit.memory.effects import StepDeadline
from testkit.memory.reconcile import MemoryDocumentLists, MemoryTransactionList
from testkit.memory.stores import FixedRouting, MemoryLedger
from testkit.memory.visma import row_version
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import (
    a_credit_note,
    a_customer_invoice,
    a_purchase_order,
    a_supplier_invoice,
    an_order_line,
    as_json,
)

SAMPLES = {
    Resource.PURCHASE_ORDERS: a_purchase_order,
    Resource.SUPPLIER_INVOICES: a_supplier_invoice,
    Resource.CUSTOMER_INVOICES: a_customer_invoice,
    Resource.CUSTOMER_CREDIT_NOTES: a_credit_note,
}
KINDS = {
    Resource.PURCHASE_ORDERS: Kind.PURCHASE_ORDER,
    Resource.SUPPLIER_INVOICES: Kind.SUPPLIER_INVOICE,
    Resource.CUSTOMER_INVOICES: Kind.CUSTOMER_INVOICE,
    Resource.CUSTOMER_CREDIT_NOTES: Kind.CUSTOMER_INVOICE,
}


class IndexedLedger(MemoryLedger):
    """A ledger for thousands of documents, with an index by key."""

    def __init__(self) -> None:
        super().__init__()
        self._sequences: defaultdict[DocumentKey, set[int]] = defaultdict(set)

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        found = (self.rows.get((key, one)) for one in sorted(self._sequences[key], reverse=True))
        return list(filter(None, found))[:limit]

    def _put(
        self,
        revision: Revision,
        owned: Mapping[str, Owner] | None = None,
        posted: Posted | None = None,
        along: Sequence[Revision] = (),
    ) -> None:
        super()._put(revision, owned, posted, along)
        for one in (revision, *along):
            self._sequences[one.key].add(one.sequence)


class Harness(Connector):
    """Documents are created, edited and sent as on a deployed stack; `reconcile` compares them.

    Attributes:
        tracks: Whether Orderful delivers transactions and the tracker runs.
    """

    def __init__(self, changes: dict[str, Any] | None = None) -> None:
        super().__init__(
            routing=FixedRouting(
                routing_data(
                    {"companies.nordic.go_live": "2026-10-20", "defaults.units.KRT": "case", **(changes or {})}
                )
            )
        )
        self.ledger = IndexedLedger()
        self.lists = MemoryDocumentLists(self.erps)
        self.listed = MemoryTransactionList(self.orderful, self.inbound)
        self.documents: dict[tuple[Resource, str], dict[str, Any]] = {}
        self.tracks = True
        self._version = 1_000

    def save(self, number: object, resource: Resource = Resource.PURCHASE_ORDERS, **changes: Any) -> DocumentKey:
        """Create or edit a document in Visma."""
        name = str(number)
        entered = self.documents.setdefault((resource, name), self._entered(resource, name))
        entered |= changes
        document = SAMPLES[resource](**entered)
        self._version += 1
        document["timeStamp"] = row_version(self._version)
        document_type = document.get("orderType") or document.get("documentType")
        self.erp.save(name, resource=resource, raw=as_json(document), document_type=document_type)
        is_plain = resource is Resource.PURCHASE_ORDERS or document_type in {None, "Invoice"}
        return DocumentKey("nordic", KINDS[resource], name if is_plain else f"{document_type}:{name}")

    def delete(self, number: object, resource: Resource = Resource.PURCHASE_ORDERS) -> None:
        """Delete a document in Visma."""
        (found,) = (one for one in self.erp.documents[resource].values() if one.number == str(number))
        self.erp.delete(found.number, resource=resource, document_type=found.document_type)

    def move_to_branch(self, number: object, branch: str) -> None:
        """Change the branch of an order in Visma."""
        name, resource = str(number), Resource.PURCHASE_ORDERS
        key = self.save(name, resource, branch={"number": branch})
        raw = self.erp.documents[resource][("RegularOrder", key.number)].raw
        self.erp.save(name, resource=resource, raw=raw, document_type="RegularOrder", branch=branch)

    def _entered(self, resource: Resource, name: str) -> dict[str, Any]:
        """The fields of a new document of today that differ from the sample."""
        today = f"{self.clock.now():%Y-%m-%d}T00:00:00"
        if resource is Resource.PURCHASE_ORDERS:
            return {"orderNbr": name, "date": today}
        dated = "date" if resource is Resource.SUPPLIER_INVOICES else "documentDate"
        return {"referenceNumber": name, dated: today, "createdDateTime": self.erp.text_of(self.clock.now())}

    def flow(self, **by: float) -> None:
        """Advance the clock, poll, and process the queues."""
        self.clock.forward(**(by or {"minutes": 10}))
        self.poller().poll_all(self.routing.load().companies.values(), StepDeadline())
        self.work()

    def work(self) -> None:
        """Process the queues, and let Orderful deliver."""
        translator, deliverer = self.translator(), self.deliverer()
        for message in self.outbox.queued_documents:
            translator.handle(message)
        self.outbox.queued_documents.clear()
        for message in self.outbox.queued_deliveries:
            deliverer.handle(message)
        self.outbox.queued_deliveries.clear()
        for one in self.orderful.transactions if self.tracks else ():
            if one.validation_status == "PROCESSING":
                self.orderful.update_status(one.transaction_id, validation_status="VALID", delivery_status="DELIVERED")
        if self.tracks:
            self.tracker().run()

    def current(self, key: DocumentKey) -> Revision:
        """The current revision."""
        found = current_revision(self.ledger.revisions(key))
        assert found is not None, f"{key} is not on record"
        return found

    def transaction_of(self, key: DocumentKey) -> str:
        """The id of the newest transaction of a document."""
        sent = next(one for one in self.ledger.revisions(key) if one.transaction_id)
        assert sent.transaction_id
        return sent.transaction_id

    def forget(self, key: DocumentKey, *, owners: bool = True, sequence: int | None = None) -> None:
        """Delete all revisions of a document from the ledger, or one."""
        for of, number in [*self.ledger.rows]:
            if of == key and sequence in {None, number}:
                row = self.ledger.rows.pop((of, number))
                for name in (row.transaction_id, row.listed_as):
                    if owners and name:
                        self.ledger.owned.pop(name, None)

    def change_message(self, transaction_id: str, change: Any) -> None:
        """Change the transaction set that Orderful stores."""
        filed = next(one for one in self.orderful.filed if one.transaction.transaction_id == transaction_id)
        message = copy.deepcopy(filed.message)
        change(message["transactionSets"][0])
        filed.message = message

    def change_listed(self, transaction_id: str, **changes: Any) -> None:
        """Change a transaction in Orderful's list."""
        filed = next(one for one in self.orderful.filed if one.transaction.transaction_id == transaction_id)
        filed.transaction = replace(filed.transaction, **changes)

    def reconciler(self, **changes: Any) -> Reconciler:
        """The use case."""
        return Reconciler(
            **{
                "lists": self.lists,
                "orderful": self.listed,
                "ledger": self.ledger,
                "records": self.changes,
                "outbox": self.outbox,
                "routing": self.routing.load(),
                "stream": Stream.TEST,
                "book": self.book,
                "clock": self.clock,
                "deadline": StepDeadline(),
                **changes,
            }
        )

    def begin(self, *, days: int = 14, **changes: Any) -> tuple[Reconciler, Progress]:
        """A run over the last days."""
        reconciler = self.reconciler(**changes)
        now: datetime = self.clock.now()
        return reconciler, reconciler.begin(now - timedelta(days=days), now)

    def reconcile(self, **changes: Any) -> list[Finding]:
        """The findings of one run."""
        reconciler, progress = self.begin(**changes)
        done = reconciler.go_on(progress)
        assert done.is_done
        assert done.problems == ()
        return sorted(self.book.findings(), key=lambda one: (one.category, one.subject))


def lines(quantity: int = 100) -> list[dict[str, Any]]:
    """Lines of an order whose units and items are mapped."""
    return [an_order_line(1, orderQty=quantity), an_order_line(2, orderQty=quantity + 1, uom="KG")]


def in_short(findings: list[Finding]) -> set[tuple[str, str]]:
    """Category, and document or else transaction, of each finding."""
    return {(one.category.value, one.document or one.subject) for one in findings}
