"""What both dialects read beside the values of a line: parts of one that goes, notes, references and numbers."""

from __future__ import annotations

import pytest

from connector.domain.order_change.request import Aside, Topic
from connector.edi.order_change.read import read_change


def in_x12(*lines, purpose="04", **header):
    """An X12-shaped 860; a line is the POC segment and what stands beside it."""
    begun = {"transactionSetPurposeCode": purpose, "purchaseOrderNumber": "500123"}
    loops = [{"lineItemChange": [poc], **beside} for poc, beside in lines]
    tree = {"beginningSegmentForPurchaseOrderChange": [begun], "POC_loop": loops, **header}
    return read_change({"transactionSets": [tree]})


def in_mosaic(*lines, **header):
    return read_change({"purpose": "change", "purchaseOrderNumber": "500123", "lineItems": list(lines), **header})


def going(beside, **poc):
    (line,) = in_x12(({"assignedIdentification": "2", "changeOrResponseTypeCode": "DI", **poc}, beside)).lines
    assert (line.questions, line.unreadable) == ((), ())
    return line


SCHEDULE = {"quantity": "40", "dateTimeQualifier": "002", "date": "20261208"}
SDQ = {"unitOrBasisForMeasurementCode": "EA", "identificationCode": "0001", "quantity": "40"}


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        ({"destinationQuantity": [SDQ]}, "divides the quantity among places (SDQ)"),
        ({"SLN_loop": [{"sublineItemDetail": [{"quantity": "5"}]}]}, "has sublines (SLN)"),
        ({"lineItemSchedule": [SCHEDULE, SCHEDULE]}, "divided into 2 deliveries (SCH)"),
        ({"dateTimeReference": [{"dateTimeQualifier": "010", "date": "20261208"}]}, "ship on 2026-12-08"),
        ({"quantityInformation": [{"quantityQualifier": "38", "quantity": "40"}]}, "quantity information"),
    ],
)
def test_what_may_be_a_part_of_a_line_that_goes_is_kept_for_the_decision(beside, reason):
    (sentence,) = going(beside).partial
    assert reason in sentence


def test_the_day_on_which_a_line_was_cancelled_is_no_part_of_it():
    assert going({"dateTimeReference": [{"dateTimeQualifier": "177", "date": "20261121"}]}).partial == ()


@pytest.mark.parametrize("poc", [{}, {"quantity": "0"}])
def test_a_scheduled_quantity_is_that_of_a_line_that_goes(poc):
    line = going({"SCH_loop": [{"lineItemSchedule": [SCHEDULE]}]}, **poc)
    assert (str(line.quantity), str(line.requested), line.partial) == ("40", "2026-12-08", ())
    (sentence,) = going({"lineItemSchedule": [SCHEDULE]}, quantity="100").partial
    assert "it schedules 40 (SCH01), another quantity than the line has" in sentence


@pytest.mark.parametrize("name", ["destinationQuantities", "sublineItems"])
def test_a_part_of_a_line_that_goes_in_mosaic(name):
    (line,) = in_mosaic({"purchaseOrderLineId": "2", "changeReason": "deleteItem", name: [{"quantity": "4"}]}).lines
    assert (len(line.partial), line.questions) == (1, ())


@pytest.mark.parametrize(("ours", "is_asked"), [("2", True), ("0001", False), ("1", False)])
def test_our_own_number_of_a_line_is_compared_with_that_of_the_message(ours, is_asked):
    product = {"productServiceIDQualifier": "PL", "productServiceID": ours}
    request = in_x12(({"assignedIdentification": "0001", "changeOrResponseTypeCode": "DI", **product}, {}))
    (line,) = request.lines
    assert [sentence.startswith("it is line 0001 (POC01)") for sentence in line.doubts] == [True] * is_asked
    assert request.remarks == ()
    (alone,) = in_x12(({"changeOrResponseTypeCode": "DI", **product}, {})).lines
    assert alone.line_id == ours


def test_a_line_that_is_added_twice_without_a_number_is_asked_about():
    added = {"changeOrResponseTypeCode": "AI", "quantity": "5", "unitPrice": "10"}
    one, other = in_x12((added, {}), (added, {})).lines
    assert one.doubts == other.doubts
    assert one.doubts[0].startswith("the same added line appears twice in the message")
    assert [line.doubts for line in in_x12((added, {}), ({**added, "quantity": "6"}, {})).lines] == [(), ()]


@pytest.mark.parametrize(
    "carrier",
    [
        {"routingSequenceCode": "B", "routing": "UPS"},
        {"identificationCodeQualifier": "2", "identificationCode": "UPS"},
    ],
)
def test_what_kind_of_name_a_carrier_has_is_no_value(carrier):
    (stated,) = in_x12(carrierDetailsRoutingSequenceTransitTime=[carrier]).stated
    assert stated.topic is Topic.CARRIER
    assert [value for _, value in stated.facts] == ["UPS"]
    assert len(in_x12(carrierDetailsRoutingSequenceTransitTime=[{"routingSequenceCode": "B"}]).stated[0].facts) == 1


def test_notes_and_references_are_read_of_header_and_lines():
    segment = {"referenceIdentificationQualifier": "CO", "referenceIdentification": "9987"}
    stated = {
        "N9_loop": [{"messageText": [{"textualData": "A"}, {"textualData": "B"}]}],
        "referenceInformation": [segment],
    }
    request = in_x12(({"assignedIdentification": "1", "changeOrResponseTypeCode": "NC"}, stated), **stated)
    expected = (Aside("A / B", ("A", "B")), Aside("customer order 9987", ("9987",), is_note=False))
    assert request.asides == request.lines[0].asides == expected
    asides = {"notes": "A", "references": {"departmentNumber": {"value": "200"}}}
    mosaic = in_mosaic({"purchaseOrderLineId": "1", "changeReason": "quantityChange", **asides}, **asides)
    expected = (Aside("A", ("A",)), Aside("department number 200", ("200",), is_note=False))
    assert mosaic.asides == mosaic.lines[0].asides == expected


@pytest.mark.parametrize(("kind", "is_asked"), [("order", False), ("standing", False), ("cancelOrder", True)])
def test_a_type_of_change_that_is_not_known_is_named(kind, is_asked):
    doubts = in_mosaic({"changeReason": "quantityChange", "quantity": "4"}, purchaseOrderChangeType=kind).doubts
    assert bool([one for one in doubts if f"'{kind}'" in one]) is is_asked
