"""Wires the function `poll_visma`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.health import DynamoHealth
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.table_identity import TableIdentity
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.visma.client import VismaClient
from connector.adapters.visma.tokens import VismaTokens
from connector.bootstrap.common import Answer, begin_run, clock, http, telemetry, visma_gate
from connector.domain.errors import NoRouting
from connector.domain.polling.shares import shares_of
from connector.domain.routing.route import Company
from connector.services.list_health import report_lost_routing
from connector.services.outbound.poll import Poller
from connector.services.ports import Deadline, Erp
from connector.settings import PollVismaSettings


class PollVisma:
    """The function `poll_visma`."""

    def __init__(self, settings: PollVismaSettings) -> None:
        """Wire the poller."""
        secrets = SecretsManagerSecrets(clock, visma=settings.visma_secret_arn)
        tokens = VismaTokens(
            DynamoTokenStore(settings.tokens_table), secrets, settings.visma_token_url, clock=clock, http=http()
        )
        self._routing = RoutingStore(settings.routing_table, clock)

        def open_visma(company: Company, deadline: Deadline) -> Erp:
            gate = visma_gate(settings.documents_table, company.name)
            return VismaClient(company, tokens, settings.visma_base_url, http=http(), deadline=deadline, gate=gate)

        payloads = S3Payloads(settings.payloads_bucket)
        self._shares = settings.poll_shares
        self._health = DynamoHealth(settings.cursors_table)
        self._poller = Poller(
            erp=open_visma,
            cursors=DynamoCursors(
                settings.cursors_table,
                payloads=payloads,
                belongs_to=TableIdentity(settings.documents_table, clock, queue_url=settings.documents_queue_url),
            ),
            outbox=SqsOutbox(documents_url=settings.documents_queue_url),
            payloads=payloads,
            clock=clock,
            telemetry=telemetry(),
            health=self._health,
        )

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Poll every list of every company of the share that the event names; of every share if it names none."""
        begin_run(context)
        try:
            companies = self._routing.load().companies.values()
            shares = shares_of(event, self._shares)
            results = self._poller.poll_shares(companies, LambdaDeadline(context), shares)
        except NoRouting as error:
            telemetry().info("nothing to poll", {"reason": str(error)})
            lost = report_lost_routing(self._health, telemetry(), now=clock.now())
            return {"queued": 0, "problems": [lost] if lost else []}
        finally:
            telemetry().flush()
        return {
            "queued": sum(result.queued for result in results),
            "problems": [
                f"{result.company} {result.resource}: {result.problem}" for result in results if result.problem
            ],
        }


@lru_cache(maxsize=1)
def poll_visma() -> PollVisma:
    """The wired function, built at the first invocation."""
    return PollVisma(PollVismaSettings.from_environment())
