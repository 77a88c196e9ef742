"""Use case: send a translated revision to Orderful, once.

Orderful has no idempotency key, so the ledger is the key: claim, post, record. Whenever a claim is not the first one,
the transaction may already be there; it is looked up and adopted before anything is posted again
(docs/guarantees.md, guarantee 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from connector.domain.errors import ConnectorError, Misconfigured, Rejected, Throttled, Transient, UnknownOutcome
from connector.domain.ledger import Revision, State
from connector.domain.transactions import Dialect, OrderfulRequest, Stream, TransactionType
from connector.services.consume import HOLD_BACK
from connector.services.messages import DeliveryMessage
from connector.services.ports import (
    Breaker,
    Clock,
    Created,
    EdiNetwork,
    Fields,
    Ledger,
    Metric,
    RemoteTransaction,
    Telemetry,
)

CLOCK_MARGIN = timedelta(seconds=2)
"""What may remain of the difference between the two clocks after it was measured."""

AFTER_REJECTION = (
    "Correct it in Visma and it is sent by itself; if the cause lay elsewhere, remove that and run "
    "connector documents replay."
)


class Outcome(Enum):
    """How a delivery message ended."""

    SENT = "sent"
    ADOPTED = "found at Orderful and adopted"
    REJECTED = "rejected"
    PARKED = "parked"
    NOTHING_TO_DO = "nothing to do"
    HELD_BACK = "held back until Orderful takes our key again"


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Posts transactions.

    Attributes:
        confirm_after: How long a transaction may be missing from Orderful's list before it counts as never created
            (Orderful: the lag of the list is not published).
        lease: How long a claim lasts; longer than the function may run, so an expired claim has no living owner.
    """

    ledger: Ledger
    orderful: EdiNetwork
    breaker: Breaker
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    confirm_after: timedelta
    lease: timedelta

    def handle(self, message: DeliveryMessage) -> Outcome:
        """Handle one message of the deliveries queue.

        Raises:
            Transient, Throttled, Conflict, UnknownOutcome: the message has to come again.
        """
        now = self.clock.now()
        if self.breaker.is_open(now=now):
            # The revision stays TRANSLATED in the ledger; the tracker queues it again once the key works.
            return Outcome.HELD_BACK
        revision = self.ledger.claim(message.key, message.sequence, now=now, lease=self.lease)
        if revision is None:
            return Outcome.NOTHING_TO_DO
        if revision.stream is not self.stream:
            return self._refuse_stream(revision)
        try:
            if revision.attempts > 1:
                found = self._resolve(revision)
                if found is not None:
                    return found
            return self._post(revision)
        except Misconfigured as error:
            return self._hold_back(revision, error)

    def _post(self, revision: Revision) -> Outcome:
        request = OrderfulRequest.create(revision.dialect or Dialect.X12, self.ledger.request_of(revision))
        if not _addressed_as_recorded(request, revision, self.stream):
            return self._refuse_stream(revision)
        try:
            created = self.orderful.create(request)
        except Rejected as error:
            return self._rejected(revision, error.sentence, error.problems)
        except UnknownOutcome as error:
            self._unknown(revision, error)
            raise
        except (Transient, Throttled):
            self._back_to_wait(revision, "Orderful took no request")
            raise
        if not created.accepted:
            return self._rejected(
                revision, "Orderful accepted the request but not the document.", created.problems, created
            )
        return self._sent(revision, created.transaction_id, valid=created.valid, outcome=Outcome.SENT)

    def _resolve(self, revision: Revision) -> Outcome | None:
        """Find out whether an earlier attempt went through.

        Returns:
            The outcome if it did; None when it is certain enough that it did not.

        Raises:
            UnknownOutcome: it is too early to tell.
            Transient, Throttled: Orderful could not be asked.
        """
        try:
            transactions, skew = self.orderful.look_up(
                transaction_type=revision.transaction_type or TransactionType.PURCHASE_ORDER,
                business_number=revision.business_number or "",
                sender_id=revision.sender_id or "",
                receiver_id=revision.receiver_id or "",
                stream=self.stream,
            )
        except Transient:
            # A claim that was kept would use up the next receive as well.
            self._back_to_wait(revision, "Orderful could not be asked whether it has the transaction")
            raise
        ours = self._candidates(revision, transactions, skew)
        if ours:
            if len(ours) > 1:
                self.telemetry.count(Metric.DOUBLE_SENT)
                self.telemetry.error(
                    "two transactions for one revision",
                    {**_names(revision), "reason": ", ".join(each.transaction_id for each in ours)},
                )
            return self._sent(revision, ours[-1].transaction_id, valid=None, outcome=Outcome.ADOPTED)
        asked_since = revision.asked_since or self.clock.now()
        if self.clock.now() - asked_since < self.confirm_after:
            self.ledger.move(
                revision,
                State.UNCONFIRMED,
                now=self.clock.now(),
                note="not at Orderful yet; asked again later",
                asked_since=asked_since,
            )
            raise UnknownOutcome(
                "Orderful does not show the transaction yet; it is looked up again before anything is sent.",
                document=str(revision.key),
            )
        return None

    def _candidates(
        self, revision: Revision, transactions: Sequence[RemoteTransaction], skew: timedelta
    ) -> list[RemoteTransaction]:
        """Those that can only be this revision's: younger than its first claim, and no other revision's."""
        others = {other.transaction_id for other in self.ledger.revisions(revision.key, limit=50)}
        earliest = (revision.first_attempt_at or revision.created_at) + skew - CLOCK_MARGIN
        return [each for each in transactions if each.created_at >= earliest and each.transaction_id not in others]

    def _sent(self, revision: Revision, transaction_id: str | None, *, valid: bool | None, outcome: Outcome) -> Outcome:
        now = self.clock.now()
        self.ledger.move(
            revision,
            State.SENT,
            now=now,
            note=f"{outcome.value} as {transaction_id}",
            transaction_id=transaction_id,
            sent_at=now,
            validation_status="VALID" if valid else None,
            asked_since=None,
            reason=None,
            next_step=None,
        )
        self.telemetry.count(Metric.DOCUMENTS_SENT)
        self.telemetry.info(outcome.value, {**_names(revision), "transaction_id": transaction_id or ""})
        return outcome

    def _rejected(
        self, revision: Revision, sentence: str, problems: Sequence[str], created: Created | None = None
    ) -> Outcome:
        reason = " ".join([sentence, *problems[:5]])
        self.ledger.move(
            revision,
            State.REJECTED,
            now=self.clock.now(),
            note=reason,
            reason=reason,
            next_step=AFTER_REJECTION,
            transaction_id=created.transaction_id if created else None,
        )
        self.telemetry.count(Metric.DOCUMENTS_REJECTED)
        # What Orderful objects to may quote the document: it stands in the ledger, not in the log.
        self.telemetry.error("rejected by Orderful", _names(revision))
        return Outcome.REJECTED

    def _unknown(self, revision: Revision, error: UnknownOutcome) -> None:
        now = self.clock.now()
        self.ledger.move(
            revision,
            State.UNCONFIRMED,
            now=now,
            note=error.sentence,
            asked_since=now,
        )
        self.telemetry.count(Metric.DOCUMENTS_UNCONFIRMED)
        self.telemetry.warning(
            "outcome unknown", {**_names(revision), "reason": error.sentence, "request_id": error.request_id}
        )

    def _hold_back(self, revision: Revision, error: ConnectorError) -> Outcome:
        """Stop the consumer: the key is wrong for every document. Nothing was created."""
        self.breaker.open(error.sentence, until=self.clock.now() + HOLD_BACK)
        self._back_to_wait(revision, error.sentence)
        self.telemetry.count(Metric.CREDENTIALS_REFUSED)
        self.telemetry.error(
            "consumer stopped", {**_names(revision), "reason": str(error), "request_id": error.request_id}
        )
        return Outcome.HELD_BACK

    def _back_to_wait(self, revision: Revision, note: str) -> None:
        """Give the claim back after a request that certainly created nothing.

        A first attempt is then as if it had never been made. After a later one the doubt about the earlier ones stays.
        """
        now = self.clock.now()
        if revision.attempts <= 1:
            self.ledger.move(revision, State.TRANSLATED, now=now, note=note, attempts=0, first_attempt_at=None)
        else:
            self.ledger.move(revision, State.UNCONFIRMED, now=now, note=note, asked_since=revision.asked_since or now)

    def _refuse_stream(self, revision: Revision) -> Outcome:
        reason = f"It is addressed to another stream than this stack's ({self.stream}); it was not sent."
        self.ledger.move(
            revision,
            State.PARKED,
            now=self.clock.now(),
            note=reason,
            reason=reason,
            field="stream",
            next_step="Deploy one stack per stream; never point a test stack at a live ledger.",
        )
        self.telemetry.count(Metric.STREAM_MISMATCH)
        self.telemetry.error("stream mismatch", {**_names(revision), "reason": reason})
        return Outcome.PARKED


def _addressed_as_recorded(request: OrderfulRequest, revision: Revision, stream: Stream) -> bool:
    """Whether the body itself says what the ledger says: the last guard before the socket."""
    body = request.body
    sender = body.get("senderId") or body.get("sender", {}).get("isaId")
    receiver = body.get("receiverId") or body.get("receiver", {}).get("isaId")
    return (
        str(body.get("stream", "")).lower() == stream.value
        and sender == revision.sender_id
        and receiver == revision.receiver_id
    )


def _names(revision: Revision) -> Fields:
    return {
        "company": revision.key.company,
        "kind": revision.key.kind.value,
        "number": revision.key.number,
        "sequence": revision.sequence,
        "revision": revision.revision_id,
        "partner": revision.partner or "",
        "attempt": revision.attempts,
    }
