"""The list of transactions of the sandbox Orderful: its filters, its order and its pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from testkit.orderful.published import AT_MOST_FIVE, FILTERS, LEVELS, OWNERS, REFERENCE_FILTERS, WORDS
from testkit.orderful.store import ArgumentError, Pace, Transaction

_INTERVAL: Final = re.compile(r"([\[(])([^,]+),([^,]+)([\])])")


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
        transactions: All there are, oldest first.
        parameters: The query, values in lists.
        now: Transactions younger than the lag of `pace` are not listed yet.
        pace: The lags.
        page_size: Rows of a page.

    Raises:
        ArgumentError: a parameter is unknown or has a wrong value.
    """
    unknown = [name for name in parameters if name not in FILTERS]
    if unknown:
        raise ArgumentError(*((name, f"property {name} should not exist") for name in unknown))
    lag = max(pace.list_lag, pace.number_lag) if "businessNumber" in parameters else pace.list_lag
    keep = _filters(parameters)
    found = [one for one in transactions if one.created_at <= now - lag and all(matches(one) for matches in keep)]
    return _by_cursor(found, parameters, page_size)


def _by_cursor(found: list[Transaction], parameters: Mapping[str, list[str]], page_size: int) -> Page:
    before, after = _position(parameters, "nextCursor"), _position(parameters, "prevCursor")
    if after is not None:
        rows = [one for one in found if one.sequence > after][:page_size][::-1]
    else:
        rows = [one for one in reversed(found) if before is None or one.sequence < before][:page_size]
    if not rows:
        return Page()
    older = any(one.sequence < rows[-1].sequence for one in found)
    newer = any(one.sequence > rows[0].sequence for one in found)
    return Page(rows, cursor(rows[-1].sequence) if older else None, cursor(rows[0].sequence) if newer else None)


def cursor(position: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def position_of(text: str, name: str) -> int:
    """What a cursor stands for.

    Raises:
        ArgumentError: nobody gave it out.
    """
    try:
        return int(base64.urlsafe_b64decode(text).decode().removeprefix("after:"))
    except ValueError:
        raise ArgumentError((name, f"{name} is not a valid cursor")) from None


def _position(parameters: Mapping[str, list[str]], name: str) -> int | None:
    return position_of(parameters[name][0], name) if name in parameters else None


def _filters(parameters: Mapping[str, list[str]]) -> list[Callable[[Transaction], bool]]:
    wanted: dict[str, Callable[[Transaction], str | None]] = {
        "stream": lambda one: one.stream,
        "businessNumber": lambda one: one.business_number,
        "transactionType": lambda one: one.transaction_type,
        "validationStatus": lambda one: one.validation_status,
        "deliveryStatus": lambda one: one.delivery_status,
        "acknowledgmentStatus": lambda one: one.acknowledgment_status,
        "senderIsaId": lambda one: one.sender,
        "receiverIsaId": lambda one: one.receiver,
    }
    found = [_one_of(name, values, wanted[name]) for name, values in parameters.items() if name in wanted]
    if "createdAt" in parameters:
        found.append(_created(parameters["createdAt"][0]))
    found.extend(_referenced(name, parameters[name][0]) for name in REFERENCE_FILTERS & set(parameters))
    return found


def _one_of(name: str, values: list[str], read: Callable[[Transaction], str | None]) -> Callable[[Transaction], bool]:
    if name in AT_MOST_FIVE and len(values) > 5:
        raise ArgumentError((name, f"{name} must contain no more than 5 elements"))
    strange = set(values) - WORDS.get(name, frozenset(values))
    if strange:
        raise ArgumentError((name, f"each value in {name} must be one of {', '.join(sorted(WORDS[name]))}"))
    wanted = frozenset(values)
    return lambda one: read(one) in wanted


def _created(text: str) -> Callable[[Transaction], bool]:
    parts = _INTERVAL.fullmatch(text)
    try:
        if parts is None:
            raise ArgumentError(("createdAt", "createdAt must be an interval"))
        start, end = (datetime.fromisoformat(parts[n]).astimezone(UTC) for n in (2, 3))
    except ValueError:
        raise ArgumentError(("createdAt", "createdAt must be an interval of ISO 8601 times")) from None
    opened, closed = parts[1] == "[", parts[4] == "]"

    def matches(one: Transaction) -> bool:
        at = one.created_at
        return (start <= at if opened else start < at) and (at <= end if closed else at < end)

    return matches


def _referenced(name: str, value: str) -> Callable[[Transaction], bool]:
    owner = next((owner.upper() for owner in OWNERS if name.startswith(owner)), None)
    level = next((level.upper() for level in LEVELS if level in name), None)

    def matches(one: Transaction) -> bool:
        return any(
            reference["value"] == value and owner in {None, reference["owner"]} and level in {None, reference["type"]}
            for reference in one.reference_identifiers()
        )

    return matches
