"""The scenario of the demo as a test: what arrived, and what it cost."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from math import ceil
from typing import Any

import pytest

from connector.domain.revision.record import State
from demo import scenario
from testkit.laptop.observed import DemoResult, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]

ROWS_A_PAGE = 200
LISTS_OF_A_COMPANY = 5


def _parameter(request: dict[str, Any], name: str) -> str | None:
    return next((value for key, value in request["query"] if key == name), None)


def _scans(requests: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[int]]:
    """How many calls each reading of a list took, by company and list; a reading begins with page 1."""
    scans: dict[tuple[str, str], list[int]] = defaultdict(list)
    before: dict[tuple[str, str], tuple[str | None, int | None]] = {}
    for request in requests:
        if not request["path"].startswith("/v1/"):
            continue
        of = (request["company_id"], request["path"])
        page = _parameter(request, "pageNumber")
        # A repetition of page 1 after a failure belongs to the same reading.
        goes_on = of in before and (page != "1" or before[of][1] != 200)
        if goes_on:
            scans[of][-1] += 1
        else:
            scans[of].append(1)
        before[of] = (page, request["status"])
    return scans


def _is_of_the_collector(request: dict[str, Any]) -> bool:
    """A run of `poll_orderful` that its schedule began may still be on its way when the schedules are stopped."""
    return request["path"].startswith("/inboxes/") or (_parameter(request, "transactionType") or "").startswith("860")


def _documents_of(laptop: Laptop, company_id: str, path: str) -> int:
    kind = path.removeprefix("/v1/")
    return len(laptop.visma.control("GET", f"documents?kind={kind}&company={company_id}"))


def test_every_document_of_the_scenario_ends_as_promised(played: DemoResult) -> None:
    wrong = {check.key: check.wrong for check in played.checks if check.wrong}

    assert wrong == {}
    assert len(played.checks) == len(scenario.morning())


def test_port_4566_was_taken_and_the_stack_came_up_on_another_one(laptop: Laptop) -> None:
    assert laptop.stack.aws.port != 4566


def test_the_schedules_start_the_functions_by_themselves(scheduled: int) -> None:
    assert scheduled >= 1


def test_there_is_one_request_for_each_transaction(played: DemoResult) -> None:
    posts = [request for request in played.orderful if request["method"] == "POST"]
    # No answer: the sandbox was asked to lose it after the work was done.
    done = [request for request in posts if request["status"] is None or request["status"] < 300]

    assert len(done) == len(played.transactions) == sum(len(check.transactions) for check in played.checks)
    assert Counter(request["status"] for request in posts if request not in done) == {400: 1, 429: 1}
    assert sum(request["status"] is None for request in posts) == 1


def test_a_transaction_is_never_read_one_by_one(played: DemoResult) -> None:
    read = (request for request in played.orderful if request["method"] == "GET")
    paths = {request["path"] for request in read if not _is_of_the_collector(request)}
    contents = {path for path in paths if path.endswith("/message")}

    assert paths - contents == {"/v3/transactions"}
    assert len(contents) <= 1, "only what may be the one whose answer was lost is looked at"


def test_all_transactions_are_followed_with_one_call_whatever_their_number(laptop: Laptop, scheduled: int) -> None:
    watched = [
        revision for state in (State.SENT, State.VALID, State.DELIVERED) for revision in laptop.ledger.in_state(state)
    ]
    assert len(watched) > 40
    laptop.orderful.control("DELETE", "requests")
    laptop.orderful.control("PUT", "pace", {"acknowledgment": 0})

    changed = laptop.track()["changed"]

    asked = laptop.orderful.control("GET", "requests")["requests"]
    followed = [request for request in asked if not _is_of_the_collector(request)]
    assert [(request["method"], request["path"]) for request in followed] == [("GET", "/v3/transactions")]
    types = {value for key, value in followed[0]["query"] if key == "transactionType"}
    assert types == {str(revision.transaction_type) for revision in watched}
    assert changed == len(watched)
    assert {laptop.newest(str(revision.key)).state for revision in watched} <= {State.ACKNOWLEDGED, State.PARKED}


def test_visma_is_asked_for_lists_only_and_always_in_the_name_of_a_company(played: DemoResult) -> None:
    gets = [request for request in played.visma if request["method"] == "GET"]

    assert {request["path"] for request in gets} == {
        "/v1/purchaseorder",
        "/v1/supplierInvoice",
        "/v1/customerinvoice",
        "/v1/customerCreditNote",
        "/v1/customerDebitNote",
    }
    assert {request["company_id"] for request in gets} == set(scenario.COMPANY_IDS.values())
    assert {request["method"] for request in played.visma} == {"GET", "POST"}


def test_a_list_takes_one_call_per_page_and_at_most_two_more_for_faults(laptop: Laptop, played: DemoResult) -> None:
    scans = _scans(played.visma)

    assert len(scans) == len(scenario.COMPANY_IDS) * LISTS_OF_A_COMPANY
    for (company_id, path), calls in scans.items():
        pages = max(1, ceil(_documents_of(laptop, company_id, path) / ROWS_A_PAGE))
        assert max(calls) <= pages + 2, f"{path} of {company_id}"
        assert sum(calls) <= len(calls) * pages + 3, "only the faults of the scenario cost calls more"


def test_access_tokens_are_shared_and_asked_for_only_when_needed(played: DemoResult) -> None:
    asked = [request for request in played.visma if request["path"] == "/connect/token"]

    # One for each company, and one more for each after all of them were revoked.
    assert len(asked) == 2 * len(scenario.COMPANY_IDS)
    assert len(played.items["TokensTable"]) == len(scenario.COMPANY_IDS)


def test_a_server_that_caps_its_pages_in_silence_is_read_to_the_end_and_sends_nothing_twice(nordic: Laptop) -> None:
    count = len(nordic.transactions())
    nordic.visma.control("PUT", "options", {"max_page_size": 10})
    nordic.visma.control("DELETE", "requests")
    try:
        answer = nordic.poll()
    finally:
        nordic.visma.control("PUT", "options", {"max_page_size": 1000})

    pages = _scans(nordic.visma.control("GET", "requests")["requests"])
    (calls,) = pages["1001", "/v1/purchaseorder"]
    rows = _documents_of(nordic, "1001", "/v1/purchaseorder")
    assert rows > 20
    assert calls == ceil(rows / 10)
    assert answer == {"queued": 0, "problems": []}
    assert len(nordic.transactions()) == count


def test_the_ledger_holds_two_items_for_each_revision_and_the_owner_of_each_transaction(played: DemoResult) -> None:
    names = Counter(item["sk"]["S"].partition("#")[0] for item in played.items["DocumentsTable"])
    documents = scenario.morning()
    # Of the edits two touch nothing that a partner would see: a print flag, and a hold that is released.
    revisions = len(documents) + len(scenario.edits(documents)) - 2

    # The progress of the tracker and what holds calls to Orderful are one item each for the whole stack; each company
    # at Visma that asked for a pause has one more.
    assert names - Counter({"breaker": 1 + len(scenario.COMPANY_IDS), "progress": 1}) == Counter(
        {"rev": revisions, "body": revisions, "owner": len(played.transactions)}
    )


def test_cursors_and_routing_hold_what_they_are_for(played: DemoResult) -> None:
    cursors = Counter(item["pk"]["S"] for item in played.items["CursorsTable"])
    # The collector of Orderful's side keeps its place here as well, once its schedule has started it, and the poller
    # the record of all lists and whose turn is next.
    assert cursors - Counter(["(orderful)", "#health", "#health"]) == Counter(
        dict.fromkeys(scenario.COMPANY_IDS, LISTS_OF_A_COMPANY)
    )
    # The pointer; and of each of the two applies one part of the version, one of its text, how it was applied last, and
    # an entry of the history.
    routing = Counter((item["pk"]["S"].partition("#")[0], item["sk"]["S"][:4]) for item in played.items["RoutingTable"])
    assert routing.pop(("current", "curr")) == 1
    assert {(kind, count) for (kind, _), count in routing.items()} == {("version", 2), ("text", 2), ("history", 2)}
    assert routing.total() == 8
    assert played.items["ItemsTable"] == []


def test_no_message_was_left_behind(laptop: Laptop, played: DemoResult) -> None:
    for queue in ("DocumentsQueueUrl", "DeliveriesQueueUrl", "DocumentsDeadLettersUrl", "DeliveriesDeadLettersUrl"):
        assert laptop.waiting(queue) == 0, queue


def test_revisions_of_one_document_reach_the_partner_in_their_order(played: DemoResult) -> None:
    by_number: dict[str, list[str]] = defaultdict(list)
    for transaction in played.transactions:
        if re.fullmatch(r"5001\d\d", transaction["businessNumber"]):
            by_number[transaction["businessNumber"]].append(transaction["createdAt"])

    assert len(by_number["500101"]) == 2
    assert all(first < second for timestamps in by_number.values() for first, second in pairwise(timestamps))
