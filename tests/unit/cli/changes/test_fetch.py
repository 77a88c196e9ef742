"""`connector changes fetch`: what no channel brought is looked up, as after a callback."""

from __future__ import annotations

import pytest

from connector.services.messages import HintMessage
from testkit.memory.stores import MemoryOutbox, a_change


@pytest.fixture
def outbox(stack):
    stack.outbox = MemoryOutbox()
    return stack.outbox


def test_transactions_are_queued_once_each_and_what_is_on_record_is_not(connector, stack, outbox):
    stack.changes.put(a_change(transaction_id="802210971"), message={})
    result = connector("changes", "fetch", "802210971", "802210972", "802210972", "802210973", "--yes")
    assert result.code == 0
    assert outbox.queued_hints == [HintMessage(transaction_id="802210972"), HintMessage(transaction_id="802210973")]
    assert "802210971 is on record: connector changes show 802210971" in result.err
    assert "On stack 'laptop' (test)." in result.err
    assert result.out.splitlines() == [
        "2 transactions queued.",
        "In a minute: connector changes show 802210972; if that knows none: connector logs 802210972",
        "In a minute: connector changes show 802210973; if that knows none: connector logs 802210973",
    ]


def test_what_is_on_record_asks_and_queues_nothing(connector, stack, outbox):
    stack.changes.put(a_change(transaction_id="802210971"), message={})
    result = connector("changes", "fetch", "802210971", "--json")
    assert (result.code, result.data) == (0, {"queued": [], "recorded": ["802210971"]})
    assert outbox.queued_hints == []
    assert connector("changes", "fetch", "802210971").out == "Nothing is looked up: all are on record.\n"


@pytest.mark.parametrize("name", ["orders/1", "my change", "soon", "#1"])
def test_what_is_no_id_is_refused(connector, outbox, name):
    result = connector("changes", "fetch", "802210971", name, "--yes")
    assert (result.code, outbox.queued_hints) == (2, [])
    assert "is no id of a transaction at Orderful" in result.err


def test_without_a_terminal_it_says_so(connector, outbox):
    result = connector("changes", "fetch", "802210971")
    assert (result.code, outbox.queued_hints) == (2, [])
    assert "write --yes" in result.err
