"""What `make up` leaves behind: a day with documents in every state that lasts, and a tour that shows it."""

from __future__ import annotations

import pytest

from connector.domain.revision.record import State
from testkit.laptop import up
from testkit.laptop.observed import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

LASTING = {
    *(State.ACKNOWLEDGED, State.AGREED, State.BASELINE, State.CLOSED),
    *(State.PARKED, State.REJECTED, State.SKIPPED, State.SUPERSEDED),
}


@pytest.fixture(scope="module")
def day(nordic: Laptop) -> Laptop:
    """The stack at the end of the day that `make up` plays."""
    if not nordic.demo.requests:  # nobody has played the partners' part yet
        nordic.demo.play_partners()
    nordic.demo.play_evening()
    return nordic


def test_the_day_leaves_a_document_in_each_state_that_lasts(day: Laptop) -> None:
    rows = [item["state"]["S"] for item in day.items("DocumentsTable") if item["sk"]["S"].startswith("rev")]

    assert {state.value for state in LASTING} <= set(rows)


@pytest.mark.parametrize("command", [command for command, _ in up.TOUR])
def test_each_command_of_the_tour_shows_something(day: Laptop, command: str) -> None:
    ended = day.connector(*command.split())

    # 1: the check that fails on purpose; 3: something needs a person.
    assert ended.returncode in {0, {"doctor": 1, "status": 3}.get(command, 0)}, ended.stderr
    assert len(ended.stdout.splitlines()) > 1


def test_the_guide_is_printed_for_a_stack_that_runs(day: Laptop) -> None:
    guide = up.guide(day.stack)

    assert f"export ORDERFUL={day.stack.orderful.url}" in guide
    assert f"export CONNECTOR_STACK={day.stack.environment['CONNECTOR_STACK']}" in guide
    assert all(f".venv/bin/connector {command}\n" in guide for command, _ in up.TOUR)
    assert max(map(len, guide.splitlines())) <= 100
