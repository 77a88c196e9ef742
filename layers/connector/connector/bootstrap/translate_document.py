"""Wires the function `translate_document`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import BatchedDeliveries, SqsOutbox, SqsPostponer
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.bootstrap.common import Answer, begin_run, clock, consume_event, telemetry
from connector.services.messages import DocumentMessage
from connector.services.outbound.translate import Translator
from connector.settings import TranslateDocumentSettings


class TranslateDocument:
    """The function `translate_document`."""

    def __init__(self, settings: TranslateDocumentSettings) -> None:
        """Wire the translator."""
        payloads = S3Payloads(settings.payloads_bucket)
        self._queue = SqsPostponer(settings.documents_queue_url)
        self._decoder = msgspec.json.Decoder(DocumentMessage)
        self._outbox = BatchedDeliveries(SqsOutbox(deliveries_url=settings.deliveries_queue_url))
        self._translator = Translator(
            ledger=DynamoLedger(
                settings.documents_table, payloads, keep_bodies=timedelta(days=settings.payload_retention_days)
            ),
            routing=RoutingStore(settings.routing_table, clock),
            outbox=self._outbox,
            payloads=payloads,
            clock=clock,
            telemetry=telemetry(),
            stream=settings.stream,
        )

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Translate the documents of a batch."""
        begin_run(context)
        return consume_event(
            event,
            lambda body: self._translator.handle(self._decoder.decode(body)),
            self._queue,
            deadline=LambdaDeadline(context),
            finish=self._outbox.flush,
        )


@lru_cache(maxsize=1)
def translate_document() -> TranslateDocument:
    """The wired function, built at the first invocation."""
    return TranslateDocument(TranslateDocumentSettings.from_environment())
