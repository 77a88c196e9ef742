"""A planted bug: a faulty version of one function of the connector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

ALL_RULES: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Mutation:
    """A planted bug.

    Attributes:
        name: Its description.
        place: The module or class, and the name of the replaced function.
        bug: Creates the faulty version from the original.
        scenario: The scenario of the crash points that detects it; the state machine alone when empty.
        rules: The enabled rules of the state machine, so that it is detected soon.
        configurations: The configurations to draw from; all when empty.
    """

    name: str
    place: tuple[Any, str]
    bug: Callable[[Any], Any]
    scenario: str = ""
    rules: frozenset[str] = ALL_RULES
    configurations: tuple[str, ...] = ()

    @property
    def is_for_the_machine(self) -> bool:
        """Whether the state machine detects it too."""
        return not self.scenario or self.rules != ALL_RULES

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Plant the bug for the length of a `with` block."""
        owner, name = self.place
        with patch.object(owner, name, self.bug(getattr(owner, name))):
            yield


def always(_right: Any) -> Callable[..., bool]:
    """A test that everything passes."""
    return lambda *_args, **_named: True
