"""What the parsed template promises beyond the house rules: that it fits the code, and that it tells people in time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.domain.errors import Transient
from connector.services.consume import HELD_UP_AFTER, LONGEST_DELAY, delay_before_retry
from connector.services.ports import Metric
from local.deploy import SETTINGS
from proof.model.functions import CHANGES, DELIVERIES, DOCUMENTS, MOST_RECEIVES

ROOT = Path(__file__).resolve().parents[2]
Properties = Callable[[str], dict[str, dict[str, Any]]]

COMMON = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL", "AWS_ENDPOINT_URL"}
NAMESPACE = {"Fn::Sub": "Connector/${AWS::StackName}"}


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role, those for AWS alone included."""
    written = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in written]


def _resources_allowed(role: dict[str, Any], service: str) -> set[str]:
    return {
        match
        for statement in _statements(role)
        if any(action.startswith(f"{service}:") for action in _flat(statement["Action"]))
        for match in re.findall(r"[A-Z]\w+(?:Table|Secret|Queue|Bucket)\b", json.dumps(statement["Resource"]))
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

    assert declared == {field.upper() for field in SETTINGS[name].model_fields} | COMMON


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
    properties: Properties,
) -> None:
    functions = properties("AWS::Serverless::Function").values()
    every = [event for function in functions for event in function.get("Events", {}).values()]
    events = [event["Properties"] for event in every if event["Type"] == "SQS"]

    assert len(events) == 3
    for event in events:
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert event["BatchSize"] == 10
        assert event["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert not any("ReservedConcurrentExecutions" in function for function in functions)


def test_scheduled_functions_are_not_retried_by_lambda_because_the_next_schedule_is_the_retry(
    properties: Properties,
) -> None:
    functions = properties("AWS::Serverless::Function")
    scheduled = {
        schedule["Target"]["Arn"]["Fn::GetAtt"][0] for schedule in properties("AWS::Scheduler::Schedule").values()
    }

    assert scheduled == {"PollVismaFunction", "TrackTransactionsFunction", "PollOrderfulFunction"}
    for name in scheduled:
        assert functions[name]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    (start,) = _statements(properties("AWS::IAM::Role")["SchedulerRole"])
    assert {resource["Fn::GetAtt"][0] for resource in start["Resource"]} == scheduled


def test_queues_are_fifo_with_ids_given_by_the_sender_and_order_per_document_only(properties: Properties) -> None:
    queues = properties("AWS::SQS::Queue")
    sources = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}

    assert all(queue["FifoQueue"] for queue in queues.values())
    assert set(sources) == {"DocumentsQueue", "DeliveriesQueue", "ChangesQueue"}
    for queue in sources.values():
        assert queue["ContentBasedDeduplication"] is False
        assert queue["DeduplicationScope"] == "messageGroup"
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_the_queues_of_the_model_are_as_patient_as_the_real_ones(properties: Properties) -> None:
    queues = properties("AWS::SQS::Queue")
    names = {"DocumentsQueue": DOCUMENTS, "DeliveriesQueue": DELIVERIES, "ChangesQueue": CHANGES}

    assert {names[one]: queues[one]["RedrivePolicy"]["maxReceiveCount"] for one in names} == MOST_RECEIVES


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
    assert min(MOST_RECEIVES.values()) > HELD_UP_AFTER
    assert timedelta(seconds=alarm["Period"]) >= 2 * LONGEST_DELAY
    assert (alarm["Statistic"], alarm["EvaluationPeriods"], alarm["Threshold"]) == ("Sum", 1, 0)


def test_dead_letters_are_kept_longer_than_they_may_have_waited_before(properties: Properties) -> None:
    queues = properties("AWS::SQS::Queue")

    for queue in queues.values():
        if "RedrivePolicy" in queue:
            dead_letters = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
            assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
            assert dead_letters["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_on_aws_every_queue_and_the_bucket_refuse_plain_http(template: dict[str, Any], properties: Properties) -> None:
    guarded = set()
    for name, resource in template["Resources"].items():
        if resource["Type"] not in {"AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"}:
            continue
        (statement,) = resource["Properties"]["PolicyDocument"]["Statement"]
        assert resource["Condition"] == "IsOnAws", name
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        targets = resource["Properties"].get("Queues") or [resource["Properties"]["Bucket"]]
        guarded |= {target["Ref"] for target in targets}
        assert {target["Ref"] for target in targets} <= set(re.findall(r"\w+", json.dumps(statement["Resource"])))

    assert guarded == {*properties("AWS::SQS::Queue"), *properties("AWS::S3::Bucket")}
    assert _compared(template["Conditions"]["IsOnAws"]) == ("", {"Ref": "AwsEndpointUrl"})


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
    ],
)
def test_a_function_reads_only_the_secret_of_the_system_it_calls(
    role: str, secrets: set[str], properties: Properties
) -> None:
    assert _resources_allowed(properties("AWS::IAM::Role")[role], "secretsmanager") == secrets


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        ("PollVismaRole", {"TokensTable", "CursorsTable", "RoutingTable"}),
        ("TranslateDocumentRole", {"RoutingTable", "DocumentsTable"}),
        ("DeliverTransactionRole", {"DocumentsTable"}),
        ("TrackTransactionsRole", {"DocumentsTable"}),
        ("ReceiveCallbackRole", set()),
        ("PollOrderfulRole", {"DocumentsTable", "CursorsTable", "RoutingTable"}),
        ("ApplyChangeRole", {"DocumentsTable", "RoutingTable", "TokensTable"}),
    ],
)
def test_a_function_reaches_only_the_tables_of_its_concern(role: str, tables: set[str], properties: Properties) -> None:
    assert _resources_allowed(properties("AWS::IAM::Role")[role], "dynamodb") == tables


def test_whoever_stands_at_the_door_can_queue_a_hint_and_nothing_else(properties: Properties) -> None:
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
            assert not {action for action in actions if "Delete" in action} - {"sqs:DeleteMessage"}


WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"}
RECORDS = {
    "a revision": "nordic#supplier_invoice#900145",
    "an order": "nordic#purchase_order#500123",
    "an owner": "transaction#802210971",
    "a number": "number#850_PURCHASE_ORDER#A#B#500123",
    "the breaker": "breaker#orderful",
    "a pointer": "inbound#802210971",
}


@pytest.mark.parametrize(
    ("role", "written"),
    [
        ("PollVismaRole", set()),
        ("TranslateDocumentRole", {"a revision", "an order"}),
        ("DeliverTransactionRole", RECORDS.keys() - {"a pointer"}),
        ("TrackTransactionsRole", {"a revision", "an order", "an owner", "a number", "the breaker"}),
        ("ReceiveCallbackRole", set()),
        ("PollOrderfulRole", {"an order", "a pointer", "the breaker"}),
        ("ApplyChangeRole", {"an order", "a pointer", "the breaker"}),
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
    assert kept["KMSMasterKeyId"]["Fn::If"][:2] == ["IsOnAws", {"Fn::GetAtt": ["TokensKey", "Arn"]}]
    (statement,) = template["Resources"]["TokensKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert statement["Sid"] == "AccountManagesKey"
    users = {
        role
        for role, its in properties("AWS::IAM::Role").items()
        if any("TokensKey" in json.dumps(one["Resource"]) for one in _statements(its))
    }
    sharers = {
        role
        for role, its in properties("AWS::IAM::Role").items()
        if any("TokensTable" in json.dumps(one["Resource"]) for one in _statements(its))
    }
    assert users == sharers == {"PollVismaRole", "ApplyChangeRole"}


def test_what_cannot_be_read_again_from_visma_outlives_the_stack(template: dict[str, Any]) -> None:
    for name in ("CursorsTable", "RoutingTable", "DocumentsTable", "PayloadsBucket"):
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"
        if resource["Type"] == "AWS::DynamoDB::Table":
            assert resource["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsLive", True, False]}


def test_every_table_is_billed_by_use_and_can_be_restored_to_any_second(properties: Properties) -> None:
    for table in properties("AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_ledger_can_be_read_by_open_state_in_order_of_change(properties: Properties) -> None:
    (index,) = properties("AWS::DynamoDB::Table")["DocumentsTable"]["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "by_state"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["open_state", "updated"]


def test_the_bucket_is_private_and_forgets_queued_documents_after_a_month(properties: Properties) -> None:
    (bucket,) = properties("AWS::S3::Bucket").values()
    rules = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert rules["documents/"] == 30
    assert set(rules) == {"documents/", None}, "sources and requests belong to the ledger and stay"


# ---- alarms


def test_every_alarm_tells_the_topic_when_it_goes_off_and_when_it_is_over(properties: Properties) -> None:
    for alarm in properties("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_every_alarm_names_an_entry_of_the_runbook(properties: Properties) -> None:
    headings = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))

    named = set()
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        entry = alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        assert entry == re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Alarm")).lower()
        assert alarm["AlarmDescription"].endswith(f" See docs/runbook.md#{entry}")
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
        Metric.POLL_COMPLETED,
        Metric.CURSOR_LAG,
        Metric.DOCUMENTS_PARKED,
        Metric.DOCUMENTS_REJECTED,
        Metric.DOCUMENTS_UNCONFIRMED,
        Metric.ACKNOWLEDGMENTS_OVERDUE,
        Metric.CREDENTIALS_REFUSED,
        Metric.THROTTLED,
        Metric.MESSAGES_HELD_UP,
        Metric.STREAM_MISMATCH,
        Metric.DOUBLE_SENT,
        Metric.DAMAGED_ROWS,
        Metric.COLLECT_COMPLETED,
        Metric.CHANGES_PARKED,
        Metric.CHANGES_REJECTED,
        Metric.CHANGES_STUCK,
        Metric.CALLBACKS_REFUSED,
        Metric.CALLBACKS_UNUSABLE,
    }


def test_silence_of_a_poller_is_an_alarm_and_silence_of_anything_else_is_none(properties: Properties) -> None:
    for name, alarm in properties("AWS::CloudWatch::Alarm").items():
        if name in {"PollHeartbeatAlarm", "CollectHeartbeatAlarm"}:
            assert alarm["TreatMissingData"] == "breaching"
            assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
            assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, {"Ref": "HeartbeatMinutes"})
        else:
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_a_number_that_is_reported_again_and_again_alarms_only_when_it_never_was_zero(properties: Properties) -> None:
    alarms = properties("AWS::CloudWatch::Alarm")

    for name in ("DocumentsUnconfirmedAlarm", "ChangesUnfinishedAlarm"):
        assert (alarms[name]["Statistic"], alarms[name]["Period"], alarms[name]["Threshold"]) == ("Minimum", 900, 0)


def test_a_callback_that_got_no_good_answer_is_heard_of_whoever_answered_it(properties: Properties) -> None:
    """The function catches what goes wrong inside it, and API Gateway answers for it when it cannot start."""
    alarm = properties("AWS::CloudWatch::Alarm")["CallbacksFailedAlarm"]
    api = properties("AWS::Serverless::Api")["CallbackApi"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    assert alarm["Dimensions"] == [{"Name": "ApiName", "Value": api["Name"]}]


def test_every_function_has_an_alarm_on_its_errors(properties: Properties) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for alarm in properties("AWS::CloudWatch::Alarm").values()
        if alarm["Namespace"] == "AWS/Lambda"
    }

    assert watched == set(SETTINGS)


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


def test_the_dashboard_shows_every_alarm_and_only_metrics_that_exist(properties: Properties) -> None:
    (dashboard,) = properties("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    alarms = {arn for widget in widgets for arn in widget["properties"].get("alarms", [])}
    shown = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]

    assert alarms == {f"${{{name}.Arn}}" for name in properties("AWS::CloudWatch::Alarm")}
    assert {name for space, name, *_ in shown if space == NAMESPACE["Fn::Sub"]} == set(Metric)


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
        "CallbackUrl",
        "CallbackApiId",
        "VismaSecretArn",
        "OrderfulSecretArn",
        "CallbackSecretArn",
        "OrderfulInboxIds",
        "OrderfulBucketIds",
        "AlarmTopicArn",
        *SETTINGS,
    }


def test_the_template_uses_no_yaml_alias_because_cloudformation_knows_none() -> None:
    events = yaml.parse((ROOT / "template.yaml").read_text())

    assert not [event for event in events if isinstance(event, yaml.AliasEvent)]


def test_the_workflow_pins_every_action_and_may_only_read() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]

    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in steps if "uses" in step)
    assert ".ci/run" in [step.get("run") for step in steps]
