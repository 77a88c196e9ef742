"""The commands of the runbook about incoming changes, run as they are written there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from connector.domain.order_change.record import ChangeState
from testkit.memory.stores import a_change
from testkit.samples.routing_data import routing_data

RUNBOOK = (Path(__file__).parents[3] / "docs" / "runbook.md").read_text()
ENTRIES = {
    "changes-dead-lettered": ChangeState.RECEIVED,
    "changes-parked": ChangeState.PARKED,
    "changes-unfinished": ChangeState.RECEIVED,
}
"""The entry, and how the change stands that brings somebody there."""


def commands(entry: str) -> list[str]:
    """Every `connector ...` of an entry, in a block or inside a sentence, without its comment; dead letters aside."""
    (text,) = re.findall(rf"^## {entry}$(.*?)(?=^## )", RUNBOOK, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^(connector [^#\n]*)", text, re.MULTILINE)
    spoken = [" ".join(one.split()) for one in re.findall(r"`(connector [^`]*)`", text)]
    # Those in a sentence that name a command and no object speak of it, and are in a block as well.
    found = {one.strip() for one in [*blocks, *(one for one in spoken if one.count(" ") > 2)]}
    return sorted(one for one in found if not one.startswith("connector deadletters"))


@pytest.mark.parametrize(("entry", "command"), [(entry, command) for entry in ENTRIES for command in commands(entry)])
def test_a_command_of_the_runbook_does_what_is_said(connector, stack, monkeypatch, entry, command):
    monkeypatch.setenv("USER", "kari")
    stack.routing.data = routing_data()
    number = "500124" if "--order" in command else "500123"
    stack.changes.put(a_change(number=number, state=ENTRIES[entry]), message={"purchaseOrderNumber": number})
    arguments = shlex.split(command.replace("TRANSACTION", "802210971").replace("TEXT", "'entered by hand'"))[1:]
    asks = arguments[0] == "changes" and arguments[1] not in {"list", "show"}

    result = connector(*arguments, *(["--yes"] if asks else []))

    assert result.code == 0, result.err


def test_every_verb_is_in_the_runbook():
    named = {command.split()[2] for entry in ENTRIES for command in commands(entry) if " changes " in command}
    assert named == {"list", "show", "approve", "retry", "reject", "close"}
