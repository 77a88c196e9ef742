"""What keeps documents from being sent: a pause that a person made, or a stop because a vendor refuses us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.documents import Kind
from connector.domain.moments import to_the_minute


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are meant: those that fit every part; a part that is None fits all."""

    company: str | None = None
    partner: str | None = None
    kind: Kind | None = None

    def covers(self, company: str, kind: Kind, partner: str | None) -> bool:
        """Whether a document is meant; without a partner it is none of a certain partner's."""
        return (
            self.company in {None, company}
            and self.kind in {None, kind}
            and (not self.partner or self.partner == partner)
        )

    @property
    def options(self) -> str:
        """The options by which a command names it."""
        parts = (("company", self.company), ("partner", self.partner), ("kind", self.kind))
        return " ".join(f"--{word} {value}" for word, value in parts if value) or "--all"

    def __str__(self) -> str:
        """Write it as a person reads it: `company nordic, partner acme, kind purchase_order`."""
        parts = (("company", self.company), ("partner", self.partner), ("kind", self.kind))
        return ", ".join(f"{word} {value}" for word, value in parts if value) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause in force.

    Attributes:
        scope: What is paused.
        since: When it was paused, by the clock of who did.
        by: The name that the person typed; `caller`: who AWS says it was (ARN).
        reason: Why, in the person's words.
    """

    scope: Scope
    since: datetime
    by: str
    caller: str
    reason: str

    @property
    def sentence(self) -> str:
        """What is paused, since when, by whom and why."""
        what = str(self.scope)
        return f"{what[0].upper()}{what[1:]} is paused since {to_the_minute(self.since)} by {self.by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Act:
    """That a person let sending go on: resumed something, or ended a hold.

    Attributes:
        at: When, by the clock of who did; `by` and `caller` as in `Pause`.
        what: As one sentence.
    """

    at: datetime
    by: str
    caller: str
    what: str


@dataclass(frozen=True, slots=True)
class Stop:
    """That nothing is sent, because a vendor refuses us.

    Attributes:
        reason: What the vendor said, as one sentence.
        since: When it began; None in records of earlier releases.
        until: When it is tried again.
    """

    reason: str
    since: datetime | None
    until: datetime


def pause_of(pauses: Iterable[Pause], company: str, kind: Kind, partner: str | None) -> Pause | None:
    """The pause that keeps a document from being sent, the oldest of several; None when it may be sent."""
    covering = [one for one in pauses if one.scope.covers(company, kind, partner)]
    return min(covering, key=lambda one: one.since, default=None)
