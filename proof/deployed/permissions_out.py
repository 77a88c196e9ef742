"""The whole work of the functions on the way out: everything that their roles are for, in one go each.

An exercise says what went otherwise than it does with the whole role, the first thing first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connector.adapters.aws.cursors import DynamoCursors
from connector.adapters.aws.findings import DynamoFindingBook
from connector.adapters.aws.queues import group_name
from connector.domain.documents import DocumentKey, Kind
from connector.domain.polling.cursor import Cursor, Waiting, row_id, stamp_of
from connector.domain.reconcile.finding import Category
from connector.domain.revision.record import Revision, State
from connector.services.messages import DeliveryMessage, DocumentMessage
from connector.services.ports import Resource
from connector.services.reconcile.ports import TransactionStep
from proof.deployed.permissions_bench import Bench, renumbered, with_number

BAD = '{"company": 7'
"""No message: the function has to put it back."""

_LONG_AGO = timedelta(days=1)
_MANY_ROWS = 5_000


def poll(bench: Bench) -> Iterator[str]:
    """A small and a large document, a token to be asked for and stored, and a cursor that remembers many rows."""
    laptop, environment = bench.laptop, bench.environment
    small, large = bench.number(), bench.number()
    laptop.put(environment.company_id, bench.small(small))
    laptop.put(environment.company_id, bench.large(large))
    bench.forget_token()
    try:
        bench.hold_visma()
        answer = bench.work("PollVismaFunction")
        if "asked for a pause" not in str(answer):
            yield f"a pause that Visma asked for was not kept; the poll answered {answer}"
        bench.throttle_visma()
        _remember_many(bench)
        answer = bench.work("PollVismaFunction")
        yield from bench.visma_throttled()
        if answer != {"queued": 2, "problems": []}:
            yield f"the poll answered {answer}"
        if not bench.has_token():
            yield "the token was not stored"
        # Rows that cannot be read count as lost: the poll goes on, and would queue their documents again.
        cursor = laptop.cursors()[environment.company, Resource.PURCHASE_ORDERS.value]
        if cursor.waiting != _MANY_ROWS:
            yield f"of {_MANY_ROWS} rows that the cursor remembered {cursor.waiting} are left"
        groups = {group_name(DocumentKey.parse(environment.key(number))) for number in (small, large)}
        if not groups <= set(bench.emptied("DocumentsQueueUrl")):
            yield "the documents are not queued"
    finally:
        # The next poll must not find them again.
        for number in (small, large):
            row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
            laptop.visma.control("DELETE", "documents", row)
        bench.emptied("DocumentsQueueUrl")
        place = {"pk": {"S": environment.company}, "sk": {"S": "v1/purchaseorder"}}
        laptop.dynamodb.delete_item(TableName=laptop.outputs["CursorsTable"], Key=place)


def _remember_many(bench: Bench) -> None:
    """Store a cursor whose rows are too many for an item: the poll has to read them and to write them."""
    now, never = datetime.now(UTC), stamp_of("9999-01-01T00:00:00")
    cursors = DynamoCursors(bench.laptop.outputs["CursorsTable"], bench.laptop.dynamodb, payloads=bench.laptop.payloads)
    waiting = {row_id(str(row)): Waiting(never, now, now) for row in range(_MANY_ROWS)}
    lease = cursors.acquire(bench.environment.company, Resource.PURCHASE_ORDERS, now=now, lease=timedelta(seconds=1))
    cursors.save(lease, Cursor(watermark=now, caught_up_at=now, begun_at=now, waiting=waiting), release=True)


def translate(bench: Bench) -> Iterator[str]:
    """A document inside its message, two from the bucket, one of them kept from before, and a message that is none."""
    laptop, environment = bench.laptop, bench.environment
    small, large, again = (DocumentKey.parse(environment.key(bench.number())) for _ in range(3))
    kept = laptop.payloads.put(f"sources/{again.stored}/permissions", _text(bench.small(again.number)))
    moved = laptop.payloads.put(f"documents/{large.stored}/permissions", _text(bench.large(large.number)))
    bodies: dict[str, bytes | str] = {
        small.stored: _message(small, document=msgspec.Raw(_text(bench.small(small.number)))),
        large.stored: _message(large, document_at=moved),
        again.stored: _message(again, document_at=kept, cause="release"),
        "bad": BAD,
    }
    event = bench.event("DocumentsQueueUrl", bodies)
    try:
        answer = bench.work("TranslateDocumentFunction", event)
        yield from _put_back(bench, "DocumentsQueueUrl", event, answer, [BAD])
        for key in (small, large, again):
            revision = laptop.newest(str(key))
            if revision is None or revision.state is not State.TRANSLATED:
                yield f"{key} ended {revision and revision.state} ({revision and revision.reason})"
        stored = laptop.newest(str(large))
        if stored is None or not stored.source_at or not stored.request_at:
            yield f"the bodies of {large} are not in the bucket"
        if sorted(bench.emptied("DeliveriesQueueUrl")) != sorted(key.stored for key in (small, large, again)):
            yield "the deliveries are not queued"
    finally:
        bench.done("DocumentsQueueUrl", event)
        bench.emptied("DeliveriesQueueUrl")
    # Only now: SQS gives out nothing more of a group while a message of it is in flight.
    yield from _compare(bench, (small, large))


def _compare(bench: Bench, sent: tuple[DocumentKey, DocumentKey]) -> Iterator[str]:
    """A small and a large order change where no partner sees it: each is compared with the request that was sent."""
    laptop = bench.laptop
    bodies: dict[str, bytes | str] = {}
    for key, document in zip(sent, (bench.small(sent[0].number), bench.large(sent[1].number)), strict=True):
        revision = laptop.newest(str(key))
        if revision is None or revision.state is not State.TRANSLATED:
            continue
        # By the stored document the partner would see a difference: only the request tells that there is none.
        source = _text({**document, "lines": document["lines"][:1]})
        bench.plant(replace(revision, state=State.SENT), source=source, request=laptop.ledger.request_of(revision))
        touched = _text({**document, "location": {"id": 99, "name": "Elsewhere"}})
        place = laptop.payloads.put(f"documents/{key.stored}/touched", touched)
        bodies[key.stored] = _message(key, document_at=place)
    event = bench.event("DocumentsQueueUrl", bodies)
    try:
        answer = bench.work("TranslateDocumentFunction", event)
        yield from _put_back(bench, "DocumentsQueueUrl", event, answer, [])
        for key in sent:
            revision = laptop.newest(str(key))
            if revision is None or revision.state is not State.SKIPPED:
                yield f"{key} ended {revision and revision.state} although the partner sees nothing new"
    finally:
        bench.done("DocumentsQueueUrl", event)


@dataclass(frozen=True, slots=True)
class Translated:
    """A revision as the translator left it, to make others from.

    Attributes:
        revision: Its record.
        source: The document as read.
        request: The body that was to be sent.
    """

    revision: Revision
    source: bytes
    request: dict[str, Any]

    def planted(self, bench: Bench, **changes: Any) -> Revision:
        """The same for a document of another number."""
        number, old = bench.number(), self.revision.key.number
        key = DocumentKey.parse(bench.environment.key(number))
        source = json.dumps(with_number(json.loads(self.source), old, number)).encode()
        request = with_number(self.request, old, number)
        return bench.plant(renumbered(self.revision, key, **changes), source=source, request=request)


def translated(bench: Bench, document: dict[str, Any]) -> Translated:
    """A document translated by the deployed function."""
    key = DocumentKey.parse(bench.environment.key(document["orderNbr"]))
    place = bench.laptop.payloads.put(f"documents/{key.stored}/permissions", _text(document))
    event = bench.event("DocumentsQueueUrl", {key.stored: _message(key, document_at=place)})
    answer = bench.work("TranslateDocumentFunction", event)
    bench.done("DocumentsQueueUrl", event)
    bench.emptied("DeliveriesQueueUrl")
    revision = bench.laptop.newest(str(key))
    if revision is None:
        raise LookupError(f"{key} was not translated, so nothing can be made from it: {answer}.")
    ledger = bench.laptop.ledger
    return Translated(revision, ledger.source_of(revision), ledger.request_of(revision))


def deliver(bench: Bench, small: Translated, large: Translated) -> Iterator[str]:
    """A small and a large request, and one whose answer is lost and which is then looked up."""
    laptop = bench.laptop
    lost, others = small.planted(bench), [small.planted(bench), large.planted(bench)]
    bodies = {one.key.stored: msgspec.json.encode(DeliveryMessage.of(one)) for one in (lost, *others)}
    laptop.orderful.control("POST", "faults", {"fault": "lost_response", "match": {"method": "POST"}})
    event = bench.event("DeliveriesQueueUrl", bodies)
    try:
        answer = bench.work("DeliverTransactionFunction", event)
        yield from _put_back(bench, "DeliveriesQueueUrl", event, answer, [bodies[lost.key.stored].decode()])
        for one in others:
            yield from _is_in(bench, one, State.SENT)
        yield from _is_in(bench, lost, State.UNCONFIRMED)
        again = {"Records": [each for each in event["Records"] if each["body"] == bodies[lost.key.stored].decode()]}
        answer = bench.work("DeliverTransactionFunction", again)
        if answer != {"batchItemFailures": []}:
            yield f"the look-up answered {answer}"
        yield from _is_in(bench, lost, State.SENT)
    finally:
        laptop.orderful.control("DELETE", "faults")
        bench.done("DeliveriesQueueUrl", event)
        breaker = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
        laptop.dynamodb.delete_item(TableName=laptop.outputs["DocumentsTable"], Key=breaker)


def track(bench: Bench, small: Translated) -> Iterator[str]:
    """A better status of one transaction, a partner's refusal of another, and a revision that got stuck."""
    laptop = bench.laptop
    before = datetime.now(UTC) - _LONG_AGO
    taken, refused = small.planted(bench), small.planted(bench)
    bodies = {one.key.stored: msgspec.json.encode(DeliveryMessage.of(one)) for one in (taken, refused)}
    event = bench.event("DeliveriesQueueUrl", bodies)
    delivered = bench.work("DeliverTransactionFunction", event)
    bench.done("DeliveriesQueueUrl", event)
    for transaction in laptop.held(refused.key.number):
        laptop.orderful.control("POST", f"transactions/{transaction['id']}/advance", {"acknowledgment": "REJECTED"})
    stuck = small.planted(bench, updated_at=before, created_at=before)
    bench.throttle()
    try:
        answer = bench.work("TrackTransactionsFunction")
        yield from bench.throttled()
        for one, state in ((taken, State.ACKNOWLEDGED), (refused, State.REJECTED)):
            for sentence in _is_in(bench, one, state):
                yield f"{sentence} ({answer}; it was sent with {delivered})"
        if stuck.key.stored not in bench.emptied("DeliveriesQueueUrl"):
            yield f"{stuck.key} was not queued again"
        touched = laptop.newest(str(stuck.key))
        if touched is None or touched.updated_at == stuck.updated_at:
            yield f"{stuck.key}: that it was queued again is not noted"
    finally:
        # The next run shall not look after them.
        for one in (taken, refused, stuck):
            bench.plant(replace(one, state=State.SUPERSEDED), source=small.source, request=None)
        bench.emptied("DeliveriesQueueUrl")


def reconcile(bench: Bench, large: Translated) -> Iterator[str]:
    """An order that nobody queued; a large one that Orderful has otherwise than it was sent; a token to be stored.

    And a large one that changed where no partner sees it, of which the request is another one by now.
    """
    laptop, environment = bench.laptop, bench.environment
    missed, sent = bench.number(), large.planted(bench)
    event = bench.event("DeliveriesQueueUrl", {sent.key.stored: msgspec.json.encode(DeliveryMessage.of(sent))})
    bench.work("DeliverTransactionFunction", event)
    bench.done("DeliveriesQueueUrl", event)
    bench.edit_at_orderful(sent.key.number)
    touched = Translated(large.revision, large.source, {**large.request, "message": {}}).planted(
        bench, state=State.SENT
    )
    for document in (
        bench.small(missed),
        bench.large(sent.key.number),
        {**bench.large(touched.key.number), "location": {"id": 99, "name": "Elsewhere"}},
    ):
        laptop.put(environment.company_id, document)
    bench.forget_token()
    book = DynamoFindingBook(laptop.outputs["CursorsTable"], laptop.dynamodb)
    try:
        bench.throttle()
        answer = bench.work("ReconcileFunction")
        yield from bench.throttled()
        if answer != {"ended": True, "problem": None}:
            yield f"the comparison answered {answer}"
        progress = book.progress()
        if progress is None or progress.problems:
            yield f"the comparison could not read {progress and progress.problems}"
        found = {one.document: one.category for one in book.findings()}
        expected = {environment.key(missed): Category.MISSING, str(sent.key): Category.DIFFERENT}
        if {key: found.get(key) for key in (*expected, str(touched.key))} != {**expected, str(touched.key): None}:
            yield f"the comparison found {found} instead of {expected}"
        if any(book.seen(step) for step in progress.steps if isinstance(step, TransactionStep)) if progress else True:
            yield "what the list showed was not forgotten at the end"
        if not bench.has_token():
            yield "the token was not stored"
    finally:
        for number in (missed, sent.key.number, touched.key.number):
            row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
            laptop.visma.control("DELETE", "documents", row)
        for one in (sent, touched):
            bench.plant(replace(one, state=State.SUPERSEDED), source=large.source, request=None)
        bench.forget_comparison()


def _put_back(bench: Bench, queue: str, event: dict[str, Any], answer: Any, bodies: list[str]) -> Iterator[str]:
    """What is wrong when other messages than these went back to the queue, or not with a delay of their own."""
    expected = [record["messageId"] for record in event["Records"] if record["body"] in bodies]
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]] if isinstance(answer, dict) else answer
    if failed != expected:
        yield f"of {len(event['Records'])} messages {failed} went back"
    for message_id in expected:
        if not bench.comes_soon(queue, message_id):
            yield "the message that went back was not given its delay"


def _is_in(bench: Bench, revision: Revision, state: State) -> Iterator[str]:
    found = bench.laptop.newest(str(revision.key))
    if found is None or found.state is not state:
        yield f"{revision.key} is {found and found.state} instead of {state}"


def _message(key: DocumentKey, **changes: Any) -> bytes:
    message = DocumentMessage(
        company=key.company, kind=Kind.PURCHASE_ORDER, number=key.number, modified_at=datetime.now(UTC), **changes
    )
    return msgspec.json.encode(message)


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
