"""What importing each handler costs a cold start, against `import boto3`, from the built layer with its .pyc files."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.table import Row, show

ROOT = Path(__file__).parent.parent
LAYER = ROOT / ".aws-sam" / "local" / "ConnectorLayer" / "python"
_ROUNDS = 9
_SCRIPT = "import time; before = time.process_time(); import {}; print(time.process_time() - before)"


def measure() -> Iterator[Row]:
    """CPU time of each import; the rounds alternate, so that all of them see the same machine."""
    if not LAYER.exists():
        raise SystemExit("The layer is not built: run make build.")
    folders = sorted(path.parent for path in ROOT.glob("functions/*/*_handler.py"))
    runs: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        runs.setdefault("boto3", []).append(_import("boto3", LAYER))
        for folder in folders:
            runs.setdefault(folder.name, []).append(_import(f"{folder.name}_handler", LAYER, folder))
    medians = {name: statistics.median(seconds) * 1e3 for name, seconds in runs.items()}
    boto3 = medians.pop("boto3")
    yield Row("import boto3", f"{boto3:.0f} ms")
    for name, milliseconds in medians.items():
        ratio = milliseconds / boto3
        yield Row(f"import {name}", f"{milliseconds:.0f} ms, ratio {ratio:.2f}", "ratio 1.5", ratio <= 1.5)


def _import(module: str, *paths: Path) -> float:
    # -S: nothing of this environment, only what the function has on Lambda.
    done = subprocess.run(
        [sys.executable, "-S", "-c", _SCRIPT.format(module)],
        env={"PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    show(measure())
