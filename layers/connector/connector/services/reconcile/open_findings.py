"""What of reconciliation waits for a person: the findings that nobody closed, and a comparison that does not end."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.services.ports import Waiting
from connector.services.reconcile.ports import FindingBook

OVERDUE = timedelta(days=3)
"""After so long without a run that read everything, that is a finding of its own."""


def open_findings(book: FindingBook, *, now: datetime) -> Waiting:
    """How many wait, and since when; those of a run that has not ended are not told yet.

    Raises:
        Transient: the book cannot be read.
    """
    since = [one.first_seen for one in book.findings() if one.is_open and one.reported is not None]
    beginnings = book.beginnings()
    progress = book.progress()
    if progress is not None and beginnings:
        complete_at = progress.complete_at or min(beginnings.values())
        if now - complete_at >= OVERDUE:
            since.append(complete_at)
    return Waiting(len(since), min(since, default=None))
