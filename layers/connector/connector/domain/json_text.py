"""Repairs JSON with damaged characters, splits lists with damaged elements, and takes the byte order mark off.

A text that was cut inside a character (an emoji in a note, for example) leaves half a surrogate pair or half a UTF-8
sequence. A strict parser then refuses the whole page with all its documents. A replacement character in one text does
no harm.
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

# An unterminated text also matches, up to the end of the body. Otherwise the search would start again after each of
# its escaped quotes and take quadratic time.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")
_raw = msgspec.json.Decoder(msgspec.Raw).decode
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def without_mark(body: bytes) -> bytes:
    """The text without the byte order mark that some programmes put in front of UTF-8, and JSON parsers refuse."""
    return body.removeprefix(_BYTE_ORDER_MARK)


def elements_of(body: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON list, even if some of them are invalid JSON or nested too deeply for the parser.

    Such an element, if it is an object, is delimited by its brackets alone; parsing it fails later, without harm to the
    others.

    Raises:
        ValueError: the text is not a complete list, or an element that is not an object is invalid JSON.
    """
    body = body.strip()
    if body[:1] != b"[":
        raise ValueError("this is not a list")
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
    raise ValueError("this is not one complete list")


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


def repaired(body: bytes) -> bytes:
    """The text with every incomplete character replaced by U+FFFD; equal to `body` when there is none."""
    whole = body.decode("utf-8", errors="replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape["half"] else escape[0], whole)
