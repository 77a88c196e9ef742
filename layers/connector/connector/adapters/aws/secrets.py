"""Credentials from AWS Secrets Manager, kept in memory for a few minutes and nowhere else."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.adapters import log
from connector.adapters.aws import clients
from connector.adapters.callback_auth import CALLBACK_SHAPE, CallbackCredentials
from connector.domain.errors import ConnectorError, Misconfigured, Transient
from connector.services.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT = timedelta(seconds=300)
VISMA_SHAPE = '{"client_id": "...", "client_secret": "..."}'
ORDERFUL_SHAPE = '{"api_key": "..."}'
_NAMES = {VISMA_SHAPE: "visma", ORDERFUL_SHAPE: "orderful", CALLBACK_SHAPE: "callback"}
"""What `connector secrets set` calls each."""
_DENIED = frozenset({"AccessDeniedException", "AccessDenied"})
_LATER = frozenset({"ThrottlingException", "InternalServiceError", "InternalServiceErrorException", "RequestTimeout"})


@dataclass(frozen=True, slots=True)
class _Read:
    content: dict[str, Any] = field(repr=False)
    at: datetime


class SecretsManagerSecrets:
    """The three secrets of a stack: the `VismaCredentials` and `OrderfulCredentials` ports, and the callback's.

    A function names only those that it may read.

    Args:
        visma: Name or ARN of the secret `{"client_id", "client_secret"}`. One secret may hold several companies'
            pairs as `{"companies": {"nordic": {...}}}`; a company without its own uses the pair at the top.
        orderful: Name or ARN of the secret `{"api_key"}`.
        callback: Name or ARN of the secret that says what a callback has to bring (`CallbackCredentials`).
        client: Secrets Manager; made at first use.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        visma: str | None = None,
        orderful: str | None = None,
        callback: str | None = None,
        client: SecretsManagerClient | None = None,
    ) -> None:
        self._given = client
        self._clock = clock
        self._visma = visma
        self._orderful = orderful
        self._callback = callback
        self._kept: dict[str, _Read] = {}
        self._lock = threading.Lock()

    def visma_credentials(self, company: str) -> tuple[str, str]:
        """Client id and client secret for `company`.

        Raises:
            Misconfigured: the secret cannot be read or lacks a key.
            Transient: Secrets Manager does not answer.
        """
        content = self._read(self._visma, VISMA_SHAPE)
        companies = content.get("companies")
        own = companies.get(company) if isinstance(companies, dict) else None
        pair = own if isinstance(own, dict) else content
        found = [_value(pair, name) for name in ("client_id", "client_secret")]
        if found[0] is None or found[1] is None:
            raise Misconfigured(
                f"The secret '{self._visma}' has no client_id and client_secret for company '{company}'.",
                next_step=self.visma_next_step(),
            )
        return found[0], found[1]

    def orderful_api_key(self) -> str:
        """The API key of the organization at Orderful.

        Raises:
            Misconfigured: the secret cannot be read or lacks the key.
            Transient: Secrets Manager does not answer.
        """
        key = _value(self._read(self._orderful, ORDERFUL_SHAPE), "api_key")
        if key is None:
            raise Misconfigured(f"The secret '{self._orderful}' has no api_key.", next_step=self.orderful_next_step())
        return key

    def callback_credentials(self) -> CallbackCredentials:
        """What a callback has to bring.

        Raises:
            Misconfigured: the secret cannot be read or is not of the agreed shape.
            Transient: Secrets Manager does not answer.
        """
        content = self._read(self._callback, CALLBACK_SHAPE)
        try:
            return CallbackCredentials.from_content(content)
        except ValueError:
            raise Misconfigured(
                f"The secret '{self._callback}' does not say what a callback has to bring.",
                next_step=_next_step(self._callback, CALLBACK_SHAPE),
            ) from None

    def forget(self) -> None:
        """Read anew next time: the other side refused what we have, so it may have been changed."""
        with self._lock:
            self._kept.clear()

    def visma_next_step(self) -> str:
        """How a person sets the Visma credentials."""
        return _next_step(self._visma, VISMA_SHAPE)

    def orderful_next_step(self) -> str:
        """How a person sets the Orderful key."""
        return _next_step(self._orderful, ORDERFUL_SHAPE)

    def _read(self, name: str | None, shape: str) -> dict[str, Any]:
        if not name:
            raise Misconfigured(
                "This function was not told where its secret is.", next_step="Deploy the stack from template.yaml."
            )
        with self._lock:
            kept = self._kept.get(name)
            now = self._clock.now()
            if kept is not None and now - kept.at < KEPT:
                return kept.content
            try:
                content = self._fetch(name, shape)
            except Transient:
                if kept is None:
                    raise
                log.warning("a secret is used on", {"reason": "Secrets Manager does not answer; it was read earlier."})
                return kept.content
            self._kept[name] = _Read(content, now)
            return content

    def _fetch(self, name: str, shape: str) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            text = (self._given or clients.secrets_manager()).get_secret_value(SecretId=name).get("SecretString", "")
        except ClientError as error:
            raise _unreadable(name, shape, error.response) from None
        except BotoCoreError as error:
            raise Transient(f"Secrets Manager could not be asked for '{name}' ({type(error).__name__}).") from None
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Misconfigured(f"The secret '{name}' is not a JSON object.", next_step=_next_step(name, shape))
        return content


def _unreadable(name: str, shape: str, response: Any) -> ConnectorError:
    code = response.get("Error", {}).get("Code", "unknown")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    sentence = f"The secret '{name}' cannot be read ({code})."
    if code in _LATER or status >= 500:
        return Transient(sentence)
    if code in _DENIED:
        step = (
            "The permission secretsmanager:GetSecretValue on it is missing. A person has it by the policy in the "
            "output OperatorPolicyArn of the stack (ReaderPolicyArn gives no secrets); a function has it once the "
            "stack is deployed again."
        )
        return Misconfigured(sentence, next_step=step)
    return Misconfigured(sentence, next_step=_next_step(name, shape))


def _value(content: dict[str, Any], name: str) -> str | None:
    # Secrets pasted by people end in a line break now and then, which no header may hold.
    value = content.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _next_step(name: str | None, shape: str) -> str:
    return f"Set it: connector secrets set {_NAMES[shape]} (secret {name or 'NAME'}, of the form {shape})"
