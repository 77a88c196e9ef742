"""Other people's words inside our own: as many of them as a sentence bears and a record holds."""

from __future__ import annotations


def truncated(words: str, longest: int) -> str:
    """Not more than `longest` characters; what was cut ends in three dots."""
    return words if len(words) <= longest else f"{words[: longest - 3].rstrip()}..."


def visible(words: str, *, keep: str = "") -> str:
    """The text without a sign that moves a cursor, ends a line, or turns the direction of what follows.

    Spaces of every kind become plain ones; any other sign that cannot be printed is written by its number.

    Args:
        words: Anybody's words.
        keep: Signs that stay as they are.
    """
    if words.isprintable():
        return words
    return "".join(sign if sign.isprintable() or sign in keep else _by_number(sign) for sign in words)


def _by_number(sign: str) -> str:
    return " " if sign.isspace() else f"\\u{ord(sign):04x}"
