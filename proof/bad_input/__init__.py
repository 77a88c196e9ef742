"""Fuzzing: no input stops a batch or ends without a recorded result."""

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
"""The number of cases of each target that are drawn."""

FIXED = {Size.FAST: 4, Size.LONG: 1}
"""Each how many-th of the fixed cases is tried."""


def prove(size: Size) -> list[Tally]:
    """Fuzz every target."""
    return [tried(target, cases=CASES[name][size], seed=SEED, fixed=FIXED[size]) for name, target in targets()]


def targets() -> Iterator[tuple[str, Target[Any]]]:
    """Every target by name; each is valid until the next one is requested."""
    with ExitStack() as stack:
        stack.enter_context(aws_for_a_run())
        yield "documents", documents.target()
        yield "changes", changes.target()
        yield "routing", routing.target()
        endpoint = stack.enter_context(deployed_endpoint())
        yield "callbacks", callbacks.target(endpoint)
        url = stack.enter_context(api.served(endpoint))
        yield "api", api.target(endpoint, url, stack.enter_context(requests.Session()))
