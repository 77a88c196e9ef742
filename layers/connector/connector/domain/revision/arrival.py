"""Decides whether a sent document has arrived.

One pure function takes the three statuses of Orderful, the time since the document was sent, and what routing expects.
It returns one of three results: nothing yet, attention (one sentence and one next step for a person), or over (nothing
more is expected). The tracker carries it out.

Orderful's statuses and their meaning (its docs on transaction statuses and on monitoring them):

* validation: PROCESSING, VALID, INVALID. INVALID is held until a person sends it by hand.
* delivery: PENDING, SENT, DELIVERED, FAILED. A VALID transaction of a relationship without auto-send stays PENDING
  until a person sends it. SENT means that the partner's organization has it and the partner's channel has not fetched
  it: this may last for ever. FAILED is never sent again by itself.
* acknowledgment: NOT_ACKNOWLEDGED, ACCEPTED, ACCEPTED_WITH_ERRORS, REJECTED, OVERDUE. The time until OVERDUE is
  configured at Orderful. A transaction that is invalid or was not sent gets no acknowledgment.

Unknown statuses are ignored (Orderful: enums grow within a version), but the expected times still apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from connector.domain.documents import DocumentKey
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import Revision, State, time_sent
from connector.domain.routing.settings import setting
from connector.domain.routing.values import duration_or, duration_up_to

GONE_AFTER = timedelta(minutes=15)
"""A younger transaction may be missing from Orderful's lists, and when it is read by its id (Orderful: lists lag)."""

MAX_EXPECTED = timedelta(days=30)
"""The longest time that routing may set for a stage; every document is checked at this age."""

NEVER = "never"
"""The value in `expected` for a stage that a partner's channel never reports."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How long each stage may take, counted from the time when the document was sent.

    Attributes:
        valid: Orderful has validated it.
        sent: Orderful has sent it on. After this time, it waits for a person to press send.
        delivered: The partner's channel has it; None when that is not expected.
        acknowledged: The partner has sent its functional acknowledgment (997); None when the partner sends none.
    """

    valid: timedelta = setting(duration_up_to(MAX_EXPECTED), "1h", "Orderful has said whether it is valid")
    sent: timedelta = setting(
        duration_up_to(MAX_EXPECTED), "15m", "Orderful has sent it on, which it does not without auto-send"
    )
    delivered: timedelta | None = setting(
        duration_or(NEVER, MAX_EXPECTED),
        "24h",
        f"The partner's channel has it; {NEVER} where the channel does not report it",
    )
    acknowledged: timedelta | None = setting(
        duration_up_to(MAX_EXPECTED), "24h", "The partner has acknowledged it (997)"
    )


class Concern(StrEnum):
    """Why a sent document needs a person; the value is stored with the revision."""

    code: Reason

    PROCESSING = "PROCESSING", Reason.VALIDATION_LATE
    NOT_SENT = "NOT_SENT", Reason.WAITS_FOR_MANUAL_SEND
    SENT_INVALID = "SENT_INVALID", Reason.SENT_THOUGH_INVALID
    NOT_DELIVERED = "NOT_DELIVERED", Reason.NOT_DELIVERED
    DELETED = "DELETED", Reason.TRANSACTION_DELETED
    OVERDUE = "OVERDUE", Reason.ACKNOWLEDGMENT_OVERDUE
    ACCEPTED_WITH_ERRORS = "ACCEPTED_WITH_ERRORS", Reason.ACCEPTED_WITH_ERRORS
    DOUBLED = "DOUBLED", Reason.DOUBLED_TRANSACTION
    SENT_AFTERWARDS = "SENT_AFTERWARDS", Reason.SENT_AFTERWARDS

    def __new__(cls, word: str, code: Reason) -> Self:
        """Make a member whose value is the stored word."""
        member = str.__new__(cls, word)
        member._value_, member.code = word, code
        return member


@dataclass(frozen=True, slots=True)
class OrderfulStatuses:
    """Orderful's three statuses, as received."""

    validation: str | None
    delivery: str | None
    acknowledgment: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The result of `watch`.

    Attributes:
        state: The new state of the revision; None when it does not change.
        concern: Why a person is needed; None when nobody is. A refusal (REJECTED) is a state, not a concern.
        sentence: What happened, for `concern` or for a refusal.
        next_step: What the person does; for a concern only.
        over: Nothing more is expected.
        code: The reason code, for `concern` or for a refusal.
    """

    state: State | None = None
    concern: Concern | None = None
    sentence: str | None = None
    next_step: str | None = None
    _: KW_ONLY
    over: bool = False
    code: Reason | None = None


def watch(revision: Revision, statuses: OrderfulStatuses | None, *, now: datetime, expected: Expected) -> Arrival:
    """Decide whether a sent revision has arrived or needs a person.

    Args:
        revision: As the ledger has it.
        statuses: Orderful's statuses; None when Orderful has the transaction neither in its list nor by its id.
        now: The time, UTC.
        expected: The expected times of this partner and kind.
    """
    age = now - time_sent(revision)
    if statuses is None:
        return _missing(revision, age)
    refused = _refused(revision, statuses)
    if refused is not None:
        return Arrival(State.REJECTED, sentence=refused.sentence, code=refused.code)
    if statuses.acknowledgment == "ACCEPTED":
        return Arrival(State.ACKNOWLEDGED, over=True)
    state = _reached(statuses)
    concern = _concern(statuses, age, expected)
    if concern is not None:
        sentence = _sentence(concern, statuses, expected)
        return _of_concern(concern, revision, sentence, state)
    return Arrival(state, over=_is_over(statuses, expected))


def reason_codes(revision: Revision | ListedRevision) -> tuple[str, ...]:
    """The reason codes of a revision's state and of its attention; empty when the record has none."""
    concern = next((one for one in Concern if one == revision.concern), None)
    attention = concern.code.value if concern is not None and revision.needs_attention else None
    return tuple(code for code in (revision.reason_code, attention) if code is not None)


def doubled(revision: Revision, transaction_ids: Sequence[str]) -> Arrival:
    """The attention for several transactions that may be of one revision; only a person ends it, no status does."""
    sentence = f"Orderful holds {len(transaction_ids)} transactions that may be of this revision"
    return _of_concern(Concern.DOUBLED, revision, f"{sentence}: {', '.join(transaction_ids)}")


def sent_afterwards(revision: Revision, arrival: Arrival, current: Revision | None) -> Arrival:
    """The attention for a superseded revision whose refused transaction a person sent by hand; only a person ends it.

    Args:
        revision: The superseded revision.
        arrival: What its statuses say.
        current: The current revision of the document.
    """
    sentence = (
        f"transaction {revision.transaction_id} was refused, a newer revision took its place, and then it was sent by "
        "hand at Orderful"
    )
    settled = f"Settled: `connector documents close {revision.key} --revision {revision.sequence}`."
    next_step = f"{_after_sent_by_hand(revision, current)} {settled}"
    return Arrival(arrival.state, Concern.SENT_AFTERWARDS, sentence, next_step, code=Reason.SENT_AFTERWARDS)


def _after_sent_by_hand(revision: Revision, current: Revision | None) -> str:
    """What a person does about a receiver that has a superseded revision."""
    if current is None or current.transaction_id is None:
        # Nothing newer left: the document as it stands in Visma takes the place of what the receiver has.
        purpose = (
            "replacement" if current is None or current.receiver_id in {None, revision.receiver_id} else "original"
        )
        return (
            f"The partner {revision.partner} has a past state. To send it what Visma has now, a cancellation where it "
            f"is cancelled: `connector documents release {revision.key} --as {purpose}`. Or tell the partner."
        )
    return (
        f"The partner {revision.partner} may deliver both: tell it before goods move that {current.transaction_id} "
        f"(revision {current.sequence}) counts and {revision.transaction_id} (revision {revision.sequence}) does not."
    )


def _of_concern(concern: Concern, revision: Revision, sentence: str, state: State | None = None) -> Arrival:
    return Arrival(state, concern, sentence, _next_step(concern, revision.key), code=concern.code)


def _missing(revision: Revision, age: timedelta) -> Arrival:
    if age < GONE_AFTER or revision.may_be_sent_by_hand:
        return Arrival()
    sentence = "Orderful shows its transaction neither in the list nor by its id: somebody may have deleted it"
    return _of_concern(Concern.DELETED, revision, sentence)


def _refused(revision: Revision, statuses: OrderfulStatuses) -> StatedReason | None:
    """Why the partner did not get it, or rejected it; None when neither. A later stage counts before an earlier one."""
    if statuses.acknowledgment == "REJECTED":
        return StatedReason(Reason.REJECTED_BY_PARTNER, "the partner rejected it")
    if statuses.acknowledgment in {"ACCEPTED", "ACCEPTED_WITH_ERRORS"}:
        return None
    if statuses.delivery == "FAILED":
        sentence = "Orderful could not deliver it to the partner and does not try again by itself"
        return StatedReason(Reason.DELIVERY_FAILED, sentence)
    # Orderful: an INVALID transaction is held until a person sends it by hand, and then it is on its way.
    if statuses.validation == "INVALID" and statuses.delivery not in {"SENT", "DELIVERED"}:
        was_valid = revision.validation_status == "VALID" or revision.state in {State.VALID, State.DELIVERED}
        sentence = f"it is {'no longer' if was_valid else 'not'} valid for this partner"
        return StatedReason(Reason.INVALID_FOR_PARTNER, sentence)
    return None


def _reached(statuses: OrderfulStatuses) -> State | None:
    if statuses.acknowledgment == "ACCEPTED_WITH_ERRORS":
        return State.ACKNOWLEDGED
    if statuses.delivery == "DELIVERED":
        return State.DELIVERED
    return State.VALID if statuses.validation in {"VALID", "INVALID"} else None


def _concern(statuses: OrderfulStatuses, age: timedelta, expected: Expected) -> Concern | None:
    """The first stage that is late or wrong; later stages depend on it."""
    delivered = statuses.delivery == "DELIVERED"
    sent = delivered or statuses.delivery == "SENT"
    waits_for_acknowledgment = expected.acknowledged is not None
    stages = (
        (Concern.ACCEPTED_WITH_ERRORS, statuses.acknowledgment == "ACCEPTED_WITH_ERRORS"),
        (Concern.PROCESSING, statuses.validation not in {"VALID", "INVALID"} and not sent and age >= expected.valid),
        (Concern.NOT_SENT, statuses.validation == "VALID" and statuses.delivery == "PENDING" and age >= expected.sent),
        (Concern.SENT_INVALID, statuses.validation == "INVALID" and not delivered),
        (Concern.NOT_DELIVERED, not delivered and expected.delivered is not None and age >= expected.delivered),
        # Orderful's OVERDUE counts at once, whatever the delivery status; its time is configured at Orderful.
        (Concern.OVERDUE, statuses.acknowledgment == "OVERDUE" and waits_for_acknowledgment),
        (Concern.OVERDUE, expected.acknowledged is not None and age >= expected.acknowledged),
    )
    return next((concern for concern, holds in stages if holds), None)


def _is_over(statuses: OrderfulStatuses, expected: Expected) -> bool:
    """Whether the last expected stage was reached, if no acknowledgment is expected."""
    if expected.acknowledged is not None:
        return False
    return statuses.delivery == "DELIVERED" or (expected.delivered is None and statuses.delivery == "SENT")


def _sentence(concern: Concern, statuses: OrderfulStatuses, expected: Expected) -> str:
    if concern is Concern.NOT_DELIVERED and expected.delivered is not None:
        late = as_text(expected.delivered)
        if statuses.delivery == "SENT":
            return f"sent, and the partner's channel has not fetched it within {late}"
        return f"not delivered within {late}; Orderful says {statuses.delivery or 'nothing'}"
    if concern is Concern.OVERDUE:
        if statuses.acknowledgment == "OVERDUE" or expected.acknowledged is None:
            return "its functional acknowledgment (997) is overdue at Orderful"
        return f"its functional acknowledgment (997) is overdue: none came within {as_text(expected.acknowledged)}"
    if concern is Concern.PROCESSING:
        return f"Orderful has not said within {as_text(expected.valid)} whether it is valid"
    return _SENTENCES[concern]


_SENTENCES = {
    Concern.NOT_SENT: "it waits in Orderful to be sent by hand: auto-send is off",
    Concern.SENT_INVALID: "it is not valid for this partner, and somebody sent it by hand",
    Concern.ACCEPTED_WITH_ERRORS: "the partner accepted it with errors",
}

STEPS = {
    Concern.NOT_DELIVERED: (
        "Check the partner's channel in Orderful's relationship, and ask the partner to fetch what waits there."
    ),
    Concern.DELETED: "If it was not meant, send it again with `connector documents replay {key}`.",
    Concern.OVERDUE: (
        "Ask the partner whether it has the document. A partner that never acknowledges gets `acknowledgment: never` "
        "in the routing file."
    ),
    Concern.DOUBLED: (
        "Look at them in Orderful, and agree with the partner which one counts before goods move (runbook, "
        "doubled-or-wrong-stream)."
    ),
}
"""What a person does, where it is more than the action of the concern's reason says."""


def _next_step(concern: Concern, key: DocumentKey) -> str:
    return f"{STEPS.get(concern, concern.code.action).format(key=key)} Settled: `connector documents close {key}`."


def as_text(length: timedelta) -> str:
    """A length of time in the largest unit that divides it."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0 and (unit != "day" or seconds >= 2 * size):
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
