"""Use case: find revisions by a person's selection, with as few reads as possible.

The lists of open revisions hold keys only, so company, kind and number are compared without reading a revision. Other
conditions read revisions, a hundred at a time, until enough are found. Revisions that are not open are in no list: they
are found by reading the whole table, and only on request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from itertools import islice
from sys import maxsize

from connector.domain.documents import DocumentKey, Kind, VismaDocument
from connector.domain.errors import ConnectorError
from connector.domain.order_change.record import OPEN_CHANGES, Change
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    MAY_NEED_ATTENTION,
    NEEDS_PERSON,
    OPEN,
    PAUSED_LIST,
    Owner,
    Revision,
    State,
    lists_of,
    states_of,
)
from connector.domain.routing.resolve import Routing
from connector.domain.totals import payable
from connector.services.inbound.ports import Changes
from connector.services.outbound.facts import stored_document
from connector.services.ports import Ledger

MAX_READ = 10_000
"""Most entries of lists that are read, unless everything is requested."""

MAX_SCANNED = 500
"""Most pages of the whole table that are read, unless everything is requested; a page is 1 MB, 128 read units."""

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class AmountRange:
    """A range of absolute amounts, bounds included; None: no bound."""

    least: Decimal | None
    most: Decimal | None

    def __contains__(self, amount: Decimal) -> bool:
        """Whether an amount lies between the bounds."""
        return (self.least is None or self.least <= abs(amount)) and (self.most is None or abs(amount) <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The conditions of a selection of revisions; None or empty: no condition.

    Attributes:
        states: In one of these states; empty: every open one.
        attention: Only sent ones that need attention.
        ended: Include revisions that are not open; this reads the whole table.
        number: The number, or its beginning; Visma's type may stand before it.
        partner: The partner's name in the routing in force, or a name under which revisions are on record.
        reason: A reason code.
        since: Last written at this time or later, UTC.
        until: Last written before this time, UTC.
        amount: The payable amount.
        owner: Only this revision, whatever its state.
    """

    states: frozenset[State] = frozenset()
    attention: bool = False
    ended: bool = False
    company: str | None = None
    kind: Kind | None = None
    number: str = ""
    partner: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    amount: AmountRange | None = None
    owner: Owner | None = None

    @property
    def reads_everything(self) -> bool:
        """Whether it needs revisions that are in no list, so that the whole table is read."""
        return self.owner is None and not self.attention and (self.ended or not self.states <= OPEN)

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists to search; those that wait for a person come first."""
        states = [state for state in State if not self.states or state in self.states]
        if self.attention:
            return tuple(name for name in ATTENTION_LISTS if states_of(name) & set(states))
        if not self.states:
            states = [state for state in State if state in OPEN or state in MAY_NEED_ATTENTION]
        found = lists_of(states)
        return tuple(sorted(found, key=lambda name: (_rank(name), found.index(name))))

    @property
    def asks_rows(self) -> bool:
        """Whether it has a condition that the key of a revision cannot decide."""
        return any(one is not None for one in (self.partner, self.reason, self.since, self.until, self.amount))

    def suits_key(self, key: DocumentKey) -> bool:
        """Whether a document with this key may match."""
        number = key.number
        return (
            self.company in {None, key.company}
            and self.kind in {None, key.kind}
            and (number.startswith(self.number) or number.rpartition(":")[2].startswith(self.number))
        )

    def suits(self, revision: Revision | ListedRevision) -> bool:
        """Whether a revision matches, apart from the partner and the amount."""
        return (
            (not self.states or revision.state in self.states)
            and (not self.attention or revision.needs_attention)
            and self.suits_key(revision.key)
            and (self.reason is None or self.reason in reason_codes(revision))
            and (self.since is None or revision.updated_at >= self.since)
            and (self.until is None or revision.updated_at < self.until)
        )


def _rank(name: str) -> int:
    """The rank of a list: waiting for a person, attention, others."""
    if name in ATTENTION_LISTS:
        return 1
    return 0 if name != PAUSED_LIST and states_of(name) <= NEEDS_PERSON else 2


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    Attributes:
        rows: The revisions to show. From lists: those that need a person first, the oldest on top. From the whole
            table: the newest first.
        more: How many more match.
        complete: Whether everything was searched; if not, more than `more` may match.
        of_nobody: With a condition on the partner: revisions of its company that need a person and have no known
            partner.
        of_unknown_amount: With a condition on the amount: revisions that match otherwise and whose amount is unknown.
        amounts: With a condition on the amount: the payable amount of each row.
    """

    rows: Sequence[Revision]
    _: KW_ONLY
    more: int
    complete: bool
    of_nobody: int = 0
    of_unknown_amount: int = 0
    amounts: Mapping[tuple[DocumentKey, int], Amount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amount:
    """A payable amount, in Visma's `currency`; None when it cannot be calculated."""

    total: Decimal | None
    currency: str | None


def partners_of(revision: Revision | ListedRevision, routing: Routing) -> tuple[str, ...]:
    """The partner of a revision by its name in force, or the partners that it may be for.

    The number of its supplier or customer tells which, so a renamed partner keeps its documents. A revision that was
    parked before it was routed has no partner on record; then the routing key that it waits for is read as well.
    """
    key = revision.key
    found = routing.partners_now(key.company, key.kind, revision.counterparty, revision.partner)
    if revision.partner is not None:
        return found
    awaited = (revision.waits_for or "").split(".")
    is_partners = awaited[0] == "partners" and len(awaited) > 1 and routing.company_of(awaited[1]) is not None
    return tuple(dict.fromkeys([*found, *(awaited[1:2] if is_partners else ())]))


def partners_of_change(change: Change, routing: Routing) -> tuple[str, ...]:
    """The sender of a change by its name in force, or the partners that it may be from."""
    return routing.senders_now(change.company, change.sender_id, change.stream, change.partner)


def is_partners(partner: str | None, names: Sequence[str], recorded: str | None, routing: Routing) -> bool:
    """Whether a record is of `partner`: one of its names in force, or its recorded name if that is not in force."""
    return partner is None or partner in names or (partner == recorded and routing.company_of(partner) is None)


def is_on_record(ledger: Ledger, changes: Changes, routing: Routing, partner: str) -> bool:
    """Whether an open document or change is on record under this name."""
    found = find(ledger, routing, Selection(partner=partner), limit=0)
    return found.more > 0 or any(one.partner == partner for state in OPEN_CHANGES for one in changes.in_state(state))


def amounts_of(
    revisions: Sequence[Revision], ledger: Ledger, routing: Routing
) -> dict[tuple[DocumentKey, int], Amount]:
    """The payable amount of each revision, from the stored Visma documents; read a hundred at a time."""
    found = {}
    for revision, source in ledger.sources_of(revisions):
        document = stored_document(revision.key, source).document
        if isinstance(document, VismaDocument):
            found[revision.key, revision.sequence] = _amount(document, routing)
    return found


def _amount(document: VismaDocument, routing: Routing) -> Amount:
    try:
        route = routing.route(document.key.company, document.key.kind, document.counterparty)
    except ConnectorError:
        route = None
    return Amount(payable(document.content, route), document.content.currency)


def find(ledger: Ledger, routing: Routing, wanted: Selection, *, limit: int | None, bounded: bool = True) -> Found:
    """Find the revisions that match.

    Args:
        ledger: The ledger.
        routing: The routing in force.
        wanted: The conditions.
        limit: Most revisions to return; the others are counted.
        bounded: Stop after `MAX_READ` entries or `MAX_SCANNED` pages of the table.
    """
    search = _Search(ledger, routing, wanted, limit)
    if wanted.owner is not None:
        return search.of_owner(wanted.owner)
    return search.everywhere(bounded=bounded) if wanted.reads_everything else search.in_lists(bounded=bounded)


@dataclass(slots=True)
class _Search:
    """One search and its result so far."""

    ledger: Ledger
    routing: Routing
    wanted: Selection
    limit: int | None
    _: KW_ONLY
    rows: list[Revision] = field(default_factory=list)
    amounts: dict[tuple[DocumentKey, int], Amount] = field(default_factory=dict)
    more: int = 0
    of_nobody: int = 0
    of_unknown_amount: int = 0

    def in_lists(self, *, bounded: bool) -> Found:
        """Search the lists, in their order."""
        left = MAX_READ if bounded else maxsize
        for name in self.wanted.lists:
            entries = (one for one in self.ledger.entries(name) if self.wanted.suits_key(one.key))
            is_read = self.wanted.asks_rows or not states_of(name) <= (self.wanted.states or states_of(name))
            while some := list(islice(entries, min(self._at_once(is_read=is_read), left))):
                left -= len(some)
                if is_read or self._room > 0:
                    self._take(self.ledger.read(some))
                else:
                    self.more += len(some)
            if left <= 0 and next(entries, None) is not None:
                return self._found(complete=False)
        return self._found(complete=True)

    def of_owner(self, owner: Owner) -> Found:
        """Look at one revision."""
        revision = self.ledger.get(owner.key, owner.sequence)
        self._take([ListedRevision.of(revision)] if revision is not None else [])
        return self._found(complete=True)

    def everywhere(self, *, bounded: bool) -> Found:
        """Search the whole table; the newest rows are kept."""
        complete = True
        for number, page in enumerate(self.ledger.everything(self.wanted.states or frozenset(State))):
            if bounded and number >= MAX_SCANNED:
                complete = False
                break
            self.rows += [one.whole() for one in self._wanted(map(ListedRevision.of, page))]
            if self._room < 0:
                self.more -= self._room
                self.rows = nlargest(len(self.rows) + self._room, self.rows, key=_last_written)
        self.rows.sort(key=_last_written, reverse=True)
        return self._found(complete=complete)

    @property
    def _room(self) -> int:
        """How many more rows there is room for; negative: how many are too many."""
        return (maxsize if self.limit is None else self.limit) - len(self.rows)

    def _at_once(self, *, is_read: bool) -> int:
        """How many entries are read together."""
        if is_read:
            return _AT_ONCE
        return min(_AT_ONCE, self._room) if self._room > 0 else MAX_READ

    def _take(self, revisions: Iterable[ListedRevision]) -> None:
        """Take those that match as far as there is room; the others are counted, and not read as a whole."""
        found = self._wanted(revisions)
        room = max(self._room, 0)
        self.rows += [one.whole() for one in found[:room]]
        self.more += len(found[room:])

    def _wanted(self, revisions: Iterable[ListedRevision]) -> list[ListedRevision]:
        """Those of the revisions that match."""
        found = []
        for one in revisions:
            if not self.wanted.suits(one):
                continue
            partner = self.wanted.partner
            names = partners_of(one, self.routing) if partner is not None else ()
            if is_partners(partner, names, one.partner, self.routing):
                found.append(one)
            elif not names and one.state in NEEDS_PERSON and one.key.company == self.routing.company_of(partner):
                self.of_nobody += 1
        if self.wanted.amount is None:
            return found
        amounts = amounts_of([one.whole() for one in found], self.ledger, self.routing)
        self.amounts |= amounts
        totals = [
            (one, amount.total)
            for one in found
            if (amount := amounts.get((one.key, one.sequence))) is not None and amount.total is not None
        ]
        self.of_unknown_amount += len(found) - len(totals)
        return [one for one, total in totals if total in self.wanted.amount]

    def _found(self, *, complete: bool) -> Found:
        return Found(
            self.rows,
            more=self.more,
            complete=complete,
            of_nobody=self.of_nobody,
            of_unknown_amount=self.of_unknown_amount,
            amounts=self.amounts,
        )


def _last_written(revision: Revision) -> datetime:
    return revision.updated_at
