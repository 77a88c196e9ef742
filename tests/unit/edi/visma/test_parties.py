"""The parties of a Visma document: where goods go, and how an address is put together."""

import pytest

from connector.domain.documents import Address, Contact, Party
from connector.edi.visma.read import decode, read_document
from testkit.samples.visma_samples import a_purchase_order, as_json


def order_of(**changes):
    return read_document(decode(as_json(a_purchase_order(**changes))), company="nordic").content


def test_the_destination_is_put_together_from_account_location_address_and_contact():
    assert order_of().ship_to == Party(
        number="1",
        name="Nordic Food AS, goods in",
        location="3",
        address=Address(lines=("Storgata 1",), postal_code="0155", city="Oslo", country="NO"),
        contact=Contact(
            name="Nordic Food AS, goods in",
            attention="Goods reception",
            email="goods@nordicfood.example",
            phone="+47 22 00 00 00",
        ),
        location_name="Oslo warehouse",
        account_name="Nordic Food AS",
    )


def test_a_destination_without_contact_and_account_is_the_warehouse():
    order = order_of(shippingDestinationType="Site", shipTo=None, shippingContact=None, shippingLocation=None)
    assert order.ship_to.name == "Oslo Lagerhotell"
    assert order.ship_to.location == "1"
    assert order.ship_to.contact is None


def test_an_order_with_nothing_about_its_destination_still_reads():
    empty = {"shipTo": None, "shippingContact": {}, "shippingLocation": None, "warehouse": None}
    assert order_of(**empty, shippingAddress={"addressLine1": "", "country": None}).ship_to == Party()


@pytest.mark.parametrize(
    ("country", "county", "region"),
    [
        ("US", {"id": "NY", "name": "New York"}, "NY"),
        ("us", {"id": "33", "name": "New York"}, "NY"),
        ("NO", {"id": "03", "name": "Oslo"}, "Oslo"),
        ("SE", {"id": "AB", "name": None}, "AB"),
        ("NO", None, None),
    ],
)
def test_a_state_is_read_as_its_code_and_a_county_as_its_name(country, county, region):
    address = {"city": "X", "country": {"id": country}, "county": county}
    assert order_of(shippingAddress=address).ship_to.address.region == region
