"""Reading transactions in v4 of the sandbox Orderful: the list, one transaction, its message and its acknowledgment.

What these calls take and answer is known from a third party's adapter and from the first part of their documentation
pages; the shape of an item is inferred from both.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.exceptions import NotFound

from testkit.orderful.inbound_shapes import SIMPLIFIED, v4_transaction
from testkit.orderful.routes import (
    DOWNLOADS,
    acknowledgment,
    base_url,
    check_version,
    list_page,
    never,
    not_found,
)
from testkit.orderful.store import ArgumentError, Transaction
from testkit.sandbox.server import json_response

if TYPE_CHECKING:
    from testkit.orderful.sandbox import OrderfulSandbox

Keep = Callable[[Transaction], bool]

_AS_IN_V3: Final = {
    "ediTransactionType": "transactionType",
    "stream": "stream",
    "businessNumber": "businessNumber",
    "validationStatus": "validationStatus",
    "deliveryStatus": "deliveryStatus",
    "acknowledgmentStatus": "acknowledgmentStatus",
    "senderId": "senderIsaId",
    "receiverId": "receiverIsaId",
    "nextCursor": "nextCursor",
    "prevCursor": "prevCursor",
}
_OWN: Final = frozenset({"direction", "simplifiedTransactionType", "createdAtStart", "createdAtEnd", "limit"})


def add_v4_reading(sandbox: OrderfulSandbox, app: Flask) -> None:
    """What v4 serves to who looks for a transaction."""

    @app.get("/transactions")
    def list_v4() -> FlaskResponse:
        _check_version(sandbox)
        parameters = request.args.to_dict(flat=False)
        page = sandbox.page_v4(*_query(parameters))
        rows = [v4_transaction(one, base_url(), sandbox.options) for one in page.rows]
        return list_page(rows, parameters, page.following, page.preceding)

    @app.get("/transactions/<transaction_id>")
    def read_v4(transaction_id: str) -> FlaskResponse:
        return json_response(v4_transaction(_found(sandbox, transaction_id), base_url(), sandbox.options))

    @app.get("/transactions/<transaction_id>/message")
    def read_message_v4(transaction_id: str) -> FlaskResponse:
        one = _found(sandbox, transaction_id)
        if not sandbox.shows_message(one):
            return not_found(transaction_id)
        if sandbox.inbound.hides_message(one.id):
            return never()
        if _documented(sandbox):
            return FlaskResponse(
                status=302, headers={"Location": f"{base_url()}{DOWNLOADS}{sandbox.offer_download(one)}"}
            )
        return json_response(one.request["message"])

    @app.get(f"{DOWNLOADS}<token>")
    def download(token: str) -> FlaskResponse:
        one = sandbox.download(token)
        return json_response(one.request["message"]) if one else FlaskResponse("<Error/>", 403, content_type="text/xml")

    @app.get("/transactions/<transaction_id>/acknowledgment")
    def read_acknowledgment_v4(transaction_id: str) -> FlaskResponse:
        return acknowledgment(_found(sandbox, transaction_id), transaction_id)


def _documented(sandbox: OrderfulSandbox) -> bool:
    return sandbox.options.v4_reading == "documented"


def _check_version(sandbox: OrderfulSandbox) -> None:
    """Refuse a request without the version header; raises `NotFound` or `ArgumentError`."""
    if _documented(sandbox) and request.headers.get("orderful-api-version") != "v4":
        raise NotFound(f"Cannot {request.method} {request.path}")
    check_version()


def _found(sandbox: OrderfulSandbox, name: str) -> Transaction:
    """The transaction that was asked for; raises `NotFound`, or `ArgumentError` where only UUIDs are taken."""
    _check_version(sandbox)
    one = sandbox.find_v4(name)
    if _documented(sandbox):
        _check_uuid(name)
    elif one is None:
        by_number = sandbox.find(name)
        one = by_number if by_number is not None and by_number.direction == "in" else None
    if one is None:
        raise NotFound(f"Transaction {name} not found")
    return one


def _check_uuid(name: str) -> None:
    try:
        uuid.UUID(name)
    except ValueError:
        raise ArgumentError(("transactionId", "transactionId must be a UUID")) from None


def _query(parameters: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[Keep], int]:
    """The query in the names of v3, what v3 has no filter for, and the rows of a page; raises `ArgumentError`."""
    unknown = [name for name in parameters if name not in _AS_IN_V3 and name not in _OWN]
    if unknown:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in unknown))
    as_in_v3 = {_AS_IN_V3[name]: values for name, values in parameters.items() if name in _AS_IN_V3}
    if "stream" in as_in_v3:
        as_in_v3["stream"] = [one.upper() if one.islower() else "" for one in as_in_v3["stream"]]
    limit = parameters.get("limit", ["100"])[0]
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise ArgumentError(("limit", "limit must be a number from 1 to 100"))
    keep: list[Keep] = []
    if "direction" in parameters:
        directions = frozenset(parameters["direction"])
        keep.append(lambda one: one.direction in directions)
    if "simplifiedTransactionType" in parameters:
        types = frozenset(parameters["simplifiedTransactionType"])
        keep.append(lambda one: SIMPLIFIED.get(one.transaction_type) in types)
    if "createdAtStart" in parameters:
        start = _time(parameters, "createdAtStart")
        keep.append(lambda one: one.created_at >= start)
    if "createdAtEnd" in parameters:
        end = _time(parameters, "createdAtEnd")
        keep.append(lambda one: one.created_at <= end)
    return as_in_v3, keep, int(limit)


def _time(parameters: dict[str, list[str]], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(parameters[name][0])
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ArgumentError((name, f"{name} must be an ISO 8601 time"))
    return found
