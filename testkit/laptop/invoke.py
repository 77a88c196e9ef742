"""`make invoke FUNCTION=...`: run one function of the laptop stack in Lambda's image (`sam local invoke`)."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from testkit.laptop import stack as laptop
from testkit.laptop.deploy import BUILT, SAM, SETTINGS
from testkit.laptop.ministack import DIRECTORY, ROOT


class WrongCall(Exception):
    """There is no such function or event."""


def command(function: str, event: str = "") -> list[str]:
    """The `sam local invoke` command, for the root of the repository.

    Runtime and architecture are those of the laptop stack, for which the layer was built.

    Args:
        function: `translate_document` or `TranslateDocumentFunction`.
        event: The path of the event; empty for the sample in `events/`.

    Raises:
        WrongCall: there is no such function or event.
    """
    names = {_folder(name): name for name in SETTINGS}
    folder = function if function in names else _folder(function)
    if folder not in names:
        raise WrongCall(f"There is no function {function or 'without a name'}. FUNCTION is one of {', '.join(names)}.")
    file = Path(event or f"events/{folder}.json")
    if not (ROOT / file).is_file():
        raise WrongCall(f"There is no event {file}. `events/` has one for each function.")
    return [
        *(_shown(SAM), "local", "invoke", names[folder]),
        *("--template", _shown(BUILT / "template.yaml")),
        *("--event", str(file)),
        *("--env-vars", _shown(DIRECTORY / "env.json")),
        *("--parameter-overrides", f"file://{_shown(DIRECTORY / 'parameters.yaml')}"),
        *("--add-host", "host.docker.internal:host-gateway"),
    ]


def main(arguments: Sequence[str]) -> int:
    """Invoke a function, or print the command if Docker does not run; 2 for a wrong call, 1 if nothing was run."""
    try:
        whole = command(*arguments)
    except WrongCall as error:
        print(error, file=sys.stderr)
        return 2
    if laptop.find() is None:
        print("The laptop stack does not run. Start it with `make up`, then invoke again.", file=sys.stderr)
        return 1
    print(shlex.join(whole), flush=True)
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        print("Docker does not answer on this machine. Run the command above where it does.", file=sys.stderr)
        return 1
    return subprocess.run(whole, cwd=ROOT, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, check=False).returncode


def _folder(function: str) -> str:
    """The folder of a function in `functions/`: `TranslateDocumentFunction` -> `translate_document`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function.removesuffix("Function")).lower()


def _shown(path: Path) -> str:
    """A path relative to the root of the repository."""
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
