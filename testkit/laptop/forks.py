"""The `connector` command in a fork of a process that has loaded it.

Each run is a process of its own, with its own environment, standard streams and exit code, as that of the installed
command. Only the imports, which take most of the time of a command, are shared.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["boto3", "connector.cli.commands"])

_STREAMS = ("stdin", "stdout", "stderr")


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `connector`, as `subprocess.run` with its output captured; `given` is its standard input."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory, name) for name in _STREAMS]
        files[0].write_text(given, encoding="utf-8")
        process = _FORKS.Process(target=_command, args=(tuple(arguments), dict(environment), files))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        output, errors = (file.read_text(encoding="utf-8") for file in files[1:])
    return subprocess.CompletedProcess(["connector", *arguments], code, output, errors)


def _command(arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[Path]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, (name, file) in enumerate(zip(_STREAMS, files, strict=True)):
        mode = "w" if number else "r"
        opened = file.open(mode, encoding="utf-8")
        os.dup2(opened.fileno(), number)
        setattr(sys, name, opened)
    sys.argv = ["connector", *arguments]

    from connector.cli.main import main

    main()
