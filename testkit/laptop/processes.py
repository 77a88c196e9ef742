"""Background processes, each in a process group with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 5.0

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Children of this process, which must be polled after their end."""


def launch(
    command: Sequence[str | Path],
    *,
    log: Path,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start a command with its output in `log`; returns its process id, which is also that of its group."""
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


def comes_up(group: int, answers: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until a process group answers; False when it ends before, or does not in time."""
    deadline = time.monotonic() + seconds
    while not answers():
        if has_ended(group) or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def has_ended(group: int) -> bool:
    """Whether all processes of the group have ended."""
    if group in _children:
        _children[group].poll()
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def end(group: int) -> None:
    """End a process group, with SIGTERM and then SIGKILL."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal_number)
        deadline = time.monotonic() + _STOP_SECONDS
        while not has_ended(group) and time.monotonic() < deadline:
            time.sleep(0.05)
        if has_ended(group):
            break
    _children.pop(group, None)
