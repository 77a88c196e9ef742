"""Log lines of adapters, in the form of every other line: an event, and the fields of `Fields`.

In a function the logger of Powertools writes them: it has the name of the service (`connector`), under which this one
is. At a terminal the command shows them as sentences.
"""

from __future__ import annotations

import logging
from typing import Any

from connector.domain.text import truncated, visible
from connector.services.ports import Fields

MAX_VALUE_LENGTH = 2_000
"""Most characters of one value in a log line; vendors and partners write parts of it."""

_logger = logging.getLogger("connector.adapters")


def warning(event: str, fields: Fields) -> None:
    """Something a person may want to know."""
    _logger.warning(event, extra=visible_fields(fields), stacklevel=2)


def error(event: str, fields: Fields) -> None:
    """Something a person must know."""
    _logger.error(event, extra=visible_fields(fields), stacklevel=2)


def visible_fields(fields: Fields) -> dict[str, Any]:
    """The values without control characters, which a terminal or a log viewer would interpret."""
    return {
        name: visible(truncated(value, MAX_VALUE_LENGTH)) if isinstance(value, str) else value
        for name, value in fields.items()
    }
