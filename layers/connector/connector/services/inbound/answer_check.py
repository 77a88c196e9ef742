"""Compares an 855 or 865 with the order that it answers, as the ledger has it.

What cannot be compared reaches a person, unless the ledger or routing explains it: the partner has orders from before
go-live, or from another system.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from connector.domain.documents import CHANGED_KIND, MAX_NUMBER_LENGTH, DocumentKey
from connector.domain.errors import Misconfigured, Parked, Rejected
from connector.domain.order_change.order_numbers import spellings, without_suffix
from connector.domain.order_change.record import MAX_REASON_LENGTH, NOBODY, Change, ChangeEvent, ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import KNOWN_TO_PARTNER, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import NOT_WANTED, OnUnknownOrder, Route
from connector.domain.text import truncated
from connector.domain.transactions import Purpose, Stream
from connector.edi.answered_order.compare import lines_gone, order_differences
from connector.edi.answers import Answer
from connector.edi.order_change.fields import Data
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.read import NotADocument
from connector.services.inbound.ports import SentDocuments
from connector.services.inbound.sender_check import route_of

_REVISIONS = 20
"""Among so many of the newest revisions of an order, the one is looked for that an answer answers."""

_SENT_ELSEWHERE = frozenset({Reason.SEND_OFF, Reason.ORDER_TYPE_OFF, Reason.BEFORE_GO_LIVE})
"""Reasons for which a document is not sent from here, while the partner may have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCheck:
    """Finds the order that an answer names, and compares the two."""

    documents: SentDocuments
    stream: Stream

    def order_key(self, companies: Sequence[str], number: str, sender_id: str) -> DocumentKey:
        """The order in the ledger that an answer names.

        Systems that keep a number as a number lose its leading zeros, or add some. Where several companies share an ISA
        id, the ledger tells whose order it is.

        Args:
            companies: The companies to which the answer may be addressed.
            number: The number that it names.
            sender_id: The ISA id of its sender.

        Returns:
            The order; the number as it is written, of the company or of nobody, where no order or several are found.
        """
        written = number.strip()[:MAX_NUMBER_LENGTH]
        for spelled in spellings(written):
            keys = [DocumentKey.of_order(company, spelled) for company in companies]
            known = {key: history for key in keys if (history := self.documents.revisions(key, limit=_REVISIONS))}
            sent = [key for key, history in known.items() if any(one.receiver_id == sender_id for one in history)]
            # Another spelling leads to an order that the sender has only.
            found = sent or (list(known) if spelled == written else [])
            if len(found) == 1:
                return found[0]
            if found:
                break
        return DocumentKey.of_order(companies[0] if len(companies) == 1 else NOBODY, written)

    def checked(self, change: Change, answer: Answer, message: Data, routing: Routing) -> Change:
        """The record of an answer after it was compared with the order that it answers.

        Args:
            change: The record, not written yet.
            answer: What the answer says.
            message: Its message.
            routing: The routing in force.
        """
        history = self.documents.revisions(change.key, limit=_REVISIONS)
        cancelled = _cancelled(change, history)
        if answer.declines and cancelled is not None:
            return _settled(
                change, f"it declines the order, which was cancelled for it (revision {cancelled.sequence})"
            )
        if change.state is ChangeState.RECORDED and (taken_back := _taken_back(change, history, cancelled)) is not None:
            return _for_a_person(change, taken_back, Reason.ACCEPTED_AFTER_CANCELLATION)
        states = _answered(history, change.filed_at)
        whose = _whose(change)
        try:
            if not states:
                return self._unknown(change, answer, history, routing)
            first: tuple[str, ...] = ()
            for one in states:
                differing, gone = self._compared(change, one, message, routing)
                if not differing:
                    return _agreeing(change, answer, gone)
                first = first or differing
        except (Misconfigured, NotADocument, Parked, Rejected) as error:
            what = str(error) if isinstance(error, NotADocument) else error.sentence
            sentence = f"{whose} could not be compared with purchase order {change.number}: {what}"
            return _for_a_person(change, sentence, Reason.ANSWER_NOT_COMPARED)
        is_told = states[0].state is State.CLOSED
        had = f"revision {states[0].sequence} has it, which a person closed" if is_told else "it was sent"
        sentence = f"{whose} states purchase order {change.number} otherwise than {had}: {'; '.join(first)}."
        return _for_a_person(change, sentence, Reason.ANSWER_DIFFERS)

    def _compared(
        self, change: Change, revision: Revision, message: Data, routing: Routing
    ) -> tuple[tuple[str, ...], frozenset[int]]:
        """What the answer states otherwise than a revision, and the places of deleted lines that it does not have.

        Raises:
            NotADocument, Parked: the revision cannot be read, or an amount of it not be calculated.
            Rejected: the order is another partner's.
            Misconfigured: a setting of the partner has an invalid value.
        """
        order = read_order_snapshot(self.documents.source_of(revision), company=change.company)
        route = route_of(routing, change.company, order, sender_id=change.sender_id or "", stream=self.stream)
        differing = order_differences(change.document or "", message, order.content, route)
        return differing, lines_gone(message, order.content, route)

    def _unknown(self, change: Change, answer: Answer, history: Sequence[Revision], routing: Routing) -> Change:
        """The record of an answer to an order of which the ledger has nothing that was sent.

        Raises:
            Misconfigured: routing has an invalid value.
        """
        expected = next(self._explained(change, answer, history, routing), None)
        if expected is not None:
            return change.noted(f"not compared: {expected}")
        if not answer.number:
            sentence = f"{_whose(change)} names no order, so it could not be compared."
        else:
            sentence = f"{_whose(change)} answers purchase order {answer.number}, of which nothing was sent from here"
            sentence += f"; it is {history[0].state} here." if history else "."
        if meant := self._proposal(change, answer):
            sentence += f" The ledger has purchase order {meant}."
        return _for_a_person(change, sentence, Reason.ANSWER_TO_UNKNOWN_ORDER)

    def _explained(
        self, change: Change, answer: Answer, history: Sequence[Revision], routing: Routing
    ) -> Iterator[str]:
        """Why the partner answers an order that was not sent from here, where that is no news."""
        routes = self._routes(change, routing)
        if not any(route.send for route in routes):
            yield "no purchase orders are sent to its sender from here"
        if all(route.answers_to_unknown_orders is OnUnknownOrder.RECORD for route in routes):
            yield "`answers_to_unknown_orders` expects answers to orders that were not sent from here"
        if any(_is_sent_elsewhere(one) for one in history):
            yield "the ledger has the order as one that is not sent from here"
        starts = [route.go_live for route in routes if route.go_live is not None]
        if not starts or len(starts) < len(routes):
            return
        if answer.ordered_on is not None and all(answer.ordered_on < start.day for start in starts):
            yield f"its order is of {answer.ordered_on}, from before go-live"
        if all(change.ordered_at < start.at for start in starts):
            yield "it arrived before go-live"

    def _routes(self, change: Change, routing: Routing) -> list[Route]:
        """The routes of the suppliers that the sender may be."""
        return [
            routing.route_to(company, CHANGED_KIND, partner)
            for company, partner in routing.senders(change.sender_id or "", self.stream)
            if change.company in {company, NOBODY} and routing.supplies(partner)
        ]

    def _proposal(self, change: Change, answer: Answer) -> str | None:
        """The order that is perhaps meant: one whose number the partner wrote with a suffix."""
        numbers = without_suffix(answer.number or "")
        keys = (DocumentKey.of_order(change.company, number) for number in numbers)
        return next((key.number for key in keys if self.documents.revisions(key, limit=1)), None)


def _answered(history: Sequence[Revision], filed_at: datetime | None) -> list[Revision]:
    """The states of the order with one of which an answer has to agree, the one to be named first.

    That is the state that the partner had when it answered: the newest one that was sent, or that a person closed after
    it, which counts as told (`assess` takes it so). Where routing ignores changes (`on_revision: ignore`), the state in
    Visma is as good, since a person may have agreed it with the partner. Empty when the partner had none from here.
    """
    own = [one for one in history if not one.is_withdrawal]
    known = [one for one in own if one.state in KNOWN_TO_PARTNER]
    before = [one for one in known if filed_at is None or (one.sent_at or one.created_at) <= filed_at]
    sent = next(iter(before or known), None)
    if sent is None:
        return []
    newer = [one for one in own if one.sequence > sent.sequence]
    closed = (one for one in newer if one.state is State.CLOSED and (filed_at is None or one.updated_at <= filed_at))
    ignored = (one for one in newer[:1] if one.reason_code == Reason.REVISION_IGNORED)
    return [next(closed, sent), *ignored]


def _is_sent_elsewhere(revision: Revision) -> bool:
    """Whether the ledger knows an order that the partner has from another system, or from a person."""
    is_kept_off = revision.state is State.SKIPPED and revision.reason_code in _SENT_ELSEWHERE
    return is_kept_off or revision.state in {State.BASELINE, State.CLOSED}


def _had(change: Change, history: Sequence[Revision]) -> Revision | None:
    """What the sender of an answer was sent last; None when it was sent nothing."""
    return next(
        (one for one in history if one.state in KNOWN_TO_PARTNER and one.receiver_id in {None, change.sender_id}),
        None,
    )


def _cancelled(change: Change, history: Sequence[Revision]) -> Revision | None:
    """The cancellation or withdrawal that the sender of an answer had before it answered; None when there is none."""
    had = _had(change, history)
    if had is None or had.purpose is not Purpose.CANCELLATION:
        return None
    has_crossed = change.filed_at is not None and change.filed_at < (had.sent_at or had.created_at)
    return None if has_crossed else had


def _taken_back(change: Change, history: Sequence[Revision], cancelled: Revision | None) -> str | None:
    """Why an accepting answer is about an order that is no longer wanted; None when the order stands.

    An answer that Orderful received before the cancellation was sent crossed it: the cancellation counts.
    """
    accepts = f"{_whose(change)} accepts purchase order {change.number}, which"
    if cancelled is not None:
        return f"{accepts} was cancelled with transaction {cancelled.transaction_id}: goods may be on their way."
    had = _had(change, history)
    if had is None or had.purpose is Purpose.CANCELLATION:
        return None
    newest = next((one for one in history if not one.is_withdrawal and one.state is not State.SUPERSEDED), None)
    if newest is not None and newest.visma_status in NOT_WANTED:
        return f"{accepts} is {newest.visma_status} in Visma: goods may be on their way."
    return None


def _whose(change: Change) -> str:
    return f"The {change.document} of {change.partner or change.sender_id or 'the partner'}"


def _agreeing(change: Change, answer: Answer, gone: Collection[int]) -> Change:
    """The record of an answer that states what was sent; `gone` as for `Answer.accepts_beside`."""
    if change.state is not ChangeState.RECORDED and answer.accepts_beside(gone):
        return _settled(change, "it states the order as it was sent, and declines no line of it")
    return change


def _settled(change: Change, note: str) -> Change:
    """The record of an answer that needs nobody, although its codes alone do not accept."""
    return msgspec.structs.replace(
        change,
        state=ChangeState.RECORDED,
        history=(ChangeEvent(change.updated_at, ChangeState.RECORDED, change.history[0].note),),
        reason=None,
        reason_codes=(),
        next_step=None,
    ).noted(note)


def _for_a_person(change: Change, sentence: str, code: Reason) -> Change:
    """The record of an answer that a person has to settle."""
    return msgspec.structs.replace(
        change,
        state=ChangeState.ATTENTION,
        history=(ChangeEvent(change.updated_at, ChangeState.ATTENTION, change.history[0].note),),
        reason=truncated(" ".join(filter(None, (change.reason, sentence))), MAX_REASON_LENGTH),
        reason_codes=(*change.reason_codes, code),
        next_step=_NEXT_STEPS.get(code, _SETTLE).format(f"`connector changes close {change.transaction_id}`"),
    )


_SETTLE = "Settle it with the partner, correct the document in Visma where need be, then run {}."
_NEXT_STEPS = {
    Reason.ANSWER_TO_UNKNOWN_ORDER: (
        "Read it in Orderful and ask the partner which order is meant, then run {}. If another system sends orders to "
        "this partner too, set `answers_to_unknown_orders: record` for it."
    ),
    Reason.ANSWER_NOT_COMPARED: "Read it in Orderful, compare it with the order in Visma, then run {}.",
}
