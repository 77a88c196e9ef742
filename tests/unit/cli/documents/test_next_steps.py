"""What `show` and `trace` say comes next, where the record of the document alone does not say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.revision.record import State
from tests.unit.cli.documents.conftest import NOW, PARKED, SENT

MINUTE = timedelta(minutes=1)
BASELINE = replace(SENT, state=State.BASELINE, transaction_id=None, reason="It is from before go-live.")
WAITING = replace(SENT, state=State.TRANSLATED, transaction_id=None)
RELEASE = "connector documents release nordic/purchase_order/500123 --as original"


@pytest.fixture
def output(connector):
    """What both commands print of the order, in lines."""

    def read():
        return [connector("documents", command, "500123").out.splitlines() for command in ("show", "trace")]

    return read


def test_what_waits_for_routing_is_told_with_the_command_that_applies_it(ledger, output):
    ledger.kept = [PARKED]
    show, trace = output()
    assert "  then            connector config apply connector.yaml" in show
    assert trace[-1] == "      -> connector config apply connector.yaml"
    ledger.kept = [replace(PARKED, waits_for=None)]
    assert "config apply" not in str(output())


@pytest.mark.parametrize("state", [State.TRANSLATED, State.SENDING, State.UNCONFIRMED])
def test_while_sending_is_stopped_that_is_why_a_document_waits(stack, ledger, output, state):
    ledger.kept = [replace(WAITING, state=state)]
    assert "stopped" not in str(output())
    stack.breaker.open("Orderful answered 401.", now=NOW - MINUTE, until=NOW + MINUTE)
    why = "Sending is stopped since 2026-09-01 05:59:00Z; it is tried again at 2026-09-01 06:01:00Z: "
    show, trace = output()
    assert f"  why             {why}Orderful answered 401." in show
    assert "  next step       Remove the cause, then: connector holds lift" in show
    assert trace[-2:] == [
        f"revision 1: {state}. {why}Orderful answered 401.",
        "      -> Remove the cause, then: connector holds lift",
    ]


def test_a_stop_is_no_concern_of_what_has_left(stack, ledger, output):
    ledger.kept = [SENT]
    stack.breaker.open("Orderful answered 401.", now=NOW - MINUTE, until=NOW + MINUTE)
    assert "stopped" not in str(output())


def test_what_is_from_before_go_live_can_be_sent_all_the_same(ledger, output, connector):
    ledger.kept = [BASELINE]
    show, trace = output()
    assert f"  next step       If acme does not have it: {RELEASE}" in show
    assert trace[-2:] == [
        "revision 1: BASELINE. It is from before go-live.",
        f"      -> If acme does not have it: {RELEASE}",
    ]
    assert connector("documents", "show", "500123", "--json").data["revisions"][0]["next_step"].endswith(RELEASE)
    ledger.kept = [replace(BASELINE, partner=None)]
    assert f"If the partner does not have it: {RELEASE}" in str(output())


def test_the_newest_revision_counts_for_the_document(ledger, output):
    ledger.kept = [BASELINE, replace(SENT, sequence=2)]
    assert "release" not in str(output())
