"""Pages of Visma's lists: the exact bytes of each row, and the few fields of it that polling needs."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from connector.adapters.http import Answer, waiting_time
from connector.domain.errors import Transient
from connector.domain.json_text import elements_of, mended
from connector.services.ports import Budget, Page, Row

LONGEST_KEY = 100
"""Characters of a number or word that go into a key, a message and a cursor; no real one has so many."""

_elements = msgspec.json.Decoder(list[msgspec.Raw])


class _Head(
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
    """The few fields of a row that polling needs; anything may be missing, null or wrapped."""

    order_number: Any = None
    reference_number: Any = None
    order_type: Any = None
    document_type: Any = None
    modified_at: Any = None
    branch: Any = None
    branch_number: Any = None
    metadata: Any = None


_head = msgspec.json.Decoder(_Head, float_hook=Decimal)


def page_of(answer: Answer, asked: str) -> Page:
    """Read a page; rows without a usable key are described instead.

    Args:
        answer: A 2xx.
        asked: What was asked for, as a noun.

    Raises:
        Transient: it is no list.
    """
    elements = _split(answer, asked)
    rows: list[Row] = []
    damaged: list[str] = []
    total: int | None = None
    largest: int | None = None
    for position, element in enumerate(elements, start=1):
        raw = bytes(element)
        try:
            head = _head.decode(raw)
        except (ValueError, RecursionError, InvalidOperation):
            damaged.append(f"Element {position} on {asked} is no document.")
            continue
        metadata = _bare(head.metadata)
        if isinstance(metadata, dict):
            total = _whole(metadata.get("totalCount")) if total is None else total
            largest = _whole(metadata.get("maxPageSize")) if largest is None else largest
        number = text_of(head.order_number) or text_of(head.reference_number)
        if number is None:
            damaged.append(f"Element {position} on {asked} has no number.")
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
        maximum=largest,
        server_time=answer.server_time,
        budget=budget_of(answer),
    )


def _split(answer: Answer, asked: str) -> list[msgspec.Raw]:
    """The elements of a list, each as its exact bytes unless characters had to be mended."""
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    for read in (_elements.decode, lambda body: _elements.decode(mended(body)), lambda body: elements_of(mended(body))):
        with suppress(ValueError, RecursionError):
            return read(body)
    raise _no_list(answer, asked)


def _no_list(answer: Answer, asked: str) -> Transient:
    try:
        data = answer.json()
    except Transient:
        what = answer.shape()
    else:
        records = isinstance(data, dict) and "records" in data
        what = "an object with 'records', a shape this list never had" if records else "JSON that is no list"
        said = answer.text()
        what += f" ({said})" if said else ""
    return Transient(f"Visma answered {answer.status} to {asked} with {what}.", request_id=answer.request_id)


def budget_of(answer: Answer) -> Budget:
    """What is left of the hour, as far as the headers say.

    Visma: the reset is in seconds. A point in time is understood as well, and no wait is longer than `LONGEST_WAIT`.
    """
    return Budget(
        limit=_whole(answer.headers.get("X-RateLimit-Limit")),
        remaining=_whole(answer.headers.get("X-RateLimit-Remaining")),
        reset=waiting_time(answer.headers.get("X-RateLimit-Reset"), at=answer.server_time),
    )


def _bare(value: Any) -> Any:
    """The scalar itself (Visma: some answers wrap scalars as `{"value": x}`)."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def text_of(value: Any) -> str | None:
    """A key or a word, wrapped or not, numbers as text; None for everything else, and for what no key is as long as."""
    value = _bare(value)
    if isinstance(value, str):
        value = value.strip()
        return value if 0 < len(value) <= LONGEST_KEY else None
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if -9 <= value.adjusted() <= 20 else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _branch(value: Any) -> str | None:
    value = _bare(value)
    return text_of(value.get("number")) if isinstance(value, dict) else text_of(value)


def _whole(value: Any) -> int | None:
    text = text_of(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
