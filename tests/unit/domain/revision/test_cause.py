"""The cause that a message names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.domain.revision.cause import Cause

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_is_read_as_it_is_written(cause):
    assert Cause.of(cause.named_at(NOW)) is cause
    assert Cause.of(cause.value) is cause


def test_a_cause_that_nobody_knows_counts_as_a_poll():
    assert Cause.of("released 2026-11-02") is Cause.POLL
