"""What each function is told by its environment: one small model per function, checked at cold start.

`template.yaml` sets the variables; their names are the field names in upper case. A missing or malformed one fails the
first invocation with its name, before any document is touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import msgspec

from connector.domain.errors import Misconfigured
from connector.domain.transactions import Stream

FromZero = Annotated[int, msgspec.Meta(ge=0)]
FromOne = Annotated[int, msgspec.Meta(ge=1)]
CommaSeparated = tuple[str, ...]
"""Comma-separated text; blank parts are none."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every function knows: the stream its stack is bound to."""

    stream: Stream

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from `environment` (default: the process's).

        Raises:
            Misconfigured: names the variables that are missing or malformed.
        """
        variables = os.environ if environment is None else environment
        found: dict[str, Any] = {}
        wrong = sorted(cls._read(variables, found))
        if wrong:
            raise Misconfigured(
                f"The environment of this function is wrong: {', '.join(wrong)}.",
                next_step="Deploy the stack again from template.yaml; the variables are set there.",
            )
        return cls(**found)

    @classmethod
    def _read(cls, variables: Mapping[str, str], found: dict[str, Any]) -> Iterator[str]:
        """Store the value of each field in `found`; yields the names of the variables that are wrong."""
        for field in msgspec.structs.fields(cls):
            name = field.name.upper()
            value: Any = variables.get(name)
            if value is None:
                if field.required:
                    yield name
                continue
            if field.type == CommaSeparated:
                value = [part for part in map(str.strip, value.split(",")) if part]
            try:
                found[field.name] = msgspec.convert(value, field.type, strict=False)
            except msgspec.ValidationError:
                yield name


class PollVismaSettings(Settings, frozen=True, kw_only=True):
    """Environment of `poll_visma`.

    Attributes:
        poll_shares: In how many shares the companies are polled.
    """

    visma_base_url: str
    visma_token_url: str
    visma_secret_arn: str
    tokens_table: str
    cursors_table: str
    routing_table: str
    documents_table: str
    documents_queue_url: str
    payloads_bucket: str
    poll_shares: FromOne = 1


class TranslateDocumentSettings(Settings, frozen=True, kw_only=True):
    """Environment of `translate_document`.

    Attributes:
        payload_retention_days: How long the bodies of a revision are kept.
    """

    routing_table: str
    documents_table: str
    payloads_bucket: str
    documents_queue_url: str
    deliveries_queue_url: str
    payload_retention_days: FromOne = 1096


class DeliverTransactionSettings(Settings, frozen=True, kw_only=True):
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
    confirm_after_seconds: FromZero = 120
    claim_seconds: FromOne = 90
    ledger_young_days: FromZero = 30


class TrackTransactionsSettings(Settings, frozen=True, kw_only=True):
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
    resend_after_seconds: FromOne = 900


class ReconcileSettings(Settings, frozen=True, kw_only=True):
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
    hints_queue_url: str
    orderful_base_url: str
    orderful_secret_arn: str
    reconcile_days: FromOne = 14
    reconcile_after_seconds: FromZero = 3600


class SendDigestSettings(Settings, frozen=True, kw_only=True):
    """Environment of `send_digest`.

    Attributes:
        stack_name: The name of the CloudFormation stack.
        digest: When the digest is mailed.
    """

    stack_name: str
    digest: Literal["daily", "when-needed", "off"] = "daily"
    alarm_topic_arn: str
    cursors_table: str
    routing_table: str
    documents_table: str
    payloads_bucket: str
    documents_queue_url: str
    documents_dead_letters_url: str
    deliveries_queue_url: str
    deliveries_dead_letters_url: str
    changes_queue_url: str
    changes_dead_letters_url: str
    hints_queue_url: str


class ReceiveCallbackSettings(Settings, frozen=True, kw_only=True):
    """Environment of `receive_callback`.

    Attributes:
        callback_max_bytes: A callback with a longer body is answered like any other and left to polling.
        callbacks_without_secret: What becomes of every callback while no secret is set.
    """

    hints_queue_url: str
    callback_secret_arn: str
    callbacks_without_secret: Literal["refuse", "take"] = "refuse"  # noqa: S105 - a rule, not a secret
    callback_max_bytes: FromOne = 1_048_576


class PollOrderfulSettings(Settings, frozen=True, kw_only=True):
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
    resend_after_seconds: FromOne = 900
    payload_retention_days: FromOne = 1096


class ApplyChangeSettings(Settings, frozen=True, kw_only=True):
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
    claim_seconds: FromOne = 90
    payload_retention_days: FromOne = 1096
