"""The functions of a document's way, invoked as Lambda does; as a program, what their CPU time is beside bare calls.

It stands apart from `bench/way.py` because the process that is measured must not have loaded what imitates AWS.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.tape import AwsCall, Bare, HttpCall, Player, Recorded
from bench.workload import Sample, Workload
from connector.adapters.clock import SystemClock
from connector.domain.documents import Kind
from connector.services.messages import DeliveryMessage, DocumentMessage

BATCH = 10
"""Messages of one invocation, as in template.yaml."""

WARM_UP = "warm-up"
TRACK_RUNS = 3
"""Each sees another status: valid, delivered, acknowledged."""

_BETWEEN_RUNS = timedelta(minutes=5)


@dataclass
class Clock:
    """The time of functions and sandbox, moved by whoever runs them."""

    at: datetime

    def now(self) -> datetime:
        """The time that was set."""
        return self.at


class Context:
    """What Lambda hands to a function; there is always time left."""

    aws_request_id = "run-1"

    def get_remaining_time_in_millis(self) -> int:
        """A minute."""
        return 60_000


class Invocation(NamedTuple):
    """One invocation of a function of the way.

    Attributes:
        hop: Its part of the way.
    """

    hop: str
    run: partial[None]


def invocations(documents: int, clock: Clock, start: datetime) -> Sequence[Invocation]:
    """The way of the first documents of a workload, from their messages to the acknowledgment.

    The translator has resolved the routes before, as one has that runs for a while.
    """
    from connector.bootstrap.deliver_transaction import deliver_transaction
    from connector.bootstrap.track_transactions import track_transactions
    from connector.bootstrap.translate_document import translate_document

    def warm_up(samples: Sequence[Sample], at: datetime) -> None:
        clock.at = at
        routing = translate_document()._translator.routing.load()
        for one in samples:
            routing.route(one.company, one.kind, one.counterparty)

    def translate(event: Mapping[str, Any], at: datetime) -> None:
        clock.at = at
        _no_failures(translate_document()(event, Context()))

    def deliver(event: Mapping[str, Any], at: datetime) -> None:
        clock.at = at
        _no_failures(deliver_transaction()(event, Context()))

    def track(at: datetime) -> None:
        clock.at = at
        answer = track_transactions()({}, Context())
        assert "problem" not in answer, answer

    workload = Workload()
    samples = workload.documents(documents)
    batches = [samples[first : first + BATCH] for first in range(0, documents, BATCH)]
    times = (start + timedelta(seconds=each) for each in count())
    changed = [_event(map(partial(_document, at=start), batch)) for batch in batches]
    translated = [_event(map(_delivery, batch)) for batch in batches]
    way = [Invocation(WARM_UP, partial(warm_up, samples, next(times)))]
    way += [Invocation("translate", partial(translate, event, next(times))) for event in changed]
    way += [Invocation("deliver", partial(deliver, event, next(times))) for event in translated]
    sent = next(times)
    runs = [sent + _BETWEEN_RUNS * each for each in range(1, TRACK_RUNS + 1)]
    return [*way, *(Invocation("track", partial(track, at)) for at in runs)]


def _no_failures(answer: Mapping[str, Any]) -> None:
    assert answer == {"batchItemFailures": []}, answer


def _event(messages: Iterable[msgspec.Struct]) -> dict[str, Any]:
    records = [
        {
            "messageId": f"m-{place}",
            "receiptHandle": f"r-{place}",
            "body": msgspec.json.encode(message).decode(),
            "attributes": {"MessageGroupId": f"g-{place}", "ApproximateReceiveCount": "1"},
        }
        for place, message in enumerate(messages)
    ]
    return {"Records": records}


def _document(sample: Sample, *, at: datetime) -> DocumentMessage:
    return DocumentMessage(
        company=sample.company,
        kind=sample.kind,
        number=sample.number,
        modified_at=at,
        seen_at=at,
        listed_since=at - timedelta(days=365),
        document=msgspec.Raw(sample.raw),
    )


def _delivery(sample: Sample) -> DeliveryMessage:
    return DeliveryMessage(company=sample.company, kind=Kind(sample.kind), number=sample.number, sequence=1)


def forget_translator() -> None:
    """Wire it anew at its next invocation."""
    from connector.bootstrap import translate_document

    translate_document.translate_document.cache_clear()


def forget_others() -> None:
    """Wire deliverer and tracker anew: each reads its secret and the age of the table again."""
    from connector.bootstrap import deliver_transaction, track_transactions

    deliver_transaction.deliver_transaction.cache_clear()
    track_transactions.track_transactions.cache_clear()


class Tape(msgspec.Struct, frozen=True):
    """What was recorded of the way of some documents.

    Attributes:
        documents: How many; they are the first of a workload.
        variables: The environment of the functions; the address of Orderful is that of the player.
        start: When the way begins.
        recorded: All calls.
        ends: The place behind the last call of each invocation.
    """

    documents: int
    variables: dict[str, str]
    start: datetime
    recorded: list[Recorded]
    ends: list[int]

    def begin(self, invocation: int) -> int:
        """The place of the first call of an invocation."""
        return self.ends[invocation - 1] if invocation else 0

    def calls_of(self, invocation: int) -> Sequence[AwsCall | HttpCall]:
        """The calls of an invocation."""
        return [one.call for one in self.recorded[self.begin(invocation) : self.ends[invocation]]]


class Seconds(msgspec.Struct, frozen=True):
    """CPU time of one invocation: the least of all rounds, since what else the machine does only makes it slower.

    Attributes:
        ours: Of the function.
        bare: Of its calls, with the configuration of the connector's clients.
        plain: Of its calls, with AWS clients as boto3 makes them.
    """

    hop: str
    ours: float
    bare: float
    plain: float


def measure(tape: Tape, rounds: int) -> list[Seconds]:
    """Let the functions and the bare calls take turns, invocation by invocation; the first round only warms up.

    Raises:
        RuntimeError: the functions did not make the recorded calls.
    """
    player = Player(tape.recorded)
    os.environ |= {**tape.variables, "AWS_ENDPOINT_URL": player.url, "ORDERFUL_BASE_URL": player.url}
    clock = Clock(tape.start)
    SystemClock.now = lambda self: clock.now()  # type: ignore[method-assign]  # noqa: ARG005
    floors = Bare(player.url), Bare(player.url, as_boto3_comes=True)
    way = invocations(tape.documents, clock, tape.start)
    # What the bench holds is nothing that a function would have to collect.
    gc.collect()
    gc.freeze()
    found: list[list[tuple[float, ...]]] = [[] for _ in way]
    measured = [(place, one) for place, one in enumerate(way) if one.hop != WARM_UP]
    try:
        _timed(player, tape, 0, way[0].run)
        for one_round in range(rounds + 1):
            forget_others()
            for place, invocation in measured:
                calls = tape.calls_of(place)
                work: tuple[Callable[[], object], ...] = (
                    invocation.run,
                    *(partial(floor.make, calls) for floor in floors),
                )
                seconds = tuple(_timed(player, tape, place, each) for each in work)
                if one_round:
                    found[place].append(seconds)
    finally:
        player.close()
    return [Seconds(one.hop, *map(min, zip(*found[place], strict=True))) for place, one in measured]


def _timed(player: Player, tape: Tape, place: int, work: Callable[[], object]) -> float:
    player.rewind(tape.begin(place))
    started = time.process_time()
    work()
    seconds = time.process_time() - started
    reached = player.rewind(0)
    if reached != tape.ends[place]:
        made, wanted = reached - tape.begin(place), tape.ends[place] - tape.begin(place)
        raise RuntimeError(f"Invocation {place} made {made} of {wanted} recorded calls.")
    return seconds


if __name__ == "__main__":
    tape = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Tape)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        seconds = measure(tape, int(sys.argv[1]))
    sys.stdout.buffer.write(msgspec.msgpack.encode(seconds))
