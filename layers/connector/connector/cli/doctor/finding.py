"""What `connector doctor` finds, and careful ways into the answers that it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from connector.domain.errors import ConnectorError


class Mark(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        next_step: What to do when it is not good.
        is_asked: It answers what the person asked, so it is shown when it is good as well.
    """

    mark: Mark
    check: str
    sentence: str
    next_step: str | None = None
    _: KW_ONLY
    is_asked: bool = False

    @property
    def as_data(self) -> dict[str, str | None]:
        """It as JSON data."""
        return {
            "mark": self.mark.value,
            "check": self.check,
            "sentence": self.sentence,
            "next_step": self.next_step,
        }


def failed(check: str, error: ConnectorError) -> Finding:
    """The check ended with an error."""
    request = f" (request {error.request_id})" if error.request_id else ""
    return Finding(Mark.FAIL, check, f"{error.sentence}{request}", error.next_step)


def rows(data: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none when it is no list."""
    return [row for row in data if isinstance(row, Mapping)] if isinstance(data, list) else []


def part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; an empty one when there is none."""
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def plain(value: Any) -> Any:
    """A scalar without the wrapping that some of Visma's answers put around it."""
    return value.get("value") if isinstance(value, Mapping) else value
