"""Wires the function `apply_change`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from connector.adapters.aws.hint_budget import DynamoHintBudget
from connector.adapters.aws.queues import SqsPostponer
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.conflict_retry import BackOff
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.bootstrap.common import Answer, begin_run, clock, consume_event, http, telemetry, visma_gate
from connector.bootstrap.inbound import Inbound
from connector.domain.routing.route import Company
from connector.services.inbound.apply import Applier
from connector.services.inbound.partner_baseline import PartnerBaseline
from connector.services.inbound.ports import PurchaseOrders
from connector.services.inbound.record import HINT_CALLS_A_MINUTE
from connector.services.messages import ChangeMessage, HintMessage
from connector.services.ports import Deadline
from connector.settings import ApplyChangeSettings


class ApplyChange:
    """The function `apply_change`."""

    def __init__(self, settings: ApplyChangeSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._hint_budget = DynamoHintBudget(settings.documents_table, HINT_CALLS_A_MINUTE)
        self._queue = SqsPostponer(settings.changes_queue_url)
        self._hints = SqsPostponer(settings.hints_queue_url)
        self._secrets = SecretsManagerSecrets(
            clock, visma=settings.visma_secret_arn, orderful=settings.orderful_secret_arn
        )
        self._inbound = Inbound(settings, self._secrets)
        self._known = PartnerBaseline(self._inbound.documents, clock)
        self._tokens = VismaTokens(
            DynamoTokenStore(settings.tokens_table), self._secrets, settings.visma_token_url, clock=clock, http=http()
        )
        self._decoder = msgspec.json.Decoder(HintMessage | ChangeMessage)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Apply the changes of a batch."""
        begin_run(context)
        settings, deadline = self._settings, LambdaDeadline(context)
        orderful = self._inbound.orderful(deadline)
        applier = Applier(
            changes=self._inbound.changes,
            recorder=self._inbound.recorder(orderful),
            hint_budget=self._hint_budget,
            orders=self._open_orders,
            known=self._known,
            orderful=orderful,
            routing=self._inbound.routing,
            clock=clock,
            telemetry=telemetry(),
            stream=settings.stream,
            lease=timedelta(seconds=settings.claim_seconds),
            deadline=deadline,
            conflict_retry=BackOff(),
            pauses=self._inbound.breaker,
        )
        queue = self._hints if _comes_from(event, settings.hints_queue_url) else self._queue
        return consume_event(event, lambda body: applier.handle(self._decoder.decode(body)), queue, deadline=deadline)

    def _open_orders(self, company: Company, deadline: Deadline) -> PurchaseOrders:
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
