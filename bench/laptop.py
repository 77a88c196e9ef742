"""The way of 2,000 documents through the deployed laptop stack, beside that of as many messages through nothing.

The functions, queues and event source mappings are those of the template, on the emulated AWS. First the functions do
their work: one poll reads all documents from the sandbox Visma, and every one of them is accepted by the sandbox
Orderful. Then the code of the three functions is replaced, first by code that passes messages of the same size on and
makes the calls of DynamoDB and Orderful that the functions make, then by code that only passes them on. Each time the
clock runs from the start of the poll until both queues are empty.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.table import Row, show
from bench.workload import Sample, Workload
from connector.domain.documents import Kind
from connector.services.ports import Resource
from testkit.laptop import stack as laptop_stack
from testkit.laptop.observed import Laptop
from testkit.laptop.stack import VISMA_CLIENT

DOCUMENTS = 2_000
_BUDGET = 2.0
_QUEUES = ("DocumentsQueueUrl", "DeliveriesQueueUrl")
_WARM_UP = 40
_POST = 100
"""Documents that are handed to the sandbox Visma in one call."""

_HANDLERS = """
import os
import urllib.error
import urllib.request

import boto3

sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
TABLE, ORDERFUL = os.environ["DOCUMENTS_TABLE"], os.environ.get("ORDERFUL_BASE_URL")


def send(url, messages):
    for start in range(0, len(messages), 10):
        entries = [
            {"Id": str(at), "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": group}
            for at, (group, body) in enumerate(messages[start : start + 10])
        ]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)


def groups_of(event):
    return [one["attributes"]["MessageGroupId"] for one in event["Records"]]


def key(group, sort):
    return {"pk": {"S": group}, "sk": {"S": sort}}


def put(group, sort, size):
    dynamodb.put_item(TableName=TABLE, Item={**key(group, sort), "body": {"B": bytes(size)}})


def get(group, sort):
    dynamodb.get_item(TableName=TABLE, Key=key(group, sort))


def post(size):
    request = urllib.request.Request(ORDERFUL + "/v3/transactions", data=bytes(size), method="POST")
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as answer:
        answer.read()


def poll(event, context):
    messages = [(f"{event['run']}-{n}", "x" * size) for n, size in enumerate(event["sizes"])]
    send(os.environ["DOCUMENTS_QUEUE_URL"], messages)


def translate(event, context):
    send(os.environ["DELIVERIES_QUEUE_URL"], [(group, "x" * 300) for group in groups_of(event)])
    return {"batchItemFailures": []}


def translate_calls(event, context):
    for group in groups_of(event):
        dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": group}},
        )
        put(group, "body", 4_000)
        put(group, "revision", 800)
    return translate(event, context)


def deliver(event, context):
    return {"batchItemFailures": []}


def deliver_calls(event, context):
    for group in groups_of(event):
        get(group, "hold")
        get(group, "body")
        put(group, "revision", 800)
        post(8_000)
        put(group, "revision", 900)
    return deliver(event, context)
"""
"""Handlers that pass messages on, alone or with the calls that the functions make for a document (bench/ledger.py)."""

_EMPTY = {
    "PollVismaFunction": "poll",
    "TranslateDocumentFunction": "translate",
    "DeliverTransactionFunction": "deliver",
}
_CALLS_ALONE = {
    "PollVismaFunction": "poll",
    "TranslateDocumentFunction": "translate_calls",
    "DeliverTransactionFunction": "deliver_calls",
}


def measure(documents: int = DOCUMENTS) -> Iterator[Row]:
    """Deploy a stack, send the documents through it, empty its functions, and send the messages through them."""
    with (
        tempfile.TemporaryDirectory() as directory,
        laptop_stack.running(lambda _step: None, directory=Path(directory)) as stack,
    ):
        laptop = Laptop(stack, Path(directory))
        laptop.stop_schedules()
        samples = _prepare(laptop, documents)
        whole = _seconds(laptop, laptop.poll)
        sent = len(laptop.transactions()) - _WARM_UP
        calls = _replaced(laptop, samples, _CALLS_ALONE)
        empty = _replaced(laptop, samples, _EMPTY)
    yield Row(
        f"{documents:,} documents on the laptop stack, from their change to their acceptance",
        f"{whole:.0f} s; the same calls alone {calls:.0f} s, ratio {whole / calls:.1f}",
        f"ratio {_BUDGET:.0f}",
        whole <= _BUDGET * calls,
    )
    yield Row("of these accepted", f"{sent:,}", f"{documents:,}", sent == documents)
    yield Row("as many messages through functions that do nothing", f"{empty:.0f} s, ratio {whole / empty:.1f}")


def _prepare(laptop: Laptop, documents: int) -> Sequence[Sample]:
    """Apply the routing, send some documents to start every function, and hand the others to the sandbox Visma."""
    workload = Workload()
    routing = workload.routing_data
    for number, company in enumerate(routing["companies"].values()):
        company["visma"] |= {
            "company_id": str(1_234_567 + number),
            "tenant_id": f"8f0c{number:04}-0000-4000-8000-000000000000",
        }
    routing["defaults"] |= {"go_live": "2026-01-01", "settle": "0s"}
    visma = {name: one["visma"]["company_id"] for name, one in routing["companies"].items()}
    laptop.visma.control(
        "PUT",
        "companies",
        [
            {"name": name, **{key: one["visma"][key] for key in ("company_id", "tenant_id")}}
            for name, one in routing["companies"].items()
        ],
    )
    laptop.visma.control("PUT", "clients", {VISMA_CLIENT["client_id"]: VISMA_CLIENT["client_secret"]})
    for path, entries in (("accounts", routing["companies"]), ("partners", routing["partners"])):
        for one in entries.values():
            laptop.orderful.control("POST", path, {**one["orderful"]["isa_id"], "name": one["name"]})
    laptop.orderful.control("PUT", "pace", {"validation": 0, "delivery": 0, "acknowledgment": 0})
    laptop.apply_unchecked(routing)
    laptop.poll()
    samples = workload.documents(documents + _WARM_UP)
    _write(laptop, samples[:_WARM_UP], visma)
    _seconds(laptop, laptop.poll)
    _write(laptop, samples[_WARM_UP:], visma)
    return samples[_WARM_UP:]


def _write(laptop: Laptop, samples: Sequence[Sample], visma: dict[str, str]) -> None:
    lists = defaultdict(list)
    for sample in samples:
        document = msgspec.json.decode(sample.raw)
        lists[visma[sample.company], _list_of(sample.kind, document)].append(document)
    for (company, kind), documents in lists.items():
        for start in range(0, len(documents), _POST):
            some = documents[start : start + _POST]
            laptop.visma.control("POST", "documents", {"kind": kind, "company": company, "documents": some})


def _list_of(kind: Kind, document: dict[str, Any]) -> str:
    lists = {one.declared.document_type: one for one in Resource if one.kind is kind}
    return lists.get(document.get("documentType"), lists[None]).rpartition("/")[2]


def _replaced(laptop: Laptop, samples: Sequence[Sample], handlers: Mapping[str, str]) -> float:
    """Replace the code of the functions, start each once, and send a message for each document through them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bare.py", _HANDLERS)
    for function, handler in handlers.items():
        name = laptop.outputs[function]
        laptop.lambda_.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
        laptop.lambda_.update_function_configuration(FunctionName=name, Handler=f"bare.{handler}")
    sizes = [len(one.raw) for one in samples]
    run = handlers["TranslateDocumentFunction"]
    _seconds(laptop, lambda: laptop.invoke("PollVismaFunction", {"run": f"first-{run}", "sizes": sizes[:_WARM_UP]}))
    return _seconds(laptop, lambda: laptop.invoke("PollVismaFunction", {"run": run, "sizes": sizes}))


def _seconds(laptop: Laptop, poll: Callable[[], object]) -> float:
    begun = time.monotonic()
    poll()
    while any(laptop.waiting(queue) for queue in _QUEUES):
        time.sleep(0.1)
    return time.monotonic() - begun


if __name__ == "__main__":
    show(measure(*map(int, sys.argv[1:])))
