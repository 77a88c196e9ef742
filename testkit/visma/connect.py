"""The token service of the sandbox Visma (Visma Connect, client credentials)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from testkit.sandbox.clock import SandboxClock

SCOPES: Final = tuple(f"vismanet_erp_service_api:{right}" for right in ("read", "create", "update", "delete"))


@dataclass(frozen=True, slots=True)
class SandboxCompany:
    """A company of the sandbox.

    Attributes:
        company_id: Its number (`ipp-company-id`).
        tenant_id: Its company tenant id.
        name: The name of its organization and branches.
        branches: Branch numbers.
    """

    company_id: str = "1234567"
    tenant_id: str = "8f0c2d1e-5b7a-4c39-9d26-3e1f0a4b5c6d"
    name: str = "Nordic Food AS"
    branches: tuple[str, ...] = ("1",)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> SandboxCompany:
        """Read a company from JSON.

        Raises:
            ValueError: a name is unknown.
        """
        try:
            return cls(**{**body, "branches": tuple(body.get("branches", ("1",)))})
        except TypeError as error:
            raise ValueError(f"This is no company: {error}.") from None


class TokenRefused(Exception):
    """The token request is refused; the text is the OAuth error code."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant of a token.

    Attributes:
        tenant_id: The requested tenant: a company's, or (by mistake) a customer's.
        client_id: The application.
        scopes: Its scopes.
        expires_at: Its expiry.
    """

    tenant_id: str
    client_id: str
    scopes: frozenset[str]
    expires_at: datetime


@dataclass(slots=True)
class TokenService:
    """Issues and revokes tokens.

    Attributes:
        clock: The clock of the sandbox.
        clients: Client id -> secret.
        granted: The scopes that an application may request.
        lifetime: The lifetime of new tokens.
    """

    clock: SandboxClock
    clients: dict[str, str]
    granted: frozenset[str] = frozenset(SCOPES)
    lifetime: timedelta = timedelta(hours=1)
    issued: int = 0
    _grants: dict[str, Grant] = field(default_factory=dict)

    def issue(self, form: dict[str, str], tenants: frozenset[str]) -> dict[str, object]:
        """Answer a token request.

        Args:
            form: The fields of the body, with the client of an Authorization header filled in.
            tenants: The tenant ids in Visma Connect, those of customers included.

        Raises:
            TokenRefused: with the OAuth error code.
        """
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type")
        client_id = form.get("client_id", "")
        if self.clients.get(client_id) is None or self.clients[client_id] != form.get("client_secret"):
            raise TokenRefused("invalid_client")
        if not form.get("tenant_id"):
            raise TokenRefused("invalid_request")
        if form["tenant_id"] not in tenants:
            raise TokenRefused("unauthorized_client")
        scopes = frozenset(form.get("scope", "").split()) or self.granted
        if not scopes <= self.granted:
            raise TokenRefused("invalid_scope")
        self.issued += 1
        token = f"sandbox.{self.issued}.{hashlib.sha256(f'{client_id}/{self.issued}'.encode()).hexdigest()}"
        expires_at = self.clock.now() + self.lifetime
        self._grants[token] = Grant(form["tenant_id"], client_id, scopes, expires_at)
        return {
            "access_token": token,
            "expires_in": int(self.lifetime.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }

    def grant_of(self, authorization: str) -> Grant | None:
        """The valid grant of the header `Authorization`; None without one."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        return grant if grant and grant.expires_at > self.clock.now() else None

    def revoke_all(self) -> None:
        """Revoke every token before its expiry."""
        self._grants.clear()
