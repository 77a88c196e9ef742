"""Wires what both functions for inbound transactions use."""

from __future__ import annotations

from datetime import timedelta

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.inbound_records import DynamoChanges
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import SqsOutbox
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.orderful.inbound import OrderfulInbound
from connector.adapters.ports import OrderfulCredentials
from connector.bootstrap.common import clock, http, telemetry
from connector.services.inbound.record import InboundRecorder
from connector.services.ports import Deadline
from connector.settings import ApplyChangeSettings, PollOrderfulSettings


class Inbound:
    """The stores, the queue and the recorder of inbound transactions, made once for a function."""

    def __init__(self, settings: ApplyChangeSettings | PollOrderfulSettings, credentials: OrderfulCredentials) -> None:
        """Wire what does not depend on the invocation."""
        self._settings = settings
        self._credentials = credentials
        payloads = S3Payloads(settings.payloads_bucket)
        keep = timedelta(days=settings.payload_retention_days)
        self.changes = DynamoChanges(settings.documents_table, payloads, keep_messages=keep)
        self.documents = DynamoLedger(settings.documents_table, payloads, keep_bodies=keep)
        self.routing = RoutingStore(settings.routing_table, clock)
        self.outbox = SqsOutbox(changes_url=settings.changes_queue_url)
        self.breaker = DynamoBreaker(settings.documents_table)

    def orderful(self, deadline: Deadline) -> OrderfulInbound:
        """Orderful, until the deadline of an invocation."""
        return OrderfulInbound(
            self._settings.orderful_base_url,
            self._credentials,
            http=http(),
            clock=clock,
            deadline=deadline,
            holds=self.breaker,
        )

    def recorder(self, orderful: OrderfulInbound) -> InboundRecorder:
        """What records a transaction."""
        return InboundRecorder(
            changes=self.changes,
            documents=self.documents,
            orderful=orderful,
            routing=self.routing,
            outbox=self.outbox,
            clock=clock,
            telemetry=telemetry(),
            stream=self._settings.stream,
        )
