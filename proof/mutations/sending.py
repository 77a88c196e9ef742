"""Planted bugs in the deliverer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.domain.errors import ConnectorError
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.record import AT_ORDERFUL, Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest
from connector.services.messages import DeliveryMessage
from connector.services.outbound.deliver import Deliverer, DeliverResult
from connector.services.outbound.inquiry import Inquiry, InquiryAction, InquiryDecision
from proof.model import clockwork
from proof.mutations.plant import Mutation
from testkit.memory.stores import MemoryLedger

_REFUSED = StatedReason(Reason.REQUEST_REFUSED, "Orderful refused it.")


def _claims_afterwards(_right: Any) -> Callable[..., DeliverResult]:
    """Post, then claim: whoever dies in between posts again."""

    def handle(deliverer: Deliverer, message: DeliveryMessage) -> DeliverResult:
        now, ledger = deliverer.clock.now(), deliverer.ledger
        revision = ledger.get(message.key, message.sequence)
        if revision is None or revision.state in AT_ORDERFUL or revision.dialect is None:
            return DeliverResult.NOTHING_TO_DO
        created = deliverer.orderful.create(
            OrderfulRequest.create(revision.dialect or Dialect.X12, ledger.request_of(revision))
        )
        claimed = ledger.claim(message.key, message.sequence, now=now, lease=deliverer.lease)
        if claimed is None:
            return DeliverResult.NOTHING_TO_DO
        if not created.accepted:
            return deliverer._rejected(claimed, _REFUSED, created.problems, created)  # noqa: SLF001
        return deliverer._sent(claimed, created.transaction_id or "", result=DeliverResult.SENT)  # noqa: SLF001

    return handle


def _never_looks_up(_right: Any) -> Callable[..., InquiryDecision]:
    return lambda _inquiry, _revision, _ours: InquiryDecision(InquiryAction.POST)


def _impatient(right: Callable[..., InquiryDecision]) -> Callable[..., InquiryDecision]:
    """What Orderful's lists do not show at once counts as never created."""

    def earlier_attempt(inquiry: Inquiry, revision: Revision, ours: Any) -> InquiryDecision:
        return right(replace(inquiry, confirm_after=timedelta(0)), revision, ours)

    return earlier_attempt


def _adopts_anything(_right: Any) -> Callable[..., InquiryDecision]:
    """Any transaction of the order counts as this revision's."""

    def earlier_attempt(inquiry: Inquiry, revision: Revision, _ours: Any) -> InquiryDecision:
        listed, _ = inquiry._look_up(revision)  # noqa: SLF001
        return InquiryDecision(InquiryAction.ADOPT, listed[0]) if listed else InquiryDecision(InquiryAction.WAIT)

    return earlier_attempt


def _asks_for_no_owner(_right: Any) -> Callable[..., dict[str, Any]]:
    """Whatever has our content is ours."""
    return lambda _inquiry, _revision, _listed, _skew, _contents: {}


def _owns_without_condition(_right: Any) -> Callable[..., Revision]:
    """The transaction is recorded whoever recorded it before."""

    def own(ledger: MemoryLedger, revision: Revision, to: State, **named: Any) -> Revision:
        return ledger.move(revision, to, **named)

    return own


def _trusts_the_number(_right: Any) -> Callable[..., tuple[list[Any], timedelta]]:
    """What is not found by its number does not exist."""

    def listed(inquiry: Inquiry, revision: Revision, _since: Any) -> tuple[list[Any], timedelta]:
        found, skew = inquiry._look_up(revision)  # noqa: SLF001
        return list(found), skew

    return listed


def _trusts_a_young_ledger(_right: Any) -> Callable[..., timedelta]:
    """What the ledger does not know was never sent."""
    return lambda _inquiry: timedelta.max


def _takes_no_answer_for_a_refusal(_right: Any) -> Callable[..., None]:
    """No answer is taken for a certain failure: the claim is given back as if nothing had been asked."""

    def unknown(deliverer: Deliverer, revision: Revision, error: ConnectorError) -> None:
        deliverer._back_to_wait(replace(revision, attempts=1), error.sentence)  # noqa: SLF001

    return unknown


def _asks_about_no_earlier(_right: Any) -> Callable[..., None]:
    """What was refused never reaches the partner."""
    return lambda _inquiry, _revision: None


def _keeps_nothing(right: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Every message of a batch counts as done, whatever became of it."""

    def consume(*args: Any, **named: Any) -> list[str]:
        right(*args, **named)
        return []

    return consume


_DOUBT = frozenset({"edit", "orderful", "kill", "refuse", "work", "wait", "go on", "poll"})

MUTATIONS = (
    Mutation("claimed after the POST", (Deliverer, "handle"), _claims_afterwards, scenario="a new order"),
    Mutation(
        "no look-up before a second POST", (Inquiry, "_earlier_attempt"), _never_looks_up, scenario="a lost answer"
    ),
    Mutation(
        "one look at Orderful's list is enough",
        (Inquiry, "_earlier_attempt"),
        _impatient,
        scenario="a lost answer, and a list that shows it late",
    ),
    Mutation(
        "whatever is found is adopted",
        (Inquiry, "_earlier_attempt"),
        _adopts_anything,
        scenario="a lost answer, and a list that shows it late",
        rules=_DOUBT,
    ),
    Mutation(
        "adopts without looking at the owner",
        (Inquiry, "_owners"),
        _asks_for_no_owner,
        scenario="a twin of another company",
    ),
    Mutation(
        "a transaction is recorded whoever owns it",
        (MemoryLedger, "own"),
        _owns_without_condition,
        scenario="a twin of another company",
    ),
    Mutation(
        "trusts the business number alone",
        (Inquiry, "_listed"),
        _trusts_the_number,
        scenario="a lost answer, and a number that is hidden",
    ),
    Mutation(
        "the young ledger is not checked",
        (Inquiry, "_age"),
        _trusts_a_young_ledger,
        scenario="a ledger that was lost",
    ),
    Mutation(
        "no answer is taken for a failure",
        (Deliverer, "_unknown"),
        _takes_no_answer_for_a_refusal,
        scenario="a lost answer",
    ),
    Mutation(
        "a second original leaves beside one that was sent by hand",
        (Inquiry, "_sent_by_hand"),
        _asks_about_no_earlier,
        scenario="an order that is not valid and sent by hand",
    ),
    Mutation(
        "failed messages are not kept",
        (clockwork, "consume"),
        _keeps_nothing,
        scenario="another supplier while a revision is in doubt",
        rules=_DOUBT | {"ask"},
    ),
)
