"""The deployed stack as its CloudFormation outputs describe it, and the adapters that reach it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.adapters.clock import FixedDeadline, SystemClock
from connector.cli.completion import one_of
from connector.cli.output import Failed, WrongInput, utc_option
from connector.cli.stack.file import named_stacks, path_of
from connector.domain.routing.route import Company
from connector.domain.transactions import Stream
from connector.services.status_text import title

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from mypy_boto3_cloudformation.literals import StackStatusType

    from connector.adapters.aws.breaker import DynamoBreaker
    from connector.adapters.aws.erasure import DynamoErasure
    from connector.adapters.aws.ledger import DynamoLedger
    from connector.adapters.aws.payloads import S3Payloads
    from connector.adapters.aws.routing_store import RoutingStore
    from connector.adapters.aws.secrets import SecretsManagerSecrets
    from connector.adapters.callback_auth import CallbackCredentials
    from connector.adapters.http import Http
    from connector.adapters.orderful.client import OrderfulClient
    from connector.adapters.orderful.inbound import OrderfulInbound
    from connector.adapters.visma.client import VismaClient
    from connector.adapters.visma.tokens import VismaTokens
    from connector.services.dead_letters import DeadLetters, DropBook, Queue
    from connector.services.inbound.partner_baseline import PartnerBaseline
    from connector.services.inbound.ports import Changes
    from connector.services.list_health import HealthBook
    from connector.services.ports import Cursors, Deadline, Ledger, Outbox
    from connector.services.reconcile.ports import DocumentList, FindingBook, TransactionList

# A person waits at the terminal for all checks together.
_PATIENCE = timedelta(minutes=5)

_NAME_ONE = "Name one with --stack or CONNECTOR_STACK."
# How template.yaml describes itself, and outputs that together no other stack has.
_DESCRIPTION = "Connector between Visma.net ERP and Orderful"
_OUTPUTS = frozenset({"RoutingTable", "DocumentsQueueUrl", "OrderfulSecretArn"})
# A stack whose creation failed has nothing to operate.
_STANDING: list[StackStatusType] = [
    "CREATE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Stack:
    """A deployed stack; every part is built when it is first asked for."""

    def __init__(self, name: str | None) -> None:
        """Name the stack: one of the file of named stacks, a CloudFormation stack, or None for the only one.

        What the file does not say of region and credentials comes from the environment, as the endpoint does.

        Raises:
            WrongInput: none is named and the file names several, or the file cannot be read.
        """
        self._named = _named(name)
        self.clock = SystemClock()

    def wait(self, time: timedelta) -> None:
        """Do nothing for so long."""
        sleep(time.total_seconds())

    @cached_property
    def name(self) -> str:
        """The name of the CloudFormation stack.

        Raises:
            Failed: none was named, and there is none or more than one, or AWS cannot be asked.
        """
        if self._named:
            return self._named
        found = _connector_stacks()
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(found)
            raise Failed(f"There are several stacks of the connector: {listed}. {_NAME_ONE}")
        raise Failed(
            f"There is no stack of the connector in this account and region, or none that you may read. {_NAME_ONE}"
        )

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack.

        Raises:
            Failed: there is no such stack, or it cannot be read.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return _outputs(self.name)
        except ClientError as error:
            if "does not exist" in _reason(error):  # CloudFormation: a ValidationError, as other faults
                raise Failed(_no_such_stack(self.name)) from None
            raise Failed(f"Stack '{self.name}' cannot be read: {_reason(error)}.") from None
        except BotoCoreError as error:
            raise Failed(_unreachable(error, f"stack '{self.name}'")) from None

    def output(self, key: str) -> str:
        """One output; raises `Failed` when the stack has none of that name."""
        if key not in self.outputs:
            raise Failed(f"Stack '{self.name}' has no output {key}; deploy it again from template.yaml.")
        return self.outputs[key]

    @property
    def title(self) -> str:
        """The stack with its stream, as a person is to see it before something is changed."""
        return title(self.name, self.stream)

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

    @property
    def takes_callbacks_without_secret(self) -> bool:
        """Whether the stack was deployed to take callbacks from anybody while no secret is set."""
        return self.outputs.get("CallbacksWithoutSecret") == "take"

    @cached_property
    def routing(self) -> RoutingStore:
        """The applied routing."""
        from connector.adapters.aws.routing_store import RoutingStore

        return RoutingStore(self.output("RoutingTable"), self.clock)

    @cached_property
    def payloads(self) -> S3Payloads:
        """The bucket of large bodies."""
        from connector.adapters.aws.payloads import S3Payloads

        return S3Payloads(self.output("PayloadsBucket"))

    @cached_property
    def ledger(self) -> Ledger:
        """What happened to every revision."""
        return self._documents

    @cached_property
    def _documents(self) -> DynamoLedger:
        from connector.adapters.aws.ledger import DynamoLedger

        return DynamoLedger(self.output("DocumentsTable"), self.payloads)

    @cached_property
    def known(self) -> PartnerBaseline:
        """What the partners know, for giving up what a change had reserved."""
        from connector.services.inbound.partner_baseline import PartnerBaseline

        return PartnerBaseline(self._documents, self.clock)

    @cached_property
    def changes(self) -> Changes:
        """What came in."""
        from connector.adapters.aws.inbound_records import DynamoChanges

        return DynamoChanges(self.output("DocumentsTable"), self.payloads)

    @cached_property
    def health(self) -> HealthBook:
        """How the lists stood when the poller last ran."""
        from connector.adapters.aws.health import DynamoHealth

        return DynamoHealth(self.output("CursorsTable"))

    @cached_property
    def erasure(self) -> DynamoErasure:
        """What can be deleted of a partner."""
        from connector.adapters.aws.erasure import DynamoErasure

        return DynamoErasure(self.output("DocumentsTable"), self.payloads)

    @cached_property
    def cursors(self) -> Cursors:
        """How far every list was read."""
        from connector.adapters.aws.cursors import DynamoCursors

        return DynamoCursors(self.output("CursorsTable"))

    @cached_property
    def breaker(self) -> DynamoBreaker:
        """What holds calls to Orderful back."""
        from connector.adapters.aws.breaker import DynamoBreaker

        return DynamoBreaker(self.output("DocumentsTable"))

    def visma_breaker(self, company: str) -> DynamoBreaker:
        """What holds calls for a company at Visma back."""
        from connector.adapters.aws.breaker import DynamoBreaker, visma_item

        return DynamoBreaker(self.output("DocumentsTable"), visma_item(company))

    @cached_property
    def outbox(self) -> Outbox:
        """The queues."""
        from connector.adapters.aws.queues import SqsOutbox

        return SqsOutbox(
            documents_url=self.output("DocumentsQueueUrl"),
            deliveries_url=self.output("DeliveriesQueueUrl"),
            changes_url=self.output("ChangesQueueUrl"),
            hints_url=self.output("HintsQueueUrl"),
        )

    def dead_letters(self, queue: Queue) -> DeadLetters:
        """What a queue gave up."""
        from connector.adapters.aws.dead_letters import SqsDeadLetters
        from connector.services.dead_letters import Queue

        name = queue.value.capitalize()
        return SqsDeadLetters(
            queue,
            self.output(f"{name}DeadLettersUrl"),
            home=self.output(f"{name}QueueUrl"),
            hints=self.output("HintsQueueUrl") if queue is Queue.CHANGES else "",
        )

    @cached_property
    def drops(self) -> DropBook:
        """Who dropped which dead letter."""
        from connector.adapters.aws.dead_letters import DynamoDropBook

        return DynamoDropBook(self.output("DocumentsTable"))

    def visma(self, company: Company) -> VismaClient:
        """Visma for one company, with the stack's credentials and its shared tokens."""
        from connector.adapters.visma.client import VismaClient

        return VismaClient(
            company,
            self._visma_tokens,
            self.output("VismaBaseUrl"),
            http=self._http,
            deadline=FixedDeadline(_PATIENCE),
        )

    @cached_property
    def _visma_tokens(self) -> VismaTokens:
        from connector.adapters.aws.token_store import DynamoTokenStore
        from connector.adapters.visma.tokens import VismaTokens

        return VismaTokens(
            DynamoTokenStore(self.output("TokensTable")),
            self._secrets,
            self.output("VismaTokenUrl"),
            clock=self.clock,
            http=self._http,
        )

    @cached_property
    def orderful(self) -> OrderfulClient:
        """Orderful, with the stack's key."""
        from connector.adapters.orderful.client import OrderfulClient

        return OrderfulClient(
            self.output("OrderfulBaseUrl"),
            self._secrets,
            http=self._http,
            clock=self.clock,
            deadline=FixedDeadline(_PATIENCE),
        )

    @cached_property
    def inbound(self) -> OrderfulInbound:
        """Orderful's inbound side, with the stack's key."""
        from connector.adapters.orderful.inbound import OrderfulInbound

        return OrderfulInbound(
            self.output("OrderfulBaseUrl"),
            self._secrets,
            http=self._http,
            clock=self.clock,
            deadline=FixedDeadline(_PATIENCE),
        )

    @cached_property
    def findings(self) -> FindingBook:
        """What reconciliation has found."""
        from connector.adapters.aws.findings import DynamoFindingBook

        return DynamoFindingBook(self.output("CursorsTable"))

    def document_list(self, company: Company, deadline: Deadline) -> DocumentList:
        """Visma's lists of one company, as reconciliation reads them."""
        from connector.adapters.visma.document_list import VismaDocumentList

        return VismaDocumentList(
            company, self._visma_tokens, self.output("VismaBaseUrl"), http=self._http, deadline=deadline
        )

    def transaction_list(self, deadline: Deadline) -> TransactionList:
        """Orderful's list, as reconciliation reads it."""
        from connector.adapters.orderful.transaction_list import OrderfulTransactionList

        return OrderfulTransactionList(
            self.output("OrderfulBaseUrl"), self._secrets, http=self._http, deadline=deadline
        )

    def callback_credentials(self) -> CallbackCredentials:
        """What a callback has to bring.

        Raises:
            Misconfigured: the secret cannot be read, or is not of the agreed shape.
            Transient: Secrets Manager does not answer.
        """
        return self._secrets.callback_credentials()

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client for a service of AWS that only the command asks."""
        import boto3

        return boto3.client(service, config=config)  # type: ignore[call-overload]

    @cached_property
    def caller(self) -> str:
        """Who AWS says that we are (ARN). It needs no permission (AWS: GetCallerIdentity).

        Raises:
            Failed: AWS does not say.
        """
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            arn: str = boto3.client("sts").get_caller_identity()["Arn"]
        except ClientError as error:
            reason = f"{_reason(error)}."
        except BotoCoreError as error:
            reason = _unreachable(error, "your name")
        else:
            return arn
        raise Failed(f"AWS does not say who you are, so nothing was changed: {reason}")

    def put_secret(self, output: str, content: Mapping[str, Any]) -> None:
        """Replace the content of the secret whose ARN is in an output.

        Raises:
            Failed: AWS refuses it or cannot be reached.
        """
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        arn = self.output(output)
        try:
            boto3.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=json.dumps(content))
        except ClientError as error:
            raise Failed(f"The secret '{arn}' cannot be written: {_reason(error)}.") from None
        except BotoCoreError as error:
            raise Failed(_unreachable(error, f"the secret '{arn}'")) from None

    @cached_property
    def _secrets(self) -> SecretsManagerSecrets:
        from connector.adapters.aws.secrets import SecretsManagerSecrets

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


def _named(name: str | None) -> str | None:
    """The name of the CloudFormation stack, with region and profile set as the file of named stacks says.

    AWS: a profile that is set for a session goes before credentials in variables; AWS_PROFILE does not.
    """
    path = path_of(os.environ)
    known = named_stacks(path)
    if name is None and len(known) > 1:
        raise WrongInput(f"{path} names several stacks: {', '.join(known)}. {_NAME_ONE}")
    found = next(iter(known.values()), None) if name is None else known.get(name)
    if found is None:
        return name
    if found.region or found.profile:
        import boto3
        from botocore.exceptions import ProfileNotFound

        try:
            boto3.setup_default_session(profile_name=found.profile, region_name=found.region)
        except ProfileNotFound:
            raise WrongInput(
                f"{path} names the profile '{found.profile}', which the configuration of AWS does not have."
            ) from None
    return found.stack


def _outputs(name: str) -> dict[str, str]:
    import boto3

    found = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _connector_stacks() -> list[str]:
    """The stacks of the connector that the caller may read, by name.

    CloudFormation: describing without a name needs the right to describe every stack; listing them does not.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = boto3.client("cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=_STANDING)
        summaries = [summary for page in pages for summary in page["StackSummaries"]]
    except ClientError as error:
        raise Failed(f"The stacks cannot be listed: {_reason(error)}. {_NAME_ONE}") from None
    except BotoCoreError as error:
        raise Failed(_unreachable(error, "the stacks")) from None
    found = []
    for summary in summaries:
        # Without a description it may be any stack; an emulator gives none.
        if not summary.get("TemplateDescription", _DESCRIPTION).startswith(_DESCRIPTION):
            continue
        try:
            if _outputs(summary["StackName"]).keys() >= _OUTPUTS:
                found.append(summary["StackName"])
        except (BotoCoreError, ClientError):
            continue  # somebody else's
    return sorted(found)


# AWS: what it answers to credentials that are not, or no longer, known.
_SIGNED_OUT = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_SIGN_IN = "Sign in (for example: aws sso login), or name a profile that has credentials with AWS_PROFILE."


def _reason(error: ClientError) -> str:
    """What AWS refuses, without a full stop; for credentials that have ended, with what to do."""
    message = error.response["Error"].get("Message", error.response["Error"]["Code"]).rstrip(".")
    return f"{message}. {_SIGN_IN.rstrip('.')}" if error.response["Error"]["Code"] in _SIGNED_OUT else message


def _unreachable(error: BotoCoreError, what: str) -> str:
    """Why AWS was not asked for something, and what to do."""
    from botocore import exceptions

    if isinstance(error, exceptions.NoRegionError):
        return "No region is set. Set it, for example: export AWS_DEFAULT_REGION=eu-north-1"
    credentials = (
        *(exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError),
        *(exceptions.SSOError, exceptions.TokenRetrievalError),
    )
    if isinstance(error, credentials):
        return f"Your shell has no credentials of AWS that can be used: {str(error).rstrip('.')}. {_SIGN_IN}"
    return f"AWS cannot be reached for {what}: {str(error).rstrip('.')}. See region, profile and network."


def _no_such_stack(name: str) -> str:
    """Where it was looked for, and which names would lead to one."""
    import boto3

    region = boto3.client("cloudformation").meta.region_name
    path = path_of(os.environ)
    known = named_stacks(path)
    listed = f" {path} names {', '.join(known)}." if known else ""
    return (
        f"There is no stack '{name}' in region {region} of the account of your credentials.{listed} Name another one "
        "with --stack or CONNECTOR_STACK, or set AWS_DEFAULT_REGION and AWS_PROFILE."
    )


def stack_option(command: _Command) -> _Command:
    """Add `--stack NAME` and `--utc`; the command gets a `Stack`. Whatever a stack says has times."""
    option = click.option(
        "--stack",
        envvar="CONNECTOR_STACK",
        show_envvar=True,
        metavar="NAME",
        help="The stack, by its name in stacks.yaml or in CloudFormation; may be left out where there is only one.",
        callback=_open,
        shell_complete=one_of(lambda: named_stacks(path_of(os.environ))),
    )
    return utc_option(option(command))


def _open(context: click.Context, _: click.Parameter, name: str | None) -> Any:
    opener: Callable[[str | None], Any] = context.obj or Stack
    return opener(name)
