"""Refuse a test run that proved nothing: none ran, or contract tests were skipped although the contracts are there."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def problems(results: Path, contracts: Path) -> list[str]:
    """What is wrong with a run whose failures pytest has already reported.

    Args:
        results: The JUnit file that pytest wrote.
        contracts: Where the contracts lie if this machine has them.
    """
    cases = list(ET.parse(results).getroot().iter("testcase"))  # noqa: S314 - written by our own pytest just now
    skipped = {case: case.find("skipped") for case in cases}
    if not [case for case, skip in skipped.items() if skip is None]:
        return ["No test ran."]
    if not contracts.is_dir():
        return []
    return [
        f"Skipped although {contracts} is there: {case.get('classname')}.{case.get('name')} ({skip.get('message')})"
        for case, skip in skipped.items()
        if skip is not None and ("contract" in f"{case.get('classname')} {skip.get('message')}")
    ]


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.exit("\n".join(found) if found else 0)
