"""Other people's words inside our own: as many of them as a sentence bears and a record holds."""

from __future__ import annotations


def clipped(words: str, longest: int) -> str:
    """Not more than `longest` characters; what was cut ends in three dots."""
    return words if len(words) <= longest else f"{words[: longest - 3].rstrip()}..."
