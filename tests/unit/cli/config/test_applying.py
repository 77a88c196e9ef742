from __future__ import annotations

import pytest
import yaml

from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import a_change
from testkit.samples.routing_data import a_partner, routing_data
from tests.unit.cli.conftest import parked


def test_apply_refuses_another_name_for_a_company(connector, stack, routing_file):
    """The ledger does not follow it: everything would be sent a second time."""
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    before = stack.routing.load().version
    renamed = {
        "companies": {"nordic_food": routing_data()["companies"]["nordic"]},
        "partners.acme.company": "nordic_food",
        "partners.matsenteret.company": "nordic_food",
    }
    result = connector("config", "apply", routing_file(renamed), "--yes")
    assert (result.code, stack.routing.load().version) == (2, before)
    assert "Keep the name 'nordic'" in result.err


@pytest.mark.parametrize(("go_live", "code"), [("2026-01-01", 2), ("2099-01-01", 0)])
def test_apply_splits_a_company_only_with_a_go_live_that_is_to_come(connector, routing_file, go_live, code):
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    nordic = routing_data()["companies"]["nordic"]
    visma = nordic["visma"]
    split = {
        "companies.nordic.visma.branch": "1",
        "companies.norden": nordic | {"go_live": go_live, "visma": visma | {"branch": "2"}},
    }
    assert connector("config", "apply", routing_file(split), "--yes").code == code


def test_another_isa_id_of_a_company_is_said_with_what_becomes_of_the_former_one(connector, routing_file):
    """What a partner goes on sending to the former one is for nobody here: it is recorded nowhere."""
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    another = routing_file({"companies.nordic.orderful.isa_id": {"live": "NORDICFOOD", "test": "NORDICNEWT"}})
    said = " ".join(connector("config", "apply", another, "--dry-run").err.split())
    assert "warning: companies.nordic.orderful.isa_id.test: it was NORDICFOODT" in said
    assert "changes and answers that partners send to it are not taken any more" in said


def test_an_isa_id_that_stays_or_is_of_the_other_stream_is_not_spoken_of(connector, routing_file):
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    live = {"companies.nordic.orderful.isa_id": {"live": "NORDICNEW", "test": "NORDICFOODT"}}
    assert "it was NORDICFOOD" not in connector("config", "apply", routing_file(live), "--dry-run").err


def test_apply_says_what_it_will_do_before_it_does_it(connector, routing_file):
    result = connector("config", "apply", routing_file(), "--yes")
    assert '+ partners.acme.company: "nordic"' in result.err
    assert "in force for stack 'laptop'" in result.err
    assert result.out.startswith("Routing version ")


def test_apply_with_dry_run_writes_nothing(connector, stack, routing_file):
    stack.ledger.kept = [parked("500123", "defaults.units.KRT")]
    stack.changes.put(a_change(state=ChangeState.PARKED, waits_for="defaults.units.KRT"))
    result = connector("config", "apply", routing_file(), "--dry-run")
    assert (result.code, stack.routing.put_in_force, stack.outbox.queued) == (0, [], [])
    assert [change.state for change in stack.changes.all()] == [ChangeState.PARKED]


def test_apply_without_a_yes_writes_nothing(connector, stack, routing_file, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", _refuse)
    result = connector("config", "apply", routing_file())
    assert (result.code, stack.routing.put_in_force) == (1, [])
    assert result.err.endswith("Not done: the answer was not yes. Nothing was changed.\n")


@pytest.mark.parametrize(
    "command",
    [
        ("config", "apply"),
        ("baseline",),
        ("documents", "replay", "500124"),
        ("documents", "release", "500124", "--as", "original"),
        ("documents", "close", "500124", "--reason", "no"),
        ("changes", "approve", "1", "--by", "ola"),
        ("changes", "reject", "1", "--by", "ola", "--reason", "no"),
    ],
)
def test_without_a_terminal_a_command_asks_for_yes_and_changes_nothing(
    connector, stack, routing_file, command, monkeypatch
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    stack.routing.data = routing_data()
    stack.ledger.kept = [parked("500124", None)]
    stack.changes.put(a_change(transaction_id="1", state=ChangeState.PARKED))
    result = connector(*command, *([routing_file()] if command[0] == "config" else []))
    assert result.code == 2
    assert result.err.endswith("There is no terminal to ask on; write --yes. Nothing was changed.\n")
    assert (stack.routing.put_in_force, stack.ledger.moved, stack.outbox.queued) == ([], [], [])


def _refuse(*_arguments, **_options):
    import click

    raise click.Abort


def test_apply_refuses_a_wrong_file_before_it_touches_anything(connector, stack, routing_file):
    result = connector("config", "apply", routing_file({"partners.beta": a_partner(supplier="50012")}), "--yes")
    assert (result.code, stack.routing.put_in_force) == (2, [])
    assert "mapped twice, to acme and beta" in result.err


def test_apply_tells_when_somebody_else_was_faster(connector, stack, routing_file):
    stack.routing.overtaken = True
    result = connector("config", "apply", routing_file(), "--yes")
    assert (result.code, stack.outbox.queued) == (1, [])
    assert "Somebody else applied another routing meanwhile." in result.err


def test_apply_says_until_when_the_former_version_counts(connector, routing_file):
    first = connector("config", "apply", routing_file(), "--yes", "--json").data
    assert first["former_until"] is None
    changed = connector("config", "apply", routing_file({"defaults.settle": "3m"}), "--yes")
    assert "Until 2026-09-01 06:01:00Z functions may still use the former version" in changed.out


def test_apply_refuses_the_file_of_another_stack_unless_it_is_meant(connector, stack, routing_file):
    assert connector("config", "apply", routing_file(), "--yes").code == 0
    visma = {"companies.nordic.visma.company_id": "777"}
    assert connector("config", "apply", routing_file(visma), "--yes", "--dry-run").code == 0, "one id may be repaired"
    other = routing_file({**visma, "companies.nordic.visma.tenant_id": "another"})
    refused = connector("config", "apply", other, "--yes")
    assert (refused.code, len(stack.routing.put_in_force)) == (2, 1)
    assert "stack 'laptop' reads nordic (" in refused.err
    assert connector("config", "apply", other, "--yes", "--other-companies").code == 0


def test_apply_names_the_version_that_it_was_compared_with(connector, stack, routing_file):
    first = connector("config", "apply", routing_file(), "--yes", "--json")
    assert (first.data["replaces"], "Nothing is in force yet." in first.err) == (None, True)
    second = connector("config", "apply", routing_file({"defaults.currency": "NOK"}), "--yes", "--json")
    assert second.data["replaces"] == first.data["version"]
    assert f"Compared with version {first.data['version']}, which is in force:" in second.err


@pytest.mark.parametrize("command", ["apply", "rollback"])
def test_whoever_names_another_version_than_the_one_in_force_is_refused(connector, stack, routing_file, command):
    """A colleague applied another file since this one was made: applied as it is, it would take that back."""
    first = connector("config", "apply", routing_file(), "--yes", "--json").data["version"]
    second = connector("config", "apply", routing_file({"defaults.currency": "NOK"}), "--yes", "--json").data["version"]
    what = routing_file() if command == "apply" else first
    refused = connector("config", command, what, "--yes", "--replaces", first)
    assert (refused.code, len(stack.routing.put_in_force)) == (2, 2)
    assert f"to replace version {first}, and version {second} is in force" in refused.err
    assert connector("config", command, what, "--yes", "--replaces", second).code == 0


def test_apply_keeps_the_file_with_its_comments_and_what_it_changed_and_released(connector, stack, routing_file):
    text = f"# of the team\n{routing_text()}"
    assert connector("config", "apply", routing_file(text=text), "--yes").code == 0
    stack.changes.put(a_change(state=ChangeState.PARKED, waits_for="defaults.units.KRT"))
    text = text.replace("acme:", "acme:  # since May")
    assert connector("config", "apply", routing_file(text=text), "--yes").code == 0
    first, second = stack.routing.entries
    assert stack.routing.text(second.text) == text.encode()
    assert (first.difference.added > 0, second.difference.total) == (True, 0)
    assert (second.documents, second.changes) == (0, 1)


def test_a_comment_that_looks_like_a_secret_is_not_kept_and_that_is_said(connector, stack, routing_file):
    text = f"# api_key: 8f3kd93kd02kd93kd\n{routing_text()}"
    result = connector("config", "apply", routing_file(text=text), "--yes")
    assert "a comment looks like a secret (line 1)" in result.err
    assert b"8f3kd" not in stack.routing.text(stack.routing.who.text)


def test_a_file_that_is_too_long_is_applied_without_its_text(connector, stack, routing_file, monkeypatch):
    monkeypatch.setattr("connector.cli.config.applying.MAX_TEXT_LENGTH", 100)
    result = connector("config", "apply", routing_file(), "--yes")
    assert (result.code, stack.routing.who.text) == (0, None)
    assert "its content is kept, its text is not" in result.err


def routing_text():
    return yaml.safe_dump(routing_data())
