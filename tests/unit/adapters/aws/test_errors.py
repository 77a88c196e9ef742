"""What botocore reports, in the connector's words."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from connector.adapters.aws.errors import ConditionFailed, translated
from connector.domain.errors import Misconfigured, Transient


def refused(code: str, **more) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"RequestId": "r-1"}, **more}
    return ClientError(response, "UpdateItem")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (
            refused("AccessDeniedException"),
            Misconfigured,
            r"AWS refused access to the ledger \(AccessDeniedException\)",
        ),
        (refused("ResourceNotFoundException"), Misconfigured, "The ledger does not exist"),
        (refused("ThrottlingException"), Transient, "The ledger answered ThrottlingException"),
        (EndpointConnectionError(endpoint_url="https://x.invalid"), Transient, "The ledger could not be reached"),
    ],
)
def test_a_failure_is_the_operators_or_passes(error, kind, sentence):
    with pytest.raises(kind, match=sentence), translated("ledger"):
        raise error


def test_a_failed_condition_is_the_callers_business():
    condition = refused("ConditionalCheckFailedException")
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]
    cancelled = refused("TransactionCanceledException", CancellationReasons=reasons)
    for error, which in ((condition, [True]), (cancelled, [False, True])):
        with pytest.raises(ConditionFailed) as failed, translated("ledger"):
            raise error
        assert failed.value.which == which


def test_a_failed_condition_shows_the_row_that_was_asked_for():
    row = {"state": {"S": "SENDING"}}
    with pytest.raises(ConditionFailed) as failed, translated("ledger"):
        raise refused("ConditionalCheckFailedException", Item=row)
    assert failed.value.item == row


def test_a_transaction_that_was_cancelled_for_another_reason_passes():
    cancelled = refused("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])
    with pytest.raises(Transient), translated("ledger"):
        raise cancelled
