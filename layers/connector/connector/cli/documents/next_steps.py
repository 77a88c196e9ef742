"""What comes next for a document: what its record says, and what only the stack knows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from connector.cli.documents.find import Record
from connector.cli.output import page
from connector.cli.stack.stack import Stack
from connector.domain.revision.record import NEEDS_PERSON, Revision, State, current_revision, own_revisions
from connector.services.status_text import stopped

_ON_ITS_WAY = frozenset({State.TRANSLATED, State.SENDING, State.UNCONFIRMED})


class NextStep(NamedTuple):
    """What a person does about a revision that has not arrived.

    Attributes:
        revision: That it is about.
        why: What keeps it, as a sentence.
        steps: One after the other; a command where there is one.
    """

    revision: Revision
    why: str
    steps: tuple[str, ...]


def next_steps(stack: Stack, record: Record) -> list[NextStep]:
    """What a person does about each revision that waits, the newest first; empty where nothing is to be done."""
    return list(_next_steps(stack, record))


def _next_steps(stack: Stack, record: Record) -> Iterator[NextStep]:
    current = current_revision(own_revisions(record.revisions))
    on_its_way = [one for one in record.revisions if one.state in _ON_ITS_WAY]
    stop = stack.breaker.stop(now=stack.clock.now()) if on_its_way else None
    for one in record.revisions:
        if one.state in NEEDS_PERSON or one.needs_attention:
            step = one.next_step or f"connector documents show {shlex.quote(str(record.key))}"
            yield NextStep(one, one.attention or one.reason or "", (step, *_to_apply(one)))
        elif one in on_its_way and stop is not None:
            yield NextStep(one, *stopped(stop, page()))
        elif one is current and one.state is State.BASELINE:
            has_not = f"If {one.partner or 'the partner'} does not have it"
            step = f"{has_not}: connector documents release {shlex.quote(str(one.key))} --as original"
            yield NextStep(one, one.reason or "", (step,))


def _to_apply(revision: Revision) -> tuple[str, ...]:
    """The command that puts a routing file in force, where the document waits for an entry of it."""
    if revision.state is State.PARKED and revision.waits_for:
        return ("connector config apply connector.yaml",)
    return ()
