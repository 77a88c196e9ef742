"""Text that fits: the agreed character set, no delimiters, and the length of the element.

AN elements have no escape character, so the delimiters in use are taken out of every text. Identifiers are another
matter: they are never altered, and `check` refuses those that do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from connector.domain.errors import Parked
from connector.domain.routes import Charset, Overflow, X12Options

# X12's basic and extended sets without our delimiters. The extended set's accented letters need an agreement of their
# own, which is `utf8`.
_BASIC = r"""A-Z0-9 !"&'()+,\-./:;?="""
_EXTENDED = _BASIC + r"a-z%@\[\]_{}\\|<#$`"
_DELIMITERS = r"*~>^\x00-\x1f\x7f-\x9f\u2028\u2029"

FOREIGN: dict[Charset, re.Pattern[str]] = {
    Charset.BASIC: re.compile(f"[^{_BASIC}]"),
    Charset.EXTENDED: re.compile(f"[^{_EXTENDED}]"),
    Charset.UTF8: re.compile(f"[{_DELIMITERS}\ud800-\udfff]"),
}
_TRANSLITERATED = "Letters outside the agreed character set were written in their nearest plain form."


class Wording:
    """Brings descriptive texts into the shape agreed with a partner, and remembers what was lost on the way.

    Attributes:
        notes: One sentence for each loss.
    """

    def __init__(self, options: X12Options, notes: list[str]) -> None:
        self.notes = notes
        self.version = options.version
        self._charset = options.charset
        self._foreign = FOREIGN[options.charset]
        self._overflow = options.overflow

    def text(self, text: str | None, longest: int, what: str, *, shortest: int = 1) -> str:
        """The text for an element of `longest` characters, "" when there is none.

        Raises:
            Parked: nothing or not all of it can be written, and this partner's texts must not be cut.
        """
        if not text:
            return ""
        plain = self._plain(text)
        if not plain:
            if not text.isspace():
                self._lost(f"The {what} '{text}' has no letter of the agreed character set and was left out.", what)
            return ""
        if len(plain) < shortest:
            self._lost(f"'{plain}' in the {what} is too short for X12 and was left out.", what)
            return ""
        if len(plain) <= longest:
            return plain
        self._lost(f"The {what} has {len(plain)} characters and was cut to {longest}.", what)
        return plain[:longest].rstrip()

    def lines(self, texts: Iterable[str], longest: int, most: int, what: str) -> list[str]:
        """Texts as at most `most` lines; long ones run over several, broken between words.

        Raises:
            Parked: they do not fit, and this partner's texts must not be cut.
        """
        lines: list[str] = []
        for text in texts:
            for row in text.splitlines():
                plain = self._plain(row)
                while len(plain) > longest:
                    cut = plain.rfind(" ", 1, longest + 1)
                    cut = cut if cut > longest // 2 else longest
                    lines.append(plain[:cut].rstrip())
                    plain = plain[cut:].lstrip()
                if plain:
                    lines.append(plain)
        if len(lines) > most:
            self._lost(f"The {what} fill {len(lines)} lines of text and were cut to {most}.", what)
        return lines[:most]

    def fits(self, text: str, longest: int) -> bool:
        """Whether a text can be written just as it is, as an address for mail has to be."""
        return len(text) <= longest and not self._foreign.search(text)

    def _plain(self, text: str) -> str:
        if not self._foreign.search(text):
            return text.strip()
        if self._charset is not Charset.UTF8:
            if not text.isascii():
                from anyascii import anyascii

                text = anyascii(text)
                if _TRANSLITERATED not in self.notes:
                    self.notes.append(_TRANSLITERATED)
            if self._charset is Charset.BASIC:
                text = text.upper()
        return " ".join(self._foreign.sub(" ", text).split())

    def _lost(self, sentence: str, what: str) -> None:
        if self._overflow is Overflow.PARK:
            raise Parked(
                f"The {what} cannot be written in full in X12, and nothing may be cut for this partner.",
                next_step=f"Shorten the {what} in Visma, or allow cutting for this partner (x12.overflow: cut).",
                field=what,
            )
        self.notes.append(sentence)
