"""What the partner knows of an order while a change is written: no echo, and nothing kept from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.errors import Transient, UnknownOutcome
from connector.domain.order_change.record import ChangeState
from connector.domain.reasons import Reason
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from connector.services.inbound.apply import ApplyResult
from connector.services.ports import Created
from testkit.memory.change_harness import KARI, ORDER, RULES, Harness, an_860, more_of, opening
from testkit.memory.effects import Killed, killer
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line


def test_the_echo_of_a_change_is_never_sent() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    harness.poll()
    harness.quiesce()

    assert len(harness.sent) == 1
    assert harness.states() == [State.SENT, State.AGREED]


def with_discount(harness: Harness, percent: int) -> None:
    """A user enters a discount on line 1, and Visma works the totals out."""
    line, order = harness.orders.line(1), harness.orders.orders["500123"]
    assert line is not None
    gross = line["orderQty"] * line["unitCost"]
    line.update(discountPercent=percent, discountAmount=gross * percent / 100, amount=gross * (100 - percent) / 100)
    net = sum(one["amount"] for one in order["lines"])
    order.update(lineTotal=net, taxTotal=net * 0.25, orderTotal=net * 1.25)
    order["taxDetails"][0].update(taxableAmount=net, vatAmount=net * 0.25)
    harness.orders.edit()


@pytest.mark.parametrize(
    "asks",
    [more_of(1, 850, was=800), {"purchaseOrderLineId": "1", "changeReason": "priceChange", "unitCostPrice": "10.50"}],
    ids=["quantity", "price"],
)
def test_a_discount_that_a_user_entered_before_a_change_is_sent_with_it(asks) -> None:
    harness = Harness()
    with_discount(harness, 10)
    harness.apply(harness.arrived(asks))

    harness.poll()
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED
    assert harness.states() == [State.SENT, State.SUPERSEDED, State.SENT]
    assert len(harness.sent) == 2


def test_a_discount_that_the_partner_was_sent_follows_its_quantity() -> None:
    harness = Harness()
    with_discount(harness, 10)
    harness.poll()
    harness.quiesce()
    harness.apply(harness.arrived(more_of(1, 850, was=800)))

    harness.poll()
    harness.quiesce()

    assert harness.states() == [State.SENT, State.SENT, State.AGREED]


def test_a_price_that_may_be_meant_after_a_discount_entered_since_is_asked_about() -> None:
    harness = Harness()
    with_discount(harness, 10)
    net = {"purchaseOrderLineId": "1", "changeReason": "priceChange", "unitCostPrice": "9.00"}

    harness.apply(harness.arrived(net))

    change = harness.change()
    assert (change.state, change.reason_codes) == (ChangeState.PARKED, (Reason.PRICE_UNCLEAR,))
    assert "may be meant after the discount of 800" in (change.reason or "")


def test_an_edit_after_an_agreed_change_is_sent_as_a_replacement() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))
    harness.poll()
    harness.orders.edit(line_2={"orderQty": 120.0})

    harness.poll()
    harness.quiesce()

    assert len(harness.sent) == 2
    assert harness.states() == [State.SENT, State.AGREED, State.SENT]


def test_a_visible_edit_at_the_same_time_is_kept_and_sent_with_the_change() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.on_put.append(lambda: harness.orders.edit(line_2={"orderQty": 130.0}))

    assert harness.apply(message) is ApplyResult.APPLIED
    harness.poll()
    harness.quiesce()

    assert (harness.orders.line(1)["orderQty"], harness.orders.line(2)["orderQty"]) == (900, 130)
    assert len(harness.sent) == 2
    assert _quantities(harness.orderful.requests[-1].body) == ["900", "130"]


def _quantities(body):
    loops = body["message"]["transactionSets"][0]["PO1_loop"]
    return [loop["baselineItemData"][0]["quantity"] for loop in loops]


def _written_along_with_an_edit(harness: Harness) -> None:
    """The order is on hold, so the partner cannot be sent the whole yet; its change of line 1 stands in Visma."""
    harness.orders.edit(status="Hold", line_2={"orderQty": 80.0})
    assert harness.apply(harness.arrived(more_of(1, 700, was=800))) is ApplyResult.APPLIED
    harness.poll()
    harness.quiesce()
    assert harness.states() == [State.SENT, State.SUPERSEDED, State.SKIPPED]


def test_a_user_who_takes_everything_back_does_not_leave_the_partner_with_its_request() -> None:
    """What Visma says is what the partner was sent once; but since then it was granted a change."""
    harness = Harness()
    _written_along_with_an_edit(harness)

    harness.orders.edit(status="Open", line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})
    harness.poll()
    harness.quiesce()

    assert len(harness.sent) == 2
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2


def test_while_the_whole_is_due_no_further_request_is_taken_as_all_that_the_partner_has_to_know() -> None:
    harness = Harness()
    _written_along_with_an_edit(harness)
    harness.orders.edit(line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})

    assert harness.apply(harness.arrived(more_of(2, 110, was=100), number="802210972")) is ApplyResult.APPLIED
    assert State.AGREED not in harness.states()
    harness.orders.edit(status="Open")
    harness.poll()
    harness.quiesce()

    assert len(harness.sent) == 2


def test_that_the_whole_is_due_is_noted_once_however_often_the_worker_dies() -> None:
    """The partner asks for what a user had entered already, along with something else."""
    harness = Harness()
    harness.orders.edit(status="Hold", line_1={"orderQty": 900.0}, line_2={"orderQty": 80.0})
    message = harness.arrived(more_of(1, 900, was=800))
    with pytest.raises(Killed):
        harness.apply(message, changes=killer(at=3).watch(harness.changes, "save"))
    assert (harness.change().state, harness.states()) == (ChangeState.APPLYING, [State.SENT, State.SUPERSEDED])
    harness.clock.forward(minutes=2)

    assert harness.apply(message) is ApplyResult.APPLIED
    assert harness.states() == [State.SENT, State.SUPERSEDED]


def test_a_lost_answer_about_a_line_that_the_partner_had_not_seen_sends_the_order_once() -> None:
    """A user added the line, and it was sent after this change was first looked at: what was sent last does not have
    the change, so the whole order is sent with it.
    """
    harness = Harness(price="0%")
    item = {"inventory": {"number": "1300"}, "alternateId": "AC-3"}
    lines = [
        an_order_line(1),
        an_order_line(2, orderQty=Decimal(100), unitCost=Decimal(5), inventory={"number": "1299"}, alternateId="AC-2"),
        an_order_line(3, orderQty=Decimal(5), unitCost=Decimal("7.5"), **item),
    ]
    harness.orders.put_in(a_purchase_order(lines=lines))
    theirs = {"purchaseOrderLineId": "3", "changeReason": "priceChange", "unitCostPrice": "10.5"}
    message = harness.arrived({**theirs, "productIds": {"buyerItemNumber": "1300"}})
    assert harness.apply(message) is ApplyResult.PARKED
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2
    harness.orders.lose = 1
    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    assert (harness.change().state, harness.orders.line(3)["unitCost"]) == (ChangeState.APPLIED, 10.5)
    for _ in range(2):
        harness.poll()
        harness.quiesce()
    assert len(harness.sent) == 3


CHARGED = {"charges": [{"amount": "5"}]}
NOT_WRITTEN = "Line 1: it states allowances and charges: a charge of 5; the order has none."


def test_a_change_that_is_written_in_part_keeps_what_is_not_and_the_partner_is_sent_the_whole() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900, was=800, **CHARGED)))
    assert harness.change().writes is True

    harness.review.approve(harness.change(), KARI)
    harness.quiesce()

    change = harness.change()
    assert (change.state, change.unwritten) == (ChangeState.APPLIED, (NOT_WRITTEN,))
    assert harness.orders.line(1)["orderQty"] == 900
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2, "it asked for a charge as well, and the order as it stands has none"
    assert State.AGREED not in harness.states()


def test_the_days_that_a_header_moves_make_no_echo() -> None:
    harness = Harness()
    dates = {"requestedDeliveryDate": "2026-10-09"}
    assert harness.apply(harness.arrived(dates=dates)) is ApplyResult.PARKED
    assert (
        harness.change().reason == "Order: the delivery date 2026-10-09 is in the past: the message is of 2026-11-02."
    )
    harness.apply(harness.arrived(dates=dates, number="802210972", purchaseOrderChangeDate="2026-09-15"))
    assert "in the past: the receipt is of 2026-11-02." in (harness.change("802210972").reason or "")
    harness = Harness(dates="60d")
    harness.apply(harness.arrived(dates={"requestedDeliveryDate": "2026-11-09"}, purchaseOrderChangeDate="2026-10-02"))

    assert harness.change().state is ChangeState.APPLIED
    (put,) = harness.orders.puts
    assert put["promisedOn"] == {"value": "2026-11-09T00:00:00"}
    assert [line["promised"]["value"] for line in put["lines"]] == ["2026-11-09T00:00:00"] * 2
    harness.poll()
    harness.quiesce()
    assert (len(harness.sent), harness.states()) == (1, [State.SENT, State.AGREED])


@pytest.mark.parametrize("first_by", ["approval", "rejection"])
def test_a_difference_counts_from_what_the_change_before_it_made_of_the_order(first_by: str) -> None:
    harness = Harness(quantity="1%", quantities="delta")
    for sequence, number, quantity in (("1", "802210971", "100"), ("2", "802210972", "50")):
        assert harness.apply(harness.arrived_in_x12(sequence, number=number, quantity=quantity)) is ApplyResult.PARKED

    if first_by == "approval":
        harness.approve("802210971")
    else:
        harness.reject("802210971", reason="not agreed")
        harness.quiesce()
    harness.approve("802210972")  # it was compared again when the first one had ended

    assert harness.change("802210972").state is ChangeState.APPLIED
    assert harness.orders.line(1)["orderQty"] == (950 if first_by == "approval" else 850)


def test_an_order_that_was_agreed_on_with_a_partner_is_withdrawn_there_when_it_becomes_anothers() -> None:
    harness = Harness()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))
    harness.poll()
    harness.quiesce()

    harness.orders.edit(supplier={"internalId": 600, "number": "60000"})  # mapped to nobody
    harness.poll()
    harness.quiesce()

    withdrawal = harness.ledger.get(ORDER, 3)
    assert (withdrawal.purpose, withdrawal.receiver_id, withdrawal.state) == (
        Purpose.CANCELLATION,
        "ACMEPRODUCET",
        State.SENT,
    )


def test_a_withdrawal_that_waits_is_over_when_its_receiver_changes_the_order_that_came_back() -> None:
    harness = Harness()
    parks = {"partners.acme.on_revision": "park"}
    harness.routing.apply(routing_data({"defaults.changes": RULES, **parks}))
    acme = harness.orders.orders["500123"]["supplier"]
    harness.orders.edit(supplier={"internalId": 600, "number": "60000"})
    harness.poll()
    harness.quiesce()
    (withdrawal,) = (one for one in harness.ledger.in_state(State.PARKED) if one.is_withdrawal)
    harness.orders.edit(supplier=acme)

    harness.apply(harness.arrived(more_of(1, 900, was=800)))  # before the order is polled

    assert harness.change().state is ChangeState.APPLIED
    assert harness.ledger.get(ORDER, withdrawal.sequence).state is State.SUPERSEDED


def test_a_partner_that_asks_under_another_isa_id_than_it_was_sent_is_sent_the_whole_there() -> None:
    harness = Harness()
    acme = a_partner(isa_id="ACMENEW", supplier="50012")
    harness.routing.apply(routing_data({"defaults.changes": RULES, "partners.acme": acme}))
    harness.inbound.send(an_860(more_of(1, 900, was=800)), sender_id="ACMENEWT")
    harness.recorder().take(harness.inbound.transactions["802210971"])

    harness.quiesce()
    harness.poll()
    harness.quiesce()

    assert harness.orders.line(1)["orderQty"] == 900
    assert [each.receiver_id for each in harness.sent] == ["ACMEPRODUCET", "ACMEPRODUCET", "ACMENEWT"]


def test_a_partner_that_refused_to_get_an_order_back_is_sent_the_whole_with_what_it_asks_for() -> None:
    """The order was withdrawn there, and came back; Orderful refused the replacement."""
    harness = Harness()
    acme = harness.orders.orders["500123"]["supplier"]
    harness.orders.edit(supplier={"internalId": 600, "number": "60000"})
    harness.poll()
    harness.quiesce()
    harness.orderful.script = [Created(None, accepted=False, problems=("message: it is wrong",))]
    harness.orders.edit(supplier=acme)
    harness.poll()
    harness.quiesce()

    harness.apply(harness.arrived(more_of(1, 900, was=800)))
    assert Reason.CANCELLED_FOR_PARTNER in harness.change().reason_codes
    harness.approve()
    harness.poll()
    harness.quiesce()

    newest = harness.ledger.revisions(ORDER)[0]
    assert (newest.state, newest.purpose, len(harness.sent)) == (State.SENT, Purpose.REPLACE, 4)


def test_a_change_that_a_user_entered_and_the_partner_was_sent_sends_nothing_more() -> None:
    """What is asked for stands in the newer revision; since then, only what no partner sees has changed."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.edit(line_1={"orderQty": 900.0})
    harness.poll()
    harness.quiesce()
    assert [each.receiver_id for each in harness.sent] == ["ACMEPRODUCET"] * 2
    harness.orders.edit(location={"id": 99, "name": "Elsewhere"})

    harness.apply(message)
    harness.poll()
    harness.quiesce()

    assert harness.change().state is ChangeState.APPLIED
    assert len(harness.sent) == 2


def test_an_order_that_is_refused_while_a_change_of_it_is_written_is_sent_whole() -> None:
    """The change was compared with it; now the partner has nothing that its change could be a change of."""
    harness = Harness()
    harness.orders.on_put.append(lambda: _refused(harness))
    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    harness.poll()
    harness.quiesce()

    assert harness.states() == [State.SUPERSEDED, State.SUPERSEDED, State.SENT]
    assert _quantities(harness.orderful.requests[-1].body)[0] == "900"


def _refused(harness: Harness) -> None:
    sent = harness.ledger.revisions(ORDER)[-1]
    harness.ledger.move(sent, State.REJECTED, now=harness.clock.now(), note="the partner refuses it")


def test_a_change_that_no_partner_sees_makes_no_echo_of_what_is_agreed() -> None:
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    harness.orders.edit(location={"id": 99, "name": "Elsewhere"})
    harness.apply(message)
    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 1


def test_a_defect_after_the_write_leaves_no_number_taken() -> None:
    """The order would be blocked for good: no other change could be written, and no poll would be heard."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900))

    class Forgetful:
        def __call__(self, company, deadline):
            return self

        def __getattr__(self, name):
            return getattr(harness.orders, name)

        def get_order(self, number):
            if harness.orders.puts:
                raise KeyError("oops")
            return harness.orders.get_order(number)

    for _ in range(2):
        with pytest.raises(KeyError):
            harness.apply(message, orders=Forgetful())
        harness.clock.forward(minutes=2)
    assert harness.apply(message, orders=Forgetful()) is ApplyResult.PARKED

    harness.poll()
    harness.quiesce()
    assert len(harness.sent) == 2
    assert list(harness.ledger.in_state(State.CHANGING)) == []


def test_a_state_of_the_order_from_before_the_change_is_not_sent_afterwards() -> None:
    """A message that was polled before the PUT and handled after it would take the partner's change back."""
    harness = Harness()
    harness.orders.edit(dontPrint=True)
    harness.poll()
    late = list(harness.outbox.queued_documents)
    harness.outbox.clear()
    harness.apply(harness.arrived(more_of(1, 900, was=800)))

    harness.outbox.documents(late)
    harness.quiesce()

    assert len(harness.sent) == 1
    assert harness.states() == [State.SENT, State.AGREED]


def test_a_poll_between_the_write_and_the_note_of_it_waits_and_sends_nothing() -> None:
    """The worker died right after the PUT: the order is changed already, and nobody has written down for whom."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900))
    with pytest.raises(Killed):
        harness.apply(message, orders=opening(killer(at=1, after=True).watch(harness.orders, "put_order")))
    assert harness.states() == [State.SENT, State.CHANGING]

    harness.poll()
    (polled,) = harness.outbox.queued_documents
    with pytest.raises(Transient):
        harness.translator().handle(polled)
    harness.apply(message)
    harness.quiesce()

    assert (len(harness.sent), harness.states()) == (1, [State.SENT, State.AGREED])


def test_a_change_that_was_written_after_a_newer_revision_had_left_is_sent_with_the_whole_order() -> None:
    """The worker died before its PUT, a user's edit was sent meanwhile: what was sent last does not have the change."""
    harness = Harness()
    message = harness.arrived(more_of(1, 900, was=800))
    with pytest.raises(Killed):
        harness.apply(message, orders=opening(killer(at=1).watch(harness.orders, "put_order")))
    harness.clock.forward(minutes=2)
    harness.orders.edit(line_2={"orderQty": 120.0})
    harness.partner_baseline().drop(ORDER, harness.change())
    harness.poll()
    harness.translator().handle(harness.outbox.queued_documents.pop())
    harness.deliverer().handle(harness.outbox.queued_deliveries.pop())
    assert len(harness.sent) == 2

    assert harness.apply(message) is ApplyResult.APPLIED
    for _ in range(2):
        harness.poll()
        harness.quiesce()

    assert len(harness.sent) == 3
    assert (harness.orders.line(1)["orderQty"], harness.orders.line(2)["orderQty"]) == (900, 120)
    assert harness.states()[-2:] == [State.SUPERSEDED, State.SENT]


def test_what_the_partner_knows_is_settled_only_when_nothing_older_may_still_reach_it() -> None:
    """A revision whose outcome is unknown is sent once more, and would take the partner's change back in its eyes."""
    harness = Harness()
    harness.orders.edit(line_2={"orderQty": 80.0})
    harness.poll()
    harness.translator().handle(harness.outbox.queued_documents.pop())
    delivery = harness.outbox.queued_deliveries.pop()
    harness.orderful.script = [UnknownOutcome("Orderful did not answer in time.")]
    with pytest.raises(UnknownOutcome):
        harness.deliverer().handle(delivery)
    assert harness.states() == [State.SENT, State.UNCONFIRMED]
    message = harness.arrived(more_of(1, 900, was=800))

    with pytest.raises(Transient, match="Revision 2 is still being sent"):
        harness.apply(message)
    assert (harness.orders.theirs, harness.states()) == (1, [State.SENT, State.UNCONFIRMED, State.CHANGING])
    assert harness.inbound.confirmed == []

    harness.clock.forward(seconds=600)
    harness.deliverer().handle(delivery)
    assert harness.apply(message) is ApplyResult.APPLIED
    harness.poll()
    harness.quiesce()
    assert (len(harness.sent), harness.orders.theirs) == (2, 1)
    assert harness.states() == [State.SENT, State.SENT, State.AGREED]
