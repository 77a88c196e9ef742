"""The sample events are what the functions really get."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.adapters.aws.queues import group_name, received
from connector.domain.inbound import ApiVersion
from connector.edi.inbound import read_identity
from connector.services.messages import ChangeMessage, DeliveryMessage, DocumentMessage, HintMessage
from testkit.laptop.deploy import SETTINGS, invoke_environment

EVENTS = Path(__file__).resolve().parents[2] / "events"


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def test_there_is_one_sample_event_for_each_function(template: dict[str, Any]) -> None:
    functions = {Path(template["Resources"][name]["Properties"]["CodeUri"]).name for name in SETTINGS}

    assert {path.stem for path in EVENTS.glob("*.json")} == functions


def test_the_documents_event_carries_a_purchase_order_as_visma_wrote_it() -> None:
    (message,) = received(_event("translate_document"))
    document = msgspec.json.decode(message.body, type=DocumentMessage)

    assert message.group == group_name(document.key)
    assert msgspec.json.decode(document.document)["orderNbr"] == document.number
    assert b'"orderQty":800.0' in bytes(document.document), "decimals stay as Visma wrote them"


def test_the_deliveries_event_is_about_the_same_document() -> None:
    (delivery,) = received(_event("deliver_transaction"))
    (document,) = received(_event("translate_document"))

    assert msgspec.json.decode(delivery.body, type=DeliveryMessage).sequence == 1
    assert delivery.group == document.group


def test_the_changes_event_is_about_the_same_document() -> None:
    (change,) = received(_event("apply_change"))
    message = msgspec.json.decode(change.body, type=HintMessage | ChangeMessage)

    assert isinstance(message, ChangeMessage)
    assert change.group == group_name(message.key) == received(_event("translate_document"))[0].group


def test_the_callback_brings_the_transaction_that_the_changes_event_names() -> None:
    event = _event("receive_callback")
    body = json.loads(event["body"])
    transaction = read_identity(event["body"].encode())
    change = msgspec.json.decode(received(_event("apply_change"))[0].body, type=ChangeMessage)

    assert transaction is not None
    assert transaction.transaction_id == change.transaction_id
    assert transaction.delivery is not None
    assert transaction.delivery.version is ApiVersion.V3
    assert body["businessNumber"] == change.number
    assert event["headers"]["Content-Length"] == str(len(event["body"].encode()))
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}


def test_the_callback_comes_through_the_route_of_the_template(template: dict[str, Any]) -> None:
    event = _event("receive_callback")
    route = template["Resources"]["ReceiveCallbackFunction"]["Properties"]["Events"]["Callback"]["Properties"]

    assert (event["httpMethod"], event["path"]) == (route["Method"], route["Path"])
    assert event["requestContext"]["stage"] == template["Resources"]["CallbackApi"]["Properties"]["StageName"]


@pytest.mark.parametrize("name", ["translate_document", "deliver_transaction", "apply_change"])
def test_a_queue_event_carries_the_digest_of_its_body(name: str) -> None:
    for record in _event(name)["Records"]:
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("name", ["track_transactions", "poll_orderful", "reconcile"])
def test_scheduled_functions_get_the_event_of_the_scheduler(name: str) -> None:
    assert _event(name)["source"] == "aws.scheduler"


def test_the_poller_gets_the_event_that_its_schedule_is_given(template: dict[str, Any]) -> None:
    target = template["Resources"]["PollVismaSchedule"]["Properties"]["Target"]

    assert json.loads(target["Input"]["Fn::Sub"].replace("${PollShares}", "1")) == _event("poll_visma")


def test_the_environment_for_sam_local_invoke_points_at_this_machine_and_sets_only_declared_variables(
    template: dict[str, Any],
) -> None:
    outputs = {name: f"http://localhost:4566/{name}" for name in template["Outputs"]}

    environment = invoke_environment("http://127.0.0.1:4566", outputs)

    assert set(environment) == set(SETTINGS)
    for function, variables in environment.items():
        declared = template["Resources"][function]["Properties"]["Environment"]["Variables"]
        given_by_reference = {name for name, value in declared.items() if isinstance(value, dict)}
        assert set(variables) <= set(declared)
        assert variables["AWS_ENDPOINT_URL"] == "http://host.docker.internal:4566"
        assert all(value.startswith("http://host.docker.internal:4566") for value in variables.values())
        tuned = {
            name
            for name in given_by_reference
            # SAM gives its own name of the stack.
            if name.startswith(("POWERTOOLS", "STACK_NAME"))
            or name.endswith(("DAYS", "HOURS", "SECONDS", "BYTES", "IDS", "SHARES"))
        }
        # Channels have an output as well, for `connector doctor`.
        assert given_by_reference - tuned == {name for name in variables if not name.endswith("IDS")}
