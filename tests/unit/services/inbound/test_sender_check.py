"""Who may change which order: receiver, sender and the order's supplier have to agree."""

from __future__ import annotations

import pytest

from connector.domain.errors import Parked, Rejected, UnmappedPartner
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Stream
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.services.inbound.sender_check import company_of, other_stream, route_of
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import a_purchase_order, as_json

# Another company with the same ISA id: the sender tells which of the two is meant.
TWIN = {
    "visma": {"company_id": "2", "tenant_id": "b"},
    "orderful": {"isa_id": {"live": "NORDICFOOD", "test": "NORDICFOODT"}},
}
BETA = {"company": "nordic", "visma": {"supplier": "60000"}, "orderful": {"isa_id": {"live": "BETA", "test": "BETAT"}}}


def company(changes=None, *, receiver_id="NORDICFOODT", sender_id="ACMEPRODUCET", stream=Stream.TEST):
    routing = Routing.from_data(routing_data(changes))
    return company_of(routing, receiver_id=receiver_id, sender_id=sender_id, stream=stream).name


def route(changes=None, *, sender_id="ACMEPRODUCET", stream=Stream.TEST, **order):
    routing = Routing.from_data(routing_data(changes))
    ours = read_order_snapshot(as_json(a_purchase_order(**order)), company="nordic")
    return route_of(routing, "nordic", ours, sender_id=sender_id, stream=stream)


def test_a_change_belongs_to_the_company_it_is_addressed_to():
    assert company() == "nordic"
    assert company(receiver_id="NORDICFOOD", sender_id="ACMEPRODUCE", stream=Stream.LIVE) == "nordic"


def test_of_two_companies_with_one_id_the_sender_tells_which():
    assert company({"companies.twin": TWIN}) == "nordic"
    assert company({"companies.twin": TWIN, "partners.acme.company": "twin"}) == "twin"


@pytest.mark.parametrize(
    ("changes", "ids", "sentence", "waits_for"),
    [
        (
            None,
            {"receiver_id": "OTHER"},
            "The receiver OTHER is no company's in the routing.",
            "companies.<name>.orderful.isa_id.test: OTHER",
        ),
        (
            {"companies.twin": TWIN},
            {"sender_id": "STRANGER"},
            "The receiver NORDICFOODT is that of nordic and twin in the routing.",
            "companies.<name>.orderful.isa_id.test: NORDICFOODT",
        ),
        (
            None,
            {"sender_id": "STRANGER"},
            "The sender STRANGER is no partner of company nordic in the routing.",
            "partners.<name>.orderful.isa_id.test: STRANGER",
        ),
        (
            None,
            {"sender_id": "ACMEPRODUCE"},
            "The sender ACMEPRODUCE is no partner of company nordic in the routing.",
            "partners.<name>.orderful.isa_id.test: ACMEPRODUCE",
        ),
        (
            None,
            {"sender_id": "MATSENTERETT"},
            "Partner matsenteret is a customer: its change is about a sales order, which is not written here.",
            None,
        ),
    ],
)
def test_what_routing_does_not_know_is_parked_with_the_key_that_is_missing(changes, ids, sentence, waits_for):
    with pytest.raises(Parked) as parked:
        company(changes, **ids)
    assert (parked.value.sentence, parked.value.waits_for) == (sentence, waits_for)
    assert parked.value.next_step


def test_one_of_several_partners_with_the_senders_id_has_to_be_a_supplier():
    both = {"partners.matsenteret.orderful.isa_id": {"live": "ACMEPRODUCE", "test": "ACMEPRODUCET"}}
    assert company(both) == "nordic"


def test_the_partner_of_the_orders_supplier_may_change_it():
    assert route().partner == "acme"
    assert route(sender_id="ACMEPRODUCE", stream=Stream.LIVE).partner == "acme"


@pytest.mark.parametrize("sender_id", ["BETAT", "ACMEPRODUCE", ""])
def test_nobody_else_may(sender_id):
    with pytest.raises(Rejected) as rejected:
        route({"partners.beta": BETA}, sender_id=sender_id)
    assert rejected.value.sentence == (
        f"Order 500123 is for partner acme (supplier 50012); this comes from {sender_id}."
    )
    assert rejected.value.document == "nordic/purchase_order/500123"


def test_an_order_of_a_supplier_that_nobody_maps_is_parked():
    with pytest.raises(UnmappedPartner) as parked:
        route(supplier={"number": "777"})
    assert parked.value.waits_for == 'partners.<name>.visma.supplier: "777"'


def test_the_refusal_of_the_other_stream_names_ours():
    assert other_stream(Stream.LIVE) == "This system takes the live stream only."
