"""Two companies of the routing that are branches of one Visma company, and a document whose branch is changed."""

from __future__ import annotations

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.errors import Transient
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


@pytest.mark.parametrize("status", ["Hold", "Closed"])
def test_what_would_not_leave_is_not_asked_about(sent, status):
    harness = sent()
    harness.see(an_order("2", status=status, hold=status == "Hold"), key=AT_COAST)
    assert harness.newest(AT_COAST).state is State.SKIPPED


def test_what_the_partner_has_from_the_other_branch_and_is_cancelled_in_this_one_is_asked_about(sent):
    harness = sent()
    harness.see(an_order("2", status="Cancelled"), key=AT_COAST)
    asked = harness.newest(AT_COAST)
    assert (asked.state, asked.reason_code) == (State.PARKED, Reason.SENT_BY_OTHER_COMPANY)
    assert "it is Cancelled there: acme does not know that" in asked.reason
    assert asked.next_step.startswith(
        "Tell acme that the one of nordic is cancelled, then: connector documents close coast/"
    )


def test_with_the_same_isa_ids_the_cancellation_is_sent_from_the_new_branch(sent):
    harness = sent(isa_id="NORDICFOOD")
    cancelled = an_order("2", status="Cancelled")
    harness.see(cancelled, key=AT_COAST)
    assert harness.newest(AT_COAST).next_step.startswith("Send the cancellation: ")
    harness.see(cancelled, key=AT_COAST, cause=Cause.AS_REPLACEMENT.named_at(harness.clock.now()))
    left = harness.newest(AT_COAST)
    assert (left.state, left.purpose) == (State.TRANSLATED, Purpose.CANCELLATION)


def test_what_nobody_has_and_is_cancelled_is_not_asked_about(ports):
    harness = Harness(**ports, routing=routing())
    harness.see(an_order("2", status="Cancelled"), key=AT_COAST)
    assert harness.newest(AT_COAST).reason_code == Reason.WITHDRAWN_UNSENT


@pytest.mark.parametrize(
    "waiting",
    [{"state": State.TRANSLATED}, {"state": State.PARKED, "reason_code": Reason.PAUSED.value}],
    ids=["queued", "paused"],
)
def test_what_is_to_be_sent_from_the_other_branch_is_asked_about(ports, waiting):
    harness = Harness(**ports, routing=routing())
    harness.see(an_order("1"))
    harness.becomes(**waiting)
    harness.see(an_order("2"), key=AT_COAST)
    asked = harness.newest(AT_COAST)
    assert (asked.state, asked.reason_code) == (State.PARKED, Reason.SENT_BY_OTHER_COMPANY)
    assert "acme is to be sent it as a document of company nordic." in asked.reason
    assert asked.next_step.startswith("Wait until the one of nordic has left. Tell acme that")
    harness.see(an_order("1"))
    assert harness.states() == [State.TRANSLATED], "the question about the other one stops nothing"


def test_of_two_companies_that_decide_at_once_one_sends(ports):
    harness = Harness(**ports, routing=routing())
    adds, others = harness.ledger.add, [(an_order("1"), ORDER)]

    def added(revision, **parts):
        """The other company's translator runs between this one's decision and its write."""
        if others and revision.key == AT_COAST:
            document, key = others.pop()
            harness.see(document, key=key)
        adds(revision, **parts)

    harness.ledger.add = added
    with pytest.raises(Transient, match=r"nordic/purchase_order/500123 is being sent as well"):
        harness.see(an_order("2"), key=AT_COAST)
    assert [(one.key.company, one.sequence) for one in harness.outbox.queued_deliveries] == [("nordic", 1)]
    harness.see(an_order("2"), key=AT_COAST)
    assert harness.states(AT_COAST) == [State.SUPERSEDED, State.PARKED]
    assert harness.newest(AT_COAST).reason_code == Reason.SENT_BY_OTHER_COMPANY


@pytest.fixture
def moved(sent):
    """The order was sent from branch 1, and then by a person as original from branch 2."""

    def make(**settings):
        harness = sent(**settings)
        harness.see(an_order("2"), key=AT_COAST)
        harness.see(an_order("2"), key=AT_COAST, cause=Cause.AS_ORIGINAL.named_at(harness.clock.now()))
        harness.becomes(State.ACKNOWLEDGED, key=AT_COAST, transaction_id="T-9")
        return harness

    return make


def test_back_in_the_former_branch_it_is_asked_about(moved):
    harness = moved()
    harness.see(an_order("1", description="Newer"))
    asked = harness.newest()
    assert (asked.state, asked.reason_code) == (State.PARKED, Reason.SENT_BY_OTHER_COMPANY)
    assert "as a document of company coast (Orderful T-9). It is of branch 1 in Visma now" in asked.reason
    assert asked.next_step.startswith("Tell acme_coast that the one of coast is cancelled, then: ")
    assert "nordic/purchase_order/500123 --as replacement." in asked.next_step
    release = Cause.AS_REPLACEMENT.named_at(harness.clock.now())
    harness.see(an_order("1", description="Newer"), cause=release)
    harness.becomes(State.ACKNOWLEDGED, transaction_id="T-10")
    harness.see(an_order("1", description="Newest"))
    assert (harness.newest().state, harness.newest().purpose) == (State.TRANSLATED, Purpose.REPLACE)


def test_an_edit_in_the_branch_that_sent_it_last_is_sent(moved):
    harness = moved()
    harness.see(an_order("2", description="Newer"), key=AT_COAST)
    assert (harness.newest(AT_COAST).state, harness.newest(AT_COAST).purpose) == (State.TRANSLATED, Purpose.REPLACE)


def test_back_in_the_former_branch_as_it_was_nothing_is_asked(moved):
    harness = moved()
    harness.see(an_order("1"))
    assert harness.states() == [State.ACKNOWLEDGED]


def test_a_document_of_another_branch_is_no_question_of_this_company(sent):
    harness = sent()
    harness.see(an_order("1"), key=AT_COAST)
    asked = harness.newest(AT_COAST)
    assert asked.reason_code == Reason.OTHER_BRANCH
    assert "Where another company has that branch, the document leaves from there" in asked.next_step


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
