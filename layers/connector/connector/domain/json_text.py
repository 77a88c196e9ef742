"""Mends JSON that is damaged in its characters only.

A text that was cut in the middle of a character beyond the basic plane (an emoji in a note, say) leaves half a
surrogate pair or half a UTF-8 sequence. Strict readers refuse the whole page for it, and with it all its neighbours;
one replacement character harms nobody.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)


def mended(body: bytes) -> bytes:
    """The text with every half character replaced by U+FFFD; equal to `body` when there is none."""
    whole = body.decode("utf-8", errors="replace").encode()
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape["half"] else escape[0], whole)
