"""Whether Orderful already has a revision: what is asked before anything is posted, and what the answer means.

Four questions, each only where it is due (docs/guarantees.md, guarantee 2):

- After an earlier attempt: which transaction did it create? Only one that is not older than that attempt can be it.
- When a person sends a document again, or Orderful says that it exists: does Orderful have it, of any age?
- While the ledger is young: does Orderful have something of this document that the ledger does not know?
- Before an original where an earlier transaction was refused: did a person send that one by hand since?

A transaction counts as ours only if it belongs to no other document or revision and its content is ours, as far as
Orderful shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any

from connector.domain.errors import PayloadLost, Rejected, Transient
from connector.domain.revision.arrival import Concern, Expected, OrderfulStatuses, watch
from connector.domain.revision.record import KNOWN_TO_PARTNER, Owner, Posted, Revision, State
from connector.domain.transactions import Purpose, Stream
from connector.edi.fingerprint import Fingerprint, Likeness, compare, fingerprint
from connector.services.outbound.snapshot import MAX_PAGES, NUMBERED_WITHIN, Snapshot
from connector.services.ports import Clock, EdiNetwork, Ledger, RemoteTransaction

CLOCK_MARGIN = timedelta(seconds=2)
"""What may remain of the difference between the two clocks after it was measured."""

ASKED_BACK = timedelta(days=7)
"""How far back the list by time is read when a transaction of any age is looked for; older ones have their number."""

MAX_FETCHED = 20
"""Transactions whose content one inquiry fetches. A later inquiry fetches the others."""

_HISTORY = 50


@dataclass(frozen=True, slots=True)
class SentByHand:
    """An earlier revision whose refused transaction a person sent by hand at Orderful.

    Attributes:
        state: The state that Orderful's statuses give it; None when the ledger has it already.
    """

    revision: Revision
    state: State | None = None


class InquiryAction(Enum):
    """What is to be done with a revision."""

    POST = "post it"
    ADOPT = "record the transaction that Orderful has"
    WAIT = "ask again later"
    PARK = "ask a person"


@dataclass(frozen=True, slots=True)
class InquiryDecision:
    """What is to be done, and with which transaction.

    Attributes:
        transaction: The one to adopt, or the one that a person has to look at.
        doubles: Ids of all transactions that an earlier attempt may have created, when there is more than one.
        sent_by_hand: The earlier revision that the partner has, because a person sent its refused transaction by hand.
    """

    action: InquiryAction
    transaction: RemoteTransaction | None = None
    doubles: tuple[str, ...] = ()
    sent_by_hand: SentByHand | None = None


@dataclass(slots=True)
class _Contents:
    """Fetches contents and compares them with ours, as many as are allowed."""

    orderful: EdiNetwork
    ours: Fingerprint | None
    known: dict[str, Fingerprint] = field(default_factory=dict)
    _fetched: set[str] = field(default_factory=set)

    def of(self, remote: RemoteTransaction) -> Fingerprint | None:
        """The fingerprint of a transaction; None when it is not shown or may not be fetched any more."""
        name = remote.transaction_id
        if name not in self.known and name not in self._fetched and len(self._fetched) < MAX_FETCHED:
            self._fetched.add(name)
            found = fingerprint(self.orderful.content_of(name))
            if found is not None:
                self.known[name] = found
        return self.known.get(name)

    def likeness(self, remote: RemoteTransaction) -> Likeness:
        """How alike it is to ours."""
        return compare(self.ours, self.of(remote))


_SAID = KNOWN_TO_PARTNER | {State.CLOSED}
"""States of a revision that its receiver knows of, from us or from a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Asks Orderful and the ledger.

    Attributes:
        confirm_after: How long a transaction may be missing from Orderful's lists before it counts as never created.
        young_for: How long after its creation the ledger counts as young; zero switches the check off.
    """

    ledger: Ledger
    orderful: EdiNetwork
    clock: Clock
    stream: Stream
    snapshot: Snapshot
    confirm_after: timedelta
    young_for: timedelta

    def decide(self, revision: Revision, request: Mapping[str, Any]) -> InquiryDecision:
        """What is to be done with a claimed revision.

        Args:
            revision: As the claim gave it.
            request: The body that would be posted.

        Raises:
            Transient, Throttled, Misconfigured: Orderful or the ledger could not be asked.
        """
        decision = self._without_earlier_revisions(revision, request)
        if decision.action is InquiryAction.POST and (earlier := self._sent_by_hand(revision)) is not None:
            return InquiryDecision(InquiryAction.PARK, sent_by_hand=earlier)
        return decision

    def _without_earlier_revisions(self, revision: Revision, request: Mapping[str, Any]) -> InquiryDecision:
        age = timedelta.max if revision.released else self._age()
        is_first = revision.attempts <= 1 and not revision.look_up_first
        if is_first and age >= self.young_for:
            return InquiryDecision(InquiryAction.POST)
        ours = fingerprint(request.get("message"))
        decision = InquiryDecision(InquiryAction.POST)
        if revision.attempts > 1:
            decision = self._earlier_attempt(revision, ours)
        if decision.action is InquiryAction.POST and revision.look_up_first:
            decision = self._of_any_age(revision, ours)
        if decision.action is InquiryAction.POST and age < self.young_for:
            decision = self._unknown_to_ledger(revision, ours)
        return decision

    # -- earlier revisions that were refused --------------------------------------------------------------------------

    def _sent_by_hand(self, revision: Revision) -> SentByHand | None:
        """The earlier revision that reached the partner after it was superseded; None when there is none.

        Orderful: an INVALID transaction is held until a person sends it by hand. Only an original is asked about: a
        replacement takes the place of whatever the partner has.
        """
        if revision.sequence == 1 or revision.purpose is not Purpose.ORIGINAL:
            return None
        for one in self._history(revision):
            if one.sequence >= revision.sequence:
                continue
            told_at = one.attention_at if one.concern == Concern.SENT_AFTERWARDS else None
            if told_at is not None and told_at >= revision.created_at and not revision.released:
                return SentByHand(one)
            if one.may_be_sent_by_hand and (state := self._reached(one)) is not None:
                return SentByHand(one, state)
        return None

    def _reached(self, refused: Revision) -> State | None:
        """The state of a refused transaction that is on its way to its partner by now; None when it is not."""
        try:
            remote = self.orderful.read(refused.listed_as or refused.transaction_id or "")
        except Rejected:
            return None
        if remote is None:
            return None
        statuses = OrderfulStatuses(remote.validation_status, remote.delivery_status, remote.acknowledgment_status)
        state = watch(refused, statuses, now=self.clock.now(), expected=Expected()).state
        return state if state in KNOWN_TO_PARTNER else None

    # -- after an earlier attempt -------------------------------------------------------------------------------------

    def _earlier_attempt(self, revision: Revision, ours: Fingerprint | None) -> InquiryDecision:
        first = revision.first_attempt_at or revision.created_at
        listed, skew = self._listed(revision, first)
        contents = _Contents(self.orderful, ours)
        young = [one for one in listed if one.created_at >= first + skew - CLOCK_MARGIN]
        owners, own = self._owners(revision, young, skew, contents), Owner(revision.key, revision.sequence)
        free = [one for one in young if owners.get(one.transaction_id, own) == own]
        found, undecided = self._ours(free, revision, contents)
        if found:
            doubles = tuple(one.transaction_id for one in found) if len(found) > 1 else ()
            return InquiryDecision(InquiryAction.ADOPT, found[0], doubles)
        now = self.clock.now()
        if undecided or now - (revision.asked_since or now) < self.confirm_after:
            return InquiryDecision(InquiryAction.WAIT)
        return InquiryDecision(InquiryAction.POST)

    def _ours(
        self, free: Iterable[RemoteTransaction], revision: Revision, contents: _Contents
    ) -> tuple[list[RemoteTransaction], bool]:
        """Those with our content, oldest first, and whether there is one of which nobody can tell yet.

        Where Orderful shows no content, the number decides; where it shows neither, nothing is certain.
        """
        found: list[RemoteTransaction] = []
        undecided = False
        for remote in sorted(free, key=lambda one: (one.business_number is None, one.created_at)):
            likeness = contents.likeness(remote)
            by_number = likeness is Likeness.UNKNOWN and remote.business_number == revision.business_number
            if likeness in {Likeness.SAME, Likeness.SIMILAR} or by_number:
                found.append(remote)
            elif likeness is Likeness.UNKNOWN:
                undecided = True
        return sorted(found, key=lambda one: one.created_at), undecided

    # -- of any age ---------------------------------------------------------------------------------------------------

    def _of_any_age(self, revision: Revision, ours: Fingerprint | None) -> InquiryDecision:
        """A living transaction with our content is not sent again, whichever revision of this document it belongs to.

        What belongs to an older revision with the same content is ours without a look at it.
        """
        listed, skew = self._listed(revision, self.clock.now() - ASKED_BACK, most_pages=MAX_PAGES)
        contents = _Contents(self.orderful, ours)
        owners = self._owners(revision, listed, skew, contents)
        living = [one for one in listed if is_alive(one)]
        same_content, replaced = self._same_content(revision)
        free: list[RemoteTransaction] = []
        for remote in living:
            owner = owners.get(remote.transaction_id)
            if owner is None:
                if replaced is None or remote.created_at > replaced + skew:
                    free.append(remote)
            elif owner.key == revision.key and owner.sequence in same_content:
                return InquiryDecision(InquiryAction.ADOPT, remote)
        now = self.clock.now()
        recent = [one for one in free if one.business_number or now - one.created_at < NUMBERED_WITHIN]
        found, undecided = self._ours(recent, revision, contents)
        same = [one for one in found if contents.likeness(one) is Likeness.SAME]
        unseen = [one for one in found if contents.likeness(one) is Likeness.UNKNOWN]
        if same:
            return InquiryDecision(InquiryAction.ADOPT, same[-1])
        if unseen and not revision.released:
            return InquiryDecision(InquiryAction.PARK, unseen[-1])
        return InquiryDecision(InquiryAction.WAIT) if undecided else InquiryDecision(InquiryAction.POST)

    def _same_content(self, revision: Revision) -> tuple[set[int], datetime | None]:
        """Revisions with this content and nothing else sent or closed since, and when something else was.

        A transaction that is older than that says no more what the receiver knows.
        """
        same = set()
        for one in self._history(revision):
            if one.revision_id == revision.revision_id:
                same.add(one.sequence)
            elif one.state in _SAID and one.receiver_id in {revision.receiver_id, None}:
                return same, one.sent_at or one.created_at
        return same, None

    # -- while the ledger is young ------------------------------------------------------------------------------------

    def _age(self) -> timedelta:
        """How old the ledger's table is; as old as anything where its age does not matter."""
        now = self.clock.now()
        return now - self.ledger.created_at(now=now) if self.young_for else timedelta.max

    def _unknown_to_ledger(self, revision: Revision, ours: Fingerprint | None) -> InquiryDecision:
        """Check a first post against what Orderful already has of this document.

        What the ledger knows, and what is older than the newest that it knows of this document, is no obstacle.
        """
        hits = {one.transaction_id: one for one in self._hits(revision, ours)}
        if not hits:
            return InquiryDecision(InquiryAction.POST)
        owned = self.ledger.owners(list(hits))
        if owned.keys() >= hits.keys():
            return InquiryDecision(InquiryAction.POST)
        fresh, skew = self._look_up(revision)
        hits |= {one.transaction_id: one for one in fresh if _may_be(one, revision)}
        contents = _Contents(self.orderful, ours, self.snapshot.fingerprints)
        owners = self._owners(revision, hits.values(), skew, contents)
        known = [one.created_at for name, one in hits.items() if name in owners and owners[name].key == revision.key]
        unknown = [
            one
            for name, one in hits.items()
            if name not in owners
            and (not known or one.created_at > max(known))
            and contents.likeness(one) is not Likeness.OTHER_DOCUMENT
        ]
        return self._about_unknown(unknown, contents)

    def _about_unknown(self, unknown: Sequence[RemoteTransaction], contents: _Contents) -> InquiryDecision:
        same = [one for one in unknown if contents.likeness(one) is Likeness.SAME]
        others = [
            one
            for one in unknown
            if one not in same
            and is_alive(one)
            and (one.business_number or contents.likeness(one) is not Likeness.UNKNOWN)
        ]
        if same:
            newest = max(same, key=lambda one: (is_alive(one), one.created_at))
            replaced_by = [one for one in others if one.created_at > newest.created_at and _replaces(contents.of(one))]
            if not replaced_by:
                return InquiryDecision(InquiryAction.ADOPT, newest)
        if others:
            return InquiryDecision(InquiryAction.PARK, max(others, key=lambda one: one.created_at))
        # Some may have no number yet, and show no content.
        is_open = any(one.business_number is None and contents.of(one) is None for one in unknown)
        return InquiryDecision(InquiryAction.WAIT if is_open else InquiryAction.POST)

    def _hits(self, revision: Revision, ours: Fingerprint | None) -> list[RemoteTransaction]:
        now = self.clock.now()
        after = max(revision.created_at, self.ledger.created_at(now=now))
        hits = self.snapshot.hits(self.orderful, revision, after=after, now=now)
        # A document from before the list begins may have been sent before it, too.
        dated = ours.dated if ours else None
        if dated is not None and self.snapshot.covers(revision, datetime.combine(dated, time(), UTC)):
            return hits
        return [*hits, *(one for one in self._look_up(revision)[0] if _may_be(one, revision))]

    # -- Orderful's lists and the ledger's owners ---------------------------------------------------------------------

    def _look_up(self, revision: Revision) -> tuple[Sequence[RemoteTransaction], timedelta]:
        return self.orderful.look_up(
            transaction_type=revision.transaction_type or revision.key.kind.facts.transaction_type,
            business_number=revision.business_number or "",
            sender_id=revision.sender_id or "",
            receiver_id=revision.receiver_id or "",
            stream=self.stream,
        )

    def _listed(
        self, revision: Revision, since: datetime, *, most_pages: int | None = None
    ) -> tuple[list[RemoteTransaction], timedelta]:
        """What Orderful finds by number, and what it lists by time: neither shows everything at once.

        Args:
            revision: Whose type, number, parties and stream are asked for.
            since: By our clock.
            most_pages: Of the list by time, where its newest part is enough; it is read to its end otherwise.
        """
        named, skew = self._look_up(revision)
        found = {one.transaction_id: one for one in named}
        since, sender, receiver = since + skew - CLOCK_MARGIN, revision.sender_id or "", revision.receiver_id
        if most_pages is None:
            listed = self.orderful.list_since(since, sender_ids=[sender], stream=self.stream, receiver_id=receiver)
        else:
            newest, _ = self.orderful.list_newest(
                since, sender_id=sender, stream=self.stream, most_pages=most_pages, receiver_id=receiver
            )
            listed = iter(newest)
        for one in listed:
            found.setdefault(one.transaction_id, one)
        return [one for one in found.values() if _may_be(one, revision)], skew

    def _owners(
        self, revision: Revision, listed: Iterable[RemoteTransaction], skew: timedelta, contents: _Contents
    ) -> dict[str, Owner]:
        """Who owns which of them.

        Besides the owners on record these are older revisions of the document, from before owners were recorded, and
        what is listed under another id than the one that the ledger knows.
        """
        remotes = sorted(listed, key=lambda one: one.created_at)
        owners = dict(self.ledger.owners([one.transaction_id for one in remotes]))
        older = [one for one in self._history(revision) if one.transaction_id and one.sequence != revision.sequence]
        for other in older:
            for name in (other.transaction_id, other.listed_as):
                if name is not None:
                    owners.setdefault(name, Owner(other.key, other.sequence))
        if all(one.transaction_id in owners for one in remotes):
            return owners
        posted = {
            one.transaction_id: one for one in (*filter(None, map(_posted, older)), *self.ledger.posted(revision))
        }
        for one in posted.values():
            sent = self._sent_by(one.owner)
            alias = next(
                (
                    remote.transaction_id
                    for remote in remotes
                    if remote.transaction_id not in owners
                    and _is_of(one, remote, skew)
                    and compare(sent, contents.of(remote)) in {Likeness.SAME, Likeness.SIMILAR, Likeness.UNKNOWN}
                ),
                None,
            )
            if alias is not None:
                owners[alias] = one.owner
        return owners

    def _sent_by(self, owner: Owner) -> Fingerprint | None:
        """What a revision was sent as; None when that is not kept any more."""
        with suppress(Transient, PayloadLost):
            revision = self.ledger.get(owner.key, owner.sequence)
            return fingerprint(self.ledger.request_of(revision).get("message")) if revision else None
        return None

    def _history(self, revision: Revision) -> Sequence[Revision]:
        return self.ledger.revisions(revision.key, limit=_HISTORY)


def is_alive(remote: RemoteTransaction) -> bool:
    """Whether a transaction reaches its partner, or still may, without anybody sending it again.

    Orderful: one that is INVALID is held unless a person sends it by hand, and one that FAILED is never sent again.
    """
    if remote.acknowledgment_status == "REJECTED" or remote.delivery_status == "FAILED":
        return False
    return remote.delivery_status in {"SENT", "DELIVERED"} or remote.validation_status != "INVALID"


def _may_be(remote: RemoteTransaction, revision: Revision) -> bool:
    """Whether type, number, parties and stream are those of a revision; what is not shown is not held against it."""
    return (
        remote.transaction_type in {revision.transaction_type, ""}
        and remote.business_number in {revision.business_number, None}
        and remote.sender_id in {revision.sender_id, None}
        and remote.receiver_id in {revision.receiver_id, None}
        and remote.stream in {revision.stream, None}
    )


def _posted(revision: Revision) -> Posted | None:
    """What a revision posted, if only an id is known that lists may not show."""
    name = revision.transaction_id
    if name is None or name.isdigit() or revision.listed_as is not None:
        return None
    begun, ended = revision.first_attempt_at or revision.created_at, revision.sent_at or revision.updated_at
    return Posted(name, Owner(revision.key, revision.sequence), begun, ended)


def _is_of(posted: Posted, remote: RemoteTransaction, skew: timedelta) -> bool:
    """Whether a transaction was created in the moment in which one with an id of another form was posted."""
    earliest, latest = posted.begun + skew - CLOCK_MARGIN, posted.ended + skew + CLOCK_MARGIN
    return remote.transaction_id.isdigit() and earliest <= remote.created_at <= latest


def _replaces(theirs: Fingerprint | None) -> bool:
    return theirs is None or theirs.replaces
