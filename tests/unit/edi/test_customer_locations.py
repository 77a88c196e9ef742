"""A customer with several places goes by numbers of its own: retailers refuse an invoice whose ship-to has none."""

from __future__ import annotations

import pytest

from connector.domain.routing.route import Identity
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from testkit.samples.business_documents import a_route
from testkit.samples.visma_samples import a_customer_invoice, as_json
from testkit.x12_reader import every
from tests.unit.edi.x12.conftest import written

SHOP = {"countryId": "NO", "id": "0007", "name": "Corner Market Lade"}
MAIN = {"countryId": "NO", "id": "MAIN", "name": "Main"}
CUSTOMER = Identity(gln="7080001234560")


def content_of(data):
    return read_document(decode(as_json(data)), company="nordic").content


def ship_to(data, **routing):
    segments = written(content_of(data), partner_identity=CUSTOMER, **routing)
    return next(party[2:] for party in every(segments, "N1") if party[1] == "ST")


@pytest.mark.parametrize(
    ("location", "locations", "party"),
    [
        (SHOP, {}, ["Corner Market Lade", "91", "0007"]),
        (SHOP, {"0007": "7080000000029"}, ["Corner Market Lade", "UL", "7080000000029"]),
        # Element 66: 92 is assigned by the buyer, 91 by the seller.
        (SHOP, {"0007": "S-417"}, ["Corner Market Lade", "92", "S-417"]),
        (SHOP, {"0008": "S-418"}, ["Corner Market Lade", "91", "0007"]),
        (MAIN, {}, ["Corner Market AS", "UL", "7080001234560"]),
        (MAIN, {"MAIN": "S-001"}, ["Corner Market AS", "92", "S-001"]),
    ],
)
def test_an_invoice_names_the_place_as_the_customer_knows_it(location, locations, party):
    assert ship_to(a_customer_invoice(location=location), locations=locations) == party


@pytest.mark.parametrize(
    ("location", "locations", "is_told"),
    [
        (SHOP, {"0008": "S-418"}, True),
        (SHOP, {"0007": "S-417"}, False),
        (SHOP, {}, False),
        (MAIN, {"0008": "S-418"}, False),
        ({}, {"0008": "S-418"}, False),
    ],
)
def test_a_place_without_an_entry_is_told_where_others_have_one(location, locations, is_told):
    content = content_of(a_customer_invoice(location=location))
    route = a_route(content, partner_identity=CUSTOMER, locations=locations)
    sent = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    notes = [note for note in sent.notes if "partners.acme.locations" in note]
    assert len(notes) == is_told
    assert all("0007" in note for note in notes)


@pytest.mark.parametrize(
    ("locations", "number"),
    [
        ({}, ("0007", "sendersId")),
        ({"0007": "S-417"}, ("S-417", "receiversId")),
        ({"0007": "7080000000029"}, ("7080000000029", "globalLocationId")),
    ],
)
def test_in_mosaic_it_is_the_receivers_number(locations, number):
    data = a_customer_invoice(location=SHOP, taxDetails=[], paymentReference=None)
    data |= {"vatTotal": 0, "vatTotalInCurrency": 0, "invoiceLines": data["invoiceLines"][:1]}
    net = data["invoiceLines"][0]["amountInCurrency"]
    data |= dict.fromkeys(("amount", "amountInCurrency", "detailTotal", "detailTotalInCurrency"), net)
    content = content_of(data)
    route = a_route(content, partner_identity=CUSTOMER, locations=locations)
    sent = translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)
    assert sent.dialect is Dialect.MOSAIC
    place = sent.request.body["message"]["parties"]["shipTo"]
    assert (place["identificationCode"], place["identificationCodeType"]) == number
