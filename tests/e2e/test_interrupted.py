"""Ctrl-C while `make up` starts a stack."""

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

pytestmark = pytest.mark.e2e

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
