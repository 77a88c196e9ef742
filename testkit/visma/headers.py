"""Visma's rate limit headers, ETags and encoded identifiers."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from testkit.visma.filters import BadRequest

RATE_POLICY: Final = "4-fixed-window"


def budget_headers(limit: int, remaining: int, reset: int | str) -> dict[str, str]:
    """The headers of the rate limit; `reset` is in seconds."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Policy": RATE_POLICY,
    }


def matches(if_match: str, row_version: str) -> bool:
    """True when one of the tags is the row version; tags without quotes never match."""
    tags: Iterable[str] = (tag.strip().removeprefix("W/") for tag in if_match.split(","))
    return any(tag in {"*", f'"{row_version}"'} for tag in tags)


def decoded(number: str) -> str:
    """Decode `b64(...)`, for identifiers with reserved characters (Visma: since 8.19).

    Raises:
        BadRequest: the text between the brackets is not base64url.
    """
    if not (number.startswith("b64(") and number.endswith(")")):
        return number
    inner = number[4:-1]
    try:
        return base64.urlsafe_b64decode(inner + "=" * (-len(inner) % 4)).decode()
    except ValueError:
        raise BadRequest(f"The identifier {number} is not base64url.") from None
