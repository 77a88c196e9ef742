"""Use case: send a translated revision to Orderful, once.

Orderful has no idempotency key, so the ledger is the key: claim, post, record. Whenever the transaction may already be
there, Orderful is asked before anything is posted (`inquiry`; docs/guarantees.md, guarantee 2). Recording makes the
revision the owner of the transaction; a transaction has one owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from connector.domain.advice import after_refusal
from connector.domain.errors import (
    AlreadyExists,
    Conflict,
    ConnectorError,
    Misconfigured,
    PayloadLost,
    Rejected,
    Throttled,
    Transient,
    UnknownOutcome,
    for_one,
)
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.arrival import Concern, doubled
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest, Stream
from connector.services.consume import HOLD_BACK
from connector.services.log_fields import named
from connector.services.messages import DeliveryMessage
from connector.services.outbound.inquiry import Inquiry, InquiryAction, InquiryDecision, SentByHand
from connector.services.outbound.snapshot import Snapshot
from connector.services.ports import (
    Breaker,
    Calls,
    Clock,
    Created,
    EdiNetwork,
    Fields,
    Ledger,
    Metric,
    RemoteTransaction,
    Telemetry,
)

PARTNERS_IN_A_ROW = 3
"""After the same refusal for this many partners in a row, the consumer stops.

A wrong address or a version that is no longer served refuses every document alike.
"""


class DeliverResult(Enum):
    """The result of a message of the deliveries queue."""

    SENT = "sent"
    ADOPTED = "found at Orderful and adopted"
    REJECTED = "rejected"
    PARKED = "parked"
    NOTHING_TO_DO = "nothing to do"
    HELD_BACK = "held back until Orderful takes our key again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Posts transactions.

    Attributes:
        confirm_after: How long a transaction may be missing from Orderful's lists before it counts as never created
            (Orderful: the lag of the lists is not published).
        lease: How long a claim lasts; longer than the function may run, so an expired claim has no living owner.
        young_for: How long after its creation the ledger counts as young; zero switches the check off.
        snapshot: What Orderful has of ours, kept from one invocation to the next.
    """

    ledger: Ledger
    orderful: EdiNetwork
    breaker: Breaker
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    confirm_after: timedelta
    lease: timedelta
    young_for: timedelta = timedelta(0)
    snapshot: Snapshot = field(default_factory=Snapshot)

    def handle(self, message: DeliveryMessage) -> DeliverResult:
        """Handle one message of the deliveries queue.

        Raises:
            Transient, Throttled, Conflict, UnknownOutcome: the message has to come again.
        """
        now = self.clock.now()
        if self.breaker.is_open(now=now):
            # The revision stays TRANSLATED in the ledger; the tracker queues it again once the key works.
            return DeliverResult.HELD_BACK
        wait = self.breaker.wait(Calls.CREATE, now=now)
        if wait:
            raise Throttled(
                "Orderful asked for a pause; nothing was sent.", document=str(message.key), retry_after=wait
            )
        revision = self.ledger.claim(message.key, message.sequence, now=now, lease=self.lease)
        if revision is None:
            return DeliverResult.NOTHING_TO_DO
        if revision.stream is not self.stream:
            return self._refuse_stream(revision)
        # What was never posted; of anything else it has to be known first whether Orderful has it.
        if revision.attempts <= 1 and (pause := self._pause_of(revision)) is not None:
            return self._park_paused(revision, pause)
        try:
            return self._ask_and_send(revision)
        except Misconfigured as error:
            return self._hold_back(revision, error)

    def _ask_and_send(self, revision: Revision) -> DeliverResult:
        try:
            body, dialect = self.ledger.request_of(revision), _dialect_of(revision)
            decision = self._inquiry().decide(revision, body)
        except PayloadLost as lost:
            return self._park_lost(revision, lost)
        except Transient:
            # A claim that was kept would use up the next receive as well.
            self._back_to_wait(revision, "it is not known whether Orderful has the transaction")
            raise
        match decision.action:
            case InquiryAction.ADOPT if decision.transaction is not None:
                return self._adopt(revision, decision.transaction, decision)
            case InquiryAction.PARK if decision.sent_by_hand is not None:
                return self._park_second_original(revision, decision.sent_by_hand)
            case InquiryAction.PARK if decision.transaction is not None:
                return self._park_unknown(revision, decision.transaction)
            case InquiryAction.WAIT:
                return self._wait(revision)
            case _:
                return self._post(revision, OrderfulRequest.create(dialect, dict(body)))

    def _inquiry(self) -> Inquiry:
        return Inquiry(
            ledger=self.ledger,
            orderful=self.orderful,
            clock=self.clock,
            stream=self.stream,
            snapshot=self.snapshot,
            confirm_after=self.confirm_after,
            young_for=self.young_for,
        )

    def _post(self, revision: Revision, request: OrderfulRequest) -> DeliverResult:
        if not _addressed_as_recorded(request, revision, self.stream):
            return self._refuse_stream(revision)
        if revision.attempts > 1 and (pause := self._pause_of(revision)) is not None:
            return self._park_paused(revision, pause)
        try:
            created = self.orderful.create(request)
        except Rejected as error:
            self._stop_if_all_are_refused(revision, error)
            return self._rejected(revision, StatedReason(error.code, error.sentence), error.problems)
        except AlreadyExists as error:
            if revision.look_up_first:
                # It was looked for, whatever its age, and what Orderful means is none that could be ours.
                sentence = f"{error.sentence} It shows none with this content."
                return self._rejected(revision, StatedReason(Reason.REQUEST_REFUSED, sentence), ())
            self._unknown(revision, error, look_up_first=True)
            raise
        except UnknownOutcome as error:
            self._unknown(revision, error)
            raise
        except (Transient, Throttled):
            self._back_to_wait(revision, "Orderful took no request")
            raise
        self.breaker.accepted()
        if not created.accepted:
            stated = StatedReason(Reason.NOT_ACCEPTED, "Orderful accepted the request but not the document.")
            return self._rejected(revision, stated, created.problems, created)
        return self._sent(
            revision,
            created.transaction_id or "",
            result=DeliverResult.SENT,
            validation_status="VALID" if created.valid else None,
        )

    def _stop_if_all_are_refused(self, revision: Revision, error: Rejected) -> None:
        """Tell a refusal of one document from one that all documents get.

        Raises:
            Misconfigured: several partners in a row got it, and it names nothing that is wrong with this document.
        """
        if error.examined:
            self.breaker.accepted()
            return
        said = error.sentence
        for own in (revision.business_number, revision.receiver_id, revision.sender_id):
            said = said.replace(own, "*") if own else said
        refusal = sha256(said.encode()).hexdigest()
        partners = self.breaker.refused(refusal, partner=revision.partner or revision.receiver_id or "-")
        if partners >= PARTNERS_IN_A_ROW:
            raise Misconfigured(
                f"{error.sentence} Documents of {partners} partners in a row got this answer.",
                document=str(revision.key),
                request_id=error.request_id,
                next_step="Check Orderful's base URL, the permissions of the key, and whether this version of the API "
                "is still served. Sending tries again by itself every few minutes.",
            )

    def _park_lost(self, revision: Revision, lost: PayloadLost) -> DeliverResult:
        """Park a document whose request cannot be read; others are not affected.

        Raises:
            PayloadLost: an earlier attempt may have created the transaction; the doubt stays on record.
        """
        if revision.attempts > 1:
            self._back_to_wait(revision, lost.sentence)
            raise lost
        self._parked(revision, StatedReason(lost.code, lost.sentence), for_one(lost.next_step, str(revision.key)))
        self.telemetry.error("stored request cannot be read", {**_names(revision), "reason_code": lost.code.value})
        return DeliverResult.PARKED

    def _adopt(self, revision: Revision, transaction: RemoteTransaction, decision: InquiryDecision) -> DeliverResult:
        changes: dict[str, Any] = {}
        if decision.doubles:
            arrival = doubled(revision, decision.doubles)
            changes = {
                "note": f"{DeliverResult.ADOPTED.value} as {transaction.transaction_id}; {arrival.sentence}",
                "attention": arrival.sentence,
                "attention_at": self.clock.now(),
                "concern": Concern.DOUBLED.value,
                "next_step": arrival.next_step,
            }
            self.telemetry.count(Metric.DOUBLED_OR_WRONG_STREAM)
            self.telemetry.error(
                "two transactions for one revision", {**_names(revision), "reason": ", ".join(decision.doubles)}
            )
        # The tracker follows it from the moment in which it was created.
        first = min(revision.first_attempt_at or revision.created_at, transaction.created_at)
        return self._sent(
            revision, transaction.transaction_id, result=DeliverResult.ADOPTED, first_attempt_at=first, **changes
        )

    def _sent(self, revision: Revision, transaction_id: str, *, result: DeliverResult, **changes: Any) -> DeliverResult:
        now = self.clock.now()
        recorded = self.ledger.own(
            revision,
            State.SENT,
            transaction_id=transaction_id,
            now=now,
            **{
                "note": f"{result.value} as {transaction_id}",
                "sent_at": now,
                "validation_status": None,
                "asked_since": None,
                "reason": None,
                "reason_code": None,
                "next_step": None,
                **changes,
            },
        )
        if recorded is None:
            return self._belongs_to_another(revision, transaction_id)
        self.telemetry.count(Metric.DOCUMENTS_SENT)
        self.telemetry.info(result.value, {**_names(revision), "transaction_id": transaction_id})
        return result

    def _belongs_to_another(self, revision: Revision, transaction_id: str) -> DeliverResult:
        """Another document with equal content recorded the transaction first: ours is looked up again."""
        error = UnknownOutcome(
            f"Transaction {transaction_id} belongs to another document; this one's is looked up again.",
            document=str(revision.key),
        )
        self._unknown(revision, error)
        raise error

    def _wait(self, revision: Revision) -> DeliverResult:
        """Orderful does not list yet what decides it: retry later."""
        if revision.attempts <= 1:
            note = "It cannot be told yet whether Orderful has it; it is asked again before anything is sent."
            self._back_to_wait(revision, note)
            raise Transient(note, document=str(revision.key))
        now = self.clock.now()
        self.ledger.move(
            revision,
            State.UNCONFIRMED,
            now=now,
            note="not at Orderful yet; asked again later",
            asked_since=revision.asked_since or now,
        )
        raise UnknownOutcome(
            "Orderful does not show the transaction yet; it is looked up again before anything is sent.",
            document=str(revision.key),
        )

    def _park_unknown(self, revision: Revision, transaction: RemoteTransaction) -> DeliverResult:
        """Orderful has something of this document that the ledger does not know: a person decides what it is."""
        reason = (
            f"Orderful already has transaction {transaction.transaction_id} with the number "
            f"{revision.business_number}, created {transaction.created_at:%Y-%m-%d %H:%M} UTC, with other content "
            "or content that Orderful does not show. The ledger does not know it; nothing was sent."
        )
        key = revision.key
        next_step = (
            "Look at it in Orderful. If it is an earlier state of this document, run: connector documents release "
            f"{key} --as replacement. If it is another document, run: connector documents release {key} --as "
            f"original. If the partner needs nothing more, run: connector documents close {key}"
        )
        self._parked(revision, StatedReason(Reason.UNKNOWN_TRANSACTION, reason), next_step)
        self.telemetry.warning(
            "unknown transaction at Orderful",
            {
                **_names(revision),
                "transaction_id": transaction.transaction_id,
                "reason_code": Reason.UNKNOWN_TRANSACTION.value,
            },
        )
        return DeliverResult.PARKED

    def _park_second_original(self, revision: Revision, earlier: SentByHand) -> DeliverResult:
        """Somebody sent an earlier, refused transaction by hand: the partner has the document.

        The question is written first. A worker that dies in between leaves an earlier revision that the tracker finds.
        """
        had, key = earlier.revision, revision.key
        reason = (
            f"Transaction {had.transaction_id} (revision {had.sequence}) was refused, and somebody sent it by hand at "
            f"Orderful: {had.partner} has it. A second original would be delivered as well; nothing was sent."
        )
        same = had.receiver_id == revision.receiver_id
        as_it_stands = (
            f"If {had.partner} is to replace it by this state, run: connector documents release {key} --as replacement."
            if same
            else f"If {revision.partner} is to have it instead, run: connector documents release {key} --as original, "
            f"and see that {had.partner} is told."
        )
        next_step = f"{as_it_stands} If the partner was told, run: connector documents close {key}"
        self._parked(revision, StatedReason(Reason.EARLIER_SENT_BY_HAND, reason), next_step)
        if earlier.state is not None:
            note = "somebody sent it by hand at Orderful after a newer revision took its place"
            with suppress(Conflict):  # the tracker was faster
                self.ledger.move(
                    had, earlier.state, now=self.clock.now(), note=note, reason=None, reason_code=None, next_step=None
                )
        self.telemetry.warning(
            "an earlier transaction was sent by hand",
            {
                **_names(revision),
                "transaction_id": had.transaction_id or "",
                "reason_code": Reason.EARLIER_SENT_BY_HAND.value,
            },
        )
        return DeliverResult.PARKED

    def _rejected(
        self, revision: Revision, stated: StatedReason, problems: Sequence[str], created: Created | None = None
    ) -> DeliverResult:
        reason = " ".join([stated.sentence, *problems[:5]])
        now, changes = (
            self.clock.now(),
            {
                "note": reason,
                "reason": reason,
                "reason_code": stated.code.value,
                "next_step": after_refusal(revision.key, reason),
            },
        )
        transaction_id = created.transaction_id if created else None
        if transaction_id is None:
            self.ledger.move(revision, State.REJECTED, now=now, **changes)
        elif self.ledger.own(revision, State.REJECTED, transaction_id=transaction_id, now=now, **changes) is None:
            return self._belongs_to_another(revision, transaction_id)
        self.telemetry.count(Metric.DOCUMENTS_REJECTED)
        # What Orderful objects to may quote the document: it stands in the ledger, not in the log.
        self.telemetry.error("rejected by Orderful", {**_names(revision), "reason_code": stated.code.value})
        return DeliverResult.REJECTED

    def _unknown(self, revision: Revision, error: UnknownOutcome, **changes: Any) -> None:
        now = self.clock.now()
        self.ledger.move(revision, State.UNCONFIRMED, now=now, note=error.sentence, asked_since=now, **changes)
        self.telemetry.warning(
            "outcome unknown", {**_names(revision), "reason": error.sentence, "request_id": error.request_id}
        )

    def _hold_back(self, revision: Revision, error: ConnectorError) -> DeliverResult:
        """Stop the consumer: the key is wrong for every document. Nothing was created."""
        now = self.clock.now()
        self.breaker.open(" ".join(filter(None, [error.sentence, error.next_step])), now=now, until=now + HOLD_BACK)
        self._back_to_wait(revision, error.sentence)
        self.telemetry.count(Metric.CREDENTIALS_REFUSED)
        self.telemetry.error(
            "consumer stopped", {**_names(revision), "reason": str(error), "request_id": error.request_id}
        )
        return DeliverResult.HELD_BACK

    def _back_to_wait(self, revision: Revision, note: str) -> None:
        """Give the claim back after a request that certainly created nothing.

        A first attempt is then as if it had never been made. After a later one the doubt about the earlier ones stays.
        """
        now = self.clock.now()
        if revision.attempts <= 1:
            self.ledger.move(revision, State.TRANSLATED, now=now, note=note, attempts=0, first_attempt_at=None)
        else:
            self.ledger.move(revision, State.UNCONFIRMED, now=now, note=note, asked_since=revision.asked_since or now)

    def _pause_of(self, revision: Revision) -> Pause | None:
        key = revision.key
        return pause_of(self.breaker.pauses(now=self.clock.now()), key.company, key.kind, revision.partner)

    def _park_paused(self, revision: Revision, pause: Pause) -> DeliverResult:
        """A person keeps it from being sent. What an earlier attempt may have created is looked up after the pause."""
        next_step = f"When it may leave: connector resume {pause.scope.options}"
        stated = StatedReason(Reason.PAUSED, pause.sentence)
        self._parked(revision, stated, next_step, was_posted=revision.attempts > 1)
        self.telemetry.info("paused", {**_names(revision), "reason_code": Reason.PAUSED.value})
        return DeliverResult.PARKED

    def _parked(
        self, revision: Revision, stated: StatedReason, next_step: str | None, *, was_posted: bool = False
    ) -> None:
        """Park a revision. Once it is released, one that was not posted is a first attempt again."""
        self.ledger.move(
            revision,
            State.PARKED,
            now=self.clock.now(),
            note=stated.sentence,
            reason=stated.sentence,
            reason_code=stated.code.value,
            next_step=next_step,
            **({} if was_posted else {"attempts": 0, "first_attempt_at": None}),
        )
        self.telemetry.count(Metric.DOCUMENTS_PARKED)

    def _refuse_stream(self, revision: Revision) -> DeliverResult:
        reason = f"It is addressed to another stream than this stack's ({self.stream}); it was not sent."
        self.ledger.move(
            revision,
            State.PARKED,
            now=self.clock.now(),
            note=reason,
            reason=reason,
            reason_code=Reason.WRONG_STREAM.value,
            field="stream",
            next_step="Deploy one stack per stream; never point a test stack at a live ledger.",
        )
        self.telemetry.count(Metric.DOUBLED_OR_WRONG_STREAM)
        self.telemetry.error(
            "stream mismatch",
            {**_names(revision), "reason": reason, "reason_code": Reason.WRONG_STREAM.value},
        )
        return DeliverResult.PARKED


def _addressed_as_recorded(request: OrderfulRequest, revision: Revision, stream: Stream) -> bool:
    """Whether the body names the sender, receiver and stream of the ledger; the last check before the request."""
    body = request.body
    sender = body.get("senderId") or body.get("sender", {}).get("isaId")
    receiver = body.get("receiverId") or body.get("receiver", {}).get("isaId")
    return (
        str(body.get("stream", "")).lower() == stream.value
        and sender == revision.sender_id
        and receiver == revision.receiver_id
    )


def _dialect_of(revision: Revision) -> Dialect:
    """The dialect that the request is written in; it decides where the request is posted.

    Raises:
        PayloadLost: the record does not say it.
    """
    if revision.dialect is None:
        raise PayloadLost(
            f"The record of revision {revision.sequence} does not say in which dialect its request is written.",
            document=str(revision.key),
            next_step=f"Write it anew: connector documents replay {revision.key}",
        )
    return revision.dialect


def _names(revision: Revision) -> Fields:
    return {
        **named(revision),
        "revision": revision.revision_id,
        "partner": revision.partner or "",
        "attempt": revision.attempts,
    }
