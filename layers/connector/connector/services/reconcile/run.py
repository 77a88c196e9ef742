"""Use case: compare every Visma document of a window with the ledger and with the transactions at Orderful.

A run is a list of steps: first Orderful's list, a day at a time, of what we received and then of what we sent; then the
lists of each company at Visma, and what was sent and is in none of these. Its progress is stored after each page, so
that it continues after its time, its calls of Orderful, or its share of Visma's quota are used up. Findings are
reported at the end, because a later step may explain an earlier finding.

It decides nothing and sends nothing: each finding says what a person can do. What partners sent and is not on record is
also queued as a callback would queue it, and is then recorded and decided like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError, ListRefused, Misconfigured, Throttled, Transient
from connector.domain.inbound import LISTED
from connector.domain.reconcile.finding import Category, Finding, id_of
from connector.domain.revision.record import Revision
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.messages import HintMessage
from connector.services.outbound.facts import DocumentFacts
from connector.services.ports import Clock, Deadline, Ledger, Outbox, Resource
from connector.services.reconcile.absence import Absence, AbsenceComparison
from connector.services.reconcile.documents import YOUNG, Compared, DocumentComparison, Window
from connector.services.reconcile.ports import (
    QUESTIONS,
    AbsenceStep,
    DocumentLists,
    DocumentStep,
    FindingBook,
    InboundRecords,
    ListedTransaction,
    Progress,
    ReceivedStep,
    Step,
    TransactionList,
    TransactionPage,
    TransactionStep,
)
from connector.services.reconcile.received import ReceivedComparison, collected_name
from connector.services.reconcile.transactions import TransactionComparison

PARTIES_AT_ONCE = 5
"""Orderful: a list request has at most five senders, and at most five receivers."""

MAX_HINTS = 100
"""Most transactions that one invocation has looked up: what is granted to hints (20 a minute) until the next one."""

RESERVE = timedelta(seconds=75)
"""The longest time for one page; with less time left, the run stops until the next invocation."""

SHARE_FOR_OTHERS = 0.4
"""The share of Visma's hourly quota that is left to polling and to changes; polling leaves half of it to others."""

MAX_PAGES = 5_000
"""Most pages of a list: the limit for a server whose pages never end."""

MAX_PROBLEMS = 50


SHARE_PAUSE = timedelta(minutes=5)
"""After this time, the rest of Visma's quota is read again."""

_USUAL_PAUSE = timedelta(minutes=1)


class _PutAside(Exception):
    """Time or calls are used up: the next invocation continues the run."""


class _ShareUsed(_PutAside):
    """The rest of Visma's hourly quota is for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How a step reads Orderful's list.

    Attributes:
        page: Reads the page at a cursor.
        comparing: Gets the transactions of a page; returns what compares one of them and stores its finding.
        counter: The field of the progress that counts the transactions.
        keep: Stores what a page has shown.
    """

    page: Callable[[str | None], TransactionPage]
    comparing: Callable[[Sequence[ListedTransaction]], Callable[[ListedTransaction], None]]
    counter: str
    keep: Callable[[Sequence[ListedTransaction]], None] = lambda _: None


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Carries out a run.

    Attributes:
        outbox: Has what partners sent and is not on record looked up; None: it is only reported.
        most_calls: Most calls of Orderful in one invocation; None: no limit.
        most_looks: Most documents of a company for which Visma is asked in one run; None: no limit.
        most_tries: How often a step, or one document or transaction of it, may fail before the run goes on without it.
        young: Younger documents may still be in progress, and are not compared.
        partner: Only documents and transactions of this partner; None for all.
        wait: Waits for a pause that Orderful or Visma asks for; returns False when there is no time for it, and the run
            stops until the next invocation.
    """

    lists: DocumentLists
    orderful: TransactionList
    ledger: Ledger
    records: InboundRecords
    routing: Routing
    stream: Stream
    book: FindingBook
    clock: Clock
    deadline: Deadline
    outbox: Outbox | None = None
    most_calls: int | None = None
    most_looks: int | None = None
    most_tries: int = 3
    young: timedelta = YOUNG
    partner: str | None = None
    wait: Callable[[timedelta], bool] = lambda _: False
    _calls: int = 0
    _hints: int = 0
    _seen: frozenset[str] | None = None
    _sent: dict[str, frozenset[str]] = field(default_factory=dict)
    _found: dict[str, Finding] = field(default_factory=dict)
    _begun: Mapping[str, datetime] = field(default_factory=dict)
    _collected: Mapping[str, datetime] = field(default_factory=dict)

    def begin(
        self, since: datetime, until: datetime, *, company: str | None = None, before: Progress | None = None
    ) -> Progress:
        """A new run over a window.

        Args:
            since: The beginning of the window, UTC.
            until: Its end, UTC. Nothing that is still young is compared, even inside the window.
            company: Only this company; None for all.
            before: The previous run; None for the first.
        """
        now = self.clock.now()
        until = min(until, now - self.young)
        companies = [one for name, one in self.routing.companies.items() if company in {None, name}]
        ours = sorted({one.isa_id.on(self.stream) for one in companies})
        chunks = [tuple(ours[at : at + PARTIES_AT_ONCE]) for at in range(0, len(ours), PARTIES_AT_ONCE)]
        return Progress(
            started_at=now,
            since=since,
            until=until,
            contents_since=before.complete_until if before else None,
            steps=(
                *(
                    TransactionStep(since=begin, until=end, senders=chunk)
                    for begin, end in _days(since, until)
                    for chunk in chunks
                ),
                *(
                    DocumentStep(company=one.name, resource=resource, question=question)
                    for one in companies
                    for resource in Resource
                    for question in QUESTIONS[resource]
                ),
            ),
            is_whole=True,
            asked=before.asked if before else {},
            complete_at=before.complete_at if before else None,
            complete_until=before.complete_until if before else None,
        )

    def go_on(self, progress: Progress) -> Progress:
        """Continue a run, to its end or as far as time and calls allow. Findings are stored in the book.

        Raises:
            Transient, Throttled: the book cannot be read or written, or a step failed and is retried later.
        """
        self._found = {one.finding_id: one for one in self.book.findings()}
        self._begin_companies()
        plan = progress.plan
        while progress.at < len(plan):
            try:
                progress = self._step(progress, plan[progress.at])
            except _PutAside as reason:
                progress = self.book.progress() or progress
                if not (isinstance(reason, _ShareUsed) and self.wait(SHARE_PAUSE)):
                    return progress
            except ConnectorError as error:
                progress = self.book.progress() or progress
                if not (isinstance(error, Throttled) and self.wait(error.retry_after or _USUAL_PAUSE)):
                    progress = self._failed(progress, error)
        return progress

    def _begin_companies(self) -> None:
        """Read since when each company is reconciled and each document collected, and store what begins now.

        What is collected for an ISA id that routing has just got, or a document that it has just begun to take
        (`inbound.take`), begins now. Before this was stored, all of it began with the company.
        """
        now, known = self.clock.now(), self.book.beginnings()
        begun = {name: known.get(name, now) for name in self.routing.companies}
        was_stored = any(name.startswith("#") for name in known)
        collected: dict[str, datetime] = {}
        for company in self.routing.companies.values():
            for document in LISTED:
                name = collected_name(company.isa_id.on(self.stream), document)
                if document in self.routing.takes:
                    first = now if was_stored else begun[company.name]
                    collected[name] = known.get(name, min(first, collected.get(name, first)))
        self._begun, self._collected = begun, collected
        former = {name: at for name, at in known.items() if not name.startswith("#")}
        if {**former, **begun, **collected} != known:
            self.book.keep_beginnings({**former, **begun, **collected})

    def _failed(self, progress: Progress, error: ConnectorError) -> Progress:
        """Record that a step failed: it is retried later, or the run continues without it."""
        step = progress.plan[progress.at]
        is_paused = self.most_tries > 1 and isinstance(error, Throttled) and error.retry_after is not None
        tries = progress.tries + (not is_paused)
        if isinstance(error, Transient) and tries < self.most_tries:
            self.book.keep(replace(progress, tries=tries))
            raise error
        name = step.name if isinstance(step, DocumentStep | AbsenceStep) else f"Orderful {step.since:%Y-%m-%d}"
        is_unneeded = (
            isinstance(step, DocumentStep)
            and isinstance(error, ListRefused)
            and step.resource.kind in self.routing.companies[step.company].kinds_unsent
        )
        problems = progress.problems if is_unneeded else (*progress.problems, f"{name}: {error}")[:MAX_PROBLEMS]
        return self._next(
            progress, problems=problems, is_listed=progress.is_listed and not isinstance(step, TransactionStep)
        )

    def _next(self, progress: Progress, **changes: object) -> Progress:
        step = progress.plan[progress.at]
        if isinstance(step, AbsenceStep):
            self._forget(progress, step.company)
        following = replace(progress, at=progress.at + 1, page=1, following=None, handled=0, tries=0, **changes)
        self.book.keep(following)
        return following

    def _forget(self, progress: Progress, company: str) -> None:
        """Forget which documents of a company were sent and shown."""
        if self._sent_of(progress, company):
            for name in (*_sent_names(progress, company), _shown_name(company)):
                self.book.forget_seen(name)

    def _step(self, progress: Progress, step: Step) -> Progress:
        window = Window(since=progress.since, until=progress.until, young=self.young, partner=self.partner)
        if isinstance(step, ReceivedStep):
            return self._list(progress, lambda _: self._received(step, window))
        if isinstance(step, TransactionStep):
            return self._list(progress, lambda now: self._created(now, step, window))
        if step.company not in self.routing.companies:
            return self._next(progress)
        if isinstance(step, AbsenceStep):
            return self._absent(progress, step, window)
        with self._showing(progress, step) as shown:
            return self._documents(progress, step, window, shown)

    # -- Orderful -----------------------------------------------------------------------------------------------------

    def _received(self, step: ReceivedStep, window: Window) -> _Reading:
        comparison = ReceivedComparison(
            records=self.records,
            routing=self.routing,
            stream=self.stream,
            window=window,
            now=self.clock.now(),
            collected=self._collected,
            is_queued=self.outbox is not None,
        )

        def comparing(transactions: Sequence[ListedTransaction]) -> Callable[[ListedTransaction], None]:
            unrecorded = comparison.unrecorded(transactions)

            def compare(transaction: ListedTransaction) -> None:
                if transaction.transaction_id in unrecorded:
                    self._have_looked_up(self._note(comparison.finding(transaction)))

            return compare

        return _Reading(
            page=lambda following: self.orderful.received(
                step.since, step.until, receivers=step.receivers, stream=self.stream, following=following
            ),
            comparing=comparing,
            counter="received",
        )

    def _have_looked_up(self, finding: Finding) -> None:
        """Queue the transactions of a finding, unless a person has closed it.

        The finding was stored before: killed between the two, the run comes to the transaction again.
        """
        if self.outbox is None or not finding.is_open:
            return
        if self._hints >= MAX_HINTS:
            raise _PutAside
        self.outbox.hints([HintMessage(transaction_id=one) for one in finding.transactions])
        self._hints += 1

    def _created(self, progress: Progress, step: TransactionStep, window: Window) -> _Reading:
        comparison = TransactionComparison(
            ledger=self.ledger,
            orderful=self.orderful,
            routing=self.routing,
            stream=self.stream,
            window=window,
            now=self.clock.now(),
            contents_since=progress.contents_since,
            begun=self._begun,
            differing=frozenset(one.subject for one in self._found.values() if one.category is Category.DIFFERENT),
        )
        seen = set(self.book.seen(step.name)) if progress.following else set()
        sent: dict[str, set[str]] = {}

        def comparing(transactions: Sequence[ListedTransaction]) -> Callable[[ListedTransaction], None]:
            owners = comparison.owners_of(transactions)
            for owner in owners.values():
                company = owner.key.company
                if company not in sent:
                    name = _sent_name(company, step.since)
                    sent[company] = set(self.book.seen(name)) if progress.following else set()
                sent[company].add(str(owner.key))

            def compare(transaction: ListedTransaction) -> None:
                try:
                    found = comparison.compare(transaction, owners.get(transaction.transaction_id))
                finally:
                    self._calls, comparison.calls = self._calls + comparison.calls, 0
                if found is not None:
                    self._note(found)

            return compare

        def keep(transactions: Sequence[ListedTransaction]) -> None:
            seen.update(one.transaction_id for one in transactions)
            self.book.keep_seen(step.name, frozenset(seen))
            for company, keys in sent.items():
                self.book.keep_seen(_sent_name(company, step.since), frozenset(keys))

        return _Reading(
            page=lambda following: self.orderful.page(
                step.since, step.until, senders=step.senders, stream=self.stream, following=following
            ),
            comparing=comparing,
            counter="transactions",
            keep=keep,
        )

    def _list(self, progress: Progress, reading_from: Callable[[Progress], _Reading]) -> Progress:
        """Read a part of Orderful's list, and compare each transaction."""
        reading = reading_from(progress)
        for count in range(MAX_PAGES):
            self._allow()
            self._calls += 1
            try:
                page = reading.page(progress.following)
            except Misconfigured:
                if count or progress.following is None:
                    raise
                # A cursor of an earlier invocation may have expired: the day is read again.
                progress = replace(progress, following=None, handled=0)
                reading = reading_from(progress)
                continue
            compare = reading.comparing(page.transactions)
            for transaction in page.transactions[progress.handled :]:
                with self._kept(progress):
                    self._allow()
                    with self._guarded(progress, transaction.transaction_id) as problems:
                        compare(transaction)
                counted = {reading.counter: getattr(progress, reading.counter) + 1}
                handled = {"handled": progress.handled + 1, "tries": 0}
                progress = replace(progress, problems=tuple(problems), **handled, **counted)
            reading.keep(page.transactions)
            if page.following is None:
                return self._next(progress)
            if page.following == progress.following:
                raise Misconfigured("Orderful's list shows the same page again and again.")
            progress = replace(progress, following=page.following, handled=0, tries=0)
            self.book.keep(progress)
        raise Misconfigured("Orderful's list of transactions does not end.")

    def _is_at_orderful(self, progress: Progress, revision: Revision) -> bool | None:
        """Whether Orderful has the transaction of a revision: by its list, else by the id."""
        if not progress.is_listed:
            return None
        if self._seen is None:
            lists = (self.book.seen(one.name) for one in progress.steps if isinstance(one, TransactionStep))
            self._seen = frozenset().union(*lists)
        if self._seen & {revision.transaction_id, revision.listed_as}:
            return True
        self._allow()
        self._calls += 1
        return self.orderful.exists(revision.listed_as or revision.transaction_id or "")

    # -- Visma --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _showing(self, progress: Progress, step: DocumentStep) -> Iterator[set[str]]:
        """Collects the keys of the documents that a list shows, and stores those that were sent.

        Killed before, too few of them are stored: Visma is then asked for documents that it has.
        """
        shown: set[str] = set()
        try:
            yield shown
        finally:
            name = _shown_name(step.company)
            known = shown & self._sent_of(progress, step.company)
            if known:
                self.book.keep_seen(name, self.book.seen(name) | known)

    def _documents(self, progress: Progress, step: DocumentStep, window: Window, shown: set[str]) -> Progress:
        company = self.routing.companies[step.company]
        visma = self.lists(company, self.deadline)
        comparison = DocumentComparison(
            company=company,
            facts=DocumentFacts(self.ledger, self.routing, self.stream),
            window=window,
            now=self.clock.now(),
            begun=self._begun[company.name],
            is_at_orderful=lambda revision: self._is_at_orderful(progress, revision),
            copies=lambda key: self._copies(progress, key),
            unknown=lambda key, filed: self._unknown(progress, key, filed),
        )
        first = window.since.date()
        before: Sequence[str] = ()
        while progress.page <= MAX_PAGES:
            self._allow()
            page = visma.page(step.resource, step.question, since=first, page=progress.page)
            numbers = [f"{one.document_type} {one.number}" for one in page.documents]
            if not page.documents and not page.unreadable:
                return self._next(progress)
            if not page.documents:
                raise Misconfigured(f"Visma shows page {progress.page} of {step.resource.value} in an unknown form.")
            if numbers and numbers == before:
                raise Misconfigured(f"Visma shows the same page of {step.resource.value} again and again.")
            if page.documents and not any(
                comparison.is_asked(step.resource, step.question, one) for one in page.documents
            ):
                raise Misconfigured(f"Visma ignored the question for what was {step.question.value} since {first}.")
            for document in page.documents:
                shown.update(comparison.names(step.resource, document))
            for document in page.documents[progress.handled :]:
                compared, over = None, progress.over
                with self._kept(progress):
                    self._allow()
                    with self._guarded(progress, f"{step.company} {document.number}") as problems:
                        compared = comparison.compare(step.resource, step.question, document, page)
                        if compared is not None:
                            over = self._noted(progress, compared)
                        elif comparison.is_young(document, page.server_time):
                            self._keep(progress, comparison.names(step.resource, document))
                progress = replace(
                    progress,
                    handled=progress.handled + 1,
                    tries=0,
                    documents=progress.documents + (compared is not None),
                    problems=tuple(problems),
                    over=over,
                )
            if page.unreadable:
                problem = f"{step.name}: page {progress.page} has {page.unreadable} elements without a readable number."
                progress = replace(progress, problems=(*progress.problems, problem)[:MAX_PROBLEMS])
            before = numbers
            progress = replace(progress, page=progress.page + 1, handled=0, tries=0)
            self.book.keep(progress)
            if page.share_left is not None and page.share_left < SHARE_FOR_OTHERS:
                raise _ShareUsed
        raise Misconfigured(f"Visma's list {step.resource.value} does not end.")

    def _sent_of(self, progress: Progress, company: str) -> frozenset[str]:
        """The keys of the documents of a company whose transactions this run has seen at Orderful."""
        if company not in self._sent:
            self._sent[company] = frozenset().union(*map(self.book.seen, _sent_names(progress, company)))
        return self._sent[company]

    def _absent(self, progress: Progress, step: AbsenceStep, window: Window) -> Progress:
        company = self.routing.companies[step.company]
        sent, shown = self._sent_of(progress, company.name), self.book.seen(_shown_name(company.name))
        wanted, rest = self._to_look_for(progress, company.name, sent - shown)
        comparison = AbsenceComparison(
            ledger=self.ledger,
            lists=self.lists(company, self.deadline),
            routing=self.routing,
            window=window,
            now=self.clock.now(),
        )
        if not progress.handled:
            progress = self._over(progress, shown)
        for name in wanted[progress.handled :]:
            absence = Absence()
            with self._kept(progress):
                self._allow()
                with self._guarded(progress, name) as problems:
                    absence = comparison.look(DocumentKey.parse(name))
                    if absence.finding is not None:
                        self._note(absence.finding)
            if absence.finding is None and len(problems) == len(progress.problems):
                progress = self._over(progress, {name})
            progress = replace(progress, handled=progress.handled + 1, tries=0, problems=tuple(problems))
            if absence.share_left is not None and absence.share_left < SHARE_FOR_OTHERS:
                self.book.keep(progress)
                raise _ShareUsed
        return self._next(progress, asked={**progress.asked, company.name: rest[-1]} if rest else progress.asked)

    def _over(self, progress: Progress, keys: Collection[str]) -> Progress:
        """Note that the findings of documents as deleted are over."""
        found = (one for one in self._found.values() if one.category is Category.DELETED and one.subject in keys)
        return replace(progress, over=(*progress.over, *(one.finding_id for one in found)))

    def _to_look_for(self, progress: Progress, company: str, keys: frozenset[str]) -> tuple[list[str], list[str]]:
        """The documents for which Visma is asked in this run, in order, and those of them without a finding.

        First those with an open finding of an earlier run, so that each is known to hold still. Then the others, from
        where the run before ended; half of the looks at least is for these. What a person closed is not asked for.
        """
        reported = {one.subject: one for one in self._found.values() if one.category is Category.DELETED}
        reported = {
            name: one for name, one in reported.items() if name in keys and one.first_seen < progress.started_at
        }
        earlier, last = sorted(name for name, one in reported.items() if one.is_open), progress.asked.get(company, "")
        others = sorted(keys - reported.keys())
        rest = [*(one for one in others if one > last), *(one for one in others if one <= last)]
        if self.most_looks is not None:
            earlier = earlier[: self.most_looks]
            rest = rest[: max(self.most_looks - len(earlier), self.most_looks // 2)]
        return [*earlier, *rest], rest

    # -- findings, and the limits of a run ----------------------------------------------------------------------------

    def _copies(self, progress: Progress, key: DocumentKey) -> Sequence[str]:
        """Additional transactions of a document that this run has found."""
        return sorted(
            one.subject
            for one in self._found.values()
            if one.category is Category.DOUBLED and one.document == str(key) and one.last_seen >= progress.started_at
        )

    def _unknown(self, progress: Progress, key: DocumentKey, filed: tuple[str, str] | None) -> Sequence[str]:
        """Unknown transactions of a document that the ledger does not have: they are part of its finding.

        Those that are part of its finding already count too, because a document may be compared twice.
        """
        before = self._found.get(id_of(Category.MISSING, str(key)))
        reported = before.transactions if before and before.last_seen >= progress.started_at else ()
        found = {
            name
            for one in self._found.values()
            if one.category is Category.UNKNOWN
            and one.company == key.company
            and (one.document == str(key) or (filed is not None and one.filed_under == filed))
            for name in one.transactions
        }
        return sorted({*reported, *found})

    def _noted(self, progress: Progress, compared: Compared) -> tuple[str, ...]:
        """Store the findings of a document. Returns the ids of its findings that are over.

        The findings of unknown transactions that became part of it are deleted last, so that nothing is lost if this is
        interrupted.
        """
        for finding in compared.findings:
            self._note_whole(finding)
        before = self._found.get(id_of(Category.MISSING, str(compared.key)))
        is_over = before is not None and before.last_seen < progress.started_at
        return (*progress.over, before.finding_id) if before is not None and is_over else progress.over

    def _note_whole(self, finding: Finding) -> None:
        """Store a finding of a document, in place of those of its unknown transactions."""
        self._note(finding)
        for name in finding.transactions:
            if (along := self._found.pop(id_of(Category.UNKNOWN, name), None)) is not None:
                self.book.remove(along)

    def _keep(self, progress: Progress, names: Collection[str]) -> None:
        """Keep the findings of a document that is not compared in this run because it has just changed.

        They are not forgotten: nobody knows whether they are over.
        """
        kept = [
            one
            for one in self._found.values()
            if one.category is Category.MISSING and one.document in names and one.last_seen < progress.started_at
        ]
        for one in kept:
            self._note_whole(replace(one, last_seen=self.clock.now()))

    def _note(self, finding: Finding) -> Finding:
        """Store a finding. Returns it with what its record has of it."""
        before = self._found.get(finding.finding_id)
        finding = finding.seen_again(before) if before else finding
        self._found[finding.finding_id] = finding
        self.book.put(finding)
        return finding

    @contextmanager
    def _kept(self, progress: Progress) -> Iterator[None]:
        """Store the progress within a page when it is left."""
        try:
            yield
        except (_PutAside, ConnectorError):
            self.book.keep(progress)
            raise

    @contextmanager
    def _guarded(self, progress: Progress, name: str) -> Iterator[list[str]]:
        """Add an error with one document or transaction to the problems of the run, and continue.

        What may pass is raised, so that it is tried again later: each time, it would keep all that stand behind it from
        being compared.
        """
        problems = list(progress.problems)
        is_last_try = progress.tries + 1 >= self.most_tries
        try:
            yield problems
        except (_PutAside, Throttled, ListRefused):
            raise
        except ConnectorError as error:
            if isinstance(error, Transient) and not is_last_try:
                raise
            problems.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - a defect in one document must not stop the others
            problems.append(f"{name}: an unexpected failure: {type(error).__name__}.")
        del problems[MAX_PROBLEMS:]

    def _allow(self) -> None:
        """Raises `_PutAside` when time or calls are used up."""
        if self.deadline.remaining() < RESERVE or (self.most_calls is not None and self._calls >= self.most_calls):
            raise _PutAside


def _sent_name(company: str, since: datetime) -> str:
    """The name under which the sent documents of a company are stored, of a part of the window."""
    return f"sent {company} {since:%Y-%m-%dT%H:%M}"


def _sent_names(progress: Progress, company: str) -> frozenset[str]:
    return frozenset(_sent_name(company, one.since) for one in progress.steps if isinstance(one, TransactionStep))


def _shown_name(company: str) -> str:
    return f"shown {company}"


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days of a window, in UTC."""
    begin = since
    while begin < until:
        end = min(datetime.combine(begin.astimezone(UTC).date() + timedelta(days=1), time(), UTC), until)
        yield begin, end
        begin = end
