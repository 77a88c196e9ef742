"""Wires the function `deliver_transaction`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsPostponer
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.orderful.client import OrderfulClient
from connector.bootstrap.common import Answer, clock, consume_event, http, telemetry
from connector.services.messages import DeliveryMessage
from connector.services.outbound.deliver import Deliverer
from connector.services.outbound.snapshot import Snapshot
from connector.settings import DeliverTransactionSettings


class DeliverTransaction:
    """The function `deliver_transaction`."""

    def __init__(self, settings: DeliverTransactionSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._ledger = DynamoLedger(settings.documents_table, S3Payloads(settings.payloads_bucket))
        self._breaker = DynamoBreaker(settings.documents_table)
        self._snapshot = Snapshot()
        self._queue = SqsPostponer(settings.deliveries_queue_url)
        self._decoder = msgspec.json.Decoder(DeliveryMessage)
        self._secrets = SecretsManagerSecrets(clock, orderful=settings.orderful_secret_arn)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Send the revisions of a batch."""
        settings, deadline = self._settings, LambdaDeadline(context)
        deliverer = Deliverer(
            ledger=self._ledger,
            orderful=OrderfulClient(
                settings.orderful_base_url,
                self._secrets,
                http=http(),
                clock=clock,
                deadline=deadline,
                holds=self._breaker,
            ),
            breaker=self._breaker,
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
