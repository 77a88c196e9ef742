"""What the doctor says of Visma: token, company, branches, budget, clock and zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from connector.cli.doctor.finding import Mark
from connector.cli.doctor.visma import unnamed_branches
from connector.domain.errors import Misconfigured, Rejected, Transient
from connector.domain.reasons import Reason
from connector.domain.routing.route import Identity
from testkit.samples.business_documents import a_company
from tests.unit.cli.doctor.conftest import (
    NOW,
    OSLO_NOW,
)


def test_a_refused_token_fails_with_the_next_step_and_orderful_is_still_asked(doctor, visma):
    visma["v1/branch"] = Misconfigured("Visma refused.", request_id="req-1", next_step="Approve the scopes.")
    found = doctor()
    assert found["visma nordic token"] == {
        "mark": "fail",
        "check": "visma nordic token",
        "sentence": "Visma refused. (request req-1)",
        "next_step": "Approve the scopes.",
    }
    assert found["orderful key"]["mark"] == "ok"


def test_an_empty_company_is_a_failure_although_visma_answers_200(doctor, visma):
    visma["v1/branch"], visma["v1/organization"] = [], []
    assert doctor()["visma nordic company"]["mark"] == "fail"


def test_a_tenant_without_organizations_is_checked_by_its_branches(doctor, visma):
    visma["v1/organization"] = Rejected("404", code=Reason.REQUEST_REFUSED)
    visma["v1/branch"] = [{"number": "1234567", "name": "Nordic"}]
    assert doctor()["visma nordic company"]["mark"] == "ok"


@pytest.mark.parametrize(
    ("numbers", "branch", "named", "output"),
    [
        (["1"], None, [], None),
        (["1", "2"], None, [], "1, 2"),
        (["1", "2"], None, ["1"], "2"),
        (["1", "2"], None, ["1", "2"], None),
        (["1", "2"], "1", [], None),
    ],
)
def test_branches_that_routing_does_not_name_are_pointed_out_once(numbers, branch, named, output):
    company = a_company(branches=dict.fromkeys(named, Identity()))
    company = replace(company, visma=replace(company.visma, branch=branch))
    found = list(unnamed_branches("visma nordic", company, [{"number": {"value": number}} for number in numbers]))
    assert [finding.mark for finding in found] == ([Mark.WARN] if output else [])
    assert all(f"({output})" in finding.sentence for finding in found)


def test_another_company_than_the_configured_one_is_pointed_out(doctor, visma):
    visma["v1/organization"] = [{"organizationCd": "999", "name": "Somebody Else AS"}]
    found = doctor()["visma nordic company"]
    assert found["mark"] == "warn"
    assert "Somebody Else AS" in found["sentence"]


def test_a_branch_that_visma_does_not_know_is_a_failure(doctor):
    found = doctor({"companies.nordic.visma.branch": "7"})["visma nordic company"]
    assert (found["mark"], "visma.branch" in found["next_step"]) == ("fail", True)


@pytest.mark.parametrize(("left", "mark"), [("400", "ok"), ("30", "warn")])
def test_the_hourly_limit_is_told_and_a_low_rest_is_a_warning(doctor, visma, left, mark):
    limits = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": left, "X-RateLimit-Reset": "600"}
    visma["headers"] = {**visma["headers"], **limits}
    found = doctor()["visma nordic calls"]
    assert found["mark"] == mark
    assert f"{left} of 500 calls an hour are left, 10m" in found["sentence"]


def test_a_clock_that_is_off_is_a_warning(doctor, visma):
    visma["headers"] = {"Date": format_datetime(NOW + timedelta(minutes=7), usegmt=True)}
    found = doctor()["visma nordic clock"]
    assert (found["mark"], "7m ahead of" in found["sentence"]) == ("warn", True)


@pytest.mark.parametrize(
    ("zone", "newest", "mark", "output"),
    [
        ("Europe/Oslo", OSLO_NOW, "ok", "Europe/Oslo fits"),
        ("UTC", OSLO_NOW, "fail", "about 2 h ahead"),
        (None, OSLO_NOW, "warn", "about 2 h ahead"),
        (None, "2026-09-01T05:59:30.000", "warn", "set visma.time_zone: UTC"),
        (None, "2026-08-31T12:00:00.000", "warn", "Change a note on a test order"),
        ("Europe/Oslo", "2026-08-31T12:00:00.000", "ok", "does not contradict Europe/Oslo"),
        (None, "", "warn", "Change a note on a test order"),
        (None, "soon", "warn", "Change a note on a test order"),
    ],
)
def test_the_zone_is_judged_by_the_newest_time_stamp(doctor, visma, *, zone, newest, mark, output):
    visma["v1/purchaseorder"] = [{"lastModifiedDateTime": "2026-08-30T01:00:00"}, {"lastModifiedDateTime": newest}]
    if newest in {"", "soon"}:
        visma["v1/purchaseorder"].pop(0)
    found = doctor({"companies.nordic.visma.time_zone": zone} if zone != "Europe/Oslo" else None)["visma nordic zone"]
    assert found["mark"] == mark
    assert output in f"{found['sentence']} {found['next_step']}"


def test_an_answer_without_a_date_cannot_calibrate(doctor, visma):
    visma["headers"] = {}
    assert doctor()["visma nordic clock"]["mark"] == "warn"


def test_orders_that_cannot_be_read_are_a_failure_of_their_own(doctor, visma):
    visma["v1/purchaseorder"] = Transient("Visma answered 502 to v1/purchaseorder.")
    found = doctor()
    assert found["visma nordic token"]["mark"] == "ok"
    assert found["visma nordic orders"]["mark"] == "fail"
