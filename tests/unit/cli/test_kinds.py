"""Where documents that Visma's lists have are meant, no other kind is offered."""

from __future__ import annotations

import pytest

from connector.domain.documents import Kind
from connector.services.ports import Resource


@pytest.mark.parametrize(
    "command",
    [
        ("backfill", "--since", "yesterday", "--yes"),
        ("pause", "--reason", "x", "--yes"),
        ("resume", "--yes"),
        ("documents", "list"),
    ],
    ids=" ".join,
)
def test_only_a_kind_that_a_list_has_can_be_chosen(connector, command):
    listed = {resource.kind.value for resource in Resource}

    for kind in Kind:
        result = connector(*command, "--kind", kind.value)
        assert (f"'{kind.value}' is not one of" in result.err) is (kind.value not in listed)
