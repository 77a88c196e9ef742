"""What waits because a vendor asked for it, and how a person ends the wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.errors import Misconfigured
from connector.services.ports import Calls, Resource
from testkit.memory.stores import CALLER, MemoryBreaker, MemoryCursors
from testkit.samples.routing_data import routing_data
from tests.unit.cli.conftest import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def held(stack):
    """Sending and one list wait, and so does what nobody asks for any more."""
    stack.routing.data = routing_data()
    stack.breaker, nordic = MemoryBreaker(), MemoryBreaker()
    stack.visma_breaker = {"nordic": nordic}.__getitem__
    stack.cursors = MemoryCursors()
    for resource, wait in ((Resource.PURCHASE_ORDERS, 10 * MINUTE), (Resource.SUPPLIER_INVOICES, -MINUTE)):
        lease = stack.cursors.acquire("nordic", resource, now=NOW, lease=MINUTE)
        stack.cursors.save(lease, lease.cursor, release=True, not_before=NOW + wait)
    stack.breaker.open("the key was refused", now=NOW, until=NOW + 5 * MINUTE)
    stack.breaker.hold(Calls.CREATE, until=NOW + 2 * MINUTE)
    nordic.hold(Calls.VISMA, until=NOW + 3 * MINUTE)
    return stack


def test_what_is_held_is_listed_with_what_is_left(connector, held):
    assert [(one["system"], one["left"]) for one in connector("holds", "list", "--json").data] == [
        ("Orderful", "2m"),
        ("Orderful", "5m"),
        ("Visma nordic", "3m"),
        ("Visma nordic", "10m"),
    ]
    out = connector("holds", "list").out
    assert "sending: new transactions" in out
    assert "the list v1/purchaseorder" in out


def test_everything_goes_on_once_it_is_lifted(connector, held):
    result = connector("holds", "lift", "--yes")
    assert (result.code, result.out.startswith("Lifted. What is new goes on at once; ")) == (0, True)
    assert "within about a quarter of an hour" in result.out
    assert "Goes on: Visma nordic, the list v1/purchaseorder (held for 600 s more)." in result.err
    assert [(one.by, one.caller, one.what) for one in held.breaker.done] == [
        ("kari", CALLER, "lifted the holds of Orderful, Visma nordic")
    ]
    assert connector("holds", "list").out == "Nothing is held.\n"
    assert connector("holds", "lift").out == "Nothing is held.\n"


def test_nothing_is_lifted_unasked(connector, held):
    assert connector("holds", "lift").code == 2
    assert len(connector("holds", "list", "--json").data) == 4


def test_what_cannot_be_looked_at_hides_nothing_else(connector, held):
    """The access tokens lie under a key that not every operator may use."""

    def refused(*, now):
        raise Misconfigured("AWS refused access to the record of holds and pauses (AccessDeniedException).")

    held.visma_breaker("nordic").holds = refused
    result = connector("holds", "list")
    assert "Visma nordic: it is not known what is held." in result.err
    assert "the list v1/purchaseorder" in result.out
