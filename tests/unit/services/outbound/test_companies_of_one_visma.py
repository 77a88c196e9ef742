"""Two companies of the routing that are branches of one Visma company, and a document whose branch is changed."""

from __future__ import annotations

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.reasons import Reason
from connector.domain.revision.cause import Cause
from connector.domain.revision.record import State
from connector.domain.transactions import Purpose
from testkit.memory.stores import FixedRouting
from testkit.samples.routing_data import a_partner, routing_data
from testkit.samples.visma_samples import a_purchase_order, an_order_line
from tests.unit.services.outbound.test_translate import ORDER, Harness

AT_COAST = DocumentKey("coast", Kind.PURCHASE_ORDER, "500123")


def routing(*, tenant_id="8f0c2f6e", isa_id="NORDICCOAST"):
    coast = {
        "visma": {"company_id": "1234567", "tenant_id": tenant_id, "branch": "2"},
        "orderful": {"isa_id": {"live": isa_id, "test": f"{isa_id}T"}},
    }
    changes = {
        "companies.nordic.visma.branch": "1",
        "companies.coast": coast,
        "partners.acme_coast": a_partner("coast", isa_id="ACMEPRODUCE", supplier="50012"),
    }
    return FixedRouting(routing_data(changes))


def an_order(branch, **changes):
    return a_purchase_order(branch={"number": branch}, lines=[an_order_line(1)], **changes)


@pytest.fixture
def sent(ports):
    """The order was sent as one of branch 1."""

    def make(**settings):
        harness = Harness(**ports, routing=routing(**settings))
        harness.see(an_order("1"))
        harness.becomes(State.ACKNOWLEDGED, transaction_id="T-1")
        return harness

    return make


def test_what_the_partner_has_from_the_other_branch_is_asked_about(sent):
    harness = sent()
    harness.see(an_order("2"), key=AT_COAST)
    asked = harness.newest(AT_COAST)
    assert (asked.state, asked.reason_code, asked.field) == (State.PARKED, Reason.SENT_BY_OTHER_COMPANY, "branch")
    assert "acme has it as a document of company nordic (Orderful T-1)" in asked.reason
    assert asked.next_step.startswith("Tell acme that the one of nordic is cancelled, then: ")
    assert "--as original" in asked.next_step


def test_with_the_same_isa_ids_it_is_a_replacement(sent):
    harness = sent(isa_id="NORDICFOOD")
    harness.see(an_order("2"), key=AT_COAST)
    assert "--as replacement" in harness.newest(AT_COAST).next_step
    harness.see(an_order("2"), key=AT_COAST, cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))
    assert (harness.newest(AT_COAST).state, harness.newest(AT_COAST).purpose) == (State.TRANSLATED, Purpose.REPLACE)


@pytest.mark.parametrize("status", ["Hold", "Cancelled"])
def test_what_would_not_leave_is_not_asked_about(sent, status):
    harness = sent()
    harness.see(an_order("2", status=status, hold=status == "Hold"), key=AT_COAST)
    assert harness.newest(AT_COAST).state is State.SKIPPED


def test_what_was_cancelled_at_the_partner_leaves_from_the_new_branch(sent):
    harness = sent()
    harness.see(an_order("1", status="Cancelled"))
    harness.becomes(State.SENT, transaction_id="T-2")
    harness.see(an_order("2"), key=AT_COAST)
    assert (harness.newest(AT_COAST).state, harness.newest(AT_COAST).purpose) == (State.TRANSLATED, Purpose.ORIGINAL)


def test_the_same_number_in_another_visma_company_is_another_order(sent):
    harness = sent(tenant_id="another")
    harness.see(an_order("2"), key=AT_COAST)
    assert harness.newest(AT_COAST).state is State.TRANSLATED


def test_a_document_that_nobody_has_leaves_from_the_new_branch(ports):
    harness = Harness(**ports, routing=routing())
    harness.see(an_order("1", status="Hold", hold=True))
    assert harness.newest(ORDER).state is State.SKIPPED
    harness.see(an_order("2"), key=AT_COAST)
    assert harness.newest(AT_COAST).state is State.TRANSLATED
