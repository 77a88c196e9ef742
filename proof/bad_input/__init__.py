"""Bad input at scale: nothing that is fed in stops a batch, or ends without a recorded outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import requests

from proof.bad_input import api, callbacks, changes, documents, routing
from proof.bad_input.endpoint import deployed_endpoint
from proof.bad_input.stores import aws_for_a_run
from proof.bad_input.trial import Target, tried
from proof.tally import Size, Tally

SEED = 4
CASES: dict[str, dict[Size, int]] = {
    "documents": {Size.FAST: 180, Size.LONG: 4_000},
    "changes": {Size.FAST: 140, Size.LONG: 3_000},
    "callbacks": {Size.FAST: 200, Size.LONG: 2_500},
    "routing": {Size.FAST: 80, Size.LONG: 1_500},
    "api": {Size.FAST: 80, Size.LONG: 1_200},
}
"""How many cases each target gets."""


def prove(size: Size) -> list[Tally]:
    """Feed every target."""
    return [tried(target, cases=CASES[name][size], seed=SEED) for name, target in targets()]


def targets() -> Iterator[tuple[str, Target[Any]]]:
    """Every target by its name, each ready to be fed until the next one is asked for."""
    with ExitStack() as stack:
        stack.enter_context(aws_for_a_run())
        yield "documents", documents.target()
        yield "changes", changes.target()
        yield "routing", routing.target()
        endpoint = stack.enter_context(deployed_endpoint())
        yield "callbacks", callbacks.target(endpoint)
        url = stack.enter_context(api.served(endpoint))
        yield "api", api.target(endpoint, url, stack.enter_context(requests.Session()))
