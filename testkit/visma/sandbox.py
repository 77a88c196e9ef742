"""The sandbox Visma.net: token service, lists, single documents, the PUT of purchase orders.

It has the known behaviour of Visma: pages are silently capped, unknown parameters are ignored, a time without its
operator is ignored, a wrong company is an empty list with status 200, lists have no ETag, a stale `If-Match` is a 412
without a body, statuses refuse changes with 400.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from flask import Response as FlaskResponse
from flask import g, request
from werkzeug.exceptions import HTTPException

from testkit.sandbox.faults import Answer
from testkit.sandbox.server import Sandbox, json_bytes, json_response
from testkit.visma.activity import Activity
from testkit.visma.connect import Grant, SandboxCompany, TokenService
from testkit.visma.controls import add_controls
from testkit.visma.generator import Recipe, generate
from testkit.visma.headers import budget_headers, decoded, matches
from testkit.visma.options import VismaOptions
from testkit.visma.orders import entered, updated
from testkit.visma.resources import Document, Resource, resource_named
from testkit.visma.routes import add_api
from testkit.visma.store import Row, Store

CLIENT_ID: Final = "isv_sandbox"
CLIENT_SECRET: Final = "sandbox-secret"


@dataclass(slots=True)
class _Window:
    started: datetime
    used: int = 0


class VismaSandbox(Sandbox):
    """A Visma.net in memory.

    Attributes:
        companies: Company number -> company.
        options: The options; change them with `set_options`.
        connect: The token service.
        activity: Bulk changes of documents.
    """

    def __init__(
        self,
        *companies: SandboxCompany,
        options: VismaOptions | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        """Build a sandbox; the default is one company.

        Args:
            companies: The companies.
            options: The options.
            clients: Client id -> secret of the applications.
        """
        super().__init__("visma")
        self.companies = {company.company_id: company for company in companies or (SandboxCompany(),)}
        self.options = options or VismaOptions()
        self.connect = TokenService(self.clock, dict(clients or {CLIENT_ID: CLIENT_SECRET}))
        self.activity = Activity(self)
        self._request_ids = count(1)
        self._store = Store(self.clock, self.options)
        self._windows: dict[tuple[str, str], _Window] = {}
        self._edits: dict[tuple[str, str], deque[Document]] = {}
        self._describe_companies()
        add_api(self, self.app)
        add_controls(self, self.app)

    def set_options(self, **changes: Any) -> None:
        """Change some of the `VismaOptions`; documents keep the local time of their stamps.

        Raises:
            ValueError: an option is unknown.
        """
        unknown = set(changes) - {option.name for option in fields(VismaOptions)}
        if unknown:
            raise ValueError(f"The sandbox Visma has no option {', '.join(sorted(unknown))}.")
        with self.lock:
            self.options = self._store.options = replace(self.options, **changes)

    def set_companies(self, *companies: SandboxCompany) -> None:
        """Replace the companies; documents of the former companies are not served."""
        with self.lock:
            self.companies = {company.company_id: company for company in companies}
            self._describe_companies()

    def _describe_companies(self) -> None:
        for company in self.companies.values():
            organization = {"organizationCd": company.company_id, "name": company.name, "baseCurrency": "NOK"}
            self.put_document("organization", organization, company=company.company_id)
            for position, number in enumerate(company.branches, 1):
                branch = {"branchId": position, "number": number, "name": company.name, "isActive": True}
                branch |= {"isMainBranch": position == 1, "organizationId": 1}
                self.put_document("branch", branch, company=company.company_id)

    # -- documents

    def put_document(
        self,
        kind: str,
        document: Document,
        *,
        company: str | None = None,
        at: datetime | None = None,
    ) -> Document:
        """Create or replace a document; sets `lastModifiedDateTime` and `timeStamp`.

        A new document of a list with `createdDateTime` gets that stamp too; the lines of a new order get default dates
        (see `orders.entered`).

        Args:
            kind: `purchaseorder`, `supplierInvoice`, `customerinvoice`, `customerCreditNote`, `supplier` ...
            document: The JSON object.
            company: Company number; None for the first company.
            at: The time of the stamps; None for now.

        Returns:
            The document as stored.

        Raises:
            ValueError: the kind is unknown or the number is missing.
        """
        with self.lock:
            company, resource = self._company(company), resource_named(kind)
            known = self._store.find(
                company, resource, str(document.get(resource.number)), document.get("documentType")
            )
            if resource.name == "purchaseorder" and not known:
                document = entered(document)
            return self._store.put(company, resource, document, at=at).document

    def edit_document(
        self,
        kind: str,
        number: str,
        changes: Document | None = None,
        *,
        company: str | None = None,
        document_type: str | None = None,
    ) -> Document:
        """Replace some fields of a document; without `changes` only its stamps change.

        Raises:
            ValueError: there is no such document.
        """
        with self.lock:
            row = self.row(kind, number, company, document_type)
            document = {**row.document, **(changes or {})}
            return self.put_document(kind, document, company=company)

    def edit_order(
        self,
        number: str,
        update: Document,
        *,
        company: str | None = None,
        before_put: bool = False,
    ) -> None:
        """A user changes a purchase order.

        Args:
            number: The order.
            update: The change, as the body of a PUT; totals are recalculated.
            company: Company number; None for the first company.
            before_put: Whether to apply it immediately before the next PUT of the order instead of now. Several such
                edits are applied one before each PUT, so that each `If-Match` is stale.

        Raises:
            ValueError: there is no such order.
            BadRequest: the order does not allow the change.
        """
        with self.lock:
            company = self._company(company)
            edited = self._edited(self.row("purchaseorder", number, company), update, company)
            if before_put:
                self._edits.setdefault((company, number), deque()).append(update)
            else:
                resource = resource_named("purchaseorder")
                self._store.put(company, resource, edited[0], last_line=edited[1])

    def _edited(self, row: Row, update: Any, company: str) -> tuple[Document, int]:
        """An order after an update, and its highest line number; a new supplier gets its name, if there is one."""
        order, last_line = updated(row.document, update, last_line=row.last_line)
        number = str((order.get("supplier") or {}).get("number"))
        known = self._store.find(company, resource_named("supplier"), number) if "supplier" in update else None
        if known:
            order["supplier"] = {name: known.document.get(name) for name in ("internalId", "number", "name")}
        return order, last_line

    def remove_document(
        self, kind: str, number: str, *, company: str | None = None, document_type: str | None = None
    ) -> None:
        """Delete a document.

        Raises:
            ValueError: there is no such document.
        """
        with self.lock:
            self.row(kind, number, company, document_type)
            self._store.remove(self._company(company), resource_named(kind), number, document_type)

    def document(
        self, kind: str, number: str, *, company: str | None = None, document_type: str | None = None
    ) -> Document:
        """A document.

        Raises:
            ValueError: there is no such document.
        """
        with self.lock:
            return self.row(kind, number, company, document_type).document

    def documents(self, kind: str, *, company: str | None = None) -> list[Document]:
        """All documents of a kind, in the order of lists."""
        return [row.document for row in self.rows(kind, company)]

    def rows(self, kind: str, company: str | None = None) -> list[Row]:
        """All rows of a kind, in the order of lists."""
        with self.lock:
            return self._store.rows(self._company(company), resource_named(kind))

    def generate(self, kind: str, recipe: Recipe, *, company: str | None = None) -> list[str]:
        """Create purchase orders and return their numbers.

        Raises:
            ValueError: documents of this kind cannot be generated.
        """
        if kind.lower() != "purchaseorder":
            raise ValueError(f"The sandbox Visma generates purchase orders, no {kind}.")
        with self.lock:
            stored = [self.put_document(kind, one, company=company, at=recipe.written_at) for one in generate(recipe)]
        return [str(one["orderNbr"]) for one in stored]

    def revoke_tokens(self) -> None:
        """Revoke every token."""
        with self.lock:
            self.connect.revoke_all()

    def _company(self, company: str | None) -> str:
        if company is None:
            return next(iter(self.companies))
        if company not in self.companies:
            raise ValueError(f"The sandbox Visma has no company '{company}'; it has {', '.join(self.companies)}.")
        return company

    def row(self, kind: str, number: str, company: str | None = None, document_type: str | None = None) -> Row:
        """The row of a document.

        Raises:
            ValueError: there is no such document.
        """
        row = self._store.find(self._company(company), resource_named(kind), number, document_type)
        if row is None:
            raise ValueError(f"The sandbox Visma has no {kind} {number}.")
        return row

    # -- answers

    def throttled(self, retry_after: int | str | None) -> Answer:
        """API Management's 429."""
        answer = Answer.of_json(429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again later."})
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        answer.headers.extend(budget_headers(self.options.hourly_budget, 0, retry_after or 0))
        return answer

    def always(self, _answer: Answer) -> Mapping[str, str]:
        """The request ids of Visma."""
        return {"Ipp-Request-Id": f"sandbox-{next(self._request_ids):08}", "Request-Context": "appId=cid-v1:sandbox"}

    def error_page(self, error: HTTPException) -> FlaskResponse:
        """API Management's answer to an unknown path."""
        return json_response({"statusCode": error.code, "message": error.description}, error.code or 500)

    # -- one request to the API

    def admit(self, scope: str) -> FlaskResponse | None:
        """Check token, rate limit and scope; None accepts the request. Sets `g.company`; None for a wrong company."""
        grant = self.connect.grant_of(request.headers.get("Authorization", ""))
        company = self._company_of(grant)
        if grant is None or company is None:
            return json_response(
                {"statusCode": 401, "message": "Unauthorized. Access token is missing or invalid."}, 401
            )
        spent = self._spend(grant)
        if spent is not None:
            return spent
        if scope not in grant.scopes:
            return json_response({"message": f"The scope {scope} is missing."}, 403)
        named = request.headers.get("ipp-company-id")
        g.company = company.company_id if named == company.company_id else None
        return None

    def _company_of(self, grant: Grant | None) -> SandboxCompany | None:
        if grant is None:
            return None
        return next((one for one in self.companies.values() if one.tenant_id == grant.tenant_id), None)

    def _spend(self, grant: Grant) -> FlaskResponse | None:
        """Count a request against the hourly rate limit of this company and client."""
        now, budget = self.clock.now(), self.options.hourly_budget
        window = self._windows.get((grant.tenant_id, grant.client_id))
        if window is None or now - window.started >= timedelta(hours=1):
            window = self._windows[grant.tenant_id, grant.client_id] = _Window(now)
        reset = int((window.started + timedelta(hours=1) - now).total_seconds())
        if window.used >= budget:
            answer = self.throttled(reset)
            return FlaskResponse(answer.body, answer.status, answer.headers.to_wsgi_list())
        window.used += 1
        g.budget = budget_headers(budget, budget - window.used, reset)
        return None

    def list_page(self, resource: Resource) -> FlaskResponse:
        """A list."""
        if g.company is None:
            return json_bytes(b"[]")
        missing = resource.unsupported & set(request.args)
        if missing:
            parameters = ", ".join(sorted(missing))
            return json_response({"message": f"The sandbox does not support the parameter {parameters}."}, 501)
        return json_bytes(self._store.page(g.company, resource, request.args.to_dict()))

    def single(self, resource: Resource, number: str, document_type: str | None = None) -> FlaskResponse:
        """One document with its ETag."""
        row = self._store.find(g.company, resource, decoded(number), document_type) if g.company else None
        if row is None:
            return json_response({"message": f"The {resource.name} {number} was not found."}, 404)
        response = json_bytes(row.text(resource.hidden(request.args, resource.single_parameters)))
        if resource.row_version:
            response.headers["ETag"] = f'"{row.document["timeStamp"]}"'
        return response

    def update_order(self, number: str) -> FlaskResponse:
        """The PUT of a purchase order."""
        resource = resource_named("purchaseorder")
        if waiting := self._edits.get((g.company, decoded(number))):
            self.edit_order(decoded(number), waiting.popleft(), company=g.company)
        row = self._store.find(g.company, resource, decoded(number)) if g.company else None
        if row is None:
            return json_response({"message": f"The purchase order {number} was not found."}, 404)
        wanted = request.headers.get("If-Match")
        if wanted is not None and not matches(wanted, str(row.document.get("timeStamp"))):
            return FlaskResponse(status=412)
        if not request.is_json:
            return json_response({"message": "The content type must be application/json."}, 415)
        order, last_line = self._edited(row, request.get_json(silent=True), g.company)
        row = self._store.put(g.company, resource, order, last_line=last_line)
        return FlaskResponse(status=204, headers={"ETag": f'"{row.document["timeStamp"]}"'})
