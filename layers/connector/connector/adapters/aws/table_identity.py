"""Which ledger a cursor belongs to.

A cursor says that everything up to it is in the ledger or in the queue on the way there. That holds for one table and
one queue only: with a table that was restored or begun anew, or a queue that was created anew, documents are missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.adapters.aws import clients
from connector.adapters.aws.errors import translated
from connector.services.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HOLDS = timedelta(minutes=1)
"""How long an answer is believed: a table may be deleted and made again under its name."""


class TableIdentity(clients.OnDynamoDB):
    """The identity of the ledger's table, together with the queue that leads to it."""

    def __init__(
        self, table: str, clock: Clock, *, queue_url: str | None = None, client: DynamoDBClient | None = None
    ) -> None:
        """Ask about `table` when it is first needed.

        Args:
            table: Of the ledger.
            clock: The time.
            queue_url: The queue in which something may be that the table has yet to get; None: there is no such queue.
            client: Instead of the one of this process.
        """
        self._table = table
        self._clock = clock
        self._queue_url = queue_url
        super().__init__(client)
        self._known: tuple[datetime, str] | None = None

    def __call__(self) -> str:
        """The table's ARN, the time of its creation (DynamoDB: a restored table is a new one), and the queue.

        Raises:
            Transient, Misconfigured: the table cannot be described.
        """
        now = self._clock.now()
        if self._known is None or now - self._known[0] >= _HOLDS:
            client = self._client
            with translated("ledger"):
                table = client.describe_table(TableName=self._table)["Table"]
            created = table["CreationDateTime"].timestamp()
            self._known = now, " ".join(filter(None, [table["TableArn"], f"{created:.3f}", self._queue_url]))
        return self._known[1]
