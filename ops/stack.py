"""The deployed stack as its CloudFormation outputs describe it, and the adapters that reach it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.adapters.clock import FixedDeadline, SystemClock
from connector.domain.routes import Company
from connector.domain.transactions import Stream
from ops.output import Failed

if TYPE_CHECKING:
    from connector.adapters.breaker import DynamoBreaker
    from connector.adapters.callback_auth import CallbackCredentials
    from connector.adapters.http import Http
    from connector.adapters.orderful import OrderfulClient
    from connector.adapters.orderful_inbound import OrderfulInbound
    from connector.adapters.payloads import S3Payloads
    from connector.adapters.routing_store import RoutingStore
    from connector.adapters.secrets import SecretsManagerSecrets
    from connector.adapters.visma import VismaClient
    from connector.services.change_ports import Changes
    from connector.services.ports import Cursors, Ledger, Outbox

# A person waits at the terminal for all checks together.
_PATIENCE = timedelta(minutes=5)

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Stack:
    """A deployed stack; every part is built when it is first asked for."""

    def __init__(self, name: str) -> None:
        """Name the CloudFormation stack; region and endpoint come from the AWS environment."""
        self.name = name
        self.clock = SystemClock()

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack.

        Raises:
            Failed: there is no such stack, or it cannot be read.
        """
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = boto3.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            reason = error.response["Error"].get("Message", error.response["Error"]["Code"])
            raise Failed(f"Stack '{self.name}' cannot be read: {reason}. Name another one with --stack.") from None
        except BotoCoreError as error:
            raise Failed(f"AWS cannot be reached for stack '{self.name}': {error}") from None
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def output(self, key: str) -> str:
        """One output; raises `Failed` when the stack has none of that name."""
        if key not in self.outputs:
            raise Failed(f"Stack '{self.name}' has no output {key}; deploy it again from template.yaml.")
        return self.outputs[key]

    @property
    def stream(self) -> Stream:
        """The stream the stack is bound to."""
        return Stream(self.output("Stream").lower())

    @property
    def inbox_ids(self) -> tuple[str, ...]:
        """The Orderful inboxes that the stack collects from."""
        return self._names("OrderfulInboxIds")

    @property
    def bucket_ids(self) -> tuple[str, ...]:
        """The Orderful polling buckets that the stack collects from."""
        return self._names("OrderfulBucketIds")

    @property
    def callback_url(self) -> str | None:
        """The address that Orderful calls back; None for a stack from before there was one."""
        return self.outputs.get("CallbackUrl")

    @cached_property
    def routing(self) -> RoutingStore:
        """The applied routing."""
        from connector.adapters.routing_store import RoutingStore

        return RoutingStore(self.output("RoutingTable"), self.clock)

    @cached_property
    def payloads(self) -> S3Payloads:
        """The bucket of large bodies."""
        from connector.adapters.payloads import S3Payloads

        return S3Payloads(self.output("PayloadsBucket"))

    @cached_property
    def ledger(self) -> Ledger:
        """What happened to every revision."""
        from connector.adapters.ledger import DynamoLedger

        return DynamoLedger(self.output("DocumentsTable"), self.payloads)

    @cached_property
    def changes(self) -> Changes:
        """What came in."""
        from connector.adapters.changes import DynamoChanges

        return DynamoChanges(self.output("DocumentsTable"), self.payloads)

    @cached_property
    def cursors(self) -> Cursors:
        """How far every list was read."""
        from connector.adapters.cursors import DynamoCursors

        return DynamoCursors(self.output("CursorsTable"))

    @cached_property
    def breaker(self) -> DynamoBreaker:
        """What holds calls to Orderful back."""
        from connector.adapters.breaker import DynamoBreaker

        return DynamoBreaker(self.output("DocumentsTable"))

    def visma_breaker(self, company: str) -> DynamoBreaker:
        """What holds calls for a company at Visma back."""
        from connector.adapters.breaker import DynamoBreaker, visma_item

        return DynamoBreaker(self.output("TokensTable"), visma_item(company))

    @cached_property
    def outbox(self) -> Outbox:
        """The queues."""
        from connector.adapters.queues import SqsOutbox

        return SqsOutbox(
            documents_url=self.output("DocumentsQueueUrl"),
            deliveries_url=self.output("DeliveriesQueueUrl"),
            changes_url=self.output("ChangesQueueUrl"),
        )

    def visma(self, company: Company) -> VismaClient:
        """Visma for one company, with the stack's credentials and its shared tokens."""
        from connector.adapters.visma import VismaClient
        from connector.adapters.visma_tokens import VismaTokens

        tokens = VismaTokens(
            self.output("TokensTable"),
            self._secrets,
            self.output("VismaTokenUrl"),
            self.clock,
            self._http,
        )
        return VismaClient(company, tokens, self.output("VismaBaseUrl"), self._http, FixedDeadline(_PATIENCE))

    @cached_property
    def orderful(self) -> OrderfulClient:
        """Orderful, with the stack's key."""
        from connector.adapters.orderful import OrderfulClient

        return OrderfulClient(
            self.output("OrderfulBaseUrl"), self._secrets, self._http, self.clock, FixedDeadline(_PATIENCE)
        )

    @cached_property
    def inbound(self) -> OrderfulInbound:
        """Orderful's inbound side, with the stack's key."""
        from connector.adapters.orderful_inbound import OrderfulInbound

        return OrderfulInbound(
            self.output("OrderfulBaseUrl"), self._secrets, self._http, self.clock, FixedDeadline(_PATIENCE)
        )

    def callback_credentials(self) -> CallbackCredentials:
        """What a callback has to bring.

        Raises:
            Misconfigured: the secret cannot be read, or is not of the agreed shape.
            Transient: Secrets Manager does not answer.
        """
        return self._secrets.callback_credentials()

    @cached_property
    def _secrets(self) -> SecretsManagerSecrets:
        from connector.adapters.secrets import SecretsManagerSecrets

        return SecretsManagerSecrets(
            self.clock,
            visma=self.output("VismaSecretArn"),
            orderful=self.output("OrderfulSecretArn"),
            callback=self.outputs.get("CallbackSecretArn"),
        )

    def _names(self, key: str) -> tuple[str, ...]:
        """The parts of a comma-separated output."""
        return tuple(part for part in (each.strip() for each in self.outputs.get(key, "").split(",")) if part)

    @cached_property
    def _http(self) -> Http:
        from connector.adapters.http import Http

        return Http(self.clock)


def stack_option(command: _Command) -> _Command:
    """Add `--stack NAME`; the command gets a `Stack`."""
    return click.option(
        "--stack",
        default="connector",
        envvar="CONNECTOR_STACK",
        show_default=True,
        show_envvar=True,
        metavar="NAME",
        help="The CloudFormation stack.",
        callback=_open,
    )(command)


def _open(context: click.Context, _: click.Parameter, name: str) -> Any:
    opener: Callable[[str], Any] = context.obj or Stack
    return opener(name)
