"""The notes of a release: its part of CHANGELOG.md; refused where the tag is not the version, or has no part there."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def notes(tag: str, changelog: str, version: str) -> str:
    """What the changelog says of a version.

    Raises:
        ValueError: the tag is not `v` and the version of the package, or the changelog says nothing of it.
    """
    if tag != f"v{version}":
        raise ValueError(f"The tag is {tag} and the version of the package {version}: tag v{version}.")
    found = re.search(rf"^## {re.escape(version)}\b.*\n([^#](?:.*\n)*?)(?=^## |\Z)", changelog, re.MULTILINE)
    if found is None or not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}.")
    return found[1].strip() + "\n"


if __name__ == "__main__":
    from connector import __version__

    try:
        sys.stdout.write(notes(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8"), __version__))
    except ValueError as error:
        sys.exit(str(error))
