"""One decision about many: told before, asked for once, and carried out one after the other."""

from __future__ import annotations

import json

import click
import pytest

from connector.cli.commands import cli
from connector.cli.many import SHOWN, DecisionOptions, Planned
from connector.cli.output import WrongInput
from connector.domain.documents import DocumentKey
from connector.domain.errors import Transient
from connector.domain.order_change.record import ChangeState
from connector.services.decider import Decider
from testkit.memory.stores import CALLER, a_change
from testkit.samples.routing_data import routing_data
from tests.unit.cli.documents.conftest import PARKED

WHO = Decider("kari", CALLER, None)


@pytest.fixture
def run(stack, capsys):
    """Decide about things by name, of which some fail; gives code, result, what was told and what was done."""

    def decide(names, left_out=(), *, fails=(), **options):
        done = []

        def carry_out(name, who):
            if name in fails:
                raise Transient("The ledger is busy.")
            done.append((name, who))

        given = {"dry_run": False, "yes": True, "as_json": True} | options
        decision = DecisionOptions(stack=stack, by="kari", why=None, **given)
        code = decision.about_many(
            [
                Planned(name=name, data={"name": name}, carry_out=lambda who, name=name: carry_out(name, who))
                for name in names
            ],
            left_out,
            what="change",
            preview="So many.",
            sums={"sums": {"NOK": "1"}},
        )
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if given["as_json"] else captured.out, captured.err, done

    return decide


def test_each_is_carried_out_in_the_name_of_one_person(run):
    code, result, output, done = run(["1", "2"])
    assert (code, done) == (0, [("1", WHO), ("2", WHO)])
    assert result == {
        "planned": [{"name": "1"}, {"name": "2"}],
        "sums": {"NOK": "1"},
        "done": 2,
        "failed": [],
        "left_out": [],
    }
    assert output.startswith("So many.\n")


def test_a_dry_run_asks_for_nobody_and_does_nothing(run, stack):
    stack.who = None
    code, out, _, done = run(["1"], dry_run=True, as_json=False)
    assert (code, out, done) == (0, "1 change would be decided; nothing was done.\n", [])


def test_one_that_fails_stops_no_other_and_is_named(run):
    code, out, _, done = run(["1", "2"], fails=("1",), as_json=False)
    assert (code, [name for name, _ in done]) == (1, ["2"])
    assert out == "1 change done, 1 failed, 0 left out.\n  1: The ledger is busy.\n"
    assert run(["1"], fails=("1",))[1]["failed"] == [{"change": "1", "why": "The ledger is busy."}]


def test_what_is_left_out_is_named_up_to_a_number(run):
    left = [(str(number), "It is over.") for number in range(SHOWN + 3)]
    _, result, output, _ = run([], left)
    assert output.count("It is over.") == SHOWN
    assert "Left out: 3 more" in output
    assert len(result["left_out"]) == SHOWN + 3


def test_nothing_is_done_without_a_yes(run):
    with pytest.raises(WrongInput, match="write --yes"):
        run(["1"], yes=False)


def test_a_long_one_says_how_far_it_came(run):
    _, _, output, _ = run([str(number) for number in range(250)])
    assert "100 of 250 ...\n200 of 250 ...\n" in output


ENDING = [("documents", "close", "500123"), ("changes", "close", "5"), ("changes", "reject", "5")]


@pytest.fixture
def waiting(stack):
    """An order and a change that wait for a person; gives what the histories say of their ends."""
    stack.routing.data = routing_data()
    stack.ledger.kept = [PARKED]
    stack.changes.put(a_change(transaction_id="5", number="5", state=ChangeState.PARKED))

    def ends():
        (change,) = stack.changes.of_order(DocumentKey.of_order("nordic", "5"))
        return [note for *_, note in stack.ledger.moved] + [one.note for one in change.history if "by kari" in one.note]

    return ends


WITH_REASON = [
    *((*command, "--yes") for command in ENDING),
    ("pause", "--all", "--yes"),
    ("reconcile", "close", "5d1f0c2a"),
    ("deadletters", "drop", "500123", "--yes"),
]


@pytest.mark.parametrize("command", WITH_REASON)
def test_what_has_to_have_a_reason_says_so_where_nobody_can_be_asked(connector, waiting, monkeypatch, command):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    result = connector(*command)
    assert (result.code, result.out, waiting()) == (2, "", [])
    assert result.err == "There is no terminal to ask for the reason on; write --reason TEXT. Nothing was changed.\n"


def test_every_reason_is_asked_for_by_one_part_of_the_command():
    def options(command):
        found = command.commands.values() if isinstance(command, click.Group) else ()
        return [
            *(one for one in command.params if "--reason" in one.opts and one.metavar == "TEXT"),
            *(one for each in found for one in options(each)),
        ]

    found = options(cli)
    assert len(found) > len(WITH_REASON)
    assert {(one.name, one.required) for one in found} == {("why", False)}


@pytest.mark.parametrize("command", ENDING)
def test_where_nothing_is_done_no_reason_is_needed(connector, waiting, monkeypatch, command):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert connector(*command, "--dry-run").code == 0
    assert waiting() == []


@pytest.mark.parametrize("command", ENDING)
def test_at_a_terminal_the_reason_is_asked_for_once_it_is_shown_what_ends(connector, waiting, asked, command):
    result = connector(*command, "--yes")
    assert result.code == 0
    (note,) = waiting()
    assert ": told by mail" in note
    shown, *questions = result.err.split("Why? The reason is kept")
    assert command[2] in shown
    assert len(questions) == 2


@pytest.mark.parametrize("command", ENDING)
def test_a_name_that_leads_to_nothing_asks_for_no_reason(connector, waiting, asked, command):
    result = connector(*command[:2], "999", "--yes")
    assert result.code in {1, 2}
    assert "Why?" not in result.err
