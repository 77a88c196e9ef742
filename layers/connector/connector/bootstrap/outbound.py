"""Wires what both functions for sent transactions use."""

from __future__ import annotations

from connector.adapters.aws.breaker import DynamoBreaker
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.secrets import SecretsManagerSecrets
from connector.adapters.orderful.client import OrderfulClient
from connector.bootstrap.common import clock, http
from connector.services.ports import Deadline
from connector.settings import DeliverTransactionSettings, TrackTransactionsSettings


class Outbound:
    """The ledger, the breaker and Orderful, made once for a function."""

    def __init__(self, settings: DeliverTransactionSettings | TrackTransactionsSettings) -> None:
        """Wire what does not depend on the invocation."""
        self._base_url = settings.orderful_base_url
        self._secrets = SecretsManagerSecrets(clock, orderful=settings.orderful_secret_arn)
        self.ledger = DynamoLedger(settings.documents_table, S3Payloads(settings.payloads_bucket))
        self.breaker = DynamoBreaker(settings.documents_table)

    def orderful(self, deadline: Deadline) -> OrderfulClient:
        """Orderful, until the deadline of an invocation."""
        return OrderfulClient(
            self._base_url, self._secrets, http=http(), clock=clock, deadline=deadline, holds=self.breaker
        )
