"""Use case: follow what became of the sent transactions, by list queries and never one call per document.

It also sweeps: a revision that was translated or left unconfirmed and that nobody moved for a while is queued again, so
a lost message or a stopped consumer only costs time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.domain.advice import after_rejection
from connector.domain.errors import Conflict, ConnectorError, Misconfigured
from connector.domain.ledger import KNOWN_TO_PARTNER, NOTHING_NEW, Revision, State, may_move
from connector.domain.transactions import Stream
from connector.services.messages import DeliveryMessage
from connector.services.ports import (
    Breaker,
    Clock,
    EdiNetwork,
    Fields,
    Ledger,
    Metric,
    Outbox,
    RemoteTransaction,
    Telemetry,
)

WATCHED_FOR = timedelta(days=7)
"""After this long without news a revision is watched no longer."""

WATCHED_AT_ONCE = 5_000
"""How many revisions one run follows; the oldest first, so that none is starved."""

MANUAL_SEND_AFTER = timedelta(minutes=15)
"""A valid transaction that is still not on its way after this long waits for somebody to press send."""

SAME_MOMENT = timedelta(minutes=1)
"""How far a transaction's creation at Orderful may lie from our record of it, clocks included."""

UNCONFIRMED_FOR = timedelta(minutes=15)
"""How long an outcome may be unknown before that is told."""

_LATE = "its functional acknowledgment (997) is overdue"
_BY_HAND = "it waits in Orderful to be sent by hand: auto-send is off"
_SENT_BY_HAND = "it is not valid for this partner, and somebody sent it by hand"
_WATCHED = (State.SENT, State.VALID, State.DELIVERED, State.REJECTED)
_STUCK = (State.TRANSLATED, State.SENDING, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class News:
    """What Orderful's three status words mean for a revision."""

    state: State | None
    attention: str | None = None


def read_news(remote: RemoteTransaction, *, sent_at: datetime, now: datetime, overdue_after: timedelta) -> News:
    """Interpret the statuses; words nobody knows are no news (Orderful: enums grow within a version)."""
    age = now - sent_at
    acknowledgment, delivery = remote.acknowledgment_status, remote.delivery_status
    late = acknowledgment == "OVERDUE" or age > overdue_after
    waits = delivery == "PENDING" and age > MANUAL_SEND_AFTER
    # The furthest news first: a later stage says more than an earlier one.
    stages = (
        (acknowledgment == "REJECTED", News(State.REJECTED, "the partner rejected it")),
        (acknowledgment == "ACCEPTED_WITH_ERRORS", News(State.ACKNOWLEDGED, "accepted with errors")),
        (acknowledgment == "ACCEPTED", News(State.ACKNOWLEDGED)),
        (delivery == "FAILED", News(State.REJECTED, "Orderful could not deliver it to the partner")),
        (delivery == "DELIVERED", News(State.DELIVERED, _LATE if late else None)),
        # Orderful: an INVALID transaction is held until a person sends it by hand, and then it is on its way.
        (remote.validation_status == "INVALID" and delivery == "SENT", News(State.VALID, _SENT_BY_HAND)),
        (remote.validation_status == "INVALID", News(State.REJECTED, "it is not valid for this partner")),
        (remote.validation_status == "VALID", News(State.VALID, _BY_HAND if waits else None)),
    )
    return next((news for said, news in stages if said), News(None))


@dataclass(frozen=True, slots=True)
class Tracker:
    """Moves the ledger on with Orderful's news."""

    ledger: Ledger
    orderful: EdiNetwork
    outbox: Outbox
    breaker: Breaker
    clock: Clock
    telemetry: Telemetry
    stream: Stream
    overdue_after: timedelta
    resend_after: timedelta

    def run(self) -> int:
        """Follow all watched revisions and queue the stuck ones again.

        Returns:
            How many revisions changed.

        Raises:
            Transient, Throttled: Orderful could not be asked; the next run asks again.
        """
        self._report_waiting()
        try:
            changed = self._follow()
        except Misconfigured as error:
            self.telemetry.count(Metric.CREDENTIALS_REFUSED)
            self.telemetry.error("tracking refused", {"reason": str(error), "request_id": error.request_id})
            return 0
        if not self.breaker.is_open(now=self.clock.now()):
            self._sweep()
        self.telemetry.count(Metric.TRACK_COMPLETED)
        return changed

    def _report_waiting(self) -> None:
        """Tell how many documents wait for a person, before anything that can fail."""
        now = self.clock.now()
        parked, rejected = self.ledger.waiting(State.PARKED), self.ledger.waiting(State.REJECTED)
        self.telemetry.count(Metric.OPEN_PARKED, parked.count)
        self.telemetry.count(Metric.OPEN_REJECTED, rejected.count)
        oldest = min((one.oldest for one in (parked, rejected) if one.oldest is not None), default=None)
        if oldest is not None:
            self.telemetry.seconds(Metric.OLDEST_OPEN, (now - oldest).total_seconds())

    def _follow(self) -> int:
        now = self.clock.now()
        watched = self._watched(now)
        if not watched:
            return 0
        oldest = min(map(_earliest_creation, watched.values()))
        senders = sorted({revision.sender_id for revision in watched.values() if revision.sender_id})
        numbers: dict[str | None, list[str]] = defaultdict(list)
        for transaction_id, revision in watched.items():
            numbers[revision.business_number].append(transaction_id)
        changed = 0
        for remote in self.orderful.list_since(oldest - timedelta(minutes=5), sender_ids=senders, stream=self.stream):
            known = watched.pop(remote.transaction_id, None)
            known = known if known is not None else self._under_another_id(remote, watched, numbers)
            if known is not None:
                changed += self._apply(known, remote, now)
                if not watched:
                    break
        return changed

    def _under_another_id(
        self, remote: RemoteTransaction, watched: dict[str, Revision], numbers: Mapping[str | None, Sequence[str]]
    ) -> Revision | None:
        """The one watched revision that this can only be, taken off the list.

        Orderful: a v4 create may answer with a UUID and the v3 list with a number for the same transaction. What is
        listed is then known by business number, type and parties, and by the moment in which it was created, unless
        another revision of the document left in the same moment, watched or not.
        """
        found = [
            transaction_id
            for transaction_id in numbers.get(remote.business_number, ())
            if transaction_id.isdigit() != remote.transaction_id.isdigit()
            and (revision := watched.get(transaction_id)) is not None
            and (revision.transaction_type, revision.sender_id, revision.receiver_id)
            == (remote.transaction_type, remote.sender_id, remote.receiver_id)
            and _is_of_this_moment(revision, remote)
        ]
        if len(found) != 1:
            return None
        history = self.ledger.revisions(watched[found[0]].key, limit=20)
        of_this_moment = [
            one for one in history if one.transaction_id and not one.listed_as and _is_of_this_moment(one, remote)
        ]
        return watched.pop(found[0]) if len(of_this_moment) == 1 else None

    def _watched(self, now: datetime) -> dict[str, Revision]:
        watched: dict[str, Revision] = {}
        attention = 0
        for revision in self.ledger.in_state(*_WATCHED):
            sent_at = revision.sent_at or revision.created_at
            attention += bool(revision.attention) and revision.state is not State.REJECTED
            if now - sent_at > WATCHED_FOR:
                if revision.state is not State.REJECTED:  # that one is listed until a person has dealt with it
                    self._let_go(revision, now)
            elif revision.transaction_id and len(watched) < WATCHED_AT_ONCE:
                watched[revision.listed_as or revision.transaction_id] = revision
        self.telemetry.count(Metric.OPEN_ATTENTION, attention)
        return watched

    def _apply(self, revision: Revision, remote: RemoteTransaction, now: datetime) -> int:
        news = read_news(
            remote, sent_at=revision.sent_at or revision.created_at, now=now, overdue_after=self.overdue_after
        )
        seen: dict[str, Any] = {
            "validation_status": remote.validation_status,
            "delivery_status": remote.delivery_status,
            "acknowledgment_status": remote.acknowledgment_status,
            "attention": news.attention,
        }
        if remote.transaction_id != revision.transaction_id:
            seen["listed_as"] = remote.transaction_id
        target = news.state if news.state and may_move(revision.state, news.state) else revision.state
        if target is revision.state and all(getattr(revision, name) == value for name, value in seen.items()):
            return 0
        note = (
            news.attention
            or f"Orderful: {remote.validation_status}, {remote.delivery_status}, {remote.acknowledgment_status}"
        )
        is_refused = target is State.REJECTED and revision.state is not State.REJECTED
        if is_refused:
            if not self._take_back_agreed(revision, now):
                return 0
            problems = self.orderful.problems_of(remote.transaction_id)
            note = ": ".join([f"Orderful or the partner refused it, {news.attention}", *problems[:5]])
            seen |= {
                "reason": note,
                "next_step": after_rejection(revision.key),
            }
        elif revision.state is State.REJECTED and target is not State.REJECTED:
            seen |= {"reason": None, "next_step": None}
        try:
            if not self._record(revision, target, now=now, note=note, **seen):
                return 0
        except Conflict:
            return 0
        if is_refused:
            self._take_back_agreed(revision, now)  # once more: a change may have been agreed on in the same moment
        self._announce(revision, target, news, note)
        return 1

    def _record(self, revision: Revision, to: State, *, now: datetime, note: str, **seen: Any) -> bool:
        """Write the news down; False when what is listed under another id belongs to another document."""
        if seen.get("listed_as") == revision.listed_as or revision.transaction_id is None:
            self.ledger.move(revision, to, now=now, note=note, **seen)
            return True
        return bool(self.ledger.own(revision, to, transaction_id=revision.transaction_id, now=now, note=note, **seen))

    def _take_back_agreed(self, refused: Revision, now: datetime) -> bool:
        """Reject what the partner asked for on top of a revision that it refuses: it knows neither.

        A person has to see to it, as with the refused revision itself, and can have the whole sent again. A revision
        that reads like the refused one says nothing any more: the refused one is what counts.

        Returns:
            False while a change is just being written: the news waits for the next run.
        """
        history = self.ledger.revisions(refused.key, limit=20)
        newer = [one for one in history if one.sequence > refused.sequence and one.withdraws is None]
        if any(one.state is State.CHANGING for one in newer):
            return False
        if any(one.state in KNOWN_TO_PARTNER - {State.AGREED} for one in newer):
            return True  # the whole was sent since
        for one in newer:
            if (one.state, one.reason) == (State.SKIPPED, NOTHING_NEW) and refused.withdraws is None:
                with suppress(Conflict):
                    self.ledger.move(one, State.SUPERSEDED, now=now, note="it reads like a revision that was refused")
            if one.state is State.AGREED:
                reason = f"The partner asked for it on top of revision {refused.sequence}, which was refused."
                with suppress(Conflict):
                    self.ledger.move(
                        one,
                        State.REJECTED,
                        now=now,
                        note=reason,
                        reason=reason,
                        next_step=after_rejection(one.key),
                    )
        return True

    def _announce(self, revision: Revision, target: State, news: News, note: str) -> None:
        fields: Fields = {**_names(revision), "state": target.value}
        if target is State.REJECTED:
            # What was objected to may quote the document: it stands in the ledger, not in the log.
            if revision.state is not State.REJECTED:
                self.telemetry.count(Metric.DOCUMENTS_REJECTED)
                self.telemetry.error("rejected", fields)
            return
        fields["reason"] = note
        if news.attention:
            if target is State.DELIVERED:
                self.telemetry.count(Metric.ACKNOWLEDGMENTS_OVERDUE)
            self.telemetry.warning("needs a look", fields)
            return
        if target is State.ACKNOWLEDGED:
            self.telemetry.count(Metric.DOCUMENTS_ACKNOWLEDGED)
        self.telemetry.info("moved on", fields)

    def _let_go(self, revision: Revision, now: datetime) -> None:
        try:
            self.ledger.stop_watching(revision, now=now, note=f"no news for {WATCHED_FOR.days} days; watched no longer")
        except Conflict:
            return
        self.telemetry.warning("watched no longer", {**_names(revision), "state": revision.state.value})

    def _sweep(self) -> None:
        now = self.clock.now()
        waiting = list(self.ledger.in_state(*_STUCK))
        self._queue_again([revision for revision in waiting if self._is_stuck(revision, now)], now)
        unconfirmed = [
            one
            for one in waiting
            if one.state is State.UNCONFIRMED and now - (one.asked_since or one.updated_at) >= UNCONFIRMED_FOR
        ]
        self.telemetry.count(Metric.DOCUMENTS_UNCONFIRMED, len(unconfirmed))

    def _is_stuck(self, revision: Revision, now: datetime) -> bool:
        if revision.claim_until is not None and revision.claim_until > now:
            return False
        return now - revision.updated_at >= self.resend_after

    def _queue_again(self, stuck: Sequence[Revision], now: datetime) -> None:
        messages = [DeliveryMessage.of(revision) for revision in stuck]
        if not messages:
            return
        try:
            self.outbox.deliveries(messages)
        except ConnectorError as error:
            self.telemetry.warning("could not queue again", {"reason": str(error)})
            return
        for revision in stuck:
            self._note_queued(revision, now)
        self.telemetry.warning("queued again", {"queued": len(messages)})

    def _note_queued(self, revision: Revision, now: datetime) -> None:
        """Start the wait anew, so that a long backlog is not queued again by every run.

        A sending whose worker died is unconfirmed from now on.
        """
        to = State.UNCONFIRMED if revision.state is State.SENDING else revision.state
        with suppress(Conflict):  # somebody moved it meanwhile: it is not stuck
            self.ledger.move(revision, to, now=now, note="nothing happened for a while; queued again")


def _earliest_creation(revision: Revision) -> datetime:
    """Before this its transaction cannot have been created; an adopted one is older than the moment it was found."""
    return revision.first_attempt_at or revision.sent_at or revision.created_at


def _is_of_this_moment(revision: Revision, remote: RemoteTransaction) -> bool:
    return abs(remote.created_at - (revision.sent_at or revision.created_at)) < SAME_MOMENT


def _names(revision: Revision) -> Fields:
    return {
        "company": revision.key.company,
        "kind": revision.key.kind.value,
        "number": revision.key.number,
        "sequence": revision.sequence,
        "partner": revision.partner or "",
        "transaction_id": revision.transaction_id or "",
    }
