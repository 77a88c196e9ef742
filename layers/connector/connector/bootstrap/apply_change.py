"""Wires the function `apply_change`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.hint_budget import DynamoHintBudget
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox, SqsPostponer
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.conflict_retry import BackOff
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.bootstrap.common import Answer, clock, consume_event, http, telemetry, visma_gate
from connector.domain.routing.route import Company
from connector.services.inbound.apply import Applier
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.ports import OrderDesk
from connector.services.inbound.record import HINT_CALLS_A_MINUTE, InboundRecorder
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Deadline
from connector.settings import ApplyChangeSettings


class ApplyChange:
    """The function `apply_change`."""

    def __init__(self, settings: ApplyChangeSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        payloads = S3Payloads(settings.payloads_bucket)
        keep = timedelta(days=settings.payload_retention_days)
        self._changes = DynamoChanges(settings.documents_table, payloads, keep_messages=keep)
        self._documents = DynamoLedger(settings.documents_table, payloads, keep_bodies=keep)
        self._known = PartnerBaseline(self._documents, clock)
        self._routing = RoutingStore(settings.routing_table, clock)
        self._outbox = SqsOutbox(changes_url=settings.changes_queue_url)
        self._hint_budget = DynamoHintBudget(settings.documents_table, HINT_CALLS_A_MINUTE)
        self._queue = SqsPostponer(settings.changes_queue_url)
        self._hints = SqsPostponer(settings.hints_queue_url)
        self._breaker = DynamoBreaker(settings.documents_table)
        self._secrets = SecretsManagerSecrets(
            clock, visma=settings.visma_secret_arn, orderful=settings.orderful_secret_arn
        )
        self._tokens = VismaTokens(
            DynamoTokenStore(settings.tokens_table), self._secrets, settings.visma_token_url, clock=clock, http=http()
        )
        self._decoder = msgspec.json.Decoder(HintMessage | ChangeMessage)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Apply the changes of a batch."""
        settings, deadline = self._settings, LambdaDeadline(context)
        orderful = OrderfulInbound(
            settings.orderful_base_url, self._secrets, http=http(), clock=clock, deadline=deadline, holds=self._breaker
        )
        applier = Applier(
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
            hint_budget=self._hint_budget,
            orders=self._open_orders,
            known=self._known,
            orderful=orderful,
            routing=self._routing,
            clock=clock,
            telemetry=telemetry(),
            stream=settings.stream,
            lease=timedelta(seconds=settings.claim_seconds),
            deadline=deadline,
            conflict_retry=BackOff(),
            pauses=self._breaker,
        )
        queue = self._hints if _comes_from(event, settings.hints_queue_url) else self._queue
        return consume_event(event, lambda body: applier.handle(self._decoder.decode(body)), queue, deadline=deadline)

    def _open_orders(self, company: Company, deadline: Deadline) -> OrderDesk:
        gate = visma_gate(self._settings.documents_table, company.name)
        return VismaClient(
            company, self._tokens, self._settings.visma_base_url, http=http(), deadline=deadline, gate=gate
        )


def _comes_from(event: Mapping[str, Any], queue_url: str) -> bool:
    """Whether a batch comes from a queue; all messages of a batch come from one."""
    name = queue_url.rpartition("/")[2]
    return any(record.get("eventSourceARN", "").rpartition(":")[2] == name for record in event.get("Records", ()))


@lru_cache(maxsize=1)
def apply_change() -> ApplyChange:
    """The wired function, built at the first invocation."""
    return ApplyChange(ApplyChangeSettings.from_environment())
