"""Routing files: the check finds every error, and a file without errors raises nothing but `Parked`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from connector.cli.files import read_routing
from connector.cli.output import WrongInput
from connector.domain.documents import Kind, VismaDocument
from connector.domain.errors import Parked
from connector.domain.order_change.decide import decide
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.routing.policy import hold_reason
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.order_change.read import read_change
from connector.edi.translate import translate
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.read import decode, read_document
from connector.routing_file import Checked, check
from connector.services.ports import Resource
from proof.bad_input.documents import OneList
from proof.bad_input.stores import MeasuredCursors
from proof.bad_input.trial import CaseResult, Target, floats_in, place_of
from proof.strategies.changes import mosaic, x12
from proof.strategies.routing import RoutingCase, routing_cases
from proof.strategies.visma import ORIGINS, sound
from testkit.memory.connector import Connector
from testkit.memory.effects import ManualClock, StepDeadline

_MAX_SENTENCE_LENGTH = 1_000


def target() -> Target[RoutingCase]:
    """The target."""
    return Target("A routing file of any shape is checked; one that passes causes no error", routing_cases(), fed)


def fed(case: RoutingCase) -> CaseResult:
    """Check a file twice, and use it if it passes."""
    result = CaseResult("not YAML")
    try:
        checked, again = _checked(case), _checked(case)
    except WrongInput as refused:
        result.expect(0 < len(str(refused)) <= _MAX_SENTENCE_LENGTH, "its refusal is too long")
        return result
    result.expect(checked == again or "nan" in repr(checked), "the second check has another result")
    result.end = "malformed" if checked.malformed else "refused" if checked.errors else "passed"
    result.expect(checked.errors or not checked.malformed, "it is malformed without an error")
    for problem in checked.problems:
        result.expect(str(problem).endswith((".", "?")), f"this is no sentence: {str(problem)[:200]}")
    if checked.data is not None and not checked.errors:
        _use(result, checked.data)
    return result


def _checked(case: RoutingCase) -> Checked:
    if case.text is None:
        return check(case.data)
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        Path(file.name).write_bytes(case.text)
        return read_routing(file.name)


def _use(result: CaseResult, data: Any) -> None:
    """Poll, send and receive with a routing."""
    result.expect(not list(floats_in(data)), "a binary float is in the stored routing")
    routing = Routing.from_data(json.loads(json.dumps(data)))
    for work in (_poll, _send, _take_in):
        try:
            for problem in work(routing):
                result.problems.append(problem)
        except Parked:
            result.problems.append(f"{work.__name__[1:]} parked where nothing can be parked")
        except Exception as error:  # noqa: BLE001 - reported as a problem
            result.problems.append(
                f"{work.__name__[1:]}: {type(error).__name__} at {place_of(error)}: {str(error)[:200]}"
            )


def _poll(routing: Routing) -> Iterator[str]:
    for resource in Resource:
        clock, result = ManualClock(), CaseResult()
        erps = OneList(clock, resource, b"[" + sound(resource, "900001") + b"]")
        poller = Connector(clock=clock, erps=erps, cursors=MeasuredCursors(result)).poller()
        for _ in range(2):
            # A list of which every row is older than the window, or of another branch, is refused or passed over.
            poller.poll_all(routing.companies.values(), StepDeadline())
            clock.forward(minutes=31)
        yield from result.problems


def _send(routing: Routing) -> Iterator[str]:
    for company, _, role, number in routing.numbers():
        for resource, origin in ORIGINS.items():
            if origin.kind.facts.counterparty != role:
                continue
            document = _document(resource)
            route = routing.route(company, origin.kind, number)
            hold_reason(document, route)
            for stream, purpose in product(Stream, Purpose):
                try:
                    translation = translate(document.content, route, stream=stream, purpose=purpose)
                except Parked as parked:
                    if not parked.sentence.endswith("."):
                        yield f"this is no sentence: {parked.sentence[:200]}"
                    continue
                if list(floats_in(translation.request.body)):
                    yield "a binary float is in a request"


def _take_in(routing: Routing) -> Iterator[str]:
    for company, _, role, number in routing.numbers():
        if role != "supplier":
            continue
        route, ours = routing.route(company, Kind.PURCHASE_ORDER, number), _standing()
        for stream in Stream:
            sender = route.partner_isa_id.on(stream)
            receiver = routing.companies[company].isa_id.on(stream)
            if (company, route.partner) not in routing.senders(sender, stream):
                yield "a partner is not found by its own ISA id"
            if not routing.supplies(route.partner) or company not in routing.receivers(receiver, sender, stream):
                yield "a company is not found by its own ISA id"
        for message in (mosaic("500123", 900), x12("500123", 700)):
            decision = decide(
                read_change(message, codes=route.changes.codes, price_bases=route.changes.price_bases),
                base=ours.content,
                ours=ours,
                route=route,
            )
            if any(isinstance(line.quantity, float) for line in decision.edits.lines):
                yield "a binary float is in an edit"


@cache
def _document(resource: Resource) -> VismaDocument:
    return read_document(decode(sound(resource, "900001")), company="nordic", kind=ORIGINS[resource].kind)


@cache
def _standing() -> OrderSnapshot:
    return read_order_snapshot(sound(Resource.PURCHASE_ORDERS, "500123"), company="nordic", etag='"1"')
