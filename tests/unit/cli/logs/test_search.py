"""Searching the logs: patterns that mean what was typed, each line once, and within a bound."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from connector.cli.logs.search import (
    FUNCTIONS,
    MAX_PAGES,
    MAX_PATTERN_LENGTH,
    patterns_of,
    quoted,
    search,
    with_a_term,
)
from connector.domain.errors import Misconfigured
from tests.unit.cli.conftest import FUNCTIONS as DEPLOYED
from tests.unit.cli.conftest import NOW

HOUR = timedelta(hours=1)


class Logs:
    """CloudWatch: events by function, a page each; an error in their place is raised."""

    def __init__(self, **events):
        self.events = events
        self.asked = []

    def __call__(self, service):
        assert service == "logs"
        return self

    def filter_log_events(self, **request):
        self.asked.append(request)
        pages = self.events.get(request["logGroupName"].rpartition("/")[2], [[]])
        if isinstance(pages, Exception):
            raise pages
        at = int(request.get("nextToken", "0"))
        more = {"nextToken": str(at + 1)} if at + 1 < len(pages) else {}
        return {"events": pages[at], **more}


def an_event(number, /, *, at=NOW, **fields):
    text = json.dumps({"level": "INFO", "message": f"line {number}", **fields})
    return {"eventId": f"e-{number}", "timestamp": int(at.timestamp() * 1000), "message": f"{text}\n"}


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "FilterLogEvents")


def look(stack, logs, *functions, patterns=("{}",)):
    stack.client = logs
    return search(stack, functions or FUNCTIONS, patterns, since=NOW - HOUR, until=NOW)


def test_every_function_of_the_stack_is_known():
    assert [re.sub("(?<!^)([A-Z])", r"_\1", name).lower() for name in DEPLOYED] == list(FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("500123", '"500123"'),
        ('5" || $.a = "b', r'"5\" || $.a = \"b"'),
        ("a\\", r'"a\\"'),
        ("Ø 1\n", r'"Ø 1\n"'),
    ],
)
def test_no_sign_of_a_number_counts_as_part_of_a_pattern(text, written):
    assert quoted(text) == written


def test_a_pattern_asks_for_all_fields_of_one_filter_or_of_another():
    filters = [{"company": "nordic", "number": "500123"}, {"transaction_id": "802210971"}]
    assert list(patterns_of(filters)) == [
        '{ ($.company = "nordic" && $.number = "500123") || ($.transaction_id = "802210971") }'
    ]


def test_many_filters_are_as_few_patterns_as_cloudwatch_takes():
    filters = [{"transaction_id": f"8022109{number:02}"} for number in range(60)]
    patterns = list(patterns_of(filters))
    assert 1 < len(patterns) < 5
    assert all(len(one) <= MAX_PATTERN_LENGTH for one in patterns)
    assert sum(one.count("$.transaction_id") for one in patterns) == 60


def test_terms_are_looked_for_as_they_are():
    assert list(with_a_term(["r-1", 'r"2'])) == [r'?"r-1" ?"r\"2"']
    many = list(with_a_term([f"{number:036}" for number in range(60)]))
    assert all(len(one) <= MAX_PATTERN_LENGTH for one in many)
    assert sum(one.count("?") for one in many) == 60


def test_nothing_to_look_for_is_no_pattern():
    assert [*patterns_of([]), *with_a_term([])] == []


def test_lines_of_all_functions_stand_in_order_of_time_each_once(stack):
    logs = Logs(
        poll_visma=[[an_event(1, at=NOW - HOUR), an_event(3)], [an_event(3)]],
        translate_document=[[an_event(2, at=NOW - HOUR / 2)]],
    )
    found = look(stack, logs, patterns=("{ a }", "{ b }"))
    assert [(one.function, one.fields["message"]) for one in found.lines] == [
        ("poll_visma", "line 1"),
        ("translate_document", "line 2"),
        ("poll_visma", "line 3"),
    ]
    assert [(one.group, one.pages) for one in found.searched][:2] == [
        ("/aws/lambda/laptop/poll_visma", 4),
        ("/aws/lambda/laptop/translate_document", 2),
    ]
    assert len(found.searched) == len(FUNCTIONS)
    assert all(one.complete for one in found.searched)
    assert logs.asked[0]["startTime"] == int((NOW - HOUR).timestamp() * 1000)


def test_so_many_pages_are_read_and_no_more(stack):
    logs = Logs(reconcile=[[an_event(number)] for number in range(MAX_PAGES + 5)])
    found = look(stack, logs, "reconcile")
    assert len(logs.asked) == len(found.lines) == MAX_PAGES
    ((searched),) = found.searched
    assert (searched.pages, searched.complete) == (MAX_PAGES, False)


def test_a_line_without_an_id_is_known_by_what_it_is(stack):
    event = an_event(1)
    del event["eventId"]
    found = look(stack, Logs(reconcile=[[event]]), "reconcile", patterns=("{ a }", "{ b }"))
    assert len(found.lines) == 1


def test_a_line_that_is_no_json_object_has_no_fields(stack):
    events = [
        {"eventId": str(number), "timestamp": 0, "message": text}
        for number, text in enumerate(("REPORT RequestId: r-1", "[1]", '"text"'))
    ]
    found = look(stack, Logs(reconcile=[events]), "reconcile")
    assert [one.fields for one in found.lines] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("field_filter", "matches"),
    [
        ({"number": "500123"}, True),
        ({"number": "500123", "company": "nordic"}, True),
        ({"number": "500*"}, False),
        ({"number": "500123", "company": "other"}, False),
        ({"transaction_id": "500123"}, False),
    ],
)
def test_a_line_matches_by_all_of_its_fields(stack, field_filter, matches):
    (line,) = look(stack, Logs(reconcile=[[an_event(1, number="500123", company="nordic")]]), "reconcile").lines
    assert line.matches(field_filter) is matches


def test_a_group_that_is_not_there_is_said_and_the_others_are_read(stack):
    logs = Logs(reconcile=refused("ResourceNotFoundException"), poll_visma=[[an_event(1)]])
    found = look(stack, logs, "poll_visma", "reconcile")
    assert len(found.lines) == 1
    assert [one.exists for one in found.searched] == [True, False]


def test_a_log_that_may_not_be_read_is_a_failure(stack):
    with pytest.raises(Misconfigured, match="AWS refused access to the log"):
        look(stack, Logs(reconcile=refused("AccessDeniedException")), "reconcile")
