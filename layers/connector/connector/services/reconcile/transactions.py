"""Compares one transaction at Orderful with the ledger: its revision, and whether it is what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Parked
from connector.domain.invoice_types import why_never_sent
from connector.domain.reconcile.finding import Category, Finding, how_to_close, state_of
from connector.domain.revision.arrival import Concern
from connector.domain.revision.record import (
    AT_ORDERFUL,
    MAY_NEED_ATTENTION,
    Owner,
    Revision,
    State,
    current_revision,
    own_revisions,
    time_sent,
)
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.fingerprint import Fingerprint, Likeness, compare, differences, fingerprint
from connector.edi.kinds import KINDS
from connector.services.outbound.planning import history_of
from connector.services.ports import Ledger
from connector.services.reconcile.documents import Window
from connector.services.reconcile.ports import ListedTransaction, TransactionList

SAME_TIME = timedelta(minutes=2)
"""Largest time between the creation of a transaction and its record (two clocks, and the time of one call)."""

MAX_NAMED = 4
"""Most differences in a sentence."""


@dataclass(slots=True, kw_only=True)
class TransactionComparison:
    """Compares the transactions at Orderful.

    Attributes:
        contents_since: The contents of transactions that were not updated since then (UTC) are not compared; None
            compares all.
        differing: Ids of transactions with a recorded difference: they are compared again.
        begun: When each company was first reconciled, UTC; without a go-live in routing, older ones are from elsewhere.
        calls: How many calls of Orderful were made.
    """

    ledger: Ledger
    orderful: TransactionList
    routing: Routing
    stream: Stream
    window: Window
    now: datetime
    contents_since: datetime | None
    begun: Mapping[str, datetime]
    differing: frozenset[str]
    calls: int = 0
    _aliases: dict[tuple[DocumentKey, int], str] = field(default_factory=dict)
    _contents: dict[str, Fingerprint | None] = field(default_factory=dict)

    def owners_of(self, transactions: Sequence[ListedTransaction]) -> Mapping[str, Owner]:
        """The recorded owners of transactions."""
        return self.ledger.owners([one.transaction_id for one in transactions])

    def compare(self, transaction: ListedTransaction, owner: Owner | None) -> Finding | None:
        """The finding of a transaction; None when it is as it should be.

        Raises:
            Transient, Throttled, Misconfigured: the ledger or Orderful cannot be read.
        """
        self._contents.clear()
        parties = self._parties(transaction)
        keys = [owner.key] if owner else list(keys_of(transaction, parties))
        histories = [found for key in keys if (found := self._history(key))]
        for history in histories:
            revision = self._recorded(transaction, history)
            if revision is not None:
                is_wanted = self._is_wanted(self._partners_of(revision))
                return self._different(transaction, revision, history) if is_wanted else None
        if not parties or not self._is_wanted(parties.values()):
            return None
        for history in histories:
            finding, is_explained = self._relation(transaction, history)
            if finding is not None or is_explained:
                return finding
        if owner is not None:
            sentence = f"It belongs to revision {owner.sequence} of {owner.key}, of which the ledger has no record."
            return self._unknown(transaction, owner.key.company, sentence, key=owner.key)
        company, partner = next(iter(parties.items()))
        is_ours = any(self._is_ours_to_send(transaction, *one) for one in parties.items())
        if not is_ours or self._is_from_before(transaction, company, partner):
            return None
        key = histories[0][0].key if histories else None
        what = f"{key} is on record, and did not send it." if key else "No document owns it."
        return self._unknown(transaction, company, what, key=key)

    def _is_wanted(self, partners: Collection[str]) -> bool:
        return self.window.partner is None or self.window.partner in partners

    def _partners_of(self, revision: Revision) -> Collection[str]:
        key = revision.key
        return self.routing.partners_now(key.company, key.kind, revision.counterparty, revision.partner)

    # -- whose it is --------------------------------------------------------------------------------------------------

    def _parties(self, transaction: ListedTransaction) -> Mapping[str, str]:
        """The companies that it may belong to, each with its partner; empty when it is not between us and a partner."""
        ours = {
            name
            for name, company in self.routing.companies.items()
            if company.isa_id.on(self.stream) in transaction.senders
        }
        found: dict[str, str] = {}
        for receiver in sorted(transaction.receivers):
            for company, partner in self.routing.senders(receiver, self.stream):
                if company in ours:
                    found.setdefault(company, partner)
        return found

    def _recorded(self, transaction: ListedTransaction, history: Sequence[Revision]) -> Revision | None:
        """The revision that it belongs to: by its id, or by its time if the ledger has another form of its id."""
        name = transaction.transaction_id
        for one in history:
            if name in {one.transaction_id, one.listed_as}:
                return one
        for one in history:
            known = one.transaction_id
            if known is None or known.isdigit() or one.listed_as is not None or not name.isdigit():
                continue
            if not _is_addressed(transaction, one) or transaction.created_at is None:
                continue
            taken = self._aliases.get((one.key, one.sequence), name)
            if taken == name and abs(transaction.created_at - time_sent(one)) <= SAME_TIME:
                self._aliases[one.key, one.sequence] = name
                return one
        return None

    def _relation(self, transaction: ListedTransaction, history: Sequence[Revision]) -> tuple[Finding | None, bool]:
        """Its relation to a document that does not own it: a finding, and whether it is explained without one."""
        for one in (one for one in history if _is_addressed(transaction, one) and one.is_translated):
            likeness = compare(self._sent(one), self._content(transaction))
            if likeness in {Likeness.OTHER_CONTENT, Likeness.OTHER_DOCUMENT}:
                continue
            if one.transaction_id is not None and one.state in AT_ORDERFUL | {State.SUPERSEDED}:
                is_closed = one.closed_concern == Concern.DOUBLED
                return (None, True) if is_closed else (self._doubled(transaction, one), False)
            if one.attempts and one.state is State.CLOSED:
                return None, True  # a person has settled it
            if one.attempts:
                sentence = f"It is what revision {one.sequence} of {one.key} says, which was tried and is {one.state}."
                return self._unknown(transaction, one.key.company, sentence, key=one.key), False
        oldest = min((one.created_at for one in history), default=self.now)
        is_from_elsewhere = any(
            one.state is State.BASELINE or (one.released and one.purpose is not Purpose.ORIGINAL) for one in history
        )
        is_earlier = transaction.created_at is not None and transaction.created_at < oldest
        return None, is_from_elsewhere and is_earlier

    def _is_ours_to_send(self, transaction: ListedTransaction, company: str, partner: str) -> bool:
        """Whether the connector sends such transactions; those of a kind that is switched off come from elsewhere."""
        return any(
            route.send and route.partner == partner and route.transaction_type.value == transaction.transaction_type
            for route in self.routing.routes_of(company)
        )

    def _is_from_before(self, transaction: ListedTransaction, company: str, partner: str) -> bool:
        """Whether it may have been sent by another system before the partner's go-live."""
        go_lives = [
            route.go_live.at if route.go_live else self.begun[company]
            for route in self.routing.routes_of(company)
            if route.partner == partner and route.transaction_type.value == transaction.transaction_type
        ]
        begun = max(go_lives, default=self.begun[company])
        return transaction.created_at is not None and transaction.created_at < begun

    # -- what is wrong ------------------------------------------------------------------------------------------------

    def _different(
        self, transaction: ListedTransaction, revision: Revision, history: Sequence[Revision]
    ) -> Finding | None:
        differing = list(_header_differences(transaction, revision))
        if self._is_due(transaction):
            ours, theirs = self._sent(revision), self._content(transaction)
            likeness = compare(ours, theirs)
            if ours is not None and theirs is not None and likeness is not Likeness.UNKNOWN:
                differing += differences(ours, theirs)
            if likeness in {Likeness.OTHER_CONTENT, Likeness.OTHER_DOCUMENT}:
                differing = differing or ["its content"]
        if not differing:
            return None
        step = f"connector documents show {revision.key}"
        current = current_revision(own_revisions(history))
        if revision is current and revision.state in MAY_NEED_ATTENTION:
            step += f"; to send it again as it is in Visma: connector documents resend {revision.key} --as replacement"
        more = f" and {len(differing) - MAX_NAMED} more" if len(differing) > MAX_NAMED else ""
        return self._finding(
            Category.DIFFERENT,
            transaction,
            revision.key.company,
            f"Orderful has it otherwise than revision {revision.sequence} of {revision.key} was sent: "
            f"{'; '.join(differing[:MAX_NAMED])}{more}.",
            step,
            key=revision.key,
            state=state_of(*differing),
        )

    def _doubled(self, transaction: ListedTransaction, revision: Revision) -> Finding:
        own = f"revision {revision.sequence} of {revision.key}"
        self.calls += 1
        if self.orderful.exists(revision.listed_as or revision.transaction_id or ""):
            sentence = (
                f"Orderful has it besides {revision.transaction_id}: {own} is there twice, for {revision.partner}."
            )
            step = (
                f"Cancel one of the two at Orderful or tell {revision.partner}; connector documents show {revision.key}"
            )
            state = state_of(revision.transaction_id)
        else:
            sentence = (
                f"Orderful has it in place of {revision.transaction_id}, which is gone: it is what {own} says, for "
                f"{revision.partner}."
            )
            step = f"Do not cancel it: it stands in place of the original; connector documents show {revision.key}"
            state = state_of("in place of", revision.transaction_id)
        return self._finding(
            Category.DOUBLED, transaction, revision.key.company, sentence, step, key=revision.key, state=state
        )

    def _unknown(
        self, transaction: ListedTransaction, company: str, sentence: str, *, key: DocumentKey | None
    ) -> Finding:
        number = transaction.business_number
        parties = f"{'/'.join(sorted(transaction.senders))} to {'/'.join(sorted(transaction.receivers))}"
        what = f"Orderful has {transaction.transaction_type} {number or 'without a number'} from {parties}. {sentence}"
        step = "Find out who sent it (its page at Orderful)"
        return self._finding(
            Category.UNKNOWN,
            transaction,
            company,
            what,
            f"{step}; connector documents show {key}" if key else step,
            key=key,
            state=state_of(number, sentence),
            filed_under=(transaction.transaction_type, number) if number else None,
        )

    def _finding(
        self,
        category: Category,
        transaction: ListedTransaction,
        company: str,
        sentence: str,
        next_step: str,
        *,
        key: DocumentKey | None,
        state: str,
        filed_under: tuple[str, str] | None = None,
    ) -> Finding:
        return Finding(
            category=category,
            company=company,
            subject=transaction.transaction_id,
            document=str(key) if key else None,
            transactions=(transaction.transaction_id,),
            filed_under=filed_under,
            sentence=sentence,
            next_step=f"{next_step}; then: {how_to_close(category, transaction.transaction_id)}",
            state=state,
            at=transaction.created_at or self.now,
            first_seen=self.now,
            last_seen=self.now,
        )

    # -- what is compared ---------------------------------------------------------------------------------------------

    def _is_due(self, transaction: ListedTransaction) -> bool:
        """Whether the content may have changed since it was compared."""
        touched = transaction.updated_at or transaction.created_at
        since = self.contents_since
        return since is None or touched is None or touched >= since or transaction.transaction_id in self.differing

    def _content(self, transaction: ListedTransaction) -> Fingerprint | None:
        name = transaction.transaction_id
        if name not in self._contents:
            self.calls += 1
            self._contents[name] = fingerprint(self.orderful.content(name))
        return self._contents[name]

    def _sent(self, revision: Revision) -> Fingerprint | None:
        """The content with which a revision was sent; None when that is no longer kept."""
        with suppress(Parked):
            request: Mapping[str, Any] = self.ledger.request_of(revision)
            return fingerprint(request.get("message"))
        return None

    def _history(self, key: DocumentKey) -> Sequence[Revision]:
        return history_of(self.ledger, key)


def keys_of(transaction: ListedTransaction, parties: Mapping[str, str]) -> Iterator[DocumentKey]:
    """The documents that Orderful may have filed under this number."""
    number = transaction.business_number
    if number is None:
        return
    kinds = [
        kind
        for kind in Kind
        if kind.facts.transaction_type.value == transaction.transaction_type and KINDS[kind].is_filed_by_its_number
    ]
    for company in parties:
        for kind in sorted(kinds, key=lambda kind: not kind.facts.we_sell):
            yield DocumentKey(company, kind, number)
            types = (one for one in kind.facts.types if one != kind.facts.plain_type and not why_never_sent(one))
            yield from (DocumentKey(company, kind, f"{one}:{number}") for one in types)


def _is_addressed(transaction: ListedTransaction, revision: Revision) -> bool:
    """Whether type and parties are those of a revision."""
    return (
        transaction.transaction_type == revision.transaction_type
        and (not transaction.senders or revision.sender_id in transaction.senders)
        and (not transaction.receivers or revision.receiver_id in transaction.receivers)
    )


def _header_differences(transaction: ListedTransaction, revision: Revision) -> Iterator[str]:
    """The differences between a listed transaction and what was sent; missing fields are no difference."""
    if revision.transaction_type is not None and transaction.transaction_type != revision.transaction_type:
        yield f"type {revision.transaction_type}, at Orderful {transaction.transaction_type}"
    numbers = revision.business_number, transaction.business_number
    if None not in numbers and numbers[0] != numbers[1]:
        yield f"number {numbers[0]}, at Orderful {numbers[1]}"
    for word, ours, theirs in (
        ("sender", revision.sender_id, transaction.senders),
        ("receiver", revision.receiver_id, transaction.receivers),
    ):
        if ours is not None and theirs and ours not in theirs:
            yield f"{word} {ours}, at Orderful {'/'.join(sorted(theirs))}"
