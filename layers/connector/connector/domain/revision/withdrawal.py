"""The withdrawal of a document: the cancellation for a former receiver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.revision.decision import RevisionDecision
from connector.domain.revision.facts import Facts
from connector.domain.revision.record import CAPTURED, Event, Revision, State
from connector.domain.routing.route import OnRevision
from connector.domain.transactions import IsaId, Purpose


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal that is not decided yet.

    Attributes:
        sent: The revision that the former receiver has; its `receiver_id` is that receiver's.
        sequence: The number that the cancellation gets.
    """

    sent: Revision
    sequence: int

    def decide(self, facts: Facts) -> tuple[RevisionDecision, bytes]:
        """Decide about it. Returns the decision and the Visma document that it withdraws."""
        sent, receiver = self.sent, self.sent.receiver_id or ""
        withdrawn = (
            f"Its supplier or customer changed: {sent.partner} ({receiver}) has it still (Orderful "
            f"{sent.orderful_id}) and has to be told that it is withdrawn."
        )
        by_hand = f"Tell {sent.partner}, then: connector documents close {sent.key} --revision {self.sequence}"
        stored = facts.stored(sent)
        try:
            if isinstance(stored.document, Parked):
                raise stored.document
            document = stored.document
            route = facts.route(sent.key, sent.counterparty or document.counterparty)
            if not route.send or route.on_revision is OnRevision.PARK:
                return RevisionDecision.ask(
                    Parked(withdrawn, next_step=by_hand, field="on_revision", code=Reason.WITHDRAWAL_BY_HAND)
                ), stored.raw
            former = replace(route, partner_isa_id=IsaId(live=receiver, test=receiver))
            return RevisionDecision.send(facts.translate(document.content, former, Purpose.CANCELLATION)), stored.raw
        except Parked as problem:
            question = Parked(
                f"{withdrawn} {problem.sentence}",
                next_step=by_hand,
                field=problem.field,
                code=Reason.WITHDRAWAL_BY_HAND,
            )
            return RevisionDecision.ask(question), stored.raw

    def captured(self, state: State, *, is_requested: bool, now: datetime) -> Revision:
        """Its record, without the decision.

        Args:
            state: The state in which it is recorded.
            is_requested: A person asks for it, so it is looked up at Orderful first.
            now: The time, UTC.
        """
        sent = self.sent
        name = f"withdrawal of {sent.revision_id} from {sent.receiver_id or ''}"
        return Revision(
            key=sent.key,
            sequence=self.sequence,
            revision_id=sha256(name.encode()).hexdigest(),
            state=state,
            created_at=now,
            updated_at=now,
            partner=sent.partner,
            receiver_id=sent.receiver_id or "",
            counterparty=sent.counterparty,
            counterparty_id=sent.counterparty_id,
            document_type=sent.document_type,
            withdraws=sent.sequence,
            released=is_requested,
            look_up_first=is_requested,
            history=(Event(now, CAPTURED, f"revision {sent.sequence} went to another receiver"),),
        )
