"""Working through a batch of a FIFO queue: order within a document, and no document in another's way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.errors import Conflict, Misconfigured, PutOff, Throttled, Transient, UnknownOutcome
from connector.services.consume import FIRST_DELAY, HELD_UP_AFTER, MAX_DELAY, Received, consume, delay_before_retry
from connector.services.ports import Metric
from testkit.memory.effects import Killed, StepDeadline
from testkit.memory.stores import MemoryPostponer

PLENTY = StepDeadline()


def a_message(number, *, group="a", receives=1):
    return Received(
        message_id=f"id-{number}", receipt=f"receipt-{number}", group=group, body=str(number), receives=receives
    )


@pytest.fixture
def queue():
    return MemoryPostponer()


def run(messages, troubles, queue, telemetry):
    """Consume; `troubles` maps bodies to what handling them raises. Gives what failed and what was handled."""
    handled = []

    def handle(body):
        handled.append(body)
        if body in troubles:
            raise troubles[body]

    return consume(messages, handle, queue=queue, telemetry=telemetry, deadline=PLENTY), handled


def test_a_batch_without_errors_is_done(queue, telemetry):
    failed, handled = run([a_message(1), a_message(2, group="b")], {}, queue, telemetry)
    assert (failed, handled) == ([], ["1", "2"])
    assert queue.delays == {}
    assert telemetry.lines == []


def test_later_messages_of_a_failed_group_wait_behind_it_and_other_groups_go_on(queue, telemetry):
    messages = [a_message(1), a_message(2, group="b"), a_message(3), a_message(4, group="b"), a_message(5)]
    failed, handled = run(messages, {"1": Transient("later")}, queue, telemetry)
    assert handled == ["1", "2", "4"]
    assert failed == ["id-1", "id-3", "id-5"]
    assert queue.delays == {f"receipt-{number}": FIRST_DELAY for number in (1, 3, 5)}


def test_a_postponed_message_waits_longer_each_time_and_is_no_error(queue, telemetry):
    """Made up callbacks wait for hours: that must ring no alarm of messages that cannot be worked off."""
    put_off = PutOff("later", retry_after=timedelta(seconds=45))
    failed, handled = run(
        [a_message(1), a_message(2, group="b", receives=90)], {"1": put_off, "2": put_off}, queue, telemetry
    )
    assert (failed, handled) == (["id-1", "id-2"], ["1", "2"])
    assert queue.delays == {"receipt-1": timedelta(seconds=45), "receipt-2": MAX_DELAY}
    assert (telemetry.lines, telemetry.counts) == ([], {})


def test_what_came_before_the_failure_in_its_group_is_done(queue, telemetry):
    failed, handled = run([a_message(1), a_message(2), a_message(3)], {"2": Conflict("raced")}, queue, telemetry)
    assert handled == ["1", "2"]
    assert failed == ["id-2", "id-3"]


@pytest.mark.parametrize(
    ("receives", "seconds"), [(0, 20), (1, 20), (2, 40), (3, 80), (4, 160), (6, 640), (7, 900), (50, 900)]
)
def test_the_delay_doubles_with_each_receive_up_to_a_quarter_of_an_hour(receives, seconds):
    assert delay_before_retry(Transient("later"), receives) == timedelta(seconds=seconds)


def test_the_other_side_s_word_counts_when_it_is_longer_and_never_beyond_the_bound():
    minute = timedelta(minutes=1)
    assert delay_before_retry(Throttled("later", retry_after=minute), 1) == minute
    assert delay_before_retry(Throttled("later", retry_after=timedelta(seconds=1)), 1) == FIRST_DELAY
    assert delay_before_retry(Throttled("later", retry_after=timedelta(hours=1)), 1) == MAX_DELAY
    assert delay_before_retry(UnknownOutcome("?"), 3) == FIRST_DELAY * 4


def test_a_defect_in_one_document_does_not_take_its_neighbours_along(queue, telemetry):
    secret = ValueError("payload: 4711 secret")
    failed, handled = run([a_message(1), a_message(2, group="b"), a_message(3)], {"1": secret}, queue, telemetry)
    assert handled == ["1", "2"]
    assert failed == ["id-1", "id-3"]
    assert queue.delays["receipt-1"] == FIRST_DELAY
    level, event, fields = telemetry.lines[0]
    assert (level, event) == ("error", "unexpected failure")
    assert fields["reason"].startswith("ValueError in ")
    assert "test_consume" not in fields["reason"]
    assert "handle" in fields["reason"]
    assert "secret" not in str(telemetry.lines), "the message of a defect may quote a payload"


def test_each_failure_is_told_with_what_support_needs(queue, telemetry):
    failure = Transient("Orderful answered 503.", document="nordic/purchase_order/1", request_id="r-7")
    run([a_message(1, group="nordic#purchase_order#1", receives=3)], {"1": failure}, queue, telemetry)
    level, event, fields = telemetry.lines[0]
    assert (level, event) == ("warning", "goes back to the queue")
    assert fields == {
        "company": "nordic",
        "kind": "purchase_order",
        "number": "1",
        "message_id": "id-1",
        "attempt": 3,
        "reason": "nordic/purchase_order/1: Orderful answered 503.",
        "request_id": "r-7",
        "seconds": 80.0,
    }


def test_a_defect_names_the_document_whose_message_it_is(queue, telemetry):
    """The message may be unreadable: its group says what it is about."""
    run([a_message(1, group="nordic#purchase_order#1")], {"1": KeyError("a defect")}, queue, telemetry)
    (_, _, fields) = telemetry.lines[0]
    assert (fields["company"], fields["kind"], fields["number"]) == ("nordic", "purchase_order", "1")


def test_refused_credentials_and_throttling_are_counted(queue, telemetry):
    messages = [a_message(1), a_message(2, group="b"), a_message(3, group="c")]
    troubles = {"1": Misconfigured("wrong key"), "2": Throttled("slow down"), "3": Transient("later")}
    failed, _ = run(messages, troubles, queue, telemetry)
    assert failed == ["id-1", "id-2", "id-3"]
    assert telemetry.counts == {Metric.CREDENTIALS_REFUSED: 1, Metric.THROTTLED: 1}


@pytest.mark.parametrize("failure", [Transient("later"), KeyError("a defect")])
@pytest.mark.parametrize(("receives", "counted"), [(HELD_UP_AFTER - 1, 0), (HELD_UP_AFTER, 1), (200, 1)])
def test_what_keeps_coming_back_is_counted_and_what_waits_behind_it_is_not(
    queue, telemetry, failure, receives, counted
):
    messages = [a_message(1, receives=receives), a_message(2, receives=receives)]
    run(messages, {"1": failure}, queue, telemetry)
    assert telemetry.counts[Metric.MESSAGES_HELD_UP] == counted


def test_the_end_of_the_process_is_no_failure_of_a_message(queue, telemetry):
    with pytest.raises(Killed):
        run([a_message(1), a_message(2)], {"1": Killed()}, queue, telemetry)
    assert queue.delays == {}


def test_what_is_written_at_the_end_of_a_batch_and_fails_gives_every_message_back(queue, telemetry):
    def refuse():
        raise Transient("The queue did not take 2 of 2 messages.")

    messages = [a_message(1), a_message(2, group="b")]
    failed = consume(messages, lambda body: None, queue=queue, telemetry=telemetry, deadline=PLENTY, finish=refuse)
    assert failed == ["id-1", "id-2"]
    assert queue.delays == {"receipt-1": FIRST_DELAY, "receipt-2": FIRST_DELAY}


def test_what_cannot_be_finished_in_time_goes_back_untouched_and_comes_again_at_once(queue, telemetry):
    left = iter([30, 30, 5, 5])

    class Running:
        def remaining(self):
            return timedelta(seconds=next(left))

    handled = []
    messages = [a_message(1), a_message(2, group="b"), a_message(3, group="c"), a_message(4, group="d")]
    failed = consume(messages, handled.append, queue=queue, telemetry=telemetry, deadline=Running())
    assert (handled, failed) == (["1", "2"], ["id-3", "id-4"])
    assert queue.delays == {"receipt-3": timedelta(0), "receipt-4": timedelta(0)}
