"""Visma.net ERP over HTTP, bound to one company."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, Gate, Http, join
from connector.adapters.visma.pages import page_of, text_of
from connector.adapters.visma.tokens import VismaTokens
from connector.domain.errors import (
    Conflict,
    ConnectorError,
    ListRefused,
    Misconfigured,
    Parked,
    Rejected,
    Transient,
    UnknownOutcome,
)
from connector.domain.routing.route import Company
from connector.services.ports import Deadline, OrderAnswer, Page, Resource

# Licence missing for this company; company header missing or wrong. Visma sends them with status 400 or 500.
_WRONG_COMPANY = frozenset({"12027", "12002"})

TOKENS = 3
"""Tokens that are tried before a 401 counts as a refusal of our credentials: the present, the shared, a new one.

The first two can have been taken back while nobody used them.
"""

_LOCKED = re.compile(r"another process has (updated|added|deleted)|your changes will be lost", re.IGNORECASE)
"""What a lock collision says (Acumatica: `PXLockViolationException`, in the language of the user).

Acumatica: "Another process has updated the 'POOrder' record. Your changes will be lost."; "... has added ..."; "...
has deleted ..."; "Cannot update the record. The record ... has been marked as deleted. Your changes will be lost."
With which status Visma passes it on is not documented.
"""

_PLAIN_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,60}")


class VismaClient:
    """Visma.net ERP for one company (`Erp` and `OrderDesk` ports)."""

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
        """Speak to `base_url` for `company`.

        Args:
            company: Whose documents.
            tokens: Its access tokens.
            base_url: Without a slash at the end.
            http: The session.
            deadline: Of this invocation.
            gate: Holds all calls for this company; None for a person's calls, which are never held.
        """
        self._company = company
        self._tokens = tokens
        self._base_url = base_url
        self._http = http
        self._deadline = deadline
        self._gate = gate

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        """Read one page of documents with `lastModifiedDateTime >= since` (text of Visma's clock).

        `>=` because Visma's own pages contradict each other on whether `>` is inclusive; repeats are the caller's to
        remove. Whether the server obeyed the filter is the caller's to check as well.

        Raises:
            Transient, Throttled: no page now; also for answers that are no list of documents.
            ListRefused: 403: this list is refused to us, whatever the others are.
            Misconfigured: credentials, company or address are wrong.
        """
        params = [
            ("lastModifiedDateTime", since),
            ("lastModifiedDateTimeCondition", ">="),
            ("pageNumber", str(page)),
            ("pageSize", str(page_size)),
            *((flag, "true") for flag in resource.expand),
        ]
        if branch:
            params.append(("branch", branch))
        return self._page(resource, params, f"page {page} of {resource.value}")

    def list_in_status(self, resource: Resource, status: str, *, page: int, page_size: int) -> Page:
        """Read one page of the documents in a status, however long ago they changed.

        Visma ignores a parameter that it does not know: whether the rows are in this status is the caller's to check.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: as `list_page`.
        """
        params = [
            ("orderStatus" if resource is Resource.PURCHASE_ORDERS else "status", status),
            ("pageNumber", str(page)),
            ("pageSize", str(page_size)),
            *((flag, "true") for flag in resource.expand),
        ]
        if self._company.visma.branch:
            params.append(("branch", self._company.visma.branch))
        return self._page(resource, params, f"page {page} of {resource.value} in status {status}")

    def get_json(self, path: str, params: Sequence[tuple[str, str]] = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Visma has no such resource, or refuses the question.
        """
        answer = self._asked(
            Call("Visma", "GET", join(self._base_url, path), {}, params=params, read_seconds=READ_SECONDS)
        )
        if not answer.ok:
            raise self._refusal(answer, path)
        return answer.json(), answer.headers

    def find_document(self, resource: Resource, number: str, document_type: str = "") -> Any | None:
        """Look a document up by its number: its JSON data (numbers as `Decimal`); None when Visma has none.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Visma refuses the question.
        """
        path = document_path(resource, number, document_type)
        answer = self._asked(Call("Visma", "GET", join(self._base_url, path), {}, read_seconds=READ_SECONDS))
        if _says_none(answer):
            return None
        if not answer.ok:
            raise self._refusal(answer, path)
        return answer.json()

    def get_order(self, number: str) -> OrderAnswer | None:
        """Read one purchase order with its version; None when Visma has none of this number.

        Raises:
            Transient, Throttled, Misconfigured: as named; `Transient` too when the answer has no version, without
                which nothing may be written.
            Parked: Visma refuses to show it, for a reason of its own.
        """
        asked = f"purchase order {number}"
        path = document_path(Resource.PURCHASE_ORDERS, number)
        answer = self._asked(Call("Visma", "GET", join(self._base_url, path), {}))
        if _says_none(answer):
            return None
        if not answer.ok:
            refusal = self._refusal(answer, asked)
            if not isinstance(refusal, Rejected):
                raise refusal
            step = "Check the base URL of Visma, and look at the order there."
            if answer.status == 404:
                raise Misconfigured(refusal.sentence, request_id=refusal.request_id, next_step=step)
            raise Parked(refusal.sentence, request_id=refusal.request_id, next_step=step, code=refusal.code)
        etag = (answer.headers.get("ETag") or "").strip() or _version_in_body(answer)
        if not etag:
            raise Transient(
                f"Visma gave {asked} without an ETag, and without a timeStamp.", request_id=answer.request_id
            )
        return OrderAnswer(etag, answer.body)

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        """Write into a purchase order if it is still at version `etag`; gives the new version.

        Visma answers 204 when it has written. Another 2xx is a gateway's page, or a promise to write later.

        Raises:
            ValueError: there is no ETag (Visma: without If-Match the last writer wins, so it is never left out).
            Conflict: the order is at another version, or is being written by somebody else (412, and a 400 or 409
                that reports a lock collision); nothing was written.
            Rejected: Visma looked at the change and refused it; nothing was written.
            UnknownOutcome: no answer that says what happened: it may have been written. Read the order again.
            Transient, Throttled, Misconfigured: nothing was written.
        """
        if not etag.strip():
            raise ValueError(f"No purchase order is written without its ETag; {number} has none.")
        path, headers = order_write(number, etag)
        call = Call("Visma", "PUT", join(self._base_url, path), headers, body=body, repeatable=False)
        asked = f"the change of purchase order {number}"
        answer = self._asked(call)
        if answer.status == 204:
            return answer.headers.get("ETag") or ""
        if answer.ok:
            sentence = f"Visma answered {answer.status} to {asked}, which does not say whether it was written."
            raise UnknownOutcome(sentence, request_id=answer.request_id)
        if answer.status == 404 and _is_from_gateway(answer):
            sentence = self._refusal(answer, asked).sentence
            raise Misconfigured(sentence, request_id=answer.request_id, next_step="Check the base URL of Visma.")
        if _is_lock_collision(answer):
            raise Conflict(self._refusal(answer, asked).sentence, request_id=answer.request_id)
        refusal = self._refusal(answer, asked)
        if answer.status != 408 and (answer.status < 500 or isinstance(refusal, Misconfigured)):
            raise refusal
        raise UnknownOutcome(f"{refusal.sentence} It may have been written.", request_id=refusal.request_id)

    def _page(self, resource: Resource, params: Sequence[tuple[str, str]], asked: str) -> Page:
        call = Call("Visma", "GET", join(self._base_url, resource.value), {}, params=params, read_seconds=LIST_SECONDS)
        answer = self._asked(call)
        if answer.ok:
            return page_of(answer, asked)
        refusal = self._refusal(answer, asked)
        if answer.status == 403 and _fault_code(answer) not in _WRONG_COMPANY:
            raise ListRefused(refusal.sentence, request_id=refusal.request_id, next_step=refusal.next_step)
        if isinstance(refusal, Rejected):
            raise Misconfigured(
                refusal.sentence,
                request_id=refusal.request_id,
                next_step="Check the base URL of Visma, and the company's branch in the routing file.",
            )
        raise refusal

    def _asked(self, call: Call) -> Answer:
        """The answer to a call, whatever its status; a token that is refused is replaced."""
        for _ in range(TOKENS):
            answer, token = self._ask(call)
            if answer.status in {401, 403}:
                # Not for the next run either: the token may be from before an approval or a correction.
                self._tokens.drop(self._company, token)
            if answer.status != 401:
                break
        return answer

    def _ask(self, call: Call) -> tuple[Answer, str]:
        token = self._tokens.token(self._company, self._deadline)
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "ipp-company-id": self._company.visma.company_id,
        }
        call = replace(call, headers=headers, gate=self._gate, secrets=(token,))
        return self._http.ask(call, self._deadline), token

    def _refusal(self, answer: Answer, asked: str) -> ConnectorError:
        if answer.status == 412:
            return Conflict(f"Visma: {asked} was made on an older version.", request_id=answer.request_id)
        failure = answer.failure(f"{asked} of company '{self._company.name}'")
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


def _says_none(answer: Answer) -> bool:
    """Whether Visma says that there is no such document; not that there is no such company or address."""
    return answer.status == 404 and not _is_from_gateway(answer) and _fault_code(answer) not in _WRONG_COMPANY


def _is_from_gateway(answer: Answer) -> bool:
    """Whether a 404 is about the address, not about the order (Azure API Management, or a web server before it)."""
    try:
        data = answer.json()
    except Transient:
        return answer.shape() == "an HTML page"
    return isinstance(data, dict) and "statusCode" in data and data.get("message") == "Resource not found"


def _is_lock_collision(answer: Answer) -> bool:
    """Whether a refused write met somebody else's; a 409 without a word can mean nothing else."""
    said = answer.text()
    return answer.status in {400, 409} and (_LOCKED.search(said) is not None or (answer.status == 409 and not said))


def _version_in_body(answer: Answer) -> str:
    """The ETag that the body tells (Visma: `timeStamp` is the ETag without its quotes); empty without one."""
    try:
        data = answer.json()
    except Transient:
        return ""
    stamp = text_of(data.get("timeStamp")) if isinstance(data, dict) else None
    return f'"{stamp}"' if stamp else ""


def document_path(resource: Resource, number: str, document_type: str = "") -> str:
    """The address of a document.

    Visma: an identifier with reserved characters goes as `b64(...)`, in URL-safe base64.

    Args:
        resource: The list that it is in.
        number: Its number.
        document_type: Visma's type; supplier invoices other than plain ones are found by it.
    """
    if not _PLAIN_NUMBER.fullmatch(number):
        number = f"b64({base64.urlsafe_b64encode(number.encode()).decode().rstrip('=')})"
    return "/".join(filter(None, (resource.value, document_type, number)))


def order_write(number: str, etag: str) -> tuple[str, dict[str, str]]:
    """Path and headers of the PUT that writes an order, as it is sent and as `connector change` shows it.

    Without a version, as in a file that has none, it is shown without If-Match; such a one is never sent.
    """
    version = {"If-Match": etag} if etag else {}
    return document_path(Resource.PURCHASE_ORDERS, number), {**version, "Content-Type": "application/json"}


def _fault_code(answer: Answer) -> str | None:
    try:
        data = answer.json()
    except Transient:
        return None
    return text_of(data.get("ExceptionFaultCode")) if isinstance(data, dict) else None
