"""Text that fits: the agreed character set, no delimiters, and the length of the element.

AN elements have no escape character, so the delimiters in use are taken out of every text. Identifiers are another
matter: they are never altered, and `check` refuses those that do not fit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from connector.domain.advice import correction, correction_at
from connector.domain.errors import Parked
from connector.domain.reasons import Reason
from connector.domain.routing.route import Charset, Overflow, Route

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
_REPLACED = "Signs that X12 uses itself or that are not agreed were written as words, or left out, in a text."

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*signs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(sign), words) for sign, words in signs)


_DELIMITERS_IN_WORDS = _rules(
    (r">\s*=", " min. "),
    (r"[=-]>", " - "),
    (r">(?=\s*\d)", " over "),
    (r"~(?=\s*\d)", " ca. "),
    (r"(?<=\d)(\s?)\*(\s?)(?=\d)", r"\1x\2"),
    (r"(?<=[A-Za-z])\^(?=\d)", ""),
)
"""What says the same as a delimiter in a text; where nothing does, a blank takes its place."""
_SIGNS_IN_WORDS = _rules(
    (r"[≥⩾]", " min. "),
    (r"[≤⩽]", " max. "),
    (r"≈", " ca. "),
    (r"≠", " not = "),
    (r"(?<=\d)(\s?)·(\s?)(?=\d)", r"\1x\2"),
    ("[\u00d7\u2715\u2a2f]", "x"),
    (r"(?<=\d)(?=[¼½¾⅐-⅞⁰¹²³⁴-⁹])", " "),
    (r"[→⟶⇒➔•·]", " - "),
    (r"‰", " per mille"),
    (r"[∅⌀]", " diam. "),
    (r"¥", " JPY "),
    (r"¤", " "),
)
"""The same for signs whose nearest plain form means something else, or is a delimiter."""
_BASIC_SIGNS = str.maketrans(
    {"%": " PCT", "<": " UNDER ", "@": " AT ", "_": "-", "[": "(", "]": ")", "{": "(", "}": ")", "|": "/", "\\": "/"}
)

_ONCE = frozenset({_TRANSLITERATED, _REPLACED})
"""Sentences about the whole document."""


class Wording:
    """Brings descriptive texts into the shape agreed with a partner, and remembers what was lost on the way.

    Attributes:
        notes: One sentence for each loss.
    """

    def __init__(self, route: Route, notes: list[str]) -> None:
        options = route.x12
        self.notes = notes
        self._route = route
        self.version = options.version
        self._charset = options.charset
        self._foreign = FOREIGN[options.charset]
        self._overflow = options.overflow

    def apart(self, write: Callable[[], None]) -> tuple[str, ...]:
        """What is lost while `write` writes, as if nothing had been lost before."""
        before = [*self.notes]
        self.notes.clear()
        try:
            write()
            return tuple(self.notes)
        finally:
            self.notes[:] = before

    def tell(self, lost: Sequence[str]) -> None:
        """Remember what was lost apart from this, or in a text."""
        for one in lost:
            if one not in _ONCE or one not in self.notes:
                self.notes.append(one)

    @staticmethod
    def is_of_documents(lost: Iterable[str]) -> bool:
        """Whether all that was lost is told in sentences about the whole document."""
        return all(one in _ONCE for one in lost)

    def text(self, text: str | None, longest: int, what: str, *, shortest: int = 1) -> str:
        """The text for an element of `longest` characters, "" when there is none.

        Raises:
            Parked: nothing or not all of it can be written, and this partner's texts must not be cut.
        """
        if not text:
            return ""
        plain = self.plain(text)
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

        Where there are more, short ones are joined into one line.

        Raises:
            Parked: they do not fit, and this partner's texts must not be cut.
        """
        plain = [self.plain(row) for text in texts for row in text.splitlines()]
        lines = [line for text in plain for line in _broken(text, longest)]
        if len(lines) > most:
            lines = _joined(lines, longest)
        if len(lines) > most:
            self._lost(f"The {what} fill {len(lines)} lines of text and were cut to {most}.", what)
        return lines[:most]

    def address(self, texts: Iterable[str], *, longest: int, most: int, what: str, field: str) -> list[str]:
        """The lines of an address as at most `most` elements; it is never cut, whatever is agreed about texts.

        A line that is too long runs over into the next element. Where elements run out, lines share them.

        Raises:
            Parked: it does not fit; names `field`, where it stands.
        """
        plain = [text for text in map(self.plain, texts) if text]
        rows = [row for text in plain for row in _broken(text, longest)]
        if len(rows) > most:
            rows = _broken(", ".join(plain), longest)
        if len(rows) > most:
            raise Parked(
                f"The {what} does not fit into the {most} lines of {longest} characters that X12 has for it, and an "
                "address is never cut.",
                next_step=correction_at(field, self._route.kind, "Shorten"),
                field=field,
                code=Reason.VALUE_DOES_NOT_FIT,
            )
        return rows

    def part_of_address(self, text: str | None, longest: int, what: str, field: str, *, shortest: int) -> str:
        """A city, a postal code or a country: like `text`, but never cut.

        Raises:
            Parked: it is too long; names `field`, where it stands.
        """
        plain = self.text(text, sys.maxsize, what, shortest=shortest)
        if len(plain) > longest:
            raise Parked(
                f"'{text}' in the {what} has more than the {longest} characters that X12 has for it, and an address is "
                "never cut.",
                next_step=correction_at(field, self._route.kind, "Shorten"),
                field=field,
                code=Reason.VALUE_DOES_NOT_FIT,
            )
        return plain

    def reference(self, number: str, longest: int, what: str) -> str:
        """A reference that a person typed, in plain letters as names are; "" when it is too long. It is never cut."""
        plain = self.plain(number, in_words=False)
        if not plain or len(plain) > longest:
            return ""
        if plain != number.strip():
            self.notes.append(f"The {what} '{number}' was written as '{plain}'.")
        return plain

    def fits(self, text: str, longest: int) -> bool:
        """Whether a text can be written just as it is, as an address for mail has to be."""
        return len(text) <= longest and not self._foreign.search(text)

    def plain(self, text: str, *, in_words: bool = True) -> str:
        """The text in the agreed characters; `in_words`: a sign that cannot be written is said."""
        plain, notes = _plain(text, self._charset, in_words=in_words)
        self.tell(notes)
        return plain

    def row(self, text: str) -> str:
        """The same of a text as one row, with single blanks between its words."""
        plain, notes = _row(text, self._charset)
        self.tell(notes)
        return plain

    def _lost(self, sentence: str, what: str) -> None:
        if self._overflow is Overflow.PARK:
            key = f"partners.{self._route.partner}.x12.overflow"
            raise Parked(
                f"The {what} cannot be written in full in X12, and nothing may be cut for this partner.",
                next_step=f"Set {key}: {Overflow.CUT} in the routing file and apply it. Otherwise: "
                + correction(self._route.kind, f"Shorten the {what} in Visma."),
                field=what,
                waits_for=key,
                code=Reason.VALUE_DOES_NOT_FIT,
            )
        self.notes.append(sentence)


# Names and descriptions are mostly those of the documents before.
@lru_cache(maxsize=4096)
def _plain(text: str, charset: Charset, *, in_words: bool) -> tuple[str, tuple[str, ...]]:
    """A text in the characters of a set, and sentences about what became of others."""
    foreign, notes = FOREIGN[charset].findall(text), []
    if not foreign:
        return text.strip(), ()
    is_utf8 = charset is Charset.UTF8
    if not (is_utf8 or text.isascii()):
        notes.append(_TRANSLITERATED)
    if in_words:
        if any(one.isascii() and one.isprintable() and not one.isalpha() for one in foreign):
            notes.append(_REPLACED)
        text = _in_words(text, charset)
    if not is_utf8:
        if not text.isascii():
            from anyascii import anyascii

            text = anyascii(text)
        if charset is Charset.BASIC:
            text = text.upper()
    return " ".join(FOREIGN[charset].sub(" ", text).split()), tuple(notes)


@lru_cache(maxsize=4096)
def _row(text: str, charset: Charset) -> tuple[str, tuple[str, ...]]:
    return _plain(" ".join(text.split()), charset, in_words=True)


def _in_words(text: str, charset: Charset) -> str:
    """The text with words for signs that cannot be written."""
    for sign, words in _DELIMITERS_IN_WORDS if charset is Charset.UTF8 else (*_DELIMITERS_IN_WORDS, *_SIGNS_IN_WORDS):
        text = sign.sub(words, text)
    return text.translate(_BASIC_SIGNS) if charset is Charset.BASIC else text


def _broken(text: str, longest: int) -> list[str]:
    """A text in rows of at most `longest` characters, broken between words where the row stays half full."""
    rows, begin = [], 0
    while len(text) - begin > longest:
        cut = text.rfind(" ", begin + 1, begin + longest + 1)
        cut = cut if cut - begin > longest // 2 else begin + longest
        rows.append(text[begin:cut].rstrip())
        begin = cut
        while begin < len(text) and text[begin].isspace():
            begin += 1
    return [*rows, text[begin:]] if begin < len(text) else rows


def _joined(lines: Iterable[str], longest: int) -> list[str]:
    """As few lines as hold the texts in their order, several on a line divided by a semicolon."""
    joined: list[str] = []
    for line in lines:
        if joined and len(joined[-1]) + len(line) + 2 <= longest:
            joined[-1] = f"{joined[-1]}; {line}"
        else:
            joined.append(line)
    return joined
