"""Planted bugs in the deliverer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.domain.errors import ConnectorError
from connector.domain.ledger import AT_ORDERFUL, Revision
from connector.domain.transactions import Dialect, OrderfulRequest
from connector.services.deliver import Deliverer, Outcome
from connector.services.messages import DeliveryMessage
from proof.model import clockwork
from proof.mutations.plant import Mutation


def _claims_afterwards(_right: Any) -> Callable[..., Outcome]:
    """Post, then claim: whoever dies in between posts again."""

    def handle(deliverer: Deliverer, message: DeliveryMessage) -> Outcome:
        now, ledger = deliverer.clock.now(), deliverer.ledger
        revision = ledger.get(message.key, message.sequence)
        if revision is None or revision.state in AT_ORDERFUL or revision.dialect is None:
            return Outcome.NOTHING_TO_DO
        created = deliverer.orderful.create(
            OrderfulRequest.create(revision.dialect or Dialect.X12, ledger.request_of(revision))
        )
        claimed = ledger.claim(message.key, message.sequence, now=now, lease=deliverer.lease)
        if claimed is None:
            return Outcome.NOTHING_TO_DO
        if not created.accepted:
            return deliverer._rejected(claimed, "Orderful refused it.", created.problems, created)  # noqa: SLF001
        return deliverer._sent(claimed, created.transaction_id or "", outcome=Outcome.SENT)  # noqa: SLF001

    return handle


def _never_looks_up(_right: Any) -> Callable[..., None]:
    return lambda _deliverer, _revision: None


def _impatient(right: Callable[..., Any]) -> Callable[..., Any]:
    """What Orderful's list does not show at once counts as never created."""

    def resolve(deliverer: Deliverer, revision: Revision) -> Outcome | None:
        found: Outcome | None = right(replace(deliverer, confirm_after=timedelta(0)), revision)
        return found

    return resolve


def _adopts_anything(_right: Any) -> Callable[..., list[Any]]:
    """Any transaction of the order counts as this revision's."""
    return lambda _deliverer, _revision, transactions, _skew: list(transactions)


def _takes_no_answer_for_a_refusal(_right: Any) -> Callable[..., None]:
    """No answer is taken for a certain failure: the claim is given back as if nothing had been asked."""

    def unknown(deliverer: Deliverer, revision: Revision, error: ConnectorError) -> None:
        deliverer._back_to_wait(replace(revision, attempts=1), error.sentence)  # noqa: SLF001

    return unknown


def _keeps_nothing(right: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Every message of a batch counts as done, whatever became of it."""

    def consume(*args: Any, **named: Any) -> list[str]:
        right(*args, **named)
        return []

    return consume


_DOUBT = frozenset({"edit", "orderful", "kill", "refuse", "work", "wait", "go on", "poll"})

MUTATIONS = (
    Mutation("claimed after the POST", (Deliverer, "handle"), _claims_afterwards, story="a new order"),
    Mutation("no look-up before a second POST", (Deliverer, "_resolve"), _never_looks_up, story="a lost answer"),
    Mutation(
        "one look at Orderful's list is enough",
        (Deliverer, "_resolve"),
        _impatient,
        story="a lost answer, and a list that shows it late",
    ),
    Mutation("whatever is found is adopted", (Deliverer, "_candidates"), _adopts_anything, rules=_DOUBT),
    Mutation(
        "no answer is taken for a failure",
        (Deliverer, "_unknown"),
        _takes_no_answer_for_a_refusal,
        story="a lost answer",
    ),
    Mutation("failed messages are not kept", (clockwork, "consume"), _keeps_nothing, rules=_DOUBT | {"ask"}),
)
