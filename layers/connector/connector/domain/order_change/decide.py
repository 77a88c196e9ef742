"""Decides about an 860: a three-way merge of the order, within the limits of the partner.

    base    what the partner last saw: only a difference from it is a wish
    theirs  what the 860 says
    ours    what Visma has now: a difference from `base` is somebody else's edit, which is kept

(`--json`, records and messages call them `had`, `asked` and `has`.)

A wish that Visma already fulfils needs no write. A wish that is clear, within the limits and not in conflict is
written. Everything else is an objection. A person's approval lifts a soft objection. A hard objection stays until the
order, the routing or the message changes. One objection parks the whole message: it is applied completely or not at
all. What the message asks for and no approval writes is listed in `unwritten`, approved or not.

The decision does not depend on the order of the lines in the message.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from datetime import date
from enum import StrEnum

import msgspec

from connector.domain.documents import PurchaseOrder
from connector.domain.order_change.confirmation import Confirmation
from connector.domain.order_change.dates import Dates
from connector.domain.order_change.edits import NO_EDITS, Edits, Operation, in_order
from connector.domain.order_change.findings import (
    HEADER,
    LONGEST_VALUE,
    Difference,
    Findings,
    Objection,
    is_beyond,
    text_of,
)
from connector.domain.order_change.line_match import Lines, orderable_lines
from connector.domain.order_change.line_rules import LineRules
from connector.domain.order_change.notes import Asides
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.partial_lines import partial_texts
from connector.domain.order_change.parties_and_terms import Content
from connector.domain.order_change.request import Ask, ChangePurpose, ChangeRequest, LineRequest
from connector.domain.reasons import Reason
from connector.domain.routing.route import QuantityReading, Route
from connector.domain.text import truncated
from connector.domain.totals import ZERO

__all__ = ["HEADER", "LOOK", "ChangeAction", "ChangeDecision", "Difference", "Objection", "decide"]

LOOK = "Compare with `connector changes show`, then approve or reject it."

_SETTLE = "No approval lifts this: correct the order in Visma, then approve the change; or reject it."
# Visma's statuses of an order that has ended. In any other status, a message that repeats the order agrees with it.
_ENDED = frozenset({"Cancelled", "Closed", "Completed", "Rejected", "Voided"})
_MOST_SENTENCES = 3
_MOST_REMARKS = 10


class ChangeAction(StrEnum):
    """What is done with a change."""

    APPLY = "apply"
    PARK = "park"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ChangeDecision:
    """What is done with the change, and why.

    Attributes:
        action: What is done with it now.
        reason: Why it is parked or rejected: the first sentences of `reasons`.
        reasons: Every objection, one sentence each.
        codes: Their reason codes without repetition, in the order of the sentences.
        edits: What is written now; when parked, what an approval would write.
        wishes: Every difference from `base` that the partner asks for, written already or not. If the order is
            `base` with exactly these edits, the partner knows it.
        differences: The three versions of each value, for people, line by line.
        remarks: What a person should know and what needs no decision.
        places: Parties that a person is asked about; an approval confirms them as the order's own.
        unwritten: What the message asks for and no approval writes, one sentence each.
        keeps: The message repeats a value that was changed in Visma since; Visma's value stays.
    """

    action: ChangeAction
    reason: str | None = None
    _: KW_ONLY
    reasons: tuple[str, ...] = ()
    codes: tuple[Reason, ...] = ()
    next_step: str | None = None
    waits_for: str | None = None
    edits: Edits = NO_EDITS
    wishes: Edits = NO_EDITS
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    keeps: bool = False

    @property
    def closes(self) -> bool:
        """Whether the change ends without any write, now or earlier, because a person settles it by hand."""
        return self.action is ChangeAction.APPLY and bool(self.unwritten) and not self.edits and not self.wishes


def decide(
    request: ChangeRequest,
    *,
    base: PurchaseOrder | None,
    ours: OrderSnapshot,
    route: Route,
    approved: bool = False,
    confirmed: frozenset[str] = frozenset(),
    reading: QuantityReading | None = None,
    taken_on: date | None = None,
) -> ChangeDecision:
    """Decide about a change.

    Args:
        request: What the partner asks.
        base: The order as the partner last saw it; None when nobody knows.
        ours: The order in Visma now.
        route: Of the order's supplier.
        approved: A person approved the change.
        confirmed: `ChangeDecision.places` of changes of this order that a person approved.
        reading: What POC03 and POC04 of this message mean, if a person chose it; None: the partner's setting.
        taken_on: The day on which Orderful received the message, used when BCH11 is missing.

    Example:
        The partner may change a quantity by 20 %; the order has 10 of line 1.

        >>> from decimal import Decimal
        >>> from testkit.samples.business_documents import a_route, an_order
        >>> from testkit.samples.change_requests import a_request, asks, snapshot
        >>> order, route = an_order(), a_route(changes={"quantity": Decimal("0.2")})
        >>> within = a_request(asks("QI", 1, quantity=12))
        >>> decision = decide(within, base=order, ours=snapshot(order), route=route)
        >>> decision.action.value, [(edit.number, edit.quantity) for edit in decision.edits.lines]
        ('apply', [(1, Decimal('12'))])
        >>> beyond = a_request(asks("QI", 1, quantity=30))
        >>> decision = decide(beyond, base=order, ours=snapshot(order), route=route)
        >>> decision.action.value, decision.reason
        ('park', 'Line 1: the quantity goes from 10 to 30, more than 20 %.')
    """
    if reading is not None:
        route = replace(route, changes=replace(route.changes, quantities=reading))
    if request.order_number != ours.content.number:
        return ChangeDecision(
            ChangeAction.REJECT,
            f"It changes order {request.order_number}, and this is order {ours.content.number}.",
            codes=(Reason.OTHER_ORDER,),
        )
    written_on = request.changed_on or taken_on
    since = ours.content.ordered_on, "order"
    if written_on is not None and written_on > ours.content.ordered_on:
        since = written_on, "message"
    findings = Findings(route.changes, since=since)
    confirms = request.purpose is ChangePurpose.CONFIRMATION
    content = Content(
        base=base or ours.content,
        ours=ours.content,
        route=route,
        findings=findings,
        confirmed=confirmed,
        confirms=confirms,
    )
    asides = Asides(findings, [ours.content, *([] if base is None else [base])])
    return _Comparison(
        request=request, known=base, ours=ours, route=route, findings=findings, content=content, asides=asides
    ).decision(approved=approved)


@dataclass(slots=True, kw_only=True)
class _Comparison:
    """One comparison of the three versions."""

    request: ChangeRequest
    known: PurchaseOrder | None
    ours: OrderSnapshot
    route: Route
    findings: Findings
    content: Content
    asides: Asides

    @property
    def base(self) -> PurchaseOrder:
        """What the partner last saw; Visma's order when that is not known."""
        return self.known or self.ours.content

    def decision(self, *, approved: bool) -> ChangeDecision:
        found = self.findings
        self._compare()
        added = sorted(found.inserts, key=lambda one: one.place)
        written = [*found.edits, *(one.edit for one in added if not one.is_there)]
        wished = [*found.wishes, *(one.edit for one in added)]
        edits = Edits(promised_on=found.promised_on, lines=in_order(written))
        wishes = Edits(promised_on=found.wished_on, cancelled=found.cancels, lines=in_order(wished))
        self._check_gone(is_all=not wishes)
        self.asides.conclude(
            is_all=not wishes and self.request.purpose is not ChangePurpose.CANCELLATION,
            confirms=self.request.purpose is ChangePurpose.CONFIRMATION,
        )
        if edits:
            self._check_writing(edits)
        elif self.request.purpose is not ChangePurpose.CANCELLATION:
            self._check_standing()
        decided = ChangeDecision(
            ChangeAction.APPLY,
            edits=edits,
            wishes=wishes,
            differences=tuple(sorted(found.differences, key=lambda one: (one.where != HEADER, one.where, one.field))),
            remarks=(*self.request.remarks, *_some(found.remarks), *_some(found.kept)),
            places=tuple(sorted(self.content.theirs)),
            unwritten=_sentences([*found.unwritten, *(() if wishes else found.readings)]),
            keeps=bool(found.kept),
        )
        objections = sorted(
            {one for one in found.objections if one.hard or not approved},
            key=lambda one: (not one.hard, one.where != HEADER, one.where, one.sentence),
        )
        return _parked(decided, objections) if objections else decided

    def _compare(self) -> None:
        self.findings.take_questions(self.request)
        self.asides.header(self.request.asides)
        if self.known is None:
            self.findings.add_objection(
                "The ledger knows no version of this order that the partner has seen; approved, the order counts as "
                "known to the partner and is not sent.",
                code=Reason.BASE_UNKNOWN,
            )
        if self.request.purpose is ChangePurpose.CONFIRMATION:
            self._confirm()
            return
        if self.request.purpose is ChangePurpose.CANCELLATION:
            self._cancel()
            return
        self._header()
        replaces = self.request.purpose is ChangePurpose.REPLACE
        if replaces and not self.request.lines:
            self.findings.add_objection(
                "It restates the order without a single line, which may be a cancellation.",
                hard=True,
                next_step=_SETTLE,
                code=Reason.NO_LINES_RESTATED,
            )
            return
        lines = Lines(self.known, self.ours, self.route)
        dates = Dates(self.base, self.ours.content, self.request.requested_on, self.route.line_date)
        for place, line in sorted(enumerate(self.request.lines), key=lambda one: _place(one[1])):
            self._on_line(lines, dates, line, place)
        for number, what in lines.named_twice():
            self.findings.add_objection(
                f"Line {number}: the message says more than one thing of the {what}.",
                where=f"line {number}",
                hard=True,
                code=Reason.LINE_NAMED_TWICE,
            )
        if replaces:
            for gone in list(lines.unnamed()):
                gone_too = LineRequest(source="", line_id=str(gone.number), code="05", ask=Ask.DELETE)
                self._on_line(lines, dates, gone_too)
            for stays in lines.unseen():
                self.findings.add_unwritten(
                    f"Line {stays.number} was added in Visma after the partner last saw the order; the message "
                    "restates the order without it, and it stays.",
                    where=f"line {stays.number}",
                    code=Reason.LINE_UNSEEN,
                )
        wishes = [edit for edit in self.findings.wishes if edit.number is not None]
        dates.move_header(
            self.findings,
            lines,
            taken_out={edit.number for edit in wishes if edit.number and edit.operation is Operation.DELETE},
            quantities={edit.number: edit.quantity for edit in wishes if edit.number and edit.quantity is not None},
        )

    def _on_line(self, lines: Lines, dates: Dates, line: LineRequest, place: int = 0) -> None:
        rules = LineRules(
            findings=self.findings,
            lines=lines,
            route=self.route,
            theirs=line,
            content=self.content,
            base_is_known=self.known is not None,
            dates=dates,
            asides=self.asides,
            place=place,
        )
        rules.apply()

    def _confirm(self) -> None:
        """Compare everything that a confirmation states with the order in Visma."""
        self._header()
        lines = Lines(self.known, self.ours, self.route)
        dates = Dates(self.base, self.ours.content, self.request.requested_on, self.route.line_date)
        confirmation = Confirmation(
            findings=self.findings,
            lines=lines,
            route=self.route,
            content=self.content,
            ours=self.ours.content,
            dates=dates,
            asides=self.asides,
        )
        confirmation.header()
        for line in sorted(self.request.lines, key=_place):
            confirmation.line(line)

    def _check_standing(self) -> None:
        """A message without anything to write does not agree with an order that has ended."""
        ours = self.ours
        ended = "Cancelled" if ours.content.cancelled else ours.status
        if ended not in _ENDED or (ended in self.route.changes.statuses and not ours.content.cancelled):
            return
        does = "confirms" if self.request.purpose is ChangePurpose.CONFIRMATION else "restates"
        self.findings.add_unwritten(f"It {does} an order that is {ended.lower()} in Visma.", code=Reason.ORDER_ENDED)

    def _check_gone(self, *, is_all: bool) -> None:
        """Deletions of lines that the order does not have: a remark if the order had them, else a question."""
        lines = Lines(self.known, self.ours, self.route)
        for line in self.findings.gone:
            name = f"Line {text_of(line.line_id)}" if line.line_id else f"Item {text_of(lines.name_of(line))}"
            sentence = f"{name} is not in the order"
            if is_all and lines.is_beyond(line):
                self.findings.add_unwritten(
                    f"{sentence}: it was taken out before, or another one is meant. Nothing is taken out.",
                    where=name.lower(),
                    code=Reason.LINE_ALREADY_GONE,
                )
            else:
                self.findings.add_remark(f"{sentence}: nothing is left to take out.")

    def _check_writing(self, edits: Edits) -> None:
        """Object to a write that the order's status or the limits do not allow."""
        if self.ours.status not in self.route.changes.statuses:
            self.findings.add_objection(
                f"The order is {text_of(self.ours.status or 'without a status')} in Visma and takes no change.",
                hard=True,
                next_step="Settle it with the partner, then reject it; or add the status to changes.statuses.",
                code=Reason.ORDER_STATUS,
            )
        gone = {edit.number for edit in edits.lines if edit.operation is Operation.DELETE}
        added = any(edit.operation is Operation.INSERT for edit in edits.lines)
        if gone and not added and not orderable_lines(self.ours.content).keys() - gone:
            self.findings.add_objection("Nothing would be left of the order.", code=Reason.ORDER_EMPTIED)
        if added:
            self._check_added(edits)

    def _check_added(self, edits: Edits) -> None:
        """The limit of all added lines together is the share `changes.quantity` of the order's amount."""
        share = self.route.changes.quantity
        base = sum((line.quantity * line.unit_price for _, line in sorted(orderable_lines(self.base).items())), ZERO)
        new = (edit for edit in edits.lines if edit.operation is Operation.INSERT)
        more = sum((edit.quantity * edit.price for edit in new if edit.quantity and edit.price), ZERO)
        if is_beyond(base, base + more, share):
            self.findings.add_objection(
                f"The added lines come to {text_of(more)}, more than {text_of(share * 100)} % of the order's "
                f"{text_of(base)}.",
                code=Reason.ADDED_LINES_BEYOND_LIMIT,
            )

    def _cancel(self) -> None:
        ours = self.ours.content
        if ours.cancelled and self.base.cancelled:
            return
        self._check_cancelled_lines()
        self.findings.cancels = True
        self.findings.add_difference(HEADER, "status", base=None, theirs="cancelled", ours=self.ours.status)
        if not ours.cancelled:
            self.findings.add_objection(
                "The partner cancels the whole order, which Visma's API cannot do.",
                hard=True,
                next_step="Cancel the order in Visma, then approve the change; or reject it.",
                code=Reason.CANCELS_ORDER,
            )

    def _check_cancelled_lines(self) -> None:
        """Ask about a cancellation whose lines say something else: that only they go, or that they change."""
        lines = Lines(self.known, self.ours, self.route)
        dates = Dates(self.base, self.ours.content, self.request.requested_on, self.route.line_date)
        found = [lines.find(line) for line in self.request.lines]
        named = {one.number for one in found if not isinstance(one, str)}
        missing = sorted({one.number for one in lines.all()} - named)
        if self.request.lines and missing:
            self.findings.add_objection(
                f"It cancels the order and names {len(self.request.lines)} of its lines, without "
                f"{truncated(', '.join(map(str, missing)), LONGEST_VALUE)}: are only those meant?",
                code=Reason.CANCELLATION_UNCLEAR,
            )
        for line in sorted(self.request.lines, key=_place):
            if line.ask is Ask.ADD or line.direction is not None:
                self.findings.add_objection(
                    f"It cancels the order, and its line {text_of(line.line_id)} has the code {text_of(line.code)} "
                    f"({line.meaning}).",
                    code=Reason.CANCELLATION_UNCLEAR,
                )
            one = lines.find(line)
            for text in () if isinstance(one, str) or line.direction is not None else partial_texts(line, one, dates):
                self.findings.add_objection(
                    f"It cancels the order with line {text_of(line.line_id)}, {text}", code=Reason.CANCELLATION_UNCLEAR
                )

    def _header(self) -> None:
        request, content = self.request, self.ours.content
        currency = content.currency or self.route.currency
        if request.currency and request.currency.upper() != (currency or "").upper():
            self.findings.add_objection(
                f"It is in {text_of(request.currency)}, the order in "
                f"{text_of(currency or 'no currency that it names')}.",
                hard=True,
                next_step="Settle it with the partner, then reject it.",
                code=Reason.CURRENCY_DIFFERS,
            )
        if request.ordered_on not in {None, content.ordered_on}:
            self.findings.add_remark(
                f"It changes an order of {request.ordered_on}; order {content.number} is of {content.ordered_on}."
            )
        self.content.compare(request.parties, request.stated)


def _parked(decided: ChangeDecision, objections: list[Objection]) -> ChangeDecision:
    first, sentences = objections[0], [one.sentence for one in objections]
    text, more = " ".join(sentences[:_MOST_SENTENCES]), len(sentences) - _MOST_SENTENCES
    otherwise = _SETTLE if first.hard else LOOK
    if first.waits_for:
        otherwise = f"Add {first.waits_for} to the routing file and apply it."
    # Hard objections come first: while there is one, only their next steps help.
    alike = [one for one in objections if one.hard == first.hard]
    steps = list(dict.fromkeys(one.next_step for one in alike if one.next_step))
    return replace(
        decided,
        action=ChangeAction.PARK,
        reason=f"{text} {_left_out(more)}" if more > 0 else text,
        reasons=tuple(sentences),
        codes=tuple(dict.fromkeys(one.code for one in objections)),
        next_step=" ".join(steps[:_MOST_SENTENCES]) or otherwise,
        waits_for=next((one.waits_for for one in objections if one.waits_for), None),
    )


def _sentences(found: list[tuple[str, str]]) -> tuple[str, ...]:
    """Sorted sentences without repetition, so that the order of the message does not matter."""
    ordered = sorted(set(found), key=lambda one: (one[0] != HEADER, one))
    return tuple(dict.fromkeys(sentence for _, sentence in ordered))


def _some(sentences: list[str]) -> tuple[str, ...]:
    """At most `_MOST_REMARKS` sorted remarks, because the record has a limited size."""
    ordered = sorted(set(sentences))
    more = len(ordered) - _MOST_REMARKS
    return (*ordered[:_MOST_REMARKS], *((f"And {more} more of the kind.",) if more > 0 else ()))


def _place(line: LineRequest) -> tuple[bool, bytes, list[str]]:
    """A sort key that does not depend on the order of the message; added lines come last."""
    plain = msgspec.json.encode(msgspec.structs.replace(line, source="", touches=frozenset()))
    return line.ask is Ask.ADD, plain, sorted(line.touches)


def _left_out(count: int) -> str:
    return f"{count} more {'reason is' if count == 1 else 'reasons are'} in `connector changes show`."
