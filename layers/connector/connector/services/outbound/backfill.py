"""Use case: queue documents of Visma again as if they had changed.

It reads Visma's lists by itself, as reconciliation does, and moves no cursor: polling goes on beside it. What the
ledger knows sends nothing; what it does not know is looked up at Orderful before it is posted (`Cause.BACKFILL`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from msgspec.structs import replace

from connector.domain.documents import number_in_key
from connector.domain.errors import Misconfigured, Parked
from connector.domain.revision.cause import Cause
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company
from connector.domain.visma_clock import to_utc, zone_named
from connector.edi.visma.fields import part, text
from connector.edi.visma.read import NotADocument, decode
from connector.services.claim_check import loaded
from connector.services.messages import DocumentMessage
from connector.services.ports import Clock, Deadline, Outbox, Payloads, Resource
from connector.services.reconcile.ports import (
    QUESTIONS,
    BackfillProgress,
    DocumentLists,
    DocumentPage,
    ListedDocument,
    Question,
    Selection,
)
from connector.services.reconcile.run import MAX_PAGES, SHARE_FOR_OTHERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """Reads what is selected and queues it.

    Attributes:
        begun: When polling began to read a list of a company; what existed before is told from what is new by it.
        keep: Writes the progress down after each page.
        dry_run: Count only.
    """

    lists: DocumentLists
    outbox: Outbox
    payloads: Payloads
    routing: Routing
    clock: Clock
    deadline: Deadline
    begun: Mapping[tuple[str, Resource], datetime]
    keep: Callable[[BackfillProgress], None]
    dry_run: bool = False

    def run(self, progress: BackfillProgress) -> BackfillProgress:
        """Continue to the end, or until only the reserved share of Visma's hourly quota is left.

        Raises:
            Transient, Throttled, ListRefused, Misconfigured: as named; what was queued by then is written down.
        """
        lists = self._wanted(progress.selection)
        for company, resource in lists[progress.at :]:
            visma = self.lists(company, self.deadline)
            before: Sequence[str] = ()
            while progress.page <= MAX_PAGES:
                page = visma.page(
                    resource, progress.selection.question, since=progress.selection.since, page=progress.page
                )
                numbers = [f"{one.document_type} {one.number}" for one in page.documents]
                if numbers and numbers == before:
                    raise Misconfigured(f"Visma shows the same page of {resource.value} again and again.")
                before = numbers
                is_end = not page.documents and not page.unreadable
                if not is_end:
                    progress = self._page_done(progress, company, resource, page)
                progress = replace(progress, at=progress.at + is_end, page=1 if is_end else progress.page + 1)
                self.keep(progress)
                if page.share_left is not None and page.share_left < SHARE_FOR_OTHERS:
                    return progress
                if is_end:
                    break
        progress = replace(progress, is_done=True)
        self.keep(progress)
        return progress

    def _wanted(self, selection: Selection) -> list[tuple[Company, Resource]]:
        partner = selection.partner
        numbers = {(company, role) for company, name, role, _ in self.routing.numbers() if name == partner}
        return [
            (company, resource)
            for name, company in sorted(self.routing.companies.items())
            for resource in Resource
            if selection.company in {None, name}
            and selection.kind in {None, resource.kind}
            and selection.question in QUESTIONS[resource]
            and (partner is None or (name, resource.kind.facts.counterparty) in numbers)
        ]

    def _page_done(
        self, progress: BackfillProgress, company: Company, resource: Resource, page: DocumentPage
    ) -> BackfillProgress:
        chosen = [one for one in page.documents if self._is_selected(progress.selection, company, resource, one)]
        if not self.dry_run:
            self.outbox.documents([self._message(company, resource, one, page) for one in chosen])
        queued = 0 if self.dry_run else len(chosen)
        return replace(progress, found=progress.found + len(chosen), queued=progress.queued + queued)

    def _is_selected(
        self, selection: Selection, company: Company, resource: Resource, document: ListedDocument
    ) -> bool:
        day = _day_of(selection.question, document)
        if day is None or not selection.since <= day <= selection.until:
            return False
        branch = company.visma.branch
        if branch and document.branch not in {None, branch}:
            return False
        if selection.numbers and not {document.number, _number(resource, document)} & selection.numbers:
            return False
        if selection.status is None and selection.partner is None:
            return True
        try:
            data = decode(document.raw)
            role = resource.kind.facts.counterparty
            wanted = (company.name, selection.partner, role, text(part(data, role), "number"))
            status = text(data, "status")
        except (NotADocument, Parked):
            return False
        return selection.status in {None, status} and (
            selection.partner is None or wanted in set(self.routing.numbers())
        )

    def _message(
        self, company: Company, resource: Resource, document: ListedDocument, page: DocumentPage
    ) -> DocumentMessage:
        zone, begun = zone_named(company.visma.time_zone), self.begun.get((company.name, resource))
        modified = to_utc(document.modified, zone) if document.modified else None
        message = DocumentMessage(
            company=company.name,
            kind=resource.kind,
            number=_number(resource, document),
            modified_at=modified or page.server_time,
            seen_at=page.server_time,
            listed_since=begun,
            first_scan=begun is None,
            cause=Cause.BACKFILL.named_at(self.clock.now()),
        )
        return loaded(message, document.raw, self.payloads, at=page.server_time)


def _number(resource: Resource, document: ListedDocument) -> str:
    return number_in_key(resource.kind, document.document_type or resource.declared.document_type, document.number)


def _day_of(question: Question, document: ListedDocument) -> date | None:
    """The calendar day on Visma's clock by which a document is selected."""
    written = {Question.DATED: document.dated, Question.CREATED: document.created}.get(question, document.modified)
    try:
        return date.fromisoformat((written or "")[:10])
    except ValueError:
        return None
