"""What anybody can send costs in proportion to its length: twice as much of it takes about twice the work.

Work is counted in calls, of Python and of C. What one call may do by itself, a regular expression above all, is tried
with texts so long that the square of their length would never end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from bench.workload import Workload
from connector.adapters.http import Answer
from connector.adapters.orderful.api import parse_json, problems_in
from connector.adapters.visma.pages import page_of
from connector.domain.documents import Kind
from connector.domain.errors import Parked, Transient
from connector.domain.json_text import elements_of, repaired
from connector.domain.order_change.decide import decide
from connector.domain.transactions import Stream
from connector.edi.fingerprint import compare, fingerprint
from connector.edi.inbound import read_identity, read_inbound
from connector.edi.order_change.content_id import content_id
from connector.edi.order_change.coverage import unread_mosaic, unread_x12
from connector.edi.order_change.fields import NotUnderstood, day, number, quoted
from connector.edi.order_change.names import label_of
from connector.edi.order_change.read import NotAChange, read_change
from connector.edi.visma.read import NotADocument, decode, read_document
from testkit.memory.change_harness import an_860, more_of
from testkit.samples.business_documents import a_line, a_route, an_order
from testkit.samples.change_requests import a_request, asks, snapshot
from testkit.scripted_server import NOW

SIZE = 300
MAX_FACTOR = 2.6
"""How much more work twice the length may be; the square would be four times."""

LONG = 150_000


def test_a_document_among_many_partners_takes_the_work_of_one_among_few():
    work = []
    for partners in (16, 1_600):
        routing = Workload(partners=partners).routing
        routing.route("nordic", Kind.PURCHASE_ORDER, "50000")
        routing.senders("P50000T", Stream.TEST)

        def one_document(routing=routing):
            routing.route("nordic", Kind.SUPPLIER_INVOICE, "50000")
            routing.expected("nordic", Kind.PURCHASE_ORDER, "partner0")
            assert routing.senders("P50008T", Stream.TEST) == (("nordic", "partner8"),)
            assert routing.partners_mapped("nordic", Kind.PURCHASE_ORDER, "50000") == ("partner0",)

        work.append(calls_of(one_document))
    few, many = work
    assert few == many


def calls_of(work: Callable[[], Any]) -> int:
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        with suppress(NotAChange, NotADocument, ValueError):
            work()
    finally:
        sys.setprofile(None)
    return count


def x12(size: int) -> dict[str, Any]:
    loops = [
        {
            "lineItemChange": [{"assignedIdentification": str(one), "changeOrResponseTypeCode": "QI", "quantity": "5"}],
            "dateTimeReference": [{"dateTimeQualifier": "002", "date": "20261201"}],
        }
        for one in range(size)
    ]
    begun = [{"purchaseOrderNumber": "500123", "transactionSetPurposeCode": "04"}]
    return {"transactionSets": [{"beginningSegmentForPurchaseOrderChange": begun, "POC_loop": loops}]}


def mosaic(size: int) -> dict[str, Any]:
    return an_860(*(more_of(one, 5) for one in range(size)))


def wide(size: int) -> dict[str, Any]:
    ids = {f"productId{one}": [{"value": str(one)}] for one in range(size)}
    return an_860({"purchaseOrderLineId": "1", "productIds": ids, **{f"x{one}": one for one in range(size)}})


def deep(size: int) -> dict[str, Any]:
    inner: Any = "x"
    for _ in range(size):
        inner = {"a": [inner, 1]}
    return an_860({"purchaseOrderLineId": "1", "notes": inner})


SHAPES = {"x12": x12, "mosaic": mosaic, "wide": wide, "deep": deep}
READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "read_change": read_change,
    "content_id": content_id,
    "fingerprint": lambda message: compare(fingerprint(message), fingerprint(message)),
    "coverage": lambda message: (
        unread_x12(message["transactionSets"][0]) if "transactionSets" in message else unread_mosaic(message)
    ),
    "envelope": lambda message: read_inbound({"id": "1", "type": "860", "message": message}, trusted=True),
    "quoted": quoted,
    "problems": lambda message: problems_in(message.get("lineItems")),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_reading_a_message_costs_in_proportion_to_its_length(read, shape):
    read(shape(3))  # what is made once is made now
    short, long = (calls_of(partial(read, shape(size))) for size in (SIZE, 2 * SIZE))
    assert long <= MAX_FACTOR * short + 50


def test_deciding_a_change_costs_in_proportion_to_its_lines():
    def work(size: int) -> Callable[[], Any]:
        order = an_order(*(a_line(one) for one in range(1, size + 1)))
        theirs = a_request(*(asks("QI", one, quantity=900) for one in range(1, size + 1)))
        route = a_route(order)
        return partial(decide, theirs, base=order, ours=snapshot(order), route=route)

    work(3)()
    short, long = (calls_of(work(size)) for size in (SIZE, 2 * SIZE))
    assert long <= MAX_FACTOR * short


TEXTS = {
    "quotes": '\\"' * LONG,
    "digits": "1" * LONG + "x",
    "names": "a1" * LONG + "_",
    "marks": "<" * LONG,
    "titles": "<title" * LONG,
    "escapes": "\\ud83d" * LONG,
    "spaces": " " * LONG + "x",
    "properties": "property " * LONG,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_expression_over_a_body_costs_the_square_of_its_length(text):
    """It would not come to an end here: 150,000 signs squared are more than twenty thousand million steps."""
    body = text.encode()
    for whole in (b'["' + body, b'[{"a":"' + body + b'"},]', body, b'{"id":"' + body):
        answer = Answer(
            service="Orderful", status=400, headers={"Retry-After": text[:100_000]}, body=whole, received_at=NOW
        )
        assert len(answer.text()) <= 300
        assert answer.retry_after is None
        with suppress(Transient):
            page_of(answer, "a page")
        for read in (elements_of, repaired, parse_json, read_identity):
            with suppress(ValueError):
                read(whole)
    data = {"quantity": text, text: text, "date": text}
    for read_one in (number, day):
        for name in ("quantity", "date"):
            with suppress(NotUnderstood):
                read_one(data, name)
    assert len(quoted(data)) <= 200
    assert label_of(text)
    content_id(data)
    fingerprint({"purchaseOrderNumber": "1", "lineItems": [data | {"productIds": data}]})
    with suppress(NotAChange):
        read_change(an_860({**data, "purchaseOrderLineId": text, "changeReason": text}))
    unread_mosaic(an_860(data))
    with suppress(NotADocument, Parked):
        read_document(decode(json.dumps({"orderNbr": text, "lines": [data]}).encode()), company="nordic")
