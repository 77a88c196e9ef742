"""Asking Orderful what became of many transactions in few calls: by list where they lie close, by id otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.errors import Rejected
from connector.domain.revision.arrival import GONE_AFTER
from connector.domain.revision.record import Revision, earliest_creation, time_sent
from connector.domain.transactions import Stream
from connector.services.ports import EdiNetwork, Ledger, RemoteTransaction

SAME_TIME = timedelta(minutes=1)
"""How far a transaction's creation at Orderful may lie from our record of it, clocks included."""

MARGIN = timedelta(minutes=5)
"""How far a list reaches beyond the times of our record: what clocks may differ."""

_FEW = 2
"""So few are read by their ids: a call for each, and no list."""

_PER_PAGE = 100


@dataclass(slots=True)
class Calls:
    """How many calls of Orderful this run may still make."""

    left: int

    def use(self, calls: int = 1) -> None:
        """Count calls that were made."""
        self.left -= calls


@dataclass(frozen=True, slots=True)
class Status:
    """What Orderful said of one revision's transaction.

    Attributes:
        remote: None when Orderful has no such transaction, or did not say.
        is_missing: Orderful shows it neither in a list nor by its id.
    """

    revision: Revision
    remote: RemoteTransaction | None
    is_missing: bool = False


def neighbours(revisions: Sequence[Revision]) -> Iterator[list[Revision]]:
    """Revisions in groups whose transactions were created shortly after one another; in the order given."""
    group: list[Revision] = []
    for revision in revisions:
        if group and abs(earliest_creation(revision) - earliest_creation(group[-1])) > 2 * MARGIN:
            yield group
            group = []
        group.append(revision)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Reads statuses, and counts the calls that it makes."""

    ledger: Ledger
    orderful: EdiNetwork
    stream: Stream
    calls: Calls

    def read(self, group: Sequence[Revision], *, now: datetime) -> Iterator[Status]:
        """What Orderful says of each, in order; ends early when no calls are left.

        Raises:
            Transient, Throttled, Misconfigured: Orderful could not be asked.
        """
        known = [one for one in group if one.transaction_id]
        listed = self._listed(known) if len(known) > _FEW or any(map(_is_unlisted, known)) else None
        for revision in known:
            found = listed.get(_name(revision)) if listed is not None else None
            if found is not None:
                yield Status(revision, found)
            elif listed is not None and now - time_sent(revision) < GONE_AFTER:
                yield Status(revision, None)  # Orderful: a new transaction may be listed late
            elif self.calls.left <= 0:
                return
            else:
                yield self._by_id(revision)

    def _by_id(self, revision: Revision) -> Status:
        self.calls.use()
        try:
            remote = self.orderful.read(_name(revision))
        except Rejected:
            return Status(revision, None)
        return Status(revision, remote, is_missing=remote is None)

    def _listed(self, group: Sequence[Revision]) -> Mapping[str, RemoteTransaction]:
        """What one list shows of the group, by the name under which the ledger knows it."""
        listed = self.orderful.list_between(
            min(map(earliest_creation, group)) - MARGIN,
            max(map(time_sent, group)) + MARGIN,
            sender_ids=sorted({one.sender_id for one in group if one.sender_id}),
            types=sorted({one.transaction_type for one in group if one.transaction_type}),
            stream=self.stream,
            # Where others' transactions lie between ours, ids are cheaper than page after page.
            most_pages=max(1, min(self.calls.left, 2 + 3 * -(-len(group) // _PER_PAGE))),
        )
        self.calls.use(listed.calls)
        watched = {_name(one): one for one in group}
        numbers: dict[str | None, list[str]] = defaultdict(list)
        for one in watched.values():
            numbers[one.business_number].append(_name(one))
        found: dict[str, RemoteTransaction] = {}
        for remote in listed.transactions:
            name = (
                remote.transaction_id
                if remote.transaction_id in watched
                else self._under_another_id(remote, watched, numbers, found)
            )
            if name is not None:
                found[name] = remote
        return found

    def _under_another_id(
        self,
        remote: RemoteTransaction,
        watched: Mapping[str, Revision],
        numbers: Mapping[str | None, Sequence[str]],
        found: Mapping[str, RemoteTransaction],
    ) -> str | None:
        """The name of the one watched revision that this can only be.

        Orderful: a v4 create may answer with a UUID and the v3 list with a number for the same transaction. What is
        listed is then known by business number, type and parties, and by the moment in which it was created, unless
        another revision of the document left in the same moment, watched or not.
        """
        names = [
            name
            for name in numbers.get(remote.business_number, ())
            if name not in found
            and name.isdigit() != remote.transaction_id.isdigit()
            and (watched[name].transaction_type, watched[name].sender_id, watched[name].receiver_id)
            == (remote.transaction_type, remote.sender_id, remote.receiver_id)
            and _is_of_this_time(watched[name], remote)
        ]
        if len(names) != 1:
            return None
        history = self.ledger.revisions(watched[names[0]].key, limit=20)
        of_this_time = [
            one for one in history if one.transaction_id and not one.listed_as and _is_of_this_time(one, remote)
        ]
        return names[0] if len(of_this_time) == 1 else None


def _name(revision: Revision) -> str:
    """The id under which Orderful lists the transaction, as far as it is known."""
    return revision.listed_as or revision.transaction_id or ""


def _is_unlisted(revision: Revision) -> bool:
    return not _name(revision).isdigit()


def _is_of_this_time(revision: Revision, remote: RemoteTransaction) -> bool:
    return abs(remote.created_at - time_sent(revision)) < SAME_TIME
