"""What `config` says of a go_live that is unusual, or that makes documents new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.domain.revision.record import State
from connector.domain.transactions import Stream
from testkit.samples.visma_samples import a_purchase_order, as_json
from tests.unit.cli.conftest import parked

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


def test_check_for_a_live_stack_refuses_a_file_without_go_live(connector, routing_file):
    assert connector("config", "check", routing_file()).code == 0
    assert connector("config", "check", routing_file(), "--stream", "test").code == 0
    live = connector("config", "check", routing_file(), "--stream", "live")
    assert live.code == 2
    assert "error: companies.nordic.go_live: is missing" in live.out


def test_apply_on_a_live_stack_refuses_a_file_without_go_live(connector, routing_file, stack):
    stack.stream = Stream.LIVE
    result = connector("config", "apply", routing_file(), "--yes")
    assert (result.code, stack.routing.put_in_force) == (2, [])
    assert "companies.nordic.go_live" in result.err
    assert connector("config", "apply", routing_file({"defaults.go_live": "2026-12-01"}), "--yes").code == 0


@pytest.mark.parametrize(
    ("go_live", "output"),
    [("2026-10-03", "32 days ahead"), ("2026-10-01", None), ("2025-07-20", "408 days ago"), ("2025-08-20", None)],
)
def test_apply_warns_of_a_go_live_that_is_far_from_today(connector, routing_file, go_live, output):
    result = connector("config", "apply", routing_file({"companies.nordic.go_live": go_live}), "--dry-run")
    warnings = [line for line in result.err.splitlines() if line.startswith("warning: companies.nordic.go_live")]
    assert [output in line for line in warnings] == ([True] if output else [])


def test_a_go_live_of_long_ago_is_told_once_and_one_far_ahead_until_it_comes(connector, routing_file):
    for go_live, again in (("2020-01-01", False), ("2029-01-01", True)):
        file = routing_file({"partners.acme.go_live": go_live})
        assert "warning: partners.acme.go_live" in connector("config", "apply", file, "--yes").err
        assert ("warning: partners.acme.go_live" in connector("config", "apply", file, "--yes").err) is again


@pytest.mark.parametrize("go_live", ["1999-01-01", "2999-01-01"])
def test_check_warns_of_such_a_go_live_without_failing(connector, routing_file, go_live):
    result = connector("config", "check", routing_file({"defaults.go_live": go_live}))
    assert result.code == 0
    assert f"warning: companies.nordic.go_live: {go_live} is " in result.out


def test_apply_names_the_documents_that_another_go_live_makes_new(connector, stack, routing_file):
    assert connector("config", "apply", routing_file({"companies.nordic.go_live": "2026-10-01"}), "--yes").code == 0
    stack.ledger.kept = [replace(parked(number, None), state=State.BASELINE) for number in ("500123", "500124")]
    for number, date in (("500123", "2026-08-20"), ("500124", "2026-09-03")):
        order = a_purchase_order(orderNbr=number, date=f"{date}T00:00:00")
        stack.ledger.sources[number] = as_json(order)
    file = routing_file({"companies.nordic.go_live": "2026-09-01"})
    result = connector("config", "apply", file, "--dry-run", "--json")
    assert result.data["across_go_live"] == ["nordic/purchase_order/500124"]
    assert "1 document on record as from before go-live is not from before the new one:" in result.err
    row = next(line for line in result.err.splitlines() if line.startswith("nordic  "))
    assert row.split() == ["nordic", "purchase_order", "1", "2026-09-03", "2026-09-03", "500124"]
