"""`connector pause` and `connector resume`: what they say, ask and do."""

from __future__ import annotations

import pytest

from connector.domain.documents import Kind
from connector.domain.pause import Pause, Scope
from connector.domain.revision.cause import Cause
from testkit.memory.change_world import World
from testkit.memory.stores import CALLER, FixedRouting
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line
from tests.unit.cli.conftest import NOW, FakeRouting

ACME = Scope(partner="acme")


@pytest.fixture
def world(stack):
    """A stack with two orders that a pause of acme keeps."""
    world = World()
    stack.breaker = stack.ledger = world.ledger
    stack.outbox, stack.payloads, stack.changes = world.outbox, world.payloads, world.changes
    stack.routing = FakeRouting(routing_data())
    world.routing = FixedRouting(routing_data())
    world.ledger.pause(Pause(scope=ACME, since=NOW, by="kari", caller=CALLER, reason="they move"))
    for number in ("1", "2"):
        world.orders.put_in(a_purchase_order(orderNbr=number, lines=[an_order_line()]))
        world.poll(number)
    world.quiesce()
    return world


class TestPause:
    @pytest.fixture
    def free(self, world):
        world.ledger.resume(ACME)
        return world

    def test_says_what_it_does_and_keeps_who_and_why(self, connector, free):
        result = connector("pause", "--partner", "acme", "--kind", "purchase_order", "--reason", "they move", "--yes")
        assert result.code == 0
        assert "This pauses partner acme, kind purchase_order on stack 'laptop'" in result.err
        assert "connector resume --partner acme --kind purchase_order" in result.out
        (made,) = free.ledger.paused.values()
        assert (made.scope, made.by, made.caller) == (Scope(None, "acme", Kind.PURCHASE_ORDER), "kari", CALLER)
        assert (made.since, made.reason) == (NOW, "they move")

    def test_does_nothing_unasked(self, connector, free):
        assert connector("pause", "--all", "--reason", "a wrong price list").code == 2
        assert free.ledger.paused == {}

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ((), "Say what is meant"),
            (("--all", "--partner", "acme"), "Say what is meant"),
            (("--partner", "acmee"), "knows no partner 'acmee'; did you mean acme?"),
            (("--company", "zzz"), "knows no company 'zzz'; it knows nordic."),
        ],
    )
    def test_of_nothing_or_of_nobody_is_refused(self, connector, free, options, said):
        result = connector("pause", *options, "--reason", "x", "--yes")
        assert (result.code, said in result.err) == (2, True)
        assert free.ledger.paused == {}

    def test_of_the_same_a_second_time_is_refused_with_the_first(self, connector, world):
        result = connector("pause", "--partner", "acme", "--reason", "again", "--yes")
        assert result.code == 2
        assert "Partner acme is paused since 2026-09-01 06:00 UTC by kari: they move" in result.err


class TestResume:
    def test_says_first_what_would_leave_and_changes_nothing_on_trial(self, connector, world):
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert (result.code, result.out) == (0, "Nothing was changed (--dry-run).\n")
        assert "Ends on stack 'laptop' (test): Partner acme is paused since" in result.err
        assert "2 documents would leave:" in result.err
        assert "purchase_order  acme     2" in result.err
        assert ACME in world.ledger.paused
        assert world.outbox.queued_documents == []

    def test_lets_everything_go_and_keeps_who_did(self, connector, world):
        result = connector("resume", "--partner", "acme", "--yes", "--json")
        assert [one["document"] for one in result.data["released"]] == [
            "nordic/purchase_order/1",
            "nordic/purchase_order/2",
        ]
        assert world.ledger.paused == {}
        assert [(one.by, one.what) for one in world.ledger.done] == [("kari", "resumed partner acme")]
        assert {Cause.of(one.cause) for one in world.outbox.queued_documents} == {Cause.RESUME}

    def test_does_nothing_unasked(self, connector, world):
        assert connector("resume", "--partner", "acme").code == 2
        assert ACME in world.ledger.paused

    def test_all_ends_every_pause(self, connector, world):
        world.ledger.pause(Pause(scope=Scope("nordic"), since=NOW, by="ola", caller=CALLER, reason="x"))
        assert connector("resume", "--all", "--yes").out == "Resumed everything: 2 documents and 0 changes let go.\n"
        assert world.ledger.paused == {}

    def test_of_what_is_not_paused_names_what_is(self, connector, world):
        result = connector("resume", "--company", "nordic", "--yes")
        assert result.code == 2
        assert "No pause of exactly company nordic is in force." in result.err
        assert "(connector resume --partner acme)" in result.err

    def test_what_was_left_behind_goes_on_without_a_pause(self, connector, world):
        world.ledger.resume(ACME)
        result = connector("resume", "--partner", "acme", "--yes")
        assert "what one has left behind goes on" in result.err
        assert "2 documents and 0 changes let go" in result.out

    def test_of_nothing_at_all_says_so(self, connector, world):
        connector("resume", "--partner", "acme", "--yes")
        world.quiesce()
        result = connector("resume", "--partner", "acme", "--yes")
        assert (result.code, result.err) == (2, "Nothing is paused, and nothing waits of partner acme.\n")

    def test_what_the_index_shows_late_goes_along(self, connector, world, monkeypatch):
        whole, looks = world.ledger.listed, []

        def late(name, **places):
            looks.append(name)
            return whole(name, **places)[: 1 if len(looks) <= 2 else None]

        monkeypatch.setattr(world.ledger, "listed", late)
        assert "2 documents" in connector("resume", "--partner", "acme", "--yes").out

    def test_what_cannot_be_read_is_named(self, connector, world):
        world.ledger.bodies = {}
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert "nordic/purchase_order/1 cannot be read and stays parked" in result.err

    def test_what_would_not_leave_any_more_is_told(self, connector, stack, world):
        stack.routing.data = routing_data({"partners.acme.kinds.purchase_order.send": False})
        result = connector("resume", "--partner", "acme", "--dry-run")
        assert "No document would leave." in result.err
        assert "2 documents are not to be sent any more" in result.err
