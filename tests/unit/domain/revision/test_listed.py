"""What a list needs of a revision says the same as the revision itself."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from connector.domain.documents import DocumentKey
from connector.domain.revision.arrival import reason_codes
from connector.domain.revision.listed import ListedRevision
from connector.domain.revision.record import Revision, State, place_of

NOW = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", list(State))
def test_it_has_the_values_of_the_revision_and_gives_it_back(state):
    revision = Revision(
        key=DocumentKey.of_order("nordic", "500123"),
        sequence=2,
        revision_id="r",
        state=state,
        created_at=NOW,
        updated_at=NOW,
        partner="acme",
        counterparty="50012",
        waits_for="defaults.units.KRT",
        reason_code="unmapped-unit",
        attention="it is late",
        concern="OVERDUE",
    )
    listed = ListedRevision.of(revision)
    shared = {one.name for one in fields(ListedRevision)} - {"place", "whole"}
    assert all(getattr(listed, name) == getattr(revision, name) for name in shared)
    assert (listed.place, listed.needs_attention) == (place_of(revision), revision.needs_attention)
    assert reason_codes(listed) == reason_codes(revision)
    assert listed.whole() is revision
