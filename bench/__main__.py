"""Measure everything, print it, and write it into docs/performance.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench import imports, ledger, poll, translation
from bench.table import Row, show

_DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures: make bench writes them -->\n", "<!-- end of figures -->"
_HEAD = "| what | measured | budget | kept |\n|---|---|---|---|"


def main() -> None:
    """All parts, in about two minutes."""
    machine = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()}, Python {platform.python_version()}."
    )
    print(machine, _HEAD, sep="\n\n", flush=True)
    rows = [row for part in (translation, imports, ledger, poll) for row in show(part.measure())]
    _write(machine, rows)


def _write(machine: str, rows: list[Row]) -> None:
    before, _, rest = _DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    table = "\n".join([_HEAD, *map(str, rows)])
    _DOCUMENT.write_text(f"{before}{_BEGIN}\n{machine}\n\n{table}\n\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
