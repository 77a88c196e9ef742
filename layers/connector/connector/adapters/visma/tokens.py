"""Access tokens of Visma Connect, one per company, shared by all functions.

Two tiers: this process's memory, and a shared store. When a token nears its end, one Lambda takes a short refresh
lock and asks for a new one; the others use the old one as long as it lasts, or wait a little for the new one:

    no token ----claim----> refreshing ----store----> fresh --(60 s before its end)--> usable ----claim----> refreshing
                                 |                                                        |
                                 +-- lock runs out, or store in trouble: mint directly    +-- drop (401): no token

Nothing here is needed for correctness of documents: if in doubt, one token more is asked for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from connector.adapters.http import Answer, Call, Http
from connector.adapters.ports import AccessToken, TokenStore, VismaCredentials
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Transient
from connector.domain.routing.route import Company
from connector.services.ports import Clock, Deadline

logger = logging.getLogger(__name__)

SCOPE = "vismanet_erp_service_api:read vismanet_erp_service_api:update"
EARLY_SECONDS = 60
"""A token is renewed this long before its end (Visma: obey `expires_in`), or at half-life if it is short-lived."""

LEASE_SECONDS = 30
"""How long one Lambda owns the refresh."""

LIFE_IF_UNSAID = 300
MIN_LIFE_LEFT = 5
"""A token with less life than this (seconds) might end on its way to Visma."""

_WAITS = (0.25, 0.5, 1.0, 2.0, 2.0, 2.0)
_TOKEN_SECONDS = 10.0

_NEXT_STEPS = {
    "invalid_scope": "Request the scopes of the Visma Net ERP Service API for the application in the Developer Portal,"
    " and have the customer approve them in Visma App Store.",
    "unauthorized_client": "Have the customer's integration administrator approve the application for this company in"
    " Visma App Store, and check visma.tenant_id in the routing file.",
}


class VismaTokens:
    """Gives a valid token for a company, asking Visma Connect as rarely as possible.

    Args:
        store: Where the functions share a token.
        credentials: The client ids and secrets.
        token_url: `https://connect.visma.com/connect/token`.
        clock: Ours.
        http: The session.
        pause: Waits a number of seconds.
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
        """A token for `company`, valid for a little while at least.

        Raises:
            Misconfigured: Visma Connect refuses our credentials, the scope or the tenant.
            Transient, Throttled: Visma Connect does not answer, or not now.
        """
        with self._lock:
            held = self._memory.get(company.name)
            if held is None or held.tenant != company.visma.tenant_id or held.fresh_until <= self._now():
                held = self._shared(company, deadline)
                self._memory[company.name] = held
            return held.value

    def drop(self, company: Company, token: str) -> None:
        """Forget `token` everywhere, because Visma refused it; a newer one that somebody stored meanwhile stays."""
        with self._lock:
            held = self._memory.get(company.name)
            if held is not None and held.value == token:
                del self._memory[company.name]
            self._dropped[company.name] = token
            with _tolerated("drop"):
                self._store.drop(company.name, token)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _shared(self, company: Company, deadline: Deadline) -> AccessToken:
        for wait in (*_WAITS, None):
            claimed = False
            stored: AccessToken | None = None
            with _tolerated("read") as store:
                seen, stored = self._read(company)
                if stored is not None and stored.fresh_until > self._now():
                    return stored
                claimed = self._claim(company, seen)
            if claimed or not store.works:
                return self._renew(company, deadline, stored, claimed=claimed)
            if stored is not None:
                return stored
            if wait is None or deadline.remaining().total_seconds() < wait + _TOKEN_SECONDS:
                break
            self._pause(wait)
        # Whoever holds the lock is stuck.
        return self._mint(company, deadline)

    def _renew(self, company: Company, deadline: Deadline, stored: AccessToken | None, *, claimed: bool) -> AccessToken:
        try:
            token = self._mint(company, deadline)
        except ConnectorError as error:
            if claimed:
                with _tolerated("release"):
                    self._store.release(company.name)
            if stored is not None and isinstance(error, Transient):
                return stored
            raise
        if claimed:
            with _tolerated("store"):
                self._store.store(company.name, token)
        return token

    def _read(self, company: Company) -> tuple[str | None, AccessToken | None]:
        """The token value that is stored, and the token if it can still be used."""
        token = self._store.read(company.name)
        if token is None:
            return None, None
        # DynamoDB deletes expired items hours late, so the end is compared here. A company that was given another
        # tenant id must not go on with the token of the former one.
        usable = (
            token.expires_at - MIN_LIFE_LEFT > self._now()
            and token.tenant == company.visma.tenant_id
            and token.value != self._dropped.get(company.name)
        )
        return token.value, token if usable else None

    def _claim(self, company: Company, seen: str | None) -> bool:
        """Take the refresh lock, unless somebody holds it or has stored a new token since we looked."""
        now = int(self._now())
        return self._store.claim(company.name, seen=seen, now=now, until=now + LEASE_SECONDS)

    def _mint(self, company: Company, deadline: Deadline) -> AccessToken:
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
        life = _seconds(data.get("expires_in"))
        return AccessToken(
            value,
            company.visma.tenant_id,
            fresh_until=asked_at + life - min(EARLY_SECONDS, life / 2),
            expires_at=asked_at + life,
        )

    def _refusal(self, company: Company, answer: Answer) -> ConnectorError:
        failure = answer.failure(f"the request for a token of company '{company.name}'")
        if not isinstance(failure, Rejected):
            return failure
        # The secret may have been changed since we read it.
        self._credentials.forget()
        return Misconfigured(
            failure.sentence,
            request_id=failure.request_id,
            next_step=_NEXT_STEPS.get(_error_code(answer), self._credentials.visma_next_step()),
        )


@dataclass(slots=True)
class _StoreState:
    works: bool = True


@contextmanager
def _tolerated(step: str) -> Iterator[_StoreState]:
    """Go on without the store when it is in trouble: a token more costs less than a poll that does not run."""
    store = _StoreState()
    try:
        yield store
    except ConnectorError as error:
        store.works = False
        logger.warning("The shared tokens are left out (%s: %s)", step, error.sentence)


def _error_code(answer: Answer) -> str:
    try:
        data = answer.json()
    except Transient:
        return ""
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def _seconds(value: Any) -> float:
    try:
        seconds = float(value) if isinstance(value, int | Decimal | str) else 0.0
    except ValueError:
        seconds = 0.0
    return seconds if 0 < seconds < 10**7 else float(LIFE_IF_UNSAID)
