"""Why documents are not sent: a pause by a person, or a stop because a vendor refuses our requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connector.domain.documents import Kind
from connector.domain.timestamps import to_the_minute


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of documents: those that match every part; a part that is None matches all."""

    company: str | None = None
    partner: str | None = None
    kind: Kind | None = None

    def covers(self, company: str, kind: Kind, partner: str | None) -> bool:
        """Whether a document is in the scope; a document without a partner is in no partner's scope."""
        return (
            self.company in {None, company}
            and self.kind in {None, kind}
            and (not self.partner or self.partner == partner)
        )

    @property
    def options(self) -> str:
        """The options of a command that select it."""
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
        since: When it was paused, UTC, by the clock of the person's machine.
        by: The name that the person typed.
        caller: The person's ARN, as AWS gives it.
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
    """A person's act that continues sending: resuming a pause, or ending a stop.

    Attributes:
        at: When, UTC, by the clock of the person's machine.
        by: The name that the person typed.
        caller: The person's ARN, as AWS gives it.
        what: What was done, as one sentence.
    """

    at: datetime
    by: str
    caller: str
    what: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is sent, because a vendor refuses our requests.

    Attributes:
        reason: The vendor's refusal, as one sentence.
        since: When it began, UTC; None in records of earlier releases.
        until: When the next attempt is made, UTC.
    """

    reason: str
    since: datetime | None
    until: datetime


def pause_of(pauses: Iterable[Pause], company: str, kind: Kind, partner: str | None) -> Pause | None:
    """The oldest pause that covers a document; None when it is not paused."""
    covering = [one for one in pauses if one.scope.covers(company, kind, partner)]
    return min(covering, key=lambda one: one.since, default=None)
