"""A sample of the permissions: each is taken away for a moment, and the function's work has to show it."""

from __future__ import annotations

import pytest

from proof.deployed import permissions
from proof.deployed.permissions_roles import Piece, Role
from proof.tally import Size
from testkit.laptop.observed import FUNCTIONS, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("proofs")]


def test_a_role_lacks_nothing_and_has_nothing_that_its_function_does_without(empty: Laptop) -> None:
    before = {function: Role.of_function(empty, function).policy for function in FUNCTIONS}

    used, complete = permissions.prove(Size.FAST, empty)

    assert (used.violations, complete.violations) == ((), ())
    assert (used.cases, complete.cases) == (permissions.SAMPLE, len(FUNCTIONS))
    assert {function: Role.of_function(empty, function).policy for function in FUNCTIONS} == before


def test_a_permission_too_many_is_seen(empty: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    role = Role.of_function(empty, "ReceiveCallbackFunction")
    table = empty.dynamodb.describe_table(TableName=empty.outputs["DocumentsTable"])["Table"]["TableArn"]
    extra = Piece("ReadLedger", "dynamodb:GetItem", table)
    statement = {"Sid": extra.sid, "Effect": "Allow", "Action": extra.action, "Resource": extra.resource}
    more = {**role.policy, "Statement": [*role.policy["Statement"], statement]}
    monkeypatch.setattr(permissions, "_chosen", lambda _laptop, _size: [("ReceiveCallbackFunction", extra)])

    with role.given(more):
        used, complete = permissions.prove(Size.FAST, empty)

    assert used.violations == (f"ReceiveCallbackFunction does all its work without {extra}.",)
    assert complete.violations == ()
