from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.aws.watermark import InboundList
from connector.domain.polling.cursor import Cursor, Rows
from connector.services.list_health import ListHealth
from connector.services.ports import CursorView, Resource
from testkit.memory.stores import MemoryCursors
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


def a_view(resource="v1/purchaseorder", **changes):
    values = {
        "company": "nordic",
        "resource": resource,
        "watermark": NOW - timedelta(minutes=7),
        "caught_up_at": NOW - timedelta(minutes=5),
        "locked_until": None,
        "unfinished": False,
        "remembered": 12,
        "waiting": 0,
    }
    return CursorView(**{**values, **changes})


def test_every_cursor_is_told_with_watermark_lag_and_last_poll(connector, stack):
    stack.cursors.all_cursors = lambda: [a_view("v1/supplierInvoice", waiting=2), a_view()]
    first, second = connector("cursors", "--json").data
    assert (first["resource"], second["resource"]) == ("v1/purchaseorder", "v1/supplierInvoice")
    assert first["watermark"] == "2026-09-01T05:53:00Z"
    assert (first["lag"], first["last_complete_poll"]) == ("5m", "2026-09-01T05:55:00Z")
    assert second["waiting"] == 2
    assert "2 not settled" in connector("cursors").out


def test_a_company_that_left_the_routing_is_marked(connector, stack):
    """Nobody reads its lists any more, so that its lag says nothing."""
    stack.routing.data = routing_data()
    stack.cursors.all_cursors = lambda: [a_view(), a_view(company="svensk")]
    assert [view["in_routing"] for view in connector("cursors", "--json").data] == [True, False]
    _, nordic, svensk = connector("cursors").out.splitlines()
    assert ("(not in routing)" in nordic, svensk.startswith("svensk (not in routing)")) == (False, True)


def test_a_lock_that_ran_out_is_none(connector, stack):
    stack.cursors.all_cursors = lambda: [
        a_view("a", locked_until=NOW - timedelta(seconds=1)),
        a_view("b", locked_until=NOW + timedelta(minutes=1)),
    ]
    gone, held = connector("cursors", "--json").data
    assert (gone["locked_until"], held["locked_until"]) == (None, "2026-09-01T06:01:00Z")


def test_a_list_that_was_never_read_completely_has_no_lag(connector, stack):
    stack.cursors.all_cursors = lambda: [a_view(watermark=None, caught_up_at=None, unfinished=True)]
    (view,) = connector("cursors", "--json").data
    assert (view["lag"], view["watermark"], view["unfinished"]) == (None, None, True)
    assert "in the middle of a scan" in connector("cursors").out


def test_before_the_first_poll_the_command_says_so(connector):
    assert connector("cursors").out == "No list has been read yet.\n"


def test_a_list_that_fails_is_named_with_the_reason_whether_it_was_ever_read_or_not(connector, stack):
    stack.cursors.all_cursors = lambda: [a_view()]
    failing = [
        ListHealth(
            company="nordic",
            resource=resource,
            configured_at=NOW,
            failing_since=NOW - timedelta(hours=1),
            problem="Visma answered 502.",
        )
        for resource in ("v1/purchaseorder", "v1/supplierInvoice")
    ]
    stack.health.end(
        [*failing, ListHealth(company="nordic", resource="v1/customerinvoice", configured_at=NOW)], now=NOW
    )
    read, unread = connector("cursors", "--json").data
    assert [one["resource"] for one in (read, unread)] == ["v1/purchaseorder", "v1/supplierInvoice"]
    assert (read["failing_since"], read["problem"]) == ("2026-09-01T05:00:00Z", "Visma answered 502.")
    assert connector("cursors").out.count("failing since 2026-09-01 05:00 UTC: Visma answered 502.") == 2


class TestRewinding:
    """`connector cursors rewind`: every list is read again from a time on."""

    @pytest.fixture
    def cursors(self, stack):
        stack.cursors = MemoryCursors()
        for company, resource, age in (
            ("nordic", Resource.PURCHASE_ORDERS, 1),
            ("nordic", Resource.SUPPLIER_INVOICES, 30),
            ("(orderful)", InboundList.CHANGES, 1),
        ):
            lease = stack.cursors.acquire(company, resource, now=NOW, lease=timedelta(minutes=1))
            at = NOW - timedelta(hours=age)
            stack.cursors.save(lease, Cursor(watermark=at, caught_up_at=at, rows=Rows.queued({1: 5})), release=True)
        return stack.cursors

    @staticmethod
    def watermarks(cursors):
        return {view.resource: NOW - view.watermark for view in cursors.all_cursors()}

    @pytest.mark.parametrize("time", ["2026-08-31T06:00Z", "2026-08-31T06:00", "2026-08-31T08:00+02:00", "24h"])
    def test_every_list_goes_back_and_none_goes_forward(self, connector, cursors, time):
        rows = connector("cursors", "rewind", "--to", time, "--yes", "--json").data
        day, longer = timedelta(days=1), timedelta(hours=30)
        assert self.watermarks(cursors) == {
            "v1/purchaseorder": day,
            "v1/supplierInvoice": longer,
            "v3/transactions": day,
        }
        assert {view.remembered for view in cursors.all_cursors()} == {0}
        assert [row["problem"] for row in rows] == [None] * 3

    @pytest.mark.parametrize(("options", "hours"), [((), 26), (("--utc",), 24)])
    def test_a_time_without_a_zone_is_a_local_one_as_everywhere(self, connector, cursors, monkeypatch, options, hours):
        monkeypatch.delenv("CONNECTOR_UTC")
        with monkeypatch.context() as zone:
            zone.setenv("TZ", "Europe/Oslo")
            time.tzset()
            connector("cursors", "rewind", "--to", "2026-08-31T06:00", *options, "--yes")
        time.tzset()
        assert self.watermarks(cursors)["v1/purchaseorder"] == timedelta(hours=hours)

    def test_a_dry_run_shows_and_changes_nothing(self, connector, cursors):
        before = cursors.all_cursors()
        rows = connector("cursors", "rewind", "--to", "2026-08-31T06:00Z", "--dry-run", "--json").data
        assert {row["watermark"] for row in rows} == {"2026-08-31T06:00:00Z", "2026-08-31T00:00:00Z"}
        assert cursors.all_cursors() == before

    def test_a_list_that_is_being_read_is_named_and_the_others_go_back(self, connector, cursors):
        cursors.acquire("nordic", Resource.PURCHASE_ORDERS, now=NOW, lease=timedelta(minutes=1))
        ended = connector("cursors", "rewind", "--to", "2026-08-31T06:00Z", "--yes", "--json")
        assert ended.code == 1
        problems = {row["resource"]: row["problem"] for row in ended.data}
        assert "Run the command again" in problems.pop("v1/purchaseorder")
        assert set(problems.values()) == {None}
        assert self.watermarks(cursors)["v3/transactions"] == timedelta(days=1)

    @pytest.mark.parametrize(
        ("time", "said"),
        [
            ("the day before", "is no time"),
            ("0001-01-01T00:00+05:00", "is no time"),
            ("2026-09-01T06:01Z", "has yet to come"),
        ],
    )
    def test_what_is_no_past_time_is_refused(self, connector, cursors, time, said):
        ended = connector("cursors", "rewind", "--to", time, "--yes")
        assert (ended.code, said in ended.err) == (2, True)


def test_a_refused_list_that_nobody_needs_is_told_without_an_alarm(connector, stack):
    refused = {"failing_since": NOW, "problem": "Visma answered 403.", "is_refused": True}
    stack.cursors.all_cursors = list
    lists = [
        ListHealth(company="nordic", resource="v1/supplierInvoice", configured_at=NOW, **refused, is_unneeded=True)
    ]
    stack.health.end(
        [*lists, ListHealth(company="nordic", resource="v1/purchaseorder", configured_at=NOW, **refused)], now=NOW
    )
    assert connector("cursors").out.count("Routing switches its kind off, so this raises no alarm.") == 1
