"""Did it arrive? Every state of the watch over sent documents, on the deployed stack with the sandbox Orderful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from connector.adapters.clock import SystemClock
from connector.domain.revision.arrival import Concern
from connector.domain.revision.record import Revision, State
from connector.domain.transactions import Purpose
from connector.services.ports import Metric, TrackerProgress
from demo.catalogue import purchase_order
from testkit.laptop.observed import Laptop
from tests.e2e.conftest import NORDIC

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]


@dataclass(frozen=True)
class Case:
    """What Orderful says of a transaction of an age, and what the watch makes of it."""

    validation: str
    delivery: str
    acknowledgment: str
    age: timedelta
    state: State
    concern: Concern | None = None


HOURS_25 = timedelta(hours=25)
MINUTES_20 = timedelta(minutes=20)

CASES = {
    "processing too long": Case(
        "PROCESSING", "PENDING", "NOT_ACKNOWLEDGED", timedelta(hours=2), State.SENT, Concern.PROCESSING
    ),
    "auto-send is off": Case("VALID", "PENDING", "NOT_ACKNOWLEDGED", MINUTES_20, State.VALID, Concern.NOT_SENT),
    "not fetched": Case("VALID", "SENT", "NOT_ACKNOWLEDGED", HOURS_25, State.VALID, Concern.NOT_DELIVERED),
    "overdue before it was sent": Case("VALID", "PENDING", "OVERDUE", timedelta(0), State.VALID, Concern.OVERDUE),
    "overdue in the organization": Case("VALID", "SENT", "OVERDUE", timedelta(0), State.VALID, Concern.OVERDUE),
    "overdue after delivery": Case("VALID", "DELIVERED", "OVERDUE", timedelta(0), State.DELIVERED, Concern.OVERDUE),
    "no acknowledgment in time": Case(
        "VALID", "DELIVERED", "NOT_ACKNOWLEDGED", HOURS_25, State.DELIVERED, Concern.OVERDUE
    ),
    "accepted with errors": Case(
        "VALID", "DELIVERED", "ACCEPTED_WITH_ERRORS", timedelta(0), State.ACKNOWLEDGED, Concern.ACCEPTED_WITH_ERRORS
    ),
    "sent by hand though invalid": Case(
        "INVALID", "SENT", "NOT_ACKNOWLEDGED", timedelta(0), State.VALID, Concern.SENT_INVALID
    ),
    "nothing yet": Case("VALID", "SENT", "NOT_ACKNOWLEDGED", MINUTES_20, State.VALID),
    "accepted": Case("VALID", "DELIVERED", "ACCEPTED", timedelta(0), State.ACKNOWLEDGED),
    "not delivered": Case("VALID", "FAILED", "NOT_ACKNOWLEDGED", timedelta(0), State.REJECTED),
    "rejected by the partner": Case("VALID", "DELIVERED", "REJECTED", timedelta(0), State.REJECTED),
    "invalid after it was valid": Case("INVALID", "PENDING", "NOT_ACKNOWLEDGED", timedelta(0), State.REJECTED),
}
NUMBERS = {name: str(509_000 + at) for at, name in enumerate(CASES)}
DELETED = "509900"


def _key(number: str) -> str:
    return f"nordic/purchase_order/{number}"


def _now() -> datetime:
    return SystemClock().now()


class Watch:
    """Orders that Orderful has, and what a person and a test do about them."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop

    def send(self, *numbers: str) -> None:
        for number in numbers:
            self.laptop.put(NORDIC, purchase_order(number, "50012", [("1298", "2")]))
        self.laptop.poll()
        self.laptop.ended([_key(number) for number in numbers])

    def of(self, number: str) -> Revision:
        found = self.laptop.newest(_key(number))
        assert found is not None
        return found

    def age(self, number: str, age: timedelta) -> None:
        """Let the document have been sent so long ago."""
        one, then = self.of(number), _now() - age
        self.laptop.ledger.move(one, one.state, now=_now(), note="aged", sent_at=then, first_attempt_at=then)

    def says(self, number: str, **words: str) -> None:
        self.laptop.orderful.control("POST", f"transactions/{self.of(number).transaction_id}/advance", words)

    def track(self) -> None:
        """A run that looks at everything: as if no run had been before."""
        self.laptop.ledger.keep_progress(TrackerProgress())
        self.laptop.track()

    def listed(self) -> dict[str, str]:
        """What `connector documents list --attention` shows of ours: number -> sentence."""
        ended = self.laptop.connector("documents", "list", "--attention", "--limit", "1000", "--json")
        assert ended.returncode == 0, ended.stderr
        rows = {row["document"].rsplit("/", 1)[-1]: row for row in json.loads(ended.stdout)}
        assert all(row["next_step"] for row in rows.values())
        return {number: row["attention"] for number, row in rows.items() if number in {*NUMBERS.values(), DELETED}}

    def close(self, number: str) -> None:
        ended = self.laptop.connector("documents", "close", _key(number), "--by", "kari", "--reason", "done", "--yes")
        assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def watch(nordic: Laptop) -> Iterator[Watch]:
    """One order for each case, brought to its words and its age, and looked at once."""
    watch = Watch(nordic)
    nordic.orderful.control("PUT", "pace", {"validation": None, "delivery": None, "acknowledgment": None})
    try:
        watch.send(*NUMBERS.values(), DELETED)
        watch.says(NUMBERS["invalid after it was valid"], validation="VALID", delivery="PENDING")
        watch.track()
        for name, case in CASES.items():
            number = NUMBERS[name]
            words = {"validation": case.validation, "delivery": case.delivery, "acknowledgment": case.acknowledgment}
            watch.says(number, **words)
            if case.age:
                watch.age(number, case.age)
        watch.track()
        yield watch
    finally:
        nordic.orderful.control("PUT", "pace", {"validation": 0, "delivery": 0, "acknowledgment": 0})


@pytest.mark.parametrize("name", CASES)
def test_each_state_of_a_transaction_becomes_what_the_watch_makes_of_it(watch: Watch, name: str) -> None:
    case, revision = CASES[name], watch.of(NUMBERS[name])
    assert (revision.state, revision.concern) == (case.state, case.concern)
    assert (NUMBERS[name] in watch.listed()) is (case.concern is not None)
    if case.state is State.REJECTED:
        assert revision.reason
        assert revision.next_step
    if name == "invalid after it was valid":
        assert "no longer valid" in str(revision.reason)


def test_a_deleted_transaction_is_missed_and_can_be_sent_again(watch: Watch) -> None:
    transaction_id = watch.of(DELETED).transaction_id
    watch.laptop.orderful.control("DELETE", f"transactions/{transaction_id}")
    watch.age(DELETED, MINUTES_20)
    watch.track()
    assert watch.of(DELETED).concern == Concern.DELETED
    assert "deleted" in watch.listed()[DELETED]

    ended = watch.laptop.connector("documents", "replay", _key(DELETED), "--yes")
    assert ended.returncode == 0, ended.stderr
    again = watch.laptop.until(
        lambda: (found := watch.of(DELETED)).transaction_id not in {None, transaction_id} and found, "it to be sent"
    )
    assert (again.sequence, again.purpose) == (2, Purpose.ORIGINAL), "the partner never had it"
    assert [one["id"] for one in watch.laptop.transactions(DELETED)] == [again.transaction_id]
    assert DELETED not in watch.listed()


def test_attention_ends_when_what_was_expected_happens(watch: Watch) -> None:
    number = NUMBERS["not fetched"]
    watch.says(number, delivery="DELIVERED", acknowledgment="ACCEPTED")
    watch.track()
    assert (watch.of(number).state, watch.of(number).attention) == (State.ACKNOWLEDGED, None)
    assert number not in watch.listed()


def test_attention_that_a_person_closed_stays_closed_and_keeps_who_and_why(watch: Watch) -> None:
    number = NUMBERS["no acknowledgment in time"]
    watch.close(number)
    watch.track()
    revision = watch.of(number)
    assert (revision.state, revision.attention) == (State.DELIVERED, None)
    assert any("closed by kari (arn:" in event.note and "): done" in event.note for event in revision.history)
    assert number not in watch.listed()


def test_open_attention_is_one_gauge_for_the_alarm(watch: Watch) -> None:
    def gauges() -> list[float]:
        lines = watch.laptop.log_lines()
        return [value for line in lines for value in line.get(Metric.ATTENTION_OPEN.value, [])]

    before = len(gauges())
    watch.track()
    values = watch.laptop.until(lambda: gauges()[before:], "the tracker's metrics")
    assert values[-1] >= len(watch.listed()) > 0
