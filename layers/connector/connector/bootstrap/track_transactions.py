"""Wires the function `track_transactions`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.bootstrap.common import Answer, begin_run, clock, telemetry
from connector.bootstrap.outbound import Outbound
from connector.domain.errors import Transient
from connector.services.outbound.track import Tracker
from connector.settings import TrackTransactionsSettings


class TrackTransactions:
    """The function `track_transactions`."""

    def __init__(self, settings: TrackTransactionsSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._outbound = Outbound(settings)
        self._findings = DynamoFindingBook(settings.cursors_table)
        self._routing = RoutingStore(settings.routing_table, clock)
        self._outbox = SqsOutbox(deliveries_url=settings.deliveries_queue_url)

    def __call__(self, _event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Follow what was sent."""
        begin_run(context)
        settings = self._settings
        deadline = LambdaDeadline(context)
        tracker = Tracker(
            ledger=self._outbound.ledger,
            orderful=self._outbound.orderful(deadline),
            outbox=self._outbox,
            breaker=self._outbound.breaker,
            routing=self._routing,
            clock=clock,
            telemetry=telemetry(),
            deadline=deadline,
            stream=settings.stream,
            resend_after=timedelta(seconds=settings.resend_after_seconds),
            findings=self._findings,
        )
        try:
            return {"changed": tracker.run()}
        except Transient as error:
            # Trouble of Orderful's or AWS's is no defect of the function: the heartbeat tells when it lasts.
            telemetry().warning("tracking failed", {"reason": str(error), "request_id": error.request_id})
            return {"changed": 0, "problem": str(error)}
        finally:
            telemetry().flush()


@lru_cache(maxsize=1)
def track_transactions() -> TrackTransactions:
    """The wired function, built at the first invocation."""
    return TrackTransactions(TrackTransactionsSettings.from_environment())
