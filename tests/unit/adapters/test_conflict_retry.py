"""Work is done again after a conflict, four times at most and inside the deadline."""

from __future__ import annotations

import pytest

from connector.adapters.conflict_retry import RESERVE_SECONDS, ROUNDS, BackOff
from connector.domain.errors import Conflict, Rejected, UnknownOutcome
from connector.domain.reasons import Reason
from testkit.scripted_server import Deadline

LONG = Deadline(600)


class Work:
    def __init__(self, *outcomes: Exception | str) -> None:
        self.outcomes = list(outcomes)
        self.begun = 0
        self.again = 0
        self.pauses: list[float] = []

    def __call__(self) -> str:
        self.begun += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def before_again(self) -> None:
        self.again += 1

    def run(self, deadline: Deadline = LONG) -> str:
        return BackOff(self.pauses.append)(self, deadline=deadline, before_again=self.before_again)


def test_it_is_done_again_after_a_conflict_and_after_a_missing_answer():
    work = Work(Conflict("Somebody else wrote it."), UnknownOutcome("No answer."), "written")
    assert work.run() == "written"
    assert (work.begun, work.again) == (3, 2)
    assert 0.2 <= work.pauses[0] <= 0.5
    assert 0.4 <= work.pauses[1] <= 0.7


def test_the_last_conflict_is_raised():
    work = Work(*(Conflict(f"Round {number}.") for number in range(ROUNDS)))
    with pytest.raises(Conflict, match=f"Round {ROUNDS - 1}"):
        work.run()
    assert work.begun == ROUNDS


def test_no_round_begins_that_would_leave_the_caller_no_time():
    work = Work(Conflict("Somebody else wrote it."), "written")
    with pytest.raises(Conflict):
        work.run(Deadline(RESERVE_SECONDS))
    assert (work.begun, work.pauses) == (1, [])


def test_what_is_no_conflict_is_raised_at_once():
    work = Work(Rejected("No such line.", code=Reason.OTHER_ORDER), "written")
    with pytest.raises(Rejected):
        work.run()
    assert work.begun == 1
