"""Checks of the consumer for several targets."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from connector.domain.errors import ConnectorError, Transient
from connector.domain.json_text import repaired
from proof.bad_input.trial import CaseResult, place_of

_DEEP = re.compile(rb"\[{400,}\]{400,}")


def watched(
    handle: Callable[[str], object], result: CaseResult, *, but: re.Pattern[str] | None = None
) -> Callable[[str], object]:
    """The handler, with its exceptions recorded as problems, except for a `Transient` that matches `but`."""

    def handler(body: str) -> object:
        try:
            return handle(body)
        except ConnectorError as error:
            excused = isinstance(error, Transient) and but is not None and but.match(error.sentence)
            result.expect(excused, f"went back: {type(error).__name__}: {error.sentence[:200]}")
            raise
        except Exception as error:
            result.problems.append(f"{type(error).__name__} at {place_of(error)}: {str(error)[:200]}")
            raise

    return handler


def is_list(body: bytes) -> bool:
    """Whether an answer can be split into elements; otherwise it fails as a whole."""
    try:
        msgspec.json.decode(_DEEP.sub(b"0", repaired(body.removeprefix(b"\xef\xbb\xbf"))), type=list[msgspec.Raw])
    except ValueError:
        return False
    return True
