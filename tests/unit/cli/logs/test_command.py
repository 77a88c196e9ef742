"""`connector logs`: the lines of a document, whoever wrote them, and nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.cli.logs.search import MAX_PAGES
from testkit.samples.routing_data import routing_data
from tests.unit.cli.conftest import NOW
from tests.unit.cli.documents.conftest import CHANGE, SENT
from tests.unit.cli.logs.test_search import Logs

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NAMED = {"company": "nordic", "kind": "purchase_order", "number": "500123"}


class Searchable(Logs):
    """An emulator's CloudWatch: a pattern of fields finds everything, one of terms the lines that have one."""

    def filter_log_events(self, **request):
        answer = super().filter_log_events(**request)
        if not request["filterPattern"].startswith("?"):
            return answer
        terms = [one.strip('?"') for one in request["filterPattern"].split()]
        return {"events": [one for one in answer["events"] if any(term in one["message"] for term in terms)]}


def line(number, message, /, *, at=NOW, run="run-1", **fields):
    usual = {"level": "INFO", "message": message, "service": "connector", "function_request_id": run}
    return {
        "eventId": f"e-{number}",
        "timestamp": int(at.timestamp() * 1000),
        "message": json.dumps({**usual, **fields}),
    }


def text(number, words):
    return {"eventId": f"t-{number}", "timestamp": int(NOW.timestamp() * 1000), "message": words}


@pytest.fixture
def logs(stack):
    stack.routing.data = routing_data()
    stack.ledger.kept = [SENT]
    stack.client = Searchable(
        translate_document=[
            [
                line(1, "translated", at=NOW - 2 * MINUTE, sequence=1, **NAMED),
                line(2, "translated", at=NOW - 2 * MINUTE, **{**NAMED, "number": "500124"}),
                line(3, "goes back to the queue", at=NOW - 3 * MINUTE, reason="The ledger answered 500.", **NAMED),
            ]
        ],
        deliver_transaction=[[line(4, "sent", at=NOW - MINUTE, run="run-2", transaction_id="802210971")]],
    )
    return stack.client


def messages(result):
    return [one["message"] for one in result.data["lines"]]


@pytest.mark.parametrize("name", ["500123", "nordic/purchase_order/500123"])
def test_the_lines_of_a_document_and_of_its_transactions_stand_in_order(connector, logs, name):
    result = connector("logs", name, "--json")
    assert result.code == 0
    assert messages(result) == ["goes back to the queue", "translated", "sent"]
    assert result.data["lines"][0]["fields"] == {"reason": "The ledger answered 500.", **NAMED}
    patterns = {one["filterPattern"] for one in logs.asked if one["filterPattern"].startswith("{")}
    named = '($.company = "nordic" && $.kind = "purchase_order" && $.number = "500123")'
    assert patterns == {f'{{ {named} || ($.transaction_id = "802210971") }}'}


def test_a_person_reads_them_as_lines(connector, logs):
    result = connector("logs", "500123")
    assert result.out.splitlines() == [
        "2026-09-01 05:57:00Z  translate_document  INFO  goes back to the queue  reason=The ledger answered 500.",
        "2026-09-01 05:58:00Z  translate_document  INFO  translated  sequence=1",
        "2026-09-01 05:59:00Z  deliver_transaction  INFO  sent  transaction_id=802210971",
    ]


def test_which_log_groups_were_searched_and_how_far_is_said(connector, logs):
    result = connector("logs", "500123")
    assert "Searched from 2026-08-29 06:00:00Z to 2026-09-01 06:00:00Z:" in result.err
    assert "  /aws/lambda/laptop/poll_visma: 1 page\n" in result.err
    assert "  /aws/lambda/laptop/translate_document: 2 pages\n" in result.err


def test_ids_of_incoming_changes_are_looked_for_as_well(connector, stack, logs):
    stack.changes.put(CHANGE, message={})
    logs.events["apply_change"] = [[line(9, "applied", transaction_id=CHANGE.transaction_id)]]
    assert "applied" in messages(connector("logs", "500123", "--json"))


def test_what_the_same_run_says_of_no_other_document_is_shown(connector, logs):
    """A failure of the whole run, and that Lambda ended it."""
    logs.events["translate_document"][0] += [
        line(5, "held back"),
        line(6, "parked", **{**NAMED, "number": "500125"}),
        line(7, "poll", run="run-9"),
        {**line(8, ""), "message": json.dumps({"_aws": {}, "function_request_id": "run-1"})},
        text(1, "2026-09-01T06:00:00Z run-1 Task timed out after 60.00 seconds"),
        text(2, "START RequestId: run-1 Version: 1"),
        text(3, "REPORT RequestId: run-1 Duration: 3 ms"),
        text(4, "REPORT RequestId: run-1 Duration: 3 ms Status: timeout"),
    ]
    shown = messages(connector("logs", "500123", "--json"))
    assert shown[3:] == [
        "held back",
        "2026-09-01T06:00:00Z run-1 Task timed out after 60.00 seconds",
        "REPORT RequestId: run-1 Duration: 3 ms Status: timeout",
    ]


def test_a_document_that_the_ledger_does_not_know_is_looked_for_as_it_was_typed(connector, stack, logs):
    """It may never have been captured: its message lies among the dead letters."""
    logs.events["poll_visma"] = [[line(5, "queued", number="999")]]
    assert messages(connector("logs", "999", "--json")) == ["queued"]
    result = connector("logs", "nordic/purchase_order/998", "--json")
    assert (result.code, result.data["lines"]) == (0, [])


def test_half_a_key_is_refused(connector, logs):
    assert connector("logs", "nordic/purchase_order").code == 2
    assert logs.asked == []


@pytest.mark.parametrize(
    ("options", "since", "until"),
    [
        (("--since", "2h"), NOW - timedelta(hours=2), NOW),
        (("--since", "2026-08-30", "--until", "2026-08-30"), NOW - 2 * DAY - 6 * 60 * MINUTE, NOW - DAY - 360 * MINUTE),
    ],
)
def test_the_time_is_what_was_asked_for(connector, logs, options, since, until):
    connector("logs", "500123", *options)
    asked = {(one["startTime"], one["endTime"]) for one in logs.asked}
    assert asked == {(int(since.timestamp() * 1000), int(until.timestamp() * 1000))}


def test_the_newest_lines_are_shown_and_the_others_counted(connector, logs):
    result = connector("logs", "500123", "--limit", "2", "--json")
    assert (messages(result), result.data["more"]) == (["translated", "sent"], 1)
    assert "The newest 2 of 3 lines" in result.err


def test_a_search_that_was_cut_off_says_so(connector, logs):
    logs.events["reconcile"] = [[] for _ in range(MAX_PAGES + 1)]
    result = connector("logs", "500123")
    assert result.code == 1
    assert f"/aws/lambda/laptop/reconcile: {MAX_PAGES} pages, and there are more" in result.err


def test_several_documents_of_one_number_have_to_be_told_apart(connector, stack, logs):
    stack.ledger.kept = [SENT, replace(SENT, key=replace(SENT.key, kind=type(SENT.key.kind)("supplier_invoice")))]
    result = connector("logs", "500123")
    assert result.code == 2
    assert "Several documents" in result.err
