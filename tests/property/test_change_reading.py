"""Reading what arrives: it never fails on JSON, whatever that is, and one change reads alike in both dialects."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.order_change.request import ChangeRequest
from connector.edi.inbound import read_identity, read_inbound
from connector.edi.numbers import decimal_text
from connector.edi.order_change.codes import CODE_NAMES
from connector.edi.order_change.read import NotAChange, read_change
from connector.edi.units import UNITS

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(
        ["0", "1", "-1", "1e999999", "20260101", "2026-01-01", "AI", "changeToItem", "change", "860", "O"]
    )
)
MOSAIC_NAMES = """
    purpose purchaseOrderNumber purchaseOrderDate purchaseOrderChangeDate changeSequenceNumber parties shipTo dates
    requestedDeliveryDate cancelAfterDate notes references lineItems purchaseOrderLineId changeReason quantity value
    unitOfMeasure originalQuantity changeInQuantity unitCostPrice unitPriceBasis productIds gtin12 buyerItemIds charges
"""
X12_NAMES = """
    transactionSets transactionSetHeader beginningSegmentForPurchaseOrderChange transactionSetPurposeCode date2
    purchaseOrderNumber dateTimeReference dateTimeQualifier date N1_loop partyIdentification entityIdentifierCode
    POC_loop lineItemChange assignedIdentification changeOrResponseTypeCode quantity quantity1 unitPrice SCH_loop
    compositeUnitOfMeasure unitOrBasisForMeasurementCode basisOfUnitPriceCode productServiceIDQualifier productServiceID
    PID_loop productItemDescription lineItemSchedule HL_loop purchaseOrderReference SAC_loop
"""
ENVELOPE_NAMES = """
    id transactionId message content href delivery deliveryId approve fail type name ediTransactionType stream sender
    isaId senderId createdAt businessNumber
"""
NAMES = st.sampled_from(f"{MOSAIC_NAMES} {X12_NAMES} {ENVELOPE_NAMES}".split()) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=40,
)


def deep(depth: int) -> Any:
    data: Any = "bottom"
    for level in range(depth):
        data = {"HL_loop": data} if level % 2 else [data]
    return data


def spoilt(data: Any, at: st.DataObject) -> Any:
    """The same with one value somewhere in it replaced."""
    if isinstance(data, dict) and data and at.draw(st.integers(0, 9)):
        name = at.draw(st.sampled_from(sorted(data)))
        return {**data, name: spoilt(data[name], at)}
    if isinstance(data, list) and data and at.draw(st.integers(0, 9)):
        place = at.draw(st.integers(0, len(data) - 1))
        return [*data[:place], spoilt(data[place], at), *data[place + 1 :]]
    return at.draw(JSON)


def check_outcome(message: Any, **options: Any) -> None:
    """What holds whatever was to be read: there is a request in order, or a sentence that refuses it."""
    try:
        request = read_change(message, **options)
    except NotAChange as refused:
        sentence = str(refused)
    else:
        check(request)
        return
    assert sentence.endswith(".")
    assert len(sentence) < 200


def check(request: ChangeRequest) -> None:
    """What holds of everything that was read."""
    assert request.order_number
    for one in request.lines:
        for value in (one.quantity, one.second_quantity, one.original_quantity, one.delta, one.price):
            assert value is None or (type(value) is Decimal and value.is_finite())
        assert one.quantity is None or one.quantity >= 0
    asked = [
        sentence for one in (request, *request.lines) for sentence in (*one.questions, *one.doubts, *one.unreadable)
    ]
    sentences = [*asked, *request.remarks]
    assert all(sentence.endswith(".") and len(sentence) < 500 for sentence in sentences)
    # It can be written into a record: no half characters, no numbers that JSON has no words for.
    assert msgspec.json.decode(msgspec.json.encode(request), type=ChangeRequest) == request


@given(JSON, st.booleans())
def test_whatever_arrives_is_read_or_is_none(data, trusted):
    found = read_inbound(data, trusted=trusted)
    assert found is None or found.transaction_id.strip() == found.transaction_id != ""


@given(JSON)
def test_a_message_is_a_change_or_says_why_it_is_none(data):
    check_outcome(data)


@given(st.binary(max_size=200) | JSON.map(lambda data: json.dumps(data, default=str).encode()), st.data())
def test_whatever_the_bytes_of_a_callback_are_nothing_breaks(raw, data):
    cut = data.draw(st.integers(0, len(raw)))
    for body in (raw, raw[:cut], b"\xef\xbb\xbf" + raw):
        found = read_identity(body)
        assert found is None or (found.message, found.order_number, found.sender_id) == (None, None, None)


@pytest.mark.parametrize("depth", [1, 100, 50_000])
def test_depth_costs_no_stack(depth):
    message = {"transactionSets": [{"beginningSegmentForShipNotice": [{}], "HL_loop": deep(depth)}]}
    found = read_inbound({"id": 1, "message": message}, trusted=True)
    assert found is not None
    assert found.document == "856"
    change = {"purchaseOrderNumber": "1", "purchaseOrderChangeDate": "2026-01-01", "notes": deep(depth)}
    assert read_change(change).remarks == ("Note: bottom.",)


# ---- one change in both dialects

QUANTITIES = st.decimals(min_value="0.001", max_value=99999, places=3)
PRICES = st.decimals(min_value=0, max_value=99999, places=4)
IDS = st.text("ABCdef0123456789-", min_size=1, max_size=12)
CODES = {"addItem": "AI", "deleteItem": "DI", "priceChange": "PC", "quantityChange": "QC", "changeToItem": "CA"}
# What two of the codes are by the standard is in doubt, or unknown to it; the partner has said.
READINGS = {"QC": "quantity", "CA": "change"}
BASES = {"perEach": "PE", "perHundred": "HP", "perThousand": "TP"}


@st.composite
def lines(draw, number):
    return {
        "number": str(number),
        "reason": draw(st.sampled_from(sorted(CODES))),
        "quantity": draw(QUANTITIES),
        "unit": draw(st.sampled_from([unit for unit in UNITS.values() if unit.mosaic])),
        "price": draw(PRICES),
        "basis": draw(st.none() | st.sampled_from(sorted(BASES))),
        "buyer": draw(st.none() | IDS),
        "vendor": draw(st.none() | IDS),
        "gtin": draw(st.none() | st.text("0123456789", min_size=13, max_size=13)),
        "requested": draw(st.none() | st.dates()),
        "description": draw(st.none() | IDS),
    }


CHANGES = st.fixed_dictionaries(
    {
        "order": IDS,
        "purpose": st.sampled_from(
            [("change", "04"), ("replace", "05"), ("confirmation", "06"), ("cancellation", "01")]
        ),
        "sequence": st.none() | st.integers(0, 999),
        "ordered": st.dates(),
        "changed": st.dates(),
        "requested": st.none() | st.dates(),
        "currency": st.none() | st.sampled_from(["NOK", "EUR"]),
        "ship_to": st.none() | IDS,
        "post_code": st.none() | st.text("0123456789", min_size=4, max_size=4),
        "lines": st.integers(0, 4).flatmap(lambda count: st.tuples(*map(lines, range(1, count + 1)))),
    }
)


def filled(pairs):
    return {name: value for name, value in pairs.items() if value not in (None, {}, [])}


def in_mosaic(change):
    place = filled({"identificationCode": change["ship_to"], "postalCode": change["post_code"]})
    return filled(
        {
            "purpose": change["purpose"][0],
            "purchaseOrderNumber": change["order"],
            "purchaseOrderDate": change["ordered"].isoformat(),
            "purchaseOrderChangeDate": change["changed"].isoformat(),
            "changeSequenceNumber": None if change["sequence"] is None else f"{change['sequence']:03d}",
            "buyersCurrency": filled({"currencyCode": change["currency"]}),
            "parties": filled({"shipTo": place}),
            "dates": filled({"requestedDeliveryDate": change["requested"] and change["requested"].isoformat()}),
            "lineItems": [
                filled(
                    {
                        "purchaseOrderLineId": line["number"],
                        "changeReason": line["reason"],
                        "quantity": {
                            "value": decimal_text(line["quantity"]),
                            "unitOfMeasure": line["unit"].mosaic,
                        },
                        "unitCostPrice": str(line["price"]),
                        "unitPriceBasis": line["basis"],
                        "productIds": filled(
                            {
                                "buyerItemNumber": line["buyer"],
                                "vendorItemNumber": line["vendor"],
                                "gtin13": line["gtin"],
                            }
                        ),
                        "productAttributes": filled({"description": line["description"]}),
                        "dates": filled({"requestedDeliveryDate": line["requested"] and line["requested"].isoformat()}),
                    }
                )
                for line in change["lines"]
            ],
        }
    )


def ccyymmdd(day):
    return day and day.isoformat().replace("-", "")


def dtm(day):
    return [{"dateTimeQualifier": "002", "date": ccyymmdd(day)}] if day else None


def in_x12(change):
    named = filled({"identificationCode": change["ship_to"]})
    place = filled({"postalCode": change["post_code"]})
    return {
        "transactionSets": [
            filled(
                {
                    "beginningSegmentForPurchaseOrderChange": [
                        filled(
                            {
                                "transactionSetPurposeCode": change["purpose"][1],
                                "purchaseOrderNumber": change["order"],
                                "changeOrderSequenceNumber": None
                                if change["sequence"] is None
                                else str(change["sequence"]),
                                "date": ccyymmdd(change["ordered"]),
                                "date2": ccyymmdd(change["changed"]),
                            }
                        )
                    ],
                    "currency": change["currency"] and [{"currencyCode": change["currency"]}],
                    "dateTimeReference": dtm(change["requested"]),
                    "N1_loop": [
                        filled(
                            {
                                "partyIdentification": [{"entityIdentifierCode": "ST", **named}],
                                "geographicLocation": [place] if place else None,
                            }
                        )
                    ],
                    "POC_loop": [poc_loop(line) for line in change["lines"]],
                }
            )
        ]
    }


def poc_loop(line):
    ids = [(kind, line[whose]) for kind, whose in (("BP", "buyer"), ("VP", "vendor"), ("EN", "gtin")) if line[whose]]
    pairs = {}
    for place, (kind, value) in enumerate(ids):
        pairs |= {f"productServiceIDQualifier{place or ''}": kind, f"productServiceID{place or ''}": value}
    return filled(
        {
            "lineItemChange": [
                filled(
                    {
                        "assignedIdentification": line["number"],
                        "changeOrResponseTypeCode": CODES[line["reason"]],
                        "quantity": decimal_text(line["quantity"]),
                        "compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": line["unit"].x12}],
                        "unitPrice": str(line["price"]),
                        "basisOfUnitPriceCode": BASES.get(line["basis"]),
                        **pairs,
                    }
                )
            ],
            "PID_loop": line["description"] and [{"productItemDescription": [{"description": line["description"]}]}],
            "dateTimeReference": dtm(line["requested"]),
        }
    )


def without_dialect(request):
    """The request less what only tells how it was written."""
    dialect = {"source": "", "code": "", "meaning": "", "unit_code": None, "explicit_total": False}
    lines = tuple(msgspec.structs.replace(line, **dialect) for line in request.lines)
    return msgspec.structs.replace(request, lines=lines)


@given(CHANGES)
def test_one_change_reads_alike_in_both_dialects(change):
    mosaic = read_change(in_mosaic(change))
    x12 = read_change(in_x12(change), codes=READINGS)
    assert without_dialect(mosaic) == without_dialect(x12)
    assert [line.explicit_total for line in mosaic.lines] == [True] * len(change["lines"])
    assert len(mosaic.lines) == len(change["lines"])
    for read, written in zip(mosaic.lines, change["lines"], strict=True):
        assert read.quantity == written["quantity"]
        assert read.requested == written["requested"]
        assert read.unit == written["unit"].word
        assert (read.questions, read.doubts, read.unreadable) == ((), (), ())


@given(CHANGES, st.data())
def test_a_change_with_one_invalid_value_is_read_or_refused_with_a_message(change, data):
    whole = in_mosaic(change) if data.draw(st.booleans()) else in_x12(change)
    check_outcome(spoilt(whole, data), codes=data.draw(st.sampled_from([READINGS, {}])))


@given(CHANGES, st.dictionaries(st.sampled_from(sorted(CODES.values())), st.sampled_from(sorted(CODE_NAMES))))
def test_a_code_that_the_partner_explained_puts_no_question_of_its_own(change, codes):
    for line in read_change(in_x12(change), codes=codes).lines:
        if line.code in codes:
            assert not any(asked.startswith("the code") for asked in (*line.questions, *line.doubts))
