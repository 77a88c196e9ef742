"""The ports in memory, under the conditions of the real adapters.

Each fake is the specification of its port: the contract tests in `tests/integration` run the same cases against the
fake and the adapter. Time is a clock that the test moves; nothing here sleeps or draws lots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar, cast
from zlib import crc32
from zoneinfo import ZoneInfo

import msgspec

from connector.adapters.aws.cursor_format import packed, unpacked
from connector.adapters.aws.ledger import no_body
from connector.adapters.aws.payloads import lost
from connector.domain.documents import DocumentKey
from connector.domain.errors import Conflict, ConnectorError, PayloadLost, Transient, UnknownOutcome
from connector.domain.polling.cursor import Cursor
from connector.domain.revision.record import (
    ATTENTION_LISTS,
    OPEN,
    OUTDATED,
    Event,
    Owner,
    Posted,
    Revision,
    State,
    list_of,
    may_move,
    moment_at,
    place_of,
)
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import Company
from connector.domain.transactions import OrderfulRequest, Stream, TransactionType
from connector.services.list_health import ListHealth, PollRecord
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from connector.services.ports import (
    Budget,
    Calls,
    Created,
    CursorLease,
    CursorView,
    Deadline,
    Fields,
    Listed,
    Metric,
    Page,
    RemoteTransaction,
    Resource,
    Row,
    Waiting,
)

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

Port = TypeVar("Port")


# -- time -----------------------------------------------------------------------------------------------------------


class ManualClock:
    """The `Clock` port: moves when told."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        """Let time pass: `forward(minutes=5)`."""
        self.time += timedelta(**by)


class MovingClock(ManualClock):
    """The `Clock` port: moves when told, and by a millisecond with every look, so that no two moments are one."""

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class StepDeadline:
    """The `Deadline` port: enough time for this many looks at it, then none; endless without a number."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = looks

    def remaining(self) -> timedelta:
        if self._looks is None:
            return timedelta(hours=1)
        self._looks -= 1
        return timedelta(hours=1) if self._looks >= 0 else timedelta(0)


# -- sudden death ---------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker died here. No handler of the code under test may catch it."""


class Reaper:
    """Counts the side effects of the ports it watches and kills the worker at one of them.

    `Reaper(at=3, after=True)` kills after the third side effect was carried out, `after=False` just before it.
    """

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.steps: list[str] = []

    def watch(self, port: Port, *effects: str) -> Port:
        """The port with these methods under watch."""
        return cast(Port, _Watched(port, self, effects))

    def run(self, name: str, call: Callable[[], Any]) -> Any:
        """Carry out a side effect, unless this is where the worker dies."""
        self.steps.append(name)
        mine = len(self.steps) == self.at
        if mine and not self.after:
            raise Killed(f"before {name}")
        result = call()
        if mine:
            raise Killed(f"after {name}")
        return result


class _Watched:
    def __init__(self, port: object, reaper: Reaper, effects: Sequence[str]) -> None:
        self._port, self._reaper, self._effects = port, reaper, effects

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if name not in self._effects:
            return value
        return lambda *args, **named: self._reaper.run(name, lambda: value(*args, **named))


# -- Visma ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the fake Visma.

    Attributes:
        modified: When it was modified, as an instant.
        visible: From when on lists show this state of it; Visma commits late.
        raw: Its bytes in the list; a small document with its number and time when None.
        stamp: `lastModifiedDateTime` as written; the wall clock of Visma's zone when None.
    """

    number: str
    modified: datetime
    visible: datetime
    document_type: str | None = None
    branch: str | None = None
    raw: bytes | None = None
    stamp: str | None = None


class FakeErp:
    """The `Erp` port over a list of documents, paged by offset as Visma pages.

    Attributes:
        order: How the list is sorted: `number`, `time` (of the modification), each also `descending`, or `scrambled`
            (by nothing that anybody could see, but always alike for the same state of a row).
        max_page_size: The limit in force, whatever was asked; `names_maximum` says whether the elements name it.
        total: What the elements say of the length of the list, given its true length and the page's; None leaves the
            element out.
        hides: Lists are empty, as for whoever lost the rights for them.
        last: The whole list of which a page was asked for last.
        before_page: Called with the list and the number of each page before it is shown, `after_page` after it.
    """

    def __init__(self, clock: ManualClock, *, zone: str = "Europe/Oslo", order: str = "number") -> None:
        self.clock = clock
        self.zone = ZoneInfo(zone)
        self.order = order
        self.documents: dict[Resource, dict[tuple[str | None, str], StoredDocument]] = {one: {} for one in Resource}
        self.shown: dict[tuple[Resource, str | None, str], StoredDocument] = {}
        self.damaged: dict[Resource, list[str]] = {}
        self.max_page_size = 1000
        self.budget = Budget(None, None, None)
        self.obeys_filter = True
        self.hides = False
        self.names_maximum = True
        self.total: Callable[[int, int], int | None] = lambda length, _page: length
        self.calls: list[tuple[Resource, int]] = []
        self.asked: list[int] = []
        self.last: list[StoredDocument] = []
        self.failures: dict[int, ConnectorError] = {}
        self.broken: dict[Resource, ConnectorError] = {}
        self._listed: tuple[tuple[Any, ...], list[StoredDocument]] = ((), [])
        self.before_page: Callable[[Resource, int], None] | None = None
        self.after_page: Callable[[Resource, int], None] | None = None

    def save(
        self,
        number: str,
        *,
        resource: Resource = Resource.PURCHASE_ORDERS,
        at: datetime | None = None,
        late: timedelta = timedelta(0),
        **changes: Any,
    ) -> StoredDocument:
        """Write a document now (or `at`); lists show this state `late` after that."""
        modified = at or self.clock.now()
        document = StoredDocument(number, modified, modified + late, **changes)
        key = (document.document_type, number)
        before = self.documents[resource].get(key)
        if before is not None and before.visible <= self.clock.now():
            self.shown[(resource, *key)] = before
        self.documents[resource][key] = document
        self._listed = ((), [])
        return document

    def delete(
        self, number: str, *, resource: Resource = Resource.PURCHASE_ORDERS, document_type: str | None = None
    ) -> None:
        """Take a document away."""
        del self.documents[resource][(document_type, number)]
        self.shown.pop((resource, document_type, number), None)
        self._listed = ((), [])

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:
        self.calls.append((resource, page))
        self.asked.append(page_size)
        failure = self.failures.pop(len(self.calls), None) or self.broken.get(resource)
        if failure is not None:
            raise failure
        if self.before_page is not None:
            self.before_page(resource, page)
        size = min(page_size, self.max_page_size)
        rows = self.last = self.listed(resource, since, branch)
        shown = rows[(page - 1) * size : page * size]
        damaged = self.damaged.get(resource, []) if page == 1 else []
        answer = Page(
            rows=[self._row(each) for each in shown],
            damaged=damaged,
            total=self.total(len(rows) + len(damaged), len(shown)) if shown else None,
            maximum=self.max_page_size if shown and self.names_maximum else None,
            server_time=self.clock.now(),
            budget=self.budget,
        )
        if self.after_page is not None:
            self.after_page(resource, page)
        return answer

    def text_of(self, moment: datetime) -> str:
        """An instant as Visma writes it: the wall clock of its zone, without saying which."""
        return moment.astimezone(self.zone).replace(tzinfo=None).isoformat(timespec="microseconds")

    def raw_of(self, document: StoredDocument) -> bytes:
        """The bytes with which a list shows the document."""
        return document.raw or msgspec.json.encode(
            {"number": document.number, "lastModifiedDateTime": self._stamp(document)}
        )

    def listed(self, resource: Resource, since: str, branch: str | None) -> list[StoredDocument]:
        """What the list holds now, from its beginning to its end."""
        if self.hides:
            return []
        question = (resource, since, branch, self.order, self.obeys_filter, self.clock.now())
        if self._listed[0] != question:
            self._listed = (question, self._rows(resource, since, branch))
        return self._listed[1]

    def _rows(self, resource: Resource, since: str, branch: str | None) -> list[StoredDocument]:
        now = self.clock.now()
        rows: list[StoredDocument] = []
        for key, newest in self.documents[resource].items():
            document = newest if newest.visible <= now else self.shown.get((resource, *key))
            if document is None or (branch and document.branch not in {None, branch}):
                continue
            if not self.obeys_filter or self.text_of(document.modified) >= datetime.fromisoformat(since).isoformat(
                timespec="microseconds"
            ):
                rows.append(document)
        kind, _, descending = self.order.partition(" ")
        sorts: dict[str, Callable[[StoredDocument], Any]] = {
            "number": self._by_number,
            "time": self._by_time,
            "scrambled": self._scrambled,
        }
        return sorted(rows, key=sorts[kind], reverse=bool(descending))

    def _by_number(self, row: StoredDocument) -> tuple[str, str]:
        return row.number, row.document_type or ""

    def _by_time(self, row: StoredDocument) -> tuple[str, str]:
        return self.text_of(row.modified), row.number

    def _scrambled(self, row: StoredDocument) -> int:
        return crc32(f"{row.number} {row.document_type} {row.modified.isoformat()}".encode())

    def _row(self, document: StoredDocument) -> Row:
        stamp = self._stamp(document) or None
        return Row(
            number=document.number,
            document_type=document.document_type,
            modified_at=stamp,
            branch=document.branch,
            raw=self.raw_of(document),
        )

    def _stamp(self, document: StoredDocument) -> str:
        return document.stamp if document.stamp is not None else self.text_of(document.modified)


class FakeErps:
    """The `ErpFactory` port: one fake Visma for each company."""

    def __init__(self, **erps: FakeErp) -> None:
        self.erps = erps
        self.refused: dict[str, ConnectorError] = {}

    def __call__(self, company: Company, deadline: Deadline) -> FakeErp:
        if company.name in self.refused:
            raise self.refused[company.name]
        return self.erps[company.name]


# -- Orderful -------------------------------------------------------------------------------------------------------


class LostAnswer(UnknownOutcome):
    """Script: the transaction is created and the answer lost."""


@dataclass(slots=True)
class _Filed:
    """A transaction at Orderful.

    Attributes:
        visible: From when on lists show it; `found`: from when on it is found by its number.
        known_as: What the create answered for an id.
    """

    transaction: RemoteTransaction
    message: Any
    visible: datetime
    found: datetime
    known_as: str
    problems: tuple[str, ...] = ()


class FakeOrderful:
    """The `EdiNetwork` port. `script` says how the next creations end; without one they succeed.

    An entry of the script is a `Created` that refuses, an error (nothing is created), or a `LostAnswer` (created, but
    nobody is told).

    Attributes:
        list_lag: How long a new transaction is missing from every list.
        number_lag: How long it is not found by its number, and listed without one.
        numbers_while_processing: Whether a transaction has its number while it is PROCESSING.
        finds_one: Whether a question by number shows one transaction at most, the newest.
        shows_content: Whether the message of a transaction can be read.
        gives_uuids: Whether a create answers with another id than the list shows.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.skew = timedelta(0)
        self.list_lag = timedelta(0)
        self.number_lag = timedelta(0)
        self.numbers_while_processing = True
        self.finds_one = False
        self.shows_content = True
        self.gives_uuids = False
        self.script: list[Created | ConnectorError] = []
        self.failing: ConnectorError | None = None
        self.broken: dict[str, ConnectorError] = {}
        self.filed: list[_Filed] = []
        self.requests: list[OrderfulRequest] = []
        self.calls: Counter[str] = Counter()
        self.types: set[TransactionType] = set()
        self.page_size = 100
        self.pages = 0
        self._next_id = 1000

    @property
    def transactions(self) -> list[RemoteTransaction]:
        """Everything that was created, oldest first."""
        return [each.transaction for each in self.filed]

    def create(self, request: OrderfulRequest) -> Created:
        self._count("create")
        self.requests.append(request)
        ending = self.script.pop(0) if self.script else None
        if isinstance(ending, LostAnswer):
            self.file(request)
            raise ending
        if isinstance(ending, ConnectorError):
            raise ending
        filed = self.file(request)
        if ending is not None:
            filed.transaction = replace(filed.transaction, validation_status="INVALID")
            return replace(ending, transaction_id=filed.known_as)
        return Created(filed.known_as, accepted=True)

    def file(self, request: OrderfulRequest) -> _Filed:
        """Create a transaction, whoever asked for it."""
        body = request.body
        kind = body["type"]
        self._next_id += 1
        now = self.clock.now()
        filed = _Filed(
            RemoteTransaction(
                transaction_id=str(self._next_id),
                transaction_type=kind["name"] if isinstance(kind, Mapping) else kind,
                business_number=business_number_of(body),
                stream=Stream(body["stream"].lower()),
                sender_id=body.get("senderId") or body["sender"]["isaId"],
                receiver_id=body.get("receiverId") or body["receiver"]["isaId"],
                created_at=now + self.skew,
                validation_status="PROCESSING",
                delivery_status="PENDING",
                acknowledgment_status=None,
            ),
            message=body["message"],
            visible=now + self.list_lag,
            found=now + max(self.list_lag, self.number_lag),
            known_as=f"{self._next_id:08x}-5a85-714c-8ba6-436c1c06efd8" if self.gives_uuids else str(self._next_id),
        )
        self.filed.append(filed)
        return filed

    def copy(self, transaction_id: str) -> str:
        """A person copies a transaction in Orderful; gives the id of the copy."""
        filed = self._named(transaction_id)
        self._next_id += 1
        now = self.clock.now()
        copied = replace(filed.transaction, transaction_id=str(self._next_id), created_at=now + self.skew)
        self.filed.append(replace(filed, transaction=copied, visible=now, found=now, known_as=copied.transaction_id))
        return copied.transaction_id

    def delete(self, transaction_id: str) -> None:
        """A person deletes a transaction in Orderful."""
        self.filed.remove(self._named(transaction_id))

    def send_by_hand(self, transaction_id: str, delivery_status: str = "DELIVERED") -> None:
        """A person sends a transaction in Orderful, valid or not."""
        self.news(transaction_id, delivery_status=delivery_status)

    def news(self, transaction_id: str, *, problems: tuple[str, ...] = (), **statuses: str | None) -> None:
        """Change the statuses of a transaction: `news("1001", validation_status="VALID")`."""
        filed = self._named(transaction_id)
        filed.transaction = replace(filed.transaction, **statuses)  # type: ignore[arg-type]
        filed.problems = problems or filed.problems

    def look_up(
        self,
        *,
        transaction_type: TransactionType,
        business_number: str,
        sender_id: str,
        receiver_id: str,
        stream: Stream,
    ) -> tuple[Sequence[RemoteTransaction], timedelta]:
        self._count("look_up")
        wanted = (transaction_type.value, business_number, sender_id, receiver_id, stream)
        now = self.clock.now()
        found = [
            each.transaction
            for each in reversed(self._listed())
            if each.found <= now
            and (
                each.transaction.transaction_type,
                self._number(each),
                each.transaction.sender_id,
                each.transaction.receiver_id,
                each.transaction.stream,
            )
            == wanted
        ]
        return found[:1] if self.finds_one else found, self.skew

    def list_since(
        self, since: datetime, *, sender_ids: Sequence[str], stream: Stream, receiver_id: str | None = None
    ) -> Iterator[RemoteTransaction]:
        self._count("list_since")
        for position, filed in enumerate(reversed(self._listed())):
            each = replace(filed.transaction, business_number=self._number(filed))
            if each.created_at < since or each.sender_id not in sender_ids or each.stream is not stream:
                continue
            if receiver_id not in {None, each.receiver_id}:
                continue
            self.pages += position % 100 == 0
            yield each

    def list_between(
        self,
        since: datetime,
        until: datetime,
        *,
        sender_ids: Sequence[str],
        types: Sequence[TransactionType],
        stream: Stream,
        most_pages: int,
    ) -> Listed:
        self._count("list_between")
        self.types |= set(types)
        named = {one.value for one in types}
        found = [
            replace(each.transaction, business_number=self._number(each))
            for each in reversed(self._between(since, until))
            if each.transaction.sender_id in sender_ids
            and each.transaction.stream is stream
            and each.transaction.transaction_type in named
        ]
        pages = min(most_pages, max(1, -(-len(found) // self.page_size)))
        self.pages += pages
        return Listed(found[: pages * self.page_size], pages)

    def read(self, transaction_id: str) -> RemoteTransaction | None:
        self._count("read")
        return next(
            (
                replace(each.transaction, transaction_id=transaction_id)
                for each in self._listed()
                if transaction_id in {each.transaction.transaction_id, each.known_as}
            ),
            None,
        )

    def list_newest(
        self, since: datetime, *, sender_id: str, stream: Stream, most_pages: int, receiver_id: str | None = None
    ) -> tuple[Sequence[RemoteTransaction], datetime]:
        found = list(self.list_since(since, sender_ids=[sender_id], stream=stream, receiver_id=receiver_id))
        most = most_pages * self.page_size
        read = found[:most]
        return read, since if len(found) < most else read[-self.page_size].created_at

    def content_of(self, transaction_id: str) -> Any | None:
        self._count("content_of")
        held = [each for each in self.filed if each.transaction.transaction_id == transaction_id]
        return held[0].message if held and self.shows_content else None

    def problems_of(self, transaction_id: str) -> tuple[str, ...]:
        self._count("problems_of")
        return self._named(transaction_id).problems

    def _named(self, transaction_id: str) -> _Filed:
        return next(each for each in self.filed if each.transaction.transaction_id == transaction_id)

    def _number(self, filed: _Filed) -> str | None:
        is_new = filed.transaction.validation_status == "PROCESSING" and not self.numbers_while_processing
        return None if is_new or filed.found > self.clock.now() else filed.transaction.business_number

    def _listed(self) -> list[_Filed]:
        """What lists show now, oldest first."""
        now = self.clock.now()
        return sorted(
            (each for each in self.filed if each.visible <= now),
            key=lambda each: (each.transaction.created_at, each.transaction.transaction_id),
        )

    def _between(self, since: datetime, until: datetime) -> list[_Filed]:
        return [each for each in self._listed() if since <= each.transaction.created_at < until]

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        failure = self.failing or self.broken.get(call)
        if failure is not None:
            raise failure


def business_number_of(body: Mapping[str, Any]) -> str | None:
    """The number under which Orderful files a request, in either dialect."""
    names = ("purchaseOrderNumber", "invoiceNumber")
    message = body["message"]
    if "transactionSets" not in message:
        return next((message[name] for name in reversed(names) if name in message), None)
    heads = message["transactionSets"][0]
    for segment, name in (("beginningSegmentForPurchaseOrder", names[0]), ("beginningSegmentForInvoice", names[1])):
        if segment in heads:
            number: str = heads[segment][0][name]
            return number
    return None


# -- state ----------------------------------------------------------------------------------------------------------


class MemoryBreaker:
    """The `Breaker` port."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.held: dict[Calls, datetime] = {}
        self.refusal: str | None = None
        self.partners: set[str] = set()

    def is_open(self, *, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def open(self, reason: str, *, until: datetime) -> None:
        self.until = until

    def wait(self, calls: Calls, *, now: datetime) -> timedelta:
        return min(max(self.held.get(calls, now) - now, timedelta(0)), timedelta(hours=1))

    def hold(self, calls: Calls, *, until: datetime) -> None:
        self.held[calls] = until

    def refused(self, refusal: str, *, partner: str) -> int:
        self.partners = {*(self.partners if refusal == self.refusal else ()), partner}
        self.refusal = refusal
        return len(self.partners)

    def accepted(self) -> None:
        self.refusal = None

    def holds(self, *, now: datetime) -> dict[str, timedelta]:
        """What is held and for how long."""
        every = {calls.value: self.wait(calls, now=now) for calls in Calls}
        if self.until is not None and now < self.until:
            every["all"] = self.until - now
        return {name: wait for name, wait in every.items() if wait}

    def lift(self) -> None:
        """Let all calls go on."""
        self.until, self.refusal = None, None
        self.held.clear()


class MemoryLedger(MemoryBreaker):
    """The `Ledger` and `Breaker` ports."""

    def __init__(self) -> None:
        self.rows: dict[tuple[DocumentKey, int], Revision] = {}
        self.bodies: dict[tuple[DocumentKey, int, str], tuple[bytes, bytes | None]] = {}
        self.owned: dict[str, Owner] = {}
        self.uuids: dict[str, tuple[Revision, Posted]] = {}
        self.created = datetime(2020, 1, 1, tzinfo=UTC)
        self.places: dict[str, str] = {}
        super().__init__()
        self.writes = 0
        self.queries = 0
        self.reads = 0

    def revisions(self, key: DocumentKey, *, limit: int = 10) -> Sequence[Revision]:
        found = [row for (of, _), row in self.rows.items() if of == key]
        return sorted(found, key=lambda row: row.sequence, reverse=True)[:limit]

    def get(self, key: DocumentKey, sequence: int) -> Revision | None:
        return self.rows.get((key, sequence))

    def add(
        self,
        revision: Revision,
        *,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._keep(revision, source, request)
        self._check_free(revision)
        self._put(revision, along=self._superseded(supersedes, now=revision.updated_at))

    def reserve(self, revision: Revision) -> None:
        self._check_free(revision)
        self._put(revision)

    def agreed(self, revision: Revision, *, was: State | None, source: bytes) -> None:
        self._keep(revision, source, None)
        row = self.rows.get((revision.key, revision.sequence))
        if (row.state if row else None) is not was:
            raise _changed(revision)
        self._put(revision)

    def retranslated(
        self,
        revision: Revision,
        *,
        was: State,
        source: bytes,
        request: dict[str, Any] | None,
        supersedes: Sequence[Revision] = (),
    ) -> None:
        self._keep(revision, source, request)
        row = self.rows.get((revision.key, revision.sequence))
        if row is None or row.state is not was:
            raise _changed(revision)
        self._put(revision, along=self._superseded(supersedes, now=revision.updated_at))

    def claim(self, key: DocumentKey, sequence: int, *, now: datetime, lease: timedelta) -> Revision | None:
        row = self.rows.get((key, sequence))
        if row is None or row.state not in {State.TRANSLATED, State.UNCONFIRMED, State.SENDING}:
            return None
        if row.state is State.SENDING and not (row.claim_until is not None and row.claim_until < now):
            raise Conflict("Another worker is sending this revision.", document=str(key))
        claimed = replace(
            row,
            state=State.SENDING,
            claim_until=now + lease,
            updated_at=now,
            attempts=row.attempts + 1,
            first_attempt_at=row.first_attempt_at or now,
            history=(*row.history, Event(now, State.SENDING, "claimed for sending")),
        )
        self._put(claimed)
        return claimed

    def move(self, revision: Revision, to: State, *, now: datetime, note: str, **changes: Any) -> Revision:
        moved = _moved(revision, to, now, note, changes)
        self._put_if_unchanged(revision, moved)
        return moved

    def own(
        self, revision: Revision, to: State, *, transaction_id: str, now: datetime, note: str, **changes: Any
    ) -> Revision | None:
        moved = _moved(revision, to, now, note, {"transaction_id": transaction_id, **changes})
        owner = Owner(revision.key, revision.sequence)
        names = {name for name in (transaction_id, moved.listed_as) if name}
        self._check_unchanged(revision)
        if any(self.owned.get(name, owner).key != owner.key for name in names):
            return None
        posted = Posted(transaction_id, owner, revision.updated_at, now)
        self._put(moved, dict.fromkeys(names, owner), None if transaction_id.isdigit() else posted)
        return moved

    def posted(self, revision: Revision) -> Sequence[Posted]:
        return [
            posted
            for row, posted in self.uuids.values()
            if row.listed_as is None and _filed_under(row) == _filed_under(revision)
        ]

    def owners(self, transaction_ids: Sequence[str]) -> Mapping[str, Owner]:
        return {name: self.owned[name] for name in transaction_ids if name in self.owned}

    def created_at(self, *, now: datetime) -> datetime:
        return self.created

    def lose_everything(self, *, now: datetime) -> None:
        """The table is made anew, empty."""
        self.rows.clear()
        self.places.clear()
        self.bodies.clear()
        self.owned.clear()
        self.uuids.clear()
        self.created = now

    def request_of(self, revision: Revision) -> dict[str, Any]:
        _, request = self.bodies.get((revision.key, revision.sequence, revision.revision_id), (b"", None))
        if request is None:
            raise no_body(revision, "request")
        body: dict[str, Any] = msgspec.json.decode(request)
        return body

    def source_of(self, revision: Revision) -> bytes:
        found = self.bodies.get((revision.key, revision.sequence, revision.revision_id))
        if found is None:
            raise no_body(revision, "source")
        return found[0]

    def sources_of(self, revisions: Sequence[Revision]) -> Iterator[tuple[Revision, bytes]]:
        for one in revisions:
            with suppress(Transient, PayloadLost):
                yield one, self.source_of(one)

    def in_state(self, *states: State) -> Iterator[Revision]:
        found = [row for row in self.rows.values() if row.state in states and (row.state not in OPEN or list_of(row))]
        return iter(sorted(found, key=place_of))

    def waiting(self, state: State) -> Waiting:
        found = list(self.in_state(state))
        return Waiting(len(found), moment_at(place_of(found[0])) if found else None)

    def listed(self, name: str, *, after: str, before: str, limit: int) -> Sequence[Revision]:
        found = [row for row in self._list(name) if f"{after} " <= place_of(row) <= before][:limit]
        self.queries += 1
        self.reads += len(found)
        return found

    def in_attention(self, *, limit: int | None = None) -> Sequence[Revision]:
        found = [row for name in ATTENTION_LISTS for row in self._list(name)[:limit]]
        self.reads += len(found)
        return sorted(found, key=place_of)[:limit]

    def progress(self) -> Mapping[str, str]:
        return dict(self.places)

    def keep_progress(self, progress: Mapping[str, str]) -> None:
        self.places = dict(progress)

    def _list(self, name: str) -> list[Revision]:
        return sorted((row for row in self.rows.values() if list_of(row) == name), key=place_of)

    def _keep(self, revision: Revision, source: bytes, request: dict[str, Any] | None) -> None:
        packed = None if request is None else msgspec.json.encode(request)
        self.bodies[(revision.key, revision.sequence, revision.revision_id)] = (source, packed)

    def _put_if_unchanged(self, seen: Revision, revision: Revision) -> None:
        self._check_unchanged(seen)
        self._put(revision)

    def _superseded(self, revisions: Sequence[Revision], *, now: datetime) -> list[Revision]:
        for one in revisions:
            self._check_unchanged(one)
        return [_moved(one, State.SUPERSEDED, now, OUTDATED, {}) for one in revisions]

    def _check_free(self, revision: Revision) -> None:
        if (revision.key, revision.sequence) in self.rows:
            raise _changed(revision)

    def _check_unchanged(self, seen: Revision) -> None:
        row = self.rows.get((seen.key, seen.sequence))
        if row is None or (row.state, row.updated_at) != (seen.state, seen.updated_at):
            raise _changed(seen)

    def _put(
        self,
        revision: Revision,
        owned: Mapping[str, Owner] | None = None,
        posted: Posted | None = None,
        along: Sequence[Revision] = (),
    ) -> None:
        self.writes += 1
        self.owned.update(owned or {})
        if posted is not None:
            self.uuids[posted.transaction_id] = (revision, posted)
        for one in (revision, *along):
            self.rows[(one.key, one.sequence)] = one


def _filed_under(revision: Revision) -> tuple[str | None, ...]:
    return (revision.transaction_type, revision.sender_id, revision.receiver_id, revision.business_number)


def _moved(revision: Revision, to: State, now: datetime, note: str, changes: Mapping[str, Any]) -> Revision:
    if to is not revision.state and not may_move(revision.state, to):
        raise Conflict(f"A revision in state {revision.state} cannot become {to}.", document=str(revision.key))
    history = (*revision.history, Event(now, to, note))
    return replace(revision, state=to, updated_at=now, claim_until=None, history=history, **changes)


def _changed(revision: Revision) -> Conflict:
    return Conflict(f"Revision {revision.sequence} was changed by another worker.", document=str(revision.key))


class MemoryHealth:
    """The `HealthBook` port; `failing` is what the table answers instead."""

    def __init__(self) -> None:
        self.record = PollRecord()
        self.failing: ConnectorError | None = None

    def begin(self, *, now: datetime) -> PollRecord:
        if self.failing is not None:
            raise self.failing
        before, self.record = self.record, msgspec.structs.replace(self.record, begun_at=now)
        return before

    def end(self, lists: Sequence[ListHealth], *, now: datetime) -> None:
        if self.failing is not None:
            raise self.failing
        self.record = msgspec.structs.replace(self.record, ended_at=now, lists=tuple(lists))

    def read(self) -> PollRecord:
        return self.record


@dataclass(slots=True)
class _CursorRow:
    fence: int = 0
    lease_until: datetime | None = None
    state: tuple[bytes, bytes] | None = None
    not_before: datetime | None = None

    @property
    def cursor(self) -> Cursor:
        return unpacked(*self.state) if self.state else Cursor()


class MemoryCursors:
    """The `Cursors` port; a cursor is kept as the table keeps it. `failing` is what the table answers instead."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, StrEnum], _CursorRow] = {}
        self.failing: ConnectorError | None = None

    def acquire(self, company: str, resource: StrEnum, *, now: datetime, lease: timedelta) -> CursorLease:
        if self.failing is not None:
            raise self.failing
        row = self.rows.setdefault((company, resource), _CursorRow())
        if row.lease_until is not None and row.lease_until >= now:
            raise Conflict(f"Another poll of {company} {resource.value} is running.")
        row.lease_until = now + lease
        row.fence += 1
        return CursorLease(
            company=company, resource=resource, fence=row.fence, cursor=row.cursor, not_before=row.not_before
        )

    def save(self, lease: CursorLease, cursor: Cursor, *, release: bool, not_before: datetime | None = None) -> None:
        row = self.rows.get((lease.company, lease.resource))
        if row is None or row.fence != lease.fence:
            raise Conflict(f"Another poll took over {lease.company} {lease.resource.value}.")
        row.state = packed(cursor)
        row.not_before = not_before
        if release:
            row.lease_until = None

    def all_cursors(self) -> Sequence[CursorView]:
        views = [
            CursorView(
                company=company,
                resource=resource.value,
                watermark=cursor.watermark,
                caught_up_at=cursor.caught_up_at,
                locked_until=row.lease_until,
                unfinished=cursor.scan is not None,
                remembered=len(cursor.rows),
                waiting=len(cursor.waiting),
                begun_at=cursor.begun_at,
                not_before=row.not_before,
            )
            for (company, resource), row in self.rows.items()
            for cursor in (row.cursor,)
        ]
        return sorted(views, key=lambda view: (view.company, view.resource))

    def lift(self, company: str, resource: str) -> None:
        self.rows[(company, Resource(resource))].not_before = None

    def of(self, company: str, resource: StrEnum = Resource.PURCHASE_ORDERS) -> Cursor:
        """The cursor as it is stored."""
        return self.rows[(company, resource)].cursor


class MemoryPayloads:
    """The `Payloads` port."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, name: str, body: bytes) -> str:
        key = f"{name}.json.z"
        self.bodies[key] = body
        return key

    def get(self, key: str) -> bytes:
        if key not in self.bodies:
            raise lost(key, "NoSuchKey")
        return self.bodies[key]


# -- queues, routing, telemetry -------------------------------------------------------------------------------------


class MemoryOutbox:
    """The `Outbox` port: keeps what was queued, or fails as told."""

    def __init__(self) -> None:
        self.queued_documents: list[DocumentMessage] = []
        self.queued_deliveries: list[DeliveryMessage] = []
        self.queued_hints: list[HintMessage] = []
        self.queued_changes: list[ChangeMessage] = []
        self.failures: list[ConnectorError] = []

    def documents(self, messages: Iterable[DocumentMessage]) -> None:
        self._fail()
        self.queued_documents.extend(messages)

    def deliveries(self, messages: Iterable[DeliveryMessage]) -> None:
        self._fail()
        self.queued_deliveries.extend(messages)

    def hints(self, messages: Iterable[HintMessage]) -> None:
        self._fail()
        self.queued_hints.extend(messages)

    def changes(self, messages: Iterable[ChangeMessage]) -> None:
        self._fail()
        self.queued_changes.extend(messages)

    def numbers(self) -> list[str]:
        """The numbers of the queued documents, in order."""
        return [message.number for message in self.queued_documents]

    def clear(self) -> None:
        """Empty the queues, as consumers would."""
        self.queued_documents.clear()
        self.queued_deliveries.clear()
        self.queued_hints.clear()
        self.queued_changes.clear()

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class MemoryPostponer:
    """The `Postponer` port."""

    def __init__(self) -> None:
        self.delays: dict[str, timedelta] = {}

    def postpone(self, receipt: str, delay: timedelta) -> None:
        self.delays[receipt] = delay


class FixedRouting:
    """The `RoutingSource` port over the plain data of a routing file."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.routing = Routing.from_data(data)
        self.fresh_asked = 0
        self.trouble: Exception | None = None

    def apply(self, data: Mapping[str, Any]) -> None:
        """Put another file in force."""
        self.routing = Routing.from_data(data)

    def load(self, *, fresh: bool = False) -> Routing:
        self.fresh_asked += fresh
        if self.trouble is not None:
            raise self.trouble
        return self.routing


@dataclass(slots=True)
class RecordingTelemetry:
    """The `Telemetry` port: keeps every line, count and duration."""

    lines: list[tuple[str, str, Fields]] = field(default_factory=list)
    counts: Counter[Metric] = field(default_factory=Counter)
    durations: list[tuple[Metric, float]] = field(default_factory=list)

    def info(self, event: str, fields: Fields) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, fields: Fields) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, fields: Fields) -> None:
        self.lines.append(("error", event, fields))

    def count(self, metric: Metric, value: int = 1) -> None:
        if value:
            self.counts[metric] += value

    def seconds(self, metric: Metric, value: float) -> None:
        self.durations.append((metric, value))

    def events(self, level: str | None = None) -> list[str]:
        """The events told, all or those of one level."""
        return [event for at, event, _ in self.lines if level in {None, at}]
