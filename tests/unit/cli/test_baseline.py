from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.domain.errors import Transient
from connector.services.ports import Budget, CursorView, Page, Resource, Row
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, as_json

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


class Lists:
    """Visma's lists by status, two rows to a page."""

    def __init__(self, *orders):
        self.orders = list(orders)
        self.obeys_status = True
        self.failure = None
        self.calls = []

    def list_in_status(self, resource, status, *, page, page_size):
        self.calls.append((resource, status, page))
        if self.failure and resource is Resource.PURCHASE_ORDERS:
            raise self.failure
        rows = self.orders if resource is Resource.PURCHASE_ORDERS else []
        rows = [row for row in rows if not self.obeys_status or row["status"] == status]
        shown = rows[(page - 1) * 2 : page * 2]
        return Page(
            rows=[
                Row(
                    number=row["orderNbr"],
                    document_type="RegularOrder",
                    modified_at="2026-08-30T10:00:00",
                    branch=None,
                    raw=as_json(row),
                )
                for row in shown
            ],
            damaged=[],
            total=1,  # wrong on purpose
            maximum=None,
            server_time=NOW,
            budget=Budget(None, None, None),
        )


def an_order(number, status="Open"):
    return a_purchase_order(orderNbr=str(number), status=status)


@pytest.fixture
def lists(stack):
    found = Lists(*[an_order(number) for number in range(1, 6)], an_order(6, "Hold"), an_order(7, "Closed"))
    stack.visma = lambda company: found
    stack.routing.data = routing_data()
    stack.cursors = SimpleNamespace(all_cursors=list)
    return found


def queued(stack):
    return sorted(message.number for message in stack.outbox.queued)


def test_everything_open_is_queued_to_be_recorded_and_nothing_else(connector, stack, lists):
    result = connector("baseline", "--yes", "--json")
    assert (result.code, queued(stack)) == (0, ["1", "2", "3", "4", "5", "6"])
    row = next(row for row in result.data if row["resource"] == "v1/purchaseorder")
    assert (row["company"], row["open"], row["queued"], row["problem"]) == ("nordic", 6, 6, None)
    assert {message.cause.split()[0] for message in stack.outbox.queued} == {"baseline"}


def test_a_list_that_ignores_the_status_is_read_once_and_its_closed_documents_are_left_out(connector, stack, lists):
    lists.obeys_status = False
    connector("baseline", "--yes")
    assert queued(stack) == ["1", "2", "3", "4", "5", "6"]
    assert len({status for resource, status, _ in lists.calls if resource is Resource.PURCHASE_ORDERS}) == 1


def test_what_a_list_showed_before_it_was_polled_existed_before(connector, stack, lists):
    connector("baseline", "--yes")
    assert all(message.first_scan and message.listed_since is None for message in stack.outbox.queued)


def test_of_a_list_that_is_polled_already_the_beginning_is_told(connector, stack, lists):
    begun = NOW - timedelta(days=1)
    view = CursorView(
        company="nordic",
        resource="v1/purchaseorder",
        watermark=None,
        caught_up_at=None,
        locked_until=None,
        unfinished=False,
        remembered=0,
        waiting=0,
        begun_at=begun,
    )
    stack.cursors = SimpleNamespace(all_cursors=lambda: [view])
    connector("baseline", "--yes")
    assert {(message.first_scan, message.listed_since) for message in stack.outbox.queued} == {(False, begun)}


def test_a_dry_run_counts_and_queues_nothing(connector, stack, lists):
    result = connector("baseline", "--dry-run", "--json")
    row = next(row for row in result.data if row["resource"] == "v1/purchaseorder")
    assert (row["open"], row["queued"], stack.outbox.queued) == (6, 0, [])
    output = connector("baseline", "--dry-run").out
    assert output.endswith("\n6 documents are open; nothing was recorded (--dry-run).\n")


def test_it_claims_no_more_than_it_did(connector, lists):
    head, *_, last = connector("baseline", "--yes").out.splitlines()
    assert head.split() == ["company", "list", "open", "queued", "problem"]
    assert last.startswith("6 documents queued. What the ledger knows already, or what is from after go-live, is left")


def test_a_list_that_fails_is_named_and_does_not_stop_the_others(connector, stack, lists):
    lists.failure = Transient("Visma does not answer.")
    result = connector("baseline", "--yes", "--json")
    problems = {row["resource"]: row["problem"] for row in result.data}
    assert (result.code, problems.pop("v1/purchaseorder")) == (1, "Visma does not answer.")
    assert set(problems.values()) == {None}


def test_a_company_that_is_not_in_the_routing_is_refused(connector, stack, lists):
    assert connector("baseline", "--company", "svensk", "--yes").code == 2
    assert stack.outbox.queued == []
