"""What the doctor says of Orderful: key, ids and relationships."""

from __future__ import annotations

import pytest

from connector.adapters.orderful.inbound import TRANSACTION_TYPES
from connector.domain.errors import Misconfigured
from connector.domain.transactions import Stream
from testkit.samples.routing_data import a_partner, routing_data
from tests.unit.cli.doctor.conftest import (
    CHANGES,
    INVOICES,
    OF_SUPPLIERS,
    ORDERS,
    a_relationship,
)


def test_a_wrong_orderful_key_is_a_failure(doctor, orderful):
    orderful["v3/organizations/me"] = Misconfigured("Orderful answered 401.", next_step="Check the key.")
    assert doctor()["orderful key"]["mark"] == "fail"


def test_an_id_that_the_organization_does_not_own_is_a_failure(doctor):
    found = doctor({"companies.nordic.orderful.isa_id.test": "STRANGERT"})["orderful nordic"]
    assert found["mark"] == "fail"
    assert "companies.nordic.orderful.isa_id.test" in found["next_step"]


def test_each_supplier_needs_an_850_and_each_customer_an_810(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS]}
    found = doctor()
    assert found["orderful acme"]["mark"] == "ok"
    assert found["orderful matsenteret"]["mark"] == "fail"
    assert "810_INVOICE from NORDICFOODT to MATSENTERETT" in found["orderful matsenteret"]["sentence"]


def test_a_relationship_of_the_other_direction_does_not_count(doctor, orderful):
    orderful["v3/relationships"] = {"data": [a_relationship("ACMEPRODUCE", "NORDICFOOD"), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "fail"


@pytest.mark.parametrize(
    ("stream", "status", "mark"),
    [
        (Stream.TEST, "TEST", "ok"),
        (Stream.TEST, "SETUP", "fail"),
        (Stream.TEST, "BLOCKED", "fail"),
        (Stream.LIVE, "TEST", "fail"),
        (Stream.LIVE, "READY", "ok"),
        (Stream.LIVE, "LIVE", "ok"),
    ],
)
def test_the_status_of_a_relationship_must_fit_the_stream(doctor, stack, orderful, *, stream, status, mark):
    stack.stream = stream
    orderful["v3/relationships"] = {"data": [a_relationship(status=status), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == mark


def test_a_party_without_a_test_id_is_known_by_its_live_id(doctor, orderful):
    receiver = {"liveIsaId": "ACMEPRODUCE", "testIsaId": None}
    orderful["v3/relationships"] = {"data": [a_relationship(receiver=receiver), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "ok"


def test_a_relationship_that_waits_for_a_person_is_a_warning(doctor, orderful):
    orderful["v3/relationships"] = {"data": [a_relationship(autoSend="DISABLED"), INVOICES]}
    assert doctor()["orderful acme"]["mark"] == "warn"


def test_relationships_are_read_to_the_last_page_without_following_links(doctor, orderful, stack):
    def page(params):
        if params.get("nextCursor") == "abc":
            return {"data": [INVOICES], "metadata": {"pagination": {"links": {"next": None}}}}
        link = "https://elsewhere.example/v3/relationships?limit=100&nextCursor=abc"
        return {"data": [ORDERS], "metadata": {"pagination": {"links": {"next": link}}}}

    orderful["v3/relationships"] = page
    assert doctor()["orderful matsenteret"]["mark"] == "ok"
    assert [path for path, _ in stack.orderful.asked] == ["v3/organizations/me", *["v3/relationships"] * 2]


def test_a_kind_that_is_not_sent_needs_no_relationship(doctor, orderful):
    orderful["v3/relationships"] = {"data": [INVOICES]}
    off = {kind: {"send": False} for kind in ("purchase_order", "supplier_invoice")}
    found = doctor({"partners.acme.kinds": off})
    assert not {"orderful acme", "orderful acme supplier invoices"} & set(found)


def test_supplier_invoices_that_leave_need_an_810_to_the_supplier(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES]}
    found = doctor()["orderful acme supplier invoices"]
    assert (found["mark"], "810_INVOICE from NORDICFOODT to ACMEPRODUCET" in found["sentence"]) == ("fail", True)
    assert "partners.acme.kinds.supplier_invoice.send: false" in found["next_step"]


def test_a_kind_without_a_status_in_which_it_is_sent_needs_no_relationship(doctor, orderful):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES]}
    assert "orderful acme supplier invoices" not in doctor({"partners.acme.send_when": {"invoice": []}})


def test_what_is_wrong_with_a_number_is_told_once(connector, stack, visma, orderful):
    stack.routing.data = routing_data({"partners.beta": a_partner(supplier="50012")})
    checks = [finding["check"] for finding in connector("doctor", "--json").data]
    assert (checks.count("orderful beta"), checks.count("orderful acme")) == (1, 1)


def test_a_number_mapped_twice_is_a_failure_of_these_partners_only(doctor):
    found = doctor({"partners.beta": a_partner(supplier="50012")})
    assert found["orderful beta"]["mark"] == "fail"
    assert found["orderful matsenteret"]["mark"] == "ok"


@pytest.mark.parametrize(
    ("relationship", "mark", "output"),
    [
        (CHANGES, "ok", "860 from ACMEPRODUCET to NORDICFOODT is LIVE;"),
        ({**CHANGES, "transactionType": "860_PURCHASE_ORDER_CHANGE"}, "ok", "is LIVE"),
        ({**CHANGES, "status": "SETUP"}, "warn", "is SETUP, so no change arrives on the test stream"),
        ({**CHANGES, "transactionType": {"name": "855_PURCHASE_ORDER_ACKNOWLEDGMENT"}}, "warn", "no relationship"),
        (a_relationship(name="860_PURCHASE_ORDER_CHANGE"), "warn", "no relationship"),
    ],
)
def test_a_supplier_whose_changes_cannot_arrive_is_a_warning_and_no_failure(
    doctor, orderful, *, relationship, mark, output
):
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, relationship]}
    found = doctor()
    assert found["orderful acme changes"]["mark"] == mark
    assert output in found["orderful acme changes"]["sentence"]
    assert "orderful matsenteret changes" not in found, "a customer changes no purchase order of ours"


def test_one_relationship_for_changes_that_fits_is_enough(doctor, orderful):
    blocked = {**CHANGES, "status": "BLOCKED"}
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, blocked, CHANGES]}
    assert doctor()["orderful acme changes"]["mark"] == "ok"


def test_a_supplier_that_is_sent_no_orders_may_change_them_all_the_same(doctor, orderful):
    found = doctor({"partners.acme.kinds": {"purchase_order": {"send": False}}})
    assert found["orderful acme changes"]["mark"] == "ok"


def test_an_answer_of_a_type_that_is_not_polled_is_a_warning(doctor, orderful):
    known = [a_relationship("ACMEPRODUCE", "NORDICFOOD", name=TRANSACTION_TYPES[one]) for one in ("855", "865", "824")]
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, *known]}
    assert not {"orderful 855", "orderful 865", "orderful 824"} & set(doctor())

    other = a_relationship("ACMEPRODUCE", "NORDICFOOD", name="865_ANOTHER_WORD")
    elsewhere = a_relationship("ACMEPRODUCE", "SOMEBODY", name="824_ANOTHER_WORD")
    orderful["v3/relationships"] = {"data": [ORDERS, INVOICES, *known, other, elsewhere]}
    found = doctor()
    assert found["orderful 865"]["mark"] == "warn"
    assert "865_ANOTHER_WORD" in found["orderful 865"]["sentence"]
    assert "orderful 824" not in found


@pytest.mark.parametrize(
    ("rules", "mark"), [({}, "ok"), ({"quantity": "20%"}, "warn"), ({"quantity": "20%", "quantities": "delta"}, "ok")]
)
def test_a_partner_that_sends_changes_is_to_be_asked_what_its_quantities_mean(doctor, rules, mark):
    found = doctor({"partners.acme.changes": rules})["orderful acme changes"]
    assert found["mark"] == mark
    is_said = "quantities" in rules
    assert ("partners.acme.changes.quantities does not say what its POC03 means" in found["sentence"]) is not is_said
    assert (found["next_step"] is None) is is_said


def test_orders_of_which_no_type_leaves_need_no_relationship(doctor, orderful):
    orderful["v3/relationships"] = {"data": [INVOICES, OF_SUPPLIERS]}
    kept = dict.fromkeys(("RegularOrder", "DropShip", "Blanket"), "do_not_send")
    assert doctor({"partners.acme.order_types": kept}).get("orderful acme", {}).get("mark") != "fail"
