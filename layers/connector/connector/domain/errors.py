"""The errors of the connector, grouped by what the caller does next, not by their source.

    ConnectorError
      Transient         retry later: network, 5xx, a busy table
        Throttled       the remote side limits us, and may say when to retry
        Unavailable     no usable answer about one document; this may never end
        PutOff          nothing failed: other work goes first, retry later
        AnswerTooSlow   the answer did not arrive in time: request less
        AnswerDamaged   the answer is damaged JSON: request less
      Conflict          somebody else wrote first: read again, decide again
      UnknownOutcome    the request may have been carried out: look it up before repeating it
        AlreadyExists   the remote side has it already: find it before repeating
      Parked            the document needs a person; no other document waits for it
        UnmappedPartner routing has no partner for it
        PayloadLost     the stored body of the document cannot be read
        ParkedByVisma   Visma gives no usable answer about it: it goes on by itself once Visma does
      Rejected          the remote side refused the document
      Misconfigured     no document can pass until an operator acts: stop the consumer, raise an alarm
        NoRouting       no routing was applied yet: there is nothing to do, and no fault
        AnswerTooLarge  the answer exceeds the limit of the call: request less
        StateMismatch   ledger and cursors do not belong together
        ListRefused     the remote side refuses one list; the others may be read

Each error has one sentence for a person, the document that it is about, the request id of the remote side, and the
next step.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from connector.domain.reasons import Reason

_UNNAMED = re.compile(r"(?P<command>\bconnector (?:documents|changes) [a-z]+) (?:KEY|TRANSACTION)\b")


def for_one(next_step: str | None, name: str | None) -> str | None:
    """A next step whose commands name the document or change that it is about.

    Args:
        next_step: The step as it is written where nobody knows the document, with `KEY` or `TRANSACTION` in a command.
        name: The key of the document, or the id of the change; None where it is not known.
    """
    if next_step is None or name is None:
        return next_step
    return _UNNAMED.sub(lambda found: f"{found['command']} {name}", next_step)


@dataclass(eq=False)
class ConnectorError(Exception):
    """Base of all expected failures.

    Attributes:
        sentence: What happened, for a person. Never holds a secret or a payload.
        document: The document that it is about (`company/kind/number`); None when none is known.
        request_id: The remote side's id of the failed request, for its support; None without one.
        next_step: What a person should do; None for nothing.
    """

    sentence: str
    document: str | None = None
    request_id: str | None = None
    next_step: str | None = None

    def __str__(self) -> str:
        """Give the sentence, and the next step when there is one."""
        about = f"{self.document}: " if self.document else ""
        next_step = for_one(self.next_step, self.document)
        step = f" {next_step}" if next_step else ""
        return f"{about}{self.sentence}{step}"


@dataclass(eq=False)
class Transient(ConnectorError):
    """A retry is expected to succeed.

    Attributes:
        retry_after: How long to wait at least; None leaves it to the caller's back-off.
    """

    retry_after: timedelta | None = None


@dataclass(eq=False)
class Throttled(Transient):
    """The remote side limits us (HTTP 429); `retry_after` is the remote side's, if it gave one."""


@dataclass(eq=False)
class Unavailable(Transient):
    """No usable answer about this one document; the caller counts such failures and parks it after some."""


@dataclass(eq=False)
class PutOff(Transient):
    """Nothing failed: other work goes first, and this is retried after `retry_after`."""


@dataclass(eq=False)
class AnswerTooSlow(Transient):
    """The remote side did not finish its answer in time; a smaller request may succeed."""


@dataclass(eq=False)
class AnswerDamaged(Transient):
    """The answer is damaged JSON; a smaller request may succeed."""


@dataclass(eq=False)
class Conflict(ConnectorError):
    """Somebody else wrote first (HTTP 412, or a failed conditional write): read again, decide again."""


@dataclass(eq=False)
class UnknownOutcome(ConnectorError):
    """A request may have been carried out although no answer arrived: look it up before repeating it."""


@dataclass(eq=False)
class AlreadyExists(UnknownOutcome):
    """The remote side has this already (HTTP 409): look it up among transactions of any age."""


@dataclass(eq=False)
class Parked(ConnectorError):
    """The document cannot go on without a person.

    Attributes:
        field: The Visma field or routing key at fault, as a path (`lines[2].uom`).
        waits_for: The routing key that would release the document (`defaults.units.KRT`), or None
            when a routing change cannot help.
        code: The reason code; `sentence` says the same about this document.
    """

    field: str | None = None
    waits_for: str | None = None
    _: KW_ONLY
    code: Reason


@dataclass(eq=False)
class UnmappedPartner(Parked):
    """Routing has no partner for the document's supplier or customer."""

    _: KW_ONLY
    code: Reason = Reason.UNMAPPED_PARTNER


@dataclass(eq=False)
class PayloadLost(Parked):
    """The stored body of this document is missing, forbidden, damaged or expired."""

    _: KW_ONLY
    code: Reason = Reason.PAYLOAD_LOST


@dataclass(eq=False)
class ParkedByVisma(Parked):
    """Visma gives no usable answer about the document; once it does, the document goes on without a person."""


@dataclass(eq=False)
class Rejected(ConnectorError):
    """The remote side refused the document.

    Attributes:
        problems: The problems that the remote side lists, each as `path: message`.
        examined: Whether the answer lists problems of the document. Without such a list, the refusal may be about the
            address or the version of the API.
        code: The reason code.
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
    """No routing was applied yet: a new stack waits for it and does nothing; this is no fault."""


@dataclass(eq=False)
class AnswerTooLarge(Misconfigured):
    """The answer is larger than the limit of the call and was not loaded. A smaller request may succeed.

    Attributes:
        size: Bytes of the answer, as its headers say; None when they do not.
    """

    size: int | None = None


@dataclass(eq=False)
class StateMismatch(Misconfigured):
    """A cursor was moved with another ledger than this one, so documents before it may be missing in this ledger."""


@dataclass(eq=False)
class ListRefused(Misconfigured):
    """The remote side refuses one list (HTTP 403: its scope or licence is missing); other lists may be readable."""
