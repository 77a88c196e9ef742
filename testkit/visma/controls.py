"""The control routes of the sandbox Visma (`/_sandbox/...`), by which demo and tests steer it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from testkit.sandbox.server import CONTROL_PREFIX
from testkit.visma.activity import Selection
from testkit.visma.connect import SandboxCompany
from testkit.visma.events import Renaming
from testkit.visma.generator import Recipe
from testkit.visma.resources import Document, resource_named
from testkit.visma.situations import SITUATIONS, situation_named

if TYPE_CHECKING:
    from testkit.visma.sandbox import VismaSandbox


def add_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """What only demo and tests use."""
    _add_document_controls(sandbox, app)
    _add_activity_controls(sandbox, app)
    _add_situation_controls(sandbox, app)
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


def _add_activity_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """What happens to many documents in one call; each answers with the numbers of those that were written."""
    activity = sandbox.activity

    @app.post(f"{CONTROL_PREFIX}/touches")
    def touch() -> dict[str, Any]:
        body = request.get_json()
        selection = Selection.take(body)
        _know(body, "cause", "one_stamp", "quantities")
        if "quantities" in body:
            body["quantities"] = _quantities(body["quantities"])
        return _written(activity.touch(selection, **body))

    @app.post(f"{CONTROL_PREFIX}/edits")
    def edit_many() -> dict[str, Any]:
        body = request.get_json()
        if "update" in body:
            selection = Selection.take(body, kind="purchaseorder")
            _know(body, "update", "stamped")
            return _written(activity.edit_orders(selection, **body))
        selection = Selection.take(body)
        _know(body, "changes", "stamped")
        if "changes" not in body:
            raise ValueError("An edit needs 'changes' or, for orders, an 'update'.")
        return _written(activity.edit(selection, **body))

    @app.post(f"{CONTROL_PREFIX}/renames")
    def rename() -> dict[str, Any]:
        body = request.get_json()
        selection = Selection.take(body)
        manner = {name: body.pop(name) for name in ("open_only", "stamped") if name in body}
        try:
            renaming = Renaming(**body)
        except TypeError as error:
            raise ValueError(f"This is no renaming: {error}.") from None
        return _written(activity.rename(selection, renaming, **manner))

    @app.post(f"{CONTROL_PREFIX}/deletions")
    def delete() -> dict[str, Any]:
        body = request.get_json()
        selection = Selection.take(body)
        _know(body)
        return _written(activity.delete(selection))

    @app.put(f"{CONTROL_PREFIX}/orders/<number>/supplier")
    def correct_supplier(number: str) -> dict[str, Any]:
        supplier = request.get_json()
        company = supplier.pop("company", None)
        _know(supplier, "internalId", "number", "name")
        return _written(activity.correct_supplier(number, supplier, company=company))

    @app.post(f"{CONTROL_PREFIX}/orders/<number>/call-offs")
    def call_off(number: str) -> tuple[dict[str, Any], int]:
        body = request.get_json()
        _know(body, "number", "quantities", "header", "company")
        quantities, company = _quantities(body["quantities"]), body.get("company")
        written = activity.call_off(number, body["number"], quantities, header=body.get("header"), company=company)
        return _written(written), 201


def _add_situation_controls(sandbox: VismaSandbox, app: Flask) -> None:
    """Ready-made sample documents; see `visma_situations`."""
    situations = f"{CONTROL_PREFIX}/situations"

    @app.get(situations)
    def catalogue() -> list[dict[str, str]]:
        return [{"name": one.name, "kind": one.kind, "rule": one.rule} for one in SITUATIONS.values()]

    @app.post(situations)
    def put_situations() -> tuple[list[dict[str, str]], int]:
        body = request.get_json()
        _know(body, "names", "changes", "company")
        chosen = [situation_named(name) for name in body.get("names", SITUATIONS)]
        answer = []
        for one in chosen:
            document = one.document() | body.get("changes", {})
            stored = sandbox.put_document(one.kind, document, company=body.get("company"))
            number = stored[resource_named(one.kind).number]
            answer.append({"name": one.name, "kind": one.kind, "number": number})
        return answer, 201


def _know(body: Document, *names: str) -> None:
    """Refuse what nobody knows: a misspelt name must not widen what a call does.

    Raises:
        ValueError: the body has another name.
    """
    if unknown := set(body) - set(names):
        raise ValueError(f"This control call knows no '{min(unknown)}'.")


def _written(numbers: list[str]) -> dict[str, Any]:
    return {"count": len(numbers), "numbers": numbers}


def _quantities(by_line: Mapping[str, Any]) -> dict[int, Decimal]:
    return {int(line): Decimal(str(quantity)) for line, quantity in by_line.items()}


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
        for name in ("refuses_update", "customer_tenants", "out_of_sight"):
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
