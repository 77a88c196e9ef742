"""The option for a kind of document, where only those can be meant that Visma's lists have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.domain.documents import LISTED_KINDS

_Command = TypeVar("_Command", bound=Callable[..., Any])


def listed_kind_option(help_text: str) -> Callable[[_Command], _Command]:
    """Add `--kind`, with the kinds whose documents are polled (`LISTED_KINDS`)."""
    return click.option("--kind", type=click.Choice([kind.value for kind in LISTED_KINDS]), help=help_text)
