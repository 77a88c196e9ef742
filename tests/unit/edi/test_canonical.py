"""What both dialects are told alike: order types, notes, parties, references."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from connector.domain.documents import Address, Contact, Kind, Party, Tax
from connector.domain.errors import Parked
from connector.domain.invoice_types import InvoiceType
from connector.domain.routing.route import Charset, Description, DialectChoice, Identity, LineDate, Notes, WithoutItem
from connector.domain.totals import reconcile
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.canonical import Charge, ChargeKind, LineView, canonical
from connector.edi.translate import translate
from connector.edi.units import UNITS
from testkit.samples.business_documents import a_company, a_line, a_route, a_text, an_invoice, an_invoice_line, an_order

BOTH = pytest.mark.parametrize("dialect", [DialectChoice.MOSAIC, DialectChoice.X12])


def sent(content, **routing):
    return translate(content, a_route(content, **routing), stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def message(content, **routing):
    """The body of the transaction: Mosaic's message, or the one transaction set."""
    body = sent(content, **routing).request.body["message"]
    return body["transactionSets"][0] if "transactionSets" in body else body


def beginning(order, **routing):
    """Order type word or code, and the number of the blanket order, in both dialects."""
    mosaic = message(order, dialect=DialectChoice.MOSAIC, **routing)
    x12 = message(order, dialect=DialectChoice.X12, **routing)["beginningSegmentForPurchaseOrder"][0]
    assert mosaic.get("releaseNumber") == x12.get("releaseNumber")
    return mosaic["purchaseOrderType"], x12["purchaseOrderTypeCode"], x12.get("releaseNumber")


class TestCallOffs:
    @pytest.mark.parametrize(
        ("order_type", "mapped", "expected"),
        [
            ("RegularOrder", {}, ("release", "RL", "400001")),
            # Where the goods go matters more to the supplier than that they are called off; the number is told anyhow.
            ("DropShip", {}, ("dropship", "DS", "400001")),
            ("RegularOrder", {"RegularOrder": "rushOrder"}, ("rushOrder", "RO", "400001")),
            ("Blanket", {"Blanket": "blanketFirm"}, ("blanketFirm", "BK", None)),
        ],
    )
    def test_a_call_off_is_a_release_and_names_its_blanket_order(self, order_type, mapped, expected):
        order = an_order(a_line(1, blanket="400001"), a_line(2, blanket="400001"), order_type=order_type)
        assert beginning(order, order_types={**a_route().order_types, **mapped}) == expected

    def test_an_order_of_its_own_names_none(self):
        assert beginning(an_order()) == ("standalone", "SA", None)
        assert beginning(an_order(), order_types={"RegularOrder": "release"}) == ("release", "RL", None)
        assert beginning(an_order(a_line(blanket="500123"))) == ("standalone", "SA", None)

    @BOTH
    def test_several_blanket_orders_are_parked_with_their_numbers(self, dialect):
        order = an_order(a_line(1, blanket="400001"), a_line(2), a_line(3, blanket="400002"))
        with pytest.raises(Parked, match="400001, 400002") as parked:
            sent(order, dialect=dialect)
        assert (parked.value.field, parked.value.waits_for) == ("lines[2].orderNumber", None)
        assert "Make one order of each blanket order" in parked.value.next_step

    @BOTH
    def test_a_cancellation_gets_through_whatever_was_called_off(self, dialect):
        order = an_order(a_line(1, blanket="400001"), a_line(2, blanket="400002"), cancelled=True)
        translation = translate(
            order, a_route(order, dialect=dialect), stream=Stream.TEST, purpose=Purpose.CANCELLATION
        )
        assert translation.purpose is Purpose.CANCELLATION

    def test_a_cancelled_line_calls_nothing_off(self):
        order = an_order(a_line(1, blanket="400001"), a_line(2, blanket="400002", cancelled=True))
        assert beginning(order) == ("release", "RL", "400001")

    @BOTH
    def test_a_line_that_is_not_of_the_blanket_order_is_told(self, dialect):
        order = an_order(a_line(1, blanket="400001"), a_line(2), a_text(3, "Call first"))
        text = json.dumps(message(order, dialect=dialect))
        assert "Line 2 is not part of blanket order 400001." in text
        assert "Line 1 is not" not in text
        assert "Line 3 is not" not in text


class TestDropShip:
    @BOTH
    @pytest.mark.parametrize(
        ("order_type", "words", "address", "leaves"),
        [
            ("DropShip", {}, None, False),
            ("DropShip", {}, Address(country="NO"), False),
            ("DropShip", {"DropShip": "standalone"}, None, False),
            ("RegularOrder", {"RegularOrder": "dropship"}, None, False),
            ("DropShip", {}, Address(postal_code="0155", city="Oslo"), True),
            ("DropShip", {}, Address(("Storgata 1",)), True),
            # Our own warehouses are known to the supplier by their numbers.
            ("RegularOrder", {}, None, True),
        ],
    )
    def test_a_drop_ship_order_needs_an_address(self, order_type, words, address, leaves, dialect):
        order = an_order(order_type=order_type, ship_to=Party(number="10045", name="Kunde", address=address))
        routing = {"dialect": dialect, "order_types": {**a_route().order_types, **words}}
        if leaves:
            assert sent(order, **routing)
            return
        with pytest.raises(Parked, match="no address") as parked:
            sent(order, **routing)
        assert parked.value.field == "shippingAddress"
        withdrawn = msgspec.structs.replace(order, cancelled=True)
        route = a_route(withdrawn, **routing)
        assert translate(withdrawn, route, stream=Stream.TEST, purpose=Purpose.CANCELLATION)


class TestNotes:
    ORDER = an_order(
        a_line(1, note="LINE SECRET"), a_text(2, "TEXT LINE"), a_text(3, ""), note="HEAD SECRET", description="TITLE"
    )
    INVOICE = an_invoice(an_invoice_line(1, note="LINE SECRET"), note="HEAD SECRET", description="TITLE")

    @BOTH
    @pytest.mark.parametrize("content", [ORDER, INVOICE], ids=["order", "invoice"])
    @pytest.mark.parametrize(
        ("notes", "header", "line"),
        [
            (Notes.NONE, False, False),
            (Notes.HEADER, True, False),
            (Notes.LINES, False, True),
            (Notes.ALL, True, True),
        ],
    )
    def test_notes_leave_only_where_routing_says_so(self, content, dialect, notes, header, line):
        text = json.dumps(message(content, dialect=dialect, notes=notes))
        assert ("HEAD SECRET" in text, "LINE SECRET" in text) == (header, line)
        assert "TITLE" in text

    @BOTH
    @pytest.mark.parametrize("content", [ORDER, INVOICE], ids=["order", "invoice"])
    def test_the_description_leaves_only_where_routing_sends_it(self, content, dialect):
        assert "TITLE" not in json.dumps(message(content, dialect=dialect, description=Description.KEEP))

    def test_the_note_of_a_text_line_is_a_note_as_well(self):
        order = an_order(a_line(1), msgspec.structs.replace(a_text(2, ""), note="LINE SECRET"))
        assert "LINE SECRET" not in json.dumps(message(order))
        assert "Line 2: LINE SECRET" in json.dumps(message(order, notes=Notes.LINES))


class TestParties:
    @BOTH
    @pytest.mark.parametrize("content", [an_order(), an_invoice()], ids=["order", "invoice"])
    def test_our_company_is_never_called_by_its_key_in_the_routing(self, content, dialect):
        unnamed = a_company(identity=Identity())
        text = json.dumps(message(content, dialect=dialect, company=unnamed))
        assert "nordic" not in text.lower().replace("nordicfood", "")
        named = a_company(identity=Identity(name="Nordic Food AS"))
        assert "Nordic Food AS" in json.dumps(message(content, dialect=dialect, company=named))

    def test_a_company_that_has_only_a_gln_is_written_by_it(self):
        company = a_company(identity=Identity(gln="7080000000001"))
        parties = message(an_order(), dialect=DialectChoice.X12, company=company)["N1_loop"]
        buyer = next(
            one["partyIdentification"][0]
            for one in parties
            if one["partyIdentification"][0]["entityIdentifierCode"] == "BY"
        )
        assert buyer == {
            "entityIdentifierCode": "BY",
            "identificationCodeQualifier": "UL",
            "identificationCode": "7080000000001",
        }

    @pytest.mark.parametrize(
        ("content", "left_out"),
        [(an_order(), "buyer party and bill-to party"), (an_invoice(), "seller party and remit-to party")],
        ids=["order", "invoice"],
    )
    def test_the_parties_that_a_company_without_a_name_costs_are_noted_with_the_key(self, content, left_out):
        output = (
            f"The document leaves without its {left_out}: the company has no name. "
            "Set companies.nordic.name in the routing file and apply it."
        )
        unnamed = sent(content, dialect=DialectChoice.X12, company=a_company(identity=Identity()))
        assert output in unnamed.notes
        assert output not in sent(content, dialect=DialectChoice.X12).notes

    @BOTH
    def test_an_order_without_any_place_of_delivery_is_noted(self, dialect):
        output = "The order names no place of delivery: fill in its shipping address in Visma if the supplier needs it."
        (note,) = sent(an_order(ship_to=Party()), dialect=dialect).notes
        assert note == output
        assert output not in sent(an_order(ship_to=Party(location="1")), dialect=dialect).notes
        withdrawn = an_order(ship_to=Party(), cancelled=True)
        route = a_route(withdrawn, dialect=dialect)
        cancellation = translate(withdrawn, route, stream=Stream.TEST, purpose=Purpose.CANCELLATION)
        assert output not in cancellation.notes

    def test_an_address_that_x12_cannot_write_alone_is_noted(self):
        order = an_order(ship_to=Party(address=Address(("Storgata 1",), "0155", "Oslo", None, "NO")), ships_to_us=True)
        output = "The address of the ship-to party was left out: it has neither a name nor a number."
        assert output in sent(order, dialect=DialectChoice.X12).notes

    @pytest.mark.parametrize(
        ("location", "name", "main", "other"),
        [
            ("S-07", "Butikk 7", {"main"}, True),
            ("S-07", None, {"main"}, True),
            ("MAIN", "Main", {"main"}, False),
            ("1", "Main", {"main"}, False),
            ("HOVED", "Hovedkontor", {"hoved"}, False),
            ("MAIN", "Main", set(), True),
            # Where nothing is said, the goods went to the customer.
            (None, None, {"main"}, False),
        ],
    )
    def test_an_invoice_is_shipped_to_the_location_that_it_names(self, location, name, main, other):
        customer = Party(number="10045", name="Fjord Retail", location=location, location_name=name)
        office = Address(("Bryggen 2",), "5003", "Bergen", None, "NO")
        identity = Identity(gln="7080000000018", address=office, contact=Contact("Kari"))
        routing = {"partner_identity": identity, "main_locations": frozenset(main)}
        invoice = an_invoice(counterparty=customer)

        loop = next(
            one
            for one in message(invoice, dialect=DialectChoice.X12, **routing)["N1_loop"]
            if one["partyIdentification"][0]["entityIdentifierCode"] == "ST"
        )
        party = loop["partyIdentification"][0]
        x12 = (
            party["name"],
            party["identificationCodeQualifier"],
            party["identificationCode"],
            "partyLocation" in loop,
        )
        ship_to = message(invoice, dialect=DialectChoice.MOSAIC, **routing)["parties"]["shipTo"]
        mosaic = (ship_to["name"], ship_to["identificationCodeType"], ship_to["identificationCode"], "city" in ship_to)
        if other:
            assert x12 == (name or "Fjord Retail", "91", location, False)
            assert mosaic == (name or "Fjord Retail", "sendersId", location, False)
        else:
            assert x12 == ("Fjord Retail", "UL", "7080000000018", True)
            assert mosaic == ("Fjord Retail", "globalLocationId", "7080000000018", True)

    def test_a_location_too_short_for_x12_is_noted(self):
        customer = Party(number="10045", name="Fjord Retail", location="7", location_name="Butikk 7")
        translation = sent(an_invoice(counterparty=customer), dialect=DialectChoice.X12)
        assert "The number 7 of the ship-to party is too short for X12 and was left out." in translation.notes

    @pytest.mark.parametrize(
        ("region", "country", "mosaic", "x12"),
        [
            ("NY", "US", "NY", "NY"),
            ("New York", "US", "NY", "NY"),
            ("NSW", "AU", "NSW", None),
            ("Viken", "NO", None, None),
            ("Akershus", "NO", None, None),
        ],
    )
    def test_only_codes_of_states_stand_where_a_code_belongs(self, region, country, mosaic, x12):
        address = Address(("1 Road",), "12345", "Town", region, country)
        order = an_order(ship_to=Party(name="Store 1", address=address))
        plain = sent(order, dialect=DialectChoice.MOSAIC)
        assert plain.request.body["message"]["parties"]["shipTo"].get("stateOrProvinceCode") == mosaic
        printed = sent(order, dialect=DialectChoice.X12)
        (ship_to,) = [
            one
            for one in printed.request.body["message"]["transactionSets"][0]["N1_loop"]
            if one["partyIdentification"][0]["entityIdentifierCode"] == "ST"
        ]
        assert ship_to["geographicLocation"][0].get("stateOrProvinceCode") == x12
        for translation, code in ((plain, mosaic), (printed, x12)):
            assert any(region in note for note in translation.notes) == (code is None)


class TestReferences:
    def references(self, invoice):
        tree = message(invoice, dialect=DialectChoice.X12)
        header = [tuple(one.values())[:2] for one in tree.get("referenceInformation", ())]
        lines = [[tuple(o.values())[:2] for o in one.get("referenceInformation", ())] for one in tree["IT1_loop"]]
        return header, lines

    def test_an_invoice_of_fees_alone_names_their_sales_order(self):
        fees = [an_invoice_line(number, item=None, sales_order="200981") for number in (1, 2)]
        tree = message(an_invoice(*fees), dialect=DialectChoice.X12, lines_without_item=WithoutItem.CHARGE)
        assert ("IT1_loop" in tree, tree["referenceInformation"][0]["referenceIdentification"]) == (False, "200981")

    def test_a_sales_order_and_a_shipment_of_all_goods_stand_in_the_header(self):
        line = {"sales_order": "200981", "shipment": "400412"}
        freight = an_invoice_line(3, is_charge=True)
        invoice = an_invoice(an_invoice_line(1, **line), an_invoice_line(2, **line), freight)
        header, lines = self.references(invoice)
        assert header == [("VN", "200981"), ("SI", "400412")]
        assert lines == [[], []]
        mosaic = message(invoice, dialect=DialectChoice.MOSAIC)
        assert mosaic["shipmentIdentification"] == "400412"
        assert mosaic["lineItems"][0]["notes"]["general"]["text"] == ["Our order: 200981"]
        assert "notes" not in mosaic["lineItems"][1]
        assert mosaic["purchaseOrderNumber"] == "PO-4711"

    def test_a_line_that_names_no_item_of_ours_keeps_what_is_its_own(self):
        line = {"sales_order": "200981", "shipment": "400412"}
        fee = an_invoice_line(2, item=None, counterparty_item="FEE", sales_order="200990")
        header, lines = self.references(an_invoice(an_invoice_line(1, **line), fee))
        assert header == [("VN", "200981"), ("SI", "400412")]
        assert lines == [[], [("VN", "200990")]]

    def test_where_they_differ_each_line_has_its_own(self):
        invoice = an_invoice(
            an_invoice_line(1, sales_order="200981", shipment="400412"),
            an_invoice_line(2, sales_order="200982", shipment="400413"),
            an_invoice_line(3),
        )
        header, lines = self.references(invoice)
        assert header == []
        assert lines == [[("VN", "200981"), ("SI", "400412")], [("VN", "200982"), ("SI", "400413")], []]
        mosaic = message(invoice, dialect=DialectChoice.MOSAIC)
        assert "shipmentIdentification" not in mosaic
        assert mosaic["lineItems"][1]["notes"]["general"]["text"] == ["Our order: 200982", "Our shipment: 400413"]

    @pytest.mark.parametrize(
        ("number", "x12", "in_ref"),
        [
            ("DEPT-200", {}, True),
            ("X" * 31, {}, False),
            ("X" * 31, {"version": "005010"}, True),
            ("Avd. Bø", {"charset": Charset.UTF8}, True),
        ],
    )
    def test_the_reference_of_the_buyer_is_a_ref_where_it_fits_and_a_text_elsewhere(self, number, x12, in_ref):
        invoice = an_invoice(buyer_reference=number)
        route = a_route(invoice, dialect=DialectChoice.X12, x12=x12)
        body = translate(invoice, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body
        (tree,) = body["message"]["transactionSets"]
        references = tree.get("referenceInformation", [])
        found = [row["referenceIdentification"] for row in references]
        assert found == ([number] if in_ref else [])
        assert ("Accounting reference: " in json.dumps(tree)) is not in_ref
        mosaic = message(invoice, dialect=DialectChoice.MOSAIC)
        assert mosaic["lineItems"][0]["notes"]["general"]["text"] == [f"Accounting reference: {number}"]

    def test_a_credit_note_names_the_invoices_that_it_credits(self):
        one = an_invoice(invoice_type=InvoiceType.CREDIT_MEMO, original_invoices=("100231",))
        assert message(one)["originalInvoiceNumber"] == "100231"
        assert self.references(one)[0] == [("OI", "100231")]
        two = an_invoice(invoice_type=InvoiceType.CREDIT_MEMO, original_invoices=("100231", "100232"))
        assert sent(two).dialect is Dialect.X12
        assert self.references(two)[0] == [("OI", "100231"), ("OI", "100232")]

    def test_invoices_beyond_the_twelve_references_of_the_header_are_named_in_a_text(self):
        numbers = tuple(f"1002{number}" for number in range(10, 25))
        note = an_invoice(
            invoice_type=InvoiceType.CREDIT_MEMO, original_invoices=numbers, payment_reference="99", contract_number="C"
        )
        tree = message(note, dialect=DialectChoice.X12)
        assert len(tree["referenceInformation"]) == 12
        text = json.dumps(tree)
        assert all(number in text for number in numbers)
        assert "Credits invoices 100220, 100221, 100222, 100223, 100224" in text


class TestLineIds:
    @pytest.mark.parametrize(
        ("lines", "ids", "references"),
        [
            # Number in Visma, order, line of the order.
            ([(1, "500123", 7), (2, "500123", 3)], ["7", "3"], [None, None]),
            ([(1, "500123", 7), (2, "500124", 3)], ["7", "3"], ["500123", "500124"]),
            # Lines of two orders, and two receipts of one line, have one number.
            ([(1, "500123", 1), (2, "500124", 1)], ["1", "2"], ["500123 LINE 1", "500124 LINE 1"]),
            ([(4, "500123", 2), (5, "500123", 2)], ["4", "5"], ["500123 LINE 2", "500123 LINE 2"]),
            # A line without an order line would have the number of another line of the order.
            ([(1, "500123", 2), (2, None, None)], ["2", None], ["500123", None]),
            # Visma's own numbers repeat as well.
            ([(1, "500123", 1), (1, "500124", 1)], ["1", "2"], ["500123 LINE 1", "500124 LINE 1"]),
            ([(1, None, None), (1, None, None)], ["1", "2"], [None, None]),
        ],
    )
    def test_no_two_lines_of_a_document_have_one_id(self, lines, ids, references):
        read = [
            an_invoice_line(number, item="ITEM-1", order_number=order, order_line=line) for number, order, line in lines
        ]
        orders = {order for _, order, _ in lines}
        invoice = an_invoice(*read, kind=Kind.SUPPLIER_INVOICE, order_number=orders.pop() if len(orders) == 1 else None)
        loops = message(invoice, dialect=DialectChoice.X12)["IT1_loop"]
        assert [loop["baselineItemDataInvoice"][0].get("assignedIdentification") for loop in loops] == ids
        found = [
            " ".join([one["referenceIdentification"], *([one["description"]] if "description" in one else [])])
            if one
            else None
            for one in (next(iter(loop.get("referenceInformation", [])), None) for loop in loops)
        ]
        assert found == references
        items = message(invoice, dialect=DialectChoice.MOSAIC)["lineItems"]
        ordered = [str(line) if line else None for _, _, line in lines]
        assert [item.get("purchaseOrderLineId") for item in items] == ordered
        for item, reference in zip(items, references, strict=True):
            if reference and " LINE " in reference:
                note = f"Purchase order: {reference.replace(' LINE ', ', line ')}"
                assert item["notes"]["general"]["text"] == [note]


class TestLines:
    def test_every_field_of_a_line_of_an_order_has_its_place(self):
        line = a_line(
            3,
            item="ITEM-1",
            supplier_item="A-1",
            quantity=Decimal(4),
            unit="KRT",
            unit_price=Decimal("2.50"),
            amount=Decimal("10.01"),
            description="Pears",
            note="Ripe",
            requested=date(2026, 10, 2),
            promised=date(2026, 10, 3),
            warehouse="7",
            source="lines[2]",
        )
        order = an_order(line, a_line(4, warehouse="8"))
        first = lines_of(order, notes=Notes.ALL, line_date=LineDate.REQUESTED)[0]
        assert first == LineView(
            number="3",
            quantity=Decimal(4),
            quantity_text="4",
            unit=UNITS["case"],
            price=Decimal("2.50"),
            price_text="2.5",
            product=Decimal("10.00"),
            charges=(Charge(ChargeKind.ROUNDING, Decimal("0.01"), None),),
            buyer_item="ITEM-1",
            vendor_item="A-1",
            gtin="7012345678900",
            description="Pears",
            note="Ripe",
            source="lines[2]",
            their_item_source=".alternateId",
            wanted=date(2026, 10, 2),
            promised=date(2026, 10, 3),
            warehouse="7",
        )

    def test_every_field_of_a_line_of_an_invoice_has_its_place(self):
        line = an_invoice_line(
            3,
            item="ITEM-1",
            counterparty_item="C-1",
            quantity=Decimal(4),
            unit="KRT",
            unit_price=Decimal("2.50"),
            description="Pears",
            note="Ripe",
            tax_code="25",
            order_number="P-1",
            order_line=9,
            source="invoiceLines[2]",
        )
        taxes = (
            Tax("25", Decimal(25), Decimal("10.00"), Decimal("2.50")),
            Tax("15", Decimal(15), Decimal("125.00"), Decimal("18.75")),
        )
        invoice = an_invoice(
            line,
            an_invoice_line(4, tax_code="15", order_line=9),
            kind=Kind.SUPPLIER_INVOICE,
            taxes=taxes,
            order_number=None,
        )
        first = lines_of(invoice, notes=Notes.ALL)[0]
        assert first == LineView(
            number="3",
            quantity=Decimal(4),
            quantity_text="4",
            unit=UNITS["case"],
            price=Decimal("2.50"),
            price_text="2.5",
            product=Decimal("10.00"),
            charges=(),
            buyer_item="ITEM-1",
            vendor_item="C-1",
            gtin="7012345678900",
            description="Pears",
            note="Ripe",
            source="invoiceLines[2]",
            their_item_source=".externalInventoryId",
            order="P-1",
            order_line=9,
            tax_rate=Decimal(25),
        )


def lines_of(content, **routing):
    route = a_route(content, **routing)
    return canonical(content, route, reconcile(content, route), Purpose.ORIGINAL).lines


def test_a_note_about_a_line_names_it_as_visma_does_whatever_number_is_written():
    free = an_invoice_line(2, order_line=7, unit_price=Decimal(0), amount=Decimal(0))
    invoice = an_invoice(an_invoice_line(1, order_line=9), free, kind=Kind.SUPPLIER_INVOICE)
    route = a_route(invoice)
    document = canonical(invoice, route, reconcile(invoice, route), Purpose.ORIGINAL)
    assert [line.number for line in document.lines] == ["9", "7"]
    assert "Line 2 left with the price 0." in document.notes


def parties_of(content, route):
    return canonical(content, route, reconcile(content, route), Purpose.ORIGINAL).parties


def test_what_is_remembered_of_parties_is_that_of_one_route():
    order, invoice = an_order(), an_invoice()
    routes = [
        a_route(order),
        a_route(order, partner_identity=Identity(gln="7080000000025")),
        a_route(order, company=a_company(identity=Identity(name="Another company"))),
        a_route(order, main_locations=frozenset({"elsewhere"})),
    ]
    fresh = [parties_of(order, replace(route)) for route in routes]
    assert len(set(fresh[:3])) == 3
    for _ in range(2):
        assert [parties_of(order, route) for route in routes] == fresh
        assert parties_of(invoice, routes[0]) == parties_of(invoice, replace(routes[0]))


def test_parties_of_other_documents_are_told_apart_and_the_memory_is_bounded():
    route = a_route()
    for _ in range(2):
        for number in range(200):
            order = an_order(supplier=Party(number=str(number)), ship_to=Party(name=f"Customer {number}"))
            assert parties_of(order, route) == parties_of(order, replace(route))
            assert len(route.parties) <= 64
