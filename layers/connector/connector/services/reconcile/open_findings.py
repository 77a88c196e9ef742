"""Counts what waits for a person: open findings, and a reconciliation that does not become complete."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.services.ports import RoutingSource, Waiting
from connector.services.reconcile.ports import FindingBook

OVERDUE = timedelta(days=3)
"""After this time without a complete run, that counts as a finding."""


def open_findings(book: FindingBook, routing: RoutingSource, *, now: datetime) -> Waiting:
    """How many findings wait, and since when. Findings of a run that has not ended do not count yet.

    Raises:
        Transient: the book or the routing cannot be read.
    """
    since = [one.first_seen for one in book.findings() if one.is_open and one.reported is not None]
    beginnings = book.beginnings()
    progress = book.progress()
    complete_at = progress.complete_at if progress else None
    complete_at = complete_at or min(beginnings.values(), default=None) or routing.in_force_since()
    if complete_at is not None and now - complete_at >= OVERDUE:
        since.append(complete_at)
    return Waiting(len(since), min(since, default=None))
