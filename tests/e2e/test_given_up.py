"""What a queue gives up: a person sees why, puts it back or drops it, and reads the log of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.adapters.aws.dead_letters import DynamoDropBook
from connector.cli.output import PARKED
from connector.domain.revision.record import State
from demo.catalogue import purchase_order
from testkit.aws import lambda_event
from testkit.laptop.observed import SENT, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

QUEUE, DEAD, FUNCTION = "DocumentsQueueUrl", "DocumentsDeadLettersUrl", "TranslateDocumentFunction"
GOOD, BAD = "nordic/purchase_order/500971", "nordic/purchase_order/500972"


def _message(number: str) -> str:
    document = purchase_order(number, "50012", [("1402", "1")])
    head = {"company": "nordic", "kind": "purchase_order", "number": number, "modified_at": "2026-11-20T08:00:00Z"}
    return json.dumps({**head, "document": document})


def _send(laptop: Laptop, key: str, body: str) -> None:
    group = key.replace("/", "#")
    laptop.sqs.send_message(
        QueueUrl=laptop.outputs[QUEUE], MessageBody=body, MessageGroupId=group, MessageDeduplicationId=f"test {group}"
    )


@pytest.fixture
def given_up(nordic: Laptop) -> Laptop:
    """A document, and a message that nobody can read, given up by their queue."""
    bodies = {GOOD: _message("500971"), BAD: '{"company": 7'}
    nordic.switch(FUNCTION, on=False)
    try:
        for key, body in bodies.items():
            _send(nordic, key, body)
        names: Any = ["RedrivePolicy"]
        queue = nordic.outputs[QUEUE]
        policy = nordic.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]["RedrivePolicy"]
        for number in range(int(json.loads(policy)["maxReceiveCount"])):
            batch = nordic.sqs.receive_message(
                QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["All"]
            )["Messages"]
            assert len(batch) == len(bodies)
            if number == 0:
                (bad,) = [message for message in batch if message["Body"] == bodies[BAD]]
                nordic.invoke(FUNCTION, lambda_event([bad]))
                # Without the delay that the function has asked for.
                nordic.sqs.change_message_visibility(
                    QueueUrl=queue, ReceiptHandle=bad["ReceiptHandle"], VisibilityTimeout=0
                )
    finally:
        nordic.switch(FUNCTION, on=True)
    nordic.until(lambda: nordic.waiting(DEAD) == len(bodies), "both among the dead letters")
    return nordic


def test_a_person_sees_why_puts_one_back_and_drops_the_other(given_up: Laptop) -> None:
    listed = given_up.connector("deadletters", "list", "--json")
    assert listed.returncode == PARKED, listed.stderr
    dead_letters = {one["what"].split(",")[0]: one for one in json.loads(listed.stdout)["letters"]}
    assert dead_letters.keys() == {GOOD, "no message of the connector"}
    bad = dead_letters["no message of the connector"]
    assert bad["why"].startswith(("DecodeError", "ValidationError")), bad
    assert (bad["queue"], bad["tries"]) == ("documents", 250)
    assert '"company"' not in listed.stdout + listed.stderr

    # Its like was queued a moment ago: with the same deduplication id it would be dropped without a word.
    back = given_up.connector("deadletters", "redrive", GOOD, "--yes")
    assert (back.returncode, back.stdout) == (0, "1 dead letter put back, 0 failed.\n"), back.stderr
    assert given_up.ended([GOOD])[GOOD].state in SENT

    reason = ("--reason", "nobody can read it", "--by", "kari")
    gone = given_up.connector("deadletters", "drop", bad["message_id"], *reason, "--yes")
    assert gone.returncode == 0, gone.stderr
    assert [given_up.waiting(queue) for queue in (QUEUE, DEAD)] == [0, 0]
    (kept,) = [
        one
        for one in DynamoDropBook(given_up.outputs["DocumentsTable"], given_up.dynamodb).newest(10)
        if one.message_id == bad["message_id"]
    ]
    assert (kept.by, kept.reason, kept.is_confirmed) == ("kari", "nobody can read it", True)
    assert ":" in kept.caller
    assert given_up.connector("deadletters", "list").returncode == 0

    shown = given_up.connector("logs", GOOD, "--since", "1d", "--json")
    assert shown.returncode == 0, shown.stderr
    lines = json.loads(shown.stdout)["lines"]
    assert {"translate_document", "deliver_transaction"} <= {one["function"] for one in lines}
    assert [one["at"] for one in lines] == sorted(one["at"] for one in lines)
    numbers = {one["fields"].get("number") for one in lines}
    assert numbers <= {"500971", None}
    failed = json.loads(given_up.connector("logs", BAD, "--since", "1d", "--json").stdout)["lines"]
    assert [one["message"] for one in failed] == ["unexpected failure"]
    (newest,) = [given_up.newest(GOOD)]
    assert newest is not None
    assert newest.state is not State.PARKED
