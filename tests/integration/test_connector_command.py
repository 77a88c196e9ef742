"""The `connector` command with its real adapters: AWS in memory, the sandbox systems over real sockets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
import yaml

from connector.adapters.aws import clients
from connector.cli.main import command_line
from connector.cli.stack.stack import Stack
from testkit.aws import aws_in_memory, make_table
from testkit.samples.routing_data import routing_data
from testkit.sandboxes import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    Recipe,
    SandboxCompany,
    running_orderful,
    running_visma,
)

COMPANY = SandboxCompany()
ROUTING = routing_data(
    {
        "companies.nordic.go_live": "2026-11-01",
        "companies.nordic.visma": {
            "company_id": COMPANY.company_id,
            "tenant_id": COMPANY.tenant_id,
            "time_zone": "Europe/Oslo",
        },
    }
)


@pytest.fixture
def visma():
    with running_visma(COMPANY) as sandbox:
        yield sandbox


@pytest.fixture
def orderful():
    own, partners = ("NORDICFOOD", "NORDICFOODT", "Nordic Food AS"), (("ACMEPRODUCE", "ACMEPRODUCET", "Acme"),)
    with running_orderful(own=own, partners=partners) as sandbox:
        sandbox.add_partner("MATSENTERET", "MATSENTERETT")
        sandbox.inbound.set_channels({"inboxes": [4711]})
        yield sandbox


SCHEDULED = {
    **dict.fromkeys(("PollVisma", "TrackTransactions", "PollOrderful"), "rate(5 minutes)"),
    "Reconcile": "cron(0/5 1-4 * * ? *)",
    "SendDigest": "cron(0 5 * * ? *)",
}
SETTINGS = SimpleNamespace(get_account_settings=lambda: {"AccountLimit": {"ConcurrentExecutions": 1000}})


def watched():
    """The alarm topic, the schedules and the functions as outputs; each has run five minutes ago."""
    sns, scheduler, cloudwatch = (boto3.client(name) for name in ("sns", "scheduler", "cloudwatch"))
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="edi@example.com")
    outputs = {"AlarmTopicArn": topic, "AlarmEmail": "edi@example.com"}
    for name, expression in SCHEDULED.items():
        target = {"Arn": f"arn:aws:lambda:eu-north-1:123456789012:function:{name}", "RoleArn": "arn:aws:iam::1:role/r"}
        off = {"Mode": "OFF"}
        scheduler.create_schedule(Name=name, ScheduleExpression=expression, FlexibleTimeWindow=off, Target=target)
        outputs |= {f"{name}Schedule": name}
    for name in (*SCHEDULED, "TranslateDocument", "DeliverTransaction", "ReceiveCallback", "ApplyChange"):
        outputs |= {f"{name}Function": name}
        metric = {
            "MetricName": "Invocations",
            "Dimensions": [{"Name": "FunctionName", "Value": name}],
            "Timestamp": datetime.now(UTC) - timedelta(minutes=5),
            "Value": 1,
        }
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[metric])
    return outputs


@pytest.fixture
def connector(visma, orderful, monkeypatch, capsys):
    """Run the command against a stack whose tables and secrets are in memory."""
    with aws_in_memory(monkeypatch):
        make_table("routing")
        make_table("cursors")
        make_table("documents")
        make_table("tokens", range_key=False)
        secrets = boto3.client("secretsmanager")
        credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        outputs = {
            "RoutingTable": "routing",
            "CursorsTable": "cursors",
            "DocumentsTable": "documents",
            "TokensTable": "tokens",
            "VismaSecretArn": secrets.create_secret(Name="visma", SecretString=json.dumps(credentials))["ARN"],
            "OrderfulSecretArn": secrets.create_secret(Name="orderful", SecretString=json.dumps({"api_key": API_KEY}))[
                "ARN"
            ],
            "VismaBaseUrl": visma.url,
            "VismaTokenUrl": f"{visma.url}/connect/token",
            "OrderfulBaseUrl": orderful.url,
            "OrderfulInboxIds": "4711",
            "OrderfulBucketIds": "",
            "CallbackUrl": "https://callback.example/v1/orderful",
            "CallbackSecretArn": secrets.create_secret(
                Name="callback", SecretString='{"header": "x-connector-secret", "secrets": ["a secret"]}'
            )["ARN"],
            "Stream": "test",
            **watched(),
        }

        def opener(name):
            stack = Stack(name or "laptop")
            stack.outputs = outputs
            # moto has no account settings.
            stack.client = lambda service: SETTINGS if service == "lambda" else boto3.client(service)
            return stack

        def run(*arguments):
            code = command_line(arguments, opener=opener)
            captured = capsys.readouterr()
            return code, captured.out, captured.err

        yield run
    clients._client.cache_clear()


@pytest.fixture
def applied(connector):
    """Put a routing in force, and at once the usual one."""
    clock = type("Clock", (), {"now": staticmethod(Stack("x").clock.now)})
    from connector.adapters.aws.routing_store import RoutingStore

    def apply(data):
        RoutingStore("routing", clock).apply(data, clock.now())

    apply(ROUTING)
    return apply


@pytest.mark.usefixtures("applied")
def test_doctor_finds_nothing_wrong_with_two_well_configured_systems(connector, visma):
    visma.generate("purchaseorder", Recipe(count=3))
    code, out, err = connector("doctor", "--json")
    assert code == 0, out + err
    assert {finding["mark"] for finding in json.loads(out)} == {"ok"}, out


@pytest.mark.usefixtures("applied")
def test_doctor_sees_each_run_of_a_schedule_and_one_that_was_disabled(connector):
    scheduler = boto3.client("scheduler")
    found = scheduler.get_schedule(Name="PollVisma")
    kept = {name: found[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**kept, State="DISABLED")
    scheduler.delete_schedule(Name="TrackTransactions")
    findings = {finding["check"]: finding for finding in json.loads(connector("doctor", "--json")[1])}
    assert findings["schedule poll_orderful"]["sentence"] == "poll_orderful was started 1 time in the last 30m."
    assert "disabled" in findings["schedule poll_visma"]["sentence"]
    assert findings["schedule track_transactions"]["sentence"] == "it is not there any more."


def test_doctor_sees_that_the_time_stamps_do_not_belong_to_the_configured_zone(connector, visma, applied):
    visma.generate("purchaseorder", Recipe(count=3))
    company = ROUTING["companies"]["nordic"]
    wrong = {**company, "visma": {**company["visma"], "time_zone": "UTC"}}
    applied({**ROUTING, "companies": {"nordic": wrong}})
    code, out, _ = connector("doctor", "--json")
    assert code == 1
    assert [finding["check"] for finding in json.loads(out) if finding["mark"] == "fail"] == ["visma nordic zone"]


@pytest.mark.usefixtures("applied")
def test_doctor_tells_a_wrong_secret_from_a_missing_relationship(connector, visma, orderful):
    visma.connect.clients[CLIENT_ID] = "another secret"
    orderful.network.relationships.clear()
    code, out, _ = connector("doctor", "--json")
    failed = {finding["check"] for finding in json.loads(out) if finding["mark"] == "fail"}
    assert code == 1
    documents = {"visma nordic invoices", "visma nordic order lines"}
    assert failed == {
        "visma nordic token",
        *documents,
        "orderful acme",
        "orderful acme supplier invoices",
        "orderful matsenteret",
    }
    assert CLIENT_SECRET not in out


@pytest.mark.usefixtures("applied")
def test_config_show_and_diff_read_what_is_in_force(connector, tmp_path: Path):
    file = tmp_path / "connector.yaml"
    file.write_text(yaml.safe_dump({**ROUTING, "defaults": {**ROUTING["defaults"], "currency": "NOK"}}))
    code, out, _ = connector("config", "diff", str(file))
    assert (code, out) == (0, '+ defaults.currency: "NOK"\n')
    code, out, _ = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json")
    assert (code, json.loads(out)["partner"]["value"]) == (0, "acme")


@pytest.mark.usefixtures("applied")
def test_cursors_reads_an_empty_table(connector):
    assert connector("cursors") == (0, "No list has been read yet.\n", "")
