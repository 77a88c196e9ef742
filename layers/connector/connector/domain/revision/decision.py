"""The input and the result of a decision about a document."""

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
    """The result of routing a document.

    Attributes:
        route: Its route, or why it has none; None when the document cannot be read.
        company: None when routing does not know the company.
        stream: Test or live.
    """

    route: Route | Parked | None
    company: Company | None
    stream: Stream

    @property
    def receiver(self) -> str | None:
        """ISA id of the receiver in routing; None without a route."""
        return self.route.partner_isa_id.on(self.stream) if isinstance(self.route, Route) else None

    @property
    def time_zone(self) -> str | None:
        """Name of the zone of the company's Visma clock; None until it is set in routing."""
        return self.company.visma.time_zone if self.company is not None else None


@dataclass(frozen=True, slots=True)
class Case:
    """A document to decide about.

    Attributes:
        reading: The document as it was read.
        routed: The result of routing it.
        assessed: The comparison with its history.
        facts: Looks up stored documents and requests.
        sharing: An order of another type with the same number; a person has to confirm before this one is sent.
    """

    reading: Reading
    routed: Routed
    assessed: ToDecide
    facts: Facts
    _: KW_ONLY
    sharing: Sharing | None = None

    @property
    def has_open_question(self) -> bool:
        """Whether an earlier revision, or this one in an earlier status, waits for a person."""
        earlier = (*self.assessed.supersede, self.assessed.replaces)
        return any(one.state is State.PARKED for one in earlier if one is not None)

    @property
    def was_answered(self) -> bool:
        """Whether a person has released this same content."""
        return self.assessed.replaces is not None and self.assessed.replaces.released


@dataclass(frozen=True, slots=True)
class RevisionDecision:
    """The decision about a revision: a translation, or a state with its reason.

    Attributes:
        state: The state in which it is recorded.
        translation: The request, for `TRANSLATED`.
        parked: The question to a person, for `PARKED`.
        reason: Why, for `SKIPPED` and `BASELINE`.
        withdraws_nothing: A receiver keeps the document under an ISA id that is no longer in routing.
        by_routing: Routing keeps it back, or kept it back until now and a person has to decide.
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
        """Park it: a person decides."""
        return cls(State.PARKED, parked=question, withdraws_nothing=withdraws_nothing, by_routing=by_routing)

    @classmethod
    def skip(
        cls, reason: StatedReason, *, withdraws_nothing: bool = False, by_routing: bool = False
    ) -> RevisionDecision:
        """Skip it: it is not sent."""
        return cls(State.SKIPPED, reason=reason, withdraws_nothing=withdraws_nothing, by_routing=by_routing)

    @classmethod
    def keep_on_record(cls, sentence: str) -> RevisionDecision:
        """Record it as from before go-live: it is not sent, and can be listed."""
        return cls(State.BASELINE, reason=StatedReason(Reason.BEFORE_GO_LIVE, sentence))

    @classmethod
    def send(cls, translation: Translation) -> RevisionDecision:
        """It leaves."""
        return cls(State.TRANSLATED, translation=translation)


def send_as(purpose: Purpose, document: VismaDocument, route: Route, facts: Facts) -> RevisionDecision:
    """Translate the document for its partner; a document that cannot be translated is parked."""
    try:
        return RevisionDecision.send(facts.translate(document.content, route, purpose))
    except Parked as problem:
        return RevisionDecision.ask(problem)
