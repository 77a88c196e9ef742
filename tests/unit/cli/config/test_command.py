from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml

from connector.cli.files import read_routing
from connector.routing_file import json_schema
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)


def test_check_says_that_a_sound_file_is_in_order(connector, routing_file):
    result = connector("config", "check", routing_file())
    assert (result.code, result.err) == (0, "")
    assert "is in order" in result.out


def test_check_lists_every_problem_with_its_path_and_exits_with_2(connector, routing_file):
    result = connector("config", "check", routing_file({"defaults.settle": "soon", "partners.acme.dialect": "edi"}))
    assert result.code == 2
    assert "error: defaults.settle:" in result.out
    assert "error: partners.acme.dialect:" in result.out
    assert "2 errors" in result.out


def test_check_warns_without_failing(connector, routing_file):
    result = connector("config", "check", routing_file({"partners.acme.orderful.isa_id.test": "ACMEPRODUCE"}))
    assert result.code == 0
    assert "warning: partners.acme.orderful.isa_id" in result.out


def test_check_as_json_gives_path_sentence_and_level(connector, routing_file):
    result = connector("config", "check", routing_file({"defaults.settle": "soon"}), "--json")
    assert result.code == 2
    problem, *others = result.data["problems"]
    assert (result.data["ok"], problem["path"], problem["level"]) == (False, "defaults.settle", "error")
    assert {other["level"] for other in others} == {"warning"}


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("companies: [", "is not YAML"),
        ("companies: {nordic: {visma: 1}\npartners: {}", "is not YAML"),
        ("\x00", "is not YAML"),
        ("[" * 5_000, "is not YAML"),
        ("? [a]\n: 1", "is not YAML"),
        ("!!python/object:os.system {}", "is not YAML"),
    ],
)
def test_what_is_no_yaml_is_one_sentence_and_exit_2(connector, routing_file, text, output):
    result = connector("config", "check", routing_file(text=text))
    assert (result.code, result.out) == (2, "")
    assert output in result.err
    assert result.err.count("\n") == 1


def test_every_key_that_stands_twice_is_told_with_both_lines_beside_the_other_problems(connector, routing_file):
    text = """companies:
  nordic:
    visma: {company_id: "1", tenant_id: t, company_id: "2"}
    orderful: {isa_id: {live: A, test: AT}}
    settle: soon
    settle: 2m
defaults: {dialect: edi}
"""
    path = routing_file(text=text)
    result = connector("config", "check", path)
    assert result.code == 2
    twice = "the key 'settle' stands twice, first in line 5. Keep one of the two."
    assert f"{path}:6: error: companies.nordic.settle: {twice}" in result.out
    assert f"{path}:3: error: companies.nordic.visma.company_id: the key 'company_id' stands twice" in result.out
    assert f"{path}:7: error: defaults.dialect: 'edi' is not allowed" in result.out
    assert connector("config", "apply", path, "--yes").code == 2
    assert connector("translate", "order.json", "--config", path).code == 2


def test_a_problem_names_the_line_of_its_key_or_of_what_it_is_missing_in(connector, routing_file):
    text = """companies:
  nordic:
    orderful: {isa_id: {live: A, test: AT}}
    visma:
      company_id: "1"
defaults:
  units:
    KG.: kilo
inbound:
  take:
    - 860
    - letter
"""
    problems = connector("config", "check", routing_file(text=text), "--json").data["problems"]
    lines = {problem["path"]: problem["line"] for problem in problems}
    assert lines["companies.nordic.visma.tenant_id"] == 4
    assert lines["inbound.take.1"] == 12
    text = text.replace('"1"', '"1"\n      tenant_id: t').replace("letter", "855")
    problems = connector("config", "check", routing_file(text=text), "--json").data["problems"]
    lines = {problem["path"]: problem["line"] for problem in problems}
    assert lines["defaults.units.KG."] == 9
    assert lines["companies.nordic.go_live"] == 2


def test_a_file_that_is_not_there_is_one_sentence_and_exit_2(connector):
    result = connector("config", "check", "nowhere.yaml")
    assert (result.code, result.err) == (2, "nowhere.yaml cannot be read: No such file or directory.\n")


def test_bytes_that_are_no_utf_8_are_one_sentence_and_exit_2(connector, tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Kjøtt".encode("latin-1"))
    result = connector("config", "check", str(path))
    assert (result.code, "is not UTF-8 text (byte 8)" in result.err) == (2, True)


def test_yaml_words_and_numbers_are_read_as_people_mean_them(routing_file):
    text = """
companies:
  nordic:
    address: {country: NO, postal_code: 0150}
    visma: {company_id: 1234567, tenant_id: 8e10, page_size: 100}
    orderful: {isa_id: {live: 0012, test: on}}
partners:
  acme:
    company: nordic
    visma: {supplier: 0050012}
    orderful: {isa_id: {live: 12_3, test: 1:30}}
    kinds: {supplier_invoice: {send: false}}
defaults:
  items: {1298: {partner_item: 1.10}}
  terms: {30: {net_days: 30}}
"""
    data = read_routing(routing_file(text=text)).data
    assert data["companies"]["nordic"]["address"] == {"country": "NO", "postal_code": "0150"}
    assert data["companies"]["nordic"]["visma"] == {"company_id": "1234567", "tenant_id": "8e10", "page_size": 100}
    assert data["companies"]["nordic"]["orderful"]["isa_id"] == {"live": "0012", "test": "on"}
    assert data["partners"]["acme"]["visma"] == {"supplier": "0050012"}
    assert data["partners"]["acme"]["orderful"]["isa_id"] == {"live": "12_3", "test": "1:30"}
    assert data["partners"]["acme"]["kinds"] == {"supplier_invoice": {"send": False}}
    assert data["defaults"]["items"] == {"1298": {"partner_item": "1.10"}}
    assert data["defaults"]["terms"] == {"30": {"net_days": 30}}


def test_anchors_of_yaml_can_be_used(routing_file):
    text = """
companies:
  nordic: &company
    visma: {company_id: "1", tenant_id: t}
    orderful: {isa_id: {live: A, test: AT}}
  svensk:
    <<: *company
    visma: {company_id: "2", tenant_id: t}
"""
    checked = read_routing(routing_file(text=text))
    assert not checked.errors
    assert checked.data["companies"]["svensk"]["orderful"] == {"isa_id": {"live": "A", "test": "AT"}}


def test_diff_shows_what_would_change_and_changes_nothing(connector, stack, routing_file):
    stack.routing.data = routing_data({"defaults.currency": "NOK", "partners.acme.dialect": "x12"})
    result = connector(
        "config", "diff", routing_file({"defaults.currency": "SEK", "partners.acme.gln": "7080001234560"})
    )
    assert result.code == 0
    assert '~ defaults.currency: "NOK" -> "SEK"' in result.out
    assert '- partners.acme.dialect: "x12"' in result.out
    assert '+ partners.acme.gln: "7080001234560"' in result.out
    assert stack.routing.put_in_force == []


def test_diff_against_nothing_applied_shows_the_whole_file(connector, routing_file):
    result = connector("config", "diff", routing_file(), "--json")
    assert result.data["applied"] is None
    assert {"path": "partners.acme.company", "before": None, "after": "nordic"} in result.data["changes"]


def test_diff_of_equal_files_says_so(connector, stack, routing_file):
    stack.routing.data = routing_data()
    assert "Nothing would change." in connector("config", "diff", routing_file()).out


def test_diff_compares_two_files_without_a_stack(connector, stack, routing_file, tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "routing", None)
    test = tmp_path / "test.yaml"
    test.write_text(yaml.safe_dump(routing_data({"defaults.currency": "NOK"})))
    live = routing_file({"defaults.currency": "SEK"})
    result = connector("config", "diff", live, "--from", str(test), "--json")
    assert result.data["changes"] == [{"path": "defaults.currency", "before": "NOK", "after": "SEK"}]
    assert {"from", "file"} < result.data.keys()
    assert "The files say the same." in connector("config", "diff", live, "--from", live).out


def test_diff_warns_of_the_file_of_another_stack(connector, stack, routing_file):
    stack.routing.data = routing_data()
    other = {"companies.nordic.visma.company_id": "9", "companies.nordic.visma.tenant_id": "another"}
    result = connector("config", "diff", routing_file(other))
    assert result.code == 0
    assert "looks like the file of another stack" in result.err


def test_show_gives_the_layer_of_every_setting_of_a_route(connector, stack):
    stack.routing.data = routing_data({"partners.acme.units": {"KRT": "case"}, "companies.nordic.currency": "NOK"})
    result = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json")
    assert result.data["currency"] == {"value": "NOK", "from": "company"}
    assert result.data["units.KRT"] == {"value": "case", "from": "partner"}
    assert result.data["units.STK"] == {"value": "each", "from": "default"}
    assert result.data["dialect"] == {"value": "auto", "from": "built-in"}
    assert result.data["description"] == {"value": "send", "from": "built-in"}
    assert result.data["receiver.test"] == {"value": "ACMEPRODUCET", "from": "partners.acme"}
    table = connector("config", "show", "--route", "nordic", "purchase_order", "50012").out
    assert any(line.split() == ["units.KRT", "case", "partner"] for line in table.splitlines())


def test_show_has_each_setting_once_those_of_the_file_on_top(connector, stack):
    stack.routing.data = routing_data({"companies.nordic.currency": "NOK"})
    shown = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json").data
    written, built_in, unset = connector("config", "show", "--route", "nordic", "purchase_order", "50012").out.split(
        "\n\n"
    )
    rows = [line.split() for line in written.splitlines()[1:]]
    assert ["currency", "NOK", "company"] in rows
    assert all(row[-1] not in {"built-in", "-"} for row in rows)
    assert "; dialect = auto; " in built_in
    assert "changes.hold_first = -" in built_in
    names = [row[0] for row in rows]
    names += [part.partition(" = ")[0] for part in built_in.removeprefix("built-in: ").strip().split("; ")]
    names += unset.removeprefix("not set: ").strip().split(", ")
    assert sorted(names) == sorted(shown)


def keys_of(part, schema, path=""):
    """The keys that a part of the file may hold, down to the values; what may be called anything ends the way."""
    part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    if "properties" not in part:
        return {path}
    inside = {key: keys_of(of, schema, f"{path}.{key}" if path else key) for key, of in part["properties"].items()}
    return {key for name, keys in inside.items() if name != "kinds" for key in keys}


@pytest.mark.parametrize(("kind", "number"), [("purchase_order", "50012"), ("customer_invoice", "10045")])
def test_show_gives_every_key_of_the_schema(connector, stack, kind, number):
    stack.routing.data = routing_data()
    shown = connector("config", "show", "--route", "nordic", kind, number, "--json").data
    schema = json_schema()
    called = {"company.orderful.isa_id": "sender", "partner.orderful.isa_id": "receiver", "partner.company": "company"}
    ways = {
        "company": keys_of({"$ref": "#/$defs/CompanyPart"}, schema),
        "partner": keys_of({"$ref": "#/$defs/PartnerPart"}, schema) | keys_of({"$ref": "#/$defs/KindPart"}, schema),
        "inbound": keys_of(schema["properties"]["inbound"], schema),
    }
    missing = []
    for entry, keys in ways.items():
        for key in keys:
            full = f"{entry}.{key}"
            for own, word in called.items():
                full = word + full.removeprefix(own) if f"{full}.".startswith(f"{own}.") else full
            # A map is shown by its entries, and `send_when` for the kind of the route.
            whole = {full, key, key.partition(".")[0] if key.startswith("send_when.") else key}
            if not any(name in whole or name.startswith((f"{key}.", f"{full}.")) for name in shown):
                missing.append(full)
    assert missing == []


def test_show_gives_the_limits_of_changes_as_the_file_has_them(connector, stack):
    stack.routing.data = routing_data(
        {"defaults.changes": {"quantity": "20%", "dates": "14d"}, "partners.acme.changes": {"codes": {"CA": "change"}}}
    )
    shown = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json").data
    assert {key: (one["value"], one["from"]) for key, one in shown.items() if key.startswith("changes.")} == {
        "changes.quantity": ("20%", "default"),
        "changes.price": ("0%", "built-in"),
        "changes.dates": ("14d", "default"),
        "changes.order_date": ("31d", "built-in"),
        "changes.lines": ("park", "built-in"),
        "changes.header_note": ("ask", "built-in"),
        "changes.quantities": (None, "-"),
        "changes.codes.CA": ("change", "partner"),
        "changes.statuses": (["Hold", "Open", "PendingPrint", "PendingEmail", "Printed"], "built-in"),
        "changes.hold_first": ([], "built-in"),
        "changes.places": ({}, "built-in"),
        "changes.price_bases": ({}, "built-in"),
    }


def test_show_gives_how_the_company_is_polled_and_who_the_partner_is(connector, stack):
    stack.routing.data = routing_data(
        {
            "companies.nordic.settle": "3m",
            "companies.nordic.visma.time_zone": None,
            "partners.acme.gln": "7080001234560",
        }
    )
    shown = connector("config", "show", "--route", "nordic", "purchase_order", "50012", "--json").data
    keys = ("settle", "overlap", "company.visma.company_id", "partner.gln", "company.gln", "partner.visma.supplier")
    assert {key: (shown[key]["value"], shown[key]["from"]) for key in keys} == {
        "settle": ("3m", "company"),
        "overlap": ("2h5m", "built-in"),
        "company.visma.company_id": ("1234567", "companies.nordic"),
        "partner.gln": ("7080001234560", "partners.acme"),
        "company.gln": (None, "-"),
        "partner.visma.supplier": ("50012", "partners.acme"),
    }


@pytest.mark.parametrize(
    ("written", "shown"), [("2026-11-01", "2026-11-01"), ("2026-11-01T06:00+01:00", "2026-11-01T05:00Z")]
)
def test_show_gives_go_live_as_the_file_has_it(connector, stack, written, shown):
    stack.routing.data = routing_data({"companies.nordic.go_live": written})
    route = ("config", "show", "--route", "nordic", "purchase_order", "50012")
    assert connector(*route, "--json").data["go_live"]["value"] == shown
    assert any(line.split() == ["go_live", shown, "company"] for line in connector(*route).out.splitlines())


def test_show_of_an_unmapped_number_names_the_key_and_exits_with_3(connector, stack):
    stack.routing.data = routing_data()
    result = connector("config", "show", "--route", "nordic", "purchase_order", "777")
    assert (result.code, result.out) == (3, "")
    assert 'partners.<name>.visma.supplier: "777"' in result.err


def test_show_with_an_unknown_kind_lists_the_kinds(connector, stack):
    stack.routing.data = routing_data()
    result = connector("config", "show", "--route", "nordic", "order", "777")
    assert result.code == 2
    assert "purchase_order, supplier_invoice, customer_invoice" in result.err


def test_show_can_look_into_a_file_instead_of_the_stack(connector, routing_file):
    result = connector("config", "show", "--config", routing_file())
    assert result.code == 0
    assert "matsenteret" in result.out


def test_show_without_any_routing_tells_the_command_to_run(connector):
    result = connector("config", "show", "--json")
    assert result.code == 1
    assert "connector config apply" in json.loads(result.err)["error"]


def test_a_setting_of_a_kind_in_the_wrong_place_is_told_where_it_belongs(connector, routing_file):
    result = connector("config", "check", routing_file({"partners.acme.send": False}))
    assert "error: partners.acme.send: is set for a kind of document: write kinds.<kind>.send" in result.out
