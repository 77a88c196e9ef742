"""The control routes of the sandbox Visma (`/_sandbox/...`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, request

from testkit.sandbox.server import CONTROL_PREFIX
from testkit.visma.activity import Selection
from testkit.visma.connect import SandboxCompany
from testkit.visma.generator import Recipe
from testkit.visma.resources import Document

if TYPE_CHECKING:
    from testkit.visma.sandbox import VismaSandbox


def add_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """The control routes."""
    _add_document_controls(sandbox, app)
    _add_activity_controls(sandbox, app)
    _add_setting_controls(sandbox, app)


def _add_document_controls(sandbox: VismaSandbox, app: Flask) -> None:
    path = f"{CONTROL_PREFIX}/documents"

    @app.post(path)
    def put() -> tuple[list[Document], int]:
        body = request.get_json()
        documents = body.get("documents") or [body["document"]]
        return [sandbox.put_document(body["kind"], one, company=body.get("company")) for one in documents], 201

    @app.patch(path)
    def edit() -> Document:
        body = request.get_json()
        return sandbox.edit_document(body.pop("kind"), body.pop("number"), **body)

    @app.patch(f"{CONTROL_PREFIX}/orders/<number>")
    def edit_order(number: str) -> tuple[str, int]:
        body = request.get_json()
        sandbox.edit_order(number, body.pop("update"), **body)
        return "", 204

    @app.delete(path)
    def remove() -> tuple[str, int]:
        body = request.get_json()
        sandbox.remove_document(body.pop("kind"), body.pop("number"), **body)
        return "", 204

    @app.get(path)
    def read() -> list[Document]:
        return sandbox.documents(request.args["kind"], company=request.args.get("company"))

    @app.post(f"{CONTROL_PREFIX}/generate")
    def make() -> tuple[dict[str, Any], int]:
        body = request.get_json()
        kind, company = body.pop("kind"), body.pop("company", None)
        return _written(sandbox.generate(kind, Recipe.parse(body), company=company)), 201


def _add_activity_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """Bulk changes; each answers with the numbers of the changed documents."""
    activity = sandbox.activity

    @app.post(f"{CONTROL_PREFIX}/touches")
    def touch() -> dict[str, Any]:
        body = request.get_json()
        body.pop("cause", None)  # for readers of the log only
        return _written(activity.touch(Selection(**body)))

    @app.post(f"{CONTROL_PREFIX}/edits")
    def edit_many() -> dict[str, Any]:
        body = request.get_json()
        update = body.pop("update")
        return _written(activity.edit_orders(Selection(**body), update))

    @app.post(f"{CONTROL_PREFIX}/renames")
    def rename() -> dict[str, Any]:
        body = request.get_json()
        renaming = body.pop("field"), body.pop("id"), body.pop("text")
        return _written(activity.rename(Selection(**body), *renaming))

    @app.put(f"{CONTROL_PREFIX}/orders/<number>/supplier")
    def correct_supplier(number: str) -> dict[str, Any]:
        supplier = request.get_json()
        company = supplier.pop("company", None)
        sandbox.edit_document("purchaseorder", number, {"supplier": supplier}, company=company)
        return _written([number])


def _written(numbers: list[str]) -> dict[str, Any]:
    return {"count": len(numbers), "numbers": numbers}


def _add_setting_controls(sandbox: VismaSandbox, app: Flask) -> None:
    @app.post(f"{CONTROL_PREFIX}/tokens/revoke")
    def revoke() -> tuple[str, int]:
        sandbox.revoke_tokens()
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/options")
    def options() -> tuple[str, int]:
        sandbox.set_options(**request.get_json())
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/companies")
    def companies() -> tuple[str, int]:
        sandbox.set_companies(*(SandboxCompany.parse(company) for company in request.get_json()))
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/clients")
    def clients() -> tuple[str, int]:
        sandbox.connect.clients = dict(request.get_json())
        return "", 204
