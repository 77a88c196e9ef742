"""What a partner answers to a document that we sent: an 855 or 865, an 824, a 997.

An answer either accepts what we sent as it stands, or it says something that a person has to settle. Only codes that
accept everything count as accepting; every other code, an unknown one and a missing one are findings.

X12: code lists of elements 353 (BAK01, BCA01), 587 (BAK02, BCA02), 668 (ACK01), 110 (OTI01), 715 and 717 (AK9, AK5).
Orderful: Mosaic's 855 has `purpose`, `status` and, by line, `actions`; the keys of X12-shaped segments follow the names
of segments and elements. Those of an 824, an 865 and a 997 were never seen in its documentation, so elements are looked
for by name, at any depth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.edi.order_change.fields import Data, NotUnderstood, day, number, part, quoted, rows, text

_MAX_FINDINGS = 20
_MAX_OBJECTS = 50_000

_ACKNOWLEDGMENT_TYPES = {
    "AC": "acknowledged with changes",
    "AE": "acknowledged with exceptions",
    "AH": "on hold",
    "NA": "no acknowledgment needed",
    "RD": "rejected, with detail",
    "RF": "rejected, with exceptions",
    "RJ": "rejected",
    "RN": "rejected, not as agreed",
    "RO": "rejected with a counter offer",
    "RV": "rejected, violates industry practice",
}
_TYPE_KEYS = ("acknowledgmentType", "acknowledgmentTypeCode")
"""Public code that writes an 855 for Orderful has either."""

_ACCEPTING_TYPES = {"AD", "AK", "AP", "AT"}
# X12 element 587: AC is "acknowledge with detail and change", AE "acknowledge with exception detail only". Some sellers
# write them on every answer; then the lines say what is accepted.
_LINES_TELL = {"AC", "AE"}
_EXCEPTIONS_ONLY = "AE"
_REFUSING_TYPES = {"RD", "RJ"}

_PURPOSE = "transactionSetPurposeCode"
_CANCELLATION = "01"
_PURPOSES = {
    _CANCELLATION: "a cancellation",
    "03": "a deletion",
    "10": "about an order that was not found",
    "12": "about an order that was not processed",
    "17": "a cancellation, to be issued again",
    "19": "a change by the seller",
    "21": "on hold",
    "44": "a rejection",
}
# Original, change and replacement of an earlier answer, confirmation, duplicate, response, re-submission, reissue,
# final, information copy. What they state is compared with the order.
_ORIGINAL = "00"
_ACCEPTING_PURPOSES = {None, _ORIGINAL, "04", "05", "06", "07", "11", "15", "18", "20", "22"}
# Orderful, schema of the simplified purchase order acknowledgment: BAK01 00, 02 to 04, 05 and 06.
_ACCEPTING_PURPOSES_IN_MOSAIC = {None, "original", "change", "replace", "confirmation"}

_LINE_CODES = {
    "AA": "forwarded to another location of the supplier",
    "BP": "partly shipped, the rest backordered",
    "DR": "date rescheduled",
    "IB": "backordered",
    "IC": "changed",
    "ID": "deleted",
    "IE": "price pending",
    "IF": "on hold, description incomplete",
    "IH": "on hold",
    "IP": "price changed",
    "IQ": "quantity changed",
    "IR": "rejected",
    "IS": "substituted",
    "IW": "on hold, waiver required",
    "R1": "rejected, not a contract item",
    "R2": "rejected, invalid item number",
    "R3": "rejected, invalid unit",
    "R4": "rejected, contract item not available",
    "R9": "rejected, discontinued",
    "SP": "schedule date pending",
}
ACCEPTING_LINES = frozenset({"IA", "AC", "AR"})
"""X12 element 668: codes that accept a line."""
_DELETED_LINE = "ID"
_REFUSED_LINES = {_DELETED_LINE, "IR"}
# X12 element 670, of POC02.
_NO_CHANGE = "NC"
_DELETION = "DI"
_CHANGE_KEYS = ("changeOrResponseTypeCode", "lineItemChangeCode")

_ADVICES = {
    "A": "accepted",
    "C": "accepted with changes of its content",
    "E": "accepted with errors",
    "H": "on hold",
    "P": "partly rejected",
    "R": "rejected",
}
_LEVELS = {"T": "the document", "G": "the group", "B": "the batch", "I": "an item"}
_ACCEPTING_ADVICES = {"TA", "GA", "BA", "IA"}

_SYNTAX = {
    "M": "rejected, its authentication failed",
    "P": "partly accepted: a document of the group was rejected",
    "R": "rejected",
    "W": "rejected, it failed a validity test",
    "X": "rejected, it could not be decrypted",
}
# E: accepted, errors noted; a document that was taken is no refusal (the way out records it alike).
_ACCEPTING_SYNTAX = {"A", "E"}

# X12 element 128.
_INVOICE_NUMBERS = {"IN", "IV"}
_ORDER_NUMBERS = {"PO"}
# X12 element 479, the functional group of a document.
_GROUPS = {"PO": "850", "PC": "860", "IN": "810"}
_INVOICE, _ORDER = "810", "850"

LINES = ("baselineItemData", "lineItemChange")
"""The segment of a line in an 855 and in an 865."""

STATUS = "lineItemStatusCode"
"""X12 element 668."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says.

    Attributes:
        answers: X12 number of the document that it answers (`850`, `810`); None when it does not say.
        number: The number of that document; None when it names none.
        findings: What it does not accept as sent, each a clause; empty when it accepts everything.
        ordered_on: The date of that order (BAK04, BCA06, `purchaseOrderDate`); None when it states none.
        deletions: By the place of a line, from 1, the findings that say that the line is deleted.
        unless_equal: Findings that stand only if the document states something otherwise than was sent: its type says
            that it has changes or exceptions (AC, AE), and every line of it is accepted.
        declines: It says that nothing is delivered: it is a cancellation, or refuses the order or all its lines.
    """

    answers: str | None
    number: str | None
    findings: tuple[str, ...]
    ordered_on: date | None = None
    _: KW_ONLY
    deletions: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    unless_equal: tuple[str, ...] = ()
    declines: bool = False

    @property
    def accepts(self) -> bool:
        """Whether nothing is left for a person to settle."""
        return not self.findings

    def accepts_beside(self, gone: Collection[int]) -> bool:
        """Whether nothing is left to settle where what it states is what was sent.

        Args:
            gone: The places of the deleted lines that the document, as it was sent, does not have.
        """
        settled = {*self.unless_equal, *(one for place in gone for one in self.deletions.get(place, ()))}
        return settled.issuperset(self.findings)


def read_answer(document: str, message: Data) -> Answer:
    """Read an answer.

    Args:
        document: `855`, `865`, `824` or `997`.
        message: Parsed JSON with numbers as `Decimal`: Mosaic, or an object with `transactionSets`.
    """
    trees = rows(message, "transactionSets")
    if document == "824":
        return _advice(trees)
    if document == "997":
        return _syntax(trees)
    return _acknowledgment(trees) if trees else _mosaic(message)


def _acknowledgment(trees: Sequence[Data]) -> Answer:
    """X12 855 and 865."""
    headers = list(having(trees, *_TYPE_KEYS))
    types = [next(filter(None, (code_of(header, name) for name in _TYPE_KEYS)), "") for header in headers]
    number_ = next(filter(None, (text(one, "purchaseOrderNumber") for one in objects(trees))), None)
    lines = [one for one in objects(trees) if any(isinstance(one.get(name), list | dict) for name in LINES)]
    inside = {id(status) for line in lines for status in having(line, STATUS)}
    begun = next(having(trees, _PURPOSE), next(iter(headers), {}))
    said = [_line(line, place) for place, line in enumerate(lines, 1)]
    deletions = {place: found.deletions for place, found in enumerate(said, 1) if found.deletions}
    named = [f"it is {_word(_ACKNOWLEDGMENT_TYPES, code)}" for code in types if code not in _ACCEPTING_TYPES]
    rest = [
        *_purpose(code_of(begun, _PURPOSE)),
        *(finding for found in said for finding in (*found.deletions, *found.findings)),
        *(
            f"a line is {_word(_LINE_CODES, status)}"
            for one in having(trees, STATUS)
            if id(one) not in inside and (status := code_of(one, STATUS) or "") not in ACCEPTING_LINES
        ),
    ]
    findings = [*named, *rest]
    has_statuses = any(True for _ in having(trees, STATUS))
    if not types and not findings and not has_statuses:
        findings = [_SILENT]
    is_restated = not has_statuses and _EXCEPTIONS_ONLY not in types
    are_told = bool(lines) and all(found.is_settled or (is_restated and found.is_restated) for found in said)
    return Answer(
        _ORDER,
        number_,
        _few(findings),
        _day(next(iter(headers), begun), "date"),
        deletions=deletions,
        unless_equal=tuple(named) if are_told and _LINES_TELL.issuperset(types) else (),
        declines=_declines(code_of(begun, _PURPOSE), types, [code_of(one, STATUS) for one in having(trees, STATUS)]),
    )


def names_exceptions_only(trees: Sequence[Data]) -> bool:
    """Whether an 855 or 865 leaves out the lines that it accepts (X12 element 587: AE)."""
    return any(code_of(one, name) == _EXCEPTIONS_ONLY for one in having(trees, *_TYPE_KEYS) for name in _TYPE_KEYS)


def _declines(purpose: str | None, types: Sequence[str], statuses: Sequence[str | None]) -> bool:
    """Whether it says that nothing of the order is delivered.

    A cancellation that is refused (01 with RD), and a refusal whose purpose is no original one, may refuse our
    cancellation; they are none.
    """
    if purpose == _CANCELLATION:
        accepted = {*ACCEPTING_LINES, _DELETED_LINE}
        return (_ACCEPTING_TYPES | _LINES_TELL).issuperset(types) and accepted.issuperset(statuses)
    if types and _REFUSING_TYPES.issuperset(types):
        return purpose in {None, _ORIGINAL} and _REFUSED_LINES.issuperset(statuses)
    is_accepting = purpose in _ACCEPTING_PURPOSES and (_ACCEPTING_TYPES | _LINES_TELL).issuperset(types)
    return is_accepting and bool(statuses) and _REFUSED_LINES.issuperset(statuses)


_SILENT = "it does not say whether it is accepted"


def _purpose(code: str | None) -> Iterator[str]:
    if code not in _ACCEPTING_PURPOSES:
        yield f"its purpose is {quoted(code)}" if code not in _PURPOSES else f"it is {_PURPOSES[code]} ({code})"


def _day(data: Data, name: str) -> date | None:
    with suppress(NotUnderstood):
        return day(data, name)
    return None


@dataclass(frozen=True, slots=True)
class _Line:
    """What a line does not accept.

    Attributes:
        deletions: That it is deleted.
        findings: The rest.
        is_settled: Whether each of its statuses accepts it, or it is deleted.
        is_restated: Whether it has a quantity and a price, which a sender that writes no status acknowledges.
    """

    deletions: tuple[str, ...]
    findings: tuple[str, ...]
    is_settled: bool
    is_restated: bool


def _line(line: Data, place: int) -> _Line:
    data = next((part(line, name) for name in LINES if part(line, name)), {})
    name = f"line {text(data, 'assignedIdentification') or f'at place {place}'}"
    statuses = list(having(line, STATUS))
    deletions, findings = list[str](), list[str]()
    for status in statuses:
        code = code_of(status, STATUS)
        if code is not None and code not in ACCEPTING_LINES:
            amount = text(status, "quantity")
            found = deletions if code == _DELETED_LINE else findings
            found.append(f"{name} is {_word(_LINE_CODES, code)}" + (f", quantity {amount}" if amount else ""))
    asked = next(filter(None, (code_of(data, key) for key in _CHANGE_KEYS)), None)
    if asked == _DELETION:
        deletions.append(f"{name} is to be deleted ({_DELETION})")
    elif not statuses and asked not in {None, _NO_CHANGE}:
        findings.append(f"{name} is to be changed ({quoted(asked)})")
    accepted, ordered = accepted_quantity(statuses), number_of(data, "quantity")
    if accepted is not None and ordered is not None and accepted < ordered:
        findings.append(f"{name} is accepted for {accepted} of {ordered}")
    return _Line(
        tuple(deletions),
        tuple(findings),
        is_settled=bool(deletions or statuses) and not findings,
        is_restated=ordered is not None and number_of(data, "unitPrice") is not None and not findings,
    )


def is_deleted(data: Data, statuses: Sequence[Data]) -> bool:
    """Whether a line says that nothing of it is delivered: it is deleted, or its quantity is zero."""
    codes = {code_of(one, STATUS) for one in statuses}
    is_asked = any(code_of(data, key) == _DELETION for key in _CHANGE_KEYS)
    return is_asked or codes == {_DELETED_LINE} or number_of(data, "quantity") == 0


def accepted_quantity(statuses: Sequence[Data]) -> Decimal | None:
    """What is accepted of a line in all; None unless every status of it accepts and gives a quantity."""
    amounts = [number_of(one, "quantity") for one in statuses]
    if not statuses or any(code_of(one, STATUS) not in ACCEPTING_LINES for one in statuses):
        return None
    return sum((one for one in amounts if one is not None), Decimal()) if None not in amounts else None


def _mosaic(message: Data) -> Answer:
    """Mosaic 855 (Orderful: accepted or rejected as a whole; accepted, rejected or backordered by line)."""
    status = text(message, "status")
    actions = [(line, action) for line in rows(message, "lineItems") for action in rows(line, "actions")]
    purpose = text(message, "purpose")
    findings = [] if purpose in _ACCEPTING_PURPOSES_IN_MOSAIC else [f"its purpose is {quoted(purpose)}"]
    if status not in {None, "accepted"}:
        reason = text(message, "statusReasonCode")
        findings.append(f"it is {quoted(status)}" + (f" ({reason})" if reason else ""))
    for place, (line, action) in enumerate(actions, 1):
        name = f"line {text(line, 'purchaseOrderLineId') or f'at place {place}'}"
        word, reason = text(action, "status"), text(action, "statusReasonCode")
        amount = text(part(action, "quantity"), "value")
        if word not in {None, "accepted"}:
            more = [f"quantity {amount}"] if amount else []
            findings.append(", ".join([f"{name} is {quoted(word)}" + (f" ({reason})" if reason else ""), *more]))
        elif action.get("substitutedItem"):
            findings.append(f"{name} is substituted")
    if status is None and not findings and not any(text(action, "status") for _, action in actions):
        findings = [_SILENT]
    words = {text(action, "status") for _, action in actions}
    is_refused = status == "rejected" or (status in {None, "accepted"} and bool(words))
    declines = is_refused and purpose in {None, "original"} and words <= {"rejected"}
    ordered_on = _day(part(message, "dates"), "purchaseOrderDate") or _day(message, "purchaseOrderDate")
    return Answer(_ORDER, text(message, "purchaseOrderNumber"), _few(findings), ordered_on, declines=declines)


def _advice(trees: Sequence[Data]) -> Answer:
    """X12 824: each OTI names a document and says what became of it; TED says what is wrong with it."""
    found = list(having(trees, "applicationAcknowledgmentCode", "applicationAcknowledgementCode"))
    findings, named = [], list[tuple[str | None, str | None]]()
    for one in found:
        code = text(one, "applicationAcknowledgmentCode") or text(one, "applicationAcknowledgementCode") or ""
        if code not in _ACCEPTING_ADVICES:
            named.append(_named(one))
            level, word = _LEVELS.get(code[:1]), _ADVICES.get(code[1:])
            what = f"{level} is {word} ({code})" if level and word else f"it says '{code[:10]}'"
            number_named = text(one, "referenceIdentification")
            findings.append(f"{what}, named {number_named}" if number_named else what)
    for error in having(trees, "applicationErrorConditionCode"):
        stated = quoted({name: value for name, value in error.items() if value}, names=False)
        findings.append(f"error {stated}")
    kinds = [*named, *map(_named, found), *map(_named, having(trees, "referenceIdentificationQualifier"))]
    answers, number_ = next((one for one in kinds if one[0] and one[1]), (None, None))
    return Answer(answers, number_, _few(findings if found or findings else [_SILENT]))


def _named(segment: Data) -> tuple[str | None, str | None]:
    """The document that OTI or REF names: X12 number and its own number."""
    qualifier = text(segment, "referenceIdentificationQualifier")
    of_set = text(segment, "transactionSetIdentifierCode")
    if qualifier in _INVOICE_NUMBERS:
        answers: str | None = _INVOICE
    elif qualifier in _ORDER_NUMBERS:
        answers = _ORDER
    else:
        answers = of_set if of_set in {_INVOICE, _ORDER} else None
    return answers, text(segment, "referenceIdentification") if answers else None


def _syntax(trees: Sequence[Data]) -> Answer:
    """X12 997. It names control numbers, which Orderful gives out; no document can be told from them."""
    sets = [one for one in objects(trees) if "transactionSetAcknowledgmentCode" in one]
    groups = [
        one
        for one in objects(trees)
        if "functionalGroupAcknowledgeCode" in one or "functionalGroupAcknowledgmentCode" in one
    ]
    codes = [
        *(("a document", text(one, "transactionSetAcknowledgmentCode")) for one in sets),
        *(
            ("the group", text(one, "functionalGroupAcknowledgeCode") or text(one, "functionalGroupAcknowledgmentCode"))
            for one in groups
        ),
    ]
    findings = [f"{what} is {_word(_SYNTAX, code or '')}" for what, code in codes if code not in _ACCEPTING_SYNTAX]
    response = next(having(trees, "functionalIdentifierCode"), {})
    control = text(response, "groupControlNumber")
    if findings and control:
        findings.append(f"its group has the control number {control}")
    return Answer(
        _GROUPS.get(text(response, "functionalIdentifierCode") or ""), None, _few(findings if codes else [_SILENT])
    )


def _word(names: dict[str, str], code: str) -> str:
    shown = code[:10] or "no code"
    return f"{names[code]} ({shown})" if code in names else f"said to be '{shown}'"


def _few(findings: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(dict.fromkeys(findings))
    rest = len(shown) - _MAX_FINDINGS
    return shown if rest <= 0 else (*shown[:_MAX_FINDINGS], f"and {rest} more")


def code_of(data: Data, name: str) -> str | None:
    """A code of a list of X12, in upper case; None when there is none."""
    found = text(data, name)
    return None if found is None else found.upper()


def number_of(data: Data, name: str) -> Decimal | None:
    """A number; None when there is none that can be read."""
    try:
        return number(data, name)
    except NotUnderstood:
        return None


def having(value: Any, *names: str) -> Iterator[Data]:
    """Every object inside that has a text under one of the names."""
    return (one for one in objects(value) if any(text(one, name) for name in names))


def objects(value: Any) -> Iterator[Data]:
    """Every object inside, in the order in which they are written. Depth costs no stack."""
    waiting, seen = [value], 0
    while waiting and seen < _MAX_OBJECTS:
        one = waiting.pop()
        seen += 1
        if isinstance(one, dict):
            yield one
            waiting += list(one.values())[::-1]
        elif isinstance(one, list | tuple):
            waiting += one[::-1]
