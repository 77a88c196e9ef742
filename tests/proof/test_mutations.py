"""Planted bugs: each has to turn the model red."""

from __future__ import annotations

import pytest

from proof.mutations import MUTATIONS, shown


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_planted_bug_is_found(mutation):
    assert shown(mutation)


def test_the_bugs_that_every_such_system_has_had_are_among_them():
    names = {mutation.name for mutation in MUTATIONS}
    assert names >= {
        "no overlap",
        "the cursor is written first",
        "> for >=",
        "claimed after the POST",
        "no look-up before a second POST",
        "PUT without If-Match",
        "the difference instead of the total",
        "go-live is not looked at",
        "nothing is withdrawn from a former receiver",
        "a withdrawal is sent twice",
        "a change that nobody sees is sent",
        "changes apply as they arrived",
        "a difference is added twice",
        "strangers bear on a change",
        "what Orderful is checking is taken",
        "a wanted day is written as requested",
    }


def test_a_bug_is_gone_when_its_block_ends():
    owner, name = MUTATIONS[0].place
    right = getattr(owner, name)
    with MUTATIONS[0].planted():
        assert getattr(owner, name) is not right
    assert getattr(owner, name) is right
