"""The routes of the sandbox Visma: the API itself and `/_sandbox/...`, by which demo and tests steer it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, g, request
from flask import Response as FlaskResponse

from local.sandbox.server import CONTROL_PREFIX, json_response
from local.sandbox.visma_connect import SCOPES, SandboxCompany, TokenRefused
from local.sandbox.visma_filters import BadRequest
from local.sandbox.visma_generator import Recipe
from local.sandbox.visma_resources import Document, Resource, resource_named

if TYPE_CHECKING:
    from local.sandbox.visma import VismaSandbox

READ: Final = SCOPES[0]
UPDATE: Final = SCOPES[2]


def add_api(sandbox: VismaSandbox, app: Flask) -> None:
    """What Visma serves."""
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
        tenants = frozenset(one.tenant_id for one in sandbox.companies.values()) | sandbox.options.customer_tenants
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


def add_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """What only demo and tests use."""
    _add_document_controls(sandbox, app)
    _add_setting_controls(sandbox, app)


def _add_document_controls(sandbox: VismaSandbox, app: Flask) -> None:
    documents = f"{CONTROL_PREFIX}/documents"

    @app.post(documents)
    def put() -> tuple[list[Document], int]:
        body = request.get_json()
        stored = [
            sandbox.put_document(
                body["kind"],
                document,
                company=body.get("company"),
                visible_after=timedelta(seconds=body.get("visible_after_seconds", 0)),
                as_is=body.get("as_is", False),
            )
            for document in body.get("documents") or [body["document"]]
        ]
        return stored, 201

    @app.patch(documents)
    def edit() -> Document:
        body = request.get_json()
        return sandbox.edit_document(
            body["kind"],
            body["number"],
            body.get("changes"),
            company=body.get("company"),
            document_type=body.get("document_type"),
            visible_after=timedelta(seconds=body.get("visible_after_seconds", 0)),
        )

    @app.patch(f"{CONTROL_PREFIX}/orders/<number>")
    def edit_order(number: str) -> tuple[str, int]:
        body = request.get_json()
        sandbox.edit_order(
            number, body["update"], company=body.get("company"), before_put=body.get("before_put", False)
        )
        return "", 204

    @app.delete(documents)
    def remove() -> tuple[str, int]:
        body = request.get_json()
        sandbox.remove_document(
            body["kind"], body["number"], company=body.get("company"), document_type=body.get("document_type")
        )
        return "", 204

    @app.get(documents)
    def read() -> list[Document]:
        return sandbox.documents(request.args["kind"], company=request.args.get("company"))

    @app.post(f"{CONTROL_PREFIX}/generate")
    def make() -> tuple[dict[str, Any], int]:
        body = request.get_json()
        kind, company = body.pop("kind"), body.pop("company", None)
        numbers = sandbox.generate(kind, Recipe.parse(body), company=company)
        return {"count": len(numbers), "first": numbers[:1], "last": numbers[-1:]}, 201


def _add_setting_controls(sandbox: VismaSandbox, app: Flask) -> None:
    @app.post(f"{CONTROL_PREFIX}/tokens/revoke")
    def revoke() -> tuple[str, int]:
        sandbox.revoke_tokens()
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/tokens/lifetime")
    def lifetime() -> tuple[str, int]:
        sandbox.connect.lifetime = timedelta(seconds=request.get_json()["seconds"])
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/options")
    def options() -> tuple[str, int]:
        body = request.get_json()
        for name in ("refuses_update", "customer_tenants"):
            if name in body:
                body[name] = frozenset(body[name])
        sandbox.set_options(**body)
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/companies")
    def companies() -> tuple[str, int]:
        sandbox.set_companies(*(SandboxCompany.parse(company) for company in request.get_json()))
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/clients")
    def clients() -> tuple[str, int]:
        sandbox.connect.clients = dict(request.get_json())
        return "", 204
