"""Use case: take a callback of Orderful as a hint.

Anybody can send such a request; it is not signed. Only the ids of the transaction and its delivery are taken from it.
Everything else is read from Orderful with our own key. Polling finds transactions whose callback was lost.

Until a secret is set, every request is refused, unless the stack is deployed to take callbacks without one. Only
Orderful's support can add the header.

Orderful (response contract of the HTTP channel): 202 means "accepted, not finished yet"; after 503 it tries three more
times; after 400, 401, 403 and 500 it gives the document up at once. So a request that may be real is answered with 202
or 503; only one without the secret gets 401.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from connector.domain.errors import ConnectorError, Misconfigured
from connector.edi.inbound import read_identity
from connector.services.messages import HintMessage
from connector.services.ports import Metric, Outbox, Telemetry

Headers = Mapping[str, Sequence[str]]
"""All values of each header; names in lower case."""


class Admission(Enum):
    """Whether a request may pass."""

    ADMITTED = "admitted"
    NOT_BROUGHT = "It does not have the secret."
    NOTHING_AGREED = "No secret is set for callbacks, and the stack does not take callbacks without one."


class ReceiveResult(IntEnum):
    """The HTTP status for Orderful."""

    TAKEN = 202
    REFUSED = 401
    UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes callbacks.

    Attributes:
        admits: Whether a request with these headers may pass; raises `ConnectorError` when the secret cannot be read.
        max_bytes: A longer body is not read.
    """

    admits: Callable[[Headers], Admission]
    outbox: Outbox
    telemetry: Telemetry
    max_bytes: int

    def receive(self, headers: Headers, body: bytes) -> ReceiveResult:
        """Take one callback. Never raises: after the status of an exception, Orderful gives the document up."""
        try:
            return self._receive(headers, body)
        except ConnectorError as error:
            if isinstance(error, Misconfigured):
                self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            self.telemetry.error("callback not taken", {"reason": str(error), "request_id": error.request_id})
        except Exception as error:  # noqa: BLE001 - see above
            place = traceback.extract_tb(error.__traceback__)[-1]
            # Without the message of the exception: that may quote the body.
            reason = f"{type(error).__name__} in {place.name}, line {place.lineno}"
            self.telemetry.error("unexpected failure", {"reason": reason})
        return ReceiveResult.UNAVAILABLE

    def _receive(self, headers: Headers, body: bytes) -> ReceiveResult:
        admission = self.admits(headers)
        if admission is not Admission.ADMITTED:
            self.telemetry.count(Metric.CALLBACKS_REFUSED)
            self.telemetry.warning("callback refused", {"reason": admission.value})
            return ReceiveResult.REFUSED
        self.telemetry.count(Metric.CALLBACKS_RECEIVED)
        if len(body) > self.max_bytes:
            return self._unusable(f"It is longer than {self.max_bytes} bytes.")
        hint = _hint(body)
        if hint is None:
            return self._unusable("It names no transaction.")
        self.outbox.hints([hint])
        self.telemetry.info("callback taken", {"transaction_id": hint.transaction_id})
        return ReceiveResult.TAKEN

    def _unusable(self, reason: str) -> ReceiveResult:
        self.telemetry.count(Metric.CALLBACKS_UNUSABLE)
        self.telemetry.warning("callback unusable", {"reason": reason})
        return ReceiveResult.TAKEN


def _hint(body: bytes) -> HintMessage | None:
    transaction = read_identity(body)
    if transaction is None:
        return None
    delivery = transaction.delivery
    return HintMessage(
        transaction_id=transaction.transaction_id,
        delivery_id=delivery.delivery_id if delivery else None,
        version=delivery.version if delivery else None,
    )
