"""Makes text from others safe for our sentences: a limited length, no control characters."""

from __future__ import annotations

from collections.abc import Iterable


def truncated(text: str, longest: int) -> str:
    """The text with at most `longest` characters; a shortened text ends in three dots."""
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


def in_a_row(sentences: Iterable[str]) -> str:
    """Sentences one behind the other. One that ends in a command gets its full stop before the next one begins."""
    *earlier, last = list(sentences) or [""]
    return " ".join([*(one if one.endswith((".", "?")) else f"{one}." for one in earlier), last])


def visible(text: str, *, keep: str = "") -> str:
    """The text without characters that move a cursor, end a line, or change the direction of text.

    White space becomes a plain space; any other unprintable character becomes its escape sequence.

    Args:
        text: Text from any source.
        keep: Characters that are left as they are.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in keep else _by_number(sign) for sign in text)


def _by_number(sign: str) -> str:
    return " " if sign.isspace() else f"\\u{ord(sign):04x}"
