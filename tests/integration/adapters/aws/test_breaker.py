"""What holds calls back: the same cases against the fake and against the adapter over DynamoDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from connector.adapters.aws.breaker import MAX_ACTS, DynamoBreaker, visma_item
from connector.adapters.aws.ledger import DynamoLedger
from connector.adapters.aws.payloads import S3Payloads
from connector.adapters.held_calls import HeldCalls
from connector.adapters.http import MAX_WAIT
from connector.domain.documents import Kind
from connector.domain.errors import Conflict, Misconfigured, Throttled
from connector.domain.pause import Act, Pause, Scope, Stop
from connector.domain.revision.record import State
from connector.services.ports import Calls
from testkit.aws import BUCKET, DOCUMENTS, aws_in_memory, make_ledger_resources, make_table
from testkit.memory.effects import ManualClock
from testkit.memory.stores import MemoryBreaker

NOW = datetime(2026, 11, 2, 8, 0, 0, 123456, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def in_aws(monkeypatch):
    with aws_in_memory(monkeypatch):
        make_ledger_resources()
        make_table("tokens", range_key=False)
        yield


@pytest.fixture(params=["memory", "dynamodb"])
def breaker(request):
    if request.param == "memory":
        return MemoryBreaker()
    request.getfixturevalue("in_aws")
    return DynamoBreaker(DOCUMENTS)


def test_it_is_closed_until_it_is_opened_and_closes_by_itself(breaker):
    assert not breaker.is_open(now=NOW)
    breaker.open("the key was refused", now=NOW, until=NOW + MINUTE)
    assert breaker.is_open(now=NOW + MINUTE - SECOND)
    assert not breaker.is_open(now=NOW + MINUTE)


def test_calls_of_one_kind_are_held_and_no_others(breaker):
    breaker.hold(Calls.CREATE, until=NOW + MINUTE)
    assert breaker.wait(Calls.CREATE, now=NOW + SECOND) == MINUTE - SECOND
    assert breaker.wait(Calls.READ, now=NOW + SECOND) == timedelta(0)
    assert breaker.wait(Calls.CREATE, now=NOW + MINUTE) == timedelta(0)
    assert not breaker.is_open(now=NOW)


def test_nothing_is_held_longer_than_an_hour_whatever_is_written(breaker):
    breaker.hold(Calls.CREATE, until=NOW + timedelta(days=30))
    assert breaker.wait(Calls.CREATE, now=NOW) == MAX_WAIT


def test_a_person_sees_what_is_held_and_lifts_it(breaker):
    breaker.open("the key was refused", now=NOW, until=NOW + 2 * MINUTE)
    breaker.hold(Calls.READ, until=NOW + MINUTE)
    assert breaker.holds(now=NOW) == {"all": 2 * MINUTE, "read": MINUTE}
    breaker.lift()
    assert breaker.holds(now=NOW) == {}
    assert not breaker.is_open(now=NOW)
    assert breaker.wait(Calls.READ, now=NOW) == timedelta(0)


def test_partners_that_get_the_same_refusal_in_a_row_are_counted_once_each(breaker):
    assert [breaker.refused("404", partner=name) for name in ("acme", "acme", "bolt", "core")] == [1, 1, 2, 3]
    assert breaker.refused("another", partner="acme") == 1
    assert breaker.refused("another", partner="bolt") == 2
    breaker.accepted()
    assert breaker.refused("another", partner="core") == 1


ACME, NORDIC = Scope(partner="acme"), Scope(company="nordic", kind=Kind.PURCHASE_ORDER)


def paused(scope: Scope, at: datetime = NOW) -> Pause:
    return Pause(scope=scope, since=at, by="kari", caller="arn:kari", reason="they move")


def test_a_pause_stays_until_it_is_resumed_whatever_else_happens(breaker):
    breaker.pause(paused(ACME, NOW + SECOND))
    breaker.pause(paused(NORDIC))
    breaker.open("the key was refused", now=NOW, until=NOW + MINUTE)
    breaker.lift()
    later = NOW + timedelta(days=30)
    assert list(breaker.pauses(now=later)) == [paused(NORDIC), paused(ACME, NOW + SECOND)]
    breaker.resume(NORDIC)
    breaker.resume(NORDIC)
    assert list(breaker.pauses(now=later)) == [paused(ACME, NOW + SECOND)]
    assert breaker.holds(now=NOW) == {}


def test_the_same_is_paused_once(breaker):
    breaker.pause(paused(ACME))
    with pytest.raises(Conflict):
        breaker.pause(paused(ACME, NOW + SECOND))
    assert list(breaker.pauses(now=NOW)) == [paused(ACME)]


def test_everything_can_be_paused(breaker):
    breaker.pause(paused(Scope()))
    assert list(breaker.pauses(now=NOW)) == [paused(Scope())]


def test_a_stop_lasts_from_the_first_refusal_to_the_next_success(breaker):
    assert breaker.stop(now=NOW) is None
    breaker.open("the key was refused", now=NOW, until=NOW + MINUTE)
    breaker.open("it was refused again", now=NOW + 2 * MINUTE, until=NOW + 3 * MINUTE)
    assert breaker.stop(now=NOW + 2 * MINUTE) == Stop("it was refused again", NOW, NOW + 3 * MINUTE)
    assert breaker.stop(now=NOW + 3 * MINUTE) is None
    breaker.accepted()
    breaker.open("the key was refused", now=NOW + 9 * MINUTE, until=NOW + 10 * MINUTE)
    assert breaker.stop(now=NOW + 9 * MINUTE).since == NOW + 9 * MINUTE
    breaker.lift()
    assert breaker.stop(now=NOW + 9 * MINUTE) is None


def test_who_let_sending_go_on_is_kept(breaker):
    acts = [Act(NOW + SECOND * n, "kari", "arn:kari", f"resumed partner {n}") for n in range(3)]
    for act in acts:
        breaker.note(act)
    assert list(breaker.acts(now=NOW + MINUTE)) == acts


class TestOverDynamo:
    def test_a_pause_is_seen_by_every_worker_at_its_next_look(self, in_aws):
        ours, theirs = DynamoBreaker(DOCUMENTS), DynamoBreaker(DOCUMENTS)
        assert not theirs.is_open(now=NOW)
        ours.pause(paused(ACME))
        assert not theirs.is_open(now=NOW), "whoever is about to send reads it anyway"
        assert list(theirs.pauses(now=NOW)) == [paused(ACME)]

    def test_only_the_newest_acts_are_kept(self, in_aws):
        breaker = DynamoBreaker(DOCUMENTS)
        for n in range(MAX_ACTS + 2):
            breaker.note(Act(NOW + SECOND * n, "kari", "arn:kari", str(n)))
        assert [one.what for one in breaker.acts(now=NOW)] == [str(n) for n in range(2, MAX_ACTS + 2)]

    def test_opening_it_keeps_what_is_held_and_it_is_no_revision(self, in_aws):
        breaker = DynamoBreaker(DOCUMENTS)
        breaker.hold(Calls.CREATE, until=NOW + MINUTE)
        breaker.open("the key was refused", now=NOW, until=NOW + MINUTE)
        assert DynamoBreaker(DOCUMENTS).wait(Calls.CREATE, now=NOW) == MINUTE
        ledger = DynamoLedger(DOCUMENTS, S3Payloads(BUCKET))
        assert [list(ledger.in_state(state)) for state in State] == [[] for _ in State]

    def test_a_hold_of_another_worker_is_seen_within_a_second(self, in_aws):
        ours, theirs = DynamoBreaker(DOCUMENTS), DynamoBreaker(DOCUMENTS)
        assert ours.wait(Calls.CREATE, now=NOW) == timedelta(0)
        theirs.hold(Calls.CREATE, until=NOW + MINUTE)
        assert ours.wait(Calls.CREATE, now=NOW + SECOND / 2) == timedelta(0)
        assert ours.wait(Calls.CREATE, now=NOW + SECOND) == MINUTE - SECOND

    def test_an_acceptance_after_nothing_was_refused_writes_nothing(self, in_aws):
        breaker = DynamoBreaker(DOCUMENTS)
        breaker.accepted()
        assert boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Count"] == 0

    def test_each_company_at_visma_has_its_own_and_none_lies_beside_the_tokens(self, in_aws):
        nordic, other = (DynamoBreaker(DOCUMENTS, visma_item(name)) for name in ("nordic", "other"))
        nordic.hold(Calls.VISMA, until=NOW + MINUTE)
        assert (nordic.wait(Calls.VISMA, now=NOW), other.wait(Calls.VISMA, now=NOW)) == (MINUTE, timedelta(0))
        (item,) = boto3.client("dynamodb").scan(TableName=DOCUMENTS)["Items"]
        assert item["pk"] == {"S": "breaker#visma#nordic"}

    def test_a_table_that_is_not_there_is_a_matter_of_configuration_and_holds_no_call(self, in_aws, caplog):
        breaker = DynamoBreaker("nowhere")
        with pytest.raises(Misconfigured, match="record of holds and pauses does not exist"):
            breaker.is_open(now=NOW)
        gate = HeldCalls(breaker, Calls.READ, ManualClock(NOW), "Orderful")
        gate.enter()
        gate.hold(MINUTE)
        assert len([record for record in caplog.records if record.name.startswith("connector.")]) == 2


def test_a_gate_is_shut_for_every_process_until_the_wait_is_over(in_aws):
    clock = ManualClock(NOW)
    first, second = (HeldCalls(DynamoBreaker(DOCUMENTS), Calls.CREATE, clock, "Orderful") for _ in range(2))
    first.enter()
    first.hold(MINUTE)
    clock.forward(seconds=20)
    with pytest.raises(Throttled, match=r"40 s of it are left\. Nothing was sent") as caught:
        second.enter()
    assert caught.value.retry_after == timedelta(seconds=40)
    clock.forward(seconds=40)
    second.enter()
