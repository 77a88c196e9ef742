from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from connector.cli.files import read_routing
from connector.domain.documents import Kind
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import CHANGE_CODES, SETTINGS
from connector.domain.routing.settings import Place
from connector.domain.transactions import Stream
from connector.edi.order_change.codes import CODE_NAMES
from connector.routing_file import check, json_schema
from testkit.samples.routing_data import a_partner, routing_data, settings_in

ROOT = Path(__file__).parents[2]
OTHER_COMPANY = {
    "name": "Nordic Food Sverige AB",
    "go_live": "2026-12-01",
    "visma": {"company_id": "1234567", "tenant_id": "b"},
    "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
}


def complete(changes=None):
    """A file without findings, but for what is changed."""
    return routing_data(
        {"companies.nordic.name": "Nordic Food AS", "companies.nordic.go_live": "2026-12-01"} | (changes or {})
    )


def errors(changes):
    return [str(problem) for problem in check(complete(changes)).errors]


def warnings(changes):
    checked = check(complete(changes))
    assert not checked.errors
    return [str(problem) for problem in checked.warnings]


def test_a_sound_file_has_no_findings_and_can_be_resolved():
    checked = check(complete())
    assert checked.problems == ()
    assert Routing.from_data(checked.data).route("nordic", Kind.PURCHASE_ORDER, "50012").partner == "acme"


def test_the_example_passes_the_check_without_a_warning():
    assert read_routing(str(ROOT / "connector.example.yaml")).problems == ()


def test_the_example_fits_the_schema_as_editors_see_it():
    jsonschema.validate(yaml.safe_load((ROOT / "connector.example.yaml").read_text()), json_schema())


def test_the_schema_in_the_tree_is_the_one_of_the_models():
    stored = json.loads((ROOT / "layers/connector/connector/cli/connector.schema.json").read_text())
    assert stored == json_schema(), (
        "write it again: .venv/bin/connector config schema > layers/connector/connector/cli/connector.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(stored)


def test_the_schema_refuses_what_the_check_refuses():
    for path, value in {"defaults.dialekt": "x12", "defaults.settle": "2 minutes", "partners.acme.visma": None}.items():
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(routing_data({path: value}), json_schema())


def test_numbers_that_are_names_are_kept_as_text():
    checked = check(
        routing_data({"partners.acme.visma": {"supplier": 50012}, "defaults.terms": {"30": {"net_days": 30}}})
    )
    assert checked.data["partners"]["acme"]["visma"] == {"supplier": "50012"}


def test_all_problems_are_found_at_once():
    found = errors(
        {
            "defaults.settle": "soon",
            "companies.nordic.visma.tenant_id": None,
            "partners.acme.dialect": "edifact",
            "partners.matsenteret.orderful": None,
        }
    )
    assert [problem.split(":")[0] for problem in found] == [
        "companies.nordic.visma.tenant_id",
        "defaults.settle",
        "partners.acme.dialect",
        "partners.matsenteret.orderful",
    ]


def test_a_wrong_shape_hides_no_other_problem():
    checked = check(
        complete(
            {
                "companies.svensk": OTHER_COMPANY,
                "partners.acme.dialect": "edifact",
                "partners.acme.x12": {"leave_out": ["TDS"]},
                "partners.beta": a_partner("svensk", supplier="1") | {"orderful": None},
                "partners.gamma": a_partner("nordik", supplier="50012", customer="2"),
                "defaults.units": {"STK": "eech"},
                "defaults.changes": {"price": "500%"},
            }
        )
    )
    assert checked.data is None
    assert [problem.path for problem in checked.errors] == [
        "partners.acme.dialect",
        "partners.beta.orderful",
        "companies.svensk.visma.company_id",
        "partners.gamma.company",
        "defaults.units.STK",
        "partners.acme.x12.leave_out",
    ]
    assert [problem.path for problem in checked.warnings] == ["defaults.changes.price"]


def test_what_follows_from_a_wrong_value_is_no_second_problem():
    found = errors(
        {
            "companies.nordic.visma.tenant_id": None,
            "companies.nordic.go_live": "soon",
            "defaults.terms": {"30": {"discount_percent": "2", "discount_days": 1000}},
        }
    )
    assert {problem.split(":")[0] for problem in found} == {
        "companies.nordic.visma.tenant_id",
        "companies.nordic.go_live",
        "defaults.terms.30.discount_days",
    }
    assert len(found) == 3


@pytest.mark.parametrize("value", ["?", -1, ["?"], {"?": "?"}])
@pytest.mark.parametrize("key", SETTINGS)
def test_no_sentence_shows_a_regular_expression(key, value):
    place = {Place.FILE: "", Place.DEFAULTS: "defaults.", Place.COMPANY: "companies.nordic."}
    path = place.get(SETTINGS[key].places[0], "partners.acme.")
    kind = "kinds.purchase_order." if SETTINGS[key].places == (Place.KIND,) else ""
    for problem in check(complete({f"{path}{kind}{key}": value})).problems:
        assert not set(problem.sentence) & set("\\$+"), str(problem)


@pytest.mark.parametrize(
    ("changes", "problem_text"),
    [
        ({"defaults.dialekt": "x12"}, "defaults.dialekt: is no key of the routing file; did you mean dialect?"),
        (
            {"partners.acme.settle": "2m"},
            "partners.acme.settle: is no key of a partner; it may stand in defaults and a company.",
        ),
        ({"defaults.name": "A"}, "defaults.name: is no key of defaults; it may stand in a company and a partner."),
        ({"partners.acme.company": None}, "partners.acme.company: is missing. Add it: name of a company of this file."),
        ({"defaults.settle": "soon"}, "defaults.settle: 'soon' is no duration; write 90s, 2m, 4h, 14d or 2h5m."),
        ({"defaults.on_revision": "change"}, "defaults.on_revision: 'change' cannot be chosen"),
        ({"defaults.on_revision": "chang"}, "'chang' is not allowed; write replace, park or ignore."),
        ({"companies.nordic.visma.time_zone": "Europe/Bergen"}, "'Europe/Bergen' is no time zone"),
        ({"companies.nordic.orderful.isa_id.live": "SIXTEENCHARACTER"}, "is no ISA id; write 1 to 15 plain"),
        ({"companies.nordic.orderful.isa_id.live": "A*B"}, "is no ISA id"),
        ({"partners.acme.gln": "7080001234567"}, "is no GLN: its last digit does not check"),
        ({"partners.acme.gln": "70800012345"}, "is no GLN; write one of 13 digits"),
        ({"defaults.items": {"1": {"gtin": "7038010000066"}}}, "defaults.items.1.gtin: '7038010000066' is no GTIN"),
        ({"defaults.currency": "kr"}, "currency: 'kr' is not allowed here; write a currency of ISO 4217 like NOK."),
        ({"defaults.changes": {"quantity": "20"}}, "quantity: '20' is not allowed here; write a percentage like 20%"),
        ({"defaults.changes": {"price": "0,5%"}}, "defaults.changes.price: '0,5%' is not allowed here"),
        ({"defaults.changes": {"quantity": "-20%"}}, "defaults.changes.quantity: '-20%' is not allowed here"),
        ({"defaults.changes": {"dates": "two weeks"}}, "defaults.changes.dates: 'two weeks' is no duration"),
        ({"defaults.changes": {"lines": "ask"}}, "defaults.changes.lines: 'ask' is not allowed; write park or apply."),
        ({"defaults.changes": {"quantities": "total"}}, "write new_total, delta or old_total_with_new_in_poc04."),
        ({"defaults.changes": {"price_bases": {"PD": 12}}}, "defaults.changes.price_bases.PD: 12 is not one of 1, 10"),
        ({"defaults.changes": {"codes": {"CA": "cancel"}}}, "defaults.changes.codes.CA: 'cancel' is not allowed"),
        ({"defaults.changes": {"statuses": "Open"}}, "defaults.changes.statuses: must be a list."),
        ({"partners.acme.changes": {"quantitys": "5%"}}, "acme.changes.quantitys: is no key of the routing file; did"),
        ({"inbound": {"take": [855]}}, "inbound.take: 860 is missing: changes of orders are always taken"),
        ({"inbound": {"take": [860, 85]}}, "inbound.take.1: '85' is not allowed here; write a number of three digits"),
        ({"inbound": {"take": [860, "invoice"]}}, "inbound.take.1: 'invoice' is not allowed here"),
        ({"inbound": {"take": 860}}, "inbound.take: must be a list."),
        ({"inbound": {"takes": [860]}}, "inbound.takes: is no key of the routing file; did"),
        ({"defaults.terms": {"30": {"net_days": 1000}}}, "30.net_days: 1000 is out of bounds; write 0 to 999."),
        ({"companies.nordic.visma.page_size": True}, "page_size: true is no whole number; write one like 30."),
        ({"companies.nordic.visma.tenant_id": None}, "tenant_id: is missing. Add it: tenant id of the company (not of"),
        ({"partners.acme.orderful.isa_id.live": None}, "acme.orderful.isa_id.live: is missing. Add it."),
        ({"defaults.units": {"STK": None}}, "defaults.units.STK: has no value. Write one, or take the key out."),
        ({"partners.acme.name": ["x"]}, "partners.acme.name: must be text. Write one value after the colon."),
        ({"partners.acme.name": ""}, "partners.acme.name: is empty. Write a value, or take the key out."),
        ({"company": 1}, "company: is no key at this place; did you mean companies?"),
        ({"partners.acme.frobnicate": 1}, "is no key of the routing file. Take it out, or look for its name in"),
        ({"companies.nordic.visma.page_size": 1001}, "page_size: 1001 is out of bounds; write 1 to 1000."),
        ({"companies.nordic.address": {"lines": ["a"] * 5}}, "address.lines: has more than 4 entries."),
        ({"defaults.require_item_id": "ean"}, "write gtin or partner_item."),
        ({"defaults.send_when": ["Open"]}, "defaults.send_when: must hold keys and values."),
        ({"partners.acme.kinds": {"order": {}}}, "partners.acme.kinds.order: is no key"),
        ({"partners.acme.visma": {}}, "partners.acme.visma: needs a supplier or a customer number."),
        ({"partners.acme.company": "nordik"}, "'nordik' is no company of this file; did you mean nordic?"),
        ({"defaults.units": {"STK": "eech"}}, "defaults.units.STK: 'eech' is no unit the connector knows; did you"),
        ({"partners.acme.kinds": {"purchase_order": {"units": {"X": "?"}}}}, "acme.kinds.purchase_order.units.X:"),
        ({"partners.acme.expected": {"valid": "31d"}}, "partners.acme.expected.valid: '31d' is longer than 30 days."),
        ({"defaults.expected": {"delivered": "soon"}}, "defaults.expected.delivered: 'soon' is no duration"),
        ({"defaults.acknowledgment": "no"}, "defaults.acknowledgment: 'no' is not allowed; write required or never."),
        ({"defaults.settle": "1h"}, "companies.nordic.settle: 1h is longer than settle_cap 30m"),
        ({"defaults.terms": {"30": {"discount_percent": "2"}}}, "only make sense together"),
        (
            {"defaults.terms": {"30": {"net_days": 10, "discount_percent": "2", "discount_days": 11}}},
            "defaults.terms.30.discount_days: 11 days are more than net_days 10",
        ),
        ({"defaults.x12": {"leave_out": ["PER", "TDS"]}}, "defaults.x12.leave_out: TDS cannot be left out: X12 cannot"),
        ({"partners.acme.x12": {"leave_out": ["SE"]}}, "partners.acme.x12.leave_out: SE cannot be left out"),
        ({"partners.acme.x12": {"references": {"VR": "Ø-1"}}}, "x12.references.VR: 'Ø-1' cannot be written in X12"),
        ({"defaults.x12": {"references": {"DP": "1" * 31}}}, "defaults.x12.references.DP: '1111111111"),
        ({"partners.acme.orderful.isa_id.test": "NORDICFOODT"}, "is the id of our own company nordic"),
        ({"companies.svensk": OTHER_COMPANY}, "companies.svensk.visma.company_id: is also that of nordic"),
        ({"partners.a/b": a_partner(supplier="1")}, "partners.a/b:"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path_and_what_to_do(changes, problem_text):
    found = errors(changes)
    assert len(found) == 1, found
    assert problem_text in found[0]


@pytest.mark.parametrize(
    ("inbound", "taken"),
    [
        ({}, {"860", "855", "865", "824", "997"}),
        ({"inbound": {}}, {"860", "855", "865", "824", "997"}),
        ({"inbound": {"take": [860, "810", 860]}}, {"860", "810"}),
    ],
)
def test_what_is_taken_from_inboxes_is_named_by_number(inbound, taken):
    checked = check(routing_data(inbound))
    assert checked.errors == ()
    assert Routing.from_data(checked.data).takes == taken


def test_one_partner_in_two_companies_has_one_id():
    changes = {
        "companies.svensk": {**OTHER_COMPANY, "visma": {"company_id": "2", "tenant_id": "b"}},
        "partners.acme-se": a_partner("svensk", isa_id="ACMEPRODUCE", supplier="1"),
    }
    assert check(complete(changes)).problems == ()


def test_what_is_not_refused_is_shown_by_editors_in_words_too():
    """The pattern of a value stands in the schema with the sentence that editors show in its place."""

    def patterns(part):
        if isinstance(part, dict):
            if "pattern" in part:
                yield part
            for inside in part.values():
                yield from patterns(inside)
        if isinstance(part, list):
            for inside in part:
                yield from patterns(inside)

    found = list(patterns(json_schema()))
    assert found
    assert [one for one in found if not one.get("patternErrorMessage", "").startswith("Write ")] == []


def test_a_number_mapped_twice_is_an_error_that_names_both():
    (found,) = errors({"partners.beta": a_partner(supplier="50012")})
    assert (
        found == "partners.beta.visma.supplier: '50012' of company nordic is mapped twice, to acme and beta; keep one."
    )


def test_a_number_mapped_twice_leaves_the_data_usable():
    assert check(routing_data({"partners.beta": a_partner(supplier="50012")})).data is not None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"defaults.send_when": {"purchase_order": ["Opne"]}}, "nor is another word of it: nothing would ever be sent"),
        ({"partners.acme.send_when": {"invoice": ["Opne", "open"]}}, "nor is another word of it"),
        ({"partners.acme.visma.supplier": "\u201d50012\u201d"}, "has curly quotes, which no number of Visma has"),
    ],
)
def test_what_would_never_be_sent_is_refused(changes, problem):
    assert any(problem in str(one) for one in errors(changes))


@pytest.mark.parametrize("word", ["Open", "Completed"])
def test_one_known_status_is_enough(word):
    assert errors({"defaults.send_when": {"purchase_order": ["Opne", word]}}) == []


def test_two_companies_with_one_isa_id_are_pointed_out():
    changes = {"companies.svensk": OTHER_COMPANY, "partners.beta": a_partner("svensk", supplier="1")}
    output = [str(one) for one in check(routing_data(changes)).problems]
    ours = {**OTHER_COMPANY, "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}}}
    same = [str(one) for one in check(routing_data({**changes, "companies.svensk": ours})).problems]
    assert not any("of company nordic" in one for one in output)
    assert sum("is also that of company nordic" in one for one in same) == 2


def test_two_companies_may_share_a_visma_company_if_each_has_its_branch():
    branch = {"company_id": "1234567", "tenant_id": "b", "branch": "2"}
    changes = {
        "companies.nordic.visma.branch": "1",
        "companies.svensk": {**OTHER_COMPANY, "visma": branch},
        "partners.beta": a_partner("svensk", supplier="1"),
    }
    assert errors(changes) == []


@pytest.mark.parametrize(
    ("changes", "problem_text"),
    [
        ({"partners.acme.orderful.isa_id.test": "ACMEPRODUCE"}, "live and test are both 'ACMEPRODUCE'"),
        ({"defaults.send_when": {"purchase_order": ["Open", "Opne"]}}, "'Opne' is no status that Visma documents"),
        ({"companies.nordic.overlap": "0s"}, "companies.nordic.overlap: 0s is short: Visma's lists may show a change"),
        ({"companies.nordic.places": {"3": "7080000000005"}}, "places.3: may be the number of a location, a ware"),
        (
            {"companies.nordic.places": {"location/3": "7080000000005", "location/4": "7080000000005"}},
            "places.location/4: '7080000000005' is also that of location/3: two places with one code",
        ),
        (
            {
                "companies.nordic.places": {"location/3": "7080000000005", "location/4": "7080000000012"},
                "partners.acme.changes": {"places": {"7080000000005": "location/4", "7080000000012": "location/4"}},
            },
            "acme.changes.places.7080000000005: leads to location/4, and companies.nordic.places has that code for 3",
        ),
        (
            {"partners.matsenteret.locations": {"0007": "S-417", "0008": "S-417"}},
            "partners.matsenteret.locations.0008: 'S-417' is also that of 0007: two places with one code are one place",
        ),
        ({"partners.acme.locations": {"0007": "S-417"}}, "acme.locations: never applies: the partner has no customer"),
        *(
            ({"partners.matsenteret.locations": {"0007": code}}, f"locations.0007: '{code}' cannot be written in X12")
            for code in ("7", "S*417", "Ø-417", "S" * 81)
        ),
        ({"companies.nordic.places": {"location/3": "Ø-3"}}, "nordic.places.location/3: 'Ø-3' cannot be written in"),
        (
            {"partners.acme.dialect": "mosaic", "partners.acme.x12": {"references": {"VR": "50012"}}},
            "partners.acme.x12.references: is written in X12 only, and the dialect is mosaic",
        ),
        ({"partners.acme.changes": {"places": {"99": "4"}}}, "places.99: may lead to a location, a warehouse"),
        ({"partners.acme.changes": {"places": {"99": "lager/4"}}}, "'lager' is none of location, warehouse"),
        ({"defaults.changes": {"codes": {"DI": "nothing"}}}, "codes.DI: nothing is not what X12 says of DI: delete"),
        ({"partners.acme.changes": {"codes": {"NC": "delete"}}}, "delete is not what X12 says of NC: nothing"),
        ({"defaults.send_when": {"purchase_order": ["Open", "Closed"]}}, "Closed sends orders that are received"),
        ({"defaults.send_when": {"purchase_order": ["Open", "Voided"]}}, "Voided sends documents that were not appr"),
        ({"partners.acme.send_when": {"invoice": ["Open", "Balanced"]}}, "Balanced sends documents that wait"),
        ({"defaults.x12": {"leave_out": ["PID"]}}, "PID is left out: the partner is not told what an item is"),
        ({"defaults.x12": {"leave_out": ["REF"]}}, "REF is left out: the partner is not told the references"),
        (
            {
                "defaults.units": {"STK": "each", "KRT": "case"},
                "defaults.items": {"1305": {"gtin": "7038010000065", "gtins": {"krt": "17038010000062"}}},
            },
            "defaults.items.1305.gtins.krt: 'krt' is no key of units, so this GTIN is never sent",
        ),
        ({"companies.nordic.places": {"lager/3": "7080000000005"}}, "'lager' is none of location, warehouse, branch"),
        ({"defaults.units": {"KG": "kilogram", "kg": "gram"}}, "defaults.units.kg: gram is not the kilogram of KG"),
        ({"defaults.x12": {"leave_out": ["DTM"]}}, "the partner is not told on which day goods are wanted"),
        ({"partners.acme.x12": {"leave_out": ["N1"]}}, "N1 is left out: the partner is not told who buys"),
        ({"defaults.changes": {"statuses": ["Opne"]}}, "defaults.changes.statuses: 'Opne' is no status that Visma doc"),
        ({"partners.acme.changes": {"hold_first": ["Opne"]}}, "acme.changes.hold_first: 'Opne' is no status that Vis"),
        ({"defaults.changes": {"statuses": ["Hold"], "hold_first": ["Open"]}}, "'Open' is not one of statuses, so it"),
        ({"partners.acme.kinds": {"customer_invoice": {"send": False}}}, "never applies: the partner has no customer"),
        ({"defaults.send_when": {"invoice": ["Open", "Hold"]}}, "defaults.send_when.invoice: Hold sends drafts"),
        ({"defaults.changes": {"price": "500%"}}, "defaults.changes.price: 500% is unusual: more than 100% is hardly"),
        ({"defaults.kinds": {"purchase_order": {"changes": {"dates": "366d"}}}}, "changes.dates: 366d is unusual"),
        ({"defaults.order_types": {"Blanket": "standalone"}}, "defaults.order_types.Blanket: standalone orders the"),
        ({"partners.acme.order_types": {"Regular": "release"}}, "acme.order_types.Regular: is no order type that"),
        (
            {"defaults.items": {"1": {"gtin": "7038010000065"}, "2": {"gtin": "07038010000065"}, "3": {}}},
            "defaults.items.2.gtin: '07038010000065' is also that of item 1",
        ),
        (
            {"defaults.items": {"1": {"partner_item": "A-1"}, "2": {"partner_item": "A-1"}, "3": {}}},
            "defaults.items.2.partner_item: 'A-1' is also that of item 1: a partner cannot tell the two apart.",
        ),
        ({"defaults.currency": "NKR"}, "defaults.currency: 'NKR' is no currency in use by ISO 4217; did you mean NOK?"),
        ({"partners.acme.currency": "SKE"}, "partners.acme.currency: 'SKE' is no currency in use by ISO 4217; did you"),
        ({"partners.acme.address": {"country": "UK"}}, "acme.address.country: 'UK' is no country of ISO 3166; did you"),
        ({"defaults.terms": {"45": {"net_days": 450}}}, "defaults.terms.45.net_days: 450 is unusual: terms above 365"),
        (
            {"defaults.terms": {"30": {"discount_percent": "25", "discount_days": 10}}},
            "defaults.terms.30.discount_percent: 25 is unusual: a cash discount above 20 percent is hardly ever meant",
        ),
        ({"defaults.changes": {"quantity": "120%"}}, "defaults.changes.quantity: 120% is unusual: more than 100%"),
        ({"defaults.settle": "5d", "defaults.settle_cap": "6d"}, "defaults.settle: 5d is unusual: more than 1d is"),
        (
            {"partners.acme.gln": "7080001234560", "companies.nordic.gln": "7080001234560"},
            "partners.acme.gln: '7080001234560' is that of our own company nordic. Write the partner's.",
        ),
        ({"companies.nordic.visma.tenant_id": "1234567"}, "visma.tenant_id: '1234567' is the company_id as well"),
        (
            {"partners.beta": a_partner(supplier="1"), "partners.beta.orderful.isa_id.live": "ACMEPRODUCE"},
            "partners.beta.orderful.isa_id.live: 'ACMEPRODUCE' is also that of acme. If the two are not one business",
        ),
        (
            {"partners.beta": a_partner(supplier="1"), "partners.beta.orderful.isa_id.live": "ACMEPRODUCET"},
            "partners.beta.orderful.isa_id.live: 'ACMEPRODUCET' is the test id of acme: live documents would go there.",
        ),
        (
            {
                "companies.svensk": {**OTHER_COMPANY, "visma": {"company_id": "2", "tenant_id": "8f0c2f6e"}},
                "partners.beta": a_partner("svensk", supplier="1"),
            },
            "companies.svensk.visma.tenant_id: '8f0c2f6e' is also that of nordic, which is another company of Visma's",
        ),
        ({"defaults.x12": {"leave_out": ["CTT", "FOB"]}}, "defaults.x12.leave_out: FOB never applies: the connector"),
        ({"companies.svensk": {**OTHER_COMPANY, "visma": {"company_id": "2", "tenant_id": "b"}}}, "has no partner yet"),
        ({"companies.nordic.visma.time_zone": None, "defaults.overlap": "15m"}, "15m is short while visma.time_zone"),
    ],
)  # fmt: skip
def test_what_is_only_doubtful_is_a_warning(changes, problem_text):
    (found,) = warnings(changes)
    assert problem_text in found


@pytest.mark.parametrize("data", [None, [], "companies", 3, {"companies": {}}])
def test_what_is_no_routing_file_is_malformed(data):
    assert check(data).malformed


def test_a_file_without_content_is_called_empty():
    assert [one.sentence for one in check(None).problems] == [
        "is empty. `connector.example.yaml` is one to begin with."
    ]


def test_a_file_that_is_only_begun_is_of_the_right_shape():
    checked = check({**complete(), "partners": None, "defaults": None})
    assert [problem.path for problem in checked.problems] == ["companies.nordic"]
    assert checked.data["partners"] == {}


def test_what_changes_may_do_is_kept_as_it_was_written():
    written = {
        "quantity": "20%",
        "price": "2.5%",
        "dates": "14d",
        "lines": "apply",
        "quantities": "old_total_with_new_in_poc04",
        "codes": {"CA": "change", "QC": "quantity"},
        "price_bases": {"RE": 1, "LC": 100},
        "places": {"0099": "warehouse/0042"},
        "statuses": ["Hold", "Open"],
        "hold_first": ["Open"],
    }
    checked = check(complete({"partners.acme.changes": written}))
    assert checked.problems == ()
    assert checked.data["partners"]["acme"]["changes"] == written
    assert Routing.from_data(checked.data).route("nordic", Kind.PURCHASE_ORDER, "50012").changes.hold_first == {"Open"}


def test_the_words_for_codes_are_those_that_reading_a_change_knows():
    assert set(CHANGE_CODES) == CODE_NAMES


def test_a_company_without_a_legal_name_is_a_warning():
    (found,) = warnings({"companies.nordic.name": None})
    assert found.startswith("companies.nordic.name: is missing")


class TestGoLive:
    def found(self, changes, stream=None):
        checked = check(complete({"companies.nordic.go_live": None} | changes), stream=stream)
        return [(problem.path, problem.fatal) for problem in checked.problems]

    @pytest.mark.parametrize(("stream", "fatal"), [(Stream.LIVE, True), (None, False)])
    def test_a_live_stack_needs_one(self, stream, fatal):
        assert self.found({}, stream) == [("companies.nordic.go_live", fatal)]

    def test_a_test_stack_needs_none(self):
        assert self.found({}, Stream.TEST) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"defaults.go_live": "2026-12-01"},
            {"companies.nordic.go_live": "2026-12-01T06:00"},
            {"partners.acme.go_live": "2026-12-01", "partners.matsenteret.go_live": "2026-12-01"},
            # What is off needs none.
            {
                "partners.acme.go_live": "2026-12-01",
                "defaults.kinds": {"customer_invoice": {"send": False}},
            },
        ],
    )
    def test_it_may_stand_in_any_layer(self, changes):
        assert self.found(changes, Stream.LIVE) == []

    def test_every_partner_and_kind_that_is_on_needs_one(self):
        of_one = {"partners.acme.kinds": {"purchase_order": {"go_live": "2026-12-01"}}}
        assert self.found(of_one, Stream.LIVE) == [("companies.nordic.go_live", True)]

    def test_a_day_that_the_zone_of_the_company_cannot_have_is_an_error(self):
        ((path, fatal),) = self.found({"companies.nordic.go_live": "0001-01-01"}, Stream.LIVE)
        assert (path, fatal) == ("companies.nordic", True)


def test_the_example_mentions_every_setting():
    example = yaml.safe_load((ROOT / "connector.example.yaml").read_text())
    fields = {
        f"{key}.{field}"
        for key, setting in SETTINGS.items()
        # `branches` and `send_when` repeat what stands elsewhere in the file.
        if key not in {"branches", "send_when"}
        for field in (setting.type.entry or setting.type).fields
    }
    assert (SETTINGS.keys() | fields) - settings_in(example) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"defaults.send_when": {"invoice": ["Open", "Closed"]}},
        {"defaults.changes": {"codes": {"DI": "delete", "NC": "nothing", "QI": "change", "CA": "delete"}}},
        {"companies.nordic.places": {"location/3": "7080000000005", "warehouse/3": "7080000000012"}},
        {
            "defaults.items": {"1305": {"gtins": {"KRT": "17038010000062"}}},
            "partners.acme.kinds": {"purchase_order": {"units": {"KRT": "case"}}},
        },
    ],
)
def test_what_is_usual_is_not_pointed_out(changes):
    assert check(routing_data(changes)).problems == check(routing_data()).problems
