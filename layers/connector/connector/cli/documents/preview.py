"""What a person is told of documents, one or many, before deciding: which they are, and what would become of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.cli.documents.steps import Step
from connector.cli.documents.summary import FIELDS
from connector.cli.many import SHOWN
from connector.cli.output import minute, table
from connector.cli.stack.stack import Stack
from connector.domain.documents import DocumentKey
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.record import Revision
from connector.domain.routing.resolve import Routing
from connector.services.listing import Amount, amounts_of

if TYPE_CHECKING:
    from connector.services.outbound.planning import Outlook

_UNKNOWN = Amount(None, None)
_UNREADABLE = "Its Visma document is not kept any more, or cannot be read now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a person is told of one document.

    Attributes:
        step: What would be done with it.
        partner: Its partner by the routing in force; None where that is not known.
        amount: What is payable.
        outlook: What the request to send it would lead to; None where nothing is sent.
    """

    step: Step
    partner: str | None
    amount: Amount
    outlook: Outlook | None

    @property
    def leaves(self) -> bool:
        """Whether nothing that is known keeps it from what is asked for."""
        return self.outlook is None or self.outlook.leaves

    @property
    def will(self) -> str:
        """What becomes of it."""
        if not self.leaves:
            return f"not sent ({self._state})"
        return f"{self.step.will} (its cancellation)" if self._is_cancellation else self.step.will

    @property
    def _is_cancellation(self) -> bool:
        return self.outlook is not None and self.outlook.is_cancellation

    @property
    def _state(self) -> str:
        now, then = self.step.revision.state, self.outlook and self.outlook.state
        return f"stays {now}" if then in {None, now} else f"becomes {then}"

    @property
    def remarks(self) -> str:
        """What keeps it from leaving, what to do about that, and what was done with it before."""
        kept = [] if self.outlook is None else [self.outlook.why, self.outlook.next_step]
        return " ".join(filter(None, [*kept, *self.step.warnings]))

    @property
    def sentence(self) -> str:
        """What would be done, for the person who is asked."""
        if self._is_cancellation:
            return f"{self.step.sentence}\nWhat leaves is its cancellation, as it stands in Visma."
        if self.leaves:
            return self.step.sentence
        one = self.step.revision
        return f"Revision {one.sequence} of {one.key} ({one.state}) will not be sent: it {self._state}."


def previews_of(stack: Stack, steps: Sequence[Step], routing: Routing) -> list[Preview]:
    """What a person is told of each document."""
    amounts = amounts_of([one.revision for one in steps], stack.ledger, routing)
    outlooks = _outlooks(stack, steps, routing)
    return [
        Preview(
            step=one,
            partner=FIELDS["partner"](one.revision, routing),
            amount=amounts.get((one.key, one.revision.sequence), _UNKNOWN),
            outlook=outlooks.get(one.key),
        )
        for one in steps
    ]


def as_text(previews: Sequence[Preview]) -> str:
    """The documents, with what would become of each, for a person."""
    head = ("document", "rev", "state", "partner", "since", "amount", "will be", "why")
    shown = previews[:SHOWN]
    return table(head, map(_row, shown), steps=[one.remarks for one in shown])


def _row(one: Preview) -> tuple[Any, ...]:
    revision, amount = one.step.revision, one.amount
    payable = None if amount.total is None else f"{amount.total:f} {amount.currency or ''}".rstrip()
    why = revision.attention or revision.reason
    return (
        *(revision.key, revision.sequence, revision.state, one.partner, minute(revision.created_at), payable),
        *(one.will, why),
    )


def as_data(one: Preview) -> dict[str, Any]:
    """The same as JSON data."""
    revision = one.step.revision
    return {
        "document": str(revision.key),
        "sequence": revision.sequence,
        "state": revision.state,
        "partner": one.partner,
        "since": revision.created_at,
        "amount": one.amount.total,
        "currency": one.amount.currency,
        "reason": revision.attention or revision.reason,
        "reason_codes": reason_codes(revision),
        "will_be": one.will,
        "leaves": one.outlook.leaves if one.outlook else None,
        "is_cancellation": one.outlook.is_cancellation if one.outlook else None,
        "because": one.outlook.why if one.outlook else None,
        "next_step": one.outlook.next_step if one.outlook else None,
        "warnings": one.step.warnings,
    }


def _outlooks(stack: Stack, steps: Sequence[Step], routing: Routing) -> dict[DocumentKey, Outlook]:
    """What each request to send leads to."""
    requests = {one.key: one.request for one in steps if one.request is not None}
    if not requests:
        return {}

    from connector.services.outbound.planning import Outlook, Planner, history_of

    now = stack.clock.now()
    pauses = stack.breaker.pauses(now=now)
    found = dict.fromkeys(requests, Outlook(state=None, leaves=False, why=_UNREADABLE))
    for revision, source in stack.ledger.sources_of([one.revision for one in requests.values()]):
        request = requests[revision.key]

        def history(key: DocumentKey, given: Revision = revision) -> Sequence[Revision]:
            # What is sent again because it was deleted counts as refused by then.
            return [given if _is_same(one, given) else one for one in history_of(stack.ledger, key)]

        planner = Planner(ledger=stack.ledger, routing=routing, stream=stack.stream, history=history)
        cause = request.cause.named_at(now, resends_after=request.after)
        found[revision.key] = planner.outlook(revision, source, cause, pauses=pauses, now=now)
    return found


def _is_same(one: Revision, other: Revision) -> bool:
    return (one.key, one.sequence) == (other.key, other.sequence)
