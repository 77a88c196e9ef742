"""What the command prints cannot command the terminal that shows it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from connector.cli.output import WrongInput, fail, json_option, minute, page, run, say, show, table, tell, utc_option
from testkit.terminal import typed

ROOT = Path(__file__).parents[3]

HOSTILE = "a\x1b[2J\nb\u202e\x9b"
SEEN = r"a\u001b[2J b\u202e\u009b"


def test_a_cell_and_a_step_stay_on_their_line():
    lines = table(("why",), [(HOSTILE,)], steps=[HOSTILE]).splitlines()
    assert lines == ["why", SEEN, f"      -> {SEEN}"]


def test_a_text_keeps_its_lines_and_nothing_else(capsys):
    show({}, lambda: HOSTILE, as_json=False)
    say(HOSTILE)
    captured = capsys.readouterr()
    assert captured.out == captured.err == r"a\u001b[2J" + "\n" + r"b\u202e\u009b" + "\n"


@pytest.fixture
def stopped(monkeypatch):
    """Run a command in which a person stops, and give its exit code."""

    def run_until(stop):
        group = click.Group()
        group.add_command(click.Command("wait", callback=stop))
        return run(group, ["wait"])

    return run_until


def test_ctrl_c_is_quiet_and_has_the_exit_code_of_the_shell(stopped, capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert stopped(interrupted) == 130
    assert capsys.readouterr().err.strip() == ""


def test_so_is_ctrl_c_while_the_command_is_loaded():
    script = (
        "import os, signal, sys\n"
        "from connector.cli.main import main\n"
        "class Stop:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'connector.cli.status': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Stop())\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "--version"]
    environment = {"PYTHONPATH": str(ROOT / "layers" / "connector")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    # A shell tells a process that ended by a signal with 128 and its number.
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_so_is_ctrl_c_at_a_question(stopped, capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    assert stopped(lambda: click.confirm("Go on?", abort=True)) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Nothing was changed."


def test_an_end_of_the_input_is_no_answer(stopped, capsys, monkeypatch):
    def ended(_):
        raise EOFError

    monkeypatch.setattr("click.termui.visible_prompt_func", ended)
    assert stopped(lambda: click.confirm("Go on?", abort=True, prompt_suffix="")) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "Not done: there was no answer. Nothing was changed."


@pytest.mark.parametrize("stop", [KeyboardInterrupt, EOFError])
def test_a_stop_at_a_question_is_one_line_of_json(capsys, monkeypatch, stop):
    def stopped_at(_):
        raise stop

    monkeypatch.setattr("click.termui.visible_prompt_func", stopped_at)
    group = click.Group()
    group.add_command(json_option(click.Command("wait", callback=lambda **_: click.confirm("Go on?", abort=True))))
    assert run(group, ["wait", "--json"]) in {1, 130}
    said = json.loads(capsys.readouterr().err.splitlines()[-1])["error"]
    assert said.endswith("Nothing was changed.")
    assert "\n" not in said


def test_a_no_is_told_and_is_no_success(stopped, capsys, monkeypatch):
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert stopped(lambda: click.confirm("Go on?", abort=True)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "Not done: the answer was not yes. Nothing was changed."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["look", "--colour"], "No such option '--colour'.\nSee connector look --help\n"),
        (["loook"], "See connector --help\n"),
        (["look", "--json", "--colour"], '{"error": "No such option \'--colour\'.", "exit_code": 2}\n'),
    ],
)
def test_a_wrong_command_line_says_where_its_help_is(capsys, arguments, said):
    group = click.Group()
    group.add_command(json_option(click.Command("look")))
    assert run(group, arguments) == 2
    assert capsys.readouterr().err.endswith(said)


def test_json_means_what_it_meant_and_can_be_printed(capsys):
    show({"why": HOSTILE, "space": "\u00a0", "name": "Blåbær"}, str, as_json=True)
    fail(HOSTILE, 1, as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"why": HOSTILE, "space": "\u00a0", "name": "Blåbær"}
    assert json.loads(captured.err)["error"] == HOSTILE
    assert "Blåbær" in captured.out
    assert (captured.out + captured.err).replace("\n", "").isprintable()


def at_terminal(monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("connector.cli.output._screen", lambda _: os.terminal_size((columns, 24)))


HEAD = ("document", "state", "changed", "code", "why")
ROW = (
    *("nordic/purchase_order/500123", "PARKED", "2026-09-01 06:00Z", "unit-unmapped"),
    "Unit KRT of line 2 is not mapped to a unit of measure.",
)


def test_a_table_that_fits_has_one_line_for_each_row(monkeypatch):
    at_terminal(monkeypatch, 160)
    assert len(table(HEAD, [ROW, ROW]).splitlines()) == 3


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_a_table_fits_the_terminal_and_loses_nothing(monkeypatch, columns):
    at_terminal(monkeypatch, columns)
    lines = table(
        HEAD, [ROW, (*ROW[:3], None, None)], steps=["Add defaults.units.KRT to the routing file. " * 3]
    ).split("\n")
    assert max(map(len, lines)) <= columns
    output = " ".join(" ".join(lines).split())
    assert "mapped to a unit of measure." in output
    assert "unit-unmapped" in output
    assert output.count("Add defaults.units.KRT") == 3
    assert lines[0].split()[:2] == ["document", "state"]


def test_columns_counts_at_a_terminal_alone(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert len(table(HEAD, [ROW]).splitlines()) == 2
    monkeypatch.setattr("connector.cli.output._screen", lambda _: os.terminal_size((160, 24)))
    assert len(table(HEAD, [ROW]).splitlines()) == 5


def test_what_stands_below_its_row_has_its_name(monkeypatch):
    at_terminal(monkeypatch, 60)
    assert table(HEAD, [ROW]).splitlines() == [
        "document                      state   changed",
        "nordic/purchase_order/500123  PARKED  2026-09-01 06:00Z",
        "      code: unit-unmapped",
        "      why: Unit KRT of line 2 is not mapped to a unit of",
        "        measure.",
    ]


def test_values_below_a_row_share_a_line_while_they_fit(monkeypatch):
    at_terminal(monkeypatch, 40)
    head = ("order", "a column that is wide", "asks", "Visma has")
    assert table(head, [("500123", "PO-100301", "12", "10")]).splitlines() == [
        "order   a column that is wide  asks",
        "500123  PO-100301              12",
        "      Visma has: 10",
    ]
    head = ("order", "a column that is wider than others", "asks", "Visma has")
    assert table(head, [("500123", "PO-100301", "12", "10")]).splitlines() == [
        "order",
        "500123",
        "      a column that is wider than",
        "        others: PO-100301",
        "      asks: 12  Visma has: 10",
    ]


SENTENCE = "Documents that routing skipped may leave with this file; they are asked about when they change."


def test_a_sentence_fits_the_terminal_and_is_one_line_elsewhere(monkeypatch, capsys):
    tell(f"  -> {SENTENCE}\n{SENTENCE}")
    say(SENTENCE)
    assert capsys.readouterr() == (f"  -> {SENTENCE}\n{SENTENCE}\n", f"{SENTENCE}\n")
    at_terminal(monkeypatch, 60)
    tell(f"  -> {SENTENCE}\n{SENTENCE}")
    say(SENTENCE)
    captured = capsys.readouterr()
    first, second, *others = captured.out.splitlines()
    assert (first[:6], second[:6]) == ("  -> D", "     f")
    assert captured.err.splitlines() == others
    assert max(map(len, [first, second, *others])) <= 60
    assert " ".join(others) == SENTENCE


def test_a_sentence_names_times_in_the_zone_of_its_reader(monkeypatch, capsys):
    said = "paused since 2026-11-28 23:30 UTC by Kari"
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Europe/Oslo")
        zone.delenv("CONNECTOR_UTC", raising=False)
        time.tzset()
        tell(said)
        say(said)
        assert table(("why",), [(said,)], steps=[said]).count("2026-11-29 00:30+01:00") == 2
        assert page().folded("until 2026-11-28 23:30:05 UTC") == "until 2026-11-29 00:30:05+01:00"
        assert minute(datetime(2026, 6, 1, 12, 5, 30, tzinfo=UTC)) == "2026-06-01 14:05+02:00"
        zone.setenv("CONNECTOR_UTC", "1")
        tell(said)
    time.tzset()
    local = "paused since 2026-11-29 00:30+01:00 by Kari\n"
    assert capsys.readouterr() == (f"{local}{said}\n", local)


@pytest.mark.parametrize(("options", "shown"), [((), "2026-11-29 00:30+01:00"), (("--utc",), "2026-11-28 23:30 UTC")])
def test_so_does_what_went_wrong(monkeypatch, capsys, options, shown):
    def wrong():
        raise WrongInput("It is paused since 2026-11-28 23:30 UTC by Kari.")

    group = click.Group()
    group.add_command(utc_option(click.Command("look", callback=wrong)))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Europe/Oslo")
        zone.delenv("CONNECTOR_UTC", raising=False)
        time.tzset()
        assert run(group, ["look", *options]) == 2
    time.tzset()
    assert capsys.readouterr().err == f"It is paused since {shown} by Kari.\n"


def test_what_went_wrong_is_one_line_of_json_with_its_times_in_utc(monkeypatch, capsys):
    at_terminal(monkeypatch, 60)
    sentence = f"{SENTENCE} Since 2026-11-28 23:30 UTC."
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Europe/Oslo")
        zone.delenv("CONNECTOR_UTC", raising=False)
        time.tzset()
        fail(sentence, 2, as_json=True)
    time.tzset()
    assert json.loads(capsys.readouterr().err) == {"error": sentence, "exit_code": 2}


def test_data_is_not_broken(monkeypatch, capsys):
    at_terminal(monkeypatch, 60)
    tell(SENTENCE, as_it_is=True)
    assert capsys.readouterr().out == f"{SENTENCE}\n"


def test_a_value_goes_on_in_its_column(monkeypatch):
    at_terminal(monkeypatch, 60)
    lines = page().fields([("why", SENTENCE), ("transaction", 802210971)]).splitlines()
    assert lines[0].startswith("  why             Documents that")
    assert {line[:18].strip() for line in lines[1:-1]} == {""}
    assert lines[-1] == "  transaction     802210971"
    assert max(map(len, lines)) <= 60


def test_a_column_that_is_wrapped_stays_in_its_place(monkeypatch):
    at_terminal(monkeypatch, 106)
    lines = table(HEAD, [ROW]).splitlines()
    at = lines[0].index("why")
    assert [line[at:] for line in lines] == ["why", "Unit KRT of line 2 is not mapped", "to a unit of measure."]
    assert lines[2][:at].strip() == ""


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("TERM", "xterm", "\x1b[33mPARKED\x1b[0m"), ("NO_COLOR", "1", "PARKED"), ("TERM", "dumb", "PARKED")],
)
def test_states_have_colours_at_a_terminal(monkeypatch, capsys, name, value, shown):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    tell("PARKED or UNPARKED")
    assert capsys.readouterr().out == "PARKED or UNPARKED\n", "there is no terminal"
    monkeypatch.setattr("connector.cli.output._screen", lambda _: os.terminal_size((80, 24)))
    tell("PARKED or UNPARKED")
    assert capsys.readouterr().out == f"{shown} or UNPARKED\n"


@pytest.mark.parametrize(("lines", "seen"), [(200, "paged:line"), (3, "line")])
def test_what_is_longer_than_the_terminal_goes_through_a_pager(tmp_path, lines, seen):
    script = f"from connector.cli.output import tell; tell('line\\\\n' * {lines})"
    command = f'stty rows 24 cols 80; PAGER="sed s/^/paged:/" {sys.executable} -c "{script}"'
    environment = os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT / "layers" / "connector")}
    code, shown = typed(command, directory=tmp_path, environment=environment)
    assert (code, {line for line in shown.splitlines() if line} - {"paged:"}) == (0, {seen})


@pytest.mark.parametrize(
    ("pager", "has_colours"), [("", True), ("less", True), ("less -R", True), ("less -S", False), ("cat", False)]
)
def test_a_pager_gets_colours_when_it_shows_them(tmp_path, pager, has_colours):
    less = tmp_path / "less"
    less.write_text('#!/bin/sh\necho "options:$LESS $*"; grep -c "$(printf "\\033")"; exit 0\n')
    (tmp_path / "cat").write_text(less.read_text())
    for program in (less, tmp_path / "cat"):
        program.chmod(0o755)
    script = "from connector.cli.output import tell; tell('PARKED\\\\n' * 200)"
    command = f'stty rows 24 cols 80; PATH="{tmp_path}:$PATH" PAGER="{pager}" {sys.executable} -c "{script}"'
    environment = {name: value for name, value in os.environ.items() if name not in {"LESS", "NO_COLOR"}}
    environment |= {"TERM": "xterm", "PYTHONPATH": str(ROOT / "layers" / "connector")}
    code, shown = typed(command, directory=tmp_path, environment=environment)
    options, coloured = shown.split("\n")[:2]
    assert (code, int(coloured) > 0) == (0, has_colours)
    assert not has_colours or "-R" in options
