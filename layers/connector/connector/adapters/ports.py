"""The ports by which the adapters of Visma and Orderful use the adapters of AWS.

An adapter of one system does not import an adapter of another; `bootstrap` and the command pass them in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class VismaCredentials(Protocol):
    """The client id and the client secret of each company at Visma Connect."""

    def visma_credentials(self, company: str) -> tuple[str, str]:
        """Client id and client secret for `company`.

        Raises:
            Misconfigured: they are not set, or cannot be read.
            Transient: they cannot be read now.
        """

    def visma_next_step(self) -> str:
        """How a person sets them."""

    def forget(self) -> None:
        """Read them again next time, because Visma Connect refused them."""


class OrderfulCredentials(Protocol):
    """The API key of the organization at Orderful."""

    def orderful_api_key(self) -> str:
        """The key.

        Raises:
            Misconfigured: it is not set, or cannot be read.
            Transient: it cannot be read now.
        """

    def orderful_next_step(self) -> str:
        """How a person sets it."""

    def forget(self) -> None:
        """Read it again next time, because Orderful refused it."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token of one company at Visma.

    Attributes:
        value: The token.
        tenant: The tenant id that it was asked for.
        fresh_until: When it should be replaced, in seconds since 1970.
        expires_at: When Visma refuses it, in seconds since 1970.
    """

    value: str = field(repr=False)
    tenant: str
    fresh_until: float
    expires_at: float


class TokenStore(Protocol):
    """One token for each company, shared by all functions, with a lock for its replacement.

    Each method raises `Transient` or `Misconfigured` when the store cannot be used.
    """

    def read(self, company: str) -> AccessToken | None:
        """The stored token, expired ones included."""

    def claim(self, company: str, *, seen: str | None, now: float, until: float) -> bool:
        """Take the lock until `until` (seconds since 1970).

        Returns:
            False when somebody holds it at `now`, or when another token than `seen` is stored.
        """

    def release(self, company: str) -> None:
        """Give the lock back."""

    def store(self, company: str, token: AccessToken) -> None:
        """Store a token and give the lock back."""

    def drop(self, company: str, value: str) -> None:
        """Remove the token if it is still this one."""
