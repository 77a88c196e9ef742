"""Wires the function `poll_orderful`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.table_identity import TableIdentity
from connector.adapters.aws.watermark import DynamoWatermark
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.bootstrap.common import Answer, clock, http, telemetry
from connector.services.inbound.collect import Collector
from connector.services.inbound.record import InboundRecorder
from connector.settings import PollOrderfulSettings


class PollOrderful:
    """The function `poll_orderful`."""

    def __init__(self, settings: PollOrderfulSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        payloads = S3Payloads(settings.payloads_bucket)
        keep = timedelta(days=settings.payload_retention_days)
        self._changes = DynamoChanges(settings.documents_table, payloads, keep_messages=keep)
        self._documents = DynamoLedger(settings.documents_table, payloads, keep_bodies=keep)
        self._page_sizes: dict[str, int] = {}
        self._settled_answers: set[str] = set()
        ledger = TableIdentity(settings.documents_table, clock)
        self._watermark = DynamoWatermark(DynamoCursors(settings.cursors_table, belongs_to=ledger))
        self._routing = RoutingStore(settings.routing_table, clock)
        self._outbox = SqsOutbox(changes_url=settings.changes_queue_url)
        self._breaker = DynamoBreaker(settings.documents_table)
        self._secrets = SecretsManagerSecrets(clock, orderful=settings.orderful_secret_arn)

    def __call__(self, _event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Collect what Orderful holds for us."""
        settings, deadline = self._settings, LambdaDeadline(context)
        orderful = OrderfulInbound(
            settings.orderful_base_url, self._secrets, http=http(), clock=clock, deadline=deadline, holds=self._breaker
        )
        collector = Collector(
            changes=self._changes,
            recorder=InboundRecorder(
                changes=self._changes,
                documents=self._documents,
                orderful=orderful,
                routing=self._routing,
                outbox=self._outbox,
                clock=clock,
                telemetry=telemetry(),
                stream=settings.stream,
            ),
            orderful=orderful,
            outbox=self._outbox,
            routing=self._routing,
            watermark=self._watermark,
            pauses=self._breaker,
            clock=clock,
            telemetry=telemetry(),
            deadline=deadline,
            stream=settings.stream,
            inbox_ids=settings.orderful_inbox_ids,
            bucket_ids=settings.orderful_bucket_ids,
            resend_after=timedelta(seconds=settings.resend_after_seconds),
            page_sizes=self._page_sizes,
            settled_answers=self._settled_answers,
        )
        try:
            result = collector.run()
        finally:
            telemetry().flush()
        return {
            "taken": result.taken,
            "confirmed": result.confirmed,
            "requeued": result.requeued,
            "problems": result.problems,
        }


@lru_cache(maxsize=1)
def poll_orderful() -> PollOrderful:
    """The wired function, built at the first invocation."""
    return PollOrderful(PollOrderfulSettings.from_environment())
