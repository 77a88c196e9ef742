"""Use case: compare every Visma document of a window with the ledger and with the transactions at Orderful.

A run is a list of steps: first Orderful's list, a day at a time, then the lists of each company at Visma. Its progress
is stored after each page, so that it continues after its time, its calls of Orderful, or its share of Visma's quota are
used up. Findings are reported at the end, because a later step may explain an earlier finding.

It decides nothing and sends nothing: each finding says what a person can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from connector.domain.documents import DocumentKey
from connector.domain.errors import ConnectorError, ListRefused, Misconfigured, Throttled, Transient
from connector.domain.reconcile.finding import Category, Finding, id_of
from connector.domain.revision.record import Revision
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.outbound.facts import DocumentFacts
from connector.services.ports import Clock, Deadline, Ledger, Resource
from connector.services.reconcile.documents import YOUNG, DocumentJudge, Judged, Window
from connector.services.reconcile.ports import (
    QUESTIONS,
    DocumentLists,
    DocumentStep,
    FindingBook,
    Progress,
    TransactionList,
    TransactionStep,
)
from connector.services.reconcile.transactions import TransactionJudge

SENDERS_AT_ONCE = 5
"""Orderful: a list request has at most five senders."""

RESERVE = timedelta(seconds=75)
"""The longest time for one page; with less time left, the run stops until the next invocation."""

SHARE_FOR_OTHERS = 0.4
"""The share of Visma's hourly quota that is left to polling and to changes; polling leaves half of it to others."""

MOST_PAGES = 5_000
"""Most pages of a list: the limit for a server whose pages never end."""

MOST_PROBLEMS = 50


SHARE_PAUSE = timedelta(minutes=5)
"""After this time, the rest of Visma's quota is read again."""

_USUAL_PAUSE = timedelta(minutes=1)


class _PutAside(Exception):
    """Time or calls are used up: the next invocation continues the run."""


class _ShareUsed(_PutAside):
    """The rest of Visma's hourly quota is for others."""


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Carries out a run.

    Attributes:
        most_calls: Most calls of Orderful in one invocation; None: no limit.
        most_tries: How often a step may fail before the run continues without it.
        young: Younger documents may still be in progress, and are not compared.
        partner: Only documents and transactions of this partner; None for all.
        wait: Waits for a pause that Orderful or Visma asks for; returns False when there is no time for it, and the run
            stops until the next invocation.
    """

    lists: DocumentLists
    orderful: TransactionList
    ledger: Ledger
    routing: Routing
    stream: Stream
    book: FindingBook
    clock: Clock
    deadline: Deadline
    most_calls: int | None = None
    most_tries: int = 3
    young: timedelta = YOUNG
    partner: str | None = None
    wait: Callable[[timedelta], bool] = lambda _: False
    _calls: int = 0
    _seen: frozenset[str] | None = None
    _found: dict[str, Finding] = field(default_factory=dict)
    _begun: Mapping[str, datetime] = field(default_factory=dict)

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
        senders = sorted({one.isa_id.on(self.stream) for one in companies})
        chunks = [tuple(senders[at : at + SENDERS_AT_ONCE]) for at in range(0, len(senders), SENDERS_AT_ONCE)]
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
            complete_at=before.complete_at if before else None,
            complete_until=before.complete_until if before else None,
        )

    def go_on(self, progress: Progress) -> Progress:
        """Continue a run, to its end or as far as time and calls allow. Findings are stored in the book.

        Raises:
            Transient, Throttled: the book cannot be read or written, or a step failed and is retried later.
        """
        self._found = {one.finding_id: one for one in self.book.findings()}
        known = self.book.beginnings()
        self._begun = {name: known.get(name, self.clock.now()) for name in self.routing.companies}
        if self._begun.keys() - known.keys():
            self.book.keep_beginnings({**known, **self._begun})
        while progress.at < len(progress.steps):
            try:
                progress = self._step(progress, progress.steps[progress.at])
            except _PutAside as reason:
                progress = self.book.progress() or progress
                if not (isinstance(reason, _ShareUsed) and self.wait(SHARE_PAUSE)):
                    return progress
            except ConnectorError as error:
                progress = self.book.progress() or progress
                if not (isinstance(error, Throttled) and self.wait(error.retry_after or _USUAL_PAUSE)):
                    progress = self._failed(progress, error)
        return progress

    def _failed(self, progress: Progress, error: ConnectorError) -> Progress:
        """Record that a step failed: it is retried later, or the run continues without it."""
        step = progress.steps[progress.at]
        is_held = self.most_tries > 1 and isinstance(error, Throttled) and error.retry_after is not None
        tries = progress.tries + (not is_held)
        if isinstance(error, Transient) and tries < self.most_tries:
            self.book.keep(replace(progress, tries=tries))
            raise error
        name = f"Orderful {step.since:%Y-%m-%d}" if isinstance(step, TransactionStep) else step.name
        is_unneeded = (
            isinstance(step, DocumentStep)
            and isinstance(error, ListRefused)
            and step.resource.kind in self.routing.companies[step.company].kinds_unsent
        )
        problems = progress.problems if is_unneeded else (*progress.problems, f"{name}: {error}")[:MOST_PROBLEMS]
        return self._next(
            progress, problems=problems, is_listed=progress.is_listed and not isinstance(step, TransactionStep)
        )

    def _next(self, progress: Progress, **changes: object) -> Progress:
        following = replace(progress, at=progress.at + 1, page=1, following=None, handled=0, tries=0, **changes)
        self.book.keep(following)
        return following

    def _step(self, progress: Progress, step: TransactionStep | DocumentStep) -> Progress:
        window = Window(since=progress.since, until=progress.until, young=self.young, partner=self.partner)
        if isinstance(step, TransactionStep):
            return self._transactions(progress, step, window)
        if step.company not in self.routing.companies:
            return self._next(progress)
        return self._documents(progress, step, window)

    # -- Orderful -----------------------------------------------------------------------------------------------------

    def _transactions(self, progress: Progress, step: TransactionStep, window: Window) -> Progress:
        judge = TransactionJudge(
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
        seen = self.book.seen(step) if progress.following else frozenset()
        for count in range(MOST_PAGES):
            self._allow()
            self._calls += 1
            try:
                page = self.orderful.page(
                    step.since, step.until, senders=step.senders, stream=self.stream, following=progress.following
                )
            except Misconfigured:
                if count or progress.following is None:
                    raise
                # A cursor of an earlier invocation may have expired: the day is read again.
                progress, seen = replace(progress, following=None, handled=0), frozenset()
                continue
            owners = judge.owners_of(page.transactions)
            for transaction in page.transactions[progress.handled :]:
                with self._kept(progress):
                    self._allow()
                    with self._guarded(progress.problems, transaction.transaction_id) as problems:
                        self._note(judge.judge(transaction, owners.get(transaction.transaction_id)))
                self._calls, judge.calls = self._calls + judge.calls, 0
                progress = replace(
                    progress,
                    handled=progress.handled + 1,
                    transactions=progress.transactions + 1,
                    problems=tuple(problems),
                )
            seen |= {one.transaction_id for one in page.transactions}
            self.book.keep_seen(step, seen)
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
            lists = (self.book.seen(one) for one in progress.steps if isinstance(one, TransactionStep))
            self._seen = frozenset().union(*lists)
        if self._seen & {revision.transaction_id, revision.listed_as}:
            return True
        self._allow()
        self._calls += 1
        return self.orderful.exists(revision.listed_as or revision.transaction_id or "")

    # -- Visma --------------------------------------------------------------------------------------------------------

    def _documents(self, progress: Progress, step: DocumentStep, window: Window) -> Progress:
        company = self.routing.companies[step.company]
        visma = self.lists(company, self.deadline)
        judge = DocumentJudge(
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
        while progress.page <= MOST_PAGES:
            self._allow()
            page = visma.page(step.resource, step.question, since=first, page=progress.page)
            numbers = [f"{one.document_type} {one.number}" for one in page.documents]
            if not page.documents and not page.unreadable:
                return self._next(progress)
            if not page.documents:
                raise Misconfigured(f"Visma shows page {progress.page} of {step.resource.value} in an unknown form.")
            if numbers and numbers == before:
                raise Misconfigured(f"Visma shows the same page of {step.resource.value} again and again.")
            if page.documents and not any(judge.is_asked(step.resource, step.question, one) for one in page.documents):
                raise Misconfigured(f"Visma ignored the question for what was {step.question.value} since {first}.")
            for document in page.documents[progress.handled :]:
                judged, over = None, progress.over
                with self._kept(progress):
                    self._allow()
                    with self._guarded(progress.problems, f"{step.company} {document.number}") as problems:
                        judged = judge.judge(step.resource, step.question, document, page)
                        if judged is not None:
                            over = self._noted(progress, judged)
                progress = replace(
                    progress,
                    handled=progress.handled + 1,
                    documents=progress.documents + (judged is not None),
                    problems=tuple(problems),
                    over=over,
                )
            if page.unreadable:
                problem = f"{step.name}: page {progress.page} has {page.unreadable} elements without a readable number."
                progress = replace(progress, problems=(*progress.problems, problem)[:MOST_PROBLEMS])
            before = numbers
            progress = replace(progress, page=progress.page + 1, handled=0, tries=0)
            self.book.keep(progress)
            if page.share_left is not None and page.share_left < SHARE_FOR_OTHERS:
                raise _ShareUsed
        raise Misconfigured(f"Visma's list {step.resource.value} does not end.")

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
        told = before.transactions if before and before.last_seen >= progress.started_at else ()
        found = {
            name
            for one in self._found.values()
            if one.category is Category.UNKNOWN
            and one.company == key.company
            and (one.document == str(key) or (filed is not None and one.filed_under == filed))
            for name in one.transactions
        }
        return sorted({*told, *found})

    def _noted(self, progress: Progress, judged: Judged) -> tuple[str, ...]:
        """Store the findings of a document. Returns the ids of its findings that are over.

        The findings of unknown transactions that became part of it are deleted last, so that nothing is lost if this is
        interrupted.
        """
        for finding in judged.findings:
            self._note(finding)
            for name in finding.transactions:
                if (along := self._found.pop(id_of(Category.UNKNOWN, name), None)) is not None:
                    self.book.remove(along)
        before = self._found.get(id_of(Category.MISSING, str(judged.key)))
        is_over = before is not None and before.last_seen < progress.started_at
        return (*progress.over, before.finding_id) if before is not None and is_over else progress.over

    def _note(self, finding: Finding | None) -> None:
        if finding is None:
            return
        before = self._found.get(finding.finding_id)
        finding = finding.seen_again(before) if before else finding
        self._found[finding.finding_id] = finding
        self.book.put(finding)

    @contextmanager
    def _kept(self, progress: Progress) -> Iterator[None]:
        """Store the progress within a page when it is left."""
        try:
            yield
        except (_PutAside, ConnectorError):
            self.book.keep(progress)
            raise

    @contextmanager
    def _guarded(self, before: Sequence[str], name: str) -> Iterator[list[str]]:
        """Add an error with one document or transaction to the problems of the run, and continue."""
        problems = list(before)
        try:
            yield problems
        except (_PutAside, Transient):
            raise
        except ConnectorError as error:
            problems.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - a defect in one document must not stop the others
            problems.append(f"{name}: an unexpected failure: {type(error).__name__}.")
        del problems[MOST_PROBLEMS:]

    def _allow(self) -> None:
        """Raises `_PutAside` when time or calls are used up."""
        if self.deadline.remaining() < RESERVE or (self.most_calls is not None and self._calls >= self.most_calls):
            raise _PutAside


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days of a window, in UTC."""
    begin = since
    while begin < until:
        end = min(datetime.combine(begin.astimezone(UTC).date() + timedelta(days=1), time(), UTC), until)
        yield begin, end
        begin = end
