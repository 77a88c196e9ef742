"""Releasing: what waited for a routing entry is looked at again, and only that."""

from __future__ import annotations

import msgspec
import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.ledger import Revision, State
from connector.services.messages import INLINE_LIMIT
from connector.services.release import Released, message_for, release_waiting


@pytest.fixture
def parked(ledger, clock):
    """Puts a revision into the ledger."""

    def put(number, *, state=State.PARKED, waits_for="defaults.units.KRT", source=b'{"orderNbr": "1"}') -> Revision:
        key = DocumentKey("nordic", Kind.PURCHASE_ORDER, number)
        revision = Revision(key, 1, "1" * 64, state, clock.now(), clock.now(), waits_for=waits_for)
        ledger.add(revision, source=source, request=None)
        clock.forward(seconds=1)
        return revision

    return put


def test_what_waits_for_routing_is_queued_again_with_the_stored_document(ledger, outbox, payloads, clock, parked):
    parked("1")
    parked("2", waits_for=None)
    parked("3", state=State.SKIPPED)
    parked("4", state=State.REJECTED)
    released = release_waiting(ledger, outbox, payloads, now=clock.now())
    assert released == [Released(DocumentKey("nordic", Kind.PURCHASE_ORDER, "1"), 1, "defaults.units.KRT")]
    message = outbox.queued_documents[0]
    assert (outbox.numbers(), message.kind) == (["1"], Kind.PURCHASE_ORDER)
    assert bytes(message.document) == b'{"orderNbr": "1"}'
    assert ledger.get(released[0].key, 1).state is State.PARKED, "the translator decides"


def test_two_releases_are_two_wishes_so_that_the_queue_takes_both(ledger, outbox, payloads, clock, parked):
    parked("1")
    for _ in range(2):
        release_waiting(ledger, outbox, payloads, now=clock.now())
        clock.forward(seconds=1)
    first, second = outbox.queued_documents
    assert first.cause.startswith("release 2026-")
    assert first != second


@pytest.mark.parametrize(("size", "inline"), [(INLINE_LIMIT, True), (INLINE_LIMIT + 1, False)])
def test_a_stored_document_too_large_for_a_message_goes_to_the_payload_bucket(payloads, clock, parked, size, inline):
    source = msgspec.json.encode({"note": "x" * (size - 11)})
    message = message_for(parked("1"), source, payloads, now=clock.now(), cause="release")
    if inline:
        assert bytes(message.document) == source
        assert payloads.bodies == {}
    else:
        assert message.document is msgspec.UNSET
        assert payloads.get(message.document_at) == source


def test_the_message_carries_the_time_at_which_visma_changed_the_document(payloads, clock, parked):
    revision = parked("1")
    message = message_for(revision, b"{}", payloads, now=clock.now(), cause="release")
    assert message.modified_at == revision.created_at
    assert message.key == revision.key
