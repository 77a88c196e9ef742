"""What a shell completes besides the names of commands and options: words that are known without asking AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def one_of(words: Callable[[], Iterable[str]]) -> Completer:
    """Completes one of the words; `words` gives them when a shell asks."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        return [word for word in words() if word.startswith(begun)]

    return complete


def some_of(words: Iterable[str]) -> Completer:
    """Completes the last of several words with commas between them, written in capitals or not."""
    known = list(words)

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        before, comma, last = begun.rpartition(",")
        found = (word.lower() if last.islower() else word for word in known if word.startswith(last.upper()))
        return [f"{before}{comma}{word}" for word in found]

    return complete
