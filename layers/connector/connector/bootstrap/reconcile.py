"""Wires the function `reconcile`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.aws.token_store import DynamoTokenStore
from connector.adapters.clock import LambdaContext, LambdaDeadline
from connector.adapters.held_calls import HeldCalls
from connector.adapters.orderful.transaction_list import OrderfulTransactionList
from connector.adapters.visma.document_list import VismaDocumentList
from connector.adapters.visma.tokens import VismaTokens
from connector.bootstrap.common import Answer, begin_run, clock, http, telemetry, visma_gate
from connector.domain.errors import ConnectorError, NoRouting
from connector.domain.routing.route import Company
from connector.services.ports import Calls, Deadline
from connector.services.reconcile.absence import MAX_LOOKS
from connector.services.reconcile.night import Nightly
from connector.services.reconcile.ports import DocumentList
from connector.services.reconcile.run import Reconciler
from connector.settings import ReconcileSettings

MAX_CALLS = 80
"""Calls of Orderful in one run. Orderful: an example of 100 a minute and endpoint; the tracker makes calls besides."""


class Reconcile:
    """The function `reconcile`."""

    def __init__(self, settings: ReconcileSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._secrets = SecretsManagerSecrets(
            clock, visma=settings.visma_secret_arn, orderful=settings.orderful_secret_arn
        )
        self._tokens = VismaTokens(
            DynamoTokenStore(settings.tokens_table), self._secrets, settings.visma_token_url, clock=clock, http=http()
        )
        payloads = S3Payloads(settings.payloads_bucket)
        self._ledger = DynamoLedger(settings.documents_table, payloads)
        self._records = DynamoChanges(settings.documents_table, payloads)
        self._outbox = SqsOutbox(hints_url=settings.hints_queue_url)
        self._routing = RoutingStore(settings.routing_table, clock)
        self._book = DynamoFindingBook(settings.cursors_table)
        self._gate = HeldCalls(DynamoBreaker(settings.documents_table), Calls.READ, clock, "Orderful")

    def _lists(self, company: Company, deadline: Deadline) -> DocumentList:
        settings = self._settings
        gate = visma_gate(settings.documents_table, company.name)
        return VismaDocumentList(
            company, self._tokens, settings.visma_base_url, http=http(), deadline=deadline, gate=gate
        )

    def __call__(self, _event: Mapping[str, Any], context: LambdaContext) -> Answer:
        """Begin the run of the night, or carry it on."""
        begin_run(context)
        settings, deadline = self._settings, LambdaDeadline(context)
        try:
            reconciler = Reconciler(
                lists=self._lists,
                orderful=OrderfulTransactionList(
                    settings.orderful_base_url, self._secrets, http=http(), deadline=deadline, gate=self._gate
                ),
                ledger=self._ledger,
                records=self._records,
                outbox=self._outbox,
                routing=self._routing.load(),
                stream=settings.stream,
                book=self._book,
                clock=clock,
                deadline=deadline,
                most_calls=MAX_CALLS,
                most_looks=MAX_LOOKS,
                young=timedelta(seconds=settings.reconcile_after_seconds),
            )
            progress = Nightly(
                reconciler=reconciler,
                book=self._book,
                clock=clock,
                telemetry=telemetry(),
                days=timedelta(days=settings.reconcile_days),
            ).run()
        except NoRouting as error:
            telemetry().info("nothing to reconcile", {"reason": str(error)})
            return {"ended": False, "problem": None}
        except ConnectorError as error:
            # The next invocation goes on where this one stopped; what lasts is told as overdue.
            telemetry().warning("reconciliation failed", {"reason": str(error), "request_id": error.request_id})
            return {"ended": False, "problem": str(error)}
        finally:
            telemetry().flush()
        return {"ended": progress is None or progress.ended_at is not None, "problem": None}


@lru_cache(maxsize=1)
def reconcile() -> Reconcile:
    """The wired function, built at the first invocation."""
    return Reconcile(ReconcileSettings.from_environment())
