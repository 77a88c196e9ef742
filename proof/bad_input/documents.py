"""Visma documents: each between two valid ones, through the poller, the queue and the translator."""

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
from proof.strategies.visma import ORIGINS, VismaCase, oversized_documents, sound, visma_cases
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline
from testkit.memory.stores import FixedRouting, MemoryPayloads, RecordingTelemetry
from testkit.samples.routing_data import routing_data

COMPANY = "nordic"
NEIGHBOURS = ("900001", "900009")
NUMBER = "900005"
"""The number of a document that the poller cannot have queued."""

ROUTING = routing_data(
    {
        "companies.nordic.go_live": "2026-01-01",
        "defaults.units": {"STK": "each", "KG": "kilogram", "KRT": "case"},
        "partners.acme.kinds": {"supplier_invoice": {"send_when": {"invoice": ["Open", "Closed", "Balanced"]}}},
    }
)
_DOCUMENTS, _DELIVERIES = "documents.fifo", "deliveries.fifo"
_DEFECT = "unexpected failure"
_MAX_CALLS = 6
MAX_REASON_LENGTH = 2_000
"""Most characters of a message for a person."""


class OneList:
    """The `Erp` port with one list of one page."""

    def __init__(self, clock: ManualClock, resource: Resource, body: bytes) -> None:
        """Return these bytes as the first page of `resource`."""
        self._clock, self._resource, self._body, self.calls = clock, resource, body, 0

    def __call__(self, company: Company, deadline: Deadline) -> OneList:  # noqa: ARG002
        """The factory of the port is the port."""
        return self

    def list_page(self, resource: Resource, *, since: str, page: int, page_size: int, branch: str | None) -> Page:  # noqa: ARG002
        """The page, or an empty one."""
        self.calls += 1
        body = self._body if resource is self._resource and page == 1 else b"[]"
        return page_of(
            Answer(service="Visma", status=200, headers={}, body=body, received_at=self._clock.now()), "a page"
        )


@dataclass(slots=True)
class Harness:
    """The connector between Visma's answer and the ledger."""

    ledger: Ledger
    payloads: Payloads
    sqs: StrictSqs
    clock: ManualClock
    telemetry: RecordingTelemetry
    routing: FixedRouting
    result: CaseResult

    def connector(self, **ports: Any) -> Connector:
        """The use cases with these ports."""
        own = {name: getattr(self, name) for name in ("ledger", "payloads", "clock", "telemetry", "routing")}
        return Connector(**own, **ports)

    def poll(self, case: VismaCase) -> bool:
        """Poll a page with the document between two valid ones; False when the page is no list."""
        first, last = (sound(case.resource, number) for number in NEIGHBOURS)
        page = b"[" + b",".join([first, case.body, last]) + b"]"
        erp = OneList(self.clock, case.resource, page)
        poller = self.connector(
            erps=erp,
            cursors=MeasuredCursors(self.result),
            outbox=SqsOutbox(documents_url=_DOCUMENTS, client=self.sqs),  # type: ignore[arg-type]
        ).poller()
        company = self.routing.load().companies[COMPANY]
        # A row that has just changed, or changes later, is queued after at most half an hour.
        for _ in range(2):
            (result,) = [one for one in poller.poll_all([company], StepDeadline()) if one.resource is case.resource]
            self.clock.forward(minutes=31)
            if result.problem is not None and not is_list(page):
                return False
            self.result.expect(result.problem is None, f"the poll failed: {result.problem}")
        self.result.expect(erp.calls <= 4 * _MAX_CALLS, f"{erp.calls} calls for a page of three")
        return True

    def queue(self, number: str, case: VismaCase, body: bytes) -> None:
        """Queue a document without the poller, as a replay does."""
        kind, now = ORIGINS[case.resource].kind, self.clock.now()
        message = DocumentMessage(company=COMPANY, kind=kind, number=number, modified_at=now)
        if _is_one(body):
            message = loaded(message, body, self.payloads, at=now)
        else:
            message = msgspec.structs.replace(message, document_at=self.payloads.put(f"documents/{number}", body))
        SqsOutbox(documents_url=_DOCUMENTS, client=self.sqs).documents([message])  # type: ignore[arg-type]

    def consume(self, event: dict[str, Any]) -> list[str]:
        """Consume a batch as the function does."""
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
        always=oversized_documents,
    )


def fed(case: VismaCase) -> CaseResult:
    """Process one document."""
    result = CaseResult()
    with _harness(case, result) as harness:
        is_list = harness.poll(case)
        events = harness.sqs.events(_DOCUMENTS)
        polled = [key_of(record["body"]) for event in events for record in event["Records"]]
        kind = ORIGINS[case.resource].kind
        neighbours = [key for key in polled if key.number.rpartition(":")[2] in NEIGHBOURS]
        result.expect(len(neighbours) == 2 or not is_list, f"polled only {polled}")
        if len(polled) == len(neighbours) or not is_list:
            # The poller did not queue it. A stored document may still be replayed.
            bodies = dict(zip(NEIGHBOURS, [sound(case.resource, number) for number in NEIGHBOURS], strict=True))
            bodies = {NEIGHBOURS[0]: bodies[NEIGHBOURS[0]], NUMBER: case.body, NEIGHBOURS[1]: bodies[NEIGHBOURS[1]]}
            for number, body in bodies.items():
                harness.queue(number, case, body)
            events = harness.sqs.events(_DOCUMENTS)
            neighbours = [DocumentKey(COMPANY, kind, number) for number in NEIGHBOURS]
        for event in events:
            failed = harness.consume(event)
            result.expect(not failed, f"{len(failed)} of {len(event['Records'])} messages went back to the queue")
        keys = {key_of(record["body"]) for event in events for record in event["Records"]}
        _check(harness, keys, neighbours)
        before = _outcomes(harness.ledger, keys)
        harness.clock.forward(minutes=5)
        for event in events:
            result.expect(not harness.consume(event), "the second time it went back to the queue")
        result.expect(_outcomes(harness.ledger, keys) == before, "the second time it ended in another way")
        logged_defects = [line for line in harness.telemetry.lines if line[1] == _DEFECT]
        result.expect(not logged_defects, f"a defect was logged: {logged_defects}")
    return result


def _check(harness: Harness, keys: set[DocumentKey], neighbours: Sequence[DocumentKey]) -> None:
    result = harness.result
    for key in keys:
        newest = next(iter(harness.ledger.revisions(key, limit=1)), None)
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
        result.expect(len(newest.reason or "") < MAX_REASON_LENGTH, "its reason is too long")
        if newest.state is State.TRANSLATED:
            request = harness.ledger.request_of(newest)
            result.expect(not list(floats_in(request)), "a binary float is in the request")


def key_of(body: str) -> DocumentKey:
    """The document of a queue message."""
    return msgspec.json.decode(body, type=DocumentMessage).key


def _outcomes(ledger: Ledger, keys: set[DocumentKey]) -> list[tuple[object, ...]]:
    found = [revision for key in keys for revision in ledger.revisions(key, limit=50)]
    return sorted(map(_outcome, found), key=repr)


def _outcome(revision: Revision) -> tuple[object, ...]:
    return (str(revision.key), revision.sequence, revision.revision_id, revision.state.value, revision.reason)


def _is_one(body: bytes) -> bool:
    """Whether a message can contain the body."""
    try:
        return len(msgspec.json.decode(b"[" + body + b"]", type=list[msgspec.Raw])) == 1
    except (ValueError, RecursionError):
        return False


@contextmanager
def _harness(case: VismaCase, result: CaseResult) -> Iterator[Harness]:
    clock = ManualClock()
    rest = (StrictSqs(), clock, RecordingTelemetry(), FixedRouting(ROUTING), result)
    if not case.on_aws:
        yield Harness(MeasuredLedger(result), MemoryPayloads(), *rest)
        return
    with fresh_table() as table:
        payloads = S3Payloads(BUCKET)
        yield Harness(DynamoLedger(table, payloads), payloads, *rest)
