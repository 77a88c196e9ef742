"""Authenticates callbacks by the secret that the operator has set up at Orderful.

Orderful does not sign callbacks. It can send a fixed header (set up by its support) or HTTP Basic (`user:password@` in
the URL of the channel); see "HTTP inbound channel" in Orderful's documentation.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

CALLBACK_SHAPE = '{"header": "x-connector-secret", "secrets": ["..."]}'
_BASIC = "basic "


@dataclass(frozen=True, slots=True)
class CallbackCredentials:
    """The valid credentials of a callback. One of them is enough, so two can be valid during a rotation.

    Attributes:
        header: Name of the secret header, in lower case; empty when none is set.
        secrets: Its valid values.
        basic: The valid `user:password` pairs of HTTP Basic.
    """

    header: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    basic: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Self:
        """Read the operator's secret; `{}` means that none is set.

        Raises:
            ValueError: it has another shape. A typing error must not admit everybody.
        """
        if not content.keys() <= {"header", "secrets", "basic"} or ("header" in content) != ("secrets" in content):
            raise ValueError
        header = content.get("header", "")
        if not isinstance(header, str) or ("header" in content and not header.strip()):
            raise ValueError
        basic = _texts(content, "basic")
        if not all(":" in pair for pair in basic):
            raise ValueError
        return cls(header.strip().lower(), _texts(content, "secrets"), basic)

    @property
    def is_set(self) -> bool:
        """Whether a secret is set."""
        return bool(self.secrets or self.basic)

    def admit(self, headers: Mapping[str, Sequence[str]]) -> bool:
        """Whether a request with these headers (names in lower case) has a valid secret; False when none is set.

        Every value is compared with every valid one, in constant time.
        """
        by_header = _any_equal(map(_bytes, headers.get(self.header, ())), self.secrets)
        by_basic = _any_equal(map(_unpacked, headers.get("authorization", ())), self.basic)
        return by_header | by_basic


def _texts(content: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = content.get(name, ())
    if name in content and not (isinstance(values, list) and values):
        raise ValueError
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError
    # Pasted secrets sometimes end in a line break.
    return tuple(value.strip() for value in values)


def _any_equal(given: Iterable[bytes], valid: Sequence[str]) -> bool:
    equal = False
    for value in given:
        for one in valid:
            equal |= hmac.compare_digest(value, _bytes(one))
    return equal


def _unpacked(authorization: str) -> bytes:
    """The `user:password` of an `Authorization` header; empty, which matches nothing, for anything else."""
    if authorization[: len(_BASIC)].lower() != _BASIC:
        return b""
    try:
        return base64.b64decode(_bytes(authorization[len(_BASIC) :].strip()), validate=True)
    except ValueError:
        return b""


def _bytes(text: str) -> bytes:
    # A forged request may hold half a character.
    return text.encode("utf-8", "surrogatepass")
