"""Visma.net ERP over HTTP, bound to one company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, Http, join
from connector.adapters.visma_tokens import VismaTokens
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient
from connector.domain.json_text import mended
from connector.domain.routes import Company
from connector.services.ports import Budget, Deadline, Page, Resource, Row

# What a list must be asked for so that its rows carry VAT, the invoice address and notes (Visma: left out otherwise).
_EXPAND: dict[Resource, tuple[str, ...]] = {
    Resource.PURCHASE_ORDERS: (),
    Resource.SUPPLIER_INVOICES: ("expandNote",),
    Resource.CUSTOMER_INVOICES: ("expandTaxDetails", "expandInvoiceAddress"),
    Resource.CUSTOMER_CREDIT_NOTES: ("expandTaxDetails", "expandInvoiceAddress"),
}
# Licence missing for this company; company header missing or wrong. Visma sends them with status 400 or 500.
_WRONG_COMPANY = frozenset({"12027", "12002"})

_elements = msgspec.json.Decoder(list[msgspec.Raw])


class _Head(
    msgspec.Struct,
    rename={
        "order_number": "orderNbr",
        "reference_number": "referenceNumber",
        "order_type": "orderType",
        "document_type": "documentType",
        "modified_at": "lastModifiedDateTime",
        "branch_number": "branchNumber",
    },
):
    """The few fields of a row that polling needs; anything may be missing, null or wrapped."""

    order_number: Any = None
    reference_number: Any = None
    order_type: Any = None
    document_type: Any = None
    modified_at: Any = None
    branch: Any = None
    branch_number: Any = None
    metadata: Any = None


_head = msgspec.json.Decoder(_Head, float_hook=Decimal)


class VismaClient:
    """Visma.net ERP for one company (`Erp` port)."""

    def __init__(self, company: Company, tokens: VismaTokens, base_url: str, http: Http, deadline: Deadline) -> None:
        self._company = company
        self._tokens = tokens
        self._base_url = base_url
        self._http = http
        self._deadline = deadline

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        """Read one page of documents with `lastModifiedDateTime >= since` (text of Visma's clock).

        `>=` because Visma's own pages contradict each other on whether `>` is inclusive; repeats are the caller's to
        remove. Whether the server obeyed the filter is the caller's to check as well.

        Raises:
            Transient, Throttled: no page now; also for answers that are no list of documents.
            Misconfigured: credentials, scope, licence, company or address are wrong.
        """
        params = [
            ("lastModifiedDateTime", since),
            ("lastModifiedDateTimeCondition", ">="),
            ("pageNumber", str(page)),
            ("pageSize", str(page_size)),
            *((flag, "true") for flag in _EXPAND[resource]),
        ]
        if branch:
            params.append(("branch", branch))
        asked = f"page {page} of {resource.value}"
        try:
            answer = self._get(resource.value, params, asked, read_seconds=LIST_SECONDS)
        except Rejected as refused:
            raise Misconfigured(
                refused.sentence,
                request_id=refused.request_id,
                next_step="Check the base URL of Visma, and the company's branch in the routing file.",
            ) from None
        return _page_of(answer, asked, page_size)

    def get_json(self, path: str, params: Sequence[tuple[str, str]] = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Visma has no such resource, or refuses the question.
        """
        answer = self._get(path, params, path, read_seconds=READ_SECONDS)
        return answer.json(), answer.headers

    def _get(self, path: str, params: Sequence[tuple[str, str]], asked: str, *, read_seconds: float) -> Answer:
        answer, token = self._ask(path, params, read_seconds)
        if answer.status == 401:
            # The token may have been revoked or have run out on its way; a new one decides.
            self._tokens.drop(self._company, token)
            answer, token = self._ask(path, params, read_seconds)
        if answer.ok:
            return answer
        if answer.status in {401, 403}:
            # The next run must not inherit a token from before the approval or the correction.
            self._tokens.drop(self._company, token)
        raise self._refusal(answer, asked)

    def _ask(self, path: str, params: Sequence[tuple[str, str]], read_seconds: float) -> tuple[Answer, str]:
        token = self._tokens.token(self._company, self._deadline)
        call = Call(
            service="Visma",
            method="GET",
            url=join(self._base_url, path),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "ipp-company-id": self._company.visma.company_id,
            },
            params=params,
            read_seconds=read_seconds,
            secrets=(token,),
        )
        return self._http.ask(call, self._deadline), token

    def _refusal(self, answer: Answer, asked: str) -> ConnectorError:
        failure = answer.failure(f"{asked} of company '{self._company.name}'")
        if isinstance(failure, Throttled) and failure.retry_after is None:
            failure.retry_after = _budget(answer).reset
        next_step = None
        if answer.status == 401:
            # Visma Connect issues tokens for customer tenants as well, and the ERP then refuses each of them.
            next_step = (
                "Check visma.tenant_id in the routing file: it must be the company tenant id, not the customer tenant"
                " id (Visma Admin, Company, Edit, Configuration)."
            )
        elif answer.status == 403:
            next_step = (
                "Have the customer approve the application's scopes for this company in Visma App Store, and check the"
                " licence of the company."
            )
        elif _fault_code(answer) in _WRONG_COMPANY:
            next_step = "Check visma.company_id and visma.tenant_id in the routing file, and the company's licence."
        if next_step is None:
            return failure
        return Misconfigured(failure.sentence, request_id=failure.request_id, next_step=next_step)


def _page_of(answer: Answer, asked: str, page_size: int) -> Page:
    elements = _split(answer, asked)
    rows: list[Row] = []
    damaged: list[str] = []
    total: int | None = None
    largest: int | None = None
    for position, element in enumerate(elements, start=1):
        raw = bytes(element)
        try:
            head = _head.decode(raw)
        except (ValueError, RecursionError):
            damaged.append(f"Element {position} on {asked} is no document.")
            continue
        metadata = _bare(head.metadata)
        if isinstance(metadata, dict):
            total = _whole(metadata.get("totalCount")) if total is None else total
            largest = _whole(metadata.get("maxPageSize")) if largest is None else largest
        number = _text(head.order_number) or _text(head.reference_number)
        if number is None:
            damaged.append(f"Element {position} on {asked} has no number.")
            continue
        rows.append(
            Row(
                number=number,
                document_type=_text(head.order_type) or _text(head.document_type),
                modified_at=_text(head.modified_at),
                branch=_branch(head.branch) or _branch(head.branch_number),
                raw=raw,
            )
        )
    return Page(
        rows=rows,
        damaged=damaged,
        total=total,
        page_size=min(page_size, largest) if largest else page_size,
        server_time=answer.server_time,
        budget=_budget(answer),
    )


def _split(answer: Answer, asked: str) -> list[msgspec.Raw]:
    """The elements of a list, each as its exact bytes unless characters had to be mended."""
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    with suppress(ValueError, RecursionError):
        return _elements.decode(body)
    with suppress(ValueError, RecursionError):
        return _elements.decode(mended(body))
    raise _no_list(answer, asked)


def _no_list(answer: Answer, asked: str) -> Transient:
    try:
        data = answer.json()
    except Transient:
        what = answer.shape()
    else:
        records = isinstance(data, dict) and "records" in data
        what = "an object with 'records', a shape this list never had" if records else "JSON that is no list"
        said = answer.text()
        what += f" ({said})" if said else ""
    return Transient(f"Visma answered {answer.status} to {asked} with {what}.", request_id=answer.request_id)


def _budget(answer: Answer) -> Budget:
    reset = _whole(answer.headers.get("X-RateLimit-Reset"))
    return Budget(
        limit=_whole(answer.headers.get("X-RateLimit-Limit")),
        remaining=_whole(answer.headers.get("X-RateLimit-Remaining")),
        reset=None if reset is None else timedelta(seconds=min(reset, 10**6)),
    )


def _fault_code(answer: Answer) -> str | None:
    try:
        data = answer.json()
    except Transient:
        return None
    return _text(data.get("ExceptionFaultCode")) if isinstance(data, dict) else None


def _bare(value: Any) -> Any:
    """The scalar itself (Visma: some answers wrap scalars as `{"value": x}`)."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _text(value: Any) -> str | None:
    value = _bare(value)
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if -9 <= value.adjusted() <= 20 else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _branch(value: Any) -> str | None:
    value = _bare(value)
    return _text(value.get("number")) if isinstance(value, dict) else _text(value)


def _whole(value: Any) -> int | None:
    text = _text(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
