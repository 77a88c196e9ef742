"""The routes for inbound documents, and the control routes with which partners send them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request
from flask import Response as FlaskResponse

from testkit.orderful.answers import answer_to
from testkit.orderful.inbound_shapes import (
    bucket_item,
    inbox_item,
    v3_delivery_state,
    v4_delivery_state,
)
from testkit.orderful.incoming import DeliveryConfirmation, Incoming
from testkit.orderful.routes import base_url, check_version, not_found
from testkit.orderful.store import ArgumentError
from testkit.sandbox.server import CONTROL_PREFIX, json_response

if TYPE_CHECKING:
    from testkit.orderful.sandbox import OrderfulSandbox

DEFAULT_LIMIT: Final = 30
MAX_NOTE_LENGTH: Final = 240
_CONFIRMATIONS: Final[dict[str, DeliveryConfirmation]] = {
    "accept": "DELIVERED",
    "approve": "DELIVERED",
    "fail": "FAILED",
}


def add_inbound_api(sandbox: OrderfulSandbox, app: Flask) -> None:
    """Orderful's API for receivers of documents."""
    _add_v4(sandbox, app)

    @app.get("/v3/polling-buckets/<bucket_id>")
    def list_bucket(bucket_id: str) -> FlaskResponse:
        inbound = sandbox.inbound
        found = inbound.waiting("bucket", bucket_id, _limit())
        if found is None:
            return not_found(bucket_id, "Polling bucket")
        as_href = inbound.channels.message_as_href
        return json_response([bucket_item(one, base_url(), as_href=as_href) for one in found])

    @app.get("/v3/deliveries/<delivery_id>")
    def read_delivery(delivery_id: str) -> FlaskResponse:
        found = sandbox.inbound.delivery(delivery_id)
        return json_response(v3_delivery_state(found, base_url())) if found else not_found(delivery_id, "Delivery")

    @app.post("/v3/deliveries/<delivery_id>/approve", defaults={"verb": "approve"})
    @app.post("/v3/deliveries/<delivery_id>/fail", defaults={"verb": "fail"})
    def confirm(delivery_id: str, verb: str) -> FlaskResponse:
        return _confirmed(sandbox, sandbox.inbound.delivery(delivery_id), delivery_id, verb, note_required=False)


def _add_v4(sandbox: OrderfulSandbox, app: Flask) -> None:
    @app.get("/inboxes/<inbox_id>/transactions")
    def list_inbox(inbox_id: str) -> FlaskResponse:
        check_version()
        inbound = sandbox.inbound
        found = inbound.waiting("inbox", inbox_id, _limit())
        if found is None:
            return not_found(inbox_id, "Inbox")
        types = inbound.channels.types_in_inbox
        return json_response([inbox_item(one, base_url(), types=types) for one in found])

    @app.get("/transactions/<transaction_id>/deliveries/<delivery_id>")
    def read_delivery_v4(transaction_id: str, delivery_id: str) -> FlaskResponse:
        check_version()
        found = sandbox.inbound.delivery(delivery_id, transaction_id)
        return json_response(v4_delivery_state(found, base_url())) if found else not_found(delivery_id, "Delivery")

    @app.post("/transactions/<transaction_id>/deliveries/<delivery_id>/accept", defaults={"verb": "accept"})
    @app.post("/transactions/<transaction_id>/deliveries/<delivery_id>/fail", defaults={"verb": "fail"})
    def confirm_v4(transaction_id: str, delivery_id: str, verb: str) -> FlaskResponse:
        check_version()
        found = sandbox.inbound.delivery(delivery_id, transaction_id)
        return _confirmed(sandbox, found, delivery_id, verb, note_required=True)


def add_inbound_controls(sandbox: OrderfulSandbox, app: Flask) -> None:
    """Control routes: let partners send, and read the deliveries."""

    @app.post(f"{CONTROL_PREFIX}/inbound")
    def receive() -> tuple[dict[str, Any], int]:
        return _ids(sandbox.inbound.receive(**_document(request.get_json()))), 201

    @app.post(f"{CONTROL_PREFIX}/transactions/<transaction_id>/answers")
    def answer(transaction_id: str) -> tuple[dict[str, Any], int]:
        body = request.get_json()
        channels = {name: body.pop(name) for name in ("channels", "inbox", "bucket") if name in body}
        return _ids(sandbox.inbound.receive(**answer_to(sandbox.ours(transaction_id), **body), **channels)), 201

    @app.post(f"{CONTROL_PREFIX}/deliveries/<delivery_id>/confirm")
    def confirm_for_another(delivery_id: str) -> tuple[str, int]:
        body, found = request.get_json(), sandbox.inbound.delivery(delivery_id)
        if found is None or body.get("verb") not in _CONFIRMATIONS:
            raise ValueError(f"Nothing can be confirmed with {body} for delivery {delivery_id}.")
        sandbox.inbound.confirm(
            found, _CONFIRMATIONS[body["verb"]], None, caller=str(body.get("caller", "another reader"))
        )
        return "", 204

    @app.put(f"{CONTROL_PREFIX}/channels")
    def set_channels() -> tuple[str, int]:
        sandbox.inbound.set_channels(request.get_json())
        return "", 204

    @app.get(f"{CONTROL_PREFIX}/deliveries")
    def deliveries() -> list[dict[str, Any]]:
        return sandbox.inbound.deliveries()


def _document(body: Any) -> dict[str, Any]:
    """The arguments of `Inbound.receive`, whose `transaction_type` the route calls `type`."""
    known = {"sender", "receiver", "type", "stream", "message", "created_at", "channels", "inbox", "bucket"}
    if not isinstance(body, dict) or body.keys() - known or {"sender", "receiver", "message"} - body.keys():
        raise ValueError(f"A document needs sender, receiver and message, and knows only {', '.join(sorted(known))}.")
    if not isinstance(body["message"], dict) or not body["message"]:
        raise ValueError("A message is a Mosaic document, or an object with transactionSets.")
    arguments = {"transaction_type" if name == "type" else name: value for name, value in body.items()}
    if arguments.get("created_at") is not None:
        arguments["created_at"] = datetime.fromisoformat(str(arguments["created_at"]))
    return arguments


def _ids(one: Incoming) -> dict[str, str]:
    return {"id": one.transaction.id, "uuid": one.uuid, "deliveryId": one.delivery_id}


def _limit() -> int:
    """The parameter `limit`; all other parameters are refused."""
    unknown = sorted(request.args.keys() - {"limit"})
    if unknown:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in unknown))
    text = request.args.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ArgumentError(("limit", "limit must be a number from 1 to 100"))
    return int(text)


def _confirmed(
    sandbox: OrderfulSandbox, found: Incoming | None, delivery_id: str, verb: str, *, note_required: bool
) -> FlaskResponse:
    if found is None:
        return not_found(delivery_id, "Delivery")
    note, caller = _note(required=note_required), request.headers.get("User-Agent", "")
    if not sandbox.inbound.confirm(found, _CONFIRMATIONS[verb], note, caller=caller):
        message = f"Delivery {delivery_id} is {found.status} already"
        return json_response({"message": message, "statusCode": 409}, 409)
    response = FlaskResponse(status=200)
    response.headers.remove("Content-Type")
    return response


def _note(*, required: bool) -> str | None:
    """The note of a confirmation: required in v4, optional in v3."""
    body = request.get_json(silent=True) if request.data or required else {}
    if not isinstance(body, dict):
        raise ArgumentError(("body", "must be a JSON object"))
    wrong = sorted(body.keys() - {"note"})
    if wrong:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in wrong))
    note = body.get("note")
    if note is None and not required:
        return None
    if not isinstance(note, str) or len(note) > MAX_NOTE_LENGTH or (required and not note.strip()):
        raise ArgumentError(("note", f"note must be a string of 1 to {MAX_NOTE_LENGTH} characters"))
    return note
