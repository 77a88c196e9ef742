"""What a person at Orderful does to our transactions in the sandbox, and the list by which a test counts documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from testkit.sandboxes import API_KEY, AT_ONCE, OrderfulSandbox, Pace

KEY = {"orderful-api-key": API_KEY}
V4 = {**KEY, "orderful-api-version": "v4"}


def order(number: str = "PO-1", quantity: str = "10", **changes: Any) -> dict[str, Any]:
    line = {
        "purchaseOrderLineId": "1",
        "quantity": {"value": quantity, "unitOfMeasure": "each"},
        "unitCostPrice": "12.50",
        "productIds": {"buyerItemNumber": "1298"},
    }
    message = {
        "purpose": "original",
        "purchaseOrderType": "standalone",
        "purchaseOrderNumber": number,
        "purchaseOrderDate": "2026-09-01",
        "lineItems": [line],
        **changes,
    }
    parties = {"senderId": "NORDICFOODT", "receiverId": "ACMEPRODUCET"}
    return {"type": "850_PURCHASE_ORDER", "stream": "test", **parties, "message": message}


def create(sandbox: OrderfulSandbox, **options: Any) -> str:
    return sandbox.app.test_client().post("/transactions", json=order(**options), headers=V4).get_json()["id"]


def invalid(sandbox: OrderfulSandbox) -> str:
    return create(sandbox, purpose="rumour")


def waiting(sandbox: OrderfulSandbox) -> str:
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", auto_send="DISABLED")
    return create(sandbox)


def failed(sandbox: OrderfulSandbox) -> str:
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", delivery="FAILED")
    return create(sandbox)


def statuses(sandbox: OrderfulSandbox, number: str) -> tuple[str, str, str]:
    shown = sandbox.app.test_client().get(f"/v3/transactions/{number}", headers=KEY).get_json()
    return shown["validationStatus"], shown["deliveryStatus"], shown["acknowledgmentStatus"]


def control(sandbox: OrderfulSandbox, method: str, path: str, body: Any = None) -> Any:
    answer = sandbox.app.test_client().open(f"/_sandbox/{path}", method=method, json=body)
    assert answer.status_code < 300, answer.text
    return answer.get_json() if answer.data else None


@pytest.mark.parametrize(
    ("make", "before", "acknowledged"),
    [
        (invalid, ("INVALID", "PENDING"), "NOT_ACKNOWLEDGED"),
        (waiting, ("VALID", "PENDING"), "NOT_ACKNOWLEDGED"),
        (failed, ("VALID", "FAILED"), "ACCEPTED"),
    ],
    ids=["invalid", "auto-send off", "failed"],
)
def test_what_is_held_or_failed_moves_only_when_a_person_sends_it_and_what_was_held_is_not_acknowledged(
    make: Any, before: tuple[str, str], acknowledged: str
) -> None:
    sandbox = OrderfulSandbox(pace=Pace(timedelta(0), timedelta(minutes=2), timedelta(0)))
    made = make(sandbox)
    sandbox.clock.advance(timedelta(days=3))
    assert statuses(sandbox, made) == (*before, "NOT_ACKNOWLEDGED")
    control(sandbox, "POST", f"transactions/{made}/send", {"delivery": "DELIVERED"})
    assert statuses(sandbox, made) == (before[0], "SENT", "NOT_ACKNOWLEDGED")
    sandbox.clock.advance(timedelta(days=1))
    assert statuses(sandbox, made) == (before[0], "DELIVERED", acknowledged)


def test_what_a_person_sends_can_stay_sent_or_fail_and_the_relationship_decides_else() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", delivery="SENT")
    made = [invalid(sandbox) for _ in range(3)]
    for number, outcome in zip(made, ("SENT", "FAILED", None), strict=True):
        sandbox.send_by_hand(number, delivery=outcome)
    sandbox.clock.advance(timedelta(days=1))
    assert [statuses(sandbox, number)[1] for number in made] == ["SENT", "FAILED", "SENT"]


def test_what_stays_sent_was_last_updated_when_the_person_sent_it() -> None:
    sandbox = OrderfulSandbox(pace=Pace(delivery=timedelta(minutes=2)))
    made = invalid(sandbox)
    sandbox.send_by_hand(made, delivery="SENT")
    [before] = sandbox.transactions()
    sandbox.clock.advance(timedelta(minutes=2))
    assert sandbox.transactions() == [before]


def test_what_is_under_way_in_validation_or_a_partners_is_not_sent_by_hand() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    with pytest.raises(ValueError, match="DELIVERED already"):
        sandbox.send_by_hand(create(sandbox))
    theirs = sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message={"a": "b"})
    for steer in (sandbox.send_by_hand, sandbox.copy, sandbox.delete):
        with pytest.raises(ValueError, match="partner's"):
            steer(theirs.transaction.id)
        with pytest.raises(ValueError, match="holds no transaction 1"):
            steer("1")
    with pytest.raises(ValueError, match="not 'LOST'"):
        sandbox.send_by_hand(invalid(sandbox), delivery="LOST")


def test_a_copy_has_another_id_and_the_same_number_and_goes_its_own_way() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    original = create(sandbox)
    statuses(sandbox, original)
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", delivery="FAILED")
    made = control(sandbox, "POST", f"transactions/{original}/copy")["id"]
    assert made != original
    assert (statuses(sandbox, original)[1], statuses(sandbox, made)[1]) == ("DELIVERED", "FAILED")
    found = control(sandbox, "GET", "filed")
    assert [(one["id"], one["businessNumber"], one["copyOf"]) for one in found] == [
        (original, "PO-1", None),
        (made, "PO-1", original),
    ]
    assert found[0]["fingerprint"] == found[1]["fingerprint"]


def test_a_copy_of_what_was_sent_by_hand_is_sent_by_itself_again() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    original = failed(sandbox)
    statuses(sandbox, original)
    sandbox.send_by_hand(original, delivery="DELIVERED")
    sandbox.set_relationship("NORDICFOOD", "ACMEPRODUCE", "850_PURCHASE_ORDER", delivery="SENT")
    made = sandbox.copy(original)
    assert [statuses(sandbox, one)[1] for one in (original, made, made)] == ["DELIVERED", "SENT", "SENT"]


def test_a_deleted_transaction_is_a_404_and_in_no_list_and_its_id_is_not_given_again() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    made = create(sandbox)
    control(sandbox, "DELETE", f"transactions/{made}")
    client = sandbox.app.test_client()
    for path in (f"/v3/transactions/{made}", f"/v3/transactions/{made}/message", f"/transactions/{made}"):
        assert client.get(path, headers=V4).status_code == 404
    assert client.get("/v3/transactions?businessNumber=PO-1", headers=KEY).get_json()["data"] == []
    assert control(sandbox, "GET", "filed") == []
    assert create(sandbox) != made


def test_what_is_filed_is_told_apart_by_type_number_receiver_and_lines_whatever_the_version() -> None:
    sandbox = OrderfulSandbox(pace=AT_ONCE)
    for options in ({}, {"quantity": "10.00"}, {"quantity": "11"}, {"number": "PO-2"}):
        create(sandbox, **options)
    beginning = {"transactionSetPurposeCode": "00", "purchaseOrderNumber": "PO-1", "date": "20260901"}
    item = {"assignedIdentification": "1", "quantity": "10", "unitOrBasisForMeasurementCode": "EA", "unitPrice": "12.5"}
    item |= {"productServiceIDQualifier": "BP", "productServiceID": "1298"}
    body = {
        "type": {"name": "850_PURCHASE_ORDER"},
        "stream": "TEST",
        "sender": {"isaId": "NORDICFOODT"},
        "receiver": {"isaId": "ACMEPRODUCET"},
        "message": {
            "transactionSets": [
                {"beginningSegmentForPurchaseOrder": [beginning], "PO1_loop": [{"baselineItemData": [item]}]}
            ]
        },
    }
    sandbox.app.test_client().post("/v3/transactions", json=body, headers=KEY)
    sandbox.inbound.receive(sender="ACMEPRODUCET", receiver="NORDICFOODT", message={"a": "b"})
    sandbox.add_partner("FJORDFISH")
    to_another = {**body, "receiver": {"isaId": "FJORDFISHT"}}
    sandbox.app.test_client().post("/v3/transactions", json=to_another, headers=KEY)
    found = control(sandbox, "GET", "filed")
    prints = [one["fingerprint"] for one in found]
    assert [prints.index(one) for one in prints] == [0, 0, 2, 3, 0, 5]
    assert found[0]["lines"] == [{"line": "1", "quantity": "10", "unit": "EA", "price": "12.5", "ids": {"BP": "1298"}}]
    assert found[4]["message"] == body["message"]
    assert (found[0]["version"], found[4]["version"]) == ("v4", "v3")
