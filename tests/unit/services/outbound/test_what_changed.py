"""What changed: the document, the number of its supplier, customer or item, or only what routing makes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import NOTHING_NEW, NOTHING_NEW_IN_VISMA, State
from connector.domain.transactions import Purpose
from connector.services.outbound.translate import TranslateResult
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_customer_invoice, a_customer_invoice_line, a_supplier_invoice, an_order_line
from tests.unit.services.outbound.test_translate import ORDER, Harness, an_order

INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
RENUMBERED = {"internalId": 101, "number": "S50012", "name": "Acme Produce AS"}
WITHOUT_ID = {"number": "S50012", "name": "Acme Produce AS"}
ANOTHER = {"internalId": 999, "number": "99", "name": "Somebody"}
BERG = {"partners.berg": a_partner(isa_id="BERG", supplier="S50012")}
NEW_CUSTOMER = {"number": "C10045", "name": "Corner Market AS"}
QUIET = {"note": "an internal note"}
WITH_UNITS = {"defaults.units": {"STK": "each", "KG": "kilogram"}}


@pytest.fixture
def harness_with(ports):
    return lambda changes=None: Harness(**ports, routing=FixedRouting(routing_data(changes)))


@pytest.fixture
def harness(harness_with):
    return harness_with()


def sent(harness, document, key=ORDER):
    assert harness.see(document, key=key) is TranslateResult.QUEUED
    harness.becomes(State.ACKNOWLEDGED, key=key, transaction_id="T-1")
    harness.due()
    return harness


def as_replacement(harness, document):
    return harness.see(document, cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))


def an_invoice(item="1298", **changes):
    return a_customer_invoice(invoiceLines=[a_customer_invoice_line(1, inventoryNumber=item)], **changes)


class TestASupplierThatGetsAnotherNumber:
    """Visma: the internal id stays when the number of a supplier is changed."""

    @pytest.mark.parametrize(
        "changes",
        [None, {"companies.nordic.unmapped_partner": "skip"}, {"partners.acme.on_revision": "park"}],
        ids=["park", "skip", "on_revision"],
    )
    def test_its_order_is_not_withdrawn_and_the_number_is_asked_about(self, harness_with, changes):
        harness = sent(harness_with(changes), an_order())
        assert harness.see(an_order(supplier=RENUMBERED)) is TranslateResult.PARKED
        assert harness.states() == [State.ACKNOWLEDGED, State.PARKED]
        asked = harness.newest()
        assert "Supplier 50012 is numbered S50012 in Visma now" in asked.reason
        assert 'Set partners.acme.visma.supplier to "S50012"' in asked.next_step
        assert asked.waits_for == 'partners.<name>.visma.supplier: "S50012"'
        assert harness.due() == []

    def test_routing_that_follows_sends_nothing_and_a_later_change_is_a_replacement(self, harness):
        sent(harness, an_order())
        harness.see(an_order(supplier=RENUMBERED))
        harness.routing.apply(routing_data({"partners.acme.visma.supplier": "S50012"}))
        release = Cause.RELEASE.named_at(harness.clock.now())
        assert harness.see(an_order(supplier=RENUMBERED), cause=release) is TranslateResult.SKIPPED
        assert harness.newest().reason == NOTHING_NEW_IN_VISMA
        assert harness.see(an_order("11.0", supplier=RENUMBERED)) is TranslateResult.QUEUED
        assert (harness.newest().purpose, harness.newest().receiver_id) == (Purpose.REPLACE, "ACMEPRODUCET")

    def test_another_name_of_the_supplier_is_no_change_of_the_order(self, harness):
        sent(harness, an_order())
        for supplier in (
            {"internalId": 101, "number": "50012", "name": "Acme AS"},
            {"number": "50012", "name": "Acme"},
        ):
            assert harness.see(an_order(supplier=supplier)) is TranslateResult.SKIPPED
            assert harness.newest().reason == NOTHING_NEW_IN_VISMA
        assert harness.see(an_order("11.0", supplier=supplier)) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    def test_a_record_of_an_earlier_release_has_its_id_in_the_document_that_was_kept(self, harness):
        sent(harness, an_order())
        harness.becomes(State.ACKNOWLEDGED, counterparty_id=None, document_type=None)
        assert harness.see(an_order(supplier=ANOTHER)) is TranslateResult.PARKED
        assert [one.purpose for one in harness.ledger.revisions(ORDER)][1] is Purpose.CANCELLATION

    def test_without_an_id_nothing_is_withdrawn_until_the_successor_is_routed(self, harness):
        sent(harness, an_order(supplier={"number": "50012", "name": "Acme Produce AS"}))
        assert harness.see(an_order(supplier=WITHOUT_ID)) is TranslateResult.PARKED
        assert harness.states() == [State.ACKNOWLEDGED, State.PARKED]
        assert "Visma does not say whether that is the same one under another number" in harness.newest().reason
        assert "tell acme, then: connector documents close nordic/purchase_order/500123" in harness.newest().next_step
        harness.routing.apply(routing_data(BERG))
        harness.see(an_order(supplier=WITHOUT_ID), cause=Cause.RELEASE.named_at(harness.clock.now()))
        written = [(one.purpose, one.receiver_id) for one in reversed(harness.ledger.revisions(ORDER))]
        assert (Purpose.CANCELLATION, "ACMEPRODUCET") in written
        assert (Purpose.ORIGINAL, "BERGT") in written

    def test_a_number_that_routing_gives_to_another_partner_is_asked_about(self, harness_with):
        harness = sent(harness_with(BERG), an_order())
        assert harness.see(an_order("11.0", supplier=RENUMBERED)) is TranslateResult.PARKED
        assert harness.states() == [State.ACKNOWLEDGED, State.PARKED]
        assert "which routing maps to berg; acme (ACMEPRODUCET) has the document" in harness.newest().reason
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(an_order("11.0", supplier=RENUMBERED), cause=cause) is TranslateResult.QUEUED
        assert {(one.purpose, one.receiver_id) for one in harness.ledger.revisions(ORDER)[:2]} == {
            (Purpose.CANCELLATION, "ACMEPRODUCET"),
            (Purpose.ORIGINAL, "BERGT"),
        }

    def test_another_one_that_is_mapped_to_nobody_is_no_new_number(self, harness):
        sent(harness, an_order())
        harness.see(an_order(supplier=ANOTHER))
        assert harness.ledger.revisions(ORDER)[1].purpose is Purpose.CANCELLATION

    def test_an_order_from_before_go_live_is_not_asked_about_for_it(self, harness_with):
        harness = harness_with({"partners.acme.visma.supplier": "S50012"})
        harness.see(an_order())
        harness.becomes(State.BASELINE)
        assert harness.see(an_order(supplier=RENUMBERED)) is TranslateResult.KNOWN
        assert harness.states() == [State.BASELINE]


class TestACustomerThatGetsAnotherNumber:
    """Visma names no internal id on customer invoices, and the customer of a released one cannot be changed."""

    def test_an_invoice_that_says_what_it_said_is_asked_about_nobody(self, harness):
        sent(harness, an_invoice(), INVOICE)
        assert harness.see(an_invoice(customer=NEW_CUSTOMER, status="Closed"), key=INVOICE) is TranslateResult.SKIPPED
        assert harness.newest(INVOICE).reason == NOTHING_NEW_IN_VISMA

    def test_one_that_changed_asks_for_the_number_and_is_not_withdrawn(self, harness):
        sent(harness, an_invoice(), INVOICE)
        moved = an_invoice(customer=NEW_CUSTOMER, documentDueDate="2026-12-24T00:00:00")
        assert harness.see(moved, key=INVOICE) is TranslateResult.PARKED
        assert harness.states(INVOICE) == [State.ACKNOWLEDGED, State.PARKED]
        assert "was sent for customer 10045, and names customer C10045 now" in harness.newest(INVOICE).reason

    def test_routing_that_follows_asks_nothing(self, harness):
        sent(harness, an_invoice(), INVOICE)
        harness.routing.apply(routing_data({"partners.matsenteret.visma.customer": "C10045"}))
        assert harness.see(an_invoice(customer=NEW_CUSTOMER), key=INVOICE) is TranslateResult.SKIPPED


class TestWhatOnlyRoutingOrMasterDataChanged:
    @pytest.mark.parametrize(
        "changes",
        [
            {"defaults.items": {"1298": {"gtin": "07038010000065"}}},
            {"companies.nordic.name": "Nordic Food Group AS"},
            {"partners.matsenteret.dialect": "x12"},
        ],
        ids=["gtin", "company", "dialect"],
    )
    def test_an_invoice_with_an_internal_note_is_asked_about_nobody(self, harness, changes):
        sent(harness, an_invoice(), INVOICE)
        harness.routing.apply(routing_data(changes))
        assert harness.see(an_invoice(**QUIET), key=INVOICE) is TranslateResult.SKIPPED
        assert harness.newest(INVOICE).reason in {NOTHING_NEW, NOTHING_NEW_IN_VISMA}

    def test_an_order_is_not_sent_again_for_it(self, harness):
        sent(harness, an_order())
        harness.routing.apply(routing_data({"companies.nordic.name": "Nordic Food Group AS"}))
        assert harness.see(an_order(**QUIET)) is TranslateResult.SKIPPED
        assert harness.newest().reason == NOTHING_NEW_IN_VISMA
        assert as_replacement(harness, an_order(**QUIET)) is TranslateResult.QUEUED

    def test_a_change_in_visma_behind_it_is_told(self, harness):
        sent(harness, an_order())
        harness.routing.apply(routing_data({"companies.nordic.name": "Nordic Food Group AS"}))
        assert harness.see(an_order("11.0")) is TranslateResult.QUEUED

    def test_an_item_of_an_invoice_that_gets_another_number_is_asked_about_nobody(self, harness):
        sent(harness, an_invoice("1298"), INVOICE)
        assert harness.see(an_invoice("1298-N", status="Closed"), key=INVOICE) is TranslateResult.SKIPPED
        assert harness.newest(INVOICE).reason == NOTHING_NEW_IN_VISMA

    def test_another_item_in_a_line_that_differs_otherwise_is_asked_about(self, harness):
        sent(harness, an_invoice("1298"), INVOICE)
        other = a_customer_invoice_line(1, inventoryNumber="2000", description="Tea")
        assert harness.see(a_customer_invoice(invoiceLines=[other]), key=INVOICE) is TranslateResult.PARKED

    def test_another_item_on_an_order_is_a_change(self, harness):
        sent(harness, an_order())
        other = an_order_line(unitCost=Decimal("10.0"), inventory={"number": "2000", "description": "Coffee"})
        assert harness.see(an_order(lines=[other])) is TranslateResult.QUEUED

    def test_where_no_document_is_kept_the_change_is_told(self, harness):
        sent(harness, an_order())
        harness.ledger.bodies.clear()
        assert harness.see(an_order(**QUIET)) is TranslateResult.QUEUED


class TestAChangeBehindAStatusThatIsNotSent:
    @pytest.mark.parametrize("status", ["Closed", "Completed", "Odd"])
    def test_it_is_asked_about_and_sent_when_a_person_says_so(self, harness, status):
        sent(harness, an_order())
        changed = an_order("12.0", status=status)
        assert harness.see(changed) is TranslateResult.PARKED
        asked = harness.newest()
        assert f"its status is {status}, which is not one of send_when" in asked.reason
        assert "--as replacement" in asked.next_step
        assert "documents close" in asked.next_step
        assert as_replacement(harness, changed) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    def test_a_line_that_is_cancelled_as_the_order_closes_is_asked_about(self, harness):
        sent(harness, an_order(lines=[an_order_line(1), an_order_line(2)]))
        assert harness.see(an_order(lines=[an_order_line(1), an_order_line(2, canceled=True)], status="Closed")) is (
            TranslateResult.PARKED
        )

    @pytest.mark.parametrize("changes", [{}, QUIET], ids=["nothing", "nothing visible"])
    @pytest.mark.parametrize("status", ["Closed", "Completed"])
    def test_a_close_without_a_visible_change_is_quiet(self, harness, status, changes):
        sent(harness, an_order())
        assert harness.see(an_order(status=status, **changes)) in {TranslateResult.KNOWN, TranslateResult.SKIPPED}

    @pytest.mark.parametrize("status", ["Hold", "PendingApproval", "Balanced"])
    def test_what_is_still_being_worked_on_is_seen_again(self, harness, status):
        sent(harness, an_order())
        assert harness.see(an_order("12.0", status=status)) is TranslateResult.SKIPPED
        assert harness.see(an_order("12.0")) is TranslateResult.QUEUED

    def test_it_is_sent_or_ignored_where_routing_says_so(self, harness_with):
        harness = sent(harness_with({"defaults.send_when": {"purchase_order": ["Open", "Closed"]}}), an_order())
        assert harness.see(an_order("12.0", status="Closed")) is TranslateResult.QUEUED

    def test_it_is_ignored_where_routing_ignores_changes(self, harness_with):
        harness = sent(harness_with({"partners.acme.on_revision": "ignore"}), an_order())
        assert harness.see(an_order("12.0", status="Closed")) is TranslateResult.SKIPPED

    def test_a_question_ends_when_the_order_is_opened_again(self, harness):
        sent(harness, an_order())
        harness.see(an_order("12.0", status="Closed"))
        assert harness.see(an_order("12.0")) is TranslateResult.QUEUED
        assert harness.states() == [State.ACKNOWLEDGED, State.TRANSLATED]

    def test_what_the_partner_was_told_is_cancelled_is_not_asked_about(self, harness):
        sent(harness, an_order())
        harness.see(an_order(status="Cancelled"))
        harness.becomes(State.SENT)
        assert harness.see(an_order("12.0", status="Closed")) is TranslateResult.SKIPPED

    def test_what_nobody_has_is_not_asked_about(self, harness):
        assert harness.see(an_order(status="Closed")) is TranslateResult.SKIPPED
        assert as_replacement(harness, an_order(status="Closed")) is TranslateResult.SKIPPED


@pytest.mark.parametrize("status", ["Voided", "Rejected"])
class TestAnOrderThatIsNotApprovedAfterItWasSent:
    @pytest.mark.parametrize("changes", [{}, QUIET], ids=["nothing else", "nothing visible"])
    @pytest.mark.parametrize(
        "routing", [None, {"partners.acme.on_revision": "ignore"}, {"partners.acme.on_revision": "park"}]
    )
    def test_it_is_asked_about_once_and_a_person_has_it_cancelled(self, harness_with, routing, status, changes):
        harness = sent(harness_with(routing), an_order())
        refused = an_order(status=status, **changes)
        assert harness.see(refused) is TranslateResult.PARKED
        asked = harness.newest()
        assert asked.reason_code == Reason.REFUSED_AFTER_SENDING
        assert f"{status} (not approved) after it was sent (Orderful T-1)" in asked.reason
        assert "--as replacement" in asked.next_step
        harness.see(refused)
        assert harness.states() == [State.ACKNOWLEDGED, State.PARKED]
        as_original = harness.see(refused, cause=Cause.AS_ORIGINAL.named_at(harness.clock.now()))
        assert as_original is TranslateResult.PARKED
        assert as_replacement(harness, refused) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.CANCELLATION

    def test_the_question_ends_when_it_is_approved(self, harness, status):
        sent(harness, an_order())
        harness.see(an_order(status=status))
        assert harness.see(an_order()) is TranslateResult.KNOWN
        assert harness.states() == [State.ACKNOWLEDGED, State.SUPERSEDED]

    def test_a_partner_that_was_told_is_not_told_again(self, harness, status):
        sent(harness, an_order())
        harness.see(an_order(status=status))
        harness.becomes(State.CLOSED)
        harness.see(an_order(status=status))
        assert harness.states() == [State.ACKNOWLEDGED, State.CLOSED]

    def test_it_is_asked_about_where_routing_does_not_send_any_more(self, harness_with, status):
        harness = sent(harness_with(), an_order())
        harness.routing = harness_with({"partners.acme.kinds": {"purchase_order": {"send": False}}}).routing
        assert harness.see(an_order(status=status)) is TranslateResult.PARKED
        assert harness.newest().reason_code == Reason.PARTNER_NOT_TOLD

    def test_what_nobody_has_and_what_routing_sends_in_this_status_is_not_asked_about(self, harness_with, status):
        assert harness_with().see(an_order(status=status)) is TranslateResult.SKIPPED
        harness = sent(harness_with({"defaults.send_when": {"purchase_order": ["Open", status]}}), an_order())
        assert harness.see(an_order(status=status)) is TranslateResult.SKIPPED


class TestAnOrderThatIsOpenAgainAfterItsCancellation:
    @pytest.fixture
    def cancelled(self, harness_with):
        def make(on_reopen=None, **routing):
            settings = {"partners.acme.on_reopen": on_reopen, **routing} if on_reopen else routing
            harness = sent(harness_with(settings), an_order())
            harness.see(an_order(status="Cancelled"))
            harness.becomes(State.SENT, transaction_id="T-2")
            return harness

        return make

    @pytest.mark.parametrize("policy", ["replace", "ignore"])
    @pytest.mark.parametrize("price", ["10.0", "12.0"])
    def test_a_person_is_asked(self, cancelled, policy, price):
        harness = cancelled(**{"partners.acme.on_revision": policy})
        assert harness.newest().purpose is Purpose.CANCELLATION
        assert harness.see(an_order(price)) is TranslateResult.PARKED
        asked = harness.newest()
        assert (asked.reason_code, asked.field) == (Reason.REOPENED_AFTER_CANCELLATION, "on_reopen")
        assert "Orderful T-2" in asked.reason
        assert "--as original, or --as replacement" in asked.next_step
        harness.see(an_order(price))
        assert harness.states()[2:] == [State.PARKED]

    @pytest.mark.parametrize(("cause", "purpose"), [("AS_ORIGINAL", "ORIGINAL"), ("AS_REPLACEMENT", "REPLACE")])
    def test_as_the_person_says(self, cancelled, cause, purpose):
        harness = cancelled()
        harness.see(an_order())
        harness.see(an_order(), cause=Cause[cause].named_at(harness.clock.now()))
        assert (harness.newest().state, harness.newest().purpose) == (State.TRANSLATED, Purpose[purpose])

    @pytest.mark.parametrize(("on_reopen", "purpose"), [("original", "ORIGINAL"), ("replace", "REPLACE")])
    def test_as_routing_says(self, cancelled, on_reopen, purpose):
        harness = cancelled(on_reopen)
        assert harness.see(an_order("12.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose[purpose]
        harness.becomes(State.SENT)
        assert harness.see(an_order("13.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose.REPLACE

    @pytest.fixture(params=["a question", "a refused cancellation"])
    def informed(self, harness_with, request):
        """A person told the partner of the cancellation, which was asked about or refused, and closed it."""

        def make(on_reopen=None):
            by_hand = request.param == "a question"
            settings = {"partners.acme.on_revision": "park"} if by_hand else {}
            harness = sent(
                harness_with(settings | ({"partners.acme.on_reopen": on_reopen} if on_reopen else {})), an_order()
            )
            harness.see(an_order(status="Cancelled"))
            if not by_hand:
                harness.becomes(State.REJECTED, transaction_id="T-2")
            harness.becomes(State.CLOSED)
            harness.routing.apply(routing_data({"partners.acme.on_reopen": on_reopen} if on_reopen else {}))
            return harness

        return make

    def test_a_question_names_the_change_of_which_a_person_told_the_partner(self, harness_with):
        """Beside what was sent alone, a change back to it looks like none."""
        harness = sent(harness_with({"partners.acme.on_revision": "park"}), an_order())
        harness.see(an_order("12.0"))
        assert "closed" not in harness.newest().reason
        harness.becomes(State.CLOSED)
        assert harness.see(an_order()) is TranslateResult.PARKED
        assert ", and a person closed revision 2 since; routing says a person decides." in harness.newest().reason

    def test_a_person_is_asked_after_a_person_told_the_partner(self, informed):
        harness = informed()
        assert harness.see(an_order()) is TranslateResult.PARKED
        asked = harness.newest()
        assert (asked.reason_code, asked.field) == (Reason.REOPENED_AFTER_CANCELLATION, "on_reopen")
        assert "a person told acme of its cancellation (revision 2)" in asked.reason

    @pytest.mark.parametrize(("on_reopen", "purpose"), [("original", "ORIGINAL"), ("replace", "REPLACE")])
    def test_as_routing_says_after_a_person_told_the_partner(self, informed, on_reopen, purpose):
        harness = informed(on_reopen)
        assert harness.see(an_order("12.0")) is TranslateResult.QUEUED
        assert harness.newest().purpose is Purpose[purpose]


class TestWhatVismaSendsAsWell:
    @pytest.mark.parametrize("document_type", ["Invoice", "CreditNote"])
    def test_an_invoice_by_autoinvoice_is_asked_about(self, harness_with, document_type):
        harness = harness_with(WITH_UNITS)
        number = "100231" if document_type == "Invoice" else f"{document_type}:100231"
        key = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, number)
        twice = a_customer_invoice(sendToAutoInvoice=True, documentType=document_type)
        assert harness.see(twice, key=key) is TranslateResult.PARKED
        asked = harness.newest(key)
        assert asked.reason_code == Reason.SENT_BY_VISMA
        assert "AutoInvoice" in asked.reason
        assert asked.waits_for == "partners.matsenteret.kinds.customer_invoice.sent_by_visma"
        cause = Cause.AS_ORIGINAL.named_at(harness.clock.now())
        assert harness.see(twice, key=key, cause=cause) is TranslateResult.QUEUED

    @pytest.mark.parametrize(("routing", "flag"), [({"defaults.sent_by_visma": "tell"}, True), ({}, False), ({}, None)])
    def test_it_leaves_where_routing_says_so_or_visma_does_not(self, harness_with, routing, flag):
        harness = harness_with(WITH_UNITS | routing)
        assert harness.see(a_customer_invoice(sendToAutoInvoice=flag), key=INVOICE) is TranslateResult.QUEUED
        noted = any(
            "Visma sends it" in event.note or "~by-visma" in event.note for event in harness.newest(INVOICE).history
        )
        assert noted is bool(flag)

    def test_it_leaves_when_autoinvoice_is_switched_off(self, harness_with):
        harness = harness_with(WITH_UNITS)
        harness.see(a_customer_invoice(sendToAutoInvoice=True), key=INVOICE)
        assert harness.see(a_customer_invoice(sendToAutoInvoice=False), key=INVOICE) is TranslateResult.QUEUED
        assert harness.states(INVOICE) == [State.TRANSLATED]

    def test_what_was_sent_from_here_is_not_asked_about(self, harness_with):
        harness = sent(harness_with(WITH_UNITS), a_customer_invoice(), INVOICE)
        harness.see(a_customer_invoice(sendToAutoInvoice=True), key=INVOICE)
        assert harness.states(INVOICE) == [State.ACKNOWLEDGED]

    @pytest.mark.parametrize(
        ("changes", "is_sent"),
        [
            ({"emailed": True}, True),
            ({"status": "PendingEmail", "dontEmail": False}, True),
            ({"status": "PendingEmail", "dontEmail": True}, False),
            ({"emailed": False, "dontEmail": False}, False),
        ],
    )
    def test_an_order_by_mail_is_noted_or_asked_about(self, harness_with, changes, is_sent):
        harness = harness_with()
        assert harness.see(an_order(**changes)) is TranslateResult.QUEUED
        assert any("Visma sends it" in event.note for event in harness.newest().history) is is_sent
        harness = harness_with({"defaults.sent_by_visma": "park"})
        other = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500999")
        harness.see(an_order(orderNbr="500999", **changes), key=other)
        assert (harness.newest(other).reason_code == Reason.SENT_BY_VISMA) is is_sent


def test_a_supplier_invoice_is_known_by_the_internal_id(harness_with):
    harness = harness_with({"defaults.units": {"STK": "each", "KRT": "case", "KG": "kilogram"}})
    key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "900145")
    harness.see(a_supplier_invoice(), key=key)
    assert (harness.newest(key).counterparty_id, harness.newest(key).document_type) == ("101", "Invoice")


def test_an_internal_id_of_zero_says_nothing(harness):
    sent(harness, an_order(supplier={"internalId": 0, "number": "50012", "name": "Acme"}))
    assert harness.newest().counterparty_id is None
    assert harness.newest().counterparty == "50012"
