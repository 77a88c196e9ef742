"""What the status and lists of 10,000 open documents take of CPU time, from the start of Python.

AWS is a server in a process of its own that answers from memory, without rules: it knows the two operations by which
open documents are listed, and shows nothing of all else (cursors, changes, findings, pauses, queues, alarms, figures).
The command runs as a person starts it and makes every call that it makes on AWS, but for two: the outputs of the stack
and the routing are given. How much it reads is held by `tests/integration/test_status_reads.py`.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec

from bench.table import Row, show
from connector.adapters.aws.ledger import revision_item
from connector.cli.stack.stack import Stack
from connector.domain.documents import DocumentKey
from connector.domain.revision.record import CAPTURED, Event, Revision, State
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream, TransactionType
from testkit.samples.routing_data import a_partner, routing_data

OPEN_DOCUMENTS = 10_000
_PARTNERS = 10
_ROUNDS = 3
_KEYS_OF_AN_ANSWER = 5_000
_TABLE, _REGION = "documents", "eu-north-1"
_COMMANDS = (
    f"documents list --partner partner{_PARTNERS - 1}",
    "documents list --code unit-unmapped",
    "documents list",
    "status",
)
_NEEDS_PERSON = 3
"""The exit code of a `status` that shows something to do."""

_EMPTY = {
    "GetItem": {},
    "Query": {"Items": [], "Count": 0},
    "Scan": {"Items": [], "Count": 0},
    "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
    "DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
    "GetMetricData": {"MetricDataResults": []},
}
"""What AWS answers of a stack that has nothing."""


def measure() -> Iterator[Row]:
    """A row for each command. Seconds are those of this machine, so none of them is judged: two are meant at most."""
    with _aws():
        for command in _COMMANDS:
            seconds = min(_cpu(command) for _ in range(_ROUNDS))
            figure = f"connector {command}, {OPEN_DOCUMENTS:,} open documents: CPU from the start of Python"
            yield Row(figure, f"{seconds:.2f} s")


@contextmanager
def _aws() -> Iterator[None]:
    """An AWS at a port of this machine, which the children of this process use."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    _Answers.rows, _Answers.lists = _filled()
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    server.server_close()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": _REGION,
    }
    try:
        with mock.patch.dict(os.environ, environment):
            yield
    finally:
        process.terminate()
        process.join()


class _Answers(BaseHTTPRequestHandler):
    """Answers `Query` of the index of open documents and `BatchGetItem`, and everything else as empty.

    Attributes:
        rows: Each row as JSON, by its key.
        lists: The keys of each list, in its order.
    """

    protocol_version = "HTTP/1.1"
    rows: Mapping[tuple[str, str], bytes]
    lists: Mapping[str, list[dict[str, Any]]]

    def do_POST(self) -> None:
        request = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        if operation == "BatchGetItem":
            body = self._read(request)
        elif operation == "Query" and ":state" in request["ExpressionAttributeValues"]:
            body = self._listed(request)
        else:
            body = msgspec.json.encode(_EMPTY[operation])
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _listed(self, request: dict[str, Any]) -> bytes:
        keys = self.lists.get(request["ExpressionAttributeValues"][":state"]["S"], [])
        before = request.get("ExclusiveStartKey")
        begin = keys.index(before) + 1 if before else 0
        some = keys[begin : begin + request.get("Limit", _KEYS_OF_AN_ANSWER)]
        following = {"LastEvaluatedKey": some[-1]} if begin + len(some) < len(keys) else {}
        items = {} if request.get("Select") == "COUNT" else {"Items": some}
        return msgspec.json.encode({**items, "Count": len(some), **following})

    def _read(self, request: dict[str, Any]) -> bytes:
        ((table, asked),) = request["RequestItems"].items()
        found = [self.rows.get((key["pk"]["S"], key["sk"]["S"])) for key in asked["Keys"]]
        return b'{"Responses":{"%s":[%s]}}' % (table.encode(), b",".join(row for row in found if row))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        pass


def _filled() -> tuple[dict[tuple[str, str], bytes], dict[str, list[dict[str, Any]]]]:
    rows: dict[tuple[str, str], bytes] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    now = datetime.now(UTC)
    for number in range(OPEN_DOCUMENTS):
        item = revision_item(_document(number, now))
        item["packed"] = {"B": b64encode(item["packed"]["B"]).decode()}
        rows[item["pk"]["S"], item["sk"]["S"]] = msgspec.json.encode(item)
        key = {name: item[name] for name in ("pk", "sk", "updated", "open_state")}
        lists.setdefault(item["open_state"]["S"], []).append(key)
    return rows, lists


def _supplier(partner: int) -> str:
    return str(60_000 + partner)


def _document(number: int, now: datetime) -> Revision:
    """Half of them wait for a person, the others for their partner."""
    partner = number % _PARTNERS
    created = now - timedelta(seconds=OPEN_DOCUMENTS - number)
    parked = Revision(
        key=DocumentKey.of_order("nordic", str(500_000 + number)),
        sequence=1,
        revision_id=f"{number:064x}",
        state=State.PARKED,
        created_at=created,
        updated_at=created,
        modified_at=created,
        seen_at=created,
        partner=f"partner{partner}",
        counterparty=_supplier(partner),
        reason="The unit KRT on line 3 is not mapped.",
        reason_code="unit-unmapped",
        field="lines[2].uom",
        next_step="Add defaults.units.KRT: <unit> to the routing file and apply it.",
        waits_for="defaults.units.KRT",
        visma_status="Open",
        history=(
            Event(created, CAPTURED, "seen changed in Visma"),
            Event(created, State.PARKED, "The unit KRT on line 3 is not mapped."),
        ),
    )
    if number % 2:
        return parked
    return replace(
        parked,
        state=State.DELIVERED,
        reason=None,
        reason_code=None,
        field=None,
        next_step=None,
        waits_for=None,
        transaction_type=TransactionType.PURCHASE_ORDER,
        stream=Stream.TEST,
        sender_id="NORDICFOODT",
        receiver_id=f"P{partner}T",
        business_number=str(500_000 + number),
        attempts=1,
        first_attempt_at=created,
        sent_at=created,
        transaction_id=str(802_000_000 + number),
        validation_status="VALID",
        delivery_status="DELIVERED",
        acknowledgment_status="NOT_ACKNOWLEDGED",
        history=(*parked.history[:1], *(Event(created, state, "") for state in (State.SENT, State.DELIVERED))),
    )


def _cpu(command: str) -> float:
    """CPU time of one run of a command, in seconds.

    Raises:
        SystemExit: the command failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "bench.operate", *command.split()], capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, _NEEDS_PERSON}:
        raise SystemExit(f"connector {command}: {done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


class _BenchStack(Stack):
    """A stack whose outputs and routing are given."""

    name = "connector"

    def __init__(self, routing: Routing) -> None:
        super().__init__(self.name)
        self.routing: Any = SimpleNamespace(load=lambda: routing)

    def output(self, key: str) -> str:
        """What the stack gives under this name."""
        return {"DocumentsTable": _TABLE, "Stream": Stream.TEST.value}.get(key, f"http://127.0.0.1/{key}")


def _stack(_: str | None) -> Stack:
    """A stack with a ledger and a routing."""
    partners = {
        f"partners.partner{number}": a_partner(supplier=_supplier(number), isa_id=f"P{number}")
        for number in range(_PARTNERS)
    }
    routing = Routing(routing_data(partners))
    return _BenchStack(routing)


if __name__ == "__main__":
    if sys.argv[1:]:
        from connector.cli.main import command_line

        sys.exit(command_line(sys.argv[1:], opener=_stack))
    show(measure())
