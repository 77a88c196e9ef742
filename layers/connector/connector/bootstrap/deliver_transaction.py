"""Wires the function `deliver_transaction`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from connector.adapters.aws.queues import SqsPostponer
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.bootstrap.common import Answer, begin_run, clock, consume_event, telemetry
from connector.bootstrap.outbound import Outbound
from connector.services.messages import DeliveryMessage
from connector.services.outbound.deliver import Deliverer
from connector.services.outbound.snapshot import Snapshot
from connector.settings import DeliverTransactionSettings


class DeliverTransaction:
    """The function `deliver_transaction`."""

    def __init__(self, settings: DeliverTransactionSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._outbound = Outbound(settings)
        self._snapshot = Snapshot()
        self._queue = SqsPostponer(settings.deliveries_queue_url)
        self._decoder = msgspec.json.Decoder(DeliveryMessage)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Send the revisions of a batch."""
        begin_run(context)
        settings, deadline = self._settings, LambdaDeadline(context)
        deliverer = Deliverer(
            ledger=self._outbound.ledger,
            orderful=self._outbound.orderful(deadline),
            breaker=self._outbound.breaker,
            clock=clock,
            telemetry=telemetry(),
            stream=settings.stream,
            confirm_after=timedelta(seconds=settings.confirm_after_seconds),
            lease=timedelta(seconds=settings.claim_seconds),
            young_for=timedelta(days=settings.ledger_young_days),
            snapshot=self._snapshot,
        )
        return consume_event(
            event, lambda body: deliverer.handle(self._decoder.decode(body)), self._queue, deadline=deadline
        )


@lru_cache(maxsize=1)
def deliver_transaction() -> DeliverTransaction:
    """The wired function, built at the first invocation."""
    return DeliverTransaction(DeliverTransactionSettings.from_environment())
