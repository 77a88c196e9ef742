"""Plans what a document does to its history, and tells what a request to send it leads to. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.domain.documents import MAX_TYPE_LENGTH, DocumentKey
from connector.domain.pause import Pause, pause_of
from connector.domain.reasons import Reason
from connector.domain.revision.assess import Wait
from connector.domain.revision.plan import Plan, plan
from connector.domain.revision.reading import Reading
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.services.messages import DocumentMessage
from connector.services.order_types import SharedNumber, shared_number
from connector.services.outbound.facts import DocumentFacts
from connector.services.outbound.reading import read_message
from connector.services.ports import Ledger

# How many revisions are read at first; a document has seldom more.
_FIRST_LOOK = 10
_ALL = 1_000


def history_of(ledger: Ledger, key: DocumentKey) -> Sequence[Revision]:
    """All revisions of a document, newest first: what any receiver has decides what is sent."""
    history = ledger.revisions(key, limit=_FIRST_LOOK)
    return history if len(history) < _FIRST_LOOK else ledger.revisions(key, limit=_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a person's request to send a document leads to.

    Attributes:
        state: The state in which it is then; None: the request changes nothing.
        leaves: It is sent, as far as the ledger tells; Orderful may have it already.
        why: Why it does not leave, as a sentence; None when it leaves.
        next_step: What a person does about that; None where nothing is known.
        is_cancellation: What leaves is the cancellation of the document.
    """

    state: State | None
    leaves: bool
    why: str | None = None
    next_step: str | None = None
    is_cancellation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans what a document does to its history.

    Attributes:
        ledger: The ledger.
        routing: The routing in force.
        stream: The stack's stream.
        history: Reads all revisions of a document, newest first.
    """

    ledger: Ledger
    routing: Routing
    stream: Stream
    history: Callable[[DocumentKey], Sequence[Revision]]

    def plan(self, reading: Reading, *, now: datetime) -> Plan | Wait:
        """The writes for a document, or what has to end before it; raises `Transient` as the ports do."""
        history = self.history(reading.key)
        number = self._number_of(reading, history)
        if number.key != reading.key:
            reading, history = _under(number.key, reading), self.history(number.key)
        facts = DocumentFacts(self.ledger, self.routing, self.stream)
        routed, history = facts.routed(reading), facts.identified(history, reading)
        return plan(reading, history, routed, facts, now=now, sharing=number.shared_with(routed.route))

    def outlook(self, again: Revision, source: bytes, cause: str, *, pauses: Sequence[Pause], now: datetime) -> Outlook:
        """What a request to send a document leads to, by the routing and the pauses in force.

        Args:
            again: The revision whose document is processed again.
            source: Its Visma document.
            cause: The request, as its queue message has it.
            pauses: What is paused.
            now: The time, UTC.

        Raises:
            Transient: a fact could not be looked up.
        """
        planned = self.plan(read_message(DocumentMessage.again(again, cause), source), now=now)
        if isinstance(planned, Wait):
            return Outlook(state=None, leaves=False, why=planned.sentence)
        if (found := planned.written) is None:
            return Outlook(state=None, leaves=False, why=NOTHING_NEW)
        if found.state is not State.TRANSLATED:
            return Outlook(state=found.state, leaves=False, why=found.reason, next_step=_next_step(found))
        pause = pause_of(pauses, found.key.company, found.key.kind, found.partner)
        if pause is not None:
            step = f"connector resume {pause.scope.options}"
            return Outlook(state=State.PARKED, leaves=False, why=pause.sentence, next_step=step)
        return Outlook(state=found.state, leaves=True, is_cancellation=found.purpose is Purpose.CANCELLATION)

    def _number_of(self, reading: Reading, history: Sequence[Revision]) -> SharedNumber:
        """Which key an order has: its number, unless the ledger knows that as one of another type.

        Visma: blanket, regular and drop-ship orders have number series of their own (Purchase order preferences,
        PO101000), and an order is known by type and number.
        """
        key, document = reading.key, reading.document
        if key.kind.facts.plain_type is not None or document is None or not document.document_type:
            return SharedNumber(key)
        plain = DocumentKey(key.company, key.kind, document.content.number)
        recorded = history if key == plain else self.history(plain)
        return shared_number(
            self.ledger, key, plain=plain, recorded=recorded, order_type=document.document_type[:MAX_TYPE_LENGTH]
        )


def _under(key: DocumentKey, reading: Reading) -> Reading:
    """What a message brought, under the key that the document has."""
    document = reading.document
    return replace(reading, key=key, document=replace(document, key=key) if document else None)


NOTHING_NEW = "The ledger knows this state of it already, or a newer one."


def _next_step(found: Revision) -> str | None:
    if found.reason_code == Reason.BEFORE_GO_LIVE:
        return f"If the partner does not have it: connector documents release {found.key} --as original"
    return found.next_step
