"""Use case: what would become of the partners' recent documents under a routing. Nothing is sent, queued or recorded.

The newest documents of each kind and partner are read from Visma's lists and translated as if they were new: whether
they are from before go-live and whether the ledger knows them is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, timedelta

from connector.domain.documents import BusinessDocument, DocumentKey, Kind, number_in_key
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.policy import hold_reason, refuse_unknown_type, unrouted_reason
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company, Route
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.units import UNITS
from connector.edi.visma.fields import part, text
from connector.edi.visma.read import NotADocument, decode
from connector.services.outbound.facts import stored_document
from connector.services.ports import Deadline, Resource
from connector.services.reconcile.ports import DocumentList, DocumentLists, ListedDocument, Question
from connector.services.reconcile.run import SHARE_FOR_OTHERS

NEWEST = 20
"""Documents of each kind and partner that are looked at."""

MAX_PAGES = 5
"""Pages of one list that are read for one window."""

WINDOWS = (timedelta(days=7), timedelta(days=60))
"""How far back documents are looked for: the longer one is read where the shorter one has too few."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why some documents of a partner would not be sent.

    Attributes:
        code: Which reason it is.
        waits_for: The routing key that would help; None where none does.
        documents: How many there are, of which `example` is one.
        sentence: What is wrong with that one.
        next_step: What to do about it.
        is_parked: A person would be asked; otherwise they are left alone until they change.
    """

    code: Reason
    waits_for: str | None
    _: KW_ONLY
    documents: int
    example: DocumentKey
    sentence: str
    next_step: str | None
    is_parked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerOutcome:
    """What would become of the newest documents of one kind of a partner.

    Attributes:
        documents: How many were looked at.
        sent: How many of them would be sent.
        obstacles: Why the others would not, the most frequent first.
        units: Visma's units on them that routing does not map, and the key of each.
    """

    partner: str
    kind: Kind
    documents: int
    sent: int
    obstacles: Sequence[Obstacle]
    units: Mapping[str, str]

    @property
    def parked(self) -> int:
        """How many would wait for a person."""
        return sum(one.documents for one in self.obstacles if one.is_parked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A supplier or customer that no partner is, and how many of its documents would wait for one."""

    kind: Kind
    number: str
    name: str | None
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunResult:
    """The outcome of one kind of a company.

    Attributes:
        since: Documents that were modified from this day on were looked for.
        is_whole: All of them were read; otherwise the first pages of Visma's list.
    """

    kind: Kind
    since: date
    is_whole: bool
    partners: Sequence[PartnerOutcome]
    strangers: Sequence[Stranger]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """Reads the newest documents and translates them."""

    lists: DocumentLists
    routing: Routing
    stream: Stream
    deadline: Deadline

    def run(self, company: Company, *, today: date) -> Iterator[DryRunResult]:
        """One result for each kind of which the company has partners.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: Visma's lists cannot be read.
        """
        visma = self.lists(company, self.deadline)
        for kind in dict.fromkeys(resource.kind for resource in Resource):
            mapped = {
                number: partner
                for of, partner, role, number in self.routing.numbers()
                if (of, role) == (company.name, kind.facts.counterparty)
            }
            if mapped:
                yield self._of_kind(visma, company, kind, mapped, today=today)

    def _of_kind(
        self, visma: DocumentList, company: Company, kind: Kind, mapped: Mapping[str, str], *, today: date
    ) -> DryRunResult:
        read = _Read()
        since = today
        for window in WINDOWS:
            since, read = today - window, _Read()
            for resource in Resource:
                if resource.kind is kind:
                    self._read(visma, company, resource, since=since, into=read)
            if not read.is_whole or all(len(read.of(number)) >= NEWEST for number in mapped):
                break
        by_partner: dict[str, list[_Found]] = {}
        for number, partner in mapped.items():
            by_partner.setdefault(partner, []).extend(read.of(number))
        return DryRunResult(
            kind=kind,
            since=since,
            is_whole=read.is_whole,
            partners=[self._outcome(kind, partner, found) for partner, found in by_partner.items()],
            strangers=[
                Stranger(kind=kind, number=number, name=waiting[0].name, documents=len(waiting))
                for number in read.found
                if number not in mapped and (waiting := [one for one in read.of(number) if not _is_left_alone(one)])
            ],
        )

    def _read(self, visma: DocumentList, company: Company, resource: Resource, *, since: date, into: _Read) -> None:
        for number in range(1, MAX_PAGES + 1):
            page = visma.page(resource, Question.MODIFIED, since=since, page=number)
            for document in page.documents:
                branch = company.visma.branch
                # Visma ignores a question that it does not understand.
                is_asked_for = (document.modified or since.isoformat())[:10] >= since.isoformat()
                if is_asked_for and (not branch or document.branch in {None, branch}):
                    into.add(company, resource, document)
            if not page.documents and not page.unreadable:
                return
            if page.share_left is not None and page.share_left < SHARE_FOR_OTHERS:
                break
        into.is_whole = False

    def _outcome(self, kind: Kind, partner: str, found: Sequence[_Found]) -> PartnerOutcome:
        newest = sorted(found, key=lambda one: one.modified, reverse=True)[:NEWEST]
        obstacles: dict[tuple[Reason, str | None, bool], list[_Stopped]] = {}
        units: dict[str, str] = {}
        for one in newest:
            stopped = self._stopped(one, units)
            if stopped is not None:
                obstacles.setdefault((stopped.code, stopped.waits_for, stopped.is_parked), []).append(stopped)
        ordered = sorted(obstacles.items(), key=lambda each: -len(each[1]))
        return PartnerOutcome(
            partner=partner,
            kind=kind,
            documents=len(newest),
            sent=len(newest) - sum(map(len, obstacles.values())),
            obstacles=[
                Obstacle(
                    code,
                    waits_for,
                    documents=len(stopped),
                    example=stopped[0].key,
                    sentence=stopped[0].sentence,
                    next_step=stopped[0].next_step,
                    is_parked=is_parked,
                )
                for (code, waits_for, is_parked), stopped in ordered
            ],
            units=units,
        )

    def _stopped(self, found: _Found, units: dict[str, str]) -> _Stopped | None:
        """Why a document would not be sent; None when it would be. Its units that are not mapped are added."""
        document = stored_document(found.key, found.raw).document
        try:
            if isinstance(document, Parked):
                raise document
            refuse_unknown_type(document)
            route = self.routing.route(found.key.company, found.key.kind, document.counterparty)
            reason = hold_reason(document, route)
            if reason is not None:
                return _Stopped(found.key, reason.code, reason.sentence, is_parked=False)
            units |= _unmapped_units(document.content, route)
            translate(document.content, route, stream=self.stream, purpose=Purpose.ORIGINAL)
        except Parked as problem:
            return _Stopped(
                found.key,
                problem.code,
                problem.sentence,
                is_parked=True,
                waits_for=problem.waits_for,
                next_step=problem.next_step,
            )
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    key: DocumentKey
    modified: str
    name: str | None
    raw: bytes


@dataclass(slots=True)
class _Read:
    """What was read of one kind, by the number of the supplier or customer."""

    found: dict[str, dict[DocumentKey, _Found]] = field(default_factory=dict)
    is_whole: bool = True

    def of(self, number: str) -> Sequence[_Found]:
        return [*self.found.get(number, {}).values()]

    def add(self, company: Company, resource: Resource, document: ListedDocument) -> None:
        try:
            who = part(decode(document.raw), resource.kind.facts.counterparty)
            number, party_name = text(who, "number"), text(who, "name")
        except (NotADocument, Parked):
            return
        if number is None:
            return
        name = number_in_key(resource.kind, document.document_type or resource.declared.document_type, document.number)
        key = DocumentKey(company.name, resource.kind, name)
        found = _Found(key, document.modified or "", party_name, document.raw)
        self.found.setdefault(number, {})[key] = found


def _is_left_alone(found: _Found) -> bool:
    """Whether the document waits for no partner: a payment, a pattern order, one that is cancelled or on hold."""
    document = stored_document(found.key, found.raw).document
    return not isinstance(document, Parked) and unrouted_reason(document) is not None


@dataclass(frozen=True, slots=True)
class _Stopped:
    key: DocumentKey
    code: Reason
    sentence: str
    _: KW_ONLY
    is_parked: bool
    waits_for: str | None = None
    next_step: str | None = None


def _unmapped_units(content: BusinessDocument, route: Route) -> Mapping[str, str]:
    """The units of a document that routing maps to none of ours, each with the key that would."""
    words = dict.fromkeys(line.unit for line in content.lines if line.unit and not line.is_text)
    return {word: f"{route.unit_key}.{word}" for word in words if route.units.get(word) not in UNITS}
