"""Processes that outlive the call that started them, each with everything it starts in a group of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 5.0

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Those that this process started: a child stays in the process table until its parent asks for its end."""


def launch(
    command: Sequence[str | Path],
    *,
    log: Path,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start a command that writes to `log`, and give its number, which is also that of its group."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process.pid


def has_ended(group: int) -> bool:
    """Whether nothing of the group runs any more."""
    if group in _children:
        _children[group].poll()
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def end(group: int) -> None:
    """End a command and everything it started; the stubborn ones by force."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal_number)
        deadline = time.monotonic() + _STOP_SECONDS
        while not has_ended(group) and time.monotonic() < deadline:
            time.sleep(0.05)
        if has_ended(group):
            break
    _children.pop(group, None)
