"""Scenarios of documents and changes that end in quiescence; each is repeated with faults."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import ConnectorError, UnknownOutcome
from connector.domain.inbound import Validation
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.services.messages import INLINE_LIMIT, DeliveryMessage
from connector.services.ports import Resource
from proof.model.asking import RequestedLine
from proof.model.functions import COMPANY
from proof.model.partner import document_of
from proof.model.queues import VISIBILITY
from proof.system import Configuration, System, a_supplier, invoice_key, order_key
from testkit.memory.orderful import LostAnswer
from testkit.samples.routing_data import a_partner

ORDER, OTHER = "500123", "500124"
ACME, BERG = "50012", "60001"
CHANGE = "802210971"
NEXT_CHANGE, LAST_CHANGE = "802210972", "802210973"
MORE, FAR_MORE = (RequestedLine(1, "1298", 900, was=800),), (RequestedLine(1, "1298", 2000, was=800),)
MORE_CHEESE = (RequestedLine(2, "1299", 110),)
PLAINLY_MORE, LESS, TEN_MORE = (
    (RequestedLine(1, "1298", 900),),
    (RequestedLine(1, "1298", 700),),
    (RequestedLine(1, "1298", more=10),),
)
AS_IT_WAS = (RequestedLine(1, "1298", 800),)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    Attributes:
        steps: The steps; with `begins` the partner has order 500123 before.
        prepared: Further steps before the scenario.
        puts: PUTs that reach Visma in it.
        sent: Transactions that the partner has after it, the first one included.
        lists: The lists of Visma that are polled: those that hold something, and in one scenario all.
    """

    name: str
    steps: Callable[[System], None]
    sent: int
    puts: int = 0
    setting: Configuration = field(default_factory=Configuration)
    begins: bool = True
    prepared: Callable[[System], None] | None = None
    lists: tuple[Resource, ...] = (Resource.PURCHASE_ORDERS,)

    def system(self) -> System:
        """The system before the steps."""
        system = System(replace(self.setting, lists=self.lists))
        system.poll()  # from now on every document is sent
        if self.begins:
            system.order(ORDER)
            system.quiesce()
        if self.prepared:
            self.prepared(system)
        return system


def _new_order(system: System) -> None:
    system.order(ORDER)
    system.quiesce()


def _changed_order(system: System) -> None:
    system.edit(ORDER, line_2={"orderQty": 120.0})
    system.quiesce()


def _large_document(system: System) -> None:
    # Does not compress, so that the ledger too puts it into the bucket; no partner sees the field.
    words = "".join(hashlib.sha256(b"%d" % number).hexdigest() for number in range(INLINE_LIMIT // 60))
    system.order(OTHER, customStr1=words)
    system.quiesce()


def _several_pages(system: System) -> None:
    for number in range(500_201, 500_206):
        system.order(str(number))
    system.quiesce()


def _new_invoice(system: System) -> None:
    """The invoice has the number of an order."""
    system.invoice(ORDER, quantity=10)
    system.quiesce()


def _corrected_invoice(system: System) -> None:
    """The correction is parked, and a person replays it."""
    system.invoice(ORDER, quantity=12)
    system.quiesce()
    system.apply_routing({"partners.matsenteret.on_revision": "replace"})
    system.replay(invoice_key(ORDER))
    system.quiesce()


def _edited_twice(system: System) -> None:
    for quantity in (120.0, 130.0):
        system.edit(ORDER, line_2={"orderQty": quantity})
        system.quiesce()


def _old_message_again(system: System) -> None:
    """SQS: the deletion of a message can fail; here it is delivered again after a later message."""
    documents = system.queues[0]
    documents.again(documents.sent[-2], group=ORDER)
    system.quiesce()


def _lost_answer(system: System) -> None:
    system.orderful.script.append(LostAnswer("The connection to Orderful was lost."))
    system.edit(ORDER, line_2={"orderQty": 120.0})
    system.quiesce()


def _lost_answer_and_slow_list(system: System) -> None:
    system.orderful.list_lag = timedelta(seconds=100)
    _lost_answer(system)


def _lost_answer_and_hidden_number(system: System) -> None:
    """Orderful finds a new transaction by its number only after five minutes; the list by time shows it at once."""
    system.orderful.number_lag = timedelta(minutes=5)
    _lost_answer(system)


def _twin(system: System) -> None:
    """Another company with our ISA id sends an order of the same number and content; its first POST never arrives."""
    system.receivers.shared.add(ORDER)
    system.order(ORDER)
    system.clock.forward(minutes=5)
    system.poll()
    documents = system.queues[0]
    while not (ours := system.ledger.revisions(order_key(ORDER))):
        system.work(documents)
        system.clock.forward(seconds=VISIBILITY.total_seconds() + 1)
        system.poll()
    key = DocumentKey("baltic", Kind.PURCHASE_ORDER, ORDER)
    twin = replace(ours[0], key=key)
    system.ledger.add(twin, source=system.ledger.source_of(ours[0]), request=system.ledger.request_of(ours[0]))
    system.orderful.script.append(UnknownOutcome("Orderful did not answer in time."))
    message = DeliveryMessage.of(twin)
    with suppress(ConnectorError):
        system.deliverer().handle(message)
    system.outbox.deliveries([message])
    system.quiesce()


def _lost_ledger(system: System) -> None:
    """The ledger's table is replaced by an empty one; then the order has an immaterial change."""
    system.clock.forward(days=3)
    system.ledger.recreate_table(now=system.clock.now())
    system.edit(ORDER, customStr1="touched")
    system.quiesce()


def _parked_and_released(system: System) -> None:
    system.apply_routing({"partners.acme.visma": {"supplier": "99999"}})
    system.edit(ORDER, line_2={"orderQty": 120.0})
    system.quiesce()
    system.apply_routing()
    system.quiesce()


def _applied(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, MORE, inbox=bool(system.setting.inboxes))
    system.quiesce()


def _collected_for_long(system: System) -> None:
    system.book.keep_beginnings({COMPANY: system.clock.now()})


def _listed_late(system: System) -> None:
    """The list alone has it, two hours late: no collector sees it, and the night comes after that."""
    system.inbound.list_lag = timedelta(hours=2)
    system.inbound.ask(CHANGE, ORDER, MORE, inbox=False)
    for minutes in (5, 110, 10):
        system.clock.forward(minutes=minutes)
        system.fire()
    for _ in range(4):  # a killed run keeps its lease for six minutes
        system.reconcile()
        system.work_off()
        system.clock.forward(minutes=5)
    system.quiesce()


def _not_written_and_not_answered(system: System) -> None:
    """Visma keeps silent about the first PUT, and has not taken it."""
    system.visma.silent = 1
    _applied(system)


def _parked_and_approved(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, FAR_MORE)
    system.quiesce()
    system.approve(CHANGE)
    system.quiesce()


def _parked_and_rejected(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, FAR_MORE)
    system.quiesce()
    system.reject(CHANGE)
    system.quiesce()


def _hold_first(system: System) -> None:
    system.visma.refusing = frozenset({"Open"})
    _applied(system)


def _twice_heard(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, MORE)
    system.push(CHANGE)
    system.collect()
    system.push(CHANGE)
    system.quiesce()


def _two_in_one_go(system: System) -> None:
    """The predecessor of the first 860 is missing; both 860s are applied when the second one arrives.

    Both are received by callback only, not by inbox.
    """
    for number, requested, sequence in ((CHANGE, MORE, 2), (NEXT_CHANGE, MORE_CHEESE, 3)):
        system.inbound.ask(number, ORDER, requested, inbox=False, sequence=sequence)
        system.push(number)
        # Messages of a killed worker are delivered again before the next change.
        for _ in range(3):
            system.work_off()
            system.clock.forward(seconds=VISIBILITY.total_seconds() + 1)
    system.quiesce()


def _two_of_one_page(system: System) -> None:
    """Four minutes apart and without BCH05; the list, their only channel, has the later one first."""
    for number, quantity in ((CHANGE, 900), (NEXT_CHANGE, 1000)):
        system.inbound.ask(number, ORDER, (RequestedLine(1, "1298", quantity),), inbox=bool(system.setting.inboxes))
        system.clock.forward(minutes=4)
    system.quiesce()


def _older_after_newer(system: System) -> None:
    """The later one is pushed while the earlier one is in validation."""
    system.inbound.ask(CHANGE, ORDER, PLAINLY_MORE, inbox=False, validation=Validation.PROCESSING)
    system.inbound.ask(NEXT_CHANGE, ORDER, LESS, inbox=False)
    system.push(NEXT_CHANGE)
    # Longer than any wait for a predecessor; messages of a killed worker are delivered again.
    for _ in range(5):
        system.clock.forward(minutes=15)
        system.fire()
    system.inbound.says(CHANGE, Validation.VALID)
    system.quiesce()


def _said_again(system: System) -> None:
    """The partner requests ten more, and repeats the message with other control numbers."""
    for number in (CHANGE, NEXT_CHANGE):
        system.inbound.ask(number, ORDER, TEN_MORE, in_x12=True)
        system.quiesce()


def _asked_for_again(system: System) -> None:
    """The partner repeats a rejected request, which is then approved."""
    _parked_and_rejected(system)
    system.inbound.ask(NEXT_CHANGE, ORDER, FAR_MORE, sequence=None)
    system.quiesce()
    system.approve(NEXT_CHANGE)
    system.quiesce()


def _taken_back_parked(system: System) -> None:
    """The partner withdraws a parked request; a person approves it without having seen that, and then rejects it."""
    for number, requested_lines in ((CHANGE, FAR_MORE), (NEXT_CHANGE, AS_IT_WAS), (LAST_CHANGE, MORE_CHEESE)):
        system.inbound.ask(number, ORDER, requested_lines)
        system.quiesce()
    system.approve(CHANGE)
    system.quiesce()
    system.reject(CHANGE)
    system.quiesce()


def _reverted(system: System) -> None:
    """A user reverts an applied change, and the partner gets the replacement and reads it."""
    system.inbound.ask(CHANGE, ORDER, PLAINLY_MORE)
    system.quiesce()
    system.edit(ORDER, line_1={"orderQty": 850.0})
    system.quiesce()
    replacement = system.orderful.transactions[-1]
    system.orderful.update_status(
        replacement.transaction_id,
        validation_status="VALID",
        delivery_status="DELIVERED",
        acknowledgment_status="ACCEPTED",
    )
    system.quiesce()


def _renewed(system: System) -> None:
    """The partner repeats its request."""
    system.inbound.ask(NEXT_CHANGE, ORDER, PLAINLY_MORE)
    system.quiesce()
    system.approve(NEXT_CHANGE)
    system.quiesce()


def _by_two_names(system: System) -> None:
    """Orderful pushes it by UUID, and lists it by number."""
    system.inbound.ask(CHANGE, ORDER, TEN_MORE, inbox=False, in_x12=True)
    system.push(CHANGE, as_uuid=True)
    system.quiesce()


def _foreign_changes(system: System) -> None:
    """Other senders request changes of this order and of one that does not exist yet."""
    for place, (who, order, requested, sequence) in enumerate(
        (
            ("MATSENTERETT", ORDER, MORE, 2),
            ("STRANGERT", ORDER, FAR_MORE, 1),
            ("STRANGERT", OTHER, FAR_MORE, None),
        )
    ):
        system.inbound.ask(str(802_210_980 + place), order, requested, sender_id=who, sequence=sequence)
    system.quiesce()
    system.order(OTHER)
    system.quiesce()


def _among_strangers(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, MORE, sequence=2)
    system.inbound.ask(NEXT_CHANGE, OTHER, MORE_CHEESE)
    system.quiesce()


def _changed_by_a_rule(system: System) -> None:
    """Orderful lists it before one of its rules changes it."""
    system.inbound.ask(CHANGE, ORDER, MORE, inbox=False, validation=Validation.PROCESSING)
    system.fire()
    request = system.receivers.requests[CHANGE]
    system.inbound.says(CHANGE, Validation.VALID, request=replace(request, requested_lines=LESS))
    system.quiesce()


def _held_as_invalid(system: System) -> None:
    """It is corrected in Orderful, and a person approves it."""
    system.inbound.ask(CHANGE, ORDER, MORE, inbox=False, validation=Validation.INVALID)
    system.quiesce()
    request = system.receivers.requests[CHANGE]
    system.inbound.says(CHANGE, Validation.VALID, request=replace(request, requested_lines=FAR_MORE))
    for _ in range(2):  # the first approval was of another message
        system.approve(CHANGE)
        system.quiesce()


def _other_days(system: System) -> None:
    """A later date for one line; then for the order, which includes the other line."""
    system.inbound.ask(CHANGE, ORDER, (RequestedLine(1, "1298", day=date(2026, 10, 5)),), in_x12=True)
    system.quiesce()
    system.inbound.ask(NEXT_CHANGE, ORDER, (), day=date(2026, 10, 7), in_x12=True)
    system.quiesce()


def _changed_by_a_user_meanwhile(system: System) -> None:
    """A user edits the order between read and write: 412, and the change is decided again."""
    system.visma.on_put.append(lambda: system.edit(ORDER, line_2={"orderQty": 130.0}))
    _applied(system)


def _discounted_by_a_user_meanwhile(system: System) -> None:
    """A user enters a discount on the line between read and write; the view of the partner has no discounts."""

    def edit() -> None:
        system.edit(ORDER, line_1={"discountPercent": 10.0})
        system.receivers.note_edit(ORDER)

    system.visma.on_put.append(edit)
    _applied(system)


def _crossed(system: System, lines: tuple[RequestedLine, ...], **edit: Any) -> None:
    """Orderful receives an 860; before it is read, a user's edit leaves."""
    system.inbound.ask(CHANGE, ORDER, lines, inbox=False, in_x12=lines is TEN_MORE)
    system.clock.forward(minutes=10)
    system.edit(ORDER, **edit)
    for _ in range(2):
        system.clock.forward(minutes=3)
        system.poll()
        system.work_off()


def _crossed_on_its_line(system: System) -> None:
    _crossed(system, TEN_MORE, line_1={"orderQty": 900.0})


def _crossed_on_another_line(system: System) -> None:
    _crossed(system, MORE, line_2={"orderQty": 120.0})


def _replaced_on_its_line(system: System) -> None:
    system.edit(ORDER, line_1={"orderQty": 900.0})
    system.quiesce()


def _replaced_the_day_before(system: System) -> None:
    """By a partner that never acknowledges; what it got needs no attention."""
    system.apply_routing({"partners.acme.acknowledgment": "never"})
    _replaced_on_its_line(system)
    for one in system.orderful.transactions:
        system.orderful.update_status(one.transaction_id, validation_status="VALID", delivery_status="DELIVERED")
    system.quiesce()
    system.clock.forward(hours=25)
    system.quiesce()


def _ten_more(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, TEN_MORE, in_x12=True)
    system.quiesce()


def _ten_more_and_approved(system: System) -> None:
    """The partner may not have read the replacement: a person is asked, and the whole order is sent again."""
    _ten_more(system)
    system.approve(CHANGE)
    system.quiesce()


def _read_at_last(system: System) -> None:
    system.push(CHANGE)
    system.quiesce()


def _in_doubt(system: System) -> None:
    """The create of a replacement times out, and nothing is created."""
    system.orderful.script.append(UnknownOutcome("Orderful did not answer in time."))
    system.edit(ORDER, line_2={"orderQty": 120.0})
    system.clock.forward(minutes=3)
    system.poll()
    system.work_off()


def _asked_at_once(system: System) -> None:
    system.inbound.ask(CHANGE, ORDER, MORE)
    system.push(CHANGE)
    system.quiesce()


def _along_with_an_edit(system: System) -> None:
    """The order is on hold while a user and the partner change it, so that a full resend is not possible yet."""
    system.edit(ORDER, status="Hold", line_2={"orderQty": 80.0})
    system.quiesce()
    system.inbound.ask(CHANGE, ORDER, MORE)
    system.quiesce()


def _taken_back(system: System) -> None:
    system.edit(ORDER, status="Open", line_1={"orderQty": 800.0}, line_2={"orderQty": 100.0})
    system.quiesce()


def _agreed_on_a_replacement(system: System) -> None:
    _changed_order(system)
    system.inbound.ask(CHANGE, ORDER, MORE)
    system.quiesce()


def _refused_and_sent_again(system: System) -> None:
    replacement = system.orderful.transactions[-1]
    system.orderful.update_status(replacement.transaction_id, acknowledgment_status="REJECTED")
    system.receivers.refuses(("ACMEPRODUCET", ORDER), replacement.transaction_id)
    system.quiesce()
    system.replay(order_key(ORDER))
    system.quiesce()


def _not_valid(system: System) -> None:
    """Orderful finds the order not valid for the partner."""
    system.orderful.update_status(system.orderful.transactions[0].transaction_id, validation_status="INVALID")
    system.clock.forward(minutes=10)
    system.track()


def _sent_by_hand(system: System) -> None:
    """The order is corrected in Visma while somebody sends the one that is not valid by hand.

    The correction is asked about, and taken back: the partner has what Visma has.
    """
    system.edit(ORDER, line_2={"orderQty": 120.0})
    while len(system.ledger.revisions(order_key(ORDER))) == 1:
        system.clock.forward(minutes=5)
        system.poll()
        system.work(system.queues[0])
    system.orderful.send_manually(system.orderful.transactions[0].transaction_id)
    system.quiesce()
    system.edit(ORDER, line_2={"orderQty": 100.0})
    system.quiesce()


def _cancelled(system: System) -> None:
    system.edit(ORDER, status="Cancelled")
    system.quiesce()


def _revoked_token(system: System) -> None:
    system.visma.revoked.update(system.connect.minted)
    _changed_order(system)


def _turned_down(system: System) -> None:
    """Visma refuses the change although routing allows it, and it is parked."""
    system.visma.refuse = "The purchase order cannot be changed."
    _applied(system)


def _berg_is_mapped(system: System) -> None:
    system.apply_routing({"partners.berg": a_partner(isa_id="BERG", supplier=BERG)})


def _another_supplier(system: System) -> None:
    """The order is withdrawn from the former supplier, and sent to the new one as an original."""
    system.change_supplier(ORDER, BERG)
    system.quiesce()


def _slip_on_hold(system: System) -> None:
    """A user takes the order off the former supplier and gives it back; then to the new one, and releases it."""
    for changes in ({"status": "Hold"}, {"supplier": a_supplier(BERG)}, {"supplier": a_supplier(ACME)}):
        system.edit(ORDER, **changes)
        system.quiesce()
    system.edit(ORDER, supplier=a_supplier(BERG), status="Open")
    system.quiesce()


def _slip_on_hold_released(system: System) -> None:
    """The slip is corrected; the order is released as it was."""
    for changes in ({"status": "Hold", "supplier": a_supplier(BERG)}, {"status": "Open", "supplier": a_supplier(ACME)}):
        system.edit(ORDER, **changes)
        system.quiesce()


def _berg_is_mapped_and_in_doubt(system: System) -> None:
    _berg_is_mapped(system)
    _in_doubt(system)


def _back_again(system: System) -> None:
    _another_supplier(system)
    system.change_supplier(ORDER, ACME)
    system.quiesce()


def _change_of_a_former_partner(system: System) -> None:
    """Partner acme changes an order that was moved to partner berg since the last poll."""
    _berg_is_mapped(system)
    system.change_supplier(ORDER, BERG)
    system.inbound.ask(CHANGE, ORDER, MORE)
    system.quiesce()


def _agreed_and_then_another_supplier(system: System) -> None:
    """The new supplier is unmapped; the order is withdrawn from the former one nevertheless."""
    _applied(system)
    _another_supplier(system)


def _another_number(system: System) -> None:
    """The order stays with its supplier, and is parked until the number is mapped."""
    system.renumber_supplier(ORDER, "99997")
    system.quiesce()


def _quiet_change(system: System) -> None:
    for what in ("catalogue", "note"):
        system.change_quietly(ORDER, what, turn=1)
    system.quiesce()


def _old_order(system: System) -> None:
    system.order(ORDER, dated=date(2026, 5, 4))
    system.quiesce()


def _asked_about(system: System) -> None:
    system.edit(ORDER, line_2={"orderQty": 120.0})
    system.quiesce()


def _asked_about_and_let_go(system: System) -> None:
    _asked_about(system)
    system.release_as(order_key(ORDER), Cause.AS_REPLACEMENT)
    system.quiesce()


def _let_go_and_then_another_supplier(system: System) -> None:
    """What a person let go for one receiver is new for the next."""
    _berg_is_mapped(system)
    _asked_about_and_let_go(system)
    _another_supplier(system)


def _asked_about_and_closed(system: System) -> None:
    _asked_about(system)
    system.close(order_key(ORDER))
    system.change_quietly(ORDER, "catalogue", turn=1)
    system.quiesce()


def _migrated_and_let_go(system: System) -> None:
    """An invoice is entered after go-live, and dated long before."""
    system.invoice(ORDER, quantity=10, dated=date(2026, 4, 4))
    system.quiesce()
    system.release_as(invoice_key(ORDER), Cause.AS_ORIGINAL)
    system.quiesce()


_GO_LIVE = Configuration(go_live=date(2026, 6, 1))
_HOLD_FIRST = {**Configuration().changes, "hold_first": ["Open"]}
_LISTED = replace(Configuration(), inboxes=())
_DIFFERENCES = Configuration(changes={**Configuration().changes, "quantities": "delta"})
_TWO_NAMES = replace(_DIFFERENCES, tells_both=True)


def _from_before_go_live(name: str, steps: Callable[[System], None], *, sent: int) -> Scenario:
    return Scenario(name, steps, sent=sent, setting=_GO_LIVE, begins=False, prepared=_old_order)


SCENARIOS = (
    Scenario("a new order", _new_order, sent=1, begins=False),
    Scenario("a changed order", _changed_order, sent=2),
    Scenario("a large document", _large_document, sent=2),
    Scenario("a new invoice", _new_invoice, sent=2, lists=tuple(Resource)),
    Scenario(
        "a corrected invoice that a person lets go",
        _corrected_invoice,
        sent=3,
        prepared=_new_invoice,
        lists=(Resource.PURCHASE_ORDERS, Resource.CUSTOMER_INVOICES),
    ),
    Scenario("a list of several pages", _several_pages, sent=6, setting=Configuration(page_size=2)),
    Scenario("an older state that comes again", _old_message_again, sent=3, prepared=_edited_twice),
    Scenario("a lost answer", _lost_answer, sent=2),
    Scenario("a lost answer, and a list that shows it late", _lost_answer_and_slow_list, sent=2),
    Scenario("a lost answer, and a number that is hidden", _lost_answer_and_hidden_number, sent=2),
    Scenario("a twin of another company", _twin, sent=2, begins=False),
    Scenario("a ledger that was lost", _lost_ledger, sent=1),
    Scenario("a parked and released document", _parked_and_released, sent=2),
    Scenario("an 860 applied", _applied, sent=1, puts=1),
    Scenario("an 860 from the list of transactions", _applied, sent=1, puts=1, setting=_LISTED),
    Scenario(
        "an 860 that the list shows late",
        _listed_late,
        sent=1,
        puts=1,
        setting=_LISTED,
        prepared=_collected_for_long,
    ),
    Scenario("an 860 with hold_first", _hold_first, sent=1, puts=3, setting=Configuration(changes=_HOLD_FIRST)),
    Scenario("an 860 that is not written and not answered", _not_written_and_not_answered, sent=1, puts=1),
    Scenario("an 860 parked and then approved", _parked_and_approved, sent=1, puts=1),
    Scenario("an 860 parked and then rejected", _parked_and_rejected, sent=1),
    Scenario("an 860 that Visma refuses", _turned_down, sent=1),
    Scenario("an 860 heard of by callback and inbox", _twice_heard, sent=1, puts=1),
    Scenario("two 860s of one order in one go", _two_in_one_go, sent=1, puts=2, setting=_LISTED),
    Scenario("two 860s of one page of the list", _two_of_one_page, sent=1, puts=2, setting=_LISTED),
    Scenario("two 860s of one page of the inbox", _two_of_one_page, sent=1, puts=2),
    Scenario("an older 860 after a newer one", _older_after_newer, sent=1, puts=1, setting=_LISTED),
    Scenario("an 860 that the partner sends again", _said_again, sent=1, puts=1, setting=_DIFFERENCES),
    Scenario("an 860 that was rejected and comes again", _asked_for_again, sent=1, puts=1),
    Scenario("a parked 860 that is taken back", _taken_back_parked, sent=1, puts=1),
    Scenario("an 860 that is asked for again after an edit", _renewed, sent=2, puts=2, prepared=_reverted),
    Scenario("an 860 by UUID and by number", _by_two_names, sent=1, puts=1, setting=_TWO_NAMES),
    Scenario("860s among those of strangers", _among_strangers, sent=2, puts=2, prepared=_foreign_changes),
    Scenario("an 860 that a rule of Orderful's changes", _changed_by_a_rule, sent=1, puts=1, setting=_LISTED),
    Scenario("an 860 that is corrected at Orderful", _held_as_invalid, sent=1, puts=1, setting=_LISTED),
    Scenario("860s with other days", _other_days, sent=1, puts=2),
    Scenario("an 860 with a user's edit in the same moment", _changed_by_a_user_meanwhile, sent=2, puts=1),
    Scenario("an 860 with a discount entered in the same moment", _discounted_by_a_user_meanwhile, sent=2, puts=1),
    Scenario(
        "an 860 that crosses a revision of its line",
        _read_at_last,
        sent=2,
        setting=_DIFFERENCES,
        prepared=_crossed_on_its_line,
    ),
    Scenario(
        "an 860 that crosses a revision of another line",
        _read_at_last,
        sent=3,
        puts=1,
        prepared=_crossed_on_another_line,
    ),
    Scenario(
        "an 860 soon after a replacement of its line",
        _ten_more_and_approved,
        sent=3,
        puts=1,
        setting=_DIFFERENCES,
        prepared=_replaced_on_its_line,
    ),
    Scenario(
        "an 860 a day after a replacement of its line",
        _ten_more,
        sent=2,
        puts=1,
        setting=_DIFFERENCES,
        prepared=_replaced_the_day_before,
    ),
    Scenario("an 860 while a revision is in doubt", _asked_at_once, sent=2, puts=1, prepared=_in_doubt),
    Scenario(
        "an edit taken back that had come along with an 860", _taken_back, sent=2, puts=1, prepared=_along_with_an_edit
    ),
    Scenario(
        "a refusal of what an 860 was agreed on",
        _refused_and_sent_again,
        sent=3,
        puts=1,
        prepared=_agreed_on_a_replacement,
    ),
    Scenario("an order that is not valid and sent by hand", _sent_by_hand, sent=1, prepared=_not_valid),
    Scenario("a cancelled order", _cancelled, sent=2),
    Scenario("another supplier", _another_supplier, sent=3, prepared=_berg_is_mapped),
    Scenario(
        "another supplier while a revision is in doubt",
        _another_supplier,
        sent=4,
        prepared=_berg_is_mapped_and_in_doubt,
    ),
    Scenario("another supplier of an order on hold", _slip_on_hold, sent=3, prepared=_berg_is_mapped),
    Scenario("another supplier by mistake on hold", _slip_on_hold_released, sent=1, prepared=_berg_is_mapped),
    Scenario("a supplier that gets another number", _another_number, sent=1),
    Scenario("another supplier, and back again", _back_again, sent=5, prepared=_berg_is_mapped),
    Scenario("an 860 of a former partner", _change_of_a_former_partner, sent=3),
    Scenario("an 860 agreed, then another supplier", _agreed_and_then_another_supplier, sent=2, puts=1),
    Scenario("a quiet change", _quiet_change, sent=1),
    Scenario("an 860 after a quiet change", _applied, sent=1, puts=1, prepared=_quiet_change),
    _from_before_go_live("a change from before go-live that a person lets go", _asked_about_and_let_go, sent=1),
    _from_before_go_live("a change from before go-live that a person closes", _asked_about_and_closed, sent=0),
    _from_before_go_live(
        "an order from before go-live for another supplier", _let_go_and_then_another_supplier, sent=3
    ),
    _from_before_go_live("a quiet change of an order from before go-live", _quiet_change, sent=0),
    Scenario(
        "a migrated invoice that a person lets go",
        _migrated_and_let_go,
        sent=1,
        setting=_GO_LIVE,
        begins=False,
        lists=(Resource.CUSTOMER_INVOICES,),
    ),
    Scenario("a revoked token", _revoked_token, sent=2),
)


def outcome(system: System) -> dict[str, Any]:
    """The results that must be equal with and without faults."""
    transactions = defaultdict(list)
    for request in system.orderful.delivered:
        transactions[document_of(request.body)].append(request.body)
    return {
        "transactions": transactions,
        "orders": {
            number: {name: value for name, value in order.items() if name != "lastModifiedDateTime"}
            for number, order in system.visma.orders.items()
        },
        "revisions": _revisions(system),
        # The order of the records, and the id by which a transaction was recorded, may depend on the kill.
        "changes": sorted(
            (
                system.receivers.number_of(one.transaction_id),
                one.state,
                one.confirmed,
                one.decided_by,
                one.reason,
                one.on_hold,
            )
            for one in system.changes.all()
        ),
        "told": {name: one.confirmation for name, one in system.inbound.confirmations.items()},
        "asked": len(system.visma.puts),
        "open": [one.change_id for one in system.ledger.rows.values() if one.state is State.CHANGING],
    }


def _revisions(system: System) -> list[tuple[object, ...]]:
    rows = sorted(system.ledger.rows.values(), key=lambda one: (one.key.stored, one.sequence))
    left = {(one.key, one.revision_id, one.purpose) for one in rows if one.state is not State.SUPERSEDED}
    found: list[tuple[object, ...]] = []
    for one in rows:
        content = (one.key.stored, one.state, one.revision_id, one.purpose)
        # A reserved and released sequence does not count, nor a repeated unsent content.
        is_more = one.revision_id and [content] != found[-1:] and (one.key, one.revision_id, one.purpose) not in left
        if one.state is not State.SUPERSEDED or is_more:
            found.append(content)
    return found
