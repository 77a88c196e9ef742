"""Orderful's HTTP inbound channel: a document is posted to our URL, and our status says what becomes of the delivery.

200 (any 2xx except 202) takes it over; 202 means "received, confirmed later"; a few statuses, silence and a dead
connection are tried again; everything else fails it at once and for good (Orderful: documentation of the success and
failure of transactions).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

# The connector's own HTTP client hides statuses behind its outcomes; here the bare status is the point.
import requests

PushResult = Literal["delivered", "sent", "again", "failed"]

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
        headers: Sent along, as Orderful's support sets them up.
        basic: `user:password` of basic authentication.
        timeout_seconds: How long an answer is waited for.
    """

    url: str
    format: str = "v3"
    headers: Mapping[str, str] = field(default_factory=dict)
    basic: str | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        """Refuse what could never be called."""
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
    """What an answer means; None is no answer."""
    if status is None or status in RETRIED:
        return "again"
    if status == 202:
        return "sent"
    return "delivered" if 200 <= status < 300 else "failed"


class Pushes:
    """Pushes in threads of their own, which end when `forget` is called or the process does."""

    def __init__(self) -> None:
        """Push nothing yet."""
        self._over = threading.Event()
        self._attempts: list[int | None] = []
        self._threads: list[threading.Thread] = []

    def forget(self) -> None:
        """Give up what is under way, without a verdict, and forget all attempts."""
        self._over.set()
        self._over = threading.Event()
        self._attempts = []
        self._threads = []

    def attempts(self) -> list[int | None]:
        """The status of every push so far, earliest first; None where there was no answer."""
        return list(self._attempts)

    def finished(self, timeout: float) -> bool:
        """Wait for every push to end, at most `timeout` seconds each; False when one is not over then."""
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
        wanted: Callable[[], bool],
        settle: Callable[[PushResult], None],
    ) -> None:
        """Push a document, and try again as Orderful does.

        Args:
            webhook: Where to.
            body: The same for every attempt.
            retry_seconds: The pause before each further attempt.
            wanted: False ends it before the next attempt: the delivery was confirmed meanwhile.
            settle: Told once how it ended, never with `again`.
        """
        over, attempts, content = self._over, self._attempts, json.dumps(body).encode()

        def work() -> None:
            for pause in (0.0, *retry_seconds):
                if over.wait(pause) or not wanted():
                    return
                status = _post(webhook, content)
                attempts.append(status)
                result = push_result_of(status)
                if result != "again":
                    break
            if not over.is_set():
                settle("failed" if result == "again" else result)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]


def _post(webhook: Webhook, content: bytes) -> int | None:
    """The status of the answer; None when there was none."""
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
