import subprocess
import sys
from decimal import Decimal

from msgspec.structs import replace

from connector.domain.documents import Contact, Terms
from connector.domain.revision import content_hash
from connector.domain.revision.content_hash import revision_id
from connector.edi.visma.read import read_document
from testkit.samples.visma_samples import a_customer_invoice, a_purchase_order, an_order_line


def order(**changes):
    return read_document(a_purchase_order(**changes), company="nordic").content


def test_the_id_is_the_hexadecimal_sha256_it_was_when_it_was_first_given():
    """A change of these means that every document is sent again after an upgrade."""
    invoice = read_document(a_customer_invoice(), company="nordic").content
    assert revision_id(order()) == "1eb469606499326ff23fd167552909c2060fc5bd602c4cbf53501d2c979ae385"
    assert revision_id(invoice) == "ea95cd81bcb44bf472c08e8ef022ec4657c80f43f3757364571393c88ad0a2e0"


def test_the_id_does_not_depend_on_the_hash_seed_of_the_process():
    script = (
        "from testkit.samples.visma_samples import a_purchase_order\n"
        "from connector.edi.visma.read import read_document\n"
        "from connector.domain.revision.content_hash import revision_id\n"
        "print(revision_id(read_document(a_purchase_order(), company='nordic').content))"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert ids == {revision_id(order())}


def test_notation_of_numbers_does_not_matter():
    ids = {
        revision_id(order(lines=[an_order_line(1, orderQty=Decimal(quantity), unitCost=Decimal(10))]))
        for quantity in ("800", "800.0", "8E+2", "800.0000")
    }
    assert len(ids) == 1


def test_zero_is_zero_in_every_notation_and_is_not_nothing():
    content = order()
    zeros = {revision_id(replace(content, tax_total=Decimal(zero))) for zero in ("0", "0.00", "-0.0", "0E+3")}
    assert len(zeros) == 1
    assert zeros != {revision_id(replace(content, tax_total=None))}


def test_gaps_and_white_space_do_not_matter():
    content = order()
    ids = {revision_id(replace(content, note=note)) for note in (None, "", "   ")}
    assert ids == {revision_id(content)}
    assert revision_id(replace(content, description="  Weekly refill \n")) == revision_id(content)
    assert revision_id(replace(content, terms=Terms())) == revision_id(replace(content, terms=None))


def test_lines_taxes_and_sources_may_come_in_any_order():
    content = order()
    moved = tuple(replace(line, source="elsewhere") for line in reversed(content.lines))
    assert revision_id(replace(content, lines=moved)) == revision_id(content)
    tax = content.taxes[0]
    two = (tax, replace(tax, code="5", rate=Decimal(15)))
    assert revision_id(replace(content, taxes=two)) == revision_id(replace(content, taxes=two[::-1]))


def test_lines_that_share_a_number_may_come_in_any_order_too():
    content = order(lines=[an_order_line(1), an_order_line(1, uom="KRT")])
    assert revision_id(content) == revision_id(replace(content, lines=content.lines[::-1]))


def test_the_order_of_address_lines_matters():
    content = order()
    address = replace(content.ship_to.address, lines=("Gate 2", "Storgata 1"))
    swapped = replace(address, lines=address.lines[::-1])
    ids = {revision_id(replace(content, ship_to=replace(content.ship_to, address=a))) for a in (address, swapped)}
    assert len(ids) == 2


def test_texts_do_not_run_into_one_another():
    content = order()
    one = replace(content.ship_to, contact=Contact(name="A", attention="BC"))
    other = replace(content.ship_to, contact=Contact(name="AB", attention="C"))
    assert revision_id(replace(content, ship_to=one)) != revision_id(replace(content, ship_to=other))
    number = replace(content, description="1", note=None)
    elsewhere = replace(content, description=None, note="1")
    assert revision_id(number) != revision_id(elsewhere)


def test_what_a_partner_cannot_see_does_not_matter():
    unseen = {
        "status": "Printed",
        "hold": True,
        "lastModifiedDateTime": "2026-11-01T00:00:00",
        "timeStamp": "AAAAAE0ZZZZ=",
        "openBalance": Decimal("1.0"),
        "printed": False,
        "owner": {"id": "1"},
        "purchaseReceipts": [{"receiptNumber": "300077"}],
    }
    received = [line | {"qtyOnReceipts": Decimal(5), "completed": True} for line in a_purchase_order()["lines"]]
    assert revision_id(order(**unseen, lines=received)) == revision_id(order())


def test_every_record_of_the_documents_has_its_plain_form():
    assert {cls.__name__ for cls in content_hash._PLAIN if hasattr(cls, "__struct_fields__")} == {
        "PurchaseOrder",
        "OrderLine",
        "Invoice",
        "InvoiceLine",
        "Party",
        "Address",
        "Contact",
        "Terms",
        "Tax",
        "DocumentDiscount",
    }
