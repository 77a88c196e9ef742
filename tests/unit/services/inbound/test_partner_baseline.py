"""What the partner knows of an order while a change is written: no echo, and nothing kept from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import Transient, UnknownOutcome
from connector.domain.order_change.record import ChangeState
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.inbound.apply import ApplyResult
from connector.services.inbound.review import approve
from connector.services.ports import Created
from testkit.memory.change_world import ORDER, RULES, World, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line


def test_the_echo_of_a_change_is_never_sent() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900, was=800)))

    world.poll()
    world.quiesce()

    assert len(world.sent) == 1
    assert world.states() == [State.SENT, State.AGREED]


def test_an_edit_after_an_agreed_change_is_sent_as_a_replacement() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900, was=800)))
    world.poll()
    world.orders.edit(line_2={"orderQty": 120.0})

    world.poll()
    world.quiesce()

    assert len(world.sent) == 2
    assert world.states() == [State.SENT, State.AGREED, State.SENT]


def test_a_visible_edit_at_the_same_moment_is_kept_and_sent_with_the_change() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    world.orders.on_put.append(lambda: world.orders.edit(line_2={"orderQty": 130.0}))

    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()

    assert (world.orders.line(1)["orderQty"], world.orders.line(2)["orderQty"]) == (900, 130)
    assert len(world.sent) == 2
    assert _quantities(world.orderful.requests[-1].body) == ["900", "130"]


def _quantities(body):
    loops = body["message"]["transactionSets"][0]["PO1_loop"]
    return [loop["baselineItemData"][0]["quantity"] for loop in loops]


def _written_along_with_an_edit(world: World) -> None:
    """The order is on hold, so the partner cannot be sent the whole yet; its wish for line 1 stands in Visma."""
    world.orders.edit(status="Hold", line_2={"orderQty": 80.0})
    assert world.apply(world.arrived(more_of(1, 700, was=800))) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()
    assert world.states() == [State.SENT, State.SUPERSEDED, State.SKIPPED]


def test_a_user_who_takes_everything_back_does_not_leave_the_partner_with_its_wish() -> None:
    """What Visma says is what the partner was sent once; but since then it was granted a change."""
    world = World()
    _written_along_with_an_edit(world)

    world.orders.edit(status="Open", line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2


def test_while_the_whole_is_due_no_further_wish_is_taken_as_all_that_the_partner_has_to_know() -> None:
    world = World()
    _written_along_with_an_edit(world)
    world.orders.edit(line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})

    assert world.apply(world.arrived(more_of(2, 110, was=100), number="802210972")) is ApplyResult.APPLIED
    assert State.AGREED not in world.states()
    world.orders.edit(status="Open")
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2


def test_that_the_whole_is_due_is_noted_once_however_often_the_worker_dies() -> None:
    """The partner asks for what a user had entered already, along with something else."""
    world = World()
    world.orders.edit(status="Hold", line_1={"orderQty": 900.0}, line_2={"orderQty": 80.0})
    message = world.arrived(more_of(1, 900, was=800))
    with pytest.raises(Killed):
        world.apply(message, changes=killer(at=3).watch(world.changes, "save"))
    assert (world.change().state, world.states()) == (ChangeState.APPLYING, [State.SENT, State.SUPERSEDED])
    world.clock.forward(minutes=2)

    assert world.apply(message) is ApplyResult.APPLIED
    assert world.states() == [State.SENT, State.SUPERSEDED]


def test_a_lost_answer_about_a_line_that_the_partner_had_not_seen_makes_no_echo() -> None:
    """A user added the line, and it was sent after this change was first looked at: held against what the partner had
    then, an order in which the change stands has nothing that it asked for.
    """
    world = World(price="0%")
    item = {"inventory": {"number": "1300"}, "alternateId": "AC-3"}
    lines = [
        an_order_line(1),
        an_order_line(2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"),
        an_order_line(3, orderQty=Decimal(5), unitCost=Decimal("7.5"), **item),
    ]
    world.orders.put_in(a_purchase_order(lines=lines))
    theirs = {"purchaseOrderLineId": "3", "changeReason": "priceChange", "unitCostPrice": "10.5"}
    message = world.arrived({**theirs, "productIds": {"buyerItemNumber": "1300"}})
    assert world.apply(message) is ApplyResult.PARKED
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2
    world.orders.lose = 1
    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    assert (world.change().state, world.orders.line(3)["unitCost"]) == (ChangeState.APPLIED, 10.5)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2


CHARGED = {"charges": [{"amount": "5"}]}
NOT_WRITTEN = "Line 1: it states allowances and charges: a charge of 5; the order has none."


def test_a_change_that_is_written_in_part_keeps_what_is_not_and_the_partner_is_sent_the_whole() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900, was=800, **CHARGED)))
    assert world.change().writes is True

    approve(world.change(), world.changes, world.outbox, world.clock, by="kari")
    world.quiesce()

    change = world.change()
    assert (change.state, change.unwritten) == (ChangeState.APPLIED, (NOT_WRITTEN,))
    assert world.orders.line(1)["orderQty"] == 900
    world.poll()
    world.quiesce()
    assert len(world.sent) == 2, "it asked for a charge as well, and the order as it stands has none"
    assert State.AGREED not in world.states()


def test_the_days_that_a_header_moves_make_no_echo() -> None:
    world = World()
    wish = {"requestedDeliveryDate": "2026-10-09"}
    assert world.apply(world.arrived(dates=wish)) is ApplyResult.PARKED
    assert world.change().reason == "Order: the delivery date 2026-10-09 is in the past: the message is of 2026-11-02."
    world = World()
    world.apply(world.arrived(dates=wish, purchaseOrderChangeDate="2026-10-02"))

    assert world.change().state is ChangeState.APPLIED
    (put,) = world.orders.puts
    assert put["promisedOn"] == {"value": "2026-10-09T00:00:00"}
    assert [line["promised"]["value"] for line in put["lines"]] == ["2026-10-09T00:00:00"] * 2
    world.poll()
    world.quiesce()
    assert (len(world.sent), world.states()) == (1, [State.SENT, State.AGREED])


@pytest.mark.parametrize("first_by", ["approval", "rejection"])
def test_a_difference_counts_from_what_the_change_before_it_made_of_the_order(first_by: str) -> None:
    world = World(quantity="1%", quantities="delta")
    for sequence, number, quantity in (("1", "802210971", "100"), ("2", "802210972", "50")):
        assert world.apply(world.arrived_in_x12(sequence, number=number, quantity=quantity)) is ApplyResult.PARKED

    if first_by == "approval":
        world.approve("802210971")
    else:
        world.reject("802210971", reason="not agreed")
        world.quiesce()
    world.approve("802210972")  # it was compared again when the first one had ended

    assert world.change("802210972").state is ChangeState.APPLIED
    assert world.orders.line(1)["orderQty"] == (950 if first_by == "approval" else 850)


def test_an_order_that_was_agreed_on_with_a_partner_is_withdrawn_there_when_it_becomes_anothers() -> None:
    world = World()
    world.apply(world.arrived(more_of(1, 900, was=800)))
    world.poll()
    world.quiesce()

    world.orders.edit(supplier={"internalId": 600, "number": "60000"})  # mapped to nobody
    world.poll()
    world.quiesce()

    withdrawal = world.ledger.get(ORDER, 3)
    assert (withdrawal.purpose, withdrawal.receiver_id, withdrawal.state) == (
        Purpose.CANCELLATION,
        "ACMEPRODUCET",
        State.SENT,
    )


def test_a_partner_that_asks_under_another_isa_id_than_it_was_sent_is_sent_the_whole_there() -> None:
    world = World()
    acme = a_partner(isa_id="ACMENEW", supplier="50012")
    world.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme": acme}))
    world.inbound.send(an_860(more_of(1, 900, was=800)), sender_id="ACMENEWT")
    world.recorder().take(world.inbound.held["802210971"])

    world.quiesce()
    world.poll()
    world.quiesce()

    assert world.orders.line(1)["orderQty"] == 900
    assert [each.receiver_id for each in world.sent] == ["ACMEPRODUCET", "ACMEPRODUCET", "ACMENEWT"]


def test_a_partner_that_refused_to_get_an_order_back_is_sent_the_whole_with_what_it_asks_for() -> None:
    """The order was withdrawn there, and came back; Orderful refused the replacement."""
    world = World()
    acme = world.orders.orders["500123"]["supplier"]
    world.orders.edit(supplier={"internalId": 600, "number": "60000"})
    world.poll()
    world.quiesce()
    world.orderful.script = [Created(None, accepted=False, problems=("message: it is wrong",))]
    world.orders.edit(supplier=acme)
    world.poll()
    world.quiesce()

    world.apply(world.arrived(more_of(1, 900, was=800)))
    world.poll()
    world.quiesce()

    newest = world.ledger.revisions(ORDER)[0]
    assert (newest.state, newest.purpose, len(world.sent)) == (State.SENT, Purpose.REPLACE, 4)


def test_a_change_that_no_partner_sees_makes_no_echo_of_what_is_agreed() -> None:
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    world.orders.edit(location={"id": 99, "name": "Elsewhere"})
    world.apply(message)
    world.poll()
    world.quiesce()
    assert len(world.sent) == 1


def test_a_defect_after_the_write_leaves_no_number_taken() -> None:
    """The order would be blocked for good: no other change could be written, and no poll would be heard."""
    world = World()
    message = world.arrived(more_of(1, 900))

    class Forgetful:
        def __call__(self, company, deadline):
            return self

        def __getattr__(self, name):
            return getattr(world.orders, name)

        def get_order(self, number):
            if world.orders.puts:
                raise KeyError("oops")
            return world.orders.get_order(number)

    for _ in range(2):
        with pytest.raises(KeyError):
            world.apply(message, orders=Forgetful())
        world.clock.forward(minutes=2)
    assert world.apply(message, orders=Forgetful()) is ApplyResult.PARKED

    world.poll()
    world.quiesce()
    assert len(world.sent) == 2
    assert list(world.ledger.in_state(State.CHANGING)) == []


def test_a_state_of_the_order_from_before_the_change_is_not_sent_afterwards() -> None:
    """A message that was polled before the PUT and handled after it would take the partner's wish back."""
    world = World()
    world.orders.edit(dontPrint=True)
    world.poll()
    late = list(world.outbox.queued_documents)
    world.outbox.clear()
    world.apply(world.arrived(more_of(1, 900, was=800)))

    world.outbox.documents(late)
    world.quiesce()

    assert len(world.sent) == 1
    assert world.states() == [State.SENT, State.AGREED]


def test_a_poll_between_the_write_and_the_note_of_it_waits_and_sends_nothing() -> None:
    """The worker died right after the PUT: the order is changed already, and nobody has written down for whom."""
    world = World()
    message = world.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        world.apply(message, orders=opening(killer(at=1, after=True).watch(world.orders, "put_order")))
    assert world.states() == [State.SENT, State.CHANGING]

    world.poll()
    (polled,) = world.outbox.queued_documents
    with pytest.raises(Transient):
        world.translator().handle(polled)
    world.apply(message)
    world.quiesce()

    assert (len(world.sent), world.states()) == (1, [State.SENT, State.AGREED])


def test_a_change_looked_at_again_after_a_newer_revision_reached_the_partner_is_measured_by_that() -> None:
    """The worker died before its PUT, a user's edit was sent meanwhile: the partner knows edit and wish together."""
    world = World()
    message = world.arrived(more_of(1, 900, was=800))
    with pytest.raises(Killed):
        world.apply(message, orders=opening(killer(at=1).watch(world.orders, "put_order")))
    world.clock.forward(minutes=2)
    world.orders.edit(line_2={"orderQty": 120.0})
    world.partner_baseline().drop(ORDER, world.change())
    world.poll()
    world.translator().handle(world.outbox.queued_documents.pop())
    world.deliverer().handle(world.outbox.queued_deliveries.pop())
    assert len(world.sent) == 2

    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()

    assert len(world.sent) == 2, "nothing comes back to the partner that it asked for itself"
    assert world.states()[-1] is State.AGREED


def test_what_the_partner_knows_is_settled_only_when_nothing_older_may_still_reach_it() -> None:
    """A revision whose outcome is unknown is sent once more, and would take the partner's wish back in its eyes."""
    world = World()
    world.orders.edit(line_2={"orderQty": 80.0})
    world.poll()
    world.translator().handle(world.outbox.queued_documents.pop())
    delivery = world.outbox.queued_deliveries.pop()
    world.orderful.script = [UnknownOutcome("Orderful did not answer in time.")]
    with pytest.raises(UnknownOutcome):
        world.deliverer().handle(delivery)
    assert world.states() == [State.SENT, State.UNCONFIRMED]
    message = world.arrived(more_of(1, 900, was=800))

    with pytest.raises(Transient, match="Revision 2 is still being sent"):
        world.apply(message)
    assert (world.orders.theirs, world.states()) == (1, [State.SENT, State.UNCONFIRMED, State.CHANGING])
    assert world.inbound.confirmed == []

    world.clock.forward(seconds=600)
    world.deliverer().handle(delivery)
    assert world.apply(message) is ApplyResult.APPLIED
    world.poll()
    world.quiesce()
    assert (len(world.sent), world.orders.theirs) == (2, 1)
    assert world.states() == [State.SENT, State.SENT, State.AGREED]
