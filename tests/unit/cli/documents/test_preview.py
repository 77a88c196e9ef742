"""What a person is told of a document before deciding about it: what it is, and whether it would leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.pause import Pause, Scope
from connector.domain.revision.content_hash import revision_id
from connector.services.outbound.facts import stored_document
from testkit.memory.stores import CALLER
from testkit.samples.routing_data import routing_data
from tests.unit.cli.documents.conftest import LATE, NOW, ORDER, PARKED

BEFORE = "It is from before go-live."


@pytest.fixture
def go_live_to_come(stack, ledger):
    """The partner of a parked document is in force by now, with a go-live to come."""
    stack.routing.data = routing_data({"partners.acme.go_live": "2026-11-01"})
    content = stored_document(ORDER, ledger.usual("500123")).document.content
    parked = replace(PARKED, sequence=1, revision_id=revision_id(content), partner=None)
    ledger.kept = [replace(parked, reason_code="unmapped-partner")]
    return ledger


@pytest.mark.parametrize("option", ["--dry-run", "--yes"])
def test_replay_says_that_what_is_from_before_go_live_will_not_be_sent(connector, go_live_to_come, option):
    result = connector("documents", "replay", "500123", option)
    assert result.code == 0
    assert result.err.startswith(f"Revision 1 of {ORDER} (PARKED) will not be sent: it becomes BASELINE.\n")
    assert (
        f"-> {BEFORE} If the partner does not have it: connector documents release {ORDER} --as original" in result.err
    )


def test_the_same_is_data(connector, go_live_to_come):
    (found,) = connector("documents", "replay", "500123", "--dry-run", "--json").data["planned"]
    assert (found["leaves"], found["will_be"]) == (False, "not sent (becomes BASELINE)")
    assert (found["because"], found["amount"], found["currency"]) == (BEFORE, "10000.00", "NOK")


def test_of_many_each_says_whether_it_leaves(connector, go_live_to_come):
    result = connector("documents", "replay", "--state", "parked", "--dry-run")
    assert "not sent (becomes BASELINE)" in result.err
    assert "1 document, 1 of them would not leave, the oldest" in result.err


def test_release_says_what_still_keeps_it(connector, stack, ledger):
    stack.routing.data = routing_data({"defaults.units.STK": None})
    ledger.kept = [PARKED]
    err = connector("documents", "release", "500123", "--as", "original", "--dry-run").err
    assert err.startswith(f"Revision 2 of {ORDER} (PARKED) will not be sent: it stays PARKED.\n")
    assert "defaults.units.STK" in err


def test_replay_says_that_a_pause_keeps_it(connector, stack, ledger):
    stack.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller=CALLER, reason="they move"))
    err = connector("documents", "replay", "500123", "--dry-run").err
    assert "will not be sent" in err
    assert "connector resume --partner acme" in err


def test_what_cannot_be_read_is_not_said_to_leave(connector, ledger, monkeypatch):
    monkeypatch.setattr(ledger, "sources_of", lambda _: iter(()))
    err = connector("documents", "replay", "500123", "--dry-run").err
    assert "will not be sent: it stays PARKED." in err
    assert "cannot be read" in err


@pytest.mark.parametrize(
    "command", [("close",), ("replay",), ("release", "--as", "replacement"), ("resend", "--as", "replacement")]
)
def test_one_document_is_shown_with_partner_amount_age_and_reason(connector, ledger, command):
    verb, *options = command
    late = replace(LATE, counterparty="50012")
    ledger.kept = [late] if verb == "resend" else [replace(PARKED, counterparty="50012")]
    err = connector("documents", verb, "500123", *options, "--dry-run").err
    for word in ("acme", "10000.00 NOK", "2026-09-01 06:00Z", late.attention if verb == "resend" else PARKED.reason):
        assert word in err
