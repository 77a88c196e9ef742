"""The routes of the sandbox Orderful: the API, and the control routes (`/_sandbox/...`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, g, request
from flask import Response as FlaskResponse

from testkit.orderful.inbound_shapes import v4_transaction
from testkit.orderful.network import stamp
from testkit.orderful.store import ArgumentError, Transaction
from testkit.sandbox.server import CONTROL_PREFIX, json_response

if TYPE_CHECKING:
    from testkit.orderful.sandbox import OrderfulSandbox


def add_api(sandbox: OrderfulSandbox, app: Flask) -> None:
    """Orderful's API."""
    app.register_error_handler(ArgumentError, _argument_error)

    @app.before_request
    def admit() -> FlaskResponse | None:
        open_to_all = request.path.startswith(CONTROL_PREFIX) or not request.url_rule
        return None if open_to_all else sandbox.admit()

    @app.after_request
    def show_limit(response: FlaskResponse) -> FlaskResponse:
        response.headers.extend(g.get("limit", {}))
        return response

    @app.post("/transactions")
    def create_v4() -> FlaskResponse:
        return sandbox.create_v4()

    @app.post("/v3/transactions")
    def create_v3() -> FlaskResponse:
        return sandbox.create_v3()

    @app.get("/v3/transactions")
    def list_transactions() -> FlaskResponse:
        parameters = request.args.to_dict(flat=False)
        page = sandbox.page(parameters)
        rows = [one.shown(base_url()) for one in page.rows]
        return list_page(rows, parameters, page.following, page.preceding)

    _add_reading(sandbox, app)

    @app.get("/v3/organizations/me")
    def organization() -> FlaskResponse:
        accounts = [
            {"id": str(one.number), "name": one.name, "liveIsaId": one.live, "testIsaId": one.test}
            for one in sandbox.network.accounts
            if one.own
        ]
        own = sandbox.organization
        return json_response({"id": str(own.number), "name": own.name, "ediAccounts": accounts})

    @app.get("/v3/relationships")
    def list_relationships() -> FlaskResponse:
        parameters = request.args.to_dict(flat=False)
        rows, following, preceding = sandbox.relationships_page(parameters)
        return list_page([one.shown() for one in rows], parameters, following, preceding)


def _add_reading(sandbox: OrderfulSandbox, app: Flask) -> None:
    """Reads of a transaction and its parts."""

    @app.get("/v3/transactions/<transaction_id>")
    def read(transaction_id: str) -> FlaskResponse:
        expand = request.args.get("expand")
        if expand not in {None, "message"}:
            raise ArgumentError(("expand", "expand must be one of message"))
        found = sandbox.find(transaction_id)
        if found is None:
            return not_found(transaction_id)
        return json_response(found.shown(base_url()) | ({"message": _message(found)} if expand else {}))

    @app.get("/v3/transactions/<transaction_id>/message")
    def read_message(transaction_id: str) -> FlaskResponse:
        found = sandbox.find(transaction_id)
        return json_response(_message(found)) if found else not_found(transaction_id)

    @app.get("/v3/transactions/<transaction_id>/acknowledgment")
    def read_acknowledgment(transaction_id: str) -> FlaskResponse:
        return _acknowledgment(sandbox.find(transaction_id), transaction_id)

    @app.get("/transactions/<transaction_id>")
    def read_v4(transaction_id: str) -> FlaskResponse:
        check_version()
        found = sandbox.find(transaction_id)
        return json_response(v4_transaction(found, base_url())) if found else not_found(transaction_id)

    @app.get("/transactions/<transaction_id>/message")
    def read_message_v4(transaction_id: str) -> FlaskResponse:
        check_version()
        found = sandbox.find(transaction_id)
        return json_response(found.request["message"]) if found else not_found(transaction_id)

    @app.get("/v2/transactions/<transaction_id>/validations")
    @app.get("/v2/organizations/<organization_id>/transactions/<transaction_id>/validations")
    def read_validations(transaction_id: str, organization_id: str | None = None) -> FlaskResponse:
        found = sandbox.find(transaction_id)
        if found is None or organization_id not in {None, str(sandbox.organization.number)}:
            return not_found(transaction_id)
        return json_response(found.invalid if found.validation_status == "INVALID" else [])


def add_controls(sandbox: OrderfulSandbox, app: Flask) -> None:
    """The control routes."""

    @app.get(f"{CONTROL_PREFIX}/transactions")
    def held() -> list[dict[str, Any]]:
        return sandbox.transactions(request.args.get("business_number"), direction=request.args.get("direction", "out"))

    @app.post(f"{CONTROL_PREFIX}/transactions/<transaction_id>/advance")
    def advance(transaction_id: str) -> tuple[str, int]:
        sandbox.advance(transaction_id, **request.get_json())
        return "", 204

    @app.delete(f"{CONTROL_PREFIX}/transactions/<transaction_id>")
    def delete(transaction_id: str) -> tuple[str, int]:
        sandbox.delete(transaction_id)
        return "", 204

    @app.post(f"{CONTROL_PREFIX}/transactions/<transaction_id>/copy")
    def copy(transaction_id: str) -> tuple[dict[str, Any], int]:
        return sandbox.copy(transaction_id), 201

    @app.put(f"{CONTROL_PREFIX}/transactions/<transaction_id>/message")
    def edit(transaction_id: str) -> tuple[str, int]:
        sandbox.edit(transaction_id, **request.get_json())
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/options")
    def set_options() -> tuple[str, int]:
        sandbox.set_page_order(**request.get_json())
        return "", 204

    @app.post(f"{CONTROL_PREFIX}/accounts")
    def add_account() -> tuple[str, int]:
        sandbox.add_account(**request.get_json())
        return "", 204

    @app.post(f"{CONTROL_PREFIX}/partners")
    def add_partner() -> tuple[str, int]:
        sandbox.add_partner(**request.get_json())
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/relationships")
    def set_relationship() -> tuple[dict[str, Any], int]:
        return sandbox.set_relationship(**request.get_json()).shown(), 200

    @app.put(f"{CONTROL_PREFIX}/pace")
    def set_pace() -> tuple[str, int]:
        body = request.get_json()
        sandbox.set_pace(**{name: None if value is None else timedelta(seconds=value) for name, value in body.items()})
        return "", 204


def base_url() -> str:
    """The base URL of links in an answer: that of the request."""
    return request.host_url.rstrip("/")


def _message(transaction: Transaction) -> dict[str, Any]:
    return {"href": f"{base_url()}/v3/transactions/{transaction.id}/message", **transaction.content()}


def list_page(
    rows: list[dict[str, Any]], parameters: Mapping[str, list[str]], following: str | None, preceding: str | None
) -> FlaskResponse:
    """A page of a list, with links to the next and previous page."""
    kept = {name: values for name, values in parameters.items() if name not in {"nextCursor", "prevCursor"}}

    def link(name: str, position: str | None) -> str | None:
        return f"{request.base_url}?{urlencode({**kept, name: [position]}, doseq=True)}" if position else None

    links = {"next": link("nextCursor", following), "prev": link("prevCursor", preceding)}
    return json_response({"metadata": {"pagination": {"links": links}}, "data": rows})


def _acknowledgment(transaction: Transaction | None, name: str) -> FlaskResponse:
    """The partner's acknowledgment; 404 without one."""
    if transaction is None or transaction.acknowledged_at is None or transaction.acknowledgment_status == "OVERDUE":
        return not_found(name)
    href = f"{base_url()}/v3/transactions/{transaction.id}"
    return json_response(
        {
            "href": f"{href}/acknowledgment",
            "createdAt": stamp(transaction.acknowledged_at),
            "status": transaction.acknowledgment_status,
            "transaction": {"href": href},
            "transactionId": transaction.id,
            "errors": transaction.errors,
        }
    )


def not_found(name: str, kind: str = "Transaction") -> FlaskResponse:
    """Orderful's 404."""
    return json_response({"message": f"{kind} {name} not found", "statusCode": 404}, 404)


def check_version() -> None:
    """Raise `ArgumentError` for a v4 request without its version header."""
    if request.headers.get("orderful-api-version") != "v4":
        raise ArgumentError(("orderful-api-version", "orderful-api-version must be v4"))


def _argument_error(error: ArgumentError) -> FlaskResponse:
    errors = [{"type": "argumentError", "ref": ref, "message": message} for ref, message in error.errors]
    body = {"type": "argumentError", "ref": "user", "message": "There were errors with your request", "errors": errors}
    return json_response(body, 400)
