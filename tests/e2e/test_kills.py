"""Workers of every function are killed in the middle of their work, and nothing is lost and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.domain.revision.record import State
from proof.deployed import kills
from proof.deployed.environment import Environment, prepared
from proof.deployed.outcome import Asked, Edited, Harness, Outbound
from proof.deployed.quiescence import Quiescence
from proof.tally import Size
from testkit.laptop.observed import PIPELINE, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("proofs")]


def test_what_dead_workers_held_is_done_once_by_others(empty: Laptop) -> None:
    before = empty.sqs.get_queue_attributes(QueueUrl=empty.outputs["ChangesQueueUrl"], AttributeNames=["All"])

    documents, changes, killed = kills.prove(Size.FAST, empty)

    assert (documents.violations, changes.violations, killed.violations) == ((), (), ())
    assert documents.cases >= kills.PLANS[Size.FAST].documents
    assert changes.cases >= kills.PLANS[Size.FAST].changes
    assert killed.cases >= kills.PLANS[Size.FAST].floor * len(PIPELINE), killed.figures
    after = empty.sqs.get_queue_attributes(QueueUrl=empty.outputs["ChangesQueueUrl"], AttributeNames=["All"])
    settings = ("VisibilityTimeout", "RedrivePolicy")
    assert [after["Attributes"][name] for name in settings] == [before["Attributes"][name] for name in settings]


@pytest.fixture
def settled(empty: Laptop) -> Iterator[tuple[Environment, Asked, str]]:
    """Two orders that were sent, and a change of the first that was applied; the key of the second."""
    with prepared(empty, "kills") as environment:
        changed, unchanged = "729001", "729002"
        quiescence = Quiescence.of(empty, [environment.company])
        for number in (changed, unchanged):
            environment.order(number)
        empty.poll()
        empty.ended([environment.key(changed), environment.key(unchanged)])
        sent = environment.asks(changed, 25, channels=["inbox"])
        empty.collect()
        empty.decided(sent["id"])
        empty.until(lambda: not quiescence.stuck(), "the stack to be quiescent")
        yield environment, Asked(sent["id"], environment.key(changed), {1: Decimal(25)}), environment.key(unchanged)


def test_the_judge_finds_nothing_where_nothing_is_wrong_and_sees_each_thing_that_is(
    empty: Laptop, settled: tuple[Environment, Asked, str]
) -> None:
    environment, asked, unchanged = settled
    harness = Harness(empty)
    assert harness.documents([Outbound(asked.key), Outbound(unchanged)]) == []
    assert harness.changes([asked]) == []
    assert harness.lost([Edited(asked.key, {"lines.1.orderQty": 25})]) == []

    (line,) = harness.changes([replace(asked, quantities={1: Decimal(26)})])
    assert line == f"{asked.key}: line 1 has 25 in Visma, the partner asked for 26."
    (edit,) = harness.lost([Edited(asked.key, {"description": "by hand"})])
    assert "a user wrote 'by hand' into description" in edit
    (twice,) = harness.changes([asked, asked])
    assert twice.endswith("2 changes, and the order was written 1 times.")
    unheard, unwritten = harness.changes([Asked("1", unchanged, {})])
    assert unheard.endswith("is not recorded.")
    assert unwritten.endswith("1 changes, and the order was written 0 times.")
    (unknown,) = harness.documents([Outbound(environment.key("729003"))])
    assert unknown == f"{environment.key('729003')}: neither the ledger nor Orderful has it."
    (unacknowledged,) = harness.documents([Outbound(unchanged, most=2, least=2)])
    assert unacknowledged.startswith(f"{unchanged}: 1 transactions were sent for 2 states in Visma (ledger: 1 ")


def test_the_judge_sees_what_only_the_ledger_claims(empty: Laptop, settled: tuple[Environment, Asked, str]) -> None:
    environment, _, unchanged = settled
    quiescence = Quiescence.of(empty, [environment.company])
    revision = empty.newest(unchanged)
    assert revision is not None
    request, source = empty.ledger.request_of(revision), empty.ledger.source_of(revision)
    try:
        empty.ledger.add(replace(revision, sequence=2), source=source, request=request)
        (said,) = Harness(empty).documents([Outbound(unchanged)])
        assert said.startswith(f"{unchanged}: the ledger and Orderful do not agree about what was sent (")
        empty.ledger.add(replace(revision, sequence=3, state=State.TRANSLATED), source=source, request=request)
        (said,) = Harness(empty).documents([Outbound(unchanged)])
        assert "revision 3 ended TRANSLATED" in said
        (stuck,) = quiescence.stuck()
        assert stuck.startswith(f"{unchanged} revision 3 is TRANSLATED")
        assert revision.history[-1].note in stuck
    finally:
        for sequence in (2, 3):
            place = {"pk": {"S": revision.key.stored}, "sk": {"S": f"rev#{sequence:08d}"}}
            empty.dynamodb.delete_item(TableName=empty.outputs["DocumentsTable"], Key=place)


def test_the_judge_sees_what_only_orderful_holds(empty: Laptop, settled: tuple[Environment, Asked, str]) -> None:
    _, _, unchanged = settled
    (transaction,) = Harness(empty).transactions(unchanged)
    again = Harness(empty)
    # As if Orderful held the same once more: what a deliverer without a claim would leave.
    again.transactions(unchanged).append({**transaction, "id": "1"})

    (said,) = again.documents([Outbound(unchanged)])

    assert "the ledger and Orderful do not agree about what was sent" in said
    assert "2 transactions were sent for 1 states in Visma" in said
    assert "a transaction repeats the one before it" in said


def test_the_judge_sees_a_partner_who_knows_less_than_visma_has(
    empty: Laptop, settled: tuple[Environment, Asked, str]
) -> None:
    environment, _, unchanged = settled
    environment.order(unchanged.rsplit("/", 1)[1], [("1310", "21")])

    (said,) = Harness(empty).documents([Outbound(unchanged)])

    assert said.startswith(f"{unchanged}: the partner knows revision 1, which is not what Visma has now (ledger: 1 ")
