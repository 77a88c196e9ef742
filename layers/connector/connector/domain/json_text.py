"""Mends JSON that is damaged in its characters only, and takes lists apart whatever their elements are.

A text that was cut in the middle of a character beyond the basic plane (an emoji in a note, say) leaves half a
surrogate pair or half a UTF-8 sequence. Strict readers refuse the whole page for it, and with it all its neighbours;
one replacement character harms nobody.
"""

from __future__ import annotations

import re

import msgspec

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)

# A text without its end is taken as well, to the end of the body: looked for again behind each of its escaped quotes it
# would cost the square of its length.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")
_raw = msgspec.json.Decoder(msgspec.Raw).decode


def elements_of(body: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON list, some of which are no JSON or nested too deeply for the parser: they harm no other.

    Such an element, an object, is found by its brackets alone, and whoever reads it will find it unreadable.

    Raises:
        ValueError: the text is no list, or not the whole of one, or an element that is no object is no JSON.
    """
    body = body.strip()
    if body[:1] != b"[":
        raise ValueError("this is no list")
    found: list[msgspec.Raw] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign in _OPENING:
            depth += 1
        elif depth == 1 and sign in {b",", b"]"}:
            found.append(_element(body[start : token.start()]))
            start = token.end()
        if sign in _CLOSING:
            depth -= 1
        if depth == 0:
            if sign == b"]" and token.end() == len(body):
                return found
            break
    raise ValueError("this is not one whole list")


def _element(text: bytes) -> msgspec.Raw:
    try:
        return _raw(text)
    except RecursionError:
        return msgspec.Raw(text)
    except msgspec.DecodeError:
        whole = text.strip()
        if whole[:1] == b"{" and whole[-1:] == b"}":
            return msgspec.Raw(whole)
        raise


def mended(body: bytes) -> bytes:
    """The text with every half character replaced by U+FFFD; equal to `body` when there is none."""
    whole = body.decode("utf-8", errors="replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape["half"] else escape[0], whole)
