from __future__ import annotations

from connector.cli.change_meanings import meaning
from connector.domain.order_change.record import ChangeState


def test_every_state_has_a_meaning_of_its_own():
    assert len({meaning(state) for state in ChangeState}) == len(ChangeState)
