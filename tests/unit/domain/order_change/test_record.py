from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.domain.inbound import ApiVersion, Delivery
from connector.domain.order_change.decide import Difference
from connector.domain.order_change.record import (
    HISTORY,
    MAX_NOTE_LENGTH,
    MAX_REASON_LENGTH,
    WAIT_FOR_EARLIER,
    ApprovalEffect,
    Change,
    ChangeState,
    WaitsOn,
    predecessor_deadline,
)
from testkit.memory.stores import a_change

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
BOOK = "x" * 500_000


def test_words_of_others_are_cut_to_what_a_record_holds():
    """DynamoDB: 400 KB an item."""
    moved = a_change().moved(
        ChangeState.PARKED, now=NOW, note=BOOK, reason=BOOK, next_step=BOOK, waits_for=BOOK, attempts=2
    )
    assert len(moved.history[-1].note) == MAX_NOTE_LENGTH
    assert {len(texts or "") for texts in (moved.reason, moved.next_step, moved.waits_for)} == {MAX_REASON_LENGTH}
    assert moved.attempts == 2


def test_what_is_taken_back_is_gone():
    parked = a_change().moved(ChangeState.PARKED, now=NOW, note="look", reason="Because.")
    assert parked.moved(ChangeState.RECEIVED, now=NOW, note="again", reason=None).reason is None


def test_the_newest_events_are_kept():
    change = a_change()
    for number in range(HISTORY + 1):
        change = change.moved(ChangeState.RECEIVED, now=NOW, note=str(number))
    assert len(change.history) == HISTORY
    assert change.history[-1].note == str(HISTORY)


LATER = NOW + timedelta(minutes=10)
DELIVERY = Delivery("d1", ApiVersion.V4)
RECEIVED, APPLYING, PARKED = ChangeState.RECEIVED, ChangeState.APPLYING, ChangeState.PARKED
APPLIED = ChangeState.APPLIED


@pytest.mark.parametrize(
    ("fields", "waits_on"),
    [
        ({"state": RECEIVED}, WaitsOn.WORKER),
        ({"state": RECEIVED, "attempts": 1}, WaitsOn.WORKER),
        ({"state": RECEIVED, "not_before": LATER}, WaitsOn.TIME),
        ({"state": RECEIVED, "not_before": LATER, "predecessor_id": "1"}, WaitsOn.TIME),
        ({"state": APPLYING, "attempts": 1, "approved_by": "Kari"}, WaitsOn.WORKER),
        ({"state": APPLYING, "deliveries": (DELIVERY,), "behind": "1"}, WaitsOn.WORKER),
        ({"state": PARKED}, WaitsOn.PERSON),
        ({"state": PARKED, "deliveries": (DELIVERY,)}, WaitsOn.PERSON),
        ({"state": PARKED, "parked_on": WaitsOn.ROUTING, "waits_for": "defaults.units.KRT"}, WaitsOn.ROUTING),
        ({"state": PARKED, "parked_on": WaitsOn.VISMA, "not_before": LATER}, WaitsOn.VISMA),
        ({"state": PARKED, "parked_on": WaitsOn.EARLIER, "behind": "1"}, WaitsOn.EARLIER),
        ({"state": ChangeState.REFUSED, "deliveries": (DELIVERY,)}, WaitsOn.PERSON),
        ({"state": ChangeState.ATTENTION}, WaitsOn.PERSON),
        ({"state": APPLIED, "deliveries": (DELIVERY,), "decided_on": "a"}, WaitsOn.ORDERFUL),
        ({"state": APPLIED, "parked_on": WaitsOn.VISMA}, None),
    ],
)
def test_what_a_record_waits_for_is_read_in_one_place(fields, waits_on):
    change = msgspec.structs.replace(a_change(), **{"attempts": 0, **fields})
    assert change.waits_on is waits_on


@pytest.mark.parametrize("state", ChangeState)
def test_an_open_record_waits_for_something(state):
    change = msgspec.structs.replace(a_change(), state=state)
    assert (change.waits_on is not None) is change.is_open


@pytest.mark.parametrize(
    ("fields", "is_new"),
    [
        ({"state": RECEIVED}, True),
        ({"state": RECEIVED, "attempts": 1}, False),
        ({"state": RECEIVED, "not_before": LATER}, False),
        ({"state": APPLYING}, False),
    ],
)
def test_a_new_change_was_begun_by_nobody_and_is_kept_back_by_nothing(fields, is_new):
    assert msgspec.structs.replace(a_change(), **{"attempts": 0, **fields}).is_new is is_new


@pytest.mark.parametrize(("until", "is_claimed"), [(None, False), (NOW, False), (NOW + timedelta(seconds=1), True)])
def test_a_claim_lasts_until_its_time(until, is_claimed):
    assert msgspec.structs.replace(a_change(), claim_until=until).is_claimed(NOW) is is_claimed


@pytest.mark.parametrize(
    ("fields", "others", "wait"),
    [
        ({}, (), None),
        ({"change_sequence": 2}, (), WAIT_FOR_EARLIER),
        ({"change_sequence": 2}, (1,), None),
        ({"predecessor_id": "0", "not_before": NOW + timedelta(minutes=5)}, (), timedelta(minutes=5)),
        ({"predecessor_id": "0", "not_before": NOW + timedelta(minutes=5), "change_sequence": 2}, (), WAIT_FOR_EARLIER),
        (
            {"predecessor_id": "1", "not_before": NOW + timedelta(minutes=5), "change_sequence": 3},
            (1,),
            WAIT_FOR_EARLIER,
        ),
    ],
)
def test_it_waits_for_the_one_that_orderful_lists_and_for_the_number_before_its_own(fields, others, wait):
    change = msgspec.structs.replace(a_change(), created_at=NOW, **fields)
    recorded = [msgspec.structs.replace(a_change(), transaction_id=str(one), change_sequence=one) for one in others]
    assert predecessor_deadline(change, recorded) == (None if wait is None else NOW + wait)


@pytest.mark.parametrize(
    ("fields", "effect"),
    [
        ({}, ApprovalEffect.LOOKS_AGAIN),
        ({"decided_on": "a", "writes": True}, ApprovalEffect.WRITES),
        ({"decided_on": "a"}, ApprovalEffect.WRITES),  # a record of an earlier release
        ({"decided_on": "a", "writes": False}, ApprovalEffect.ENDS),
        ({"decided_on": "a", "writes": False, "unwritten": ("A charge.",)}, ApprovalEffect.CLOSES),
        ({"decided_on": "a", "unwritten": ("A charge.",)}, ApprovalEffect.CLOSES),
        (
            {
                "decided_on": "a",
                "writes": True,
                "unwritten": ("A charge.",),
                "differences": (Difference(where="line 1", field="price", base="1", theirs="2", ours="1"),),
            },
            ApprovalEffect.WRITES,
        ),
    ],
)
def test_the_effect_of_an_approval_is_known_before_it_is_given(fields, effect):
    assert msgspec.structs.replace(a_change(), state=PARKED, **fields).approval_effect is effect


def test_settled_deliveries_are_stored_under_the_name_of_earlier_releases():
    change = msgspec.structs.replace(a_change(), settled_deliveries=("d1",))
    stored = msgspec.json.encode(change)
    assert msgspec.json.decode(stored)["told"] == ["d1"]
    assert msgspec.json.decode(stored, type=Change) == change
