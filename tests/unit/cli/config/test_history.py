from __future__ import annotations

import dataclasses
import json
import re

import pytest
import yaml

from connector.cli.config.history import written
from connector.cli.files import check_text
from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data
from tests.unit.cli.conftest import parked


@pytest.fixture
def apply(connector, routing_file):
    """Apply a file, and give its version."""

    def run(changes=None, text=None):
        result = connector("config", "apply", routing_file(changes, text), "--yes", "--release", "none", "--json")
        assert result.code == 0, result.err
        return result.data["version"]

    return run


def test_history_says_which_version_was_applied_when_by_whom_what_changed_and_what_was_released(
    connector, stack, apply
):
    assert "No routing was applied yet." in connector("config", "history").out
    first = apply()
    stack.changes.put(a_change(state=ChangeState.PARKED, waits_for="defaults.units.KRT"))
    second = apply({"defaults.units.KRT": "case", "defaults.currency": "NOK"})
    head, newest, oldest = connector("config", "history").out.splitlines()
    assert head.split() == ["version", "applied", "by", "identity", "released", "changed"]
    assert newest.split()[:1] + oldest.split()[:1] == [second, first]
    assert "2026-09-01 06:00:00Z  kari" in newest
    assert stack.who in newest
    assert newest.endswith("0 documents, 1 change  2 added: defaults.currency, defaults.units.KRT")
    assert re.search(r"\b\d+ added: companies\.nordic, defaults\.\w+, ", oldest)
    assert oldest.endswith(", ...")
    assert [one["version"] for one in connector("config", "history", "--limit", "1", "--json").data] == [second]


def test_show_of_a_version_prints_it_and_all_that_it_changed(connector, apply):
    first = apply()
    second = apply({"defaults.currency": "NOK", "partners.acme.dialect": "x12"})
    apply()
    shown = connector("config", "show", second[:6]).out
    assert shown.startswith(f"Routing version {second}, applied 2026-09-01 06:00:00Z by kari (")
    assert f"Compared with version {first}, which it replaced:\n" in shown
    assert '+ defaults.currency: "NOK"' in shown
    assert '+ partners.acme.dialect: "x12"' in shown
    route = connector("config", "show", second, "--route", "nordic", "purchase_order", "50012", "--json").data
    assert route["currency"]["value"] == "NOK"


@pytest.mark.parametrize("command", ["show", "rollback", "export"])
def test_a_version_that_was_never_applied_is_named_with_the_command_that_lists_them(connector, apply, command):
    apply()
    result = connector("config", command, "beef")
    assert result.code == 2
    assert "No version 'beef' was applied to stack 'laptop'. See `connector config history`." in result.err


def test_a_beginning_that_several_versions_have_is_asked_about(connector, stack, apply):
    apply()
    stack.routing.entries = [
        dataclasses.replace(stack.routing.entries[0], version=version) for version in ("beef1", "beef2")
    ]
    result = connector("config", "show", "beef")
    assert (result.code, "beef1, beef2. Write more of it." in result.err) == (2, True)


def test_a_version_and_a_file_are_not_shown_together(connector, apply, routing_file):
    assert connector("config", "show", apply(), "--config", routing_file()).code == 2


def test_rollback_is_an_apply_of_the_old_version(connector, stack, apply):
    first = apply(text=f"# as it was\n{yaml.safe_dump(routing_data())}")
    second = apply({"defaults.currency": "NOK"})
    stack.changes.put(a_change(state=ChangeState.PARKED, waits_for="defaults.units.KRT"))
    result = connector("config", "rollback", first, "--yes")
    assert result.code == 0
    assert f"Compared with version {second}, which is in force:\n- defaults.currency" in result.err
    assert f"This puts version {first} in force for stack 'laptop' (test) and releases 0 documents." in result.err
    assert stack.routing.current_version() == first
    assert stack.routing.text(stack.routing.who.text).startswith(b"# as it was\n")
    assert stack.routing.entries[-1].changes == 1
    assert stack.routing.who.previous == second


def test_rollback_has_the_questions_and_refusals_of_an_apply(connector, stack, apply, monkeypatch):
    first = apply({"defaults.units.KRT": "case"})
    visma = {"company_id": "777", "tenant_id": "another"}
    other = stack.routing.apply(
        routing_data({"companies.nordic.visma": visma}),
        stack.clock.now(),
        replacing=first,
        by="ola",
        caller="arn",
        text=None,
        difference=None,
    ).version
    refused = connector("config", "rollback", first, "--yes")
    assert (refused.code, stack.routing.current_version()) == (2, other)
    assert f"version {first} looks like the file of another stack" in refused.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert connector("config", "rollback", first, "--other-companies").code == 2
    assert connector("config", "rollback", first, "--other-companies", "--dry-run").code == 0
    stack.ledger.kept = [parked("500123", "defaults.units.KRT")]
    assert connector("config", "rollback", first, "--other-companies", "--yes", "--release", "none").code == 0
    assert stack.routing.current_version() == first


def test_a_version_with_what_is_an_error_by_now_is_not_applied_again(connector, stack, apply):
    first = apply()
    apply({"defaults.currency": "NOK"})
    stack.routing.versions[first]["defaults"]["units"] = {"STK": "heap"}
    result = connector("config", "rollback", first, "--yes")
    assert (result.code, stack.routing.current_version() == first) == (2, False)
    assert f"connector config export {first}" in result.err
    assert "defaults.units.STK: 'heap' is no unit" in result.err


def test_export_prints_the_file_exactly_as_it_was_applied(connector, apply):
    text = f"# the team's\r\n{yaml.safe_dump(routing_data())}\n\n"
    first = apply(text=text)
    apply({"defaults.currency": "NOK"})
    exported = connector("config", "export", first)
    assert exported.out == text.replace("\r\n", "\n").replace("the team's\n", "the team's\r\n")
    assert exported.err == f"Version {first}, as it was applied.\n"
    assert "currency: NOK" in connector("config", "export").out


def test_export_prints_the_content_where_no_text_was_kept(connector, stack, apply):
    apply()
    stack.routing.who = dataclasses.replace(stack.routing.who, text=None)
    exported = connector("config", "export")
    assert "its content: no text of it was kept" in exported.err
    assert check_text(exported.out.encode(), "file").checked.data == stack.routing.data
    assert connector("config", "export", "--json").data["exact"] is False


def test_export_before_the_first_apply_names_the_command(connector):
    result = connector("config", "export", "--json")
    assert (result.code, "connector config apply" in json.loads(result.err)["error"]) == (1, True)


def test_what_is_written_is_read_as_the_same():
    """Numbers that are names, words that YAML 1.1 takes for others, and repeated parts."""
    part = {"country": "NO", "postal_code": "0150", "lines": ["- a", "b: c", "#d"]}
    data = routing_data(
        {
            "companies.nordic.address": part,
            "partners.acme.address": part,
            "partners.acme.visma.supplier": "0050012",
            "defaults.units": {"yes": "each", "1.0": "case", "~": "each"},
        }
    )
    again = check_text(written(data).encode(), "file").checked.data
    assert again == check_text(json.dumps(data).encode(), "file").checked.data
