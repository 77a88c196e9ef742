from __future__ import annotations

import pytest

from connector.domain.note_forms import (
    ADDRESS_ALONE,
    ENTERED_ADDRESS,
    FORMS,
    NAMELESS,
    NO_PLACE,
    SENT_BY_VISMA,
    SHORT_NUMBER,
    expanded,
    shortened,
)


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        (NO_PLACE.of(), "~no-place~"),
        (
            NAMELESS.of("buyer party and bill-to party", "nordic"),
            "~nameless:buyer party and bill-to party:nordic~",
        ),
        (ADDRESS_ALONE.of("ship-to"), "~address-alone:ship-to~"),
        (SHORT_NUMBER.of("7", "ship-to"), "~short:7:ship-to~"),
        (ENTERED_ADDRESS.of(), "~entered-address~"),
        (SENT_BY_VISMA.of("mail (emailed)"), "~by-visma:mail (emailed)~"),
    ],
)
def test_a_frequent_note_is_kept_short_and_shown_whole(sentence, short):
    text = f"translated: x12, original; Two lines left with the price 0.; {sentence}; The end."
    assert shortened(text) == text.replace(sentence, short)
    assert expanded(shortened(text)) == text


def test_several_are_kept_short_in_one_text():
    text = "; ".join([SHORT_NUMBER.of("1", "seller"), NO_PLACE.of(), SHORT_NUMBER.of("2", "ship-to")])
    assert shortened(text) == "~short:1:seller~; ~no-place~; ~short:2:ship-to~"
    assert expanded(shortened(text)) == text


@pytest.mark.parametrize("number", [":", "~", ";"])
def test_a_value_that_a_short_form_cannot_hold_leaves_the_sentence_as_it_is(number):
    text = SHORT_NUMBER.of(number, "ship-to")
    assert shortened(text) == expanded(text) == text


@pytest.mark.parametrize("text", ["", "sent as 1001", "~ of a partner ~", "~short:7~", "~no-places~"])
def test_any_other_text_stays_as_it_is(text):
    assert shortened(text) == expanded(text) == text


def test_codes_are_told_apart():
    assert len({form.code for form in FORMS}) == len(FORMS)
