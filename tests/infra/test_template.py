"""What the parsed template promises beyond the house rules: that it fits the code, and that it tells people in time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from connector.adapters.aws.findings import PARTITION
from connector.adapters.aws.ledger import INDEX
from connector.cli.commands import cli
from connector.cli.digest import TIMEOUT_SECONDS
from connector.domain.errors import Transient
from connector.services.consume import HELD_UP_AFTER, MAX_DELAY, delay_before_retry
from connector.services.ports import Metric
from proof.model.functions import CHANGES, DELIVERIES, DOCUMENTS, HINTS, MAX_RECEIVES
from testkit.laptop.deploy import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
Properties = Callable[[str], dict[str, dict[str, Any]]]

COMMON = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL", "AWS_ENDPOINT_URL"}
NAMESPACE = {"Fn::Sub": "Connector/${AWS::StackName}"}
GAUGES = {
    Metric.LISTS_FAILING,
    Metric.OPEN_PARKED,
    Metric.OPEN_REJECTED,
    Metric.ATTENTION_OPEN,
    Metric.OPEN_CHANGES_PARKED,
    Metric.DOCUMENTS_UNCONFIRMED,
    Metric.CHANGES_STUCK,
    Metric.INBOUND_ATTENTION,
}


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role, those for AWS alone included."""
    written = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in written]


def _resources_allowed(role: dict[str, Any], service: str) -> set[str]:
    """The resources by their names in the template; `Creates` and `Existing` say which of two stands for one."""
    return {
        match
        for statement in _statements(role)
        if any(action.startswith(f"{service}:") for action in _flat(statement["Action"]))
        for match in re.findall(
            r"\b(?:Creates|Existing)?([A-Z]\w+?(?:Table|Secret|Queue|Bucket))(?:Arn)?\b",
            json.dumps(statement["Resource"]),
        )
    }


def _compared(condition: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The text and the reference of an `Equals`, in whichever order cfn-lint left them."""
    first, second = condition["Fn::Equals"]
    return (first, second) if isinstance(first, str) else (second, first)


def _flat(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in _flat(each)]
    if isinstance(value, dict):
        return _flat(value["Fn::If"][1:]) if "Fn::If" in value else []
    return [value]


def test_there_is_a_function_for_every_settings_class_and_no_other(properties: Properties) -> None:
    assert set(properties("AWS::Serverless::Function")) == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_environment_of_a_function_is_exactly_what_its_settings_read(name: str, properties: Properties) -> None:
    declared = set(properties("AWS::Serverless::Function")[name]["Environment"]["Variables"])

    assert declared == {field.upper() for field in SETTINGS[name].__struct_fields__} | COMMON


def test_plain_values_of_the_environment_are_text_because_an_emulator_does_not_convert_them(
    properties: Properties,
) -> None:
    for function in properties("AWS::Serverless::Function").values():
        values = function["Environment"]["Variables"].values()
        assert all(isinstance(value, str | dict) for value in values)


@pytest.mark.parametrize("name", ["DeliverTransactionFunction", "ApplyChangeFunction"])
def test_a_claim_outlives_the_function_that_holds_it(name: str, properties: Properties) -> None:
    function = properties("AWS::Serverless::Function")[name]

    assert int(function["Environment"]["Variables"]["CLAIM_SECONDS"]) > function["Timeout"]


def test_the_handler_of_every_function_is_a_file_named_after_its_folder(properties: Properties) -> None:
    for function in properties("AWS::Serverless::Function").values():
        folder = Path(function["CodeUri"])
        assert function["Handler"] == f"{folder.name}_handler.handler"
        assert (ROOT / folder / f"{folder.name}_handler.py").is_file()


def test_consumers_report_each_failed_message_and_are_limited_where_a_limit_costs_no_receives(
    properties: Properties, template: dict[str, Any]
) -> None:
    functions = properties("AWS::Serverless::Function").values()
    every = [event for function in functions for event in function.get("Events", {}).values()]
    events = [event["Properties"] for event in every if event["Type"] == "SQS"]

    assert len(events) == 4
    for event in events:
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert event["BatchSize"] == 10
        most = event["ScalingConfig"]["MaximumConcurrency"]
        if isinstance(most, dict):
            parameter = template["Parameters"][most["Ref"]]
            # Lambda: from 2 to 1,000.
            assert (parameter["MinValue"], parameter["MaxValue"]) == (2, 1000)
            most = parameter["Default"]
        assert 2 <= most <= 1000
    assert not any("ReservedConcurrentExecutions" in function for function in functions)


def test_scheduled_functions_are_not_retried_by_lambda_because_the_next_schedule_is_the_retry(
    properties: Properties,
) -> None:
    functions = properties("AWS::Serverless::Function")
    scheduled = {
        schedule["Target"]["Arn"]["Fn::GetAtt"][0] for schedule in properties("AWS::Scheduler::Schedule").values()
    }

    often = {"PollVismaFunction", "TrackTransactionsFunction", "PollOrderfulFunction", "ReconcileFunction"}
    assert scheduled == often | {"SendDigestFunction"}
    assert functions["SendDigestFunction"]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0, "it could mail twice"
    for name in often:
        assert functions[name]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
        # What Lambda throttles it keeps for six hours by default, and every schedule adds one more.
        assert functions[name]["EventInvokeConfig"]["MaximumEventAgeInSeconds"] <= 300
    (start,) = _statements(properties("AWS::IAM::Role")["SchedulerRole"])
    assert {resource["Fn::GetAtt"][0] for resource in start["Resource"]} == scheduled


def test_queues_are_fifo_with_ids_given_by_the_sender_and_order_per_document_only(properties: Properties) -> None:
    queues = properties("AWS::SQS::Queue")
    sources = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}

    assert all(queue["FifoQueue"] for queue in queues.values())
    assert set(sources) == {"DocumentsQueue", "DeliveriesQueue", "ChangesQueue", "HintsQueue"}
    for queue in sources.values():
        assert queue["ContentBasedDeduplication"] is False
        assert queue["DeduplicationScope"] == "messageGroup"
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_the_queues_of_the_model_are_as_patient_as_the_real_ones(properties: Properties) -> None:
    queues = properties("AWS::SQS::Queue")
    names = {"DocumentsQueue": DOCUMENTS, "DeliveriesQueue": DELIVERIES, "ChangesQueue": CHANGES, "HintsQueue": HINTS}

    assert {names[one]: queues[one]["RedrivePolicy"]["maxReceiveCount"] for one in names} == MAX_RECEIVES


def test_a_document_waits_over_a_weekend_and_is_given_up_before_its_queue_forgets_it(properties: Properties) -> None:
    """Its message is all there is of it: nobody queues it again before it changes in Visma once more."""
    queue = properties("AWS::SQS::Queue")["DocumentsQueue"]
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    waits = sum((delay_before_retry(Transient("down"), number) for number in range(1, receives)), timedelta(0))
    hidden = receives * timedelta(seconds=queue["VisibilityTimeout"])

    assert waits > timedelta(hours=60)
    assert waits + hidden < timedelta(seconds=queue["MessageRetentionPeriod"])


def test_a_message_that_keeps_failing_is_an_alarm_for_as_long_as_it_does(properties: Properties) -> None:
    """Long before it is given up, and without a gap in which the alarm would say that it is over."""
    alarm = properties("AWS::CloudWatch::Alarm")["MessagesHeldUpAlarm"]
    waits = sum((delay_before_retry(Transient("down"), number) for number in range(1, HELD_UP_AFTER)), timedelta(0))

    assert timedelta(minutes=20) < waits < timedelta(minutes=30)
    assert min(MAX_RECEIVES.values()) > HELD_UP_AFTER
    assert timedelta(seconds=alarm["Period"]) >= 2 * MAX_DELAY
    assert (alarm["Statistic"], alarm["EvaluationPeriods"], alarm["Threshold"]) == ("Sum", 1, 0)


def test_messages_are_kept_as_long_as_sqs_can_and_their_documents_longer(properties: Properties) -> None:
    """SQS: 14 days at most, which begin anew when a FIFO queue hands a message to its dead-letter queue."""
    queues = properties("AWS::SQS::Queue").values()
    (bucket,) = properties("AWS::S3::Bucket").values()
    (documents,) = (one for one in bucket["LifecycleConfiguration"]["Rules"] if one.get("Prefix") == "documents/")

    assert {queue["MessageRetentionPeriod"] for queue in queues} == {14 * 24 * 3600}
    assert documents["ExpirationInDays"] > 2 * 14


def test_on_aws_every_queue_and_the_bucket_refuse_plain_http(template: dict[str, Any], properties: Properties) -> None:
    guarded = set()
    for name, resource in template["Resources"].items():
        if resource["Type"] not in {"AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"}:
            continue
        (statement,) = resource["Properties"]["PolicyDocument"]["Statement"]
        is_bucket = resource["Type"] == "AWS::S3::BucketPolicy"
        assert resource["Condition"] == ("GuardsPayloadsBucket" if is_bucket else "IsOnAws"), name
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        targets = resource["Properties"].get("Queues") or [resource["Properties"]["Bucket"]]
        guarded |= {target["Ref"] for target in targets}
        assert {target["Ref"] for target in targets} <= set(re.findall(r"\w+", json.dumps(statement["Resource"])))

    assert guarded == {*properties("AWS::SQS::Queue"), *properties("AWS::S3::Bucket")}
    assert _compared(template["Conditions"]["IsOnAws"]) == ("", {"Ref": "AwsEndpointUrl"})
    both = template["Conditions"]["GuardsPayloadsBucket"]["Fn::And"]
    assert [one["Condition"] for one in both] == ["IsOnAws", "CreatesPayloadsBucket"]


def test_a_live_stack_cannot_be_pointed_at_an_emulator(template: dict[str, Any]) -> None:
    rule = template["Rules"]["LiveRunsOnAws"]

    assert _compared(rule["RuleCondition"]) == ("live", {"Ref": "Stream"})
    assert [_compared(each["Assert"]) for each in rule["Assertions"]] == [("", {"Ref": "AwsEndpointUrl"})]
    assert template["Parameters"]["AwsEndpointUrl"]["Default"] == ""
    assert template["Parameters"]["Stream"]["Default"] == "test"


@pytest.mark.parametrize(
    ("role", "secrets"),
    [
        ("PollVismaRole", {"VismaSecret"}),
        ("TranslateDocumentRole", set()),
        ("DeliverTransactionRole", {"OrderfulSecret"}),
        ("TrackTransactionsRole", {"OrderfulSecret"}),
        ("ReceiveCallbackRole", {"CallbackSecret"}),
        ("PollOrderfulRole", {"OrderfulSecret"}),
        ("ApplyChangeRole", {"VismaSecret", "OrderfulSecret"}),
        ("SendDigestRole", set()),
    ],
)
def test_a_function_reads_only_the_secret_of_the_system_it_calls(
    role: str, secrets: set[str], properties: Properties
) -> None:
    assert _resources_allowed(properties("AWS::IAM::Role")[role], "secretsmanager") == secrets


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        ("PollVismaRole", {"TokensTable", "CursorsTable", "RoutingTable", "DocumentsTable"}),
        ("TranslateDocumentRole", {"RoutingTable", "DocumentsTable"}),
        ("DeliverTransactionRole", {"DocumentsTable"}),
        ("TrackTransactionsRole", {"DocumentsTable", "RoutingTable", "CursorsTable"}),
        ("ReceiveCallbackRole", set()),
        ("PollOrderfulRole", {"DocumentsTable", "CursorsTable", "RoutingTable"}),
        ("ApplyChangeRole", {"DocumentsTable", "RoutingTable", "TokensTable"}),
        ("ReconcileRole", {"DocumentsTable", "CursorsTable", "RoutingTable", "TokensTable"}),
        ("SendDigestRole", {"DocumentsTable", "CursorsTable", "RoutingTable"}),
    ],
)
def test_a_function_reaches_only_the_tables_of_its_concern(role: str, tables: set[str], properties: Properties) -> None:
    assert _resources_allowed(properties("AWS::IAM::Role")[role], "dynamodb") == tables


def test_the_endpoint_can_queue_a_hint_and_nothing_else(properties: Properties) -> None:
    """Anybody on the internet starts this function."""
    actions = {
        action
        for statement in _statements(properties("AWS::IAM::Role")["ReceiveCallbackRole"])
        for action in _flat(statement["Action"])
        if isinstance(action, str)
    }

    assert actions == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "sqs:SendMessageBatch",
        "secretsmanager:GetSecretValue",
    }


def test_no_function_can_change_the_routing_or_delete_from_the_ledger(properties: Properties) -> None:
    for role in properties("AWS::IAM::Role").values():
        for statement in _statements(role):
            actions = set(_flat(statement["Action"]))
            if "RoutingTable" in json.dumps(statement["Resource"]):
                assert actions == {"dynamodb:GetItem"}
            deletes = {action for action in actions if "Delete" in action} - {"sqs:DeleteMessage"}
            if deletes:  # findings of reconciliation that are over
                assert deletes == {"dynamodb:DeleteItem"}
                assert "CursorsTable" in json.dumps(statement["Resource"])
                keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
                assert _flat(keys) == [PARTITION]


STATE = {
    "DocumentsTable": "ExistingDocumentsTable",
    "CursorsTable": "ExistingCursorsTable",
    "RoutingTable": "ExistingRoutingTable",
    "PayloadsBucket": "ExistingPayloadsBucket",
    "VismaSecret": "ExistingVismaSecretArn",
    "OrderfulSecret": "ExistingOrderfulSecretArn",
    "CallbackSecret": "ExistingCallbackSecretArn",
}
"""What outlives the stack: the parameter by which another one takes it over."""


@pytest.mark.parametrize(("name", "parameter"), STATE.items())
def test_state_is_created_unless_it_exists_and_is_reached_by_the_name_in_force(
    name: str, parameter: str, template: dict[str, Any]
) -> None:
    condition = f"Creates{name}"

    assert template["Parameters"][parameter]["Default"] == ""
    assert _compared(template["Conditions"][condition]) == ("", {"Ref": parameter})
    assert template["Resources"][name]["Condition"] == condition
    found = list(_mentions(template, name))
    assert found
    for path, chosen in found:
        if path[:2] not in {("Resources", name), ("Resources", "PayloadsBucketPolicy")}:
            assert chosen == [condition, {"Ref": parameter}], path


def _mentions(value: Any, name: str, path: tuple[Any, ...] = (), chosen: Any = None) -> Any:
    """Every place that refers to a resource, and the condition and the alternative of the `Fn::If` around it."""
    if isinstance(value, dict):
        if value in ({"Ref": name}, {"Fn::GetAtt": [name, "Id"]}, {"Fn::GetAtt": [name, "Arn"]}):
            yield path, chosen
            return
        for key, each in value.items():
            inside = [each[0], each[2]] if key == "Fn::If" else chosen
            yield from _mentions(each, name, (*path, key), inside)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _mentions(each, name, (*path, index), chosen)
    elif isinstance(value, str) and f"${{{name}" in value:
        yield path, chosen


def test_bodies_expire_and_the_table_says_by_which_attribute(properties: Properties) -> None:
    table = properties("AWS::DynamoDB::Table")["DocumentsTable"]

    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"}
RECORDS = {
    "a company's holds": "breaker#visma#nordic",
    "a revision": "nordic#supplier_invoice#900145",
    "an order": "nordic#purchase_order#500123",
    "an owner": "transaction#802210971",
    "a number": "number#850_PURCHASE_ORDER#A#B#500123",
    "the breaker": "breaker#orderful",
    "a pointer": "inbound#802210971",
    "the hint budget": "hints",
    "the tracker's progress": "tracker",
}
REVISIONS = {"a revision", "an order"}


@pytest.mark.parametrize(
    ("role", "written"),
    [
        ("PollVismaRole", {"a company's holds"}),
        ("TranslateDocumentRole", REVISIONS),
        ("DeliverTransactionRole", REVISIONS | {"an owner", "a number", "the breaker"}),
        (
            "TrackTransactionsRole",
            REVISIONS | {"an owner", "a number", "the breaker", "the tracker's progress"},
        ),
        ("ReceiveCallbackRole", set()),
        ("SendDigestRole", set()),
        ("PollOrderfulRole", REVISIONS | {"a pointer", "the breaker"}),
        ("ApplyChangeRole", REVISIONS | {"a pointer", "the breaker", "a company's holds", "the hint budget"}),
    ],
)
def test_a_function_writes_only_the_records_of_its_concern(
    role: str, written: set[str], properties: Properties
) -> None:
    """`dynamodb:LeadingKeys` is not evaluated by the emulator; AWS compares the partition key of each write."""
    found = {
        name
        for name, key in RECORDS.items()
        if any(
            _lets_in(statement.get("Condition", {}), key)
            for statement in _statements(properties("AWS::IAM::Role")[role])
            if WRITES & set(_flat(statement["Action"])) and "DocumentsTable" in json.dumps(statement["Resource"])
        )
    }
    assert found == written


def test_the_cursors_of_the_two_systems_are_written_by_their_own_functions(properties: Properties) -> None:
    roles = properties("AWS::IAM::Role")
    found = {
        (role, key)
        for role in ("PollVismaRole", "PollOrderfulRole")
        for key in ("nordic", "(orderful)")
        for statement in _statements(roles[role])
        if "CursorsTable" in json.dumps(statement["Resource"]) and _lets_in(statement["Condition"], key)
    }
    assert found == {("PollVismaRole", "nordic"), ("PollOrderfulRole", "(orderful)")}


def _lets_in(condition: dict[str, Any], key: str) -> bool:
    for operator, compared in condition.items():
        assert set(compared) == {"dynamodb:LeadingKeys"}
        hit = any(fnmatchcase(key, pattern) for pattern in _flat(compared["dynamodb:LeadingKeys"]))
        if hit is (operator in {"ForAllValues:StringNotLike", "ForAllValues:StringNotEquals"}):
            return False
        assert operator.startswith("ForAllValues:String")
    return True


def test_access_tokens_lie_under_a_key_that_only_the_functions_that_use_them_may_use(
    properties: Properties, template: dict[str, Any]
) -> None:
    """AWS's policy ReadOnlyAccess has dynamodb:GetItem and no kms:Decrypt."""
    kept = properties("AWS::DynamoDB::Table")["TokensTable"]["SSESpecification"]
    assert kept["SSEType"]["Fn::If"][:2] == ["IsOnAws", "KMS"]
    assert kept["KMSMasterKeyId"]["Fn::If"][:2] == ["IsOnAws", {"Fn::GetAtt": ["StackKey", "Arn"]}]
    statements = template["Resources"]["StackKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert [one["Sid"] for one in statements] == ["AccountManagesKey", "AlarmsPublish"]
    assert statements[1]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}, "CloudWatch reads no table"
    users = {
        role
        for role, its in properties("AWS::IAM::Role").items()
        for one in _statements(its)
        if "StackKey" in json.dumps(one["Resource"]) and "dynamodb." in json.dumps(one["Condition"])
    }
    sharers = {
        role
        for role, its in properties("AWS::IAM::Role").items()
        if any("TokensTable" in json.dumps(one["Resource"]) for one in _statements(its))
    }
    assert users == sharers == {"PollVismaRole", "ApplyChangeRole", "ReconcileRole"}
    people = {
        policy
        for policy, its in properties("AWS::IAM::ManagedPolicy").items()
        if {"StackKey", "TokensTable"} & set(re.findall(r"\w+", json.dumps(its["PolicyDocument"])))
    }
    assert people == {"OperatorPolicy"}, "baseline and doctor call Visma; who only reads gets no key"


def test_what_cannot_be_read_again_from_visma_outlives_the_stack(template: dict[str, Any]) -> None:
    for name in STATE:
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"
        if resource["Type"] == "AWS::DynamoDB::Table":
            assert resource["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}


def test_every_table_is_billed_by_use_and_can_be_restored_to_any_second(properties: Properties) -> None:
    for table in properties("AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_ledger_can_be_read_by_open_state_in_order_of_change(properties: Properties) -> None:
    index, old = properties("AWS::DynamoDB::Table")["DocumentsTable"]["GlobalSecondaryIndexes"]

    assert old["Fn::If"][0] == "KeepsOldIndex"
    assert index["IndexName"] == INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["open_state", "updated"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_bucket_is_private_and_forgets_queued_documents_after_a_month(properties: Properties) -> None:
    (bucket,) = properties("AWS::S3::Bucket").values()
    rules = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert rules.pop("documents/") == 30
    assert rules.pop(None) is None  # broken uploads
    assert rules == {folder: {"Ref": "PayloadRetentionDays"} for folder in ("sources/", "requests/", "inbound/")}


# ---- alarms


HEARTBEATS = {"TrackTransactionsFunction": "TrackHeartbeatAlarm", "PollOrderfulFunction": "CollectHeartbeatAlarm"}
"""Functions whose heartbeat is a metric that only a run reports that ended well: a run that fails misses it."""

NIGHTLY = {"ReconcileFunction"}
"""A function of which track_transactions tells when it has not ended well for days (AttentionOpen)."""

EVENTS = {
    "CredentialsRefusedAlarm",
    "DoubledOrWrongStreamAlarm",
    "DamagedRowsAlarm",
    "ConfirmationsRefusedAlarm",
    "CallbacksRefusedAlarm",
    "CallbacksFailedAlarm",
    "CallbacksTurnedAwayAlarm",
    *(f"{name.removesuffix('Function')}FailedAlarm" for name in SETTINGS.keys() - HEARTBEATS.keys() - NIGHTLY),
}
"""Alarms on what happens once: that it does not happen again is no end of it."""


def test_every_alarm_tells_when_it_goes_off_and_only_what_lasts_tells_when_it_is_over(properties: Properties) -> None:
    alarms = properties("AWS::CloudWatch::Alarm")

    assert set(alarms) >= EVENTS
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm.get("OKActions") == (None if name in EVENTS else [{"Ref": "AlarmTopic"}]), name


def test_every_alarm_mail_says_which_stack_what_happened_how_many_and_what_to_type(properties: Properties) -> None:
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        text = alarm["AlarmDescription"]["Fn::Sub"]
        assert text.startswith("Stack ${AWS::StackName} (stream ${Stream}): "), name
        assert re.search(r"\. The number in brackets is (its|the|how) [a-z; ,]+\. Type: ", text), name
        command = text.partition(" Type: ")[2]
        assert command.startswith(("connector ", "aws ")), name
        assert "${AWS::StackName}" in command, name
        assert len(text) + 200 < 1024, "CloudFormation: a description has at most 1,024 characters"


def test_only_the_operator_takes_dead_letters_and_may_do_with_them_what_its_commands_do(properties: Properties) -> None:
    """They are looked at, put back and dropped, never purged, and nothing else is sent to where they lie."""
    dead = {"DocumentsDeadLetters", "DeliveriesDeadLetters", "ChangesDeadLetters"}
    granted: dict[str, set[str]] = {}
    for policy, its in properties("AWS::IAM::ManagedPolicy").items():
        for one in its["PolicyDocument"]["Statement"]:
            actions = one.get("Action", ())
            if dead & set(re.findall(r"\w+", json.dumps(one.get("Resource", "")))):
                on_aws = [
                    action for action in ([actions] if isinstance(actions, str) else actions) if isinstance(action, str)
                ]
                granted.setdefault(policy, set()).update(on_aws)
    assert granted == {
        "OperatorPolicy": {
            "sqs:ReceiveMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        },
        "ReaderPolicy": {"sqs:GetQueueAttributes"},
    }


def test_the_operator_may_type_the_first_command_of_every_alarm_mail(properties: Properties) -> None:
    """`connector` is tried with the policy in tests/e2e/test_people.py; here its words are parsed."""
    policies = properties("AWS::IAM::ManagedPolicy")
    logs = [
        one["Resource"]["Fn::Sub"]
        for one in policies["OperatorPolicy"]["PolicyDocument"]["Statement"]
        if one.get("Action") == "logs:FilterLogEvents"  # what `aws logs tail` calls
    ]
    groups = {one["LogGroupName"]["Fn::Sub"] for one in properties("AWS::Logs::LogGroup").values()}
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        typed = re.split(r"[;.,] ", alarm["AlarmDescription"]["Fn::Sub"].partition(" Type: ")[2])[0]
        arguments = typed.replace("${AWS::StackName}", "STACK").split()
        if arguments[:3] == ["aws", "logs", "tail"]:
            group = arguments[3].replace("STACK", "${AWS::StackName}")
            assert group in groups, name
            assert arguments[4:] == ["--since", "12h"], "a mail of the night is read in the morning"
            assert any(
                fnmatchcase(f"x:log-group:{group}", "x:" + one.partition(":${AWS::AccountId}:")[2]) for one in logs
            )
            continue
        assert arguments.pop(0) == "connector", name
        command: click.Command = cli
        while isinstance(command, click.Group) and not arguments[0].startswith("-"):
            command = command.commands[arguments.pop(0)]
        command.make_context("connector", arguments)  # raises where an option or its value is not known


def test_every_alarm_names_an_entry_of_the_runbook(properties: Properties) -> None:
    headings = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))

    named = set()
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        entry = alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        assert entry == re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Alarm")).lower()
        assert alarm["AlarmDescription"]["Fn::Sub"].endswith(f" See docs/runbook.md#{entry}")
        named.add(entry)

    assert named == headings


def test_alarms_on_our_own_metrics_look_where_the_functions_report(properties: Properties) -> None:
    variables = properties("AWS::Serverless::Function")["PollVismaFunction"]["Environment"]["Variables"]
    own = [alarm for alarm in properties("AWS::CloudWatch::Alarm").values() if isinstance(alarm["Namespace"], dict)]

    for alarm in own:
        assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE
        assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
        assert alarm["MetricName"] in set(Metric)
    assert {alarm["MetricName"] for alarm in own} >= {
        *GAUGES,
        Metric.TRACK_COMPLETED,
        Metric.CREDENTIALS_REFUSED,
        Metric.MESSAGES_HELD_UP,
        Metric.DOUBLED_OR_WRONG_STREAM,
        Metric.DAMAGED_ROWS,
        Metric.COLLECT_COMPLETED,
        Metric.CONFIRMATIONS_REFUSED,
        Metric.CALLBACKS_REFUSED,
    }


def test_silence_of_a_poller_is_an_alarm_and_silence_of_anything_else_is_none(properties: Properties) -> None:
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        if name in {"PollHeartbeatAlarm", "TrackHeartbeatAlarm", "CollectHeartbeatAlarm"}:
            assert alarm["TreatMissingData"] == "breaching"
            assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
            assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, {"Ref": "HeartbeatMinutes"})
        else:
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_a_gauge_stands_until_a_run_reports_none_however_long_runs_take_to_come(properties: Properties) -> None:
    """One report within HeartbeatMinutes is enough, so the alarm does not end between two runs."""
    alarms = [one for one in properties("AWS::CloudWatch::Alarm").values() if one["MetricName"] in GAUGES]

    assert {one["MetricName"] for one in alarms} == GAUGES
    for one in alarms:
        assert (one["Statistic"], one["Period"], one["DatapointsToAlarm"]) == ("Maximum", 60, 1)
        assert one["EvaluationPeriods"] == {"Ref": "HeartbeatMinutes"}


@pytest.mark.parametrize(("name", "metric"), [("CallbacksFailed", "5XXError"), ("CallbacksTurnedAway", "4XXError")])
def test_a_callback_with_an_error_answer_raises_an_alarm(name: str, metric: str, properties: Properties) -> None:
    """The function catches what goes wrong inside it, and API Gateway answers for it when it cannot start.

    AWS: API Gateway counts what a gateway response answers with another status as 4XXError, so our 503 too.
    """
    alarm = properties("AWS::CloudWatch::Alarm")[f"{name}Alarm"]
    api = properties("AWS::Serverless::Api")["CallbackApi"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", metric)
    assert alarm["Dimensions"] == [{"Name": "ApiName", "Value": api["Name"]}]


def test_every_function_has_an_alarm_that_rings_when_it_fails_and_no_function_has_two(properties: Properties) -> None:
    alarms = properties("AWS::CloudWatch::Alarm")
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in alarms.values()
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    }

    assert watched == SETTINGS.keys() - HEARTBEATS.keys() - NIGHTLY
    for function, name in HEARTBEATS.items():
        assert alarms[name]["Namespace"] == NAMESPACE, "Lambda counts a run that failed among its invocations"
        folder = Path(properties("AWS::Serverless::Function")[function]["CodeUri"]).name
        assert f"/{folder} " in alarms[name]["AlarmDescription"]["Fn::Sub"]


def test_a_consumer_that_lambda_throttles_rings_before_its_messages_are_given_up(properties: Properties) -> None:
    """AWS: event source mappings go on receiving meanwhile, and such messages count in no age of a queue."""
    alarms = [one for one in properties("AWS::CloudWatch::Alarm").values() if one["MetricName"] == "Throttles"]
    functions = properties("AWS::Serverless::Function")
    consumers = {name for name, one in functions.items() if "SQS" in json.dumps(one.get("Events", {}))}

    assert {one["Dimensions"][0]["Value"]["Ref"] for one in alarms} == consumers
    hidden = max(one["VisibilityTimeout"] for one in properties("AWS::SQS::Queue").values() if "RedrivePolicy" in one)
    for one in alarms:
        assert (one["Statistic"], one["Threshold"]) == ("Sum", 0)
        assert one["Period"] > hidden, "each period has a receive"
        assert one["Period"] * (one["EvaluationPeriods"] + 1) < min(MAX_RECEIVES.values()) * hidden


def test_cloudwatch_may_use_the_key_of_the_alarm_topic(properties: Properties) -> None:
    (topic,) = properties("AWS::SNS::Topic").values()
    key = properties("AWS::KMS::Key")[topic["KmsMasterKeyId"]["Ref"]]
    allowed = {
        action
        for statement in key["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        for action in statement["Action"]
    }

    assert allowed == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_the_digest_is_published_to_the_alarm_topic_and_its_key_is_used_for_nothing_else(
    properties: Properties,
) -> None:
    """SNS: who publishes to an encrypted topic needs kms:GenerateDataKey and kms:Decrypt of its key."""
    statements = {one["Sid"]: one for one in _statements(properties("AWS::IAM::Role")["SendDigestRole"])}

    assert statements["PublishDigest"]["Resource"] == {"Ref": "AlarmTopic"}
    assert set(statements["EncryptDigest"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    via = {"kms:ViaService": {"Fn::Sub": "sns.${AWS::Region}.amazonaws.com"}}
    assert statements["EncryptDigest"]["Condition"] == {"StringEquals": via}


def test_the_digest_has_an_hour_and_can_be_switched_off(template: dict[str, Any], properties: Properties) -> None:
    schedule = properties("AWS::Scheduler::Schedule")["SendDigestSchedule"]

    assert schedule["ScheduleExpression"] == {"Fn::Sub": "cron(0 ${DigestHour} * * ? *)"}
    assert schedule["State"] == {"Fn::If": ["IsDigestOff", "DISABLED", "ENABLED"]}
    assert _compared(template["Conditions"]["IsDigestOff"]) == ("off", {"Ref": "Digest"})
    assert template["Parameters"]["Digest"]["AllowedValues"] == ["daily", "when-needed", "off"]


def test_whoever_has_the_digest_mailed_waits_longer_than_its_function_may_take(properties: Properties) -> None:
    assert properties("AWS::Serverless::Function")["SendDigestFunction"]["Timeout"] < TIMEOUT_SECONDS


def test_the_dashboard_shows_every_alarm_and_only_metrics_that_exist(properties: Properties) -> None:
    (dashboard,) = properties("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    alarms = {arn for widget in widgets for arn in widget["properties"].get("alarms", [])}
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]

    assert alarms == {f"${{{name}.Arn}}" for name in properties("AWS::CloudWatch::Alarm")}
    assert {name for space, name, *_ in metrics if space == NAMESPACE["Fn::Sub"]} == set(Metric)
    assert len(metrics) <= 50, "CloudWatch: a dashboard of at most 50 metrics is free"


# ---- around the template


def test_the_outputs_say_all_that_operators_and_the_laptop_stack_need(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == {
        "Stream",
        "VismaBaseUrl",
        "VismaTokenUrl",
        "OrderfulBaseUrl",
        "TokensTable",
        "CursorsTable",
        "RoutingTable",
        "ItemsTable",
        "DocumentsTable",
        "PayloadsBucket",
        "DocumentsQueueUrl",
        "DocumentsDeadLettersUrl",
        "DeliveriesQueueUrl",
        "DeliveriesDeadLettersUrl",
        "ChangesQueueUrl",
        "ChangesDeadLettersUrl",
        "HintsQueueUrl",
        "CallbacksWithoutSecret",
        "CallbackUrl",
        "CallbackApiId",
        "VismaSecretArn",
        "OrderfulSecretArn",
        "CallbackSecretArn",
        "OrderfulInboxIds",
        "OrderfulBucketIds",
        "AlarmTopicArn",
        "AlarmEmail",
        "PollVismaSchedule",
        "TrackTransactionsSchedule",
        "PollOrderfulSchedule",
        "ReconcileSchedule",
        "SendDigestSchedule",
        "Digest",
        "OperatorPolicyArn",
        "ReaderPolicyArn",
        *SETTINGS,
    }


def test_the_template_uses_no_yaml_alias_because_cloudformation_knows_none() -> None:
    events = yaml.parse((ROOT / "template.yaml").read_text())

    assert not [event for event in events if isinstance(event, yaml.AliasEvent)]
