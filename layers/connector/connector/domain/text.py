"""Other people's text inside our own: as many of them as a sentence bears and a record holds."""

from __future__ import annotations


def truncated(text: str, longest: int) -> str:
    """Not more than `longest` characters; what was cut ends in three dots."""
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


def visible(text: str, *, keep: str = "") -> str:
    """The text without a sign that moves a cursor, ends a line, or turns the direction of what follows.

    Spaces of every kind become plain ones; any other sign that cannot be printed is written by its number.

    Args:
        text: Anybody's text.
        keep: Signs that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in keep else _by_number(sign) for sign in text)


def _by_number(sign: str) -> str:
    return " " if sign.isspace() else f"\\u{ord(sign):04x}"
