"""Translates botocore's errors into the connector's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from connector.domain.errors import Misconfigured, Transient

_CONDITION_FAILED = "ConditionalCheckFailedException"
_CANCELLED, _CONDITION = "TransactionCanceledException", "ConditionalCheckFailed"
_REFUSED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidSignatureException"}
_MISSING = {"ResourceNotFoundException", "NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


class ConditionFailed(Exception):
    """The condition of a write, or of one write of a transaction, did not hold.

    Attributes:
        item: The present item, if a single write requested it; else empty.
        which: For each write, in the order of the request, whether its condition failed.
    """

    def __init__(self, item: Mapping[str, Any], which: Sequence[bool]) -> None:
        """Keep both."""
        super().__init__("the condition did not hold")
        self.item = dict(item)
        self.which = which


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn a botocore failure into `Misconfigured` (refused, missing) or `Transient` (everything else).

    A failed condition becomes `ConditionFailed`, which the caller interprets.

    Args:
        what: Name of the resource, for the sentence.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
        which = [code == _CONDITION_FAILED]
        if code == _CANCELLED:
            reasons = cast("dict[str, Any]", error.response).get("CancellationReasons", [])
            which = [reason.get("Code") == _CONDITION for reason in reasons]
        if any(which):
            raise ConditionFailed(cast("dict[str, Any]", error.response).get("Item", {}), which) from error
        if code in _REFUSED:
            raise Misconfigured(
                f"AWS refused access to the {what} ({code}).",
                request_id=request_id,
                next_step="A function: deploy the stack again, its role is written in template.yaml. A person: attach "
                "the policy in the output OperatorPolicyArn of the stack.",
            ) from error
        if code in _MISSING:
            raise Misconfigured(
                f"The {what} does not exist ({code}).",
                request_id=request_id,
                next_step="Deploy the stack again from template.yaml.",
            ) from error
        raise Transient(f"The {what} answered {code}.", request_id=request_id) from error
    except BotoCoreError as error:
        raise Transient(f"The {what} could not be reached ({type(error).__name__}).") from error
