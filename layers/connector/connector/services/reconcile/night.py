"""Use case: reconcile the last days every night, in as many invocations as needed, and report new findings.

A finding is reported once, and again when it changes. It is deleted when a later complete run does not find it any
more. A closed finding is kept until then, so that it is not reported again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from connector.domain.errors import Conflict
from connector.domain.reconcile.finding import Category, Finding
from connector.services.ports import Clock, Fields, Telemetry
from connector.services.reconcile.ports import FindingBook, Progress, TransactionStep
from connector.services.reconcile.run import Reconciler

BETWEEN = timedelta(hours=20)
"""The least time between the beginnings of two nightly runs."""

LEASE = timedelta(minutes=6)
"""The lease: longer than the function may run, so that two never run at once."""

MAX_LOGGED = 50
"""Most findings with a log line; `connector reconcile list` shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """Begins or continues the nightly run.

    Attributes:
        days: Length of the window in days.
    """

    reconciler: Reconciler
    book: FindingBook
    clock: Clock
    telemetry: Telemetry
    days: timedelta

    def run(self) -> Progress | None:
        """Continue the run as far as time and calls allow; None when this night's run has ended.

        Raises:
            Transient, Throttled: a step failed; the next invocation retries it.
        """
        now = self.clock.now()
        try:
            self.book.take(now=now, lease=LEASE)
        except Conflict as error:
            self.telemetry.info("reconciliation already running", {"reason": str(error)})
            return None
        try:
            progress = self.book.progress()
            if progress is not None and progress.ended_at is not None and now - progress.started_at < BETWEEN:
                return None
            if progress is None or progress.ended_at is not None:
                progress = self.reconciler.begin(now - self.days, now, before=progress)
                self.book.keep(progress)
            progress = self.reconciler.go_on(progress)
            return self._ended(progress) if progress.is_done else progress
        finally:
            self.book.give_back()

    def _ended(self, progress: Progress) -> Progress:
        """Report new findings, delete those that are over, and store the end of the run, in this order."""
        found = self.book.findings()
        unreported = [one for one in found if self._is_unreported(one, progress)]
        for one in unreported[:MAX_LOGGED]:
            self.telemetry.error(f"reconciliation: {one.category}", _names(one))
        for one in unreported:
            self.book.put(replace(one, reported=one.state))
        for one in found:
            if not progress.problems and _is_over(one, progress):
                self.book.remove(one)
        for step in progress.steps:
            if isinstance(step, TransactionStep):
                self.book.forget_seen(step.name)
        for problem in progress.problems:
            self.telemetry.warning("reconciliation could not read everything", {"reason": problem})
        ended = replace(progress, ended_at=self.clock.now())
        if not progress.problems:
            ended = replace(ended, complete_at=progress.started_at, complete_until=progress.until)
        self.book.keep(ended)
        counts: Fields = {"rows": progress.documents, "queued": len(unreported)}
        self.telemetry.info("reconciliation ended", counts)
        return ended

    def _is_unreported(self, finding: Finding, progress: Progress) -> bool:
        is_of_this_run = finding.last_seen >= progress.started_at
        return is_of_this_run and finding.is_open and finding.reported != finding.state


def _is_over(finding: Finding, progress: Progress) -> bool:
    """Whether a complete run did not find it again.

    A finding outside the window of the run stays, and so does that of a deleted document for which the run did not ask.
    """
    is_in_window = progress.since <= finding.at <= progress.until and finding.category is not Category.DELETED
    is_compared = is_in_window or finding.finding_id in progress.over
    return finding.last_seen < progress.started_at and is_compared


def _names(finding: Finding) -> Fields:
    """The fields of the log line, without the finding's sentence, which may quote the document."""
    named: Fields = {"company": finding.company, "next_step": f"connector reconcile list ({finding.finding_id})"}
    if finding.document is not None:
        named["kind"], named["number"] = finding.document.split("/", 2)[1:]
    if finding.transactions:
        named["transaction_id"] = ", ".join(finding.transactions)
    return named
