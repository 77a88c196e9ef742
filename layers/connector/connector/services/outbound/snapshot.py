"""What Orderful has of ours, read in bulk and kept for the life of a process.

While the ledger is young, every first post is checked against it. One list of our newest transactions is read when it
is first needed; afterwards what is new is read when a revision is younger than the last reading. Whatever was posted
before a ledger was lost was posted before the revision was captured anew, so a reading that is younger than the
revision shows it. Documents that wait together share a reading: the check costs no call per document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.domain.revision.record import Revision
from connector.domain.transactions import Stream
from connector.edi.fingerprint import Fingerprint
from connector.services.ports import EdiNetwork, RemoteTransaction

REACHES_BACK = timedelta(days=365)
"""How far back the first list reaches; documents dated before it are looked up by their number."""

MAX_PAGES = 10
"""Pages of 100 that one reading takes, the newest: all workers together stay within the rate that Orderful names for an
example, 100 requests a minute. Documents dated before them are looked up by their number."""

OVERLAP = timedelta(minutes=15)
"""How far a later reading reaches back behind the one before (Orderful: the lag of the list is not published)."""

NUMBERED_WITHIN = timedelta(hours=1)
"""How long a transaction may be without a business number before it is passed over (Orderful: the number is derived
from the content, and may be empty while PROCESSING)."""


@dataclass(slots=True)
class _OfSender:
    """What is known of one sender.

    Attributes:
        reaches_back_to: All transactions since then are known.
        read_at: When the list was last read.
    """

    reaches_back_to: datetime
    read_at: datetime
    by_id: dict[str, RemoteTransaction] = field(default_factory=dict)
    by_number: dict[tuple[str, str | None], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, transactions: Sequence[RemoteTransaction]) -> None:
        for one in transactions:
            before = self.by_id.get(one.transaction_id)
            if before is not None:
                self.by_number[before.transaction_type, before.business_number].discard(one.transaction_id)
            self.by_id[one.transaction_id] = one
            self.by_number[one.transaction_type, one.business_number].add(one.transaction_id)


@dataclass(slots=True)
class Snapshot:
    """The transactions of our senders, by type and business number.

    Attributes:
        fingerprints: Of transactions whose content was fetched, so that each is fetched once.
    """

    fingerprints: dict[str, Fingerprint] = field(default_factory=dict)
    _senders: dict[tuple[str, Stream], _OfSender] = field(default_factory=dict)

    def hits(
        self, orderful: EdiNetwork, revision: Revision, *, after: datetime, now: datetime
    ) -> list[RemoteTransaction]:
        """Transactions that may be this document's, oldest first: those of its number, and new ones without any.

        Args:
            orderful: Where to read.
            revision: The document's.
            after: A reading from then on serves.
            now: Our clock.

        Raises:
            Transient, Throttled, Misconfigured: Orderful's list could not be read.
        """
        known = self._read(orderful, revision, after, now)
        kind = revision.transaction_type or ""
        unnumbered = [
            one
            for one in map(known.by_id.__getitem__, known.by_number[kind, None])
            if now - one.created_at < NUMBERED_WITHIN
        ]
        numbered = map(known.by_id.__getitem__, known.by_number[kind, revision.business_number])
        found = [one for one in (*numbered, *unnumbered) if one.receiver_id in {revision.receiver_id, None}]
        return sorted(found, key=lambda one: one.created_at)

    def covers(self, revision: Revision, since: datetime) -> bool:
        """Whether all transactions of its sender since then are known; `hits` has to be called before."""
        known = self._senders.get(_sender(revision))
        return known is not None and known.reaches_back_to <= since

    def _read(self, orderful: EdiNetwork, revision: Revision, after: datetime, now: datetime) -> _OfSender:
        name = _sender(revision)
        known = self._senders.get(name)
        if known is not None and known.read_at > after:
            return known
        since = known.read_at - OVERLAP if known else now - REACHES_BACK
        read, reached = orderful.list_newest(since, sender_id=name[0], stream=name[1], most_pages=MAX_PAGES)
        if known is None:
            known = self._senders[name] = _OfSender(reached, now)
        elif reached > since:
            known.reaches_back_to = reached
        known.read_at = now
        known.add(read)
        return known


def _sender(revision: Revision) -> tuple[str, Stream]:
    return revision.sender_id or "", revision.stream or Stream.TEST
