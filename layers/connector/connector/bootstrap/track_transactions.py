"""Wires the function `track_transactions`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.orderful.client import OrderfulClient
from connector.bootstrap.common import Answer, clock, http, telemetry
from connector.domain.errors import Transient
from connector.services.outbound.track import Tracker
from connector.settings import TrackTransactionsSettings


class TrackTransactions:
    """The function `track_transactions`."""

    def __init__(self, settings: TrackTransactionsSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._ledger = DynamoLedger(settings.documents_table, S3Payloads(settings.payloads_bucket))
        self._findings = DynamoFindingBook(settings.cursors_table)
        self._routing = RoutingStore(settings.routing_table, clock)
        self._breaker = DynamoBreaker(settings.documents_table)
        self._outbox = SqsOutbox(deliveries_url=settings.deliveries_queue_url)
        self._secrets = SecretsManagerSecrets(clock, orderful=settings.orderful_secret_arn)

    def __call__(self, _event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Follow what was sent."""
        settings = self._settings
        deadline = LambdaDeadline(context)
        tracker = Tracker(
            ledger=self._ledger,
            orderful=OrderfulClient(
                settings.orderful_base_url,
                self._secrets,
                http=http(),
                clock=clock,
                deadline=deadline,
                holds=self._breaker,
            ),
            outbox=self._outbox,
            breaker=self._breaker,
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
