"""Access tokens of Visma Connect, one per company, shared by all functions.

Two tiers: this process's memory, and a DynamoDB table. When a token nears its end, one Lambda takes a short refresh
lock and asks for a new one; the others use the old one as long as it lasts, or wait a little for the new one:

    no token ----claim----> refreshing ----store----> fresh --(60 s before its end)--> usable ----claim----> refreshing
                                 |                                                        |
                                 +-- lock runs out, or table in trouble: mint directly    +-- drop (401): no token

Nothing here is needed for correctness of documents: if in doubt, one token more is asked for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connector.adapters.aws import clients
from connector.adapters.aws.errors import is_failed_condition
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.http import Answer, Call, Http
from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Transient
from connector.domain.routing.route import Company
from connector.services.ports import Clock, Deadline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    tenant: str
    fresh_until: float
    expires_at: float


class VismaTokens:
    """Gives a valid token for a company, asking Visma Connect as rarely as possible.

    Args:
        table: Name of the table; its key is the string `pk`, the company's name.
        token_url: `https://connect.visma.com/connect/token`.
        client: DynamoDB; made at first use.
        pause: Waits a number of seconds.
    """

    def __init__(
        self,
        table: str,
        secrets: SecretsManagerSecrets,
        token_url: str,
        clock: Clock,
        http: Http,
        *,
        client: DynamoDBClient | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._secrets = secrets
        self._token_url = token_url
        self._clock = clock
        self._http = http
        self._given = client
        self._pause = pause
        self._memory: dict[str, _Token] = {}
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
                self._update(
                    company,
                    "REMOVE #token, tenant, fresh_until, expires_at",
                    condition="#token = :token",
                    names={"#token": "token"},
                    values={":token": {"S": token}},
                )

    @property
    def _dynamodb(self) -> DynamoDBClient:
        return self._given or clients.dynamodb()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _shared(self, company: Company, deadline: Deadline) -> _Token:
        for wait in (*_WAITS, None):
            claimed = False
            stored: _Token | None = None
            with _tolerated("read") as table:
                seen, stored = self._read(company)
                if stored is not None and stored.fresh_until > self._now():
                    return stored
                claimed = self._claim(company, seen)
            if claimed or not table.works:
                return self._renew(company, deadline, stored, claimed=claimed)
            if stored is not None:
                return stored
            if wait is None or deadline.remaining().total_seconds() < wait + _TOKEN_SECONDS:
                break
            self._pause(wait)
        # Whoever holds the lock is stuck.
        return self._mint(company, deadline)

    def _renew(self, company: Company, deadline: Deadline, stored: _Token | None, *, claimed: bool) -> _Token:
        try:
            token = self._mint(company, deadline)
        except ConnectorError as error:
            if claimed:
                with _tolerated("release"):
                    self._update(company, "REMOVE refresh_until")
            if stored is not None and isinstance(error, Transient):
                return stored
            raise
        if claimed:
            with _tolerated("store"):
                self._store(company, token)
        return token

    def _read(self, company: Company) -> tuple[str | None, _Token | None]:
        """The token value that lies in the table, and the token if it can still be used."""
        item = self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": company.name}}, ConsistentRead=True).get(
            "Item", {}
        )
        if "token" not in item:
            return None, None
        token = _Token(
            item["token"]["S"],
            item["tenant"]["S"],
            float(item["fresh_until"]["N"]),
            float(item["expires_at"]["N"]),
        )
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
        unchanged = "attribute_not_exists(#token)" if seen is None else "#token = :seen"
        return self._update(
            company,
            "SET refresh_until = :until",
            condition=f"(attribute_not_exists(refresh_until) OR refresh_until < :now) AND {unchanged}",
            names={"#token": "token"},
            values={
                ":until": {"N": str(now + LEASE_SECONDS)},
                ":now": {"N": str(now)},
                **({} if seen is None else {":seen": {"S": seen}}),
            },
        )

    def _store(self, company: Company, token: _Token) -> None:
        self._update(
            company,
            "SET #token = :token, tenant = :tenant, fresh_until = :fresh, expires_at = :end, #ttl = :end "
            "REMOVE refresh_until",
            names={"#token": "token", "#ttl": "ttl"},
            values={
                ":token": {"S": token.value},
                ":tenant": {"S": token.tenant},
                ":fresh": {"N": str(int(token.fresh_until))},
                ":end": {"N": str(int(token.expires_at))},
            },
        )

    def _update(
        self,
        company: Company,
        change: str,
        *,
        condition: str | None = None,
        names: dict[str, str] | None = None,
        values: dict[str, Any] | None = None,
    ) -> bool:
        """Write; False when the condition does not hold."""
        request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            self._dynamodb.update_item(
                TableName=self._table, Key={"pk": {"S": company.name}}, UpdateExpression=change, **request
            )
        except Exception as error:
            if not is_failed_condition(error):
                raise
            return False
        return True

    def _mint(self, company: Company, deadline: Deadline) -> _Token:
        client_id, client_secret = self._secrets.visma_credentials(company.name)
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
        return _Token(
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
        self._secrets.forget()
        return Misconfigured(
            failure.sentence,
            request_id=failure.request_id,
            next_step=_NEXT_STEPS.get(_error_code(answer), self._secrets.visma_next_step()),
        )


@dataclass(slots=True)
class _Table:
    works: bool = True


@contextmanager
def _tolerated(step: str) -> Iterator[_Table]:
    """Go on without the table when it is in trouble: a token more costs less than a poll that does not run."""
    from botocore.exceptions import BotoCoreError, ClientError

    table = _Table()
    try:
        yield table
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        table.works = False
        logger.warning("The token table is left out (%s: %s)", step, type(error).__name__)


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
