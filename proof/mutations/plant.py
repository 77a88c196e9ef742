"""What a planted bug is: a careless version of one function of the connector, put in its place for a while."""

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
        name: In a few words, as one would say it in a review.
        place: The module or class in which it is planted, and the name of what it takes the place of.
        bug: Makes the careless version from the right one.
        rules: The rules of the state machine that are in play when it is looked for, so that it is found soon.
        worlds: The worlds that are drawn from; all of them when empty.
        scenario: Instead of the state machine, the scenario in which a worker is killed at each of its steps.
    """

    name: str
    place: tuple[Any, str]
    bug: Callable[[Any], Any]
    rules: frozenset[str] = ALL_RULES
    worlds: tuple[str, ...] = ()
    scenario: str = ""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Everything goes wrong in this way for the length of a `with` block."""
        owner, name = self.place
        with patch.object(owner, name, self.bug(getattr(owner, name))):
            yield
