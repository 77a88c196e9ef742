"""Orderful's HTTP inbound channel: a document is posted to our URL, and the status of our answer decides the delivery.

Any 2xx except 202 accepts the delivery; 202 means "received, confirmed later"; some statuses, time-outs and connection
errors are retried; everything else fails the delivery (Orderful: documentation of the success and failure of
transactions).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

# The connector's own HTTP client turns statuses into errors; the status is needed here.
import requests

PushResult = Literal["delivered", "sent", "retry", "failed"]

RETRY_SECONDS: Final = (300.0, 600.0, 1200.0)
"""Pauses before the second, third and fourth attempt (Orderful: change log of 2021-02-17)."""
TIMEOUT_SECONDS: Final = 30.0
RETRIED: Final = frozenset({404, 408, 409, 423, 429, 502, 503, 504})
FORMATS: Final = ("v3", "v4", "2020")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where and how documents are pushed.

    Attributes:
        url: Our address.
        format: The body: `v3` (a transaction), `v4` (an inbox item) or `2020` (the oldest, without a delivery).
        headers: Additional headers, which Orderful's support sets up.
        basic: `user:password` of basic authentication.
        timeout_seconds: Time limit for an answer.
    """

    url: str
    format: str = "v3"
    headers: Mapping[str, str] = field(default_factory=dict)
    basic: str | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        """Refuse an invalid webhook."""
        if self.format not in FORMATS:
            raise ValueError(f"A webhook's format is {', '.join(FORMATS)}, not '{self.format}'.")
        if urlsplit(self.url).scheme not in {"http", "https"} or not urlsplit(self.url).hostname:
            raise ValueError(f"A webhook needs an http or https address, not '{self.url}'.")
        if self.basic is not None and ":" not in self.basic:
            raise ValueError("Basic authentication of a webhook is written user:password.")

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Webhook:
        """Read `{"url": ..., "format": ..., "headers": {...}, "basic": ...}`.

        Raises:
            ValueError: something is missing, unknown or wrong.
        """
        try:
            return cls(**body)
        except TypeError as error:
            raise ValueError(f"This is no webhook: {error}.") from None


def push_result_of(status: int | None) -> PushResult:
    """The result of an attempt; `status` is None without an answer."""
    if status is None or status in RETRIED:
        return "retry"
    if status == 202:
        return "sent"
    return "delivered" if 200 <= status < 300 else "failed"


class Pushes:
    """Pushes in daemon threads; `cancel` ends them."""

    def __init__(self) -> None:
        """Start without pushes."""
        self._stopped = threading.Event()
        self._attempts: list[int | None] = []
        self._threads: list[threading.Thread] = []

    def cancel(self) -> None:
        """Stop all pushes without a result, and clear the attempts."""
        self._stopped.set()
        self._stopped = threading.Event()
        self._attempts = []
        self._threads = []

    def attempts(self) -> list[int | None]:
        """The status of each attempt, oldest first; None without an answer."""
        return list(self._attempts)

    def finished(self, timeout: float) -> bool:
        """Wait for every push, at most `timeout` seconds each; False when one still runs."""
        threads = list(self._threads)
        for thread in threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in threads)

    def start(
        self,
        webhook: Webhook,
        body: Mapping[str, Any],
        *,
        retry_seconds: Sequence[float],
        is_pending: Callable[[], bool],
        on_result: Callable[[PushResult], None],
    ) -> None:
        """Push a document, with Orderful's retries.

        Args:
            webhook: Where to.
            body: The same for every attempt.
            retry_seconds: The pause before each further attempt.
            is_pending: False ends the attempts: the delivery was confirmed meanwhile.
            on_result: Called once with the final result, never with `retry`.
        """
        stopped, attempts, content = self._stopped, self._attempts, json.dumps(body).encode()

        def work() -> None:
            for pause in (0.0, *retry_seconds):
                if stopped.wait(pause) or not is_pending():
                    return
                status = _post(webhook, content)
                attempts.append(status)
                result = push_result_of(status)
                if result != "retry":
                    break
            if not stopped.is_set():
                on_result("failed" if result == "retry" else result)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]


def _post(webhook: Webhook, content: bytes) -> int | None:
    """The status of the answer; None without one."""
    user, _, password = (webhook.basic or "").partition(":")
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no .netrc of the machine
        try:
            return session.post(
                webhook.url,
                data=content,
                headers={"Content-Type": "application/json", **webhook.headers},
                auth=(user, password) if webhook.basic else None,
                timeout=webhook.timeout_seconds,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            return None
