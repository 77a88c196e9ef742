"""The Visma.net ERP client of one company."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.adapters.http import LIST_SECONDS, READ_SECONDS, Answer, Call, Gate, Http, join
from connector.adapters.visma.addresses import COMPANY_FAULTS, document_path, fault_code, is_from_gateway, is_not_found
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

MAX_TOKENS = 3
"""Tokens to try before a 401 counts as wrong credentials: the cached, the shared and a new one.

The first two may have been revoked.
"""

_LOCK_COLLISION = re.compile(r"another process has (updated|added|deleted)|your changes will be lost", re.IGNORECASE)
"""The message of a lock collision (Acumatica: `PXLockViolationException`, in the language of the user).

Acumatica: "Another process has updated the 'POOrder' record. Your changes will be lost."; "... has added ..."; "...
has deleted ..."; "Cannot update the record. The record ... has been marked as deleted. Your changes will be lost."
Visma does not document its HTTP status.
"""


class VismaClient:
    """The `Erp` and `PurchaseOrders` ports of one company."""

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
        """Send requests to `base_url` for `company`.

        Args:
            company: The company.
            tokens: The source of its access tokens.
            base_url: Without a trailing slash.
            http: The session.
            deadline: The deadline of this invocation.
            gate: Holds all calls for this company; None for a person's calls, which are never held.
        """
        self._company = company
        self._tokens = tokens
        self._base_url = base_url
        self._http = http
        self._deadline = deadline
        self._gate = gate

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        """Read one page of documents with `lastModifiedDateTime >= since` (in Visma's local time).

        `>=`, because Visma's documentation is contradictory on whether `>` is inclusive. The caller removes duplicates
        and checks that the filter was applied.

        Raises:
            Transient, Throttled: no page now; also for an answer that is no list of documents.
            ListRefused: 403; other lists may be readable.
            Misconfigured: credentials, company or base URL are wrong.
        """
        params = [
            ("lastModifiedDateTime", since),
            ("lastModifiedDateTimeCondition", ">="),
            ("pageNumber", str(page)),
            ("pageSize", str(page_size)),
            *((flag, "true") for flag in resource.declared.expand),
        ]
        if branch:
            params.append(("branch", branch))
        return self._page(resource, params, f"page {page} of {resource.value}")

    def list_in_status(self, resource: Resource, status: str, *, page: int, page_size: int) -> Page:
        """Read one page of the documents in a status, whenever they changed.

        The caller checks that the rows are in this status: Visma ignores an unknown parameter.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: as `list_page`.
        """
        params = [
            (resource.declared.status_filter, status),
            ("pageNumber", str(page)),
            ("pageSize", str(page_size)),
            *((flag, "true") for flag in resource.declared.expand),
        ]
        if self._company.visma.branch:
            params.append(("branch", self._company.visma.branch))
        return self._page(resource, params, f"page {page} of {resource.value} in status {status}")

    def get_json(self, path: str, params: Sequence[tuple[str, str]] = ()) -> tuple[Any, Mapping[str, str]]:
        """Read any resource: its JSON data (numbers as `Decimal`) and the response headers.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Visma has no such resource, or refuses the request.
        """
        answer = self._request(
            Call("Visma", "GET", join(self._base_url, path), {}, params=params, read_seconds=READ_SECONDS)
        )
        if not answer.ok:
            raise self._refusal(answer, path)
        return answer.json(), answer.headers

    def find_document(self, resource: Resource, number: str, document_type: str = "") -> Any | None:
        """Look a document up by its number: its JSON data (numbers as `Decimal`); None when Visma has none.

        Raises:
            Transient, Throttled, Misconfigured: as named.
            Rejected: Visma refuses the request.
        """
        path = document_path(resource, number, document_type)
        answer = self._request(Call("Visma", "GET", join(self._base_url, path), {}, read_seconds=READ_SECONDS))
        if is_not_found(answer):
            return None
        if not answer.ok:
            raise self._refusal(answer, path)
        return answer.json()

    def get_order(self, number: str) -> OrderAnswer | None:
        """Read one purchase order with its version; None when Visma has none of this number.

        Raises:
            Transient, Throttled, Misconfigured: as named; `Transient` also when the answer has no version, which a
                write needs.
            Parked: Visma refuses to read the order.
        """
        subject = f"purchase order {number}"
        path = document_path(Resource.PURCHASE_ORDERS, number)
        answer = self._request(Call("Visma", "GET", join(self._base_url, path), {}))
        if is_not_found(answer):
            return None
        if not answer.ok:
            refusal = self._refusal(answer, subject)
            if not isinstance(refusal, Rejected):
                raise refusal
            step = "Check the base URL of Visma, and look at the order there."
            if answer.status == 404:
                raise Misconfigured(refusal.sentence, request_id=refusal.request_id, next_step=step)
            raise Parked(refusal.sentence, request_id=refusal.request_id, next_step=step, code=refusal.code)
        etag = (answer.headers.get("ETag") or "").strip() or _version_in_body(answer)
        if not etag:
            raise Transient(
                f"Visma answered {subject} without an ETag and without a timeStamp.", request_id=answer.request_id
            )
        return OrderAnswer(etag, answer.body)

    def put_order(self, number: str, *, etag: str, body: bytes) -> str:
        """Update a purchase order if it is still at version `etag`.

        Visma answers 204 after the update. Another 2xx comes from a gateway, or accepts the update for later.

        Returns:
            The new version; empty when Visma does not give it.

        Raises:
            ValueError: `etag` is empty (Visma: without If-Match the last writer wins, so it is always sent).
            Conflict: the order has another version, or another process writes it (412, and a 400 or 409 that reports a
                lock collision); nothing was written.
            Rejected: Visma refuses the change; nothing was written.
            UnknownOutcome: the answer does not tell whether it was written. Read the order again.
            Transient, Throttled, Misconfigured: nothing was written.
        """
        if not etag.strip():
            raise ValueError(f"The update of purchase order {number} needs the ETag of the order.")
        path, headers = order_write(number, etag)
        call = Call("Visma", "PUT", join(self._base_url, path), headers, body=body, repeatable=False)
        subject = f"the change of purchase order {number}"
        answer = self._request(call)
        if answer.status == 204:
            return answer.headers.get("ETag") or ""
        if answer.ok:
            sentence = f"Visma answered {answer.status} to {subject}, which does not say whether it was written."
            raise UnknownOutcome(sentence, request_id=answer.request_id)
        if answer.status == 404 and is_from_gateway(answer):
            sentence = self._refusal(answer, subject).sentence
            raise Misconfigured(sentence, request_id=answer.request_id, next_step="Check the base URL of Visma.")
        if _is_lock_collision(answer):
            raise Conflict(self._refusal(answer, subject).sentence, request_id=answer.request_id)
        refusal = self._refusal(answer, subject)
        if answer.status != 408 and (answer.status < 500 or isinstance(refusal, Misconfigured)):
            raise refusal
        raise UnknownOutcome(f"{refusal.sentence} It may have been written.", request_id=refusal.request_id)

    def _page(self, resource: Resource, params: Sequence[tuple[str, str]], subject: str) -> Page:
        call = Call("Visma", "GET", join(self._base_url, resource.value), {}, params=params, read_seconds=LIST_SECONDS)
        answer = self._request(call)
        if answer.ok:
            return page_of(answer, subject)
        refusal = self._refusal(answer, subject)
        if answer.status == 403 and fault_code(answer) not in COMPANY_FAULTS:
            raise ListRefused(refusal.sentence, request_id=refusal.request_id, next_step=refusal.next_step)
        if isinstance(refusal, Rejected):
            raise Misconfigured(
                refusal.sentence,
                request_id=refusal.request_id,
                next_step="Check the base URL of Visma, and the company's branch in the routing file.",
            )
        raise refusal

    def _request(self, call: Call) -> Answer:
        """Send a call, with a new token after a 401, and return the answer, whatever its status."""
        for _ in range(MAX_TOKENS):
            answer, token = self._send(call)
            if answer.status in {401, 403}:
                # The token may be older than an approval of the scopes or a correction of the tenant.
                self._tokens.drop(self._company, token)
            if answer.status != 401:
                break
        return answer

    def _send(self, call: Call) -> tuple[Answer, str]:
        token = self._tokens.token(self._company, self._deadline)
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "ipp-company-id": self._company.visma.company_id,
        }
        call = replace(call, headers=headers, gate=self._gate, secrets=(token,))
        return self._http.ask(call, self._deadline), token

    def _refusal(self, answer: Answer, subject: str) -> ConnectorError:
        if answer.status == 412:
            return Conflict(f"Visma answered 412: {subject} has an older version.", request_id=answer.request_id)
        failure = answer.failure(f"{subject} of company '{self._company.name}'")
        next_step = None
        if answer.status == 401:
            # Visma Connect issues tokens for customer tenants as well; the ERP refuses them.
            next_step = (
                "Check visma.tenant_id in the routing file: it must be the company tenant id, not the customer tenant"
                " id (Visma Admin, Company, Edit, Configuration)."
            )
        elif answer.status == 403:
            next_step = (
                "Have the customer approve the application's scopes for this company in Visma App Store, and check the"
                " licence of the company."
            )
        elif fault_code(answer) in COMPANY_FAULTS:
            next_step = "Check visma.company_id and visma.tenant_id in the routing file, and the company's licence."
        if next_step is None:
            return failure
        return Misconfigured(failure.sentence, request_id=failure.request_id, next_step=next_step)


def _is_lock_collision(answer: Answer) -> bool:
    """Whether another process was writing the order; so is a 409 without a message."""
    message = answer.text()
    has_collided = _LOCK_COLLISION.search(message) is not None or (answer.status == 409 and not message)
    return answer.status in {400, 409} and has_collided


def _version_in_body(answer: Answer) -> str:
    """The ETag by the body (Visma: `timeStamp` is the ETag without its quotes); empty without one."""
    try:
        data = answer.json()
    except Transient:
        return ""
    stamp = text_of(data.get("timeStamp")) if isinstance(data, dict) else None
    return f'"{stamp}"' if stamp else ""


def order_write(number: str, etag: str) -> tuple[str, dict[str, str]]:
    """Path and headers of the PUT that updates an order, as it is sent and as `connector change` shows it.

    Without a version (a file may have none) `connector change` shows it without If-Match; it is never sent so.
    """
    version = {"If-Match": etag} if etag else {}
    return document_path(Resource.PURCHASE_ORDERS, number), {**version, "Content-Type": "application/json"}
