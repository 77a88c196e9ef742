"""The sample events are what the functions really get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.adapters.queues import group_name, received
from connector.services.messages import DeliveryMessage, DocumentMessage
from local.deploy import SETTINGS, invoke_environment

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


@pytest.mark.parametrize("name", ["poll_visma", "track_transactions"])
def test_scheduled_functions_get_the_event_of_the_scheduler(name: str) -> None:
    assert _event(name)["source"] == "aws.scheduler"


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
            name for name in given_by_reference if name.startswith("POWERTOOLS") or name.endswith(("HOURS", "SECONDS"))
        }
        assert given_by_reference - tuned == set(variables)
