"""Access tokens of Visma Connect, one per company, shared by all functions.

A token is cached in memory and in a shared store. Before a token expires, one process takes a short refresh lock and
requests a new token; the others use the old token until it expires, or wait for the new one:

    no token ----claim----> refreshing ----store----> fresh --(60 s before expiry)--> usable ----claim----> refreshing
                                 |                                                        |
                                 +-- lock expires or store fails: request without lock    +-- drop (401): no token

Documents do not depend on the lock: without it, more tokens are requested than needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from connector.adapters import log
from connector.adapters.http import Answer, Call, Http
from connector.adapters.ports import AccessToken, TokenStore, VismaCredentials
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Transient
from connector.domain.routing.route import Company
from connector.services.ports import Clock, Deadline

SCOPE = "vismanet_erp_service_api:read vismanet_erp_service_api:update"
REFRESH_SECONDS_BEFORE_EXPIRY = 60
"""Time before expiry at which a token is refreshed (Visma: obey `expires_in`); half the lifetime of a short one."""

REFRESH_LOCK_SECONDS = 30
"""How long one process holds the refresh lock."""

DEFAULT_LIFETIME_SECONDS = 300
MIN_LIFETIME_SECONDS = 5
"""Seconds before expiry in which a token is not used: it might expire on its way to Visma."""

_LOCK_WAITS = (0.25, 0.5, 1.0, 2.0, 2.0, 2.0)
_TOKEN_SECONDS = 10.0

_NEXT_STEPS = {
    "invalid_scope": "Request the scopes of the Visma Net ERP Service API for the application in the Developer Portal,"
    " and have the customer approve them in Visma App Store.",
    "unauthorized_client": "Have the customer's integration administrator approve the application for this company in"
    " Visma App Store, and check visma.tenant_id in the routing file.",
}


class VismaTokens:
    """The source of access tokens.

    Args:
        store: The shared store.
        credentials: The client ids and secrets.
        token_url: `https://connect.visma.com/connect/token`.
        clock: The connector's clock.
        http: The session.
        pause: Waits for a number of seconds.
    """

    def __init__(
        self,
        store: TokenStore,
        credentials: VismaCredentials,
        token_url: str,
        *,
        clock: Clock,
        http: Http,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._token_url = token_url
        self._clock = clock
        self._http = http
        self._pause = pause
        self._memory: dict[str, AccessToken] = {}
        self._dropped: dict[str, str] = {}
        self._lock = threading.Lock()

    def token(self, company: Company, deadline: Deadline) -> str:
        """A token for `company`, valid for at least `MIN_LIFETIME_SECONDS`.

        Raises:
            Misconfigured: Visma Connect refuses the credentials, the scope or the tenant.
            Transient, Throttled: Visma Connect issues no token now.
        """
        with self._lock:
            cached = self._memory.get(company.name)
            if cached is None or cached.tenant != company.visma.tenant_id or cached.fresh_until <= self._now():
                cached = self._shared_token(company, deadline)
                self._memory[company.name] = cached
            return cached.value

    def drop(self, company: Company, token: str) -> None:
        """Delete `token`, which Visma refused, from memory and store; a newer token stays."""
        with self._lock:
            cached = self._memory.get(company.name)
            if cached is not None and cached.value == token:
                del self._memory[company.name]
            self._dropped[company.name] = token
            with _best_effort("drop"):
                self._store.drop(company.name, token)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _shared_token(self, company: Company, deadline: Deadline) -> AccessToken:
        for wait in (*_LOCK_WAITS, None):
            claimed = False
            stored: AccessToken | None = None
            with _best_effort("read") as store:
                seen, stored = self._read(company)
                if stored is not None and stored.fresh_until > self._now():
                    return stored
                claimed = self._claim(company, seen)
            if claimed or not store.is_available:
                return self._renew(company, deadline, stored, claimed=claimed)
            if stored is not None:
                return stored
            if wait is None or deadline.remaining().total_seconds() < wait + _TOKEN_SECONDS:
                break
            self._pause(wait)
        # The holder of the lock has not stored a token in time.
        return self._request_token(company, deadline)

    def _renew(self, company: Company, deadline: Deadline, stored: AccessToken | None, *, claimed: bool) -> AccessToken:
        try:
            token = self._request_token(company, deadline)
        except ConnectorError as error:
            if claimed:
                with _best_effort("release"):
                    self._store.release(company.name)
            if stored is not None and isinstance(error, Transient):
                return stored
            raise
        if claimed:
            with _best_effort("store"):
                self._store.store(company.name, token)
        return token

    def _read(self, company: Company) -> tuple[str | None, AccessToken | None]:
        """The value of the stored token, and the token if it is usable."""
        token = self._store.read(company.name)
        if token is None:
            return None, None
        # DynamoDB deletes expired items hours late, so the expiry is checked here. A token of a former tenant id of the
        # company is not used.
        usable = (
            token.expires_at - MIN_LIFETIME_SECONDS > self._now()
            and token.tenant == company.visma.tenant_id
            and token.value != self._dropped.get(company.name)
        )
        return token.value, token if usable else None

    def _claim(self, company: Company, seen: str | None) -> bool:
        """Take the refresh lock, unless another process holds it or has stored a new token since `seen` was read."""
        now = int(self._now())
        return self._store.claim(company.name, seen=seen, now=now, until=now + REFRESH_LOCK_SECONDS)

    def _request_token(self, company: Company, deadline: Deadline) -> AccessToken:
        client_id, client_secret = self._credentials.visma_credentials(company.name)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "tenant_id": company.visma.tenant_id,
            "scope": SCOPE,
        }
        call = Call(
            service="Visma Connect",
            method="POST",
            url=self._token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(form).encode(),
            read_seconds=_TOKEN_SECONDS,
            secrets=(client_secret,),
        )
        asked_at = self._now()
        answer = self._http.ask(call, deadline)
        if not answer.ok:
            raise self._refusal(company, answer)
        data = answer.json()
        value = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(value, str) or not value:
            raise Transient("Visma Connect answered without a token.", request_id=answer.request_id)
        lifetime = _lifetime(data.get("expires_in"))
        return AccessToken(
            value,
            company.visma.tenant_id,
            fresh_until=asked_at + lifetime - min(REFRESH_SECONDS_BEFORE_EXPIRY, lifetime / 2),
            expires_at=asked_at + lifetime,
        )

    def _refusal(self, company: Company, answer: Answer) -> ConnectorError:
        failure = answer.failure(f"the request for a token of company '{company.name}'")
        if not isinstance(failure, Rejected):
            return failure
        # The secret may have been changed since it was read.
        self._credentials.forget()
        return Misconfigured(
            failure.sentence,
            request_id=failure.request_id,
            next_step=_NEXT_STEPS.get(_error_code(answer), self._credentials.visma_next_step()),
        )


@dataclass(slots=True)
class _StoreState:
    is_available: bool = True


@contextmanager
def _best_effort(step: str) -> Iterator[_StoreState]:
    """Ignore errors of the store: one token more costs less than a poll that does not run."""
    store = _StoreState()
    try:
        yield store
    except ConnectorError as error:
        store.is_available = False
        log.warning("the shared token store is not available", {"reason": f"{step}: {error.sentence}"})


def _error_code(answer: Answer) -> str:
    try:
        data = answer.json()
    except Transient:
        return ""
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def _lifetime(value: Any) -> float:
    try:
        seconds = float(value) if isinstance(value, int | Decimal | str) else 0.0
    except ValueError:
        seconds = 0.0
    return seconds if 0 < seconds < 10**7 else float(DEFAULT_LIFETIME_SECONDS)
