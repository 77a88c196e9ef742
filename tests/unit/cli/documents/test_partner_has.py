"""Before a document is sent once more it is told what Orderful has of it now, and what would be different."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.cli.many import SHOWN
from connector.domain.errors import Transient
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line, as_json
from tests.unit.cli.documents.conftest import ORDER, PARKED, SENT, request_for

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


@pytest.fixture
def several(stack, sent):
    """Three orders: one that has changed since it was sent, one that has not, one that was never sent."""
    numbered = {number: replace(ORDER, number=number) for number in ("1", "2", "3")}
    first, then = as_json(a_purchase_order()), as_json(a_purchase_order(lines=[an_order_line(orderQty=9)]))
    body = json.dumps(request_for(stack.routing.data, first)).encode()
    sent.kept = [
        replace(SENT, key=numbered["1"], transaction_id="11"),
        replace(PARKED, key=numbered["1"], partner="acme"),
        replace(SENT, key=numbered["2"], transaction_id="12"),
        replace(PARKED, key=numbered["2"], partner="acme"),
        replace(PARKED, key=numbered["3"], partner="acme", sequence=1),
    ]
    for number, key in numbered.items():
        sent.bodies[key, 1, SENT.revision_id] = (first, body)
        sent.bodies[key, 2, PARKED.revision_id] = (then if number == "1" else first, None)
    sent.bodies[numbered["3"], 1, PARKED.revision_id] = (first, None)
    stack.orderful.shown["12"] = None
    return sent


RELEASE_SEVERAL = ("documents", "release", "--partner", "acme", "--as", "replacement")


def test_of_several_the_first_differences_of_each_are_told_with_what_orderful_has(connector, several):
    lines = connector(*RELEASE_SEVERAL, "--dry-run").err.splitlines()
    assert lines[0] == "nordic/purchase_order/1: Orderful has transaction 11 now: VALID, DELIVERED, NOT_ACKNOWLEDGED."
    assert lines[1].split("  ")[0] == "where"
    assert lines[3].split()[-2:] == ["800", "9"]
    assert lines[5] == "21 more differences (24 in all; --differences shows them)"
    assert lines[7:9] == [
        "nordic/purchase_order/2: Orderful has no transaction 12 any more.",
        "What would be sent says the same as what was sent.",
    ]
    assert sum("Orderful has" in line for line in lines) == 2, "it never had the third"


@pytest.mark.parametrize("which", [("--partner", "acme"), ("1",)])
def test_every_difference_is_told_if_it_is_asked_for(connector, several, which):
    release = ("documents", "release", *which, "--as", "replacement", "--dry-run")
    output = connector(*release, "--differences").err
    assert sum(line.startswith("message.") for line in output.splitlines()) == 24
    assert "more difference" not in output


def test_data_of_several_have_what_the_partner_has(connector, several):
    planned = connector(*RELEASE_SEVERAL, "--dry-run", "--json").data["planned"]
    found = [one["partner_has"] for one in planned]
    assert [one and len(one["differences"]) for one in found] == [24, 0, None]


@pytest.mark.parametrize(("options", "reads"), [(("--dry-run",), SHOWN), (("--yes",), 0)])
def test_only_what_is_shown_to_a_person_is_read(connector, stack, sent, options, reads):
    """Orderful is asked once for each document that is shown, and not at all where nobody is asked any more."""
    asked = []
    stack.orderful.read = asked.append
    sent.kept = [replace(SENT, key=replace(ORDER, number=f"{number:03}"), counterparty="50012") for number in range(60)]
    result = connector("documents", "resend", "--partner", "acme", "--as", "replacement", *options, "--json")
    assert len(result.data["planned"]) == 60
    assert sum("partner_has" in one for one in result.data["planned"]) == len(asked) == reads
