from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.domain.documents import DocumentKey, Kind
from connector.domain.revision.record import Revision, State
from connector.domain.routing.resolve import Routing
from connector.services.listing import AmountRange, Selection, find, partners_of
from testkit.memory.stores import MemoryLedger
from testkit.samples.routing_data import routing_data

NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)
ROUTING = Routing(routing_data())
KEY = DocumentKey("nordic", Kind.PURCHASE_ORDER, "500123")


def a_revision(state: State = State.PARKED, key: DocumentKey = KEY, **changes: object) -> Revision:
    values = {"sequence": 1, "revision_id": "a", "created_at": NOW, "updated_at": NOW, **changes}
    return Revision(key=key, state=state, **values)


def a_ledger(*revisions: Revision) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.rows = {(one.key, one.sequence): one for one in revisions}
    return ledger


@pytest.mark.parametrize(
    ("changes", "partners"),
    [
        ({"partner": "former"}, ("former",)),
        ({"counterparty": "50012"}, ("acme",)),
        ({"counterparty": "10045"}, ()),
        ({"counterparty": "10045", "key": DocumentKey("nordic", Kind.CUSTOMER_INVOICE, "1")}, ("matsenteret",)),
        ({"counterparty": "50012", "key": DocumentKey("svensk", Kind.PURCHASE_ORDER, "1")}, ()),
        ({"waits_for": "partners.acme.dialect"}, ("acme",)),
        ({"waits_for": 'partners.<name>.visma.supplier: "50099"'}, ()),
        ({"counterparty": "50012", "waits_for": "partners.acme.dialect"}, ("acme",)),
        ({}, ()),
    ],
)
def test_a_revision_without_a_partner_belongs_to_whom_it_would_go(changes, partners):
    assert partners_of(a_revision(**changes), ROUTING) == partners


@pytest.mark.parametrize(
    ("number", "wanted", "suits"),
    [
        ("500123", "500123", True),
        ("500123", "5001", True),
        ("500123", "123", False),
        ("CreditNote:900145", "9001", True),
        ("CreditNote:900145", "CreditNote:9", True),
        ("CreditNote:900145", "Invoice:9", False),
    ],
)
def test_a_number_is_told_by_what_it_begins_with(number, wanted, suits):
    assert Selection(number=wanted).suits_key(DocumentKey("nordic", Kind.CUSTOMER_INVOICE, number)) is suits


def test_lists_that_need_a_person_are_looked_through_first():
    assert Selection().lists[:4] == ("PARKED", "REJECTED", "SENT ATTENTION", "ACKNOWLEDGED ATTENTION")
    assert Selection(attention=True).lists == ("SENT ATTENTION", "ACKNOWLEDGED ATTENTION")
    assert Selection(states=frozenset({State.PARKED})).lists == ("PARKED", "PAUSED")
    assert Selection(states=frozenset({State.VALID})).lists == ("SENT ATTENTION", "SENT", "VALID")


def test_an_amount_counts_without_its_sign():
    assert Decimal("-12.50") in AmountRange(Decimal(12), Decimal(13))
    assert Decimal(12) not in AmountRange(Decimal("12.01"), None)


def test_states_that_share_a_list_are_told_apart():
    ledger = a_ledger(
        a_revision(State.SENT),
        a_revision(State.VALID, DocumentKey("nordic", Kind.PURCHASE_ORDER, "2")),
        a_revision(State.DELIVERED, DocumentKey("nordic", Kind.PURCHASE_ORDER, "3")),
    )
    found = find(ledger, ROUTING, Selection(states=frozenset({State.VALID})), limit=10)
    assert [one.key.number for one in found.rows] == ["2"]


def test_the_newest_of_the_whole_table_are_kept():
    keys = [DocumentKey("nordic", Kind.PURCHASE_ORDER, str(number)) for number in range(250)]
    ledger = a_ledger(
        *(a_revision(State.CLOSED, key, updated_at=NOW.replace(microsecond=at)) for at, key in enumerate(keys))
    )
    found = find(ledger, ROUTING, Selection(ended=True), limit=3)
    assert ([one.key.number for one in found.rows], found.more) == (["249", "248", "247"], 247)


def test_nothing_is_read_to_tell_company_kind_and_number():
    others = [a_revision(key=DocumentKey("nordic", Kind.PURCHASE_ORDER, f"6{number}")) for number in range(500)]
    ledger = a_ledger(*others, a_revision())
    found = find(ledger, ROUTING, Selection(number="5", states=frozenset({State.PARKED})), limit=50)
    assert ([one.key.number for one in found.rows], ledger.queries, ledger.reads) == (["500123"], 2, 1)
