from __future__ import annotations

import pytest
import yaml

from connector.domain.errors import Misconfigured
from connector.domain.pause import Pause, Scope
from connector.domain.transactions import Stream
from connector.services.list_health import ListHealth
from testkit.samples.routing_data import routing_data
from tests.unit.cli.doctor.conftest import (
    NOW,
)


def test_a_healthy_stack_passes_every_check_and_exits_with_0(connector, stack, visma, orderful):
    stack.routing.data = routing_data(
        {"companies.nordic.go_live": "2026-09-01", "partners.acme.changes": {"quantities": "new_total"}}
    )
    result = connector("doctor", "--all")
    assert result.code == 0
    lines = result.out.splitlines()
    assert len(lines) >= 13
    assert all(line.startswith("ok ") for line in lines), result.out
    assert "nothing is changed" in result.err
    assert result.err.splitlines()[-1] == f"{len(lines)} of {len(lines)} checks are fine."
    folded = connector("doctor")
    assert (folded.out, folded.code) == ("", 0)
    assert folded.err.splitlines()[-1] == f"{len(lines)} of {len(lines)} checks are fine; --all shows them."


def test_what_to_look_at_stands_last_by_its_name(connector, stack, orderful, monkeypatch):
    def refuse():
        raise Misconfigured("The routing table may not be read.")

    warned = connector("doctor")
    assert warned.err.splitlines()[-1] == "1 warn: routing."
    assert warned.out.startswith("warn  routing: no routing is applied yet")
    assert "\nok " not in warned.out
    monkeypatch.setattr(stack.routing, "load", refuse)
    assert "1 failed: routing." in connector("doctor").err.splitlines()


def test_without_routing_it_says_so_and_checks_what_needs_none(connector, stack, orderful):
    result = connector("doctor", "--json")
    assert result.code == 0
    routing, *others = result.data
    assert (routing["mark"], routing["sentence"][:32]) == ("warn", "no routing is applied yet: the s")
    assert "connector config apply" in routing["next_step"]
    checks = {finding["check"] for finding in others}
    assert {"orderful key", "inbox 4711", "callback", "alarm mail", "schedule poll_visma"} <= checks
    assert not any(check.startswith("visma") for check in checks), "no company is known"


def test_a_routing_that_cannot_be_read_is_a_failure(connector, stack, orderful, monkeypatch):
    def refuse():
        raise Misconfigured("The routing table may not be read.")

    monkeypatch.setattr(stack.routing, "load", refuse)
    result = connector("doctor", "--json")
    assert (result.code, result.data[0]["mark"]) == (1, "fail")


@pytest.fixture
def in_file(connector, stack, visma, orderful, tmp_path):
    """Run the command with a file; the exit code, and the findings."""

    def run(data):
        file = tmp_path / "connector.yaml"
        file.write_text(yaml.safe_dump(data))
        result = connector("doctor", "--config", str(file), "--json")
        return result.code, result.data

    return run


def test_a_file_is_checked_before_it_is_applied_and_nothing_is_applied(in_file, stack):
    code, findings = in_file(routing_data({"companies.nordic.go_live": "2026-09-01"}))
    assert (code, stack.routing.data, stack.routing.put_in_force) == (0, None, [])
    assert {one["check"] for one in findings if one["mark"] != "ok"} == {"routing file"}, "what config check warns of"
    assert "no routing is applied yet" in next(one["sentence"] for one in findings if one["check"] == "routing")
    assert {"visma nordic token", "orderful acme", "schedule poll_visma"} <= {one["check"] for one in findings}


def test_a_file_stands_in_for_what_is_applied(in_file, stack):
    stack.routing.data = routing_data()
    _, findings = in_file(routing_data({"companies.nordic.orderful.isa_id.test": "STRANGERT"}))
    by_check = {finding["check"]: finding for finding in findings}
    assert by_check["orderful nordic"]["mark"] == "fail"
    assert f"version {stack.routing.current_version()} is applied" in by_check["routing"]["sentence"]
    _, findings = in_file(routing_data())
    assert "is what is applied" in next(one["sentence"] for one in findings if one["check"] == "routing")


def test_the_problems_of_a_file_are_findings_and_the_stack_is_examined_all_the_same(in_file, stack):
    stack.stream = Stream.LIVE
    code, findings = in_file(routing_data({"defaults.settle": "soon"}))
    wrong = [finding for finding in findings if finding["check"] == "routing file"]
    assert (code, "fail" in {finding["mark"] for finding in wrong}) == (1, True)
    assert any(finding["sentence"].startswith("defaults.settle: ") for finding in wrong)
    assert {"orderful key", "alarm mail"} <= {finding["check"] for finding in findings}


def test_a_file_that_is_not_there_is_wrong_input(connector):
    result = connector("doctor", "--config", "nowhere.yaml")
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize("nonsense", [None, [], "text", {"data": None}, {"data": [None, {"sender": None}]}])
def test_answers_of_another_shape_are_failures_and_no_crash(doctor, orderful, visma, nonsense):
    orderful["v3/relationships"] = nonsense
    orderful["v3/organizations/me"] = nonsense
    visma["v1/purchaseorder"] = nonsense
    assert doctor()["orderful acme"]["mark"] == "fail"


def test_every_company_is_checked(doctor):
    second = {
        "visma": {"company_id": "2", "tenant_id": "b"},
        "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}},
    }
    assert {"visma nordic token", "visma svensk token"} <= set(doctor({"companies.svensk": second}))


def test_a_list_that_is_refused_is_named_unless_nobody_needs_it(doctor, stack):
    refused = {"failing_since": NOW, "problem": "Visma answered 403.", "is_refused": True}
    lists = [
        ListHealth(company="nordic", resource="v1/supplierInvoice", configured_at=NOW, **refused, is_unneeded=True)
    ]
    stack.health.end(
        [*lists, ListHealth(company="nordic", resource="v1/purchaseorder", configured_at=NOW, **refused)], now=NOW
    )
    found = {name: one for name, one in doctor().items() if name.startswith("list ")}
    assert set(found) == {"list nordic v1/purchaseorder"}
    assert found["list nordic v1/purchaseorder"]["mark"] == "fail"
    assert "Visma answered 403." in found["list nordic v1/purchaseorder"]["sentence"]


def test_a_pause_of_a_name_that_routing_does_not_know_fails(doctor, stack):
    stack.breaker.pause(Pause(scope=Scope(partner="acme-2"), since=NOW, by="kari", caller="arn:kari", reason="x"))
    found = doctor()["pause of partner acme-2"]
    assert found["mark"] == "fail"
    assert found["sentence"].startswith("It keeps nothing. The routing in force knows no partner 'acme-2'")


def test_a_pause_in_force_is_named_with_who_made_it_and_how_it_ends(doctor, stack):
    stack.breaker.pause(Pause(scope=Scope(partner="acme"), since=NOW, by="kari", caller="arn:kari", reason="they move"))
    found = doctor()["pause of partner acme"]
    assert found["mark"] == "warn"
    assert found["sentence"] == "Partner acme is paused since 2026-09-01 06:00 UTC by kari: they move"
    assert found["next_step"] == "When it may go on: connector resume --partner acme"


def test_it_says_how_far_it_has_come_while_it_shows_nothing(connector, stack, visma, orderful, monkeypatch):
    monkeypatch.setattr("connector.cli.progress.SECONDS", 0)
    stack.routing.data = routing_data()
    messages = connector("doctor").err.splitlines()
    assert "Visma, company nordic ..." in messages
    assert "Orderful, page 1 of the relationships ..." in messages
    assert any(" checks done, the last one: orderful acme ..." in line for line in messages)
