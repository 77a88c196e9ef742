"""What is to be decided about a document, and what a decision is."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from connector.domain.documents import VismaDocument
from connector.domain.errors import Parked
from connector.domain.reasons import Reason, StatedReason
from connector.domain.revision.assess import Sharing, ToDecide
from connector.domain.revision.facts import Facts
from connector.domain.revision.reading import Reading
from connector.domain.revision.record import State
from connector.domain.routing.route import Company, Route
from connector.domain.transactions import Purpose, Stream, Translation


@dataclass(frozen=True, slots=True)
class Routed:
    """What routing says of a document.

    Attributes:
        route: Where it goes, or why it goes nowhere; None when it cannot be read.
        company: None when routing does not know the company.
        stream: Test or live.
    """

    route: Route | Parked | None
    company: Company | None
    stream: Stream

    @property
    def receiver(self) -> str | None:
        """ISA id of whom routing sends it to; None when it goes nowhere."""
        return self.route.partner_isa_id.on(self.stream) if isinstance(self.route, Route) else None

    @property
    def time_zone(self) -> str | None:
        """Name of the zone of the company's Visma clock; None while nobody has calibrated it."""
        return self.company.visma.time_zone if self.company is not None else None


@dataclass(frozen=True, slots=True)
class Case:
    """A document about which routing decides.

    Attributes:
        reading: The document.
        routed: Where it goes.
        assessed: What its history says.
        facts: What may have to be looked up.
        sharing: An order of another type with its number, that a person has to see before this one leaves.
    """

    reading: Reading
    routed: Routed
    assessed: ToDecide
    facts: Facts
    _: KW_ONLY
    sharing: Sharing | None = None

    @property
    def has_open_question(self) -> bool:
        """Whether an earlier state of the document, or the same under another status, waits for a person."""
        earlier = (*self.assessed.supersede, self.assessed.replaces)
        return any(one.state is State.PARKED for one in earlier if one is not None)

    @property
    def was_answered(self) -> bool:
        """Whether a person has answered for this very content."""
        return self.assessed.replaces is not None and self.assessed.replaces.released


@dataclass(frozen=True, slots=True)
class RevisionDecision:
    """What becomes of a revision: a translation, or a state with its reason.

    Attributes:
        state: In which it is recorded.
        translation: For `TRANSLATED`.
        parked: The question to a person, for `PARKED`.
        reason: Why, for `SKIPPED` and `BASELINE`.
        withdraws_nothing: Who has the document keeps it, under an ISA id that routing names no more.
        by_routing: Routing keeps it from leaving, or did so until a person answers.
    """

    state: State
    _: KW_ONLY
    translation: Translation | None = None
    parked: Parked | None = None
    reason: StatedReason | None = None
    withdraws_nothing: bool = False
    by_routing: bool = False

    @classmethod
    def ask(
        cls, question: Parked | None, *, withdraws_nothing: bool = False, by_routing: bool = False
    ) -> RevisionDecision:
        """A person decides."""
        return cls(State.PARKED, parked=question, withdraws_nothing=withdraws_nothing, by_routing=by_routing)

    @classmethod
    def skip(
        cls, reason: StatedReason, *, withdraws_nothing: bool = False, by_routing: bool = False
    ) -> RevisionDecision:
        """It is not sent."""
        return cls(State.SKIPPED, reason=reason, withdraws_nothing=withdraws_nothing, by_routing=by_routing)

    @classmethod
    def keep_on_record(cls, sentence: str) -> RevisionDecision:
        """It is from before go-live: known, not sent, findable."""
        return cls(State.BASELINE, reason=StatedReason(Reason.BEFORE_GO_LIVE, sentence))

    @classmethod
    def send(cls, translation: Translation) -> RevisionDecision:
        """It leaves."""
        return cls(State.TRANSLATED, translation=translation)


def send_as(purpose: Purpose, document: VismaDocument, route: Route, facts: Facts) -> RevisionDecision:
    """Write the document for its partner; what cannot be written is a question to a person."""
    try:
        return RevisionDecision.send(facts.translate(document.content, route, purpose))
    except Parked as problem:
        return RevisionDecision.ask(problem)
