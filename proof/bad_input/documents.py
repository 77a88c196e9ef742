"""Visma documents: each between two sound ones, through the poller, the queue and the translator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.aws.queues import BatchedDeliveries, SqsOutbox, SqsPostponer, received
from connector.adapters.http import Answer
from connector.adapters.visma.pages import page_of
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import Revision, State
from connector.domain.routing.route import Company
from connector.services.claim_check import loaded
from connector.services.consume import consume
from connector.services.messages import DocumentMessage
from connector.services.ports import Deadline, Ledger, Page, Payloads, Resource
from proof.bad_input.queue import StrictSqs
from proof.bad_input.stores import BUCKET, MeasuredCursors, MeasuredLedger, fresh_table
from proof.bad_input.trial import CaseResult, Target, floats_in
from proof.bad_input.watch import is_list, watched
from proof.strategies.visma import ORIGINS, VismaCase, sound, visma_books, visma_cases
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.stores import FixedRouting, MemoryPayloads, RecordingTelemetry
from testkit.samples.routing_data import routing_data

COMPANY = "nordic"
NEIGHBOURS = ("900001", "900009")
NUMBER = "900005"
"""Under which a document is queued that the poller cannot have queued."""

ROUTING = routing_data(
    {
        "companies.nordic.go_live": "2026-01-01",
        "defaults.units": {"STK": "each", "KG": "kilogram", "KRT": "case"},
        "partners.acme.kinds": {"supplier_invoice": {"send_when": {"invoice": ["Open", "Closed", "Balanced"]}}},
    }
)
_DOCUMENTS, _DELIVERIES = "documents.fifo", "deliveries.fifo"
_LOUD = "unexpected failure"
_MOST_CALLS = 6
LONGEST_REASON = 2_000
"""Characters within which a sentence for a person stays."""


class OneList:
    """The `Erp` port: one list that shows the same page whenever it is asked for."""

    def __init__(self, clock: ManualClock, resource: Resource, body: bytes) -> None:
        """Show these bytes as the first page of `resource`."""
        self._clock, self._resource, self._body, self.calls = clock, resource, body, 0

    def __call__(self, company: Company, deadline: Deadline) -> OneList:  # noqa: ARG002
        """The factory is the list itself."""
        return self

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:  # noqa: ARG002
        """The page, or an empty one."""
        self.calls += 1
        body = self._body if resource is self._resource and page == 1 else b"[]"
        return page_of(
            Answer(service="Visma", status=200, headers={}, body=body, received_at=self._clock.now()), "a page"
        )


@dataclass(slots=True)
class World:
    """Everything between Visma's answer and the ledger."""

    ledger: Ledger
    payloads: Payloads
    sqs: StrictSqs
    clock: ManualClock
    telemetry: RecordingTelemetry
    routing: FixedRouting
    result: CaseResult

    def connector(self, **ports: Any) -> Connector:
        """The use cases between all this."""
        own = {name: getattr(self, name) for name in ("ledger", "payloads", "clock", "telemetry", "routing")}
        return Connector(**own, **ports)

    def poll(self, case: VismaCase) -> bool:
        """Let the poller read a page with the document between its neighbours; False when it is no list at all."""
        first, last = (sound(case.resource, number) for number in NEIGHBOURS)
        page = b"[" + b",".join([first, case.body, last]) + b"]"
        erp = OneList(self.clock, case.resource, page)
        poller = self.connector(
            erps=erp,
            cursors=MeasuredCursors(self.result),
            outbox=SqsOutbox(documents_url=_DOCUMENTS, client=self.sqs),  # type: ignore[arg-type]
        ).poller()
        company = self.routing.load().companies[COMPANY]
        # What seems to have changed just now, or later, rests first: at most half an hour.
        for _ in range(2):
            (result,) = [one for one in poller.poll_all([company], StepDeadline()) if one.resource is case.resource]
            self.clock.forward(minutes=31)
            if result.problem is not None and not is_list(page):
                return False
            self.result.expect(result.problem is None, f"the poll failed: {result.problem}")
        self.result.expect(erp.calls <= 4 * _MOST_CALLS, f"{erp.calls} calls for a page of three")
        return True

    def queue(self, number: str, case: VismaCase, body: bytes) -> None:
        """Queue a document past the poller, as a replay would."""
        kind, now = ORIGINS[case.resource].kind, self.clock.now()
        message = DocumentMessage(company=COMPANY, kind=kind, number=number, modified_at=now)
        if _is_one(body):
            message = loaded(message, body, self.payloads, at=now)
        else:
            message = msgspec.structs.replace(message, document_at=self.payloads.put(f"documents/{number}", body))
        SqsOutbox(documents_url=_DOCUMENTS, client=self.sqs).documents([message])  # type: ignore[arg-type]

    def consume(self, event: dict[str, Any]) -> list[str]:
        """Work through a batch as the function does."""
        deliveries = BatchedDeliveries(SqsOutbox(deliveries_url=_DELIVERIES, client=self.sqs))  # type: ignore[arg-type]
        translator = self.connector(outbox=deliveries).translator()
        decode = msgspec.json.Decoder(DocumentMessage).decode
        return consume(
            received(event),
            watched(lambda body: translator.handle(decode(body)), self.result),
            queue=SqsPostponer(_DOCUMENTS, client=self.sqs),  # type: ignore[arg-type]
            telemetry=self.telemetry,
            deadline=StepDeadline(),
            finish=deliveries.flush,
        )


def target() -> Target[VismaCase]:
    """The target."""
    return Target(
        "A Visma document of any shape ends in the ledger; its neighbours leave",
        visma_cases(),
        fed,
        always=visma_books,
    )


def fed(case: VismaCase) -> CaseResult:
    """Feed one document in."""
    result = CaseResult()
    with _world(case, result) as world:
        is_list = world.poll(case)
        events = world.sqs.events(_DOCUMENTS)
        polled = [key_of(record["body"]) for event in events for record in event["Records"]]
        kind = ORIGINS[case.resource].kind
        neighbours = [key for key in polled if key.number.rpartition(":")[2] in NEIGHBOURS]
        result.expect(len(neighbours) == 2 or not is_list, f"polled only {polled}")
        if len(polled) == len(neighbours) or not is_list:
            # Not taken from the list: told as damaged, or no list at all. It still may be stored somewhere.
            bodies = dict(zip(NEIGHBOURS, [sound(case.resource, number) for number in NEIGHBOURS], strict=True))
            bodies = {NEIGHBOURS[0]: bodies[NEIGHBOURS[0]], NUMBER: case.body, NEIGHBOURS[1]: bodies[NEIGHBOURS[1]]}
            for number, body in bodies.items():
                world.queue(number, case, body)
            events = world.sqs.events(_DOCUMENTS)
            neighbours = [DocumentKey(COMPANY, kind, number) for number in NEIGHBOURS]
        for event in events:
            failed = world.consume(event)
            result.expect(not failed, f"{len(failed)} of {len(event['Records'])} messages went back to the queue")
        keys = {key_of(record["body"]) for event in events for record in event["Records"]}
        _judge(world, keys, neighbours)
        before = _outcomes(world.ledger, keys)
        world.clock.forward(minutes=5)
        for event in events:
            result.expect(not world.consume(event), "the second time it went back to the queue")
        result.expect(_outcomes(world.ledger, keys) == before, "the second time it ended in another way")
        told_loudly = [line for line in world.telemetry.lines if line[1] == _LOUD]
        result.expect(not told_loudly, f"a defect was logged: {told_loudly}")
    return result


def _judge(world: World, keys: set[DocumentKey], neighbours: Sequence[DocumentKey]) -> None:
    result = world.result
    for key in keys:
        newest = next(iter(world.ledger.revisions(key, limit=1)), None)
        if newest is None:
            result.problems.append("it left no trace in the ledger")
            continue
        if key in neighbours:
            result.expect(newest.state is State.TRANSLATED, f"its neighbour {key.number} is {newest.state}")
            continue
        result.end = newest.state.value.lower()
        known = newest.state in {State.TRANSLATED, State.PARKED, State.SKIPPED, State.BASELINE}
        result.expect(known, f"it ended {newest.state}")
        result.expect(newest.reason or newest.state is State.TRANSLATED, "it ended without a reason")
        result.expect(len(newest.reason or "") < LONGEST_REASON, "its reason is as long as a book")
        if newest.state is State.TRANSLATED:
            request = world.ledger.request_of(newest)
            result.expect(not list(floats_in(request)), "a binary float is in the request")


def key_of(body: str) -> DocumentKey:
    """The document that a message of the queue is about."""
    return msgspec.json.decode(body, type=DocumentMessage).key


def _outcomes(ledger: Ledger, keys: set[DocumentKey]) -> list[tuple[object, ...]]:
    found = [revision for key in keys for revision in ledger.revisions(key, limit=50)]
    return sorted(map(_outcome, found), key=repr)


def _outcome(revision: Revision) -> tuple[object, ...]:
    return (str(revision.key), revision.sequence, revision.revision_id, revision.state.value, revision.reason)


def _is_one(body: bytes) -> bool:
    """Whether a message can carry it as it is."""
    try:
        return len(msgspec.json.decode(b"[" + body + b"]", type=list[msgspec.Raw])) == 1
    except (ValueError, RecursionError):
        return False


@contextmanager
def _world(case: VismaCase, result: CaseResult) -> Iterator[World]:
    clock = ManualClock()
    rest = (StrictSqs(), clock, RecordingTelemetry(), FixedRouting(ROUTING), result)
    if not case.on_aws:
        yield World(MeasuredLedger(result), MemoryPayloads(), *rest)
        return
    with fresh_table() as table:
        payloads = S3Payloads(BUCKET)
        yield World(DynamoLedger(table, payloads), payloads, *rest)
