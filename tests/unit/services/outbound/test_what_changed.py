"""What changed: the document, the number of its supplier, customer or item, or only what routing makes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import NOTHING_NEW, NOTHING_NEW_IN_VISMA, State
from connector.domain.transactions import Purpose
from connector.services.outbound.translate import TranslateResult
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_customer_invoice, a_customer_invoice_line, a_supplier_invoice, an_order_line
from tests.unit.services.outbound.test_translate import ORDER, Bench, an_order

INVOICE = DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "100231")
RENUMBERED = {"internalId": 101, "number": "S50012", "name": "Acme Produce AS"}
WITHOUT_ID = {"number": "S50012", "name": "Acme Produce AS"}
ANOTHER = {"internalId": 999, "number": "99", "name": "Somebody"}
BERG = {"partners.berg": a_partner(isa_id="BERG", supplier="S50012")}
NEW_CUSTOMER = {"number": "C10045", "name": "Corner Market AS"}
QUIET = {"note": "an internal note"}


@pytest.fixture
def bench_with(ports):
    return lambda changes=None: Bench(**ports, routing=FixedRouting(routing_data(changes)))


@pytest.fixture
def bench(bench_with):
    return bench_with()


def sent(bench, document, key=ORDER):
    assert bench.see(document, key=key) is TranslateResult.QUEUED
    bench.becomes(State.ACKNOWLEDGED, key=key, transaction_id="T-1")
    bench.due()
    return bench


def as_replacement(bench, document):
    return bench.see(document, cause=Cause.AS_REPLACEMENT.named_at(bench.clock.now()))


def an_invoice(item="1298", **changes):
    return a_customer_invoice(invoiceLines=[a_customer_invoice_line(1, inventoryNumber=item)], **changes)


class TestASupplierThatGetsAnotherNumber:
    """Visma: the internal id stays when the number of a supplier is changed."""

    @pytest.mark.parametrize(
        "changes",
        [None, {"companies.nordic.unmapped_partner": "skip"}, {"partners.acme.on_revision": "park"}],
        ids=["park", "skip", "on_revision"],
    )
    def test_its_order_is_not_withdrawn_and_the_number_is_asked_about(self, bench_with, changes):
        bench = sent(bench_with(changes), an_order())
        assert bench.see(an_order(supplier=RENUMBERED)) is TranslateResult.PARKED
        assert bench.states() == [State.ACKNOWLEDGED, State.PARKED]
        asked = bench.newest()
        assert "Supplier 50012 is numbered S50012 in Visma now" in asked.reason
        assert 'Set partners.acme.visma.supplier to "S50012"' in asked.next_step
        assert asked.waits_for == 'partners.<name>.visma.supplier: "S50012"'
        assert bench.due() == []

    def test_routing_that_follows_sends_nothing_and_a_later_change_is_a_replacement(self, bench):
        sent(bench, an_order())
        bench.see(an_order(supplier=RENUMBERED))
        bench.routing.apply(routing_data({"partners.acme.visma.supplier": "S50012"}))
        release = Cause.RELEASE.named_at(bench.clock.now())
        assert bench.see(an_order(supplier=RENUMBERED), cause=release) is TranslateResult.SKIPPED
        assert bench.newest().reason == NOTHING_NEW_IN_VISMA
        assert bench.see(an_order("11.0", supplier=RENUMBERED)) is TranslateResult.QUEUED
        assert (bench.newest().purpose, bench.newest().receiver_id) == (Purpose.REPLACE, "ACMEPRODUCET")

    def test_a_record_of_an_earlier_release_has_its_id_in_the_document_that_was_kept(self, bench):
        sent(bench, an_order())
        bench.becomes(State.ACKNOWLEDGED, counterparty_id=None, document_type=None)
        assert bench.see(an_order(supplier=ANOTHER)) is TranslateResult.PARKED
        assert [one.purpose for one in bench.ledger.revisions(ORDER)][1] is Purpose.CANCELLATION

    def test_without_an_id_nothing_is_withdrawn_until_the_successor_is_routed(self, bench):
        sent(bench, an_order(supplier={"number": "50012", "name": "Acme Produce AS"}))
        assert bench.see(an_order(supplier=WITHOUT_ID)) is TranslateResult.PARKED
        assert bench.states() == [State.ACKNOWLEDGED, State.PARKED]
        assert "Visma does not say whether that is the same one under another number" in bench.newest().reason
        assert "tell acme, then: connector documents close nordic/purchase_order/500123" in bench.newest().next_step
        bench.routing.apply(routing_data(BERG))
        bench.see(an_order(supplier=WITHOUT_ID), cause=Cause.RELEASE.named_at(bench.clock.now()))
        written = [(one.purpose, one.receiver_id) for one in reversed(bench.ledger.revisions(ORDER))]
        assert (Purpose.CANCELLATION, "ACMEPRODUCET") in written
        assert (Purpose.ORIGINAL, "BERGT") in written

    def test_a_number_that_routing_gives_to_another_partner_is_asked_about(self, bench_with):
        bench = sent(bench_with(BERG), an_order())
        assert bench.see(an_order("11.0", supplier=RENUMBERED)) is TranslateResult.PARKED
        assert bench.states() == [State.ACKNOWLEDGED, State.PARKED]
        assert "which routing maps to berg; acme (ACMEPRODUCET) has the document" in bench.newest().reason
        wish = Cause.AS_ORIGINAL.named_at(bench.clock.now())
        assert bench.see(an_order("11.0", supplier=RENUMBERED), cause=wish) is TranslateResult.QUEUED
        assert {(one.purpose, one.receiver_id) for one in bench.ledger.revisions(ORDER)[:2]} == {
            (Purpose.CANCELLATION, "ACMEPRODUCET"),
            (Purpose.ORIGINAL, "BERGT"),
        }

    def test_another_one_that_is_mapped_to_nobody_is_no_new_number(self, bench):
        sent(bench, an_order())
        bench.see(an_order(supplier=ANOTHER))
        assert bench.ledger.revisions(ORDER)[1].purpose is Purpose.CANCELLATION

    def test_an_order_from_before_go_live_is_not_asked_about_for_it(self, bench_with):
        bench = bench_with({"partners.acme.visma.supplier": "S50012"})
        bench.see(an_order())
        bench.becomes(State.BASELINE)
        assert bench.see(an_order(supplier=RENUMBERED)) is TranslateResult.KNOWN
        assert bench.states() == [State.BASELINE]


class TestACustomerThatGetsAnotherNumber:
    """Visma names no internal id on customer invoices, and the customer of a released one cannot be changed."""

    def test_an_invoice_that_says_what_it_said_is_asked_about_nobody(self, bench):
        sent(bench, an_invoice(), INVOICE)
        assert bench.see(an_invoice(customer=NEW_CUSTOMER, status="Closed"), key=INVOICE) is TranslateResult.SKIPPED
        assert bench.newest(INVOICE).reason == NOTHING_NEW_IN_VISMA

    def test_one_that_changed_asks_for_the_number_and_is_not_withdrawn(self, bench):
        sent(bench, an_invoice(), INVOICE)
        moved = an_invoice(customer=NEW_CUSTOMER, documentDueDate="2026-12-24T00:00:00")
        assert bench.see(moved, key=INVOICE) is TranslateResult.PARKED
        assert bench.states(INVOICE) == [State.ACKNOWLEDGED, State.PARKED]
        assert "was sent for customer 10045, and names customer C10045 now" in bench.newest(INVOICE).reason

    def test_routing_that_follows_asks_nothing(self, bench):
        sent(bench, an_invoice(), INVOICE)
        bench.routing.apply(routing_data({"partners.matsenteret.visma.customer": "C10045"}))
        assert bench.see(an_invoice(customer=NEW_CUSTOMER), key=INVOICE) is TranslateResult.SKIPPED


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
    def test_an_invoice_with_an_internal_note_is_asked_about_nobody(self, bench, changes):
        sent(bench, an_invoice(), INVOICE)
        bench.routing.apply(routing_data(changes))
        assert bench.see(an_invoice(**QUIET), key=INVOICE) is TranslateResult.SKIPPED
        assert bench.newest(INVOICE).reason in {NOTHING_NEW, NOTHING_NEW_IN_VISMA}

    def test_an_order_is_not_sent_again_for_it(self, bench):
        sent(bench, an_order())
        bench.routing.apply(routing_data({"companies.nordic.name": "Nordic Food Group AS"}))
        assert bench.see(an_order(**QUIET)) is TranslateResult.SKIPPED
        assert bench.newest().reason == NOTHING_NEW_IN_VISMA
        assert as_replacement(bench, an_order(**QUIET)) is TranslateResult.QUEUED

    def test_a_change_in_visma_behind_it_is_told(self, bench):
        sent(bench, an_order())
        bench.routing.apply(routing_data({"companies.nordic.name": "Nordic Food Group AS"}))
        assert bench.see(an_order("11.0")) is TranslateResult.QUEUED

    def test_an_item_of_an_invoice_that_gets_another_number_is_asked_about_nobody(self, bench):
        sent(bench, an_invoice("1298"), INVOICE)
        assert bench.see(an_invoice("1298-N", status="Closed"), key=INVOICE) is TranslateResult.SKIPPED
        assert bench.newest(INVOICE).reason == NOTHING_NEW_IN_VISMA

    def test_another_item_in_a_line_that_differs_otherwise_is_asked_about(self, bench):
        sent(bench, an_invoice("1298"), INVOICE)
        other = a_customer_invoice_line(1, inventoryNumber="2000", description="Tea")
        assert bench.see(a_customer_invoice(invoiceLines=[other]), key=INVOICE) is TranslateResult.PARKED

    def test_another_item_on_an_order_is_a_change(self, bench):
        sent(bench, an_order())
        other = an_order_line(unitCost=Decimal("10.0"), inventory={"number": "2000", "description": "Coffee"})
        assert bench.see(an_order(lines=[other])) is TranslateResult.QUEUED

    def test_where_no_document_is_kept_the_change_is_told(self, bench):
        sent(bench, an_order())
        bench.ledger.bodies.clear()
        assert bench.see(an_order(**QUIET)) is TranslateResult.QUEUED


class TestAChangeBehindAStatusThatIsNotSent:
    @pytest.mark.parametrize("status", ["Closed", "Completed", "Voided", "Rejected", "Odd"])
    def test_it_is_asked_about_and_sent_when_a_person_says_so(self, bench, status):
        sent(bench, an_order())
        changed = an_order("12.0", status=status)
        assert bench.see(changed) is TranslateResult.PARKED
        asked = bench.newest()
        assert f"its status is {status}, which is not one of send_when" in asked.reason
        assert "--as replacement" in asked.next_step
        assert "documents close" in asked.next_step
        assert as_replacement(bench, changed) is TranslateResult.QUEUED
        assert bench.newest().purpose is Purpose.REPLACE

    def test_a_line_that_is_cancelled_as_the_order_closes_is_asked_about(self, bench):
        sent(bench, an_order(lines=[an_order_line(1), an_order_line(2)]))
        assert bench.see(an_order(lines=[an_order_line(1), an_order_line(2, canceled=True)], status="Closed")) is (
            TranslateResult.PARKED
        )

    @pytest.mark.parametrize("changes", [{}, QUIET], ids=["nothing", "nothing visible"])
    @pytest.mark.parametrize("status", ["Closed", "Completed", "Voided"])
    def test_a_close_without_a_visible_change_is_quiet(self, bench, status, changes):
        sent(bench, an_order())
        assert bench.see(an_order(status=status, **changes)) in {TranslateResult.KNOWN, TranslateResult.SKIPPED}

    @pytest.mark.parametrize("status", ["Hold", "PendingApproval", "Balanced"])
    def test_what_is_still_being_worked_on_is_seen_again(self, bench, status):
        sent(bench, an_order())
        assert bench.see(an_order("12.0", status=status)) is TranslateResult.SKIPPED
        assert bench.see(an_order("12.0")) is TranslateResult.QUEUED

    def test_it_is_sent_or_ignored_where_routing_says_so(self, bench_with):
        bench = sent(bench_with({"defaults.send_when": {"purchase_order": ["Open", "Closed"]}}), an_order())
        assert bench.see(an_order("12.0", status="Closed")) is TranslateResult.QUEUED

    def test_it_is_ignored_where_routing_ignores_changes(self, bench_with):
        bench = sent(bench_with({"partners.acme.on_revision": "ignore"}), an_order())
        assert bench.see(an_order("12.0", status="Closed")) is TranslateResult.SKIPPED

    def test_a_question_ends_when_the_order_is_opened_again(self, bench):
        sent(bench, an_order())
        bench.see(an_order("12.0", status="Closed"))
        assert bench.see(an_order("12.0")) is TranslateResult.QUEUED
        assert bench.states() == [State.ACKNOWLEDGED, State.TRANSLATED]

    def test_what_the_partner_was_told_is_cancelled_is_not_asked_about(self, bench):
        sent(bench, an_order())
        bench.see(an_order(status="Cancelled"))
        bench.becomes(State.SENT)
        assert bench.see(an_order("12.0", status="Closed")) is TranslateResult.SKIPPED

    def test_what_nobody_has_is_not_asked_about(self, bench):
        assert bench.see(an_order(status="Closed")) is TranslateResult.SKIPPED
        assert as_replacement(bench, an_order(status="Closed")) is TranslateResult.SKIPPED


def test_a_supplier_invoice_is_known_by_the_internal_id(bench_with):
    bench = bench_with({"defaults.units": {"STK": "each", "KRT": "case", "KG": "kilogram"}})
    key = DocumentKey("nordic", Kind.SUPPLIER_INVOICE, "900145")
    bench.see(a_supplier_invoice(), key=key)
    assert (bench.newest(key).counterparty_id, bench.newest(key).document_type) == ("101", "Invoice")


def test_an_internal_id_of_zero_says_nothing(bench):
    sent(bench, an_order(supplier={"internalId": 0, "number": "50012", "name": "Acme"}))
    assert bench.newest().counterparty_id is None
    assert bench.newest().counterparty == "50012"
