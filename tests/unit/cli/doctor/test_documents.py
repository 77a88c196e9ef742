"""What the doctor says of go-live and of the dates of documents."""

from __future__ import annotations

import pytest

from connector.domain.errors import Misconfigured
from connector.domain.transactions import Stream
from tests.unit.cli.doctor.conftest import (
    OSLO_NOW,
)


@pytest.mark.parametrize(("stream", "mark"), [(Stream.LIVE, "fail"), (Stream.TEST, "warn")])
def test_a_company_without_go_live_is_pointed_out_and_on_a_live_stack_refused(doctor, stack, stream, mark):
    stack.stream = stream
    found = doctor()["go-live nordic"]
    assert (found["mark"], "companies.nordic.go_live" in found["next_step"]) == (mark, True)


@pytest.mark.parametrize(
    ("policy", "output"), [("park", "a person is asked"), ("ignore", "ignored"), ("send", "is sent")]
)
def test_go_live_is_told_with_what_a_later_change_does(doctor, policy, output):
    found = doctor({"companies.nordic.go_live": "2026-09-01", "companies.nordic.before_go_live": policy})
    assert "before 2026-09-01 is not sent" in found["go-live nordic"]["sentence"]
    assert output in found["go-live nordic"]["sentence"]


@pytest.mark.parametrize(
    ("invoices", "mark"),
    [([{"createdDateTime": "2026-08-30T10:00:00"}], "ok"), ([{"createdDateTime": None}, {}], "warn"), ([], "ok")],
)
def test_the_creation_of_invoices_is_checked(doctor, visma, invoices, mark):
    visma["v1/customerinvoice"] = invoices
    assert doctor()["visma nordic invoices"]["mark"] == mark


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ({"promised": "2026-09-10T00:00:00", "requested": "2026-09-01T00:00:00"}, "ok"),
        ({"promised": None, "requested": "2026-09-10T00:00:00"}, "warn"),
    ],
)
def test_that_order_lines_have_the_date_that_is_sent_is_looked_at(doctor, visma, line, mark):
    order = {"lastModifiedDateTime": OSLO_NOW, "date": "2026-09-01T00:00:00", "lines": [line]}
    visma["v1/purchaseorder"] = [order]
    assert doctor()["visma nordic order lines"]["mark"] == mark


def test_an_unreadable_list_is_a_finding_and_the_others_are_read(doctor, visma):
    visma["v1/customerinvoice"] = Misconfigured("Visma refused.")
    found = doctor()
    assert (found["visma nordic invoices"]["mark"], found["orderful key"]["mark"]) == ("fail", "ok")


@pytest.mark.parametrize(
    ("go_live", "mark", "output"), [("2029-01-01", "warn", "ahead"), ("2020-01-01", "ok", "is not sent")]
)
def test_a_go_live_in_force_is_doubted_only_if_it_is_far_ahead(doctor, go_live, mark, output):
    found = doctor({"companies.nordic.go_live": go_live})["go-live nordic"]
    assert (found["mark"], output in found["sentence"]) == (mark, True)
