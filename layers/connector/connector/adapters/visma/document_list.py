"""Visma's lists as reconciliation reads them: by date, creation and modification, with paging of its own.

It shares nothing with the client that polls but the HTTP session and the tokens: a fault in the one is found by the
other (docs/decisions/0042).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connector.adapters.http import LIST_SECONDS, Answer, Call, Gate, Http, join
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import ListRefused, Misconfigured, Rejected, Transient
from connector.domain.routing.route import Company
from connector.services.ports import Deadline, Resource
from connector.services.reconcile.ports import DocumentPage, ListedDocument, Question

_DATED = {
    Resource.PURCHASE_ORDERS: "orderDate",
    Resource.SUPPLIER_INVOICES: "docDate",
    Resource.CUSTOMER_INVOICES: "documentDate",
    Resource.CUSTOMER_CREDIT_NOTES: "documentDate",
    Resource.CUSTOMER_DEBIT_NOTES: "documentDate",
}
"""By what a list is filtered for the date of the document (Visma: OpenAPI of 2025)."""

# Visma: left out of the rows otherwise; the content that was sent was read with them.
_WITH = {
    Resource.PURCHASE_ORDERS: (),
    Resource.SUPPLIER_INVOICES: ("expandNote",),
    Resource.CUSTOMER_INVOICES: ("expandTaxDetails", "expandInvoiceAddress"),
    Resource.CUSTOMER_CREDIT_NOTES: ("expandTaxDetails", "expandInvoiceAddress", "expandApplications"),
    Resource.CUSTOMER_DEBIT_NOTES: ("expandTaxDetails", "expandInvoiceAddress", "expandApplications"),
}
_LONGEST = 100
_rows = msgspec.json.Decoder(list[msgspec.Raw])


class _Head(msgspec.Struct, kw_only=True, rename="camel"):
    order_nbr: Any = None
    reference_number: Any = None
    order_type: Any = None
    document_type: Any = None
    date: Any = None
    document_date: Any = None
    created_date_time: Any = None
    last_modified_date_time: Any = None
    branch: Any = None
    branch_number: Any = None


_head = msgspec.json.Decoder(_Head, float_hook=Decimal)


class VismaDocumentList:
    """The `DocumentList` port of one company."""

    def __init__(
        self,
        company: Company,
        tokens: VismaTokens,
        base_url: str,
        *,
        http: Http,
        deadline: Deadline,
        gate: Gate | None = None,
    ) -> None:
        """Speak to `base_url` for `company`; `gate` holds the calls of the stack, None a person's."""
        self._company = company
        self._tokens = tokens
        self._base_url = base_url
        self._http = http
        self._deadline = deadline
        self._gate = gate

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        """Read one page.

        Visma: a filter by time takes a day alone, which means that day or later with `>=`; without its condition it is
        ignored.
        """
        name = {Question.CREATED: "createdDateTime", Question.MODIFIED: "lastModifiedDateTime"}.get(
            question, _DATED[resource]
        )
        params = [
            (name, since.isoformat()),
            (f"{name}Condition", ">="),
            ("pageNumber", str(page)),
            ("pageSize", str(self._company.visma.page_size)),
            *((flag, "true") for flag in _WITH[resource]),
        ]
        if self._company.visma.branch:
            params.append(("branch", self._company.visma.branch))
        answer = self._answer(resource, params)
        if not answer.ok:
            raise self._refusal(answer, resource, page)
        documents, unreadable = _documents(answer, resource)
        return DocumentPage(
            documents=documents,
            unreadable=unreadable,
            server_time=answer.server_time,
            share_left=_share_left(answer),
        )

    def _answer(self, resource: Resource, params: list[tuple[str, str]]) -> Answer:
        """The answer; a token that was taken back is replaced once."""
        for is_last in (False, True):
            token = self._tokens.token(self._company, self._deadline)
            call = Call(
                "Visma",
                "GET",
                join(self._base_url, resource.value),
                {
                    "Authorization": f"Bearer {token}",
                    "Accept": "application/json",
                    "ipp-company-id": self._company.visma.company_id,
                },
                params=params,
                read_seconds=LIST_SECONDS,
                gate=self._gate,
                secrets=(token,),
            )
            answer = self._http.ask(call, self._deadline)
            if answer.status == 401:
                self._tokens.drop(self._company, token)
            if answer.status != 401 or is_last:
                return answer
        raise AssertionError("the last answer is returned")

    def _refusal(self, answer: Answer, resource: Resource, page: int) -> Exception:
        failure = answer.failure(f"page {page} of {resource.value} of company '{self._company.name}'")
        step = "Run connector doctor."
        if answer.status == 403:
            return ListRefused(failure.sentence, request_id=failure.request_id, next_step=step)
        if isinstance(failure, Rejected):
            return Misconfigured(failure.sentence, request_id=failure.request_id, next_step=step)
        return failure


def _documents(answer: Answer, resource: Resource) -> tuple[list[ListedDocument], int]:
    try:
        rows = _rows.decode(answer.body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        raise Transient(
            f"Visma answered {answer.status} to {resource.value} with {answer.shape()} instead of a list.",
            request_id=answer.request_id,
        ) from None
    documents: list[ListedDocument] = []
    for row in rows:
        raw = bytes(row)
        try:
            head = _head.decode(raw)
        except (ValueError, RecursionError, ArithmeticError):
            continue
        number = _word(head.order_nbr) or _word(head.reference_number)
        if number is None:
            continue
        documents.append(
            ListedDocument(
                number=number,
                document_type=_word(head.order_type) or _word(head.document_type),
                branch=_branch(head.branch) or _branch(head.branch_number),
                dated=_word(head.date) or _word(head.document_date),
                created=_word(head.created_date_time),
                modified=_word(head.last_modified_date_time),
                raw=raw,
            )
        )
    return documents, len(rows) - len(documents)


def _bare(value: Any) -> Any:
    """The scalar (Visma: some answers wrap it as `{"value": x}`)."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _word(value: Any) -> str | None:
    value = _bare(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if 0 < len(value) <= _LONGEST else None


def _branch(value: Any) -> str | None:
    value = _bare(value)
    return _word(value.get("number")) if isinstance(value, dict) else _word(value)


def _share_left(answer: Answer) -> float | None:
    """Visma: `X-RateLimit-Limit` and `-Remaining` count the calls of the hour; a call that is held has none."""
    limit, left = (answer.headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining"))
    if not (limit.isdigit() and left.isdigit() and int(limit) > 0):
        return None
    return int(left) / int(limit)
