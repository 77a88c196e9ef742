"""What holds for every 860, whatever it asks, whoever edited the order meanwhile, approved or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from connector.domain.documents import OrderLine, PurchaseOrder
from connector.domain.order_change.decide import ChangeAction, ChangeDecision, decide
from connector.domain.order_change.edits import LineEdit, Operation, equals_with_edits
from connector.domain.order_change.line_match import orderable_lines
from connector.domain.order_change.order_snapshot import OrderSnapshot
from connector.domain.order_change.request import Ask, ChangePurpose, ChangeRequest, LineRequest
from connector.domain.routing.route import ItemIds, LineDate, OnLines, QuantityReading, Route
from connector.domain.wanted_days import wanted_day
from connector.edi.visma.order_snapshot import read_order_snapshot
from connector.edi.visma.order_update import encode, order_update
from testkit.samples.business_documents import a_line, a_route, an_order
from testkit.samples.change_requests import CODES, a_request, asks, edited, snapshot, some_facts
from testkit.samples.visma_samples import a_purchase_order, an_order_line
from testkit.visma.orders import updated

DAYS = st.sampled_from([date(2026, 10, day) for day in (1, 2, 8, 20)])
NUMBERS = st.integers(0, 6).flatmap(lambda places: st.decimals("0.000001", "99999", places=places)).filter(bool)
KNOWN = {"ITEM-1": ItemIds(partner_item="THEIRS-1"), "ITEM-9": ItemIds(gtin="07038010014581")}
VALUES = {"quantity": "quantity", "price": "unit_price", "requested": "requested", "promised": "promised"}
SELDOM = st.integers(0, 19).map(lambda draw: draw == 19)
SOMETIMES = st.integers(0, 2).map(lambda draw: draw == 2)
TINY = st.sampled_from([Decimal(0)] * 4 + [Decimal("0.000001")])
SHARES = st.sampled_from([Decimal("0.1"), Decimal("0.2"), Decimal("0.5")])
THOROUGH = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@dataclass(frozen=True)
class Case:
    """A message, and the order that it meets."""

    request: ChangeRequest
    base: PurchaseOrder | None
    ours: OrderSnapshot
    route: Route
    approved: bool

    def decide(self, **others: Any) -> ChangeDecision:
        facts = {"request": self.request, "base": self.base, "ours": self.ours, "approved": self.approved, **others}
        return decide(
            facts["request"], base=facts["base"], ours=facts["ours"], route=self.route, approved=facts["approved"]
        )

    def written(self, decision: ChangeDecision) -> OrderSnapshot:
        """The order afterwards; Visma gives no line number twice."""
        lines = (*self.ours.content.lines, *(self.base.lines if self.base else ()))
        return edited(self.ours, decision.edits, next_number=max(line.number for line in lines) + 1)


@st.composite
def order_lines(draw: st.DrawFn, number: int) -> OrderLine:
    requested = None if draw(SELDOM) else draw(DAYS)
    return a_line(
        number,
        item="ITEM-1" if draw(SELDOM) else f"ITEM-{number}",
        quantity=draw(NUMBERS),
        unit_price=Decimal(0) if draw(SELDOM) else draw(NUMBERS),
        unit="KG" if draw(SELDOM) else "STK",
        requested=requested,
        promised=draw(st.sampled_from([requested, requested, date(2026, 10, 2), None])),
        cancelled=draw(SELDOM),
        is_charge=draw(SELDOM),
    )


@st.composite
def orders(draw: st.DrawFn) -> PurchaseOrder:
    lines = [draw(order_lines(number)) for number in range(1, draw(st.integers(1, 4)) + 1)]
    return an_order(*lines, promised_on=None if draw(SELDOM) else draw(DAYS))


@st.composite
def edits_of_a_user(draw: st.DrawFn, order: PurchaseOrder) -> PurchaseOrder:
    """The order after somebody in Visma was busy with it."""
    lines = list(order.lines)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(lines)))
        if at == len(lines):
            lines.append(draw(order_lines(max([9, *(line.number for line in lines)]) + 1)))
            continue
        what = draw(st.sampled_from(["quantity", "unit_price", "requested", "promised", "note", "cancelled", "gone"]))
        if what == "gone":
            if len(lines) > 1:
                del lines[at]
            continue
        values: dict[str, st.SearchStrategy[Any]] = {
            "quantity": NUMBERS,
            "unit_price": NUMBERS,
            "requested": DAYS,
            "promised": DAYS,
            "note": st.just("call first"),
            "cancelled": st.just(True),
        }
        lines[at] = replace(lines[at], **{what: draw(values[what])})
    changes = {"promised_on": draw(DAYS)} if draw(SELDOM) else {}
    return replace(order, lines=tuple(lines), **changes)


@st.composite
def requested_lines(draw: st.DrawFn, order: PurchaseOrder) -> LineRequest:
    """A line that means one of the order most of the time, with values near its own or anywhere."""
    code = draw(st.sampled_from([*CODES, "QI", "QD", "PC", "AI"]))
    at = draw(st.sampled_from(order.lines))
    share = draw(SHARES) * (-1 if (code == "QD") is not draw(SELDOM) else 1)
    quantity = draw(NUMBERS) if draw(SELDOM) else at.quantity * (1 + share) + draw(TINY)
    names: dict[str, Any] = {
        "quantity": Decimal(0) if draw(SELDOM) else draw(st.sampled_from([quantity] * 5 + [at.quantity])),
        "price": draw(st.sampled_from([at.unit_price * (1 + share) + draw(TINY), at.unit_price, draw(NUMBERS)])),
        "requested": draw(DAYS),
        "promised": draw(DAYS),
    }
    needed = {"QI": {"quantity"}, "QD": {"quantity"}, "PC": {"price"}, "RS": {"requested"}, "DI": set(), "NC": set()}
    wanted = needed.get(code, {"quantity", "price"})
    if draw(SELDOM) or code in {"CA", "RZ", "AI"}:
        wanted = wanted | draw(st.sets(st.sampled_from(["requested", "promised"])))
    values = {name: value for name, value in names.items() if name in wanted}
    explicit = draw(st.booleans())
    if draw(SELDOM):
        kind = draw(st.sampled_from(["questions", "doubts", "unreadable"]))
        values[kind] = ("it has a charge.",)
    if not explicit and draw(SELDOM):
        values["second_quantity"] = draw(st.sampled_from([at.quantity, quantity]))
    if CODES[code]["ask"] is Ask.ADD:
        item = draw(st.sampled_from(["ITEM-9", "ITEM-8", "ITEM-8", "ITEM-7", "ITEM-1"]))
        unit = "kilogram" if draw(SELDOM) else "each"
        line = draw(st.sampled_from([None, None, "9"]))
        return asks(code, line, item=item, unit=unit, explicit_total=explicit, **values)
    number = str(draw(st.sampled_from([10, 7]))) if draw(SELDOM) else str(at.number)
    item = "ITEM-1" if draw(SELDOM) else draw(st.sampled_from([None, at.item]))
    return asks(code, None if item and draw(SELDOM) else number, item=item, explicit_total=explicit, **values)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    strict = draw(SOMETIMES)
    rules: dict[str, Any] = {
        "quantity": draw(SHARES) if strict else Decimal(9),
        "price": draw(SHARES) if strict else Decimal(9),
        "dates": timedelta(draw(st.integers(0, 10))) if strict else timedelta(30),
        "lines": OnLines.PARK if draw(SELDOM) else OnLines.APPLY,
        "quantities": draw(st.sampled_from(QuantityReading)) if draw(SOMETIMES) else None,
    }
    line_date = LineDate.REQUESTED if draw(SOMETIMES) else LineDate.PROMISED
    return a_route(changes=rules, items=KNOWN, line_date=line_date)


@st.composite
def cases(draw: st.DrawFn, *, untouched: bool = False) -> Case:
    """Any message that meets any order; `untouched` when nobody has edited it since the partner saw it."""
    base = draw(orders())
    content = base if untouched else draw(edits_of_a_user(base))
    facts = {}
    for line in content.lines:
        received = draw(st.sampled_from([Decimal(0)] * 6 + [line.quantity, line.quantity / 2]))
        facts[line.number] = some_facts(received, closed=line.cancelled or draw(SELDOM))
    request = a_request(
        *draw(st.lists(requested_lines(base), min_size=1, max_size=3)),
        purpose=ChangePurpose.REPLACE if draw(SELDOM) else ChangePurpose.CHANGE,
        requested_on=draw(DAYS) if draw(SOMETIMES) else None,
    )
    status = draw(st.sampled_from(["Hold", "Closed"])) if draw(SELDOM) else "Open"
    known = untouched or not draw(SELDOM)
    return Case(request, base if known else None, snapshot(content, facts, status), draw(routes()), draw(st.booleans()))


def moved(edit: LineEdit) -> Iterator[tuple[str, Any]]:
    """The fields of a line that an edit sets: the line's name of it, and the value."""
    for ours, theirs in VALUES.items():
        if getattr(edit, ours) is not None:
            yield theirs, getattr(edit, ours)


def day_of(order: PurchaseOrder, line: OrderLine, field: str, line_date: LineDate) -> date | None:
    """A day of a line; the wanted one as the partner is sent it."""
    return wanted_day(line, order, line_date) if field == line_date else getattr(line, field)


def line_of(order: PurchaseOrder, number: int | None) -> OrderLine:
    return next(line for line in order.lines if line.number == number)


@THOROUGH
@given(cases())
def test_writing_once_is_enough(case: Case) -> None:
    """After a crash between the write and its record, the same question finds nothing left to do."""
    decision = case.decide()
    if decision.action is not ChangeAction.APPLY:
        return
    after = case.written(decision)
    again = case.decide(ours=after)
    if case.base is None:
        # A line that was taken out is on no record then: the question has to be asked again, and writes nothing.
        assert again.action is ChangeAction.PARK or not again.edits
        return
    assert again.action is ChangeAction.APPLY
    assert not again.edits
    if {edit.number for edit in decision.requested.lines} <= {
        None,
        *(line.number for line in case.base.lines if not line.cancelled),
    }:
        assert again.requested == decision.requested


@THOROUGH
@given(cases(untouched=True))
def test_a_message_that_comes_a_second_time_writes_nothing_by_itself(case: Case) -> None:
    lines = tuple(replace(line, explicit_total=True, second_quantity=None) for line in case.request.lines)
    case = Case(replace(case.request, lines=lines), case.base, case.ours, case.route, approved=False)
    decision = case.decide()
    if decision.action is not ChangeAction.APPLY:
        return
    after = case.written(decision)
    again = case.decide(base=after.content, ours=after)
    assert again.action is ChangeAction.PARK or not again.edits


@THOROUGH
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_decides_nothing(case: Case, random: Any) -> None:
    lines = list(case.request.lines)
    random.shuffle(lines)
    # Added lines keep their order among each other: Visma numbers them as they come.
    added = iter(line for line in case.request.lines if line.ask is Ask.ADD)
    lines = [next(added) if line.ask is Ask.ADD else line for line in lines]
    sources = [replace(line, source=f"lineItems[{at}]") for at, line in enumerate(lines)]
    assert case.decide(request=replace(case.request, lines=tuple(sources))) == case.decide()


@THOROUGH
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_in_visma_decides_nothing_either(case: Case, random: Any) -> None:
    lines = list(case.ours.content.lines)
    random.shuffle(lines)
    content = replace(case.ours.content, lines=tuple(lines))
    shuffled = OrderSnapshot(case.ours.etag, case.ours.status, content, dict(reversed(case.ours.facts.items())))
    assert case.decide(ours=shuffled) == case.decide()


@THOROUGH
@given(cases())
def test_nothing_that_was_received_or_closed_is_touched_approved_or_not(case: Case) -> None:
    for approved in (False, True):
        decision = case.decide(approved=approved)
        if decision.action is not ChangeAction.APPLY:
            continue
        for edit in decision.edits.lines:
            if edit.number is None:
                continue
            facts = case.ours.facts[edit.number]
            assert not facts.closed
            assert edit.operation is not Operation.DELETE or facts.received == 0
            assert edit.quantity is None or edit.quantity >= facts.received
            assert edit.quantity is None or edit.quantity > 0
        assert case.ours.status in case.route.changes.statuses or not decision.edits


@THOROUGH
@given(cases())
def test_an_approval_lifts_objections_and_changes_nothing_else(case: Case) -> None:
    alone, approved = case.decide(approved=False), case.decide(approved=True)
    same = (alone.edits, alone.requested, alone.differences, alone.unwritten)
    assert same == (approved.edits, approved.requested, approved.differences, approved.unwritten)
    assert alone.action is not ChangeAction.APPLY or approved == alone


@THOROUGH
@given(cases())
def test_numbers_are_the_messages_own_to_the_last_digit(case: Case) -> None:
    decision = case.decide()
    base = {line.quantity for line in (case.base or case.ours.content).lines}
    theirs = {figure for line in case.request.lines for figure in (line.quantity, line.second_quantity) if figure}
    totals = theirs | {old + sign * figure for old in base for figure in theirs for sign in (1, -1)}
    prices = {line.price for line in case.request.lines}
    for edit in (*decision.edits.lines, *decision.requested.lines):
        for value in asdict(edit).values():
            assert not isinstance(value, float)
        assert edit.quantity is None or (type(edit.quantity) is Decimal and edit.quantity in totals | {Decimal(0)})
        assert edit.price is None or (type(edit.price) is Decimal and edit.price in prices)
    written = json.loads(encode(order_update(decision.edits)), parse_float=Decimal, parse_int=Decimal)
    for line, edit in zip(written.get("lines", ()), decision.edits.lines, strict=True):
        assert line.get("orderQty", {"value": None})["value"] == edit.quantity
        assert line.get("unitCost", {"value": None})["value"] == edit.price


@THOROUGH
@given(cases())
def test_somebody_elses_edit_is_never_overwritten_unseen(case: Case) -> None:
    decision = case.decide()
    if decision.action is not ChangeAction.APPLY:
        return
    requested_lines = {edit.number: edit for edit in decision.requested.lines if edit.number is not None}
    for edit in decision.edits.lines:
        if edit.operation is Operation.INSERT:
            continue
        assert edit.operation is requested_lines[edit.number].operation
        for field, value in moved(edit):
            assert (field, value) in dict.fromkeys(moved(requested_lines[edit.number]))
            if not case.approved:
                orders = (case.base or case.ours.content, case.ours.content)
                known, stands = (
                    day_of(order, line_of(order, edit.number), field, case.route.line_date)
                    if field in {"requested", "promised"}
                    else getattr(line_of(order, edit.number), field)
                    for order in orders
                )
                assert known == stands
    after = case.written(decision).content
    for line in case.ours.content.lines:
        edits_of_line = [edit for edit in decision.edits.lines if edit.number == line.number]
        if not edits_of_line:
            assert line_of(after, line.number) == line
    if not case.approved and decision.edits.promised_on:
        assert case.ours.content.promised_on == (case.base or case.ours.content).promised_on


@THOROUGH
@given(cases())
def test_what_goes_through_by_itself_stays_inside_the_limits(case: Case) -> None:
    decision = case.decide(approved=False)
    if decision.action is not ChangeAction.APPLY:
        return
    assert case.base is not None or not decision.edits
    rules = case.route.changes
    for edit in decision.edits.lines:
        if edit.operation is not Operation.UPDATE:
            assert rules.lines is OnLines.APPLY
            continue
        assert case.base
        base = line_of(case.base, edit.number)
        for value, old, share in (
            (edit.quantity, base.quantity, rules.quantity),
            (edit.price, base.unit_price, rules.price),
        ):
            assert value is None or (1 - share) * old <= value <= (1 + share) * old
        for field, day in (("requested", edit.requested), ("promised", edit.promised)):
            old = day_of(case.base, base, field, case.route.line_date)
            assert day is None or (old is not None and abs(day - old) <= rules.dates)
    added = [edit for edit in decision.edits.lines if edit.operation is Operation.INSERT]
    if added:
        assert case.base
        before = sum(line.quantity * line.unit_price for line in orderable_lines(case.base).values())
        more = sum(edit.quantity * edit.price for edit in added if edit.quantity and edit.price)
        assert more <= before * rules.quantity
    if decision.edits.promised_on:
        assert case.base
        assert case.base.promised_on
        assert abs(decision.edits.promised_on - case.base.promised_on) <= rules.dates


@THOROUGH
@given(cases())
def test_a_decrease_never_raises_and_an_increase_never_lowers_by_itself(case: Case) -> None:
    decision = case.decide(approved=False)
    if decision.action is not ChangeAction.APPLY or case.base is None:
        return
    for edit in decision.edits.lines:
        codes = {line.code for line in case.request.lines if line.line_id == str(edit.number) and line.quantity}
        if edit.quantity is not None and codes in ({"QI"}, {"QD"}):
            base = line_of(case.base, edit.number).quantity
            assert edit.quantity > base if codes == {"QI"} else edit.quantity < base


@THOROUGH
@given(cases(), st.booleans())
def test_a_difference_counts_from_what_the_partner_had(case: Case, approved: bool) -> None:
    decision = case.decide(approved=approved)
    if case.route.changes.quantities is not QuantityReading.DELTA or decision.action is not ChangeAction.APPLY:
        return
    for line in case.request.lines:
        # A difference of nothing is no request.
        if line.direction is None or line.explicit_total or not line.quantity or line.line_id is None:
            continue
        assert case.base, "nobody knows what a difference refers to"
        requested_lines = [
            edit.quantity for edit in decision.requested.lines if str(edit.number) == line.line_id and edit.quantity
        ]
        total = line_of(case.base, int(line.line_id)).quantity + (
            line.quantity if line.code == "QI" else -line.quantity
        )
        assert requested_lines == [total] * bool(total), "nothing left takes the line out"


@THOROUGH
@given(cases())
def test_the_date_of_the_header_leaves_no_line_behind_unsaid(case: Case) -> None:
    """A line that had the header's day has the new one, or the message, its facts or a person say otherwise."""
    decision, before, line_date = case.decide(), case.base or case.ours.content, case.route.line_date
    if decision.action is not ChangeAction.APPLY or decision.requested.promised_on is None:
        return
    after = case.written(decision).content
    assert after.promised_on == decision.requested.promised_on == case.request.requested_on
    there = orderable_lines(after)
    named = {line.line_id for line in case.request.lines if line.requested or line.promised}
    for number, line in orderable_lines(before).items():
        own = getattr(line, line_date)
        # A line without a day of its own has the day of the header, whichever that is.
        if number not in there or own is None or own != before.promised_on or None in named or str(number) in named:
            continue
        stays = (f"Line {number} is closed in Visma", f"Line {number} was received in full")
        kept = [one for one in decision.unwritten if one.startswith(stays) and one.endswith(f"keeps its day {own}.")]
        assert getattr(there[number], line_date) == after.promised_on or kept


@THOROUGH
@given(cases())
def test_an_approval_without_a_request_and_with_something_unwritten_closes(case: Case) -> None:
    decision = case.decide(approved=True)
    if decision.action is ChangeAction.APPLY:
        assert decision.closes is (bool(decision.unwritten) and not decision.edits and not decision.requested)
        questions = {sentence for line in case.request.lines for sentence in line.questions}
        assert all(
            any(sentence_kept.endswith(sentence) for sentence_kept in decision.unwritten) for sentence in questions
        )


def elses_edits(case: Case, decision: ChangeDecision) -> set[tuple[int | None, str]]:
    """What differs between what the partner had and what Visma has, and that the partner does not ask for."""
    assert case.base is not None
    base, ours = ({line.number: line for line in order.lines} for order in (case.base, case.ours.content))
    found: set[tuple[int | None, str]] = set()
    for number in base.keys() | ours.keys():
        if number not in base or number not in ours:
            found.add((number, "line"))
            continue
        pairs = zip(asdict(base[number]).items(), asdict(ours[number]).values(), strict=True)
        found |= {(number, name) for (name, old), new in pairs if old != new}
    if case.base.promised_on != case.ours.content.promised_on:
        found.add((None, "promised_on"))
    if decision.requested.promised_on:
        found.discard((None, "promised_on"))
    unseen = [line for number, line in ours.items() if number not in base]
    for edit in decision.requested.lines:
        if edit.operation is Operation.INSERT:
            there = next((line for line in unseen if edit.matches(line)), None)
            if there is not None and edit not in decision.edits.lines:
                unseen.remove(there)
                found.discard((there.number, "line"))
        elif edit.operation is Operation.DELETE:
            found = {(number, name) for number, name in found if number != edit.number}
        else:
            found -= {(edit.number, name) for name, _ in moved(edit)}
    return found


@THOROUGH
@given(cases())
def test_the_partner_knows_the_order_afterwards_unless_somebody_else_was_busy(case: Case) -> None:
    decision = case.decide()
    if decision.action is not ChangeAction.APPLY or case.base is None:
        return
    after = case.written(decision).content
    assert equals_with_edits(after, case.base, decision.requested) is (elses_edits(case, decision) == set())
    if decision.requested:
        note = replace(after, note="somebody else was here")
        assert not equals_with_edits(note, case.base, decision.requested)


@st.composite
def sandbox_orders(draw: st.DrawFn) -> dict[str, Any]:
    lines = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        quantity, price = draw(NUMBERS), draw(NUMBERS)
        item = {"number": f"ITEM-{number}", "description": None}
        lines.append(an_order_line(number, inventory=item, orderQty=quantity, unitCost=price, alternateId=None))
    order: dict[str, Any] = json.loads(json.dumps(a_purchase_order(lines=lines), default=float))
    return order


@settings(max_examples=100, deadline=None)
@given(sandbox_orders(), st.data())
def test_what_is_decided_comes_out_in_the_sandbox(order: dict[str, Any], data: st.DataObject) -> None:
    """Through the bytes: read, decide, write the body, let the sandbox carry it out, read again."""
    ours = read_order_snapshot(json.dumps(order).encode(), company="nordic", etag='"x"')
    lines = data.draw(st.lists(requested_lines(ours.content), min_size=1, max_size=3))
    case = Case(a_request(*lines), ours.content, ours, data.draw(routes()), approved=True)
    decision = case.decide()
    if decision.action is not ChangeAction.APPLY:
        return
    body = json.loads(encode(order_update(decision.edits)))
    written, _ = updated(order, body, last_line=len(order["lines"]))
    after = read_order_snapshot(json.dumps(written).encode(), company="nordic")
    assert equals_with_edits(after.content, ours.content, decision.requested)
    again = case.decide(ours=after)
    assert (again.action, bool(again.edits)) == (ChangeAction.APPLY, False)
