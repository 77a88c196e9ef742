"""The whole way of documents through the deployed functions, against the same AWS and HTTP calls made bare.

The functions are those of the stack, wired by `bootstrap`, in one process. They are first run against AWS in memory and
the sandbox Orderful, and every call is recorded with its answer. Then a server in another process gives these answers,
and the functions and the bare calls take turns: same calls, same bodies, same sockets. Only the CPU time of the calling
process counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest

from bench.hops import WARM_UP, Clock, Seconds, Tape, forget_others, forget_translator, invocations
from bench.table import Row, show
from bench.tape import recording
from bench.workload import Sample, Workload
from bench.write_units import WriteUnits
from connector.adapters.aws import clients
from connector.adapters.aws.routing_store import RoutingStore
from connector.adapters.clock import SystemClock
from testkit import aws
from testkit.sandboxes import API_KEY, OrderfulSandbox, Pace, running_orderful

DOCUMENTS = 100
BUDGET = 1.5
MAX_CALLS = {"translate": 3.2, "deliver": 5.1, "track": 4.0}
"""Calls of AWS and Orderful for a document, in batches of ten and with three runs of the tracker for all of them."""

_ROUNDS = 9
# A table that is no longer young.
_START = timedelta(days=60)
_PACE = Pace(timedelta(minutes=4), timedelta(minutes=9), timedelta(minutes=14))
_SECRET = "orderful-key"  # noqa: S105 - a name


def environment(orderful_url: str, queues: Mapping[str, str]) -> dict[str, str]:
    """What template.yaml tells the functions."""
    return {
        "STREAM": "test",
        "POWERTOOLS_SERVICE_NAME": "connector",
        "POWERTOOLS_METRICS_NAMESPACE": "Connector/bench",
        "ROUTING_TABLE": aws.ROUTING,
        "DOCUMENTS_TABLE": aws.DOCUMENTS,
        "CURSORS_TABLE": aws.CURSORS,
        "PAYLOADS_BUCKET": aws.BUCKET,
        "DOCUMENTS_QUEUE_URL": queues["documents"],
        "DELIVERIES_QUEUE_URL": queues["deliveries"],
        "ORDERFUL_BASE_URL": orderful_url,
        "ORDERFUL_SECRET_ARN": _SECRET,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": aws.REGION,
        # Lambda sets it in every function.
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }


class Part(NamedTuple):
    """What a hop does with all documents.

    Attributes:
        calls: How often it makes each call: `dynamodb PutItem`, `POST`.
        units: Write units of the ledger's table.
    """

    calls: Counter[str]
    units: int


@dataclass(frozen=True, slots=True)
class Way:
    """The way of some documents: its calls, and what each hop does."""

    tape: Tape
    parts: Mapping[str, Part]


def record(documents: int) -> Way:
    """Run the way once, with AWS in memory and the sandbox Orderful."""
    workload = Workload()
    start = datetime.now(UTC).replace(microsecond=0) + _START
    clock = Clock(start)
    with pytest.MonkeyPatch.context() as patch, running_orderful(pace=_PACE) as orderful, aws.aws_in_memory(patch):
        patch.setattr(SystemClock, "now", lambda _: clock.now())
        patch.setattr(orderful, "clock", clock)
        _prepare(workload)
        _introduce(orderful, workload.documents(documents))
        variables = environment(orderful.url, {name: aws.make_queue(name) for name in ("documents", "deliveries")})
        for name, value in variables.items():
            patch.setenv(name, value)
        forget_translator()
        forget_others()
        ends: list[int] = []
        parts: dict[str, Part] = {}
        with recording() as calls, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            spent = WriteUnits(clients.dynamodb(), aws.DOCUMENTS)
            for hop, run in invocations(documents, clock, start):
                begin, before = len(calls), spent.total
                run()
                ends.append(len(calls))
                known = parts.get(hop, Part(Counter(), 0))
                made = Counter(one.call.label for one in calls[begin:])
                parts[hop] = Part(known.calls + made, known.units + spent.total - before)
        forget_translator()
        forget_others()
        parts.pop(WARM_UP)
    return Way(Tape(documents, variables, start, list(calls), ends), parts)


def _prepare(workload: Workload) -> None:
    aws.make_ledger_resources()
    aws.make_table(aws.CURSORS)
    aws.make_table(aws.ROUTING)
    RoutingStore(aws.ROUTING, SystemClock()).apply(workload.routing_data, datetime.now(UTC))
    secrets: Any = boto3.client("secretsmanager")
    secrets.create_secret(Name=_SECRET, SecretString=json.dumps({"api_key": API_KEY}))


def _introduce(orderful: OrderfulSandbox, samples: Sequence[Sample]) -> None:
    """Give the sandbox the accounts and relationships of the documents."""
    for sample in samples:
        ours, theirs = sample.route.company.isa_id, sample.route.partner_isa_id
        names = {account.live for account in orderful.network.accounts}
        if ours.live not in names:
            orderful.add_account(ours.live, ours.test, ours.live)
        if theirs.live not in names:
            orderful.add_partner(theirs.live, theirs.test)
        orderful.set_relationship(ours.live, theirs.live, sample.route.transaction_type)


def measured(tape: Tape, rounds: int = _ROUNDS) -> list[Seconds]:
    """CPU time of each hop and round, in a process of its own."""
    command = [sys.executable, "-m", "bench.hops", str(rounds)]
    done = subprocess.run(command, input=msgspec.msgpack.encode(tape), stdout=subprocess.PIPE, check=True)
    return msgspec.msgpack.decode(done.stdout, type=list[Seconds])


def measure() -> Iterator[Row]:
    """The way as a whole and by hop."""
    way = record(DOCUMENTS)
    found = measured(way.tape)
    for name, part in way.parts.items():
        yield _row(f"{name}: CPU of a document", [one for one in found if one.hop == name])
        calls, units = part.calls.total() / DOCUMENTS, part.units / DOCUMENTS
        allowed = MAX_CALLS[name]
        yield Row(
            f"{name}: calls and write units of a document",
            f"{calls:.2f} calls, {units:.2f} units",
            f"{allowed} calls",
            calls <= allowed,
        )
    yield _row("the whole way: CPU of a document", found, budget=BUDGET)


def _row(name: str, seconds: Sequence[Seconds], budget: float | None = None) -> Row:
    ours, bare, plain = (
        sum(times) for times in zip(*((one.ours, one.bare, one.plain) for one in seconds), strict=True)
    )
    each = 1e6 / DOCUMENTS
    return Row(
        name,
        f"{ours * each:,.0f} us; its calls alone {plain * each:,.0f} us, ratio {ours / plain:.2f}; "
        f"with our configuration {bare * each:,.0f} us, ratio {ours / bare:.2f}",
        f"ratio {budget}" if budget else "",
        ours <= budget * plain if budget else None,
    )


if __name__ == "__main__":
    show(measure())
