"""What the command prints cannot command the terminal that shows it."""

from __future__ import annotations

import json

from connector.cli.output import fail, say, show, table

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


def test_json_means_what_it_meant_and_can_be_printed(capsys):
    show({"why": HOSTILE, "space": "\u00a0", "name": "Blåbær"}, str, as_json=True)
    fail(HOSTILE, 1, as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"why": HOSTILE, "space": "\u00a0", "name": "Blåbær"}
    assert json.loads(captured.err)["error"] == HOSTILE
    assert "Blåbær" in captured.out
    assert (captured.out + captured.err).replace("\n", "").isprintable()
