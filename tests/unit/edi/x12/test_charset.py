"""Texts and letters of X12: what is cut, what is written otherwise."""

import pytest

from connector.domain.documents import Address, Contact, Party
from connector.domain.errors import Parked
from connector.domain.routing.route import Charset, Identity, Overflow
from testkit.samples.business_documents import a_company, a_line, a_route, an_invoice, an_order
from testkit.x12_reader import every, only
from tests.unit.edi.x12.conftest import notes, text, written


class TestWordsAndLetters:
    @pytest.mark.parametrize(
        ("charset", "expected"),
        [(Charset.BASIC, "BLABAER & ROMME"), (Charset.EXTENDED, "Blabaer & Romme"), (Charset.UTF8, "Blåbær & Rømme")],
    )
    def test_norwegian_letters_follow_the_agreed_character_set(self, charset, expected):
        line = a_line(1, description="Blåbær & Rømme")
        routing = {"x12": {"charset": charset}, "items": {}}
        order = an_order(line, supplier=Party(number="1", name="ACME"), terms=None)
        pid = only(written(order, **routing, company=a_route().company), "PID")
        assert pid[5] == expected

    def test_delimiters_and_line_ends_never_reach_the_text(self):
        order = an_order(a_line(1, description="a*b~c>d^e\r\nf"))
        assert only(written(order), "PID")[5] == "a b c d e f"

    @pytest.mark.parametrize(
        ("description", "extended", "utf8"),
        [
            (">2,5 kg", "over 2,5 kg", "over 2,5 kg"),
            ("pH >= 7", "pH min. 7", "pH min. 7"),
            ("ca ~5 kg", "ca ca. 5 kg", "ca ca. 5 kg"),
            ("3*4 m^2", "3x4 m2", "3x4 m2"),
            ("A->B", "A - B", "A - B"),
            ("Ost 2½ kg", "Ost 2 1/2 kg", "Ost 2½ kg"),
            ("½ liter", "1/2 liter", "½ liter"),
            ("3\u00d74 cm", "3x4 cm", "3\u00d74 cm"),
            ("5 ≥ 3, 3 ≤ 4", "5 min. 3, 3 max. 4", "5 ≥ 3, 3 ≤ 4"),
            ("10² m²", "10 2 m2", "10² m²"),
            ("A→B • 5 ‰ ≈7", "A - B - 5 per mille ca. 7", "A→B • 5 ‰ ≈7"),
        ],
    )
    def test_a_sign_that_cannot_be_written_is_said_and_noted(self, description, extended, utf8):
        order = an_order(a_line(1, description=description))
        for charset, expected in ((Charset.EXTENDED, extended), (Charset.UTF8, utf8)):
            assert only(written(order, x12={"charset": charset}), "PID")[5] == expected
            noted = [
                note
                for note in notes(order, x12={"charset": charset})
                if note.startswith(("Signs that X12", "Letters outside"))
            ]
            assert bool(noted) is (expected != description)

    def test_the_basic_set_says_what_it_cannot_write(self):
        order = an_order(a_line(1, description="<5 % [a_b]"))
        assert only(written(order, x12={"charset": Charset.BASIC}), "PID")[5] == "UNDER 5 PCT (A-B)"
        assert any(note.startswith("Signs that X12") for note in notes(order, x12={"charset": Charset.BASIC}))

    def test_a_line_break_is_no_sign_that_is_told(self):
        output = notes(an_order(a_line(1, description="a\r\nb")))
        assert not any(note.startswith("Signs that X12") for note in output)

    def test_a_long_text_is_cut_and_said_so_or_parked(self):
        order = an_order(ship_via="x" * 36)
        assert only(written(order), "TD5")[5] == "x" * 35
        with pytest.raises(Parked, match="way of shipping"):
            text(order, x12={"overflow": Overflow.PARK})

    def test_a_long_line_of_an_address_runs_over_into_the_next_element(self):
        lines = ("Nordisk Logistikksenter for Kjole- og Fryselagring, inngang fra baksiden", "Ring på", "Port 3")
        ship_to = Party(name="Lager", location="7", address=Address(lines, "0155", "Oslo", None, "NO"))
        segments = written(an_order(ship_to=ship_to), x12={"charset": Charset.UTF8})
        at = segments.index(["N1", "ST", "Lager"])
        assert segments[at + 1 : at + 3] == [
            ["N3", "Nordisk Logistikksenter for Kjole- og Fryselagring,", "inngang fra baksiden"],
            ["N3", "Ring på", "Port 3"],
        ]

    def test_lines_of_an_address_share_the_elements_when_there_are_too_few(self):
        lines = tuple(" ".join([letter * 5] * 10) for letter in "abc")
        ship_to = Party(name="Lager", location="7", address=Address(lines, "0155", "Oslo", None, "NO"))
        order = an_order(ship_to=ship_to, supplier=Party(number="50012"))
        written_lines = [row for segment in every(written(order), "N3")[2:] for row in segment[1:]]
        assert " ".join(written_lines) == ", ".join(lines)
        assert max(map(len, written_lines)) <= 55

    @pytest.mark.parametrize("overflow", Overflow)
    @pytest.mark.parametrize(
        "address",
        [
            Address(("x" * 80, "y" * 80, "z" * 80), "0155", "Oslo", None, "NO"),
            Address(("Gata 1",), "0155", "O" * 31, None, "NO"),
            Address(("Gata 1",), "0" * 16, "Oslo", None, "NO"),
        ],
    )
    def test_an_address_that_does_not_fit_is_parked_and_never_cut(self, address, overflow):
        order = an_order(ship_to=Party(name="Lager", location="7", address=address))
        with pytest.raises(Parked, match="never cut") as parked:
            text(order, x12={"overflow": overflow})
        assert parked.value.field == "shippingAddress"
        invoice = an_invoice(counterparty=Party(number="10045", name="Fjord", address=address))
        with pytest.raises(Parked, match="never cut") as parked:
            text(invoice, x12={"overflow": overflow})
        assert parked.value.field == "invoiceAddress"

    @pytest.mark.parametrize("whose", ["companies.nordic.address", "partners.acme.address"])
    def test_an_address_of_the_routing_file_is_named_by_its_key(self, whose):
        address = Address(("x" * 56,) * 4, "0155", "Oslo", None, "NO")
        known = Identity(name="Acme", address=address)
        where = {"company": a_company(identity=known)} if "nordic" in whose else {"partner_identity": known}
        with pytest.raises(Parked) as parked:
            text(an_order(), **where) if "nordic" in whose else text(an_order(supplier=Party(number="1")), **where)
        assert parked.value.field == whose
        assert parked.value.next_step.startswith(f"Shorten {whose} in the routing file")

    def test_what_is_below_the_minimum_of_its_element_is_left_out(self):
        ship_to = Party(name="Lager", location="7", address=Address((), "0155", "Å", "Viken", "NO"))
        segments = written(an_order(ship_to=ship_to))
        assert ["N1", "ST", "Lager"] in every(segments, "N1")
        assert ["N4", "", "", "0155", "NO"] in every(segments, "N4")

    def test_an_address_for_mail_that_the_set_cannot_write_is_left_out_rather_than_changed(self):
        company = a_route().company
        order = an_order(ship_to=Party(name="Lager", location="77", contact=Contact("Ola", email="ola@example.no")))
        basic = written(order, x12={"charset": Charset.BASIC}, company=company)
        assert ["PER", "IC", "OLA"] in every(basic, "PER")
        extended = written(order)
        assert ["PER", "IC", "Ola", "EM", "ola@example.no"] in every(extended, "PER")
