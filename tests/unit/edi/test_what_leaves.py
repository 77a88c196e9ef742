"""Documents as Visma shows them, read and written in both dialects: what of them leaves, and what keeps one back."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from connector.domain.documents import Address, DocumentDiscount
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.revision.content_hash import revision_id
from connector.domain.routing.resolve import Routing
from connector.domain.routing.route import DialectChoice, ExternalReference, Identity, Notes, WithoutItem
from connector.domain.transactions import Purpose, Stream
from connector.edi.numbers import quantity_without_noise, without_noise
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from connector.edi.x12.text import Interchange, interchange
from testkit.samples.business_documents import (
    a_company,
    a_line,
    a_route,
    an_invoice,
    an_invoice_line,
    an_order,
)
from testkit.samples.visma_samples import (
    a_customer_invoice,
    a_customer_invoice_line,
    a_purchase_order,
    a_supplier_invoice,
    a_supplier_invoice_line,
    an_order_line,
    as_json,
)
from testkit.x12_reader import amount_due, every, only, read

NOON = datetime(2026, 9, 10, 12, 30, tzinfo=UTC)
WITH_VAT = {"vatTotal": Decimal(255), "vatTotalInCurrency": Decimal(25)}
BERGEN = {"branchNumber": {"number": "2", "name": "Bergen"}}
VAT_ROWS = (("3", 25, 8000, 2000), ("13", 15, 16000, 2400))
CUSTOMER = {
    "orderType": "DropShip",
    "shippingDestinationType": "Customer",
    "shipTo": {"number": "10045", "name": "Corner Market AS"},
    "shippingContact": None,
}
SHOP = {"shippingLocation": {"id": "SHOP2", "name": "Corner Market Bergen"}}
TOTALS = {"lineTotal": 8000, "taxTotal": 0, "orderTotal": 8000}


def content(document):
    return read_document(decode(as_json(document)), company="nordic").content


def interchange_of(document, **routing) -> Interchange:
    """As X12, with its notes; `document` is Visma's, or a content."""
    read_as = content(document) if isinstance(document, dict) else document
    routing = {"lines_without_item": WithoutItem.SERVICE, **routing}
    route = a_route(read_as, **routing)
    return interchange(read_as, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL, control_number=1, when=NOON)


def x12(document, **routing) -> list[list[str]]:
    return read(interchange_of(document, **routing).text)


def mosaic(document, **routing) -> dict[str, Any]:
    read_as = content(document) if isinstance(document, dict) else document
    route = a_route(read_as, dialect=DialectChoice.MOSAIC, **routing)
    return translate(read_as, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL).request.body["message"]


def a_eur_invoice(**changes):
    """A supplier invoice of 125.00 EUR before VAT, at 10.2 NOK."""
    line = a_supplier_invoice_line(quantity=Decimal(10), unitCostInCurrency=Decimal("12.5"))
    return a_supplier_invoice(invoiceLines=[line], currencyId="EUR", **changes)


class TestTheTotalInCompanyCurrency:
    @pytest.mark.parametrize(("document_type", "sign"), [("Invoice", 1), ("DebitAdj", 1), ("DebitAdj", -1)])
    def test_prices_that_include_vat_are_told_by_it(self, document_type, sign):
        invoice = a_eur_invoice(documentType=document_type, amount=sign * Decimal(1275), **WITH_VAT)
        with pytest.raises(Parked, match=r"include VAT.*125\.00 EUR before the VAT of 25\.00 EUR") as parked:
            x12(invoice)
        assert parked.value.field == "amount"

    def test_a_retained_amount_is_told_by_it(self):
        with pytest.raises(Parked, match=r"125\.00 EUR.*112\.50 EUR \(amount\), 12\.50 EUR less.*retained") as parked:
            x12(a_eur_invoice(amount=Decimal("1147.5"), balance=Decimal("1147.5")))
        assert parked.value.field == "amount"

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": Decimal(1530), **WITH_VAT},
            # Every figure in company currency is rounded by itself.
            {"amount": Decimal("1530.03"), **WITH_VAT},
            {"amount": None, **WITH_VAT},
            {"detailTotal": None, **WITH_VAT},
        ],
    )
    def test_one_that_agrees_or_is_not_stated_says_nothing(self, changes):
        assert only(x12(a_eur_invoice(**changes)), "TDS")[1] == "15000"

    def test_it_is_no_part_of_the_revision(self):
        stated, other = (content(a_eur_invoice(amount=Decimal(amount))) for amount in (1275, 900))
        assert revision_id(stated) == revision_id(other)


class TestCancelledLines:
    """Visma's totals count the cancelled line as well."""

    def order(self, rows=VAT_ROWS, third="13", **changes):
        lines = [
            an_order_line(1),
            an_order_line(2, taxCategory={"number": "13"}),
            an_order_line(3, taxCategory={"number": third} if third else None, canceled=True),
        ]
        taxes = [
            {"vatId": {"number": code}, "vatRate": rate, "taxableAmount": base, "vatAmount": amount}
            for code, rate, base, amount in rows
        ]
        tax = sum(row[3] for row in rows)
        totals = {"lineTotal": 24000, "taxTotal": tax, "orderTotal": 24000 + tax}
        return a_purchase_order(lines=lines, taxDetails=taxes, **{**totals, **changes})

    def test_the_vat_of_each_rate_is_told_by_the_lines(self):
        segments = x12(self.order())
        assert every(segments, "TXI") == [["TXI", "VA", "2000", "25"], ["TXI", "VA", "1200", "15"]]
        assert only(segments, "AMT") == ["AMT", "TT", "19200"]

    @pytest.mark.parametrize(
        ("rows", "third"),
        [
            (VAT_ROWS, None),
            (VAT_ROWS, "7"),
            ((("3", 25, 8000, 2000), ("13", 15, 16000, 2399)), "13"),
            ((("3", None, 8000, 2000), ("13", 15, 16000, 2400)), "13"),
        ],
    )
    def test_vat_that_the_lines_do_not_lead_to_is_a_question(self, rows, third):
        with pytest.raises(Parked, match="covers cancelled lines too"):
            x12(self.order(rows, third))

    def discounted(self, percent):
        row = {"type": "Document", "discountAmt": 240, "discountCode": "D1", "discount": percent}
        rows = (("3", 25, 7920, 1980), ("13", 15, 15840, 2376))
        return self.order(rows, discountDetails=[row], orderTotal=24000 - 240 + 4356)

    def test_a_discount_in_percent_is_told_for_the_rest(self):
        segments = x12(self.discounted(1))
        assert [charge[5] for charge in every(segments, "SAC")] == ["16000"]
        assert every(segments, "TXI") == [["TXI", "VA", "1980", "25"], ["TXI", "VA", "1188", "15"]]
        assert only(segments, "AMT") == ["AMT", "TT", "19008"]

    @pytest.mark.parametrize("percent", [None, 0, 2])
    def test_a_discount_that_may_be_an_amount_is_a_question(self, percent):
        with pytest.raises(Parked, match="discount of 240"):
            x12(self.discounted(percent))

    def test_the_percentage_is_no_part_of_the_revision(self):
        order = an_order(discounts=(DocumentDiscount(Decimal(5), "D1"),))
        assert revision_id(order) == revision_id(
            replace(order, discounts=(DocumentDiscount(Decimal(5), "D1", Decimal(2)),))
        )


class TestBranches:
    def company(self, branch=None, branches=()):
        visma = dataclasses.replace(a_company().visma, branch=branch)
        return a_company(visma=visma, branches=dict(branches))

    def test_a_document_of_another_branch_is_not_the_company_s(self):
        with pytest.raises(Parked, match="branch 2, and company nordic has branch 1 only") as parked:
            x12(a_customer_invoice(**BERGEN), company=self.company("1"))
        assert (parked.value.field, parked.value.waits_for) == ("branchNumber", "companies.nordic.visma.branch")
        with pytest.raises(Parked, match="branch 2"):
            x12(an_order(branch="2"), company=self.company("1"))

    @pytest.mark.parametrize("branch", ["1", None])
    def test_a_document_of_the_branch_or_of_none_leaves(self, branch):
        assert x12(an_order(branch=branch), company=self.company("1"))

    def test_a_branch_leaves_under_its_own_name_where_routing_has_one(self):
        ours = Identity(name="Nordic Bergen AS", vat_number="NO1MVA", address=Address(("Bryggen 1",)))
        segments = x12(a_customer_invoice(**BERGEN), company=self.company(branches={"2": ours}))
        seller = next(segment for segment in segments if segment[:2] == ["N1", "SE"])
        assert seller == ["N1", "SE", "Nordic Bergen AS", "UL", "7080000000001"]
        assert ["N3", "Bryggen 1"] in segments
        assert ["REF", "VX", "NO1MVA"] in segments

    @pytest.mark.parametrize(("branches", "noted"), [((), False), (("1",), True), (("1", "2"), False)])
    def test_a_branch_beside_the_named_ones_is_noted(self, branches, noted):
        company = self.company(branches={number: Identity() for number in branches})
        notes = interchange_of(a_customer_invoice(**BERGEN), company=company).notes
        assert any("branch 2" in note for note in notes) is noted

    def test_routing_gives_both_settings(self):
        entry = {
            "visma": {"company_id": "1", "tenant_id": "t"},
            "orderful": {"isa_id": {"live": "A", "test": "B"}},
            "name": "Nordic",
            "branches": {"2": {"gln": "7080000000018"}},
            "places": {"B02": "7080000000025"},
        }
        company = Routing.from_data({"companies": {"nordic": entry}}).companies["nordic"]
        assert company.identity_of("2") == Identity(name="Nordic", gln="7080000000018")
        assert company.identity_of("1") == company.identity_of(None) == Identity(name="Nordic")
        assert company.places == {"B02": "7080000000025"}


class TestLineNumbers:
    def mixed(self, *order_lines):
        lines = [
            an_invoice_line(number, order_number="500123" if line else None, order_line=line)
            for number, line in enumerate(order_lines, 1)
        ]
        return replace(content(a_supplier_invoice()), lines=tuple(lines), detail_total=None, implied_total=None)

    @pytest.mark.parametrize(
        ("order_lines", "numbers"),
        [((None, 3), ["", "3"]), ((None, 1), ["", "1"]), ((2, 1), ["2", "1"]), ((None, None), ["1", "2"])],
    )
    def test_a_line_without_an_order_line_takes_no_number_of_one(self, order_lines, numbers):
        assert [line[1] for line in every(x12(self.mixed(*order_lines)), "IT1")] == numbers

    def test_nor_beside_two_receipts_of_one_line(self):
        assert [line[1] for line in every(x12(self.mixed(None, 4, 4)), "IT1")] == ["", "2", "3"]

    def test_mosaic_has_the_order_line_or_nothing(self):
        def ids(invoice):
            return [line.get("purchaseOrderLineId") for line in mosaic(invoice, currency="USD")["lineItems"]]

        assert ids(replace(self.mixed(None, 3), payment_reference=None)) == [None, "3"]
        assert ids(replace(self.mixed(None, 4, 4), payment_reference=None)) == [None, "4", "4"]
        assert [line.get("purchaseOrderLineId") for line in mosaic(an_invoice())["lineItems"]] == [None, None]

    def test_a_note_of_an_unnumbered_line_names_its_item(self):
        invoice = self.mixed(None, 1)
        noted = replace(invoice, lines=(replace(invoice.lines[0], note="Fee"), invoice.lines[1]))
        assert ["MSG", "Item ITEM-1: Fee"] in x12(noted, notes=Notes.ALL)


class TestTypedReferences:
    def header(self, segments):
        first_party = next(index for index, segment in enumerate(segments) if segment[0] == "N1")
        return segments[:first_party]

    @pytest.mark.parametrize(
        ("number", "version", "begins_with", "reference"),
        [
            ("PO-4711", "004010", "PO-4711", None),
            ("Bjørn Åsen", "004010", "Bjorn Asen", None),
            ("Bestilt av Kari Nordmann", "004010", "", "Bestilt av Kari Nordmann"),
            ("4500123456-0010-2026-OSLO-NORD-A", "005010", "", "4500123456-0010-2026-OSLO-NORD-A"),
        ],
    )
    def test_the_order_of_a_customer(self, number, version, begins_with, reference):
        document = a_customer_invoice(customerRefNumber=number, externalReference=None)
        segments = x12(document, x12={"version": version})
        assert only(segments, "BIG")[4] == begins_with
        assert [row[2] for row in every(segments, "REF") if row[1] == "PO"] == ([reference] if reference else [])
        assert [row for row in every(segments, "REF") if row[1] == "CO"] == []

    @pytest.mark.parametrize(
        ("document", "text"),
        [
            (a_customer_invoice(customerRefNumber="A" * 31, externalReference=None), f"Order number: {'A' * 31}"),
            (a_customer_invoice(contractDocRef="B" * 31), f"Contract: {'B' * 31}"),
            (a_customer_invoice(accountingCostRef="C" * 31), f"Accounting reference: {'C' * 31}"),
            (a_supplier_invoice(supplierReference="D" * 31), f"Supplier's reference: {'D' * 31}"),
            (a_purchase_order(supplierRef="E" * 31), f"Supplier reference: {'E' * 31}"),
        ],
    )
    def test_what_no_reference_holds_is_told_as_text(self, document, text):
        segments = x12(document)
        assert ["MSG", text] in segments
        assert not any(text[-31:] in row for row in every(segments, "REF"))

    @pytest.mark.parametrize(
        ("number", "notes"),
        [
            ("A" * 22, []),
            ("A" * 23, [f"The order number '{'A' * 23}' does not fit into BIG04 (22 characters); REF*PO has it."]),
            ("A" * 31, [f"The order number '{'A' * 31}' does not fit into its element; it is sent as text."]),
        ],
    )
    def test_a_number_that_leaves_in_another_place_is_told(self, number, notes):
        found = interchange_of(a_customer_invoice(customerRefNumber=number, externalReference=None)).notes
        assert [note for note in found if "order number" in note] == notes

    def test_every_reference_that_leaves_as_text_is_told(self):
        found = interchange_of(a_purchase_order(supplierRef="E" * 31)).notes
        assert f"The supplier reference '{'E' * 31}' does not fit into its element; it is sent as text." in found

    @pytest.mark.parametrize(
        ("document", "qualifier"),
        [
            (a_purchase_order(supplierRef="Tilbud Bjørn"), "VN"),
            (a_supplier_invoice(supplierReference="Tilbud Bjørn"), "IV"),
            (a_customer_invoice(contractDocRef="Tilbud Bjørn"), "CT"),
            (a_customer_invoice(accountingCostRef="Tilbud Bjørn"), "CR"),
        ],
    )
    def test_letters_are_written_plainly_and_that_is_noted(self, document, qualifier):
        result = interchange_of(document)
        assert [qualifier, "Tilbud Bjorn"] in [row[1:3] for row in every(read(result.text), "REF")]
        assert any("'Tilbud Bjørn' was written as 'Tilbud Bjorn'" in note for note in result.notes)

    def test_a_payment_reference_is_never_altered(self):
        with pytest.raises(Parked, match="REF02"):
            x12(a_customer_invoice(paymentReference="Bjørn"))

    def test_references_beside_the_order_are_told(self):
        changes = {
            "externalReference": "Åse, Fjordgata",
            "contact": {"id": 77, "name": "Ola Innkjøper"},
            "originatorDocRef": "R-9",
            "customerProject": "PRJ-77",
        }
        document = a_customer_invoice(customerRefNumber="4500", **changes)
        lines = ["Your reference: Ase, Fjordgata", "Originator reference: R-9", "Project: PRJ-77"]
        lines += ["Your contact: Ola Innkjoper"]
        assert [row[1] for row in every(x12(document), "MSG")][:4] == lines
        itself = a_customer_invoice(contact={"id": 1, "name": "Corner Market AS"})
        assert not any("Your contact" in row[1] for row in every(x12(itself), "MSG"))
        plain = a_customer_invoice(customerRefNumber="4500", externalReference=None)
        assert revision_id(content(document)) == revision_id(content(plain))

    @pytest.mark.parametrize("dialect", list(DialectChoice)[1:])
    @pytest.mark.parametrize(
        ("changes", "external", "number", "written_as"),
        [
            ({"externalReference": "100231"}, "reference", None, "Your reference: 100231"),
            ({"originatorDocRef": "R-9", "externalReference": ""}, "order_number", None, "Originator reference: R-9"),
            ({"externalReference": "4500"}, "order_number", "4500", None),
            (
                {"externalReference": "4500", "customerRefNumber": "77"},
                "order_number",
                "77",
                "Your reference: 4500",
            ),
            ({"externalReference": "77", "customerRefNumber": "77"}, "reference", "77", None),
            ({"externalReference": "100231", "documentType": "CreditNote"}, "order_number", None, "100231"),
        ],
    )
    def test_only_the_customer_s_own_number_is_its_order(self, dialect, changes, external, number, written_as):
        given = {"customerRefNumber": None, "originatorDocRef": None, "paymentReference": None, **changes}
        read_as = replace(content(a_customer_invoice(**given)), taxes=(), tax_total=Decimal(0), total=None)
        units = dict.fromkeys(("STK", "KG", "KRT", "TIM"), "case")
        route = {"external_reference": ExternalReference(external), "units": units}
        if dialect is DialectChoice.X12:
            written = x12(read_as, **route)
            found, texts = only(written, "BIG")[4:5], [row[1] for row in every(written, "MSG")]
            assert not any(row[1] in {"CO", "PO"} for row in every(written, "REF"))
        else:
            written = mosaic(read_as, **route)
            found = [written["purchaseOrderNumber"]] if "purchaseOrderNumber" in written else [""]
            texts = written["lineItems"][0].get("notes", {}).get("general", {}).get("text", [])
            assert "references" not in written
        assert found == [number or ""]
        assert (
            any(written_as in text for text in texts) if written_as else not any("reference" in text for text in texts)
        )

    def test_mosaic_tells_them_with_the_first_line(self):
        lines = mosaic(an_invoice(other_references=("Project: PRJ-77",)))["lineItems"]
        assert lines[0]["notes"] == {"general": {"text": ["Project: PRJ-77"]}}
        assert "notes" not in lines[1]


class TestPlacesOfDelivery:
    def ship_to(self, **changes):
        routing = {name: changes.pop(name) for name in ("company", "main_locations") if name in changes}
        result = interchange_of(a_purchase_order(**changes), **routing)
        segments = read(result.text)
        return next(segment for segment in segments if segment[:2] == ["N1", "ST"]), result.notes

    def test_a_drop_ship_order_names_the_location_of_the_customer(self):
        shop, _ = self.ship_to(**CUSTOMER, **SHOP)
        assert shop == ["N1", "ST", "Corner Market AS", "92", "SHOP2"]

    def test_and_the_customer_itself(self):
        contact = {"name": "Corner Market, yard", "attention": "Ola"}
        order = a_purchase_order(**{**CUSTOMER, **SHOP, "shippingContact": contact})
        segments = x12(order)
        at = segments.index(["N1", "ST", "Corner Market AS", "92", "SHOP2"])
        assert segments[at + 1] == ["N2", "Corner Market Bergen", "Corner Market, yard"]
        ship_to = mosaic(an_order(ship_to=content(order).ship_to))["parties"]["shipTo"]
        names = [ship_to[name] for name in ("name", "additionalName1", "additionalName2")]
        assert names == ["Corner Market AS", "Corner Market Bergen", "Corner Market, yard"]
        address = {"overrideAddress": True, "city": "Bodø"}
        moved = x12(a_purchase_order(**{**CUSTOMER, **SHOP, "shippingContact": contact, "shippingAddress": address}))
        assert ["N2", "Corner Market, yard"] in moved
        assert not any("Corner Market Bergen" in row for row in moved)

    def test_the_main_location_is_the_customer(self):
        main, _ = self.ship_to(**CUSTOMER, shippingLocation={"id": 7, "name": "Main"})
        assert main == ["N1", "ST", "Corner Market AS", "92", "10045"]

    def test_without_a_location_the_warehouse_of_the_order_says_nothing(self):
        customer, _ = self.ship_to(**CUSTOMER, shippingLocation=None)
        assert customer == ["N1", "ST", "Corner Market AS", "92", "10045"]

    def test_a_contact_with_a_name_of_its_own_stands_beside_the_customer(self):
        contact = {"name": "Corner Market, yard", "attention": None}
        shop, _ = self.ship_to(**{**CUSTOMER, **SHOP, "shippingContact": contact})
        assert shop == ["N1", "ST", "Corner Market AS", "92", "SHOP2"]

    def test_a_warehouse_is_named_by_itself(self):
        place = {"id": "B02", "description": "Bergen"}
        changes = {"shippingDestinationType": "Site", "warehouse": place, "shippingContact": None}
        assert self.ship_to(**changes)[0] == ["N1", "ST", "Bergen", "92", "B02"]

    @pytest.mark.parametrize(
        ("number", "location"),
        [("3", {"id": "3", "name": "Terminal"}), ("1", {"id": "3", "name": "MAIN"}), ("branch/1", None)],
    )
    def test_our_own_place_has_the_gln_that_routing_knows(self, number, location):
        company = a_company(places={number: "7080000000025"})
        place, notes = self.ship_to(company=company, shippingLocation=location)
        assert place == ["N1", "ST", "Nordic Food AS, goods in", "UL", "7080000000025"]
        assert not any("too short" in note for note in notes)

    @pytest.mark.parametrize(("destination", "gln"), [("CompanyLocation", "7080000000005"), ("Site", "7080000000012")])
    def test_a_location_and_a_warehouse_with_one_number_are_told_apart(self, destination, gln):
        places = {"3": "7080000000029", "location/3": "7080000000005", "warehouse/3": "7080000000012"}
        changes = {"shippingDestinationType": destination, "warehouse": {"id": "3", "description": "Bergen"}}
        assert self.ship_to(**changes, company=a_company(places=places))[0][3:] == ["UL", gln]
        plain = a_company(places={"3": "7080000000029", "branch/3": "7080000000005"})
        assert self.ship_to(**changes, company=plain)[0][3:] == ["UL", "7080000000029"]

    @pytest.mark.parametrize("key", ["1", "branch/1"])
    @pytest.mark.parametrize(
        "changes",
        [
            {"shippingLocation": {"id": "3", "name": "Bergen terminal"}},
            {"shippingDestinationType": "Site", "warehouse": {"id": "7", "description": "Bergen"}},
        ],
    )
    def test_a_place_that_is_not_the_branch_s_own_never_has_the_code_of_the_branch(self, key, changes):
        place, _ = self.ship_to(**changes, company=a_company(places={key: "7080000000025"}))
        assert "7080000000025" not in place

    def test_or_the_code(self):
        assert self.ship_to(company=a_company(places={"3": "OSL"}))[0][3:] == ["92", "OSL"]

    def test_a_number_of_a_customer_is_no_place_of_ours(self):
        company = a_company(places={"10045": "7080000000025", "SHOP2": "7080000000025"})
        assert self.ship_to(**CUSTOMER, **SHOP, company=company)[0][3:] == ["92", "SHOP2"]

    def test_a_number_that_is_too_short_beside_a_name_is_not_noted_order_after_order(self):
        place, notes = self.ship_to()
        assert place == ["N1", "ST", "Nordic Food AS, goods in"]
        assert not any("too short" in note for note in notes)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"shippingDestinationType": "Site", "warehouse": {"id": "3", "description": "Bergen"}},
            {"shippingLocation": {"id": "3", "name": "Main"}},
            {**CUSTOMER, **SHOP},
        ],
    )
    def test_an_address_that_was_entered_has_no_code_of_the_usual_place(self, changes):
        address = {"overrideAddress": True, "addressLine1": "Kundeveien 9", "postalCode": "9008", "city": "Tromsø"}
        company = a_company(places={"3": "7080000000025", "10": "7080000000025"})
        contact = {"name": "Building site"}
        entered = {**changes, "shippingAddress": address, "shippingContact": contact}
        order = a_purchase_order(**entered)
        place, notes = self.ship_to(**entered, company=company)
        assert len(place) == 3
        assert sum("entered on the order" in note for note in notes) == 1
        plain = an_order(ship_to=content(order).ship_to, ships_to_us=content(order).ships_to_us)
        ship_to = mosaic(plain, company=company)["parties"]["shipTo"]
        assert ship_to.keys() & {"identificationCode", "identificationCodeType"} == set()
        assert (ship_to["addressLine1"], ship_to["city"]) == ("Kundeveien 9", "Tromsø")

    @pytest.mark.parametrize("address", [{"overrideAddress": False, "city": "Oslo"}, {"overrideAddress": True}, None])
    def test_the_usual_address_keeps_the_code(self, address):
        company = a_company(places={"3": "7080000000025"})
        place, notes = self.ship_to(shippingAddress=address, company=company)
        assert place[3:] == ["UL", "7080000000025"]
        assert not any("entered on the order" in note for note in notes)

    def test_without_a_contact_a_place_of_ours_is_called_like_the_company_and_not_like_the_usual_place(self):
        address = {"overrideAddress": True, "city": "Tromsø"}
        place, _ = self.ship_to(shippingAddress=address, shippingContact=None, shipTo=None)
        assert place == ["N1", "ST", a_company().identity.name]

    def test_whether_an_address_was_entered_is_no_part_of_the_revision(self):
        usual, entered = (
            a_purchase_order(shippingAddress={"overrideAddress": said, "city": "Oslo"}) for said in (False, True)
        )
        assert revision_id(content(usual)) == revision_id(content(entered))

    def test_a_long_number_of_a_warehouse_keeps_no_order_back(self):
        order = an_order(a_line(1, warehouse="LAGERØST" * 4), a_line(2))
        names = [row[2] for row in every(x12(order), "REF") if row[3:] == ["WAREHOUSE"]]
        assert [name[:16] for name in names] == ["LAGEROSTLAGEROST", "1"]

    def test_a_number_that_x12_cannot_write_keeps_no_order_back(self):
        shop, notes = self.ship_to(**CUSTOMER, shippingLocation={"id": "BØ", "name": "Bø"})
        assert shop == ["N1", "ST", "Corner Market AS"]
        assert "The number 'BØ' of the ship-to party cannot be written in X12 and was left out." in notes

    def test_names_of_places_are_no_part_of_the_revision(self):
        changes = {**CUSTOMER, **SHOP}
        other = {**changes, "shippingLocation": {"id": "SHOP2", "name": "Other"}, "shippingDestinationType": "Vendor"}
        assert revision_id(content(a_purchase_order(**changes))) == revision_id(content(a_purchase_order(**other)))


class TestTexts:
    def test_a_long_description_runs_over_between_words(self):
        description = " ".join(f"word{number}" for number in range(30))
        rows = [row[5] for row in every(x12(an_order(a_line(description=description))), "PID")]
        assert " ".join(rows) == description
        assert len(rows) == 3
        assert max(map(len, rows)) <= 80

    def test_a_break_in_it_is_a_space(self):
        assert only(x12(an_order(a_line(description="Coffee\r\ndark"))), "PID")[5] == "Coffee dark"

    def test_a_requested_day_that_was_typed_is_noted(self):
        def days(**changes):
            notes = interchange_of(a_purchase_order(lines=[an_order_line(**changes)], taxDetails=[], **TOTALS)).notes
            return [note for note in notes if "requested day" in note]

        assert "line 1 (2026-09-25)" in days(requested="2026-09-25T00:00:00")[0]
        # Visma's own default, and the day that is sent.
        assert days(requested="2026-09-15T00:00:00") == days(requested="2026-10-02T00:00:00") == []

    def test_only_the_first_lines_are_listed(self):
        lines = [an_order_line(number, requested="2026-09-25T00:00:00") for number in range(1, 13)]
        totals = dict.fromkeys(("lineTotal", "taxTotal", "orderTotal"))
        notes = interchange_of(a_purchase_order(lines=lines, taxDetails=[], **totals)).notes
        assert any("10 (2026-09-25) and 2 more" in note for note in notes)

    def test_lines_that_leave_without_a_day_are_told(self):
        ordered = date(2026, 11, 20)
        days = [(ordered, None), (None, None), (ordered, date(2026, 12, 1))]
        lines = [a_line(at, requested=requested, promised=promised) for at, (requested, promised) in enumerate(days, 1)]
        order = an_order(*lines, ordered_on=ordered, promised_on=None)
        (note,) = (note for note in interchange_of(order).notes if "delivery date" in note)
        assert note == (
            "Lines 1, 2 left without a delivery date: nothing is promised, and a requested day that is the order date "
            "counts as Visma's default (line_date)."
        )

    def test_a_price_of_nothing_is_noted(self):
        notes = interchange_of(an_order(a_line(1, unit_price=Decimal(0)), a_line(2))).notes
        assert "Line 1 left with the price 0." in notes
        assert not any("price 0" in note for note in interchange_of(an_order()).notes)


class TestNoise:
    @pytest.mark.parametrize(
        ("number", "price", "quantity"),
        [
            ("0.30000000000000004", "0.3", "0.3"),
            ("2.9999999999999996", "3", "3"),
            ("33.333333333333336", "33.3333333333333", "33.333333"),
            ("0.0000125", "0.0000125", "0.0000125"),
            ("0.000012500000000000001", "0.0000125", "0.0000125"),
            ("123456789.123456", "123456789.123456", "123456789.123456"),
            ("800.0", "800.0", "800.0"),
        ],
    )
    def test_what_a_double_cannot_hold_is_left_out(self, number, price, quantity):
        assert str(without_noise(Decimal(number))) == price
        assert str(quantity_without_noise(Decimal(number))) == quantity

    def test_an_order_leaves_without_it_and_adds_up(self):
        figures = {"orderQty": Decimal("0.30000000000000004"), "unitCost": Decimal("33.333333333333336"), "amount": 10}
        line = an_order_line(uom="KG", **figures)
        order = a_purchase_order(lines=[line], taxDetails=[], lineTotal=10, taxTotal=0, orderTotal=10)
        assert only(x12(order), "PO1")[2:5] == ["0.3", "KG", "33.3333333333333"]

    def test_what_rounding_a_quantity_moves_is_a_charge_of_the_line(self):
        line = a_customer_invoice_line(
            quantity=Decimal("0.3333333333333333"), unitPriceInCurrency=Decimal(30000), amountInCurrency=10000
        )
        totals = {"detailTotalInCurrency": 10000, "vatTotalInCurrency": 0, "amountInCurrency": 10000}
        segments = x12(a_customer_invoice(invoiceLines=[line], taxDetails=[], **totals))
        assert only(segments, "IT1")[2] == "0.333333"
        assert amount_due(segments) == Decimal(10000)


class TestACentOfVat:
    def invoice(self, first, second, vat):
        lines = [a_customer_invoice_line(1), a_customer_invoice_line(2, vatCode={"id": "31"})]
        taxes = [
            {"vatId": {"number": code}, "vatRate": rate, "taxableAmount": base, "vatAmount": Decimal(amount)}
            for code, rate, base, amount in (("3", 25, 1000 if second else 2000, first), ("31", 15, 1000, second))
            if amount
        ]
        totals = {"vatTotalInCurrency": Decimal(vat), "amountInCurrency": 2000 + Decimal(vat)}
        return a_customer_invoice(invoiceLines=lines, taxDetails=taxes, detailTotalInCurrency=2000, **totals)

    def test_rates_that_are_a_cent_off_stay(self):
        segments = x12(self.invoice("250.01", "150.00", "400.00"))
        summary = [row for row in every(segments, "TXI") if row[2]]
        assert summary == [["TXI", "VA", "250.01", "25"], ["TXI", "VA", "150", "15"]]
        assert [row[3] for row in every(segments, "TXI") if not row[2]] == ["25", "15"]
        assert amount_due(segments) == Decimal(2400)

    def test_one_rate_has_the_vat_that_is_payable(self):
        segments = x12(self.invoice("500.01", None, "499.99"))
        assert [row for row in every(segments, "TXI") if row[2]] == [["TXI", "VA", "499.99"]]
        segments = x12(self.invoice("500.00", None, "499.99"))
        assert [row for row in every(segments, "TXI") if row[2]] == [["TXI", "VA", "499.99", "25"]]

    def test_rows_that_are_further_off_have_no_rate(self):
        segments = x12(self.invoice("250.03", "150.00", "400.00"))
        assert [row for row in every(segments, "TXI") if row[2]] == [["TXI", "VA", "400"]]


class TestAFractionOfWhatIsCounted:
    def order(self, unit="STK", **changes):
        return an_order(a_line(quantity=Decimal("2.5"), unit=unit), **changes)

    def test_an_order_waits(self):
        with pytest.raises(Parked, match=r"Line 1 orders 2\.5 each") as parked:
            x12(self.order())
        assert parked.value.code is Reason.FRACTION_OF_UNIT
        assert parked.value.waits_for == "partners.acme.whole_units"
        assert "Correct the quantity in Visma" in parked.value.next_step

    def test_what_is_weighed_or_allowed_leaves(self):
        assert only(x12(self.order("KG")), "PO1")[2:4] == ["2.5", "KG"]
        assert only(x12(self.order(), whole_units=frozenset({"case"})), "PO1")[2:4] == ["2.5", "EA"]

    def test_a_cancellation_leaves(self):
        order = replace(self.order(), cancelled=True)
        assert translate(order, a_route(order), stream=Stream.TEST, purpose=Purpose.CANCELLATION)

    def test_an_invoice_leaves_with_a_note_because_nobody_can_correct_it(self):
        invoice = an_invoice(an_invoice_line(quantity=Decimal("2.5")))
        assert only(x12(invoice), "IT1")[2:4] == ["2.5", "EA"]
        assert "Line 1 has 2.5 each: a fraction of a unit that is counted." in interchange_of(invoice).notes


class TestARateThatDoesNotLeadToItsVat:
    def invoice(self, *rows, **changes):
        lines = [
            a_customer_invoice_line(place, vatCode={"id": code}, quantity=Decimal(base) / 100)
            for place, (code, _, base, _) in enumerate(rows, 1)
        ]
        taxes = [
            {"vatId": {"number": code}, "vatRate": rate, "taxableAmount": base, "vatAmount": Decimal(amount)}
            for code, rate, base, amount in rows
        ]
        net, vat = sum(row[2] for row in rows), sum(Decimal(row[3]) for row in rows)
        totals = {"detailTotalInCurrency": net, "vatTotalInCurrency": vat, "amountInCurrency": net + vat}
        return a_customer_invoice(invoiceLines=lines, taxDetails=taxes, **totals, **changes)

    def test_the_amount_leaves_without_the_rate_and_that_is_told(self):
        document = self.invoice(("3", 25, 1000, "200"))
        segments = x12(document)
        assert every(segments, "TXI") == [["TXI", "VA", "200"]]
        assert only(segments, "TDS")[1] == "120000"
        note = "Visma's VAT of 200.00 is not 25 % of 1000.00; it is written without the rate."
        assert interchange_of(document).notes.count(note) == 1

    def test_the_other_rates_stay_with_their_lines(self):
        segments = x12(self.invoice(("3", 25, 1000, "200"), ("31", 15, 1000, "150"), ("33", 0, 500, "0")))
        assert [row for row in every(segments, "TXI") if row[2]] == [
            ["TXI", "VA", "200"],
            ["TXI", "VA", "150", "15"],
            ["TXI", "VA", "0", "0"],
        ]
        assert [row[3] for row in every(segments, "TXI") if not row[2]] == ["15", "0"]

    @pytest.mark.parametrize("rate", [25, -25])
    @pytest.mark.parametrize("taxable", [1000, -1000])
    def test_the_second_row_of_a_reverse_charge_is_no_contradiction(self, taxable, rate):
        rows = [{"vatId": {"number": "RC"}, "vatRate": 25, "taxableAmount": 1000, "vatAmount": 250}]
        rows.append(rows[0] | {"vatRate": rate, "taxableAmount": taxable, "vatAmount": -250})
        document = self.invoice(("RC", 25, 1000, "0")) | {"taxDetails": rows}
        assert every(x12(document), "TXI") == []
        assert not [note for note in interchange_of(document).notes if "is not 25 %" in note]

    def test_a_rate_of_zero_has_no_vat(self):
        assert every(x12(self.invoice(("3", 0, 1000, "50"))), "TXI") == [["TXI", "VA", "50"]]

    @pytest.mark.parametrize("amount", ["250.01", "249.99"])
    def test_what_rounding_the_vat_of_the_lines_moves_is_no_contradiction(self, amount):
        document = self.invoice(("3", 25, 1000, amount))
        assert every(x12(document), "TXI") == [["TXI", "VA", amount, "25"]]
        assert not [note for note in interchange_of(document).notes if "VAT" in note]


@pytest.mark.parametrize(("amount", "notes"), [(12254, 1), (12250.5, 0)])
def test_a_line_that_differs_from_its_rounded_price_by_a_unit_of_currency_is_told(amount, notes):
    line = an_order_line(orderQty=1000, unitCost=12.25, amount=amount, extCost=amount)
    totals = {"lineTotal": amount, "taxTotal": 0, "orderTotal": amount, "taxDetails": []}
    found = interchange_of(a_purchase_order(lines=[line], **totals)).notes
    assert len([note for note in found if "is sent as rounding" in note]) == notes


@pytest.mark.parametrize(("rounding", "notes"), [("3.00", ["-3.00 is sent as rounding of the total."]), ("0.50", [])])
def test_a_rounding_of_the_total_by_a_unit_of_currency_is_told(rounding, notes):
    line = a_customer_invoice_line(1, quantity=1, unitPriceInCurrency=Decimal(103))
    totals = {"detailTotalInCurrency": 103, "vatTotalInCurrency": 0, "roundingDiff": Decimal(rounding)}
    total = 103 - Decimal(rounding)
    document = a_customer_invoice(invoiceLines=[line], taxDetails=[], amountInCurrency=total, **totals)
    assert [note for note in interchange_of(document).notes if "rounding of the total" in note] == notes
    assert amount_due(x12(document)) == total
