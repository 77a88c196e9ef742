"""Wires the function `send_digest`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from connector.adapters.aws.breaker import DynamoBreaker, visma_item
from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.aws.health import DynamoHealth
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.monitor import AwsMonitor
from connector.adapters.aws.notifications import SnsPublisher
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import LambdaContext
from connector.bootstrap.common import Answer, begin_run, clock, telemetry
from connector.services.dead_letters import Queue
from connector.services.digest import Digest
from connector.services.status import DEAD, StatusReader
from connector.settings import SendDigestSettings


class SendDigest:
    """The function `send_digest`."""

    def __init__(self, settings: SendDigestSettings) -> None:
        """Wire all of it; nothing depends on the invocation."""
        self._only_when_needed = settings.digest == "when-needed"
        self._publisher = SnsPublisher(settings.alarm_topic_arn)
        payloads = S3Payloads(settings.payloads_bucket)
        documents = settings.documents_table
        queues = {
            "documents": settings.documents_queue_url,
            "deliveries": settings.deliveries_queue_url,
            "changes": settings.changes_queue_url,
            "hints": settings.hints_queue_url,
            f"{Queue.DOCUMENTS}{DEAD}": settings.documents_dead_letters_url,
            f"{Queue.DELIVERIES}{DEAD}": settings.deliveries_dead_letters_url,
            f"{Queue.CHANGES}{DEAD}": settings.changes_dead_letters_url,
        }
        self._digest = Digest(
            reader=StatusReader(
                ledger=DynamoLedger(documents, payloads),
                changes=DynamoChanges(documents, payloads),
                sending=DynamoBreaker(documents),
                visma_holds=lambda company: DynamoBreaker(documents, visma_item(company)),
                cursors=DynamoCursors(settings.cursors_table),
                health=DynamoHealth(settings.cursors_table),
                routing=RoutingStore(settings.routing_table, clock),
                findings=DynamoFindingBook(settings.cursors_table),
                monitor=AwsMonitor(stack=settings.stack_name, topic=settings.alarm_topic_arn, queues=queues),
                clock=clock,
            ),
            stack=settings.stack_name,
            stream=settings.stream,
        )

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Mail the digest; with `{"always": true}`, as `connector digest --send` asks, also when nobody needs it.

        A failure is the function's: Lambda counts it, and the alarm `send-digest-failed` rings.
        """
        begin_run(context)
        try:
            digest = self._digest.compose()
            is_mailed = digest.is_needed or not self._only_when_needed or bool(event.get("always"))
            if is_mailed:
                self._publisher.publish(digest)
            telemetry().info("digest mailed" if is_mailed else "no digest is needed", {"reason": digest.subject})
            return {"mailed": is_mailed, "subject": digest.subject, "unknown": list(digest.unknown)}
        finally:
            telemetry().flush()


@lru_cache(maxsize=1)
def send_digest() -> SendDigest:
    """The wired function, built at the first invocation."""
    return SendDigest(SendDigestSettings.from_environment())
