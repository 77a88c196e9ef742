"""The list of transactions of the sandbox Orderful: the parameters of a request, and pages by cursor."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from testkit.orderful.list_rules import ListQuery, lag, newest_first
from testkit.orderful.published import (
    FILTERS,
    MULTI_VALUE_FILTERS,
    REFERENCE_FILTERS,
    REFERENCE_LEVELS,
    REFERENCE_OWNERS,
    VALUES,
)
from testkit.orderful.store import ArgumentError, Pace, Transaction

_INTERVAL: Final = re.compile(r"([\[(])([^,]+),([^,]+)([\])])")

_FIELDS: Final = {
    "stream": "stream",
    "businessNumber": "business_number",
    "transactionType": "transaction_type",
    "validationStatus": "validation_status",
    "deliveryStatus": "delivery_status",
    "acknowledgmentStatus": "acknowledgment_status",
    "senderIsaId": "sender",
    "receiverIsaId": "receiver",
}
"""The parameters that ask for values of a field."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list.

    Attributes:
        rows: Its transactions, in their order.
        following: Cursor of the next page; None on the last.
        preceding: Cursor of the page before; None on the first.
    """

    rows: Sequence[Transaction] = ()
    following: str | None = None
    preceding: str | None = None


def page_of(
    transactions: Sequence[Transaction],
    parameters: Mapping[str, list[str]],
    *,
    now: datetime,
    pace: Pace,
    page_size: int,
) -> Page:
    """One page of transactions.

    Args:
        transactions: All transactions, oldest first.
        parameters: The query parameters.
        now: Transactions younger than the lag in `pace` are not listed yet.
        pace: The lags.
        page_size: Rows per page.

    Raises:
        ArgumentError: a parameter is unknown or has a wrong value.
    """
    unknown = [name for name in parameters if name not in FILTERS]
    if unknown:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in unknown))
    by_number = "businessNumber" in parameters
    shown_until = now - lag(list_lag=pace.list_lag, number_lag=pace.number_lag, by_number=by_number)
    query = _query(parameters)
    references = [_referenced(name, parameters[name][0]) for name in REFERENCE_FILTERS & set(parameters)]
    found = [
        one
        for one in transactions
        if one.created_at <= shown_until
        and query.matches(partial(getattr, one), one.created_at)
        and all(matches(one) for matches in references)
    ]
    return _by_cursor(newest_first(found, lambda one: one.sequence), parameters, page_size)


def _by_cursor(found: list[Transaction], parameters: Mapping[str, list[str]], page_size: int) -> Page:
    before, after = _position(parameters, "nextCursor"), _position(parameters, "prevCursor")
    if after is not None:
        rows = [one for one in found if one.sequence > after][-page_size:]
    else:
        rows = [one for one in found if before is None or one.sequence < before][:page_size]
    if not rows:
        return Page()
    older = any(one.sequence < rows[-1].sequence for one in found)
    newer = any(one.sequence > rows[0].sequence for one in found)
    return Page(rows, cursor(rows[-1].sequence) if older else None, cursor(rows[0].sequence) if newer else None)


def cursor(position: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def position_of(text: str, name: str) -> int:
    """The position in a cursor.

    Raises:
        ArgumentError: the cursor is invalid.
    """
    try:
        return int(base64.urlsafe_b64decode(text).decode().removeprefix("after:"))
    except ValueError:
        raise ArgumentError((name, f"{name} is not a valid cursor")) from None


def _position(parameters: Mapping[str, list[str]], name: str) -> int | None:
    return position_of(parameters[name][0], name) if name in parameters else None


def _query(parameters: Mapping[str, list[str]]) -> ListQuery:
    one_of = {_FIELDS[name]: _values(name, values) for name, values in parameters.items() if name in _FIELDS}
    since, until = _interval(parameters["createdAt"][0]) if "createdAt" in parameters else (None, None)
    return ListQuery(one_of, since, until)


def _values(name: str, values: list[str]) -> frozenset[str]:
    if name in MULTI_VALUE_FILTERS and len(values) > 5:
        raise ArgumentError((name, f"{name} must contain no more than 5 elements"))
    unknown = set(values) - VALUES.get(name, frozenset(values))
    if unknown:
        raise ArgumentError((name, f"each value in {name} must be one of {', '.join(sorted(VALUES[name]))}"))
    return frozenset(values)


def _interval(text: str) -> tuple[datetime, datetime]:
    """The first time in an interval, and the first one behind it."""
    parts = _INTERVAL.fullmatch(text)
    try:
        if parts is None:
            raise ArgumentError(("createdAt", "createdAt must be an interval"))
        start, end = (datetime.fromisoformat(parts[n]).astimezone(UTC) for n in (2, 3))
    except ValueError:
        raise ArgumentError(("createdAt", "createdAt must be an interval of ISO 8601 times")) from None
    return start if parts[1] == "[" else start + datetime.resolution, end + datetime.resolution if parts[
        4
    ] == "]" else end


def _referenced(name: str, value: str) -> Callable[[Transaction], bool]:
    owner = next((owner.upper() for owner in REFERENCE_OWNERS if name.startswith(owner)), None)
    level = next((level.upper() for level in REFERENCE_LEVELS if level in name), None)

    def matches(one: Transaction) -> bool:
        return any(
            reference["value"] == value and owner in {None, reference["owner"]} and level in {None, reference["type"]}
            for reference in one.reference_identifiers()
        )

    return matches
