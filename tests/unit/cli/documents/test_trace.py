from __future__ import annotations

from tests.unit.cli.documents.conftest import CHANGE, SENT


def test_trace_is_one_timeline_over_all_revisions_with_remote_ids(connector, ledger):
    result = connector("documents", "trace", "500123", "--json")
    output = [(event["revision"], event["state"], event["transaction_id"]) for event in result.data["timeline"]]
    assert output == [
        (1, "CAPTURED", None),
        (2, "CAPTURED", None),
        (2, "PARKED", None),
        (1, "DELIVERED", "802210971"),
    ]
    assert "802210971" in connector("documents", "trace", "500123").out


def test_trace_ends_with_what_a_person_should_do(connector, ledger):
    lines = connector("documents", "trace", "500123").out.splitlines()
    assert lines[-3:] == [
        "revision 2: PARKED. Unit KRT is not mapped.",
        "      -> Add defaults.units.KRT.",
        "      -> connector config apply connector.yaml",
    ]
    (step,) = connector("documents", "trace", "500123", "--json").data["next_steps"]
    assert (step["revision"], step["next_step"]) == (2, "Add defaults.units.KRT.")
    assert step["then"] == ["connector config apply connector.yaml"]
    ledger.kept = [SENT]
    assert "->" not in connector("documents", "trace", "500123").out


def test_trace_puts_changes_into_the_timeline(connector, stack, ledger):
    stack.changes.put(CHANGE)
    timeline = connector("documents", "trace", "500123", "--json").data["timeline"]
    assert [(event["revision"], event["document"], event["state"]) for event in timeline[-3:]] == [
        (1, None, "DELIVERED"),
        (None, "860", "RECEIVED"),
        (None, "860", "PARKED"),
    ]
    assert timeline[-1] == {
        "at": "2026-09-01T06:08:00Z",
        "revision": None,
        "document": "860",
        "state": "PARKED",
        "note": "more than 20 %",
        "transaction_id": "802210971",
    }
    lines = connector("documents", "trace", "500123").out.splitlines()
    assert ["860", "PARKED", "802210971"] in [line.split()[2:5] for line in lines]
