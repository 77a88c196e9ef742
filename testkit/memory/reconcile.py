"""Visma's and Orderful's lists in memory, for reconciliation."""

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
    Looked,
    Question,
    TransactionPage,
)
from testkit.memory.orderful import FakeInbound, FakeOrderful
from testkit.memory.visma import FakeErps
from testkit.orderful.list_rules import ListQuery
from testkit.visma.list_rules import ListKey, in_order, page_of


@dataclass(slots=True)
class MemoryDocumentLists:
    """The `DocumentLists` port over the documents of the Visma in memory, those hidden from other lists included.

    Attributes:
        page_size: Rows of a page.
        share_left: The remaining share of Visma's hourly rate limit.
        obeys: Whether filters are applied; otherwise every document is listed.
        broken: The error of a list.
        looks: The number of each document that was asked for.
        unclear: The errors of single documents, by number.
    """

    erps: FakeErps
    page_size: int = 50
    share_left: float | None = None
    obeys: bool = True
    broken: dict[Resource, ConnectorError] = field(default_factory=dict)
    calls: int = 0
    looks: list[str] = field(default_factory=list)
    unclear: dict[str, ConnectorError] = field(default_factory=dict)

    def __call__(self, company: Company, deadline: Deadline) -> _Lists:
        return _Lists(self, company)


@dataclass(slots=True)
class _Lists:
    of: MemoryDocumentLists
    company: Company

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        self.of.calls += 1
        if resource in self.of.broken:
            raise self.of.broken[resource]
        erp, own = self.of.erps.erps[self.company.name], self.company.visma.branch
        rows = []
        for document in erp.documents[resource].values():
            if own and document.branch not in {None, own}:
                continue
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
        listed = in_order(rows, "number", _key)
        return DocumentPage(
            documents=page_of(listed, page=page, page_size=None, max_page_size=self.of.page_size),
            unreadable=0,
            server_time=erp.clock.now(),
            share_left=self.of.share_left,
        )

    def look(self, resource: Resource, number: str, document_type: str) -> Looked:
        self.of.looks.append(number)
        if number in self.of.unclear:
            raise self.of.unclear[number]
        erp = self.of.erps.erps[self.company.name]
        found = {one.number: one for one in erp.documents[resource].values()}.get(number)
        modified = erp.text_of(found.modified) if found else None
        return Looked(found is not None, found.branch if found else None, modified, self.of.share_left)


def _key(row: ListedDocument) -> ListKey:
    return ListKey(row.number, datetime.fromisoformat(row.modified or ""), row.document_type)


@lru_cache(maxsize=10_000)
def _data(raw: bytes) -> Any:
    """The data of a document, cached: each page is taken from all documents."""
    return json.loads(raw)


@dataclass(slots=True)
class MemoryTransactionList:
    """The `TransactionList` port over the Orderful in memory.

    Attributes:
        page_size: Transactions per page.
    """

    orderful: FakeOrderful
    inbound: FakeInbound
    page_size: int = 20
    calls: Counter[str] = field(default_factory=Counter)
    broken: ConnectorError | None = None

    def page(
        self, since: datetime, until: datetime, *, senders: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        self._count("page")
        types = {one.value for one in TransactionType}
        found = self.orderful.listed(
            ListQuery({"sender_id": senders, "stream": {stream}, "transaction_type": types}, since, until)
        )
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
            for one in found
        ]
        return self._page_of(listed, following)

    def received(
        self, since: datetime, until: datetime, *, receivers: Sequence[str], stream: Stream, following: str | None
    ) -> TransactionPage:
        self._count("received")
        found = self.inbound.listed(ListQuery({"receiver_id": receivers, "stream": {stream}}, since, until))
        listed = [
            ListedTransaction(
                transaction_id=one.transaction_id,
                transaction_type=one.transaction_type or "",
                business_number=one.business_number,
                stream=stream.value.upper(),
                senders=frozenset(filter(None, [one.sender_id])),
                receivers=frozenset(filter(None, [one.receiver_id])),
                created_at=one.created_at,
                updated_at=None,
                validation=one.validation,
            )
            for one in found
        ]
        return self._page_of(listed, following)

    def _page_of(self, listed: Sequence[ListedTransaction], following: str | None) -> TransactionPage:
        begin = int(following or 0)
        end = begin + self.page_size
        return TransactionPage(listed[begin:end], str(end) if end < len(listed) else None)

    def exists(self, transaction_id: str) -> bool:
        self._count("exists")
        return any(transaction_id in {each.transaction.transaction_id, each.create_id} for each in self.orderful.filed)

    def content(self, transaction_id: str) -> Any | None:
        self._count("content")
        held = [each for each in self.orderful.filed if each.transaction.transaction_id == transaction_id]
        return held[0].message if held and self.orderful.shows_content else None

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        if self.broken is not None:
            raise self.broken
