"""Frequent notes of translations: their sentences, and the short forms in which the ledger keeps them.

DynamoDB bills a write by whole kilobytes, and a sent document fits into one. A short form has a code and the values of
the sentence: `~no-place~`, `~short:7:ship-to~`. Codes are stored, so they keep their meaning; a sentence may change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLOT = "{}"
_VALUE = "[^~:;]+?"


@dataclass(frozen=True, slots=True)
class NoteForm:
    """A note.

    Attributes:
        code: Stands for it in the ledger.
        sentence: Its sentence, with `{}` for each value.
    """

    code: str
    sentence: str

    def of(self, *values: str) -> str:
        """The sentence with its values."""
        return self.sentence.format(*values)

    def shortened(self, text: str) -> str:
        """The text with the short form in the place of each such sentence."""
        if self.sentence.partition(_SLOT)[0] not in text:
            return text
        sentence = f"({_VALUE})".join(map(re.escape, self.sentence.split(_SLOT)))
        return re.sub(sentence, lambda found: f"~{':'.join((self.code, *found.groups()))}~", text)

    def expanded(self, text: str) -> str:
        """The text with the sentence in the place of each such short form."""
        if f"~{self.code}" not in text:
            return text
        form = "".join((f"~{re.escape(self.code)}", f":({_VALUE})" * self.sentence.count(_SLOT), "~"))
        return re.sub(form, lambda found: self.of(*found.groups()), text)


NO_PLACE = NoteForm(
    "no-place",
    "The order names no place of delivery: fill in its shipping address in Visma if the supplier needs it.",
)
NAMELESS = NoteForm(
    "nameless",
    "The document leaves without its {}: the company has no name. Set companies.{}.name in the routing file and "
    "apply it.",
)
ADDRESS_ALONE = NoteForm(
    "address-alone", "The address of the {} party was left out: it has neither a name nor a number."
)
SHORT_NUMBER = NoteForm("short", "The number {} of the {} party is too short for X12 and was left out.")
ENTERED_ADDRESS = NoteForm(
    "entered-address",
    "The shipping address was entered on the order, so the ship-to party leaves with its name and address and without "
    "the code of its usual place.",
)

SENT_BY_VISMA = NoteForm("by-visma", "Visma sends it to the partner as well, by {}: see that it is not taken twice.")

FORMS = (NO_PLACE, NAMELESS, ADDRESS_ALONE, SHORT_NUMBER, ENTERED_ADDRESS, SENT_BY_VISMA)


def shortened(text: str) -> str:
    """A text as the ledger keeps it."""
    for form in FORMS:
        text = form.shortened(text)
    return text


def expanded(text: str) -> str:
    """A text of the ledger as a person reads it."""
    for form in FORMS:
        text = form.expanded(text)
    return text
