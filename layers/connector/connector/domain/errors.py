"""Every way a step can end badly, grouped by what must happen next, not by where it came from.

    ConnectorError
      Transient         try again later: network, 5xx, a busy table
        Throttled       the same, and the other side said when
        Unavailable     the same, about one document: it may be so for ever
        PutOff          nothing failed: its turn comes later
        AnswerTooSlow   the answer did not come in time: ask for less
        AnswerDamaged   the answer is JSON that cannot be taken apart: ask for less
      Conflict          somebody else wrote first: read again, decide again
      UnknownOutcome    it may or may not have happened: ask before repeating
        AlreadyExists   the other side says that it has it: find it before repeating
      Parked            the document needs a person; nothing else waits for it
        UnmappedPartner routing knows no partner for it
        PayloadLost     the stored body of the document cannot be read
      Rejected          the other side looked at the document and said no
      Misconfigured     no document can pass until an operator acts: stop the consumer, alarm
        NoRouting       no routing was applied yet: nothing is to be done, and nothing is wrong
        AnswerTooLarge  the answer is larger than is held: ask for less
        StateMismatch   ledger and cursors do not belong together
        ListRefused     one list is refused to us; the others may be read

Each error is one sentence for a person, with the document it is about, the request id the other side gave,
and the next step to take.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from connector.domain.reasons import Reason


@dataclass(eq=False)
class ConnectorError(Exception):
    """Base of all expected failures.

    Attributes:
        sentence: What happened, for a person. Never holds a secret or a payload.
        document: The document it happened to (`company/kind/number`), if one is known.
        request_id: The id the remote side gave the failing request, for its support.
        next_step: What a person should do, if anything.
    """

    sentence: str
    document: str | None = None
    request_id: str | None = None
    next_step: str | None = None

    def __str__(self) -> str:
        """Give the sentence, and the next step when there is one."""
        about = f"{self.document}: " if self.document else ""
        step = f" {self.next_step}" if self.next_step else ""
        return f"{about}{self.sentence}{step}"


@dataclass(eq=False)
class Transient(ConnectorError):
    """Trying again later is expected to work.

    Attributes:
        retry_after: How long to wait at least; None leaves it to the caller's back-off.
    """

    retry_after: timedelta | None = None


@dataclass(eq=False)
class Throttled(Transient):
    """The remote side limits us (HTTP 429); `retry_after` is its own word where it gave one."""


@dataclass(eq=False)
class Unavailable(Transient):
    """Nothing usable was given for this one document; whoever counts such failures parks it at some point."""


@dataclass(eq=False)
class PutOff(Transient):
    """Nothing failed: other work goes first, and this comes again after `retry_after`."""


@dataclass(eq=False)
class AnswerTooSlow(Transient):
    """The remote side did not finish its answer in time; a smaller question may be answered."""


@dataclass(eq=False)
class AnswerDamaged(Transient):
    """The answer is damaged JSON; a smaller question may be answered."""


@dataclass(eq=False)
class Conflict(ConnectorError):
    """Somebody else wrote first (HTTP 412, or a failed conditional write): read again, decide again."""


@dataclass(eq=False)
class UnknownOutcome(ConnectorError):
    """A request may have been carried out although no answer came: look it up before any repetition."""


@dataclass(eq=False)
class AlreadyExists(UnknownOutcome):
    """The remote side says that it has this already (HTTP 409): what it has is looked up, whatever its age."""


@dataclass(eq=False)
class Parked(ConnectorError):
    """The document cannot go on without a person.

    Attributes:
        field: The Visma field or routing key at fault, as a path (`lines[2].uom`).
        waits_for: The routing key that would release the document (`defaults.units.KRT`), or None
            when a routing change cannot help.
        code: Which reason it is; `sentence` says it for the one document.
    """

    field: str | None = None
    waits_for: str | None = None
    _: KW_ONLY
    code: Reason


@dataclass(eq=False)
class UnmappedPartner(Parked):
    """Routing knows no partner for the document's supplier or customer."""

    _: KW_ONLY
    code: Reason = Reason.UNMAPPED_PARTNER


@dataclass(eq=False)
class PayloadLost(Parked):
    """The stored body of this document is missing, forbidden or damaged, or is no longer kept."""

    _: KW_ONLY
    code: Reason = Reason.PAYLOAD_LOST


@dataclass(eq=False)
class Rejected(ConnectorError):
    """The remote side refused the document.

    Attributes:
        problems: What the remote side found, each `path: message`.
        examined: Whether the answer lists what is wrong with the document. Without such a list the refusal may be
            about the address or the version of the API.
        code: Which reason it is.
    """

    problems: tuple[str, ...] = ()
    examined: bool = False
    _: KW_ONLY
    code: Reason


@dataclass(eq=False)
class Misconfigured(ConnectorError):
    """Credentials, scopes, addresses or routing are wrong for every document, not for this one."""


@dataclass(eq=False)
class NoRouting(Misconfigured):
    """No routing was applied yet: a new stack waits for it and does nothing, which is no trouble."""


@dataclass(eq=False)
class AnswerTooLarge(Misconfigured):
    """The answer is larger than the limit of the call; it was not loaded. A smaller question may be answered.

    Attributes:
        size: Bytes of the answer, where its headers say; None otherwise.
    """

    size: int | None = None


@dataclass(eq=False)
class StateMismatch(Misconfigured):
    """A cursor was moved with another ledger than the one in force: what it has passed may be missing in this one."""


@dataclass(eq=False)
class ListRefused(Misconfigured):
    """The other side refuses one list (HTTP 403: a scope or a licence for it is missing); it says nothing of others."""
