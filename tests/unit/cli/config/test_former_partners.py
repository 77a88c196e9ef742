"""What `config apply` says of partners whose names the new routing does not have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import a_change
from testkit.samples.routing_data import a_partner, routing_data
from tests.unit.cli.documents.conftest import ORDER, PARKED, SENT

ACME = routing_data()["partners"]["acme"]


@pytest.fixture
def on_record(stack):
    """Of acme two open documents, one under a still older name, and a change; and a document of nobody."""
    stack.routing.data = routing_data()
    stack.ledger.kept = [
        replace(SENT, counterparty="50012"),
        replace(PARKED, partner="acme-of-old", counterparty="50012"),
        replace(PARKED, key=replace(ORDER, number="500124")),
    ]
    stack.changes.put(a_change(state=ChangeState.PARKED))


@pytest.mark.usefixtures("on_record")
@pytest.mark.parametrize(
    ("number", "because", "option"),
    [("50012", "supplier 50012", "--yes"), ("50012", "supplier 50012", "--dry-run"), ("7", "the same ISA id", "--yes")],
)
def test_apply_says_which_partner_is_renamed_and_what_is_open_under_it(
    connector, routing_file, number, because, option
):
    file = routing_file({"partners.acme": None, "partners.acme-no": {**ACME, "visma": {"supplier": number}}})
    result = connector("config", "apply", file, option, "--json")
    sentence = f"Partner acme is called acme-no in this file ({because}): 2 documents and 1 change of it are open"
    assert (result.code, sentence in result.err) == (0, True)
    (former,) = result.data["former_partners"]
    assert (former["name"], former["now"], former["documents"], former["changes"]) == ("acme", ["acme-no"], 2, 1)


def test_apply_says_which_partner_is_removed_and_what_is_open_under_it(connector, on_record, routing_file):
    result = connector("config", "apply", routing_file({"partners.acme": None}), "--dry-run")
    assert "Partner acme is not in this file: 2 documents and 1 change of it are open." in result.err
    assert "connector documents list --partner acme" in result.err


def test_apply_says_nothing_of_partners_that_keep_their_names(connector, on_record, routing_file):
    result = connector("config", "apply", routing_file({"partners.beta": a_partner(supplier="7")}), "--yes", "--json")
    assert (result.code, result.data["former_partners"]) == (0, [])
