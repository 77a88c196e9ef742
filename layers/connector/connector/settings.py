"""What each function is told by its environment: one small model per function, checked at cold start.

`template.yaml` sets the variables; their names are the field names in upper case. A missing or malformed one fails the
first invocation with its name, before any document is touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connector.domain.errors import Misconfigured
from connector.domain.transactions import Stream


def _separated(value: object) -> object:
    """Comma-separated text in its parts; blank ones are none."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (each.strip() for each in value.split(",")) if part)


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_separated)]


class Settings(BaseModel):
    """What every function knows: the stream its stack is bound to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stream: Stream

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from `environment` (default: the process's).

        Raises:
            Misconfigured: names the variables that are missing or malformed.
        """
        variables = os.environ if environment is None else environment
        try:
            return cls.model_validate(
                {name: variables[name.upper()] for name in cls.model_fields if name.upper() in variables}
            )
        except ValidationError as error:
            wrong = ", ".join(sorted({str(problem["loc"][0]).upper() for problem in error.errors()}))
            raise Misconfigured(
                f"The environment of this function is wrong: {wrong}.",
                next_step="Deploy the stack again from template.yaml; the variables are set there.",
            ) from None


class PollVismaSettings(Settings):
    """Environment of `poll_visma`."""

    visma_base_url: str
    visma_token_url: str
    visma_secret_arn: str
    tokens_table: str
    cursors_table: str
    routing_table: str
    documents_table: str
    documents_queue_url: str
    payloads_bucket: str


class TranslateDocumentSettings(Settings):
    """Environment of `translate_document`.

    Attributes:
        payload_retention_days: How long the bodies of a revision are kept.
    """

    routing_table: str
    documents_table: str
    payloads_bucket: str
    documents_queue_url: str
    deliveries_queue_url: str
    payload_retention_days: int = Field(default=1096, ge=1)


class DeliverTransactionSettings(Settings):
    """Environment of `deliver_transaction`.

    Attributes:
        confirm_after_seconds: How long a transaction may be missing from Orderful's lists before it counts as never
            created (Orderful: the lag of the lists is not published).
        claim_seconds: How long one worker owns a sending; must exceed the function's timeout.
        ledger_young_days: How long after the creation of the ledger's table a first post is checked against what
            Orderful already has; zero switches the check off.
    """

    documents_table: str
    payloads_bucket: str
    deliveries_queue_url: str
    orderful_base_url: str
    orderful_secret_arn: str
    confirm_after_seconds: int = Field(default=120, ge=0)
    claim_seconds: int = Field(default=90, ge=1)
    ledger_young_days: int = Field(default=30, ge=0)


class TrackTransactionsSettings(Settings):
    """Environment of `track_transactions`.

    Attributes:
        resend_after_seconds: A translated or unconfirmed revision that nobody moved for this long is queued again.
    """

    cursors_table: str
    documents_table: str
    routing_table: str
    payloads_bucket: str
    orderful_base_url: str
    orderful_secret_arn: str
    deliveries_queue_url: str
    resend_after_seconds: int = Field(default=900, ge=1)


class ReconcileSettings(Settings):
    """Environment of `reconcile`.

    Attributes:
        reconcile_days: How far back the window of a night reaches.
        reconcile_after_seconds: What is younger may still be on its way, and is not judged.
    """

    visma_base_url: str
    visma_token_url: str
    visma_secret_arn: str
    tokens_table: str
    cursors_table: str
    routing_table: str
    documents_table: str
    payloads_bucket: str
    orderful_base_url: str
    orderful_secret_arn: str
    reconcile_days: int = Field(default=14, ge=1)
    reconcile_after_seconds: int = Field(default=3600, ge=0)


class ReceiveCallbackSettings(Settings):
    """Environment of `receive_callback`.

    Attributes:
        callback_max_bytes: A callback with a longer body is answered like any other and left to polling.
        callbacks_without_secret: What becomes of every callback while no secret is set.
    """

    hints_queue_url: str
    callback_secret_arn: str
    callbacks_without_secret: Literal["refuse", "take"] = "refuse"  # noqa: S105 - a rule, not a secret
    callback_max_bytes: int = Field(default=1_048_576, ge=1)


class PollOrderfulSettings(Settings):
    """Environment of `poll_orderful`.

    Attributes:
        orderful_inbox_ids: Inboxes (v4) that deliver to us; none where Orderful uses other channels.
        orderful_bucket_ids: Polling buckets (v3) likewise.
        resend_after_seconds: A change that nobody moved for this long is queued again.
        payload_retention_days: How long the message of a change is kept.
    """

    documents_table: str
    cursors_table: str
    routing_table: str
    payloads_bucket: str
    changes_queue_url: str
    orderful_base_url: str
    orderful_secret_arn: str
    orderful_inbox_ids: CommaSeparated = ()
    orderful_bucket_ids: CommaSeparated = ()
    resend_after_seconds: int = Field(default=900, ge=1)
    payload_retention_days: int = Field(default=1096, ge=1)


class ApplyChangeSettings(Settings):
    """Environment of `apply_change`.

    Attributes:
        claim_seconds: How long one worker owns a change; must exceed the function's timeout.
        payload_retention_days: How long messages, and the orders that changes led to, are kept.
    """

    visma_base_url: str
    visma_token_url: str
    visma_secret_arn: str
    tokens_table: str
    routing_table: str
    documents_table: str
    payloads_bucket: str
    changes_queue_url: str
    hints_queue_url: str
    orderful_base_url: str
    orderful_secret_arn: str
    claim_seconds: int = Field(default=90, ge=1)
    payload_retention_days: int = Field(default=1096, ge=1)
