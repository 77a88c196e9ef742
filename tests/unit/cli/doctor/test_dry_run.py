"""What the doctor says of a file that is not applied yet: what would become of the partners' recent documents."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml

from connector.domain.errors import Misconfigured
from connector.services.ports import Resource
from testkit.memory.reconcile_harness import Harness, lines
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import an_order_line

CHANGES = {"companies.nordic.go_live": "2026-10-20", "defaults.units.KRT": "case"}


@pytest.fixture
def harness(stack):
    found = Harness()
    stack.clock = SimpleNamespace(now=found.clock.now)
    stack.client.now = found.clock.now()
    stack.document_list = found.lists
    return found


@pytest.fixture
def examined(connector, visma, orderful, harness, tmp_path):
    """The findings about recent documents, for a file."""

    def run(changes=None, *, option=False):
        path = tmp_path / "connector.yaml"
        path.write_text(yaml.safe_dump(routing_data({**CHANGES, **(changes or {})})))
        result = connector("doctor", *(["--config"] if option else []), str(path), "--json")
        return {finding["check"]: finding for finding in result.data}

    return run


@pytest.mark.parametrize("option", [False, True])
def test_the_report_says_how_many_would_be_sent_and_what_to_add(examined, harness, option):
    for number in range(14):
        harness.save(number, lines=lines())
    for number in range(20, 26):
        harness.save(number, lines=[an_order_line(1, uom="PAL")])
    found = examined(option=option)["recent purchase orders of acme"]
    assert found["mark"] == "warn"
    assert found["sentence"].startswith("of the newest 20 (changed since 2026-")
    assert "14 would be sent; 6 would be parked: Visma's unit PAL cannot be translated" in found["sentence"]
    assert "units without a mapping: PAL." in found["sentence"]
    assert found["next_step"] == "Add defaults.units.PAL: <unit> to the routing file."


def test_what_would_all_be_sent_is_in_order_and_without_documents_that_is_said(examined, harness):
    harness.save(1, lines=lines())
    found = examined()
    orders, invoices = found["recent purchase orders of acme"], found["recent customer invoices of matsenteret"]
    assert (orders["mark"], "of all 1 (" in orders["sentence"], "1 would be sent." in orders["sentence"]) == (
        "ok",
        True,
        True,
    )
    assert (invoices["mark"], invoices["sentence"].startswith("none was changed since")) == ("ok", True)


@pytest.mark.parametrize(("policy", "mark"), [("park", "warn"), ("skip", "ok")])
def test_suppliers_without_a_partner_are_named(examined, harness, policy, mark):
    harness.save(1, lines=lines(), supplier={"number": "59999", "name": "Ukjent AS"})
    found = examined({"companies.nordic.unmapped_partner": policy})["purchase orders of nordic without a partner"]
    assert (found["mark"], "59999 Ukjent AS (1)" in found["sentence"]) == (mark, True)


def test_a_list_that_cannot_be_read_is_a_finding_and_the_rest_is_examined(examined, harness):
    harness.lists.broken[Resource.PURCHASE_ORDERS] = Misconfigured("Visma refused.")
    found = examined()
    assert found["recent documents nordic"]["mark"] == "fail"
    assert found["orderful key"]["mark"] == "ok"


def test_without_a_file_no_document_is_translated(connector, stack, visma, orderful, harness):
    stack.routing.data = routing_data(CHANGES)
    connector("doctor")
    assert harness.lists.calls == 0


@pytest.mark.usefixtures("stack", "visma", "orderful", "harness")
def test_what_would_become_of_documents_is_shown_although_nothing_is_wrong(connector, tmp_path):
    path = tmp_path / "connector.yaml"
    path.write_text(yaml.safe_dump(routing_data(CHANGES)))
    out = connector("doctor", str(path)).out
    assert "ok    recent purchase orders of acme: " in out
    assert "orderful key" not in out


def test_a_file_is_named_once(connector, stack):
    result = connector("doctor", "a.yaml", "--config", "b.yaml")
    assert (result.code, "Name the file once" in result.err) == (2, True)


def test_a_problem_of_the_file_is_told_with_its_line(connector, stack, visma, orderful, tmp_path):
    path = tmp_path / "connector.yaml"
    path.write_text(yaml.safe_dump(routing_data({"defaults.settle": "soon"})))
    line = path.read_text().splitlines().index("  settle: soon") + 1
    found = connector("doctor", str(path), "--json").data
    assert f"Correct it in {path}, line {line}." in {finding["next_step"] for finding in found}
