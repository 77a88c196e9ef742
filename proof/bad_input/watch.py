"""What the targets share in watching the consumer."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from connector.domain.errors import ConnectorError, Transient
from connector.domain.json_text import mended
from proof.bad_input.trial import CaseResult, place_of

_DEEP = re.compile(rb"\[{400,}\]{400,}")


def watched(
    handle: Callable[[str], object], result: CaseResult, *, but: re.Pattern[str] | None = None
) -> Callable[[str], object]:
    """The handler under watch: what gets out of it is a problem, but for a `Transient` that says one of `but`."""

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
    """Whether an answer can be taken apart at all; what is no JSON is the trouble of more than one document."""
    try:
        msgspec.json.decode(_DEEP.sub(b"0", mended(body.removeprefix(b"\xef\xbb\xbf"))), type=list[msgspec.Raw])
    except ValueError:
        return False
    return True
