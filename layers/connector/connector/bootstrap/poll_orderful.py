"""Wires the function `poll_orderful`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.table_identity import TableIdentity
from connector.adapters.aws.watermark import DynamoWatermark
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.bootstrap.common import Answer, begin_run, clock, telemetry
from connector.bootstrap.inbound import Inbound
from connector.services.inbound.collect import Collector
from connector.settings import PollOrderfulSettings


class PollOrderful:
    """The function `poll_orderful`."""

    def __init__(self, settings: PollOrderfulSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._page_sizes: dict[str, int] = {}
        self._settled_answers: set[str] = set()
        ledger = TableIdentity(settings.documents_table, clock)
        self._watermark = DynamoWatermark(DynamoCursors(settings.cursors_table, belongs_to=ledger))
        self._inbound = Inbound(settings, SecretsManagerSecrets(clock, orderful=settings.orderful_secret_arn))

    def __call__(self, _event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Collect what Orderful holds for us."""
        begin_run(context)
        settings, deadline = self._settings, LambdaDeadline(context)
        orderful = self._inbound.orderful(deadline)
        collector = Collector(
            changes=self._inbound.changes,
            recorder=self._inbound.recorder(orderful),
            orderful=orderful,
            outbox=self._inbound.outbox,
            routing=self._inbound.routing,
            watermark=self._watermark,
            pauses=self._inbound.breaker,
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
