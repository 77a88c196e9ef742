"""What grows with what: a document with its lines, routing with its partners, a process with its documents.

A document of 2,000 lines may cost 400 times one of five and a little more. Among 20,000 partners a route is found as
among 20. The documents that a process has translated leave nothing behind.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

from bench.table import Row, microseconds, show
from bench.workload import Sample, Workload
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import read_typed

_LINES = (5, 50, 500, 2_000)
_PARTNERS = (20, 20_000)
_MANY = 100_000
_DISTINCT = 500
_SLACK = 2
_MAX_LEFT = 1_000


def measure() -> Iterator[Row]:
    """Lines, partners, documents."""
    yield _lines()
    yield from _partners()
    yield _documents()


def _translated(sample: Sample) -> None:
    document = read_typed(sample.raw, company=sample.company, kind=sample.kind)
    assert document is not None
    translate(document.content, sample.route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def _all(samples: Sequence[Sample]) -> None:
    for one in samples:
        _translated(one)


def _of_length(lines: int) -> Workload:
    return Workload(seed=5, length=lambda _: lines)


def _lines() -> Row:
    samples = [_of_length(lines).documents(8) for lines in _LINES]
    times = microseconds(*(partial(_all, some) for some in samples), calls=1, rounds=7)
    per_line = [each / len(some) / lines for each, some, lines in zip(times, samples, _LINES, strict=True)]
    return Row(
        "translation, a line of a document of so many lines",
        ", ".join(f"{lines:,}: {each:.0f} us" for lines, each in zip(_LINES, per_line, strict=True)),
        f"{_SLACK} times that of {_LINES[1]}",
        per_line[-1] <= _SLACK * per_line[1],
    )


def _partners() -> Iterator[Row]:
    resolving = []
    for partners in _PARTNERS:
        workload = Workload(partners=partners, seed=7)
        text, first = json.dumps(workload.routing_data), workload.documents(1)[0]

        def load(text: str = text, first: Sample = first) -> Routing:
            routing = Routing.from_data(json.loads(text), version="v")
            routing.route(first.company, first.kind, first.counterparty)
            return routing

        (loading,) = microseconds(load, calls=1, rounds=3)
        routing, wanted = load(), (first.company, first.kind, first.route.partner)
        (one,) = microseconds(partial(routing.route_to, *wanted), rounds=50)
        resolving.append(one)
        yield Row(
            f"routing of {partners:,} partners ({len(text) / 1e6:.1f} MB), loaded once a process and version",
            f"{loading / 1e3:.1f} ms; then {one:.0f} us for the first document of a partner",
        )
    few, many = resolving
    yield Row(
        f"a route among {_PARTNERS[1]:,} partners against {_PARTNERS[0]}",
        f"ratio {many / few:.2f}",
        f"ratio {_SLACK}",
        many <= _SLACK * few,
    )


def _documents() -> Row:
    """Blocks that are allocated after few and after many documents: caches of routes and words are full by then."""
    samples = Workload(seed=9, length=lambda draw: draw.randrange(1, 4)).documents(_DISTINCT)
    _all(samples)
    seconds, blocks = [], []
    for rounds in (2, _MANY // _DISTINCT):
        started = time.process_time()
        for _ in range(rounds):
            _all(samples)
        seconds.append((time.process_time() - started) / rounds / len(samples))
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    left = blocks[1] - blocks[0]
    return Row(
        f"a process after {_MANY:,} documents against one after {len(samples) * 3:,}",
        f"{left:+,} blocks of memory, ratio of time {seconds[1] / seconds[0]:.2f}",
        f"{_MAX_LEFT:,} blocks",
        left <= _MAX_LEFT,
    )


if __name__ == "__main__":
    show(measure())
