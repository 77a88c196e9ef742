"""What a change says and nothing reads is named: segments, elements, shapes and what stands beside."""

import pytest

from connector.edi.order_change.read import read_change
from testkit.samples.x12_changes import a_loop, a_set, dtm, line, read


def test_texts_references_and_contacts_are_remarks():
    request = read(
        a_loop(
            N9_loop=[{"messageText": [{"textualData": "Handle with care"}]}],
            referenceInformation=[{"referenceIdentificationQualifier": "ZZ", "referenceIdentification": "1"}],
        ),
        header={"requestReferenceNumber": "Q-7"},
        referenceInformation=[
            {"referenceIdentificationQualifier": "DP", "referenceIdentification": "200"},
            {"referenceIdentificationQualifier": "VR", "referenceIdentification": "7"},
        ],
        N9_loop=[{"messageText": [{"textualData": "Call first"}, {"textualData": "y" * 300}]}],
        administrativeCommunicationsContact=[{"name": "Jane"}],
        CTT_loop=[{"monetaryAmountInformation": [{"amountQualifierCode": "TT", "monetaryAmount": "10"}]}],
    )
    assert request.questions + request.lines[0].questions == ()
    assert request.remarks == (
        "Note on line 1: Handle with care.",
        "Reference on line 1: ZZ 1.",
        "Totals: TT / 10.",
        "Request reference number: Q-7.",
        "Reference: department 200.",
        "Reference: vendor id 7.",
        "Contact: Jane.",
        f"Note: Call first / {'y' * 184}...",
    )


@pytest.mark.parametrize(
    ("where", "named"),
    [
        (
            {"compositeQuantity": [{"quantity": "10", "quantity3": "15"}]},
            "composite quantity (quantity 10, quantity 15)",
        ),
        ({"quantity3": "7"}, "quantity (7)"),
        ({"compositeUnitOfMeasure": [{"unitOrBasisForMeasurementCode": "EA", "multiplier": "12"}]}, "multiplier (12)"),
    ],
)
def test_an_element_of_a_line_that_nothing_reads_is_named(where, named):
    assert line(change=where).questions == (f"it says more than is read here: {named}.",)


@pytest.mark.parametrize(
    ("segments", "named"),
    [
        ({"itemPhysicalDetails": [{"pack": "12"}]}, "item physical details (pack 12)"),
        ({"SCH_loop": [{"lineItemSchedule": [{"quantity": "150", "date1": "20261010"}]}]}, "date (20261010)"),
        (
            {"N1_loop": [{"dateTimeReference": [dtm("002")]}]},
            "date time reference (date time qualifier 002, date 20261005)",
        ),
    ],
)
def test_a_segment_of_a_line_that_nothing_reads_is_named(segments, named):
    assert line(**segments).questions == (f"it says more than is read here: {named}.",)


def test_a_segment_of_the_header_that_nothing_reads_is_named_and_an_empty_one_is_not():
    request = read(a_loop(), packaging=[{"packagingCode": "BX"}], markingPackagingLoading=[])
    assert request.questions == ("It says more than is read here: packaging (packaging code BX).",)


def changed(code="QI", line_id="2"):
    return {"assignedIdentification": line_id, "changeOrResponseTypeCode": code, "quantity": "9"}


@pytest.mark.parametrize("code", ["QI", "DI"])
def test_a_second_line_change_in_one_loop_is_named(code):
    loop = a_loop(code)
    loop["lineItemChange"].append(changed())
    (question,) = read(loop).lines[0].questions
    assert question.startswith("it says more than is read here: another line item change (assigned identification 2")
    alike = a_loop(code)
    alike["lineItemChange"] *= 2
    assert "another line item change" in read(alike).lines[0].questions[0], "it may be a second difference"


@pytest.mark.parametrize(
    ("name", "first", "second", "named"),
    [
        ("currency", {"currencyCode": "NOK"}, {"currencyCode": "EUR"}, "another currency (currency code EUR)"),
        (
            "transactionSetHeader",
            {"transactionSetIdentifierCode": "860"},
            {"transactionSetIdentifierCode": "850"},
            "another transaction set header (transaction set identifier code 850)",
        ),
        ("CTT_loop", {"transactionTotals": [{"numberOfLineItems": "1"}]}, {"x": "1"}, "another CTT (x 1)"),
        (
            "N1_loop",
            {"partyIdentification": [{"entityIdentifierCode": "BY", "name": "A"}, {"entityIdentifierCode": "ST"}]},
            {},
            "another party identification (entity identifier code ST)",
        ),
    ],
)
def test_a_second_segment_of_what_stands_once_is_named(name, first, second, named):
    request = read(a_loop(), **{name: [first, second]})
    assert request.questions == (f"It says more than is read here: {named}.",)
    same = [first, first]
    if name != "N1_loop":
        assert read(a_loop(), **{name: same}).questions == (), "a repetition says nothing more"


@pytest.mark.parametrize("first", ["06", "01"])
def test_a_second_beginning_is_a_question_whatever_the_first_is_for(first):
    tree = a_set(a_loop(), header={"transactionSetPurposeCode": first})
    begun = tree["beginningSegmentForPurchaseOrderChange"]
    begun.append({**begun[0], "transactionSetPurposeCode": "04"})
    (question,) = read_change({"transactionSets": [tree]}).questions
    assert question == (
        "It says more than is read here: another beginning segment for purchase order change (transaction set purpose "
        "code 04)."
    )


@pytest.mark.parametrize(
    ("segments", "named"),
    [
        ({"currency": "EUR"}, "currency (EUR)"),
        ({"taxInformation": [{"percent": "25", "taxExemptCode": "1"}]}, "tax exempt code (1)"),
        ({"currency": [{"currencyCode": ["EUR"]}]}, "currency code (EUR)"),
        ({"N1_loop": "N1*ST"}, "N1 (N1*ST)"),
        ({"N1_loop": [{"partyIdentification": [{"identificationCode": {"a": "7"}}]}]}, "identification code (a 7)"),
        ({"fOBRelatedInstructions": ["DAP"]}, "f obrelated instructions (DAP)"),
        ({"termsOfSaleDeferredTermsOfSale": "net 30"}, "terms of sale deferred terms of sale (net 30)"),
        ({"referenceInformation": ["REF*DP"]}, "reference information (REF*DP)"),
        ({"dateTimeReference": ["DTM*002"]}, "date time reference (DTM*002)"),
    ],
)
def test_a_segment_of_another_shape_is_named(segments, named):
    assert read(a_loop(), **segments).questions == (f"It says more than is read here: {named}.",)


def test_many_things_that_nothing_reads_are_all_named():
    questions = read(a_loop(), **{f"future{'abcdefghijklmnopqrs'[n]}": "x" * 150 for n in range(19)}).questions
    assert [sum(f"future{letter} (" in one for one in questions) for letter in "abcdefghijklmnopqrs"] == [1] * 19
    flood = read(a_loop(), **{f"f{'z' * n}": "1" for n in range(1, 31)}).questions
    assert flood[-1].endswith("10 more.")


def test_what_stands_beside_the_transaction_sets_is_named_and_an_envelope_is_not():
    message = {"transactionSets": [a_set(a_loop())], "interchangeControlHeader": [{"a": "1"}], "extra": "1"}
    assert read_change(message).questions == ("It says more than is read here: extra (1).",)
