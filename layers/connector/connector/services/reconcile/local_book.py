"""Findings and progress of a run by a person, which stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta

from connector.domain.errors import Conflict
from connector.domain.reconcile.finding import Finding
from connector.services.reconcile.ports import BackfillProgress, Progress


@dataclass(slots=True)
class LocalBook:
    """The `FindingBook` port in the memory of the process.

    Attributes:
        kept: The findings by their ids.
        since: The beginnings.
        last: The progress of the run.
        backfilled: The progress of a backfill.
        on_progress: Is called with the progress of the run each time it is stored.
    """

    kept: dict[str, Finding] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    _: KW_ONLY
    last: Progress | None = None
    backfilled: BackfillProgress | None = None
    on_progress: Callable[[Progress], None] = lambda _: None
    _seen: dict[str, frozenset[str]] = field(default_factory=dict)
    _until: datetime | None = None

    @classmethod
    def of(cls, findings: Sequence[Finding], since: Mapping[str, datetime]) -> LocalBook:
        """A book with the recorded findings."""
        return cls({one.finding_id: one for one in findings}, dict(since))

    def take(self, *, now: datetime, lease: timedelta) -> None:
        if self._until is not None and now < self._until:
            raise Conflict("Another reconciliation is running.")
        self._until = now + lease

    def give_back(self) -> None:
        self._until = None

    def findings(self) -> Sequence[Finding]:
        return list(self.kept.values())

    def put(self, finding: Finding) -> None:
        before = self.kept.get(finding.finding_id)
        self.kept[finding.finding_id] = finding.closed_like(before) if before else finding

    def remove(self, finding: Finding) -> None:
        self.kept.pop(finding.finding_id, None)

    def seen(self, name: str) -> frozenset[str]:
        return self._seen.get(name, frozenset())

    def keep_seen(self, name: str, seen: frozenset[str]) -> None:
        self._seen[name] = seen

    def forget_seen(self, name: str) -> None:
        self._seen.pop(name, None)

    def progress(self) -> Progress | None:
        return self.last

    def keep(self, progress: Progress) -> None:
        self.last = progress
        self.on_progress(progress)

    def backfill(self) -> BackfillProgress | None:
        return self.backfilled

    def keep_backfill(self, progress: BackfillProgress) -> None:
        self.backfilled = progress

    def beginnings(self) -> dict[str, datetime]:
        return dict(self.since)

    def keep_beginnings(self, beginnings: dict[str, datetime]) -> None:
        self.since = beginnings
