"""The sandbox Orderful: creates transactions; validates, delivers and acknowledges them over time.

It has the known behaviour of Orderful: a v4 create answers 202 also for an invalid document, a v3 create answers 201
and validates later, duplicates are accepted, an unknown query parameter is a 400, lists are newest first with 100 rows
per page, a 429 is HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response as FlaskResponse
from flask import g, request
from werkzeug.exceptions import Forbidden, HTTPException

from testkit.orderful.create import Posted, read_v3, read_v4
from testkit.orderful.inbound import Inbound
from testkit.orderful.inbound_routes import add_inbound_api, add_inbound_controls
from testkit.orderful.lists import Page, cursor, page_of, position_of
from testkit.orderful.mosaic import Problem
from testkit.orderful.network import Account, Network, Relationship
from testkit.orderful.push import Pushes
from testkit.orderful.routes import add_api, add_controls, check_version
from testkit.orderful.store import ArgumentError, Pace, Transaction, Transactions
from testkit.sandbox.faults import Answer
from testkit.sandbox.server import Sandbox, json_response

API_KEY: Final = "sandbox-orderful-key"
FIRST_ID: Final = 802_210_970
OUTGOING: Final = ("850_PURCHASE_ORDER", "810_INVOICE", "860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED")
INCOMING: Final = ("860_PURCHASE_ORDER_CHANGE_REQUEST_BUYER_INITIATED",)


class OrderfulSandbox(Sandbox):
    """An Orderful in memory.

    Attributes:
        api_key: The API key.
        network: Accounts and relationships.
        pace: The delays of status changes.
        page_order: The order of rows inside a page, see `set_page_order`.
        page_size: Rows per page.
        limit_per_minute: The rate limit of each endpoint.
        inbound: The inbound documents and their channels.
    """

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        own: Sequence[str] = ("NORDICFOOD", "NORDICFOODT", "Nordic Food AS"),
        partners: Sequence[Sequence[str]] = (("ACMEPRODUCE", "ACMEPRODUCET", "Acme Produce"),),
        pace: Pace | None = None,
        page_size: int = 100,
        limit_per_minute: int = 6000,
    ) -> None:
        """Build a sandbox.

        Args:
            api_key: The API key.
            own: Live id, test id and name of the organization with the key.
            partners: The same for each partner; `add_partner` creates the relationships.
            pace: The delays of status changes.
            page_size: Rows per page.
            limit_per_minute: The rate limit of each endpoint.
        """
        super().__init__("orderful")
        self.api_key = api_key
        self.page_size = page_size
        self.limit_per_minute = limit_per_minute
        self.pace = pace or Pace()
        self.page_order = "newest_first"
        self.network = Network()
        self._transactions = Transactions(first_id=FIRST_ID)
        self._windows: dict[str, tuple[datetime, int]] = {}
        self._pushes = Pushes()
        self.inbound = Inbound(
            network=self.network,
            transactions=self._transactions,
            clock=self.clock,
            lock=self.lock,
            pushes=self._pushes,
            base=lambda: self._base,
        )
        self.add_account(*own)
        for partner in partners:
            self.add_partner(*partner)
        add_api(self, self.app)
        add_inbound_api(self, self.app)
        add_controls(self, self.app)
        add_inbound_controls(self, self.app)

    def stop(self) -> None:
        """Stop listening and pushing."""
        self._pushes.cancel()
        super().stop()

    # -- the network

    @property
    def organization(self) -> Account:
        """The first account of the organization with the key."""
        return next(account for account in self.network.accounts if account.own)

    def add_account(self, live: str, test: str | None = None, name: str = "Nordic Food AS") -> Account:
        """Add an EDI account to the organization with the key."""
        with self.lock:
            return self.network.add_account(live, test, name, own=True)

    def add_partner(
        self,
        live: str,
        test: str | None = None,
        name: str | None = None,
        *,
        outgoing: Sequence[str] = OUTGOING,
        incoming: Sequence[str] = INCOMING,
        **terms: Any,
    ) -> Account:
        """Add a partner with relationships to every own account; `terms` as in `set_relationship`."""
        with self.lock:
            partner = self.network.add_account(live, test, name or live, own=False)
            for account in [one for one in self.network.accounts if one.own]:
                for kind in outgoing:
                    self.set_relationship(account.live, live, kind, **terms)
                for kind in incoming:
                    self.set_relationship(live, account.live, kind, **terms)
            return partner

    def set_relationship(self, sender: str, receiver: str, transaction_type: str, **terms: Any) -> Relationship:
        """Create or change a relationship.

        Args:
            sender: Live or test ISA id.
            receiver: Live or test ISA id.
            transaction_type: The type in relationships.
            terms: `status`, `auto_send`, `delivery`, `acknowledgment`, `errors` of `Relationship`.

        Raises:
            ValueError: an account or a term is unknown.
        """
        with self.lock:
            ours, theirs = self.network.named(sender), self.network.named(receiver)
            found = self.network.relationship(ours, theirs, transaction_type)
            known = {one.name for one in fields(Relationship)} - {"number", "sender", "receiver", "transaction_type"}
            if set(terms) - known:
                raise ValueError(f"A relationship has no {', '.join(sorted(set(terms) - known))}.")
            if found is None:
                number = 9001 + len(self.network.relationships)
                found = Relationship(number, ours, theirs, transaction_type, self.clock.now(), **terms)
                self.network.relationships.append(found)
            else:
                # Transactions refer to their relationship, so it is changed in place; `replace` checks the terms.
                for name in terms:
                    setattr(found, name, getattr(replace(found, **terms), name))
            return found

    # -- transactions

    def transactions(self, business_number: str | None = None, *, direction: str = "out") -> list[dict[str, Any]]:
        """The outbound (`out`), inbound (`in`) or all (`all`) transactions, oldest first.

        Each as in the API, with the posted `request`.

        Raises:
            ValueError: there is no such direction.
        """
        if direction not in {"in", "out", "all"}:
            raise ValueError(f"The direction of transactions is in, out or all, not '{direction}'.")
        with self.lock:
            self._advance_all()
            return [
                {**one.shown(self._base), "request": one.request, "version": one.version, "invalid": one.invalid}
                for one in self._transactions.all()
                if business_number in {None, one.business_number} and direction in {"all", one.direction}
            ]

    @property
    def _base(self) -> str:
        """The base URL of links outside a request."""
        return self.url if self.listening else "http://localhost"

    def advance(
        self,
        transaction_id: str,
        *,
        validation: str | None = None,
        delivery: str | None = None,
        acknowledgment: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Set statuses; `errors` are those of a rejection (`path`, `code`, `message`).

        Raises:
            ValueError: there is no such transaction or status.
        """
        with self.lock:
            found, now = self._known(transaction_id), self.clock.now()
            wanted = {"validation": validation, "delivery": delivery, "acknowledgment": acknowledgment}
            for which, status in wanted.items():
                if status is not None:
                    found.set_status(which, status, now)
            found.errors = [dict(error) for error in errors] or found.errors

    def delete(self, transaction_id: str) -> None:
        """A person deletes one of our transactions: it is a 404 and in no list.

        Raises:
            ValueError: there is no such transaction of ours.
        """
        with self.lock:
            self._transactions.remove(self.ours(transaction_id))

    def copy(self, transaction_id: str) -> dict[str, Any]:
        """A person copies one of our transactions: the same content with another id; returns the copy.

        Raises:
            ValueError: there is no such transaction of ours.
        """
        with self.lock:
            sequence, number = self._transactions.next_number()
            copied = replace(
                self.ours(transaction_id),
                sequence=sequence,
                transaction_sets=deepcopy(self.ours(transaction_id).transaction_sets),
                id=str(number),
                v4_id=str(number),
                created_at=self.clock.now(),
            )
            self._transactions.add(copied)
            return copied.shown(self._base)

    def edit(self, transaction_id: str, transaction_sets: list[Any]) -> None:
        """A person changes the content of one of our transactions.

        Raises:
            ValueError: there is no such transaction of ours.
        """
        with self.lock:
            found = self.ours(transaction_id)
            found.transaction_sets, found.last_updated_at = transaction_sets, self.clock.now()

    def _known(self, name: str) -> Transaction:
        """A transaction by either id, with its current statuses."""
        found = self.find(name)
        if found is None:
            raise ValueError(f"The sandbox Orderful holds no transaction {name}.")
        return found

    def ours(self, name: str) -> Transaction:
        """A transaction of ours by either id, with its current statuses.

        Raises:
            ValueError: there is none, or it is a partner's.
        """
        found = self._known(name)
        if found.direction == "in":
            raise ValueError(f"Transaction {name} is a partner's: only ours can be copied, deleted or answered.")
        return found

    def set_page_order(self, page_order: str) -> None:
        """Set the order of rows inside a page; the first page always has the newest rows.

        Args:
            page_order: `newest_first` (Orderful: documentation) or `oldest_first` (Orderful: its own integration
                material).
        """
        self.page_order = page_order

    def set_pace(self, **changes: timedelta | None) -> None:
        """Change the delays of status changes; see `Pace`.

        Raises:
            ValueError: there is no such delay.
        """
        unknown = set(changes) - {one.name for one in fields(Pace)}
        if unknown:
            raise ValueError(f"The sandbox Orderful has no delay {', '.join(sorted(unknown))}.")
        with self.lock:
            self.pace = Pace(**{**asdict(self.pace), **changes})

    def _advance_all(self) -> None:
        now = self.clock.now()
        for one in self._transactions.all():
            one.move_on(now, self.pace)

    def find(self, transaction_id: str) -> Transaction | None:
        """A transaction by its id in v3 or v4, with its current statuses."""
        found = self._transactions.find(transaction_id)
        if found is not None:
            found.move_on(self.clock.now(), self.pace)
        return found

    # -- errors

    def throttled(self, retry_after: int | str | None) -> Answer:
        """Orderful's 429: HTML."""
        answer = Answer.of_html(429, "429 Too Many Requests")
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        answer.headers.extend(_limit_headers(self.limit_per_minute, 0, retry_after or 0))
        return answer

    def error_page(self, error: HTTPException) -> FlaskResponse:
        """Orderful's answer to an unknown path."""
        return json_response({"message": error.description, "statusCode": error.code}, error.code or 500)

    # -- one request to the API

    def admit(self) -> FlaskResponse | None:
        """Check the API key and the rate limit; None accepts the request."""
        key = request.headers.get("orderful-api-key")
        if key != self.api_key:
            words = "key undefined" if not key else "this key"
            return json_response({"message": f"Application with {words} not found", "statusCode": 401}, 401)
        endpoint = f"{request.method} {request.url_rule.rule if request.url_rule else request.path}"
        limit, now = self.limit_per_minute, self.clock.now()
        started, used = self._windows.get(endpoint, (now, 0))
        if now - started >= timedelta(minutes=1):
            started, used = now, 0
        reset = int((started + timedelta(minutes=1) - now).total_seconds())
        if used >= limit:
            answer = self.throttled(reset)
            return FlaskResponse(answer.body, answer.status, answer.headers.to_wsgi_list())
        self._windows[endpoint] = started, used + 1
        g.limit = _limit_headers(limit, limit - used - 1, reset)
        return None

    def create_v4(self) -> FlaskResponse:
        """`POST /transactions`: 202, also for an invalid document."""
        check_version()
        posted = read_v4(request.get_json(silent=True))
        transaction = self._file(posted)
        if not posted.problems:
            return json_response({"id": transaction.v4_id, "status": "ACCEPTED", "detail": ""}, 202)
        errors = [
            {"payloadPaths": [one.path], "errorMessage": one.text, "outputPath": one.segment} for one in posted.problems
        ]
        failed = {
            "id": transaction.v4_id,
            "status": "FAILED",
            "detail": "Validation failed",
            "validationErrors": errors,
        }
        return json_response(failed, 202)

    def create_v3(self) -> FlaskResponse:
        """`POST /v3/transactions`: 201; validation follows."""
        posted = read_v3(request.get_json(silent=True))
        return json_response({"id": self._file(posted).id}, 201)

    def _file(self, posted: Posted) -> Transaction:
        """Store a transaction, if it has a relationship and the key may send it."""
        relationship = self.network.resolve(posted.sender, posted.receiver, posted.transaction_type, posted.stream)
        if isinstance(relationship, str):
            raise ArgumentError(("relationship", relationship))
        # On the test stream only, the receiver may send itself a document of a partner.
        if not relationship.sender.own and not (posted.stream == "TEST" and relationship.receiver.own):
            raise Forbidden("Insufficient permissions")
        sequence, number = self._transactions.next_number()
        transaction = Transaction(
            sequence=sequence,
            id=str(number),
            v4_id=str(number),
            request=posted.request,
            version=posted.version,
            transaction_type=posted.transaction_type,
            stream=posted.stream,
            sender=posted.sender,
            receiver=posted.receiver,
            business_number=posted.business_number,
            relationship=relationship,
            created_at=_milliseconds(self.clock.now()),
            invalid=[_validation(problem) for problem in posted.problems],
            transaction_sets=posted.transaction_sets,
        )
        if posted.version == "v4":
            transaction.set_status("validation", "INVALID" if posted.problems else "VALID", transaction.created_at)
        self._transactions.add(transaction)
        return transaction

    def page(self, parameters: Mapping[str, list[str]]) -> Page:
        """One page of transactions; raises `ArgumentError`."""
        self._advance_all()
        all_of_them = self._transactions.all()
        page = page_of(all_of_them, parameters, now=self.clock.now(), pace=self.pace, page_size=self.page_size)
        return replace(page, rows=page.rows[::-1]) if self.page_order == "oldest_first" else page

    def relationships_page(
        self, parameters: Mapping[str, list[str]]
    ) -> tuple[list[Relationship], str | None, str | None]:
        """One page of relationships, oldest first; raises `ArgumentError`."""
        unknown = set(parameters) - {"limit", "autoSend", "nextCursor", "prevCursor"}
        if unknown:
            raise ArgumentError(*((name, f"property {name} should not exist") for name in sorted(unknown)))
        limit = parameters.get("limit", ["100"])[0]
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            raise ArgumentError(("limit", "limit must not be greater than 100"))
        auto_send = parameters.get("autoSend", [None])[0]
        found = [one for one in self.network.relationships if auto_send in {None, one.auto_send}]
        if "prevCursor" in parameters:
            before = position_of(parameters["prevCursor"][0], "prevCursor")
            rows = [one for one in found if one.number < before][-int(limit) :]
        else:
            after = position_of(parameters["nextCursor"][0], "nextCursor") if "nextCursor" in parameters else 0
            rows = [one for one in found if one.number > after][: int(limit)]
        if not rows:
            return [], None, None
        following = cursor(rows[-1].number) if found[-1].number > rows[-1].number else None
        preceding = cursor(rows[0].number) if found[0].number < rows[0].number else None
        return rows, following, preceding


def _validation(problem: Problem) -> dict[str, Any]:
    """An element of `/v2/transactions/{id}/validations`."""
    return {
        "dataPath": problem.path,
        "dataPathDescription": problem.segment,
        "message": problem.text,
        "allowedValues": [],
        "grouping": "",
        "validationErrorType": "SCHEMA",
    }


def _milliseconds(at: datetime) -> datetime:
    """A time with Orderful's precision."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _limit_headers(limit: int, remaining: int, reset: int | str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }
