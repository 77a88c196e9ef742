"""Somebody at a terminal: commands are typed, questions are answered."""

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
"""What is asked (a part of it), and what is typed then; each question is answered once, in this order."""


def typed(
    command: str, *, directory: Path, environment: Mapping[str, str], answers: Answers = (), seconds: float = 3600
) -> tuple[int, str]:
    """Run a command of the shell at a terminal.

    Returns:
        Its exit code and what the terminal showed.
    """
    ours, theirs = pty.openpty()
    # A session of its own: whoever asks for a password takes the terminal that is given, not the one of the test.
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
    """What comes next; nothing when everybody has left the terminal."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
    assert ready, "the command went on for too long"
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # Linux: the other end is closed
        return ""
