from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from connector.cli.main import command_line
from connector.cli.output import Failed
from connector.cli.stack.stack import Stack
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.services.messages import ChangeMessage
from testkit.samples.routing_data import routing_data

OUTPUTS = {
    **{f"{name}Table": name.lower() for name in ("Tokens", "Cursors", "Routing", "Items", "Documents")},
    "PayloadsBucket": "payloads",
    "DocumentsQueueUrl": "https://sqs.example/documents.fifo",
    "DeliveriesQueueUrl": "https://sqs.example/deliveries.fifo",
    "ChangesQueueUrl": "https://sqs.example/changes.fifo",
    "HintsQueueUrl": "https://sqs.example/hints.fifo",
    "VismaSecretArn": "arn:visma",
    "OrderfulSecretArn": "arn:orderful",
    "Stream": "live",
    "VismaBaseUrl": "https://visma.example",
    "VismaTokenUrl": "https://connect.example/token",
    "OrderfulBaseUrl": "https://orderful.example",
    "OrderfulInboxIds": "4711, 4712 ,",
    "OrderfulBucketIds": "",
    "CallbackUrl": "https://api.example/v1/orderful",
    "CallbackSecretArn": "arn:callback",
}


class CloudFormation:
    """Knows one stack."""

    meta = SimpleNamespace(region_name="eu-north-1")

    def __init__(self, outcome):
        self.outcome = outcome

    def describe_stacks(self, **arguments):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outcome.items()]
        return {"Stacks": [{"StackName": arguments["StackName"], "Outputs": outputs}]}


@pytest.fixture
def cloudformation(monkeypatch):
    def knows(outcome):
        monkeypatch.setattr(boto3, "client", lambda service, **_: CloudFormation(outcome))

    return knows


def test_every_part_is_built_from_the_outputs_without_any_call(cloudformation, socket_disabled):
    cloudformation(OUTPUTS)
    stack = Stack("laptop")
    company = Routing.from_data(routing_data()).companies["nordic"]
    assert stack.stream is Stream.LIVE
    for part in (stack.routing, stack.payloads, stack.ledger, stack.changes, stack.cursors, stack.outbox):
        assert part is not None
    for part in (stack.orderful, stack.inbound):
        assert part is not None
    assert stack.visma(company) is not None
    assert stack.ledger is stack.ledger


def test_the_way_in_is_told_by_the_outputs(cloudformation):
    cloudformation(OUTPUTS)
    stack = Stack("laptop")
    assert (stack.inbox_ids, stack.bucket_ids) == (("4711", "4712"), ())
    assert stack.callback_url == "https://api.example/v1/orderful"


def test_a_stack_from_before_the_way_in_has_none(cloudformation):
    cloudformation({"Stream": "live"})
    stack = Stack("laptop")
    assert (stack.inbox_ids, stack.bucket_ids, stack.callback_url) == ((), (), None)


def test_the_changes_of_a_person_go_to_the_queue_of_changes(cloudformation, monkeypatch):
    cloudformation(OUTPUTS)
    sent = []

    def send(**arguments):
        sent.append(arguments)
        return {}

    monkeypatch.setattr("connector.adapters.aws.clients.sqs", lambda: SimpleNamespace(send_message_batch=send))
    change = ChangeMessage(company="nordic", number="500123", transaction_id="802210971", cause="approved")
    Stack("laptop").outbox.changes([change])
    assert [one["QueueUrl"] for one in sent] == ["https://sqs.example/changes.fifo"]


def test_a_missing_output_is_named(cloudformation, capsys):
    cloudformation({})
    assert command_line(["cursors", "--stack", "connector"]) == 1
    assert "Stack 'connector' has no output CursorsTable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "output"),
    [
        (
            ClientError({"Error": {"Code": "ValidationError", "Message": "Stack with id x does not exist"}}, "D"),
            "There is no stack 'x' in region eu-north-1 of the account of your credentials. Name another",
        ),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "The security token has expired"}}, "D"),
            "Stack 'x' cannot be read: The security token has expired. Sign in (for example: aws sso login), or name",
        ),
        (
            NoCredentialsError(),
            "Your shell has no credentials of AWS that can be used: Unable to locate credentials. Sign",
        ),
        (NoRegionError(), "No region is set. Set it, for example: export AWS_DEFAULT_REGION=eu-north-1"),
        (
            EndpointConnectionError(endpoint_url="https://x.example"),
            "AWS cannot be reached for stack 'x': Could not connect to the endpoint URL: \"https://x.example\". See",
        ),
    ],
)
def test_a_stack_that_cannot_be_read_is_one_sentence(cloudformation, capsys, outcome, output):
    cloudformation(outcome)
    assert command_line(["documents", "list", "--stack", "x"]) == 1
    captured = capsys.readouterr()
    assert output in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_a_stack_that_does_not_exist_is_told_with_the_names_that_do(cloudformation, capsys, monkeypatch, tmp_path):
    named = tmp_path / "stacks.yaml"
    named.write_text("live: {stack: connector}\ntest: {stack: connector-dev}\n")
    monkeypatch.setattr("connector.cli.stack.stack.path_of", lambda _: named)
    cloudformation(ClientError({"Error": {"Code": "V", "Message": "Stack with id foo does not exist"}}, "D"))
    assert command_line(["documents", "list", "--stack", "foo"]) == 1
    assert f"{named} names live, test." in capsys.readouterr().err


def test_without_a_region_it_says_how_to_set_one(capsys, monkeypatch):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "CONNECTOR_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert command_line(["cursors"]) == 1
    assert "No region is set. Set it, for example: export AWS_DEFAULT_REGION=eu-north-1" in capsys.readouterr().err


def test_the_stack_can_be_named_by_the_environment(cloudformation, capsys, monkeypatch):
    cloudformation({})
    monkeypatch.setenv("CONNECTOR_STACK", "from-environment")
    command_line(["cursors"])
    assert "Stack 'from-environment'" in capsys.readouterr().err


class SeveralStacks:
    """An account with these stacks: outputs by name, None for one that may not be read."""

    def __init__(self, stacks, described=None):
        self.stacks, self.described = stacks, described or {}

    def get_paginator(self, operation):
        assert operation == "list_stacks"
        return self

    def paginate(self, **arguments):
        assert not {"DELETE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE"} & set(arguments["StackStatusFilter"])
        for name in self.stacks:
            described = {"TemplateDescription": self.described[name]} if name in self.described else {}
            yield {"StackSummaries": [{"StackName": name, **described}]}

    def describe_stacks(self, **arguments):
        outputs = self.stacks[arguments["StackName"]]
        if outputs is None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "DescribeStacks")
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": it} for key, it in outputs.items()]}]}


@pytest.fixture
def account(monkeypatch):
    def has(stacks, **described):
        monkeypatch.setattr(boto3, "client", lambda service, **_: SeveralStacks(stacks, described))

    return has


def test_the_only_stack_of_the_connector_need_not_be_named(account):
    account({"website": {"Url": "https://example.com"}, "theirs": None, "ours-dev": OUTPUTS})
    stack = Stack(None)
    assert (stack.name, stack.output("RoutingTable")) == ("ours-dev", "routing")


def test_a_stack_that_is_described_as_something_else_is_not_asked(account):
    account(
        {"website": None, "ours": OUTPUTS}, website="A shop", ours="Connector between Visma.net ERP and Orderful: ..."
    )
    assert Stack(None).name == "ours"


@pytest.mark.parametrize(
    ("stacks", "output"),
    [
        ({"b": OUTPUTS, "a": OUTPUTS}, "There are several stacks of the connector: a, b. Name one with --stack or"),
        ({"website": {}}, "There is no stack of the connector in this account and region, or none that you may read."),
    ],
)
def test_where_the_stack_is_no_matter_of_course_it_has_to_be_named(account, stacks, output, capsys, monkeypatch):
    monkeypatch.delenv("CONNECTOR_STACK", raising=False)
    account(stacks)
    assert command_line(["cursors"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(output)
    assert captured.err.count("\n") == 1


def test_whoever_may_not_list_the_stacks_names_one(monkeypatch, capsys):
    class Refusing:
        def get_paginator(self, operation):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "ListStacks")

    monkeypatch.setattr(boto3, "client", lambda service, **_: Refusing())
    assert command_line(["cursors"]) == 1
    assert capsys.readouterr().err == ("The stacks cannot be listed: No. Name one with --stack or CONNECTOR_STACK.\n")


def test_a_secret_is_written_where_the_output_says_and_a_refusal_is_one_sentence(monkeypatch):
    written = []

    def client(service, **_):
        if service == "cloudformation":
            return CloudFormation(OUTPUTS)
        return SimpleNamespace(put_secret_value=put)

    def put(**arguments):
        if arguments["SecretId"] == "arn:visma":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "PutSecretValue")
        written.append(tuple(arguments.values()))

    monkeypatch.setattr(boto3, "client", client)
    Stack("laptop").put_secret("OrderfulSecretArn", {"api_key": "k"})
    assert written == [("arn:orderful", '{"api_key": "k"}')]
    with pytest.raises(Failed, match=r"The secret 'arn:visma' cannot be written: No\."):
        Stack("laptop").put_secret("VismaSecretArn", {})


def test_an_unexpected_failure_is_one_sentence_without_a_traceback(capsys):
    def broken(name):
        raise RuntimeError("first line\nsecond line")

    assert command_line(["cursors"], opener=broken) == 1
    captured = capsys.readouterr()
    assert captured.err == "RuntimeError: first line (set CONNECTOR_TRACEBACK=1 to see where).\n"


def test_the_traceback_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("CONNECTOR_TRACEBACK", "1")

    def broken(name):
        raise RuntimeError("here")

    with pytest.raises(RuntimeError, match="here"):
        command_line(["cursors"], opener=broken)


def test_help_is_given_without_a_stack(capsys):
    assert command_line(["--help"]) == 0
    assert "translate" in capsys.readouterr().out


@pytest.mark.parametrize("group", [[], ["config"], ["documents"], ["changes"], ["secrets"]])
def test_overviews_of_commands_are_whole_in_80_columns(group, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert command_line([*group, "--help"]) == 0
    overview = capsys.readouterr().out.partition("Commands:")[2]
    assert overview.strip()
    assert "..." not in overview


@pytest.mark.parametrize(("stream", "title"), [("live", "stack 'laptop' (LIVE)"), ("TEST", "stack 'laptop' (test)")])
def test_the_stream_stands_beside_the_name_and_live_cannot_be_overlooked(cloudformation, stream, title):
    cloudformation(OUTPUTS | {"Stream": stream})
    assert Stack("laptop").title == title
