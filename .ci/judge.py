"""Refuse a test run that proved less than it should: none ran, one was skipped, or a contract file is missing."""

from __future__ import annotations

import hashlib
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def problems(results: Path, contracts: Path) -> list[str]:
    """What is wrong with a run whose failures pytest has already reported.

    Args:
        results: The JUnit file that pytest wrote.
        contracts: The folder of the contracts; its `index.json` names every file with its hash.
    """
    cases = list(ET.parse(results).getroot().iter("testcase"))  # noqa: S314 - written by our own pytest just now
    skipped = [(case, skip) for case in cases if (skip := case.find("skipped")) is not None]
    found = ["No test ran."] if len(skipped) == len(cases) else []
    found += [f"Skipped: {case.get('classname')}.{case.get('name')} ({skip.get('message')})" for case, skip in skipped]
    return found + _incomplete(contracts)


def _incomplete(contracts: Path) -> list[str]:
    index = contracts / "index.json"
    if not index.is_file():
        return [f"{index} is missing."]
    found = []
    for name, entry in json.loads(index.read_text(encoding="utf-8")).items():
        if not (contracts / name).is_file():
            found.append(f"{contracts / name} is missing.")
        elif hashlib.sha256((contracts / name).read_bytes()).hexdigest() != entry["sha256"]:
            found.append(f"{contracts / name} is not the file that index.json describes.")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]), Path(sys.argv[2]))) or 0)
