"""The complete work of the outbound functions, with every permission of their roles.

An exercise yields the deviations from the work with the complete role.
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
from proof.deployed.permissions_driver import FunctionDriver, renumbered, with_number

BAD = '{"company": 7'
"""An invalid message, which the function returns to the queue."""

_LONG_AGO = timedelta(days=1)
_MANY_ROWS = 5_000


def poll(driver: FunctionDriver) -> Iterator[str]:
    """A small and a large document, a token to store, and a cursor with many rows."""
    laptop, environment = driver.laptop, driver.environment
    small, large = driver.number(), driver.number()
    laptop.put(environment.company_id, driver.small(small))
    laptop.put(environment.company_id, driver.large(large))
    driver.forget_token()
    try:
        driver.hold_visma()
        answer = driver.work("PollVismaFunction")
        if "asked for a pause" not in str(answer):
            yield f"a pause that Visma asked for was not kept; the poll answered {answer}"
        driver.throttle_visma()
        _remember_many(driver)
        answer = driver.work("PollVismaFunction")
        yield from driver.visma_throttled()
        if answer != {"queued": 2, "problems": []}:
            yield f"the poll answered {answer}"
        if not driver.has_token():
            yield "the token was not stored"
        # Unreadable rows count as lost: the poll continues and queues their documents again.
        cursor = laptop.cursors()[environment.company, Resource.PURCHASE_ORDERS.value]
        if cursor.waiting != _MANY_ROWS:
            yield f"of {_MANY_ROWS} rows that the cursor remembered {cursor.waiting} are left"
        groups = {group_name(DocumentKey.parse(environment.key(number))) for number in (small, large)}
        if not groups <= set(driver.emptied("DocumentsQueueUrl")):
            yield "the documents are not queued"
    finally:
        # The next poll must not find them again.
        for number in (small, large):
            row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
            laptop.visma.control("DELETE", "documents", row)
        driver.emptied("DocumentsQueueUrl")
        place = {"pk": {"S": environment.company}, "sk": {"S": "v1/purchaseorder"}}
        laptop.dynamodb.delete_item(TableName=laptop.outputs["CursorsTable"], Key=place)


def _remember_many(driver: FunctionDriver) -> None:
    """Store a cursor with too many rows for an item, so that the poll uses the bucket."""
    now, never = datetime.now(UTC), stamp_of("9999-01-01T00:00:00")
    cursors = DynamoCursors(
        driver.laptop.outputs["CursorsTable"], driver.laptop.dynamodb, payloads=driver.laptop.payloads
    )
    waiting = {row_id(str(row)): Waiting(never, now, now) for row in range(_MANY_ROWS)}
    lease = cursors.acquire(driver.environment.company, Resource.PURCHASE_ORDERS, now=now, lease=timedelta(seconds=1))
    cursors.save(lease, Cursor(watermark=now, caught_up_at=now, begun_at=now, waiting=waiting), release=True)


def translate(driver: FunctionDriver) -> Iterator[str]:
    """A document in its message, two from the bucket, one of them a stored source, and an invalid message."""
    laptop, environment = driver.laptop, driver.environment
    small, large, again = (DocumentKey.parse(environment.key(driver.number())) for _ in range(3))
    kept = laptop.payloads.put(f"sources/{again.stored}/permissions", _text(driver.small(again.number)))
    moved = laptop.payloads.put(f"documents/{large.stored}/permissions", _text(driver.large(large.number)))
    bodies: dict[str, bytes | str] = {
        small.stored: _message(small, document=msgspec.Raw(_text(driver.small(small.number)))),
        large.stored: _message(large, document_at=moved),
        again.stored: _message(again, document_at=kept, cause="release"),
        "bad": BAD,
    }
    event = driver.event("DocumentsQueueUrl", bodies)
    try:
        answer = driver.work("TranslateDocumentFunction", event)
        yield from _put_back(driver, "DocumentsQueueUrl", event, answer, [BAD])
        for key in (small, large, again):
            revision = laptop.newest(str(key))
            if revision is None or revision.state is not State.TRANSLATED:
                yield f"{key} ended {revision and revision.state} ({revision and revision.reason})"
        stored = laptop.newest(str(large))
        if stored is None or not stored.source_at or not stored.request_at:
            yield f"the bodies of {large} are not in the bucket"
        if sorted(driver.emptied("DeliveriesQueueUrl")) != sorted(key.stored for key in (small, large, again)):
            yield "the deliveries are not queued"
    finally:
        driver.done("DocumentsQueueUrl", event)
        driver.emptied("DeliveriesQueueUrl")
    # After the deletion: SQS delivers no message of a group while another one is in flight.
    yield from _compare(driver, (small, large))


def _compare(driver: FunctionDriver, sent: tuple[DocumentKey, DocumentKey]) -> Iterator[str]:
    """A small and a large order change without effect for the partner: each is compared with its sent request."""
    laptop = driver.laptop
    bodies: dict[str, bytes | str] = {}
    for key, document in zip(sent, (driver.small(sent[0].number), driver.large(sent[1].number)), strict=True):
        revision = laptop.newest(str(key))
        if revision is None or revision.state is not State.TRANSLATED:
            continue
        # The stored document differs; only the request is equal.
        source = _text({**document, "lines": document["lines"][:1]})
        driver.plant(replace(revision, state=State.SENT), source=source, request=laptop.ledger.request_of(revision))
        touched = _text({**document, "location": {"id": 99, "name": "Elsewhere"}})
        place = laptop.payloads.put(f"documents/{key.stored}/touched", touched)
        bodies[key.stored] = _message(key, document_at=place)
    event = driver.event("DocumentsQueueUrl", bodies)
    try:
        answer = driver.work("TranslateDocumentFunction", event)
        yield from _put_back(driver, "DocumentsQueueUrl", event, answer, [])
        for key in sent:
            revision = laptop.newest(str(key))
            if revision is None or revision.state is not State.SKIPPED:
                yield f"{key} ended {revision and revision.state} although the partner sees nothing new"
    finally:
        driver.done("DocumentsQueueUrl", event)


@dataclass(frozen=True, slots=True)
class Translated:
    """A revision of the translator, as a template for others.

    Attributes:
        revision: Its record.
        source: The Visma document.
        request: The body to send.
    """

    revision: Revision
    source: bytes
    request: dict[str, Any]

    def planted(self, driver: FunctionDriver, **changes: Any) -> Revision:
        """Write a copy for another document into the ledger."""
        number, old = driver.number(), self.revision.key.number
        key = DocumentKey.parse(driver.environment.key(number))
        source = json.dumps(with_number(json.loads(self.source), old, number)).encode()
        request = with_number(self.request, old, number)
        return driver.plant(renumbered(self.revision, key, **changes), source=source, request=request)


def translated(driver: FunctionDriver, document: dict[str, Any]) -> Translated:
    """Let the deployed function translate a document."""
    key = DocumentKey.parse(driver.environment.key(document["orderNbr"]))
    place = driver.laptop.payloads.put(f"documents/{key.stored}/permissions", _text(document))
    event = driver.event("DocumentsQueueUrl", {key.stored: _message(key, document_at=place)})
    answer = driver.work("TranslateDocumentFunction", event)
    driver.done("DocumentsQueueUrl", event)
    driver.emptied("DeliveriesQueueUrl")
    revision = driver.laptop.newest(str(key))
    if revision is None:
        raise LookupError(f"{key} was not translated, so nothing can be made from it: {answer}.")
    ledger = driver.laptop.ledger
    return Translated(revision, ledger.source_of(revision), ledger.request_of(revision))


def deliver(driver: FunctionDriver, small: Translated, large: Translated) -> Iterator[str]:
    """A small and a large request, and one with a lost answer that is then looked up."""
    laptop = driver.laptop
    lost, others = small.planted(driver), [small.planted(driver), large.planted(driver)]
    bodies = {one.key.stored: msgspec.json.encode(DeliveryMessage.of(one)) for one in (lost, *others)}
    laptop.orderful.control("POST", "faults", {"fault": "lost_response", "match": {"method": "POST"}})
    event = driver.event("DeliveriesQueueUrl", bodies)
    try:
        answer = driver.work("DeliverTransactionFunction", event)
        yield from _put_back(driver, "DeliveriesQueueUrl", event, answer, [bodies[lost.key.stored].decode()])
        for one in others:
            yield from _is_in(driver, one, State.SENT)
        yield from _is_in(driver, lost, State.UNCONFIRMED)
        again = {"Records": [each for each in event["Records"] if each["body"] == bodies[lost.key.stored].decode()]}
        answer = driver.work("DeliverTransactionFunction", again)
        if answer != {"batchItemFailures": []}:
            yield f"the look-up answered {answer}"
        yield from _is_in(driver, lost, State.SENT)
    finally:
        laptop.orderful.control("DELETE", "faults")
        driver.done("DeliveriesQueueUrl", event)
        breaker = {"pk": {"S": "breaker#orderful"}, "sk": {"S": "breaker"}}
        laptop.dynamodb.delete_item(TableName=laptop.outputs["DocumentsTable"], Key=breaker)


def track(driver: FunctionDriver, small: Translated) -> Iterator[str]:
    """A status update of one transaction, a rejection of another, and a stuck revision."""
    laptop = driver.laptop
    before = datetime.now(UTC) - _LONG_AGO
    taken, refused = small.planted(driver), small.planted(driver)
    bodies = {one.key.stored: msgspec.json.encode(DeliveryMessage.of(one)) for one in (taken, refused)}
    event = driver.event("DeliveriesQueueUrl", bodies)
    delivered = driver.work("DeliverTransactionFunction", event)
    driver.done("DeliveriesQueueUrl", event)
    for transaction in laptop.transactions(refused.key.number):
        laptop.orderful.control("POST", f"transactions/{transaction['id']}/advance", {"acknowledgment": "REJECTED"})
    stuck = small.planted(driver, updated_at=before, created_at=before)
    driver.throttle()
    try:
        answer = driver.work("TrackTransactionsFunction")
        yield from driver.throttled()
        for one, state in ((taken, State.ACKNOWLEDGED), (refused, State.REJECTED)):
            for sentence in _is_in(driver, one, state):
                yield f"{sentence} ({answer}; it was sent with {delivered})"
        if stuck.key.stored not in driver.emptied("DeliveriesQueueUrl"):
            yield f"{stuck.key} was not queued again"
        touched = laptop.newest(str(stuck.key))
        if touched is None or touched.updated_at == stuck.updated_at:
            yield f"{stuck.key}: that it was queued again is not noted"
    finally:
        # The next run does not track them.
        for one in (taken, refused, stuck):
            driver.plant(replace(one, state=State.SUPERSEDED), source=small.source, request=None)
        driver.emptied("DeliveriesQueueUrl")


def reconcile(driver: FunctionDriver, large: Translated) -> Iterator[str]:
    """A missed order; a large order that differs at Orderful; a token to store; a change that the list shows late.

    And a large order with a change that the partner does not see, and another stored request.
    """
    laptop, environment = driver.laptop, driver.environment
    missed, sent = driver.number(), large.planted(driver)
    event = driver.event("DeliveriesQueueUrl", {sent.key.stored: msgspec.json.encode(DeliveryMessage.of(sent))})
    driver.work("DeliverTransactionFunction", event)
    driver.done("DeliveriesQueueUrl", event)
    driver.edit_at_orderful(sent.key.number)
    touched = Translated(large.revision, large.source, {**large.request, "message": {}}).planted(
        driver, state=State.SENT
    )
    for document in (
        driver.small(missed),
        driver.large(sent.key.number),
        {**driver.large(touched.key.number), "location": {"id": 99, "name": "Elsewhere"}},
    ):
        laptop.put(environment.company_id, document)
    driver.forget_token()
    book = DynamoFindingBook(laptop.outputs["CursorsTable"], laptop.dynamodb)
    book.keep_beginnings({environment.company: datetime.now(UTC) - _LONG_AGO})
    at = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    late = environment.asks(missed, 25, channels=[], created_at=at)
    try:
        driver.throttle()
        answer = driver.work("ReconcileFunction")
        yield from driver.throttled()
        if answer != {"ended": True, "problem": None}:
            yield f"the comparison answered {answer}"
        progress = book.progress()
        if progress is None or progress.problems:
            yield f"the comparison could not read {progress and progress.problems}"
        found = {(one.document, one.category) for one in book.findings()}
        expected = {(environment.key(missed), Category.MISSING), (str(sent.key), Category.DIFFERENT)}
        if not expected <= found or str(touched.key) in dict(found):
            yield f"the comparison found {found} instead of {expected}"
        if (
            any(book.seen(step.name) for step in progress.steps if isinstance(step, TransactionStep))
            if progress
            else True
        ):
            yield "what the list showed was not forgotten at the end"
        if not driver.has_token():
            yield "the token was not stored"
        if f"hint#{late['id']}" not in driver.emptied("HintsQueueUrl"):
            yield "what nobody recorded is not queued to be looked up"
    finally:
        driver.emptied("HintsQueueUrl")
        for number in (missed, sent.key.number, touched.key.number):
            row = {"kind": "purchaseorder", "number": number, "company": environment.company_id}
            laptop.visma.control("DELETE", "documents", row)
        for one in (sent, touched):
            driver.plant(replace(one, state=State.SUPERSEDED), source=large.source, request=None)
        driver.forget_comparison()


def _put_back(
    driver: FunctionDriver, queue: str, event: dict[str, Any], answer: Any, bodies: list[str]
) -> Iterator[str]:
    """Deviations when other messages than these returned to the queue, or without a delay."""
    expected = [record["messageId"] for record in event["Records"] if record["body"] in bodies]
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]] if isinstance(answer, dict) else answer
    if failed != expected:
        yield f"of {len(event['Records'])} messages {failed} went back"
    for message_id in expected:
        if not driver.comes_soon(queue, message_id):
            yield "the message that went back was not given its delay"


def _is_in(driver: FunctionDriver, revision: Revision, state: State) -> Iterator[str]:
    found = driver.laptop.newest(str(revision.key))
    if found is None or found.state is not state:
        yield f"{revision.key} is {found and found.state} instead of {state}"


def _message(key: DocumentKey, **changes: Any) -> bytes:
    message = DocumentMessage(
        company=key.company, kind=Kind.PURCHASE_ORDER, number=key.number, modified_at=datetime.now(UTC), **changes
    )
    return msgspec.json.encode(message)


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
