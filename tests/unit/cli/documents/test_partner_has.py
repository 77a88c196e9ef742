"""Before a document is sent once more it is told what Orderful has of it now, and what would be different."""

from __future__ import annotations

import pytest

from connector.domain.errors import Transient
from testkit.samples.routing_data import routing_data
from tests.unit.cli.documents.conftest import PARKED, SENT

RESEND = ("documents", "resend", "500123", "--as", "replacement")


def test_it_is_told_what_orderful_has_and_that_nothing_would_differ(connector, sent):
    sent.kept = [SENT]
    output = connector(*RESEND, "--dry-run").err
    assert "Orderful has transaction 802210971 now: VALID, DELIVERED, NOT_ACKNOWLEDGED.\n" in output
    assert "What would be sent says the same as what was sent.\n" in output


def test_what_would_differ_is_told_with_both_values(connector, sent):
    release = ("documents", "release", "500123", "--as", "replacement", "--dry-run")
    output = connector(*release).err
    assert "sent as revision 1 (x12)  would be sent now (x12)" in output
    (planned,) = connector(*release, "--json").data["planned"]
    values = [(one["before"], one["after"]) for one in planned["partner_has"]["differences"]]
    assert ("800", "9") in values


def test_of_what_would_not_leave_no_difference_is_told(connector, stack, sent):
    sent.kept = [SENT]
    stack.routing.data = routing_data({"defaults.units.STK": None})
    output = connector(*RESEND, "--dry-run").err
    assert "will not be sent" in output
    assert "Orderful has transaction 802210971 now" in output
    assert "would be sent" not in output


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        (None, "Orderful has no transaction 802210971 any more."),
        (Transient("Orderful does not answer."), "is not known now: Orderful does not answer."),
    ],
)
def test_what_orderful_does_not_show_is_said_and_stops_nothing(connector, stack, sent, shown, message):
    sent.kept = [SENT]
    stack.orderful.shown["802210971"] = shown
    result = connector(*RESEND, "--yes")
    assert (result.code, message in result.err) == (0, True)
    assert len(stack.outbox.queued) == 1


def test_of_a_document_that_orderful_never_had_nothing_is_told(connector, ledger):
    ledger.kept = [PARKED]
    (planned,) = connector("documents", "replay", "500123", "--dry-run", "--json").data["planned"]
    assert planned["partner_has"] is None
