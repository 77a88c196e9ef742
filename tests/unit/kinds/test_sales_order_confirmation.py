"""The worked example of docs/adding-a-kind.md. What it shares with all kinds: `tests/contract/test_every_kind.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.domain.documents import Kind
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.policy import hold_reason, is_withdrawn
from connector.domain.routing.resolve import Routing
from connector.domain.transactions import Dialect, Purpose, Stream
from connector.edi.translate import translate
from connector.edi.visma.read import decode, read_document
from connector.edi.x12.text import interchange
from connector.routing_file import check
from testkit.samples.routing_data import routing_data
from testkit.samples.visma_samples import MISSING, a_sales_order, a_sales_order_line, as_json
from testkit.x12_reader import every, only, read

ON = "partners.matsenteret.kinds"
CUSTOMER = {"internalId": 812, "id": "10045", "name": "Matsenteret AS", "order": "4500012345"}


def a_document(**changes):
    return read_document(decode(as_json(a_sales_order(**changes))), company="nordic")


def a_route(**settings):
    of_kind = {"sales_order_confirmation": {"send": True, **settings}}
    named = {"partners.matsenteret.currency": "NOK", "companies.nordic.name": "Nordic Food AS"}
    data = routing_data({ON: of_kind, **named})
    return Routing.from_data(data).route("nordic", Kind.SALES_ORDER_CONFIRMATION, "10045")


def written(document, purpose=Purpose.ORIGINAL, **settings):
    when = datetime(2026, 9, 15, tzinfo=UTC)
    text = interchange(
        document.content, a_route(**settings), stream=Stream.TEST, purpose=purpose, control_number=1, when=when
    )
    return read(text.text)


def sent(document, **settings):
    return translate(document.content, a_route(**settings), stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def test_an_855_confirms_the_order_of_the_customer_line_by_line():
    segments = written(a_document())
    assert only(segments, "BAK") == ["BAK", "00", "AD", "4500012345", "20260915", "", "", "", "000101"]
    assert only(segments, "CUR") == ["CUR", "SE", "NOK"]
    assert [part[1] for part in every(segments, "N1")] == ["SE", "BY", "ST"]
    assert every(segments, "N1")[1][2:] == ["Matsenteret AS", "UL", "7080000000025"]
    assert every(segments, "PO1") == [
        ["PO1", "", "24", "EA", "14.5", "", "BP", "MS-77", "VP", "1298"],
        ["PO1", "", "10", "EA", "14.5", "", "BP", "MS-77", "VP", "1298"],
    ]
    assert every(segments, "ACK") == [
        ["ACK", "IA", "24", "EA", "068", "20260930"],
        ["ACK", "IA", "10", "EA", "068", "20260930"],
    ]
    assert only(segments, "CTT") == ["CTT", "2"]


def test_an_order_with_a_delivery_address_leaves_in_x12_because_mosaic_has_no_place_for_it():
    assert sent(a_document()).dialect is Dialect.X12
    with pytest.raises(Parked, match="no place for the delivery address") as parked:
        sent(a_document(), dialect="mosaic")
    assert parked.value.field == "shipping.address"


def test_mosaic_accepts_what_our_order_has():
    confirmation = sent(a_document(shipping=MISSING))
    message = confirmation.request.body["message"]
    assert (confirmation.dialect, confirmation.business_number) == (Dialect.MOSAIC, "4500012345")
    assert (message["purchaseOrderNumber"], message["status"]) == ("4500012345", "accepted")
    assert message["statusNote"] == {"text": ["Our order: 000101"]}
    assert message["lineItems"][0]["actions"] == [
        {
            "status": "accepted",
            "quantity": {"value": "24", "unitOfMeasure": "each"},
            "unitCostPrice": "14.5",
            "scheduledShipDate": "2026-09-30",
        }
    ]


@pytest.mark.parametrize(
    ("purpose", "header", "line"),
    [(Purpose.REPLACE, ["05", "AC"], "IA"), (Purpose.CANCELLATION, ["01", "RD"], "IR")],
)
def test_a_later_confirmation_says_that_something_changed_and_a_cancelled_order_is_rejected(purpose, header, line):
    segments = written(a_document(), purpose)
    assert only(segments, "BAK")[1:3] == header
    assert {part[1] for part in every(segments, "ACK")} == {line}


def test_freight_and_discounts_leave_in_x12_because_mosaic_has_no_place_for_them():
    line = a_sales_order_line(1, discountAmount=Decimal("8.0"))
    totals = {"orderTotal": Decimal("460.0"), "taxTotal": Decimal("80.0"), "freightTotal": Decimal("40.0")}
    document = a_document(lines=[line], totals={**totals, "discountTotal": Decimal(0)})
    assert sent(document).dialect is Dialect.X12
    charges = [(part[1], part[2], part[5]) for part in every(written(document), "SAC")]
    assert charges == [("C", "D240", "4000"), ("A", "C310", "800")]


def test_an_order_without_the_number_of_the_customer_is_parked():
    document = a_document(customer={**CUSTOMER, "order": None}, shipping=MISSING)
    for dialect in Dialect:
        with pytest.raises(Parked, match=r"customer\.order") as parked:
            sent(document, dialect=dialect.value)
        assert parked.value.field == "customer.order"


def test_an_order_whose_total_is_another_one_is_parked():
    totals = {"orderTotal": Decimal("999.0"), "taxTotal": Decimal("123.25")}
    with pytest.raises(Parked, match=r"totals\.orderTotal"):
        sent(a_document(totals=totals))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "QT"}, Reason.TYPE_NEVER_SENT),
        ({"status": {"description": "Open", "cancelled": False, "hold": True}}, Reason.ON_HOLD),
        ({"status": {"description": "Completed", "cancelled": False, "hold": False}}, Reason.STATUS_NOT_IN_SEND_WHEN),
        ({"status": {"description": "Shipping", "cancelled": False, "hold": False}}, Reason.UNKNOWN_STATUS),
        ({"status": MISSING}, Reason.STATUS_NOT_IN_SEND_WHEN),
    ],
)
def test_only_open_sales_orders_are_confirmed(changes, reason):
    assert hold_reason(a_document(**changes), a_route()).code is reason


def test_a_cancelled_order_is_withdrawn():
    document = a_document(status={"description": "Cancelled", "cancelled": True, "hold": False})
    assert is_withdrawn(document)
    assert str(document.key) == "nordic/sales_order_confirmation/000101"


def test_a_quote_with_the_number_of_an_order_has_a_key_of_its_own():
    assert str(a_document(type="QT").key) == "nordic/sales_order_confirmation/QT:000101"


def test_the_check_of_the_file_says_that_nothing_is_polled_for_it():
    data = routing_data({ON: {"sales_order_confirmation": {"send": True}}})
    (found,) = [one for one in check(data).problems if one.path.endswith("send")]
    assert (found.path, found.fatal) == (f"{ON}.sales_order_confirmation.send", False)
    assert "reads no list of Visma that has sales orders" in str(found)


def test_it_is_off_unless_the_file_says_otherwise():
    route = Routing.from_data(routing_data()).route("nordic", Kind.SALES_ORDER_CONFIRMATION, "10045")
    assert hold_reason(a_document(), route).code is Reason.SEND_OFF
