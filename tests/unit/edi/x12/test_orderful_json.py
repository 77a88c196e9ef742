"""What is printed while it is written is what the checked tree prints, also from memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.domain.documents import Address, Kind
from connector.domain.errors import Parked
from connector.domain.routing.route import Charset, DialectChoice
from connector.domain.totals import reconcile
from connector.domain.transactions import Purpose, Stream
from connector.edi import memory
from connector.edi.canonical import canonical
from connector.edi.numbers import decimal_text
from connector.edi.translate import translate
from connector.edi.x12 import check
from connector.edi.x12.charset import FOREIGN
from connector.edi.x12.check import Release, Suspect
from connector.edi.x12.dictionary import VERSIONS
from connector.edi.x12.model import line_values
from connector.edi.x12.orderful_json import Objects, transaction_set
from connector.edi.x12.write.transaction import transaction
from testkit.samples.business_documents import a_line, a_route, an_invoice, an_order

DOCUMENTS = [an_order(), an_invoice(), an_invoice(kind=Kind.SUPPLIER_INVOICE)]


def sent(content, **routing):
    route = a_route(content, dialect=DialectChoice.X12, **routing)
    return translate(content, route, stream=Stream.TEST, purpose=Purpose.ORIGINAL)


def by_tree(content, **routing):
    route = a_route(content, dialect=DialectChoice.X12, **routing)
    document = canonical(content, route, reconcile(content, route), Purpose.ORIGINAL)
    return transaction_set(transaction(document)), tuple(document.notes)


@pytest.mark.parametrize("content", DOCUMENTS)
@pytest.mark.parametrize("charset", list(Charset))
def test_a_document_is_printed_as_its_tree_is_each_time(content, charset):
    if isinstance(content, type(an_order())):
        content = replace(
            content, supplier=replace(content.supplier, name="Ærlig Mat", address=Address(("Øvre gate",)))
        )
    expected = by_tree(content, x12={"charset": charset})
    for _ in range(3):
        found = sent(content, x12={"charset": charset})
        assert (found.request.body["message"]["transactionSets"][0], found.notes) == expected


def test_what_was_lost_in_a_party_is_told_of_every_document():
    order = an_order(description="Æpler", supplier=replace(an_order().supplier, name="Ærlig Mat"))
    plain = an_order(supplier=replace(an_order().supplier, name="Ærlig Mat"))
    for one in (order, plain, order, plain):
        assert sent(one).notes == by_tree(one)[1]
        assert any("nearest plain form" in note for note in sent(one).notes)


def test_what_does_not_fit_is_named_by_way_of_the_tree():
    with pytest.raises(Parked, match="PO107") as parked:
        sent(an_order(a_line(item="9" * 49, source="lines[4]")))
    assert parked.value.field == "lines[4].inventory.number"


def test_signs_and_points_of_long_numbers_do_not_count():
    release = Release("004010", Charset.EXTENDED)
    with pytest.raises(Suspect):
        release.printed("PO1", ("1", "-1234567.12345678", "EA", "1"))


@pytest.mark.parametrize(
    ("segment", "values"),
    [
        ("BEG", ("99", "SA", "1", "", "20260101")),
        ("BEG", ("00", "SA", "1")),
        ("N1", ("BY", "", "92", "1")),
        ("N1", ("BY", "name", "UL")),
        ("REF", ("VN", "é")),
        ("PID", ("F", "", "", "", "x" * 81)),
    ],
)
def test_what_is_wrong_is_suspect_however_often_it_comes(segment, values):
    release = Release("004010", Charset.EXTENDED)
    for _ in range(2):
        with pytest.raises(Suspect):
            release.printed(segment, values)


HEADS = st.tuples(
    st.sampled_from(["1", "2", "", "9" * 20, "9" * 21]),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**14), max_value=10**14),
    st.sampled_from(["EA", "KG", "", "XX"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=0, max_value=10**15),
)
NAMES = st.sampled_from([None, "A-1", "Æ", "*", "9" * 48, "9" * 49])
REMEMBERING = {version: Release(version, Charset.EXTENDED) for version in VERSIONS}


@given(HEADS, NAMES, NAMES, st.sampled_from([None, "7012345678900", "17038010000062"]), st.sampled_from(["PO1", "IT1"]))
def test_a_line_is_printed_as_any_segment_is_whatever_was_printed_before(head, buyers, vendors, gtin, segment):
    number, quantity, unit, price = head
    written = (number, decimal_text(quantity), unit, decimal_text(price))
    for version, release in REMEMBERING.items():
        outcomes = [
            outcome_of(lambda release=release: release.line(segment, written, (buyers, vendors, gtin))),
            outcome_of(
                lambda version=version: Release(version, Charset.EXTENDED).printed(
                    segment, line_values(written, (buyers, vendors, gtin))
                )
            ),
        ]
        assert outcomes[0] == outcomes[1]


def outcome_of(print_segment):
    try:
        key, entry = print_segment()
        return key, list(entry.items())
    except Suspect:
        return None


@pytest.mark.parametrize("charset", list(Charset))
def test_every_character_set_has_what_numbers_are_written_with(charset):
    assert not FOREIGN[charset].search("-0123456789.")


def test_more_loops_than_x12_holds_are_suspect():
    objects = Objects(Release("004010", Charset.EXTENDED), "850")
    for _ in range(25):
        objects.add_alone("SAC_loop", "SAC", "A", "C310", "", "", "100")
    with pytest.raises(Suspect):
        objects.add_alone("SAC_loop", "SAC", "A", "C310", "", "", "100")


def test_the_memory_is_bounded_and_forgetting_changes_nothing(monkeypatch):
    for module in (memory, check):
        monkeypatch.setattr(module, "MAX_REMEMBERED", 2)
    release = Release("004010", Charset.EXTENDED)
    for _ in range(2):
        for number in range(5):
            key, entry = release.printed("N4", (f"City {number}",))
            assert (key, entry) == ("geographicLocation", {"cityName": f"City {number}"})
            assert release.printed_alone("PID", ("F", "", "", "", f"Text {number}")) == {
                "productItemDescription": [{"itemDescriptionTypeCode": "F", "description": f"Text {number}"}]
            }
