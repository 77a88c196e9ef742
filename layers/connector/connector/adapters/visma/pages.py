"""Pages of Visma's lists: the exact bytes of each row, and the fields that polling needs."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from connector.adapters.http import Answer, waiting_time
from connector.domain.documents import MAX_NUMBER_LENGTH, TOO_LONG
from connector.domain.errors import Transient
from connector.domain.json_text import elements_of, repaired, without_mark
from connector.services.ports import Budget, Page, Row

_elements = msgspec.json.Decoder(list[msgspec.Raw])


class _RowFields(
    msgspec.Struct,
    kw_only=True,
    rename={
        "order_number": "orderNbr",
        "reference_number": "referenceNumber",
        "order_type": "orderType",
        "document_type": "documentType",
        "modified_at": "lastModifiedDateTime",
        "branch_number": "branchNumber",
    },
):
    """The fields of a row that polling needs; each may be missing, null or wrapped."""

    order_number: Any = None
    reference_number: Any = None
    order_type: Any = None
    document_type: Any = None
    modified_at: Any = None
    branch: Any = None
    branch_number: Any = None
    metadata: Any = None


_row_decoder = msgspec.json.Decoder(_RowFields, float_hook=Decimal)


def page_of(answer: Answer, subject: str) -> Page:
    """Read a page; a row without a usable key is described in `damaged`.

    Args:
        answer: A 2xx.
        subject: What was requested, as a noun.

    Raises:
        Transient: the answer is no list.
    """
    elements = _split(answer, subject)
    rows: list[Row] = []
    damaged: list[str] = []
    total: int | None = None
    page_limit: int | None = None
    for position, element in enumerate(elements, start=1):
        raw = bytes(element)
        try:
            head = _row_decoder.decode(raw)
        except (ValueError, RecursionError, InvalidOperation):
            damaged.append(f"Element {position} on {subject} is no document.")
            continue
        metadata = _unwrapped(head.metadata)
        if isinstance(metadata, dict):
            total = _integer(metadata.get("totalCount")) if total is None else total
            page_limit = _integer(metadata.get("maxPageSize")) if page_limit is None else page_limit
        number = text_of(head.order_number) or text_of(head.reference_number)
        if number is None:
            damaged.append(f"Element {position} on {subject} has {_why_no_key(head)}")
            continue
        rows.append(
            Row(
                number=number,
                document_type=text_of(head.order_type) or text_of(head.document_type),
                modified_at=text_of(head.modified_at),
                branch=_branch(head.branch) or _branch(head.branch_number),
                raw=raw,
            )
        )
    return Page(
        rows=rows,
        damaged=damaged,
        total=total,
        maximum=page_limit,
        server_time=answer.server_time,
        budget=budget_of(answer),
    )


def _why_no_key(head: _RowFields) -> str:
    """Why a row has no number by which it could be recorded; completes a sentence."""
    for written in map(_written, (head.order_number, head.reference_number)):
        if len(written) > MAX_NUMBER_LENGTH:
            return f"a number of {len(written)} characters ({written[:12]}...): {TOO_LONG}"
    return "no number."


def _split(answer: Answer, subject: str) -> list[msgspec.Raw]:
    """The elements of a list, each as its exact bytes, except for repaired characters."""
    body = without_mark(answer.body)
    for read in (
        _elements.decode,
        lambda body: _elements.decode(repaired(body)),
        lambda body: elements_of(repaired(body)),
    ):
        with suppress(ValueError, RecursionError):
            return read(body)
    raise _not_a_list(answer, subject)


def _not_a_list(answer: Answer, subject: str) -> Transient:
    try:
        data = answer.json()
    except Transient:
        what = answer.shape()
    else:
        has_records = isinstance(data, dict) and "records" in data
        what = "an object with 'records' instead of a list" if has_records else "JSON that is no list"
        message = answer.text()
        what += f" ({message})" if message else ""
    return Transient(f"Visma answered {answer.status} to {subject} with {what}.", request_id=answer.request_id)


def budget_of(answer: Answer) -> Budget:
    """The rate limit by the headers of an answer.

    Visma: the reset is in seconds. A time is read as well; a wait is at most `MAX_WAIT`.
    """
    return Budget(
        limit=_integer(answer.headers.get("X-RateLimit-Limit")),
        remaining=_integer(answer.headers.get("X-RateLimit-Remaining")),
        reset=waiting_time(answer.headers.get("X-RateLimit-Reset"), at=answer.server_time),
    )


def _unwrapped(value: Any) -> Any:
    """The scalar (Visma: some answers wrap scalars as `{"value": x}`)."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def text_of(value: Any) -> str | None:
    """A text or number as text, wrapped or not; None for any other value, and for one that is too long for a key."""
    written = _written(value)
    return written if 0 < len(written) <= MAX_NUMBER_LENGTH else None


def _written(value: Any) -> str:
    """A text or number as text, wrapped or not; empty for any other value."""
    value = _unwrapped(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if -9 <= value.adjusted() <= 20 else ""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _branch(value: Any) -> str | None:
    value = _unwrapped(value)
    return text_of(value.get("number")) if isinstance(value, dict) else text_of(value)


def _integer(value: Any) -> int | None:
    text = text_of(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
