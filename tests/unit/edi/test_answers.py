"""What a partner's answer says: only what accepts everything accepts, and every finding names its line and its code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.edi.answers import read_answer

SILENT = ("it does not say whether it is accepted",)


def x12(header: dict, *lines: dict, key: str = "beginningSegmentForPurchaseOrderAcknowledgment") -> dict:
    return {"transactionSets": [{key: [{"purchaseOrderNumber": "500123", **header}], "PO1_loop": list(lines)}]}


def line(number: str, *statuses: str | tuple[str, str], ordered: str = "100") -> dict:
    acknowledged = [
        {"lineItemStatusCode": one} if isinstance(one, str) else {"lineItemStatusCode": one[0], "quantity": one[1]}
        for one in statuses
    ]
    return {
        "baselineItemData": [{"assignedIdentification": number, "quantity": ordered}],
        "ACK_loop": [{"lineItemAcknowledgment": [one]} for one in acknowledged],
    }


def priced(number: str, *statuses: str | tuple[str, str]) -> dict:
    found = line(number, *statuses)
    found["baselineItemData"][0]["unitPrice"] = "12.50"
    return found


@pytest.mark.parametrize("code", ["AD", "AK", "AP", "AT"])
def test_an_x12_acknowledgment_without_findings_accepts(code):
    answer = read_answer("855", x12({"acknowledgmentType": code}, line("1", "IA"), line("2", ("AC", "100"))))
    assert (answer.accepts, answer.answers, answer.number) == (True, "850", "500123")


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("RJ", "it is rejected (RJ)"),
        ("RD", "it is rejected, with detail (RD)"),
        ("RO", "it is rejected with a counter offer (RO)"),
        ("AC", "it is acknowledged with changes (AC)"),
        ("AE", "it is acknowledged with exceptions (AE)"),
        ("AH", "it is on hold (AH)"),
        ("ZZ", "it is said to be 'ZZ'"),
    ],
)
def test_every_other_acknowledgment_type_is_a_finding(code, finding):
    assert read_answer("855", x12({"acknowledgmentType": code})).findings == (finding,)
    assert read_answer("855", x12({"acknowledgmentTypeCode": code})).findings == (finding,)
    assert read_answer("865", x12({"acknowledgmentType": code}, key="bca")).findings == (finding,)


def test_codes_count_in_lower_case_too():
    assert read_answer("855", x12({"acknowledgmentType": "ad"}, line("1", "ia"))).accepts
    assert read_answer("855", x12({"acknowledgmentType": "rd"})).findings == ("it is rejected, with detail (RD)",)


def test_a_refusal_in_any_transaction_set_is_a_finding():
    message = x12({"acknowledgmentType": "AD"}, line("1", "IA"))
    message["transactionSets"] += x12({"acknowledgmentType": "RD"})["transactionSets"]
    assert read_answer("855", message).findings == ("it is rejected, with detail (RD)",)


@pytest.mark.parametrize(
    ("code", "lines", "stands"),
    [
        ("AC", [line("1", "IA"), line("2", "AR")], False),
        ("AE", [line("1", "IA")], False),
        ("AC", [], True),
        ("AE", [], True),
        ("AC", [line("1")], True),
        ("AC", [line("1", "IA"), line("2", "IQ")], True),
        ("AC", [line("1", ("IA", "60"))], True),
        ("AH", [line("1", "IA")], True),
    ],
)
def test_changes_and_exceptions_of_an_answer_that_accepts_every_line_are_left_to_the_comparison(code, lines, stands):
    answer = read_answer("855", x12({"acknowledgmentType": code}, *lines))
    assert not answer.accepts
    assert answer.accepts_beside(()) is not stands


@pytest.mark.parametrize(
    ("code", "lines", "stands"),
    [
        ("AC", [priced("1"), priced("2")], False),
        ("AC", [priced("1"), line("2")], True),
        ("AC", [priced("1"), priced("2", "IA")], True),
        ("AC", [priced("1", "IA"), priced("2", "IB")], True),
        ("AE", [priced("1"), priced("2")], True),
    ],
)
def test_lines_without_any_status_that_restate_the_order_say_what_is_accepted(code, lines, stands):
    answer = read_answer("855", x12({"acknowledgmentType": code}, *lines))
    assert answer.accepts_beside(()) is not stands


def deleted(number: str, *statuses: str) -> dict:
    data = {"assignedIdentification": number, "changeOrResponseTypeCode": "DI", "quantity": "0"}
    return {"lineItemChange": [data], "ACK_loop": [{"x": [{"lineItemStatusCode": one}]} for one in statuses]}


@pytest.mark.parametrize(
    ("lost", "finding"),
    [
        (deleted("2", "IA"), "line 2 is to be deleted (DI)"),
        (deleted("2"), "line 2 is to be deleted (DI)"),
        (line("2", "ID"), "line 2 is deleted (ID)"),
    ],
)
def test_a_line_that_is_deleted_is_a_finding_unless_the_order_does_not_have_it(lost, finding):
    answer = read_answer("865", x12({"acknowledgmentType": "AD"}, line("1", "IA"), lost, key="bca"))
    assert answer.findings == (finding,)
    assert (answer.accepts_beside({2}), answer.accepts_beside({1})) == (True, False)


@pytest.mark.parametrize(
    ("message", "declines"),
    [
        (x12({"acknowledgmentType": "AD", "transactionSetPurposeCode": "01"}), True),
        (x12({"acknowledgmentType": "AD", "transactionSetPurposeCode": "01"}, line("1", "ID")), True),
        (x12({"acknowledgmentType": "AD", "transactionSetPurposeCode": "01"}, line("1", "IA")), True),
        (x12({"acknowledgmentType": "RD", "transactionSetPurposeCode": "01"}), False),
        (x12({"acknowledgmentType": "AD", "transactionSetPurposeCode": "01"}, line("1", "IB")), False),
        (x12({"acknowledgmentType": "RD", "transactionSetPurposeCode": "00"}, line("1", "IR")), True),
        (x12({"acknowledgmentType": "RJ"}), True),
        (x12({"acknowledgmentType": "RD", "transactionSetPurposeCode": "06"}), False),
        (x12({"acknowledgmentType": "RD"}, line("1", "IA")), False),
        (x12({"acknowledgmentType": "AC"}, line("1", "ID"), line("2", "ID")), True),
        (x12({"acknowledgmentType": "AD"}, line("1", "ID"), line("2", "IA")), False),
        (x12({"acknowledgmentType": "AD"}), False),
        ({"status": "rejected"}, True),
        ({"lineItems": [{"actions": [{"status": "rejected"}]}]}, True),
        ({"status": "rejected", "purpose": "confirmation"}, False),
        ({"status": "rejected", "lineItems": [{"actions": [{"status": "accepted"}]}]}, False),
        ({"status": "accepted"}, False),
    ],
)
def test_what_says_that_nothing_is_delivered(message, declines):
    assert read_answer("855", message).declines is declines


@pytest.mark.parametrize("code", ["00", "04", "05", "06", "07", "22"])
def test_a_purpose_that_takes_nothing_back_accepts(code):
    answer = read_answer("855", x12({"acknowledgmentType": "AD", "transactionSetPurposeCode": code}, line("1", "IA")))
    assert answer.accepts


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("01", "it is a cancellation (01)"),
        ("03", "it is a deletion (03)"),
        ("17", "it is a cancellation, to be issued again (17)"),
        ("19", "it is a change by the seller (19)"),
        ("44", "it is a rejection (44)"),
        ("X9", "its purpose is X9"),
    ],
)
def test_every_other_purpose_is_a_finding_whatever_the_lines_say(code, finding):
    header = {"acknowledgmentType": "AD", "transactionSetPurposeCode": code}
    assert read_answer("855", x12(header, line("1", "IA"))).findings == (finding,)
    without_type = x12({"transactionSetPurposeCode": code}, line("1", "IA"), key="bca")
    assert read_answer("865", without_type).findings == (finding,)


@pytest.mark.parametrize("word", ["original", "change", "replace", "confirmation"])
def test_a_purpose_of_mosaic_that_takes_nothing_back_accepts(word):
    assert read_answer("855", {"status": "accepted", "purpose": word}).accepts


@pytest.mark.parametrize("word", ["cancellation", "something else"])
def test_every_other_purpose_of_mosaic_is_a_finding(word):
    assert read_answer("855", {"status": "accepted", "purpose": word}).findings == (f"its purpose is {word}",)


@pytest.mark.parametrize(
    "message",
    [
        x12({"acknowledgmentType": "AD", "date": "20260910", "date1": "20260911"}),
        x12({"transactionSetPurposeCode": "00", "date": "20260910"}, line("1", "IA"), key="bca"),
        {"status": "accepted", "dates": {"purchaseOrderDate": "2026-09-10"}},
        {"status": "accepted", "purchaseOrderDate": "2026-09-10"},
    ],
)
def test_the_date_of_the_order_that_it_answers(message):
    assert read_answer("855", message).ordered_on == date(2026, 9, 10)


@pytest.mark.parametrize("message", [{"status": "accepted"}, x12({"acknowledgmentType": "AD", "date": "soon"})])
def test_an_answer_without_the_date_of_its_order(message):
    assert read_answer("855", message).ordered_on is None


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("IR", "rejected"),
        ("R1", "rejected, not a contract item"),
        ("IQ", "quantity changed"),
        ("IP", "price changed"),
        ("ID", "deleted"),
        ("DR", "date rescheduled"),
        ("IS", "substituted"),
        ("IB", "backordered"),
        ("IC", "changed"),
    ],
)
def test_every_line_that_is_not_taken_as_it_stands_is_named(code, word):
    answer = read_answer("855", x12({"acknowledgmentType": "AD"}, line("1", "IA"), line("2", (code, "40"))))
    assert answer.findings == (f"line 2 is {word} ({code}), quantity 40",)


@pytest.mark.parametrize(
    ("statuses", "findings"),
    [
        ([("IA", "60"), ("IA", "40")], ()),
        ([("IA", "60")], ("line 2 is accepted for 60 of 100",)),
        ([("IA", "60"), ("IB", "40")], ("line 2 is backordered (IB), quantity 40",)),
        (["IA"], ()),
        ([("IA", "many")], ()),
        (["XX"], ("line 2 is said to be 'XX'",)),
    ],
)
def test_less_than_what_was_ordered_is_a_finding(statuses, findings):
    assert read_answer("855", x12({"acknowledgmentType": "AD"}, line("2", *statuses))).findings == findings


def test_a_status_is_found_in_any_segment():
    loose = {"transactionSets": [{"bak": [{"acknowledgmentType": "AD"}], "x": [{"y": [{"lineItemStatusCode": "IR"}]}]}]}
    assert read_answer("855", loose).findings == ("a line is rejected (IR)",)


def test_a_change_by_the_seller_is_a_finding_line_by_line():
    poc = {"lineItemChange": [{"assignedIdentification": "3", "changeOrResponseTypeCode": "QD"}]}
    same = {"lineItemChange": [{"assignedIdentification": "4", "changeOrResponseTypeCode": "NC"}]}
    answer = read_answer("865", x12({"acknowledgmentType": "AT"}, poc, same, key="bca"))
    assert answer.findings == ("line 3 is to be changed (QD)",)


@pytest.mark.parametrize(
    ("message", "findings"),
    [
        ({"status": "accepted"}, ()),
        ({"lineItems": [{"actions": [{"status": "accepted"}]}]}, ()),
        ({"status": "rejected", "statusReasonCode": "outOfStock"}, ("it is rejected (outOfStock)",)),
        ({"status": "later"}, ("it is later",)),
        (
            {
                "status": "accepted",
                "lineItems": [
                    {
                        "purchaseOrderLineId": "3",
                        "actions": [
                            {"status": "accepted", "quantity": {"value": Decimal(60)}},
                            {"status": "backordered", "quantity": {"value": "40"}},
                        ],
                    },
                    {"actions": {"status": "rejected", "statusReasonCode": "discontinued"}},
                    {"purchaseOrderLineId": "5", "actions": [{"status": "accepted", "substitutedItem": {"a": "b"}}]},
                ],
            },
            (
                "line 3 is backordered, quantity 40",
                "line at place 3 is rejected (discontinued)",
                "line 5 is substituted",
            ),
        ),
        ({}, SILENT),
        ({"lineItems": [{"purchaseOrderLineId": "1"}]}, SILENT),
    ],
)
def test_mosaic_has_it_as_text(message, findings):
    answer = read_answer("855", {"purchaseOrderNumber": "500123", **message})
    assert (answer.findings, answer.number) == (findings, "500123")


def oti(code: str, qualifier: str = "PO", number: str = "500123", **more: str) -> dict:
    return {
        "applicationAcknowledgmentCode": code,
        "referenceIdentificationQualifier": qualifier,
        "referenceIdentification": number,
        **more,
    }


def an_824(*segments: dict, **more: list) -> dict:
    return {"transactionSets": [{"OTI_loop": [{"oti": [one]} for one in segments], **more}]}


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("TR", "the document is rejected (TR), named 500123"),
        ("TE", "the document is accepted with errors (TE), named 500123"),
        ("TC", "the document is accepted with changes of its content (TC), named 500123"),
        ("IR", "an item is rejected (IR), named 500123"),
        ("GP", "the group is partly rejected (GP), named 500123"),
        ("TH", "the document is on hold (TH), named 500123"),
        ("??", "it says '??', named 500123"),
    ],
)
def test_an_824_is_a_finding_unless_it_accepts(code, finding):
    assert read_answer("824", an_824(oti(code))).findings == (finding,)


@pytest.mark.parametrize("code", ["TA", "IA", "GA", "BA"])
def test_an_824_that_accepts_needs_nobody_unless_it_tells_of_an_error(code):
    assert read_answer("824", an_824(oti(code))).accepts
    error = {"applicationErrorConditionCode": "848", "freeFormMessage": "wrong price"}
    assert read_answer("824", an_824(oti(code), ted=[error])).findings == ("error 848 / wrong price",)


@pytest.mark.parametrize(
    ("segments", "named"),
    [
        ([oti("TR", "IN", "900145")], ("810", "900145")),
        ([oti("TR", "TN", "900145", transactionSetIdentifierCode="810")], ("810", "900145")),
        ([oti("TR", "TN", "500123", transactionSetIdentifierCode="850")], ("850", "500123")),
        ([oti("TA", "PO", "1"), oti("TR", "PO", "2")], ("850", "2")),
        ([oti("TR", "TN", "0001")], (None, None)),
    ],
)
def test_an_824_names_the_document_that_it_refuses(segments, named):
    answer = read_answer("824", an_824(*segments))
    assert (answer.answers, answer.number) == named


def test_an_824_may_name_it_in_a_reference_beside():
    ref = {"referenceIdentificationQualifier": "IN", "referenceIdentification": "900145"}
    answer = read_answer("824", an_824(oti("TR", "TN", "0001"), ref=[ref]))
    assert (answer.answers, answer.number) == ("810", "900145")


def a_997(group: str = "A", of_set: str | None = None) -> dict:
    sets = [{"ak5": [{"transactionSetAcknowledgmentCode": of_set}]}] if of_set else []
    return {
        "transactionSets": [
            {
                "ak1": [{"functionalIdentifierCode": "PO", "groupControlNumber": "77"}],
                "AK2_loop": sets,
                "ak9": [{"functionalGroupAcknowledgeCode": group}],
            }
        ]
    }


@pytest.mark.parametrize(("group", "of_set"), [("A", None), ("A", "A"), ("E", "E")])
def test_a_997_that_takes_the_document_is_no_finding(group, of_set):
    assert read_answer("997", a_997(group, of_set)).accepts


@pytest.mark.parametrize(
    ("group", "of_set", "findings"),
    [
        ("R", "R", ("a document is rejected (R)", "the group is rejected (R)")),
        ("A", "X", ("a document is rejected, it could not be decrypted (X)",)),
        ("P", None, ("the group is partly accepted: a document of the group was rejected (P)",)),
        ("?", None, ("the group is said to be '?'",)),
    ],
)
def test_a_997_that_rejects_names_its_group_and_no_document(group, of_set, findings):
    answer = read_answer("997", a_997(group, of_set))
    assert answer.findings == (*findings, "its group has the control number 77")
    assert (answer.answers, answer.number) == ("850", None)


@pytest.mark.parametrize("document", ["855", "865", "824", "997"])
@pytest.mark.parametrize("message", [{}, {"transactionSets": []}, {"transactionSets": [{"a": 1}]}, {"x": [None, 5]}])
def test_what_says_nothing_is_a_finding(document, message):
    assert read_answer(document, message).findings == SILENT


def test_findings_are_counted_in_deeply_nested_messages_too():
    many = x12({"acknowledgmentType": "AD"}, *(line(str(number), "IR") for number in range(30)))
    findings = read_answer("855", many).findings
    assert (len(findings), findings[-1]) == (21, "and 10 more")
    deep: dict = {}
    for _ in range(20_000):
        deep = {"x": [deep]}
    assert read_answer("855", {"transactionSets": [deep]}).findings == SILENT
