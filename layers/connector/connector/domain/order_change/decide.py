"""Decides about an 860: a three-way merge of the order, within the limits of the partner.

    base    what the partner last saw: only a difference from it is a request
    theirs  what the 860 says
    ours    what Visma has now: a difference from `base` is somebody else's edit, which is kept

(`--json`, records and messages call them `had`, `asked` and `has`.)

A request that Visma already fulfils needs no write. A request that is clear, within the limits and not in conflict is
written. Everything else is an objection. A person's approval lifts a soft objection. A hard objection stays until the
order, the routing or the message changes. One objection parks the whole message: it is applied completely or not at
all. What the message asks for and no approval writes is listed in `unwritten`, approved or not.

The decision does not depend on the order of the lines in the message.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    MAX_VALUE_LENGTH,
    Difference,
    Findings,
    Objection,
    is_beyond,
    text_of,
)
from connector.domain.order_change.limits import LimitBase, Start
from connector.domain.order_change.line_match import Lines, orderable_lines
from connector.domain.order_change.line_rules import LineRules
from connector.domain.order_change.notes import Asides
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.partial_lines import partial_texts
from connector.domain.order_change.parties_and_terms import Content
from connector.domain.order_change.request import Ask, ChangePurpose, ChangeRequest, LineRequest
from connector.domain.order_change.stated_total import check_totals
from connector.domain.reasons import Reason
from connector.domain.routing.policy import PATTERN
from connector.domain.routing.route import OnLines, QuantityReading, Route
from connector.domain.text import in_a_row, truncated

__all__ = ["HEADER", "LOOK", "ChangeAction", "ChangeDecision", "Difference", "Objection", "decide"]

LOOK = "Compare what it asks with what Visma has, then approve or reject it."

_SETTLE = "No approval lifts this: correct the order in Visma, then approve the change; or reject it."
# Received goods cannot be cancelled with the order.
_RECEIVED = (
    "Settle with the partner what was received, take the rest out of the order in Visma, then close the change; or "
    "reject it."
)
# Visma's statuses of an order that has ended. In any other status, a message that repeats the order agrees with it.
_ENDED = frozenset({"Cancelled", "Closed", "Completed", "Rejected", "Voided"})
# Reasons that say how far a value goes.
_LIMITS = frozenset(
    {
        Reason.QUANTITY_BEYOND_LIMIT,
        Reason.PRICE_BEYOND_LIMIT,
        Reason.DATE_BEYOND_LIMIT,
        Reason.ADDED_LINES_BEYOND_LIMIT,
        Reason.REMOVED_LINES_BEYOND_LIMIT,
        Reason.LIMIT_BASE_UNKNOWN,
    }
)
_MAX_SENTENCES = 3
_MAX_REMARKS = 10


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
        requested: Every difference from `base` that the partner asks for, written already or not. If the order is
            `base` with exactly these edits, the partner knows it.
        differences: The three versions of each value, for people, line by line.
        remarks: What a person should know and what needs no decision.
        places: Parties that a person is asked about; an approval confirms them as the order's own.
        unwritten: What the message asks for and no approval writes, one sentence each.
        awaits_visma: It is parked behind an earlier change that goes on by itself once Visma gives a usable answer.
        keeps: The message repeats a value that was changed in Visma since; Visma's value stays.
    """

    action: ChangeAction
    reason: str | None = None
    _: KW_ONLY
    reasons: tuple[str, ...] = ()
    codes: tuple[Reason, ...] = ()
    next_step: str | None = None
    waits_for: str | None = None
    awaits_visma: bool = False
    edits: Edits = NO_EDITS
    requested: Edits = NO_EDITS
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    keeps: bool = False

    @property
    def closes(self) -> bool:
        """Whether the change ends without any write, now or earlier, because a person settles it by hand."""
        return self.action is ChangeAction.APPLY and bool(self.unwritten) and not self.edits and not self.requested

    def comes_to(self, newer: ChangeDecision) -> bool:
        """Whether it comes to the same as the decision with a newer base: the same edits, and no other question.

        So it does where the order in Visma and the newer state have everything already. The limits count from what we
        sent, whether the partner had read it or not.
        """
        is_there = not self.edits and not newer.edits and not newer.requested
        is_same = is_there or (self.edits, self.requested) == (newer.edits, newer.requested)
        return is_same and {*self.codes} - {*newer.codes} <= _LIMITS


def decide(
    request: ChangeRequest,
    *,
    base: PurchaseOrder | None,
    ours: OrderSnapshot,
    route: Route,
    limit_base: LimitBase | None = None,
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
        limit_base: The state from which the limits count; None: `base`.
        approved: A person approved the change.
        confirmed: `ChangeDecision.places` of changes of this order that a person approved.
        reading: What POC03 and POC04 of this message mean, if a person chose it; None: the partner's setting.
        taken_on: The day on which Orderful received the message. It counts for what is past where it is later than
            BCH11, or BCH11 is missing.

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
    written_on = max(filter(None, (request.changed_on, taken_on)), default=None)
    since = ours.content.ordered_on, "order"
    if written_on is not None and written_on > ours.content.ordered_on:
        since = written_on, "message" if request.changed_on in {None, written_on} else "receipt"
    known = base or ours.content
    new = limit_base.added if limit_base is not None else {}
    start = Start((limit_base and limit_base.content) or known, known, route.line_date, new)
    findings = Findings(route.changes, start, since=since)
    confirms = request.purpose is ChangePurpose.CONFIRMATION
    content = Content(
        base=known,
        ours=ours.content,
        route=route,
        findings=findings,
        confirmed=confirmed,
        confirms=confirms,
    )
    asides = Asides(findings, [ours.content, *([] if base is None else [base])])
    return _Comparison(
        request=request,
        known=base,
        ours=ours,
        route=route,
        findings=findings,
        content=content,
        asides=asides,
        limit_base=limit_base,
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
    limit_base: LimitBase | None

    @property
    def base(self) -> PurchaseOrder:
        """What the partner last saw; Visma's order when that is not known."""
        return self.known or self.ours.content

    def decision(self, *, approved: bool) -> ChangeDecision:
        found = self.findings
        self._compare()
        added = sorted(found.inserts, key=lambda one: one.place)
        written = [*found.edits, *(one.edit for one in added if not one.is_there)]
        requested_lines = [*found.requested, *(one.edit for one in added)]
        edits = Edits(promised_on=found.promised_on, lines=in_order(written))
        requested = Edits(promised_on=found.requested_on, cancelled=found.cancels, lines=in_order(requested_lines))
        self._check_gone(is_all=not requested)
        if self.request.purpose is not ChangePurpose.CANCELLATION:
            check_totals(found, self.request, self.ours.content, requested)
        self.asides.conclude(self.request.purpose, is_all=not requested)
        if edits:
            self._check_writing(edits)
        elif self.request.purpose is not ChangePurpose.CANCELLATION:
            self._check_standing()
        decided = ChangeDecision(
            ChangeAction.APPLY,
            edits=edits,
            requested=requested,
            differences=tuple(sorted(found.differences, key=lambda one: (one.where != HEADER, one.where, one.field))),
            remarks=(*self.request.remarks, *_some(found.remarks), *_some(found.kept)),
            places=tuple(sorted(self.content.theirs)),
            unwritten=_sentences([*found.unwritten, *(() if requested else found.readings)]),
            keeps=bool(found.kept),
        )
        objections = sorted(
            {one for one in found.objections if one.hard or not approved},
            key=lambda one: (not one.hard, one.where != HEADER, one.where, one.sentence),
        )
        return _parked(decided, objections) if objections else decided

    def _compare(self) -> None:
        self.findings.take_questions(self.request)
        self._check_references()
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
                self._on_line(lines, dates, gone_too, is_left_out=True)
            for stays in lines.unseen():
                self.findings.add_unwritten(
                    f"Line {stays.number} was added in Visma after the partner last saw the order; the message "
                    "restates the order without it, and it stays.",
                    where=f"line {stays.number}",
                    code=Reason.LINE_UNSEEN,
                )
        requested = [edit for edit in self.findings.requested if edit.number is not None]
        dates.move_header(
            self.findings,
            lines,
            taken_out={edit.number for edit in requested if edit.number and edit.operation is Operation.DELETE},
            quantities={edit.number: edit.quantity for edit in requested if edit.number and edit.quantity is not None},
        )

    def _on_line(
        self, lines: Lines, dates: Dates, line: LineRequest, place: int = 0, *, is_left_out: bool = False
    ) -> None:
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
            is_left_out=is_left_out,
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
        status, taken = self.ours.status, self.route.changes.statuses
        if status not in taken:
            step = "Settle it with the partner, then reject it"
            if status is not None and status not in _ENDED:
                setting = f"partners.{self.route.partner}.changes.statuses"
                words = ", ".join([*sorted(taken), text_of(status)])
                step = f"{step}; or write {setting}: [{words}] into the routing file and apply it"
            self.findings.add_objection(
                f"The order is {text_of(status or 'without a status')} in Visma and takes no change.",
                hard=True,
                next_step=f"{step}.",
                code=Reason.ORDER_STATUS,
            )
        if self.ours.content.order_type == PATTERN:
            self.findings.add_objection(
                "The order is a pattern from which orders are made (Visma's type Standard), and the partner was never "
                "sent it.",
                code=Reason.PATTERN_ORDER,
            )
        gone = {edit.number for edit in edits.lines if edit.operation is Operation.DELETE}
        added = any(edit.operation is Operation.INSERT for edit in edits.lines)
        if self.limit_base is not None and self.limit_base.content is None:
            name = f", {self.limit_base.name}," if self.limit_base.name else ""
            self.findings.add_objection(
                f"The limits of this partner count from the last state of the order that we sent or that a person "
                f"approved, and that state{name} is no longer kept.",
                code=Reason.LIMIT_BASE_UNKNOWN,
            )
        if gone and not added and not orderable_lines(self.ours.content).keys() - gone:
            self.findings.add_objection("Nothing would be left of the order.", code=Reason.ORDER_EMPTIED)
        self._check_amounts(edits)

    def _check_amounts(self, edits: Edits) -> None:
        """Limit what is added, and what is taken out, to the share `changes.quantity` of the order's amount.

        Each is one sum, of whole lines and of quantities.
        """
        rules, start = self.route.changes, self.findings.start
        amount, more, less = start.amount(), start.added(edits), start.removed(edits)
        since = "" if start.order is start.base else " since the order was last sent or approved"
        beyond = f"more than {text_of(rules.quantity * 100)} % of the order's {text_of(amount)}."
        if is_beyond(amount, amount + more, rules.quantity):
            self.findings.add_objection(
                f"The lines added and quantities raised come to {text_of(more)}{since}, {beyond}",
                code=Reason.ADDED_LINES_BEYOND_LIMIT,
            )
        # Where lines are not taken out without a person, each of them is asked about anyway.
        if rules.lines is OnLines.APPLY and (unpriced := start.unpriced(edits)):
            self.findings.add_objection(
                f"Lines without a price are taken out ({truncated(', '.join(map(str, unpriced)), MAX_VALUE_LENGTH)}), "
                "so the limit of amounts says nothing.",
                code=Reason.REMOVED_LINES_BEYOND_LIMIT,
            )
        if rules.lines is OnLines.APPLY and is_beyond(amount, amount - less, rules.quantity):
            self.findings.add_objection(
                f"The lines taken out and quantities lowered come to {text_of(less)}{since}, {beyond}",
                code=Reason.REMOVED_LINES_BEYOND_LIMIT,
            )

    def _cancel(self) -> None:
        ours = self.ours.content
        if ours.cancelled and self.base.cancelled:
            return
        self._check_cancelled_lines()
        self.findings.cancels = True
        self.findings.add_difference(HEADER, "status", base=None, theirs="cancelled", ours=self.ours.status)
        if not ours.cancelled:
            sentence = "The partner cancels the whole order, which Visma's API cannot do."
            next_step = Reason.CANCELS_ORDER.action
            received = [f"{text_of(one.received)} of line {at}" for at, one in self.ours.facts.items() if one.received]
            if received:
                goods = truncated(", ".join(received), MAX_VALUE_LENGTH)
                sentence, next_step = f"{sentence} Goods were received already: {goods}.", _RECEIVED
            self.findings.add_objection(sentence, hard=True, next_step=next_step, code=Reason.CANCELS_ORDER)

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
                f"{truncated(', '.join(map(str, missing)), MAX_VALUE_LENGTH)}: are only those meant?",
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

    def _check_references(self) -> None:
        """Ask about a message that refers to another order, or to an order of a day far from that of this one."""
        request, content, limit = self.request, self.ours.content, self.route.changes.order_date
        dates = {content.ordered_on, self.base.ordered_on}
        if request.ordered_on is not None and request.ordered_on not in dates:
            sentence = (
                f"It changes an order of {request.ordered_on}; order {content.number} is of {content.ordered_on}."
            )
            if min(abs(request.ordered_on - one) for one in dates) > limit:
                self.findings.add_objection(sentence, code=Reason.ORDER_REFERENCE_DIFFERS)
            else:
                self.findings.add_remark(sentence)
        ours = {_plain(content.number), _plain(request.order_number)}
        referred = [
            ("It", HEADER, request.order_references),
            *((f"Line {name}", f"line {name}", line.order_references) for name, line in self._named_lines()),
        ]
        for title, where, numbers in referred:
            for number in numbers:
                if _plain(number) not in ours:
                    self.findings.add_objection(
                        f"{title} refers to purchase order {text_of(number)}; the message changes {content.number}.",
                        where=where,
                        code=Reason.ORDER_REFERENCE_DIFFERS,
                    )

    def _named_lines(self) -> Iterable[tuple[str, LineRequest]]:
        return ((text_of(line.line_id or "without a number"), line) for line in self.request.lines)

    def _header(self) -> None:
        request, content = self.request, self.ours.content
        currency = content.currency or self.route.currency
        if request.currency and request.currency.upper() != (currency or "").upper():
            self.findings.add_objection(
                f"It is in {text_of(request.currency)}, the order in "
                f"{text_of(currency or 'no currency that it names')}.",
                hard=True,
                next_step=Reason.CURRENCY_DIFFERS.action,
                code=Reason.CURRENCY_DIFFERS,
            )
        known = self.base.currency or self.route.currency
        if not request.currency and known != currency and any(line.price is not None for line in request.lines):
            self.findings.add_objection(
                f"It gives a price and no currency; the partner had the order in {text_of(known)}, and it is in "
                f"{text_of(currency)} in Visma.",
                code=Reason.PRICE_UNCLEAR,
            )
        self.content.compare(request.parties, request.stated)


def _parked(decided: ChangeDecision, objections: list[Objection]) -> ChangeDecision:
    first, sentences = objections[0], [one.sentence for one in objections]
    text, more = " ".join(sentences[:_MAX_SENTENCES]), len(sentences) - _MAX_SENTENCES
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
        next_step=in_a_row(steps[:_MAX_SENTENCES]) or otherwise,
        waits_for=next((one.waits_for for one in objections if one.waits_for), None),
    )


def _sentences(found: list[tuple[str, str]]) -> tuple[str, ...]:
    """Sorted sentences without repetition, so that the order of the message does not matter."""
    ordered = sorted(set(found), key=lambda one: (one[0] != HEADER, one))
    return tuple(dict.fromkeys(sentence for _, sentence in ordered))


def _some(sentences: list[str]) -> tuple[str, ...]:
    """At most `_MAX_REMARKS` sorted remarks, because the record has a limited size."""
    ordered = sorted(set(sentences))
    more = len(ordered) - _MAX_REMARKS
    return (*ordered[:_MAX_REMARKS], *((f"And {more} more of the kind.",) if more > 0 else ()))


def _plain(number: str) -> str:
    """The number of an order without case and leading zeros."""
    return number.strip().casefold().lstrip("0")


def _place(line: LineRequest) -> tuple[bool, bytes, list[str]]:
    """A sort key that does not depend on the order of the message; added lines come last."""
    plain = msgspec.json.encode(msgspec.structs.replace(line, source="", touches=frozenset()))
    return line.ask is Ask.ADD, plain, sorted(line.touches)


def _left_out(count: int) -> str:
    return f"{count} more {'reason is' if count == 1 else 'reasons are'} in `connector changes show`."
