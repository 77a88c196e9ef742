"""The first document of a new `translate_document`, against the same calls made first thing in a new process.

Each runs in a process that sees only the built layer, as on Lambda: CPU time from the start of Python to the answer.
The other process imports boto3, makes its clients and makes the recorded calls, with nothing else.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Iterator

from bench.hops import Clock, invocations
from bench.imports import LAYER, ROOT
from bench.table import Row, show
from bench.tape import AwsCall, Player
from bench.way import record

_ROUNDS = 7
_OURS = """
import marshal, sys, time
event = marshal.load(sys.stdin.buffer)
import translate_document_handler
class Context:
    aws_request_id = "run-1"
    def get_remaining_time_in_millis(self): return 60_000
answer = translate_document_handler.handler(event, Context())
assert answer == {"batchItemFailures": []}, answer
print(time.process_time(), file=sys.stderr)
"""
_BARE = """
import marshal, sys, time
calls = marshal.load(sys.stdin.buffer)
import boto3
clients = {}
for service, operation, params in calls:
    if service not in clients:
        clients[service] = boto3.client(service)
    clients[service]._make_api_call(operation, params)
print(time.process_time(), file=sys.stderr)
"""


def measure() -> Iterator[Row]:
    """In turn, the least of each."""
    tape = record(1).tape
    first = [one for one in tape.recorded[: tape.ends[1]] if isinstance(one.call, AwsCall)]
    calls = [(call.service, call.operation, call.params) for one in first if isinstance(call := one.call, AwsCall)]
    event = invocations(1, Clock(tape.start), tape.start)[1].run.args[0]
    player = Player(first)
    environment = {**tape.variables, "AWS_ENDPOINT_URL": player.url}
    ours: list[float] = []
    bare: list[float] = []
    try:
        for _ in range(_ROUNDS):
            for script, given, seconds in ((_OURS, event, ours), (_BARE, calls, bare)):
                seconds.append(_run(script, marshal.dumps(given), environment))
                assert player.rewind(0) == len(first), "not the recorded calls"
    finally:
        player.close()
    mine, alone = min(ours) * 1e3, min(bare) * 1e3
    yield Row(
        "the first document of a new translator: CPU from the start of Python",
        f"{mine:.0f} ms; its calls alone {alone:.0f} ms, ratio {mine / alone:.2f}",
    )


def _run(script: str, given: bytes, environment: dict[str, str]) -> float:
    paths = os.pathsep.join(map(str, (LAYER, ROOT / "functions" / "translate_document")))
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        input=given,
        env={**environment, "PYTHONPATH": paths},
        capture_output=True,
        check=True,
    )
    return float(done.stderr)


if __name__ == "__main__":
    show(measure())
