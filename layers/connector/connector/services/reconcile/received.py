"""Compares the transactions that partners sent us with the inbound records: which of them is not on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.documents import MAX_NUMBER_LENGTH, DocumentKey
from connector.domain.inbound import LISTED, Validation
from connector.domain.order_change.record import MAX_PROCESSING
from connector.domain.reconcile.finding import Category, Finding, state_of
from connector.domain.routing.resolve import Routing
from connector.domain.timestamps import to_the_minute
from connector.domain.transactions import Stream
from connector.edi.order_change.recognise import document_numbered
from connector.services.reconcile.documents import Window
from connector.services.reconcile.ports import InboundRecords, ListedTransaction

_NAME_AN_ORDER = ("860", "855", "865")
"""X12 numbers of the documents whose business number is that of an order; that of an 824 may be a control number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedComparison:
    """Compares the transactions that we received.

    Attributes:
        collected: Since when each document is collected for each of our ISA ids, UTC, by `collected_name`.
        is_queued: Whether what is not on record is looked up by itself.
    """

    records: InboundRecords
    routing: Routing
    stream: Stream
    window: Window
    now: datetime
    collected: Mapping[str, datetime]
    is_queued: bool

    def unrecorded(self, transactions: Sequence[ListedTransaction]) -> frozenset[str]:
        """The ids of those that should be on record and are not.

        Raises:
            Transient, Throttled, Misconfigured: the records cannot be read.
        """
        wanted = [one.transaction_id for one in transactions if self._is_wanted(one)]
        return frozenset(wanted) - self.records.recorded(wanted) if wanted else frozenset()

    def finding(self, transaction: ListedTransaction) -> Finding:
        """What is said of one that is not on record."""
        name, number = transaction.transaction_id, transaction.business_number
        document = document_numbered(transaction.transaction_type)
        company, partner = self._parties(transaction)
        is_about_order = number is not None and document in _NAME_AN_ORDER
        key = DocumentKey.of_order(company, (number or "")[:MAX_NUMBER_LENGTH]) if is_about_order else None
        at = transaction.created_at
        look_up = f"connector changes fetch {name}"
        return Finding(
            category=Category.UNRECORDED,
            company=company,
            subject=name,
            document=str(key) if key else None,
            transactions=(name,),
            sentence=(
                f"Orderful has {name}, the {document} of {partner} with number {number or 'none'}"
                f"{f', received {to_the_minute(at)}' if at else ''}. It is not on record: no push of it arrived, "
                "and the list did not show it in time."
            ),
            next_step=f"It is looked up now: connector changes show {name}; if that knows none: {look_up}"
            if self.is_queued
            else look_up,
            state=state_of(document, number),
            at=at or self.now,
            first_seen=self.now,
            last_seen=self.now,
        )

    def _is_wanted(self, transaction: ListedTransaction) -> bool:
        """Whether it should be on record by now."""
        document = document_numbered(transaction.transaction_type)
        if document not in LISTED or document not in self.routing.takes or self._is_processed(transaction):
            return False
        at, now = transaction.created_at, self.now
        since = [self.collected.get(collected_name(one, document), now) for one in transaction.receivers]
        if at is not None and at < min(since, default=now):
            return False
        return self.window.partner is None or self.window.partner in self._partners(transaction)

    def _is_processed(self, transaction: ListedTransaction) -> bool:
        """Whether Orderful still processes it, so that it is recorded later."""
        since = transaction.created_at or self.now
        return transaction.validation == Validation.PROCESSING and self.now - since < MAX_PROCESSING

    def _partners(self, transaction: ListedTransaction) -> Mapping[str, str]:
        """The partners that may have sent it, each with its company."""
        found: dict[str, str] = {}
        for sender in sorted(transaction.senders):
            found.update({partner: company for company, partner in self.routing.senders(sender, self.stream)})
        ours = {
            name
            for name, company in self.routing.companies.items()
            if company.isa_id.on(self.stream) in transaction.receivers
        }
        return {partner: company for partner, company in found.items() if company in ours}

    def _parties(self, transaction: ListedTransaction) -> tuple[str, str]:
        """The company that it is for, and a name of who sent it."""
        for partner, company in self._partners(transaction).items():
            return company, partner
        company = next(
            name
            for name, company in self.routing.companies.items()
            if company.isa_id.on(self.stream) in transaction.receivers
        )
        return company, "/".join(sorted(transaction.senders)) or "somebody"


def collected_name(receiver: str, document: str) -> str:
    """The name of a beginning: a document that is collected for one of our ISA ids. No company has such a name."""
    return f"#{receiver} {document}"
