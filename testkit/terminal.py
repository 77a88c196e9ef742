"""Runs commands in a pseudo-terminal and answers their prompts."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

Answers = Sequence[tuple[str, str]]
"""Part of a prompt, and its answer; each prompt is answered once, in this order."""


def typed(
    command: str, *, directory: Path, environment: Mapping[str, str], answers: Answers = (), seconds: float = 3600
) -> tuple[int, str]:
    """Run a shell command in a terminal.

    Returns:
        Its exit code and output.
    """
    ours, theirs = pty.openpty()
    # In a new session, a prompt for a password uses this terminal, not that of the test.
    process = subprocess.Popen(
        ["bash", "-euc", command],
        cwd=directory,
        env=dict(environment),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, read, waiting = "", 0, list(answers)
    deadline = time.monotonic() + seconds
    try:
        while chunk := _read(ours, deadline):
            shown += chunk
            if waiting and (at := shown.find(waiting[0][0], read)) >= 0:
                read = at + len(waiting[0][0])
                os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
        code = process.wait(timeout=600)
    finally:
        process.kill()
        os.close(ours)
    assert waiting == [], f"{command} did not ask {waiting[0][0]!r}:\n{shown}"
    return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown)


def _read(terminal: int, deadline: float) -> str:
    """The next output; empty at its end."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
    assert ready, "the command exceeded its time limit"
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # Linux: the other end is closed
        return ""
