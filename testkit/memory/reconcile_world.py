"""A stack in memory with some days of documents, and its reconciliation."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reconcile.finding import Finding
from connector.domain.revision.record import Revision, current_revision
from connector.domain.transactions import Stream
from connector.services.ports import Resource
from connector.services.reconcile.ports import Progress
from connector.services.reconcile.run import Reconciler
from testkit.memory.connector import Connector
from testkit.memory.effects import StepDeadline
from testkit.memory.reconcile import MemoryDocumentLists, MemoryTransactionList
from testkit.memory.stores import FixedRouting
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


class World(Connector):
    """Documents are made, edited and sent as on a deployed stack; `reconcile` puts everything side by side."""

    def __init__(self, changes: dict[str, Any] | None = None) -> None:
        super().__init__(
            routing=FixedRouting(
                routing_data(
                    {"companies.nordic.go_live": "2026-10-20", "defaults.units.KRT": "case", **(changes or {})}
                )
            )
        )
        self.lists = MemoryDocumentLists(self.erps)
        self.listed = MemoryTransactionList(self.orderful)
        self.documents: dict[tuple[Resource, str], dict[str, Any]] = {}
        self._version = 1_000

    def save(self, number: object, resource: Resource = Resource.PURCHASE_ORDERS, **changes: Any) -> DocumentKey:
        """Enter a document in Visma, or edit the one that is there."""
        name = str(number)
        before = self.documents.get((resource, name))
        if before is None:
            dated = f"{self.clock.now():%Y-%m-%d}T00:00:00"
            is_order = resource is Resource.PURCHASE_ORDERS
            heads = {"orderNbr": name, "date": dated} if is_order else {"referenceNumber": name}
            if resource is Resource.SUPPLIER_INVOICES:
                heads["date"] = dated
            elif not is_order:
                heads["documentDate"] = dated
            changes = {
                **heads,
                **({} if is_order else {"createdDateTime": self.erp.text_of(self.clock.now())}),
                **changes,
            }
            document = SAMPLES[resource](**changes)
        else:
            document = {**before, **changes}
        self._version += 1
        document["timeStamp"] = row_version(self._version)
        self.documents[resource, name] = document
        document_type = document.get("orderType") or document.get("documentType")
        self.erp.save(name, resource=resource, raw=as_json(document), document_type=document_type)
        is_plain = resource is Resource.PURCHASE_ORDERS or document_type in {None, "Invoice"}
        return DocumentKey("nordic", KINDS[resource], name if is_plain else f"{document_type}:{name}")

    def flow(self, **by: float) -> None:
        """Let some minutes pass, and everything run that runs by itself."""
        self.clock.forward(**(by or {"minutes": 10}))
        self.poller().poll_all(self.routing.load().companies.values(), StepDeadline())
        self.work()

    def work(self) -> None:
        """Work the queues off, and have Orderful deliver."""
        translator, deliverer = self.translator(), self.deliverer()
        for message in self.outbox.queued_documents:
            translator.handle(message)
        self.outbox.queued_documents.clear()
        for message in self.outbox.queued_deliveries:
            deliverer.handle(message)
        self.outbox.queued_deliveries.clear()
        for one in self.orderful.transactions:
            if one.validation_status == "PROCESSING":
                self.orderful.update_status(one.transaction_id, validation_status="VALID", delivery_status="DELIVERED")
        self.tracker().run()

    def current(self, key: DocumentKey) -> Revision:
        """The revision that counts."""
        found = current_revision(self.ledger.revisions(key))
        assert found is not None, f"{key} is not on record"
        return found

    def transaction_of(self, key: DocumentKey) -> str:
        """Orderful's id of what was sent of a document at last."""
        sent = next(one for one in self.ledger.revisions(key) if one.transaction_id)
        assert sent.transaction_id
        return sent.transaction_id

    def forget(self, key: DocumentKey, *, owners: bool = True, sequence: int | None = None) -> None:
        """Take revisions out of the ledger: all of a document, or one."""
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
        """Change what Orderful lists of a transaction."""
        filed = next(one for one in self.orderful.filed if one.transaction.transaction_id == transaction_id)
        filed.transaction = replace(filed.transaction, **changes)

    def reconciler(self, **changes: Any) -> Reconciler:
        """The use case."""
        return Reconciler(
            **{
                "lists": self.lists,
                "orderful": self.listed,
                "ledger": self.ledger,
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
        """What one run finds."""
        reconciler, progress = self.begin(**changes)
        done = reconciler.go_on(progress)
        assert done.is_done
        assert done.problems == ()
        return sorted(self.book.findings(), key=lambda one: (one.category, one.subject))


def lines(quantity: int = 100) -> list[dict[str, Any]]:
    """Lines of an order whose units and items are mapped."""
    return [an_order_line(1, orderQty=quantity), an_order_line(2, orderQty=quantity + 1, uom="KG")]


def told(findings: list[Finding]) -> set[tuple[str, str]]:
    """Category and document, or transaction where no document is known."""
    return {(one.category.value, one.document or one.subject) for one in findings}
