from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connector.domain.documents import Address, Kind
from connector.domain.errors import Misconfigured, Parked
from connector.domain.revision.arrival import Expected
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import (
    DO_NOT_SEND,
    Description,
    DialectChoice,
    ItemIds,
    OnLines,
    OnRevision,
    QuantityReading,
    TermsRule,
)
from connector.domain.transactions import Stream, TransactionType
from testkit.samples.routing_data import a_partner, routing_data

PO, SUPPLIER, CUSTOMER = Kind.PURCHASE_ORDER, Kind.SUPPLIER_INVOICE, Kind.CUSTOMER_INVOICE
CONFIRMATION = Kind.SALES_ORDER_CONFIRMATION


def routing(**changes):
    return Routing.from_data(routing_data({path.replace("__", "."): value for path, value in changes.items()}))


def route(kind=PO, number="50012", **changes):
    return routing(**changes).route("nordic", kind, number)


def test_what_no_layer_says_is_built_in():
    order, invoice = route(), route(CUSTOMER, "10045")
    assert order.dialect is DialectChoice.AUTO
    assert order.send_when == {"Open", "PendingPrint", "PendingEmail", "Printed"}
    assert invoice.send_when == {"Open", "Closed"}
    assert (order.on_revision, invoice.on_revision) == (OnRevision.REPLACE, OnRevision.PARK)
    assert order.send is True
    assert order.order_types["StandardBlanket"] == DO_NOT_SEND
    assert order.origin["dialect"] == order.origin["send_when"] == order.origin["send"] == "built-in"
    assert order.x12.version == "004010"


@pytest.mark.parametrize(
    ("kind", "number", "built_in"),
    [(PO, "50012", "send"), (CUSTOMER, "10045", "send"), (SUPPLIER, "50012", "keep")],
)
def test_the_booking_text_of_a_supplier_invoice_stays_unless_a_layer_sends_it(kind, number, built_in):
    found = route(kind, number)
    assert (found.description.value, found.origin["description"]) == (built_in, "built-in")
    assert route(kind, number, defaults__description="send").description is Description.SEND
    assert route(kind, number, defaults__description="keep").description is Description.KEEP


@pytest.mark.parametrize(
    ("layer", "path"),
    [
        ("default", "defaults.dialect"),
        ("company", "companies.nordic.dialect"),
        ("partner", "partners.acme.dialect"),
        ("kind", "partners.acme.kinds.purchase_order.dialect"),
    ],
)
def test_a_setting_of_any_layer_is_used_and_its_layer_is_told(layer, path):
    found = Routing.from_data(routing_data({path: "x12"})).route("nordic", PO, "50012")
    assert (found.dialect, found.origin["dialect"]) == (DialectChoice.X12, layer)


def test_the_later_layer_wins_whatever_the_earlier_ones_say():
    paths = ("defaults", "companies.nordic", "partners.acme", "partners.acme.kinds.purchase_order")
    values = ("NOK", "SEK", "DKK", "EUR")
    for depth in range(1, 5):
        changes = {f"{path}.currency": value for path, value in zip(paths[:depth], values, strict=False)}
        assert Routing.from_data(routing_data(changes)).route("nordic", PO, "50012").currency == values[depth - 1]


def test_a_setting_of_one_kind_leaves_the_other_kinds_alone():
    changes = {"partners__acme__kinds": {"supplier_invoice": {"send": False, "on_revision": "ignore"}}}
    invoice, order = route(SUPPLIER, **changes), route(PO, **changes)
    assert (invoice.send, invoice.on_revision) == (False, OnRevision.IGNORE)
    assert (order.send, order.on_revision) == (True, OnRevision.REPLACE)


def test_an_explicit_on_revision_wins_over_what_is_built_in_for_invoices():
    assert route(CUSTOMER, "10045", defaults__on_revision="replace").on_revision is OnRevision.REPLACE


def test_null_means_not_set_here():
    changes = {"defaults.currency": "NOK", "partners.acme.currency": "EUR"}
    data = routing_data(changes)
    data["partners"]["acme"]["currency"] = None
    assert Routing.from_data(data).route("nordic", PO, "50012").currency == "NOK"


def test_units_and_terms_merge_key_by_key_and_tell_the_layer_of_each_key():
    found = route(
        partners__acme__units={"KRT": "case", "STK": "piece"}, companies__nordic__terms={"60": {"net_days": 60}}
    )
    assert found.units == {"STK": "piece", "KG": "kilogram", "KRT": "case"}
    assert found.origin["units.STK"] == "partner"
    assert found.origin["units.KG"] == "default"
    assert found.terms == {"30": TermsRule(net_days=30), "60": TermsRule(net_days=60)}


def test_terms_of_a_partner_replace_the_whole_rule():
    found = route(
        defaults__terms={"30": {"net_days": 30, "discount_percent": "2", "discount_days": 10}},
        partners__acme__terms={"30": {"net_days": 45}},
    )
    assert found.terms["30"] == TermsRule(net_days=45)


def test_gtins_of_units_merge_unit_by_unit():
    found = route(
        defaults__items={"1298": {"gtin": "7038010000065", "gtins": {"KRT": "17038010000062"}}},
        partners__acme__items={"1298": {"gtins": {"PAL": "27038010000069"}}},
    ).items["1298"]
    gtins = [found.gtin_of(unit) for unit in ("STK", "KRT", "PAL", None)]
    assert gtins == ["7038010000065", "17038010000062", "27038010000069", "7038010000065"]


def test_items_merge_field_by_field_so_that_the_gtin_stays():
    found = route(
        defaults__items={"1298": {"gtin": "07038010000065"}, "TOM": {"gtin": "07038010014581"}},
        partners__acme__items={"1298": {"partner_item": "AP-1"}, "2000": {"partner_item": "AP-2"}},
    )
    assert found.items == {
        "1298": ItemIds(gtin="07038010000065", partner_item="AP-1"),
        "TOM": ItemIds(gtin="07038010014581"),
        "2000": ItemIds(partner_item="AP-2"),
    }
    assert len(found.items) == 3
    assert found.items.get("unknown") is None
    assert "unknown" not in found.items
    assert [found.items.get("unknown", "none") for _ in range(2)] == ["none", "none"]


def test_partners_without_items_of_their_own_share_what_was_merged():
    known = routing(
        defaults__items={"1298": {"gtin": "07038010000065"}},
        partners__acme__items={"1298": {"partner_item": "AP-1"}},
        partners__plain=a_partner(supplier="50013"),
    )
    own, order, invoice = (
        known.route("nordic", kind, number).items
        for kind, number in ((PO, "50012"), (PO, "50013"), (SUPPLIER, "50013"))
    )
    assert order is invoice
    assert own["1298"].partner_item == "AP-1"
    assert order["1298"].partner_item is None


@pytest.mark.parametrize(
    ("value", "kind", "number", "statuses"),
    [
        ({"invoice": ["Open"]}, CUSTOMER, "10045", {"Open"}),
        ({"invoice": ["Open"], "customer_invoice": ["Closed"]}, CUSTOMER, "10045", {"Closed"}),
        ({"invoice": ["Open"], "customer_invoice": ["Closed"]}, SUPPLIER, "50012", {"Open"}),
        ({"purchase_order": ["Open"]}, CUSTOMER, "10045", {"Open", "Closed"}),
        ({"purchase_order": []}, PO, "50012", set()),
    ],
)
def test_send_when_takes_the_exact_kind_before_invoice(value, kind, number, statuses):
    assert route(kind, number, defaults__send_when=value).send_when == statuses


def test_send_when_of_a_later_layer_wins_even_if_an_earlier_one_is_more_exact():
    found = route(
        CUSTOMER,
        "10045",
        defaults__send_when={"customer_invoice": ["Closed"]},
        partners__matsenteret__send_when={"invoice": ["Open"]},
    )
    assert (found.send_when, found.origin["send_when"]) == ({"Open"}, "partner")


@pytest.mark.parametrize(
    ("value", "known"),
    [(None, {"main"}), (["Hovedkontor", "1"], {"hovedkontor", "1"}), ([], set())],
)
def test_main_locations_are_compared_without_regard_to_case(value, known):
    assert route(CUSTOMER, "10045", partners__matsenteret__main_locations=value).main_locations == known


def test_x12_options_merge_key_by_key():
    found = route(defaults__x12={"charset": "utf8"}, partners__acme__x12={"version": "005010", "leave_out": ["PER"]})
    assert (found.x12.charset, found.x12.version, found.x12.leave_out) == ("utf8", "005010", {"PER"})
    assert (found.origin["x12.charset"], found.origin["x12.version"]) == ("default", "partner")


def test_transaction_type_and_partner_follow_the_kind():
    assert route(PO).transaction_type is TransactionType.PURCHASE_ORDER
    assert route(SUPPLIER).transaction_type is TransactionType.INVOICE
    assert route(CUSTOMER, "10045").partner == "matsenteret"
    assert route(CUSTOMER, "10045").partner_isa_id.test == "MATSENTERETT"


def test_supplier_and_customer_numbers_are_two_registers():
    with pytest.raises(Parked):
        route(CUSTOMER, "50012")


@pytest.mark.parametrize(
    ("kind", "number", "key"),
    [
        (PO, "777", 'partners.<name>.visma.supplier: "777"'),
        (SUPPLIER, "777", 'partners.<name>.visma.supplier: "777"'),
        (CUSTOMER, "0030", 'partners.<name>.visma.customer: "0030"'),
    ],
)
def test_an_unmapped_number_parks_with_the_exact_key_to_add(kind, number, key):
    with pytest.raises(Parked) as parked:
        route(kind, number)
    assert parked.value.waits_for == key
    assert key in str(parked.value)
    assert "company: nordic" in str(parked.value)


def test_an_unknown_company_parks_with_the_company_to_add():
    with pytest.raises(Parked) as parked:
        routing().route("suomi", PO, "50012")
    assert parked.value.waits_for == "companies.suomi"


def test_a_document_without_a_number_parks_and_waits_for_no_routing():
    with pytest.raises(Parked) as parked:
        route(PO, "")
    assert parked.value.waits_for is None
    assert "names no supplier" in str(parked.value)


def test_a_number_mapped_twice_parks_naming_both_and_leaves_the_others_alone():
    found = routing(partners__beta=a_partner(supplier="50012"), partners__gamma=a_partner(supplier="60000"))
    with pytest.raises(Parked) as parked:
        found.route("nordic", PO, "50012")
    assert "acme and beta" in str(parked.value)
    assert found.route("nordic", PO, "60000").partner == "gamma"


def test_the_same_number_in_two_companies_is_two_partners():
    other = {
        "visma": {"company_id": "2", "tenant_id": "b"},
        "orderful": {"isa_id": {"live": "SVENSK", "test": "SVENSKT"}},
    }
    found = routing(companies__svensk=other, partners__beta=a_partner("svensk", supplier="50012"))
    assert found.route("nordic", PO, "50012").partner == "acme"
    assert found.route("svensk", PO, "50012").partner == "beta"
    assert found.companies_mapping(PO, "50012") == ("nordic", "svensk")
    assert found.companies_mapping(CUSTOMER, "10045") == ("nordic",)
    assert found.companies_mapping(PO, "1") == ()


def test_an_unknown_zone_makes_the_overlap_long_and_a_known_one_short():
    assert routing().companies["nordic"].visma.overlap == timedelta(minutes=15)
    without = routing(companies__nordic__visma__time_zone=None).companies["nordic"].visma
    assert (without.overlap, without.time_zone) == (timedelta(hours=2, minutes=5), None)


def test_polling_settings_resolve_from_built_in_over_defaults_to_the_company():
    visma = routing().companies["nordic"].visma
    assert (visma.settle, visma.settle_cap, visma.page_size) == (timedelta(minutes=2), timedelta(minutes=30), 200)
    visma = (
        routing(defaults__settle="90s", defaults__overlap="4h", companies__nordic__settle="4m")
        .companies["nordic"]
        .visma
    )
    assert (visma.settle, visma.overlap) == (timedelta(minutes=4), timedelta(hours=4))


def test_identity_of_our_company_and_of_the_partner_come_from_the_file():
    found = route(
        companies__nordic__name="Nordic Food Supply AS",
        companies__nordic__address={"lines": ["Havnegata 12"], "city": "Oslo", "country": "NO"},
        partners__acme__gln="7080001234560",
        partners__acme__contact={"email": "orders@acme.example"},
    )
    assert found.company.identity.name == "Nordic Food Supply AS"
    assert found.company.identity.address == Address(lines=("Havnegata 12",), city="Oslo", country="NO")
    assert found.partner_identity.gln == "7080001234560"
    assert found.partner_identity.contact.email == "orders@acme.example"


def test_a_missing_item_is_added_where_it_belongs():
    assert route().item_key == "defaults.items"
    assert route(partners__acme__require_item_id="gtin").item_key == "defaults.items"
    assert route(partners__acme__require_item_id="partner_item").item_key == "partners.acme.items"


def test_a_route_is_resolved_once():
    found = routing()
    assert found.route("nordic", PO, "50012") is found.route("nordic", PO, "50012")


def test_the_version_depends_on_content_and_not_on_the_order_of_keys():
    data = routing_data()
    turned = {key: data[key] for key in reversed(data)}
    assert Routing.from_data(data).version == Routing.from_data(turned).version
    assert Routing.from_data(data).version != routing(defaults__currency="NOK").version


@pytest.mark.parametrize("data", [None, [], "text", {}, {"companies": []}])
def test_what_is_no_routing_at_all_is_refused(data):
    with pytest.raises(Misconfigured):
        Routing.from_data(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("companies.nordic.visma.tenant_id", None),
        ("companies.nordic.settle", "soon"),
        ("companies.nordic.orderful.isa_id.test", None),
    ],
)
def test_a_company_that_no_check_would_pass_is_named_with_its_path(path, value):
    with pytest.raises(Misconfigured) as error:
        _ = Routing.from_data(routing_data({path: value})).companies
    assert path in str(error.value)


def test_a_setting_that_no_check_would_pass_stops_only_its_own_route():
    found = routing(partners__acme__on_revision="change")
    with pytest.raises(Misconfigured, match=r"partners\.acme\.on_revision: 'change' is none of replace"):
        found.route("nordic", PO, "50012")
    assert found.route("nordic", CUSTOMER, "10045").partner == "matsenteret"


def test_a_company_may_skip_documents_of_suppliers_that_are_no_partners_and_parks_them_unless_it_says_so():
    assert routing().companies["nordic"].unmapped_partner == "park"
    assert routing(defaults__unmapped_partner="skip").companies["nordic"].unmapped_partner == "skip"
    assert (
        routing(defaults__unmapped_partner="skip", companies__nordic__unmapped_partner="park")
        .companies["nordic"]
        .unmapped_partner
        == "park"
    )


def changes(**layers):
    return route(**layers).changes


def test_a_change_waits_for_a_person_unless_somebody_has_allowed_it():
    rules = changes()
    assert (rules.quantity, rules.price, rules.dates, rules.lines) == (0, 0, timedelta(0), OnLines.PARK)
    assert (rules.quantities, rules.codes, rules.hold_first) == (None, {}, frozenset())
    assert (rules.places, rules.price_bases) == ({}, {})
    assert rules.statuses == {"Hold", "Open", "PendingPrint", "PendingEmail", "Printed"}
    assert rules.key == "partners.acme.changes"


def test_change_rules_merge_key_by_key_over_all_layers():
    found = route(
        defaults__changes={"quantity": "20%", "price": "5%", "dates": "14d", "statuses": ["Hold", "Open"]},
        companies__nordic__changes={"price": "2%", "lines": "apply"},
        partners__acme__changes={
            "dates": "7d",
            "quantities": "delta",
            "codes": {"CA": "delete"},
            "price_bases": {"LC": "100", "RE": 1},
            "places": {" Oslo DC": "1 "},
        },
        partners__acme__kinds={"purchase_order": {"changes": {"quantity": "0%", "hold_first": ["Open"]}}},
    )
    rules = found.changes
    assert (rules.quantity, rules.price, rules.dates) == (0, Decimal("0.02"), timedelta(days=7))
    assert (rules.lines, rules.quantities) == (OnLines.APPLY, QuantityReading.DELTA)
    assert rules.places == {"oslo dc": "1"}
    assert rules.price_bases == {"LC": 100, "RE": 1}
    assert (rules.codes, rules.statuses, rules.hold_first) == ({"CA": "delete"}, {"Hold", "Open"}, {"Open"})
    origin = {key: found.origin[f"changes.{key}"] for key in ("quantity", "price", "dates", "statuses", "lines")}
    assert origin == {
        "quantity": "kind",
        "price": "company",
        "dates": "partner",
        "statuses": "default",
        "lines": "company",
    }


def test_a_change_rule_of_null_is_not_set_here():
    assert changes(defaults__changes={"quantity": "20%"}, partners__acme__changes={"quantity": None}).quantity == (
        Decimal("0.2")
    )


@pytest.mark.parametrize(
    ("text", "share"), [("20%", "0.2"), ("0%", "0"), ("2.5%", "0.025"), ("0.0001%", "0.000001"), ("150%", "1.5")]
)
def test_a_percentage_is_an_exact_share(text, share):
    found = changes(defaults__changes={"quantity": text, "price": text})
    assert found.quantity == found.price == Decimal(share)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("quantity", "much"),
        ("price", ""),
        ("dates", "14 days"),
        ("lines", "sometimes"),
        ("quantities", "difference"),
    ],
)
def test_a_change_rule_that_no_check_would_pass_is_named(setting, value):
    with pytest.raises(Misconfigured) as wrong:
        changes(partners__acme__changes={setting: value})
    assert "partners.acme.changes" in str(wrong.value)
    assert setting in str(wrong.value)


SVENSK = {
    "visma": {"company_id": "2", "tenant_id": "b"},
    "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "SVENSKT"}},
}


def test_the_receiver_of_a_message_is_the_company_with_its_isa_id_on_that_stream():
    found = routing()
    assert found.receivers("NORDICFOOD", "ACMEPRODUCE", Stream.LIVE) == ("nordic",)
    assert found.receivers("NORDICFOODT", "ACMEPRODUCET", Stream.TEST) == ("nordic",)
    assert found.receivers("NORDICFOOD", "ACMEPRODUCE", Stream.TEST) == ()
    assert found.receivers("NORDICFOOD", "WHOEVER", Stream.LIVE) == ("nordic",)
    assert found.receivers("ACMEPRODUCE", "NORDICFOOD", Stream.LIVE) == ()


def test_companies_that_share_an_isa_id_are_told_apart_by_the_sender():
    found = routing(companies__svensk=SVENSK, partners__beta=a_partner("svensk", isa_id="BETA", supplier="1"))
    assert found.receivers("NORDICFOOD", "BETA", Stream.LIVE) == ("svensk",)
    assert found.receivers("NORDICFOOD", "ACMEPRODUCE", Stream.LIVE) == ("nordic",)
    assert found.receivers("NORDICFOOD", "WHOEVER", Stream.LIVE) == ("nordic", "svensk")
    assert found.receivers("SVENSKT", "BETAT", Stream.TEST) == ("svensk",)


def test_a_sender_may_be_a_partner_of_several_companies():
    found = routing(companies__svensk=SVENSK, partners__beta=a_partner("svensk", isa_id="ACMEPRODUCE", supplier="1"))
    assert found.senders("ACMEPRODUCE", Stream.LIVE) == (("nordic", "acme"), ("svensk", "beta"))
    assert found.receivers("NORDICFOOD", "ACMEPRODUCE", Stream.LIVE) == ("nordic", "svensk")
    assert found.senders("ACMEPRODUCET", Stream.TEST) == (("nordic", "acme"), ("svensk", "beta"))
    assert found.senders("ACMEPRODUCE", Stream.TEST) == ()


def test_a_supplier_and_a_customer_are_told_apart():
    found = routing(partners__both=a_partner(supplier="1", customer="2"))
    assert [found.supplies(name) for name in ("acme", "matsenteret", "both")] == [True, False, True]


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"defaults__kinds": {"customer_invoice": {"send": False}}}, False),
        ({"companies__nordic__kinds": {"customer_invoice": {"send": False}}}, False),
        ({"defaults__kinds": {"supplier_invoice": {"send": False}}}, True),
        (
            {
                "defaults__kinds": {"customer_invoice": {"send": False}},
                "partners__matsenteret__kinds": {"customer_invoice": {"send": True}},
            },
            True,
        ),
    ],
)
def test_a_kind_is_switched_off_in_one_line_and_on_again_for_a_partner(settings, sent):
    assert route(CUSTOMER, "10045", **settings).send is sent


def test_what_a_layer_says_of_a_kind_goes_before_what_it_says_of_all_and_behind_a_later_layer():
    settings = {"defaults__kinds": {"purchase_order": {"dialect": "x12"}}, "defaults__dialect": "mosaic"}
    assert route(**settings).dialect is DialectChoice.X12
    assert route(**settings).origin["dialect"] == "default kind"
    assert route(**settings, partners__acme__dialect="auto").dialect is DialectChoice.AUTO


def test_the_company_knows_which_kinds_are_off_for_everybody():
    company = routing(defaults__kinds={"supplier_invoice": {"send": False}}).companies["nordic"]
    assert company.kinds_off == company.kinds_unsent == {SUPPLIER, CONFIRMATION}


def test_a_kind_that_a_partner_switches_on_again_is_sent_by_the_company():
    company = routing(
        defaults__kinds={"supplier_invoice": {"send": False}, "customer_invoice": {"send": False}},
        partners__acme__kinds={"supplier_invoice": {"send": True}},
    ).companies["nordic"]
    assert company.kinds_off - company.kinds_unsent == {SUPPLIER}


def test_go_live_of_a_partner_goes_before_that_of_its_company():
    settings = {"companies__nordic__go_live": "2026-12-01", "partners__acme__go_live": "2026-12-05T06:00"}
    assert routing(**settings).companies["nordic"].go_live.day == date(2026, 12, 1)
    assert route(**settings).go_live.at == datetime(2026, 12, 5, 5, 0, tzinfo=UTC)  # Europe/Oslo
    assert route(CUSTOMER, "10045", **settings).go_live.whole_day


def test_what_is_expected_of_a_sent_document_merges_key_by_key_and_a_kind_goes_first():
    data = routing_data(
        {
            "defaults.expected": {"delivered": "2d"},
            "companies.nordic.expected": {"valid": "10m"},
            "partners.acme.expected": {"delivered": "never"},
            "partners.acme.kinds": {"purchase_order": {"acknowledgment": "never"}},
        }
    )
    found = Routing.from_data(data)
    assert found.expected("nordic", PO, "acme") == Expected(
        valid=timedelta(minutes=10), sent=timedelta(minutes=15), delivered=None, acknowledged=None
    )
    assert found.expected("nordic", SUPPLIER, "acme").acknowledged == timedelta(hours=24)
    assert found.route("nordic", PO, "50012").expected == found.expected("nordic", PO, "acme")


@pytest.mark.parametrize(("company", "partner"), [("nordic", None), ("nordic", "gone"), ("gone", "acme")])
def test_what_routing_no_longer_names_is_expected_as_defaults_say(company, partner):
    found = routing(defaults__expected={"delivered": "2d"}, partners__acme__expected={"delivered": "3d"})
    assert found.expected(company, PO, partner).delivered == timedelta(days=3 if partner == "acme" else 2)
