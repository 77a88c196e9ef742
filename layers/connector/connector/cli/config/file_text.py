"""The text of a routing file as it is kept: comments included, but for those that look like a secret."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from connector.cli.files import check_text
from connector.cli.output import WrongInput

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_NAMES = r"secret|password|passwd|pwd|token|api[ _-]?key|key|bearer|authorization|credentials?"
# A value as nobody would write a word: long, without a space, with letters and digits.
_VALUE = r"(?=[^\s\"']*\d)(?=[^\s\"']*[A-Za-z])[^\s\"']{12,}"
_SECRET = re.compile(
    rf"(?i:\b(?:{_NAMES})\b[\"']?\s*[:=]\s*(?:bearer\s+)?[\"']?{_VALUE})"
    r"|\bAKIA[0-9A-Z]{16}\b|-----BEGIN |#\s*[A-Za-z0-9+/=]{40,}\s*$"
)
LEFT_OUT = "# (left out: it looked like a secret)"


def secret_lines(text: str) -> Sequence[int]:
    """The lines, counted from 1, with a comment that looks like a secret.

    Values need no look: each is a setting, and none is secret.
    """
    return [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if any(_SECRET.search(found[0]) for found in _COMMENT.finditer(line))
    ]


def kept_text(text: bytes, data: dict[str, Any]) -> tuple[bytes | None, Sequence[int]]:
    """The text without such comments, and the lines of those; no text where leaving them out would change the content.

    Args:
        text: A file that was read without an error.
        data: What it holds.
    """
    written = text.decode("utf-8")
    found = secret_lines(written)
    if not found:
        return text, ()
    lines = written.splitlines(keepends=True)
    for number in found:
        line = lines[number - 1]
        end = line[len(line.rstrip("\r\n")) :]
        lines[number - 1] = _COMMENT.sub(LEFT_OUT, line.rstrip("\r\n"), count=1) + end
    kept = "".join(lines).encode()
    try:
        same = check_text(kept, "the text").checked.data == data
    except WrongInput:
        same = False
    return (kept, found) if same else (None, found)
