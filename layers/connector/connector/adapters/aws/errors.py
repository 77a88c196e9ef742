"""botocore's failures in the connector's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.domain.errors import Misconfigured, Transient

CONDITION_FAILED = "ConditionalCheckFailedException"
_CANCELLED, _CONDITION = "TransactionCanceledException", "ConditionalCheckFailed"
_REFUSED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidSignatureException"}
_MISSING = {"ResourceNotFoundException", "NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn a botocore failure into `Misconfigured` (refused, missing) or `Transient` (everything else).

    A failed condition passes through: its meaning is the caller's business.

    Args:
        what: The thing that was called, for the sentence.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
        if code == CONDITION_FAILED or any(failed_conditions(error)):
            raise
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


def is_failed_condition(error: Exception) -> bool:
    """Whether a ClientError says that a condition did not hold."""
    response = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") == CONDITION_FAILED)


def failed_conditions(error: Exception) -> list[bool]:
    """Which writes of a cancelled transaction failed on their condition, in the order of the request."""
    response = getattr(error, "response", {})
    if response.get("Error", {}).get("Code") != _CANCELLED:
        return []
    return [reason.get("Code") == _CONDITION for reason in response.get("CancellationReasons", [])]
