"""`connector status`: one screen, and an exit code that a script can use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from connector.domain.documents import DocumentKey
from connector.domain.order_change.record import ChangeState
from connector.domain.pause import Act, Pause, Scope
from connector.domain.reasons import Reason
from connector.domain.revision.record import Event, Revision, State
from connector.domain.transactions import Stream
from connector.services.list_health import ListHealth
from connector.services.ports import Calls, CursorView
from testkit.memory.stores import CALLER, MemoryBreaker, MemoryLedger, a_change
from testkit.samples.routing_data import routing_data
from tests.unit.cli.conftest import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
QUEUES = ("documents", "deliveries", "changes", "hints")
TOPIC = "arn:topic"


class Aws:
    """Queues, alarms and figures; an error in place of an answer is raised."""

    def __init__(self):
        self.messages = {}
        self.alarms = []
        self.figures = {}
        self.forbidden = set()
        self.calls = []

    def __call__(self, service):
        return self

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803 - as boto3 has it
        self._may("GetQueueAttributes")
        visible = self.messages.get(QueueUrl.rpartition("/")[2], 0)
        return {"Attributes": dict(zip(AttributeNames, (str(visible), "0"), strict=True))}

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=getattr(self, operation))

    def describe_alarms(self, *, AlarmNamePrefix, StateValue):  # noqa: N803 - as boto3 has it
        self._may("DescribeAlarms")
        assert (AlarmNamePrefix, StateValue) == ("laptop-", "ALARM")
        yield {"MetricAlarms": self.alarms, "CompositeAlarms": []}

    def get_metric_data(self, *, MetricDataQueries, StartTime, EndTime):  # noqa: N803 - as boto3 has it
        self._may("GetMetricData")
        assert StartTime < EndTime == NOW
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            name = metric["Dimensions"][0]["Value"] if metric["Namespace"] == "AWS/SQS" else metric["MetricName"]
            points = self.figures.get(name, [])
            yield {
                "MetricDataResults": [
                    {
                        "Id": query["Id"],
                        "Timestamps": [at for at, _ in points],
                        "Values": [value for _, value in points],
                    }
                ]
            }

    def _may(self, operation):
        self.calls.append(operation)
        if operation in self.forbidden:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


def an_alarm(name, *, topic=TOPIC):
    return {"AlarmName": f"laptop-{name}", "StateUpdatedTimestamp": NOW - HOUR, "AlarmActions": [topic]}


@pytest.fixture
def quiet(stack):
    """A stack on which nothing needs a person."""
    stack.ledger, stack.breaker, stack.client = MemoryLedger(), MemoryBreaker(), Aws()
    stack.visma_breaker = lambda _: MemoryBreaker()
    stack.routing.data = routing_data()
    stack.findings = SimpleNamespace(findings=list)
    stack.outputs |= {f"{name.capitalize()}QueueUrl": f"https://sqs/{name}.fifo" for name in QUEUES}
    stack.outputs |= {f"{name.capitalize()}DeadLettersUrl": f"https://sqs/{name}-dead.fifo" for name in QUEUES[:3]}
    view = CursorView(
        company="nordic",
        resource="v1/purchaseorder",
        watermark=NOW,
        caught_up_at=NOW - 3 * MINUTE,
        locked_until=None,
        unfinished=False,
        remembered=0,
        waiting=0,
    )
    stack.cursors = SimpleNamespace(all_cursors=lambda: [view])
    return stack


def put(stack, *numbers, **changes):
    for number in numbers:
        revision = Revision(
            key=DocumentKey.of_order("nordic", number),
            sequence=1,
            revision_id="r",
            state=State.PARKED,
            created_at=NOW - HOUR,
            updated_at=NOW,
            partner="acme",
        )
        stack.ledger.rows[(revision.key, 1)] = replace(revision, **changes)


def test_nothing_to_do_is_exit_code_0(connector, quiet):
    result = connector("status")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Stack 'laptop' (test), 2026-09-01 06:00:00Z\n\nNothing waits for a person.\n")
    assert "Documents are sent." in result.out
    assert "\nnordic v1/purchaseorder is behind by 3m (connector cursors).\n" in result.out
    assert result.out.index("No alarm is on.") < result.out.index("is behind by")
    assert "No alarm is on." in result.out
    assert "Today (UTC): CloudWatch has no figures." in result.out


def test_a_live_stack_says_so(connector, quiet):
    quiet.stream = Stream.LIVE
    assert connector("status").out.startswith("Stack 'laptop' (LIVE), ")


def test_what_waits_is_named_with_its_reason_and_the_command_that_lists_it(connector, quiet):
    put(quiet, "1", "2", reason_code="unmapped-unit")
    result = connector("status")
    assert result.code == 3
    row = next(line for line in result.out.splitlines() if line.startswith("document"))
    assert row.split()[1:2] == ["2"]
    assert row.endswith("unmapped-unit  connector documents list --code unmapped-unit")


def _dead_letter(stack):
    stack.client.messages["documents-dead.fifo"] = 1


def _alarm(stack):
    stack.client.alarms = [an_alarm("documents-parked")]


def _failing(stack):
    health = ListHealth(
        company="nordic", resource="v1/purchaseorder", configured_at=NOW, failing_since=NOW, problem="403"
    )
    stack.health.end([health], now=NOW)


def _stop(stack):
    stack.breaker.open("Orderful refused the key.", now=NOW - HOUR, until=NOW + MINUTE)


def _finding(stack):
    stack.findings = SimpleNamespace(findings=lambda: [SimpleNamespace(is_open=True), SimpleNamespace(is_open=False)])


def _left_behind(stack):
    put(stack, "1", reason_code="paused")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (_dead_letter, "documents, dead letters"),
        (_dead_letter, "      -> connector deadletters list --queue documents\n"),
        (_alarm, "docs/runbook.md#documents-parked"),
        (_failing, "failing since 2026-09-01 06:00:00Z: 403"),
        (
            _stop,
            "Sending is stopped since 2026-09-01 05:00:00Z; it is tried again at 2026-09-01 06:01:00Z: Orderful",
        ),
        (_finding, "1 finding -> connector reconcile list"),
        (_left_behind, "1 document left behind by a pause that has ended"),
    ],
)
def test_whatever_needs_a_person_is_said_and_is_exit_code_3(connector, quiet, failure, said):
    failure(quiet)
    result = connector("status")
    assert (result.code, said in result.out) == (3, True)


def test_a_list_that_fails_and_was_never_read_stands_first(connector, quiet):
    failing = [
        ListHealth(company="nordic", resource=resource, configured_at=NOW, failing_since=NOW, problem="403")
        for resource in ("v1/purchaseorder", "v1/customerinvoice")
    ]
    quiet.health.end(failing, now=NOW)
    lists = connector("status", "--json").data["lists"]
    assert [(one["resource"], one["lag"]) for one in lists] == [
        ("v1/customerinvoice", None),
        ("v1/purchaseorder", "3m"),
    ]


def test_a_line_break_in_a_reason_makes_no_line_of_the_screen(connector, quiet):
    quiet.breaker.open("refused\nNothing waits.", now=NOW - HOUR, until=NOW + HOUR)
    assert "\nNothing waits." not in connector("status").out


def test_a_pause_is_shown_with_what_it_keeps_and_alone_needs_nobody(connector, quiet):
    quiet.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller=CALLER, reason="they move"))
    put(quiet, "1", "2", reason_code="paused")
    result = connector("status")
    assert result.code == 0
    assert "by kari: they move (2 documents, the oldest of 2026-09-01 05:00:00Z)" in result.out
    assert "-> connector resume --partner acme" in result.out


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        (Scope(), "Nothing is sent: everything is paused."),
        (Scope(partner="acme"), "Documents are sent, but not what is paused."),
    ],
)
def test_a_stack_with_a_pause_does_not_say_that_all_documents_are_sent(connector, quiet, scope, sentence):
    quiet.breaker.pause(Pause(scope=scope, since=NOW, by="kari", caller=CALLER, reason="they move"))
    assert f"\n{sentence}\n" in connector("status").out


def test_holds_and_who_ended_the_last_ones_are_shown(connector, quiet):
    quiet.breaker.hold(Calls.CREATE, until=NOW + 2 * MINUTE)
    quiet.breaker.note(Act(NOW - HOUR, "kari", CALLER, "lifted the holds of Orderful"))
    out = connector("status").out
    assert "Orderful: sending: new transactions wait for 2m -> connector holds lift" in out
    assert "Last let go on: 2026-09-01 05:00:00Z, kari: lifted the holds of Orderful." in out


def test_alarms_of_a_stack_whose_name_begins_alike_are_not_ours(connector, quiet):
    quiet.client.alarms = [an_alarm("dev-documents-parked", topic="arn:another")]
    assert connector("status").code == 0


def test_queues_have_the_age_of_their_oldest_message_and_the_day_its_counters(connector, quiet):
    quiet.client.messages["deliveries.fifo"] = 4
    quiet.client.figures = {
        "deliveries.fifo": [(NOW - 5 * MINUTE, 90.0), (NOW - 10 * MINUTE, 500.0)],
        "documents.fifo": [(NOW - 5 * MINUTE, 90.0)],
        "DocumentsSent": [(NOW - HOUR, 3.0), (NOW - 2 * HOUR, 4.0), (NOW - 20 * HOUR, 100.0)],
    }
    put(quiet, "1", state=State.SENT, sent_at=NOW - HOUR)
    out = connector("status").out
    assert "deliveries                4         1m30s" in out
    assert "documents                 0         -" in out
    assert "Today (UTC): documents sent 7." in out
    assert "acme     1                 0             0       0" in out


def test_partners_with_open_work_come_first_and_the_rest_is_counted(connector, quiet):
    for number in range(30):
        put(quiet, str(number), state=State.SENT, sent_at=NOW, partner=f"partner{number:02}")
    put(quiet, "500", reason_code="unmapped-unit", partner="zulu")
    out = connector("status").out
    assert out.index("\nzulu ") < out.index("\npartner00 ")
    assert "and 11 more partners: connector documents list --partner NAME" in out
    assert connector("status", "--json").data["partners"][0] == {
        "partner": "zulu",
        "sent_today_not_acknowledged": 0,
        "acknowledged_today": 0,
        "failed": 0,
        "waiting": 1,
    }


def test_the_numbers_of_a_day_are_shown_by_partner(connector, quiet):
    yesterday = NOW - 24 * HOUR
    quiet.client.figures = {"DocumentsSent": [(yesterday, 2.0), (NOW - HOUR, 100.0)]}
    put(quiet, "1", state=State.ACKNOWLEDGED, sent_at=yesterday, history=(Event(NOW, State.ACKNOWLEDGED, ""),))
    put(quiet, "2", state=State.ACKNOWLEDGED, sent_at=yesterday, history=(Event(yesterday, State.ACKNOWLEDGED, ""),))
    result = connector("status", "--day", "yesterday")
    assert "this reads all of it" in result.err
    assert "2026-08-31 (UTC): documents sent 2." in result.out
    assert "2026-08-31 (UTC)  sent  acknowledged  failed  parked\nacme              2     1" in result.out
    day = connector("status", "--day", "2026-08-31", "--json").data["day"]
    assert (day["date"], day["complete"], day["partners"]) == (
        "2026-08-31",
        True,
        [{"partner": "acme", "sent": 2, "acknowledged": 1, "failed": 0, "parked": 0}],
    )


def test_a_day_without_documents_is_said_and_what_is_no_day_refused(connector, quiet):
    assert "On 2026-09-01 (UTC) nothing was sent" in connector("status", "--day", "today").out
    result = connector("status", "--day", "last week")
    assert (result.code, "'last week' is no day" in result.err) == (2, True)


def test_what_aws_does_not_show_is_said_and_hides_nothing_else(connector, quiet):
    quiet.client.forbidden = {"DescribeAlarms", "GetMetricData", "GetQueueAttributes"}
    put(quiet, "1", reason_code="unmapped-unit")
    result = connector("status")
    assert result.code == 3
    assert "AWS does not show the alarms (DescribeAlarms: AccessDenied)." in result.err
    assert "connector documents list --code unmapped-unit" in result.out
    assert "No alarm is on." not in result.out


@pytest.mark.parametrize("hidden", ["DescribeAlarms", "GetQueueAttributes"])
def test_what_could_not_be_found_out_is_exit_code_1(connector, quiet, hidden):
    quiet.client.forbidden = {hidden}
    assert connector("status").code == 1
    assert connector("status", "--json").data["needs_person"] is None


def test_more_paused_documents_than_are_read_are_told_as_such(connector, quiet):
    for name in ("acme", "globex"):
        quiet.breaker.pause(Pause(scope=Scope(partner=name), since=NOW, by="kari", caller=CALLER, reason="x"))
    put(quiet, *map(str, range(1001)), reason_code="paused", created_at=NOW - 2 * HOUR)
    put(quiet, "9999", reason_code="paused", partner="globex")
    result = connector("status")
    assert (result.code, "More than 1,000 documents are paused" in result.out) == (1, True)
    assert "(none of the first 1,000 documents waits)" in result.out


def test_a_change_that_a_pause_keeps_waits_for_nobody_until_the_pause_has_ended(connector, quiet):
    scope = Scope(partner="acme")
    quiet.breaker.pause(Pause(scope=scope, since=NOW, by="kari", caller=CALLER, reason="they move"))
    quiet.changes.put(a_change(state=ChangeState.PARKED, reason_codes=(Reason.PAUSED,), partner="acme"))
    result = connector("status")
    assert (result.code, "(no document waits; 1 change of partners)" in result.out) == (0, True)
    quiet.breaker.resume(scope)
    result = connector("status")
    assert (result.code, "1 change left behind by a pause that has ended" in result.out) == (3, True)


def test_the_same_as_data(connector, quiet):
    put(quiet, "1", reason_code="unmapped-unit")
    quiet.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller=CALLER, reason="they move"))
    data = connector("status", "--json").data
    assert (data["stack"], data["stream"], data["needs_person"]) == ("laptop", "test", True)
    assert [(one["what"], one["reason_code"], one["count"]) for one in data["waiting"]] == [
        ("document", "unmapped-unit", 1)
    ]
    assert data["pauses"][0]["options"] == "--partner acme"
    assert data["lists"][0]["lag"] == "3m"
    assert data["queues"][0] == {"name": "documents", "waiting": 0, "oldest": None}


def test_aws_is_asked_a_bounded_number_of_times(connector, quiet):
    connector("status")
    assert sorted(quiet.client.calls) == sorted(["GetQueueAttributes"] * 7 + ["GetMetricData", "DescribeAlarms"])
