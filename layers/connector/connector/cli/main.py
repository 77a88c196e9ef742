"""The `connector` command."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any


def command_line(arguments: Sequence[str], *, opener: Callable[[str | None], Any] | None = None) -> int:
    """Run one command line and give its exit code; `opener` stands in for the deployed stack."""
    return _loaded()(arguments, opener)


def _loaded() -> Callable[[Sequence[str], Any], int]:
    from connector.cli.commands import cli
    from connector.cli.output import run

    return partial(run, cli)


def main() -> None:
    """Entry point of the installed command."""
    # Loading takes about a second, and has nothing to tidy up: until then Ctrl-C ends the process without a word.
    asked = signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = _loaded()
    signal.signal(signal.SIGINT, asked)
    from connector.cli.output import SaysLogLines

    logging.getLogger("connector").addHandler(SaysLogLines(logging.WARNING))
    sys.exit(run(sys.argv[1:], None))


if __name__ == "__main__":
    main()
