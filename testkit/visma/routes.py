"""The API routes of the sandbox Visma."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Flask, g, request
from flask import Response as FlaskResponse

from testkit.sandbox.server import json_response
from testkit.visma.connect import SCOPES, TokenRefused
from testkit.visma.filters import BadRequest
from testkit.visma.resources import Resource, resource_named

if TYPE_CHECKING:
    from testkit.visma.sandbox import VismaSandbox

READ: Final = SCOPES[0]
UPDATE: Final = SCOPES[2]


def add_api(sandbox: VismaSandbox, app: Flask) -> None:
    """Visma's API."""
    app.register_error_handler(BadRequest, lambda error: json_response({"message": str(error)}, 400))

    @app.after_request
    def show_budget(response: FlaskResponse) -> FlaskResponse:
        response.headers.extend(g.get("budget", {}))
        return response

    @app.post("/connect/token")
    def token() -> FlaskResponse:
        form = request.form.to_dict()
        if request.authorization and request.authorization.type == "basic":
            form["client_id"] = request.authorization.username or ""
            form["client_secret"] = request.authorization.password or ""
        tenants = frozenset(one.tenant_id for one in sandbox.companies.values())
        try:
            return json_response(sandbox.connect.issue(form, tenants))
        except TokenRefused as error:
            return json_response({"error": str(error)}, 400)

    @app.get("/v1/<name>")
    def read_list(name: str) -> FlaskResponse:
        resource = _known(name)
        return sandbox.admit(READ) or sandbox.list_page(resource) if resource else _unknown_resource()

    @app.get("/v1/<name>/<number>")
    def read_single(name: str, number: str) -> FlaskResponse:
        resource = _known(name)
        return sandbox.admit(READ) or sandbox.single(resource, number) if resource else _unknown_resource()

    @app.get("/v1/<name>/<document_type>/<number>")
    def read_typed(name: str, document_type: str, number: str) -> FlaskResponse:
        resource = _known(name)
        if resource is None or not resource.typed:
            return _unknown_resource()
        return sandbox.admit(READ) or sandbox.single(resource, number, document_type)

    @app.put("/v1/<name>/<number>")
    def write_single(name: str, number: str) -> FlaskResponse:
        if name.lower() != "purchaseorder":
            return _unknown_resource()
        return sandbox.admit(UPDATE) or sandbox.update_order(number)


def _known(name: str) -> Resource | None:
    try:
        return resource_named(name)
    except ValueError:
        return None


def _unknown_resource() -> FlaskResponse:
    return json_response({"statusCode": 404, "message": "Resource not found"}, 404)
