"""Workers of every function are killed in the middle of their work, and nothing is lost and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.domain.ledger import State
from proof.deployed import kills, outcome
from proof.deployed.scene import Scene, staged
from proof.tally import Size
from tests.support.laptop import Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

ENOUGH = 15


def test_what_dead_workers_held_is_done_once_by_others(nordic: Laptop) -> None:
    before = nordic.sqs.get_queue_attributes(QueueUrl=nordic.outputs["ChangesQueueUrl"], AttributeNames=["All"])

    documents, changes, killed = kills.prove(Size.FAST, nordic)

    assert (documents.violations, changes.violations, killed.violations) == ((), (), ())
    assert documents.cases >= kills.PLANS[Size.FAST].documents
    assert changes.cases >= kills.PLANS[Size.FAST].changes
    assert killed.cases >= ENOUGH, killed.figures
    after = nordic.sqs.get_queue_attributes(QueueUrl=nordic.outputs["ChangesQueueUrl"], AttributeNames=["All"])
    settings = ("VisibilityTimeout", "RedrivePolicy")
    assert [after["Attributes"][name] for name in settings] == [before["Attributes"][name] for name in settings]


@pytest.fixture
def settled(nordic: Laptop) -> Iterator[tuple[Scene, outcome.Asked, str]]:
    """Two orders that were sent, and a change of the first that was applied; the key of the second."""
    with staged(nordic, "kills") as scene:
        changed, unchanged = "729001", "729002"
        for number in (changed, unchanged):
            scene.order(number)
        nordic.poll()
        nordic.ended([scene.key(changed), scene.key(unchanged)])
        sent = scene.asks(changed, 25, channels=["inbox"])
        nordic.collect()
        nordic.decided(sent["id"])
        nordic.until(lambda: not outcome.stuck(nordic, [scene.company]), "the stack to be at rest")
        yield scene, outcome.Asked(sent["id"], scene.key(changed), {1: Decimal(25)}), scene.key(unchanged)


def test_the_judge_of_the_run_finds_nothing_where_nothing_is_wrong_and_sees_each_thing_that_is(
    nordic: Laptop, settled: tuple[Scene, outcome.Asked, str]
) -> None:
    scene, wish, unchanged = settled
    assert outcome.documents(nordic, [outcome.Outbound(wish.key), outcome.Outbound(unchanged)]) == []
    assert outcome.changes(nordic, [wish]) == []

    other = replace(wish, quantities={1: Decimal(26)}, edits={"description": "by hand"})
    line, edit = outcome.changes(nordic, [other])
    assert line.endswith("line 1 has 25 in Visma, the partner asked for 26.")
    assert "a user wrote 'by hand' into description" in edit
    (twice,) = outcome.changes(nordic, [wish, wish])
    assert twice.endswith("2 changes, and the order was written 1 times.")
    unheard = outcome.changes(nordic, [outcome.Asked("1", unchanged, {})])
    assert unheard[0].endswith("is not recorded.")
    assert outcome.documents(nordic, [outcome.Outbound(scene.key("729003"))]) == [
        f"{scene.key('729003')}: the ledger knows nothing of it."
    ]

    revision = nordic.newest(unchanged)
    assert revision is not None
    request, source = nordic.ledger.request_of(revision), nordic.ledger.source_of(revision)
    try:
        nordic.ledger.add(replace(revision, sequence=2), source=source, request=request)
        said = " ".join(outcome.documents(nordic, [outcome.Outbound(unchanged)]))
        assert "Orderful holds" in said
        assert "2 transactions were sent for 1 states" in said
        assert "revision 2 says what revision 1 had said" in said
        nordic.ledger.add(replace(revision, sequence=3, state=State.TRANSLATED), source=source, request=request)
        (stuck,) = outcome.stuck(nordic, [scene.company])
        assert stuck.startswith(f"{unchanged} revision 3 is TRANSLATED")
    finally:
        for sequence in (2, 3):
            place = {"pk": {"S": revision.key.stored}, "sk": {"S": f"rev#{sequence:08d}"}}
            nordic.dynamodb.delete_item(TableName=nordic.outputs["DocumentsTable"], Key=place)


def test_a_partner_who_knows_less_than_visma_has_is_seen(
    nordic: Laptop, settled: tuple[Scene, outcome.Asked, str]
) -> None:
    scene, _, unchanged = settled
    scene.order(unchanged.rsplit("/", 1)[1], [("1310", "21")])

    (said,) = outcome.documents(nordic, [outcome.Outbound(unchanged)])

    assert said == f"{unchanged}: the partner knows revision 1, which is not what Visma has now."
