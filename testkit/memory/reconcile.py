"""Visma's and Orderful's lists in memory, as reconciliation reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from connector.domain.errors import ConnectorError
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream, TransactionType
from connector.services.ports import Deadline, Resource
from connector.services.reconcile.ports import (
    DocumentPage,
    ListedDocument,
    ListedTransaction,
    Question,
    TransactionPage,
)
from testkit.memory.orderful import FakeOrderful
from testkit.memory.visma import FakeErps


@dataclass(slots=True)
class MemoryDocumentLists:
    """The `DocumentLists` port over the documents of the Visma in memory, whatever its lists by modification hide.

    Attributes:
        page_size: Rows of a page.
        share_left: What is left of Visma's hour.
        obeys: Whether the questions are answered; otherwise every document is shown.
        broken: What a list answers instead.
    """

    erps: FakeErps
    page_size: int = 50
    share_left: float | None = None
    obeys: bool = True
    broken: dict[Resource, ConnectorError] = field(default_factory=dict)
    calls: int = 0

    def __call__(self, company: Company, deadline: Deadline) -> _Lists:
        return _Lists(self, company.name)


@dataclass(slots=True)
class _Lists:
    of: MemoryDocumentLists
    company: str

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        self.of.calls += 1
        if resource in self.of.broken:
            raise self.of.broken[resource]
        erp = self.of.erps.erps[self.company]
        rows = []
        for document in erp.documents[resource].values():
            raw = erp.raw_of(document)
            data = _data(raw)
            dates = {
                Question.DATED: data.get("date") or data.get("documentDate"),
                Question.CREATED: data.get("createdDateTime"),
                Question.MODIFIED: erp.text_of(document.modified),
            }
            if not self.of.obeys or (dates[question] or "")[:10] >= since.isoformat():
                rows.append(
                    ListedDocument(
                        number=document.number,
                        document_type=document.document_type or data.get("orderType") or data.get("documentType"),
                        branch=document.branch,
                        dated=dates[Question.DATED],
                        created=dates[Question.CREATED],
                        modified=dates[Question.MODIFIED],
                        raw=raw,
                    )
                )
        rows.sort(key=lambda row: row.number)
        size = self.of.page_size
        return DocumentPage(
            documents=rows[(page - 1) * size : page * size],
            unreadable=0,
            server_time=erp.clock.now(),
            share_left=self.of.share_left,
        )


@lru_cache(maxsize=10_000)
def _data(raw: bytes) -> Any:
    """What a document says; each page is cut from all of them."""
    return json.loads(raw)


@dataclass(slots=True)
class MemoryTransactionList:
    """The `TransactionList` port over the Orderful in memory.

    Attributes:
        page_size: Transactions of a page.
    """

    orderful: FakeOrderful
    page_size: int = 20
    calls: Counter[str] = field(default_factory=Counter)
    broken: ConnectorError | None = None

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        self._count("page")
        now = self.orderful.clock.now()
        found = [
            each.transaction
            for each in self.orderful.filed
            if each.visible <= now
            and since <= each.transaction.created_at < until
            and each.transaction.sender_id in senders
            and each.transaction.stream is stream
            and each.transaction.transaction_type in {one.value for one in TransactionType}
        ]
        found.sort(key=lambda one: (one.created_at, one.transaction_id), reverse=True)
        begin = int(following or 0)
        end = begin + self.page_size
        listed = [
            ListedTransaction(
                transaction_id=one.transaction_id,
                transaction_type=one.transaction_type,
                business_number=one.business_number,
                stream=stream.value.upper(),
                senders=frozenset(filter(None, [one.sender_id])),
                receivers=frozenset(filter(None, [one.receiver_id])),
                created_at=one.created_at,
                updated_at=None,
            )
            for one in found[begin:end]
        ]
        return TransactionPage(listed, str(end) if end < len(found) else None)

    def exists(self, transaction_id: str) -> bool:
        self._count("exists")
        return any(transaction_id in {each.transaction.transaction_id, each.known_as} for each in self.orderful.filed)

    def content(self, transaction_id: str) -> Any | None:
        self._count("content")
        held = [each for each in self.orderful.filed if each.transaction.transaction_id == transaction_id]
        return held[0].message if held and self.orderful.shows_content else None

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        if self.broken is not None:
            raise self.broken
