"""What is told of a document before it is sent once more: what Orderful has of it now, and what would be different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from connector.cli.documents.diff import Difference, since_sent
from connector.cli.documents.find import Record
from connector.cli.output import table
from connector.cli.stack.stack import Stack
from connector.domain.errors import ConnectorError
from connector.domain.layout import NOTHING, counted
from connector.domain.revision.record import KNOWN_TO_PARTNER


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerHas:
    """What was sent of a document, beside what would be sent.

    Attributes:
        at_orderful: A sentence about the transaction that was sent last, as Orderful shows it now.
        titles: What the two columns of the differences are.
        differences: What would be sent otherwise; None where that cannot be told.
    """

    at_orderful: str
    titles: tuple[str, str]
    differences: Sequence[Difference] | None

    def text(self, most: int | None) -> str:
        """It for a person.

        Args:
            most: So many differences are shown, and the others counted; None for all.
        """
        return "\n".join([self.at_orderful, *self._different(most)])

    def _different(self, most: int | None) -> Iterator[str]:
        if self.differences is None:
            return
        if not self.differences:
            yield "What would be sent says the same as what was sent."
            return
        yield table(("where", *self.titles), self.differences[:most])
        if most is not None and len(self.differences) > most:
            more = counted(len(self.differences) - most, "more difference")
            yield f"{more} ({len(self.differences)} in all; --differences shows them)"

    @property
    def data(self) -> dict[str, Any]:
        """It as JSON data."""
        found = None if self.differences is None else [one._asdict() for one in self.differences]
        return {"at_orderful": self.at_orderful, "differences": found}


def partner_has(stack: Stack, record: Record) -> PartnerHas | None:
    """What was sent of a document and would be sent otherwise; None when Orderful has nothing of it."""
    sent = next((one for one in record.revisions if one.state in KNOWN_TO_PARTNER and one.transaction_id), None)
    if sent is None:
        return None
    try:
        titles, differences, _ = since_sent(stack, record)
    except (ConnectorError, click.ClickException):
        return PartnerHas(at_orderful=_now(stack, sent.orderful_id or ""), titles=("", ""), differences=None)
    return PartnerHas(at_orderful=_now(stack, sent.orderful_id or ""), titles=titles, differences=differences)


def _now(stack: Stack, transaction_id: str) -> str:
    """What Orderful shows of a transaction."""
    try:
        found = stack.orderful.read(transaction_id)
    except ConnectorError as error:
        return f"Whether Orderful has transaction {transaction_id} is not known now: {error.sentence}"
    if found is None:
        return f"Orderful has no transaction {transaction_id} any more."
    words = (found.validation_status, found.delivery_status, found.acknowledgment_status)
    return f"Orderful has transaction {transaction_id} now: {', '.join(word or NOTHING for word in words)}."
