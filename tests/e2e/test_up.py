"""What `make up` leaves behind: a day with documents in every state that lasts, and a tour that shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from connector.cli.output import INTERRUPTED
from connector.domain.revision.record import State
from testkit.laptop import up
from testkit.laptop.observed import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

LASTING = {
    *(State.ACKNOWLEDGED, State.AGREED, State.BASELINE, State.CLOSED),
    *(State.PARKED, State.REJECTED, State.SKIPPED, State.SUPERSEDED),
}


@pytest.fixture(scope="module")
def day(nordic: Laptop) -> Laptop:
    """The stack at the end of the day that `make up` plays."""
    if not nordic.demo.requests:  # nobody has played the partners' part yet
        nordic.demo.play_partners()
    nordic.demo.play_evening()
    return nordic


def test_the_day_leaves_a_document_in_each_state_that_lasts(day: Laptop) -> None:
    rows = [item["state"]["S"] for item in day.items("DocumentsTable") if item["sk"]["S"].startswith("rev")]

    assert {state.value for state in LASTING} <= set(rows)


@pytest.mark.parametrize("command", [command for command, _ in up.TOUR])
def test_each_command_of_the_tour_shows_something(day: Laptop, command: str) -> None:
    ended = day.connector(*command.split())

    # 1: the check that fails on purpose; 3: something needs a person.
    assert ended.returncode in {0, {"doctor": 1, "status": 3}.get(command, 0)}, ended.stderr
    assert len(ended.stdout.splitlines()) > 1


def test_the_guide_is_printed_for_a_stack_that_runs(day: Laptop) -> None:
    guide = up.guide(day.stack)

    assert f"export ORDERFUL={day.stack.orderful.url}" in guide
    assert f"export CONNECTOR_STACK={day.stack.environment['CONNECTOR_STACK']}" in guide
    assert all(f".venv/bin/connector {command} " in guide for command, _ in up.TOUR)


UP = """
import sys
from functools import partial
from pathlib import Path
from testkit.laptop import stack, up

directory = Path(sys.argv[1])
stack.find = lambda: None
stack.start, stack.stop = partial(stack.start, directory=directory), partial(stack.stop, directory=directory)
sys.exit(up.main())
"""
"""`make up` in a directory of its own."""


def _with(mark: str) -> list[str]:
    """The processes that have this mark in their environment (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.parametrize("step", ["starting MiniStack", "deploying template.yaml", "documents change in Visma"])
def test_ctrl_c_is_quiet_and_leaves_nothing_running(tmp_path: Path, step: str) -> None:
    mark = f"MADE_BY={uuid.uuid4()}"
    name, value = mark.split("=")
    made = subprocess.Popen(
        [sys.executable, "-u", "-c", UP, str(tmp_path)],
        env={**os.environ, name: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert made.stdout is not None
    try:
        said = ""
        while step not in said and (line := made.stdout.readline()):
            said += line
        assert _with(mark) != []
        os.killpg(made.pid, signal.SIGINT)  # as a terminal does it
        rest, _ = made.communicate(timeout=120)
    finally:
        made.kill()

    assert (made.returncode, _with(mark)) == (INTERRUPTED, [])
    assert "Traceback" not in rest
    assert rest.splitlines()[-1] == "Stopped. Nothing is left running; `make up` begins anew."
