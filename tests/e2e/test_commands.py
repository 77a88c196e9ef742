"""The `connector` command as an operator runs it against the deployed stack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.run import ROUTING
from demo.scenario import COMPANY_IDS, WITHOUT_RELATIONSHIP
from testkit.laptop.observed import DemoResult, Laptop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module", autouse=True)
def _after_the_scenario(played: DemoResult) -> None:
    """There has to be something to be shown."""


def _said(laptop: Laptop, *arguments: str, code: int = 0) -> str:
    ended = laptop.connector(*arguments)
    assert ended.returncode == code, ended.stderr or ended.stdout
    return ended.stdout


def _data(laptop: Laptop, *arguments: str, code: int = 0) -> Any:
    return json.loads(_said(laptop, *arguments, "--json", code=code))


def test_documents_list_shows_those_that_need_a_person_first(laptop: Laptop) -> None:
    text = _said(laptop, "documents", "list", "--limit", "500")
    rows = _data(laptop, "documents", "list", "--limit", "500")

    first = {row["document"]: row for row in rows[:3]}
    assert {row["state"] for row in first.values()} == {"PARKED", "REJECTED"}
    assert set(first) == {
        "fjordmat-no/purchase_order/500194",
        "fjordmat-no/customer_invoice/100301",
        "fjordmat-dk/customer_invoice/120551",
    }
    assert all(row["reason"] and row["next_step"] for row in first.values())
    # The others move on between the two calls; those that wait for a person stay where they are.
    rows_of_text = [line for line in text.splitlines()[1:] if not line.lstrip().startswith("->")]
    assert [line.split()[0] for line in rows_of_text[:3]] == list(first)


def test_documents_list_takes_filters(laptop: Laptop) -> None:
    rows = _data(laptop, "documents", "list", "--state", "parked", "--company", "fjordmat-no")

    assert {row["document"] for row in rows} == {
        "fjordmat-no/purchase_order/500194",
        "fjordmat-no/customer_invoice/100301",
    }


def test_documents_show_tells_every_revision_of_a_document(laptop: Laptop) -> None:
    text = _said(laptop, "documents", "show", "500101")
    shown = _data(laptop, "documents", "show", "fjordmat-no/purchase_order/500101")

    assert shown["document"] == "fjordmat-no/purchase_order/500101"
    assert [(one["revision"], one["purpose"], one["partner"]) for one in shown["revisions"]] == [
        (2, "replace", "lofoten"),
        (1, "original", "lofoten"),
    ]
    transactions = {one["id"] for one in laptop.transactions("500101")}
    assert {one["transaction_id"] for one in shown["revisions"]} == transactions
    assert all(transaction in text for transaction in transactions)
    assert "revision 2: " in text


def test_documents_trace_tells_what_happened_in_order_of_time(laptop: Laptop) -> None:
    text = _said(laptop, "documents", "trace", "500191")
    traced = _data(laptop, "documents", "trace", "500191")

    states = [event["state"] for event in traced["timeline"]]
    assert states[:6] == ["CAPTURED", "PARKED", "PARKED", "TRANSLATED", "SENDING", "SENT"]
    assert [event["at"] for event in traced["timeline"]] == sorted(event["at"] for event in traced["timeline"])
    assert "Supplier 50099 of company fjordmat-no is mapped to no partner." in text


def test_a_document_nobody_knows_is_one_sentence_and_exit_code_1(laptop: Laptop) -> None:
    ended = laptop.connector("documents", "show", "404404")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The ledger knows no document 404404 under the companies in force")


def test_cursors_show_every_list_of_every_company(laptop: Laptop) -> None:
    first = ("fjordmat-no", "v1/purchaseorder")

    def between_two_polls() -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
        rows = _data(laptop, "cursors")
        row = next(row for row in rows if (row["company"], row["resource"]) == first)
        return None if row["locked_until"] else (rows, row)

    text = _said(laptop, "cursors")
    rows, orders = laptop.until(between_two_polls, "a moment in which no poll holds the list")

    # The collector of Orderful's side has its own place, once its schedule has started it.
    assert len([row for row in rows if row["company"] in COMPANY_IDS]) == 5 * len(COMPANY_IDS)
    assert {row["in_routing"] for row in rows} == {True}
    assert len(text.splitlines()) - 1 in {len(rows), 5 * len(COMPANY_IDS)}
    assert orders["watermark"] <= orders["last_complete_poll"]
    assert orders["remembered"] == 26
    assert not orders["unfinished"]


def test_doctor_finds_the_missing_relationship_and_is_content_once_it_is_there(laptop: Laptop) -> None:
    unhealthy = laptop.connector("doctor")
    assert unhealthy.returncode == 1
    failed = [line for line in unhealthy.stdout.splitlines() if line.startswith("fail")]
    what = f"810_INVOICE from FJORDMATDKT to {WITHOUT_RELATIONSHIP}"
    assert failed == [f"fail  orderful vesterbro: there is no relationship for {what}."]

    laptop.orderful.control(
        "PUT",
        "relationships",
        {"sender": "FJORDMATDK", "receiver": WITHOUT_RELATIONSHIP, "transaction_type": "810_INVOICE"},
    )
    findings = _data(laptop, "doctor")

    assert [finding["check"] for finding in findings if finding["mark"] != "ok"] == ["alarm mail"], findings
    checks = {finding["check"] for finding in findings}
    of_visma = {
        f"visma {name} {what}" for name in COMPANY_IDS for what in ("token", "company", "calls", "clock", "zone")
    }
    schedules = {f"schedule {name}" for name in ("poll_visma", "track_transactions", "poll_orderful", "reconcile")}
    assert (
        of_visma | schedules | {"routing", "orderful key", "orderful vesterbro", "concurrency", "throttles"} <= checks
    )


def test_doctor_checks_a_file_and_applies_nothing(laptop: Laptop, tmp_path: Path) -> None:
    applied = laptop.routing()
    file = tmp_path / "connector.yaml"
    data = json.loads(json.dumps(applied.data))
    data["companies"]["fjordmat-no"]["orderful"]["isa_id"]["test"] = "STRANGERT"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")

    findings = {finding["check"]: finding for finding in _data(laptop, "doctor", "--config", str(file), code=1)}

    assert findings["orderful fjordmat-no"]["mark"] == "fail"
    assert f"version {applied.version} is applied" in findings["routing"]["sentence"]
    recent = findings["recent purchase orders of lofoten"]["sentence"]
    assert re.match(r"of (all|the newest) \d+ \(changed since \S+\), \d+ would be sent", recent)
    assert laptop.routing().version == applied.version


def test_config_show_tells_who_aws_says_applied_it(laptop: Laptop) -> None:
    shown = _data(laptop, "config", "show")["applied"]

    assert (shown["by"], shown["caller"]) == ("demo", "arn:aws:iam::000000000000:root")


def test_config_history_tells_what_each_apply_changed_and_released(laptop: Laptop) -> None:
    entries = _data(laptop, "config", "history", "--limit", "100")
    newest, first = (one for one in entries if one["by"] == "demo")

    assert (first["previous"], first["documents"], first["difference"]["removed"]) == (None, 0, 0)
    assert newest["previous"] == first["version"]
    assert newest["documents"] >= 1
    assert "partners.nyleverandor.visma.supplier" in newest["difference"]["paths"]
    shown = _said(laptop, "config", "show", newest["version"])
    assert '+ partners.nyleverandor.visma.supplier: "50099"' in shown.splitlines()
    assert yaml.safe_load(_said(laptop, "config", "export", first["version"])) == yaml.safe_load(ROUTING.read_text())


def test_config_diff_shows_what_the_file_would_take_away_again(laptop: Laptop) -> None:
    text = _said(laptop, "config", "diff", str(ROUTING))
    changes = _data(laptop, "config", "diff", str(ROUTING))["changes"]

    assert {change["path"] for change in changes} == {
        "partners.nyleverandor.company",
        "partners.nyleverandor.visma.supplier",
        "partners.nyleverandor.orderful.isa_id.live",
        "partners.nyleverandor.orderful.isa_id.test",
    }
    assert '- partners.nyleverandor.visma.supplier: "50099"' in text.splitlines()


def test_config_show_gives_the_routing_and_every_route_with_its_layers(laptop: Laptop) -> None:
    text = _said(laptop, "config", "show")
    shown = _data(laptop, "config", "show")
    route = _data(laptop, "config", "show", "--route", "fjordmat-no", "customer_invoice", "10052")

    assert shown["version"] in text
    assert set(shown["routing"]["companies"]) == set(COMPANY_IDS)
    assert route["on_revision"] == {"value": "park", "from": "partner"}
    assert route["units.KRT"]["from"] == "default"


def test_a_number_mapped_twice_is_refused_before_anything_is_applied(laptop: Laptop, tmp_path: Path) -> None:
    version = laptop.routing().version
    file = tmp_path / "connector.yaml"
    file.write_text(ROUTING.read_text().replace('supplier: "50020"', 'supplier: "50012"'))

    ended = laptop.connector("config", "apply", str(file), "--by", "operator", "--yes")

    assert ended.returncode == 2
    assert "'50012' of company fjordmat-no is mapped twice, to lofoten and norrlandska; keep one." in ended.stderr
    assert laptop.routing().version == version
