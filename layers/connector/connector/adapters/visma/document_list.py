"""Visma's lists by date, creation and modification, and single documents, for reconciliation.

It shares only the HTTP session and the tokens with the client that polls, so that reconciliation finds its faults
(docs/decisions/0042).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, Gate, Http, join
from connector.adapters.visma.addresses import document_path, is_not_found
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.documents import MAX_NUMBER_LENGTH
from connector.domain.errors import ListRefused, Misconfigured, Rejected, Transient
from connector.domain.json_text import without_mark
from connector.domain.routing.route import Company
from connector.services.ports import Deadline, Resource
from connector.services.reconcile.ports import DocumentPage, ListedDocument, Looked, Question

_DATE_FILTER = {
    Resource.PURCHASE_ORDERS: "orderDate",
    Resource.SUPPLIER_INVOICES: "docDate",
    Resource.CUSTOMER_INVOICES: "documentDate",
    Resource.CUSTOMER_CREDIT_NOTES: "documentDate",
    Resource.CUSTOMER_DEBIT_NOTES: "documentDate",
}
"""The filter by the date of the document (Visma: OpenAPI of 2025)."""

# Visma: without these parameters the rows lack fields that the sent content was read with.
_EXPAND = {
    Resource.PURCHASE_ORDERS: (),
    Resource.SUPPLIER_INVOICES: ("expandNote",),
    Resource.CUSTOMER_INVOICES: ("expandTaxDetails", "expandInvoiceAddress"),
    Resource.CUSTOMER_CREDIT_NOTES: ("expandTaxDetails", "expandInvoiceAddress", "expandApplications"),
    Resource.CUSTOMER_DEBIT_NOTES: ("expandTaxDetails", "expandInvoiceAddress", "expandApplications"),
}
_rows_decoder = msgspec.json.Decoder(list[msgspec.Raw])


class _RowFields(msgspec.Struct, kw_only=True, rename="camel"):
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


_row_decoder = msgspec.json.Decoder(_RowFields, float_hook=Decimal)


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
        """Send requests to `base_url` for `company`; `gate` is None for a person's calls, which are never held."""
        self._company = company
        self._tokens = tokens
        self._base_url = base_url
        self._http = http
        self._deadline = deadline
        self._gate = gate

    def page(self, resource: Resource, question: Question, *, since: date, page: int) -> DocumentPage:
        """Read one page.

        Visma: a filter by time takes a date, with `>=` for that day or later; it is ignored without its condition.
        """
        name = {Question.CREATED: "createdDateTime", Question.MODIFIED: "lastModifiedDateTime"}.get(
            question, _DATE_FILTER[resource]
        )
        params = [
            (name, since.isoformat()),
            (f"{name}Condition", ">="),
            ("pageNumber", str(page)),
            ("pageSize", str(self._company.visma.page_size)),
            *((flag, "true") for flag in _EXPAND[resource]),
        ]
        if self._company.visma.branch:
            params.append(("branch", self._company.visma.branch))
        answer = self._answer(resource.value, params, LIST_SECONDS)
        if not answer.ok:
            raise self._refusal(answer, f"page {page} of {resource.value}")
        documents, unreadable = _documents(answer, resource)
        return DocumentPage(
            documents=documents,
            unreadable=unreadable,
            server_time=answer.server_time,
            share_left=_remaining_share(answer),
        )

    def look(self, resource: Resource, number: str, document_type: str) -> Looked:
        """Ask for one document. Visma: 404 for a number that it does not have."""
        # Visma: the type stands in the address of supplier invoices alone.
        in_address = document_type if resource is Resource.SUPPLIER_INVOICES else ""
        path = document_path(resource, number, in_address)
        answer = self._answer(path, [], READ_SECONDS)
        is_there = not is_not_found(answer)
        if is_there and not answer.ok:
            raise self._refusal(answer, path)
        head = _head_of(answer.body) if is_there else _RowFields()
        branch = _branch(head.branch) or _branch(head.branch_number)
        return Looked(is_there, branch, _text(head.last_modified_date_time), _remaining_share(answer))

    def _answer(self, path: str, params: list[tuple[str, str]], read_seconds: float) -> Answer:
        """Send a request, once more with a new token after a 401, and return the answer."""
        for is_last in (False, True):
            token = self._tokens.token(self._company, self._deadline)
            call = Call(
                "Visma",
                "GET",
                join(self._base_url, path),
                {
                    "Authorization": f"Bearer {token}",
                    "Accept": "application/json",
                    "ipp-company-id": self._company.visma.company_id,
                },
                params=params,
                read_seconds=read_seconds,
                gate=self._gate,
                secrets=(token,),
            )
            answer = self._http.ask(call, self._deadline)
            if answer.status == 401:
                self._tokens.drop(self._company, token)
            if answer.status != 401 or is_last:
                return answer
        raise AssertionError("the last answer is returned")

    def _refusal(self, answer: Answer, subject: str) -> Exception:
        failure = answer.failure(f"{subject} of company '{self._company.name}'")
        step = "Run connector doctor."
        if answer.status == 403:
            return ListRefused(failure.sentence, request_id=failure.request_id, next_step=step)
        if isinstance(failure, Rejected):
            return Misconfigured(failure.sentence, request_id=failure.request_id, next_step=step)
        return failure


def _documents(answer: Answer, resource: Resource) -> tuple[list[ListedDocument], int]:
    try:
        rows = _rows_decoder.decode(without_mark(answer.body))
    except ValueError:
        raise Transient(
            f"Visma answered {answer.status} to {resource.value} with {answer.shape()} instead of a list.",
            request_id=answer.request_id,
        ) from None
    documents: list[ListedDocument] = []
    for row in rows:
        raw = bytes(row)
        try:
            head = _row_decoder.decode(raw)
        except (ValueError, RecursionError, ArithmeticError):
            continue
        number = _text(head.order_nbr) or _text(head.reference_number)
        if number is None:
            continue
        documents.append(
            ListedDocument(
                number=number,
                document_type=_text(head.order_type) or _text(head.document_type),
                branch=_branch(head.branch) or _branch(head.branch_number),
                dated=_text(head.date) or _text(head.document_date),
                created=_text(head.created_date_time),
                modified=_text(head.last_modified_date_time),
                raw=raw,
            )
        )
    return documents, len(rows) - len(documents)


def _unwrapped(value: Any) -> Any:
    """The scalar (Visma: some answers wrap it as `{"value": x}`)."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _text(value: Any) -> str | None:
    value = _unwrapped(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if 0 < len(value) <= MAX_NUMBER_LENGTH else None


def _branch(value: Any) -> str | None:
    value = _unwrapped(value)
    return _text(value.get("number")) if isinstance(value, dict) else _text(value)


def _head_of(body: bytes) -> _RowFields:
    """The fields of a single document; none when it cannot be read."""
    try:
        return _row_decoder.decode(without_mark(body))
    except (ValueError, RecursionError, ArithmeticError):
        return _RowFields()


def _remaining_share(answer: Answer) -> float | None:
    """The share of the hourly rate limit that is left (Visma: `X-RateLimit-Limit`, `X-RateLimit-Remaining`)."""
    limit, left = (answer.headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining"))
    if not (limit.isdigit() and left.isdigit() and int(limit) > 0):
        return None
    return int(left) / int(limit)
